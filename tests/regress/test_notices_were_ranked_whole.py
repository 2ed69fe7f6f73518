# SPDX-License-Identifier: Apache-2.0
"""Each claim of mails to owners ranked all that waited, of whomever, to let tenants take turns: a relay that was away for an hour left
a backlog that every worker read and sorted every few milliseconds."""
import pytest

from statements import Plans, blocks, nodes

WAITING, MAX, LOOK = 40_000, 16, 128
VALUES = {"max": MAX, "look_max": LOOK, "lease_s": 60, "of_owner_max": 60, "named_max": 20, "counted_max": 1000, "switch_bit": 0}
ZERO = "00000000-0000-0000-0000-000000000000"


def wait(world, tenant, count, since):
    """Notices that wait for their mail, one due a second."""
    world.sql("INSERT INTO owner_notice (tenant, content, owner, begins_at, ends_at, mail_at) SELECT "
              f"'{tenant}', gen_random_uuid(), 'u' || n || '@contoso.com', now() - interval '{since}', now() - interval '1 minute', "
              f"now() - interval '{since}' + n * interval '1 microsecond' FROM generate_series(1, {count}) AS n")


@pytest.fixture(scope="module")
def world(world):
    """Without the node, which would take them itself."""
    world.high = [world.tenant(boundary="gcc-high").id for _ in range(4)]
    world.tenants = [world.contoso.id, world.fabrikam.id]
    world.conninfo, world.node_conninfo = world.a.postgres.server_conninfo, world.a.node_role("node_notices", "gcc-high")
    world.a.stop()
    world.sql("ALTER TABLE owner_notice SET (autovacuum_enabled = off)")
    wait(world, world.tenants[0], WAITING, "2 hours")
    return world


@pytest.fixture(params=["never", "analyzed"])
def is_analyzed(world, request):
    if request.param == "analyzed":
        world.sql("ANALYZE")
    return request.param


def claim(conninfo, **values):
    plans = Plans(conninfo)
    try:
        return plans.explain("claim_notices", **{**VALUES, "after": ZERO, "served": [], **values})
    finally:
        plans.close()


def costs_what_it_takes(plan):
    assert blocks(plan) <= 4000, f"{blocks(plan)} blocks"
    for node in nodes(plan):
        if node.get("Relation Name") == "owner_notice":
            assert node["Node Type"] != "Seq Scan"
            seen = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            assert seen <= 2 * LOOK + MAX * MAX, f"{seen} rows by {node.get('Index Name')}"


def tried(world, tenant):
    return int(world.sql(f"SELECT count(*) FROM owner_notice WHERE tenant = '{tenant}' AND mail_tries > 0"))


def test_a_claim_costs_what_it_takes(world, is_analyzed):  # pylint: disable=unused-argument
    before = tried(world, world.tenants[0])
    costs_what_it_takes(claim(world.conninfo))
    assert tried(world, world.tenants[0]) == before + MAX


def test_a_backlog_of_one_tenant_is_no_wait_for_another(world, is_analyzed):  # pylint: disable=unused-argument
    wait(world, world.tenants[1], 1, "2 minutes")
    before = tried(world, world.tenants[1])
    costs_what_it_takes(claim(world.conninfo))
    assert tried(world, world.tenants[1]) == before + 1


def test_another_boundary_s_backlog_is_passed_over(world, is_analyzed):  # pylint: disable=unused-argument
    before = tried(world, world.high[0])
    wait(world, world.high[0], 3, "2 minutes")
    costs_what_it_takes(claim(world.node_conninfo, served=["gcc-high"]))
    assert tried(world, world.high[0]) == before + 3


def test_more_tenants_than_are_looked_at_have_their_turns(world):
    """Behind `after` they go on, however many the oldest are."""
    made = sorted(world.high[1:])
    for tenant in made:
        wait(world, tenant, 20, "90 minutes")
    for after in (world.high[0], made[0], made[1]):
        claim(world.conninfo, served=["gcc-high"], after=after, look_max=1)
    assert all(tried(world, tenant) > 0 for tenant in made)
