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

-- name: revoke_super_user :revoke
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

-- name: find_power_names :admin
-- params: tenant tenant_id, address text, max int4
-- columns: addresses text[], is_whole bool, scope uuid, epoch int8
-- Whom an address stands for in the directory: the names of its entry; of a group also its members
-- at any depth, by all their names, and external ids. is_whole: no more than max entries. With the
-- directory's epoch, in one snapshot.
SELECT coalesce(b.names, '{}') AS addresses, NOT b.is_known OR b.names IS NOT NULL AS is_whole,
       directory_scope(:tenant) AS scope,
       coalesce((SELECT epoch FROM epoch WHERE scope = directory_scope(:tenant)), 0)::int8 AS epoch
FROM (SELECT k.is_known,
             CASE WHEN k.is_known THEN directory_behind(:tenant, ARRAY[:address], :max) END AS names
      FROM (SELECT EXISTS (SELECT FROM directory_name n
                           WHERE n.tenant = :tenant AND n.address = :address) AS is_known) AS k
      OFFSET 0) AS b;
