# SPDX-License-Identifier: Apache-2.0
"""Who acts on content by what its policy grants them, and who acted on it without any right (docs/policy.md §3.4, §3.6)."""
import time

import pytest

from authority import new_id
from calls import reason, refused
from oracles import forged
from stock import super_user
from waiting import wall_clock_passes
from world import EDIT, PRINT, VIEW, grant

EDITRIGHTSDATA, OWNER = 13, 14
VERBS = {"GetContent": {}, "ListAccess": {}, "Revoke": {"user": "else@fabrikam.com"}}


@pytest.fixture(scope="module")
def world(world):
    w = world
    w.sql("UPDATE issuer SET claim_groups = 'groups', claim_aliases = '{aliases}'")
    w.call("DirectoryService/PutGroup", {"group": {"address": "board@contoso.com"}}, w.contoso.admin)
    w.call("DirectoryService/AddMembers", {"group": "board@contoso.com", "members": ["dora@fabrikam.com"]},
           w.contoso.admin)
    w.dora = w.fabrikam.token("dora")
    return w


def act(w, verb, made, token=None, who=None, **more):
    service = "PublishingService" if verb == "AmendPolicy" else "TrackingService"
    return w.call(f"{service}/{verb}", {"publishing_license": made.publishing_license, **more}, who, token=token)


def custom(w, *grants, **more):
    return w.protect(token=w.alice, recipients=None, custom={"grants": list(grants), **more})


def granted_owner(w, how):
    """Content over which Dora of Fabrikam holds OWNER."""
    owner = grant("user:dora@fabrikam.com", OWNER)
    if how == "template":
        return w.protect(token=w.alice, template_id=w.template(owner).template_id)
    if how == "group":
        return custom(w, grant("group:board@contoso.com", OWNER))
    if how == "custom":
        return custom(w, owner)
    made = w.protect(token=w.alice)
    w.call("PublishingService/AmendPolicy", {"content_id": made.content_id, "set_grants": [owner]}, token=w.alice)
    return made


# --- OWNER by grant ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["template", "custom", "amendment", "group"])
def test_who_held_owner_by_grant_could_do_nothing_with_it(world, how):
    made = granted_owner(world, how)
    assert OWNER in world.rights(made, world.dora)
    got = act(world, "GetContent", made, world.dora).content
    assert (got.content_id, got.owner) == (made.content_id, "alice@contoso.com")
    assert [e.user for e in act(world, "ListAccess", made, world.dora).events] == ["dora@fabrikam.com"]
    act(world, "AmendPolicy", made, world.dora, set_grants=[grant("user:bob@fabrikam.com", VIEW, PRINT)])
    assert world.rights(made, world.bob) == {VIEW, PRINT}
    act(world, "Revoke", made, world.dora, user="bob@fabrikam.com", reason="left")
    assert reason(world.acquire, made, world.bob) == "REVOKED"
    act(world, "Restore", made, world.dora, user="bob@fabrikam.com")
    assert world.rights(made, world.bob) == {VIEW, PRINT}
    done = world.audit(tenant="contoso", content_id=made.content_id, user="dora@fabrikam.com")
    assert [e.operation for e in done if e.operation != "acquire_license"] == ["restore", "revoke", "amend_policy"]
    act(world, "Revoke", made, world.dora)
    assert reason(world.acquire, made, world.bob) == "REVOKED"


@pytest.mark.parametrize("verb,more", VERBS.items())
def test_the_license_and_the_id_are_of_one_content(world, verb, more):
    made, other = granted_owner(world, "custom"), world.protect(token=world.alice)
    act(world, verb, made, world.dora, content_id=made.content_id, **more)
    error = refused(act, world, verb, made, world.dora, content_id=other.content_id, **more)
    assert (error.reason, error.fields) == ("FIELD_INVALID", ["publishing_license"])
    assert reason(world.call, f"TrackingService/{verb}", {"content_id": made.content_id, **more},
                  token=world.dora) == "NOT_FOUND"  # without the license nobody knows of the grant


