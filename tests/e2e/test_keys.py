# SPDX-License-Identifier: Apache-2.0
"""The life of a tenant's keys (docs/policy.md §12): versions that are made, archived, revoked, restored and destroyed, and what
becomes of the content that they have sealed."""
import concurrent.futures
import json
import signal

import pytest
from jwcrypto import jws as jose

from authority import new_id
from calls import outcome, reason, refused
from command import run, with_certificate
from publisher import Publisher
from waiting import eventually

SEALING, EXCHANGE, SIGNING = 1, 2, 3
ACTIVE, ARCHIVED, REVOKED, DESTROYING, DESTROYED = 1, 2, 3, 4, 5
CONTENT_ACCESS, EXPORT_KEYS, DESTROY_KEY = 1, 2, 3


@pytest.fixture
def tenant(world):
    return world.tenant()


def act(world, tenant, verb, purpose, version=None, who=None, **more):
    request = {"purpose": purpose, **({"version": version} if version is not None else {}), **more}
    if verb == "Destroy":
        request.setdefault("reason", "x")
    return world.call(f"KeyService/{verb}Key", request, who or tenant.admin)


def listed(world, tenant, who=None):
    return world.call("KeyService/ListKeys", {}, who or tenant.admin).keys


def states(world, tenant, purpose=SEALING):
    return [key.state for key in listed(world, tenant) if key.purpose == purpose]


def protect(world, tenant, **more):
    return world.protect(who=tenant.gateway, owner=f"alice@{tenant.domain}", **more)


def opened(world, made):
    return outcome(world.acquire, made, world.bob)


def signed_by(world, made):
    token = jose.JWS()
    token.deserialize(world.acquire(made, world.bob).use_license)
    return token.jose_header["kid"]


def published(world, tenant):
    return [key["kid"] for key in json.loads(world.a.fetch(f"/tenants/{tenant.id}/jwks.json")[2])["keys"]]


# --- rotating ----------------------------------------------------------------------------------------------------------


def test_a_tenant_begins_with_a_version_of_each(world, tenant):
    keys = listed(world, tenant)
    assert [(key.purpose, key.version, key.state) for key in keys] == [(purpose, 1, ACTIVE) for purpose in (1, 2, 3)]
    assert keys[0].public_jwk == "" and all(key.etag and key.create_time.seconds and key.state_time.seconds for key in keys)
    for key in keys[1:]:
        assert set(json.loads(key.public_jwk)) == {"kty", "crv", "x", "y", "kid", "use", "alg"}  # and no d
    assert [key.version for key in listed(world, tenant, tenant.auditor)] == [1, 1, 1]


def test_what_was_sealed_before_opens(world, tenant):
    before = protect(world, tenant)
    key = act(world, tenant, "Rotate", SEALING, reason="every year").key
    assert (key.version, key.state) == (2, ACTIVE) and states(world, tenant) == [ARCHIVED, ACTIVE]
    request = new_id()
    after = protect(world, tenant, request_id=request)
    assert world.sql(f"SELECT key_version FROM content WHERE content = '{after.content_id}'") == "2"
    assert opened(world, before) == opened(world, after) == "OK"
    event, = world.audit(tenant=tenant.name, operation="rotate_key")
    assert event.target == "sealing key 2 instead of 1: every year" and event.component == tenant.admin.name
    act(world, tenant, "Rotate", SEALING)
    assert protect(world, tenant, request_id=request).content_id == after.content_id  # a retry finds what version 2 made
    assert [opened(world, made) for made in (before, after, protect(world, tenant))] == ["OK"] * 3


def test_licenses_are_signed_by_the_new_one(world, tenant):
    made = protect(world, tenant)
    before = signed_by(world, made)
    kid = json.loads(act(world, tenant, "Rotate", SIGNING).key.public_jwk)["kid"]
    assert signed_by(world, made) == kid != before
    assert published(world, tenant) == [kid, before]  # licenses that are there verify
    act(world, tenant, "Revoke", SIGNING, 1)
    assert published(world, tenant) == [kid]


