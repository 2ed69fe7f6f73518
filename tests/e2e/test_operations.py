# SPDX-License-Identifier: Apache-2.0
"""What operators do and what happens to them: drain, reload, a lost commit, many workers at once."""
import concurrent.futures
import json
import signal
import time

import psycopg2
import pytest

from authority import MESSAGES, Authority, Reader, Refused


def make_world(**more):
    authority = Authority(**more)
    authority.migrate()
    authority.start()
    w = type("World", (), {})()
    w.a, w.reader = authority, Reader()
    w.contoso, w.admin = authority.tenant("contoso", "commercial", "contoso.com")
    w.fabrikam, _ = authority.tenant("fabrikam", "commercial", "fabrikam.com")
    w.gateway = authority.component("edge", 1, tenant="contoso", sender_domains=["contoso.com"])
    w.bob = w.fabrikam.token("bob@fabrikam.com")
    w.made = authority.call("PublishingService/Protect", {
        "client_public_jwk": w.reader.public, "owner": "alice@contoso.com", "do_not_forward": {},
        "recipients": ["bob@fabrikam.com"]}, w.gateway)
    return w


@pytest.fixture(scope="module")
def world():
    w = make_world()
    yield w
    w.a.close()


def acquire(w):
    return w.a.call("LicensingService/AcquireLicense", {
        "publishing_license": w.made.publishing_license, "client_public_jwk": w.reader.public}, token=w.bob)


def records(w, where="granted"):
    return int(w.a.postgres.sql(f"SELECT count(*) FROM audit WHERE operation = 'acquire_license' AND {where}"))


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
            for _ in range(100):
                ended = world.a.postgres.sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
                                             "usename = 'server' AND wait_event_type = 'Lock'")
                if ended != "0":
                    break
                time.sleep(0.02)
            with pytest.raises(Refused) as caught:
                call.result()
    finally:
        blocker.close()
    assert (caught.value.code, caught.value.reason) == ("UNAVAILABLE", "OUTCOME_UNKNOWN")
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            acquire(world)
            return
        except Refused as error:
            assert error.reason == "DATABASE_UNAVAILABLE"
            time.sleep(0.1)
    raise AssertionError("it did not come back")


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


def test_drain_answers_what_is_in_flight():
    w = make_world(workers=1, env={"CHANCERY_FAULT": "inspect_content:open:delay=600"})
    try:
        request_type, response_type = MESSAGES.method("LicensingService/InspectContent")
        stub = w.a.channel().unary_unary("/chancery.v1.LicensingService/InspectContent",
                                         request_type.SerializeToString, response_type.FromString)
        call = stub.future(request_type(publishing_license=w.made.publishing_license),
                           metadata=[("authorization", f"Bearer {w.bob}")], timeout=10)
        time.sleep(0.2)
        w.a.process.send_signal(signal.SIGTERM)
        assert call.result().tenant == "contoso"
        w.a.process.wait(timeout=10)
        assert w.a.process.returncode == 0
        assert w.a.wait_for_log("worker.draining")["calls"] == 1
    finally:
        w.a.close()
