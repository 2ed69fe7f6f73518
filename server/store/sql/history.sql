-- SPDX-License-Identifier: Apache-2.0
-- In which history the database is (docs/ARCHITECTURE.md, "A database that goes back").

-- name: mark_history :read
-- columns: system text, timeline text, number int8, mark int8, marked_at timestamptz,
--   previous_at timestamptz, said_at timestamptz
-- Marks it, unless that was done within the last minute. Asked at every connection too. system: of
-- the cluster, which its copies share; timeline: the one on which it writes. previous_at: of the
-- first mark after the database went back, when the state to which it went back was marked. said_at:
-- by the database's clock, as it answers.
WITH marked AS (
    UPDATE history
    SET number = number + 1, mark = mark_new(), marked_at = now(), previous_at = marked_at
    WHERE marked_at < now() - interval '50 seconds' OR marked_at > now()
    RETURNING number, mark, marked_at, previous_at
), found AS (
    SELECT number, mark, marked_at, previous_at FROM marked
    UNION ALL
    SELECT number, mark, marked_at, previous_at FROM history WHERE NOT EXISTS (SELECT FROM marked)
)
SELECT c.system_identifier::text AS system,
       left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) AS timeline,
       f.number, f.mark, f.marked_at, f.previous_at,
       clock_timestamp() AS said_at
FROM found f, pg_control_system() c;

-- name: read_schema_range :read
-- params: ours int8
-- columns: version int8, works_with int8
-- As SCHEMA_RANGE (migrate/schema_range.c), which is asked before anything is prepared, and of schemas that lack a column.
SELECT coalesce(max(version), 0)::int8 AS version,
       coalesce(max(coalesce(works_with, version)) FILTER (WHERE version > :ours), 0)::int8
         AS works_with
FROM schema_migration;

-- name: read_replication :read
-- columns: promise text, standbys int8, example text, synchronous text
-- What is left when another database takes over. promise: `synchronous` where commits wait for a standby; `asynchronous`
-- where some follow and no commit waits for one, so that what was acknowledged last is lost; `single` where none follows.
-- States are hidden from a role without pg_read_all_stats: then whoever is connected counts as following. example: the name
-- of one that does. synchronous: the setting.
SELECT CASE WHEN current_setting('synchronous_standby_names') <> '' THEN 'synchronous'
            WHEN count(*) > 0 THEN 'asynchronous'
            ELSE 'single' END AS promise,
       count(*)::int8 AS standbys,
       coalesce(min(nullif(application_name, '')), 'one that is not named') AS example,
       current_setting('synchronous_standby_names') AS synchronous
FROM pg_stat_replication
WHERE coalesce(state, 'streaming') IN ('streaming', 'catchup');
