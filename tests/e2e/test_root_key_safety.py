# SPDX-License-Identifier: Apache-2.0
"""Nothing is wrapped by a root key that does not wrap any more, and nobody serves without one that is needed, whatever happens on the
way from one root key to another (docs/policy.md §13)."""
import concurrent.futures
import contextlib

import psycopg2
import pytest

from authority import new_id
from calls import outcome
from root_keys import begun, current, heard_for_long, is_over, left_under_former, reload, root_keys
from waiting import eventually
from world import ROLES

OTHER = 77  # a root key that nobody has
LEASE_S = 90


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1}


@contextlib.contextmanager
def transaction(world, commits=False):
    """A cursor of the owner's; what it does is undone at the end, unless it commits."""
    with contextlib.closing(psycopg2.connect(host=world.a.postgres.folder, dbname="postgres", user="owner")) as connection:
        yield connection.cursor()
        if commits:
            connection.commit()


def wraps(world):
    return int(world.sql("SELECT root_key_wraps()"))


@contextlib.contextmanager
def another_wraps(world):
    """The database says that another root key has begun, and no node has it. The worker was heard just now, so that it does not hear of
    this before it is refused."""
    seen = world.sql("SELECT seen_at FROM root_key_heard")
    eventually(lambda: world.sql("SELECT seen_at FROM root_key_heard") != seen, "the worker is heard", 60)
    world.sql(f"INSERT INTO root_key_check (root_version, wrapped, begun_at) SELECT {OTHER}, 'x', max(begun_at) + interval '1 ms' FROM "
              "root_key_check")
    try:
        yield
    finally:
        world.sql(f"DELETE FROM root_key_check WHERE root_version = {OTHER}")
        eventually(lambda: world.a.page("/readyz")[0] == 200, lambda: f"ready again: {world.a.page('/readyz')}", 60)  # it asks by itself


# --- the fence ---------------------------------------------------------------------------------------------------------


def test_the_database_takes_only_what_the_one_that_wraps_has_wrapped(world):
    """Whoever writes, programs of older releases too."""
    tenant, now = world.tenant(), wraps(world)
    writes = ("UPDATE tenant_key SET wrapped = 'y', root_version = {} WHERE tenant = '{}' AND purpose = 1",
              "INSERT INTO tenant_key (tenant, purpose, version, state, root_version, wrapped) SELECT tenant, 1, 9, 2, {}, 'x' FROM tenant "
              "WHERE tenant = '{}'",
              "INSERT INTO key_import (tenant, import, root_version, wrapped, expires_at) SELECT tenant, gen_random_uuid(), {}, 'x', now() "
              "FROM tenant WHERE tenant = '{}'")
    for write in writes:
        with transaction(world) as cursor:
            cursor.execute(write.format(now, tenant.id))
            assert cursor.rowcount == 1
            with pytest.raises(psycopg2.Error) as refused:
                cursor.execute(write.format(OTHER, tenant.id))
            assert refused.value.pgcode == "RM004"
    with transaction(world) as cursor:  # what takes a key away, or leaves it as it is, needs none
        cursor.execute(f"INSERT INTO root_key_check VALUES ({OTHER}, 'x', now() + interval '1 hour')")
        cursor.execute(f"UPDATE tenant_key SET state = 2 WHERE tenant = '{tenant.id}'")
        cursor.execute(f"UPDATE tenant_key SET state = 4, wrapped = '' WHERE tenant = '{tenant.id}'")


def test_every_table_of_wrapped_keys_has_the_fence(world):
    tables = world.sql("SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'wrapped' "
                       "ORDER BY 1").splitlines()
    fenced = world.sql("SELECT DISTINCT t.tgrelid::regclass FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE "
                       "p.proname = 'root_key_fence' AND t.tgenabled = 'O' ORDER BY 1").splitlines()
    assert tables == sorted(["root_key_check", *fenced])  # which holds a known text under each


def waits_for_a_lock(world):
    return world.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") != "0"


def heard_by_all(world, since):
    """Whether each worker was heard since then, and opens two. Workers that know of one alone have ended, and count for two minutes."""
    world.sql("DELETE FROM root_key_worker WHERE cardinality(opens) = 1")
    heard_for_long(world)
    return world.sql(f"SELECT count(*) > 0 AND min(seen_at) > '{since}' FROM root_key_worker") == "t"


