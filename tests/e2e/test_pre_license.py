# SPDX-License-Identifier: Apache-2.0
"""Licenses before they are asked for (docs/policy.md §5.6): each is decided and recorded as if its recipient had asked, and is
for what they have registered, so that the gateway which asks can't use it."""
import json
import uuid

import grpc
import pytest
from jwcrypto import jws

from authority import MESSAGES
from calls import fresh_channel, refused
from devices import Person, device_of
from faults import Step
from stock import super_user
from waiting import eventually
from world import VIEW, grant

PRE_LICENSE = "LicensingService/PreLicense"
RECIPIENTS_MAX = 500
ONLINE_ONLY, DAYS = 1, 2  # chancery.v1.OfflineAccess


@pytest.fixture(scope="module")
def authority_options(faults):
    return {"workers": 1, "env": faults.env}


@pytest.fixture(scope="module")
def kim(world):
    person = Person(world, world.fabrikam, "kim")
    person.reader = device_of(person)
    return person


@pytest.fixture(scope="module")
def lee(world):
    person = Person(world, world.fabrikam, "lee")
    person.reader = device_of(person, kty="RSA", size=2048)
    return person


def ask(world, made, *recipients, who=None, **more):
    license_ = made if isinstance(made, bytes) else made.publishing_license
    named = [one if isinstance(one, dict) else {"address": one} for one in recipients]
    return world.call(PRE_LICENSE, {"publishing_license": license_, "recipients": named}, who or world.gateway,
                      **more).results


def told(results):
    return [result.error.reason if result.WhichOneof("outcome") == "error" else "OK" for result in results]


def traced():
    trace = uuid.uuid4().hex
    return trace, {"metadata": [("traceparent", f"00-{trace}-{'1' * 16}-01")]}


def records(world, trace, columns="operation || ' ' || reason"):
    return world.sql(f"SELECT {columns} FROM audit WHERE correlation_id = '{trace}' ORDER BY event").splitlines()


def test_each_recipient_gets_a_license_for_their_device(world, kim, lee):
    made = world.protect(recipients=[kim.address, lee.address, "nobody@fabrikam.com"])
    trace, more = traced()
    results = ask(world, made, lee.address, "nobody@fabrikam.com", "KIM@Fabrikam.com", "no address", **more)
    assert told(results) == ["OK", "DEVICE_UNKNOWN", "OK", "FIELD_INVALID"]
    assert [violation.field for violation in results[3].error.field_violations] == ["address"]
    for person, result in ((lee, results[0]), (kim, results[2])):
        claims, key = world.a.verify(result.response.use_license, person.reader)
        assert key == world.reader.unwrap(made.wrapped_content_key)
        assert (claims["sub"], claims["cid"], claims["cnf"]["jkt"]) == (
            person.address, made.content_id, person.reader.key.thumbprint())
        assert result.response.may_cache and claims["off"] is True
        own = world.acquire(made, world.fabrikam.token(person.address))
        assert list(result.response.rights) == list(own.rights)
    rows = records(world, trace, "operation || '|' || granted || '|' || reason || '|' || coalesce(user_address, '') || '|' || "
                                 "component_name || '|' || content || '|' || target")
    who = f"contoso-gateway|{made.content_id}|for"
    when = "before it was asked for"
    assert sorted(rows) == sorted([
        f"pre_license|true|OK|{lee.address}|{who} {lee.address}, {when}; device {lee.reader.key.thumbprint()}",
        f"pre_license|true|OK|{kim.address}|{who} {kim.address}, {when}; device {kim.reader.key.thumbprint()}",
        f"pre_license|false|DEVICE_UNKNOWN||{who} nobody@fabrikam.com, {when}"])
    licenses = {world.a.verify(result.response.use_license, person.reader)[0]["jti"]
                for person, result in ((lee, results[0]), (kim, results[2]))}
    assert licenses == set(world.sql(f"SELECT event FROM audit WHERE correlation_id = '{trace}' AND granted").split())


def test_which_device(world):
    person = Person(world, world.fabrikam, world.unique("two"))
    first, second = device_of(person), device_of(person)
    made = world.protect(recipients=[person.address])
    prints = [reader.key.thumbprint() for reader in (first, second)]

    def device(**named):
        result = ask(world, made, {"address": person.address, **named})[0]
        if result.WhichOneof("outcome") == "error":
            return result.error.reason
        token = jws.JWS()
        token.deserialize(result.response.use_license)
        return json.loads(token.objects["payload"])["cnf"]["jkt"]

    assert device() == prints[1]
    assert [device(device_thumbprint=one) for one in prints] == prints
    assert device(device_thumbprint="A" * 43) == "DEVICE_UNKNOWN"
    assert device(device_thumbprint="x") == "FIELD_INVALID"


