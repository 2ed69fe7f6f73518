# SPDX-License-Identifier: Apache-2.0
"""The lowest version of a key that opens (docs/policy.md §12.3): one number shuts all that is older, and lets it open again."""
import concurrent.futures
import json

import pytest
from jwcrypto import jwe, jwk

from calls import outcome, reason, refused
from command import run, with_certificate
from publisher import Publisher

SEALING, EXCHANGE, SIGNING = 1, 2, 3
ACTIVE, ARCHIVED, REVOKED = 1, 2, 3
CONTENT_ACCESS = 1


@pytest.fixture
def tenant(world):
    return world.tenant()


def set_min(world, tenant, purpose, version, who=None, **more):
    return world.call("KeyService/SetMinKeyVersion", {"purpose": purpose, "version": version, **more}, who or tenant.admin)


def act(world, tenant, verb, purpose, version=None):
    return world.call(f"KeyService/{verb}Key", {"purpose": purpose, **({"version": version} if version else {})}, tenant.admin)


def listed(world, tenant, purpose=SEALING):
    return [key for key in world.call("KeyService/ListKeys", {}, tenant.admin).keys if key.purpose == purpose]


def below(world, tenant, purpose=SEALING):
    return [key.version for key in listed(world, tenant, purpose) if key.below_min]


def protect(world, tenant):
    return world.protect(who=tenant.gateway, owner=f"alice@{tenant.domain}")


def versions(world, tenant, count, purpose=SEALING):
    """Content of each version."""
    made = [protect(world, tenant)]
    for _ in range(count - 1):
        act(world, tenant, "Rotate", purpose)
        made.append(protect(world, tenant))
    return made


def opened(world, made, **more):
    return [outcome(world.acquire, one, world.bob, **more) for one in made]


def published(world, tenant):
    return [key["kid"] for key in json.loads(world.a.fetch(f"/tenants/{tenant.id}/jwks.json")[2])["keys"]]


def kid(key):
    return json.loads(key.public_jwk)["kid"]


# --- what it does ------------------------------------------------------------------------------------------------------


def test_what_is_older_stays_closed_until_it_is_lowered(world, tenant):
    made = versions(world, tenant, 3)
    key = set_min(world, tenant, SEALING, 3, reason="laptop lost").key
    assert (key.version, key.state, key.below_min) == (3, ACTIVE, False)
    assert opened(world, made) == ["KEY_REVOKED", "KEY_REVOKED", "OK"] and below(world, tenant) == [1, 2]
    assert [key.state for key in listed(world, tenant)] == [ARCHIVED, ARCHIVED, ACTIVE]
    assert refused(world.acquire, made[0], world.bob).sentence.startswith("The tenant's key that protects this content is revoked, or older")
    set_min(world, tenant, SEALING, 2)
    assert opened(world, made) == ["KEY_REVOKED", "OK", "OK"] and below(world, tenant) == [1]
    set_min(world, tenant, SEALING, 1)
    assert opened(world, made) == ["OK", "OK", "OK"] and below(world, tenant) == []
    assert [event.target for event in world.audit(tenant=tenant.name, operation="set_min_key_version")] == [
        "sealing keys from 1 on", "sealing keys from 2 on", "sealing keys from 3 on: laptop lost"]


def test_other_nodes_follow_at_once(world, tenant):
    with_other = world.a.node()
    other = with_other.start()
    try:
        made = versions(world, tenant, 2)
        assert opened(world, made, on=other) == ["OK", "OK"]
        set_min(world, tenant, SEALING, 2)
        assert opened(world, made, on=other) == ["KEY_REVOKED", "OK"]
        set_min(world, tenant, SEALING, 1)
        assert opened(world, made, on=other) == ["OK", "OK"]
    finally:
        with_other.stop()


