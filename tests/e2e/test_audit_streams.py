# SPDX-License-Identifier: Apache-2.0
"""AuditService.Export and Tail: every event once, in order, whatever happens meanwhile."""
import contextlib
import threading
import time

import grpc
import psycopg2
import pytest

from authority import MESSAGES, Issuer, Refused, new_id
from calls import fresh_channel
from proofs import access_token
from waiting import eventually, let_pass
from world import ROLES

PAGE = 500  # as the authority has it
LONG_AGO = 1_600_000_000


def stamp(seconds):
    return {"seconds": int(seconds), "nanos": int(seconds % 1 * 1e9)}


def stream(world, method, request, who, channel=None, timeout=60):
    """The messages of a stream, one after the other."""
    request_type, response_type = MESSAGES.method(f"AuditService/{method}")
    stub = (channel or world.a.channel(who)).unary_stream(
        f"/chancery.v1.AuditService/{method}", request_type.SerializeToString, response_type.FromString)
    return stub(request_type(**request), timeout=timeout)


def export(world, who, start=LONG_AGO, end=None, channel=None, token="", **filters):
    request = {"filter": {"start_time": stamp(start), **({"end_time": stamp(end)} if end else {}), **filters}, "resume_token": token}
    return stream(world, "Export", request, who, channel)


def tail(world, who, start=None, channel=None, token="", **filters):
    request = {"filter": {**({"start_time": stamp(start)} if start else {}), **filters}, "resume_token": token}
    return stream(world, "Tail", request, who, channel)


def ids(messages):
    return [event.event_id for message in messages for event in message.events]


def refusal(call):
    with pytest.raises(grpc.RpcError) as caught:
        for _ in call:
            pass
    return Refused(caught.value)


def fill(world, tenant, count, start=LONG_AGO, operation="acquire_license", **columns):
    """Events that were recorded long ago, a thousand a second."""
    more = "".join(f", {name}" for name in columns), "".join(f", '{value}'" for value in columns.values())
    world.sql("INSERT INTO audit (tenant, at, event, operation, granted, reason, user_address, client_address, user_agent, "
              f"correlation_id{more[0]}) SELECT '{tenant.id}', to_timestamp({start}) + n * interval '1 millisecond', "
              f"gen_random_uuid(), '{operation}', true, 'OK', 'u' || n % 100 || '@{tenant.domain}', '192.0.2.1:1', 'test', ''"
              f"{more[1]} FROM generate_series(1, {count}) AS n")


def stored(world, tenant, where="true"):
    return world.sql(f"SELECT event FROM audit WHERE tenant = '{tenant.id}' AND {where} ORDER BY at, event").splitlines()


@pytest.fixture(scope="module")
def busy(world):
    """A tenant with a log of some pages."""
    tenant = world.tenant()
    fill(world, tenant, 5 * PAGE + 7)
    return tenant


# --- exports -----------------------------------------------------------------------------------------------


def test_an_export_has_every_event_once_and_in_order(world, busy):
    messages = list(export(world, busy.auditor, LONG_AGO, LONG_AGO + 1000))
    assert ids(messages) == stored(world, busy, f"at < to_timestamp({LONG_AGO + 1000})")
    assert all(len(message.events) <= PAGE for message in messages)
    reached = [message.reached_time.ToNanoseconds() for message in messages]
    assert reached == sorted(reached)
    assert reached[-1] == messages[-1].end_time.ToNanoseconds() == (LONG_AGO + 1000) * 10 ** 9
    event = messages[0].events[0]
    assert (event.tenant, event.operation, event.granted, event.user) == (
        busy.name, "acquire_license", True, f"u1@{busy.domain}")


