# SPDX-License-Identifier: Apache-2.0
"""How much a tenant may do (docs/policy.md §11.1): quotas, which two nodes together never go beyond, and calls a second,
which they share."""
import concurrent.futures
import datetime
import time

import grpc
import pytest

from authority import MESSAGES, Refused
from calls import outcome, reason, refused
from scim import Provider, token_of
from waiting import eventually, let_pass

ALL = ("contents_per_day", "contents_per_month", "licenses_per_day", "calls_per_second", "component_calls_per_second",
       "principal_calls_per_second")
DAY, MONTH = 1, 2  # enum quota


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1, "config": {"limits": {"drain_ms": 3000, "burst_seconds": 1}}}


@pytest.fixture(scope="module")
def world(world):
    world.node = world.a.node().start()
    yield world
    world.node.stop()


class Firm:
    """A tenant of a test's own, so that nobody else uses its quotas up."""

    def __init__(self, world):
        self.w, self.tenant = world, world.tenant()
        self.ann, self.bob = self.tenant.token("ann"), self.tenant.token("bob")
        self.request = {"owner": f"ann@{self.tenant.domain}", "recipients": [f"bob@{self.tenant.domain}"],
                        "do_not_forward": {}, "client_public_jwk": world.reader.public}

    def limit(self, who=None, **limits):
        return self.w.update_tenant(who or self.w.platform_admin, self.tenant.name, limits=limits).tenant.limits

    def protect(self, on=None, who=None, token=None, **more):
        who = None if token else who or self.tenant.gateway
        return (on or self.w.a).call("PublishingService/Protect", {**self.request, **more}, who, token)

    def protects(self, count, on=None, **more):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda _: outcome(self.protect, on=on, **more), range(count)))

    def batch(self, count):
        return self.w.call("PublishingService/BatchProtect", {"requests": [self.request] * count}, self.tenant.gateway)

    def contents(self):
        return int(self.w.sql(f"SELECT count(*) FROM content WHERE tenant = '{self.tenant.id}'"))

    def used(self, quota):
        return self.w.sql(f"SELECT used FROM quota_use WHERE tenant = '{self.tenant.id}' AND quota = {quota}")


@pytest.fixture
def firm(world):
    return Firm(world)


def refusal(function, *args, **more):
    """The first refusal for too much of calls that go on until then."""
    def ask():
        try:
            function(*args, **more)
        except Refused as error:
            return error
        return None
    return eventually(ask, "it is refused")


# --- quotas ----------------------------------------------------------------------------------------------------------------


def test_two_nodes_together_never_go_beyond_a_quota(world, firm):
    firm.limit(contents_per_day=60)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        told = [answer for answers in pool.map(lambda node: firm.protects(50, on=node), (world.a, world.node))
                for answer in answers]
    assert set(told) == {"OK", "QUOTA_EXCEEDED"} and told.count("OK") <= 60
    assert firm.contents() == told.count("OK")
    # What a node had leased and not spent comes back within seconds, so nothing is lost.
    eventually(lambda: "QUOTA_EXCEEDED" in firm.protects(2, on=world.a) and firm.contents() == 60, "all are used up")
    assert firm.used(DAY) == "60"


def test_who_is_refused_is_told_what_and_when(world, firm):
    firm.limit(contents_per_day=1, contents_per_month=5)
    firm.protect()
    error = refused(firm.protect)
    assert (error.code, error.reason) == ("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")
    assert (error.metadata["quota"], error.metadata["quota_limit"]) == ("contents_per_day", "1")
    now = datetime.datetime.now(datetime.timezone.utc)
    resets = datetime.datetime.fromisoformat(error.metadata["quota_reset_time"].replace("Z", "+00:00"))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + datetime.timedelta(days=1)
    assert abs(resets - midnight) < datetime.timedelta(minutes=1) or midnight - now < datetime.timedelta(minutes=1)
    [violation] = error.details["QuotaFailure"].violations
    assert violation.subject == "tenant" and "contents_per_day is 1" in violation.description
    assert 0 < error.details["RetryInfo"].retry_delay.seconds <= 3600
    assert world.audit(tenant=firm.tenant.name, operation="protect", reason="QUOTA_EXCEEDED")
    assert world.metric('chancery_quota_refused_total{quota="contents_per_day"}') > 0
    eventually(lambda: world.metric("chancery_quotas_near") >= 1, "it is near its end")


def test_a_month_bounds_what_days_leave(firm):
    firm.limit(contents_per_day=100, contents_per_month=3)
    assert firm.protects(6).count("OK") == 3
    assert refused(firm.protect).metadata["quota"] == "contents_per_month"
    # What was taken of the day for those that the month refused has gone back.
    eventually(lambda: firm.used(DAY) == "3", "the day counts what was protected")


