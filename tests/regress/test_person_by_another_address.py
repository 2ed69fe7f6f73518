# SPDX-License-Identifier: Apache-2.0
"""A person was meant by the one address that was named: what was taken from them came back, or stayed, by their other
ones."""
import concurrent.futures

import pytest

from calls import outcome, reason, refused
from world import EDIT, PRINT, VIEW, grant

DO_NOT_FORWARD = {1, 2, 3, 9, 10, 11, 12}


@pytest.fixture(scope="module")
def world(world):
    world.sql("UPDATE issuer SET claim_aliases = '{aliases}'")
    for domain in ("contoso.example", "fabrikam.example"):
        named = {"tenant": domain.split(".", maxsplit=1)[0], "domain": domain}
        world.call("TenantService/AddDomain", named, world.platform_admin)
        world.call("TenantService/VerifyDomain", {**named, "asserted": True}, world.platform_admin)
    return world


def put_user(w, tenant, address, *aliases, **more):
    w.call("DirectoryService/PutUser", {"user": {"address": address, "aliases": aliases}, **more}, tenant.admin)


class Person:
    """Somebody with a primary address and two aliases in their tenant's directory, one of them in another domain."""

    def __init__(self, w, tenant):
        name, self.tenant = w.unique("person"), tenant
        self.address = f"{name}@{tenant.domain}"
        self.alias, self.foreign = f"{name}.alias@{tenant.domain}", f"{name}@{tenant.name}.example"
        put_user(w, tenant, self.address, self.alias, self.foreign)
        self.token = tenant.token(self.address)


@pytest.fixture(params=["contoso", "fabrikam"], ids=["of the house", "of another tenant"])
def person(world, request):
    return Person(world, getattr(world, request.param))


def amend(w, made, who=None, **change):
    w.call("PublishingService/AmendPolicy", {"content_id": made.content_id, **change}, who or w.contoso.admin)


def content(w, made):
    return w.call("TrackingService/GetContent", {"content_id": made.content_id}, w.contoso.admin).content


# --- revoking and restoring ----------------------------------------------------------------------------------


@pytest.mark.parametrize("revoked,restored", [("alias", "address"), ("address", "alias"), ("foreign", "alias"),
                                              ("alias", "foreign"), ("address", "address")])
def test_restoring_by_another_address_restored_nothing(world, person, revoked, restored):
    """Restore said OK, and the person was refused as before: it looked for the address that was named."""
    made = world.protect(recipients=[person.address])
    world.track("Revoke", made, user=getattr(person, revoked))
    assert reason(world.acquire, made, person.token) == "REVOKED"
    world.track("Restore", made, user=getattr(person, restored))
    assert world.rights(made, person.token) == DO_NOT_FORWARD
    assert not content(world, made).revoked_users


def test_one_restoring_ends_all_that_was_revoked_of_a_person(world, person):
    made = world.protect(recipients=[person.alias])
    for address in (person.address, person.alias, person.foreign, person.alias):
        world.track("Revoke", made, user=address)
    world.track("Revoke", made, user="else@fabrikam.com")
    world.track("Restore", made, user=person.foreign)
    assert world.rights(made, person.token) == DO_NOT_FORWARD
    assert list(content(world, made).revoked_users) == ["else@fabrikam.com"]


def test_restoring_by_the_address_from_before_a_rename_restored_nothing(world, person):
    made = world.protect(recipients=[person.address])
    world.track("Revoke", made, user=person.address)
    renamed = f"new.{person.address}"
    put_user(world, person.tenant, renamed, person.address, previous_address=person.address)
    token = person.tenant.token(renamed)
    assert reason(world.acquire, made, token) == "REVOKED"
    world.track("Restore", made, user=renamed)
    assert world.rights(made, token) == DO_NOT_FORWARD


def test_somebody_elses_address_is_not_theirs(world, person):
    """The address of another entry, and one that was theirs in a domain that their tenant has given up."""
    other = Person(world, person.tenant)
    made = world.protect(recipients=[person.address])
    world.track("Revoke", made, user=person.alias)
    assert reason(world.track, "Restore", made, user=other.address) == "NOT_FOUND"
    assert reason(world.acquire, made, person.token) == "REVOKED"


def test_an_alias_in_a_domain_that_was_given_up_is_nobodys(world):
    tailspin = world.tenant("tailspin", domain="tailspin.com")
    named = {"tenant": "tailspin", "domain": "tailspin.example"}
    world.call("TenantService/AddDomain", named, world.platform_admin)
    world.call("TenantService/VerifyDomain", {**named, "asserted": True}, world.platform_admin)
    put_user(world, tailspin, "tim@tailspin.com", "tim@tailspin.example")
    made = world.protect(recipients=["tim@tailspin.com"])
    world.track("Revoke", made, user="tim@tailspin.example")
    world.call("TenantService/RemoveDomain", named, world.platform_admin)
    assert reason(world.track, "Restore", made, user="tim@tailspin.com") == "NOT_FOUND"
    world.track("Restore", made, user="tim@tailspin.example")


