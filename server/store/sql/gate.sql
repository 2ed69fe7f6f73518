-- SPDX-License-Identifier: Apache-2.0
-- The gate: one statement per batch of decisions. Compares what was assumed with what is true now,
-- and records what still holds. docs/ARCHITECTURE.md, "The gate".

-- group: gate_entry
-- members: tenant tenant_id, event event_id, operation text, reason text, addresses text,
--   component component_id?, component_name text?, content content_id?, template template_id?,
--   policy_version int8, rights text, channel text, power text, client_address text,
--   user_agent text, correlation_id text, was_revoked bool, was_user_revoked bool,
--   was_amendment int8, target text, tracking int2
-- A decision: its audit row, and what was assumed of its content (was_…; of its amendment the mark).
-- addresses: the user's, spaces between, the primary one first. operation '': it is compared, and has
-- no audit row. tracking: 1 not shown to owners; 2 they are told by mail, if the content says so.

-- group: gate_content
-- members: entry int8, owner text, issuer text, display_name text, request_id uuid?,
--   request_hash bytea?, key_version int8, protected_at timestamptz?, notify_owner bool
-- The row of content which that entry, counted from 1, makes. key_version 0: NULL. protected_at: it
-- is not new; its row was lost, and this is what its seal says of it. Apart from the entries,
-- because most are licenses, and each array costs.

-- group: gate_epoch
-- members: n int8, scope uuid, epoch int8
-- Entry n, counted from 1, was decided on this epoch of this scope.

-- group: gate_difference
-- members: revoked bool, user_revoked bool, is_amended bool, made_content content_id,
--   made_hash bytea, made_key_version int8, made_at timestamptz, now timestamptz,
--   stale text
-- What is true instead of what was assumed. now: by the clock that said made_at.

