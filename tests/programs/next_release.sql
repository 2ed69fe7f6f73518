-- SPDX-License-Identifier: Apache-2.0
-- Works with: schema_range
-- As a later release may have it: a column with a default, a table, and an index of the log. The programs chanceryd_next and
-- chancery_next have it behind the others (tests/e2e/test_upgrade.py).

ALTER TABLE content ADD COLUMN next_release text NOT NULL DEFAULT '';
CREATE TABLE next_release (tenant uuid NOT NULL REFERENCES tenant);
SELECT isolate('next_release', '{tenant} = {boundaries}');
GRANT SELECT, INSERT ON next_release TO chancery_server, chancery_node;
CREATE INDEX audit_by_next_release ON audit (tenant, correlation_id, at, event) WHERE correlation_id <> '';
