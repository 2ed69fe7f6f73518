-- SPDX-License-Identifier: Apache-2.0
-- Rotation of keys by their age (docs/policy.md §12).

-- In days; 0: by hand only.
ALTER TABLE tenant ADD COLUMN key_rotation_days integer NOT NULL DEFAULT 0
    CHECK (key_rotation_days = 0 OR key_rotation_days BETWEEN 30 AND 3650);

-- Whose keys may be due.
CREATE INDEX tenant_key_rotation ON tenant (tenant) WHERE key_rotation_days > 0;
