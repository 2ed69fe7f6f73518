# SPDX-License-Identifier: Apache-2.0
"""Numbers of a request that were computed with as they came. `create_time.seconds = 2^62` in UpdateTenant went into the
stored request, and GetApproval, which shows it, multiplied it by a million: undefined behavior. A time beyond
google.protobuf.Timestamp's range is refused where the message comes in, whatever the field means and whether it is looked
at; every other number is tried at its ends. A build with sanitizers sees what the answers don't show."""
import base64
import hashlib
import struct

import pytest
from authority import Refused
from calls import outcome, refused
from methods import SINGLE, METHODS, caller_of, request_of
from stock import Stock

TIMES = {"google.protobuf.Timestamp", "google.protobuf.Duration"}
BAD_TIMES = [{"seconds": 1 << 62}, {"seconds": -(1 << 62)}, {"seconds": 253402300800}, {"seconds": -62135596801},
             {"seconds": 1, "nanos": -1}, {"seconds": 1, "nanos": 1000000000}, {"nanos": -(1 << 31)}]
EDGES = [{"seconds": 253402300799, "nanos": 999999999}, {"seconds": -62135596800}, {"seconds": 0}, {"seconds": -1},
         {"nanos": 1}]
NUMBERS = {"int32": (-(1 << 31), -1, (1 << 31) - 1), "uint32": ((1 << 32) - 1, 1 << 31),
           "int64": (-(1 << 63), -1, (1 << 63) - 1), "uint64": ((1 << 64) - 1,), "enum": (-(1 << 31), (1 << 31) - 1)}
OURS = {"INTERNAL", "UNKNOWN", "DATA_LOSS", "UNAVAILABLE"}


@pytest.fixture(scope="module")
def authority_options(dns):
    return {"workers": 1, "config": dns.config}


@pytest.fixture(scope="module")
def stock(world, dns):
    return Stock(world, 100, dns)


@pytest.fixture(scope="module")
def two(world):
    """A tenant whose acts wait for a second admin."""
    made = world.tenant("wingtip", domain="wingtip.com")
    assert made.second_admin
    world.update_tenant(made.admin, two_person=[1])
    return made


def kind_of(field):
    """What of this test the field is: a time, a kind of number, another message, or nothing."""
    if field.message_type:
        return "time" if field.message_type.full_name in TIMES else "message"
    return {field.TYPE_INT32: "int32", field.TYPE_UINT32: "uint32", field.TYPE_INT64: "int64", field.TYPE_UINT64: "uint64",
            field.TYPE_ENUM: "enum"}.get(field.type)


def places(descriptor, way=()):
    """Where a request holds times and numbers: ways of field descriptors to them."""
    for field in descriptor.fields:
        kind = kind_of(field)
        if kind == "message":
            yield from places(field.message_type, (*way, field))
        elif kind:
            yield kind, (*way, field)


CASES = [(method, kind, way) for method in SINGLE for kind, way in places(method.request_type().DESCRIPTOR)]
TIMES_OF = [(method, way) for method, kind, way in CASES if kind == "time"]
NUMBERS_OF = [(method, kind, way) for method, kind, way in CASES if kind != "time"]


def name(way):
    return ".".join(field.name for field in way)


def put(message, way, value):
    """Set the field at the end of the way; of lists, a new first element has it."""
    for field in way[:-1]:
        at = getattr(message, field.name)
        if field.label == field.LABEL_REPEATED:
            message = at[0] if at else at.add()
        else:
            at.SetInParent()
            message = at
    last = way[-1]
    is_list = last.label == last.LABEL_REPEATED
    if last.message_type:
        target = getattr(message, last.name)
        target = target.add() if is_list else target
        target.SetInParent()
        for key, number in value.items():
            setattr(target, key, number)
    elif is_list:
        getattr(message, last.name).append(value)
    else:
        setattr(message, last.name, value)


def send(world, stock, method, way, value):
    request = method.request_type()(**request_of(stock, method))
    put(request, way, value)
    fields = {field.name: item for field, item in request.ListFields()}
    return world.call(method.path, fields, **caller_of(stock, method))


def path_of(way):
    return ".".join(f"{field.name}[0]" if field.label == field.LABEL_REPEATED else field.name for field in way)


@pytest.mark.parametrize("method,way", TIMES_OF, ids=lambda item: getattr(item, "path", None) or name(item))
def test_a_time_beyond_all_times_was_taken(world, stock, method, way):
    for value in BAD_TIMES:
        why = refused(send, world, stock, method, way, value)
        assert (why.code, why.reason, why.fields) == ("INVALID_ARGUMENT", "FIELD_INVALID", [path_of(way)]), value
    for value in EDGES:
        try:
            send(world, stock, method, way, value)
        except Refused as error:
            assert error.code not in OURS, (value, error)


