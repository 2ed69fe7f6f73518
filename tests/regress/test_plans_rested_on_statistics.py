# SPDX-License-Identifier: Apache-2.0
"""Plans were good only for tables that had been analyzed while they were of about their size, and for what was asked for being
spread evenly: a list's deep pages read all that came before, and a rare filter the whole log. Here PostgreSQL explains the
statements of every list, as the server prepares them, on tables that were never analyzed, and on analyzed ones."""
import functools

import pytest

from statements import STATEMENTS, is_planned_once, Plans, blocks, nodes

EVENTS, CONTENTS, PEOPLE, PAGE, SCAN = 240_000, 60_000, 60_000, 51, 10_000
PAGE_BLOCKS = 600  # a page's rows, each in a block of its own, and the way to them in each partition
EVENT = "ffffffff-ffff-ffff-ffff-ffffffffffff"
DEEP = "now() - interval '40 hours'"
# Of tables that grow: not of what a tenant, or all, may have a few hundreds of.
GROWING = {"audit", "content", "content_amendment", "directory_entry", "directory_name", "directory_member", "partner_exception",
           "tenant", "issuer_tenant", "approval", "template", "component", "issuer", "token_proof", "request", "mail_rule", "device",
           "signal_state", "signal_seen", "scim_entry"}
# At most 100 rows, or as many for each; and what is sorted, 1,000 of a tenant.
SMALL = {"list_boundaries", "list_rules", "list_super_users", "list_brandings", "list_mappings_of_tenant", "list_transmitters",
         "list_directory_tokens"}


@pytest.fixture(scope="module")
def world(world):
    """Half of the log, and of the contents, are of somebody who was busy once and has not been seen for a long time."""
    contoso = world.contoso.id
    world.sql("".join(f"ALTER TABLE {name} SET (autovacuum_enabled = off); " for name in world.sql(
        "SELECT name FROM audit_partitions() UNION SELECT unnest(ARRAY['content', 'directory_name', 'directory_entry', 'device', 'signal_state', "
        "'partner_exception'])").splitlines()))
    world.sql(f"SELECT directory_change('{contoso}')")
    world.sql("INSERT INTO audit (tenant, at, event, operation, granted, reason, user_address, content, power, client_address, "
              f"user_agent, correlation_id) SELECT '{contoso}', now() - n * interval '1 second', gen_random_uuid(), "
              "CASE WHEN n % 20000 = 0 THEN 'revoke' ELSE 'acquire_license' END, n % 20001 <> 0 AND n < 120000, "
              "CASE WHEN n % 20001 = 0 THEN 'EXPIRED' WHEN n >= 120000 THEN 'REVOKED' ELSE 'OK' END, "
              "CASE WHEN n >= 120000 THEN 'once@contoso.com' WHEN n % 20003 = 0 THEN 'rare@contoso.com' ELSE 'u' || n % 500 || "
              "'@contoso.com' END, ('00000000-0000-7000-8000-' || lpad((n % 2)::text, 12, '0'))::uuid, "
              "CASE WHEN n % 20011 = 0 THEN 'super_user' WHEN n >= 120000 THEN 'owner' ELSE '' END, '', '', '' "
              f"FROM generate_series(1, {EVENTS}) AS n")
    world.sql("INSERT INTO content (tenant, content, owner, issuer, display_name) SELECT "
              f"'{contoso}', ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, "
              "CASE WHEN n < 30000 THEN 'once@contoso.com' ELSE 'u' || n % 500 || '@contoso.com' END, "
              "CASE WHEN n < 200 THEN 'gate-a' ELSE 'gate-b' END, '' "
              f"FROM generate_series(1, {CONTENTS}) AS n")
    world.sql("INSERT INTO tenant (tenant, name, display_name, boundary, state, license_cap_days) SELECT gen_random_uuid(), "
              "'z' || n, '', 'gcc-high', 1, 30 FROM generate_series(1, 300) AS n; INSERT INTO partner_exception (exception, "
              "content_tenant, reader_tenant) SELECT gen_random_uuid(), c.tenant, r.tenant FROM tenant c, tenant r WHERE "
              "c.name ~ '^z' AND r.name ~ '^z' AND c.name < r.name")
    world.sql(f"INSERT INTO directory_entry (tenant, address, kind) SELECT '{contoso}', 'p' || n || '@contoso.com', 1 FROM "
              f"generate_series(1, {PEOPLE}) AS n; INSERT INTO directory_name (tenant, address, entry) SELECT tenant, address, "
              f"address FROM directory_entry WHERE tenant = '{contoso}' ON CONFLICT DO NOTHING; "
              "INSERT INTO directory_name (tenant, address, entry) SELECT tenant, 'alias-' || address, address FROM "
              f"directory_entry WHERE tenant = '{contoso}' AND kind = 1; "
              f"INSERT INTO directory_name (tenant, address, entry) VALUES ('{contoso}', 'rare@z.example', 'p1@contoso.com')")
    world.sql("INSERT INTO device (tenant, address, thumbprint, display_name, public_jwk, issuer_tenant, issuer, ends_at) "
              "SELECT i.tenant, 'p' || n || '@contoso.com', lpad(n::text, 43, '0'), '', '', i.tenant, i.issuer, now() + interval "
              f"'1 day' FROM issuer i, generate_series(1, {PEOPLE}) AS n WHERE i.tenant = '{contoso}'")
    world.sql("INSERT INTO signal_state (tenant, scope, transmitter, kind, name, disabled, switched, not_before) SELECT "
              f"'{contoso}', signal_scope('{contoso}', 1::smallint, n::text), '{EVENT}', 1, n, true, 1, 0 FROM generate_series(1, "
              f"{PEOPLE}) AS n")
    return world


