-- SPDX-License-Identifier: Apache-2.0
-- Components: who calls with a credential of their own.

-- name: create_component :admin
-- params: act @act, component component_id, name text, role int2, boundary text,
--   sender_domains text[], disabled bool, issuer issuer_id?, subject text, mark int8, max int8
-- It is younger than every request of its tenant that waits for approval, whatever the clock of
-- this database says now and that of another one said before.
WITH made AS (
    INSERT INTO component (tenant, component, name, role, boundary, sender_domains, disabled,
                           issuer, subject, mark, created_at)
    SELECT :act.tenant, :component, :name, :role, :boundary, :sender_domains, :disabled,
           :issuer, :subject, :mark,
           greatest(now(), (SELECT max(requested_at) FROM approval
                            WHERE tenant = :act.tenant AND state = 1))
    WHERE limit_holds('component', :act.tenant, :max)
    RETURNING tenant
)
SELECT epoch_raise(:act.tenant) AS _, audit_admin(:act.*, :name) AS _ FROM made;

-- name: add_certificates :admin
-- params: tenant tenant_id, component component_id, fingerprints bytea[]
-- The second statement of create_component's segment, because row-level security must find the
-- component.
INSERT INTO component_certificate (fingerprint, tenant, component)
SELECT f, :tenant, :component FROM unnest(:fingerprints) AS f;

-- name: update_component :revoke
-- params: act @act, component component_id, sender_domains text[], fingerprints bytea[],
--   disabled bool, issuer issuer_id?, subject text, mark int8, new_mark int8
-- No row when the mark is not the stored one. Certificates that stay keep their rows, for a row
-- can't be deleted and inserted in one statement.
WITH made AS (
    UPDATE component
    SET sender_domains = :sender_domains, disabled = :disabled, issuer = :issuer,
        subject = :subject, version = version + 1, mark = :new_mark
    WHERE tenant = :act.tenant AND component = :component AND mark = :mark
    RETURNING name
), gone AS (
    DELETE FROM component_certificate f USING made
    WHERE f.tenant = :act.tenant AND f.component = :component
      AND f.fingerprint <> ALL (:fingerprints)
), certified AS (
    INSERT INTO component_certificate (fingerprint, tenant, component)
    SELECT n, :act.tenant, :component
    FROM made, unnest(:fingerprints) AS n
    WHERE NOT EXISTS (
        SELECT FROM component_certificate f
        WHERE f.fingerprint = n AND f.tenant = :act.tenant AND f.component = :component)
)
SELECT epoch_raise(:act.tenant) AS _, audit_admin(:act.*, name) AS _ FROM made;

-- name: delete_component :revoke
-- params: act @act, component component_id, mark int8
-- mark 0: any. Its certificates go with it.
WITH made AS (
    DELETE FROM component
    WHERE tenant = :act.tenant AND component = :component
      AND (:mark = 0 OR mark = :mark)
    RETURNING name
)
SELECT epoch_raise(:act.tenant) AS _, audit_admin(:act.*, name) AS _ FROM made;

-- name: list_components :admin
-- params: tenant tenant_id, only component_id?, after component_id?, limit int8
-- columns: component component_id, name text, role int2, boundary text, sender_domains text[],
--   disabled bool, issuer issuer_id, subject text, mark int8, fingerprints bytea
-- fingerprints: one after the other.
SELECT component, name, role, boundary, sender_domains, disabled, issuer, subject, mark,
       (SELECT coalesce(string_agg(fingerprint, '' ORDER BY fingerprint), '')
        FROM component_certificate f
        WHERE f.tenant = c.tenant AND f.component = c.component) AS fingerprints
FROM component c
WHERE tenant = :tenant
  AND (:only IS NULL OR component = :only)
  AND (:after IS NULL OR component > :after)
ORDER BY component
LIMIT :limit;

-- name: component_issuer :admin
-- params: issuer issuer_id, tenant tenant_id, or_platform bool
-- columns: tenant tenant_id, kind int2, boundary text
-- What issuer_authority_covers wants to know of an issuer of that tenant, or of the platform.
SELECT tenant, kind, boundary FROM issuer
WHERE issuer = :issuer AND (tenant = :tenant OR (:or_platform AND tenant = {platform}));

-- name: find_own_component :admin
-- params: tenant tenant_id, component component_id
-- columns: name text, role int2, boundary text, issuer issuer_id, iss text, subject text,
--   fingerprints bytea
-- By what an enabled component is known. fingerprints: one after the other.
SELECT name, role, boundary, issuer,
       coalesce((SELECT i.iss FROM issuer i
                 WHERE i.issuer = c.issuer AND i.tenant IN (:tenant, {platform})), '') AS iss,
       subject,
       (SELECT coalesce(string_agg(fingerprint, '' ORDER BY fingerprint), '')
        FROM component_certificate f
        WHERE f.tenant = c.tenant AND f.component = c.component) AS fingerprints
FROM component c
WHERE tenant = :tenant AND component = :component AND NOT disabled;

-- name: tenant_gateways :admin
-- params: tenant tenant_id
-- columns: gateways text[]
-- Of those that are enabled everything by which each is known, on its own, so that a second admin reads it whole; of one
-- that has nothing, its name.
SELECT coalesce(array_agg(c.name || coalesce(k.known, '') ORDER BY c.name, k.known), '{}') AS gateways
FROM component c LEFT JOIN LATERAL (
    SELECT ', certificate ' || encode(f.fingerprint, 'hex') AS known
    FROM component_certificate f
    WHERE f.tenant = c.tenant AND f.component = c.component
    UNION ALL
    SELECT by_token.known
    FROM issuer i, unnest(ARRAY[', issuer ' || i.iss, ', subject ' || c.subject]) AS by_token (known)
    WHERE i.issuer = c.issuer AND i.tenant IN (:tenant, {platform})
) AS k ON true
WHERE c.tenant = :tenant AND c.role = 1 AND NOT c.disabled;
