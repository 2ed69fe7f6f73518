# SPDX-License-Identifier: Apache-2.0
"""AuditService.Export and Tail when something ends them: nodes, networks, readers who don't read, a database that goes back.
And what a long one takes."""
import contextlib
import json
import os
import signal
import threading

import grpc
import psycopg2
import pytest

from authority import MESSAGES, Refused
from build_kind import is_sanitized
from calls import fresh_channel
from http_calls import VERSIONS, as_json, envelope, envelopes, post, web_trailers
from old_state import seems_to_have_gone_back
from processes import children, resident_kib
from waiting import eventually, let_pass

LONG_AGO, MANY = 1_600_000_000, 200_000


def request_for(method, start, end=None, token="", **filters):
    times = {"start_time": {"seconds": start}, **({"end_time": {"seconds": end}} if end else {})}
    return MESSAGES.method(f"AuditService/{method}")[0](filter={**times, **filters}, resume_token=token)


def call(world, method, request, who, channel=None):
    request_type, response_type = MESSAGES.method(f"AuditService/{method}")
    stub = (channel or world.a.channel(who)).unary_stream(f"/chancery.v1.AuditService/{method}", request_type.SerializeToString,
                                                          response_type.FromString)
    return stub(request, timeout=120)


def ids(messages):
    return [event.event_id for message in messages for event in message.events]


def stored(world, tenant):
    return world.sql(f"SELECT event FROM audit WHERE tenant = '{tenant.id}' AND at < to_timestamp({LONG_AGO + 1000}) "
                     "ORDER BY at, event").splitlines()


def workers(world):
    return children(world.a.process.pid)


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1}


@pytest.fixture(scope="module")
def large(world):
    """A tenant with a log of many pages."""
    tenant = world.tenant()
    world.sql("INSERT INTO audit (tenant, at, event, operation, granted, reason, user_address, client_address, user_agent, "
              f"correlation_id) SELECT '{tenant.id}', to_timestamp({LONG_AGO}) + n * interval '1 millisecond', "
              f"gen_random_uuid(), 'acquire_license', true, 'OK', 'u' || n % 100 || '@{tenant.domain}', '192.0.2.1:1', "
              f"md5(n::text) || md5(n || 'x'), md5(n || 'y') FROM generate_series(1, {MANY}) AS n")  # which no gzip makes small
    return tenant


@contextlib.contextmanager
def slow_reader(world, tenant):
    """A long export over a connection of its own, whose client takes a message when it is asked to and little ahead."""
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 65536)]
    credentials = grpc.ssl_channel_credentials(world.a.server.certificate, tenant.auditor.key, tenant.auditor.certificate)
    with grpc.secure_channel(world.a.address, credentials, options=options) as channel:
        yield iter(call(world, "Export", request_for("Export", LONG_AGO, LONG_AGO + 1000), tenant.auditor, channel))


memory_tells = pytest.mark.skipif(is_sanitized(), reason="AddressSanitizer keeps what is freed")


@memory_tells
def test_a_long_export_takes_no_more_memory_than_a_short_one(world, large):
    worker, = workers(world)
    list(call(world, "Export", request_for("Export", LONG_AGO, LONG_AGO + 1), large.auditor))
    before, most, found = resident_kib(worker), 0, []
    for number, message in enumerate(call(world, "Export", request_for("Export", LONG_AGO, LONG_AGO + 1000), large.auditor)):
        found += ids([message])
        most = max(most, resident_kib(worker)) if number % 10 == 0 else most
    assert found == stored(world, large)
    assert most - before < 12 * 1024, f"{most - before} KiB more"


@memory_tells
def test_a_reader_who_is_slow_takes_no_memory(world, large):
    worker, = workers(world)
    with slow_reader(world, large) as stream:
        next(stream)
        before = resident_kib(worker)
        let_pass(3)
        assert resident_kib(worker) - before < 8 * 1024


def test_a_reader_who_is_slow_is_waited_for(world, large):
    """Nothing piles up meanwhile, and nobody else waits."""
    with slow_reader(world, large) as stream:
        found = ids([next(stream)])
        let_pass(3)
        assert 0 < world.metric("chancery_net_queued_bytes") < 1024 * 1024
        assert world.call("AuditService/Query", {}, large.auditor).events
        for message in stream:
            found += ids([message])
    assert found == stored(world, large)


def test_who_goes_leaves_nothing_behind(world, large):
    streams = [call(world, "Export", request_for("Export", LONG_AGO, LONG_AGO + 1000), large.auditor) for _ in range(3)]
    for stream in streams:
        next(iter(stream))
        stream.cancel()
    tails = [call(world, "Tail", request_for("Tail", LONG_AGO + 2000), large.auditor) for _ in range(3)]
    for stream in tails:
        next(iter(stream))
        stream.cancel()
    eventually(lambda: world.metric("chancery_calls_active") == 0, "all have ended")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_it_goes_on_behind_what_a_node_has_sent_last(world, large, how):
    """A worker is killed, or told to end, in the middle of an export, again and again."""
    request, found, ends, token = request_for("Export", LONG_AGO, LONG_AGO + 1000), [], [], ""
    while True:
        request.resume_token = token
        channel, number = fresh_channel(world.a, large.auditor), 0
        try:
            for message in call(world, "Export", request, large.auditor, channel):
                found += ids([message])
                token, number = message.resume_token, number + 1
                if number == 60 and len(ends) < 4:
                    worker, = workers(world)
                    os.kill(worker, how)
            break
        except grpc.RpcError as error:
            ends.append(Refused(error))
        finally:
            channel.close()
        eventually(lambda: workers(world), "a worker is there again")
    assert found == stored(world, large)
    assert len(ends) >= 4 and {end.code for end in ends} <= {"UNAVAILABLE", "CANCELLED", "INTERNAL"}


