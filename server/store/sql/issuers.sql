-- SPDX-License-Identifier: Apache-2.0
-- Issuers of identity tokens, and which tenants a multi-tenant one means.

-- group: issuer
-- members: tenant tenant_id, issuer issuer_id, boundary text, kind int2, iss text,
--   audiences text[], algorithms text[], jwks_url text, jwks_json text, claim_address text,
--   claim_aliases text[], claim_groups text, claim_tenant text, claim_guest text,
--   domains text[], clock_skew_seconds int4, claim_verified text

-- fragment: issuer_columns
i.tenant, i.issuer, i.boundary, i.kind, i.iss, i.audiences, i.algorithms, i.jwks_url, i.jwks_json,
i.claim_address, i.claim_aliases, i.claim_groups, i.claim_tenant, i.claim_guest, i.domains,
i.clock_skew_seconds, i.claim_verified;

-- group: issuer_settings
-- members: audiences text[], algorithms text[], jwks_url text, jwks_json text,
--   claim_address text, claim_aliases text[], claim_groups text, claim_tenant text,
--   claim_guest text, domains text[], clock_skew_seconds int4, disabled bool,
--   claim_verified text
-- What may change of an issuer. Whose it is, its iss, kind and boundary never do.

-- name: create_issuer :admin
-- params: act @act, issuer issuer_id, boundary text, kind int2, iss text,
--   settings @issuer_settings, host text, template text, template_value text,
--   by_platform bool, mark int8, max int8
-- columns: outcome int4
-- As of judge_issuer, whose answer is looked at again.
--
-- An exact iss wins over a template, for all who have it. So the platform's epoch is raised too:
-- whoever found the template by this iss did so on that one.
WITH judged AS MATERIALIZED (
    SELECT outcome, proof, proof_name, proof_value
    FROM issuer_judge(:act.tenant, :iss, :host, :template, :template_value, :by_platform)
), made AS (
    INSERT INTO issuer (tenant, issuer, boundary, kind, iss, audiences, algorithms, jwks_url,
                        jwks_json, claim_address, claim_aliases, claim_groups, claim_tenant,
                        claim_guest, domains, clock_skew_seconds, disabled, claim_verified, proof,
                        proof_name, proof_value, mark)
    SELECT :act.tenant, :issuer, :boundary, :kind, :iss, :settings.audiences,
           :settings.algorithms, :settings.jwks_url, :settings.jwks_json,
           :settings.claim_address, :settings.claim_aliases, :settings.claim_groups,
           :settings.claim_tenant, :settings.claim_guest, :settings.domains,
           :settings.clock_skew_seconds, :settings.disabled, :settings.claim_verified, proof,
           proof_name, proof_value, :mark
    FROM judged
    WHERE CASE outcome WHEN 0 THEN limit_holds('issuer', :act.tenant, :max) ELSE false END
    RETURNING tenant
), raised AS (
    SELECT epoch_raise(tenant), epoch_raise({platform}), audit_admin(:act.*, :iss) FROM made
)
SELECT outcome, (SELECT count(*) FROM raised) AS _ FROM judged;

-- name: judge_issuer :admin
-- params: tenant tenant_id, iss text, host text, template text, template_value text,
--   by_platform bool
-- columns: outcome int4, proof int2
-- Whether an iss may be registered, and what proves it. host: of the iss, or ''. template,
-- template_value: the template that stands for it, and the value there. Outcomes: as of
-- issuer_judge in the migration.
SELECT outcome, proof
FROM issuer_judge(:tenant, :iss, :host, :template, :template_value, :by_platform);

-- name: find_issuer_template :admin
-- params: tenant tenant_id, template text
-- columns: is_mapped bool
-- Whether the template that stands for an iss, if there is one, means this tenant by whatever value.
SELECT EXISTS (SELECT FROM issuer i JOIN issuer_tenant m ON m.issuer = i.issuer
               WHERE i.iss = :template AND i.kind = 2 AND m.tenant = :tenant) AS is_mapped;