def test_rights_are_decided_as_at_a_license(world, kim, lee):
    made = world.protect(do_not_forward=None, recipients=None, custom={"grants": [
        grant(f"user:{kim.address}", VIEW)], "referral_contact": "ask@contoso.com"})
    results = ask(world, made, kim.address, lee.address)
    assert told(results) == ["OK", "NO_RIGHTS"]
    assert [(pair.key, pair.value) for pair in results[1].error.metadata] == [("referral_contact", "ask@contoso.com")]
    world.track("Revoke", made, user=kim.address)
    assert told(ask(world, made, kim.address)) == ["REVOKED"]
    world.track("Restore", made, user=kim.address)
    world.call("TenantService/AddExclusion", {"user": kim.address}, world.contoso.admin)
    assert told(ask(world, made, kim.address)) == ["EXCLUDED"]
    world.call("TenantService/RemoveExclusion", {"user": kim.address}, world.contoso.admin)
    world.call("PublishingService/AmendPolicy", {"content_id": made.content_id, "remove_principals": [
        f"user:{kim.address}"]}, token=world.alice)
    assert told(ask(world, made, kim.address)) == ["NO_RIGHTS"]


def test_groups_of_the_directory_count(world):
    tenant = world.tenant()
    kim = Person(world, tenant, "kim")
    world.call("DirectoryService/PutUser", {"user": {"address": kim.address}}, tenant.admin)
    group = f"staff@{tenant.domain}"
    world.call("DirectoryService/PutGroup", {"group": {"address": group}}, tenant.admin)
    kim.register()
    made = world.protect(do_not_forward=None, recipients=None, custom={"grants": [grant(f"group:{group}", VIEW)]})
    assert told(ask(world, made, kim.address)) == ["NO_RIGHTS"]
    world.call("DirectoryService/AddMembers", {"group": group, "members": [kim.address]}, tenant.admin)
    assert told(ask(world, made, kim.address)) == ["OK"]
    world.call("DirectoryService/RemoveMembers", {"group": group, "members": [kim.address]}, tenant.admin)
    assert told(ask(world, made, kim.address)) == ["NO_RIGHTS"]


def test_what_may_not_be_kept_is_not_made(world, kim):
    under = {"grants": [grant(f"user:{kim.address}", VIEW)]}
    online, days = (world.protect(do_not_forward=None, recipients=None, custom={**under, **offline})
                    for offline in ({"offline_access": ONLINE_ONLY}, {"offline_access": DAYS, "offline_days": 3}))
    assert told(ask(world, online, kim.address)) == ["LICENSE_NOT_KEPT"]
    assert told(ask(world, days, kim.address)) == ["OK"]


def test_lent_power_waits_for_its_holder(world):
    dora = Person(world, world.contoso, "dora")
    dora.register()
    made = world.protect()
    world.call("TenantService/GrantSuperUser", super_user("user:dora@contoso.com", seconds=600), world.contoso.admin)
    assert world.acquire(made, world.contoso.token("dora")).content_id
    assert told(ask(world, made, dora.address)) == ["NO_RIGHTS"]
    alice = Person(world, world.contoso, "alice")
    alice.register()
    assert told(ask(world, made, alice.address)) == ["OK"]  # her own power is not lent


def test_who_may_ask_for_whom(world, kim):
    made = world.protect(recipients=[kim.address])
    third = world.tenant()
    reasons = {}
    for name, who in {"of the owner": world.contoso.gateway, "of the recipient": world.fabrikam.gateway,
                      "of neither": third.gateway,
                      "of the platform for the owner": world.platform_component("gateway", sender_domains=["contoso.com"]),
                      "of the platform for nobody": world.platform_component("gateway", sender_domains=["x.example"]),
                      "of the owner, other domains": world.contoso.component("gateway", "other", sender_domains=["y.example"]),
                      }.items():
        reasons[name] = told(ask(world, made, kim.address, who=who))[0]
    assert reasons == {"of the owner": "OK", "of the recipient": "OK", "of neither": "COMPONENT_TENANT",
                       "of the platform for the owner": "OK", "of the platform for nobody": "COMPONENT_DOMAIN",
                       "of the owner, other domains": "COMPONENT_DOMAIN"}


def test_a_gateway_of_neither_side_learns_nothing_of_recipients(world, kim):
    """Nor one that says of itself that it serves their domain."""
    made, third = world.protect(recipients=[kim.address]), world.tenant()
    for domains in ([third.domain], [third.domain, "fabrikam.com"]):
        gateway = third.component("gateway", world.unique("nosy"), sender_domains=domains)
        assert told(ask(world, made, kim.address, "nobody@fabrikam.com", "x@nowhere.example", who=gateway)) == [
            "COMPONENT_TENANT"] * 3


def test_boundaries_hold(world):
    """Where the rule says portal nobody gets a license by themselves."""
    agent = Person(world, world.agency, "agent")
    agent.register()
    made = world.protect(recipients=[agent.address])
    assert told(ask(world, made, agent.address)) == ["PORTAL_REQUIRED"]


