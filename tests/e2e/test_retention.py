# SPDX-License-Identifier: Apache-2.0
"""How long the log is kept: months go by themselves, a week after they were announced, and whoever reads is told of it."""
import concurrent.futures
import datetime
import subprocess
import time

import grpc
import psycopg2
import pytest

from authority import MESSAGES, Refused
from command import CHANCERY, run, with_certificate, with_token
from waiting import eventually

UTC = datetime.timezone.utc
DAY = datetime.timedelta(days=1)
MUCH = 1 << 40  # bytes of audit_early


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1}


def month(ahead):
    """The first day of a month, so many after this one's."""
    now = datetime.datetime.now(UTC)
    number = now.year * 12 + now.month - 1 + ahead
    return datetime.datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)


def name_of(first):
    return f"audit_{first:%Y%m}"


def partitions(world):
    return world.sql("SELECT name FROM audit_partitions() ORDER BY low NULLS FIRST").splitlines()


def keep(world, *arguments, expect=0):
    done = subprocess.run([CHANCERY, "migrate", "--database", world.a.postgres.conninfo, *arguments], capture_output=True,
                          text=True, check=False)
    assert done.returncode == expect, done.stderr
    return done


def step(world, at):
    return world.sql(f"SELECT audit_retain_at('{at.isoformat()}', {MUCH}, gen_random_uuid())")


def steps(world, at):
    """All that is to be done at a time."""
    done = []
    while did := step(world, at):
        done.append(did)
        if did == "awaited":
            break
    return done


def note(world, at, mark, tenant=None):
    world.sql("INSERT INTO audit (tenant, at, event, operation, granted, reason, client_address, user_agent, correlation_id) "
              f"VALUES ('{(tenant or world.contoso).id}', '{at.isoformat()}', gen_random_uuid(), 'x', true, 'OK', '', '', '{mark}')")


def notes(world, operation):
    return world.sql("SELECT target FROM audit WHERE tenant = '00000000-0000-0000-0000-000000000000' AND "
                     f"operation = '{operation}' ORDER BY at, event").splitlines()


@pytest.fixture
def aged(world):
    """A log of sixteen months before this one, with a record in each, kept for ever and with nothing gone."""
    made = 'chancery_db_seconds_count{statement="make_partitions"}'
    eventually(lambda: world.metric(made) >= 1, "the server's own round is over, for an hour")
    keep(world, "--keep-log", "forever")
    world.sql("DELETE FROM audit_month")
    known = partitions(world)
    world.sql(f"BEGIN; SELECT audit_move_end('audit_early', 'MINVALUE', '''{month(-16).isoformat()}'''); " + "".join(
        f"CREATE TABLE {name_of(month(n))} PARTITION OF audit FOR VALUES FROM ('{month(n).isoformat()}') "
        f"TO ('{month(n + 1).isoformat()}'); " for n in range(-16, 0) if name_of(month(n)) not in known) + "COMMIT")
    for n in range(-16, 0):
        note(world, month(n) + 2 * DAY, "aged")
    yield world
    keep(world, "--keep-log", "forever")


def test_a_year_goes_by(aged):
    """Kept for three months: of each month's beginning the fourth before it is announced, and goes eight days later."""
    keep(aged, "--keep-log", "3")
    made = aged.protect(do_not_forward={}, recipients=["bob@fabrikam.com"])
    for n in range(-12, 1):
        now = month(n) + datetime.timedelta(hours=1)
        announced = steps(aged, now)
        assert announced == ["due"], n
        assert partitions(aged)[1] == name_of(month(n - 4)), n
        assert notes(aged, "log_month_due")[-1].startswith(f"{month(n - 4):%Y-%m}: from "), n
        assert steps(aged, now + 6 * DAY) == []
        assert steps(aged, now + 7 * DAY) == ["gone", "dropped"], n
        assert partitions(aged)[1] == name_of(month(n - 3))
        assert aged.sql(f"SELECT to_regclass('{name_of(month(n - 4))}')") == ""
        assert aged.sql(f"SELECT audit_kept_since() = '{month(n - 3).isoformat()}'") == "t"
        assert notes(aged, "log_month_gone")[-1] == f"{month(n - 4):%Y-%m}"
        aged.acquire(made, aged.bob)
    assert aged.sql("SELECT count(*) FROM audit WHERE correlation_id = 'aged'") == "3"
    note(aged, month(-9), "back")  # a clock that was set back finds a place
    assert aged.sql("SELECT tableoid::regclass FROM audit WHERE correlation_id = 'back'") == "audit_early"
    aged.sql("DELETE FROM audit_early")


