# SPDX-License-Identifier: Apache-2.0
"""Calls and what comes of them: an answer, or a refusal with its reason; on one connection, or on each worker's."""
import grpc
import pytest

from authority import MESSAGES, Refused, connected

CONNECTIONS = 8  # to two workers: all on one of them once in 128 times, and then only a test is weaker


def refused(function, *args, **more):
    """The refusal of a call that must be refused, with a sentence for people. That of a batch is the one for which each of
    its items is."""
    with pytest.raises(Refused) as caught:
        answer = function(*args, **more)
        if answer.DESCRIPTOR.name.startswith("Batch"):
            reasons = {result.error.reason for result in answer.results if result.WhichOneof("outcome") == "error"}
            assert len(reasons) == 1 and all(result.HasField("error") for result in answer.results)
            raise Refused.of_item(answer.results[0].error)
    assert caught.value.sentence, "an error without a sentence for people"
    return caught.value


def reason(function, *args, **more):
    return refused(function, *args, **more).reason


def outcome(function, *args, **more):
    """OK, or the reason why not: for calls of which either may come."""
    try:
        function(*args, **more)
        return "OK"
    except Refused as error:
        return error.reason


def outcome_of(future):
    try:
        future.result()
        return "OK"
    except grpc.RpcError as error:
        return Refused(error).reason


def fresh_channel(authority, who=None):
    """A connection of its own, which any of the workers may get."""
    credentials = grpc.ssl_channel_credentials(authority.server.certificate, who.key if who else None,
                                               who.certificate if who else None)
    return grpc.secure_channel(authority.address, credentials, options=[("grpc.use_local_subchannel_pool", 1)])


def call_on(channel, path, request, metadata=(), wait=True):
    """The outcome of a call on this connection, or its future."""
    request_type, response_type = MESSAGES.method(path)
    stub = channel.unary_unary(f"/chancery.v1.{path}", request_type.SerializeToString, response_type.FromString)
    more = {"metadata": metadata, "timeout": 20}
    if not wait:
        return stub.future(request_type(**request), **more)
    try:
        connected(stub, request_type(**request), more)
        return "OK"
    except grpc.RpcError as error:
        return Refused(error).reason


def everywhere(authority, path, request, who=None, token=None, metadata=()):
    """The one outcome of a call on several connections, of which both workers have some, all but certainly. They are
    kept, so what a worker remembers of an earlier call would show."""
    if (authority.address, who) not in authority.lines:
        authority.lines[authority.address, who] = [fresh_channel(authority, who) for _ in range(CONNECTIONS)]
    metadata = [*metadata, ("authorization", f"Bearer {token}")] if token else list(metadata)
    outcomes = {call_on(channel, path, request, metadata) for channel in authority.lines[authority.address, who]}
    assert len(outcomes) == 1, outcomes
    return outcomes.pop()


def pages(call, path, request, items, who=None, **more):
    """All items of a list, page by page."""
    found, token = [], ""
    while True:
        page = call(path, {**request, "page_token": token}, who, **more)
        found += getattr(page, items)
        token = page.next_page_token
        if not token:
            return found
