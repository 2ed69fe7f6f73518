-- SPDX-License-Identifier: Apache-2.0
-- Delivery: whose a mail address is.

-- group: known_epoch
-- members: scope uuid, epoch int8

-- name: find_readers :people
-- params: known @known_epoch[], addresses text[], served text[]
-- columns: is_stale bool, address text?, tenant tenant_id, boundary text, is_guest bool
-- known: the epochs on which the caller knows all else. served: the boundaries of the node, empty
-- for all; only their directories are asked for guests.
--
-- At least one row, with whether an epoch has moved; then the addresses in domains that tenants
-- have verified; the people of a disabled tenant are nobody's. One snapshot, so that the answer is
-- true of one instant.
SELECT EXISTS (SELECT FROM unnest(:known.*) AS known (:known.names)
               LEFT JOIN epoch e ON e.scope = known.scope
               WHERE coalesce(e.epoch, 0) <> known.epoch) AS is_stale,
       a.address, t.tenant, t.boundary,
       t.has_directory
         AND (cardinality(:served) = 0 OR t.boundary = ANY (:served))
         AND EXISTS (SELECT FROM directory_name n,
                            LATERAL (SELECT e.kind, e.guest FROM directory_entry e
                                     WHERE e.tenant = n.tenant AND e.address = n.entry
                                     OFFSET 0) AS e
                     WHERE n.tenant = t.tenant AND n.address = a.address AND e.kind = 1
                       AND e.guest) AS is_guest
FROM (SELECT) one
LEFT JOIN (
    (SELECT DISTINCT unnest(:addresses) AS address) a
    JOIN tenant_domain d ON d.verified AND d.domain = split_part(a.address, '@', -1)
    JOIN tenant t ON t.tenant = d.tenant AND t.state = 1
) ON true
ORDER BY a.address COLLATE "C";