def test_content_protected_offline_opens(world, tenant):
    publisher = Publisher().certified(world, tenant.gateway)
    made = publisher.protect(owner=f"alice@{tenant.domain}").publishing_license
    key = act(world, tenant, "Rotate", EXCHANGE).key
    later = Publisher().certified(world, tenant.gateway)
    assert json.loads(later.answer.exchange_public_jwk)["x"] == json.loads(key.public_jwk)["x"]
    by_old = publisher.protect(owner=f"alice@{tenant.domain}").publishing_license  # the certificate holds
    by_new = later.protect(owner=f"alice@{tenant.domain}").publishing_license
    assert [opened(world, one) for one in (made, by_old, by_new)] == ["OK"] * 3
    act(world, tenant, "Revoke", EXCHANGE, 1)
    assert [opened(world, one) for one in (made, by_old, by_new)] == ["KEY_REVOKED", "KEY_REVOKED", "OK"]


def test_other_nodes_follow_at_once(world, tenant):
    with_other = world.a.node()
    other = with_other.start()
    try:
        made = protect(world, tenant, on=other)
        kid = json.loads(act(world, tenant, "Rotate", SIGNING).key.public_jwk)["kid"]
        token = jose.JWS()
        token.deserialize(world.acquire(made, world.bob, on=other).use_license)
        assert token.jose_header["kid"] == kid
        act(world, tenant, "Rotate", SEALING)
        act(world, tenant, "Revoke", SEALING, 1)
        assert outcome(world.acquire, made, world.bob, on=other) == "KEY_REVOKED"
        protect(world, tenant, on=other)
    finally:
        with_other.stop()


def test_a_retry_does_not_rotate_twice(world, tenant):
    etag = listed(world, tenant)[0].etag
    act(world, tenant, "Rotate", SEALING, etag=etag)
    assert reason(act, world, tenant, "Rotate", SEALING, etag=etag) == "ETAG_MISMATCH"
    assert reason(act, world, tenant, "Rotate", SEALING, etag="none") == "ETAG_MISMATCH"
    assert states(world, tenant) == [ARCHIVED, ACTIVE]


def test_many_at_once_make_one_active(world, tenant):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: outcome(act, world, tenant, "Rotate", SIGNING), range(16)))
    made = states(world, tenant, SIGNING)
    assert set(results) <= {"OK", "CONFLICT"} and results.count("OK") >= 1
    assert made == [ARCHIVED] * results.count("OK") + [ACTIVE]


def test_a_key_has_so_many_versions(world, tenant):
    for purpose, most in ((SEALING, 200), (SIGNING, 64)):
        world.sql("INSERT INTO tenant_key (tenant, purpose, version, state, root_version, wrapped) SELECT "
                  f"'{tenant.id}', {purpose}, n, CASE WHEN n = 7 THEN 4 ELSE 2 END, 1, CASE WHEN n = 7 THEN ''::bytea ELSE 'x' "
                  f"END FROM generate_series(2, {most}) AS n")
        assert act(world, tenant, "Rotate", purpose).key.version == most + 1  # a destroyed one makes room
        assert reason(act, world, tenant, "Rotate", purpose) == "LIMIT_EXCEEDED"


# --- activating --------------------------------------------------------------------------------------------------------


def test_an_archived_one_becomes_active_again(world, tenant):
    first = protect(world, tenant, request_id=new_id())
    act(world, tenant, "Rotate", SEALING)
    second = protect(world, tenant, request_id=new_id())
    etag = listed(world, tenant)[0].etag
    assert act(world, tenant, "Activate", SEALING, 1, reason="the new one is not in the HSM yet", etag=etag).key.state == ACTIVE
    assert states(world, tenant) == [ACTIVE, ARCHIVED]
    third = protect(world, tenant, request_id=new_id())
    versions = [world.sql(f"SELECT key_version FROM content WHERE content = '{made.content_id}'") for made in (first, second, third)]
    assert versions == ["1", "2", "1"] and [opened(world, made) for made in (first, second, third)] == ["OK"] * 3
    assert reason(act, world, tenant, "Activate", SEALING, 2, etag=etag) == "ETAG_MISMATCH"
    assert [event.target for event in world.audit(tenant=tenant.name, operation="activate_key")] == [
        "sealing key 1: the new one is not in the HSM yet"]
    assert act(world, tenant, "Rotate", SEALING).key.version == 3 and states(world, tenant) == [ARCHIVED, ARCHIVED, ACTIVE]