def test_an_export_says_where_the_next_one_begins(world, busy):
    """Without an end it goes up to where nothing can be added any more; both together have each event once."""
    first = list(export(world, busy.auditor))
    end = first[-1].end_time
    assert time.time() - 60 < end.seconds <= time.time()
    world.call("ComponentService/GetComponent", {"component_id": world.call(
        "ComponentService/ListComponents", {}, busy.admin).components[0].component_id}, busy.admin)
    world.call("TenantService/AddExclusion", {"application": world.unique("app")}, busy.admin)
    eventually(lambda: len(ids(export(world, busy.auditor, end.seconds))) > 0, "the act is settled")
    more = export(world, busy.auditor, end.seconds + end.nanos / 1e9)
    both = ids(first) + ids(more)
    assert len(both) == len(set(both))
    assert both == stored(world, busy)[:len(both)]


@pytest.mark.parametrize("filters", [
    {"user": "u7@{domain}"}, {"operation": "acquire_license", "reason": "OK"}, {"denied_only": True}, {"power": 100}, {"reason": "X"}])
def test_filters_are_those_of_query(world, busy, filters):
    filters = {name: value.format(domain=busy.domain) if isinstance(value, str) else value for name, value in filters.items()}
    if filters.get("power") == 100:
        filters["power"] = MESSAGES.pool.FindEnumTypeByName("chancery.v1.Power").values_by_name["POWER_ANY"].number
    exported = ids(export(world, busy.auditor, LONG_AGO, LONG_AGO + 1000, **filters))
    found, token = [], ""
    while True:
        page = world.call("AuditService/Query", {"filter": {**filters, "start_time": stamp(LONG_AGO), "end_time": stamp(
            LONG_AGO + 1000)}, "page_size": 1000, "page_token": token}, busy.auditor)
        found += [event.event_id for event in page.events]
        token = page.next_page_token
        if not token:
            break
    assert exported == found[::-1]


def test_rare_ones_among_many_are_found_and_the_way_is_told(world):
    """A page looks at 10,000 events at most, so there are messages without one."""
    tenant = world.tenant()
    fill(world, tenant, 25_000, operation="protect")
    fill(world, tenant, 3, LONG_AGO + 20, operation="protect", power="owner")
    request = {"operation": "protect", "power": 1}  # of which the power leads
    assert len(ids(export(world, tenant.auditor, LONG_AGO, LONG_AGO + 100, **request))) == 3
    messages = list(export(world, tenant.auditor, LONG_AGO, LONG_AGO + 100, operation="protect", denied_only=True,
                           user=f"u1@{tenant.domain}"))
    assert not ids(messages)
    messages = list(export(world, tenant.auditor, LONG_AGO, LONG_AGO + 100, reason="OK", power=1))
    assert len(ids(messages)) == 3


def test_an_export_goes_on_from_each_of_its_messages(world, busy):
    wanted = stored(world, busy, f"at < to_timestamp({LONG_AGO + 1000})")
    messages = list(export(world, busy.auditor, LONG_AGO, LONG_AGO + 1000))
    for index, message in enumerate(messages):
        rest = export(world, busy.auditor, LONG_AGO, LONG_AGO + 1000, token=message.resume_token)
        assert ids(messages[:index + 1]) + ids(rest) == wanted


def test_events_of_one_instant_are_each_there_once(world):
    tenant = world.tenant()
    world.sql("INSERT INTO audit (tenant, at, event, operation, granted, reason, client_address, user_agent, correlation_id) "
              f"SELECT '{tenant.id}', to_timestamp({LONG_AGO}), gen_random_uuid(), 'protect', true, 'OK', '', '', '' "
              f"FROM generate_series(1, {3 * PAGE})")
    messages = list(export(world, tenant.auditor, LONG_AGO, LONG_AGO + 1))
    assert ids(messages) == stored(world, tenant, f"at < to_timestamp({LONG_AGO + 1})")
    rest = export(world, tenant.auditor, LONG_AGO, LONG_AGO + 1, token=messages[0].resume_token)
    assert ids(messages[:1]) + ids(rest) == ids(messages)


