# SPDX-License-Identifier: Apache-2.0
"""After a failover the old primary comes back and doesn't know: nobody hears OK from it, it becomes the standby, and what an
asynchronous standby had not got is told. A node that had seen the failover went back to the old primary when the new one was
away."""
import contextlib
import subprocess
import threading

import psycopg2
import pytest

from calls import outcome
from command import CHANCERY
from failover import Pair, follows, make_standby, run_documented
from pg_hosts import Host
from waiting import eventually

SOON_S = 40


@pytest.fixture
def pair():
    made = Pair()
    yield made
    made.close()


@pytest.fixture
def after_a_failover(pair):
    """The primary was frozen, and goes on."""
    pair.world.acquire(pair.world.made, pair.world.bob)
    pair.frozen()
    pair.take_over()
    eventually(lambda: all(serves(pair, node) for node in pair.nodes), "both serve", SOON_S, pause=0.1)
    pair.comes_back()
    return pair


def serves(pair, node):
    return outcome(pair.world.acquire, pair.world.made, pair.world.bob, on=node) == "OK"


def waits_for_a_standby(postgres):
    return postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'writer'") == "1"


def write(postgres, done):
    with contextlib.suppress(psycopg2.OperationalError):  # it is ended from outside
        with psycopg2.connect(f"{postgres.conninfo} application_name=writer") as connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_logical_emit_message(true, 'test', '')")
        done.set()


def test_the_old_primary_acknowledges_nothing(after_a_failover):
    """What it is given waits for a replica that doesn't follow it any more. A node that finds it first goes on to the new
    one; one that has no other serves nobody."""
    pair, done = after_a_failover, threading.Event()
    old = pair.primary
    writer = threading.Thread(target=write, args=(old, done), daemon=True)
    writer.start()
    eventually(lambda: waits_for_a_standby(old), "the write waits")
    alone = pair.authority.node(database={"conninfo": old.server_conninfo}).start(ready=False)
    late = pair.authority.node().start(ready=False)
    try:
        eventually(lambda: serves(pair, late), lambda: f"a node that comes later serves: {late.log[-20:]}", SOON_S, pause=0.1)
        eventually(lambda: alone.page("/readyz")[1].startswith("DATABASE_NOT_COMMITTING"), "the old one doesn't commit", SOON_S)
        assert not done.is_set() and waits_for_a_standby(old)
    finally:
        late.stop()
        alone.stop()
        old.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'writer'")
        writer.join()


def test_a_node_never_goes_back_to_the_old_primary(after_a_failover):
    """Not even when the new one is away, and somebody has told the old one to wait for nobody."""
    pair, new = after_a_failover, after_a_failover.standby
    pair.primary.sql("ALTER SYSTEM RESET synchronous_standby_names")
    pair.primary.sql("SELECT pg_reload_conf()")
    eventually(lambda: pair.primary.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'server'") == "0",
               "what nodes had sent before is over")
    before = pair.primary.sql("SELECT count(*) FROM audit")
    new.stop()
    for node in pair.nodes:
        eventually(lambda node=node: node.page("/readyz")[1].startswith("DATABASE_SUPERSEDED"),
                   lambda node=node: f"it says why: {node.page('/readyz')}", SOON_S)
        assert outcome(pair.world.acquire, pair.world.made, pair.world.bob, on=node) == "DATABASE_UNAVAILABLE"
    assert pair.primary.sql("SELECT count(*) FROM audit") == before
    new.start()
    for node in pair.nodes:
        eventually(lambda node=node: serves(pair, node), lambda node=node: f"it serves: {node.log[-5:]}", SOON_S, pause=0.1)


def test_two_again(after_a_failover):
    """The old primary becomes the standby, and commits wait for it."""
    new, line = after_a_failover.standby, Host(after_a_failover.standby)
    after_a_failover.primary.stop()
    standby = make_standby(new, line.port, "db1")
    try:
        eventually(lambda: follows(new, "db1"), "it follows")
        run_documented(new, "Two again")
        eventually(lambda: follows(new, "db1") == "sync", "it is synchronous")
        made = after_a_failover.world.protect(on=after_a_failover.nodes[1])
        eventually(lambda: standby.sql(f"SELECT count(*) FROM content WHERE content = '{made.content_id}'") == "1", "it has it")
    finally:
        line.die()
        standby.close()


def doctor(node):
    done = subprocess.run([CHANCERY, "doctor", "--config", f"{node.folder}/chanceryd.yaml"], capture_output=True, text=True,
                          check=False)
    return done.stdout


def test_without_a_synchronous_standby_the_loss_is_told():
    pair = Pair(synchronous=False)
    try:
        world = pair.world
        world.acquire(world.made, world.bob)
        known = f"SELECT count(*) FROM content WHERE content = '{world.made.content_id}'"
        eventually(lambda: pair.standby.sql(known) == "1", "the standby has it")
        assert "STANDBY_ASYNCHRONOUS" in doctor(pair.authority)
        pair.wal.cut()
        made = world.protect()
        world.track("Revoke", world.made)
        assert outcome(world.acquire, world.made, world.bob) == "REVOKED"
        pair.killed()
        pair.take_over()
        for node in pair.nodes:
            eventually(lambda node=node: serves(pair, node), "it serves, and the revocation is lost", SOON_S, pause=0.1)
            assert node.logged("db.other_history")
        assert pair.standby.sql("SELECT content FROM content").split() == [world.made.content_id]
        assert outcome(world.acquire, made, world.bob) == "OK", "it opens as its seal says"
        assert pair.standby.sql(known.replace(world.made.content_id, made.content_id)) == "1", "and is known again"
    finally:
        pair.close()