@pytest.fixture(scope="module", params=["never", "analyzed"])
def plans(world, request):
    if request.param == "analyzed":
        world.sql("ANALYZE")
    made = Plans(world.a.postgres.server_conninfo)
    yield made
    made.close()


def audit(lead, scan=PAGE, **values):
    """A page of the log that finds all that it needs by its lead, or one that looks at `scan` rows."""
    return "audit_query", {"lead": lead, "limit": PAGE, "scan_max": SCAN, "denied_only": False, "tracked_only": False, **values}, scan


def follow(lead, **values):
    """A page of a stream, oldest first: from the middle of the log on."""
    return "audit_follow", {"lead": lead, "limit": PAGE, "scan_max": PAGE, "denied_only": False, "tracked_only": False,
                            "before": "2100-01-01", "deep": True, **values}, PAGE


def other(name, rows=PAGE, **values):
    return name, {"limit": PAGE, **values}, rows


FIRST = {"after": ""}
CASES = {
    "the newest": audit("time"),
    "the newest, deep": audit("time", deep=True),
    "a content's": audit("content", content="00000000-0000-7000-8000-000000000000"),
    "a content's, deep": audit("content", deep=True, content="00000000-0000-7000-8000-000000000000"),
    "accesses to a content, deep": audit("content", deep=True, content="00000000-0000-7000-8000-000000000001",
                                         operation="acquire_license", tracked_only=True),
    "a rare user's": audit("user", user_address="rare@contoso.com"),
    "a user's of long ago": audit("user", user_address="once@contoso.com"),
    "nobody's": audit("user", user_address="nobody@contoso.com"),
    "a rare reason": audit("reason", reason="EXPIRED"),
    "a reason of long ago": audit("reason", reason="REVOKED"),
    "a rare operation": audit("operation", operation="revoke"),
    "a rare power": audit("power", power="POWER_SUPER_USER"),
    "a power of long ago": audit("power", power="POWER_OWNER"),
    "any power": audit("any_power", power="POWER_ANY"),
    "refusals": audit("denied", denied_only=True),
    "two filters": audit("user", SCAN, user_address="once@contoso.com", reason="EXPIRED"),
    "granted": audit("time", reason="OK"),
    "followed": follow("time"),
    "a content's, followed": follow("content", content="00000000-0000-7000-8000-000000000000"),
    "a user's, followed": follow("user", user_address="rare@contoso.com"),
    "a reason, followed": follow("reason", reason="EXPIRED"),
    "an operation, followed": follow("operation", operation="revoke"),
    "a power, followed": follow("power", power="POWER_SUPER_USER"),
    "any power, followed": follow("any_power", power="POWER_ANY"),
    "refusals, followed": follow("denied", denied_only=True),
    "all tenants', followed by a sink": ("sink_follow", {"limit": PAGE, "before": "2100-01-01", "deep": True}, PAGE),
    "contents": other("list_content"),
    "contents of an owner": other("list_owned_content", owners=["once@contoso.com"]),
    "contents of an owner by a rare component": other("list_owned_content", owners=["once@contoso.com"], issuer="gate-a"),
    "partner exceptions": other("list_partners"),
    "users": other("directory_list", kind=1, after="p3"),
    "groups": other("directory_list", kind=2, **FIRST),
    "members": other("directory_list_members", group_address="g@contoso.com", **FIRST),
    "people in a rare domain": other("directory_people_in", domain="z.example"),
    "people of a tenant": other("directory_people_in", domain=""),
    "people of a group": other("directory_people_of", group_address="g@contoso.com", domains=["contoso.com"]),
    "entries, by an identity provider": other("list_scim_entries", kind=1, skip=20),
    "members, by an identity provider": other("list_scim_members", group_address="g@contoso.com"),
    "devices": other("list_devices", after_address="m", after_thumbprint=""),
    "devices of a person": other("list_own_devices", addresses=["p3@contoso.com"], after_address="", after_thumbprint=""),
    "keys": other("list_keys", after_purpose=1, after_version=1),
    "tenants": ("list_tenants", {"limit": PAGE}, PAGE),
    "templates": other("list_templates"),
    "mail-flow rules": other("list_mail_rules", after=0),
    "components": other("list_components"),
    "issuers": other("list_issuers"),
    "people of whom signals hold": other("list_signaled", after_scope="80000000-0000-7000-8000-000000000000", after_transmitter=EVENT),
    "approvals": other("list_approvals", states=[1], request_max=512, with_secret=False, changes_max=4),
    "mappings": ("list_tenant_mappings", {"limit": PAGE, "issuer": EVENT, **FIRST}, PAGE),
}
LISTS = {name for name in STATEMENTS if name.startswith(("list_", "directory_list", "directory_people")) or name.endswith(("_query", "_follow"))}


