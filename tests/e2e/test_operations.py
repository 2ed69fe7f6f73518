# SPDX-License-Identifier: Apache-2.0
"""What operators do and what happens to them: drain, reload, a lost commit, many workers at once."""
import concurrent.futures
import json
import signal

import psycopg2
import pytest

from authority import MESSAGES, Refused
from calls import outcome, refused
from waiting import eventually


def acquire(w):
    return w.acquire(w.made, w.bob)


def records(w, where="granted"):
    return int(w.sql(f"SELECT count(*) FROM audit WHERE operation = 'acquire_license' AND {where}"))


def test_every_license_of_a_load_has_its_record(world):
    before = records(world)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        got = list(pool.map(lambda _: acquire(world), range(400)))
    assert records(world) - before == 400
    ids = {world.a.verify(license_.use_license, world.reader)[0]["jti"] for license_ in got[:20]}
    for event in ids:
        assert records(world, f"event = '{event}'") == 1


def test_a_lost_commit_is_called_unknown(world):
    """The statement was sent and its connection dies before it answers: it may be recorded or not, and the client
    is told so; it never gets the license."""
    blocker = psycopg2.connect(world.a.postgres.conninfo)
    blocker.cursor().execute("LOCK TABLE audit IN ACCESS EXCLUSIVE MODE")
    try:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            call = pool.submit(acquire, world)
            eventually(lambda: world.sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = "
                                         "'server' AND wait_event_type = 'Lock'") != "0", "a statement waits")
            error = refused(call.result)
    finally:
        blocker.close()
    assert (error.code, error.reason) == ("UNAVAILABLE", "OUTCOME_UNKNOWN")
    eventually(lambda: back(world), "the database is back")


def back(world):
    told = outcome(acquire, world)
    assert told in ("OK", "DATABASE_UNAVAILABLE")
    return told == "OK"


def test_reload_keeps_serving(world):
    before = len([line for line in world.a.log if line["event"] == "worker.ready"])
    world.a.write("chanceryd.yaml", b"nonsense: 1\n")
    world.a.process.send_signal(signal.SIGHUP)
    refused = world.a.wait_for_log("supervisor.reload_refused")
    assert "line 1" in refused["detail"]
    acquire(world)
    world.a.write("chanceryd.yaml", json.dumps(dict(world.a.config, limits={"drain_ms": 500})).encode())
    world.a.process.send_signal(signal.SIGHUP)
    world.a.wait_for_log("worker.ready", before + 1)
    for _ in range(3):
        try:
            acquire(world)
        except Refused as error:  # the connection to a worker that has drained
            assert error.code == "UNAVAILABLE"
    acquire(world)


@pytest.fixture
def slow_node(world, faults):
    """A node that takes its time to open a license."""
    faults.delay("inspect_content:open", 600)
    node = world.a.node(workers=1, env=faults.env).start()
    yield node
    node.stop()


def test_drain_answers_what_is_in_flight(world, slow_node):
    request_type, response_type = MESSAGES.method("LicensingService/InspectContent")
    stub = slow_node.channel().unary_unary("/chancery.v1.LicensingService/InspectContent",
                                           request_type.SerializeToString, response_type.FromString)
    call = stub.future(request_type(publishing_license=world.made.publishing_license),
                       metadata=[("authorization", f"Bearer {world.bob}")], timeout=10)
    eventually(lambda: "chancery_calls_active 1" in slow_node.page("/metrics")[1], "the call is in flight")
    slow_node.process.send_signal(signal.SIGTERM)
    assert call.result().tenant == "contoso"
    slow_node.process.wait(timeout=10)
    assert slow_node.process.returncode == 0
    assert slow_node.wait_for_log("worker.draining")["calls"] == 1