-- name: update_issuer :admin
-- params: act @act, issuer issuer_id, mark int8, new_mark int8, settings @issuer_settings
-- No row when the mark is not the stored one.
WITH made AS (
    UPDATE issuer
    SET audiences = :settings.audiences, algorithms = :settings.algorithms,
        jwks_url = :settings.jwks_url, jwks_json = :settings.jwks_json,
        claim_address = :settings.claim_address, claim_aliases = :settings.claim_aliases,
        claim_groups = :settings.claim_groups, claim_tenant = :settings.claim_tenant,
        claim_guest = :settings.claim_guest, domains = :settings.domains,
        clock_skew_seconds = :settings.clock_skew_seconds, disabled = :settings.disabled,
        claim_verified = :settings.claim_verified,
        version = version + 1, mark = :new_mark
    WHERE tenant = :act.tenant AND issuer = :issuer AND mark = :mark
    RETURNING iss
)
SELECT epoch_raise(:act.tenant) AS _, audit_admin(:act.*, iss) AS _ FROM made;

-- name: delete_issuer :revoke
-- params: act @act, issuer issuer_id
-- Its mappings go with it, and what they have proven.
WITH gone AS (
    DELETE FROM issuer WHERE tenant = :act.tenant AND issuer = :issuer RETURNING issuer, iss
), unmapped AS (
    DELETE FROM issuer_tenant WHERE issuer = (SELECT issuer FROM gone) RETURNING tenant
), raised AS (
    SELECT epoch_raise(tenant)
    FROM (SELECT DISTINCT tenant FROM unmapped ORDER BY tenant OFFSET 0) AS t
)
SELECT (SELECT count(*) FROM raised) AS _, epoch_raise(:act.tenant) AS _,
       audit_admin(:act.*, iss) AS _
FROM gone;

-- name: list_issuers :admin
-- params: tenant tenant_id, only issuer_id?, after issuer_id?, limit int8
-- columns: issuer @issuer, disabled bool, mark int8, proof int2, holds bool
SELECT {issuer_columns}, disabled, mark, proof, issuer_holds(i) AS holds
FROM issuer i
WHERE tenant = :tenant
  AND (:only IS NULL OR issuer = :only)
  AND (:after IS NULL OR issuer > :after)
ORDER BY issuer
LIMIT :limit;

-- name: map_tenant :admin
-- params: act @act, issuer issuer_id, value text, max int8
-- The act's tenant is the one that the value shall mean: both it and the platform have the act in
-- their log.
WITH made AS (
    INSERT INTO issuer_tenant (issuer, value, tenant)
    SELECT i.issuer, :value, t.tenant
    FROM issuer i, tenant t
    WHERE i.tenant = {platform} AND i.issuer = :issuer AND i.kind = 2
      AND t.tenant = :act.tenant AND t.boundary = i.boundary
      AND limit_holds('mapping', :act.tenant, :max)
    RETURNING value
)
SELECT epoch_raise({platform}) AS _, audit_admin(:act.*, value) AS _,
       audit_admin({platform}, :act.event, :act.operation, :act.user_address, :act.component,
                   :act.component_name, :act.client_address, :act.user_agent,
                   :act.correlation_id, value) AS _
FROM made;

-- name: unmap_tenant :revoke
-- params: act @act, issuer issuer_id, value text
-- The act is the platform's; the tenant that the value meant has it in its log too, and loses what
-- the mapping has proven.
WITH gone AS (
    DELETE FROM issuer_tenant WHERE issuer = :issuer AND value = :value RETURNING tenant, value
)
SELECT epoch_raise(tenant) AS _, epoch_raise({platform}) AS _, audit_admin(:act.*, value) AS _,
       audit_admin(tenant, :act.event, :act.operation, :act.user_address, :act.component,
                   :act.component_name, :act.client_address, :act.user_agent,
                   :act.correlation_id, value) AS _
FROM gone;

-- name: list_tenant_mappings :admin
-- params: issuer issuer_id, after text, limit int8
-- columns: issuer issuer_id, value text, name text
SELECT m.issuer, m.value, t.name
FROM issuer_tenant m JOIN tenant t USING (tenant)
WHERE m.issuer = :issuer AND m.value > :after
ORDER BY m.value
LIMIT :limit;

-- name: list_mappings_of_tenant :admin
-- params: tenant tenant_id, after text, limit int8
-- columns: issuer issuer_id, value text, name text
-- after: issuer and value with a space between. A tenant has as many as limit_holds lets it have, so they are sorted.
SELECT m.issuer, m.value, t.name
FROM issuer_tenant m JOIN tenant t USING (tenant)
WHERE m.tenant = :tenant AND (m.issuer::text || ' ' || m.value) COLLATE "C" > :after
ORDER BY (m.issuer::text || ' ' || m.value) COLLATE "C"
LIMIT :limit;
