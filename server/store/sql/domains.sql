-- SPDX-License-Identifier: Apache-2.0
-- Domains of tenants: claimed, proven, given up.

-- name: add_domain :admin
-- params: act @act, domain text, proof text, max int8
-- columns: is_taken bool
-- is_taken: another tenant has proven it. A claim changes no view, so no epoch is raised.
WITH known AS (
    SELECT domain_is_taken(:domain, :act.tenant) AS is_taken
), made AS (
    INSERT INTO tenant_domain (tenant, domain, proof)
    SELECT :act.tenant, :domain, :proof FROM known
    WHERE CASE WHEN is_taken THEN false ELSE limit_holds('domain', :act.tenant, :max) END
    RETURNING domain
)
SELECT is_taken,
       CASE WHEN EXISTS (SELECT FROM made) THEN audit_admin(:act.*, :domain) END AS _
FROM known;

-- name: get_domain :admin
-- params: tenant tenant_id, domain text
-- columns: proof text, verified bool, is_taken bool
SELECT proof, verified, domain_is_taken(domain, tenant) AS is_taken
FROM tenant_domain
WHERE tenant = :tenant AND domain = :domain;

-- name: verify_domain :admin
-- params: act @act, domain text, proof text, how text
-- No row when the tenant has not claimed it with this proof.
WITH made AS (
    UPDATE tenant_domain SET verified = true
    WHERE tenant = :act.tenant AND domain = :domain AND proof = :proof
    RETURNING domain
)
SELECT domain_raise(:act.tenant, domain) AS _, audit_admin(:act.*, domain || ' ' || :how) AS _
FROM made;

-- name: remove_domain :revoke
-- params: act @act, domain text
WITH made AS (
    DELETE FROM tenant_domain WHERE tenant = :act.tenant AND domain = :domain RETURNING domain
)
SELECT domain_raise(:act.tenant, domain) AS _, audit_admin(:act.*, domain) AS _ FROM made;
