# SPDX-License-Identifier: Apache-2.0
"""The gate's plan was made while the table of contents was empty, when every index looks equally good, and kept: until the
table was analyzed for the first time, each license walked all contents of its tenant."""
import pytest

from authority import new_id
from waiting import eventually

CONTENTS, CALLS = 50_000, 20
BLOCKS = ("SELECT heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit FROM pg_statio_user_tables WHERE relname = "
          "'content'")
MADE = "SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'content'"
# As pg_restore leaves it: the primary key is the newest index, so that it is the one which is taken of equals.
RESTORED = ("ALTER TABLE content DROP CONSTRAINT content_pkey CASCADE; ALTER TABLE content ADD PRIMARY KEY (tenant, content); "
            "ALTER TABLE content_amendment ADD FOREIGN KEY (tenant, content) REFERENCES content (tenant, content)")


def emptied(world, by):
    """Nothing in content, and what PostgreSQL knows of that: `by`."""
    world.sql("ALTER TABLE content SET (autovacuum_enabled = off)")
    world.sql("DELETE FROM content_amendment; DELETE FROM content")
    world.sql("VACUUM ANALYZE content" if "analyzed" in by else "TRUNCATE content, content_amendment")
    world.sql("SELECT pg_stat_reset_single_table_counters('content'::regclass)")
    if "restored" in by:
        world.sql(RESTORED)


def blocks_touched(world):
    """By the index lookups and the writes of all backends, of which PostgreSQL counts the last ones late."""
    rows = world.sql("SELECT count(*) FROM content")
    eventually(lambda: world.sql(MADE) == rows, lambda: f"{world.sql(MADE)} of {rows} new rows are counted", 30)
    return int(world.sql(BLOCKS))


def filled(world):
    world.sql("INSERT INTO content (tenant, content, owner, issuer, display_name, request_id, request_hash) SELECT "
              f"'{world.contoso.id}', gen_random_uuid(), 'alice@contoso.com', 'alice@contoso.com', '', gen_random_uuid(), '' "
              f"FROM generate_series(1, {CONTENTS})")


def calls(world, made, number):
    for _ in range(number):
        world.acquire(made, world.bob)
        world.protect(do_not_forward={}, recipients=["bob@fabrikam.com"], request_id=new_id())


@pytest.mark.parametrize("by", ["never", "analyzed", "analyzed restored"])
def test_the_gate_looks_at_one_row(world, by):
    emptied(world, by)
    made = world.protect(do_not_forward={}, recipients=["bob@fabrikam.com"])
    calls(world, made, 3)  # on all connections, so that all plans are made
    filled(world)
    before = blocks_touched(world)
    calls(world, made, CALLS)
    blocks = blocks_touched(world) - before
    assert blocks <= 50 * 2 * CALLS, f"{blocks} blocks in {2 * CALLS} calls"
