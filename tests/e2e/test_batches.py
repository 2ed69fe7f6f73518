# SPDX-License-Identifier: Apache-2.0
"""Batches: each item is answered, and recorded, as the single call would have done it; all of them pass the gate at
once; and a client that goes, or a worker that dies, leaves whole items."""
import uuid

import grpc
import pytest

from authority import MESSAGES, Refused, new_id
from calls import fresh_channel, refused
from faults import Step
from waiting import eventually
from world import VIEW, grant

PROTECT, LICENSE = "PublishingService/BatchProtect", "LicensingService/BatchAcquireLicense"
ITEMS_MAX = 100


@pytest.fixture(scope="module")
def authority_options(faults):
    return {"workers": 1, "env": faults.env}


def item(world, **request):
    """As World.protect has it."""
    return {"do_not_forward": {}, "recipients": ["bob@fabrikam.com"], "owner": "alice@contoso.com",
            "client_public_jwk": world.reader.public, **request}


def protect_all(world, items, who=None, **more):
    return world.call(PROTECT, {"requests": items}, who or world.gateway, **more).results


def license_all(world, made, **more):
    requests = [world.license_request(one) for one in made]
    return world.call(LICENSE, {"requests": requests}, token=world.bob, **more).results


def told(result):
    """OK, or why not."""
    return result.error.reason if result.WhichOneof("outcome") == "error" else "OK"


def records(world, trace, columns="operation || ' ' || reason"):
    rows = world.sql(f"SELECT {columns} FROM audit WHERE correlation_id = '{trace}' ORDER BY event")
    return rows.splitlines()


def traced():
    trace = uuid.uuid4().hex
    return trace, {"metadata": [("traceparent", f"00-{trace}-{'1' * 16}-01")]}


class Gate:
    """How many statements the gate has sent since, with how many entries, and what became of them."""

    def __init__(self, world):
        self.world, self.before = world, self._read(world)

    @staticmethod
    def _read(world):
        page = world.a.page("/metrics")[1].splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in page
                                                       if line.startswith("chancery_gate"))}

    def since(self, name):
        return int(self._read(self.world).get(name, 0) - self.before.get(name, 0))

    def statements(self):
        return self.since("chancery_gate_batch_entries_count"), self.since("chancery_gate_batch_entries_sum")


def test_a_hundred_are_answered_in_order_by_one_statement(world):
    protect_all(world, [item(world)])  # what the worker doesn't know yet
    trace, more = traced()
    gate = Gate(world)
    made = protect_all(world, [item(world, display_name=f"n{n}") for n in range(ITEMS_MAX)], **more)
    assert gate.statements() == (1, ITEMS_MAX)
    assert [told(result) for result in made] == ["OK"] * ITEMS_MAX
    names = [world.call("LicensingService/InspectContent",
                        {"publishing_license": made[n].response.publishing_license}, token=world.bob).display_name
             for n in (0, 1, 57, ITEMS_MAX - 1)]
    assert names == ["n0", "n1", "n57", f"n{ITEMS_MAX - 1}"]
    assert records(world, trace) == ["protect OK"] * ITEMS_MAX
    assert len({result.response.content_id for result in made}) == ITEMS_MAX

    trace, more = traced()
    gate = Gate(world)
    licenses = license_all(world, [result.response for result in made], **more)
    assert gate.statements() == (1, ITEMS_MAX)
    assert records(world, trace) == ["acquire_license OK"] * ITEMS_MAX
    for result, license_ in zip(made, licenses):
        assert license_.response.content_id == result.response.content_id
        claims, key = world.a.verify(license_.response.use_license, world.reader)
        assert claims["cid"] == result.response.content_id
        assert key == world.reader.unwrap(result.response.wrapped_content_key)


BAD = {  # what the single call refuses, each for a reason of its own
    "owner of nobody's domain": {"owner": "x@elsewhere.example"},
    "owner of another tenant's": {"owner": "bob@fabrikam.com"},
    "no policy": {"do_not_forward": None},
    "no recipients": {"recipients": []},
    "a bad recipient": {"recipients": ["nobody"]},
    "a bad key": {"client_public_jwk": "{}"},
    "two bad fields": {"recipients": [], "owner": "x", "display_name": "n" * 300},
    "a template that is none": {"do_not_forward": None, "template_id": new_id()},
    "a text of two lines": {"display_name": "a\nb"},
    "too many rights": {"do_not_forward": None, "custom": {"grants": [
        {"principals": ["authenticated"], "custom_rights": [f"R{n}" for n in range(17)]}]}},
}


