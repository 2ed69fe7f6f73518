# SPDX-License-Identifier: Apache-2.0
"""Excluded applications and platforms were compared byte by byte: the same client by another capital or a space was let in,
one name could be excluded twice, and was lifted once."""
import pytest

from calls import outcome, reason

ADD, REMOVE = "TenantService/AddExclusion", "TenantService/RemoveExclusion"
SPELLINGS = [("Mail 1.0", "MAIL 1.0"), ("iOS", " ios\u00a0"), ("Übersicht", "ÜBERSICHT"), ("Übersicht", "U\u0308bersicht"),
             ("Straße", "STRASSE"), ("почта", "ПОЧТА")]


def listed(world):
    return world.call("TenantService/ListExclusions", {}, world.contoso.admin).exclusions


@pytest.mark.parametrize("kind", ["application", "platform"])
@pytest.mark.parametrize("stored,said", [*SPELLINGS, *(pair[::-1] for pair in SPELLINGS)])
def test_excluded_client_came_by_another_spelling(world, kind, stored, said):
    call, admin, made = world.call, world.contoso.admin, world.made
    world.acquire(made, world.bob, client={kind: said})
    call(ADD, {kind: stored}, admin)
    try:
        for spelling in (stored, said):
            client = {kind: spelling}
            assert reason(world.acquire, made, world.bob, client=client) == "EXCLUDED"
            assert reason(world.protect, client=client) == "EXCLUDED"
            assert reason(world.protect, token=world.alice, client=client) == "EXCLUDED"
            assert reason(call, ADD, client, admin) == "ALREADY_EXISTS"
        assert [getattr(e, kind) for e in listed(world)] == [stored.strip()]
        world.acquire(made, world.bob, client={kind: "other"})
        world.acquire(made, world.bob)
    finally:
        assert outcome(call, REMOVE, {kind: said}, admin) == "OK"
    world.acquire(made, world.bob, client={kind: stored})
    assert reason(call, REMOVE, {kind: stored}, admin) == "NOT_FOUND"
    assert world.audit(tenant="contoso", operation="remove_exclusion")[0].target == stored.strip()


def test_name_that_was_stored_twice_was_lifted_once(world):
    """As before there was one spelling, or by two admins at the same moment."""
    world.changed_by_hand("INSERT INTO exclusion (tenant, kind, value) SELECT tenant, 2, value FROM tenant, "
                          "unnest('{Mail,MAIL,\"mail \"}'::text[]) AS value WHERE name = 'contoso'")
    client = {"application": "mail"}
    assert reason(world.acquire, world.made, world.bob, client=client) == "EXCLUDED"
    world.call(REMOVE, client, world.contoso.admin)
    world.acquire(world.made, world.bob, client=client)
    assert not listed(world)
    lifted = world.audit(tenant="contoso", operation="remove_exclusion")[0].target
    assert sorted(name.strip() for name in lifted.split(",")) == ["MAIL", "Mail", "mail"]


def test_white_space_was_a_name(world):
    """It would exclude whoever says nothing of their client, were nothing a name."""
    for kind in ("application", "platform"):
        for nothing in (" ", "\u00a0 "):
            assert reason(world.call, ADD, {kind: nothing}, world.contoso.admin) == "FIELD_INVALID"
    world.changed_by_hand("INSERT INTO exclusion (tenant, kind, value) SELECT tenant, 2, '  ' FROM tenant "
                          "WHERE name = 'contoso'")
    try:
        world.acquire(world.made, world.bob)
        world.acquire(world.made, world.bob, client={"application": " "})
    finally:
        world.changed_by_hand("DELETE FROM exclusion")