def test_whose_right_has_gone_acts_no_more(world):
    """What refuses a use license refuses these too, for the same reason."""
    made = granted_owner(world, "custom")
    act(world, "GetContent", made, world.dora)
    world.track("Revoke", made, user="dora@fabrikam.com")
    for verb, more in {**VERBS, "AmendPolicy": {"expiry": {"days": 9}}, "Restore": {"user": "dora@fabrikam.com"}}.items():
        assert reason(act, world, verb, made, world.dora, **more) == "REVOKED"
    world.track("Restore", made, user="dora@fabrikam.com")
    world.track("Revoke", made)
    assert reason(act, world, "Restore", made, world.dora) == "REVOKED"  # only whose own it is, and admins
    world.track("Restore", made)
    world.call("TenantService/AddExclusion", {"user": "dora@fabrikam.com"}, world.contoso.admin)
    assert reason(act, world, "GetContent", made, world.dora) == "EXCLUDED"
    world.call("TenantService/RemoveExclusion", {"user": "dora@fabrikam.com"}, world.contoso.admin)
    act(world, "GetContent", made, world.dora)
    world.call("PublishingService/AmendPolicy", {"content_id": made.content_id, "remove_principals":
                                                 ["user:dora@fabrikam.com"]}, token=world.alice)
    assert reason(act, world, "GetContent", made, world.dora) == "NO_RIGHTS"


def test_an_expired_right_acts_no_more(world):
    soon = int(time.time()) + 2
    made = custom(world, grant("user:dora@fabrikam.com", OWNER), expiry={"time": {"seconds": soon}})
    wall_clock_passes(soon)
    assert reason(act, world, "AmendPolicy", made, world.dora, expiry={}) == "EXPIRED"
    act(world, "AmendPolicy", made, world.alice, expiry={})
    act(world, "GetContent", made, world.dora)


def test_a_reader_of_another_boundary_acts_by_no_license(world):
    made = custom(world, grant("user:ruth@agency.us", OWNER))
    assert reason(act, world, "Revoke", made, world.agency.token("ruth")) == "PORTAL_REQUIRED"


def test_a_super_user_is_no_owner_by_license_either(world):
    made = world.protect(token=world.alice)
    world.call("TenantService/GrantSuperUser", super_user("user:eve@contoso.com"), world.contoso.admin)
    try:
        world.acquire(made, world.eve)
        for verb, more in {**VERBS, "AmendPolicy": {"expiry": {}}}.items():
            assert reason(act, world, verb, made, world.eve, **more) == "NO_RIGHTS"
    finally:
        world.call("TenantService/RevokeSuperUser", {"principal": "user:eve@contoso.com"}, world.contoso.admin)


def test_a_made_up_license_opens_nothing(world):
    for verb, more in {**VERBS, "AmendPolicy": {"expiry": {}}}.items():
        for license_ in (forged(world, display_name="x"), forged(world, content_id=bytes.fromhex(new_id().replace("-", "")))):
            request = {"publishing_license": license_, **more}
            service = "PublishingService" if verb == "AmendPolicy" else "TrackingService"
            assert reason(world.call, f"{service}/{verb}", request, token=world.mallory) == "LICENSE_FORGED"
            request["publishing_license"] = b"nonsense"
            assert reason(world.call, f"{service}/{verb}", request, token=world.alice) == "LICENSE_MALFORMED"


def test_what_others_hear_with_the_license(world):
    """A reader that their rights don't reach so far; a stranger what they hear at any license."""
    made = world.protect(token=world.alice)
    for verb, more in {**VERBS, "Restore": {}, "AmendPolicy": {"expiry": {}}}.items():
        assert reason(act, world, verb, made, world.bob, **more) == "RIGHT_MISSING"
        assert reason(act, world, verb, made, world.mallory, **more) == "NO_RIGHTS"
        assert reason(act, world, verb, made, None, world.fabrikam.admin, **more) in ("NO_RIGHTS", "PORTAL_REQUIRED")
    refusals = world.audit(tenant="contoso", content_id=made.content_id, denied_only=True)
    assert {(e.operation, e.reason, e.user) for e in refusals} >= {("revoke", "RIGHT_MISSING", "bob@fabrikam.com"),
                                                                 ("get_content", "NO_RIGHTS", "mallory@fabrikam.com")}


