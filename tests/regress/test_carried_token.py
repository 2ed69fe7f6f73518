# SPDX-License-Identifier: Apache-2.0
"""Tokens that a component carries for a user, whose relation to it nobody looked at; and of two credentials one counted."""
import pytest

from calls import everywhere, outcome, reason
from proofs import Prover, thumbprint_of
from world import VIEW, grant

ACQUIRE = "LicensingService/AcquireLicense"
COMMERCIAL_ROLES = ("gateway", "client", "decryptor")


@pytest.fixture(scope="module")
def world(world):
    w = world
    w.ruth = w.agency.token("ruth")
    w.secret = w.protect(w.agency.gateway, owner="ann@agency.us", recipients=["ruth@agency.us", "bob@fabrikam.com"])
    w.letter = w.protect(recipients=["bob@fabrikam.com", "ruth@agency.us"], custom={
        "grants": [grant("recipients", VIEW), grant("authenticated", VIEW)]})
    return w


def carried(w, who, token, made=None, on_behalf=True):
    """What a component is told that asks with a user's token, in the metadata for it or in `authorization`."""
    if on_behalf:
        return outcome(w.acquire, made or w.letter, who=who, user_token=token)
    return outcome(w.acquire, made or w.letter, token, who=who)


def test_gateway_of_another_boundary_got_it_natively(world):
    """A commercial gateway with the token of a GCC High user got that user's content natively, to be cached."""
    for role in COMMERCIAL_ROLES:
        component = world.contoso.component(role, world.unique(role))
        for on_behalf in (True, False):
            assert carried(world, component, world.ruth, world.secret, on_behalf) == "COMPONENT_TENANT"
    own = world.agency.component("client")
    got = world.acquire(world.secret, who=own, user_token=world.ruth)
    assert (got.channel, got.may_cache) == (1, True)


def test_any_component_carried_any_user(world):
    """Whoever runs a component could use what they had stolen."""
    people = {"alice": world.alice, "bob": world.bob, "kay": world.google.token("kay@gmail.com", email_verified=True)}
    platforms = [world.platform_component("gateway", sender_domains=["contoso.com"])]
    for component in [*platforms, *(world.contoso.component(role, world.unique(role)) for role in COMMERCIAL_ROLES)]:
        for name, token in people.items():
            is_own = name == "alice" and component not in platforms
            assert carried(world, component, token) == ("OK" if is_own else "COMPONENT_TENANT"), name
    event = world.audit(tenant="fabrikam", reason="COMPONENT_TENANT", who=world.fabrikam.admin)[0]
    assert (event.user, event.granted, event.operation) == ("bob@fabrikam.com", False, "acquire_license")
    assert event.component


def test_stolen_token_was_bound_by_a_strangers_certificate(world):
    """`require_bound_user_tokens` was met by the certificate of any tenant's component."""
    client = world.fabrikam.component("client", world.unique("client"))
    metadata = [("x-chancery-user-token", world.bob)]
    world.update_tenant(world.fabrikam.admin, require_bound_user_tokens=True)
    try:
        for who, expected in ((world.contoso.component("client", world.unique("client")), "COMPONENT_TENANT"),
                              (world.agency.gateway, "COMPONENT_TENANT"), (world.portal, "TOKEN_UNBOUND"),
                              (client, "OK")):
            assert everywhere(world.a, ACQUIRE, world.license_request(world.letter), who,
                              metadata=metadata) == expected, who.name
    finally:
        world.update_tenant(world.fabrikam.admin, require_bound_user_tokens=False)
    assert carried(world, world.portal, world.bob) == "OK"


def test_component_protected_and_tracked_as_anybody(world):
    """A token that a component may not carry lets it do nothing else either."""
    for method, request in (("PublishingService/ListAvailableTemplates", {}), ("TrackingService/ListContent", {}),
                            ("TrackingService/Revoke", {"content_id": world.letter.content_id}),
                            ("PublishingService/AmendPolicy", {"content_id": world.letter.content_id,
                                                               "add_recipients": ["x@fabrikam.com"]})):
        assert reason(world.call, method, request, world.fabrikam.gateway,
                      user_token=world.alice) == "COMPONENT_TENANT", method
    assert reason(world.protect, world.fabrikam.gateway, user_token=world.alice) == "COMPONENT_TENANT"
    for admin in (world.fabrikam.admin, world.platform_admin):
        assert reason(world.call, "TenantService/GetTenant", {"tenant": "fabrikam"}, admin,
                      user_token=world.alice) == "COMPONENT_TENANT"


def test_portals_still_serve_their_boundary(world):
    """A portal may carry everybody, for content of its own boundary and by the portal's channel."""
    kay = world.google.token("ruth@mail.example", email_verified=True)
    for token in (world.alice, world.bob, world.ruth, kay):
        assert world.acquire(world.letter, who=world.portal, user_token=token).channel == 2
        assert carried(world, world.portal, token, world.secret) == "PORTAL_REQUIRED"
    assert world.acquire(world.secret, who=world.high_portal, user_token=world.bob).channel == 2


