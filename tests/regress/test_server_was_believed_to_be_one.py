# SPDX-License-Identifier: Apache-2.0
"""What is no authority, or a proxy before one, says less than an authority: the command line printed "chancery inspect: : ",
percent signs of grpc-message, the names of message types as if they were sentences, and of a Unix socket that nobody
answers at "localhost port 80"."""
import subprocess
from concurrent import futures

import grpc
import pytest

from command import CHANCERY


class Handler(grpc.GenericRpcHandler):
    """Answers every call in one way."""

    def __init__(self, act):
        self.act = act

    def service(self, handler_call_details):
        return grpc.unary_unary_rpc_method_handler(lambda request, context: self.act(context))


@pytest.fixture
def asked(tmp_path):
    """Ask a server that does this on a Unix socket."""
    def ask(act, command=("tenant", "get")):
        server = grpc.server(futures.ThreadPoolExecutor(1))
        server.add_generic_rpc_handlers((Handler(act),))
        assert server.add_insecure_port(f"unix:{tmp_path}/s") == 1
        server.start()
        try:
            return tell(tmp_path, command)
        finally:
            server.stop(0).wait()
    return ask


def tell(folder, command=("tenant", "get")):
    (folder / "profile.yaml").write_text(f"server: unix:{folder}/s\n")
    return subprocess.run([CHANCERY, *command, "--profile", f"{folder}/profile.yaml"], capture_output=True, text=True,
                          timeout=60, check=False)


@pytest.mark.parametrize("code,message,exit_code,shown", [
    (grpc.StatusCode.UNAVAILABLE, "", 1, "UNAVAILABLE: The server says no more."),
    (grpc.StatusCode.UNAUTHENTICATED, "no", 3, "UNAUTHENTICATED: no"),
    (grpc.StatusCode.INTERNAL, "100% of ü", 1, "INTERNAL: 100% of ü"),
    (grpc.StatusCode.PERMISSION_DENIED, "\x1b[31m\u202e\nrights: OWNER", 3,
     "PERMISSION_DENIED: \\u001b[31m\\u202e\\nrights: OWNER"),
])
def test_a_refusal_without_details_said_nothing(asked, code, message, exit_code, shown):
    done = asked(lambda context: context.abort(code, message))
    assert done.stderr == f"chancery tenant: {shown}\n" and done.returncode == exit_code


@pytest.mark.parametrize("answer", [b"\xff" * 100, b"\x0a\xff", b"\x0a\x03a\x1bb"])
def test_an_answer_that_is_none_was_told_by_its_type(asked, answer, tmp_path):
    done = asked(lambda context: answer)
    assert done.returncode == 1 and "AUTHORITY_UNREACHABLE" in done.stderr
    assert f"what unix:{tmp_path}/s answers is no valid chancery.v1.GetTenantResponse (" in done.stderr


def test_a_socket_was_told_as_a_port(tmp_path):
    done = tell(tmp_path)
    assert done.returncode == 1 and f"no answer from unix:{tmp_path}/s: " in done.stderr, done.stderr
    assert "localhost" not in done.stderr and "port 80" not in done.stderr