def test_what_is_not_archived_does_not_become_active(world, tenant):
    assert reason(act, world, tenant, "Activate", SIGNING, 1) == "KEY_STATE"  # it is
    act(world, tenant, "Rotate", SIGNING)
    act(world, tenant, "Revoke", SIGNING, 1)
    assert reason(act, world, tenant, "Activate", SIGNING, 1) == "KEY_STATE"
    act(world, tenant, "Destroy", SIGNING, 1)
    assert reason(act, world, tenant, "Activate", SIGNING, 1) == "KEY_STATE"
    assert states(world, tenant, SIGNING) == [DESTROYING, ACTIVE]


def test_of_many_at_once_one_is_active(world, tenant):
    for _ in range(3):
        act(world, tenant, "Rotate", EXCHANGE)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda n: outcome(act, world, tenant, "Activate", EXCHANGE, 1 + n % 4), range(16)))
    assert set(results) <= {"OK", "ETAG_MISMATCH", "KEY_STATE", "CONFLICT"} and "OK" in results
    assert sorted(states(world, tenant, EXCHANGE)) == [ACTIVE, ARCHIVED, ARCHIVED, ARCHIVED]


# --- revoking and restoring --------------------------------------------------------------------------------------------


def test_what_a_revoked_one_has_sealed_stays_closed(world, tenant):
    before = protect(world, tenant)
    act(world, tenant, "Rotate", SEALING)
    after = protect(world, tenant)
    assert act(world, tenant, "Revoke", SEALING, 1, reason="it may be known").key.state == REVOKED
    assert (opened(world, before), opened(world, after)) == ("KEY_REVOKED", "OK")
    assert reason(act, world, tenant, "Revoke", SEALING, 1) == "KEY_STATE"
    assert act(world, tenant, "Restore", SEALING, 1).key.state == ARCHIVED
    assert opened(world, before) == "OK" and states(world, tenant) == [ARCHIVED, ACTIVE]
    assert reason(act, world, tenant, "Restore", SEALING, 1) == "KEY_STATE"
    assert [event.target for event in world.audit(tenant=tenant.name, operation="revoke_key")] == [
        "sealing key 1: it may be known"]


def test_the_active_one_stays(world, tenant):
    for verb in ("Revoke", "Destroy"):
        told = refused(act, world, tenant, verb, SEALING, 1)
        assert told.reason == "KEY_IN_USE" and "active one" in told.sentence
    assert states(world, tenant) == [ACTIVE]


# --- destroying --------------------------------------------------------------------------------------------------------


def make_due(world, tenant, purpose, version):
    world.sql(f"UPDATE tenant_key SET destroy_at = now() - interval '1 second' WHERE tenant = '{tenant.id}' AND "
              f"purpose = {purpose} AND version = {version}")
    world.a.process.send_signal(signal.SIGHUP)  # new workers look at once


def test_what_is_destroyed_nobody_opens(world, tenant):
    before = protect(world, tenant)
    act(world, tenant, "Rotate", SEALING)
    after = protect(world, tenant)
    key = act(world, tenant, "Destroy", SEALING, 1, delay_days=7, reason="retention is over").key
    assert key.state == DESTROYING and key.destroy_time.seconds - key.state_time.seconds == 7 * 24 * 3600
    assert opened(world, before) == "KEY_REVOKED"  # who misses it, says so now
    for verb in ("Revoke", "Restore", "Destroy"):
        assert reason(act, world, tenant, verb, SEALING, 1) == "KEY_STATE"
    assert act(world, tenant, "CancelDestroy", SEALING, 1).key.state == REVOKED
    assert reason(act, world, tenant, "CancelDestroy", SEALING, 1) == "KEY_STATE"
    act(world, tenant, "Restore", SEALING, 1)
    assert opened(world, before) == "OK"
    act(world, tenant, "Destroy", SEALING, 1)
    make_due(world, tenant, SEALING, 1)
    eventually(lambda: states(world, tenant) == [DESTROYED, ACTIVE], "it is destroyed", 60)
    assert world.sql(f"SELECT length(wrapped) FROM tenant_key WHERE tenant = '{tenant.id}' AND purpose = 1 AND version = 1") == "0"
    assert (opened(world, before), opened(world, after)) == ("KEY_DESTROYED", "OK")
    for verb in ("Revoke", "Restore", "Destroy", "CancelDestroy"):
        assert reason(act, world, tenant, verb, SEALING, 1) == "KEY_STATE"
    assert [event.target for event in world.audit(tenant=tenant.name, operation="destroy_key")] == [
        "sealing key 1: destroyed", "sealing key 1 in 30 days: x", "sealing key 1 in 7 days: retention is over"]
    assert act(world, tenant, "Rotate", SEALING).key.version == 3  # its number does not come again