def test_whoever_comes_while_another_begins_is_refused(world):
    """The look at the fence comes after the lock: the writer has come before the other one has begun, and hears of it."""
    now = wraps(world)
    write = f"UPDATE tenant_key SET wrapped = wrapped WHERE tenant = '{world.contoso.id}' AND purpose = 1"
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with transaction(world, commits=True) as cursor:
            alone(cursor, 3600, 14)
            assert meet(cursor, [now, OTHER], OTHER)[:3] == (OTHER, 0, 0)
            with transaction(world) as late:
                writing = pool.submit(late.execute, write)
                eventually(lambda: waits_for_a_lock(world), "the writer waits", 20)
                cursor.connection.commit()
                with pytest.raises(psycopg2.Error) as refused:
                    writing.result(timeout=20)
            assert refused.value.pgcode == "RM004"
            cursor.execute(f"DELETE FROM root_key_check WHERE root_version = {OTHER}; DELETE FROM root_key_worker WHERE {OTHER} = ANY (opens)")
    eventually(lambda: world.a.page("/readyz")[0] == 200, lambda: f"ready again: {world.a.page('/readyz')}", 60)


def test_a_root_key_begins_behind_what_the_former_one_wraps(world):
    """Who has passed the fence comes to an end first, however long that takes: workers are heard meanwhile. Whoever comes then is refused."""
    write = f"UPDATE tenant_key SET wrapped = wrapped WHERE tenant = '{world.contoso.id}' AND purpose = 1"
    before, now = begun(world), current(world)[0]
    with contextlib.ExitStack() as stack:
        with transaction(world, commits=True) as cursor:
            cursor.execute(write)
            node = world.a.node(root_key=root_keys(world, "behind.key", now), workers=1).start()
            stack.callback(node.stop)
            reload(world, now, "behind.key")
            for _ in range(3):
                at = world.sql("SELECT clock_timestamp()")
                eventually(lambda at=at: heard_by_all(world, at), "all workers are heard", 60)
            assert not world.a.logged("root_key.not_asked") and not node.logged("root_key.not_asked")
            assert world.sql("SELECT count(*) FROM root_key_check WHERE begun_at IS NOT NULL") == str(before)
        eventually(lambda: begun(world) == before + 1, "it begins", 60)
        eventually(lambda: is_over(world), lambda: f"{left_under_former(world)} left", 120)
        with transaction(world) as cursor, pytest.raises(psycopg2.Error) as refused:
            cursor.execute(f"{write.replace('wrapped = wrapped', 'wrapped = wrapped, root_version = 1')}")
        assert refused.value.pgcode == "RM004"
    assert outcome(world.acquire, world.protect(), world.bob) == "OK"
    reload(world, "behind.key")


ACTS = {
    "KeyService/RotateKey": lambda world: {"purpose": 1},
    "KeyService/GetImportKey": lambda world: {},
    "TenantService/CreateTenant": lambda world: {"tenant": {"tenant": world.unique("fenced"), "boundary": "commercial"}},
}


@pytest.mark.parametrize("act", ACTS)
def test_a_call_that_wraps_by_a_former_one_is_refused_and_the_worker_asks(world, act):
    who = world.a.admin if act.startswith("Tenant") else world.contoso.admin
    made, keys = world.protect(), "SELECT count(*) FROM tenant_key"
    before, waits = world.sql(keys), len(world.a.logged("worker.not_ready", reason="ROOT_KEY_MISSING"))
    with another_wraps(world):
        assert outcome(world.call, act, ACTS[act](world), who, timeout=280) == "ROOT_KEY_CHANGED"
        world.a.wait_for_log("worker.not_ready", waits, reason="ROOT_KEY_MISSING")
        assert world.a.page("/readyz")[0] == 503 and world.a.page("/readyz")[1].startswith("ROOT_KEY_MISSING")
        for refused in (lambda: world.acquire(made, world.bob), world.protect, lambda: world.call(act, ACTS[act](world), who)):
            assert outcome(refused) == "ROOT_KEY_MISSING"
        assert world.sql(keys) == before
    assert outcome(world.acquire, made, world.bob) == outcome(world.call, act, ACTS[act](world), who, timeout=280) == "OK"


# --- a node that lacks the one that wraps -----------------------------------------------------------------------------