def test_a_retry_costs_nothing_and_has_what_was_made(firm):
    firm.limit(contents_per_day=1)
    request = {"request_id": "018f0000-0000-7000-8000-0000000000a1"}
    made = firm.protect(**request)
    assert reason(firm.protect) == "QUOTA_EXCEEDED"
    assert firm.protect(**request).content_id == made.content_id
    assert reason(firm.protect, request_id="018f0000-0000-7000-8000-0000000000a2") == "QUOTA_EXCEEDED"
    assert firm.used(DAY) == "1" and firm.contents() == 1


def test_refused_contents_are_not_counted(firm):
    firm.limit(contents_per_day=2)
    missing = {"template_id": "018f0000-0000-7000-8000-0000000000b1", "recipients": []}
    request = {name: value for name, value in firm.request.items() if name != "do_not_forward"}
    firm.request, asked = {**request, **missing}, firm.request
    assert set(firm.protects(5)) == {"TEMPLATE_NOT_FOUND"}
    firm.request = asked
    assert [outcome(firm.protect) for _ in range(3)] == ["OK", "OK", "QUOTA_EXCEEDED"]


def test_items_of_a_batch_count_each(firm):
    firm.limit(contents_per_day=3)
    told = [result.error.reason for result in firm.batch(5).results if result.WhichOneof("outcome") == "error"]
    assert told == ["QUOTA_EXCEEDED"] * 2


def test_licenses_count_for_who_asks(world, firm):
    other = Firm(world)
    made = firm.protect(recipients=[f"bob@{other.tenant.domain}"])
    other.limit(licenses_per_day=2)
    firm.limit(licenses_per_day=1)
    assert [outcome(world.acquire, made, other.bob) for _ in range(3)] == ["OK", "OK", "QUOTA_EXCEEDED"]
    world.acquire(made, firm.ann)  # what strangers open uses up nothing of the owner's
    assert reason(world.acquire, made, firm.ann) == "QUOTA_EXCEEDED"
    assert reason(world.acquire, made, other.ann) == "NO_RIGHTS"  # that comes first


def test_a_higher_quota_holds_at_once_on_every_node(world, firm):
    firm.limit(contents_per_day=1)
    assert sorted(firm.protects(3)) == ["OK", "QUOTA_EXCEEDED", "QUOTA_EXCEEDED"]
    assert firm.protects(1, on=world.node) == ["QUOTA_EXCEEDED"]
    firm.limit(contents_per_day=3)
    assert firm.protects(1, on=world.node) == ["OK"]
    assert sorted(firm.protects(2, on=world.a)) == ["OK", "QUOTA_EXCEEDED"]
    firm.limit()
    assert firm.protects(5, on=world.node) == firm.protects(5) == ["OK"] * 5


def test_without_a_quota_nothing_is_counted(firm):
    assert firm.protects(5) == ["OK"] * 5
    assert firm.used(DAY) == ""


def test_a_node_that_ends_returns_what_it_leased(world, firm):
    firm.limit(contents_per_month=100000)
    other = world.a.node().start()
    try:
        assert firm.protects(3, on=other) == ["OK"] * 3
    finally:
        other.stop()
    assert firm.used(MONTH) == "3"


# --- who sets them ---------------------------------------------------------------------------------------------------------


def test_only_the_platform_sets_limits_and_admins_see_them(world, firm):
    limits = firm.limit(contents_per_day=7, principal_calls_per_second=1000)
    assert (limits.contents_per_day, limits.principal_calls_per_second) == (7, 1000)
    event = world.audit(tenant=firm.tenant.name, operation="update_tenant")[0]
    assert event.granted and event.component != firm.tenant.admin.name
    assert world.call("TenantService/GetTenant", {}, firm.tenant.admin).tenant.limits == limits
    assert reason(firm.limit, who=firm.tenant.admin, contents_per_day=9) == "COMPONENT_ROLE"
    firm.limit()
    assert not world.call("TenantService/GetTenant", {}, firm.tenant.admin).tenant.HasField("limits")


def test_admins_see_what_is_used_up(world, firm):
    firm.limit(contents_per_month=200, licenses_per_day=10)
    made = firm.protect()
    assert outcome(world.acquire, made, firm.bob) == "OK"

    def used():
        quotas = world.call("TenantService/GetTenant", {}, firm.tenant.admin).quotas
        return [(use.quota, use.most, use.used) for use in quotas]

    # What the node holds to spend comes back within seconds.
    eventually(lambda: used() == [("contents_per_month", 200, 1), ("licenses_per_day", 10, 1)], used)
    ends = [use.reset_time.ToDatetime() for use in world.call("TenantService/GetTenant", {}, firm.tenant.admin).quotas]
    assert (ends[0].day, ends[0].hour, ends[1].hour, ends[1].minute) == (1, 0, 0, 0)
    assert ends[1] > datetime.datetime.utcnow() - datetime.timedelta(minutes=1) and ends[0] >= ends[1]