def test_there_are_times_to_look_at():
    assert {name(way) for _, way in TIMES_OF} >= {"tenant.create_time", "expire_time", "filter.start_time",
                                                  "template.update_time"}
    assert len(NUMBERS_OF) > 40


@pytest.mark.parametrize("method,kind,way", NUMBERS_OF, ids=lambda item: getattr(item, "path", None) or (
    item if isinstance(item, str) else name(item)))
def test_a_number_was_computed_with_as_it_came(world, stock, method, kind, way):
    for value in NUMBERS[kind]:
        try:
            send(world, stock, method, way, value)
        except Refused as error:
            assert error.code not in OURS, (value, error)


def test_what_the_server_sets_was_shown_to_the_approver(world, two):
    """The one that was found: what comes back in an approval."""
    w = world
    for value in EDGES:
        approval = w.call("TenantService/UpdateTenant", {
            "tenant": {"license_cap_days": 300, "create_time": value}, "update_mask": {"paths": ["license_cap_days"]}},
            two.admin).approval_id
        shown = w.call("ApprovalService/GetApproval", {"approval_id": approval}, two.second_admin).approval
        assert [change.field for change in shown.changes] == ["tenant.license_cap_days"]
        w.call("ApprovalService/RejectRequest", {"approval_id": approval}, two.second_admin)
    why = refused(w.update_tenant, two.admin, create_time={"seconds": 1 << 62})
    assert (why.reason, why.fields) == ("FIELD_INVALID", ["tenant.create_time"])


def test_a_request_that_waits_since_before_is_shown(world, two):
    """One that was stored with such a time by an older version."""
    w = world
    approval = w.call("TenantService/UpdateTenant", {"tenant": {"license_cap_days": 301},
                                                     "update_mask": {"paths": ["license_cap_days"]}}, two.admin).approval_id
    bad = bytes.fromhex("0a0c520a08") + b"\x80" * 8 + b"\x40"  # tenant { create_time { seconds: 2^62 } }
    w.sql(f"UPDATE approval SET request = '\\x{bad.hex()}' WHERE approval = '{approval}'")
    shown = w.call("ApprovalService/GetApproval", {"approval_id": approval}, two.second_admin).approval
    assert shown.request_json == "" and [change.field for change in shown.changes] == ["tenant.license_cap_days"]
    assert outcome(w.call, "ApprovalService/ApproveRequest", {"approval_id": approval}, two.second_admin) == "FIELD_INVALID"
    w.call("ApprovalService/RejectRequest", {"approval_id": approval}, two.second_admin)


@pytest.mark.parametrize("at", [-(1 << 63), -1, (1 << 63) - 1, 253402300800000000])
def test_a_page_token_held_a_time_that_was_computed_with(world, at):
    """A page token is bound to its list by a hash that anybody can compute."""
    key = struct.pack("<q", at) + bytes(16)
    request = METHODS["AuditService/Query"].request_type()(filter={"tenant": "contoso"})
    text = bytes(16) + key_length(key) + key + b"/chancery.v1.AuditService/Query\0" + request.SerializeToString()
    token = base64.urlsafe_b64encode(hashlib.sha256(text).digest()[:16] + key).rstrip(b"=").decode()
    why = refused(world.call, "AuditService/Query", {"filter": {"tenant": "contoso"}, "page_token": token},
                  world.platform_admin)
    assert why.reason == "PAGE_TOKEN_INVALID" and "hash" not in str(why)
    good = struct.pack("<q", 1) + bytes(16)
    text = text.replace(key, good)
    token = base64.urlsafe_b64encode(hashlib.sha256(text).digest()[:16] + good).rstrip(b"=").decode()
    assert not world.call("AuditService/Query", {"filter": {"tenant": "contoso"}, "page_token": token},
                          world.platform_admin).events  # it was made as the server makes them


def key_length(key):
    return struct.pack(">I", len(key))


@pytest.mark.parametrize("start,end,some", [(-1, None, True), (None, -1, False), (None, 0, False), (0, None, True),
                                            (None, 253402300799, True), (253402300799, None, False)])
def test_an_end_before_1970_was_no_end(world, start, end, some):
    assert world.protect()
    times = {key: {"seconds": value} for key, value in (("start_time", start), ("end_time", end)) if value is not None}
    assert bool(world.audit(tenant="contoso", **times)) == some
