# SPDX-License-Identifier: Apache-2.0
"""Who asks another server while the database is silent: it is believed by a later timeline only, needs no connection of anybody's,
and asks one address again. A copy of the database was taken for it when that was slow, a standby that was promoted without being
told to wait for nobody held nodes up, and behind one address a frozen database was noticed after 8 s."""
import contextlib
import os
import signal
import threading
import time

import pytest

from build_kind import is_sanitized
from calls import outcome
from failover import Load, Pair, follows, make_standby
from pg_hosts import Host
from processes import children
from waiting import eventually, let_pass

BACK_WITHIN_S = 10 if is_sanitized() else 5
SOON_S = 60
LOAD_S, LATE_S = 2, 4
LONG_MS = 20000  # of a statement, so that a silent connection is kept for long


@contextlib.contextmanager
def pair_of(**more):
    made = Pair(**more)
    try:
        yield made
    finally:
        made.close()


def nobody_is_ready(pair):
    eventually(lambda: not any(node.is_ready() for node in pair.nodes), "all nodes notice", SOON_S, pause=0.1)


def sessions(postgres):
    """How many the cluster has had."""
    return int(postgres.sql("SELECT sessions FROM pg_stat_database WHERE datname = 'postgres'"))


def become_a_copy(standby):
    """It takes writes on the timeline on which the primary is, as one does that was started from a backup by mistake."""
    standby.stop()
    os.unlink(f"{standby.folder}/data/standby.signal")
    standby.start()


def test_a_slow_database_is_not_left_for_a_copy_of_it():
    with pair_of(synchronous=False, database={"statement_timeout_ms": LONG_MS}) as pair:
        copy, world = pair.standby, pair.world
        made, contents = world.made, "SELECT count(*) FROM content"
        eventually(lambda: copy.sql(contents) == "1", "it has what is there")
        become_a_copy(copy)
        assert copy.sql("SELECT pg_is_in_recovery()") == "f"
        before, heard = sessions(copy), []
        for node in pair.nodes:  # channels and tokens are made by one thread
            world.acquire(world.protect(on=node), world.bob, on=node)
        pair.line.cut()
        asking = [threading.Thread(target=lambda node=node: heard.append(outcome(world.protect, on=node)), daemon=True)
                  for node in pair.nodes]
        for thread in asking:
            thread.start()
        eventually(lambda: sessions(copy) >= before + 4, "each node has asked the copy twice", LONG_MS / 1000, pause=0.1)
        pair.line.heal()
        for thread in asking:
            thread.join(SOON_S)
        assert heard == ["OK", "OK"]
        for node in pair.nodes:
            assert outcome(world.acquire, made, world.bob, on=node) == "OK"
            assert not node.logged("db.other_history") and not node.logged("db.connection_lost")
            assert not node.logged("db.history"), "a scout that is turned away is no error"
        eventually(lambda: copy.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'server'") == "0", "nobody stays at the copy")
        assert copy.sql(contents) == "1" and pair.primary.sql(contents) == "5"


def test_one_that_was_promoted_and_waits_for_a_standby_serves_when_that_follows():
    """Both wait for whichever of them stands by. The old primary is made anew as the standby of the new one."""
    with pair_of() as pair:
        new, line, standby = pair.standby, Host(pair.standby), None
        new.sql("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (db1, db2)'")
        new.sql("SELECT pg_reload_conf()")
        try:
            with Load(pair) as load:
                eventually(load.is_under_way, lambda: f"the load is under way: {load.odd}", SOON_S)
                pair.killed()
                new.sql("SELECT pg_promote()")
                promoted = time.monotonic()
                nobody_is_ready(pair)
                let_pass(LATE_S)
                assert not load.serves_since(promoted), "nothing is acknowledged that one machine alone has"
                standby = make_standby(new, line.port, "db1")
                eventually(lambda: follows(new, "db1") == "quorum", "it follows, and commits wait for it", SOON_S)
                followed = time.monotonic()
                eventually(lambda: load.serves_since(followed), lambda: f"both serve: {[node.log[-5:] for node in pair.nodes]}", SOON_S)
                back_after = max(load.last.values()) - followed
                let_pass(LOAD_S)
            assert load.odd == [] and not any(load.lost(new))
            assert back_after <= BACK_WITHIN_S, f"served {back_after:.1f} s after the replica followed"
            for node in pair.nodes:
                assert len(node.logged("db.other_history")) == 1
        finally:
            line.die()
            if standby:
                standby.close()


@pytest.mark.parametrize("is_late", [False, True])
def test_behind_one_address_another_server_answers(is_late):
    """The primary is frozen, and what is connected to it stays so; whoever comes anew reaches the standby that has taken over."""
    with pair_of(has_address=True) as pair:
        with Load(pair) as load:
            eventually(load.is_under_way, lambda: f"the load is under way: {load.odd}", SOON_S)
            pair.frozen()
            if is_late:
                nobody_is_ready(pair)
                let_pass(LATE_S)
            pair.line.move(pair.standby)
            pair.take_over()
            taken_over = time.monotonic()
            eventually(lambda: load.serves_since(taken_over), lambda: f"both serve: {[node.log[-5:] for node in pair.nodes]}", SOON_S)
            back_after = max(load.last.values()) - taken_over
            let_pass(LOAD_S)
            pair.primary.thaw()
            let_pass(LOAD_S)
        assert load.odd == []
        assert back_after <= BACK_WITHIN_S, f"served {back_after:.1f} s after the standby took writes"
        assert not any(load.lost(pair.standby))


def worker_of(node):
    [worker] = children(node.process.pid)
    return worker


def test_a_worker_that_starts_later_knows_what_the_node_has_seen():
    """The new primary is away, and somebody has told the old one to wait for nobody: a worker that has seen nothing came to it."""
    with pair_of() as pair:
        world, node = pair.world, pair.nodes[0]
        world.acquire(world.made, world.bob, on=node)
        pair.frozen()
        pair.take_over()
        for each in pair.nodes:
            eventually(lambda each=each: outcome(world.acquire, world.made, world.bob, on=each) == "OK", "it serves", SOON_S, pause=0.1)
        pair.comes_back()
        pair.primary.sql("ALTER SYSTEM RESET synchronous_standby_names")
        pair.primary.sql("SELECT pg_reload_conf()")
        eventually(lambda: pair.primary.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'server'") == "0",
                   "what nodes had sent before is over", SOON_S)
        before = pair.primary.sql("SELECT count(*) FROM audit")
        pair.standby.stop()
        former = worker_of(node)
        os.kill(former, signal.SIGKILL)
        eventually(lambda: children(node.process.pid) not in ([], [former]), "another worker has started", SOON_S)
        eventually(lambda: node.page("/readyz")[1].startswith("DATABASE_SUPERSEDED"), lambda: f"it says why: {node.log[-20:]}", SOON_S,
                   pause=0.1)
        world.reconnect()
        assert outcome(world.acquire, world.made, world.bob, on=node) in ("DATABASE_SUPERSEDED", "DATABASE_UNAVAILABLE")
        assert pair.primary.sql("SELECT count(*) FROM audit") == before
        pair.standby.start()
        eventually(lambda: outcome(world.acquire, world.made, world.bob, on=node) == "OK", "it serves again", SOON_S, pause=0.1)