-- name: gate :gate
-- params: entries @gate_entry[], contents @gate_content[], epochs @gate_epoch[]
-- columns: n int8, verdict int4, difference @gate_difference apart, amendment @amendment apart
-- A row per entry. verdict: 0 recorded; 1 stale, with the scopes that have moved and the epochs that they are no longer at;
-- 2 the facts differ: it is revoked, or not any more, or for this user, or has another amendment,
-- which comes along; 3 the request id has made content already, which comes along with its hash, key
-- version and time; 4 the content has no row, because the database has gone back, and none came
-- along. The platform's log (no tenant) names contents of which nothing is known.
-- Only verdict 0 writes anything. In one order everywhere, so that two batches with the same request
-- ids wait for each other and never both.
--
-- The plan is made once for each connection, perhaps while the tables are empty, and must hold when they
-- are large. LATERAL (… OFFSET 0) leaves one lookup in an index for each entry, and only one index serves
-- each: the others on content are partial, and a request's tenant is compared in a way for which no index
-- is used, because to an empty table the primary key looks as good (migrations/0013_audit_at_size.sql).
WITH entry AS (
    SELECT e.*, m.entry IS NOT NULL AS has_row,
           m.entry IS NOT NULL AND m.protected_at IS NULL AS is_new, m.owner, m.issuer,
           m.display_name, m.request_id, m.request_hash, m.key_version, m.protected_at,
           m.notify_owner
    FROM unnest(:entries.*) WITH ORDINALITY AS e (:entries.names, n)
    LEFT JOIN unnest(:contents.*) AS m (:contents.names) ON m.entry = e.n
), stale AS (
    SELECT p.n, string_agg(p.scope || '=' || p.epoch || ' ', '') AS states
    FROM unnest(:epochs.*) AS p (:epochs.names)
    LEFT JOIN LATERAL (SELECT e.epoch FROM epoch e WHERE e.scope = p.scope OFFSET 0) AS e ON true
    WHERE coalesce(e.epoch, 0) <> p.epoch
    GROUP BY p.n
), fact AS (
    SELECT e.n, e.tenant, e.content,
           c.revoked_at IS NOT NULL AS revoked,
           coalesce(c.revoked_users && string_to_array(e.addresses, ' '), false) AS user_revoked,
           r.content AS made_content, r.request_hash AS made_hash,
           coalesce(r.key_version, 0)::int8 AS made_key_version, r.created_at AS made_at,
           c.amendment_mark AS mark, c.owner AS told,
           CASE WHEN EXISTS (SELECT FROM stale s WHERE s.n = e.n) THEN 1
                WHEN r.content IS NOT NULL THEN 3
                WHEN (c.revoked_at IS NOT NULL) <> e.was_revoked
                  OR coalesce(c.amendment_mark, 0) <> e.was_amendment
                  OR coalesce(c.revoked_users && string_to_array(e.addresses, ' '), false)
                     <> e.was_user_revoked THEN 2
                WHEN c.content IS NULL AND e.content IS NOT NULL AND NOT e.has_row
                  AND e.tenant <> {platform} THEN 4
                ELSE 0 END AS verdict
    FROM entry e
    LEFT JOIN LATERAL (
        SELECT c.content, c.revoked_at, c.revoked_users, c.amendment_mark,
               CASE WHEN e.tracking = 2 AND c.notify_owner THEN c.owner END AS owner
        FROM content c
        WHERE NOT e.is_new AND c.tenant = e.tenant AND c.content = e.content OFFSET 0
    ) AS c ON true
    LEFT JOIN LATERAL (
        SELECT r.content, r.request_hash, r.key_version, r.created_at FROM content r
        WHERE e.is_new AND r.request_id = e.request_id
          AND r.tenant IS NOT DISTINCT FROM e.tenant OFFSET 0
    ) AS r ON true
), made AS (
    INSERT INTO content (tenant, content, owner, issuer, template, display_name, request_id,
                         request_hash, key_version, created_at, notify_owner)
    SELECT e.tenant, e.content, e.owner, e.issuer, e.template, e.display_name, e.request_id,
           e.request_hash, nullif(e.key_version, 0)::int4, coalesce(e.protected_at, now()), e.notify_owner
    FROM entry e JOIN fact f USING (n) WHERE f.verdict = 0 AND e.has_row
    ORDER BY e.tenant, e.request_id, e.content
    ON CONFLICT (tenant, content) DO NOTHING -- what was lost may have come back meanwhile
), recorded AS (
    INSERT INTO audit (tenant, at, event, operation, granted, reason, user_address, component,
                       component_name, content, template, policy_version, rights, channel, power,
                       client_address, user_agent, correlation_id, target, untracked)
    SELECT e.tenant, now(), e.event, e.operation, e.reason = 'OK', e.reason,
           nullif(split_part(e.addresses, ' ', 1), ''), e.component, e.component_name, e.content,
           e.template, e.policy_version, e.rights, e.channel, e.power, e.client_address,
           e.user_agent, e.correlation_id, e.target, e.tracking = 1
    FROM entry e JOIN fact f USING (n) WHERE f.verdict = 0 AND e.operation <> ''
), told AS (
    -- One mail for all of a period: who comes later in it finds that there will be one.
    INSERT INTO owner_notice (tenant, content, owner, begins_at, ends_at, mail_at)
    SELECT DISTINCT f.tenant, f.content, f.told, p.begins_at, p.ends_at,
           p.ends_at + interval '10 seconds' -- longer than a decision takes to be committed
    FROM fact f, owner_notice_period(now()) AS p
    WHERE f.verdict = 0 AND f.told IS NOT NULL
    ORDER BY f.tenant, f.content
    ON CONFLICT (tenant, content, begins_at) DO NOTHING
)
SELECT f.n, f.verdict, f.revoked, f.user_revoked, m.version IS NOT NULL AS is_amended,
       f.made_content, f.made_hash, f.made_key_version, f.made_at, now() AS now,
       (SELECT s.states FROM stale s WHERE f.verdict = 1 AND s.n = f.n) AS stale,
       f.mark, m.version, m.grant_principals, m.grant_rights, m.recipients, m.removed,
       m.name_versions, m.changes_expiry, m.expires_at
FROM fact f
LEFT JOIN LATERAL (
    SELECT * FROM content_amendment m
    WHERE f.verdict = 2 AND m.tenant = f.tenant AND m.content = f.content OFFSET 0
) m ON true
ORDER BY f.n;
