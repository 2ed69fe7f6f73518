-- SPDX-License-Identifier: Apache-2.0
-- The audit log.

-- group: audit_summary
-- members: tenant tenant_id, event event_id, operation text, reason text, component component_id?,
--   component_name text?, client_address text, user_agent text, correlation_id text, target text,
--   calls int8
-- One row for many refusals.

-- name: audit_query :admin
-- params: tenant tenant_id, content content_id?, user_address text?, reason text?,
--   operation text?, denied_only bool, since timestamptz?, before timestamptz?,
--   after_at timestamptz?, after_event event_id?, limit int8, power text?
-- columns: event event_id, at timestamptz, operation text, granted bool, reason text,
--   user_address text, component_name text, content content_id, template template_id,
--   policy_version int8, rights text, channel text, power text, client_address text,
--   user_agent text, correlation_id text, target text, calls int8
-- Newest first, after the last row of the page before. power 'any': whichever was used.
SELECT event, at, operation, granted, reason, user_address, component_name, content, template,
       policy_version, rights, channel, power, client_address, user_agent, correlation_id, target,
       calls
FROM audit
WHERE tenant = :tenant
  AND (:content IS NULL OR content = :content)
  AND (:user_address IS NULL OR user_address = :user_address)
  AND (:reason IS NULL OR reason = :reason)
  AND (:operation IS NULL OR operation = :operation)
  AND (NOT :denied_only OR NOT granted)
  AND (:since IS NULL OR at >= :since)
  AND (:before IS NULL OR at < :before)
  AND (:after_at IS NULL OR (at, event) < (:after_at, :after_event))
  AND (:power IS NULL OR power = :power OR (:power = 'any' AND power <> ''))
ORDER BY at DESC, event DESC
LIMIT :limit;

-- name: audit_add_summaries :admin
-- params: summaries @audit_summary[]
INSERT INTO audit (tenant, at, event, operation, granted, reason, component, component_name,
                   client_address, user_agent, correlation_id, target, calls)
SELECT s.tenant, now(), s.event, s.operation, false, s.reason, s.component, s.component_name,
       s.client_address, s.user_agent, s.correlation_id, s.target, s.calls
FROM unnest(:summaries.*) AS s (:summaries.names);

-- name: make_partitions :admin
-- Of this month and the next two.
SELECT audit_make_partitions(2) AS _;
