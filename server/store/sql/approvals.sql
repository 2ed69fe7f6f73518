-- SPDX-License-Identifier: Apache-2.0
-- Two-person approval. An act that is approved, or that one admin may do alone, shares its segment
-- with the first three.

-- name: approval_take :admin
-- params: act @act, approval approval_id
-- Fails when the request is not pending.
SELECT audit_admin(:act.*, approval_take(:act.tenant, :approval, :act.component,
                                         :act.component_name)) AS _;

-- name: approval_performed :admin
-- params: tenant tenant_id, event event_id
-- Fails when this transaction has written no such event.
SELECT approval_performed(:tenant, :event) AS _;

-- name: approval_not_needed :admin
-- params: tenant tenant_id, operations int4
-- Fails when the tenant requires approval of any of the operations, which are bits.
SELECT approval_not_needed(:tenant, :operations) AS _;

-- name: ask_approval :admin
-- params: act @act, approval approval_id, act_name text, operation int2, request bytea,
--   summary text, requested_with bytea, days int4, pending_max int8
WITH made AS (
    INSERT INTO approval (tenant, approval, act, operation, request, summary, requested_by,
                          requested_by_name, requested_with, expires_at)
    SELECT :act.tenant, :approval, :act_name, :operation, :request, :summary, :act.component,
           :act.component_name, :requested_with, now() + make_interval(days => :days)
    WHERE limit_holds('approval', :act.tenant, :pending_max)
    RETURNING summary
)
SELECT audit_admin(:act.*, summary) AS _ FROM made;

-- name: close_approval :admin
-- params: act @act, approval approval_id, state int2
WITH made AS (
    UPDATE approval
    SET state = :state, decided_by = :act.component, decided_by_name = :act.component_name,
        decided_at = now()
    WHERE tenant = :act.tenant AND approval = :approval AND state = 1 AND now() < expires_at
    RETURNING requested_by_name || ' asked: ' || summary AS said
)
SELECT audit_admin(:act.*, said) AS _ FROM made;

-- name: list_approvals :admin
-- params: tenant tenant_id, only approval_id?, states int8[], before approval_id?, limit int8
-- columns: approval approval_id, act text, operation int2, request bytea, summary text,
--   requested_by component_id, requested_by_name text, requested_with bytea,
--   requested_at timestamptz, expires_at timestamptz, state int8, decided_by_name text,
--   decided_at timestamptz
-- Newest first. State 5: pending, and its time is over. No states: any.
SELECT approval, act, operation, request, summary, requested_by, requested_by_name, requested_with,
       requested_at, expires_at, state, decided_by_name, decided_at
FROM (
    SELECT approval, act, operation, request, summary, requested_by, requested_by_name,
           requested_with, requested_at, expires_at,
           CASE WHEN state = 1 AND expires_at <= now() THEN 5 ELSE state END::int8 AS state,
           decided_by_name, decided_at
    FROM approval
    WHERE tenant = :tenant
      AND (:only IS NULL OR approval = :only)
      AND (:before IS NULL OR approval < :before)
) AS a
WHERE cardinality(:states) = 0 OR state = ANY (:states)
ORDER BY approval DESC
LIMIT :limit;
