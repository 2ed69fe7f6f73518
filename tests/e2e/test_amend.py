# SPDX-License-Identifier: Apache-2.0
"""Changing the policy of what was sent: who may, what it does to the next license on every worker, and how it goes
together with revocation and power."""
import concurrent.futures
import time
import uuid

import pytest

from calls import outcome, pages, reason, refused
from stock import super_user
from waiting import wall_clock_passes
from world import BY_OWNER, BY_SUPER_USER, EDIT, PRINT, VIEW, VIEWRIGHTSDATA, grant

DO_NOT_FORWARD = {VIEW, EDIT, 3, 9, 10, 11, VIEWRIGHTSDATA}
DAY = 86400


@pytest.fixture(scope="module")
def world(world):
    w = world
    w.sql("UPDATE issuer SET claim_groups = 'groups', claim_aliases = '{aliases}'")
    w.bob = w.fabrikam.token("bob", aliases=["robert@fabrikam.com"], groups=["legal@fabrikam.com"])
    w.carol = w.fabrikam.token("carol")
    w.other_gateway = w.contoso.component("gateway", "edge-two")
    w.templated = w.template(grant("user:bob@fabrikam.com", VIEW, EDIT), grant("recipients", VIEW),
                             expiry={"days": 10}).template_id
    return w


def amend(w, made, who=None, token=None, **change):
    if not who and not token:
        who = w.contoso.admin
    content = made if isinstance(made, str) else made.content_id
    return w.call("PublishingService/AmendPolicy", {"content_id": content, **change}, who, token=token).version


# --- what it does --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["ad hoc", "template"])
def test_it_holds_from_the_next_license_on_every_worker(world, policy):
    made = world.protect(**({"template_id": world.templated} if policy == "template" else {}))
    before = {VIEW, EDIT} if policy == "template" else DO_NOT_FORWARD
    as_recipient = {VIEW} if policy == "template" else DO_NOT_FORWARD
    assert world.rights(made, world.bob) == before
    assert reason(world.acquire, made, world.carol) == "NO_RIGHTS"
    assert amend(world, made, add_recipients=["CAROL@fabrikam.com"]) == 1
    for _ in range(6):
        world.reconnect()
        assert world.rights(made, world.carol) == as_recipient
        assert world.rights(made, world.bob) == before
    assert amend(world, made, set_grants=[grant("user:bob@fabrikam.com", VIEW, PRINT)]) == 2
    for _ in range(6):
        world.reconnect()
        assert world.rights(made, world.bob) == {VIEW, PRINT}
        assert world.rights(made, world.carol) == as_recipient
    assert amend(world, made, remove_principals=["user:bob@fabrikam.com", "user:carol@fabrikam.com"]) == 3
    for _ in range(6):
        world.reconnect()
        assert reason(world.acquire, made, world.bob) == "NO_RIGHTS"
        assert reason(world.acquire, made, world.carol) == "NO_RIGHTS"
    assert amend(world, made, add_recipients=["bob@fabrikam.com"]) == 4  # which takes the removal back
    assert world.rights(made, world.bob) == before
    assert len(world.acquire(made, world.alice).rights) == 14


def test_groups_domains_and_everybody(world):
    made = world.protect()
    amend(world, made, remove_principals=["recipients"])
    assert reason(world.acquire, made, world.bob) == "NO_RIGHTS"
    amend(world, made, set_grants=[grant("group:legal@fabrikam.com", VIEW, EDIT)])
    assert world.rights(made, world.bob) == {VIEW, EDIT}
    assert reason(world.acquire, made, world.carol) == "NO_RIGHTS"
    amend(world, made, set_grants=[grant("domain:fabrikam.com", VIEW)], remove_principals=["group:legal@fabrikam.com"])
    assert world.rights(made, world.bob) == world.rights(made, world.carol) == {VIEW}
    amend(world, made, set_grants=[grant("tenant:contoso", VIEW, PRINT)])
    assert world.rights(made, world.eve) == {VIEW, PRINT}
    amend(world, made, set_grants=[{"principals": ["recipients"], "rights": [VIEW], "custom_rights": ["SIGN"]}])
    assert world.acquire(made, world.bob).custom_rights == ["SIGN"]


