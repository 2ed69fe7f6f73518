-- SPDX-License-Identifier: Apache-2.0
-- Directories. What changes one is a function of migrations/0002_policy.sql or 0007_directory.sql,
-- because each of its steps must see what was committed before the lock was had.

-- group: directory_outcome
-- members: problem int4, what text, holder text, changed int8
-- directory_outcome of the migration.

-- group: directory_user
-- members: address text, display_name text, guest bool

-- group: directory_alias
-- members: address text, owner text

-- group: directory_group
-- members: address text, display_name text, external_id text

-- group: directory_member
-- members: group_address text, address text

-- fragment: part
:previous, :users.address, :users.display_name, :users.guest, :aliases.address, :aliases.owner,
:groups.address, :groups.display_name, :groups.external_id, :members.group_address,
:members.address;

-- name: directory_put :bulk
-- params: act @act, previous text, users @directory_user[], aliases @directory_alias[],
--   groups @directory_group[], members @directory_member[], target text, import uuid?, alone bool,
--   records_refusal bool
-- columns: outcome @directory_outcome, import_users int8, import_groups int8, import_members int8
-- previous: the address that the only entry had, or ''. alone: no second admin has approved it.
-- Answers also with the counts of the whole import so far.
SELECT p.problem, p.what, p.holder, p.changed, i.users AS import_users, i.groups AS import_groups,
       i.members AS import_members,
       CASE WHEN p.problem = 0 THEN audit_admin(:act.*, :target)
            WHEN p.problem = 6 AND :records_refusal
            THEN audit_refused(:act.*, :target, 'APPROVAL_REQUIRED') END AS _
FROM directory_put(:act.tenant, {part}, :alone) AS p,
     LATERAL directory_count(:act.tenant, :import, p.problem = 0, cardinality(:users.address),
                             cardinality(:groups.address), p.changed) AS i;

-- name: directory_look :bulk
-- params: tenant tenant_id, previous text, users @directory_user[], aliases @directory_alias[],
--   groups @directory_group[], members @directory_member[], most int4
-- columns: outcome @directory_outcome, behind text[], is_whole bool, epoch int8
-- What directory_put would come to. Problem 6: a second admin must approve it. behind: who is let in
-- by it; is_whole: at most `most`. The epoch is not newer than the rest.
SELECT (p.o).problem AS problem, (p.o).what AS what, (p.o).holder AS holder,
       (p.o).changed AS changed,
       coalesce(p.behind, '{}') AS behind, p.behind IS NOT NULL AS is_whole, k.epoch
FROM (SELECT coalesce((SELECT epoch FROM epoch WHERE scope = directory_scope(:tenant)),
                      0)::int8 AS epoch OFFSET 0) AS k,
     directory_look(:tenant, {part}, :most) AS p;

-- name: directory_look_delete :bulk
-- params: tenant tenant_id, address text
-- columns: outcome @directory_outcome, epoch int8
-- The same of removing a user.
SELECT p.problem, p.what, p.holder, p.changed,
       coalesce((SELECT epoch FROM epoch WHERE scope = directory_scope(:tenant)), 0)::int8 AS epoch
FROM directory_look_delete(:tenant, :address) AS p;

-- name: directory_delete :revoke
-- params: act @act, address text, kind int2, alone bool
-- columns: outcome @directory_outcome
SELECT p.problem, p.what, p.holder, p.changed,
       CASE WHEN p.problem = 0 THEN audit_admin(:act.*, :address) END AS _
FROM directory_delete(:act.tenant, :address, :kind, :alone) AS p;

-- name: directory_remove_members :revoke
-- params: act @act, group_address text, addresses text[]
-- columns: outcome @directory_outcome
SELECT p.problem, p.what, p.holder, p.changed,
       CASE WHEN p.problem = 0 THEN audit_admin(:act.*, :group_address) END AS _
FROM directory_remove(:act.tenant, :group_address, :addresses) AS p;

