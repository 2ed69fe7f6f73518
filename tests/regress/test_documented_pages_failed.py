# SPDX-License-Identifier: Apache-2.0
"""A page of 1,000 is what the log's documentation offers, and always failed with MESSAGE_TOO_COMPLEX; so did smaller pages of
large resources. Every list is asked for more than it has, with resources as large as requests may make them."""
import pytest

from calls import pages
from methods import METHODS
from world import MULTI_TENANT, rule_of

PAGE = 1000
LONG = "rpad(n || '-', 240, 'x')"
MANY_LONG = "ARRAY(SELECT rpad(n || '-' || i || '-', 240, 'x') FROM generate_series(1, {}) AS i)"
UUID = "('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid"
# What is listed, how many there are, and the request without what this file makes.
LISTS = {
    "TenantService/ListTenants": ("tenants", 1200),
    "TenantService/ListExclusions": ("exclusions", 1000),
    "TenantService/ListDenials": ("denials", 1000),
    "BoundaryService/ListBoundaries": ("boundaries", 100),
    "BoundaryService/ListPartnerExceptions": ("exceptions", 1000),
    "IssuerService/ListIssuers": ("issuers", 40),
    "IssuerService/ListTenantMappings": ("mappings", 1100),
    "ComponentService/ListComponents": ("components", 40),
    "TemplateService/ListTemplates": ("templates", 12),
    "MailFlowService/ListRules": ("rules", 16),
    "BrandingService/ListBrandings": ("brandings", 50),
    "DeviceService/ListDevices": ("devices", 250),
    "KeyService/ListKeys": ("keys", 250),
    "SignalService/ListSignalTransmitters": ("transmitters", 20),
    "SignalService/ListSignaledPeople": ("people", 1100),
    "DirectoryService/ListUsers": ("users", 250),
    "DirectoryService/ListGroups": ("groups", 250),
    "DirectoryService/ListMembers": ("members", 1100),
    "DirectoryService/ListDirectoryTokens": ("tokens", 250),
    "ApprovalService/ListApprovals": ("approvals", 250),
    "TrackingService/ListContent": ("contents", 60),
    "TrackingService/ListAccess": ("events", 1100),
    "AuditService/Query": ("events", 1100),
}
PAGED = sorted(path for path, method in METHODS.items() if method.is_built
               and "page_size" in method.request_type().DESCRIPTOR.fields_by_name)


@pytest.fixture(scope="module")
def world(world):
    world.big = world.tenant("big")
    world.admin = world.big.admin
    world.entra = world.call("IssuerService/CreateIssuer", {"issuer": {
        "kind": MULTI_TENANT, "boundary": "commercial", "issuer": "https://many.example/{tenantid}", "audiences": ["x"],
        "algorithms": ["ES256"], "jwks_json": world.big.issuer.jwks()}}, world.platform_admin).issuer.issuer_id
    fill(world)
    return world


