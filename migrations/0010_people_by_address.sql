-- SPDX-License-Identifier: Apache-2.0
-- A person is named by any of their addresses (docs/policy.md §3.3, §3.7).

-- All addresses of whom an address names: those of their entry in the directory of the tenant that has verified its domain,
-- in verified domains of that tenant; and itself. Of a directory that the asking role may not see, itself alone.
CREATE FUNCTION person_addresses(named text) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(DISTINCT a.address) FROM (
        SELECT named COLLATE "C" AS address
        UNION ALL
        SELECT n.address
        FROM tenant_domain d, LATERAL (
                SELECT e.address FROM directory_name k
                JOIN directory_entry e ON e.tenant = k.tenant AND e.address = k.entry
                WHERE k.tenant = d.tenant AND k.address = named AND e.kind = 1 OFFSET 0) AS e, LATERAL (
                SELECT n.address FROM directory_name n WHERE n.tenant = d.tenant AND n.entry = e.address OFFSET 0) AS n
        WHERE d.domain = split_part(named, '@', -1) AND d.verified AND EXISTS (
            SELECT FROM tenant_domain o
            WHERE o.tenant = d.tenant AND o.domain = split_part(n.address, '@', -1) AND o.verified)
    ) AS a
$$;

-- In which version each name of an amendment was said, of the grants, then of the recipients, then of what was removed: the
-- last word about a person holds, by whichever of their addresses it was said. Empty: all of them in the latest.
ALTER TABLE content_amendment ADD COLUMN name_versions bigint[] NOT NULL DEFAULT '{}';