def test_an_alias_is_the_person(world):
    made = world.protect(recipients=["robert@fabrikam.com"])
    assert world.rights(made, world.bob) == DO_NOT_FORWARD
    amend(world, made, set_grants=[grant("user:robert@fabrikam.com", VIEW)])
    assert world.rights(made, world.bob) == {VIEW}
    amend(world, made, remove_principals=["user:robert@fabrikam.com"])
    assert reason(world.acquire, made, world.bob) == "NO_RIGHTS"
    amend(world, made, add_recipients=["robert@fabrikam.com"])
    world.track("Revoke", made, user="robert@fabrikam.com")
    assert reason(world.acquire, made, world.bob) == "REVOKED"
    world.track("Restore", made, user="robert@fabrikam.com")
    world.acquire(made, world.bob)


def test_expiry_is_set_moved_and_lifted(world):
    made, templated = world.protect(), world.protect(template_id=world.templated)
    soon = int(time.time()) + 2
    for content in (made, templated):
        amend(world, content, expiry={"time": {"seconds": soon}})
    exp, _ = world.a.verify(world.acquire(made, world.bob).use_license, world.reader)
    assert exp["exp"] <= soon
    wall_clock_passes(soon)
    for content in (made, templated):
        assert reason(world.acquire, content, world.bob) == "EXPIRED"
        assert reason(world.acquire, content, world.carol) == "NO_RIGHTS"  # no oracle
        world.acquire(content, world.alice)
        amend(world, content, add_recipients=["dave@fabrikam.com"])  # leaves the expiry
        assert reason(world.acquire, content, world.bob) == "EXPIRED"
        amend(world, content, expiry={})
        world.acquire(content, world.bob)
    assert world.sql("SELECT count(*) FROM content_amendment WHERE changes_expiry AND expires_at IS NULL AND "
                                f"content = '{made.content_id}'") == "1"


def test_days_count_from_when_it_was_protected(world):
    made = world.protect()
    world.sql("UPDATE content SET created_at = now() - interval '5 days' "
                         f"WHERE content = '{made.content_id}'")
    assert reason(amend, world, made, expiry={"days": 5}) == "FIELD_INVALID"
    amend(world, made, expiry={"days": 6})
    left = float(world.sql("SELECT extract(epoch FROM expires_at - now()) FROM content_amendment "
                                      f"WHERE content = '{made.content_id}'"))
    assert DAY - 60 < left <= DAY
    world.acquire(made, world.bob)


def test_a_policy_of_a_thousand(world):
    many = [f"u{n}@fabrikam.com" for n in range(1000)]
    made = world.protect(recipients=many)
    amend(world, made, set_grants=[grant("user:u500@fabrikam.com", VIEW)], remove_principals=["user:u999@fabrikam.com"])
    user = world.fabrikam.token
    assert world.rights(made, user("u500@fabrikam.com")) == {VIEW}
    assert reason(world.acquire, made, user("u999@fabrikam.com")) == "NO_RIGHTS"
    assert world.rights(made, user("u0@fabrikam.com")) == DO_NOT_FORWARD
    other = world.protect()
    assert amend(world, other, add_recipients=many) == 1
    assert world.rights(other, user("u999@fabrikam.com")) == DO_NOT_FORWARD
    assert reason(amend, world, other, add_recipients=["one@more.example"]) == "LIMIT_EXCEEDED"
    assert amend(world, other, set_grants=[{"principals": [f"user:{u}" for u in many], "rights": [VIEW]}]) == 2
    assert world.rights(other, user("u999@fabrikam.com")) == {VIEW}
    assert amend(world, other, expiry={"days": 3}) == 3


# --- who may -------------------------------------------------------------------------------------------------


