# SPDX-License-Identifier: Apache-2.0
"""Isolation by row, around our own checks: what a node's database role gets by SQL, and what a chanceryd that believes
to serve everything gets through such a role."""
import io
import json
import subprocess

import psycopg2
import pytest
from psycopg2 import errors

from authority import BUILD, new_id
from calls import reason
from world import rule_of

# Tables that belong to no boundary, and why.
SHARED = {
    "epoch": "numbers only, compared by every gate",
    "history": "numbers only: whether the database has gone back",
    "token_proof": "hashes of proofs that were used, on whatever node",
    "root_key_check": "known text under root keys",
    "root_key_worker": "numbers of root keys that workers have",
    "root_key_heard": "since when workers are heard",
    "root_key_opening": "by which wraps root keys were opened, by thumbprints",
    "rate_use": "hashes of who calls often, and how often",
    "schema_migration": "which migrations were applied",
    "boundary_role": "the owner's alone",
    "audit_retention": "the owner's alone",
    "audit_month": "which months of the log are gone, of all tenants alike",
}
OF_ROLES = {"audit_sink"}  # a role's own rows: tests/e2e/test_audit_sinks.py
PUBLIC = {"boundary", "boundary_rule", "tenant", "tenant_domain", "issuer", "issuer_tenant"}  # read by every node
ZERO = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1}


@pytest.fixture(scope="module")
def world(world):
    w = world
    assert w.depot and w.google and w.high_portal
    w.low, w.secret = protect(w, "contoso"), protect(w, "agency")
    for tenant in (w.contoso, w.agency):
        fill(w, tenant.name, tenant.admin)
    w.commercial = w.a.node_role("node_commercial", "commercial,gcc")
    w.high = w.a.node_role("node_high", "gcc-high,dod")
    w.ids = {tenant.name: tenant.id for tenant in (w.contoso, w.agency)}
    return w


def protect(w, tenant, *recipients, who=None, on=None):
    of = {"contoso": w.contoso, "agency": w.agency}[tenant]
    return w.protect(who or of.gateway, on=on, owner=f"alice@{of.domain}",
                     recipients=recipients or ["bob@fabrikam.com", "dora@depot.us"])


