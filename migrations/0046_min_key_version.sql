-- SPDX-License-Identifier: Apache-2.0
-- Works with: schema_range
-- The lowest version of a key that opens (docs/policy.md §12.3).

-- is_shut: the version is below it. The active one never is.
ALTER TABLE tenant_key ADD COLUMN is_shut boolean NOT NULL DEFAULT false CHECK (NOT (is_shut AND state = 1));
