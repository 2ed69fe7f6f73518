-- SPDX-License-Identifier: Apache-2.0
-- SCIM (docs/scim.md): tokens of identity providers, and entries of directories as they see them. What changes one is a
-- function of the migration, as in directory.sql.

-- name: create_directory_token :admin
-- params: act @act, token uuid, name text, hash bytea, days int4, max int8
-- columns: created_at timestamptz, expires_at timestamptz
WITH made AS (
    INSERT INTO directory_token AS k (tenant, token, name, hash, expires_at)
    SELECT :act.tenant, :token, :name, :hash, now() + make_interval(days => :days)
    WHERE directory_token_limit_holds(:act.tenant, :max)
    RETURNING k.created_at, k.expires_at
)
SELECT created_at, expires_at, audit_admin(:act.*, :name) AS _ FROM made;

-- name: list_directory_tokens :report
-- params: tenant tenant_id, after uuid, limit int8
-- columns: token uuid, name text, created_at timestamptz, expires_at timestamptz
SELECT token, name, created_at, expires_at
FROM directory_token
WHERE tenant = :tenant AND token > :after
ORDER BY token
LIMIT :limit;

-- name: revoke_directory_token :revoke
-- params: act @act, token uuid
WITH gone AS (
    DELETE FROM directory_token WHERE tenant = :act.tenant AND token = :token RETURNING name
)
SELECT audit_admin(:act.*, name) AS _ FROM gone;

-- group: scim_row
-- members: address text, id text, display_name text, disabled bool, group_id text, external_id text,
--   document text, addresses text[], state text, epoch int8
-- group_id: what tokens call a group. addresses: all of them. state: scim_state of the migration. epoch: of the directory.

-- fragment: scim_columns
e.address, e.scim_id AS id, e.display_name, e.disabled,
coalesce(e.external_id, '') AS group_id, coalesce(s.external_id, '') AS external_id,
coalesce(s.document, '') AS document, o.names AS addresses, scim_digest(e, o.names, s) AS state,
coalesce((SELECT epoch FROM epoch WHERE scope = directory_scope(:tenant)), 0)::int8 AS epoch;

-- name: find_scim_entries :admin
-- params: tenant tenant_id, kind int2, id text, address text, name text, external_id text, limit int8
-- columns: entry @scim_row
-- By an id, an address, a name or an external id; '': not by that. Whoever asks by more than one thing compares the rest.
SELECT {scim_columns}
FROM (SELECT d.address FROM directory_entry d
      WHERE d.tenant = :tenant AND d.scim_id = :id AND :id <> ''
      UNION
      SELECT n.entry FROM directory_name n
      WHERE n.tenant = :tenant AND n.address = :address AND :address <> ''
      UNION
      SELECT s.address FROM scim_entry s
      WHERE s.tenant = :tenant AND s.is_user AND s.user_name = :name AND :name <> '' AND :kind = 1
      UNION
      SELECT s.address FROM scim_entry s
      WHERE s.tenant = :tenant AND NOT s.is_user AND s.user_name = :name AND :name <> '' AND :kind = 2
      UNION
      SELECT s.address FROM scim_entry s
      WHERE s.tenant = :tenant AND s.external_id = :external_id AND s.external_id <> ''
        AND :external_id <> ''
      UNION
      SELECT d.address FROM directory_entry d
      WHERE d.tenant = :tenant AND d.external_id = :external_id AND d.external_id IS NOT NULL
        AND :external_id <> '') AS c
JOIN directory_entry e ON e.tenant = :tenant AND e.address = c.address AND e.kind = :kind
LEFT JOIN scim_entry s ON s.tenant = e.tenant AND s.address = e.address,
     LATERAL (SELECT ARRAY(SELECT n.address FROM directory_name n
                           WHERE n.tenant = e.tenant AND n.entry = e.address
                           ORDER BY n.address) AS names OFFSET 0) AS o
ORDER BY e.address
LIMIT :limit;