def fill(w, name, admin):
    """At least one row of the tenant in every table that has a tenant."""
    w.call("TemplateService/CreateTemplate", {"request_id": new_id(), "template": {
        "names": [{"language": "en", "text": "T"}], "grants": [{"principals": ["owner"], "rights": [1]}]}}, admin)
    w.call("TenantService/AddExclusion", {"application": "Mail 1.0"}, admin)
    w.call("MailFlowService/CreateRule", {"rule": rule_of()}, admin)
    w.call("BrandingService/CreateBranding", {"branding": {"branding": "default"}}, admin)
    tenant = f"(SELECT tenant FROM tenant WHERE name = '{name}')"
    w.sql(f"""
        INSERT INTO content (tenant, content, owner, issuer, display_name, amendment)
            VALUES ({tenant}, gen_random_uuid(), 'amended', '', '', 1);
        INSERT INTO content_amendment (tenant, content, version, grant_principals, grant_rights, recipients, removed, changes_expiry)
            SELECT tenant, content, 1, '{{}}', '{{}}', '{{}}', '{{}}', false FROM content WHERE owner = 'amended' AND tenant = {tenant};
        INSERT INTO super_user (tenant, principal, reason, granted_by, expires_at)
            VALUES ({tenant}, 'user:x@{name}.example', 'test', 'x', now());
        INSERT INTO approval (tenant, approval, act, operation, request, summary, requested_by, requested_by_name, requested_with,
            expires_at) VALUES ({tenant}, gen_random_uuid(), '', 1, '', '', gen_random_uuid(), '', '', now());
        INSERT INTO passcode (passcode, tenant, content, address, network, portal, reference, language, key_version,
            expires_at, is_nobodys, mail_state) VALUES (gen_random_uuid(), {tenant}, gen_random_uuid(), 'k@x.example',
            '192.0.2.1', gen_random_uuid(), 'R', '', 1, now(), true, 4);
        INSERT INTO owner_notice (tenant, content, owner, begins_at, ends_at, mail_at, mail_state) VALUES ({tenant},
            gen_random_uuid(), 'o@{name}.example', now(), now() + interval '1 minute', now(), 3);
        INSERT INTO device (tenant, address, thumbprint, display_name, public_jwk, issuer_tenant, issuer, ends_at)
            SELECT tenant, 'd@{name}.example', repeat('A', 43), '', '', tenant, issuer, now() FROM issuer
            WHERE tenant = {tenant} LIMIT 1;
        INSERT INTO key_import (tenant, import, wrapped, expires_at) VALUES ({tenant}, gen_random_uuid(), '',
            now() + interval '1 hour');
        INSERT INTO quota_use (tenant, quota, begins, used) VALUES ({tenant}, 1, now(), 1);
        INSERT INTO signal_transmitter (tenant, transmitter, iss, audiences, subject_issuers, jwks_url, jwks_json, push_token_hash)
            VALUES ({tenant}, gen_random_uuid(), 'x', '{{}}', '{{}}', '', '', '');
        INSERT INTO signal_seen (tenant, token_hash) VALUES ({tenant}, '\\x00');
        INSERT INTO signal_state (tenant, scope, transmitter, kind, name, disabled, switched, not_before)
            VALUES ({tenant}, gen_random_uuid(), gen_random_uuid(), 1, 's@{name}.example', true, 1, 0);
        INSERT INTO publisher_revocation (tenant, publisher, reason) VALUES ({tenant}, 'x', '');
        INSERT INTO directory (tenant) VALUES ({tenant});
        UPDATE tenant SET has_directory = true WHERE tenant = {tenant};
        INSERT INTO directory_entry (tenant, address, kind) VALUES ({tenant}, 'g@{name}.example', 2);
        INSERT INTO directory_name (tenant, address, entry) VALUES ({tenant}, 'g@{name}.example', 'g@{name}.example');
        INSERT INTO directory_member (tenant, group_address, member) VALUES ({tenant}, 'g@{name}.example', 'u@x.example');
        INSERT INTO scim_entry (tenant, address, is_user, user_name, external_id, document)
            VALUES ({tenant}, 'g@{name}.example', false, '', '', '');
        INSERT INTO directory_token (tenant, token, name, hash, expires_at)
            VALUES ({tenant}, gen_random_uuid(), 'n', sha256('{name}'), now());
        INSERT INTO directory_import (tenant, import) VALUES ({tenant}, gen_random_uuid());
        INSERT INTO directory_former (tenant, address) VALUES ({tenant}, 'f@{name}.example');
        INSERT INTO issuer_tenant (issuer, value, tenant) VALUES (gen_random_uuid(), '{name}', {tenant});
        INSERT INTO tenant (tenant, name, display_name, boundary, state, license_cap_days)
            SELECT gen_random_uuid(), '{name}-ally', '', boundary, 1, 30 FROM tenant WHERE name = '{name}';
        INSERT INTO partner_exception (exception, content_tenant, reader_tenant)
            SELECT gen_random_uuid(), {tenant}, tenant FROM tenant WHERE name = '{name}-ally';
        INSERT INTO partner_consent (exception, tenant)
            SELECT exception, content_tenant FROM partner_exception WHERE content_tenant = {tenant};
        INSERT INTO denial (tenant, side, partner) VALUES ({tenant}, 1, 'domain:rival.example');
        INSERT INTO boundary_rule (content_boundary, reader_boundary, rule)
            SELECT boundary, 'dod', 2 FROM tenant WHERE name = '{name}'""")


def tables(w, condition="true"):
    return w.sql("SELECT c.relname FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
                 f"AND NOT relispartition AND {condition} ORDER BY 1").splitlines()