def test_limits_that_are_none_are_refused(firm):
    for name in ALL:
        most = 100000 if "second" in name else 1000000000
        assert getattr(firm.limit(**{name: most}), name) == most
        error = refused(firm.limit, **{name: most + 1})
        assert (error.reason, list(error.fields)) == ("FIELD_INVALID", ["tenant.limits"])


# --- calls a second ----------------------------------------------------------------------------------------------------------


def let_in(seconds, nodes, call):
    """Ask as fast as it goes on these nodes; how many calls were let in each second of the last half."""
    end = time.monotonic() + seconds
    middle = end - seconds / 2

    def run(node):
        count = 0
        while (now := time.monotonic()) < end:
            told = outcome(call, node)
            assert told in ("OK", "RATE_LIMITED"), told
            count += told == "OK" and now > middle
        return count

    with concurrent.futures.ThreadPoolExecutor(4 * len(nodes)) as pool:
        return sum(pool.map(run, nodes * 4)) / (seconds / 2)


def test_two_nodes_share_a_rate(world, firm):
    made = firm.protect()
    firm.limit(calls_per_second=20)
    both = let_in(12, [world.a, world.node], lambda node: world.acquire(made, firm.bob, on=node))
    assert 16 <= both <= 24
    alone = let_in(12, [world.a], lambda node: world.acquire(made, firm.bob, on=node))
    assert 16 <= alone <= 24


def test_who_is_too_fast_is_told_when_to_come_again(world, firm):
    made = firm.protect()
    firm.limit(principal_calls_per_second=2)
    error = refusal(world.acquire, made, firm.bob)
    assert (error.code, error.reason) == ("RESOURCE_EXHAUSTED", "RATE_LIMITED")
    assert (error.metadata["rate_limit_of"], error.metadata["calls_per_second"]) == ("principal", "2")
    assert error.details["QuotaFailure"].violations[0].subject == "principal"
    delay = error.details["RetryInfo"].retry_delay
    assert delay.seconds == 0 and 0 < delay.nanos <= 510_000_000
    assert int(error.trailers["grpc-retry-pushback-ms"]) == delay.nanos // 1_000_000
    assert world.metric('chancery_rate_limited_total{of="principal"}') > 0
    world.acquire(made, firm.ann)  # somebody else of the tenant isn't held back by it


def test_a_stock_client_tries_again_by_itself(world, firm):
    """grpcio with a retry policy: it waits for what the pushback says, and the caller notices nothing."""
    made = firm.protect()
    firm.limit(principal_calls_per_second=2)
    path = "LicensingService/AcquireLicense"
    request_type, response_type = MESSAGES.method(path)
    config = ('{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 5, "initialBackoff": "0.001s", '
              '"maxBackoff": "0.001s", "backoffMultiplier": 1, "retryableStatusCodes": ["RESOURCE_EXHAUSTED"]}}]}')
    credentials = grpc.ssl_channel_credentials(world.a.server.certificate)
    request = request_type(**world.license_request(made))
    before = world.metric('chancery_rate_limited_total{of="principal"}')
    with grpc.secure_channel(world.a.address, credentials, options=[("grpc.service_config", config),
                                                                    ("grpc.enable_retries", 1)]) as channel:
        stub = channel.unary_unary(f"/chancery.v1.{path}", request_type.SerializeToString, response_type.FromString)
        begin = time.monotonic()
        for _ in range(6):
            stub(request, metadata=[("authorization", f"Bearer {firm.bob}")], timeout=20, wait_for_ready=True)
    assert time.monotonic() - begin > 1.5  # two at once, and the others at two a second
    assert world.metric('chancery_rate_limited_total{of="principal"}') > before


def test_a_component_has_a_limit_of_its_own(firm):
    firm.limit(component_calls_per_second=3)
    error = refusal(firm.protect)
    assert error.metadata["rate_limit_of"] == "component"
    firm.protect(token=firm.ann)  # who comes without it


def test_items_count_as_calls(firm):
    firm.limit(component_calls_per_second=4)
    # More than may come at once: it is let in by a full bucket, which owes it then.
    eventually(lambda: outcome(firm.batch, 40) == "OK", "a full bucket")
    begin = time.monotonic()
    assert firm.contents() == 40
    assert outcome(firm.protect) == "RATE_LIMITED"
    eventually(lambda: outcome(firm.protect) == "OK", "it is paid")
    assert time.monotonic() - begin > 1.5


