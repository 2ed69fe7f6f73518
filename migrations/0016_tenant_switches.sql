-- SPDX-License-Identifier: Apache-2.0
-- What a tenant switches (docs/policy.md §3.11): a bit for each, as enum tenant_switch has them.

ALTER TABLE tenant ADD COLUMN switches integer NOT NULL DEFAULT 0;