def test_nobody_exports_anothers_log(world, busy):
    other = world.tenant()
    assert refusal(export(world, other.auditor, tenant=busy.name)).reason == "COMPONENT_TENANT"
    assert refusal(export(world, other.component("gateway"))).reason == "COMPONENT_ROLE"
    token = list(export(world, busy.auditor, LONG_AGO, LONG_AGO + 1000))[0].resume_token
    assert refusal(export(world, other.auditor, LONG_AGO, LONG_AGO + 1000, token=token)).reason == "PAGE_TOKEN_INVALID"
    assert set(ids(export(world, other.auditor))) <= set(stored(world, other))


def test_a_platform_admin_names_the_tenant(world, busy):
    of_tenant = ids(export(world, world.platform_admin, LONG_AGO, LONG_AGO + 1000, tenant=busy.name))
    assert of_tenant == stored(world, busy, f"at < to_timestamp({LONG_AGO + 1000})")
    of_platform = [event for message in export(world, world.platform_admin) for event in message.events]
    assert of_platform and {event.tenant for event in of_platform} == {""}


@pytest.mark.parametrize("request_, field", [
    ({}, "filter"), ({"filter": {}}, "filter.start_time"),
    ({"filter": {"start_time": stamp(20), "end_time": stamp(10)}}, "filter.end_time"),
    ({"filter": {"start_time": stamp(20), "user": "no address"}}, "filter.user")])
def test_what_is_wrong_with_a_request_is_told(world, busy, request_, field):
    assert refusal(stream(world, "Export", request_, busy.auditor)).fields == [field]


def test_forged_tokens_are_refused(world, busy):
    good = list(export(world, busy.auditor, LONG_AGO, LONG_AGO + 1000))[0].resume_token
    for bad in ("x", "AAAA", good[:-4], good[:-1] + ("A" if good[-1] != "A" else "B"), good + "AAAA", "A" * len(good), "%"):
        assert refusal(export(world, busy.auditor, LONG_AGO, LONG_AGO + 1000, token=bad)).reason == "PAGE_TOKEN_INVALID", bad
    assert refusal(export(world, busy.auditor, LONG_AGO, LONG_AGO + 999, token=good)).reason == "PAGE_TOKEN_INVALID"
    assert refusal(tail(world, busy.auditor, token=good)).reason == "PAGE_TOKEN_INVALID"


# --- following ---------------------------------------------------------------------------------------------


class Follower:
    """Reads a stream in a thread of its own, until it ends."""

    def __init__(self, call):
        self.call, self.messages, self.error = call, [], None
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        try:
            for message in self.call:
                self.messages.append(message)
        except grpc.RpcError as error:
            self.error = error

    def ids(self):
        return ids(list(self.messages))

    def saw(self, wanted, seconds=20):
        eventually(lambda: set(wanted) <= set(self.ids()), f"{len(wanted)} events come", seconds)

    def ended(self, seconds=30):
        self.thread.join(seconds)
        assert not self.thread.is_alive(), "it goes on"
        return Refused(self.error) if self.error else None

    def close(self):
        self.call.cancel()
        self.thread.join(10)


ACT = "add_exclusion"


@contextlib.contextmanager
def following(world, who, **more):
    """Acts to come, unless it is told otherwise; what was settled a moment ago may be among what comes."""
    follower = Follower(tail(world, who, **({} if "start" in more else {"operation": ACT}), **more))
    eventually(lambda: follower.messages or follower.error, "it begins")
    try:
        yield follower
    finally:
        follower.close()


def act(world, tenant):
    """Something that leaves a record."""
    world.call("TenantService/AddExclusion", {"application": world.unique("app")}, tenant.admin)


def acts_of(world, tenant):
    return stored(world, tenant, f"operation = '{ACT}'")


def test_what_is_recorded_is_told(world):
    tenant = world.tenant()
    act(world, tenant)
    before = acts_of(world, tenant)
    let_pass(2.5)
    with following(world, tenant.auditor) as follower:
        for _ in range(3):
            act(world, tenant)
        follower.saw(set(acts_of(world, tenant)) - set(before))
        assert not set(before) & set(follower.ids())
        assert follower.ids() == acts_of(world, tenant)[1:]