def columns(w, table):
    return w.sql(f"SELECT attname FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 "
                 "AND NOT attisdropped ORDER BY attnum").splitlines()


def of(w, table, tenant):
    """A condition that holds for the rows of that tenant or its boundary."""
    names = columns(w, table)
    if table in ("boundary", "boundary_rule"):
        return f"{names[0]} = '{ {'contoso': 'commercial', 'agency': 'gcc-high'}[tenant] }'"
    column = "tenant" if "tenant" in names else "content_tenant"
    return f"{column} = '{w.ids[tenant]}'"


def as_role(conninfo):
    connection = psycopg2.connect(conninfo)
    connection.autocommit = True
    return connection.cursor()


def isolated(w):
    return [name for name in tables(w) if name not in set(SHARED) | OF_ROLES]


def test_every_table_is_isolated_or_shared_for_a_reason(world):
    assert set(tables(world, "NOT relrowsecurity")) == set(SHARED)
    for table in tables(world,
                        "EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname LIKE '%tenant')"):
        assert world.sql(f"SELECT relrowsecurity FROM pg_class WHERE oid = '{table}'::regclass") == "t", table
        for role in ("chancery_server", "chancery_node"):
            assert int(world.sql(f"SELECT count(*) FROM pg_policies WHERE tablename = '{table}' AND '{role}' = ANY (roles)")), table
    privileges = ("SELECT table_name, privilege_type FROM information_schema.role_table_grants WHERE grantee = '{}' "
                  "AND table_schema = 'public' ORDER BY 1, 2")
    assert world.sql(privileges.format("chancery_server")) == world.sql(privileges.format("chancery_node"))
    assert not world.sql(privileges.format("PUBLIC"))
    routines = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND has_function_privilege('{}', oid, 'EXECUTE')"
    assert world.sql(routines.format("chancery_server")) == world.sql(routines.format("chancery_node"))


def test_there_is_something_to_be_kept_from(world):
    """The other tests mean something: in every table there are rows of both."""
    for table in isolated(world):
        for tenant in ("contoso", "agency"):
            assert int(world.sql(f"SELECT count(*) FROM {table} WHERE {of(world, table, tenant)}")), (table, tenant)


def test_reading(world):
    for conninfo, own, other in ((world.commercial, "contoso", "agency"), (world.high, "agency", "contoso")):
        cursor = as_role(conninfo)
        for table in isolated(world):
            for tenant in (own, other):
                cursor.execute(f"SELECT count(*) FROM {table} WHERE {of(world, table, tenant)}")
                assert (cursor.fetchone()[0] > 0) == (tenant == own or table in PUBLIC), (table, tenant)
            if table not in PUBLIC:
                for copy in (f"COPY {table} TO STDOUT", f"COPY (SELECT * FROM {table}) TO STDOUT"):
                    out = io.StringIO()
                    if world.sql(f"SELECT relkind FROM pg_class WHERE oid = '{table}'::regclass") == "p" and "SELECT" not in copy:
                        continue  # PostgreSQL copies no partitioned table
                    cursor.copy_expert(copy, out)
                    assert world.ids[own] in out.getvalue() and world.ids[other] not in out.getvalue(), table


