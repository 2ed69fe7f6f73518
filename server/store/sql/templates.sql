-- SPDX-License-Identifier: Apache-2.0
-- Templates.

-- group: template
-- members: scope text[], expires_at timestamptz?, expires_after_days int4, offline_days int4,
--   referral_contact text, grant_principals text[], grant_rights text[], name_languages text[],
--   name_texts text[], description_languages text[], description_texts text[]
-- What an admin says of a template. expires_after_days 0: NULL. Principals and rights are parallel,
-- and so are languages and texts.

-- name: create_template :admin
-- params: act @act, template template_id, values @template, archived bool, max int8
WITH made AS (
    INSERT INTO template (tenant, template, scope, expires_at, expires_after_days, offline_days,
                          referral_contact, grant_principals, grant_rights, name_languages,
                          name_texts, description_languages, description_texts, archived)
    SELECT :act.tenant, :template, :values.scope, :values.expires_at,
           nullif(:values.expires_after_days, 0), :values.offline_days,
           :values.referral_contact, :values.grant_principals, :values.grant_rights,
           :values.name_languages, :values.name_texts, :values.description_languages,
           :values.description_texts, :archived
    WHERE limit_holds('template', :act.tenant, :max)
    RETURNING template
)
SELECT epoch_raise(:act.tenant) AS _, audit_admin(:act.*, template::text) AS _ FROM made;

-- name: update_template :admin
-- params: act @act, template template_id, values @template, mark int8
-- The state is kept. No row when the mark is not the stored one.
WITH made AS (
    UPDATE template
    SET scope = :values.scope, expires_at = :values.expires_at,
        expires_after_days = nullif(:values.expires_after_days, 0),
        offline_days = :values.offline_days, referral_contact = :values.referral_contact,
        grant_principals = :values.grant_principals, grant_rights = :values.grant_rights,
        name_languages = :values.name_languages, name_texts = :values.name_texts,
        description_languages = :values.description_languages,
        description_texts = :values.description_texts, version = version + 1, updated_at = now()
    WHERE tenant = :act.tenant AND template = :template AND mark = :mark
    RETURNING template
)
SELECT epoch_raise(:act.tenant) AS _, audit_admin(:act.*, template::text) AS _ FROM made;

-- name: archive_template :admin
-- params: act @act, template template_id, archived bool
WITH made AS (
    UPDATE template
    SET archived = :archived, version = version + 1, updated_at = now()
    WHERE tenant = :act.tenant AND template = :template
    RETURNING template
)
SELECT epoch_raise(:act.tenant) AS _, audit_admin(:act.*, template::text) AS _ FROM made;

-- name: delete_template :admin
-- params: act @act, template template_id, force bool
-- columns: is_used bool, deleted int8
-- is_used: content refers to it; force deletes it all the same.
WITH used AS (
    SELECT EXISTS (SELECT FROM template WHERE tenant = :act.tenant AND template = :template)
       AND EXISTS (SELECT FROM content WHERE tenant = :act.tenant AND template = :template) AS yes
), gone AS (
    DELETE FROM template
    WHERE tenant = :act.tenant AND template = :template AND (:force OR NOT (SELECT yes FROM used))
    RETURNING template
)
SELECT (SELECT yes FROM used) AS is_used, (SELECT count(*) FROM gone)::int8 AS deleted,
       CASE WHEN EXISTS (SELECT FROM gone) THEN epoch_raise(:act.tenant) END AS _,
       CASE WHEN EXISTS (SELECT FROM gone) THEN audit_admin(:act.*, :template::text) END AS _;

-- name: list_templates :admin
-- params: tenant tenant_id, only template_id?, after template_id?, limit int8
-- columns: template template_id, version int8, mark int8, archived bool, scope text[],
--   expires_at timestamptz, expires_after_days int4, offline_days int4, referral_contact text,
--   grant_principals text[], grant_rights text[], name_languages text[], name_texts text[],
--   description_languages text[], description_texts text[], created_at timestamptz,
--   updated_at timestamptz
SELECT template, version, mark, archived, scope, expires_at, expires_after_days, offline_days,
       referral_contact, grant_principals, grant_rights, name_languages, name_texts,
       description_languages, description_texts, created_at, updated_at
FROM template
WHERE tenant = :tenant
  AND (:only IS NULL OR template = :only)
  AND (:after IS NULL OR template > :after)
ORDER BY template
LIMIT :limit;
