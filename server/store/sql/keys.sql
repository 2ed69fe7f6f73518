-- SPDX-License-Identifier: Apache-2.0
-- Keys: those of tenants, and whether the server's root key is the one of this database.

-- group: new_key
-- members: purpose int8, wrapped bytea, public_jwk text

-- name: create_keys :admin
-- params: tenant tenant_id, keys @new_key[]
-- The second statement of create_tenant's segment, because row-level security must find the tenant.
INSERT INTO tenant_key (tenant, purpose, version, state, root_version, wrapped, public_jwk)
SELECT :tenant, k.purpose, 1, 1, 1, k.wrapped, k.public_jwk
FROM unnest(:keys.*) AS k (:keys.names);

-- name: tenant_signing_keys :read
-- params: tenant tenant_id, boundaries text[]
-- columns: authority_url text, public_jwk text
-- Of a tenant that is enabled and in one of these boundaries; none: in any. A key set that others read
-- has 64 keys at most (crypto/jwk.h).
SELECT b.authority_url, k.public_jwk
FROM tenant t JOIN boundary b ON b.name = t.boundary JOIN tenant_key k USING (tenant)
WHERE t.tenant = :tenant AND t.state = 1 AND k.purpose = 3 AND k.state IN (1, 2)
  AND (cardinality(:boundaries) = 0 OR t.boundary = ANY (:boundaries))
ORDER BY k.version DESC
LIMIT 64;

-- name: root_key_check :admin
-- params: wrapped bytea
-- columns: wrapped bytea
-- Whoever comes first leaves a known text.
WITH made AS (
    INSERT INTO root_key_check (root_version, wrapped) VALUES (1, :wrapped)
    ON CONFLICT DO NOTHING
    RETURNING wrapped
)
SELECT wrapped FROM made
UNION ALL
SELECT wrapped FROM root_key_check WHERE root_version = 1
LIMIT 1;
