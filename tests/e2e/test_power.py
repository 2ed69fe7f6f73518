# SPDX-License-Identifier: Apache-2.0
"""Power beyond a policy's grants: super users, decryptors, issuers and owners."""
import time
import uuid

import pytest

from calls import reason
from waiting import wall_clock_passes
from world import BY_DECRYPTOR, BY_ISSUER, BY_OWNER, BY_SUPER_USER

TENANT = "TenantService"


def power(principal, seconds=3600, why="litigation hold", **more):
    return {"principal": principal, "reason": why, "expire_time": {"seconds": int(time.time()) + seconds}, **more}


def grant(w, principal, who=None, **more):
    return w.call(f"{TENANT}/GrantSuperUser", power(principal, **more), who or w.contoso.admin)


def revoke(w, principal, who=None):
    w.call(f"{TENANT}/RevokeSuperUser", {"principal": principal}, who or w.contoso.admin)


def super_users(w, who=None, **more):
    return w.call(f"{TENANT}/ListSuperUsers", more, who or w.contoso.admin).super_users


def component_id(w, name):
    return w.sql(f"SELECT component FROM component WHERE name = '{name}'")


def test_power_holds_from_the_next_license_on_every_worker_and_every_use_is_marked(world):
    made = world.protect()
    assert reason(world.acquire, made, world.eve) == "NO_RIGHTS"
    assert grant(world, "user:EVE@contoso.com").approval_id == ""
    for _ in range(8):  # new connections, so on both workers
        world.reconnect()
        assert len(world.acquire(made, world.eve).rights) == 14
    listed = super_users(world)[0]
    assert (listed.principal, listed.reason, listed.granted_by) == ("user:eve@contoso.com", "litigation hold",
                                                                   "contoso-admin")
    assert 3500 < listed.expire_time.seconds - listed.grant_time.seconds <= 3600
    uses = world.call("TrackingService/ListAccess", {"content_id": made.content_id}, world.contoso.admin).events
    assert [(e.user, e.granted, e.power) for e in uses][0] == ("eve@contoso.com", True, BY_SUPER_USER)
    assert [e.power for e in uses][-1] == 0  # she was refused without
    by_power = world.audit(tenant="contoso", power="POWER_SUPER_USER", content_id=made.content_id)
    assert len(by_power) == 8 and {e.user for e in by_power} == {"eve@contoso.com"}
    assert reason(world.audit, tenant="contoso", power=6) == "FIELD_INVALID"
    act = world.audit(tenant="contoso", operation="grant_super_user")[0]
    assert act.component == "contoso-admin" and act.target.startswith("user:eve@contoso.com until 20")
    assert act.target.endswith("Z: litigation hold")
    revoke(world, "user:eve@contoso.com")
    for _ in range(4):
        world.reconnect()
        assert reason(world.acquire, made, world.eve) == "NO_RIGHTS"
    assert reason(revoke, world, "user:eve@contoso.com") == "NOT_FOUND"
    assert not super_users(world)


def test_power_ends_by_itself_and_granting_again_moves_the_end(world):
    made = world.protect()
    grant(world, "user:eve@contoso.com", seconds=3)
    world.acquire(made, world.eve)
    grant(world, "user:eve@contoso.com", seconds=5, why="another")
    assert [u.reason for u in super_users(world)] == ["another"]
    end = super_users(world)[0].expire_time.seconds
    wall_clock_passes(end - 1.5)
    world.acquire(made, world.eve)
    wall_clock_passes(end)
    assert reason(world.acquire, made, world.eve) == "NO_RIGHTS"
    assert not super_users(world)