def test_who_may_and_what_strangers_hear(world):
    made, unknown = world.protect(), str(uuid.uuid4())
    change = {"set_grants": [grant("user:bob@fabrikam.com", VIEW, EDIT)]}
    assert amend(world, made, token=world.alice, **change) == 1
    assert amend(world, made, world.contoso.admin, **change) == 2
    for who, token in ((None, world.bob), (None, world.eve), (None, world.carol), (world.other_gateway, None),
                       (world.gateway, None), (world.fabrikam.admin, None)):
        refusals = []
        for content in (made, unknown):
            error = refused(amend, world, content, who, token, **change)
            refusals.append((error.code, error.reason, error.sentence, error.metadata.keys()))
        assert refusals[0] == refusals[1] and refusals[0][1] == "NOT_FOUND"
    assert reason(amend, world, made, world.contoso.auditor, **change) == "COMPONENT_ROLE"
    assert world.sql(f"SELECT amendment FROM content WHERE content = '{made.content_id}'") == "2"


def test_a_user_who_protected_for_himself(world):
    made = world.protect(token=world.eve)
    assert amend(world, made, token=world.eve, remove_principals=["user:bob@fabrikam.com"]) == 1
    assert reason(amend, world, made, token=world.alice, expiry={}) == "NOT_FOUND"
    assert reason(world.acquire, made, world.bob) == "NO_RIGHTS"


def test_the_record_can_be_read(world):
    made = world.protect()
    amend(world, made, token=world.alice, set_grants=[grant("user:bob@fabrikam.com", VIEW, PRINT)],
          add_recipients=["carol@fabrikam.com"], remove_principals=["group:legal@fabrikam.com"],
          expiry={"time": {"seconds": 1893456000}}, reason="contract signed")
    event = world.audit(tenant="contoso", operation="amend_policy", content_id=made.content_id)[0]
    assert (event.user, event.granted, event.policy_version) == ("alice@contoso.com", True, 1)
    assert event.target == ("set user:bob@fabrikam.com=VIEW,PRINT; add carol@fabrikam.com; remove group:legal@fabrikam.com; "
                            "expires 2030-01-01T00:00:00Z; contract signed")
    amend(world, made, expiry={}, add_recipients=[f"someone{n:04d}@fabrikam.com" for n in range(500)])
    event = world.audit(tenant="contoso", operation="amend_policy", content_id=made.content_id)[0]
    assert " more; never expires; " in event.target and len(event.target) < 1200


BAD = [
    {}, {"reason": "only why"}, {"expiry": {"time": {"seconds": 1}}}, {"expiry": {"days": 36501}},
    {"add_recipients": ["nonsense"]}, {"add_recipients": [""]}, {"remove_principals": ["nonsense"]},
    {"remove_principals": [""]}, {"set_grants": [{"principals": ["user:x@y.example"], "rights": []}]},
    {"set_grants": [{"principals": [], "rights": [1]}]},
    {"set_grants": [{"principals": ["user:x@y.example"], "rights": [99]}]},
    {"set_grants": [{"principals": ["x"], "rights": [1]}]}, {"expiry": {}, "reason": "x" * 257},
    {"add_recipients": [f"u{n}@fabrikam.com" for n in range(1001)]},
    {"set_grants": [{"principals": [f"user:u{n}@fabrikam.com" for n in range(1001)], "rights": [1]}]},
    {"set_grants": [{"principals": [f"user:u{n}@fabrikam.com" for n in range(600)], "rights": [1]}],
     "add_recipients": [f"r{n}@fabrikam.com" for n in range(401)]},
    {"set_grants": [grant("user:a@b.example", 1), grant("user:A@b.example", 2)]},
    {"set_grants": [grant("user:a@b.example", 1)], "remove_principals": ["user:a@b.example"]},
    {"add_recipients": ["a@b.example"], "remove_principals": ["user:a@b.example"]},
]


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_bad_input(world, bad):
    made = world.protect()
    assert reason(amend, world, made, **bad) == "FIELD_INVALID"
    assert world.rights(made, world.bob) == DO_NOT_FORWARD


def test_bad_ids(world):
    assert reason(amend, world, "", expiry={}) == "FIELD_INVALID"
    assert reason(amend, world, "nonsense", expiry={}) == "FIELD_INVALID"


# --- at the same time ----------------------------------------------------------------------------------------


