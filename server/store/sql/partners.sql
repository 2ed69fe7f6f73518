-- SPDX-License-Identifier: Apache-2.0
-- Partner exceptions, and denials. Of exceptions both tenants' epochs are raised, always in the same order, so that two acts
-- don't lock each other.

-- name: propose_partner :admin
-- params: act @act, exception uuid, content_tenant tenant_id, reader_tenant tenant_id, max int8,
--   note text
-- The act's tenant consents with it; max: of its consents.
WITH made AS (
    INSERT INTO partner_exception (exception, content_tenant, reader_tenant)
    SELECT :exception, :content_tenant, :reader_tenant
    WHERE limit_holds('partner', :act.tenant, :max)
    RETURNING exception
), consent AS (
    INSERT INTO partner_consent (exception, tenant) SELECT exception, :act.tenant FROM made
)
SELECT epoch_raise(least(:content_tenant, :reader_tenant)) AS _,
       epoch_raise(greatest(:content_tenant, :reader_tenant)) AS _,
       audit_admin(:act.*, :note) AS _
FROM made;

-- name: accept_partner :admin
-- params: act @act, exception uuid, max int8, note text
WITH made AS (
    INSERT INTO partner_consent (exception, tenant)
    SELECT exception, :act.tenant FROM partner_exception
    WHERE exception = :exception AND :act.tenant IN (content_tenant, reader_tenant)
      AND limit_holds('partner', :act.tenant, :max)
    RETURNING exception
)
SELECT epoch_raise(least(content_tenant, reader_tenant)) AS _,
       epoch_raise(greatest(content_tenant, reader_tenant)) AS _,
       audit_admin(:act.*, :note) AS _
FROM partner_exception
WHERE exception IN (SELECT exception FROM made);

-- name: withdraw_partner :revoke
-- params: act @act, exception uuid, note text
-- Both sides' consents go with it.
WITH gone AS (
    DELETE FROM partner_exception
    WHERE exception = :exception AND :act.tenant IN (content_tenant, reader_tenant)
    RETURNING content_tenant, reader_tenant
)
SELECT epoch_raise(least(content_tenant, reader_tenant)) AS _,
       epoch_raise(greatest(content_tenant, reader_tenant)) AS _,
       audit_admin(:act.*, :note) AS _
FROM gone;

-- name: list_partners :admin
-- params: tenant tenant_id, only uuid?, after uuid?, limit int8
-- columns: exception uuid, content_tenant text, reader_tenant text, content_consents bool,
--   reader_consents bool, created_at timestamptz
SELECT p.exception, c.name AS content_tenant, r.name AS reader_tenant,
       EXISTS (SELECT FROM partner_consent s
               WHERE s.exception = p.exception AND s.tenant = p.content_tenant) AS content_consents,
       EXISTS (SELECT FROM partner_consent s
               WHERE s.exception = p.exception AND s.tenant = p.reader_tenant) AS reader_consents,
       p.created_at
FROM (
    (SELECT * FROM partner_exception e
     WHERE e.content_tenant = :tenant AND (:only IS NULL OR e.exception = :only)
       AND (:after IS NULL OR e.exception > :after)
     ORDER BY e.exception LIMIT :limit)
    UNION ALL
    (SELECT * FROM partner_exception e
     WHERE e.reader_tenant = :tenant AND (:only IS NULL OR e.exception = :only)
       AND (:after IS NULL OR e.exception > :after)
     ORDER BY e.exception LIMIT :limit)
) AS p
JOIN tenant c ON c.tenant = p.content_tenant
JOIN tenant r ON r.tenant = p.reader_tenant
ORDER BY p.exception
LIMIT :limit;

-- name: add_denial :revoke
-- params: act @act, side int2, partner text, max int8
WITH made AS (
    INSERT INTO denial (tenant, side, partner)
    SELECT :act.tenant, :side, :partner WHERE denial_limit_holds(:act.tenant, :max)
    RETURNING partner
)
SELECT epoch_raise(:act.tenant) AS _,
       audit_admin(:act.*, CASE :side WHEN 1 THEN 'readers of ' ELSE 'content of ' END || partner) AS _
FROM made;

-- name: remove_denial :admin
-- params: act @act, side int2, partner text
WITH gone AS (
    DELETE FROM denial WHERE tenant = :act.tenant AND side = :side AND partner = :partner
    RETURNING partner
)
SELECT epoch_raise(:act.tenant) AS _,
       audit_admin(:act.*, CASE :side WHEN 1 THEN 'readers of ' ELSE 'content of ' END || partner) AS _
FROM gone;
