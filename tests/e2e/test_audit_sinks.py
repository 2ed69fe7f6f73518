# SPDX-License-Identifier: Apache-2.0
"""Sinks of the audit log: each record arrives at least once, at a file and at a syslog receiver, whatever stalls, breaks or ends;
and nobody waits for them."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import psycopg2
import pytest

from authority import Identity
from command import run, with_certificate
from processes import children
from syslog_receiver import SyslogReceiver
from waiting import eventually, let_pass

EVENT = re.compile(r'"eventId":"([0-9a-f-]{36})"')
LATE = 60  # seconds: a lease that nobody gives back takes 15 to end


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1}


@pytest.fixture(scope="module")
def world(world):  # pylint: disable=redefined-outer-name
    """Some of everything, in the platform's log and in two tenants'."""
    made = world.protect(do_not_forward={}, recipients=["bob@fabrikam.com"])
    world.acquire(made, world.bob)
    with pytest.raises(Exception):
        world.acquire(made, world.mallory)
    return world


def record(world, count, mark):
    """So many records by another node, in one transaction."""
    node = psycopg2.connect(world.a.postgres.server_conninfo)
    with node, node.cursor() as cursor:
        cursor.execute("INSERT INTO audit (tenant, at, event, operation, granted, reason, client_address, user_agent, "
                       "correlation_id, target) SELECT %s, now(), gen_random_uuid(), 'x', n %% 2 = 0, 'OK', '192.0.2.1:1', "
                       "repeat(md5(n::text), 8), %s, repeat('ä\"', 20) FROM generate_series(1, %s) AS n",
                       (world.contoso.id, mark, count))
    node.close()


def events(lines):
    return [EVENT.search(line)[1] for line in lines]


def has_all(world, read):
    """Whether all that was recorded before this call has come."""
    wanted = set(world.sql("SELECT event FROM audit").splitlines())
    eventually(lambda: not wanted - set(events(read())), lambda: f"{len(wanted - set(events(read())))} are missing", LATE, 0.5)


def put(world, name, data):
    """A file beside the configuration; its path."""
    world.a.write(name, data)
    return f"{world.a.folder}/{name}"


def configure(world, *sinks):
    """Take over sinks by a reload."""
    world.a.config["audit_sinks"] = list(sinks)
    put(world, "chanceryd.yaml", json.dumps(world.a.config).encode())
    reloads = len(world.a.logged("supervisor.reload"))
    world.a.process.send_signal(signal.SIGHUP)
    world.a.wait_for_log("supervisor.reload", reloads)
    eventually(lambda: len(children(world.a.process.pid)) == 1, "the former worker has gone")
    world.reconnect()


def lines_of(path):
    """The whole ones."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return file.read().split("\n")[:-1]


@contextlib.contextmanager
def file_sink(world, name=None):
    path = f"{world.a.folder}/{world.unique('sink')}.jsonl"
    configure(world, {"name": name or world.unique("file"), "file": path})
    yield path, lambda which=path: lines_of(which)
    configure(world)


@contextlib.contextmanager
def syslog_sink(world, receiver, name=None, **more):
    ca_file = put(world, world.unique("ca") + ".pem", receiver.identity.certificate)
    configure(world, {"name": name or world.unique("syslog"),
                      "syslog": {"address": receiver.address, "ca_file": ca_file, **more}})
    yield
    configure(world)


@pytest.fixture
def receiver(world):
    identity = Identity("siem")
    made = SyslogReceiver(put(world, "siem.pem", identity.certificate), put(world, "siem.key", identity.key))
    made.identity = identity
    yield made
    made.resume()
    made.stop()


# --- what is sent --------------------------------------------------------------------------------------------------


def test_a_file_has_the_lines_of_an_export(world):
    with_certificate(world, "auditor", world.contoso.auditor)
    with file_sink(world) as (path, read):
        has_all(world, read)
        assert os.stat(path).st_mode & 0o777 == 0o640
        lines = read()
        assert len(events(lines)) == len(set(events(lines)))
        times = [json.loads(line)["time"] for line in lines]
        assert times == sorted(times)
        exported = run(world, "audit export", "auditor", "--start", "2020-01-01").stdout.splitlines()
        assert [line for line in lines if json.loads(line)["tenant"] == "contoso"][:len(exported)] == exported
        assert {"", "contoso", "fabrikam"} <= {json.loads(line)["tenant"] for line in lines}


