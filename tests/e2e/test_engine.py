# SPDX-License-Identifier: Apache-2.0
"""The call engine with a client that never saw our code, through the flows that need no database.

Messages are written by hand here (protobuf's wire format), so that no generated code of ours takes part."""
import os
import signal
import subprocess
import time

import grpc
import pytest
from google.protobuf import descriptor_pb2

from waiting import let_pass

BUILD = os.environ["CHANCERY_BUILD"]
REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
REFLECTION_ALPHA = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


def field(number, data):
    assert len(data) < 128
    return bytes([number << 3 | 2, len(data)]) + data


def fields(data):
    """The length-delimited and varint fields of a message, as (number, value)."""
    def varint(at):
        value = shift = 0
        while True:
            byte = data[at]
            value |= (byte & 127) << shift
            at, shift = at + 1, shift + 7
            if byte < 128:
                return value, at

    at, out = 0, []
    while at < len(data):
        key, at = varint(at)
        value, at = varint(at)
        if key & 7 == 2:
            value, at = data[at:at + value], at + value
        out.append((key >> 3, value))
    return out


@pytest.fixture
def server(request):
    env = dict(os.environ, CHANCERY_FAULT=getattr(request, "param", ""))
    process = subprocess.Popen([f"{BUILD}/tests/programs/engine_server", "127.0.0.1:0"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    address = process.stdout.readline().strip()
    yield address
    process.send_signal(signal.SIGTERM)
    log = process.communicate(timeout=20)[1]
    assert process.returncode == 0, log


def check(channel, name=b"", **more):
    return channel.unary_unary("/grpc.health.v1.Health/Check")(field(1, name) if name else b"", **more)


def code(caught):
    return caught.value.code().name


def test_health(server):
    with grpc.insecure_channel(server) as channel:
        assert check(channel, timeout=5) == b"\x08\x01"
        assert check(channel, b"chancery.v1.LicensingService", timeout=5) == b"\x08\x01"
        with pytest.raises(grpc.RpcError) as caught:
            check(channel, b"no.Such", timeout=5)
        assert code(caught) == "NOT_FOUND"


def test_errors_carry_status_details(server):
    with grpc.insecure_channel(server) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            check(channel, b"no.Such", timeout=5)
    details = dict(caught.value.trailing_metadata())["grpc-status-details-bin"]
    assert (1, 5) in fields(details)  # google.rpc.Status.code
    anys = [dict(fields(value)) for number, value in fields(details) if number == 3]
    info = next(a for a in anys if a[1].endswith(b"google.rpc.ErrorInfo"))
    parts = fields(info[2])
    assert (1, b"NOT_FOUND") in parts and (2, b"org.chancery.authority") in parts
    assert any(number == 3 and b"request_id" in value for number, value in parts)
    assert any(a[1].endswith(b"google.rpc.LocalizedMessage") for a in anys)


def test_watch_tells_at_once_and_stays(server):
    with grpc.insecure_channel(server) as channel:
        call = channel.unary_stream("/grpc.health.v1.Health/Watch")(b"")
        assert next(call) == b"\x08\x01"
        let_pass(0.2)
        assert call.is_active()
        call.cancel()
        unknown = channel.unary_stream("/grpc.health.v1.Health/Watch")(field(1, b"no.Such"))
        assert next(unknown) == b"\x08\x03"
        unknown.cancel()


@pytest.mark.parametrize("method", [REFLECTION, REFLECTION_ALPHA])
def test_reflection_lists_and_describes(server, method):
    with grpc.insecure_channel(server) as channel:
        questions = [field(7, b"*"), field(4, b"chancery.v1.LicensingService"),
                     field(3, b"chancery/v1/common.proto"), field(4, b"no.Such")]
        answers = list(channel.stream_stream(method)(iter(questions), timeout=10))
    assert len(answers) == 4
    services = [dict(fields(v))[1] for n, v in fields(dict(fields(answers[0]))[6]) if n == 1]
    assert b"chancery.v1.LicensingService" in services and b"grpc.health.v1.Health" in services
    names = set()
    for number, value in fields(dict(fields(answers[1]))[4]):
        file = descriptor_pb2.FileDescriptorProto.FromString(value)
        names.add(file.name)
    assert {"chancery/v1/licensing.proto", "google/protobuf/descriptor.proto"} <= names
    assert 7 in dict(fields(answers[3]))


def test_a_thousand_questions_do_not_nest(server):
    with grpc.insecure_channel(server) as channel:
        questions = (field(4, b"no.Such") for _ in range(1000))
        answers = list(channel.stream_stream(REFLECTION)(questions, timeout=20))
    assert len(answers) == 1000


@pytest.mark.parametrize("method,expected", [
    ("/chancery.v1.LicensingService/PreLicense", "UNIMPLEMENTED"),
    ("/chancery.v1.NoService/Nothing", "UNIMPLEMENTED"),
    ("/nothing", "UNIMPLEMENTED"),
])
def test_what_is_not_there_is_unimplemented(server, method, expected):
    with grpc.insecure_channel(server) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary(method)(b"", timeout=5)
    assert code(caught) == expected


@pytest.mark.parametrize("body", [b"\xff", b"\x0a\x05ab", b"\x0a\x01\xff", b"\x0a\x03a\x00b"])
def test_malformed_messages_are_refused(server, body):
    with grpc.insecure_channel(server) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary("/grpc.health.v1.Health/Check")(body, timeout=5)
        assert code(caught) == "INVALID_ARGUMENT"
        with pytest.raises(grpc.RpcError) as caught:
            list(channel.stream_stream(REFLECTION)(iter([body]), timeout=5))
        assert code(caught) == "INVALID_ARGUMENT"


@pytest.mark.parametrize("server", ["health_check:check:delay=800"], indirect=True)
def test_the_cancel_matrix_of_a_step(server):
    """Deadline, cancel and disconnect while a step waits; then the server still answers."""
    with grpc.insecure_channel(server) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            check(channel, timeout=0.2)
        assert code(caught) == "DEADLINE_EXCEEDED"
        pending = channel.unary_unary("/grpc.health.v1.Health/Check").future(b"")
        let_pass(0.1)
        assert pending.cancel()
    for _ in range(10):
        channel = grpc.insecure_channel(server)
        channel.unary_unary("/grpc.health.v1.Health/Check").future(b"")
        let_pass(0.02)
        channel.close()
    with grpc.insecure_channel(server) as channel:
        assert check(channel, timeout=5) == b"\x08\x01"


@pytest.mark.parametrize("server", ["health_check:check:delay=60000"], indirect=True)
def test_the_server_enforces_its_own_deadline(server):
    with grpc.insecure_channel(server) as channel:
        started = time.time()
        with pytest.raises(grpc.RpcError) as caught:
            check(channel)
        assert code(caught) == "DEADLINE_EXCEEDED"
        assert 2.5 < time.time() - started < 6