def test_what_is_wrong_with_the_license_refuses_the_call(world, kim):
    made = world.protect()
    forged = made.publishing_license[:-1] + bytes([made.publishing_license[-1] ^ 1])
    assert refused(ask, world, forged, kim.address).reason == "LICENSE_FORGED"
    assert refused(ask, world, b"x", kim.address).reason == "LICENSE_MALFORMED"
    for count in (0, RECIPIENTS_MAX + 1):
        assert refused(ask, world, made, *[kim.address] * count).fields == ["recipients"], count
    for who in (world.portal, world.contoso.decryptor, world.contoso.admin):
        assert refused(ask, world, made, kim.address, who=who).reason == "COMPONENT_ROLE"
    assert refused(world.call, PRE_LICENSE, {"publishing_license": made.publishing_license}, token=world.bob).reason == \
        "COMPONENT_ROLE"


def test_five_hundred_by_one_pass(world, kim, lee):
    made = world.protect(recipients=[kim.address, lee.address])
    ask(world, made, kim.address, lee.address)
    before = world.metric("chancery_gate_batch_entries_sum")
    results = ask(world, made, *([kim.address, lee.address] * (RECIPIENTS_MAX // 2)))
    assert told(results) == ["OK"] * RECIPIENTS_MAX
    assert world.metric("chancery_gate_batch_entries_sum") - before == RECIPIENTS_MAX
    for n, person in ((0, kim), (RECIPIENTS_MAX - 1, lee)):
        assert world.a.verify(results[n].response.use_license, person.reader)[0]["sub"] == person.address
    assert len({result.response.use_license for result in results}) == RECIPIENTS_MAX


def test_what_was_shared_is_true_or_asked_for_again(world, kim, lee):
    """A template, and then a gateway's domains, that another node has changed since."""
    template = world.template(grant("recipients", VIEW)).template_id
    made = world.protect(do_not_forward=None, template_id=template, recipients=[kim.address, lee.address])
    other = world.a.node().start()

    def asked():
        return told(other.call(PRE_LICENSE, {"publishing_license": made.publishing_license, "recipients": [
            {"address": kim.address}, {"address": lee.address}]}, world.gateway).results)

    def update(*grants):
        world.call("TemplateService/UpdateTemplate", {"template": {"template_id": template, "grants": list(grants)},
                                                      "update_mask": {"paths": ["grants"]}}, world.contoso.admin)

    try:
        assert asked() == ["OK", "OK"]
        update(grant(f"user:{lee.address}", VIEW))
        assert asked() == ["NO_RIGHTS", "OK"]
        update(grant("recipients", VIEW))
        assert asked() == ["OK", "OK"]
        world.track("Revoke", made, user=lee.address)
        assert asked() == ["OK", "REVOKED"]
    finally:
        other.stop()


# --- clients that go, and workers that die --------------------------------------------------------

ROWS = ["share", "address", "home", "gateway", "person", "groups", "decide", "gate", "issue", "answer"]


def start(world, made, people, trace, timeout=20):
    channel = fresh_channel(world.a, world.gateway)
    request_type, response_type = MESSAGES.method(PRE_LICENSE)
    stub = channel.unary_unary(f"/chancery.v1.{PRE_LICENSE}", request_type.SerializeToString, response_type.FromString)
    return channel, stub.future(request_type(publishing_license=made.publishing_license,
                                             recipients=[{"address": one.address} for one in people]),
                                timeout=timeout, metadata=[("traceparent", f"00-{trace}-{'1' * 16}-01")])


@pytest.mark.parametrize("row", ROWS)
def test_a_gateway_goes_at_every_step(world, faults, kim, lee, row):
    made, trace = world.protect(recipients=[kim.address, lee.address]), uuid.uuid4().hex
    faults.delay(Step("pre_license", row, False), 5000 if row in ROWS[:7] else 2000)
    channel, future = start(world, made, [kim, lee, kim], trace)
    eventually(lambda: world.metric("chancery_calls_active") >= 4, f"recipients stand before {row}")
    future.cancel()
    channel.close()
    eventually(lambda: world.metric("chancery_calls_active") == 0, "no call is left over")
    faults.none()
    assert len(records(world, trace)) == (3 if row in ("issue", "answer") else 0), row
    assert not world.a.logged("worker.ended")


@pytest.mark.parametrize("row", ["gate", "issue", "answer"])
def test_a_worker_dies_at_every_step(world, faults, kim, lee, row):
    """Whatever a gateway holds has its record; and asking again makes others."""
    made, trace = world.protect(recipients=[kim.address, lee.address]), uuid.uuid4().hex
    deaths = len(world.a.logged("worker.ended"))
    faults.kill(Step("pre_license", row, False))
    channel, future = start(world, made, [kim, lee], trace)
    assert future.exception().code() == grpc.StatusCode.UNAVAILABLE
    channel.close()
    faults.none()
    assert len(records(world, trace)) == (0 if row == "gate" else 2)
    world.a.wait_for_log("worker.ready", deaths + 1)
    for channel in world.a.channels.values():
        channel.close()
    world.a.channels.clear()
    assert told(ask(world, made, kim.address, lee.address)) == ["OK", "OK"]
