-- SPDX-License-Identifier: Apache-2.0
-- Works with: schema_range
-- Which records of the platform's log a node's role reads: those that it wrote, and those that the owner wrote about the log itself.
-- Months that have left the log are missing for it, too, and whoever follows the log there, as a sink does, is to be told. Nobody
-- but the owner writes as the owner.

ALTER POLICY node_reads ON audit USING (
    CASE tenant WHEN '00000000-0000-0000-0000-000000000000' THEN
        written_by = current_user
        OR (operation IN ('log_month_due', 'log_month_gone', 'migrate_keep_log')
            AND written_by = (SELECT pg_get_userbyid(c.relowner)::text FROM pg_class c WHERE c.oid = 'audit'::regclass))
    ELSE (SELECT t.boundary FROM tenant t WHERE t.tenant = audit.tenant) = ANY (ARRAY(SELECT s.boundary FROM served_boundary s)) END);