-- name: list_scim_entries :report
-- params: tenant tenant_id, kind int2, skip int8, limit int8
-- columns: entry @scim_row
SELECT {scim_columns}
FROM (SELECT d.tenant, d.address FROM directory_entry d
      WHERE d.tenant = :tenant AND d.kind BETWEEN :kind AND :kind
      ORDER BY d.kind, d.address
      OFFSET :skip LIMIT :limit) AS c
JOIN directory_entry e ON e.tenant = c.tenant AND e.address = c.address
LEFT JOIN scim_entry s ON s.tenant = e.tenant AND s.address = e.address,
     LATERAL (SELECT ARRAY(SELECT n.address FROM directory_name n
                           WHERE n.tenant = e.tenant AND n.entry = e.address
                           ORDER BY n.address) AS names OFFSET 0) AS o
ORDER BY e.address;

-- name: count_scim_entries :report
-- params: tenant tenant_id, kind int2
-- columns: count int8
SELECT count(*) AS count FROM directory_entry d WHERE d.tenant = :tenant AND d.kind = :kind;

-- name: list_scim_members :report
-- params: tenant tenant_id, group_address text, limit int8
-- columns: id text, address text, is_group bool
SELECT coalesce(e.scim_id, scim_stranger_id(m.member)) AS id,
       coalesce(n.entry, m.member) AS address, m.nested IS NOT NULL AS is_group
FROM directory_member m
LEFT JOIN LATERAL (SELECT n.entry FROM directory_name n
                   WHERE n.tenant = m.tenant AND n.address = m.member OFFSET 0) AS n ON true
LEFT JOIN LATERAL (SELECT d.scim_id FROM directory_entry d
                   WHERE d.tenant = m.tenant AND d.address = n.entry OFFSET 0) AS e ON true
WHERE m.tenant = :tenant AND m.group_address = :group_address
ORDER BY m.member
LIMIT :limit;

-- name: scim_put :bulk
-- params: act @act, was text, seen text, id text, kind int2, address text, display_name text,
--   aliases text[], disabled bool, group_id text, name text, external_id text, document text,
--   added text[], added_ids text[], removed text[], removed_ids text[], replaces bool, target text
-- columns: outcome @directory_outcome
-- When it was put, `what` is its state by then (scim_state), and `holder` the directory's epoch.
SELECT p.problem, p.what, p.holder, p.changed,
       CASE WHEN p.problem = 0 THEN audit_admin(:act.*, :target)
            WHEN p.problem = 6
            THEN audit_refused(:act.*, :target, 'APPROVAL_REQUIRED') END AS _
FROM scim_put(:act.tenant, :was, :seen, :id, :kind, :address, :display_name, :aliases, :disabled,
              :group_id, :name, :external_id, :document, :added, :added_ids, :removed, :removed_ids,
              :replaces) AS p;

-- name: scim_shut :revoke
-- params: act @act, was text, seen text, id text, address text, display_name text, aliases text[],
--   name text, external_id text, document text, target text
-- columns: outcome @directory_outcome
-- The same of a user who is deactivated, which doesn't wait behind imports.
SELECT p.problem, p.what, p.holder, p.changed,
       CASE WHEN p.problem = 0 THEN audit_admin(:act.*, :target)
            WHEN p.problem = 6
            THEN audit_refused(:act.*, :target, 'APPROVAL_REQUIRED') END AS _
FROM scim_put(:act.tenant, :was, :seen, :id, 1::int2, :address, :display_name, :aliases, true, '',
              :name, :external_id, :document, '{}', '{}', '{}', '{}', false) AS p;

-- name: scim_delete :revoke
-- params: act @act, address text, seen text, kind int2, target text
-- columns: outcome @directory_outcome
SELECT p.problem, p.what, p.holder, p.changed,
       CASE WHEN p.problem = 0 THEN audit_admin(:act.*, :target)
            WHEN p.problem = 6
            THEN audit_refused(:act.*, :target, 'APPROVAL_REQUIRED') END AS _
FROM scim_delete(:act.tenant, :address, :seen, :kind) AS p;