-- name: directory_list :report
-- params: tenant tenant_id, kind int2, only text?, after text, limit int8
-- columns: address text, display_name text, guest bool, disabled bool, external_id text, aliases text[]
-- only: any address of the one that is meant. In an order that only the index by kind has, for there may
-- be a million users and few groups.
SELECT e.address, e.display_name, e.guest, e.disabled, e.external_id,
       (SELECT coalesce(array_agg(n.address ORDER BY n.address), '{}')
        FROM directory_name n
        WHERE n.tenant = e.tenant AND n.entry = e.address AND n.address <> e.address) AS aliases
FROM directory_entry e
WHERE e.tenant = :tenant AND e.kind BETWEEN :kind AND :kind AND (e.kind, e.address) > (:kind, :after)
  AND (:only IS NULL OR e.address = (SELECT n.entry FROM directory_name n
                                     WHERE n.tenant = :tenant AND n.address = :only))
ORDER BY e.kind, e.address
LIMIT :limit;

-- name: directory_list_members :report
-- params: tenant tenant_id, group_address text, after text, limit int8
-- columns: is_found bool, addresses text[]
-- One row: whether there is such a group, and its members. group_address: any of its addresses.
SELECT g.address IS NOT NULL AS is_found,
       (SELECT coalesce(array_agg(m.member), '{}')
        FROM (SELECT member FROM directory_member
              WHERE tenant = :tenant AND group_address = g.address AND member > :after
              ORDER BY member
              LIMIT :limit) AS m) AS addresses
FROM directory_group(:tenant, :group_address) AS g (address);

-- name: directory_people_of :report
-- params: tenant tenant_id, group_address text, limit int8, domains text[]
-- columns: is_found bool, addresses text[]
-- Everybody in a group, at whatever depth. A group counts by its addresses in these domains, the
-- tenant's.
WITH RECURSIVE below AS (
    SELECT g.address COLLATE "C" AS address, true AS is_group
    FROM directory_group(:tenant, :group_address) AS g (address)
    WHERE g.address IS NOT NULL AND split_part(:group_address, '@', -1) = ANY (:domains)
    UNION
    SELECT coalesce(m.nested, m.member) AS address, m.nested IS NOT NULL AS is_group
    FROM below b,
         LATERAL (SELECT m.member, m.nested FROM directory_member m
                  WHERE m.tenant = :tenant AND m.group_address = b.address
                  OFFSET 0) AS m
    WHERE b.is_group AND (m.nested IS NULL OR split_part(m.member, '@', -1) = ANY (:domains))
), person AS (
    SELECT b.address FROM below b WHERE NOT b.is_group LIMIT :limit
)
SELECT directory_group(:tenant, :group_address) IS NOT NULL AS is_found,
       (SELECT coalesce(array_agg(address ORDER BY address), '{}') FROM person) AS addresses;

-- name: directory_people_in :report
-- params: tenant tenant_id, domain text, limit int8
-- columns: is_found bool, addresses text[]
-- Users and aliases of a domain, or ('') the primary addresses of all but guests, which are read where each stands once: of
-- the names most may be aliases, and all of them sorted before the first user.
SELECT true AS is_found,
       (SELECT coalesce(array_agg(p.address), '{}')
        FROM ((SELECT n.address
               FROM directory_name n,
                    LATERAL (SELECT e.kind FROM directory_entry e
                             WHERE e.tenant = n.tenant AND e.address = n.entry
                             OFFSET 0) AS e
               WHERE :domain <> '' AND n.tenant = :tenant AND e.kind = 1
                 AND split_part(n.address, '@', -1) = :domain AND length(n.address) > 0
               ORDER BY n.address
               LIMIT :limit)
              UNION ALL
              (SELECT e.address
               FROM directory_entry e
               WHERE :domain = '' AND e.tenant = :tenant AND e.kind = 1 AND NOT e.guest
               ORDER BY e.address
               LIMIT :limit)) AS p) AS addresses;