def test_who_was_restored_by_nobody_was_told_ok(world, person):
    """Restoring what is not revoked said OK; so did the second of two restorings."""
    made = world.protect(recipients=[person.address])
    for whom in ({}, {"user": person.address}):
        told = refused(world.track, "Restore", made, **whom)
        assert (told.reason, told.metadata["revoked"]) == ("NOT_FOUND", "no")
    world.track("Revoke", made, user=person.address)
    assert reason(world.track, "Restore", made) == "NOT_FOUND"
    assert reason(world.track, "Restore", made, user="else@fabrikam.com") == "NOT_FOUND"
    world.track("Restore", made, user=person.address)
    assert reason(world.track, "Restore", made, user=person.address) == "NOT_FOUND"
    world.track("Revoke", made)
    assert reason(world.track, "Restore", made, user=person.address) == "NOT_FOUND"
    world.track("Restore", made)
    assert reason(world.track, "Restore", made) == "NOT_FOUND"
    done = [e.operation for e in world.audit(tenant="contoso", content_id=made.content_id)]
    assert done == ["restore", "revoke", "restore", "revoke", "protect"]  # and nothing of what was refused


def test_restoring_a_content_let_in_who_was_shut_out_personally(world, person):
    made = world.protect(recipients=[person.address, "bob@fabrikam.com"])
    world.track("Revoke", made, user=person.address)
    world.track("Revoke", made)
    assert reason(world.acquire, made, world.bob) == "REVOKED"
    world.track("Restore", made)
    assert world.rights(made, world.bob) == DO_NOT_FORWARD
    assert reason(world.acquire, made, person.token) == "REVOKED"
    assert list(content(world, made).revoked_users) == [person.address]


def test_an_address_that_only_tokens_know_is_the_person_to_whoever_is_shut_out(world):
    """The directory can't tell whose it is, so restoring takes it at its word; the license is refused all the same."""
    token = world.fabrikam.token("nina", aliases=["nn@fabrikam.com"])
    made = world.protect(recipients=["nina@fabrikam.com"])
    world.track("Revoke", made, user="nn@fabrikam.com")
    assert reason(world.acquire, made, token) == "REVOKED"
    assert reason(world.track, "Restore", made, user="nina@fabrikam.com") == "NOT_FOUND"
    world.track("Restore", made, user="nn@fabrikam.com")
    assert world.rights(made, token) == DO_NOT_FORWARD


def test_who_proved_many_addresses_was_shut_out_by_none_beyond_the_sixteenth(world):
    """What a token says beyond so many addresses was left out, the one by which somebody is shut out as well; and some
    providers let people fill the claim themselves."""
    made = world.protect(recipients=["pat@fabrikam.com"])
    many = [f"pat{n}@mail.example" for n in range(14)]
    token = world.fabrikam.token("pat", aliases=[*many, "shut.out@fabrikam.com"])
    world.acquire(made, token)
    world.track("Revoke", made, user="shut.out@fabrikam.com")
    assert reason(world.acquire, made, token) == "REVOKED"
    more = world.fabrikam.token("pat", aliases=[*many, "more@mail.example", "shut.out@fabrikam.com"])
    assert reason(world.acquire, made, more) == "TOKEN_CLAIM_INVALID"
    twice = world.fabrikam.token("pat", aliases=[*many, *many, "PAT@fabrikam.com", "shut.out@fabrikam.com"])
    assert reason(world.acquire, made, twice) == "REVOKED"  # each counts once


def test_person_of_many_entries_was_shut_out_by_no_address_beyond_the_last(world):
    """So was what the directory knows of the people whom one token names."""
    names = [world.unique("crowd") for _ in range(2)]
    for name in names:
        put_user(world, world.fabrikam, f"{name}@fabrikam.com", *(f"{name}.{n}@fabrikam.com" for n in range(100)))
    made = world.protect(recipients=[f"{names[0]}@fabrikam.com"])
    world.track("Revoke", made, user=f"{names[1]}.99@fabrikam.com")
    both = world.fabrikam.token(names[0], aliases=[f"{names[1]}@fabrikam.com"])
    assert reason(world.acquire, made, both) == "TOKEN_CLAIM_INVALID"
    world.acquire(made, world.fabrikam.token(names[0]))


# --- how many ------------------------------------------------------------------------------------------------


