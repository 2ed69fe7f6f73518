-- SPDX-License-Identifier: Apache-2.0
-- What a portal shows of a branding (docs/policy.md §3.10), parallel to its languages. Fewer or more than these: a program
-- that knows nothing of it has written the others, and there is none.

ALTER TABLE branding ADD COLUMN portal_texts text[] NOT NULL DEFAULT '{}';
