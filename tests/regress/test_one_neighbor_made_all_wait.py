# SPDX-License-Identifier: Apache-2.0
"""Whatever a tenant asked for, others waited behind it: one connection for everything that admins do, one line for all who
wait, no bound for what one may have on its way."""
import contextlib
import time
import uuid

import psycopg2
import pytest

from authority import Authority
from calls import call_on, fresh_channel, outcome, outcome_of, refused
from loop_turns import limit, longest_turn
from waiting import eventually, let_pass
from world import VIEW, World, grant

ACQUIRE, QUERY, PROTECT = "LicensingService/AcquireLicense", "AuditService/Query", "PublishingService/Protect"
TEMPLATES = "PublishingService/ListAvailableTemplates"
SLOW_S, MANY = 1, 8
HELD_MS = 3000
TENANT_CALLS = 12
KEPT = 6  # connections of a worker at rest


@pytest.fixture(scope="module")
def authority_options(faults):
    return {"workers": 1, "env": faults.env, "config": {"limits": {"tenant_calls": TENANT_CALLS}}}


@pytest.fixture
def slow_log(world):
    """Whoever reads the log takes a second; whoever writes it does not."""
    world.sql(f"CREATE POLICY slow ON audit AS RESTRICTIVE FOR SELECT USING ((SELECT pg_sleep({SLOW_S})) IS NOT NULL)")
    yield
    world.sql("DROP POLICY slow ON audit")


def many(world, path, requests, who=None, token=None):
    channel = world.a.channel(who)
    metadata = [("authorization", f"Bearer {token}")] if token else []
    return [call_on(channel, path, request, metadata, wait=False) for request in requests]


def timed(function, *args, **more):
    started = time.monotonic()
    function(*args, **more)
    return time.monotonic() - started


def of_fabrikam(world):
    return world.protect(world.fabrikam.gateway, owner="bob@fabrikam.com", recipients=["alice@contoso.com"])


def test_revocation_waited_behind_long_readers(world, slow_log):
    """Audit queries of one tenant stood on the connection that another tenant's revocation needed: 5 to 19 s."""
    made = of_fabrikam(world)
    queries = many(world, QUERY, [{}] * MANY, world.contoso.admin)
    assert timed(world.track, "Revoke", made, world.fabrikam.admin) < SLOW_S
    assert not all(query.done() for query in queries)
    assert timed(world.call, QUERY, {}, world.fabrikam.admin) < 3 * SLOW_S, "a query of another tenant has its turn"
    assert {outcome_of(query) for query in queries} == {"OK"}


@pytest.fixture
def slow_directories(world):
    """Two tenants; whoever looks up a person there takes a while, as where people are in thousands of groups."""
    tenants = world.tenant(), world.tenant()
    for tenant in tenants:
        world.call("DirectoryService/PutUser", {"user": {"address": f"one@{tenant.domain}"}}, tenant.admin)
    world.sql(f"CREATE POLICY slow ON directory_name AS RESTRICTIVE FOR SELECT USING ((SELECT pg_sleep({SLOW_S})) IS NOT NULL)")
    yield tenants
    world.sql("DROP POLICY slow ON directory_name")


def test_everything_waited_behind_people_of_many_groups(world, slow_directories):
    """Looking up a person of 4,000 groups takes 30 ms, and a tenant's many such stood before everybody's keys, contents and
    components: another one's revocation took 1 to 3.5 s."""
    made, (loud, quiet) = of_fabrikam(world), slow_directories
    token = loud.token("one")
    channels = [fresh_channel(world.a) for _ in range(MANY)]
    calls = [call_on(channel, TEMPLATES, {}, [("authorization", f"Bearer {token}")], wait=False) for channel in channels]
    let_pass(SLOW_S / 4)
    assert timed(world.track, "Revoke", made, world.fabrikam.admin) < SLOW_S
    assert timed(world.call, TEMPLATES, {}, token=quiet.token("one")) < 3 * SLOW_S, "people of another tenant too"
    assert not all(call.done() for call in calls)
    assert {outcome_of(call) for call in calls} == {"OK"}
    for channel in channels:
        channel.close()


@contextlib.contextmanager
def transaction(world, statement, *values):
    """Somebody else's, which stays open."""
    connection = psycopg2.connect(world.a.postgres.conninfo)
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            yield cursor
    finally:
        connection.close()


def test_revocation_waited_behind_a_row_that_was_locked(world):
    """An act on a row that somebody held stopped every admin for as long as a statement may take, 5 s each."""
    made, template = of_fabrikam(world), world.template(grant("owner", VIEW))
    with transaction(world, "SELECT FROM template WHERE template = %s FOR UPDATE", template.template_id):
        acts = many(world, "TemplateService/ArchiveTemplate", [{"template_id": template.template_id}] * MANY,
                    world.contoso.admin)
        assert timed(world.track, "Revoke", made, world.fabrikam.admin) < 1
        assert timed(world.template, grant("owner", VIEW), who=world.fabrikam.admin) < 1
        assert outcome_of(acts[0]) == "CONFLICT", "waiting for a lock has a limit"
    assert all(outcome_of(act) in ("OK", "CONFLICT") for act in acts)


def test_an_act_waited_for_a_lock_again_and_again(world):
    """A lock that was held for as long as one may wait was taken for another change that came first: eight times."""
    with transaction(world, "SELECT FROM tenant WHERE name = 'contoso' FOR UPDATE"):
        change = {"tenant": {"display_name": "Locked"}, "update_mask": {"paths": ["display_name"]}}
        started = time.monotonic()
        acts = many(world, "TenantService/UpdateTenant", [change] * 3, world.contoso.admin)
        assert {outcome_of(act) for act in acts} == {"CONFLICT"}
        assert time.monotonic() - started < 6, "each waits for a second, one after the other"