def singly(world, path, request, **who):
    """What the single call is told, and what it leaves in the log."""
    trace, more = traced()
    try:
        world.call(path, request, **who, **more)
        return None, records(world, trace, "operation || reason || target || coalesce(content::text, '')")
    except Refused as error:
        return error, records(world, trace, "operation || reason || target || coalesce(content::text, '')")


def test_what_is_refused_is_refused_as_a_single_call_and_hinders_nobody(world):
    bad = [{name: value for name, value in item(world, **change).items() if value is not None}
           for change in BAD.values()]
    alone = [singly(world, "PublishingService/Protect", request, who=world.gateway) for request in bad]
    trace, more = traced()
    mixed = [request for one in bad for request in (one, item(world))]
    results = protect_all(world, mixed, **more)
    assert [told(result) for result in results[1::2]] == ["OK"] * len(bad)
    for name, result, (error, _) in zip(BAD, results[::2], alone):
        assert told(result) == error.reason, name
        assert result.error.code == getattr(grpc.StatusCode, error.code).value[0]
        assert result.error.message and error.sentence.startswith(result.error.message)
        expected = {key: value for key, value in error.metadata.items() if key != "request_id"}
        assert {pair.key: pair.value for pair in result.error.metadata} == expected
        assert [(v.field, v.description) for v in result.error.field_violations] == [
            (v.field, v.description) for v in error.violations]
    refusals = "SELECT operation || reason || target || coalesce(content::text, '') FROM audit WHERE NOT granted AND " \
               f"correlation_id = '{trace}'"
    assert sorted(world.sql(refusals).splitlines()) == sorted(row for _, rows in alone for row in rows)
    assert records(world, trace).count("protect OK") == len(bad)


def test_licenses_are_refused_one_by_one_with_whom_to_ask(world):
    contact = {"do_not_forward": None, "custom": {"grants": [grant("owner", VIEW)], "referral_contact": "ask@contoso.com"}}
    one = {name: value for name, value in item(world, **contact).items() if value is not None}
    hidden, seen = (result.response for result in protect_all(world, [one, item(world)]))
    forged = seen.publishing_license[:-1] + bytes([seen.publishing_license[-1] ^ 1])
    requests = [world.license_request(hidden), world.license_request(seen),
                {**world.license_request(seen), "publishing_license": forged},
                {**world.license_request(seen), "publishing_license": b"x"}]
    trace, more = traced()
    results = world.call(LICENSE, {"requests": requests}, token=world.bob, **more).results
    assert [told(result) for result in results] == ["NO_RIGHTS", "OK", "LICENSE_FORGED", "LICENSE_MALFORMED"]
    assert [(pair.key, pair.value) for pair in results[0].error.metadata] == [("referral_contact", "ask@contoso.com")]
    assert sorted(records(world, trace)) == sorted(["acquire_license NO_RIGHTS", "acquire_license OK",
                                                    "acquire_license LICENSE_FORGED",
                                                    "acquire_license LICENSE_MALFORMED"])


def test_only_those_decide_again_of_whom_something_has_changed(world):
    made = [result.response for result in protect_all(world, [item(world) for _ in range(ITEMS_MAX)])]
    license_all(world, made[:1])
    gone = {3, 50, 99}
    for n in gone:
        world.track("Revoke", made[n])
    gate = Gate(world)
    results = license_all(world, made)
    assert [told(result) for result in results] == ["REVOKED" if n in gone else "OK" for n in range(ITEMS_MAX)]
    assert gate.statements() == (2, ITEMS_MAX + len(gone))
    assert gate.since('chancery_gate_results_total{result="facts_changed"}') == len(gone)


