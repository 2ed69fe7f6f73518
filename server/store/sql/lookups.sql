-- SPDX-License-Identifier: Apache-2.0
-- Lookups: a row by what a caller presents, and its scope's epoch in one snapshot.

-- name: find_issuer :read
-- params: iss text, template text
-- columns: issuer @issuer, epoch int8
-- The exact one, or the template under which the iss may stand. The exact one wins, even when it is
-- disabled; what is not proven any longer is not there. Of two, which is when a domain has come
-- back to its tenant, the one that it proves wins.
SELECT {issuer_columns}, coalesce(e.epoch, 0)::int8 AS epoch
FROM issuer i LEFT JOIN epoch e ON e.scope = i.tenant
WHERE i.issuer = (SELECT c.issuer FROM issuer c
                  WHERE c.iss IN (:iss, :template) AND (c.iss = :iss OR c.kind = 2)
                    AND issuer_holds(c)
                  ORDER BY c.iss = :iss DESC, c.proof = 2 DESC LIMIT 1)
  AND NOT i.disabled;

-- group: found_component
-- members: tenant tenant_id, component component_id, name text, role int2, boundary text,
--   sender_domains text[], is_disabled bool, tenant_is_active bool, epoch int8
-- tenant_is_active: the platform, which is no tenant, always is.

-- fragment: component_limits
-- None of the platform's.
coalesce(t.contents_per_day, 0) AS contents_per_day, coalesce(t.contents_per_month, 0) AS contents_per_month,
coalesce(t.licenses_per_day, 0) AS licenses_per_day, coalesce(t.calls_per_second, 0) AS calls_per_second,
coalesce(t.component_calls_per_second, 0) AS component_calls_per_second,
coalesce(t.principal_calls_per_second, 0) AS principal_calls_per_second;

-- name: find_component :read
-- params: fingerprint bytea
-- columns: component @found_component, limits @tenant_limits
-- Also one that is switched off: its certificate is registered all the same.
SELECT c.tenant, c.component, c.name, c.role, c.boundary, c.sender_domains,
       c.disabled AS is_disabled,
       coalesce(t.state = 1, c.tenant = {platform}) AS tenant_is_active,
       coalesce(e.epoch, 0)::int8 AS epoch, {component_limits}
FROM component_certificate f JOIN component c USING (tenant, component)
LEFT JOIN tenant t ON t.tenant = c.tenant
LEFT JOIN epoch e ON e.scope = c.tenant
WHERE f.fingerprint = :fingerprint;

-- name: find_component_by_subject :read
-- params: issuer uuid, subject text
-- columns: component @found_component, limits @tenant_limits
-- An issuer names components of its own tenant, or, as the platform's, of any.
SELECT c.tenant, c.component, c.name, c.role, c.boundary, c.sender_domains,
       c.disabled AS is_disabled,
       coalesce(t.state = 1, c.tenant = {platform}) AS tenant_is_active,
       coalesce(e.epoch, 0)::int8 AS epoch, {component_limits}
FROM component c
JOIN issuer i ON i.issuer = c.issuer AND i.tenant IN (c.tenant, {platform})
LEFT JOIN tenant t ON t.tenant = c.tenant
LEFT JOIN epoch e ON e.scope = c.tenant
WHERE c.issuer = :issuer AND c.subject = :subject AND NOT c.disabled AND i.kind = 5
  AND NOT i.disabled;

-- name: find_directory_token :read
-- params: hash bytea
-- columns: component @found_component, limits @tenant_limits
-- Who keeps a directory by this token, in the form of a component: role 9 of chancery.v1.Role.
SELECT k.tenant, k.token AS component, k.name, 9::int2 AS role, t.boundary,
       '{}'::text[] AS sender_domains, false AS is_disabled, t.state = 1 AS tenant_is_active,
       coalesce(e.epoch, 0)::int8 AS epoch, {component_limits}
FROM directory_token k
JOIN tenant t ON t.tenant = k.tenant
LEFT JOIN epoch e ON e.scope = k.tenant
WHERE k.hash = :hash AND k.expires_at > now();

-- name: find_tenant_by_name :read
-- params: name text
-- columns: tenant tenant_id
SELECT tenant FROM tenant WHERE name = :name;

-- name: find_tenant_by_domain :read
-- params: domain text
-- columns: tenant tenant_id
SELECT tenant FROM tenant_domain WHERE domain = :domain AND verified;

-- name: find_taken_domain :read
-- params: domain text
-- columns: is_taken bool, epoch int8
-- This one and the next always answer, with the platform's epoch: an answer that nothing was found
-- holds on it as well. A domain may be taken in a boundary whose rows we don't see.
SELECT domain_is_taken(:domain, {platform}) AS is_taken, {platform_epoch} AS epoch;

-- name: find_mapped_tenant :read
-- params: issuer uuid, value text
-- columns: tenant tenant_id, epoch int8
-- By the value of a token's tenant claim.
SELECT (SELECT tenant FROM issuer_tenant WHERE issuer = :issuer AND value = :value) AS tenant,
       {platform_epoch} AS epoch;
