# SPDX-License-Identifier: Apache-2.0
"""The audit log's partitions were made an hour after the start. A row in the default one, by a late maker or a clock that was
wrong for a moment, blocked the next ones for good; making one beside pg_dump stopped all licenses; and beside a default
partition an old one can't be detached concurrently."""
import concurrent.futures
import datetime
import time

import psycopg2
import pytest

from waiting import eventually

UTC = datetime.timezone.utc
ROW = ("INSERT INTO audit (tenant, at, event, operation, granted, reason, client_address, user_agent, correlation_id) VALUES "
       "('{tenant}', '{at}', gen_random_uuid(), 'x', true, 'OK', '', '', '{mark}')")
MUCH = 1 << 40  # bytes of audit_rest
TRIES = 20


def month(first, ahead):
    """The first day of a month, so many after another one's."""
    number = first.year * 12 + first.month - 1 + ahead
    return datetime.datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)


def this_month():
    return month(datetime.datetime.now(UTC), 0)


def name_of(first):
    return f"audit_{first:%Y%m}"


def partitions(world):
    return world.sql("SELECT name FROM audit_partitions() ORDER BY low NULLS FIRST").splitlines()


def extend(world, ahead, at):
    return int(world.sql(f"SELECT audit_extend({ahead}, '{at.isoformat()}', {MUCH})"))


def note(world, at, mark):
    world.sql(ROW.format(tenant=world.contoso.id, at=at.isoformat(), mark=mark))


def where_is(world, mark):
    return world.sql(f"SELECT tableoid::regclass FROM audit WHERE correlation_id = '{mark}'").splitlines()


def shortened(world):
    """As if nobody had made a partition after this month's."""
    following = month(this_month(), 1)
    world.sql("BEGIN; " + "".join(
        f"ALTER TABLE audit DETACH PARTITION {name}; DROP TABLE {name}; " for name in partitions(world)
        if name not in ("audit_early", "audit_rest") and name > name_of(this_month())) +
        f"SELECT audit_move_end('audit_rest', '''{following.isoformat()}''', 'MAXVALUE'); COMMIT")


def test_made_at_start(world):
    world.a.stop()
    shortened(world)
    expected = [name_of(month(this_month(), n)) for n in (1, 2)]
    assert not set(expected) & set(partitions(world))
    world.a.log.clear()  # start looks there for its address
    world.a.start()
    eventually(lambda: set(expected) <= set(partitions(world)), "the next months' partitions are there", 10)


def test_what_came_too_early_moves(world):
    """A row of a month that nobody had made, and one of a clock that was wrong."""
    note(world, month(this_month(), 3) + datetime.timedelta(days=9), "early")
    note(world, datetime.datetime(2093, 4, 5, tzinfo=UTC), "far")
    assert where_is(world, "early") + where_is(world, "far") == ["audit_rest"] * 2
    assert extend(world, 4, datetime.datetime.now(UTC)) == 2
    assert where_is(world, "early") == [name_of(month(this_month(), 3))]
    assert where_is(world, "far") == ["audit_rest"]


def test_the_clock_steps_forward_and_back(world):
    """A year's worth at most is made in one go, so that a clock that is wrong for long makes no thousand partitions."""
    before = partitions(world)
    assert extend(world, 2, datetime.datetime(2093, 4, 5, tzinfo=UTC)) == 12
    assert extend(world, 2, datetime.datetime.now(UTC)) == 0
    assert extend(world, 2, datetime.datetime(1999, 12, 31, tzinfo=UTC)) == 0
    assert len(partitions(world)) == len(before) + 12
    note(world, datetime.datetime(1999, 12, 31, tzinfo=UTC), "past")
    assert where_is(world, "past") == ["audit_early"]
    world.acquire(world.made, world.bob)


def test_a_year_goes_by(world):
    """Every day has its row, every row stands in its month, old months go, and the clock may go back into what is gone."""
    begin = month(this_month(), 24)
    while extend(world, 0, begin):
        pass
    for number in range(12):
        now = month(begin, number)
        assert extend(world, 2, now + datetime.timedelta(hours=1)) == (2 if number == 0 else 0) + (number > 0)
        world.sql("INSERT INTO audit (tenant, at, event, operation, granted, reason, client_address, user_agent, correlation_id) "
                  f"SELECT '{world.contoso.id}', day, gen_random_uuid(), 'year', true, 'OK', '', '', '' FROM generate_series("
                  f"timestamptz '{now.isoformat()}', timestamptz '{month(now, 1).isoformat()}' - interval '1 microsecond', "
                  "interval '1 day') AS day")
        days = (month(now, 1) - now).days
        assert world.sql(f"SELECT count(*) FROM {name_of(now)}") == str(days)
        assert world.sql("SELECT count(*) FROM audit_rest WHERE operation = 'year'") == "0"
        if number >= 6:
            world.sql(f"ALTER TABLE audit DETACH PARTITION {partitions(world)[1]} CONCURRENTLY")
    kept = world.sql("SELECT count(*) FROM audit WHERE operation = 'year'")
    assert kept == str((month(begin, 12) - begin).days)
    first = partitions(world)[1]
    extend(world, 2, month(begin, 12))
    note(world, this_month() + datetime.timedelta(hours=1), "back")
    assert first > name_of(this_month()) and where_is(world, "back") == ["audit_early"]
    made = world.protect(do_not_forward={}, recipients=["bob@fabrikam.com"])
    world.acquire(made, world.bob)
    found = world.call("AuditService/Query", {"filter": {"tenant": "contoso", "operation": "year"}, "page_size": 1000},
                       world.platform_admin)
    assert [event.operation for event in found.events] == ["year"] * int(kept)


def try_often(maker):
    """How often of TRIES the lock could not be had."""
    refused = 0
    for _ in range(TRIES):
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            maker.cursor().execute("SELECT audit_extend(24, now() + interval '9 years', 1 << 20)")
        refused += 1
    return refused


def test_licenses_do_not_wait_for_it(world):
    """pg_dump holds every table for hours. Whoever makes a partition meanwhile tries again; nobody waits for that."""
    dump = psycopg2.connect(world.a.postgres.conninfo)
    dump.cursor().execute("LOCK TABLE audit IN ACCESS SHARE MODE")
    maker = psycopg2.connect(world.a.postgres.conninfo)
    maker.autocommit = True
    ahead, slowest = len(partitions(world)), 0
    try:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            tries = pool.submit(try_often, maker)
            while not tries.done():
                began = time.monotonic()
                world.acquire(world.made, world.bob)
                slowest = max(slowest, time.monotonic() - began)
            assert tries.result() == TRIES
        assert len(partitions(world)) == ahead
        assert slowest < 1
    finally:
        dump.close()
    maker.cursor().execute("SELECT audit_extend(24, now() + interval '9 years', 1 << 20)")
    maker.close()
    assert len(partitions(world)) == ahead + 12


def test_much_is_sorted_out_by_hand(world):
    """What came into the last partition is moved by the way as long as that is quick; else `chancery migrate` does it."""
    note(world, month(this_month(), 200), "much")
    later = f"'{month(this_month(), 199).isoformat()}'"
    assert world.sql(f"SELECT audit_extend(2, {later}, 0)") == "-1"
    assert where_is(world, "much") == ["audit_rest"]
    shortest = len(partitions(world))
    assert world.sql(f"SELECT audit_extend(2, {later}, {MUCH})") == "12"
    assert len(partitions(world)) == shortest + 12
    world.a.migrate()
