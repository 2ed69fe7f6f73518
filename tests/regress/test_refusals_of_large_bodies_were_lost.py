# SPDX-License-Identifier: Apache-2.0
"""A refusal comes before the request's body has, and curl over HTTP/2 loses it if a reset stops the rest. The rest was let
come for calls whose body is one message, if what had been allowed was not taken back with our first SETTINGS; for other
refusals (a content type, an origin, a path, a frame of gRPC-Web) not at all."""
import json

import pytest

from http_calls import envelope, fetch

IMPORT = "/chancery.v1.DirectoryService/ImportDirectory"
BODY = json.dumps({"x": "a" * 690000}).encode()
TOO_LARGE = envelope(b"x" * 524289)
TIMES = 5  # a race lost it

CASES = {
    "who is nobody": (IMPORT, "application/json", BODY, None, (), 401),
    "a message too large": (IMPORT, "application/json", BODY + b" " * 100000, "admin", (), 429),
    "a message of gRPC-Web too large": (IMPORT, "application/grpc-web", TOO_LARGE, "admin", (), 200),
    "nobody by gRPC-Web": (IMPORT, "application/grpc-web", TOO_LARGE, None, (), 200),
    "a content type": (IMPORT, "text/plain", BODY, "admin", (), 415),
    "an origin": (IMPORT, "application/json", BODY, "admin", ("origin: https://evil.example",), 403),
    "a method that is none": ("/chancery.v1.DirectoryService/Nothing", "application/json", BODY, "admin", (), 404),
    "a page": ("/livez", "application/json", BODY, "admin", (), 405),
}


@pytest.mark.parametrize("name", CASES)
def test_the_answer_was_lost(world, name):
    path, kind, body, who, headers, status = CASES[name]
    for _ in range(TIMES):
        got = fetch(world, "--http2", path, f"content-type: {kind}", *headers, body=body,
                    who=getattr(world.contoso, who) if who else None)
        assert got.status == status