def test_it_begins_as_long_ago_as_it_is_asked_to(world, busy):
    with following(world, busy.auditor, start=LONG_AGO) as follower:
        act(world, busy)
        follower.saw(acts_of(world, busy))
        assert follower.ids() == stored(world, busy)


def test_a_transaction_that_commits_late_is_not_passed(world):
    """Its rows have the time at which it began, and appear when it commits: others have come meanwhile, with later times."""
    tenant = world.tenant()
    late = psycopg2.connect(world.a.postgres.server_conninfo)
    with following(world, tenant.auditor) as follower, contextlib.closing(late), late.cursor() as cursor:
        cursor.execute("INSERT INTO audit (tenant, at, event, operation, granted, reason, client_address, user_agent, "
                       f"correlation_id) VALUES ('{tenant.id}', now(), '{new_id()}', '{ACT}', true, 'OK', '', '', '')")
        let_pass(1)
        for _ in range(3):
            act(world, tenant)
        assert len(acts_of(world, tenant)) == 3
        let_pass(4)  # longer than they take otherwise
        assert not follower.ids()
        late.commit()
        wanted = acts_of(world, tenant)
        assert len(wanted) == 4
        follower.saw(wanted)
        assert follower.ids() == wanted


def test_an_export_is_not_ahead_of_it_either(world):
    tenant = world.tenant()
    late = psycopg2.connect(world.a.postgres.server_conninfo)
    with contextlib.closing(late), late.cursor() as cursor:
        cursor.execute("INSERT INTO audit (tenant, at, event, operation, granted, reason, client_address, user_agent, "
                       f"correlation_id) VALUES ('{tenant.id}', now(), '{new_id()}', 'protect', true, 'OK', '', '', '')")
        began = float(world.sql("SELECT extract(epoch FROM xact_start) FROM pg_stat_activity WHERE usename = 'server' AND "
                                "state = 'idle in transaction'"))
        act(world, tenant)
        let_pass(3)
        first = list(export(world, tenant.auditor))
        assert first[-1].end_time.seconds < began
        late.commit()
    eventually(lambda: ids(first) + ids(export(world, tenant.auditor, first[-1].end_time.seconds)) == stored(world, tenant),
               "both have all", pause=0.5)


def test_a_backup_that_reads_the_whole_log_holds_nothing_up(world):
    tenant = world.tenant()
    reader = psycopg2.connect(world.a.postgres.conninfo)
    with contextlib.closing(reader), reader.cursor() as cursor, following(world, tenant.auditor) as follower:
        cursor.execute("SELECT count(*) FROM audit")
        act(world, tenant)
        follower.saw(acts_of(world, tenant))


def test_it_goes_on_from_any_message(world):
    tenant = world.tenant()
    with following(world, tenant.auditor) as follower:
        act(world, tenant)
        follower.saw(acts_of(world, tenant))
        messages = list(follower.messages)
    act(world, tenant)
    wanted = acts_of(world, tenant)
    for index, message in enumerate(messages):
        with following(world, tenant.auditor, token=message.resume_token) as again:
            again.saw(set(wanted) - set(ids(messages[:index + 1])))
            assert ids(messages[:index + 1]) + again.ids() == wanted


def test_with_an_end_it_ends(world, busy):
    request = {"filter": {"start_time": stamp(LONG_AGO), "end_time": stamp(LONG_AGO + 2)}}
    assert ids(stream(world, "Tail", request, busy.auditor)) == stored(world, busy, f"at < to_timestamp({LONG_AGO + 2})")


def test_many_write_while_it_is_followed(world):
    """From several connections, some of which commit late, so that rows appear in another order than that of their times."""
    tenant = world.tenant()

    def write(number):
        with contextlib.closing(psycopg2.connect(world.a.postgres.server_conninfo)) as connection:
            for turn in range(15):
                with connection, connection.cursor() as cursor:
                    cursor.execute("INSERT INTO audit (tenant, at, event, operation, granted, reason, client_address, "
                                   f"user_agent, correlation_id) VALUES ('{tenant.id}', now(), '{new_id()}', '{ACT}', "
                                   "true, 'OK', '', '', '')")
                    cursor.execute(f"SELECT pg_sleep({(number * 7 + turn * 3) % 10 * 0.05})")
    with following(world, tenant.auditor) as follower:
        threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wanted = acts_of(world, tenant)
        assert len(wanted) == 90
        follower.saw(wanted)
        assert follower.ids() == wanted


