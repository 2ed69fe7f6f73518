-- SPDX-License-Identifier: Apache-2.0
-- Super users: power that was switched on and ends by itself.

-- name: grant_super_user :admin
-- params: act @act, principal text, reason text, granted_by text, expires_at timestamptz,
--   target text, max int8
-- Power that has ended makes room. No row when too many hold power at once.
WITH ended AS (
    DELETE FROM super_user
    WHERE tenant = :act.tenant AND expires_at <= now() AND principal <> :principal
), made AS (
    INSERT INTO super_user (tenant, principal, reason, granted_by, expires_at)
    SELECT :act.tenant, :principal, :reason, :granted_by, :expires_at
    WHERE (SELECT count(*) FROM super_user
           WHERE tenant = :act.tenant AND expires_at > now() AND principal <> :principal) < :max
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

-- name: find_power_names :admin
-- params: tenant tenant_id, address text, max int8
-- columns: addresses text[], is_whole bool, scope uuid, epoch int8
-- Whom an address stands for in the directory: the names of its entry; of a group also its members
-- at any depth, by all their names. is_whole: no more than max entries. With the directory's epoch,
-- in one snapshot.
WITH RECURSIVE below AS (
    SELECT n.entry AS at FROM directory_name n WHERE n.tenant = :tenant AND n.address = :address
    UNION
    SELECT coalesce((SELECT n.entry FROM directory_name n
                     WHERE n.tenant = :tenant AND n.address = m.member), m.member)
    FROM below b,
         LATERAL (SELECT m.member FROM directory_member m
                  WHERE m.tenant = :tenant AND m.group_address = b.at
                  OFFSET 0) AS m
), found AS (
    SELECT at FROM below LIMIT :max + 1
)
SELECT (SELECT coalesce(array_agg(x.name ORDER BY x.name), '{}') FROM (
            SELECT at AS name FROM found
            UNION
            SELECT n.address FROM found s,
                   LATERAL (SELECT n.address FROM directory_name n
                            WHERE n.tenant = :tenant AND n.entry = s.at
                            OFFSET 0) AS n) AS x) AS addresses,
       (SELECT count(*) FROM found) <= :max AS is_whole,
       directory_scope(:tenant) AS scope,
       coalesce((SELECT epoch FROM epoch WHERE scope = directory_scope(:tenant)), 0)::int8 AS epoch;
