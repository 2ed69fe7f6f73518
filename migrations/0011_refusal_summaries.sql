-- SPDX-License-Identifier: Apache-2.0
-- Refusals of callers whom nobody knows are counted (docs/interface.md §2.2): a row may stand for many calls.

ALTER TABLE audit ADD COLUMN calls bigint NOT NULL DEFAULT 1;
