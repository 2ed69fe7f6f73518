# SPDX-License-Identifier: Apache-2.0
"""Power beyond a policy's grants: super users, decryptors, issuers and owners."""
import time
import uuid

import pytest

from authority import Authority, Reader, Refused

TENANT = "TenantService"


@pytest.fixture(scope="module")
def world():
    authority = Authority()
    try:
        authority.migrate()
        authority.start()
        w = type("World", (), {})()
        w.a, w.reader = authority, Reader()
        w.contoso, w.admin = authority.tenant("contoso", "commercial", "contoso.com")
        w.fabrikam, w.fabrikam_admin = authority.tenant("fabrikam", "commercial", "fabrikam.com")
        w.gateway = authority.component("edge", 1, tenant="contoso", sender_domains=["contoso.com"])
        w.bob, w.alice = w.fabrikam.token("bob@fabrikam.com"), w.contoso.token("alice@contoso.com")
        w.eve = w.contoso.token("eve@contoso.com")
        yield w
    finally:
        authority.close()


def reason(function, *args, **more):
    with pytest.raises(Refused) as caught:
        function(*args, **more)
    return caught.value.reason


def protect(w, **more):
    request = {"client_public_jwk": w.reader.public, "do_not_forward": {}, "recipients": ["bob@fabrikam.com"],
               "owner": "alice@contoso.com", **more}
    request = {name: value for name, value in request.items() if value is not None}
    return w.a.call("PublishingService/Protect", request, w.gateway)


def acquire(w, made, token=None, who=None, **more):
    return w.a.call("LicensingService/AcquireLicense", {
        "publishing_license": made.publishing_license, "client_public_jwk": w.reader.public, **more}, who, token=token)


def power(principal, seconds=3600, why="litigation hold", **more):
    return {"principal": principal, "reason": why, "expire_time": {"seconds": int(time.time()) + seconds}, **more}


def grant(w, principal, who=None, **more):
    return w.a.call(f"{TENANT}/GrantSuperUser", power(principal, **more), who or w.admin)


def revoke(w, principal, who=None):
    w.a.call(f"{TENANT}/RevokeSuperUser", {"principal": principal}, who or w.admin)


def super_users(w, who=None, **more):
    return w.a.call(f"{TENANT}/ListSuperUsers", more, who or w.admin).super_users


def component_id(w, name):
    return w.a.postgres.sql(f"SELECT component FROM component WHERE name = '{name}'")


def test_power_holds_from_the_next_license_on_every_worker_and_every_use_is_marked(world):
    made = protect(world)
    assert reason(acquire, world, made, world.eve) == "NO_RIGHTS"
    assert grant(world, "user:EVE@contoso.com").approval_id == ""
    for _ in range(8):  # new connections, so on both workers
        world.a.channels.pop("", None)
        assert len(acquire(world, made, world.eve).rights) == 14
    listed = super_users(world)[0]
    assert (listed.principal, listed.reason, listed.granted_by) == ("user:eve@contoso.com", "litigation hold",
                                                                   "contoso-admin")
    assert 3500 < listed.expire_time.seconds - listed.grant_time.seconds <= 3600
    uses = world.a.call("TrackingService/ListAccess", {"content_id": made.content_id}, world.admin).events
    assert [(e.user, e.granted, e.power) for e in uses][0] == ("eve@contoso.com", True, "super_user")
    assert [e.power for e in uses][-1] == ""  # she was refused without
    by_power = world.a.audit(tenant="contoso", power="super_user", content_id=made.content_id)
    assert len(by_power) == 8 and {e.user for e in by_power} == {"eve@contoso.com"}
    assert reason(world.a.audit, tenant="contoso", power="magic") == "FIELD_INVALID"
    act = world.a.audit(tenant="contoso", operation="grant_super_user")[0]
    assert act.component == "contoso-admin" and act.target.startswith("user:eve@contoso.com until 20")
    assert act.target.endswith("Z: litigation hold")
    revoke(world, "user:eve@contoso.com")
    for _ in range(4):
        world.a.channels.pop("", None)
        assert reason(acquire, world, made, world.eve) == "NO_RIGHTS"
    assert reason(revoke, world, "user:eve@contoso.com") == "NOT_FOUND"
    assert not super_users(world)


