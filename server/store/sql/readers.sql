-- SPDX-License-Identifier: Apache-2.0
-- Delivery: whose a mail address is.

-- group: known_epoch
-- members: scope uuid, epoch int8

-- name: find_readers :people
-- params: known @known_epoch[], addresses text[], served text[], sender_tenant text,
--   sender_domain text
-- columns: is_stale bool, address text?, tenant tenant_id, name text, boundary text,
--   is_guest bool, is_kept_away bool
-- known: the epochs on which the caller knows all else. served: the boundaries of the node, empty
-- for all; only their directories are asked for guests. is_kept_away: their tenant denies them what
-- this sender of this tenant sends, or has a denial that is none of ours, which might (ranges of the index: ; is
-- what follows a colon).
--
-- At least one row, with whether an epoch has moved; then the addresses in domains that tenants
-- have verified; the people of a disabled tenant are nobody's. One snapshot, so that the answer is
-- true of one instant.
SELECT EXISTS (SELECT FROM unnest(:known.*) AS known (:known.names)
               LEFT JOIN epoch e ON e.scope = known.scope
               WHERE coalesce(e.epoch, 0) <> known.epoch) AS is_stale,
       a.address, t.tenant, t.name, t.boundary,
       t.has_directory
         AND (cardinality(:served) = 0 OR t.boundary = ANY (:served))
         AND EXISTS (SELECT FROM directory_name n,
                            LATERAL (SELECT e.kind, e.guest FROM directory_entry e
                                     WHERE e.tenant = n.tenant AND e.address = n.entry
                                     OFFSET 0) AS e
                     WHERE n.tenant = t.tenant AND n.address = a.address AND e.kind = 1
                       AND e.guest) AS is_guest,
       t.tenant IN (SELECT n.tenant FROM denial n
                    WHERE n.side = 2
                      AND n.partner IN ('tenant:' || :sender_tenant, 'domain:' || :sender_domain)
                    UNION ALL
                    SELECT n.tenant FROM denial n
                    WHERE n.side = 2
                      AND (n.partner < 'domain:' OR n.partner >= 'tenant;'
                           OR (n.partner >= 'domain;' AND n.partner < 'tenant:'))
                    OFFSET 0) AS is_kept_away
FROM (SELECT) one
LEFT JOIN (
    (SELECT DISTINCT unnest(:addresses) AS address) a
    JOIN tenant_domain d ON d.verified AND d.domain = split_part(a.address, '@', -1)
    JOIN tenant t ON t.tenant = d.tenant AND t.state = 1
) ON true
ORDER BY a.address COLLATE "C";

-- name: find_recipient_names :people
-- params: tenant tenant_id, addresses text[], groups text[], users text[], domains text[],
--   verified text[], served text[]
-- columns: epoch int8, recipient text?, kind int2, name text?
-- What directories say of recipients, by their addresses, each once: which of `users` are a person's addresses, and
-- which of their addresses lie in `domains` (kind 1); which of `groups` they are in, nested ones included (2); and
-- that the address is a group's (3). Asked are the directory of the content's tenant, whose domains are `verified`, and
-- of the recipient's own, if this node serves it. At least one row, with the epoch of the former's scope. UNION ends circles; LATERAL (… OFFSET 0) keeps every
-- step an index lookup (migrations/0002_policy.sql says why).
WITH RECURSIVE entry AS (
    SELECT a.address AS recipient, t.tenant, e.address AS entry, e.kind, e.guest
    FROM (SELECT DISTINCT unnest(:addresses) AS address) AS a
    JOIN tenant_domain d ON d.verified AND d.domain = split_part(a.address, '@', -1)
    JOIN tenant t ON t.tenant = d.tenant AND t.state = 1 AND t.has_directory
                     AND (cardinality(:served) = 0 OR t.boundary = ANY (:served)),
         LATERAL (SELECT e.address, e.kind, e.guest
                  FROM directory_name n
                  JOIN directory_entry e ON e.tenant = n.tenant AND e.address = n.entry
                  WHERE n.tenant = t.tenant AND n.address = a.address
                  OFFSET 0) AS e
), own AS (
    SELECT e.recipient, e.tenant, n.address
    FROM entry e,
         LATERAL (SELECT n.address FROM directory_name n
                  WHERE n.tenant = e.tenant AND n.entry = e.entry
                  OFFSET 0) AS n
    JOIN tenant_domain d ON d.verified AND d.domain = split_part(n.address, '@', -1)
    WHERE e.kind = 1 AND NOT e.guest AND d.tenant = e.tenant
), name AS (
    SELECT o.recipient, o.tenant, o.address FROM own o
    UNION
    SELECT a.address, :tenant, a.address FROM unnest(:addresses) AS a (address)
    UNION
    SELECT o.recipient, :tenant, o.address FROM own o
), known AS (
    SELECT n.recipient, n.tenant, n.address
    FROM name n
    LEFT JOIN LATERAL (SELECT e.kind, e.guest
                       FROM directory_name k
                       JOIN directory_entry e ON e.tenant = k.tenant AND e.address = k.entry
                       WHERE k.tenant = n.tenant AND k.address = n.address
                       OFFSET 0) AS e ON true
    WHERE n.tenant <> :tenant OR e.kind IS NULL OR e.guest
       OR split_part(n.address, '@', -1) = ANY (:verified)
), reach AS (
    SELECT k.recipient, k.tenant, m.group_address
    FROM known k,
         LATERAL (SELECT m.group_address FROM directory_member m
                  WHERE m.tenant = k.tenant AND m.member = k.address
                  OFFSET 0) AS m
    UNION
    SELECT r.recipient, r.tenant, m.group_address
    FROM reach r,
         LATERAL (SELECT m.group_address FROM directory_member m
                  JOIN tenant_domain d ON d.verified AND d.tenant = m.tenant
                                          AND d.domain = split_part(m.member, '@', -1)
                  WHERE m.tenant = r.tenant AND m.nested = r.group_address
                  OFFSET 0) AS m
), wanted AS (
    SELECT n.tenant, n.entry, n.address
    FROM unnest(:groups) AS g (address)
    JOIN tenant_domain d ON d.verified AND d.domain = split_part(g.address, '@', -1),
         LATERAL (SELECT n.tenant, n.entry, n.address FROM directory_name n
                  WHERE n.tenant = d.tenant AND n.address = g.address
                  OFFSET 0) AS n
)
SELECT coalesce((SELECT epoch FROM epoch WHERE scope = directory_scope(:tenant)), 0)::int8 AS epoch,
       found.recipient, coalesce(found.kind, 0)::int2 AS kind, found.name
FROM (SELECT) one
LEFT JOIN (SELECT o.recipient, 1 AS kind, o.address AS name FROM own o
           WHERE o.address = ANY (:users) OR split_part(o.address, '@', -1) = ANY (:domains)
           UNION
           SELECT r.recipient, 2, w.address FROM reach r
           JOIN wanted w ON w.tenant = r.tenant AND w.entry = r.group_address
           UNION
           SELECT e.recipient, 3, e.entry FROM entry e WHERE e.kind = 2) found ON true
ORDER BY found.recipient COLLATE "C", found.kind, found.name COLLATE "C";
