# SPDX-License-Identifier: Apache-2.0
"""Keys that are rotated by their age (docs/policy.md §12)."""
import json
import signal

import pytest

from authority import new_id
from calls import outcome, reason
from command import run, with_certificate
from waiting import eventually

ACTIVE, ARCHIVED = 1, 2
SEALING, SIGNING = 1, 3


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 2}


@pytest.fixture
def tenant(world):
    return world.tenant()


def rotate_after(world, tenant, days):
    return world.call("TenantService/UpdateTenant", {
        "tenant": {"key_rotation_days": days}, "update_mask": {"paths": ["key_rotation_days"]}}, tenant.admin).tenant


def age(world, tenant, days, purposes="1, 2, 3"):
    world.sql(f"UPDATE tenant_key SET created_at = now() - interval '{days} days' "
              f"WHERE tenant = '{tenant.id}' AND purpose IN ({purposes})")


def look(world):
    """A node's new workers look at once, and then every ten minutes."""
    world.a.process.send_signal(signal.SIGHUP)
    eventually(lambda: world.sql(
        "SELECT count(*) FROM tenant t JOIN tenant_key k USING (tenant) WHERE k.state = 1 AND t.key_rotation_days > 0 AND "
        "k.created_at <= now() - make_interval(days => t.key_rotation_days) AND (SELECT count(*) FROM tenant_key o "
        "WHERE o.tenant = k.tenant AND o.purpose = k.purpose AND o.state <> 4) < 64") == "0", "none is due")


def states(world, tenant):
    rows = world.sql(f"SELECT purpose, version, state FROM tenant_key WHERE tenant = '{tenant.id}' ORDER BY 1, 2")
    return [tuple(int(part) for part in row.split("|")) for row in rows.splitlines()]


def test_what_is_too_old_is_rotated(world, tenant):
    made = world.protect(who=tenant.gateway, owner=f"alice@{tenant.domain}")
    other = world.tenant()
    assert rotate_after(world, tenant, 90).key_rotation_days == 90
    age(world, tenant, 91, f"{SEALING}, {SIGNING}")
    age(world, tenant, 89, "2")
    age(world, other, 4000)  # which wants none
    look(world)
    assert states(world, tenant) == [(1, 1, ARCHIVED), (1, 2, ACTIVE), (2, 1, ACTIVE), (3, 1, ARCHIVED), (3, 2, ACTIVE)]
    assert states(world, other) == [(1, 1, ACTIVE), (2, 1, ACTIVE), (3, 1, ACTIVE)]
    assert outcome(world.acquire, made, world.bob) == "OK"
    after = world.protect(who=tenant.gateway, owner=f"alice@{tenant.domain}", request_id=new_id())
    assert outcome(world.acquire, after, world.bob) == "OK"
    assert world.sql(f"SELECT key_version FROM content WHERE content = '{after.content_id}'") == "2"
    look(world)  # and no more than once
    assert len(states(world, tenant)) == 5


def test_it_stands_in_the_log_by_nobody(world, tenant):
    rotate_after(world, tenant, 30)
    age(world, tenant, 30, SEALING)
    look(world)
    event, = world.audit(tenant=tenant.name, operation="rotate_key")
    assert event.target == "sealing key 2 instead of 1, by schedule" and event.granted
    assert event.component == event.user == "" and event.reason == "OK"


def test_a_purpose_without_room_holds_up_nobody(world, tenant):
    full = tenant
    for each in (full, other := world.tenant()):
        rotate_after(world, each, 30)
    world.sql("INSERT INTO tenant_key (tenant, purpose, version, state, root_version, wrapped, public_jwk) SELECT tenant, 3, "
              f"n, 2, 1, wrapped, public_jwk FROM tenant_key, generate_series(2, 64) AS n WHERE tenant = '{full.id}' "
              "AND purpose = 3 AND version = 1")
    age(world, full, 500, SIGNING)  # it has waited longest, so it comes first
    age(world, other, 40, SIGNING)
    look(world)
    assert states(world, other)[-2:] == [(3, 1, ARCHIVED), (3, 2, ACTIVE)]
    assert states(world, full)[-1] == (3, 64, ARCHIVED) and (3, 1, ACTIVE) in states(world, full)
    assert world.a.logged("keys.rotation_full")


def test_a_disabled_tenant_keeps_its_keys(world, tenant):
    rotate_after(world, tenant, 30)
    age(world, tenant, 40)
    world.sql(f"UPDATE tenant SET state = 2 WHERE tenant = '{tenant.id}'")
    other = world.tenant()
    rotate_after(world, other, 30)
    age(world, other, 35, SEALING)
    world.a.process.send_signal(signal.SIGHUP)
    eventually(lambda: len(states(world, other)) == 4, "another's is rotated, which waits less long")
    assert len(states(world, tenant)) == 3


@pytest.mark.parametrize("days", [1, 29, 3651, 4294967295])
def test_days_have_bounds(world, tenant, days):
    assert reason(lambda: rotate_after(world, tenant, days)) == "FIELD_INVALID"
    assert world.call("TenantService/GetTenant", {}, tenant.admin).tenant.key_rotation_days == 0


def test_by_the_command_line(world, tenant):
    with_certificate(world, "scheduler", tenant.admin)
    done = run(world, "tenant update", "scheduler", "--rotate-days", "365", "-o", "json")
    assert json.loads(done.stdout)["tenant"]["keyRotationDays"] == 365
    assert "  rotates keys after 365 days\n" in run(world, "tenant get", "scheduler").stdout
    assert "--rotate-days" in run(world, "tenant update", "scheduler", "--rotate-days", "4000", expect=2).stderr
