# SPDX-License-Identifier: Apache-2.0
"""A request id was believed too little and too much: what was asked for again was another thing, nobody wrote it down, and
what had been taken back came out once more."""
import concurrent.futures
import json
import re
import time
import types
import uuid

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from authority import MESSAGES, Reader, new_id
from calls import outcome, reason, refused
from command import SAMPLE, protect, run, same, with_certificate, with_token
from faults import Faults
from waiting import let_pass
from world import template_of

DAY_MS = 24 * 3600 * 1000


@pytest.fixture(scope="module")
def node(world):
    """A node of the same authority that dies when it is told to, and the profiles of whoever asks it."""
    faults = Faults(f"{world.a.folder}/fault")
    other = world.a.node(env=faults.env).start()
    other.faults = faults
    yield other
    other.stop()


def asked(**more):
    """A request with an id, for Bob."""
    return {"request_id": new_id(), "recipients": ["bob@fabrikam.com"], **more}


def key_of(world, made, reader=None):
    return (reader or world.reader).unwrap(made.wrapped_content_key)


def rows(world, request, operation="protect"):
    """What the tenant's log says of this content or of this request id."""
    return [(event.granted, event.reason, event.user, event.content_id) for event in
            world.audit(tenant="contoso", operation=operation) if request["request_id"] in event.target]


# --- the same content again ---


def test_retry_gave_another_key(world):
    """The content key was random each time, so what was encrypted by the lost answer opened by neither license."""
    request = asked()
    first, again = world.protect(token=world.alice, **request), world.protect(token=world.alice, **request)
    assert first.content_id == again.content_id
    assert key_of(world, first) == key_of(world, again)
    keys = {world.a.verify(world.acquire(made, world.bob).use_license, world.reader)[1] for made in (first, again)}
    assert keys == {key_of(world, first)}


def test_keys_of_different_requests_are_different(world):
    request = asked()
    made = [world.protect(**request), world.protect(**{**request, "request_id": new_id()}),
            world.protect(**asked()), world.protect(), world.protect()]
    assert len({key_of(world, one) for one in made}) == len({one.content_id for one in made}) == len(made)


def test_retry_moved_the_expiry(world):
    """Days were counted from the retry."""
    request = asked(custom={"grants": [{"principals": ["recipients"], "rights": [1]}], "expiry": {"days": 1}})
    first = world.protect(**request)
    let_pass(1.1)
    again = world.protect(**request)
    assert again.expire_time == first.expire_time
    inspected = [world.call("LicensingService/InspectContent", {"publishing_license": made.publishing_license},
                            token=world.bob).content_expire_time for made in (first, again)]
    assert inspected == [first.expire_time] * 2


def test_client_that_lost_its_key_could_not_retry(world):
    """The hash of the request covered the key to which the answer is wrapped, which a program makes anew when it starts
    again: so did the command line, whose --request-id never worked."""
    request, other = asked(), Reader()
    first = world.protect(**request)
    again = world.protect(client_public_jwk=other.public, client={"application": "mail", "platform": "ios"}, **request)
    assert again.content_id == first.content_id and key_of(world, again, other) == key_of(world, first)


def test_id_in_capitals_was_another_request(world):
    request = asked()
    first = world.protect(**request)
    again = world.protect(**{**request, "request_id": request["request_id"].upper()})
    assert again.content_id == first.content_id


def test_id_of_zeros_was_no_id(world):
    """It was taken for none, so each retry made another content."""
    request = asked(request_id=str(uuid.UUID(int=0)))
    error = refused(world.protect, **request)
    assert error.reason == "FIELD_INVALID" and error.fields == ["request_id"]


