-- SPDX-License-Identifier: Apache-2.0
-- Sinks of the audit log: whose turn it is, what comes next, and how far they have come.

-- name: sink_lease :bulk
-- params: name text, holder uuid, lease_s int4
-- columns: is_held bool, at timestamptz, event event_id, asked_at timestamptz, now timestamptz
-- Be the one who sends, for so long, unless somebody else is.
WITH mine AS (
    INSERT INTO audit_sink AS s (name, reader, holder, held_until, seen_at)
    VALUES (:name, audit_sink_reader(), :holder, now() + make_interval(secs => :lease_s), now())
    ON CONFLICT (name, reader) DO UPDATE
    SET holder = EXCLUDED.holder, held_until = EXCLUDED.held_until, seen_at = now()
    WHERE s.held_until < now() OR s.holder = EXCLUDED.holder
    RETURNING s.at, s.event, s.asked_at
)
SELECT true AS is_held, at, event, asked_at, now() AS now FROM mine
UNION ALL
SELECT false, at, event, asked_at, now()
FROM audit_sink
WHERE name = :name AND reader = audit_sink_reader() AND NOT EXISTS (SELECT FROM mine);

-- name: sink_follow :report
-- params: after_at timestamptz, after_event event_id, before timestamptz, limit int8
-- columns: event @audit_event, tenant_name text
-- Of all tenants, oldest first, behind a place, before a time up to which the log is settled. Row-level security hides what
-- another boundary has; all of it between both times is passed over to find nothing, so whoever asks keeps them close.
-- What a call leaves is short. A longer text, which somebody has put there by hand and which may have any size, is cut here,
-- so that nobody has to hold it, and says how long it was.
SELECT event, at,
       CASE WHEN octet_length(operation) > 32768 THEN left(operation, 32768) || '… (' || octet_length(operation) || ' bytes)' ELSE operation END AS operation,
       granted,
       CASE WHEN octet_length(reason) > 32768 THEN left(reason, 32768) || '… (' || octet_length(reason) || ' bytes)' ELSE reason END AS reason,
       CASE WHEN octet_length(user_address) > 32768 THEN left(user_address, 32768) || '… (' || octet_length(user_address) || ' bytes)' ELSE user_address END AS user_address,
       CASE WHEN octet_length(component_name) > 32768 THEN left(component_name, 32768) || '… (' || octet_length(component_name) || ' bytes)' ELSE component_name END AS component_name,
       content, template, policy_version,
       CASE WHEN octet_length(rights) > 32768 THEN left(rights, 32768) || '… (' || octet_length(rights) || ' bytes)' ELSE rights END AS rights,
       CASE WHEN octet_length(channel) > 32768 THEN left(channel, 32768) || '… (' || octet_length(channel) || ' bytes)' ELSE channel END AS channel,
       CASE WHEN octet_length(power) > 32768 THEN left(power, 32768) || '… (' || octet_length(power) || ' bytes)' ELSE power END AS power,
       CASE WHEN octet_length(client_address) > 32768 THEN left(client_address, 32768) || '… (' || octet_length(client_address) || ' bytes)' ELSE client_address END AS client_address,
       CASE WHEN octet_length(user_agent) > 32768 THEN left(user_agent, 32768) || '… (' || octet_length(user_agent) || ' bytes)' ELSE user_agent END AS user_agent,
       CASE WHEN octet_length(correlation_id) > 32768 THEN left(correlation_id, 32768) || '… (' || octet_length(correlation_id) || ' bytes)' ELSE correlation_id END AS correlation_id,
       CASE WHEN octet_length(target) > 32768 THEN left(target, 32768) || '… (' || octet_length(target) || ' bytes)' ELSE target END AS target,
       calls,
       coalesce((SELECT t.name FROM tenant t WHERE t.tenant = found.tenant), '') AS tenant_name
FROM (
    SELECT tenant, {audit_columns}
    FROM audit
    WHERE length(reason) > 0
      AND at < :before AND at >= :after_at AND (at, event) > (:after_at, :after_event)
    ORDER BY at, event
    LIMIT :limit
) AS found
ORDER BY at, event;

-- name: sink_move :bulk
-- params: name text, holder uuid, at timestamptz, event event_id, asked_at timestamptz,
--   sent int8, problem text, lease_s int4
-- columns: is_held bool
-- Remember what has arrived, and go on being the one who sends; for 0 s: be it no longer.
UPDATE audit_sink
SET at = :at, event = :event, asked_at = :asked_at, sent = sent + :sent, problem = :problem,
    seen_at = now(), held_until = now() + make_interval(secs => :lease_s)
WHERE name = :name AND reader = audit_sink_reader() AND holder = :holder
RETURNING true AS is_held;
