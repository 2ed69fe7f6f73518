# SPDX-License-Identifier: Apache-2.0
"""Every method of the schema, asked by everybody who may not: without a credential, with a certificate that nobody has
registered, with every role but its own, without the user whom it needs. The credential's refusal comes first, whatever
the body is, and what must be recorded is: for each call of whom somebody knows, and counted for the others.

Methods without a flow answer that they are not built yet."""
import itertools
import os
import re

import grpc
import pytest

from authority import Refused
from methods import METHODS, REQUESTS, caller_of, request_of
from stock import Stock
from waiting import eventually

REASONS = f"{os.path.dirname(os.path.abspath(__file__))}/../../lib/base/reasons.def"
GARBAGE = [b"\xff" * 40, b"\x0a\xff\xff\xff\xff\x0f"]  # no message, and a field that is longer than the rest

# What is for everybody has a credential in its request, and a small one.
CLOSED = [method for method in METHODS.values() if not method.is_public]
ALL = pytest.mark.parametrize("method", CLOSED, ids=lambda method: method.path)
BUILT = pytest.mark.parametrize("method", [method for method in METHODS.values() if method.is_built],
                                ids=lambda method: method.path)
BODIES = pytest.mark.parametrize("body", ["valid", "garbage", "large"])


@pytest.fixture(scope="module")
def authority_options(dns):
    return {"workers": 1, "config": {**dns.config, "limits": {"failures_per_second": 1000000}}}


@pytest.fixture(scope="module")
def stock(world, dns):
    return Stock(world, 3, dns)


@pytest.fixture(scope="module")
def callers(world):
    """Somebody of every role."""
    return {"gateway": world.gateway, "portal": world.portal, "decryptor": world.contoso.decryptor,
            "client": None, "provisioner": None, "tenant-admin": world.contoso.admin, "auditor": world.contoso.auditor,
            "platform-admin": world.platform_admin}


@pytest.fixture(scope="module")
def bodies(stock):
    """What to send: a request that is valid as far as there is one, what is no message, and more than is taken."""
    valid = {path: METHODS[path].request_type()(**request_of(stock, METHODS[path])) for path in REQUESTS}

    def of(method, kind):
        if kind == "valid":
            return [valid[method.path].SerializeToString() if method.path in valid else b""]
        return GARBAGE if kind == "garbage" else [bytes(method.max_bytes + 1)]

    return of


TRACES = (f"{number:032x}" for number in itertools.count(1))


def is_recorded(reason):
    """Whether the table of reasons says that a refusal for this reason is a decision, which goes into the log."""
    with open(REASONS, encoding="utf-8") as file:
        flag = re.search(rf"^REASON\({reason}, \w+, \w+, (\w+),", file.read(), re.M).group(1)
    return flag == "AUDIT"


def ask(world, method, body, who=None, token=None, user_token=None, **more):  # pylint: disable=R0913
    """The refusal of a call with these bytes as its body, and the trace id by which the log knows it."""
    trace = next(TRACES)
    channel = world.a.channel(who)
    make = channel.unary_stream if method.is_streaming else channel.unary_unary
    metadata = [("traceparent", f"00-{trace}-{'1' * 16}-01")]
    if token:
        metadata.append(("authorization", f"Bearer {token}"))
    if user_token:
        metadata.append(("x-chancery-user-token", user_token))
    try:
        answer = make(f"/chancery.v1.{method.path}")(body, timeout=20, metadata=metadata, **more)
        raise AssertionError(f"{method.path} answered {list(answer) if method.is_streaming else answer}")
    except grpc.RpcError as error:
        return Refused(error), trace


def counted(world, reason):
    """Calls of callers whom nobody knows, which were refused for this reason."""
    return world.metric(f'chancery_unauthenticated_total{{reason="{reason}"}}')