def test_requests_at_once_got_one_content(world):
    for who in ({"who": world.gateway}, {"token": world.alice}):
        request = asked()
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            made = list(pool.map(lambda _, w=who, r=request: world.protect(**w, **r), range(16)))
        assert len({one.content_id for one in made}) == 1
        assert len({key_of(world, one) for one in made}) == 1
        assert world.sql(f"SELECT count(*) FROM content WHERE request_id = '{request['request_id']}'") == "1"
        assert len([e for e in world.audit(tenant="contoso", content_id=made[0].content_id) if e.granted]) == 16


def test_command_line_could_not_ask_again(world):
    with_certificate(world, "edge", world.gateway)
    with_token(world, "bob", world.bob)
    request_id, files = new_id(), [f"{world.a.folder}/{name}.eml" for name in ("first", "again", "opened")]
    made = [protect(world, SAMPLE, file, "--request-id", request_id) for file in files[:2]]
    assert made[0] == made[1]
    for file in files[:2]:
        run(world, "open", "bob", file, files[2])
        assert same(SAMPLE, files[2])


def test_command_line_left_a_lost_answer_open(world, node, tmp_path):
    """It named no request id, so who asked again made another content, or another template."""
    for name, identity in (("edge", world.gateway), ("admin", world.contoso.admin)):
        with_certificate(world, name, identity)
        with_certificate(types.SimpleNamespace(a=node), f"{name}-node", identity)
    (tmp_path / "template.yaml").write_text("names: [{language: en, text: Lost}]\n"
                                            "grants: [{principals: [owner], rights: [VIEW]}]\n")
    commands = {"protect:seal": ("protect", "edge", ["--do-not-forward", "--owner", "alice@contoso.com", "--recipient",
                                                     "bob@fabrikam.com", SAMPLE, str(tmp_path / "x.eml")]),
                "create_template:read": ("template create", "admin", ["-f", str(tmp_path / "template.yaml")])}
    for step, (command, who, arguments) in commands.items():
        node.faults.kill(step)
        lost = run(world, command, f"{who}-node", *arguments, expect=1)
        node.faults.none()
        request_id = re.search(r"--request-id (\S+)", lost.stderr)[1]
        again = [run(world, command, who, *arguments, "--request-id", request_id).stdout for _ in range(2)]
        assert again[0] == again[1]
    assert world.sql("SELECT count(*) FROM template WHERE name_texts = '{Lost}'") == "1"
    node.faults.kill("create_template:read")  # for programs, too
    lost = run(world, "template create", "admin-node", "-f", str(tmp_path / "template.yaml"), "-o", "json", expect=1)
    node.faults.none()
    again = ("-f", str(tmp_path / "template.yaml"), "--request-id", json.loads(lost.stderr)["error"]["requestId"])
    assert run(world, "template create", "admin", *again).stdout == run(world, "template create", "admin", *again).stdout


# --- who asks, and for what ---


def test_second_caller_got_the_first_ones_content(world):
    request = asked()
    world.protect(token=world.alice, **request)
    gateway = world.contoso.component("gateway", world.unique("second-gateway"))
    callers = [{"token": world.carol}, {"who": world.gateway}, {"who": gateway},
               {"who": world.gateway, "user_token": world.alice}, {"who": world.gateway, "user_token": world.carol}]
    for who in callers:
        assert reason(world.protect, **who, **request) == "REQUEST_ID_REUSED", who
    request = asked()
    world.protect(who=world.gateway, user_token=world.alice, **request)
    for who in ({"who": world.gateway, "user_token": world.carol}, {"who": gateway, "user_token": world.alice},
                {"token": world.alice}, {"who": world.gateway}):
        assert reason(world.protect, **who, **request) == "REQUEST_ID_REUSED", who


def test_request_that_differs_got_the_first_ones_content(world):
    request = asked()
    world.protect(**request)
    template = world.template().template_id
    for more in ({"recipients": ["carol@fabrikam.com"]}, {"recipients": ["bob@fabrikam.com", "carol@fabrikam.com"]},
                 {"owner": "carol@contoso.com"}, {"display_name": "x"}, {"encrypt_only": {}}, {"template_id": template},
                 {"custom": {"grants": [{"principals": ["recipients"], "rights": [1]}]}}):
        assert reason(world.protect, **{**request, **more}) == "REQUEST_ID_REUSED", more


