-- SPDX-License-Identifier: Apache-2.0
-- The audit log.

-- group: audit_summary
-- members: tenant tenant_id, event event_id, operation text, reason text, component component_id?,
--   component_name text?, client_address text, user_agent text, correlation_id text, target text,
--   calls int8
-- One row for many refusals.

-- group: audit_event
-- members: event event_id, at timestamptz, operation text, granted bool, reason text,
--   user_address text, component_name text, content content_id, template template_id,
--   policy_version int8, rights text, channel text, power text, client_address text,
--   user_agent text, correlation_id text, target text, calls int8
-- A row for those who read it.

-- fragment: audit_columns
 event, at, operation, granted, reason, user_address, component_name, content, template,
 policy_version, rights, channel, power, client_address, user_agent, correlation_id, target, calls;

-- fragment: audit_is_led
 (:lead <> 'time' OR length(operation) > 0)
 AND (:lead <> 'content' OR content = :content)
 AND (:lead <> 'user' OR user_address = :user_address)
 AND (:lead <> 'reason' OR (reason = :reason AND reason <> 'OK'))
 AND (:lead <> 'power' OR (power = :power AND power <> ''))
 AND (:lead <> 'operation' OR (operation = :operation AND operation <> 'acquire_license'))
 AND (:lead <> 'any_power' OR length(power) > 0)
 AND (:lead <> 'denied' OR NOT granted);

-- fragment: audit_is_tracked
-- An attempt to open content that owners are shown.
 (NOT untracked
  AND (operation = 'acquire_license' OR (operation = 'pre_license' AND granted)));

-- fragment: audit_is_match
 (:content IS NULL OR content = :content)
 AND (:user_address IS NULL OR user_address IS NOT DISTINCT FROM :user_address)
 AND (:reason IS NULL OR reason = :reason)
 AND (:operation IS NULL OR operation = :operation)
 AND (NOT :denied_only OR NOT granted)
 AND (:power IS NULL OR power = :power OR (:power = 'any' AND power <> ''));

-- name: audit_query :report
-- params: tenant tenant_id, lead text, content content_id?, user_address text?, reason text?,
--   operation text?, denied_only bool, since timestamptz?, before timestamptz?,
--   after_at timestamptz?, after_event event_id?, limit int8, power text?, scan_max int8,
--   tracked_only bool
-- columns: event @audit_event, is_match bool, is_scan_end bool
-- Newest first, after the last row of the page before. power 'any': whichever was used. tracked_only: only
-- what owners are shown.
--
-- lead: by which of what is asked for rows are found; for each there is one index, and the predicate
-- by which it is meant (migrations/0013_audit_at_size.sql). The rest is looked at in the first scan_max
-- of these rows; the last of so many comes along whether it is asked for or not, so that the next page
-- goes on behind it.
SELECT {audit_columns}, is_match, n = :scan_max AS is_scan_end
FROM (
    SELECT {audit_columns},
           row_number() OVER (ORDER BY at DESC, event DESC) AS n,
           {audit_is_match} AND (NOT :tracked_only OR {audit_is_tracked}) AS is_match
    FROM (
        SELECT {audit_columns}, untracked
        FROM audit
        WHERE tenant = :tenant AND {audit_is_led}
          AND (:since IS NULL OR at >= :since)
          AND (:before IS NULL OR at < :before)
          AND (:after_at IS NULL
               OR (at <= :after_at AND (at, event) < (:after_at, :after_event)))
        ORDER BY at DESC, event DESC
        LIMIT :scan_max
    ) AS led
) AS scanned
WHERE is_match OR n = :scan_max
ORDER BY at DESC, event DESC
LIMIT :limit;

-- name: audit_follow :report
-- params: tenant tenant_id, lead text, content content_id?, user_address text?, reason text?,
--   operation text?, denied_only bool, after_at timestamptz, after_event event_id,
--   before timestamptz, limit int8, power text?, scan_max int8,
--   tracked_only bool
-- columns: event @audit_event, is_match bool, is_scan_end bool
-- The same the other way round: oldest first, behind a place, before a time up to which the log is
-- settled.
SELECT {audit_columns}, is_match, n = :scan_max AS is_scan_end
FROM (
    SELECT {audit_columns},
           row_number() OVER (ORDER BY at, event) AS n,
           {audit_is_match} AND (NOT :tracked_only OR {audit_is_tracked}) AS is_match
    FROM (
        SELECT {audit_columns}, untracked
        FROM audit
        WHERE tenant = :tenant AND {audit_is_led}
          AND at < :before
          AND at >= :after_at AND (at, event) > (:after_at, :after_event)
        ORDER BY at, event
        LIMIT :scan_max
    ) AS led
) AS scanned
WHERE is_match OR n = :scan_max
ORDER BY at, event
LIMIT :limit;

