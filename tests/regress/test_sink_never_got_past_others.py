# SPDX-License-Identifier: Apache-2.0
"""A sink of a node that sees one boundary read past all records of the others to find a page of its own. Where these were many, the
statement met its limit each time, so the sink stood still for ever, and held up the retention of the log."""
import json
import os
import subprocess

import psycopg2
import pytest

from waiting import eventually

LIMIT_MS, OTHERS, LATE = 300, 400_000, 90


@pytest.fixture(scope="module")
def others(world):
    """Records of another boundary, an hour full of them."""
    world.sql("INSERT INTO audit (tenant, at, event, operation, granted, reason, client_address, user_agent, correlation_id) SELECT "
              f"'{world.contoso.id}', now() - interval '1 hour' + n * interval '8 milliseconds', gen_random_uuid(), 'acquire_license', "
              f"true, 'OK', '', '', '' FROM generate_series(1, {OTHERS}) AS n")
    return world


@pytest.fixture(scope="module")
def conninfo(others):
    made = others.a.node_role("node_far", "gcc-high")
    others.sql("GRANT pg_read_all_stats TO node_far")  # another role writes, too (docs/install.md §3)
    return made


def migrate(world, *args):
    return subprocess.run([f"{os.environ['CHANCERY_BUILD']}/cli/chancery", "migrate", "--database", world.a.postgres.conninfo, *args],
                          capture_output=True, text=True, check=True).stdout


def record(world, tenant):
    return world.sql("INSERT INTO audit (tenant, at, event, operation, granted, reason, client_address, user_agent, correlation_id) "
                     f"VALUES ('{tenant.id}', now(), gen_random_uuid(), 'x', true, 'OK', '', '', '') RETURNING event")


def test_read_in_one_go_it_meets_its_limit(others, conninfo):
    """What the other test rests on."""
    assert others.sql("SELECT count(*) FROM audit_sink") == "0"
    role = psycopg2.connect(conninfo)
    with role.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = {LIMIT_MS}; SET enable_seqscan = off; SET enable_bitmapscan = off")
        with pytest.raises(psycopg2.errors.QueryCanceled):
            cursor.execute("SELECT event FROM audit WHERE length(reason) > 0 AND at < now() AND at > now() - interval '1 day' "
                           "ORDER BY at LIMIT 500")
    role.close()


def test_a_sink_gets_past_what_it_does_not_see(others, conninfo):
    world, name = others, others.unique("far")
    high = world.tenant(boundary="gcc-high")
    path = f"{world.a.folder}/{name}.jsonl"
    node = world.a.node(audit_sinks=[{"name": name, "file": path}], boundaries=["gcc-high"],
                        database={**world.a.config["database"], "conninfo": conninfo, "statement_timeout_ms": LIMIT_MS})

    def sent():
        return open(path, encoding="utf-8").read() if os.path.exists(path) else ""  # pylint: disable=consider-using-with
    node.start()
    try:
        last = record(world, high)
        eventually(lambda: last in sent(), "its own is behind them", LATE)
        eventually(lambda: world.sql(f"SELECT at > now() - interval '1 minute' FROM audit_sink WHERE name = '{name}'") == "t",
                   "the position is there, too", LATE)
        assert {json.loads(line)["tenant"] for line in sent().splitlines()} <= {"", high.name}
        assert f"note: a new boundary's earlier records are behind sinks that go on where they are:\n      {name}." in migrate(
            world, "--node-role", "node_far", "--boundaries", "gcc-high,dod")
        assert "note: a new" not in migrate(world, "--node-role", "node_far", "--boundaries", "gcc-high,dod")
    finally:
        node.stop()