def test_syslog_messages_are_those_of_rfc_5424(world, receiver):
    with syslog_sink(world, receiver):
        has_all(world, receiver.texts)
        assert receiver.connections == 1
        for message in receiver.messages:
            event = json.loads(message["text"])
            assert message["pri"] == ("110" if event.get("granted") else "109")
            assert (message["host"], message["app"], message["procid"], message["data"]) == ("rms.example.org", "chancery", "-", "-")
            assert message["msgid"] == event["operation"][:32] and message["time"][:19] == event["time"][:19]
        refused = [message for message in receiver.messages if message["pri"] == "109"]
        assert refused and not any(json.loads(message["text"])["granted"] for message in refused)


def test_a_receiver_may_ask_for_a_certificate(world):
    identity, client = Identity("siem"), Identity("chancery")
    made = SyslogReceiver(put(world, "asking.pem", identity.certificate), put(world, "asking.key", identity.key),
                          client_ca=put(world, "client.pem", client.certificate))
    made.identity = identity
    try:
        with syslog_sink(world, made, certificate_file=f"{world.a.folder}/client.pem",
                         key_file=put(world, "client.key", client.key)):
            has_all(world, made.texts)
    finally:
        made.stop()


@pytest.mark.skipif(shutil.which("rsyslogd") is None, reason="rsyslogd is not installed")
def test_rsyslog_takes_it(world, tmp_path):
    identity = Identity("siem")
    for name, data in (("siem.pem", identity.certificate), ("siem.key", identity.key)):
        (tmp_path / name).write_bytes(data)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "rsyslog.conf").write_text(f"""
global(workDirectory="{tmp_path}" maxMessageSize="16k" defaultNetstreamDriver="ossl"
  defaultNetstreamDriverCAFile="{tmp_path}/siem.pem" defaultNetstreamDriverCertFile="{tmp_path}/siem.pem"
  defaultNetstreamDriverKeyFile="{tmp_path}/siem.key")
module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon")
template(name="bare" type="string" string="%msg%\\n")
input(type="imtcp" address="127.0.0.1" port="{port}" ruleset="audit")
ruleset(name="audit") {{ action(type="omfile" file="{tmp_path}/audit.jsonl" template="bare") }}
""")
    process = subprocess.Popen(["rsyslogd", "-n", "-f", tmp_path / "rsyslog.conf", "-i", tmp_path / "pid"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def read():
        return lines_of(tmp_path / "audit.jsonl")
    try:
        ca_file = put(world, "rsyslog-ca.pem", identity.certificate)
        configure(world, {"name": world.unique("rsyslog"), "syslog": {"address": f"127.0.0.1:{port}", "ca_file": ca_file}})
        record(world, 1000, "rsyslog")
        has_all(world, read)
        configure(world)
    finally:
        process.terminate()
        process.wait(10)


# --- whom it is sent to -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["another authority", "another name", "nobody"])
def test_nobody_else_gets_anything(world, receiver, wrong):
    sink = {"address": receiver.address, "ca_file": put(world, "siem-ca.pem", receiver.identity.certificate)}
    if wrong == "another authority":
        sink["ca_file"] = f"{world.a.folder}/server.pem"
    elif wrong == "another name":
        sink["address"] = f"localhost:{receiver.port}"
    else:
        sink["address"] = "127.0.0.1:9"
    name = world.unique("wrong")
    configure(world, {"name": name, "syslog": sink})
    failed = world.a.wait_for_log("audit.sink_failed", sink=name)
    assert failed["reason"] == "SINK_UNREACHABLE"
    eventually(lambda: world.metric(f'chancery_audit_sink_failures_total{{sink="{name}",reason="SINK_UNREACHABLE"}}') >= 2,
               "it tries again")
    assert not receiver.messages
    assert world.sql(f"SELECT problem FROM audit_sink WHERE name = '{name}'") == "SINK_UNREACHABLE"
    assert world.sql(f"SELECT at = 'epoch' FROM audit_sink WHERE name = '{name}'") == "t"
    lag = world.metric(f'chancery_audit_sink_lag_seconds{{sink="{name}"}}')
    assert lag > 0
    eventually(lambda: world.metric(f'chancery_audit_sink_lag_seconds{{sink="{name}"}}') > lag + 1, "the lag grows", LATE)
    configure(world)


# --- what stalls and breaks ---------------------------------------------------------------------------------------------


def test_nobody_waits_for_a_receiver_that_stalls(world, receiver):
    name = world.unique("stalls")
    with syslog_sink(world, receiver, name):
        has_all(world, receiver.texts)
        receiver.stall()
        record(world, 20000, "stall")
        slowest, end = 0, time.monotonic() + 6
        while time.monotonic() < end:
            began = time.monotonic()
            world.acquire(world.made, world.bob)
            slowest = max(slowest, time.monotonic() - began)
        assert slowest < 5
        eventually(lambda: world.metric(f'chancery_audit_sink_lag_seconds{{sink="{name}"}}') > 5, "the lag is told", LATE)
        receiver.resume()
        has_all(world, receiver.texts)
        eventually(lambda: world.metric(f'chancery_audit_sink_lag_seconds{{sink="{name}"}}') < 5, "it has caught up", LATE)
    assert len(receiver.messages) == len(set(events(receiver.texts())))  # nothing broke, so nothing came twice


def test_what_is_cut_off_is_sent_again(world, receiver):
    """A receiver that goes down loses what its program has not read yet."""
    with syslog_sink(world, receiver):
        for number in range(4):
            record(world, 3000, f"cut{number}")
            before = len(receiver.messages)
            eventually(lambda seen=before: len(receiver.messages) > seen, "it has begun", LATE)
            receiver.stall()
            receiver.cut()
            receiver.resume()
        has_all(world, receiver.texts)
    assert receiver.cuts >= 4


def test_what_only_the_receivers_machine_has_taken_is_sent_again(world, receiver):
    """It has arrived, as far as TCP can tell, and its program has not read it when it ends."""
    name = world.unique("unread")
    with syslog_sink(world, receiver, name):
        has_all(world, receiver.texts)
        only_the_machine_takes(world, receiver, name, "unread")
        receiver.cut()
        receiver.resume()
        has_all(world, receiver.texts)


def only_the_machine_takes(world, receiver, name, mark):
    metric = f'chancery_audit_sink_records_total{{sink="{name}"}}'
    receiver.stall()
    let_pass(0.5)  # for a read that had begun
    before = world.metric(metric)
    record(world, 3, mark)
    eventually(lambda: world.metric(metric) >= before + 3, "they count as sent", LATE)
    assert mark not in {json.loads(text)["correlationId"] for text in receiver.texts()}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_what_was_not_read_yet_is_sent_again_by_the_next_worker(world, receiver, how):
    """The position in the database is behind what a connection that breaks may lose."""
    name = world.unique("next")
    with syslog_sink(world, receiver, name):
        has_all(world, receiver.texts)
        only_the_machine_takes(world, receiver, name, f"next{how}")
        worker, = children(world.a.process.pid)
        os.kill(worker, how)
        receiver.cut()
        receiver.resume()
        has_all(world, receiver.texts)


class Careless(SyslogReceiver):
    """Takes what comes, and then closes, as a load balancer does whose receivers are down."""
    is_careless = True

    def _read(self, connection):
        if not self.is_careless:
            return super()._read(connection)
        has_come = False
        while not connection.is_cut.is_set():
            try:
                more = connection.recv(65536)
            except TimeoutError:
                more = None
            if more == b"" or (more is None and has_come):
                return None
            has_come = has_come or bool(more)
        return None


def receive(world, kind):
    identity = Identity("siem")
    name = world.unique("siem")
    made = kind(put(world, f"{name}.pem", identity.certificate), put(world, f"{name}.key", identity.key))
    made.identity = identity
    return made


def test_a_receiver_that_takes_and_closes_is_a_fault(world):
    """To TCP it looks well. It is told, tried less and less often, and misses nothing when it is back."""
    made, name = receive(world, Careless), world.unique("careless")
    try:
        with syslog_sink(world, made, name):
            failed = world.a.wait_for_log("audit.sink_failed", sink=name)
            assert failed["reason"] == "SINK_UNREACHABLE"
            eventually(lambda: world.metric(f'chancery_audit_sink_failures_total{{sink="{name}",reason="SINK_UNREACHABLE"}}') >= 3,
                       "it tries again", LATE)
            assert world.sql(f"SELECT problem FROM audit_sink WHERE name = '{name}'") == "SINK_UNREACHABLE"
            before = made.connections
            let_pass(5)
            assert made.connections - before <= 3
            assert not world.a.logged("audit.sink_recovered", sink=name)
            made.is_careless = False
            has_all(world, made.texts)
            world.a.wait_for_log("audit.sink_recovered", sink=name)
    finally:
        made.stop()


class Talker(SyslogReceiver):
    """Sends without pause, and reads nothing."""
    def _read(self, connection):
        connection.settimeout(None)
        while not connection.is_cut.is_set():
            connection.sendall(b"x" * (1 << 20))


def test_a_receiver_that_talks_without_pause_holds_nobody_up(world):
    made = receive(world, Talker)
    try:
        with syslog_sink(world, made):
            eventually(lambda: made.connections > 0, "it has come", LATE)
            let_pass(3)
            for _ in range(10):
                world.acquire(world.made, world.bob)
            assert world.metric("chancery_loop_turn_max_seconds") < 2
    finally:
        made.stop()


def test_a_receiver_that_was_away_gets_all(world, receiver):
    name = world.unique("away")
    with syslog_sink(world, receiver, name):
        has_all(world, receiver.texts)
        receiver.stop()
        record(world, 500, "away")
        world.a.wait_for_log("audit.sink_failed", sink=name)
        receiver.start()
        has_all(world, receiver.texts)
        world.a.wait_for_log("audit.sink_recovered", sink=name)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_ends_loses_nothing(world, how):
    with file_sink(world) as (_, read):
        for number in range(2):
            record(world, 3000, f"ends{number}")
            before = len(read())
            eventually(lambda seen=before: len(read()) > seen, "it has begun", LATE)
            worker, = children(world.a.process.pid)
            os.kill(worker, how)
            eventually(lambda former=worker: children(world.a.process.pid) not in ([], [former]), "there is another one", LATE)
        has_all(world, read)
        for line in read():
            json.loads(line)


def test_a_line_that_was_cut_spoils_no_other(world):
    with file_sink(world) as (path, read):
        has_all(world, read)
        with open(path, "a", encoding="utf-8") as file:
            file.write('{"eventId":"cut')
        worker, = children(world.a.process.pid)
        os.kill(worker, signal.SIGKILL)
        record(world, 10, "whole")
        eventually(lambda: '{"eventId":"cut' in read(), "its line has an end", LATE)
        wanted = set(world.sql("SELECT event FROM audit").splitlines())
        eventually(lambda: not wanted - set(events(line for line in read() if line != '{"eventId":"cut')), "all are there", LATE)


def test_logrotate_takes_the_file(world):
    with file_sink(world) as (path, read):
        has_all(world, read)
        os.rename(path, f"{path}.1")
        record(world, 10, "rotated")
        has_all(world, lambda: read(f"{path}.1") + read())
        assert len(read()) >= 10
        os.rename(path, f"{path}.2")
        world.a.process.send_signal(signal.SIGHUP)
        eventually(lambda: os.path.exists(path) or record(world, 1, "hup") or False, "there is a new one", LATE, 1)
        has_all(world, lambda: read(f"{path}.1") + read(f"{path}.2") + read())


def test_a_file_that_is_moved_and_read_while_it_is_written_loses_nothing(world):
    with file_sink(world) as (path, read):
        has_all(world, read)
        taken = []
        for number in range(10):
            os.rename(path, f"{path}.1")
            taken += read(f"{path}.1")
            record(world, 400, f"moved{number}")
            eventually(lambda: os.path.exists(path) and os.path.getsize(path) > 0, "it has begun", LATE, 0)
        has_all(world, lambda: taken + read())


def test_a_file_is_not_looked_for_behind_a_link(world):
    path, name = f"{world.a.folder}/link.jsonl", world.unique("link")
    put(world, "target", b"")
    os.symlink(f"{world.a.folder}/target", path)
    configure(world, {"name": name, "file": path})
    assert world.a.wait_for_log("audit.sink_failed", sink=name)["reason"] == "SINK_FILE"
    assert not lines_of(f"{world.a.folder}/target")
    os.unlink(path)
    has_all(world, lambda: lines_of(path))
    configure(world)


def test_a_file_that_can_not_be_written_is_told_and_waited_for(world):
    folder, name = f"{world.a.folder}/later", world.unique("later")
    configure(world, {"name": name, "file": f"{folder}/audit.jsonl"})
    failed = world.a.wait_for_log("audit.sink_failed", sink=name)
    assert failed["reason"] == "SINK_FILE" and "No such file" in failed["detail"]
    os.mkdir(folder)

    has_all(world, lambda: lines_of(f"{folder}/audit.jsonl"))
    configure(world)


def test_a_clock_that_was_set_back_hides_nothing(world):
    name = world.unique("clock")
    with file_sink(world, name) as (_, read):
        has_all(world, read)
        configure(world)
        world.sql(f"UPDATE audit_sink SET at = now() + interval '20 minutes', asked_at = now() + interval '20 minutes' WHERE name = '{name}'")
    with file_sink(world, name) as (_, read):
        record(world, 3, "earlier")
        has_all(world, lambda: read() + events_of_others(world))
        world.a.wait_for_log("audit.sink_clock", sink=name)


def events_of_others(world):
    """As lines: what lies more than an hour back, of which nobody could have thought."""
    old = world.sql("SELECT event FROM audit WHERE at < now() - interval '59 minutes'").splitlines()
    return [json.dumps({"eventId": event}) for event in old]


# --- several nodes ------------------------------------------------------------------------------------------------------


def test_of_two_nodes_one_sends_and_the_other_goes_on(world):
    name = world.unique("both")
    with file_sink(world, name) as (_, read):
        has_all(world, read)
        path = f"{world.a.folder}/{world.unique('other')}.jsonl"
        other = world.a.node(audit_sinks=[{"name": name, "file": path}])
        other.start()
        try:
            let_pass(3)
            assert not os.path.exists(path)
            configure(world)  # the first one has no sink any more
            record(world, 10, "other")
            has_all(world, lambda: read() + lines_of(path))
            assert 10 <= len(lines_of(path)) < 200
        finally:
            other.stop()


def test_a_node_of_one_boundary_sends_what_it_sees(world):
    high = world.tenant(boundary="gcc-high")
    conninfo, name = world.a.node_role("node_sinks", "gcc-high"), world.unique("own")
    world.sql("GRANT pg_read_all_stats TO node_sinks")  # another role writes, too (docs/install.md §3)
    path = f"{world.a.folder}/{name}.jsonl"
    node = world.a.node(audit_sinks=[{"name": name, "file": path}], boundaries=["gcc-high"],
                        database={**world.a.config["database"], "conninfo": conninfo})
    node.start()
    try:
        wanted = set(world.sql(f"SELECT event FROM audit WHERE tenant = '{high.id}'").splitlines())
        assert wanted
        eventually(lambda: not wanted - set(events(lines_of(path))), "its boundary's are there", LATE)
        tenants = {json.loads(line)["tenant"] for line in lines_of(path)}
        assert high.name in tenants and not {"contoso", "fabrikam"} & tenants
        world.sql("SELECT audit_note(gen_random_uuid(), 'log_month_gone', '2020-01')")  # as the owner does when a month goes
        eventually(lambda: any(json.loads(line)["operation"] == "log_month_gone" for line in lines_of(path)), "it is told", LATE)
        of_platform = {json.loads(line)["operation"] for line in lines_of(path) if not json.loads(line)["tenant"]}
        assert "migrate_platform_admin" not in of_platform, "the rest of the platform's log is others'"
        assert world.sql(f"SELECT reader FROM audit_sink WHERE name = '{name}'") == "node_sinks"
        world.sql("INSERT INTO audit_sink (name, reader, holder, held_until, seen_at) VALUES ('of-all', '', gen_random_uuid(), "
                  "now(), now())")
        role = psycopg2.connect(conninfo)
        with role.cursor() as cursor:
            cursor.execute("SELECT DISTINCT reader FROM audit_sink")
            assert cursor.fetchall() == [("node_sinks",)]
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute("INSERT INTO audit_sink (name, reader, holder, held_until, seen_at) "
                               "VALUES ('x', '', gen_random_uuid(), now(), now())")
        role.close()
    finally:
        node.stop()


# --- beside it ----------------------------------------------------------------------------------------------------------


def test_a_month_stays_until_it_was_sent(world):
    world.sql("DELETE FROM audit_sink; "
              "INSERT INTO audit_sink (name, reader, holder, held_until, seen_at, at) VALUES ('late', '', gen_random_uuid(), now(), "
              "now(), '2020-01-01')")
    assert world.sql("SELECT audit_is_awaited('2020-02-01', now())") == "t"
    assert world.sql("SELECT audit_is_awaited('2020-01-01', now())") == "f"
    assert world.sql("SELECT audit_is_awaited('2020-02-01', now() + interval '31 days')") == "f"
    world.sql("UPDATE audit_sink SET seen_at = 'infinity' WHERE name = 'late'; "
              "INSERT INTO audit_sink (name, reader, holder, held_until, seen_at, at) VALUES ('ever', '', gen_random_uuid(), now(), "
              "'infinity', '2020-01-01')")
    assert world.sql("SELECT count(*) FROM audit_sink WHERE name IN ('late', 'ever') AND seen_at <= now()") == "2"
    world.sql("DELETE FROM audit_sink WHERE name IN ('late', 'ever')")


def test_doctor_tells_of_a_sink_that_is_behind(world):
    name = world.unique("behind")

    def told():
        put(world, "doctor.yaml", json.dumps({**world.a.config, "audit_sinks": [
            {"name": name, "file": f"{world.a.folder}/behind.jsonl"}]}).encode())
        done = subprocess.run([f"{os.environ['CHANCERY_BUILD']}/cli/chancery", "doctor", "--config", f"{world.a.folder}/doctor.yaml",
                               "-o", "json"], capture_output=True, text=True, check=False)
        found, = [check for check in json.loads(done.stdout)["checks"] if check["check"] == "log"]
        return found
    first = told()
    assert (first["result"], first["reason"]) == ("warning", "SINK_BEHIND") and "no node has served it yet" in first["why"]
    world.sql(f"INSERT INTO audit_sink (name, reader, holder, held_until, seen_at, at, problem) VALUES ('{name}', '', "
              "gen_random_uuid(), now(), now(), now() - interval '1 hour', 'SINK_STALLED')")
    assert f"{name} has sent all up to" in told()["why"] and "SINK_STALLED" in told()["why"]
    world.sql(f"UPDATE audit_sink SET at = now() WHERE name = '{name}'")
    assert told()["result"] == "ok"
    world.sql(f"DELETE FROM audit_sink WHERE name = '{name}'")


@pytest.mark.parametrize("sinks, words", [
    ([{"name": "Upper", "file": "/x"}], "audit_sinks.name"), ([{"name": "a"}], "audit_sinks.file"),
    ([{"name": "a", "file": "relative"}], "absolute path"), ([{"name": "a", "file": "/x", "syslog": {"address": "h:1"}}], "not both"),
    ([{"name": "a", "syslog": {"address": "h"}}], "audit_sinks.syslog.address"),
    ([{"name": "a", "syslog": {"address": "h:1", "key_file": "/k"}}], "belong together"),
    ([{"name": "a", "file": "/x"}, {"name": "a", "file": "/y"}], "twice"),
    ([{"name": f"n{n}", "file": "/x"} for n in range(5)], "more than 4"),
    ([{"name": "a", "file": "/no/such/folder/x"}], "SINK_FILE"),
    ([{"name": "a", "syslog": {"address": "h:1", "ca_file": "/no/ca"}}], "/no/ca"),
])
def test_check_config_says_what_is_wrong(world, sinks, words):
    check_config(world, sinks, words)


@pytest.mark.parametrize("make, words", [
    (lambda path: os.symlink(path + ".log", path), "symbolic link"), (os.mkdir, "something else than a file"),
    (os.mkfifo, "something else than a file")], ids=["link", "folder", "fifo"])
def test_check_config_found_a_file_well_that_is_refused_later(world, make, words):
    """It asked whether what the path leads to can be written, and the sink opens nothing but a file there."""
    path = f"{world.a.folder}/{world.unique('odd')}"
    put(world, os.path.basename(path) + ".log", b"")
    make(path)
    check_config(world, [{"name": "a", "file": path}], words)


def check_config(world, sinks, words):
    put(world, "bad.yaml", json.dumps({**world.a.config, "audit_sinks": sinks}).encode())
    done = subprocess.run([f"{os.environ['CHANCERY_BUILD']}/server/daemon/chanceryd", "--config", f"{world.a.folder}/bad.yaml",
                           "--check-config"], capture_output=True, text=True, check=False)
    assert done.returncode == 78 and words in done.stderr, done.stderr
