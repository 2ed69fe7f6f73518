-- SPDX-License-Identifier: Apache-2.0
-- People and groups, by any of their addresses.

-- name: find_people :read
-- params: addresses text[]
-- columns: addresses text[]
-- A row for each address, in their order: all addresses of the person.
SELECT person_addresses(a.address) AS addresses
FROM unnest(:addresses) WITH ORDINALITY AS a (address, n)
ORDER BY a.n;

-- name: find_groups :read
-- params: addresses text[]
-- columns: addresses text[]
-- A row for each address, in their order: all addresses of the group that has it, in the directory of
-- the tenant that has verified its domain, in verified domains of that tenant; none, if it is no
-- group's, or if the asking role may not see that directory.
SELECT ARRAY(SELECT n.address
             FROM tenant_domain d, LATERAL (
                     SELECT directory_group(d.tenant, a.address) AS entry OFFSET 0) AS g
             JOIN directory_name n ON n.entry = g.entry
             WHERE d.domain = split_part(a.address, '@', -1) AND d.verified AND n.tenant = d.tenant
               AND EXISTS (SELECT FROM tenant_domain o
                           WHERE o.tenant = d.tenant AND o.verified
                             AND o.domain = split_part(n.address, '@', -1))
             ORDER BY n.address) AS addresses
FROM unnest(:addresses) WITH ORDINALITY AS a (address, n)
ORDER BY a.n;
