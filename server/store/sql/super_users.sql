-- SPDX-License-Identifier: Apache-2.0
-- Super users: power that was switched on and ends by itself.

-- name: grant_super_user :admin
-- params: act @act, principal text, reason text, granted_by text, expires_at timestamptz,
--   target text, max int8
-- Power that has ended makes room.
WITH ended AS (
    DELETE FROM super_user
    WHERE tenant = :act.tenant AND expires_at <= now() AND principal <> :principal
), made AS (
    INSERT INTO super_user (tenant, principal, reason, granted_by, expires_at)
    SELECT :act.tenant, :principal, :reason, :granted_by, :expires_at
    WHERE limit_holds('super_user', :act.tenant, :max, :principal)
    ON CONFLICT (tenant, principal) DO UPDATE
    SET reason = EXCLUDED.reason, granted_by = EXCLUDED.granted_by, granted_at = now(),
        expires_at = EXCLUDED.expires_at
    RETURNING principal
)
SELECT epoch_raise(:act.tenant) AS _, audit_admin(:act.*, :target) AS _ FROM made;

-- name: revoke_super_user :admin
-- params: act @act, principal text
WITH made AS (
    DELETE FROM super_user WHERE tenant = :act.tenant AND principal = :principal
    RETURNING principal
)
SELECT epoch_raise(:act.tenant) AS _, audit_admin(:act.*, principal) AS _ FROM made;

-- name: list_super_users :admin
-- params: tenant tenant_id
-- columns: principal text, reason text, granted_by text, granted_at timestamptz,
--   expires_at timestamptz
SELECT principal, reason, granted_by, granted_at, expires_at
FROM super_user
WHERE tenant = :tenant AND expires_at > now()
ORDER BY principal;