def test_changing(world):
    for conninfo, own, other in ((world.commercial, "contoso", "agency"), (world.high, "agency", "contoso")):
        cursor = as_role(conninfo)
        for table in isolated(world):
            column = columns(world, table)[-1]
            for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
                try:
                    cursor.execute(f"{statement} WHERE {of(world, table, other)}")
                    assert cursor.rowcount == 0, statement
                except errors.InsufficientPrivilege:
                    pass
            before = world.sql(f"SELECT count(*) FROM {table}")
            row = world.sql(f"SELECT to_json(x) FROM {table} x WHERE {of(world, table, other)} LIMIT 1")
            with pytest.raises(errors.InsufficientPrivilege):
                cursor.execute(f"INSERT INTO {table} SELECT (json_populate_record(NULL::{table}, %s)).*", (row,))
            # The same with a row of its own comes as far as the primary key, so it was row-level security that refused.
            row = world.sql(f"SELECT to_json(x) FROM {table} x WHERE {of(world, table, own)} LIMIT 1")
            if table == "audit":
                row = json.dumps({**json.loads(row), "written_by": conninfo.rpartition("user=")[2]})
            with pytest.raises(errors.UniqueViolation):
                cursor.execute(f"INSERT INTO {table} SELECT (json_populate_record(NULL::{table}, %s)).*", (row,))
            with pytest.raises((errors.FeatureNotSupported, errors.InsufficientPrivilege)):
                cursor.copy_expert(f"COPY {table} FROM STDIN", io.StringIO(""))
            assert world.sql(f"SELECT count(*) FROM {table}") == before


def test_rows_can_not_be_moved_across(world):
    cursor = as_role(world.commercial)
    for table in ("template", "exclusion", "directory_import", "tenant_domain", "component"):
        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute(f"UPDATE {table} SET tenant = %s WHERE tenant = %s",
                           (world.ids["agency"], world.ids["contoso"]))
    for statement in ("UPDATE tenant SET boundary = 'gcc-high' WHERE name = 'contoso'",
                      "UPDATE boundary_rule SET content_boundary = 'gcc-high' WHERE content_boundary = 'commercial'",
                      "UPDATE boundary SET name = 'gcc-high' WHERE name = 'gcc'",
                      "UPDATE component SET boundary = '' WHERE name = 'edge' AND tenant = '%s'" % ZERO):
        try:
            cursor.execute(statement)
            assert cursor.rowcount == 0
        except errors.InsufficientPrivilege:
            pass


def test_no_consent_for_the_other_side(world):
    """A commercial role may propose, and consent for its own tenant, but not for the other boundary's."""
    cursor = as_role(world.commercial)
    exception = new_id()
    cursor.execute("INSERT INTO partner_exception (exception, content_tenant, reader_tenant) VALUES (%s, %s, %s)",
                   (exception, world.ids["agency"], world.ids["contoso"]))
    cursor.execute("INSERT INTO partner_consent (exception, tenant) VALUES (%s, %s)", (exception, world.ids["contoso"]))
    with pytest.raises(errors.InsufficientPrivilege):
        cursor.execute("INSERT INTO partner_consent (exception, tenant) VALUES (%s, %s)",
                       (exception, world.ids["agency"]))
    high = as_role(world.high)
    high.execute("SELECT tenant FROM partner_consent WHERE exception = %s", (exception,))
    assert high.fetchall() == [(world.ids["contoso"],)]
    high.execute("DELETE FROM partner_exception WHERE exception = %s", (exception,))
    assert high.rowcount == 1


def test_what_is_signaled_holds_everywhere_and_names_nobody(world):
    """Who people are is asked of all boundaries: a node is told that somebody is disabled, and not who has said it of whom."""
    scope = world.sql(f"SELECT scope FROM signal_state WHERE tenant = '{world.ids['contoso']}'")
    high = as_role(world.high)
    high.execute("SELECT * FROM signal_state_of(%s, %s)", (world.ids["contoso"], scope))
    assert high.fetchall() == [(True, 0)]
    high.execute("SELECT count(*) FROM signal_state WHERE tenant = %s", (world.ids["contoso"],))
    assert high.fetchone() == (0,)