def test_the_server_does_it_by_itself(aged):
    keep(aged, "--keep-log", "14")
    aged.a.stop()
    aged.a.log.clear()
    aged.a.start()
    aged.a.wait_for_log("audit.months_due")
    assert partitions(aged)[1] == name_of(month(-16))
    aged.sql("UPDATE audit_month SET due_since = due_since - interval '8 days'")
    aged.a.stop()
    aged.a.log.clear()
    aged.a.start()
    eventually(lambda: partitions(aged)[1] == name_of(month(-14)), "two months are gone")
    eventually(lambda: aged.sql("SELECT count(*) FROM audit_month WHERE dropped_at IS NULL") == "0", "and their tables")
    assert aged.a.logged("audit.month_gone")
    assert notes(aged, "migrate_keep_log")[-1] == "14 months"


def test_longer_after_all(aged):
    keep(aged, "--keep-log", "3")
    assert steps(aged, month(0)) == ["due"]
    keep(aged, "--keep-log", "15")
    assert steps(aged, month(0) + 9 * DAY) == ["gone", "dropped"]
    assert partitions(aged)[1] == name_of(month(-15))
    keep(aged, "--keep-log", "forever")
    assert steps(aged, month(0) + 9 * DAY) == []
    assert aged.sql("SELECT count(*) FROM audit_month WHERE gone_at IS NULL") == "0"


def test_a_clock_that_is_wrong_for_a_while_takes_nothing(aged):
    keep(aged, "--keep-log", "15")
    far, before = datetime.datetime(2093, 4, 5, tzinfo=UTC), partitions(aged)
    assert steps(aged, far) == ["due"] and partitions(aged) == before
    assert steps(aged, month(0)) == ["due"]  # the oldest, as it should be
    assert steps(aged, month(0) + 8 * DAY) == ["gone", "dropped"]
    assert partitions(aged) == [before[0], *before[2:]]


@pytest.mark.parametrize("by", ["node", "migrate"])
def test_what_is_taken_out_by_hand_is_told(aged, by):
    aged.sql(f"ALTER TABLE audit DETACH PARTITION {name_of(month(-16))} CONCURRENTLY")
    if by == "node":
        assert steps(aged, month(0)) == ["gap"]
    else:
        keep(aged)
    assert aged.sql(f"SELECT audit_kept_since() = '{month(-15).isoformat()}'") == "t"
    assert notes(aged, "log_month_gone")[-1] == f"all before {month(-15):%Y-%m}: taken out by hand"
    assert aged.sql(f"SELECT count(*) FROM {name_of(month(-16))}") == "1"  # it is the owner's
    assert steps(aged, month(0)) == []
    aged.sql(f"ALTER TABLE audit DETACH PARTITION {name_of(month(-15))} CONCURRENTLY")
    assert steps(aged, month(0)) == ["gap"]
    assert aged.sql(f"SELECT audit_kept_since() = '{month(-14).isoformat()}'") == "t"
    aged.sql(f"DROP TABLE {name_of(month(-16))}, {name_of(month(-15))}")


def try_often(maker):
    for _ in range(20):
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            maker.cursor().execute(f"SELECT audit_retain_at(now(), {MUCH}, gen_random_uuid())")


def test_licenses_do_not_wait_for_it(aged):
    """pg_dump holds every table for hours. A month that is to go stays as long, and nobody waits."""
    keep(aged, "--keep-log", "15")
    made = aged.protect(do_not_forward={}, recipients=["bob@fabrikam.com"])
    assert steps(aged, datetime.datetime.now(UTC)) == ["due"]
    aged.sql("UPDATE audit_month SET due_since = now() - interval '8 days' WHERE gone_at IS NULL")
    dump = psycopg2.connect(aged.a.postgres.conninfo)
    dump.cursor().execute("LOCK TABLE audit IN ACCESS SHARE MODE")
    maker = psycopg2.connect(aged.a.postgres.conninfo)
    maker.autocommit = True
    slowest = 0
    try:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            tries = pool.submit(try_often, maker)
            while not tries.done():
                began = time.monotonic()
                aged.acquire(made, aged.bob)
                slowest = max(slowest, time.monotonic() - began)
            tries.result()
        assert partitions(aged)[1] == name_of(month(-16)) and slowest < 5
    finally:
        dump.close()
        maker.close()
    assert steps(aged, datetime.datetime.now(UTC)) == ["gone", "dropped"]