@pytest.mark.parametrize("kind", ["tenant's client", "portal"])
def test_component_that_was_switched_off_was_its_user(world, kind):
    """Its certificate was one that nobody has registered, so with a token that is bound to it the caller was the user
    alone: a portal, natively and in whatever boundary."""
    w = world
    tenant = w.fabrikam if kind != "portal" else None
    component = tenant.component("client", w.unique("client")) if tenant else w.platform_component("portal")
    owner = {"tenant": tenant.name if tenant else "", "component_id":
             w.sql(f"SELECT component FROM component WHERE name = '{component.name}'")}
    issuer, made = (w.fabrikam, w.letter) if tenant else (w.agency, w.secret)
    person = "bob" if tenant else "ruth"
    bound = issuer.token(person, cnf=thumbprint_of(component))
    ways = [{"token": bound}, {"metadata": [("x-chancery-user-token", bound)]},
            {"metadata": [("x-chancery-user-token", issuer.token(person))]}]
    before = [everywhere(w.a, ACQUIRE, w.license_request(made), component, **way) for way in ways]
    assert before == (["OK"] * 3 if tenant else ["PORTAL_REQUIRED"] * 3)
    for is_off, expected in ((True, ["COMPONENT_UNKNOWN"] * 3), (False, before)):
        w.call("ComponentService/UpdateComponent", {"component": {**owner, "disabled": is_off},
                                                    "update_mask": {"paths": ["disabled"]}}, w.platform_admin)
        assert [everywhere(w.a, ACQUIRE, w.license_request(made), component, **way) for way in ways] == expected


# --- of two credentials -------------------------------------------------------------------------------------------


def refusal(w, who=None, *metadata):
    return outcome(w.call, ACQUIRE, w.license_request(w.letter), who, metadata=metadata)


def test_of_two_credentials_one_counted(world):
    """Whoever stands before the server, a proxy for example, may look at the other one of two."""
    alice, bob = f"Bearer {world.alice}", f"Bearer {world.bob}"
    client = world.contoso.component("client", world.unique("client"))
    for pair in ((alice, bob), (bob, alice), (alice, alice), (alice, ""), ("", alice), (alice, "Basic YTpi")):
        assert refusal(world, None, *(("authorization", value) for value in pair)) == "TOKEN_MALFORMED"
    for value in (f"{alice}, {bob}", f"{alice},{bob}", f"{alice} {world.bob}"):
        assert refusal(world, None, ("authorization", value)) == "TOKEN_MALFORMED"
    for pair in ((world.alice, world.carol), (world.alice, world.alice), (world.alice, ""), ("", world.alice)):
        assert refusal(world, client, *(("x-chancery-user-token", value) for value in pair)) == "TOKEN_MALFORMED"
    for value in (f"{world.alice},{world.carol}", f"{world.alice}, {world.carol}"):
        assert refusal(world, client, ("x-chancery-user-token", value)) == "TOKEN_MALFORMED"
    assert refusal(world, None, ("authorization", alice)) == "OK"
    assert refusal(world, client, ("x-chancery-user-token", world.alice)) == "OK"


def test_of_two_users_one_counted(world):
    """One under `authorization` and one under the metadata for carried tokens: the former was not looked at."""
    client = world.contoso.component("client", world.unique("client"))
    for who in (None, client):
        for one, other in ((world.alice, world.carol), (world.carol, world.alice), (world.alice, world.alice)):
            assert refusal(world, who, ("authorization", f"Bearer {one}"),
                           ("x-chancery-user-token", other)) == "TOKEN_MALFORMED"
    assert refusal(world, client, ("authorization", "Bearer garbage"),
                   ("x-chancery-user-token", world.alice)) == "TOKEN_MALFORMED"


def test_two_proofs_were_one(world):
    """RFC 9449 §4.3: there is not more than one DPoP proof."""
    prover = Prover()
    token = world.contoso.token("alice", cnf=prover.cnf)
    one, other = (prover.metadata(token, ACQUIRE) for _ in range(2))
    proofs = [pair for pair in [*one, *other] if pair[0] == "dpop"]
    assert len(proofs) == 2
    assert refusal(world, None, ("authorization", f"DPoP {token}"), *proofs) == "TOKEN_PROOF_INVALID"
    assert refusal(world, None, *one) == "OK"


def test_lost_token_left_the_component_alone(world):
    """A decryptor that had lost its reader's token opened the content as itself, by its own power."""
    decryptor = world.contoso.component("decryptor", world.unique("decryptor"))
    for name, value in (("x-chancery-user-token", ""), ("authorization", ""), ("authorization", "DPoP"),
                        ("authorization", "Bearer"), ("authorization", "Basic YTpi"), ("authorization", world.alice)):
        assert refusal(world, decryptor, (name, value)) == "TOKEN_MALFORMED", (name, value)