def test_denials_of_content_are_read_everywhere_and_said_by_their_own(world):
    """Whom a tenant keeps from its content is its boundary's; what its people may not open is asked where the content is."""
    low, high = as_role(world.commercial), as_role(world.high)
    low.execute("INSERT INTO denial (tenant, side, partner) VALUES (%s, 2, 'tenant:agency')", (world.ids["contoso"],))
    high.execute("SELECT side, partner FROM denial WHERE tenant = %s", (world.ids["contoso"],))
    assert high.fetchall() == [(2, "tenant:agency")]
    high.execute("DELETE FROM denial WHERE tenant = %s", (world.ids["contoso"],))
    assert high.rowcount == 0
    with pytest.raises(errors.InsufficientPrivilege):
        high.execute("INSERT INTO denial (tenant, side, partner) VALUES (%s, 2, 'tenant:depot')", (world.ids["contoso"],))
    low.execute("DELETE FROM denial WHERE tenant = %s AND side = 2", (world.ids["contoso"],))
    assert low.rowcount == 1


def test_no_component_gets_a_credential_from_elsewhere(world):
    """A certificate for the other boundary's portal, or a platform admin of all, can't be made from here."""
    cursor = as_role(world.commercial)
    portal = world.sql("SELECT component FROM component WHERE name = 'portal-high'")
    admin = world.sql("SELECT component FROM component WHERE name = 'platform-admin'")
    for component in (portal, admin):
        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute("INSERT INTO component_certificate (fingerprint, tenant, component) VALUES (%s, %s, %s)",
                           (b"x" * 32, ZERO, component))
    for boundary in ("", "gcc-high"):
        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute("INSERT INTO component (tenant, component, name, role, boundary) VALUES (%s, %s, 'evil', 7, %s)",
                           (ZERO, new_id(), boundary))
    with pytest.raises(errors.InsufficientPrivilege):
        cursor.execute("INSERT INTO issuer (tenant, issuer, boundary, kind, iss, audiences, algorithms, jwks_json) VALUES "
                       "(%s, %s, 'commercial', 1, 'https://evil.example', '{x}', '{ES256}', '{}')",
                       (world.ids["agency"], new_id()))


def test_partitions(world):
    """Without privileges of their own; row-level security is the parent's."""
    cursor = as_role(world.commercial)
    partitions = world.sql("SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'audit'::regclass").splitlines()
    assert len(partitions) >= 3
    for partition in partitions:
        for statement in (f"SELECT * FROM {partition}", f"INSERT INTO {partition} SELECT * FROM audit",
                          f"DELETE FROM {partition}",
                          f"UPDATE {partition} SET target = ''", f"COPY {partition} TO '/dev/null'",
                          f"TRUNCATE {partition}"):
            with pytest.raises(errors.InsufficientPrivilege):
                cursor.execute(statement)
    cursor.execute("SELECT audit_make_partitions(5)")
    new = world.sql("SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'audit'::regclass").splitlines()
    assert len(new) == len(partitions) + 3
    for partition in set(new) - set(partitions):
        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute(f"SELECT * FROM {partition}")


def test_the_platforms_log_is_read_by_who_wrote_it(world):
    commercial, high = as_role(world.commercial), as_role(world.high)
    commercial.execute("SELECT audit_admin(%s, %s, 'x', NULL, NULL, '', '', '', '', 'theirs')", (ZERO, new_id()))
    count = f"SELECT count(*) FROM audit WHERE tenant = '{ZERO}'"
    commercial.execute(count)
    assert commercial.fetchone() == (1,)
    high.execute(count)
    assert high.fetchone() == (0,)
    with pytest.raises(errors.InsufficientPrivilege):
        commercial.execute("SELECT audit_admin(%s, %s, 'x', NULL, NULL, '', '', '', '', '')",
                           (world.ids["agency"], new_id()))
    with pytest.raises(errors.InsufficientPrivilege):
        commercial.execute("INSERT INTO audit SELECT (json_populate_record(x, '{\"written_by\": \"node_high\"}')).* FROM audit x")


