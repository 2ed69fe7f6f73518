-- SPDX-License-Identifier: Apache-2.0
-- People, by any of their addresses.

-- name: find_people :read
-- params: addresses text[]
-- columns: addresses text[]
-- A row for each address, in their order: all addresses of the person.
SELECT person_addresses(a.address) AS addresses
FROM unnest(:addresses) WITH ORDINALITY AS a (address, n)
ORDER BY a.n;