def test_where_none_is_active_none_is_destroyed(world, tenant):
    """No method leads there; a database that was changed by hand does."""
    act(world, tenant, "Rotate", SEALING)
    world.changed_by_hand(f"UPDATE tenant_key SET state = 3 WHERE tenant = '{tenant.id}' AND purpose = 1")
    assert reason(act, world, tenant, "Destroy", SEALING, 1) == "KEY_IN_USE"
    assert act(world, tenant, "Rotate", SEALING).key.version == 3
    assert states(world, tenant) == [REVOKED, REVOKED, ACTIVE]


# --- who ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("required, verb", [(CONTENT_ACCESS, "Restore"), (DESTROY_KEY, "Destroy"), (CONTENT_ACCESS, "Activate"),
                                            (EXPORT_KEYS, "Activate")])
def test_a_second_admin_approves(world, tenant, required, verb):
    act(world, tenant, "Rotate", SEALING)
    if verb == "Restore":
        act(world, tenant, "Revoke", SEALING, 1)
    second = tenant.second_admin
    world.update_tenant(tenant.admin, two_person=[required])
    was = states(world, tenant)
    asked = act(world, tenant, verb, SEALING, 1, reason="why")
    assert asked.approval_id and not asked.HasField("key") and states(world, tenant) == was
    shown = world.call("ApprovalService/GetApproval", {"approval_id": asked.approval_id}, second).approval
    assert shown.operation == required
    assert shown.summary == {"Restore": "Let content open again by sealing key 1: why",
                             "Activate": "Seal and sign again by sealing key 1: why",
                             "Destroy": "Destroy for ever sealing key 1 in 30 days: why"}[verb]
    world.call("ApprovalService/ApproveRequest", {"approval_id": asked.approval_id}, second)
    assert states(world, tenant) == {"Restore": [ARCHIVED, ACTIVE], "Destroy": [DESTROYING, ACTIVE], "Activate": [ACTIVE, ARCHIVED]}[verb]
    if verb == "Destroy":
        assert act(world, tenant, "CancelDestroy", SEALING, 1).key.state == REVOKED  # by one: it takes nothing away
    act(world, tenant, "Rotate", SIGNING)
    act(world, tenant, "Revoke", SIGNING, 1)


def test_what_was_asked_for_is_looked_at_again(world, tenant):
    """An approval is of the version as it was when it was asked for."""
    act(world, tenant, "Rotate", SEALING)
    second = tenant.second_admin
    world.update_tenant(tenant.admin, two_person=[DESTROY_KEY])
    asked = act(world, tenant, "Destroy", SEALING, 1)
    world.sql(f"UPDATE tenant_key SET state = 4, wrapped = '' WHERE tenant = '{tenant.id}' AND purpose = 1 AND version = 1")
    assert reason(world.call, "ApprovalService/ApproveRequest", {"approval_id": asked.approval_id}, second) == "KEY_STATE"


def test_nobody_else_touches_them(world, tenant):
    for who in (world.contoso.admin, world.contoso.auditor):
        assert reason(world.call, "KeyService/ListKeys", {"tenant": tenant.name}, who) == "COMPONENT_TENANT"
    assert reason(world.call, "KeyService/RotateKey", {"tenant": tenant.name, "purpose": SEALING},
                  world.contoso.admin) == "COMPONENT_TENANT"
    assert reason(act, world, tenant, "Rotate", SEALING, who=tenant.auditor) == "COMPONENT_ROLE"
    assert states(world, tenant) == [ACTIVE]


