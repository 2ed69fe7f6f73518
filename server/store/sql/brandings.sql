-- SPDX-License-Identifier: Apache-2.0
-- Brandings.

-- group: branding
-- members: display_name text, logo bytea, background_color text, accent_color text,
--   privacy_url text, external_expiry_days int4, sign_ins int4, languages text[],
--   introductions text[], bodies text[], buttons text[], disclaimers text[],
--   portal_texts text[]
-- What an admin says of a branding. Languages and what is said in them are parallel.

-- fragment: portal_texts
-- Written by a program that knows of them, or none for each language (migrations/0029_portal_text.sql).
CASE WHEN cardinality(portal_texts) = cardinality(languages) THEN portal_texts
     ELSE array_fill(''::text, ARRAY[cardinality(languages)]) END;

-- name: create_branding :admin
-- params: act @act, branding text, values @branding, max int8
WITH made AS (
    INSERT INTO branding (tenant, branding, display_name, logo, background_color, accent_color,
                          privacy_url, external_expiry_days, sign_ins, languages, introductions,
                          bodies, buttons, disclaimers, portal_texts)
    SELECT :act.tenant, :branding, :values.display_name, :values.logo, :values.background_color,
           :values.accent_color, :values.privacy_url, :values.external_expiry_days,
           :values.sign_ins, :values.languages, :values.introductions, :values.bodies,
           :values.buttons, :values.disclaimers, :values.portal_texts
    WHERE branding_limit_holds(:act.tenant, :max)
    RETURNING branding
)
SELECT epoch_raise(:act.tenant) AS _, audit_admin(:act.*, branding) AS _ FROM made;

-- name: update_branding :admin
-- params: act @act, branding text, values @branding, mark int8, new_mark int8
-- No row when the mark is not the stored one.
WITH made AS (
    UPDATE branding
    SET mark = :new_mark, display_name = :values.display_name, logo = :values.logo,
        background_color = :values.background_color, accent_color = :values.accent_color,
        privacy_url = :values.privacy_url, external_expiry_days = :values.external_expiry_days,
        sign_ins = :values.sign_ins, languages = :values.languages,
        introductions = :values.introductions, bodies = :values.bodies,
        buttons = :values.buttons, disclaimers = :values.disclaimers,
        portal_texts = :values.portal_texts, updated_at = now()
    WHERE tenant = :act.tenant AND branding = :branding AND mark = :mark
    RETURNING branding
)
SELECT epoch_raise(:act.tenant) AS _, audit_admin(:act.*, branding) AS _ FROM made;

-- name: delete_branding :admin
-- params: act @act, branding text, mark int8
-- No row when the mark is not the stored one.
WITH gone AS (
    DELETE FROM branding
    WHERE tenant = :act.tenant AND branding = :branding AND mark = :mark
    RETURNING branding
)
SELECT epoch_raise(:act.tenant) AS _, audit_admin(:act.*, branding) AS _ FROM gone;

-- name: get_branding :admin
-- params: tenant tenant_id, branding text
-- columns: branding text, mark int8, display_name text, logo bytea, background_color text,
--   accent_color text, privacy_url text, external_expiry_days int4, sign_ins int4,
--   languages text[], introductions text[], bodies text[], buttons text[], disclaimers text[],
--   portal_texts text[], created_at timestamptz, updated_at timestamptz
SELECT branding, mark, display_name, logo, background_color, accent_color, privacy_url,
       external_expiry_days, sign_ins, languages, introductions, bodies, buttons, disclaimers,
       {portal_texts} AS portal_texts, created_at, updated_at
FROM branding
WHERE tenant = :tenant AND branding = :branding;

-- name: find_look :read
-- params: tenant tenant_id, branding text, fallback text
-- columns: tenant_name text, branding text, external_expiry_days int4, display_name text,
--   logo bytea, background_color text, accent_color text, privacy_url text, languages text[], introductions text[], bodies text[],
--   buttons text[], disclaimers text[], portal_texts text[]
-- The branding of that name, or else that of the other, or else none: all of it empty.
SELECT coalesce(nullif(t.display_name, ''), t.name) AS tenant_name,
       coalesce(b.branding, '') AS branding,
       coalesce(b.external_expiry_days, 0) AS external_expiry_days,
       coalesce(b.display_name, '') AS display_name,
       coalesce(b.logo, '') AS logo, coalesce(b.background_color, '') AS background_color,
       coalesce(b.accent_color, '') AS accent_color, coalesce(b.privacy_url, '') AS privacy_url,
       coalesce(b.languages, '{}') AS languages,
       coalesce(b.introductions, '{}') AS introductions, coalesce(b.bodies, '{}') AS bodies,
       coalesce(b.buttons, '{}') AS buttons, coalesce(b.disclaimers, '{}') AS disclaimers,
       coalesce(b.said, '{}') AS portal_texts
FROM tenant t
LEFT JOIN LATERAL (
    SELECT *, {portal_texts} AS said FROM branding
    WHERE branding.tenant = t.tenant AND branding.branding IN (:branding, :fallback)
    ORDER BY branding.branding <> :branding LIMIT 1
) AS b ON true
WHERE t.tenant = :tenant;

-- name: list_brandings :admin
-- params: tenant tenant_id, after text, limit int8
-- columns: branding text, mark int8, display_name text, background_color text, accent_color text,
--   privacy_url text, external_expiry_days int4, sign_ins int4, languages text[],
--   introductions text[], bodies text[], buttons text[], disclaimers text[],
--   portal_texts text[], created_at timestamptz, updated_at timestamptz
-- Without logos.
SELECT branding, mark, display_name, background_color, accent_color, privacy_url,
       external_expiry_days, sign_ins, languages, introductions, bodies, buttons, disclaimers,
       {portal_texts} AS portal_texts, created_at, updated_at
FROM branding
WHERE tenant = :tenant AND branding > :after
ORDER BY branding
LIMIT :limit;