def test_id_was_of_one_tenant(world):
    """What one tenant used says nothing to another, not even to a platform's gateway that serves both."""
    gateway = world.platform_component("gateway", sender_domains=["contoso.com", "fabrikam.com"])
    request = asked()
    made = [world.protect(who=gateway, owner=owner, **request) for owner in ("alice@contoso.com", "bob@fabrikam.com")]
    assert made[0].content_id != made[1].content_id and key_of(world, made[0]) != key_of(world, made[1])
    again = [world.protect(who=gateway, owner=owner, **request) for owner in ("alice@contoso.com", "bob@fabrikam.com")]
    assert [one.content_id for one in again] == [one.content_id for one in made]


def test_retry_took_content_along_into_another_tenant(world, node):
    """The sender's domain moved to another tenant while a retry was decided: what the first one had made was the second
    one's then."""
    domain = f"{world.unique('moving')}.example"
    gateway = world.platform_component("gateway", sender_domains=[domain])
    world.sql("INSERT INTO tenant_domain (tenant, domain, verified, proof) SELECT tenant, '{0}', name = 'contoso', '' FROM "
              "tenant WHERE name IN ('contoso', 'fabrikam')".format(domain))
    world.changed_by_hand("SELECT epoch_raise('00000000-0000-0000-0000-000000000000')")
    request = asked(owner=f"alice@{domain}")
    made = world.protect(gateway, on=node, **request)
    node.faults.delay("protect:record", 1000)  # twice: before the gate tells of the content, and before it is recorded
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        future = pool.submit(world.protect, gateway, on=node, **request)
        let_pass(1.5)
        node.faults.none()
        world.changed_by_hand("UPDATE tenant_domain SET verified = false WHERE domain = '{0}'; UPDATE tenant_domain SET "
                              "verified = true FROM tenant t WHERE t.tenant = tenant_domain.tenant AND t.name = 'fabrikam' "
                              "AND domain = '{0}'; SELECT epoch_raise('00000000-0000-0000-0000-000000000000')"
                              .format(domain))
        moved = future.result()
    assert moved.content_id != made.content_id
    of = "SELECT t.name FROM content c JOIN tenant t USING (tenant) WHERE c.content = '{}'"
    assert [world.sql(of.format(one.content_id)) for one in (made, moved)] == ["contoso", "fabrikam"]


def test_refusal_told_that_an_id_was_used(world):
    """Who may not protect at all hears the same, be the id used or not."""
    request = asked()
    world.protect(token=world.alice, **request)
    for who in ({"token": world.bob}, {"token": world.mallory}, {"who": world.fabrikam.gateway}):
        used = outcome(world.protect, **who, **{**request, "owner": "alice@contoso.com"})
        fresh = outcome(world.protect, **who, **{**request, "owner": "alice@contoso.com", "request_id": new_id()})
        assert used == fresh != "OK", who


# --- the record ---


def test_retry_left_no_record(world):
    """The gate told of the content that there was and wrote nothing, be the caller answered or refused."""
    request = asked()
    made = world.protect(token=world.alice, **request)
    for _ in range(2):
        world.protect(token=world.alice, **request)
    reason(world.protect, token=world.carol, **request)
    assert rows(world, request) == [(False, "REQUEST_ID_REUSED", "carol@contoso.com", ""),
                                    (True, "OK", "alice@contoso.com", made.content_id),
                                    (True, "OK", "alice@contoso.com", made.content_id)]
    events = world.audit(tenant="contoso", content_id=made.content_id)
    assert [(event.operation, event.granted) for event in events] == [("protect", True)] * 3