def fill(world):
    big = world.big.id

    def insert(table, count, columns, values):
        world.sql(f"INSERT INTO {table} (tenant, {columns}) SELECT '{big}', {values} FROM generate_series(1, {count}) AS n")

    world.sql("INSERT INTO tenant (tenant, name, display_name, boundary, state, license_cap_days) SELECT gen_random_uuid(), "
              "'z' || n, rpad('', 128, 'x'), 'gcc-high', 1, 30 FROM generate_series(1, 1200) AS n")
    insert("exclusion", 1000, "kind, value", f"1, {LONG}")
    insert("denial", 1000, "side, partner", "1, 'domain:' || rpad('', 240, 'x') || n || '.example'")
    world.sql("INSERT INTO boundary (name, display_name, suite, fips, authority_url, portal_url) SELECT rpad('b' || n || '-', 63, "
              "'x'), rpad('', 128, 'x'), 1, false, rpad('https://', 512, 'x'), rpad('https://', 512, 'x') FROM "
              "generate_series(1, 96) AS n; INSERT INTO boundary_rule (content_boundary, reader_boundary, rule) SELECT c.name, "
              "r.name, 1 FROM boundary c, boundary r ON CONFLICT DO NOTHING")
    world.sql(f"INSERT INTO partner_exception (exception, content_tenant, reader_tenant) SELECT gen_random_uuid(), '{big}', tenant "
              "FROM tenant WHERE name ~ '^z' LIMIT 500; INSERT INTO partner_exception (exception, content_tenant, reader_tenant) "
              f"SELECT gen_random_uuid(), tenant, '{big}' FROM tenant WHERE name ~ '^z' LIMIT 500")
    insert("issuer", 40, "issuer, boundary, kind, iss, audiences, algorithms, jwks_json, domains",
           "gen_random_uuid(), 'commercial', 1, 'https://big.example/' || n, '{x}', '{ES256}', "
           f"'{{\"keys\":[]}}' || repeat(' ', 64000), {MANY_LONG.format(1000)}")
    world.sql(f"INSERT INTO issuer_tenant (issuer, value, tenant) SELECT '{world.entra}', {LONG}, '{big}' FROM "
              "generate_series(1, 1100) AS n")
    insert("component", 40, "component, name, role, sender_domains", f"gen_random_uuid(), 'c' || n, 1, {MANY_LONG.format(1000)}")
    world.sql("CREATE TEMPORARY TABLE g AS SELECT array_agg('x-' || i) AS tags, array_agg(rpad('', 1024, 'x')) AS texts FROM "
              "generate_series(10, 73) AS i")
    insert("template", 12, "template, offline_days, grant_principals, grant_rights, name_languages, name_texts, "
           "description_languages, description_texts",
           f"{UUID}, 0, ARRAY(SELECT 'user:' || rpad(i || '-', 200, 'x') || '@big.example' FROM generate_series(1, 1000) AS i), "
           "array_fill('VIEW'::text, ARRAY[1000]), (SELECT tags FROM g), (SELECT texts FROM g), (SELECT tags FROM g), (SELECT texts "
           "FROM g)")
    for number in range(16):
        words = [f"{number}-{i}-".ljust(110, "x") for i in range(500)]
        world.call("MailFlowService/CreateRule", {"rule": rule_of(name=f"n{number}", conditions=[
            {"text": {"place": 2, "words": words}}])}, world.admin)
    insert("branding", 50, "branding, display_name, logo, background_color, accent_color, privacy_url, languages, introductions, "
           "bodies, buttons, disclaimers", "'b' || n, rpad('', 128, 'x'), '', '#123456', '#123456', rpad('https://', 512, 'x'), "
           "(SELECT tags FROM g), (SELECT texts FROM g), (SELECT texts FROM g), array_fill(rpad('', 128, 'x'), ARRAY[64]), "
           "(SELECT texts FROM g)")
    directory(world, insert)
    insert("device", 250, "address, thumbprint, display_name, public_jwk, issuer_tenant, issuer, ends_at",
           f"{LONG}, lpad(n::text, 43, '0'), rpad('', 128, 'x'), rpad('', 8192, 'x'), '{big}', (SELECT issuer FROM issuer WHERE "
           f"tenant = '{big}' LIMIT 1), now() + interval '1 day'")
    insert("signal_transmitter", 20, "transmitter, iss, audiences, subject_issuers, jwks_url, jwks_json, push_token_hash",
           f"{UUID}, n || rpad('', 500, 'x'), array_fill(rpad('', 512, 'x'), ARRAY[10]), array_fill(rpad('', 512, 'x'), ARRAY[10]), '', "
           "rpad('', 65536, 'x'), sha256('x')")
    insert("signal_state", 1100, "scope, transmitter, kind, name, disabled, switched, not_before",
           f"{UUID}, {UUID}, 2, 'https://i.example ' || n || rpad('', 240, 'x'), true, 1, 1")
    insert("directory_token", 250, "token, name, hash, expires_at", f"{UUID}, rpad(n || '-', 64, 'x'), sha256(n::text::bytea), now()")
    insert("tenant_key", 247, "purpose, version, state, root_version, wrapped, public_jwk",
           "1 + n % 3, 1 + n, 2, 1, 'x', rpad('', 512, 'x')")
    insert("approval", 250, "approval, act, operation, request, summary, requested_by, requested_by_name, requested_with, "
           "requested_as, digest, expires_at, change_fields, change_before, change_after",
           f"gen_random_uuid(), 'grant_super_user', 1, '', rpad('', 1024, 'x'), {UUID}, {LONG}, '', 3, sha256('x'), now() + interval "
           f"'1 day', {MANY_LONG.format(64)}, {MANY_LONG.format(64)}, {MANY_LONG.format(64)}")
    insert("content", 60, "content, owner, issuer, display_name, revoked_users",
           f"gen_random_uuid(), 'al@big.example', 'al@big.example', {LONG}, {MANY_LONG.format(1000)}")
    world.content = world.sql(f"SELECT content FROM content WHERE tenant = '{big}' LIMIT 1")
    insert("audit", 1100, "at, event, operation, granted, reason, user_address, content, rights, channel, power, client_address, "
           "user_agent, correlation_id, target",
           f"now(), gen_random_uuid(), 'acquire_license', true, 'OK', {LONG}, '{world.content}', 'VIEW,EDIT', 'native', 'owner', "
           "'::1', rpad('', 256, 'x'), rpad('', 128, 'x'), rpad('', 1024, 'x')")
    world.changed_by_hand("SELECT 1")