def test_a_node_that_drains_ends_streams_with_a_reason(world):
    tenant = world.tenant()
    tail = call(world, "Tail", request_for("Tail", LONG_AGO), tenant.auditor)
    first = next(iter(tail))
    assert first.resume_token
    world.a.process.send_signal(signal.SIGHUP)
    with pytest.raises(grpc.RpcError) as caught:
        for _ in tail:
            pass
    assert (Refused(caught.value).code, Refused(caught.value).reason) == ("UNAVAILABLE", "SHUTTING_DOWN")


# --- a database that goes back -------------------------------------------------------------------------------


def token_of(world, tenant):
    tail = call(world, "Tail", request_for("Tail", LONG_AGO), tenant.auditor)
    token = next(iter(tail)).resume_token
    tail.cancel()
    return token


def resumed(world, tenant, token, method="Tail"):
    with pytest.raises(grpc.RpcError) as caught:
        stream = call(world, method, request_for(method, LONG_AGO, token=token), tenant.auditor)
        threading.Timer(10, stream.cancel).start()
        for _ in stream:
            pass
    return Refused(caught.value)


def test_a_database_that_went_back_is_told(world):
    tenant = world.tenant()
    token = token_of(world, tenant)
    with seems_to_have_gone_back(world) as number:
        refused = resumed(world, tenant, token)
        assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "LOG_WENT_BACK")
        world.sql(f"UPDATE history SET number = {number}, mark = mark_new()")  # as many times, and differently
        assert resumed(world, tenant, token).reason == "LOG_WENT_BACK"
    stream = call(world, "Tail", request_for("Tail", LONG_AGO, token=token), tenant.auditor)
    assert next(iter(stream)).resume_token
    stream.cancel()


def test_a_stream_that_runs_hears_of_it(world):
    tenant = world.tenant()
    tail = call(world, "Tail", request_for("Tail", LONG_AGO), tenant.auditor)
    next(iter(tail))
    with seems_to_have_gone_back(world):
        with pytest.raises(grpc.RpcError) as caught:
            for _ in tail:
                pass
        assert Refused(caught.value).reason == "LOG_WENT_BACK"


def test_sessions_that_hide_their_beginning_are_told_of(world):
    """Those of another role that writes the same log, which this one may not look into."""
    tenant = world.tenant()
    world.sql("DROP ROLE IF EXISTS second_server; CREATE ROLE second_server LOGIN IN ROLE chancery_server")
    conninfo = world.a.postgres.conninfo.replace("user=owner", "user=second_server")
    other = psycopg2.connect(conninfo)
    try:
        assert resumed(world, tenant, "").reason == "LOG_UNSETTLED"
        world.sql("GRANT pg_read_all_stats TO server")
        stream = call(world, "Tail", request_for("Tail", LONG_AGO), tenant.auditor)
        assert next(iter(stream)).resume_token
        stream.cancel()
    finally:
        world.sql("REVOKE pg_read_all_stats FROM server")
        other.close()
        eventually(lambda: world.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'second_server'") == "0", "it is gone")
        world.sql("DROP ROLE second_server")


# --- other protocols ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["connect+json", "connect+proto", "grpc-web+proto", "grpc-web-text"])
def test_other_protocols_have_the_same(world, large, version, kind):
    message = request_for("Export", LONG_AGO, LONG_AGO + 3)
    response = MESSAGES.method("AuditService/Export")[1]
    body = envelope(as_json(message) if kind == "connect+json" else message.SerializeToString())
    wanted = stored(world, large)[:2999]
    if kind == "grpc-web-text":
        import base64  # pylint: disable=import-outside-toplevel
        answer = post(world, version, "AuditService/Export", base64.b64encode(body), f"application/{kind}", who=large.auditor)
        text, came = answer.body, b""
        for piece in [text[at:at + 4] for at in range(0, len(text), 4)]:
            came += base64.b64decode(piece)
    else:
        came = post(world, version, "AuditService/Export", body, f"application/{kind}", who=large.auditor).body
    *messages, (flags, end) = envelopes(came)
    if kind == "connect+json":
        found = [event["eventId"] for _, data in messages for event in json.loads(data).get("events", [])]
    else:
        found = ids([response.FromString(data) for _, data in messages])
    assert found == wanted
    assert (flags, json.loads(end)) == (2, {}) if kind.startswith("connect") else web_trailers(end)["grpc-status"] == "0"