def test_the_servers_role_has_no_say(aged):
    """It may call for what is due, and decides nothing of it."""
    role = psycopg2.connect(aged.a.postgres.conninfo.replace("user=owner", "user=server"))
    role.autocommit = True
    for text in ("INSERT INTO audit_retention (months) VALUES (1)", "UPDATE audit_month SET due_since = 'epoch'",
                 "DELETE FROM audit_month", "SELECT audit_retain_at(now() + interval '1 year', 0, gen_random_uuid())",
                 "SELECT audit_take_out(m, gen_random_uuid(), now()) FROM audit_month m",
                 "SELECT audit_note(gen_random_uuid(), 'x', '')", f"DROP TABLE {name_of(month(-16))}"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            role.cursor().execute(text)
    with role.cursor() as cursor:
        cursor.execute("SELECT audit_retain(gen_random_uuid())")
        assert cursor.fetchone() == ("",)
    role.close()
    assert partitions(aged)[1] == name_of(month(-16))


# --- whoever reads ------------------------------------------------------------------------------------------------


def messages(world, method, who, start, end=None, token=""):
    times = {"start_time": {"seconds": int(start.timestamp())}, **({"end_time": {"seconds": int(end.timestamp())}} if end else {})}
    request_type, response_type = MESSAGES.method(f"AuditService/{method}")
    stub = world.a.channel(who).unary_stream(f"/chancery.v1.AuditService/{method}", request_type.SerializeToString,
                                             response_type.FromString)
    return stub(request_type(filter=times, resume_token=token), timeout=60)


def lose(world, months):
    """So many of the oldest ones go."""
    keep(world, "--keep-log", str(16 - months))
    steps(world, month(0))
    assert steps(world, month(0) + 8 * DAY) == ["gone", "dropped"] * months


def test_readers_are_told_since_when_it_is_kept(aged):
    auditor, since = aged.contoso.auditor, month(-14).timestamp()
    first = next(iter(messages(aged, "Export", auditor, month(-16), month(0))))
    assert not first.HasField("kept_since")
    lose(aged, 2)
    *_, last = messages(aged, "Export", auditor, month(-16), month(0))
    assert last.kept_since.seconds == since
    tail = messages(aged, "Tail", auditor, month(-16))
    assert next(iter(tail)).kept_since.seconds == since
    tail.cancel()
    assert aged.call("AuditService/Query", {}, auditor).kept_since.seconds == since
    accesses = aged.track("ListAccess", aged.made, aged.contoso.admin)
    assert not accesses.HasField("kept_since")  # it was protected later
    aged.sql(f"UPDATE content SET created_at = '{month(-15).isoformat()}' WHERE content = '{aged.made.content_id}'")
    assert aged.track("ListAccess", aged.made, aged.contoso.admin).kept_since.seconds == since


@pytest.mark.parametrize("method", ["Export", "Tail"])
def test_who_goes_on_from_what_is_gone_is_refused(aged, method):
    auditor = aged.contoso.auditor
    stream = messages(aged, method, auditor, month(-16), month(-15))
    token = next(iter(stream)).resume_token
    stream.cancel()
    lose(aged, 2)
    with pytest.raises(grpc.RpcError) as caught:
        list(messages(aged, method, auditor, month(-16), month(-15), token))
    refused = Refused(caught.value)
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "LOG_DROPPED")


def test_who_is_ahead_of_it_goes_on(aged):
    auditor = aged.contoso.auditor
    tail = messages(aged, "Tail", auditor, month(0))
    token = next(iter(tail)).resume_token
    lose(aged, 1)
    note(aged, datetime.datetime.now(UTC), "ahead")
    eventually(lambda: any(event.correlation_id == "ahead" for event in next(tail).events), "the stream goes on")
    tail.cancel()
    again = messages(aged, "Tail", auditor, month(0), token=token)
    assert next(iter(again)).resume_token
    again.cancel()


def test_the_command_line_tells_it(aged):
    with_certificate(aged, "auditor", aged.contoso.auditor)
    with_token(aged, "admin", aged.alice)
    with_certificate(aged, "admin", aged.contoso.admin)
    lose(aged, 2)
    words = f"events before {month(-14):%Y-%m-%dT%H:%M:%SZ} are gone: the log is not kept for longer"
    early, late = f"{month(-16):%Y-%m-%d}", f"{month(-14):%Y-%m-%d}"
    for verb, more in (("query", ()), ("export", ("--output", f"{aged.a.folder}/{aged.unique('kept')}"))):
        assert words in run(aged, f"audit {verb}", "auditor", "--start", early, "--end", f"{month(-13):%Y-%m-%d}", *more).stderr
    assert words not in run(aged, "audit query", "auditor", "--start", late).stderr
    aged.sql(f"UPDATE content SET created_at = '{month(-15).isoformat()}' WHERE content = '{aged.made.content_id}'")
    assert "attempts before" in run(aged, "track", "admin", aged.made.content_id).stderr


@pytest.mark.parametrize("value", ["0", "-1", "1201", "1.5", "", "ever", "3 months"])
def test_bad_months_are_refused(world, value):
    assert "--keep-log" in keep(world, "--keep-log", value, expect=2).stderr


def test_what_is_set_is_said(world):
    assert "kept for 24 months and the present one" in keep(world, "--keep-log", "24").stdout
    assert world.sql("SELECT months FROM audit_retention") == "24"
    assert "kept for ever" in keep(world, "--keep-log", "forever").stdout
    assert world.sql("SELECT count(*) FROM audit_retention") == "0"