def test_a_node_knows_who_writes_what_it_reads(world):
    """So that its streams of the log wait for their transactions, and for nobody else's."""
    def writers(cursor):
        cursor.execute("SELECT rolname FROM pg_roles WHERE oid IN (SELECT audit_writers()) AND rolcanlogin ORDER BY 1")
        return [name for name, in cursor.fetchall()]
    assert writers(as_role(world.commercial)) == ["node_commercial", "server"]
    assert writers(as_role(world.high)) == ["node_high", "server"]
    assert writers(as_role(world.a.postgres.server_conninfo)) == ["node_commercial", "node_high", "server"]


def test_there_is_no_way_around(world):
    cursor = as_role(world.commercial)
    cursor.execute("SELECT boundary FROM served_boundary ORDER BY 1")
    assert cursor.fetchall() == [("commercial",), ("gcc",)]
    for statement in ("SELECT * FROM boundary_role", "INSERT INTO boundary_role VALUES ('node_commercial', 'gcc-high')",
                      "INSERT INTO served_boundary VALUES ('gcc-high')", "DELETE FROM served_boundary",
                      "SET ROLE chancery_server", "SET SESSION AUTHORIZATION server",
                      "ALTER ROLE node_commercial BYPASSRLS",
                      "GRANT chancery_server TO node_commercial", "ALTER TABLE template DISABLE ROW LEVEL SECURITY",
                      "DROP POLICY node ON template", "CREATE POLICY mine ON template USING (true)",
                      "SELECT isolate('template', 'true')",
                      "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                      "CREATE TABLE public.mine ()",
                      "CREATE TRIGGER t BEFORE INSERT ON template EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger()"):
        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute(statement)
    cursor.execute("SET row_security = off")
    with pytest.raises(errors.InsufficientPrivilege):
        cursor.execute("SELECT * FROM template")
    definers = world.sql("SELECT proname, proconfig FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace ORDER BY 1")
    assert [line.split("|") for line in definers.splitlines()] == [
        [name, '{"search_path=public, pg_temp"}'] for name in ("audit_make_partitions", "audit_retain", "audit_writers",
                                                               "domain_is_taken", "issuer_is_covered", "root_key_left",
                                                               "root_key_rows", "signal_state_of")]
    assert world.sql("SELECT relname FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace") == \
        "served_boundary"


def migrate(w, *arguments):
    return subprocess.run([f"{BUILD}/cli/chancery", "migrate", "--database", w.a.postgres.conninfo, *arguments],
                          capture_output=True, text=True, check=False)


def test_roles_are_granted_by_the_owner(world):
    done = migrate(world, "--node-role", "node one", "--boundaries", "commercial,nordic")
    assert done.returncode == 0 and "note: there is no boundary nordic yet" in done.stdout
    seen = lambda: world.sql("SELECT boundary FROM served_boundary ORDER BY 1", role="node one").split()  # noqa: E731
    assert seen() == ["commercial", "nordic"]
    assert migrate(world, "--node-role", "node one", "--boundaries", "gcc").returncode == 0
    assert seen() == ["gcc"]
    assert migrate(world, "--node-role", "node one", "--boundaries", "").returncode == 0
    assert seen() == []
    assert world.sql("SELECT target FROM audit WHERE operation = 'migrate_node_role' AND target LIKE 'node one%' ORDER BY at").splitlines() == [
        "node one: commercial,nordic", "node one: gcc", "node one: "]
    for role in ("server", "owner"):
        done = migrate(world, "--node-role", role, "--boundaries", "gcc")
        assert done.returncode == 1 and "sees every boundary" in done.stderr
    world.sql('DROP ROLE "node one"')  # what is left in the table grants nothing and breaks nothing
    assert int(world.sql("SELECT count(*) FROM template", role="node_high"))
    for bad in (["--node-role", "x"], ["--boundaries", "gcc"], ["--node-role", "x", "--boundaries", "Gcc"],
                ["--node-role", "x", "--boundaries", "gcc,"], ["--node-role", "", "--boundaries", "gcc"]):
        assert migrate(world, *bad).returncode == 2


