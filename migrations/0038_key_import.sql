-- SPDX-License-Identifier: Apache-2.0
-- Works with: schema_range
-- Customers' keys enter (docs/policy.md §12.2).

-- Import keys: each for one import. wrapped: the private half under the root key; empty once it was used.
CREATE TABLE key_import (
    tenant uuid NOT NULL REFERENCES tenant (tenant),
    import uuid NOT NULL,
    wrapped bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, import)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON key_import TO chancery_server, chancery_node;
SELECT isolate('key_import', '{tenant} = {boundaries}');