def protection(world, request_id):
    return {"client_public_jwk": world.reader.public, "recipients": ["bob@fabrikam.com"], "do_not_forward": {},
            "owner": "alice@contoso.com", "request_id": request_id}


NEW = ("INSERT INTO content (tenant, content, owner, issuer, display_name, request_id, request_hash, key_version) "
       "VALUES (%s, %s, 'o@contoso.com', 'o@contoso.com', '', %s, %s, 1)")


def test_innocents_of_a_batch_failed_with_the_one_at_fault(world):
    """A request id that another transaction held failed the whole batch of the gate, after 5 s."""
    taken = str(uuid.uuid4())
    with transaction(world, NEW, str(world.contoso.id), str(uuid.uuid4()), taken, b"0" * 32):
        requests = [protection(world, taken), *(protection(world, str(uuid.uuid4())) for _ in range(MANY))]
        started = time.monotonic()
        first, *others = many(world, PROTECT, requests, world.gateway)
        assert {outcome_of(other) for other in others} == {"OK"}
        assert time.monotonic() - started < 3
        assert outcome_of(first) == "CONFLICT"


def test_one_tenant_had_every_place(world, faults):
    """Nothing bounded what one tenant had on its way, and everybody else stood behind all of it."""
    request = world.license_request(world.made)
    faults.delay("acquire_license:decide", HELD_MS)
    calls = many(world, ACQUIRE, [request] * TENANT_CALLS, token=world.alice)
    eventually(lambda: world.metric("chancery_calls_active") >= TENANT_CALLS, "all are on their way")
    let_pass(0.3)  # they stand before the step by now
    faults.none()
    busy = refused(world.acquire, world.made, world.alice)
    assert (busy.reason, busy.code) == ("TENANT_BUSY", "RESOURCE_EXHAUSTED")
    world.acquire(world.made, world.bob)
    world.track("Revoke", of_fabrikam(world),
                world.fabrikam.admin)
    world.call("TemplateService/ListTemplates", {}, world.contoso.admin)
    assert {outcome_of(call) for call in calls} == {"OK"}
    world.acquire(world.made, world.alice)


def loaded(world):
    return world.metric('chancery_views_total{outcome="loaded"}')


def test_every_call_loaded_for_itself(world):
    """After a change each call that was told so loaded the whole tenant, and dropped what another one had loaded."""
    request = world.license_request(world.made)
    for _ in range(5):
        world.acquire(world.made, world.bob)
        before = loaded(world)
        world.template(grant("owner", VIEW))
        of_change = loaded(world) - before  # what the admin's own call needs
        calls = many(world, ACQUIRE, [request] * (TENANT_CALLS - 1), token=world.alice)
        assert {outcome_of(call) for call in calls} == {"OK"}
        assert loaded(world) - before - of_change <= 2


def test_a_tenant_of_many_names_stopped_the_loop(world):
    """All templates of a tenant were read in one turn of the loop: 37 to 110 ms, in which the worker did nothing else."""
    world.sql("INSERT INTO template (tenant, template, scope, offline_days, referral_contact, grant_principals, grant_rights, "
              "name_languages, name_texts) "
              f"SELECT '{world.fabrikam.id}', gen_random_uuid(), '{{}}', -1, '', names, array_fill('VIEW'::text, ARRAY[500]), '{{}}', '{{}}' "
              "FROM (SELECT array_agg('user:jürgen.müller' || n || '@straße-' || n || '.größe.example') AS names "
              "      FROM generate_series(1, 500) AS n) AS all_names, generate_series(1, 60)")
    node = world.a.node().start()
    try:
        turns = longest_turn(node, lambda: world.acquire(world.made, world.bob, on=node))
        assert turns < limit()
    finally:
        node.stop()
        world.sql(f"DELETE FROM template WHERE tenant = '{world.fabrikam.id}'")


def backends(world):
    return int(world.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'server'"))


def test_every_try_left_a_process_of_the_database(authority_options):  # pylint: disable=unused-argument
    """With the synchronous standby away each connection hung in its commit, was given up, and stayed in the database: from
    25 to 96, until nobody got a place, while /readyz said 200."""
    authority = Authority(workers=1)
    try:
        authority.config["database"]["statement_timeout_ms"] = 500
        authority.migrate()
        world = World(authority.start())
        made, at_rest = world.made, KEPT
        eventually(lambda: backends(world) >= at_rest, "all that a worker keeps is there")
        world.acquire(made, world.alice)
        world.sql("ALTER SYSTEM SET synchronous_standby_names = 'gone'")
        world.sql("SELECT pg_reload_conf()")
        eventually(lambda: outcome(world.acquire, made, world.alice) != "OK", "commits wait")
        outcomes = set()
        for _ in range(6):
            outcomes.add(outcome(world.acquire, made, world.alice))
            let_pass(2)
            assert backends(world) <= 2 * at_rest
        assert outcomes <= {"OUTCOME_UNKNOWN", "DATABASE_UNAVAILABLE"}
        status, page = authority.page("/readyz")
        assert status == 503 and "DATABASE_NOT_COMMITTING" in page
        world.sql("ALTER SYSTEM RESET synchronous_standby_names")
        world.sql("SELECT pg_reload_conf()")
        eventually(authority.is_ready, "it is ready again")
        # Of the spare ones the worker's own upkeep may have two at any time.
        eventually(lambda: backends(world) <= at_rest + 2, lambda: f"what hung has ended: {backends(world)}", 60)
        world.acquire(made, world.alice)
    finally:
        authority.close()