def test_power_ends_by_itself_and_granting_again_moves_the_end(world):
    made = protect(world)
    grant(world, "user:eve@contoso.com", seconds=3)
    acquire(world, made, world.eve)
    grant(world, "user:eve@contoso.com", seconds=5, why="another")
    assert [u.reason for u in super_users(world)] == ["another"]
    end = super_users(world)[0].expire_time.seconds
    time.sleep(max(0, end - 1.5 - time.time()))
    acquire(world, made, world.eve)
    time.sleep(max(0, end + 0.3 - time.time()))
    assert reason(acquire, world, made, world.eve) == "NO_RIGHTS"
    assert not super_users(world)


def test_what_power_outlives_and_what_it_does_not(world):
    made = protect(world)
    grant(world, "user:eve@contoso.com")
    world.a.call("TrackingService/Revoke", {"content_id": made.content_id}, world.admin)
    assert reason(acquire, world, made, world.bob) == "REVOKED"
    acquire(world, made, world.eve)
    world.a.call("TrackingService/Revoke", {"content_id": made.content_id, "user": "eve@contoso.com"}, world.admin)
    acquire(world, made, world.eve)
    world.a.call("PublishingService/AmendPolicy", {"content_id": made.content_id, "expiry": {
        "time": {"seconds": int(time.time()) + 2}}}, world.admin)
    world.a.call("TrackingService/Restore", {"content_id": made.content_id}, world.admin)
    time.sleep(2.2)
    assert reason(acquire, world, made, world.bob) == "EXPIRED"
    acquire(world, made, world.eve)
    world.a.call(f"{TENANT}/AddExclusion", {"user": "eve@contoso.com"}, world.admin)
    assert reason(acquire, world, made, world.eve) == "EXCLUDED"
    world.a.call(f"{TENANT}/RemoveExclusion", {"user": "eve@contoso.com"}, world.admin)
    for new_state, expected in ((2, "TENANT_DISABLED"), (1, None)):
        world.a.call(f"{TENANT}/UpdateTenant", {"tenant": {"tenant": "contoso", "state": new_state},
                                                "update_mask": {"paths": ["state"]}}, world.a.admin)
        if expected:
            assert reason(acquire, world, made, world.eve) == expected
    for key_state, wrapped, expected in ((3, "wrapped", "KEY_REVOKED"), (4, "''", "KEY_DESTROYED")):
        held = world.a.postgres.sql("SELECT wrapped FROM tenant_key JOIN tenant USING (tenant) "
                                    "WHERE name = 'contoso' AND purpose = 1")
        change = ("UPDATE tenant_key k SET state = {}, wrapped = {} FROM tenant t WHERE t.tenant = k.tenant AND "
                  "name = 'contoso' AND purpose = 1; SELECT epoch_raise(tenant) FROM tenant WHERE name = 'contoso'")
        world.a.postgres.sql(change.format(key_state, wrapped))
        assert reason(acquire, world, made, world.eve) == expected
        world.a.postgres.sql(change.format(1, f"'{held}'"))
    acquire(world, made, world.eve)
    revoke(world, "user:eve@contoso.com")


def test_a_revoked_key_stops_everybody_whatever_else_has_changed(world):
    """The worker's view is out of date and so is what it assumes of the content: what it refuses on the second look must
    not be decided a third time without the key's state."""
    made = protect(world)
    world.a.call("TrackingService/Revoke", {"content_id": made.content_id}, world.admin)
    change = ("UPDATE tenant_key k SET state = {} FROM tenant t WHERE t.tenant = k.tenant AND name = 'contoso' AND "
              "purpose = 1; SELECT epoch_raise(tenant) FROM tenant WHERE name = 'contoso'")
    for _ in range(6):
        world.a.channels.pop("", None)
        acquire(world, made, world.alice)
    world.a.postgres.sql(change.format(3))
    try:
        for _ in range(6):
            world.a.channels.pop("", None)
            assert reason(acquire, world, made, world.alice) == "KEY_REVOKED"
    finally:
        world.a.postgres.sql(change.format(1))
    acquire(world, made, world.alice)


def test_power_is_for_members_over_content_of_their_tenant(world):
    made = protect(world)
    theirs = world.a.call("PublishingService/Protect", {
        "client_public_jwk": world.reader.public, "do_not_forward": {}, "recipients": ["x@contoso.com"]},
        token=world.fabrikam.token("dave@fabrikam.com"))
    grant(world, "user:eve@contoso.com")
    assert reason(acquire, world, theirs, world.eve) == "NO_RIGHTS"
    for foreign in ("user:bob@fabrikam.com", "group:legal@fabrikam.com", "user:x@nowhere.example"):
        assert reason(grant, world, foreign) == "FIELD_INVALID"
    # A row that never should be there: a stranger gains nothing by it.
    world.a.postgres.sql("INSERT INTO super_user (tenant, principal, reason, granted_by, expires_at) SELECT tenant, "
                         "'user:carl@fabrikam.com', 'x', 'x', now() + interval '1 hour' FROM tenant WHERE name = "
                         "'contoso'; SELECT epoch_raise(tenant) FROM tenant WHERE name = 'contoso'")
    carl = world.fabrikam.token("carl@fabrikam.com")
    assert reason(acquire, world, made, carl) == "NO_RIGHTS"
    revoke(world, "user:carl@fabrikam.com")
    revoke(world, "user:eve@contoso.com")