# --- EDITRIGHTSDATA ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def edited(world):
    """Content of which Bob may change the policy, within VIEW and EDIT; Carol holds PRINT, and Dora OWNER."""
    def make(**more):
        return custom(world, grant("user:bob@fabrikam.com", VIEW, EDIT, EDITRIGHTSDATA),
                      {"principals": ["user:carol@contoso.com"], "rights": [VIEW, PRINT]},
                      grant("user:d.alias@fabrikam.com", OWNER), **more)
    world.call("DirectoryService/PutUser", {"user": {"address": "dora@fabrikam.com", "aliases": [
        "d.alias@fabrikam.com"]}}, world.fabrikam.admin)
    return make


def amend(w, made, **change):
    return act(w, "AmendPolicy", made, w.bob, **change).version


def test_who_held_editrightsdata_could_do_nothing_with_it(world, edited):
    made = edited()
    assert amend(world, made, set_grants=[grant("user:eve@contoso.com", VIEW, EDIT)]) == 1
    assert world.rights(made, world.eve) == {VIEW, EDIT}
    assert amend(world, made, set_grants=[grant("group:board@contoso.com", VIEW, EDITRIGHTSDATA)]) == 2
    assert amend(world, made, remove_principals=["user:eve@contoso.com"]) == 3
    assert reason(world.acquire, made, world.eve) == "NO_RIGHTS"
    assert amend(world, made, remove_principals=["user:bob@fabrikam.com"]) == 4  # themself
    assert reason(amend, world, made, expiry={"days": 1}) == "NO_RIGHTS"
    for verb, more in VERBS.items():
        assert reason(act, world, verb, edited(), world.bob, **more) == "RIGHT_MISSING"


@pytest.mark.parametrize("change,what", [
    ({"set_grants": [grant("user:eve@contoso.com", VIEW, PRINT)]}, "user:eve@contoso.com"),
    ({"set_grants": [grant("user:bob@fabrikam.com", OWNER)]}, "user:bob@fabrikam.com"),
    ({"set_grants": [grant("domain:fabrikam.com", VIEW), grant("authenticated", OWNER)]}, "authenticated"),
    ({"set_grants": [{"principals": ["user:eve@contoso.com"], "rights": [VIEW], "custom_rights": ["SIGN"]}]},
     "user:eve@contoso.com"),
    ({"remove_principals": ["user:carol@contoso.com"]}, "user:carol@contoso.com"),
    ({"set_grants": [grant("user:carol@contoso.com", VIEW)]}, "user:carol@contoso.com"),
    ({"remove_principals": ["user:dora@fabrikam.com"]}, "user:dora@fabrikam.com"),
    ({"set_grants": [grant("user:dora@fabrikam.com", VIEW)]}, "user:dora@fabrikam.com"),
    ({"expiry": {}}, "expiry"), ({"expiry": {"days": 31}}, "expiry"),
    ({"expiry": {"days": 1}, "set_grants": [grant("user:eve@contoso.com", OWNER)]}, "user:eve@contoso.com"),
])
def test_nobody_gives_or_takes_what_they_do_not_have(world, edited, change, what):
    made = edited(expiry={"days": 30})
    error = refused(amend, world, made, **change)
    assert (error.code, error.reason, error.metadata["change"]) == ("PERMISSION_DENIED", "RIGHTS_EXCEEDED", what)
    assert world.sql(f"SELECT amendment FROM content WHERE content = '{made.content_id}'") == "0"
    assert world.audit(tenant="contoso", content_id=made.content_id, denied_only=True)[0].reason == "RIGHTS_EXCEEDED"
    assert amend(world, made, expiry={"days": 29}) == 1


def test_nobody_makes_recipients_of_more_than_they_have(world):
    made = world.protect(token=world.alice, custom={"grants": [
        grant("user:carol@contoso.com", VIEW, EDITRIGHTSDATA), grant("recipients", VIEW, PRINT)]})
    add = {"add_recipients": ["eve@contoso.com"]}
    assert reason(act, world, "AmendPolicy", made, world.carol, **add) == "RIGHTS_EXCEEDED"
    act(world, "AmendPolicy", made, world.alice, set_grants=[grant("recipients", VIEW)])
    act(world, "AmendPolicy", made, world.carol, **add)
    assert world.rights(made, world.eve) == {VIEW}