def test_what_was_cached_is_true_or_asked_for_again(world):
    """A template that another node has changed since."""
    template = world.template(grant("user:bob@fabrikam.com", VIEW)).template_id
    under = {"do_not_forward": {}, "template_id": template}
    under.pop("do_not_forward")
    request = {name: value for name, value in item(world, **under).items() if name != "do_not_forward"}
    other = world.a.node().start()
    try:
        assert told(other.call(PROTECT, {"requests": [request]}, world.gateway).results[0]) == "OK"
        world.call("TemplateService/ArchiveTemplate", {"template_id": template}, world.contoso.admin)
        results = other.call(PROTECT, {"requests": [request, item(world)] * 20}, world.gateway).results
        assert [told(result) for result in results] == ["TEMPLATE_ARCHIVED", "OK"] * 20
    finally:
        other.stop()


def test_each_item_may_be_asked_for_again(world):
    items = [item(world, request_id=new_id(), display_name=f"r{n}") for n in range(5)]
    first = protect_all(world, items)
    again = protect_all(world, items[::-1])[::-1]
    alone = world.call("PublishingService/Protect", items[2], world.gateway)
    keys = [world.reader.unwrap(result.response.wrapped_content_key) for result in first]
    assert [result.response.content_id for result in again] == [result.response.content_id for result in first]
    assert [world.reader.unwrap(result.response.wrapped_content_key) for result in again] == keys
    assert alone.content_id == first[2].response.content_id
    assert world.reader.unwrap(alone.wrapped_content_key) == keys[2]
    changed = protect_all(world, [items[0], {**items[1], "display_name": "other"}])
    assert [told(result) for result in changed] == ["OK", "REQUEST_ID_REUSED"]


def test_the_same_id_twice_in_one_batch_makes_one_content(world):
    one = item(world, request_id=new_id())
    results = protect_all(world, [one, item(world), one, {**one, "display_name": "other"}])
    assert [told(result) for result in results[:3]] == ["OK"] * 3 or told(results[3]) == "OK"
    assert len({result.response.content_id for result in (results[0], results[2])}) == 1
    assert world.sql(f"SELECT count(*) FROM content WHERE request_id = '{one['request_id']}'") == "1"
    assert sorted(told(result) for result in results) in (["OK", "OK", "OK", "REQUEST_ID_REUSED"],
                                                          ["OK", "OK", "REQUEST_ID_REUSED", "REQUEST_ID_REUSED"])


# --- what comes -----------------------------------------------------------------------------------

def field(number, value):
    """A field of bytes, as protobuf writes it."""
    length, head = len(value), bytes([number << 3 | 2])
    while length > 127:
        head, length = head + bytes([length & 127 | 128]), length >> 7
    return head + bytes([length]) + value


def send_bytes(world, body, path=PROTECT):
    channel = world.a.channel(world.gateway)
    stub = channel.unary_unary(f"/chancery.v1.{path}", lambda bytes_: bytes_, MESSAGES.method(path)[1].FromString)
    try:
        return stub(body, timeout=20)
    except grpc.RpcError as error:
        raise Refused(error) from error


def packed(world, **request):
    return MESSAGES.method("PublishingService/Protect")[0](**item(world, **request)).SerializeToString()


def test_how_many_items_there_may_be(world):
    for count in (0, ITEMS_MAX + 1, 50000):
        error = refused(send_bytes, world, field(1, b"") * count)
        assert (error.code, error.reason, error.fields) == ("INVALID_ARGUMENT", "FIELD_INVALID", ["requests"]), count


def test_an_item_that_is_no_message_refuses_itself_only(world):
    good = packed(world)
    body = field(1, good) + field(1, b"\xff") + field(9, b"later") + field(1, b"") + field(1, good)
    results = send_bytes(world, body).results
    assert [told(result) for result in results] == ["OK", "PROTO_MALFORMED", "FIELD_INVALID", "OK"]
    for whole in (b"\x0a\x05ab", b"\x0b\x0c", field(1, good)[:-1], b"\x08\x01"):
        assert refused(send_bytes, world, whole).reason == "PROTO_MALFORMED"