def test_what_power_outlives_and_what_it_does_not(world):
    made = world.protect()
    grant(world, "user:eve@contoso.com")
    world.call("TrackingService/Revoke", {"content_id": made.content_id}, world.contoso.admin)
    assert reason(world.acquire, made, world.bob) == "REVOKED"
    world.acquire(made, world.eve)
    world.call("TrackingService/Revoke", {"content_id": made.content_id, "user": "eve@contoso.com"},
               world.contoso.admin)
    world.acquire(made, world.eve)
    soon = int(time.time()) + 2
    world.call("PublishingService/AmendPolicy", {"content_id": made.content_id, "expiry": {"time": {"seconds": soon}}},
               world.contoso.admin)
    world.call("TrackingService/Restore", {"content_id": made.content_id}, world.contoso.admin)
    wall_clock_passes(soon)
    assert reason(world.acquire, made, world.bob) == "EXPIRED"
    world.acquire(made, world.eve)
    world.call(f"{TENANT}/AddExclusion", {"user": "eve@contoso.com"}, world.contoso.admin)
    assert reason(world.acquire, made, world.eve) == "EXCLUDED"
    world.call(f"{TENANT}/RemoveExclusion", {"user": "eve@contoso.com"}, world.contoso.admin)
    for new_state, expected in ((2, "TENANT_DISABLED"), (1, None)):
        world.call(f"{TENANT}/UpdateTenant", {"tenant": {"tenant": "contoso", "state": new_state},
                                                "update_mask": {"paths": ["state"]}}, world.platform_admin)
        if expected:
            assert reason(world.acquire, made, world.eve) == expected
    for key_state, wrapped, expected in ((3, "wrapped", "KEY_REVOKED"), (4, "''", "KEY_DESTROYED")):
        held = world.sql("SELECT wrapped FROM tenant_key JOIN tenant USING (tenant) "
                                    "WHERE name = 'contoso' AND purpose = 1")
        change = ("UPDATE tenant_key k SET state = {}, wrapped = {} FROM tenant t WHERE t.tenant = k.tenant AND "
                  "name = 'contoso' AND purpose = 1; SELECT epoch_raise(tenant) FROM tenant WHERE name = 'contoso'")
        world.sql(change.format(key_state, wrapped))
        assert reason(world.acquire, made, world.eve) == expected
        world.sql(change.format(1, f"'{held}'"))
    world.acquire(made, world.eve)
    revoke(world, "user:eve@contoso.com")


def test_power_is_for_members_over_content_of_their_tenant(world):
    made = world.protect()
    theirs = world.protect(token=world.fabrikam.token("dave"), recipients=["x@contoso.com"])
    grant(world, "user:eve@contoso.com")
    assert reason(world.acquire, theirs, world.eve) == "NO_RIGHTS"
    for foreign in ("user:bob@fabrikam.com", "group:legal@fabrikam.com", "user:x@nowhere.example"):
        assert reason(grant, world, foreign) == "FIELD_INVALID"
    # A row that never should be there: a stranger gains nothing by it.
    world.sql("INSERT INTO super_user (tenant, principal, reason, granted_by, expires_at) SELECT tenant, "
                         "'user:carl@fabrikam.com', 'x', 'x', now() + interval '1 hour' FROM tenant WHERE name = "
                         "'contoso'; SELECT epoch_raise(tenant) FROM tenant WHERE name = 'contoso'")
    carl = world.fabrikam.token("carl@fabrikam.com")
    assert reason(world.acquire, made, carl) == "NO_RIGHTS"
    revoke(world, "user:carl@fabrikam.com")
    revoke(world, "user:eve@contoso.com")


def test_a_group_has_power(world):
    made = world.protect()
    issuer_id = world.sql("UPDATE issuer SET claim_groups = 'groups' WHERE iss = 'https://idp.contoso.com' "
                                     "RETURNING issuer; SELECT epoch_raise(tenant) FROM tenant WHERE name = 'contoso'")
    assert issuer_id
    member = world.contoso.token("frank@contoso.com", groups=["legal@contoso.com"])
    other = world.contoso.token("frank@contoso.com", groups=["legal@fabrikam.com"])
    assert reason(world.acquire, made, member) == "NO_RIGHTS"
    grant(world, "group:legal@contoso.com")
    world.acquire(made, member)
    assert reason(world.acquire, made, other) == "NO_RIGHTS"
    revoke(world, "group:legal@contoso.com")
    assert reason(world.acquire, made, member) == "NO_RIGHTS"