def test_content_protected_offline(world, tenant):
    def offline():
        return Publisher().certified(world, tenant.gateway).protect(owner=f"alice@{tenant.domain}").publishing_license

    first = offline()
    act(world, tenant, "Rotate", EXCHANGE)
    second = offline()
    set_min(world, tenant, EXCHANGE, 2)
    assert opened(world, [first, second]) == ["KEY_REVOKED", "OK"]
    act(world, tenant, "Rotate", SIGNING)
    set_min(world, tenant, SIGNING, 2)  # it has signed the publisher's certificate
    assert opened(world, [second, offline()]) == ["KEY_REVOKED", "OK"]
    set_min(world, tenant, SIGNING, 1)
    set_min(world, tenant, EXCHANGE, 1)
    assert opened(world, [first, second]) == ["OK", "OK"]


def test_an_older_signing_key_is_not_published(world, tenant):
    old = listed(world, tenant, SIGNING)[0]
    new = act(world, tenant, "Rotate", SIGNING).key
    assert published(world, tenant) == [kid(new), kid(old)]
    set_min(world, tenant, SIGNING, 2)
    assert published(world, tenant) == [kid(new)]
    set_min(world, tenant, SIGNING, 1)
    assert published(world, tenant) == [kid(new), kid(old)]


def test_states_are_changed_meanwhile(world, tenant):
    made = versions(world, tenant, 3)
    set_min(world, tenant, SEALING, 3)
    assert reason(act, world, tenant, "Activate", SEALING, 2) == "KEY_STATE"
    act(world, tenant, "Revoke", SEALING, 1)
    act(world, tenant, "Revoke", SEALING, 2)
    assert act(world, tenant, "Restore", SEALING, 2).key.below_min
    assert opened(world, made) == ["KEY_REVOKED", "KEY_REVOKED", "OK"]
    assert act(world, tenant, "Rotate", SEALING).key.below_min is False
    set_min(world, tenant, SEALING, 1)
    assert opened(world, made) == ["KEY_REVOKED", "OK", "OK"]  # its state holds
    assert act(world, tenant, "Activate", SEALING, 2).key.state == ACTIVE


def test_what_does_not_open_here_does_not_leave(world, tenant):
    versions(world, tenant, 3)
    set_min(world, tenant, SEALING, 3)
    act(world, tenant, "Revoke", SEALING, 1)
    customer = jwk.JWK.generate(kty="EC", crv="P-256")
    answer = world.call("KeyService/ExportKeys", {"recipient_public_jwk": customer.export_public(), "reason": "x"}, tenant.admin)
    token = jwe.JWE()
    token.deserialize(answer.key_set, customer)
    assert [key["kid"] for key in json.loads(token.payload)["keys"]] == ["sealing-3", "exchange-1", "signing-1"]
    assert (answer.versions, answer.left_out) == (3, 2)


# --- who, and what is asked for ----------------------------------------------------------------------------------------


def test_lowering_waits_for_a_second_admin(world, tenant):
    made = versions(world, tenant, 2)
    second = tenant.second_admin
    world.update_tenant(tenant.admin, two_person=[CONTENT_ACCESS])
    assert not set_min(world, tenant, SEALING, 2).approval_id  # it shuts people out
    assert not set_min(world, tenant, SEALING, 2).approval_id  # and again changes nothing
    asked = set_min(world, tenant, SEALING, 1, reason="it was found")
    assert asked.approval_id and not asked.HasField("key") and opened(world, made) == ["KEY_REVOKED", "OK"]
    shown = world.call("ApprovalService/GetApproval", {"approval_id": asked.approval_id}, second).approval
    assert shown.summary == "Let content open by sealing keys from 1 on: it was found" and shown.operation == CONTENT_ACCESS
    world.call("ApprovalService/ApproveRequest", {"approval_id": asked.approval_id}, second)
    assert opened(world, made) == ["OK", "OK"] and below(world, tenant) == []