# --- what is asked for -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb, request_, field", [
    ("Rotate", {"purpose": 0}, "purpose"), ("Rotate", {"purpose": 9}, "purpose"), ("Revoke", {"purpose": -1, "version": 1}, "purpose"),
    ("Revoke", {"purpose": 1}, "version"), ("Restore", {"purpose": 1, "version": -1}, "version"),
    ("CancelDestroy", {"purpose": 1, "version": 0}, "version"), ("Destroy", {"purpose": 1, "version": 1}, "reason"),
    ("Destroy", {"purpose": 1, "version": 1, "reason": " \t"}, "reason"),
    ("Destroy", {"purpose": 1, "version": 1, "reason": "x", "delay_days": 6}, "delay_days"),
    ("Destroy", {"purpose": 1, "version": 1, "reason": "x", "delay_days": 91}, "delay_days"),
    ("Rotate", {"purpose": 1, "reason": 257 * "x"}, "reason"), ("Rotate", {"purpose": 1, "etag": 65 * "x"}, "etag")])
def test_what_is_wrong_is_told(world, verb, request_, field):
    assert refused(world.call, f"KeyService/{verb}Key", request_, world.contoso.admin).fields == [field]


def test_a_version_that_is_not_there(world, tenant):
    for verb in ("Activate", "Revoke", "Restore", "Destroy", "CancelDestroy"):
        assert reason(act, world, tenant, verb, SEALING, 2) == "NOT_FOUND"
        assert reason(act, world, tenant, verb, SEALING, 1, etag="other") == "ETAG_MISMATCH"


def test_pages(world, tenant):
    act(world, tenant, "Rotate", EXCHANGE)
    found, token = [], ""
    while True:
        page = world.call("KeyService/ListKeys", {"page_size": 1, "page_token": token}, tenant.admin)
        found += [(key.purpose, key.version) for key in page.keys]
        token = page.next_page_token
        if not token:
            break
    assert found == [(1, 1), (2, 1), (2, 2), (3, 1)]


# --- by hand -----------------------------------------------------------------------------------------------------------


def test_the_command(world, tenant):
    with_certificate(world, "keeper", tenant.admin)
    def row(*arguments):
        return run(world, f"key {arguments[0]}", "keeper", *arguments[1:]).stdout.splitlines()[-1].split()

    assert run(world, "key list", "keeper").stdout.split()[:6] == ["PURPOSE", "VERSION", "STATE", "OPENS", "MADE",
                                                                              "DESTROYED"]
    assert row("list")[:3] == ["signing", "1", "active"]
    assert row("rotate", "--reason", "every year", "signing")[:3] == ["signing", "2", "active"]
    assert "KEY_IN_USE" in run(world, "key revoke", "keeper", "signing", "2", expect=3).stderr
    assert row("activate", "signing", "1")[2] == row("activate", "signing", "2")[2] == "active"
    assert row("revoke", "signing", "1")[2] == "revoked"
    assert row("restore", "signing", "1")[2] == "archived"
    assert "--reason" in run(world, "key destroy", "keeper", "signing", "1", expect=2).stderr
    assert row("destroy", "--reason", "x", "--days", "7", "signing", "1")[2] == "destroying"
    assert row("cancel-destroy", "signing", "1")[2] == "revoked"
    etag = json.loads(run(world, "key list", "keeper", "-o", "json").stdout)["keys"][-1]["etag"]
    run(world, "key rotate", "keeper", "--etag", etag, "signing")
    assert "ETAG_MISMATCH" in run(world, "key rotate", "keeper", "--etag", etag, "signing", expect=1).stderr
    for wrong in (["rotate", "sealingg"], ["revoke", "signing", "0"], ["revoke", "signing"], ["destroy", "--reason", "x", "--days",
                                                                                              "3", "signing", "1"]):
        assert run(world, f"key {wrong[0]}", "keeper", *wrong[1:], expect=2).stderr.startswith("chancery key: ")
    second = tenant.second_admin
    world.update_tenant(tenant.admin, two_person=[EXPORT_KEYS])
    said = run(world, "key activate", "keeper", "signing", "2").stdout
    assert said.startswith("nothing is done yet: another admin must approve it")
    world.call("ApprovalService/ApproveRequest", {"approval_id": said.split()[-1]}, second)
    assert [key.state for key in listed(world, tenant) if key.purpose == SIGNING] == [REVOKED, ACTIVE, ARCHIVED]