def test_reused_id_of_an_admin_left_no_record(world):
    request = {"template": template_of(), "request_id": new_id()}
    world.call("TemplateService/CreateTemplate", request, world.contoso.admin)
    before = len(world.audit(tenant="contoso", operation="create_template", reason="REQUEST_ID_REUSED"))
    assert reason(world.call, "TemplateService/CreateTemplate", request, world.contoso.second_admin) == "REQUEST_ID_REUSED"
    assert len(world.audit(tenant="contoso", operation="create_template", reason="REQUEST_ID_REUSED")) == before + 1


# --- what has happened since ---


def test_retry_brought_revoked_content_back(world):
    """A gateway opens nothing, yet the same request gave it the key again, whatever had become of the content."""
    request = asked()
    made = world.protect(**request)
    world.track("Revoke", made)
    for _ in range(4):
        world.reconnect()
        assert reason(world.protect, **request) == "REVOKED"
    assert (False, "REVOKED") in [(e.granted, e.reason) for e in world.audit(tenant="contoso", content_id=made.content_id)
                                  if e.operation == "protect"]
    world.track("Restore", made)
    assert key_of(world, world.protect(**request)) == key_of(world, made)


def test_retry_brought_expired_content_back(world):
    request = asked(custom={"grants": [{"principals": ["recipients"], "rights": [1]}], "expiry": {"days": 30}})
    made = world.protect(**request)
    end = int(time.time()) + 2
    world.call("PublishingService/AmendPolicy", {"content_id": made.content_id, "expiry": {"time": {"seconds": end}}},
               world.contoso.admin)
    again = world.protect(**request)
    assert again.content_id == made.content_id and again.expire_time.seconds == end
    let_pass(2.1)
    assert reason(world.protect, **request) == "EXPIRED"


def test_retry_of_another_day_gave_the_key(world):
    """An id gives its content again for a day. After that it is used up, so that what a gateway once asked for is no key to
    what it ever protected."""
    old, older = asked(), asked()
    for request, ms in ((old, DAY_MS - 60_000), (older, DAY_MS + 60_000)):
        made = world.protect(**request)
        past = uuid.UUID(int=uuid.UUID(made.content_id).int - (ms << 80))
        world.sql(f"UPDATE content SET content = '{past}', created_at = created_at - {ms} * interval '1 ms' "
                  f"WHERE content = '{made.content_id}'")
    assert world.protect(**old).content_id != ""
    assert reason(world.protect, **older) == "REQUEST_ID_REUSED"


def test_key_that_was_random_could_not_come_again(world):
    """What was protected before keys were derived: another key under the same content id would open nothing."""
    request = asked()
    made = world.protect(**request)
    world.sql(f"UPDATE content SET key_version = NULL WHERE content = '{made.content_id}'")
    assert reason(world.protect, **request) == "REQUEST_ID_REUSED"


def rotate(world, version):
    """A new active sealing key, wrapped as docs/formats.md §4.2 says; those before it are archived."""
    with open(f"{world.a.folder}/root.key", "rb") as file:
        root = file.read()
    ref = uuid.UUID(world.contoso.id).bytes + b"\1" + version.to_bytes(4, "big")
    wrapped = bytes(12) + AESGCM(root).encrypt(bytes(12), bytes([version]) * 32,
                                               b"chancery tenant key 1\0commercial\0" + ref)
    world.changed_by_hand(
        f"UPDATE tenant_key SET state = 2 WHERE tenant = '{world.contoso.id}' AND purpose = 1 AND state = 1; "
        "INSERT INTO tenant_key (tenant, purpose, version, state, root_version, wrapped) SELECT tenant, purpose, "
        f"{version}, 1, root_version, '\\x{wrapped.hex()}' FROM tenant_key WHERE tenant = '{world.contoso.id}' AND "
        "purpose = 1 AND version = 1")


