# SPDX-License-Identifier: Apache-2.0
"""What the transport refuses is told as gRPC tells it (grpc/grpc doc/statuscodes.md, doc/compression.md): too much
metadata was HTTP 431, which clients show as UNKNOWN; broken frames were INVALID_ARGUMENT; an unknown method and an
overloaded node had no ErrorInfo; who used an unknown compression was not told which are known."""
import base64
import gzip
import struct
import subprocess

import grpc
import pytest

from authority import MESSAGES, Refused
from waiting import eventually

CHECK = "/grpc.health.v1.Health/Check"
MINE = "/chancery.v1.PublishingService/ListAvailableTemplates"


def framed(payload=b"", flag=0, length=None):
    return struct.pack(">BI", flag, len(payload) if length is None else length) + payload


class Answer:
    def __init__(self, text):
        head = [line.partition(": ") for line in text.decode("latin-1").replace("\r", "").split("\n")]
        self.status = text.split(b" ")[1].decode()
        self.fields = {name.lower(): value for name, _, value in head}
        self.code = int(self.fields.get("grpc-status", -1))
        details = self.fields.get("grpc-status-details-bin", "")
        status = MESSAGES("google.rpc.Status").FromString(base64.b64decode(details + "=" * (-len(details) % 4)))
        self.reasons = [MESSAGES("google.rpc.ErrorInfo").FromString(any_.value).reason for any_ in status.details
                        if any_.type_url.endswith("ErrorInfo")]


def ask(node, tmp_path, path, body, *headers):
    """By curl, which sends what it is told to."""
    (tmp_path / "body").write_bytes(body)
    options = [option for header in headers for option in ("-H", header)]
    done = subprocess.run(["curl", "-s", "-i", "-m", "10", "--http2-prior-knowledge", "-H", "content-type: application/grpc",
                           "-H", "te: trailers", *options, "--data-binary", f"@{tmp_path}/body",
                           f"http://{node.cleartext}{path}"], capture_output=True, check=False)
    assert done.stdout, done
    return Answer(done.stdout)


@pytest.mark.parametrize("headers", [[f"x-{n}: {'a' * 1000}" for n in range(49)], [f"x-{n}: a" for n in range(70)],
                                     ["x-one: " + "a" * 49 * 1024]], ids=["sum", "entries", "one"])
@pytest.mark.parametrize("path", [CHECK, MINE])
def test_too_much_metadata(authority, tmp_path, headers, path):
    answer = ask(authority, tmp_path, path, framed(), *headers)
    assert (answer.status, answer.code, answer.reasons) == ("200", 8, ["METADATA_TOO_LARGE"])
    first = ask(authority, tmp_path, path, framed(), *headers, "content-type: application/grpc+proto")
    assert first.code == 8


def test_too_many_headers_of_a_page(authority):
    done = subprocess.run(["curl", "-s", "--http2-prior-knowledge", "-o", "/dev/null", "-w", "%{http_code}",
                           *[f"-Hx-{n}: a" for n in range(70)], f"http://{authority.cleartext}/livez"],
                          capture_output=True, text=True, check=True)
    assert done.stdout == "431"


def test_two_tokens_of_the_documented_size_fit(world):
    """They are refused for what they are, not for their size."""
    token = "a" * (16 * 1024 - 8)
    for number in range(2):
        with pytest.raises(Refused) as failed:
            world.a.call("PublishingService/ListAvailableTemplates", {}, world.contoso.gateway, metadata=[
                ("authorization", f"Bearer {token}"), ("x-chancery-user-token", token), ("dpop", "a" * 8192),
                ("traceparent", f"00-4bf92f3577b34da6a3ce929d0e0e473{number}-00f067aa0ba902b7-01")])
        assert failed.value.reason.startswith("TOKEN_"), failed.value.reason


def test_unknown_method(authority, tmp_path):
    for path in ("/chancery.v1.NoService/Nothing", "/x", CHECK + "?x=y", "/"):
        answer = ask(authority, tmp_path, path, framed())
        assert (answer.code, answer.reasons) == (12, ["METHOD_UNKNOWN"]), path
    with pytest.raises(grpc.RpcError) as failed:
        authority.channel().unary_unary("/chancery.v1.NoService/Nothing")(b"", timeout=10)
    assert Refused(failed.value).reason == "METHOD_UNKNOWN" and Refused(failed.value).metadata["request_id"]


def test_unknown_compression(authority, tmp_path):
    for flag in (1, 0):  # whatever the message says of itself
        answer = ask(authority, tmp_path, CHECK, framed(b"x", flag=flag), "grpc-encoding: snappy")
        assert (answer.code, answer.reasons) == (12, ["COMPRESSION_UNSUPPORTED"])
        assert answer.fields["grpc-accept-encoding"] == "identity,gzip"


@pytest.mark.parametrize("body, headers, code, reason", [
    (framed(b"x", flag=2), [], 13, "FRAMING_BROKEN"),
    (framed(b"", flag=255), [], 13, "FRAMING_BROKEN"),
    (framed(b"x", length=9), [], 13, "FRAMING_BROKEN"),
    (b"\0\0", [], 13, "FRAMING_BROKEN"),
    (framed(b"x", flag=1), [], 13, "FRAMING_BROKEN"),
    (framed(b"x", flag=1), ["grpc-encoding: identity"], 13, "FRAMING_BROKEN"),
    (framed(b"no gzip", flag=1), ["grpc-encoding: gzip"], 13, "COMPRESSION_INVALID"),
    (framed(gzip.compress(b"x" * 99)[:-9], flag=1), ["grpc-encoding: gzip"], 13, "COMPRESSION_INVALID"),
    (framed(), ["grpc-timeout: soon"], 13, "FRAMING_BROKEN"),
    (b"", [], 12, "MESSAGE_COUNT_WRONG"),
    (framed() + framed(), [], 12, "MESSAGE_COUNT_WRONG"),
    (framed(length=1 << 30), [], 8, "MESSAGE_TOO_LARGE"),
    (framed(b"\xff"), [], 3, "PROTO_MALFORMED"),
])
def test_broken_frames(authority, tmp_path, body, headers, code, reason):
    answer = ask(authority, tmp_path, CHECK, body, *headers)
    assert (answer.code, answer.reasons) == (code, [reason])


def test_broken_frames_are_no_fault_of_the_server(authority, tmp_path):
    ask(authority, tmp_path, CHECK, framed(b"x", flag=2))
    line = eventually(lambda: authority.logged("call.done", reason="FRAMING_BROKEN"), "its line")[-1]
    assert line["level"] == "info"