def test_a_node_that_was_away_while_another_began_serves_nothing_until_it_has_it(world):
    made, now, former = world.protect(), current(world)[0], begun(world)
    world.sql("DELETE FROM key_import")  # which are not wrapped anew
    lacked = len(world.a.logged("worker.root_key"))
    node = world.a.node(root_key=root_keys(world, "late.key", now), workers=1).start()

    def begins():
        """The database has not heard of the worker for two minutes: it went away with what it says."""
        world.sql("UPDATE root_key_worker SET seen_at = seen_at - interval '3 minutes' WHERE cardinality(opens) = 1")
        return begun(world) == former + 1

    try:
        eventually(begins, "the other node's begins", 60)
        new = wraps(world)
        line = world.a.wait_for_log("worker.root_key", lacked, timeout=60)
        assert line["reason"] == "ROOT_KEY_WRONG" and f"root key {new:08x} is not configured" in line["detail"]
        eventually(lambda: world.a.page("/readyz")[0] == 503, "it is not ready", 20)
        for who in (world.bob, world.alice):
            assert outcome(world.acquire, made, who) == "ROOT_KEY_MISSING"
        assert outcome(world.call, "TenantService/ListTenants", {}, world.a.admin) == "ROOT_KEY_MISSING"
        eventually(lambda: left_under_former(world) == 0, lambda: f"{left_under_former(world)} left", 120)
        assert world.sql(f"SELECT count(*) FROM tenant_key WHERE root_version <> {new} AND wrapped <> ''") == "0"
        gateway = node.component("late-gateway", ROLES["gateway"], tenant="contoso", sender_domains=["contoso.com"])
        by_other = world.protect(gateway, on=node)  # who has it serves
        reload(world, now, "late.key")  # the former workers end while the new ones serve
        for one in (by_other, made):
            eventually(lambda one=one: outcome(world.acquire, one, world.bob) == "OK", "it serves again", 20)
        assert world.a.page("/readyz") == (200, "ok\n")
        reload(world, "late.key")
    finally:
        node.stop()


def meet(cursor, opens, wish, worker=None):
    cursor.execute("SELECT wraps, waiting, quiet_s, lacking FROM root_key_meet(%s, %s::bigint[], 1, %s, 'x', %s)",
                   (worker or new_id(), opens, wish, new_id()))
    return cursor.fetchone()


def alone(cursor, since, seen):
    """No worker is there; since when some were heard, and when the last one was, in seconds ago."""
    cursor.execute("LOCK TABLE root_key_worker IN SHARE ROW EXCLUSIVE MODE; DELETE FROM root_key_worker; UPDATE root_key_heard SET "
                   "since = clock_timestamp() - %s * interval '1 s', seen_at = clock_timestamp() - %s * interval '1 s'", (since, seen))


def test_after_an_outage_of_the_database_none_begins_before_all_could_come_back(world):
    opens = [wraps(world), OTHER]
    with transaction(world) as cursor:
        cursor.execute("DELETE FROM root_key_check WHERE begun_at IS NULL")
        assert world.sql("SELECT count(*) FROM tenant_key WHERE wrapped <> '' AND root_version <> root_key_wraps()") == "0"
        for since, seen, expected in ((3600, 14, (OTHER, 0)), (3600, 50, (OTHER, 0)), (3600, 70, (opens[0], 120)),
                                      (3600, 7200, (opens[0], 120)), (119, 14, (opens[0], 1)), (30, 14, (opens[0], 90))):
            cursor.execute("SAVEPOINT before")
            alone(cursor, since, seen)
            who, waiting, quiet_s, lacking = meet(cursor, opens, OTHER)
            assert (who, waiting, lacking) == (expected[0], 0, 0) and expected[1] - 2 <= quiet_s <= expected[1], (since, seen)
            cursor.execute("ROLLBACK TO before")
        alone(cursor, 3600, 200)
        assert meet(cursor, opens, OTHER)[0] == opens[0]
        assert meet(cursor, opens[:1], opens[0])[:3] == (opens[0], 0, 0)  # another one comes back, in these two minutes
        cursor.execute("UPDATE root_key_heard SET since = clock_timestamp() - interval '3 minutes'")
        assert meet(cursor, opens, OTHER)[:3] == (opens[0], 1, 0)  # and is waited for


def test_a_worker_that_lacks_one_counts_as_long_as_it_is_there(world):
    worker, now = new_id(), wraps(world)
    with transaction(world) as cursor:
        alone(cursor, 3600, 14)
        meet(cursor, [now], now, worker)
        assert meet(cursor, [now, OTHER], OTHER)[:2] == (now, 1)
        cursor.execute("UPDATE root_key_worker SET seen_at = seen_at - interval '3 minutes' WHERE worker = %s", (worker,))
        assert meet(cursor, [now, OTHER], OTHER)[0] == OTHER
        cursor.execute("INSERT INTO root_key_worker VALUES (%s, %s, %s, now() - interval '1 minute')", (worker, [now], now))
        assert meet(cursor, [now], now, worker)[3] == OTHER  # it lacks it by now
        cursor.execute("SELECT now() - seen_at < interval '10 s' FROM root_key_worker WHERE worker = %s", (worker,))
        assert cursor.fetchone() == (True,)
        cursor.execute("DELETE FROM root_key_worker WHERE worker <> %s", (worker,))
        assert meet(cursor, [now, OTHER, 88], 88)[:2] == (OTHER, 1)  # so the next one waits for it
        assert meet(cursor, [now], now)[3] == OTHER  # one that has never served, and will not start, doesn't count
        cursor.execute("SELECT count(*) FROM root_key_worker WHERE %s <> ALL (opens)", (OTHER,))
        assert cursor.fetchone() == (1,)


