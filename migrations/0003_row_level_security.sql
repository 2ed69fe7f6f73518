-- SPDX-License-Identifier: Apache-2.0
-- Row-level security by boundary: what a node's database role may see and change, whatever its server asks for.
--
-- Two roles carry the same privileges on tables. chancery_server is let through to every boundary. chancery_node sees no
-- boundary by itself: which ones a login or group role sees stands in boundary_role, which only the schema's owner
-- writes (`chancery migrate --node-role`). A table, and not a role per boundary: boundaries are made through the API, and a server
-- that makes roles would hold the very power that this takes away.
--
-- The owner is not subject to it (no FORCE), because migrations and foreign keys act as him.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'chancery_node') THEN
        CREATE ROLE chancery_node NOLOGIN;
    END IF;
END
$$;

-- No foreign key to boundary: a role may be granted a boundary that will be made through it.
CREATE TABLE boundary_role (
    role text NOT NULL,
    boundary text NOT NULL,
    PRIMARY KEY (role, boundary)
);
REVOKE ALL ON boundary_role FROM PUBLIC;

-- The boundaries of whoever asks. A view and not a function: it is planned into each policy as ARRAY(SELECT …), which
-- PostgreSQL evaluates once per statement. It reads boundary_role as its owner, but asks for the caller's memberships.
CREATE VIEW served_boundary AS
    SELECT r.boundary FROM boundary_role r WHERE pg_has_role(to_regrole(quote_ident(r.role))::oid, 'USAGE');

-- Which database role wrote it. The platform's own log is one table for all boundaries: a node reads there what it wrote.
ALTER TABLE audit ADD COLUMN written_by text NOT NULL DEFAULT current_user;

-- Isolate a table: chancery_server is let through; chancery_node reads rows where `reads` holds, and writes those
-- where `writes` holds ('': the same). {boundaries} in them stands for the boundaries of the asking role, {tenant}
-- for the boundary of the row's tenant. For later migrations too; tests fail for a table that has a tenant and no policy.
CREATE FUNCTION isolate(target regclass, reads text, writes text DEFAULT '') RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    boundaries constant text := 'ANY (ARRAY(SELECT s.boundary FROM served_boundary s))';
    -- A scalar subquery: one look into tenant's primary key per row. EXISTS could be hashed over all tenants.
    of_tenant constant text := format('(SELECT t.boundary FROM tenant t WHERE t.tenant = %s.tenant)', target);
BEGIN
    reads := replace(replace(reads, '{boundaries}', boundaries), '{tenant}', of_tenant);
    writes := replace(replace(writes, '{boundaries}', boundaries), '{tenant}', of_tenant);
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY server ON %s TO chancery_server USING (true) WITH CHECK (true)', target);
    IF writes = '' THEN
        EXECUTE format('CREATE POLICY node ON %s TO chancery_node USING (%s) WITH CHECK (%2$s)', target, reads);
        RETURN;
    END IF;
    EXECUTE format('CREATE POLICY node_reads ON %s FOR SELECT TO chancery_node USING (%s)', target, reads);
    EXECUTE format('CREATE POLICY node_inserts ON %s FOR INSERT TO chancery_node WITH CHECK (%s)', target, writes);
    EXECUTE format('CREATE POLICY node_updates ON %s FOR UPDATE TO chancery_node USING (%s) WITH CHECK (%2$s)', target,
                   writes);
    EXECUTE format('CREATE POLICY node_deletes ON %s FOR DELETE TO chancery_node USING (%s)', target, writes);
END
$$;
REVOKE ALL ON FUNCTION isolate(regclass, text, text) FROM PUBLIC;

-- What a tenant has belongs to its boundary alone.
SELECT isolate(name, '{tenant} = {boundaries}') FROM unnest(ARRAY['tenant_key', 'template', 'content', 'content_amendment',
    'exclusion', 'super_user', 'approval', 'directory', 'directory_entry', 'directory_name', 'directory_member',
    'directory_import']::regclass[]) AS name;

-- What tells who people are is read by every node, because a portal of one boundary takes the accounts of all;
-- but no node can say it of another boundary's people.
SELECT isolate('boundary', 'true', 'name = {boundaries}');
SELECT isolate('boundary_rule', 'true', 'content_boundary = {boundaries}');
SELECT isolate('tenant', 'true', 'boundary = {boundaries}');
SELECT isolate('tenant_domain', 'true', '{tenant} = {boundaries}');
SELECT isolate('issuer_tenant', 'true', '{tenant} = {boundaries}');
SELECT isolate('issuer', 'true', $$boundary = {boundaries}
    AND (tenant = '00000000-0000-0000-0000-000000000000' OR {tenant} = boundary)$$);

-- The platform's components: those of a boundary are its nodes' to see and to change; those of no boundary (platform admins,
-- for whom every node answers) are everybody's to see, and only chancery_server's and the owner's to change.
SELECT isolate('component',
    $$CASE tenant WHEN '00000000-0000-0000-0000-000000000000' THEN boundary = '' OR boundary = {boundaries}
        ELSE {tenant} = {boundaries} END$$,
    $$CASE tenant WHEN '00000000-0000-0000-0000-000000000000' THEN boundary ELSE {tenant} END = {boundaries}$$);
-- The component's own policy holds within these subqueries.
SELECT isolate('component_certificate',
    $$EXISTS (SELECT FROM component c WHERE c.tenant = component_certificate.tenant
        AND c.component = component_certificate.component)$$,
    $$EXISTS (SELECT FROM component c WHERE c.tenant = component_certificate.tenant
        AND c.component = component_certificate.component
        AND (c.tenant <> '00000000-0000-0000-0000-000000000000' OR c.boundary <> ''))$$);

-- An exception is seen and ended by the nodes of either side; consent is given by each side's own.
SELECT isolate('partner_exception',
    $$(SELECT t.boundary FROM tenant t WHERE t.tenant = content_tenant) = {boundaries}
        OR (SELECT t.boundary FROM tenant t WHERE t.tenant = reader_tenant) = {boundaries}$$);
SELECT isolate('partner_consent',
    $$EXISTS (SELECT FROM partner_exception p WHERE p.exception = partner_consent.exception)
        OR {tenant} = {boundaries}$$, '{tenant} = {boundaries}');

-- Partitions have no policies of their own: nobody has privileges on them, so the way is through the parent.
SELECT isolate('audit',
    $$CASE tenant WHEN '00000000-0000-0000-0000-000000000000' THEN written_by = current_user
        ELSE {tenant} = {boundaries} END$$,
    $$written_by = current_user AND (tenant = '00000000-0000-0000-0000-000000000000' OR {tenant} = {boundaries})$$);

-- The same privileges for both.
DO $$
DECLARE
    held record;
BEGIN
    FOR held IN SELECT table_name, string_agg(privilege_type, ', ') AS privileges FROM information_schema.role_table_grants
        WHERE grantee = 'chancery_server' AND table_schema = 'public' GROUP BY table_name LOOP
        EXECUTE format('GRANT %s ON %I TO chancery_node', held.privileges, held.table_name);
    END LOOP;
    FOR held IN SELECT oid::regprocedure AS routine FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        AND has_function_privilege('chancery_server', oid, 'EXECUTE') LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO chancery_node', held.routine);
    END LOOP;
END
$$;
GRANT SELECT ON served_boundary TO chancery_server, chancery_node;
GRANT USAGE ON SCHEMA public TO chancery_node;
-- PostgreSQL 14 lets everybody make objects there, which a definer's function might then find.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