def test_power_by_the_directory_is_for_members(world):
    """Nested groups and aliases count; guests and people of other tenants have no power, whatever group they are in."""
    call, admin = world.call, world.contoso.admin
    for user in ({"address": "hank@contoso.com", "aliases": ["h.smith@contoso.com"]},
                 {"address": "temp@contoso.com", "guest": True}):
        call("DirectoryService/PutUser", {"user": user}, admin)
    for group, members in (("team@contoso.com", ["hank@contoso.com", "temp@contoso.com", "bob@fabrikam.com"]),
                           ("rescue@contoso.com", ["team@contoso.com"])):
        call("DirectoryService/PutGroup", {"group": {"address": group}}, admin)
        call("DirectoryService/AddMembers", {"group": group, "members": members}, admin)
    made = world.protect(custom={
        "grants": [{"principals": ["group:rescue@contoso.com"], "rights": [1]}]})
    call("TrackingService/Revoke", {"content_id": made.content_id}, admin)
    hank, temp = world.contoso.token("hank@contoso.com"), world.contoso.token("temp@contoso.com")
    for principals in (["group:rescue@contoso.com"], ["user:h.smith@contoso.com", "user:temp@contoso.com"]):
        for principal in principals:
            grant(world, principal)
        world.acquire(made, hank)
        for outsider in (temp, world.bob):
            assert reason(world.acquire, made, outsider) == "REVOKED"
        for principal in principals:
            revoke(world, principal)
        assert reason(world.acquire, made, hank) == "REVOKED"


def test_a_component_has_power_when_it_acts_alone(world):
    made = world.protect()
    service = world.contoso.component("client", "archive")
    own = component_id(world, "archive")
    assert reason(world.acquire, made, who=service) == "NO_RIGHTS"
    grant(world, own.upper())
    world.acquire(made, who=service)
    assert [u.principal for u in super_users(world)] == [f"component:{own}"]
    target = world.audit(tenant="contoso", operation="grant_super_user")[0].target
    assert target.startswith(f"component:{own} (archive) until ")
    event = world.audit(tenant="contoso", power="POWER_SUPER_USER", content_id=made.content_id)[0]
    assert (event.component, event.user, event.power) == ("archive", "", BY_SUPER_USER)
    assert reason(world.acquire, made, who=service,
                  user_token=world.eve) == "NO_RIGHTS"  # for a user, what the user has
    assert reason(grant, world, component_id(world, "fabrikam-admin")) == "FIELD_INVALID"
    assert reason(grant, world, str(uuid.uuid4())) == "FIELD_INVALID"
    revoke(world, f"component:{own}")
    assert reason(world.acquire, made, who=service) == "NO_RIGHTS"


def test_uses_of_decryptor_issuer_and_owner_are_marked(world):
    made = world.protect()
    decryptor, foreign = world.contoso.decryptor, world.fabrikam.decryptor
    world.call("TrackingService/Revoke", {"content_id": made.content_id}, world.contoso.admin)
    grant(world, component_id(world, decryptor.name))
    world.acquire(made, who=decryptor)
    world.acquire(made, world.alice)
    assert reason(world.acquire, made, who=world.gateway) == "NO_RIGHTS"  # it protected, for her
    assert reason(world.acquire, made, who=foreign) == "NO_RIGHTS"
    assert reason(world.acquire, made, world.bob) == "REVOKED"
    uses = world.call("TrackingService/ListAccess", {"content_id": made.content_id}, token=world.alice).events
    assert [e.power for e in uses] == [0, 0, 0, BY_OWNER, BY_DECRYPTOR]
    marked = world.audit(tenant="contoso", power="POWER_ANY", content_id=made.content_id)
    assert [e.power for e in marked] == [BY_OWNER, BY_DECRYPTOR]
    assert [e.power for e in world.audit(tenant="contoso", power="POWER_DECRYPTOR",
                                         content_id=made.content_id)] == [BY_DECRYPTOR]
    revoke(world, component_id(world, decryptor.name))
    assert reason(world.acquire, made, who=decryptor) == "NO_RIGHTS"


def test_an_issuer_is_who_protected_in_another_name(world):
    """Ina protects in the name of an alias that she gives up: she is not the owner any more, and still the issuer."""
    ina, put = world.contoso.token("ina"), {"address": "ina@contoso.com", "aliases": ["i.smith@contoso.com"]}
    world.call("DirectoryService/PutUser", {"user": put}, world.contoso.admin)
    made = world.protect(token=ina, owner="i.smith@contoso.com")
    world.acquire(made, ina)
    world.call("DirectoryService/PutUser", {"user": {"address": "ina@contoso.com"}}, world.contoso.admin)
    world.acquire(made, ina)
    uses = world.call("TrackingService/ListAccess", {"content_id": made.content_id}, world.contoso.admin).events
    assert [e.power for e in uses] == [BY_ISSUER, BY_OWNER]


