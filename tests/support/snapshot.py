# SPDX-License-Identifier: Apache-2.0
"""What the database holds, to be compared: whether an act was done, once, whole or not at all."""

# The log is looked at by itself; epochs may be raised for nothing; the others say nothing of resources.
APART = ("audit", "epoch", "history", "token_proof", "schema_migration", "root_key_check", "root_key_worker",
         "root_key_heard", "root_key_opening", "boundary_role")

# What differs between doing something once and doing the same again: times, versions, marks, and how many entries the
# parts of an import had, because a part that comes twice is counted twice. And how far the mail of a passcode has come, which
# goes on by itself.
OF_TIMES = ("version mark name_versions amendment amendment_mark created_at updated_at granted_at revoked_at decided_at "
            "requested_at started_at issued_until users groups members mail_state mail_tries mail_at "
            "registered_at ends_at").split()


def tables_of(sql):
    rows = sql("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND "
               "NOT relispartition ORDER BY 1")
    return [name for name in rows.splitlines() if name not in APART]


def snapshot(sql):
    """Table to a hash of its rows, without what says how often."""
    ignored = "ARRAY[" + ", ".join(f"'{name}'" for name in OF_TIMES) + "]"
    parts = [f"SELECT '{name}', md5(coalesce(string_agg(x, '|' ORDER BY x), '')) FROM (SELECT (to_jsonb(t) - {ignored})"
             f"::text AS x FROM {name} t) AS rows" for name in tables_of(sql)]
    return dict(line.split("|") for line in sql(" UNION ALL ".join(parts)).splitlines())