def test_administration_is_not_shut_out(world, firm):
    firm.limit(calls_per_second=1, component_calls_per_second=1, principal_calls_per_second=1)
    assert "RATE_LIMITED" in firm.protects(20)
    world.call("TenantService/GetTenant", {}, firm.tenant.admin)
    firm.limit()
    eventually(lambda: "RATE_LIMITED" not in firm.protects(5), "the limit has gone")


def test_strangers_use_nothing_up(world, firm):
    made = firm.protect()
    firm.limit(calls_per_second=5, licenses_per_day=3)
    forged = firm.bob[:-8] + "AAAAAAAA"
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        told = set(pool.map(lambda _: outcome(world.acquire, made, forged), range(60)))
    assert told == {"TOKEN_SIGNATURE"}  # and not of any limit
    assert [outcome(world.acquire, made, firm.bob) for _ in range(4)] == ["OK"] * 3 + ["QUOTA_EXCEEDED"]


def test_a_network_is_limited_before_its_credentials_are_looked_at(world, firm):
    made = firm.protect()
    node = world.a.node(limits={"network_calls_per_second": 4, "burst_seconds": 1, "drain_ms": 3000}).start()
    try:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            told = list(pool.map(lambda _: outcome(world.acquire, made, firm.bob, on=node), range(40)))
        assert set(told) == {"OK", "RATE_LIMITED"}
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            told = set(pool.map(lambda _: outcome(world.acquire, made, "no.token.atall", on=node), range(40)))
        assert told <= {"RATE_LIMITED", "TOKEN_MALFORMED"} and "RATE_LIMITED" in told
        assert firm.protects(20, on=node) == ["OK"] * 20  # with a registered certificate
    finally:
        node.stop()


def flooded(seconds, flood, beside):
    """What some hear who ask as fast as it goes, and what somebody else hears meanwhile, a few times a second."""
    end = time.monotonic() + seconds

    def until(call, pause):
        told = []
        while time.monotonic() < end:
            told.append(outcome(call))
            let_pass(pause)
        return told

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        floods = [pool.submit(until, flood, 0) for _ in range(3)]
        heard = pool.submit(until, beside, 0.5)
        return {one for flood in floods for one in flood.result()}, set(heard.result())


def test_nobody_shuts_out_an_admin(world, firm):
    """Whatever they ask for: users and portals have methods without a license in them, and providers SCIM."""
    provider = Provider(world, token_of(world, firm.tenant)[0])
    firm.limit(calls_per_second=4)

    def admin():
        return world.call("TenantService/GetTenant", {}, firm.tenant.admin)

    told, heard = flooded(2, lambda: world.call("DeviceService/ListDevices", {}, None, firm.bob), admin)
    assert "RATE_LIMITED" in told and heard == {"OK"}

    firm.limit(calls_per_second=1)  # fewer than curl makes anywhere
    statuses, heard = [], []
    for i in range(40):
        statuses.append(provider.get("/Users", count=1).status)
        heard += [outcome(admin)] if i == 39 else []
    assert 429 in statuses and set(heard) == {"OK"}


def test_retries_in_a_row_cost_nothing(firm):
    firm.limit(contents_per_day=1000)
    for _ in range(10):
        firm.protect(request_id="018f0000-0000-7000-8000-0000000000a3")
    assert firm.contents() == 1
    eventually(lambda: firm.used(DAY) == "1", "one is used")


def test_who_is_refused_early_has_a_rate_too(world, firm):
    """Each refusal of somebody who is known is a row of the log."""
    firm.limit(principal_calls_per_second=2)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: outcome(world.call, "AuditService/Query", {}, None, firm.bob), range(60)))
    assert set(told) == {"COMPONENT_ROLE", "RATE_LIMITED"}
    rows = world.sql(f"SELECT count(*) FROM audit WHERE tenant = '{firm.tenant.id}' AND reason = 'COMPONENT_ROLE'")
    assert int(rows) == told.count("COMPONENT_ROLE") < 30


def test_one_persons_batch_holds_up_nobody_else(world, firm):
    made = firm.protect()
    firm.limit(calls_per_second=10, principal_calls_per_second=1)
    request = {"requests": [world.license_request(made)] * 100}
    eventually(lambda: outcome(world.call, "LicensingService/BatchAcquireLicense", request, None, firm.bob) == "OK"
               and outcome(world.acquire, made, firm.bob) == "RATE_LIMITED", "it is let in, and owed")
    begin = time.monotonic()
    eventually(lambda: outcome(world.acquire, made, firm.ann) == "OK", "she is let in")
    assert time.monotonic() - begin < 4  # and not ten seconds
    error = refused(world.acquire, made, firm.bob)
    assert error.metadata["rate_limit_of"] == "principal" and error.details["RetryInfo"].retry_delay.seconds > 5