-- name: audit_kept :report
-- columns: kept_since timestamptz
-- In the transaction of a query.
SELECT audit_kept_since() AS kept_since;

-- name: audit_settled :report
-- columns: settled timestamptz, asked_at timestamptz, hidden int8, system text, timeline text,
--   number int8, mark int8, kept_since timestamptz
-- Up to which time the log is settled, and in which history the database is (history.sql).
--
-- A transaction is visible before its session says that it has none any more, so whatever began
-- before the oldest one that is seen here is visible to the next statement. The second is for what
-- lies between the taking of a time and the saying so, and for a clock that is set back by less.
-- hidden: sessions, and prepared transactions, of which nobody says when they began. kept_since: what is
-- before it is missing; NULL: nothing is.
SELECT least(now(), s.oldest) - interval '1 second' AS settled, now() AS asked_at,
       s.hidden + p.prepared AS hidden, c.system_identifier::text AS system,
       left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) AS timeline, h.number, h.mark,
       audit_kept_since() AS kept_since
FROM (
    SELECT min(least(a.xact_start, a.query_start)) FILTER (WHERE a.state <> 'idle') AS oldest,
           count(*) FILTER (WHERE a.query = '<insufficient privilege>' OR a.state = 'disabled')
             AS hidden
    FROM pg_stat_activity a
    WHERE a.datname = current_database()
      AND coalesce(a.backend_type, 'client backend') = 'client backend' -- hidden, too
      AND a.usesysid IN (SELECT audit_writers())
) AS s, (
    SELECT count(*) AS prepared
    FROM pg_prepared_xacts x JOIN pg_roles r ON r.rolname = x.owner
    WHERE x.database = current_database() AND r.oid IN (SELECT audit_writers())
) AS p, history h, pg_control_system() c;

-- name: audit_add_summaries :bulk
-- params: summaries @audit_summary[]
INSERT INTO audit (tenant, at, event, operation, granted, reason, component, component_name,
                   client_address, user_agent, correlation_id, target, calls)
SELECT s.tenant, now(), s.event, s.operation, false, s.reason, s.component, s.component_name,
       s.client_address, s.user_agent, s.correlation_id, s.target, s.calls
FROM unnest(:summaries.*) AS s (:summaries.names);

-- name: make_partitions :bulk
-- columns: made int4
-- Of this month and the next two. -1: by hand, there is too much to sort out.
SELECT audit_make_partitions(2) AS made;

-- name: summarize_access :report
-- params: tenant tenant_id, content content_id, scan_max int8
-- columns: opened int8, readers int8, refused int8, pre_licensed int8, first_open_at timestamptz,
--   last_open_at timestamptz, last_refuse_at timestamptz, is_partial bool
-- Of the newest scan_max records of a content, which are found as audit_query's lead 'content'.
SELECT count(*) FILTER (WHERE is_opening AND granted) AS opened,
       count(DISTINCT user_address) FILTER (WHERE is_opening AND granted) AS readers,
       count(*) FILTER (WHERE is_tracked AND NOT granted) AS refused,
       count(*) FILTER (WHERE is_tracked AND NOT is_opening AND granted) AS pre_licensed,
       min(at) FILTER (WHERE is_opening AND granted) AS first_open_at,
       max(at) FILTER (WHERE is_opening AND granted) AS last_open_at,
       max(at) FILTER (WHERE is_tracked AND NOT granted) AS last_refuse_at,
       count(*) = :scan_max AS is_partial
FROM (
    SELECT at, granted, user_address, {audit_is_tracked} AS is_tracked,
           {audit_is_tracked} AND operation = 'acquire_license' AS is_opening
    FROM audit
    WHERE tenant = :tenant AND content = :content
    ORDER BY at DESC, event DESC
    LIMIT :scan_max
) AS newest;

-- name: retain :bulk
-- params: event event_id
-- columns: did text
-- One step of what is to be done about months that are too old.
SELECT audit_retain(:event) AS did;