def test_none_of_many_at_once_is_lost(world):
    """Each that was acknowledged is in the sum, whichever worker took it."""
    made = world.protect()
    done = []

    def one(n):
        who = {"who": world.contoso.admin} if n % 2 else {"token": world.alice}
        for _ in range(20):
            told = outcome(amend, world, made, **who, add_recipients=[f"p{n}@fabrikam.com"])
            if told == "OK":
                return done.append(n)
            assert told == "CONFLICT"
        raise AssertionError("never got through")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(24)))
    assert sorted(done) == list(range(24))
    row = world.sql("SELECT m.version || ' ' || c.amendment || ' ' || cardinality(recipients) FROM content_amendment "
                               f"m JOIN content c USING (tenant, content) WHERE content = '{made.content_id}'")
    assert row == "24 24 24"
    assert len(world.audit(tenant="contoso", operation="amend_policy", content_id=made.content_id)) == 24


def test_what_is_stored_and_not_understood_grants_nothing(world):
    made = world.protect()
    amend(world, made, add_recipients=["carol@fabrikam.com"])
    world.sql("UPDATE content_amendment SET removed = '{robot:x}', version = 7 WHERE content = "
                         f"'{made.content_id}'; UPDATE content SET amendment = 7 WHERE content = '{made.content_id}'")
    assert reason(world.acquire, made, world.bob) == "NO_RIGHTS"
    assert world.audit(tenant="contoso", content_id=made.content_id, denied_only=True)[0].reason == "POLICY_INVALID"
    assert reason(amend, world, made, expiry={}) == "PRECONDITION_FAILED"
    world.acquire(made, world.alice)


# --- together with revocation and power ----------------------------------------------------------------------


@pytest.mark.parametrize("whole", [False, True], ids=["", "revoked"])
@pytest.mark.parametrize("user", [False, True], ids=["", "user-revoked"])
@pytest.mark.parametrize("expired", [False, True], ids=["", "expired"])
@pytest.mark.parametrize("named", ["recipient", "removed", "granted"])
def test_all_combinations(world, whole, user, expired, named):
    """Revocation, expiry and rights are three questions; each is answered by itself, in this order."""
    made = world.protect(recipients=["robert@fabrikam.com"])  # bob, by his alias
    if named == "removed":
        amend(world, made, remove_principals=["user:robert@fabrikam.com"])
    if named == "granted":
        amend(world, made, set_grants=[grant("user:robert@fabrikam.com", VIEW)])
    if expired:
        amend(world, made, expiry={"time": {"seconds": int(time.time()) + 60}})
        world.sql("UPDATE content_amendment SET expires_at = now() - interval '1 minute', version = 50 WHERE "
                             f"content = '{made.content_id}'; UPDATE content SET amendment = 50 WHERE content = "
                             f"'{made.content_id}'")
    if whole:
        world.track("Revoke", made)
    if user:
        world.track("Revoke", made, user="bob@fabrikam.com")
    expected = ("NO_RIGHTS" if named == "removed" else "REVOKED" if whole or user else "EXPIRED" if expired else None)
    if expected:
        assert reason(world.acquire, made, world.bob) == expected
    else:
        assert world.rights(made, world.bob) == ({VIEW} if named == "granted" else DO_NOT_FORWARD)
    assert reason(world.acquire, made, world.carol) == "NO_RIGHTS"
    assert len(world.acquire(made, world.alice).rights) == 14
    assert reason(world.acquire, made, world.eve) == "NO_RIGHTS"
    world.call("TenantService/GrantSuperUser", super_user("user:eve@contoso.com"), world.contoso.admin)
    try:
        assert len(world.acquire(made, world.eve).rights) == 14
    finally:
        world.call("TenantService/RevokeSuperUser", {"principal": "user:eve@contoso.com"}, world.contoso.admin)
    powers = [e.power for e in world.call("TrackingService/ListAccess", {"content_id": made.content_id},
                                          world.contoso.admin).events]
    assert powers[0] == BY_SUPER_USER and powers.count(BY_SUPER_USER) == powers.count(BY_OWNER) == 1