def test_what_was_asked_for_is_looked_at_again(world, tenant):
    """The active version may be a lower one when it is approved."""
    versions(world, tenant, 3)
    second = tenant.second_admin
    set_min(world, tenant, SEALING, 3)
    world.update_tenant(tenant.admin, two_person=[CONTENT_ACCESS])
    asked = set_min(world, tenant, SEALING, 2)
    world.changed_by_hand(f"UPDATE tenant_key SET is_shut = false WHERE tenant = '{tenant.id}'; UPDATE tenant_key SET state = 2 WHERE "
                          f"tenant = '{tenant.id}' AND purpose = 1; UPDATE tenant_key SET state = 1 WHERE tenant = '{tenant.id}' AND "
                          "purpose = 1 AND version = 1")
    assert reason(world.call, "ApprovalService/ApproveRequest", {"approval_id": asked.approval_id}, second) == "PRECONDITION_FAILED"
    assert below(world, tenant) == []


def test_many_at_once_leave_one_number(world, tenant):
    for _ in range(4):
        act(world, tenant, "Rotate", SIGNING)

    def turn(n):
        return outcome(act, world, tenant, "Rotate", SIGNING) if n % 5 == 4 else outcome(set_min, world, tenant, SIGNING, 1 + n % 5)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(turn, range(20)))
    assert set(results) <= {"OK", "ETAG_MISMATCH", "CONFLICT"} and "OK" in results
    shut = below(world, tenant, SIGNING)
    assert shut == list(range(1, len(shut) + 1)) and len(shut) < 4
    assert [key.state for key in listed(world, tenant, SIGNING) if key.below_min] == [ARCHIVED] * len(shut)


def test_an_etag(world, tenant):
    act(world, tenant, "Rotate", SEALING)
    etag = listed(world, tenant)[1].etag
    set_min(world, tenant, SEALING, 2, etag=etag)
    assert reason(set_min, world, tenant, SEALING, 2, etag=etag) == "ETAG_MISMATCH"
    assert reason(set_min, world, tenant, SEALING, 1, etag="none") == "ETAG_MISMATCH"
    assert below(world, tenant) == [1]


@pytest.mark.parametrize("request_, field", [
    ({"purpose": 0, "version": 1}, "purpose"), ({"purpose": 4, "version": 1}, "purpose"), ({"purpose": 1}, "version"),
    ({"purpose": 1, "version": -1}, "version"), ({"purpose": 1, "version": 1, "reason": 257 * "x"}, "reason"),
    ({"purpose": 1, "version": 1, "etag": 65 * "x"}, "etag")])
def test_what_is_wrong_is_told(world, request_, field):
    assert refused(world.call, "KeyService/SetMinKeyVersion", request_, world.contoso.admin).fields == [field]


def test_it_is_at_most_the_active_one(world, tenant):
    assert reason(set_min, world, tenant, SEALING, 2) == "NOT_FOUND"
    act(world, tenant, "Rotate", SEALING)
    act(world, tenant, "Activate", SEALING, 1)
    assert refused(set_min, world, tenant, SEALING, 2).fields == ["version"]
    assert below(world, tenant) == []


def test_nobody_else_sets_it(world, tenant):
    for who, why in ((tenant.auditor, "COMPONENT_ROLE"), (tenant.gateway, "COMPONENT_ROLE")):
        assert reason(set_min, world, tenant, SEALING, 1, who=who) == why
    assert reason(world.call, "KeyService/SetMinKeyVersion", {"tenant": tenant.name, "purpose": SEALING, "version": 1},
                  world.contoso.admin) == "COMPONENT_TENANT"


# --- by hand -----------------------------------------------------------------------------------------------------------


def test_the_command(world, tenant):
    with_certificate(world, "lowest", tenant.admin)

    def rows(*arguments):
        return [line.split()[:4] for line in run(world, f"key {arguments[0]}", "lowest", *arguments[1:]).stdout.splitlines()[1:]]

    run(world, "key rotate", "lowest", "sealing")
    assert rows("min-version", "--reason", "lost", "sealing", "2") == [["sealing", "2", "active", "yes"]]
    assert rows("list")[:2] == [["sealing", "1", "archived", "no"], ["sealing", "2", "active", "yes"]]
    assert "NOT_FOUND" in run(world, "key min-version", "lowest", "sealing", "3", expect=3).stderr
    for wrong in (["sealingg", "1"], ["sealing", "0"], ["sealing"]):
        assert run(world, "key min-version", "lowest", *wrong, expect=2).stderr.startswith("chancery key: ")
