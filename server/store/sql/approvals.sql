-- SPDX-License-Identifier: Apache-2.0
-- Two-person approval. An act that is approved, or that one admin may do alone, shares its segment
-- with the first four.

-- group: known_scope
-- members: scope uuid, epoch int8
-- On which state of a scope something is known.

-- group: approval_change
-- members: field text, before text, after text
-- One thing that an act changes.

-- name: approval_take :admin :revoke :bulk
-- params: act @act, approval approval_id
-- Fails when the request is not pending.
SELECT audit_admin(:act.*, approval_take(:act.tenant, :approval, :act.component,
                                         :act.component_name)) AS _;

-- name: approval_performed :admin :revoke :bulk
-- params: tenant tenant_id, event event_id
-- Fails when this transaction has written no such event.
SELECT approval_performed(:tenant, :event) AS _;

-- name: approval_not_needed :admin :revoke :bulk
-- params: tenant tenant_id, operations int4
-- Fails when the tenant requires approval of any of the operations, which are bits.
SELECT approval_not_needed(:tenant, :operations) AS _;

-- name: approval_unmoved :admin :revoke :bulk
-- params: tenant tenant_id, known @known_scope[], always bool
-- Fails when one of the scopes has another epoch by now. always: also where the tenant requires no
-- approval of anything.
SELECT approval_unmoved(:tenant, :known.scope, :known.epoch, :always) AS _;

-- name: ask_approval :admin
-- params: act @act, approval approval_id, act_name text, operation int2, request bytea,
--   secret bytea, import uuid?, summary text, changes @approval_change[], changes_left_out int8, digest bytea,
--   requested_with bytea, requested_as int2, days int4, pending_max int8
-- It ends with the import key that it needs, if that is sooner.
WITH made AS (
    INSERT INTO approval (tenant, approval, act, operation, request, secret, import, summary,
                          change_fields, change_before, change_after, changes_left_out, digest,
                          requested_by, requested_by_name, requested_with, requested_as, expires_at)
    SELECT :act.tenant, :approval, :act_name, :operation, :request, :secret, :import, :summary,
           :changes.field, :changes.before, :changes.after, :changes_left_out, :digest,
           :act.component, :act.component_name, :requested_with, :requested_as,
           least(now() + make_interval(days => :days),
                 (SELECT expires_at FROM key_import
                  WHERE tenant = :act.tenant AND import = :import))
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
-- params: tenant tenant_id, only approval_id?, states int8[], before approval_id?, limit int8,
--   request_max int8, with_secret bool, changes_max int8, reader component_id?
-- columns: approval approval_id, act text, operation int2, request bytea, summary text,
--   change_fields text[], change_before text[], change_after text[], changes_left_out int8,
--   digest bytea, requested_by component_id, requested_by_name text, requested_with bytea,
--   requested_as int2, requested_at timestamptz, expires_at timestamptz, state int8,
--   decided_by_name text, decided_at timestamptz, reader_registered_at timestamptz
-- Newest first. reader_registered_at: since when the component that asks is registered. State 5: pending, and its time is over. No states: any. A request of more than
-- request_max bytes is left out, and so are changes beyond changes_max, which are counted. with_secret: the whole request, to
-- carry it out.
SELECT approval, act, operation,
       CASE WHEN octet_length(request) > :request_max THEN ''
            WHEN :with_secret THEN request || secret ELSE request END AS request,
       summary, trim_array(change_fields, surplus) AS change_fields,
       trim_array(change_before, surplus) AS change_before,
       trim_array(change_after, surplus) AS change_after,
       changes_left_out + surplus AS changes_left_out,
       digest, requested_by, requested_by_name, requested_with, requested_as, requested_at,
       expires_at, state, decided_by_name, decided_at,
       (SELECT created_at FROM component WHERE tenant = :tenant AND component = :reader)
           AS reader_registered_at
FROM (
    SELECT approval, act, operation, request, secret, summary, change_fields, change_before,
           change_after, changes_left_out, digest, requested_by, requested_by_name, requested_with, requested_as,
           requested_at, expires_at,
           greatest(cardinality(change_fields) - :changes_max, 0)::int4 AS surplus,
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

-- name: sweep_approvals :bulk
-- params: max int8
-- columns: swept int8
-- What is secret in requests that have ended; what was decided keeps nothing (approval_forget).
WITH swept AS (
    UPDATE approval SET secret = ''
    WHERE (tenant, approval) IN (SELECT tenant, approval FROM approval
                                 WHERE secret <> '' AND expires_at <= now()
                                 ORDER BY expires_at LIMIT :max
                                 FOR UPDATE SKIP LOCKED) -- another node sweeps too
    RETURNING 1
)
SELECT count(*)::int8 AS swept FROM swept;
