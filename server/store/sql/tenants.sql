-- SPDX-License-Identifier: Apache-2.0
-- Tenants and their settings.

-- group: tenant
-- members: tenant tenant_id, name text, display_name text, boundary text, state int2,
--   license_cap_days int4, mark int8, created_at timestamptz, approvals int4,
--   needs_bound_users bool, needs_bound_components bool, switches int4, passcodes_off bool,
--   transport_decryption int2, key_rotation_days int4
-- approvals: a bit for each operation that needs a second admin.

-- group: tenant_limits
-- members: contents_per_day int4, contents_per_month int4, licenses_per_day int4,
--   calls_per_second int4, component_calls_per_second int4, principal_calls_per_second int4
-- How much a tenant may do; 0: no limit of its own.

-- fragment: limit_columns
t.contents_per_day, t.contents_per_month, t.licenses_per_day, t.calls_per_second,
t.component_calls_per_second, t.principal_calls_per_second;

-- fragment: tenant_columns
t.tenant, t.name, t.display_name, t.boundary, t.state, t.license_cap_days, t.mark, t.created_at,
t.approvals, t.needs_bound_users, t.needs_bound_components, t.switches, t.passcodes_off,
t.transport_decryption, t.key_rotation_days;

-- name: create_tenant :admin
-- params: act @act, tenant tenant_id, name text, display_name text, boundary text, suite int2,
--   license_cap_days int4, onboarding text[], approvals int4, needs_bound_users bool,
--   needs_bound_components bool, passcodes_off bool, mark int8, switches int4,
--   transport_decryption int2, do_not_track text[], key_rotation_days int4, limits @tenant_limits
-- columns: created_at timestamptz
-- The act is the platform's. suite: of the tenant's keys; no row when the boundary has another one
-- by now (lock_boundary). Its keys follow in the same segment (create_keys).
WITH made AS (
    INSERT INTO tenant (tenant, name, display_name, boundary, state, license_cap_days, onboarding,
                        approvals, needs_bound_users, needs_bound_components, passcodes_off, mark, switches,
                        transport_decryption, do_not_track, key_rotation_days, :limits.names)
    SELECT :tenant, :name, :display_name, b.name, 1, :license_cap_days, :onboarding, :approvals,
           :needs_bound_users, :needs_bound_components, :passcodes_off, :mark, :switches,
           :transport_decryption, :do_not_track, :key_rotation_days, :limits.*
    FROM boundary b
    WHERE b.name = :boundary AND b.suite = :suite
    FOR KEY SHARE
    RETURNING tenant, created_at
)
SELECT created_at, epoch_raise(:tenant) AS _, audit_admin(:act.*, :name) AS _ FROM made;

-- name: get_tenant :admin
-- params: name text
-- columns: tenant @tenant, limits @tenant_limits, onboarding text[], do_not_track text[], domains text[], verified text[],
--   proofs text[], quotas_used int8[], quotas_end int8[]
-- quotas_…: by enum quota, from 1 on: what is used up or leased in the present day or month of UTC, and when that ends, in
-- seconds since 1970. domains, verified ('true' or 'false') and proofs are parallel.
SELECT {tenant_columns}, {limit_columns}, t.onboarding, t.do_not_track, d.domains, d.verified, d.proofs,
       u.quotas_used, u.quotas_end
FROM tenant t
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(domain ORDER BY domain), '{}') AS domains,
           coalesce(array_agg(verified::text ORDER BY domain), '{}') AS verified,
           coalesce(array_agg(proof ORDER BY domain), '{}') AS proofs
    FROM tenant_domain
    WHERE tenant = t.tenant
) AS d
CROSS JOIN LATERAL (
    SELECT array_agg(coalesce(q.used, 0) ORDER BY p.quota) AS quotas_used,
           array_agg(extract(epoch FROM quota_end(p.quota, now()))::int8 ORDER BY p.quota) AS quotas_end
    FROM unnest(ARRAY[1, 2, 3]) AS p (quota)
    LEFT JOIN quota_use q
        ON q.tenant = t.tenant AND q.quota = p.quota AND q.begins = quota_begin(p.quota, now())
) AS u
WHERE t.name = :name;

-- name: list_tenants :report
-- params: after text, limit int8
-- columns: tenant @tenant, limits @tenant_limits
-- In order of short name, after this one. Without what may be a thousand each.
SELECT {tenant_columns}, {limit_columns}
FROM tenant t
WHERE name > :after
ORDER BY name
LIMIT :limit;

-- name: update_tenant :revoke
-- params: act @act, display_name text, license_cap_days int4, onboarding text[], state int2,
--   mark int8, new_mark int8, approvals int4, needs_bound_users bool, needs_bound_components bool,
--   switches int4, passcodes_off bool, transport_decryption int2,
--   do_not_track text[], key_rotation_days int4, limits @tenant_limits
-- No row when the mark is not the stored one.
WITH made AS (
    UPDATE tenant
    SET display_name = :display_name, license_cap_days = :license_cap_days,
        onboarding = :onboarding, state = :state, approvals = :approvals,
        needs_bound_users = :needs_bound_users,
        needs_bound_components = :needs_bound_components, switches = :switches,
        passcodes_off = :passcodes_off, transport_decryption = :transport_decryption,
        do_not_track = :do_not_track, key_rotation_days = :key_rotation_days,
        (:limits.names) = ROW (:limits.*), version = version + 1,
        mark = :new_mark
    WHERE tenant = :act.tenant AND mark = :mark
    RETURNING name
)
SELECT epoch_raise(:act.tenant) AS _, audit_admin(:act.*, name) AS _ FROM made;

-- name: add_exclusion :revoke
-- params: act @act, kind int2, value text, max int8
WITH made AS (
    INSERT INTO exclusion (tenant, kind, value)
    SELECT :act.tenant, :kind, :value WHERE limit_holds('exclusion', :act.tenant, :max)
    RETURNING value
)
SELECT epoch_raise(:act.tenant) AS _, audit_admin(:act.*, value) AS _ FROM made;

-- name: remove_exclusion :admin
-- params: act @act, kind int2, values text[]
-- values: all that are stored of one name, for names are compared without regard to case.
WITH made AS (
    DELETE FROM exclusion WHERE tenant = :act.tenant AND kind = :kind AND value = ANY (:values)
    RETURNING value
), lifted AS (
    SELECT string_agg(value, ', ' ORDER BY value) AS names FROM made HAVING count(*) > 0
)
SELECT epoch_raise(:act.tenant) AS _, audit_admin(:act.*, names) AS _ FROM lifted;