def test_a_super_user_is_no_owner(world):
    """The power opens; it does not change, revoke or track."""
    made = world.protect()
    world.call("TenantService/GrantSuperUser", super_user("user:eve@contoso.com"), world.contoso.admin)
    try:
        world.acquire(made, world.eve)
        assert reason(amend, world, made, token=world.eve, expiry={}) == "NOT_FOUND"
        for method in ("TrackingService/Revoke", "TrackingService/ListAccess"):
            assert reason(world.call, method, {"content_id": made.content_id}, token=world.eve) == "NOT_FOUND"
    finally:
        world.call("TenantService/RevokeSuperUser", {"principal": "user:eve@contoso.com"}, world.contoso.admin)


# --- what is known of a content ------------------------------------------------------------------------------


def contents(w, who=None, token=None, **request):
    return w.call("TrackingService/ListContent", request, who, token=token)


def test_one_content(world):
    made = world.protect(template_id=world.templated, display_name="Offer")
    amend(world, made, expiry={})
    amend(world, made, expiry={"days": 3})
    world.track("Revoke", made, user="bob@fabrikam.com")
    for who, token in ((world.contoso.admin, None), (world.gateway, None), (None, world.alice)):
        got = world.call("TrackingService/GetContent", {"content_id": made.content_id}, who, token=token).content
        assert (got.content_id, got.display_name, got.owner, got.issuer, got.template_id) == (
            made.content_id, "Offer", "alice@contoso.com", "contoso-gateway", world.templated)
        assert got.amendment_version == 2 and list(got.revoked_users) == ["bob@fabrikam.com"]
        assert got.HasField("create_time") and not got.HasField("revoke_time")
    world.track("Revoke", made)
    got = world.call("TrackingService/GetContent", {"content_id": made.content_id}, world.contoso.admin).content
    assert got.HasField("revoke_time")
    for content in (made.content_id, str(uuid.uuid4())):
        for who, token in ((world.fabrikam.admin, None), (world.other_gateway, None), (None, world.bob),
                           (None, world.eve)):
            assert reason(world.call, "TrackingService/GetContent", {"content_id": content}, who,
                          token=token) == "NOT_FOUND"
    assert reason(world.call, "TrackingService/GetContent", {}, world.contoso.admin) == "FIELD_INVALID"


def test_contents_in_pages_newest_first(world):
    mine = [world.protect(owner="grace@contoso.com").content_id for _ in range(3)]
    mine += [world.protect(owner="g.hopper@contoso.com").content_id for _ in range(2)]
    other = world.protect(token=world.contoso.token("grace")).content_id
    grace = world.contoso.token("grace@contoso.com", aliases=["g.hopper@contoso.com"])
    found = [c.content_id for c in pages(world.call, "TrackingService/ListContent", {"page_size": 2}, "contents",
                                         token=grace)]
    assert found == sorted(mine + [other], reverse=True)
    by_name = [c.content_id for c in contents(world, token=grace, owner="Grace@contoso.com").contents]
    assert set(by_name) == set(mine + [other])
    assert [c.content_id for c in contents(world, world.contoso.admin,
                                           owner="g.hopper@contoso.com").contents] == sorted(
        mine[3:], reverse=True)
    assert other not in {c.content_id for c in contents(world, world.gateway, owner="grace@contoso.com").contents}
    assert {c.content_id for c in contents(world, world.gateway, owner="grace@contoso.com").contents} == set(mine[:3])
    everything = contents(world, world.contoso.admin, page_size=200).contents
    assert everything[0].content_id == max(mine + [other]) and len(everything) >= 6
    assert not contents(world, world.other_gateway, owner="grace@contoso.com").contents


def test_whose_contents_one_may_not_list(world):
    assert reason(contents, world, token=world.bob, owner="alice@contoso.com") == "COMPONENT_ROLE"
    assert reason(contents, world, token=world.bob, owner="nobody@contoso.com") == "COMPONENT_ROLE"
    assert not contents(world, token=world.bob).contents
    assert not contents(world, world.fabrikam.admin, owner="alice@contoso.com").contents
    for bad in ({}, {"owner": "x"}, {"owner": "alice@contoso.com", "page_size": -1}):
        assert reason(contents, world, world.gateway, **bad) == "FIELD_INVALID"
    assert reason(contents, world, world.contoso.admin, page_token="zz") == "PAGE_TOKEN_INVALID"