# --- the real daemon through such roles -------------------------------------------------------------------------

def test_a_node_that_believes_to_serve_everything(world):
    """Configured for all, but its database role is commercial's: GCC High stays shut, commercial works."""
    node = world.a.node(database={"conninfo": world.commercial}).start()
    try:
        dora, bob = world.depot.token("dora@depot.us"), world.fabrikam.token("bob@fabrikam.com")
        content = {"content_id": world.secret.content_id}
        assert {node.wait_for_log("node.boundary_not_granted", n)["boundary"] for n in range(2)} == {"gcc-high", "dod"}
        assert reason(world.acquire, world.secret, token=dora, on=node) == "LICENSE_FORGED"
        assert reason(protect, world, "agency", on=node) == "COMPONENT_UNKNOWN"
        alice = world.agency.token("alice@agency.us")
        request = {"client_public_jwk": world.reader.public, "do_not_forward": {}, "recipients": ["dora@depot.us"]}
        assert reason(node.call, "PublishingService/Protect", request, token=alice) == "BOUNDARY_NOT_GRANTED"
        for method in ("Revoke", "Restore", "ListAccess"):
            assert reason(node.call, f"TrackingService/{method}", content, token=alice) == "NOT_FOUND"
        assert reason(node.call, "TemplateService/ListTemplates", {}, world.agency.admin) == "COMPONENT_UNKNOWN"
        assert reason(node.call, "PublishingService/ListAvailableTemplates", {}, token=alice) == "BOUNDARY_NOT_GRANTED"
        assert not node.audit(tenant="agency") and not world.sql(
            f"SELECT 1 FROM audit WHERE tenant = '{world.ids['agency']}' AND written_by = 'node_commercial'")
        for path, more in (("TenantService/CreateTenant", {"tenant": {"tenant": "spy", "boundary": "gcc-high"}}),
                           ("TenantService/AddDomain", {"tenant": "agency", "domain": "spy.example"}),
                           ("BoundaryService/SetRule",
                            {"rule": {"content_boundary": "gcc-high", "reader_boundary": "commercial", "rule": 1}}),
                           ("BoundaryService/CreateBoundary", {"boundary": {"boundary": "spy", "suite": 1}}),
                           ("ComponentService/CreateComponent", {"component": {
                               "name": "spy", "role": 2, "boundary": "gcc-high", "certificate_sha256": [b"s" * 32]}})):
            refused = "CONFLICT" if path.endswith("CreateTenant") else "BOUNDARY_NOT_GRANTED"  # it can't lock the boundary's row
            assert reason(node.call, path, more, world.platform_admin) == refused, path
        assert reason(node.call, "BoundaryService/UpdateBoundary", {
            "boundary": {"boundary": "gcc-high", "portal_url": "https://evil.example"},
            "update_mask": {"paths": ["portal_url"]}}, world.platform_admin) == "NOT_FOUND"
        assert node.fetch(f"/tenants/{world.ids['agency']}/jwks.json")[0] == 404
        assert list(node.issuer_pages(f"https://rms.example.org/tenants/{world.contoso.id}")[1]["keys"])
        world.acquire(protect(world, "contoso", on=node), bob, on=node)
    finally:
        node.stop()