# --- what a stream must not outlive -------------------------------------------------------------------------


def test_who_may_no_longer_read_hears_no_more(world):
    tenant = world.tenant()
    follower = Follower(tail(world, tenant.auditor))
    eventually(lambda: follower.messages, "it begins")
    component = next(c for c in world.call("ComponentService/ListComponents", {}, tenant.admin).components
                     if c.name == f"{tenant.name}-auditor")
    world.call("ComponentService/DeleteComponent", {"component_id": component.component_id}, tenant.admin)
    assert follower.ended().reason == "COMPONENT_UNKNOWN"


def test_of_a_disabled_tenant_nothing_is_told(world):
    tenant = world.tenant()
    follower = Follower(tail(world, tenant.auditor))
    eventually(lambda: follower.messages, "it begins")
    world.call("TenantService/UpdateTenant", {"tenant": {"tenant": tenant.name, "state": 2}, "update_mask": {
        "paths": ["state"]}}, world.platform_admin)
    assert follower.ended().reason == "TENANT_DISABLED"


def test_a_token_that_ends_ends_its_stream(world):
    tenant = world.tenant()
    issuer = Issuer(f"https://services.{tenant.domain}")
    made = world.call("IssuerService/CreateIssuer", {"issuer": {
        "kind": 5, "issuer": issuer.iss, "audiences": [issuer.audience], "algorithms": ["ES256"],
        "jwks_json": issuer.jwks()}}, tenant.admin).issuer
    world.call("ComponentService/CreateComponent", {"component": {
        "name": world.unique("siem"), "role": ROLES["auditor"], "issuer_id": made.issuer_id, "subject": "siem"}}, tenant.admin)
    token = access_token(issuer, "siem", exp=int(time.time()) + 6)
    request_type, response_type = MESSAGES.method("AuditService/Tail")
    stub = world.a.channel().unary_stream("/chancery.v1.AuditService/Tail", request_type.SerializeToString,
                                          response_type.FromString)
    follower = Follower(stub(request_type(), metadata=[("authorization", f"Bearer {token}")], timeout=90))
    eventually(lambda: follower.messages or follower.error, "it begins")
    assert follower.messages and follower.ended(85).reason == "TOKEN_EXPIRED"


def test_a_stream_outlives_many_terms(world):
    """Its caller is found out anew every ten seconds; nothing of that shows."""
    tenant = world.tenant()
    with following(world, tenant.auditor) as follower:
        let_pass(24)
        act(world, tenant)
        follower.saw(acts_of(world, tenant))
        assert not follower.error and len(follower.messages) >= 3  # which say where to go on


def test_a_tenant_has_a_few_streams_at_a_time(world):
    tenant, other = world.tenant(), world.tenant()
    channels = [fresh_channel(world.a, tenant.auditor) for _ in range(24)]
    followers = [Follower(tail(world, tenant.auditor, channel=channel)) for channel in channels]
    eventually(lambda: all(f.messages or f.error for f in followers), "each has begun or was refused")
    refused = [Refused(f.error) for f in followers if f.error]
    assert 24 - 16 <= len(refused) <= 24 - 8  # 8 on each of two workers
    assert {(r.code, r.reason) for r in refused} == {("RESOURCE_EXHAUSTED", "TOO_MANY_STREAMS")}
    assert list(export(world, other.auditor))  # another's come through
    assert world.call("AuditService/Query", {}, tenant.auditor)  # and calls go on
    for follower, channel in zip(followers, channels):
        follower.close()
        channel.close()
    eventually(lambda: not refuses(world, tenant), "there is room again")


def refuses(world, tenant):
    try:
        list(export(world, tenant.auditor))
        return False
    except grpc.RpcError:
        return True