def test_encrypt_only_gives_its_recipients_the_policy(world):
    """All but EXPORT and OWNER: so they may let others in, and not take the protection off."""
    made = world.protect(token=world.alice, encrypt_only={})
    act(world, "AmendPolicy", made, world.bob, add_recipients=["eve@contoso.com"])
    world.acquire(made, world.eve)
    assert reason(act, world, "AmendPolicy", made, world.bob,
                  set_grants=[grant("user:eve@contoso.com", OWNER)]) == "RIGHTS_EXCEEDED"


def test_a_recipient_was_taken_out_by_the_form_of_a_group(world):
    """Either form of principal names a recipient, but of a group only its grants were looked at, so whoever had less than
    recipients have took it from them."""
    made = world.protect(token=world.alice, recipients=["carol@contoso.com", "board@contoso.com"], custom={"grants": [
        grant("user:bob@fabrikam.com", VIEW, EDITRIGHTSDATA), grant("recipients", VIEW, PRINT)]})
    for name in ("carol@contoso.com", "board@contoso.com"):
        for change in ({"remove_principals": [f"group:{name}"]}, {"set_grants": [grant(f"group:{name}", VIEW)]},
                       {"remove_principals": [f"user:{name}"]}):
            assert reason(amend, world, made, **change) == "RIGHTS_EXCEEDED", change
    for reader in (world.carol, world.dora):
        assert world.rights(made, reader) == {VIEW, PRINT}
    act(world, "AmendPolicy", made, world.alice, set_grants=[grant("recipients", VIEW)])
    amend(world, made, remove_principals=["group:carol@contoso.com"])
    assert reason(world.acquire, made, world.carol) == "NO_RIGHTS"


def test_a_removed_group_came_back_as_a_recipient(world):
    """Who becomes a recipient again is no longer removed, and so a group has again what the policy grants it: OWNER, by
    somebody who might give VIEW."""
    made = world.protect(token=world.alice, custom={"grants": [
        grant("user:bob@fabrikam.com", VIEW, EDITRIGHTSDATA), grant("group:board@contoso.com", OWNER),
        grant("recipients", VIEW)]})
    act(world, "AmendPolicy", made, world.alice, remove_principals=["group:board@contoso.com"])
    add = {"add_recipients": ["board@contoso.com"]}
    assert reason(amend, world, made, **add) == "RIGHTS_EXCEEDED"
    assert reason(world.acquire, made, world.dora) == "NO_RIGHTS"
    act(world, "AmendPolicy", made, world.alice, **add)
    assert OWNER in world.rights(made, world.dora)


def test_a_removed_person_came_back_by_an_address_that_only_tokens_show(world):
    """No directory tells that it is theirs, so becoming a recipient by it gave them what recipients have, as far as was known;
    and what the policy grants them came back with it."""
    olga = world.fabrikam.token("olga", aliases=["oo@fabrikam.com"])
    made = world.protect(token=world.alice, custom={"grants": [
        grant("user:bob@fabrikam.com", VIEW, EDITRIGHTSDATA), grant("user:olga@fabrikam.com", OWNER),
        grant("recipients", VIEW)]})
    act(world, "AmendPolicy", made, world.alice, remove_principals=["user:olga@fabrikam.com"])
    assert reason(amend, world, made, add_recipients=["olga@fabrikam.com"]) == "RIGHTS_EXCEEDED"
    amend(world, made, add_recipients=["oo@fabrikam.com"])
    assert world.rights(made, olga) == {VIEW}
    act(world, "AmendPolicy", made, world.alice, add_recipients=["olga@fabrikam.com"])
    assert OWNER in world.rights(made, olga)


# --- components, and people who have gone elsewhere ----------------------------------------------------------