def test_an_outage_in_the_second_step(world):
    """The node that is ahead asks first when the database is back: it waits until the other one has come, too."""
    now, former = current(world)[0], begun(world)
    world.sql("UPDATE root_key_worker SET seen_at = seen_at - interval '1 hour'; UPDATE root_key_heard SET seen_at = seen_at - interval "
              "'1 hour'")
    node = world.a.node(root_key=root_keys(world, "outage.key", now), workers=1).start()
    try:
        assert node.wait_for_log("root_key.quiet")["seconds"] > 0
        eventually(lambda: world.sql("SELECT count(DISTINCT cardinality(opens)) FROM root_key_worker") == "2", "the other one has come", 60)
        heard_for_long(world)
        assert node.wait_for_log("root_key.waits", timeout=60)["workers"] == 1
        assert begun(world) == former
    finally:
        node.stop()


def test_whoever_is_not_heard_stops_before_it_counts_no_more(world):
    made, before = world.protect(), len(world.a.logged("root_key.not_asked"))
    with transaction(world) as cursor:
        cursor.execute("LOCK TABLE root_key_worker IN ACCESS EXCLUSIVE MODE")
        told = world.a.wait_for_log("root_key.not_asked", before, timeout=60)
        assert told["reason"] in ("DATABASE_LOCKED", "DATABASE_TIMEOUT")
        world.a.wait_for_log("root_key.unheard", timeout=LEASE_S + 60)
        eventually(lambda: world.a.page("/readyz")[0] == 503, "it is not ready", 20)
        assert outcome(world.acquire, made, world.bob) == "DATABASE_UNAVAILABLE"
        assert len(world.a.logged("root_key.not_asked")) - before <= 2  # once for each reason, not each time
    eventually(lambda: world.a.page("/readyz")[0] == 200, "it is ready again", 60)
    assert outcome(world.acquire, made, world.bob) == "OK"


# --- import keys -------------------------------------------------------------------------------------------------------


def test_a_request_to_import_without_its_import_key_is_not_taken(world):
    """As a program writes it that keeps the customer's wrapped key where it stays; and one whose import key was pushed out."""
    row = ("INSERT INTO approval (tenant, approval, act, operation, request, summary, requested_by, requested_by_name, requested_with, "
           "requested_as, digest, expires_at, import) VALUES (%s, %s, 'import_key', 1, 'x', '', %s, '', 'x', 1, 'x', now(), %s)")
    for import_id, code in ((None, "40001"), (new_id(), "P0002")):
        with transaction(world) as cursor, pytest.raises(psycopg2.Error) as refused:
            cursor.execute(row, (world.contoso.id, new_id(), new_id(), import_id))
        assert refused.value.pgcode == code


def test_an_import_key_for_which_is_asked_at_once_is_not_pushed_out(world):
    tenant, asked = world.tenant(), new_id()
    held = f"FROM key_import WHERE tenant = '{tenant.id}'"
    world.sql("INSERT INTO key_import (tenant, import, root_version, wrapped, expires_at) SELECT "
              f"'{tenant.id}', CASE WHEN n = 1 THEN '{asked}'::uuid ELSE gen_random_uuid() END, root_key_wraps(), 'x', "
              "now() + n * interval '1 hour' FROM generate_series(1, 20) AS n")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with transaction(world, commits=True) as cursor:
            cursor.execute("SELECT limit_holds('approval', %s, 1000)", (tenant.id,))
            making = pool.submit(world.call, "KeyService/GetImportKey", {}, tenant.admin, timeout=280)
            eventually(lambda: waits_for_a_lock(world), lambda: f"it waits: {making}", 280)
            cursor.execute("INSERT INTO approval (tenant, approval, act, operation, request, summary, requested_by, requested_by_name, "
                           "requested_with, requested_as, digest, expires_at, import) VALUES (%s, %s, 'import_key', 1, 'x', '', %s, '', "
                           "'x', 1, 'x', now() + interval '1 hour', %s)", (tenant.id, new_id(), new_id(), asked))
        assert making.result().import_id
    assert world.sql(f"SELECT count(*) {held} AND import = '{asked}'") == "1" and world.sql(f"SELECT count(*) {held}") == "20"