def directory(world, insert):
    world.sql(f"INSERT INTO directory (tenant) VALUES ('{world.big.id}'); UPDATE tenant SET has_directory = true WHERE tenant = "
              f"'{world.big.id}'")
    for kind, letter in ((1, "u"), (2, "g")):
        insert("directory_entry", 250, "address, kind, display_name", f"'{letter}' || n || '@big.example', {kind}, rpad('', 128, 'x')")
        insert("directory_name", 250, "address, entry", f"'{letter}' || n || '@big.example', '{letter}' || n || '@big.example'")
        world.sql(f"INSERT INTO directory_name (tenant, address, entry) SELECT '{world.big.id}', rpad('{letter}' || n || '-' || i || "
                  f"'-', 240, 'x'), '{letter}' || n || '@big.example' FROM generate_series(1, 250) AS n, generate_series(1, 100) AS i")
    insert("directory_member", 1100, "group_address, member", f"'g1@big.example', {LONG}")


def request_of(world, path):
    return {"page_size": PAGE} | {
        "IssuerService/ListTenantMappings": lambda: {"issuer_id": world.entra},
        "DirectoryService/ListMembers": lambda: {"group": "g1@big.example"},
        "TrackingService/ListAccess": lambda: {"content_id": world.content},
        "AuditService/Query": lambda: {"filter": {"tenant": "big", "operation": "acquire_license"}},
    }.get(path, dict)()


def who_asks(world, path):
    platforms = ("TenantService/ListTenants", "IssuerService/ListTenantMappings", "AuditService/Query")
    return world.platform_admin if path in platforms else world.admin


@pytest.mark.parametrize("path", PAGED)
def test_a_page_of_1000(world, path):
    items, least = LISTS[path]
    found = pages(world.call, path, request_of(world, path), items, who_asks(world, path))
    texts = [item if isinstance(item, str) else item.SerializeToString(deterministic=True) for item in found]
    assert len(texts) >= least
    assert len(set(texts)) == len(texts), "something came twice"


def test_a_page_of_1000_ordinary_events(world):
    """What is of ordinary length comes as documented."""
    world.sql("INSERT INTO audit (tenant, at, event, operation, granted, reason, user_address, content, client_address, user_agent, "
              f"correlation_id) SELECT '{world.contoso.id}', now(), gen_random_uuid(), 'acquire_license', true, 'OK', "
              "'someone@contoso.com', gen_random_uuid(), '192.0.2.1', 'grpc-python/1.51.1 grpc-c/29.0.0 (linux; chttp2)', "
              "gen_random_uuid()::text FROM generate_series(1, 1500)")
    page = world.call("AuditService/Query", {"filter": {"tenant": "contoso"}, "page_size": PAGE}, world.platform_admin)
    assert len(page.events) == PAGE and page.next_page_token


@pytest.mark.parametrize("path,request_", [
    ("TemplateService/GetTemplate", {"template_id": "00000000-0000-7000-8000-000000000001"}),
    ("PublishingService/ListAvailableTemplates", {}), ("TenantService/ListSuperUsers", {}),
    ("TenantService/GetTenant", {"tenant": "big"}), ("BoundaryService/GetBoundary", {"boundary": "commercial"}),
])
def test_the_largest_without_pages(world, path, request_):
    token = world.big.token("al") if path.startswith("Publishing") else None
    world.sql("INSERT INTO tenant_domain (tenant, domain, proof) SELECT "
              f"'{world.big.id}', rpad(n || '-', 240, 'x'), rpad('', 64, 'x') FROM generate_series(1, 990) AS n "
              "ON CONFLICT DO NOTHING")
    world.sql("INSERT INTO super_user (tenant, principal, reason, granted_by, expires_at) SELECT "
              f"'{world.big.id}', 'user:' || rpad(n || '-', 230, 'x') || '@x', rpad('', 256, 'x'), rpad('', 256, 'x'), now() + "
              "interval '1 day' FROM generate_series(1, 100) AS n ON CONFLICT DO NOTHING")
    world.call(path, request_, None if token else world.admin, token)