-- name: directory_find :people
-- params: tenant tenant_id, addresses text[], token_groups text[], domains text[], limit int8
-- columns: epoch int8, is_visible bool, is_guest bool, is_disabled bool, aliases text[], groups text[]
-- What a directory knows of somebody, by proven addresses, each once, and by groups from the token,
-- which are addresses or external ids. domains: the tenant's verified ones. One row; aliases, and
-- the addresses of groups, are sorted by bytes. limit: of groups, and of their addresses; as many
-- as that means that there may be more.
--
-- is_disabled: an address is a deactivated user's, or was theirs, or that of somebody whom their
-- identity provider has removed, and no user has it by now, whatever group does (docs/scim.md §4).
--
-- Only names in verified domains count, on the whole way up; but for addresses from elsewhere,
-- which may be members themselves unless they are names of members of the house in a domain that
-- it has lost. UNION ends circles. LATERAL (… OFFSET 0) keeps every step an index lookup
-- (migrations/0002_policy.sql says why).
WITH RECURSIVE known AS (
    SELECT g.address COLLATE "C" AS address, e.address AS entry, e.kind, e.guest, e.disabled,
           split_part(g.address, '@', -1) = ANY (:domains) AS ours
    FROM unnest(:addresses) AS g (address)
    LEFT JOIN LATERAL (SELECT e.address, e.kind, e.guest, e.disabled
                       FROM directory_name n
                       JOIN directory_entry e ON e.tenant = n.tenant AND e.address = n.entry
                       WHERE n.tenant = :tenant AND n.address = g.address
                       OFFSET 0) AS e ON true
), alias AS (
    SELECT n.address
    FROM (SELECT DISTINCT entry FROM known WHERE kind = 1 AND ours) AS k,
         LATERAL (SELECT n.address FROM directory_name n
                  WHERE n.tenant = :tenant AND n.entry = k.entry
                  OFFSET 0) AS n
    WHERE split_part(n.address, '@', -1) = ANY (:domains)
), name AS (
    SELECT address FROM alias
    UNION ALL
    SELECT k.address FROM known k
    WHERE k.kind IS NULL OR (k.kind = 1 AND k.guest AND NOT k.ours)
), claimed AS (
    SELECT e.address
    FROM unnest(:token_groups) AS g (text),
         LATERAL ((SELECT e.address
                   FROM directory_name n,
                        LATERAL (SELECT e.address, e.kind FROM directory_entry e
                                 WHERE e.tenant = :tenant AND e.address = n.entry
                                 OFFSET 0) AS e
                   WHERE n.tenant = :tenant AND n.address = g.text AND e.kind = 2
                     AND split_part(n.address, '@', -1) = ANY (:domains))
                  UNION ALL
                  (SELECT e.address FROM directory_entry e
                   WHERE e.tenant = :tenant AND e.external_id = g.text
                     AND e.external_id IS NOT NULL)
                  OFFSET 0) AS e
), reach AS (
    (SELECT address FROM claimed
     UNION ALL
     SELECT m.group_address
     FROM name n,
          LATERAL (SELECT m.group_address FROM directory_member m
                   WHERE m.tenant = :tenant AND m.member = n.address
                   OFFSET 0) AS m)
    UNION
    SELECT m.group_address
    FROM reach r,
         LATERAL (SELECT m.group_address FROM directory_member m
                  WHERE m.tenant = :tenant AND m.nested = r.address
                    AND split_part(m.member, '@', -1) = ANY (:domains)
                  OFFSET 0) AS m
)
SELECT coalesce((SELECT epoch FROM epoch WHERE scope = directory_scope(:tenant)), 0)::int8 AS epoch,
       EXISTS (SELECT FROM directory WHERE tenant = :tenant) AS is_visible,
       coalesce((SELECT bool_or(guest) FROM known WHERE kind = 1 AND ours), false) AS is_guest,
       EXISTS (SELECT FROM known k
               WHERE k.ours
                 AND CASE WHEN k.kind = 1 THEN k.disabled
                          ELSE directory_is_shut(:tenant, k.address) END) AS is_disabled,
       (SELECT coalesce(array_agg(address ORDER BY address), '{}') FROM alias) AS aliases,
       CASE cardinality(r.reached) WHEN :limit THEN r.reached
            ELSE (SELECT coalesce(array_agg(n.address ORDER BY n.address), '{}')
                  FROM (SELECT n.address FROM directory_name n
                        WHERE n.tenant = :tenant AND n.entry = ANY (r.reached)
                          AND split_part(n.address, '@', -1) = ANY (:domains)
                        LIMIT :limit) AS n) END AS groups
FROM (SELECT ARRAY(SELECT address FROM reach LIMIT :limit) AS reached OFFSET 0) AS r;
