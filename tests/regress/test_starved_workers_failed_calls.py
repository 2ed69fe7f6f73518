# SPDX-License-Identifier: Apache-2.0
"""At the limit of the database's connections some workers had none or too few, and failed the calls of every client that
the kernel gave to them, while siblings could have served them all."""
import pytest

from authority import Authority
from calls import outcome
from waiting import eventually
from world import World

CONNECTIONS = 30  # enough that each worker has some of them
KEPT = 6  # of one worker
LONG_S = 60


@pytest.fixture(scope="module")
def authority():
    authority = Authority(workers=2)
    yield authority
    authority.close()


@pytest.fixture(scope="module")
def world(authority):
    authority.migrate()
    return World(authority.start())


def readiness(world):
    """What /readyz says on connections of their own."""
    return {world.a.page("/readyz")[0] for _ in range(CONNECTIONS)}


def limit(world, connections):
    world.sql(f"ALTER ROLE server CONNECTION LIMIT {connections}")


def backends(world):
    return int(world.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'server'"))


@pytest.mark.parametrize("room", [KEPT, KEPT + 2])
def test_what_one_worker_can_all_get(world, room):
    made = world.made
    eventually(lambda: backends(world) >= 2 * KEPT, "both workers have their connections", LONG_S)
    limit(world, room)
    world.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'server'")
    try:
        eventually(lambda: readiness(world) == {200}, "every connection comes to a worker that can", LONG_S)
        assert {outcome(world.acquire, made, world.bob) for _ in range(5)} == {"OK"}
        if room > KEPT:
            world.a.wait_for_log("worker.starved", reason="DATABASE_CROWDED")
    finally:
        limit(world, -1)
    eventually(lambda: backends(world) >= 2 * KEPT, "the other one comes back by itself", LONG_S)
    eventually(lambda: readiness(world) == {200}, "and serves", LONG_S)
