-- SPDX-License-Identifier: Apache-2.0
-- Amendments: the sum of all changes of a content's policy, beside the content's row.

-- group: amendment
-- members: mark int8, version int8, grant_principals text[], grant_rights text[], recipients text[],
--   removed text[], name_versions int8[], changes_expiry bool, expires_at timestamptz
-- mark: content.amendment_mark. Principals and their rights are parallel. name_versions: in which version each was said, of the
-- grants, then of the recipients, then of what was removed.

-- name: find_amendment :admin
-- params: tenant tenant_id, content content_id
-- columns: amendment @amendment
SELECT c.amendment_mark AS mark, m.version, m.grant_principals, m.grant_rights, m.recipients,
       m.removed, m.name_versions, m.changes_expiry, m.expires_at
FROM content_amendment m JOIN content c USING (tenant, content)
WHERE m.tenant = :tenant AND m.content = :content;

-- name: amend :admin
-- params: act @act, content content_id, before int8, version int8, grant_principals text[],
--   grant_rights text[], recipients text[], removed text[], name_versions int8[],
--   changes_expiry bool, expires_at timestamptz?, target text
-- columns: stored bool
-- No row when the mark of the content's amendment is not the one before.
WITH changed AS (
    UPDATE content SET amendment = :version
    WHERE tenant = :act.tenant AND content = :content AND amendment_mark = :before
    RETURNING template
), kept AS (
    INSERT INTO content_amendment (tenant, content, version, grant_principals, grant_rights,
                                   recipients, removed, name_versions, changes_expiry, expires_at)
    SELECT :act.tenant, :content, :version, :grant_principals, :grant_rights, :recipients,
           :removed, :name_versions, :changes_expiry, :expires_at
    FROM changed
    ON CONFLICT (tenant, content) DO UPDATE
    SET version = EXCLUDED.version, grant_principals = EXCLUDED.grant_principals,
        grant_rights = EXCLUDED.grant_rights, recipients = EXCLUDED.recipients,
        removed = EXCLUDED.removed, name_versions = EXCLUDED.name_versions,
        changes_expiry = EXCLUDED.changes_expiry, expires_at = EXCLUDED.expires_at,
        updated_at = now()
), noted AS (
    INSERT INTO audit (tenant, at, event, operation, granted, reason, user_address, component,
                       component_name, content, template, policy_version, client_address,
                       user_agent, correlation_id, target)
    SELECT :act.tenant, now(), :act.event, :act.operation, true, 'OK', :act.user_address,
           :act.component, :act.component_name, :content, template, :version,
           :act.client_address, :act.user_agent, :act.correlation_id, :target
    FROM changed
)
SELECT true AS stored FROM changed;