def test_a_gateway_restored_and_amended_what_it_had_protected(world):
    made = world.protect()
    content = {"content_id": made.content_id}
    world.track("Revoke", made, world.gateway)
    for request in (content, {"publishing_license": made.publishing_license}):
        told = {reason(world.call, "TrackingService/Restore", request, world.gateway),
                reason(world.call, "PublishingService/AmendPolicy", {**request, "expiry": {}}, world.gateway)}
        assert told <= {"NOT_FOUND", "REVOKED", "NO_RIGHTS"}
    assert world.call("TrackingService/GetContent", content, world.gateway).content.issuer == "contoso-gateway"
    assert world.call("TrackingService/ListAccess", content, world.gateway).events is not None
    listed = world.call("TrackingService/ListContent", {"owner": "alice@contoso.com"}, world.gateway).contents
    assert made.content_id in [one.content_id for one in listed]
    world.track("Restore", made)  # by the admin
    log = world.audit(tenant="contoso", operation="amend_policy", content_id=made.content_id)
    assert not any(event.granted for event in log)


def test_an_owner_who_had_moved_to_another_tenant_kept_the_content(world):
    """The power followed the address: whoever is given it elsewhere revoked and amended what it had protected before."""
    first = world.tenant("firsthouse", domain="moving.example")
    gateway = first.component("gateway", "firsthouse-gateway")
    made = world.protect(gateway, owner="mia@moving.example")
    token = first.token("mia")
    act(world, "GetContent", made, token)
    named = {"tenant": "firsthouse", "domain": "moving.example"}
    world.call("TenantService/RemoveDomain", named, world.platform_admin)
    second = world.tenant("secondhouse", domain="second.example")
    for verb, more in (("AddDomain", {}), ("VerifyDomain", {"asserted": True})):
        world.call(f"TenantService/{verb}", {"tenant": "secondhouse", "domain": "moving.example", **more},
                   world.platform_admin)
    moved = second.issuer.token("mia@moving.example")
    for verb, more in {**VERBS, "Restore": {}, "AmendPolicy": {"expiry": {}}}.items():
        service = "PublishingService" if verb == "AmendPolicy" else "TrackingService"
        assert reason(world.call, f"{service}/{verb}", {"content_id": made.content_id, **more}, token=moved) == "NOT_FOUND"
        assert reason(act, world, verb, made, moved, **more) == "NO_RIGHTS"
    assert not world.call("TrackingService/ListContent", {}, token=moved).contents
    act(world, "GetContent", made, who=first.admin)


def test_a_guest_who_had_protected_before_kept_the_content(world):
    made = world.protect(token=world.contoso.token("gus"))
    content = {"content_id": made.content_id}
    world.call("TrackingService/GetContent", content, token=world.contoso.token("gus"))
    world.call("DirectoryService/PutUser", {"user": {"address": "gus@contoso.com", "guest": True}}, world.contoso.admin)
    guest = world.contoso.token("gus")
    assert reason(world.call, "TrackingService/Revoke", content, token=guest) == "NOT_FOUND"
    assert not world.call("TrackingService/ListContent", {}, token=guest).contents


def test_an_excluded_owner_let_others_in(world):
    """Whoever was locked out of the tenant opened nothing, but amended what had been theirs."""
    made = world.protect(token=world.contoso.token("xena"))
    xena, content = world.contoso.token("xena"), {"content_id": made.content_id}
    world.call("TenantService/AddExclusion", {"user": "xena@contoso.com"}, world.contoso.admin)
    change = {**content, "set_grants": [grant("user:eve@contoso.com", OWNER)]}
    assert reason(world.call, "PublishingService/AmendPolicy", change, token=xena) == "EXCLUDED"
    assert reason(world.call, "TrackingService/ListAccess", content, token=xena) == "EXCLUDED"
    for owner in ("", "xena@contoso.com"):
        assert reason(world.call, "TrackingService/ListContent", {"owner": owner}, token=xena) == "EXCLUDED"
    world.call("TenantService/RemoveExclusion", {"user": "xena@contoso.com"}, world.contoso.admin)
    world.call("PublishingService/AmendPolicy", change, token=xena)
    assert world.call("TrackingService/ListContent", {}, token=xena).contents
