-- SPDX-License-Identifier: Apache-2.0
-- Mail-flow rules. Their order is one of positions without gaps.

-- group: mail_rule
-- members: name text, mode int2, definition bytea, template template_id?, branding text?,
--   value_count int4, pattern_count int4

-- group: mail_rule_limits
-- members: rules int4, value_count int4, pattern_count int4, bytes int4

-- name: create_mail_rule :admin
-- params: act @act, rule rule_id, position int4, values @mail_rule, most @mail_rule_limits
-- columns: position int4
-- position 0: the template by which it protects is none of the tenant's, or archived; -1: its branding
-- is none of the tenant's. The limits are looked at after the change.
WITH made AS MATERIALIZED (
    SELECT mail_rule_create(:act.tenant, :rule, :position, :values.*) AS position
)
SELECT position,
       CASE WHEN position > 0 THEN mail_rule_limits(:act.tenant, :most.*) END AS _,
       CASE WHEN position > 0 THEN epoch_raise(:act.tenant) END AS _,
       CASE WHEN position > 0 THEN audit_admin(:act.*, :rule::text) END AS _
FROM made;

-- name: update_mail_rule :admin
-- params: act @act, rule rule_id, mark int8, values @mail_rule, most @mail_rule_limits
-- columns: position int4
-- No row when the mark is not the stored one.
WITH made AS MATERIALIZED (
    SELECT mail_rule_update(:act.tenant, :rule, :mark, :values.*) AS position
)
SELECT position,
       CASE WHEN position > 0 THEN mail_rule_limits(:act.tenant, :most.*) END AS _,
       CASE WHEN position > 0 THEN epoch_raise(:act.tenant) END AS _,
       CASE WHEN position > 0 THEN audit_admin(:act.*, :rule::text) END AS _
FROM made WHERE position IS NOT NULL;

-- name: delete_mail_rule :admin
-- params: act @act, rule rule_id
WITH made AS MATERIALIZED (
    SELECT mail_rule_delete(:act.tenant, :rule) AS is_gone
)
SELECT epoch_raise(:act.tenant) AS _, audit_admin(:act.*, :rule::text) AS _ FROM made WHERE is_gone;

-- name: reorder_mail_rules :admin
-- params: act @act, rules text[]
-- No row when these are not all rules of the tenant.
WITH made AS MATERIALIZED (
    SELECT mail_rule_reorder(:act.tenant, :rules::uuid[]) AS is_done
)
SELECT epoch_raise(:act.tenant) AS _, audit_admin(:act.*, cardinality(:rules)::text || ' rules') AS _
FROM made WHERE is_done;

-- name: order_mail_rules_by_name :admin
-- params: act @act, wanted text[]
-- These rules change places among themselves; names that no rule has are passed over. No row when a name is given twice.
WITH named AS (
    SELECT m.rule, m.position, n.nth
    FROM unnest(:wanted) WITH ORDINALITY AS n (name, nth)
    JOIN mail_rule m ON m.tenant = :act.tenant AND m.name = n.name
), place AS (
    SELECT position, row_number() OVER (ORDER BY position) AS nth FROM named
), put AS (
    SELECT n.rule, p.position
    FROM (SELECT rule, row_number() OVER (ORDER BY named.nth) AS nth FROM named) AS n
    JOIN place p USING (nth)
), made AS MATERIALIZED (
    SELECT mail_rule_reorder(:act.tenant,
               array_agg(m.rule ORDER BY coalesce(put.position, m.position))) AS is_done,
           count(*) AS rules
    FROM mail_rule m LEFT JOIN put ON put.rule = m.rule WHERE m.tenant = :act.tenant
)
SELECT epoch_raise(:act.tenant) AS _, audit_admin(:act.*, rules::text || ' rules') AS _
FROM made WHERE is_done;

