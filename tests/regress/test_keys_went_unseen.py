# SPDX-License-Identifier: Apache-2.0
"""Of keys that are going to be destroyed. Both states rest as revoked, so a version that goes from one to the other seemed to
have been in it since long before. And of a disabled tenant, whose admins nobody lets in, keys were destroyed all the same:
nobody could say that they are needed."""
import signal

import pytest

from calls import outcome, reason
from waiting import eventually

SEALING = 1
ARCHIVED, REVOKED, DESTROYING, DESTROYED = 2, 3, 4, 5
DAY = 24 * 3600


@pytest.fixture
def tenant(world):
    return world.tenant()


def act(world, tenant, verb, version=None, **more):
    request = {"purpose": SEALING, **({"version": version} if version else {}), **more}
    return world.call(f"KeyService/{verb}Key", request, tenant.admin).key


def versions(world, tenant):
    return [key for key in world.call("KeyService/ListKeys", {}, tenant.admin).keys if key.purpose == SEALING]


def long_ago(world, tenant):
    world.sql("ALTER TABLE tenant_key DISABLE TRIGGER tenant_key_changed; UPDATE tenant_key SET changed_at = now() - "
              f"interval '40 days' WHERE tenant = '{tenant.id}'; ALTER TABLE tenant_key ENABLE TRIGGER tenant_key_changed")


def test_when_it_came_into_its_state(world, tenant):
    act(world, tenant, "Rotate")
    act(world, tenant, "Revoke", 1)
    long_ago(world, tenant)
    doomed = act(world, tenant, "Destroy", 1, reason="x", delay_days=7)
    assert doomed.state == DESTROYING and doomed.destroy_time.seconds - doomed.state_time.seconds == 7 * DAY
    long_ago(world, tenant)
    kept = act(world, tenant, "CancelDestroy", 1)
    assert kept.state == REVOKED and kept.state_time.seconds >= doomed.state_time.seconds
    long_ago(world, tenant)
    assert versions(world, tenant)[0].state_time.seconds < doomed.state_time.seconds - 30 * DAY


def is_due(world, *tenants):
    for one in tenants:
        world.sql(f"UPDATE tenant_key SET destroy_at = now() - interval '1 day' WHERE tenant = '{one.id}' AND state = 3")
    world.a.process.send_signal(signal.SIGHUP)  # new workers look at once


def test_nothing_of_a_disabled_tenant_is_destroyed(world, tenant):
    other = world.tenant()
    for one in (tenant, other):
        assert one.admin
        act(world, one, "Rotate")
        act(world, one, "Destroy", 1, reason="x")
    world.update_tenant(world.platform_admin, tenant.name, state=2)
    assert reason(act, world, tenant, "CancelDestroy", 1) == "TENANT_DISABLED"
    is_due(world, tenant, other)
    eventually(lambda: versions(world, other)[0].state == DESTROYED, "that of the other one is destroyed", 60)
    assert world.sql(f"SELECT state FROM tenant_key WHERE tenant = '{tenant.id}' AND purpose = 1 AND version = 1") == "3"
    world.update_tenant(world.platform_admin, tenant.name, state=1)
    one = versions(world, tenant)[0]
    left = int(world.sql(f"SELECT extract(epoch FROM to_timestamp({one.destroy_time.seconds}) - now())::int"))
    assert one.state == DESTROYING and 6 * DAY < left <= 7 * DAY, "there is time to say so"
    assert act(world, tenant, "CancelDestroy", 1).state == REVOKED
    assert act(world, tenant, "Restore", 1).state == ARCHIVED


def test_a_date_that_is_later_stays(world, tenant):
    act(world, tenant, "Rotate")
    date = act(world, tenant, "Destroy", 1, reason="x", delay_days=60).destroy_time
    for state in (2, 1):
        world.update_tenant(world.platform_admin, tenant.name, state=state)
    assert versions(world, tenant)[0].destroy_time == date
    assert outcome(act, world, tenant, "CancelDestroy", 1) == "OK"
