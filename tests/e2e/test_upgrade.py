# SPDX-License-Identifier: Apache-2.0
"""An upgrade while everything goes on: the schema first, under load, then one node after the other; and one release back. The programs
of the later release are chanceryd_next and chancery_next (tests/programs/next_release.sql)."""
import contextlib
import json
import os
import signal
import subprocess
import threading

import psycopg2
import pytest

from calls import refused
from processes import children
from waiting import eventually

BUILD = os.environ["CHANCERY_BUILD"]
NEXT = f"{BUILD}/tests/programs"


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1}


@pytest.fixture(autouse=True)
def before_the_upgrade(world):
    """The schema of this release, whatever the test has made of it."""
    yield
    world.sql("DROP INDEX IF EXISTS audit_by_next_release; DROP TABLE IF EXISTS next_release; ALTER TABLE content DROP COLUMN IF "
              "EXISTS next_release; DELETE FROM schema_migration WHERE name = 'next_release'")


def migrate(world, *args, program=f"{NEXT}/chancery_next"):
    return subprocess.run([program, "migrate", "--database", world.a.postgres.conninfo, *args], capture_output=True, text=True,
                          check=False)


@contextlib.contextmanager
def migrating(world, *args):
    process = subprocess.Popen([f"{NEXT}/chancery_next", "migrate", "--database", world.a.postgres.conninfo, *args],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def is_upgraded(world):
    return world.sql("SELECT count(*) FROM schema_migration WHERE name = 'next_release'") == "1"


def reload(world):
    """New workers, so new connections to the database."""
    world.a.write("chanceryd.yaml", json.dumps(world.a.config).encode())
    before = children(world.a.process.pid)
    world.a.process.send_signal(signal.SIGHUP)
    eventually(lambda: len(now := children(world.a.process.pid)) == 1 and not set(now) & set(before), "the workers are new ones", 60)


@contextlib.contextmanager
def load(world, *nodes):
    """Mails that are protected and opened on each node all the time; what was refused, and how many were served by now."""
    stop, refused, served = threading.Event(), [], [0] * len(nodes)

    def work(index):
        while not stop.is_set():
            try:
                made = world.protect(on=nodes[index])
                assert world.acquire(made, world.bob, on=nodes[index]).rights
                served[index] += 1
            except Exception as error:  # pylint: disable=broad-except
                refused.append(f"{index}: {error!r}")
    threads = [threading.Thread(target=work, args=(index,), daemon=True) for index in range(len(nodes))]
    for thread in threads:
        thread.start()

    def goes_on():
        """Each node has served three more since, and refused nothing."""
        before = list(served)
        eventually(lambda: refused or all(now >= was + 3 for now, was in zip(served, before)), lambda: f"{served}", 60)
        assert not refused
    try:
        yield goes_on
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    assert not refused


@contextlib.contextmanager
def later_node(world):
    node = world.a.node()
    node.program = f"{NEXT}/chanceryd_next"
    node.start()
    try:
        yield node
    finally:
        node.stop()


def test_both_releases_serve_side_by_side(world):
    old = world.a.node()  # a second one of the old release: its connections are its own
    old.start()
    try:
        with load(world, world.a, old) as goes_on:
            goes_on()
            done = migrate(world)
            assert done.returncode == 0, done.stderr
            assert is_upgraded(world)
            goes_on()
        with later_node(world) as new, load(world, old, new) as goes_on:
            goes_on()
            reload(world)  # the old release connects anew, and finds the newer schema
            goes_on()
        with load(world, world.a) as goes_on:  # back by one release
            goes_on()
    finally:
        old.stop()


def test_a_program_that_does_not_work_with_it_says_so(world):
    assert migrate(world).returncode == 0
    works_with(world, "version")
    node = world.a.node()
    node.start(ready=False)
    try:
        eventually(lambda: "SCHEMA_TOO_NEW" in node.page("/readyz")[1], "the schema is too new", 30)
        told = node.wait_for_log("db.schema")
        assert told["works_with"] == told["database"] == told["program"] + 1
    finally:
        node.stop()
    done = migrate(world, program=f"{BUILD}/cli/chancery")
    assert done.returncode == 1 and "SCHEMA_TOO_NEW" in done.stderr and "works with programs from" in done.stderr


def works_with(world, what):
    world.sql(f"UPDATE schema_migration SET works_with = {what} WHERE name = 'next_release'")


def test_a_program_that_is_left_behind_stops(world):
    """Whether program and schema fit was looked at for new connections only: on those that it had, an older program went on."""
    before = children(world.a.process.pid)
    made = world.protect()
    assert migrate(world).returncode == 0
    assert world.acquire(made, world.bob).rights
    works_with(world, "version")
    eventually(lambda: world.a.page("/readyz")[1].startswith("SCHEMA_TOO_NEW"), lambda: f"it isn't ready: {world.a.page('/readyz')}", 60)
    assert refused(world.protect).reason == "DATABASE_UNAVAILABLE"
    assert refused(world.acquire, made, world.bob).reason == "DATABASE_UNAVAILABLE"
    told = world.a.wait_for_log("db.schema")
    assert told["works_with"] == told["database"] == told["program"] + 1
    works_with(world, "version - 1")
    eventually(world.a.is_ready, "it is ready again", 60)
    assert world.acquire(made, world.bob).rights
    assert children(world.a.process.pid) == before  # no worker was started anew for that


def test_migrating_by_the_older_release_leaves_it(world):
    assert migrate(world).returncode == 0
    done = migrate(world, program=f"{BUILD}/cli/chancery")
    assert (done.returncode, done.stdout) == (0, "the database is up to date\n"), done.stderr
    assert is_upgraded(world)


@contextlib.contextmanager
def dump(world):
    """Somebody reads a table in a long transaction, as pg_dump does."""
    other = psycopg2.connect(world.a.postgres.conninfo + " application_name=pg_dump")
    with other.cursor() as cursor:
        cursor.execute("LOCK TABLE content IN ACCESS SHARE MODE")
    try:
        yield other
    finally:
        other.close()


def test_a_migration_that_waits_stops_nobody(world):
    with dump(world) as other, load(world, world.a) as goes_on, migrating(world, "--lock-timeout", "100") as waiting:
        assert waiting.stdout.readline().endswith(" next_release\n")
        who = f"waits for process {other.info.backend_pid}, role owner, pg_dump, in a transaction for "
        assert who in waiting.stdout.readline()
        goes_on()
        goes_on()
        assert waiting.poll() is None and not is_upgraded(world)
        other.rollback()
        assert waiting.wait(60) == 0, waiting.stderr.read()
        assert is_upgraded(world)


def test_it_gives_up_and_says_who_is_in_the_way(world):
    with dump(world) as other:
        done = migrate(world, "--lock-timeout", "50", "--lock-wait", "0")
        assert done.returncode == 1 and "MIGRATION_BLOCKED" in done.stderr, done.stderr
        assert f"waits for process {other.info.backend_pid}, role owner, pg_dump" in done.stderr, done.stderr
    assert not is_upgraded(world)
    assert world.sql("SELECT count(*) FROM pg_attribute WHERE attname = 'next_release'") == "0"


def test_two_at_once_do_it_once(world):
    with dump(world) as other, migrating(world) as first:
        assert first.stdout.readline().endswith(" next_release\n") and "waits for" in first.stdout.readline()
        with migrating(world) as second:
            assert second.stdout.readline().startswith("another chancery migrate is at work: process ")
            other.rollback()
            assert [first.communicate(timeout=60), second.communicate(timeout=60)] == [("the database is up to date\n", "")] * 2
    assert (first.returncode, second.returncode) == (0, 0) and is_upgraded(world)


def test_one_that_was_interrupted_leaves_nothing(world):
    with dump(world), migrating(world) as waiting:
        assert waiting.stdout.readline() and waiting.stdout.readline()
        waiting.kill()
        waiting.wait(10)
    assert not is_upgraded(world)
    assert migrate(world).returncode == 0
    assert is_upgraded(world)


@pytest.mark.parametrize("option, value", [("--lock-timeout", "9"), ("--lock-timeout", "x"), ("--lock-wait", "86401"), ("--lock-wait", "-1")])
def test_what_is_no_time_is_refused(world, option, value):
    done = migrate(world, option, value)
    assert done.returncode == 2 and f"{option} takes a whole number from" in done.stderr