def test_a_group_has_power(world):
    made = protect(world)
    issuer_id = world.a.postgres.sql("UPDATE issuer SET claim_groups = 'groups' WHERE iss = 'https://idp.contoso.com' "
                                     "RETURNING issuer; SELECT epoch_raise(tenant) FROM tenant WHERE name = 'contoso'")
    assert issuer_id
    member = world.contoso.token("frank@contoso.com", groups=["legal@contoso.com"])
    other = world.contoso.token("frank@contoso.com", groups=["legal@fabrikam.com"])
    assert reason(acquire, world, made, member) == "NO_RIGHTS"
    grant(world, "group:legal@contoso.com")
    acquire(world, made, member)
    assert reason(acquire, world, made, other) == "NO_RIGHTS"
    revoke(world, "group:legal@contoso.com")
    assert reason(acquire, world, made, member) == "NO_RIGHTS"


def test_power_by_the_directory_is_for_members(world):
    """Nested groups and aliases count; guests and people of other tenants have no power, whatever group they are in."""
    call, admin = world.a.call, world.admin
    for user in ({"address": "hank@contoso.com", "aliases": ["h.smith@contoso.com"]},
                 {"address": "temp@contoso.com", "guest": True}):
        call("DirectoryService/PutUser", {"user": user}, admin)
    for group, members in (("team@contoso.com", ["hank@contoso.com", "temp@contoso.com", "bob@fabrikam.com"]),
                           ("rescue@contoso.com", ["team@contoso.com"])):
        call("DirectoryService/PutGroup", {"group": {"address": group}}, admin)
        call("DirectoryService/AddMembers", {"group": group, "members": members}, admin)
    made = protect(world, do_not_forward=None, custom={
        "grants": [{"principals": ["group:rescue@contoso.com"], "rights": [1]}]})
    call("TrackingService/Revoke", {"content_id": made.content_id}, admin)
    hank, temp = world.contoso.token("hank@contoso.com"), world.contoso.token("temp@contoso.com")
    for principals in (["group:rescue@contoso.com"], ["user:h.smith@contoso.com", "user:temp@contoso.com"]):
        for principal in principals:
            grant(world, principal)
        acquire(world, made, hank)
        for outsider in (temp, world.bob):
            assert reason(acquire, world, made, outsider) == "REVOKED"
        for principal in principals:
            revoke(world, principal)
        assert reason(acquire, world, made, hank) == "REVOKED"


def test_a_component_has_power_when_it_acts_alone(world):
    made = protect(world)
    service = world.a.component("archive", 4, tenant="contoso")
    own = component_id(world, "archive")
    assert reason(acquire, world, made, who=service) == "NO_RIGHTS"
    grant(world, own.upper())
    acquire(world, made, who=service)
    assert [u.principal for u in super_users(world)] == [f"component:{own}"]
    target = world.a.audit(tenant="contoso", operation="grant_super_user")[0].target
    assert target.startswith(f"component:{own} (archive) until ")
    event = world.a.audit(tenant="contoso", power="super_user", content_id=made.content_id)[0]
    assert (event.component, event.user, event.power) == ("archive", "", "super_user")
    with pytest.raises(Refused) as refused:  # for a user it has what the user has
        world.a.call("LicensingService/AcquireLicense", {
            "publishing_license": made.publishing_license, "client_public_jwk": world.reader.public}, service,
            user_token=world.eve)
    assert refused.value.reason == "NO_RIGHTS"
    assert reason(grant, world, component_id(world, "fabrikam-admin")) == "FIELD_INVALID"
    assert reason(grant, world, str(uuid.uuid4())) == "FIELD_INVALID"
    revoke(world, f"component:{own}")
    assert reason(acquire, world, made, who=service) == "NO_RIGHTS"