def test_a_node_with_its_own_role_works_in_full(world):
    node = world.a.node(database={"conninfo": world.high}, boundaries=["gcc-high", "dod"]).start()
    try:
        dora, bob = world.depot.token("dora@depot.us"), world.fabrikam.token("bob@fabrikam.com")
        license_ = protect(world, "agency", "dora@depot.us", "bob@fabrikam.com", "kim@gmail.com", on=node)
        assert not [line for line in node.log if line["event"].startswith("node.") and line["level"] != "info"]
        assert world.acquire(license_, token=dora, on=node).channel == 1
        assert reason(world.acquire, license_, token=bob, on=node) == "PORTAL_REQUIRED"
        for user in (bob, world.google.token("kim@gmail.com", email_verified=True)):
            got = world.acquire(license_, who=world.high_portal, user_token=user, on=node)
            node.verify(got.use_license, world.reader)
        assert reason(world.acquire, license_, who=world.high_portal, on=node, user_token=world.mallory) == "NO_RIGHTS"
        ask = {"sender": "alice@agency.us", "recipients": ["bob@fabrikam.com", "dora@depot.us", "kim@gmail.com"]}
        answer = node.call("DeliveryService/DecideDelivery", ask, world.agency.gateway).deliveries
        assert [one.channel for one in answer] == [2, 1, 2]
        admin(world, node)
        portal = node.component("portal-dod", 2, boundary="dod")
        assert reason(world.acquire, license_, who=portal, user_token=bob, on=node) == "PORTAL_REQUIRED"
    finally:
        node.stop()


def admin(w, node):
    """What admins of the boundary do, on their own node."""
    _, ranger_admin = node.tenant("ranger", "gcc-high", "ranger.us")
    template = node.call("TemplateService/CreateTemplate", {"template": {
        "names": [{"language": "en", "text": "R"}], "grants": [{"principals": ["owner"], "rights": [1]}]}},
        ranger_admin).template
    node.call("TemplateService/DeleteTemplate", {"template_id": template.template_id}, ranger_admin)
    node.call("TenantService/AddExclusion", {"user": "x@ranger.us"}, ranger_admin)
    node.call("BoundaryService/SetRule",
              {"rule": {"content_boundary": "gcc-high", "reader_boundary": "external", "rule": 2}}, w.platform_admin)
    node.call("BoundaryService/UpdateBoundary",
              {"boundary": {"boundary": "gcc-high", "portal_url": "https://portal.us"},
                                                 "update_mask": {"paths": ["portal_url"]}}, w.platform_admin)
    made = node.call("BoundaryService/ProposePartnerException", {"partner": "contoso", "ours": True},
                     ranger_admin).exception
    assert [one.exception_id for one in node.call("BoundaryService/ListPartnerExceptions", {},
                                                  ranger_admin).exceptions] == [made.exception_id]
    node.call("BoundaryService/WithdrawPartnerException", {"exception_id": made.exception_id}, ranger_admin)
    alice = w.agency.token("alice@agency.us")
    content = {"content_id": w.secret.content_id}
    node.call("TrackingService/Revoke", content, token=alice)
    assert reason(w.acquire, w.secret, token=w.depot.token("dora"), on=node) == "REVOKED"
    node.call("TrackingService/Restore", content, token=alice)
    assert node.audit(who=w.agency.admin, operation="restore")


def test_consent_is_given_on_each_sides_own_node(world):
    high = world.a.node(database={"conninfo": world.high}, boundaries=["gcc-high", "dod"]).start()
    low = world.a.node(database={"conninfo": world.commercial}, boundaries=["commercial", "gcc"]).start()
    try:
        license_ = protect(world, "agency", "carol@contoso.com", on=high)
        carol = world.contoso.token("carol@contoso.com")
        assert reason(world.acquire, license_, token=carol, on=high) == "PORTAL_REQUIRED"
        made = low.call("BoundaryService/ProposePartnerException", {"partner": "agency"}, world.contoso.admin).exception
        assert made.content_tenant == "agency"
        assert reason(world.acquire, license_, token=carol, on=high) == "PORTAL_REQUIRED"
        high.call("BoundaryService/AcceptPartnerException", {"exception_id": made.exception_id}, world.agency.admin)
        assert world.acquire(license_, token=carol, on=high).channel == 1
        low.call("BoundaryService/WithdrawPartnerException", {"exception_id": made.exception_id}, world.contoso.admin)
        assert reason(world.acquire, license_, token=carol, on=high) == "PORTAL_REQUIRED"
    finally:
        low.stop()
        high.stop()