def test_every_list_is_here():
    assert LISTS == {case[0] for case in CASES.values()} | SMALL


def values_of(world, case):
    name, values, _ = CASES[case]
    values = dict(values)
    if values.pop("deep", False):
        values |= {"after_at": world.sql(f"SELECT {DEEP}"), "after_event": EVENT}
    params = {field.name for field in STATEMENTS[name].params}
    return values | ({"tenant": world.contoso.id} if "tenant" in params else {})


@functools.cache
def table_of(world, name):
    """Of a partition, its table."""
    return "audit" if name.startswith("audit_") else name


@pytest.mark.parametrize("case", CASES)
def test_a_page_reads_a_page(world, plans, case):
    name, _, rows = CASES[case]
    plan = plans.explain(name, **values_of(world, case))
    assert blocks(plan) <= (PAGE_BLOCKS if rows == PAGE else 2 * SCAN), f"{blocks(plan)} blocks"
    for node in nodes(plan):
        table = table_of(world, node.get("Relation Name", ""))
        if table in GROWING:
            assert node["Node Type"] != "Seq Scan", f"all of {table}"
            seen = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            assert seen <= (SCAN if "Limit" in name or rows != PAGE or name.startswith("audit_") else 8 * PAGE), f"{seen} rows of {table}"


@pytest.mark.parametrize("name", sorted(filter(is_planned_once, STATEMENTS)))
def test_what_is_planned_once_finds_rows_by_keys(world, plans, name):
    """Decisions and lookups: nothing of what grows is read whole, and nothing is read whole to be compared."""
    for node in nodes(plans.explain(name, carry_out=False)):
        table = table_of(world, node.get("Relation Name", ""))
        if table in GROWING - {"tenant", "component", "issuer", "template"}:
            assert node["Node Type"] != "Seq Scan", f"{name}: all of {table}"
            if node["Node Type"] in ("Index Scan", "Index Only Scan"):
                assert "Index Cond" in node, f"{name}: all of {node['Index Name']}"