def fill(w, made, count):
    w.sql(f"UPDATE content SET revoked_users = ARRAY(SELECT 'u' || n || '@fabrikam.com' FROM generate_series(1, {count}) "
          f"AS n) WHERE content = '{made.content_id}'")


def test_people_revoked_of_a_content_had_no_limit(world, person):
    made = world.protect(recipients=[person.address])
    fill(world, made, 999)
    world.track("Revoke", made, user=person.alias)
    assert reason(world.track, "Revoke", made, user="one.more@fabrikam.com") == "LIMIT_EXCEEDED"
    world.track("Revoke", made, user="u7@fabrikam.com")  # who is shut out already
    world.track("Revoke", made, user=person.address)  # likewise, by another address
    assert len(content(world, made).revoked_users) == 1000
    world.track("Revoke", made)
    world.track("Restore", made)
    world.track("Restore", made, user=person.address)
    world.track("Revoke", made, user="one.more@fabrikam.com")


def test_the_limit_of_revoked_people_holds_under_parallel_requests(world):
    made = world.protect()
    fill(world, made, 996)
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        told = list(pool.map(lambda n: outcome(world.track, "Revoke", made, user=f"p{n}@fabrikam.com"), range(12)))
    assert sorted(told) == ["LIMIT_EXCEEDED"] * 8 + ["OK"] * 4
    assert len(content(world, made).revoked_users) == 1000


# --- amending ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent_to", ["address", "alias", "foreign"])
@pytest.mark.parametrize("removed", ["address", "alias", "foreign"])
def test_removing_by_another_address_took_nothing(world, person, sent_to, removed):
    """The record shows the primary address; the content was sent to another one; and removing the former left all."""
    address = getattr(person, sent_to)
    made = [world.protect(recipients=[address]),
            world.protect(recipients=None, custom={"grants": [grant(f"user:{address}", VIEW, EDIT)]})]
    for one in made:
        world.acquire(one, person.token)
        amend(world, one, remove_principals=[f"user:{getattr(person, removed)}"])
        for _ in range(4):
            world.reconnect()
            assert reason(world.acquire, one, person.token) == "NO_RIGHTS"


def test_removing_by_an_address_that_only_tokens_show_took_nothing(world):
    token = world.fabrikam.token("olga", aliases=["oo@fabrikam.com"])
    made = world.protect(recipients=["oo@fabrikam.com"])
    world.acquire(made, token)
    amend(world, made, remove_principals=["user:olga@fabrikam.com"])
    assert reason(world.acquire, made, token) == "NO_RIGHTS"


def test_removing_took_nothing_after_a_rename(world, person):
    made = world.protect(recipients=[person.address])
    renamed = f"new.{person.address}"
    put_user(world, person.tenant, renamed, person.address, previous_address=person.address)
    token = person.tenant.token(renamed)
    assert world.rights(made, token) == DO_NOT_FORWARD
    amend(world, made, remove_principals=[f"user:{renamed}"])
    assert reason(world.acquire, made, token) == "NO_RIGHTS"


def test_a_grant_by_another_address_was_added_to_what_they_had(world, person):
    """What an amendment grants somebody replaces what they had; by another address it was added to it."""
    made = world.protect(recipients=[person.address])
    amend(world, made, set_grants=[grant(f"user:{person.alias}", VIEW)])
    assert world.rights(made, person.token) == {VIEW}
    amend(world, made, set_grants=[grant(f"user:{person.foreign}", VIEW, PRINT)])
    assert world.rights(made, person.token) == {VIEW, PRINT}


def test_the_last_word_about_a_person_is_what_holds(world, person):
    """Each change names another of their addresses."""
    made = world.protect(recipients=[person.address])
    steps = [({"remove_principals": [f"user:{person.alias}"]}, None),
             ({"set_grants": [grant(f"user:{person.foreign}", VIEW, EDIT)]}, {VIEW, EDIT}),
             ({"remove_principals": [f"user:{person.address}"]}, None),
             ({"add_recipients": ["else@fabrikam.com"]}, None),
             ({"set_grants": [grant(f"user:{person.alias}", VIEW)]}, {VIEW}),
             ({"remove_principals": [f"user:{person.foreign}"]}, None),
             ({"add_recipients": [person.alias]}, DO_NOT_FORWARD),
             ({"remove_principals": [f"user:{person.foreign}"]}, None),
             ({"expiry": {"days": 30}}, None),
             ({"add_recipients": [person.address]}, DO_NOT_FORWARD)]
    for change, expected in steps:
        amend(world, made, **change)
        if expected is None:
            assert reason(world.acquire, made, person.token) == "NO_RIGHTS", change
        else:
            assert world.rights(made, person.token) == expected, change
