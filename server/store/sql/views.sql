-- SPDX-License-Identifier: Apache-2.0
-- Views: one segment each, the epoch first, so that what follows is at least as new; templates that
-- have changed follow in further ones. What tells who
-- people are (the tenant itself, domains, partners) is read of every boundary; all else only of
-- those that the node serves.

-- fragment: tenant_is_served
-- `served` is empty for all.
EXISTS (SELECT FROM tenant t
        WHERE t.tenant = :tenant AND (cardinality(:served) = 0 OR t.boundary = ANY (:served)));

-- name: view_epoch :read
-- params: scope uuid
-- columns: epoch int8
SELECT coalesce((SELECT epoch FROM epoch WHERE scope = :scope), 0)::int8 AS epoch;

-- name: view_tenant :read
-- params: tenant tenant_id
-- columns: name text, boundary text, state int2, license_cap_days int4, onboarding text[],
--   has_directory bool, needs_bound_users bool, needs_bound_components bool, approvals int4,
--   switches int4, passcodes_off bool, transport_decryption int2, do_not_track text[],
--   limits @tenant_limits, has_signals bool
SELECT name, boundary, state, license_cap_days, onboarding, has_directory, needs_bound_users,
       needs_bound_components, approvals, switches, passcodes_off, transport_decryption,
       do_not_track, {limit_columns}, has_signals
FROM tenant t WHERE tenant = :tenant;

-- name: view_domains :read
-- params: tenant tenant_id
-- columns: domain text
SELECT domain FROM tenant_domain WHERE tenant = :tenant AND verified ORDER BY domain;

-- name: view_template_heads :read
-- params: tenant tenant_id, served text[]
-- columns: template template_id, mark int8, name_count int4
-- Which templates there are, and in which state; name_count: how large it is.
SELECT template, mark, cardinality(scope) + cardinality(grant_principals) AS name_count
FROM template WHERE tenant = :tenant AND {tenant_is_served} ORDER BY template;

-- group: wanted_template
-- members: template template_id

-- name: view_templates :read
-- params: tenant tenant_id, served text[], wanted @wanted_template[]
-- columns: template template_id, version int8, mark int8, archived bool, scope text[],
--   expires_at timestamptz, expires_after_days int4, offline_days int4, referral_contact text,
--   grant_principals text[], grant_rights text[]
-- Those of which the worker doesn't have this state.
SELECT template, version, mark, archived, scope, expires_at, expires_after_days, offline_days,
       referral_contact, grant_principals, grant_rights
FROM template
WHERE tenant = :tenant AND template IN (SELECT * FROM unnest(:wanted.*)) AND {tenant_is_served};

-- name: view_exclusions :read
-- params: tenant tenant_id, served text[]
-- columns: kind int2, value text
SELECT kind, value FROM exclusion WHERE tenant = :tenant AND {tenant_is_served};

-- name: view_super_users :read
-- params: tenant tenant_id, served text[]
-- columns: principal text, expires_at timestamptz
SELECT principal, expires_at FROM super_user WHERE tenant = :tenant AND {tenant_is_served};

-- name: view_partners :read
-- params: tenant tenant_id
-- columns: reader_tenant tenant_id
-- Whose members open the tenant's content natively: both sides consent.
SELECT p.reader_tenant
FROM partner_exception p
JOIN partner_consent c ON c.exception = p.exception AND c.tenant = p.content_tenant
JOIN partner_consent r ON r.exception = p.exception AND r.tenant = p.reader_tenant
WHERE p.content_tenant = :tenant;

-- name: view_denials :read
-- params: tenant tenant_id, served text[]
-- columns: side int2, partner text
-- What a tenant's people may not open is asked where the content is, in whatever boundary.
SELECT side, partner FROM denial
WHERE tenant = :tenant AND (side = 2 OR {tenant_is_served});

-- name: view_brandings :read
-- params: tenant tenant_id, served text[]
-- columns: branding text, external_expiry_days int4, sign_ins int4
SELECT branding, external_expiry_days, sign_ins
FROM branding WHERE tenant = :tenant AND {tenant_is_served} ORDER BY branding COLLATE "C";

-- name: view_keys :read
-- params: tenant tenant_id, served text[]
-- columns: purpose int2, version int4, state int2, root_version int4, wrapped bytea,
--   public_jwk text
-- An archived version below the lowest that opens is as a revoked one.
SELECT purpose, version, (CASE WHEN is_shut AND state = 2 THEN 3 ELSE state END)::int2 AS state, root_version,
       wrapped, public_jwk
FROM tenant_key WHERE tenant = :tenant AND {tenant_is_served} ORDER BY purpose, version;

-- name: view_boundaries :read
-- columns: name text, suite int2, fips bool, authority_url text, portal_url text
SELECT name, suite, fips, authority_url, portal_url FROM boundary ORDER BY name;

-- name: view_rules :read
-- columns: content_boundary text, reader_boundary text, rule int2
SELECT content_boundary, reader_boundary, rule FROM boundary_rule;