BAD = [{"principal": ""}, {"principal": "domain:contoso.com"}, {"principal": "authenticated"}, {"principal": "user:"},
       {"why": ""}, {"why": "  \n"}, {"why": "x" * 257}, {"seconds": -1}, {"seconds": 0}, {"seconds": 30 * 86400 + 60},
       {"principal": "component:nonsense"}, {"principal": "user:" + "x" * 513 + "@contoso.com"}]


@pytest.mark.parametrize("nanos", [0, 1, 500_000_000, 999_999_999])
def test_no_license_outlives_a_fraction_of_a_second(world, nanos):
    """Of the end of power, and of a content's expiry: sealed, amended, and its template's."""
    end = int(time.time()) + 300
    at, view = {"seconds": end, "nanos": nanos}, {"principals": ["user:bob@fabrikam.com"], "rights": [1]}
    made = [world.protect(custom={"grants": [view], "expiry": {"time": at}}),
            world.protect(template_id=world.template(view, expiry={"time": at}).template_id), world.protect()]
    world.call("PublishingService/AmendPolicy", {"content_id": made[2].content_id, "expiry": {"time": at}},
               world.contoso.admin)
    world.call(f"{TENANT}/GrantSuperUser", {**power("user:eve@contoso.com"), "expire_time": at}, world.contoso.admin)
    for one, token in [*((one, world.bob) for one in made), (world.protect(), world.eve)]:
        answer = world.acquire(one, token)
        claims, _ = world.a.verify(answer.use_license, world.reader)
        assert claims["exp"] == answer.expire_time.seconds <= end
        told = world.call("LicensingService/InspectContent", {"publishing_license": one.publishing_license}, token=token)
        assert told.license_expire_time.seconds - answer.expire_time.seconds in (0, 1)
        assert told.license_expire_time.seconds <= end
    revoke(world, "user:eve@contoso.com")


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_bad_grants(world, bad):
    assert reason(grant, world, **{"principal": "user:eve@contoso.com", **bad}) == "FIELD_INVALID"


def test_a_grant_needs_an_end(world):
    request = {"principal": "user:eve@contoso.com", "reason": "x"}
    assert reason(world.call, f"{TENANT}/GrantSuperUser", request, world.contoso.admin) == "FIELD_INVALID"
    grant(world, "user:eve@contoso.com", seconds=30 * 86400 - 60)
    revoke(world, "user:eve@contoso.com")


def test_strangers_neither_grant_nor_see(world):
    auditor = world.contoso.auditor
    assert reason(grant, world, "user:eve@contoso.com", world.fabrikam.admin, tenant="contoso") == "COMPONENT_TENANT"
    assert reason(grant, world, "user:eve@contoso.com", world.platform_admin, tenant="contoso") == "COMPONENT_ROLE"
    assert reason(grant, world, "user:eve@contoso.com", auditor) == "COMPONENT_ROLE"
    assert reason(super_users, world, world.fabrikam.admin, tenant="contoso") == "COMPONENT_TENANT"
    assert reason(super_users, world, world.platform_admin) == "FIELD_INVALID"
    assert super_users(world, auditor) == super_users(world, world.platform_admin, tenant="contoso")
    assert reason(world.call, f"{TENANT}/GrantSuperUser", power("user:eve@contoso.com"),
                  token=world.eve) == "COMPONENT_ROLE"


def test_a_tenant_has_at_most_100_super_users_at_once(world):
    world.sql("INSERT INTO super_user (tenant, principal, reason, granted_by, expires_at) SELECT tenant, 'user:u' "
                         "|| n || '@contoso.com', 'x', 'x', now() + interval '2 seconds' FROM tenant, "
                         "generate_series(1, 100) AS n WHERE name = 'contoso'")
    assert reason(grant, world, "user:eve@contoso.com") == "LIMIT_EXCEEDED"
    grant(world, "user:u1@contoso.com")
    wall_clock_passes(float(world.sql("SELECT extract(epoch FROM max(expires_at)) FROM super_user WHERE principal = "
                                      "'user:u2@contoso.com'")))
    grant(world, "user:eve@contoso.com")
    assert [u.principal for u in super_users(world)] == ["user:eve@contoso.com", "user:u1@contoso.com"]
    assert world.sql("SELECT count(*) FROM super_user") == "2"  # what has ended makes room
    revoke(world, "user:eve@contoso.com")
    revoke(world, "user:u1@contoso.com")