-- name: list_mail_rules :admin
-- params: tenant tenant_id, only rule_id?, after int4, after_rule rule_id?, limit int8
-- columns: rule rule_id, position int4, name text, mode int2, definition bytea, mark int8,
--   created_at timestamptz, updated_at timestamptz
SELECT rule, position, name, mode, definition, mark, created_at, updated_at
FROM mail_rule
WHERE tenant = :tenant AND (:only IS NULL OR rule = :only)
  AND (position, rule) > (:after, coalesce(:after_rule, '00000000-0000-0000-0000-000000000000'))
ORDER BY position, rule
LIMIT :limit;

-- name: load_mail_rules :read
-- params: tenant tenant_id
-- columns: epoch int8, rule rule_id, name text?, mode int2, definition bytea
-- At least one row, with the tenant's epoch; then all rules in their order.
SELECT coalesce((SELECT epoch FROM epoch WHERE scope = :tenant), 0)::int8 AS epoch,
       m.rule, m.name, coalesce(m.mode, 0::int2) AS mode, m.definition
FROM (SELECT) one
LEFT JOIN (SELECT rule, name, mode, definition, position FROM mail_rule WHERE tenant = :tenant) m ON true
ORDER BY m.position, m.rule;

-- name: find_rule_groups :people
-- params: tenant tenant_id, addresses text[], groups text[], domains text[]
-- columns: epoch int8, person text?, group_address text?
-- Which of the groups that rules name somebody is in, by any of their addresses, nested ones included; a group is in
-- itself, because mail to it is mail to its members. domains: the tenant's verified ones, as of directory_find. At
-- least one row, with the epoch of the directory's scope.
WITH RECURSIVE known AS (
    SELECT g.address, e.address AS entry, e.kind, e.guest,
           split_part(g.address, '@', -1) = ANY (:domains) AS ours
    FROM (SELECT DISTINCT unnest(:addresses) AS address) AS g
    LEFT JOIN LATERAL (SELECT e.address, e.kind, e.guest
                       FROM directory_name n
                       JOIN directory_entry e ON e.tenant = n.tenant AND e.address = n.entry
                       WHERE n.tenant = :tenant AND n.address = g.address
                       OFFSET 0) AS e ON true
), name AS (
    SELECT k.address AS person, n.address
    FROM known k, LATERAL (SELECT n.address FROM directory_name n
                           WHERE n.tenant = :tenant AND n.entry = k.entry
                           OFFSET 0) AS n
    WHERE k.kind = 1 AND k.ours AND split_part(n.address, '@', -1) = ANY (:domains)
    UNION ALL
    SELECT k.address, k.address FROM known k
    WHERE k.kind IS NULL OR (k.kind = 1 AND k.guest AND NOT k.ours)
), reach AS (
    (SELECT k.address AS person, k.entry AS address FROM known k WHERE k.kind = 2 AND k.ours
     UNION ALL
     SELECT n.person, m.group_address
     FROM name n,
          LATERAL (SELECT m.group_address FROM directory_member m
                   WHERE m.tenant = :tenant AND m.member = n.address
                   OFFSET 0) AS m)
    UNION
    SELECT r.person, m.group_address
    FROM reach r,
         LATERAL (SELECT m.group_address FROM directory_member m
                  WHERE m.tenant = :tenant AND m.nested = r.address
                    AND split_part(m.member, '@', -1) = ANY (:domains)
                  OFFSET 0) AS m
), wanted AS (
    SELECT n.entry, n.address
    FROM unnest(:groups) AS g (address),
         LATERAL (SELECT n.entry, n.address FROM directory_name n
                  WHERE n.tenant = :tenant AND n.address = g.address
                  OFFSET 0) AS n
    WHERE split_part(n.address, '@', -1) = ANY (:domains)
)
SELECT coalesce((SELECT epoch FROM epoch WHERE scope = directory_scope(:tenant)), 0)::int8 AS epoch,
       found.person, found.address AS group_address
FROM (SELECT) one
LEFT JOIN (SELECT r.person, w.address FROM reach r JOIN wanted w ON w.entry = r.address) found ON true
ORDER BY found.person COLLATE "C", found.address COLLATE "C";