def test_how_large_a_batch_may_be(world):
    """4 MiB together, and each item as large as a single request."""
    large = packed(world, recipients=[f"{n}-{'x' * 480}@fabrikam.com" for n in range(400)])
    assert 180_000 < len(large) < 256 * 1024
    results = send_bytes(world, field(1, large) * 16).results
    assert [told(result) for result in results] == ["OK"] * 16
    too_large = packed(world) + field(15, b"x" * 512 * 1024)
    results = send_bytes(world, field(1, packed(world)) + field(1, too_large)).results
    assert [told(result) for result in results] == ["OK", "MESSAGE_TOO_LARGE"]
    assert refused(send_bytes, world, field(1, large) * 22).reason == "MESSAGE_TOO_LARGE"


def test_many_small_fields_are_too_complex(world):
    assert refused(send_bytes, world, b"\x10\x01" * 1_000_000).reason == "MESSAGE_TOO_COMPLEX"


def test_who_is_refused_hears_it_once(world):
    error = refused(world.call, PROTECT, {"requests": [item(world)] * 3}, world.portal)
    assert error.reason == "COMPONENT_ROLE"
    assert refused(world.call, LICENSE, {"requests": []}).reason == "CREDENTIAL_MISSING"


# --- clients that go, and workers that die --------------------------------------------------------

PROTECT_ROWS = ["parse", "grants", "recipients", "tenant", "decide", "record", "seal", "reply"]
BEFORE_COMMIT = PROTECT_ROWS[:6]


def start(world, items, trace, timeout=20):
    channel = fresh_channel(world.a, world.gateway)
    request_type, response_type = MESSAGES.method(PROTECT)
    stub = channel.unary_unary(f"/chancery.v1.{PROTECT}", request_type.SerializeToString, response_type.FromString)
    return channel, stub.future(request_type(requests=items), timeout=timeout,
                                metadata=[("traceparent", f"00-{trace}-{'1' * 16}-01")])


@pytest.mark.parametrize("row", PROTECT_ROWS)
@pytest.mark.parametrize("goes", ["cancel", "deadline"])
def test_a_client_goes_at_every_step_of_its_items(world, faults, row, goes):
    """Before the commit nothing is done; from there on all of it, and nothing is left over."""
    items, trace = [item(world, request_id=new_id()) for _ in range(7)], uuid.uuid4().hex
    faults.delay(Step("protect", row, False), 5000 if row in BEFORE_COMMIT[:5] else 300)
    channel, future = start(world, items, trace, timeout=0.2 if goes == "deadline" else 20)
    if goes == "cancel":
        eventually(lambda: world.metric("chancery_calls_active") >= 8, f"items stand before {row}")
        future.cancel()
        channel.close()
    else:
        assert future.exception().code().name == "DEADLINE_EXCEEDED"
        channel.close()
    eventually(lambda: world.metric("chancery_calls_active") == 0, "no call is left over")
    faults.none()
    done = len(records(world, trace))
    assert done == (7 if row in ("seal", "reply") else 0), row
    made = protect_all(world, items)
    assert [told(result) for result in made] == ["OK"] * 7
    assert world.sql(f"SELECT count(*) FROM content WHERE request_id = ANY('{{{','.join(i['request_id'] for i in items)}}}')"
                     ) == "7"
    assert not world.a.logged("worker.ended")


@pytest.mark.parametrize("step", [Step("protect", "record", True), Step("protect", "seal", False),
                                  Step("protect", "reply", False), Step("batch_protect", "reply", False)], ids=str)
def test_a_worker_dies_at_every_step_of_its_items(world, faults, step):
    items, trace = [item(world, request_id=new_id()) for _ in range(7)], uuid.uuid4().hex
    deaths = len(world.a.logged("worker.ended"))
    faults.kill(step)
    channel, future = start(world, items, trace)
    assert future.exception().code().name == "UNAVAILABLE"
    channel.close()
    faults.none()
    done = records(world, trace)
    assert len(done) == (0 if step.is_commit else 7)
    world.a.wait_for_log("worker.ready", deaths + 1)
    for channel in world.a.channels.values():
        channel.close()
    world.a.channels.clear()
    made = protect_all(world, items)
    assert [told(result) for result in made] == ["OK"] * 7
    ids = ",".join(request["request_id"] for request in items)
    assert world.sql(f"SELECT count(*) FROM content WHERE request_id = ANY('{{{ids}}}')") == "7"
    licenses = license_all(world, [result.response for result in made])
    assert [told(result) for result in licenses] == ["OK"] * 7