@pytest.fixture
def rotated(world):
    """A request that was answered under a sealing key that is archived by now."""
    request = asked()
    made = world.protect(**request)
    rotate(world, 2)
    yield request, made
    world.changed_by_hand(f"DELETE FROM tenant_key WHERE tenant = '{world.contoso.id}' AND version = 2; UPDATE tenant_key "
                          f"SET state = 1 WHERE tenant = '{world.contoso.id}' AND purpose = 1")


def test_retry_after_a_rotation_gave_another_key(world, rotated):
    request, made = rotated
    for _ in range(4):
        world.reconnect()
        again = world.protect(**request)
        assert again.content_id == made.content_id and key_of(world, again) == key_of(world, made)
        assert world.a.verify(world.acquire(again, world.bob).use_license, world.reader)[1] == key_of(world, made)
    assert key_of(world, world.protect(**asked())) != key_of(world, made)


def test_retry_used_a_key_that_may_no_longer_be_used(world, rotated):
    request, _ = rotated
    of_first = f"tenant = '{world.contoso.id}' AND purpose = 1 AND version = 1"
    wrapped = world.sql(f"SELECT wrapped FROM tenant_key WHERE {of_first}")
    world.changed_by_hand(f"UPDATE tenant_key SET state = 3 WHERE {of_first}")
    assert reason(world.protect, **request) == "KEY_REVOKED"
    world.changed_by_hand(f"UPDATE tenant_key SET state = 4, wrapped = '' WHERE {of_first}")
    assert reason(world.protect, **request) == "KEY_DESTROYED"
    world.changed_by_hand(f"UPDATE tenant_key SET state = 2, wrapped = '{wrapped}' WHERE {of_first}")
    world.protect(**request)


def test_content_was_recorded_that_could_not_be_sealed(world):
    """Without an active key the record said that content was protected, and the caller got none."""
    request, before = asked(), world.sql("SELECT count(*) FROM content")
    of_sealing = f"tenant = '{world.contoso.id}' AND purpose = 1"
    world.changed_by_hand(f"UPDATE tenant_key SET state = 3 WHERE {of_sealing}")
    try:
        assert reason(world.protect, **request) == "KEY_REVOKED"
        assert world.sql("SELECT count(*) FROM content") == before
        assert world.audit(tenant="contoso", operation="protect")[0].reason == "KEY_REVOKED"
    finally:
        world.changed_by_hand(f"UPDATE tenant_key SET state = 1 WHERE {of_sealing}")


# --- other methods ---


def test_late_retry_made_a_deleted_template_again(world):
    """The id went with the template, so a retry that came late brought it back."""
    request = {"template": template_of(), "request_id": new_id()}
    made = world.call("TemplateService/CreateTemplate", request, world.contoso.admin).template
    world.call("TemplateService/DeleteTemplate", {"template_id": made.template_id}, world.contoso.admin)
    assert reason(world.call, "TemplateService/CreateTemplate", request, world.contoso.admin) == "NOT_FOUND"
    assert reason(world.call, "TemplateService/CreateTemplate", request, world.contoso.second_admin) == "REQUEST_ID_REUSED"


def test_retry_undid_what_came_after_it(world):
    """A retry answers with the template as it is by now, and changes nothing."""
    request = {"template": template_of(), "request_id": new_id()}
    make = lambda: world.call("TemplateService/CreateTemplate", request, world.contoso.admin).template  # noqa: E731
    made = make()
    changed = world.call("TemplateService/UpdateTemplate", {
        "template": {"template_id": made.template_id, "names": [{"language": "en", "text": "U"}]}}, world.contoso.admin)
    assert make() == changed.template


@pytest.mark.parametrize("message", ["AcquireLicenseRequest", "PreLicenseRequest"])
def test_request_id_had_no_effect(message):
    """A license is a decision of its own each time: the field promised what nothing kept."""
    assert "request_id" not in MESSAGES.pool.FindMessageTypeByName(f"chancery.v1.{message}").fields_by_name