def test_uses_of_decryptor_issuer_and_owner_are_marked(world):
    made = protect(world)
    decryptor = world.a.component("journal", 3, tenant="contoso")
    foreign = world.a.component("spy", 3, tenant="fabrikam")
    world.a.call("TrackingService/Revoke", {"content_id": made.content_id}, world.admin)
    acquire(world, made, who=decryptor)
    acquire(world, made, who=world.gateway)
    acquire(world, made, world.alice)
    assert reason(acquire, world, made, who=foreign) == "NO_RIGHTS"
    assert reason(acquire, world, made, world.bob) == "REVOKED"
    uses = world.a.call("TrackingService/ListAccess", {"content_id": made.content_id}, token=world.alice).events
    assert [e.power for e in uses] == ["", "", "owner", "issuer", "decryptor"]
    marked = world.a.audit(tenant="contoso", power="any", content_id=made.content_id)
    assert [e.power for e in marked] == ["owner", "issuer", "decryptor"]
    assert [e.power for e in world.a.audit(tenant="contoso", power="decryptor", content_id=made.content_id)] == ["decryptor"]


BAD = [{"principal": ""}, {"principal": "domain:contoso.com"}, {"principal": "authenticated"}, {"principal": "user:"},
       {"why": ""}, {"why": "  \n"}, {"why": "x" * 257}, {"seconds": -1}, {"seconds": 0}, {"seconds": 30 * 86400 + 60},
       {"principal": "component:nonsense"}, {"principal": "user:" + "x" * 400 + "@contoso.com"}]


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_bad_grants(world, bad):
    assert reason(grant, world, **{"principal": "user:eve@contoso.com", **bad}) == "FIELD_INVALID"


def test_a_grant_needs_an_end(world):
    request = {"principal": "user:eve@contoso.com", "reason": "x"}
    assert reason(world.a.call, f"{TENANT}/GrantSuperUser", request, world.admin) == "FIELD_INVALID"
    grant(world, "user:eve@contoso.com", seconds=30 * 86400 - 60)
    revoke(world, "user:eve@contoso.com")


def test_strangers_neither_grant_nor_see(world):
    auditor = world.a.component("auditor", 6, tenant="contoso")
    assert reason(grant, world, "user:eve@contoso.com", world.fabrikam_admin, tenant="contoso") == "COMPONENT_TENANT"
    assert reason(grant, world, "user:eve@contoso.com", world.a.admin, tenant="contoso") == "COMPONENT_ROLE"
    assert reason(grant, world, "user:eve@contoso.com", auditor) == "COMPONENT_ROLE"
    assert reason(super_users, world, world.fabrikam_admin, tenant="contoso") == "COMPONENT_TENANT"
    assert reason(super_users, world, world.a.admin) == "FIELD_INVALID"
    assert super_users(world, auditor) == super_users(world, world.a.admin, tenant="contoso")
    with pytest.raises(Refused) as refused:
        world.a.call(f"{TENANT}/GrantSuperUser", power("user:eve@contoso.com"), token=world.eve)
    assert refused.value.reason == "COMPONENT_ROLE"


def test_an_admin_administers_where_he_is_registered(world):
    """A foreign user's token beside the certificate does not lend its tenant."""
    grant(world, "user:eve@contoso.com")
    listed = world.a.call(f"{TENANT}/ListSuperUsers", {}, world.fabrikam_admin, user_token=world.eve).super_users
    assert not listed
    with pytest.raises(Refused) as refused:
        world.a.call(f"{TENANT}/RevokeSuperUser", {"principal": "user:eve@contoso.com"}, world.fabrikam_admin,
                     user_token=world.eve)
    assert refused.value.reason == "NOT_FOUND"
    revoke(world, "user:eve@contoso.com")


def test_a_tenant_has_at_most_100_super_users_at_once(world):
    world.a.postgres.sql("INSERT INTO super_user (tenant, principal, reason, granted_by, expires_at) SELECT tenant, 'user:u' "
                         "|| n || '@contoso.com', 'x', 'x', now() + interval '2 seconds' FROM tenant, "
                         "generate_series(1, 100) AS n WHERE name = 'contoso'")
    assert reason(grant, world, "user:eve@contoso.com") == "LIMIT_EXCEEDED"
    grant(world, "user:u1@contoso.com")
    time.sleep(2.1)
    grant(world, "user:eve@contoso.com")
    assert [u.principal for u in super_users(world)] == ["user:eve@contoso.com", "user:u1@contoso.com"]
    assert world.a.postgres.sql("SELECT count(*) FROM super_user") == "2"  # what has ended makes room
    revoke(world, "user:eve@contoso.com")
    revoke(world, "user:u1@contoso.com")