def check(world, method, refusal, trace, expected, is_known=True):
    """Refused with this reason, and recorded under the flow's name if the reason is one to be recorded and somebody is
    known. Of others there is a row now and then."""
    if not method.is_built:
        assert (refusal.code, refusal.reason) == ("UNIMPLEMENTED", "METHOD_UNIMPLEMENTED")
        return
    assert (refusal.code, refusal.reason) == expected, method.path
    rows = world.sql(f"SELECT operation, granted, reason FROM audit WHERE correlation_id = '{trace}'").splitlines()
    row = f"{method.flow}|f|{refusal.reason}"
    assert rows == [row] if is_known and is_recorded(refusal.reason) else not rows or (not is_known and rows == [row])


@BODIES
@ALL
def test_without_a_credential(world, bodies, method, body):
    for data in bodies(method, body):
        before = counted(world, "CREDENTIAL_MISSING")
        refusal, trace = ask(world, method, data)
        check(world, method, refusal, trace, ("UNAUTHENTICATED", "CREDENTIAL_MISSING"), is_known=False)
        assert counted(world, "CREDENTIAL_MISSING") == before + method.is_built


@BODIES
@ALL
def test_with_a_certificate_that_nobody_registered(world, bodies, method, body):
    stranger = world.identity()
    for data in bodies(method, body):
        before = counted(world, "COMPONENT_UNKNOWN")
        refusal, trace = ask(world, method, data, stranger)
        check(world, method, refusal, trace, ("UNAUTHENTICATED", "COMPONENT_UNKNOWN"), is_known=False)
        assert counted(world, "COMPONENT_UNKNOWN") == before + method.is_built


@BODIES
@ALL
def test_with_every_wrong_role(world, stock, callers, bodies, method, body):
    tokens = {"client": world.alice, "provisioner": stock.scim_token}
    assert set(callers) == method.roles | set(method.wrong_roles()), "a new role needs a caller here"
    for role in method.wrong_roles():
        for data in bodies(method, body):
            refusal, trace = ask(world, method, data, callers[role], tokens.get(role))
            check(world, method, refusal, trace, ("PERMISSION_DENIED", "COMPONENT_ROLE"))


@BODIES
@pytest.mark.parametrize("method", [method for method in METHODS.values() if method.roles_that_need_a_user()],
                         ids=lambda method: method.path)
def test_without_the_user_whom_it_needs(world, callers, bodies, method, body):
    for role in method.roles_that_need_a_user():
        for data in bodies(method, body):
            refusal, trace = ask(world, method, data, callers[role])
            check(world, method, refusal, trace, ("UNAUTHENTICATED", "USER_TOKEN_REQUIRED"))


def test_what_is_recorded(world):
    """The refusals that say who has tried; strangers cost a row now and then."""
    assert is_recorded("COMPONENT_UNKNOWN") and is_recorded("COMPONENT_ROLE")
    assert world.audit(reason="COMPONENT_ROLE", tenant="contoso")
    rows = eventually(lambda: world.audit(reason="COMPONENT_UNKNOWN"), "a summary in the log")
    assert len(rows) < counted(world, "COMPONENT_UNKNOWN") / 4


@BUILT
def test_who_may_call_is_told_what_is_wrong(world, stock, bodies, method):
    who = caller_of(stock, method)
    for data in bodies(method, "garbage"):
        assert ask(world, method, data, **who)[0].reason == "PROTO_MALFORMED"
    assert ask(world, method, *bodies(method, "large"), **who)[0].reason == "MESSAGE_TOO_LARGE"


@pytest.mark.parametrize("method", [method for method in CLOSED if method.is_built], ids=lambda method: method.path)
def test_a_strangers_gzip_is_not_inflated(world, method):
    """A few KiB on the wire that would be larger than any method takes: refused for want of a credential, not for that."""
    refusal, trace = ask(world, method, bytes(8 << 20), compression=grpc.Compression.Gzip)
    check(world, method, refusal, trace, ("UNAUTHENTICATED", "CREDENTIAL_MISSING"), is_known=False)
