-- SPDX-License-Identifier: Apache-2.0
-- Works with: schema_range
-- Which programs work with a schema that is newer than they are. From this migration on each one says it in its second line, by
-- the name of the last migration that the oldest such program knows; `chancery migrate` writes the number down here, and programs go by
-- it when they connect. NULL: none but those that know the migration.

ALTER TABLE schema_migration ADD COLUMN works_with integer;
