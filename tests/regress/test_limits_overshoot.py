# SPDX-License-Identifier: Apache-2.0
"""Limits that requests went past together: each counted before any of the others had committed."""
import os

import pytest

from authority import new_id
from calls import call_on, fresh_channel, outcome_of
from stock import super_user
from waiting import eventually
from world import MULTI_TENANT, ROLES, template_of

AT_ONCE = 12  # connections, so that both workers have some
# What every act that changes decisions writes last; or what the others' new rows refer to, which is looked at last. Whoever
# waits for such a row has counted and inserted; others may wait for that one.
EPOCHS, TENANTS = "SELECT FROM epoch FOR UPDATE", "SELECT FROM tenant FOR UPDATE"
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@pytest.fixture(scope="module")
def world(world):
    """One tenant with nearly as many of everything as it may have."""
    w = world
    w.full, w.partners = w.tenant("full"), [w.tenant(f"partner{n}", "gcc-high") for n in range(AT_ONCE)]
    w.entra = w.call("IssuerService/CreateIssuer", {"issuer": {
        "kind": MULTI_TENANT, "boundary": "commercial", "issuer": "https://many.example/{tenantid}", "audiences": ["x"],
        "algorithms": ["ES256"], "jwks_json": w.full.issuer.jwks()}}, w.platform_admin).issuer.issuer_id
    return w


def fill(world, table, most, columns, values, where=""):
    """All but one of what a tenant may have, behind the server's back."""
    world.changed_by_hand(
        f"INSERT INTO {table} (tenant, {columns}) SELECT '{world.full.id}', {values} FROM generate_series(1, {most - 1} - "
        f"(SELECT count(*) FROM {table} WHERE tenant = '{world.full.id}' {where})) AS n")


def fill_partners(world, columns):
    """Exceptions with as many other tenants; `columns`: theirs and the full tenant's."""
    world.sql("INSERT INTO tenant (tenant, name, display_name, boundary, state, license_cap_days) SELECT "
              "gen_random_uuid(), 'z' || n, '', 'gcc-high', 1, 30 FROM generate_series(1, 999) AS n ON CONFLICT DO NOTHING")
    world.sql(f"INSERT INTO partner_exception (exception, {columns}) SELECT gen_random_uuid(), tenant, '{world.full.id}' "
              "FROM tenant WHERE name ~ '^z[0-9]+$' ON CONFLICT DO NOTHING")
    world.sql(f"DELETE FROM partner_consent WHERE tenant = '{world.full.id}'; INSERT INTO partner_consent (exception, "
              f"tenant) SELECT exception, '{world.full.id}' FROM partner_exception WHERE '{world.full.id}' IN "
              "(content_tenant, reader_tenant) LIMIT 999")


def filled(world, kind):
    """Bring the kind to one less than its limit; where it is counted, its method, a request for each number."""
    w, mine = world, f"tenant = '{world.full.id}'"
    if kind == "templates":
        fill(w, "template", 500, "template, offline_days, grant_principals, grant_rights, name_languages, name_texts",
             "gen_random_uuid(), 0, '{owner}', '{VIEW}', '{en}', '{T}'")
        return f"template WHERE {mine}", "TemplateService/CreateTemplate", lambda n: {
            "template": template_of(), "request_id": new_id() if n % 2 else ""}
    if kind == "brandings":
        fill(w, "branding", 50, "branding, display_name, logo, background_color, accent_color, privacy_url, languages, "
             "introductions, bodies, buttons, disclaimers", "'b' || n, '', '', '', '', '', '{}', '{}', '{}', '{}', '{}'")
        return f"branding WHERE {mine}", "BrandingService/CreateBranding", lambda n: {"branding": {"branding": f"new{n}"}}
    if kind == "super users":
        fill(w, "super_user", 100, "principal, reason, granted_by, expires_at",
             "'user:s' || n || '@full.example', 'x', 'x', now() + interval '1 day'")
        return f"super_user WHERE {mine}", "TenantService/GrantSuperUser", lambda n: super_user(f"user:n{n}@full.example")
    if kind == "domains":
        fill(w, "tenant_domain", 1000, "domain, proof", "'d' || n || '.example', 'p'")
        return f"tenant_domain WHERE {mine}", "TenantService/AddDomain", lambda n: {"domain": f"new{n}.example"}
    if kind == "exclusions":
        fill(w, "exclusion", 1000, "kind, value", "2, 'app' || n")
        return f"exclusion WHERE {mine}", "TenantService/AddExclusion", lambda n: {"application": f"new{n}"}
    if kind == "denials":
        fill(w, "denial", 1000, "side, partner", "1, 'domain:d' || n || '.example'")
        return f"denial WHERE {mine}", "TenantService/AddDenial", lambda n: {
            "denial": {"side": 2, "domain": f"new{n}.example"}}
    if kind == "issuers":
        fill(w, "issuer", 500, "issuer, boundary, kind, iss, audiences, algorithms, jwks_json",
             "gen_random_uuid(), 'commercial', 1, 'https://full.example/' || n, '{x}', '{ES256}', '{}'")
        return f"issuer WHERE {mine}", "IssuerService/CreateIssuer", lambda n: {"issuer": {
            "kind": 1, "issuer": f"https://idp{n}.full.example", "audiences": ["x"], "algorithms": ["ES256"],
            "jwks_json": w.full.issuer.jwks()}}
    if kind == "mappings":
        fill(w, "issuer_tenant", 1000, "issuer, value", f"'{w.entra}', gen_random_uuid()::text")
        return f"issuer_tenant WHERE {mine}", "IssuerService/MapTenant", lambda n: {
            "issuer_id": w.entra, "value": new_id(), "tenant": "full"}
    assert kind == "components"
    fill(w, "component", 1000, "component, name, role", "gen_random_uuid(), 'c' || n, 1")
    return f"component WHERE {mine}", "ComponentService/CreateComponent", lambda n: {"component": {
        "name": f"new{n}", "role": ROLES["auditor"], "tenant": "full", "certificate_sha256": [os.urandom(32)]}}


def at_once(world, who, method, requests, last=EPOCHS):
    """The outcomes of requests of which at least two have begun before any has ended."""
    channels = [fresh_channel(world.a, who) for _ in requests]
    assert {call_on(channel, "BoundaryService/ListBoundaries", {}) for channel in channels} == {"OK"}
    world.sql(f"BEGIN; {last}")
    try:
        futures = [call_on(channel, method, request, wait=False) for channel, request in zip(channels, requests)]
        eventually(lambda: int(world.sql(WAITING, role="server")) >= 2, "two requests wait for each other")
    finally:
        world.sql("COMMIT")
    outcomes = sorted(outcome_of(future) for future in futures)
    for channel in channels:
        channel.close()
    return outcomes


ONE_FITS = ["LIMIT_EXCEEDED"] * (AT_ONCE - 1) + ["OK"]


@pytest.mark.parametrize("kind,most", [
    ("templates", 500), ("super users", 100), ("domains", 1000), ("exclusions", 1000), ("denials", 1000),
    ("issuers", 500), ("mappings", 1000), ("components", 1000), ("brandings", 50)])
def test_requests_at_once_passed_a_limit(world, kind, most):
    counted, method, request = filled(world, kind)
    who = world.platform_admin if kind in ("mappings", "components") else world.full.admin
    requests = [request(n) for n in range(AT_ONCE)]
    assert at_once(world, who, method, requests, TENANTS if kind == "domains" else EPOCHS) == ONE_FITS
    assert world.sql(f"SELECT count(*) FROM {counted}") == str(most)
    world.sql(f"DELETE FROM {counted} AND name ~ '^c[0-9]+$'" if kind == "components" else "SELECT")


def test_requests_at_once_passed_the_limit_of_approvals(world):
    two = world.tenant("cautious")
    world.update_tenant(two.admin, two_person=[1])
    asked = world.call("TenantService/GrantSuperUser", super_user("user:a@cautious.example"), two.admin).approval_id
    world.sql("INSERT INTO approval (tenant, approval, act, operation, request, summary, requested_by, requested_by_name, "
              "requested_with, expires_at) SELECT tenant, gen_random_uuid(), act, operation, request, summary, requested_by, "
              f"requested_by_name, requested_with, expires_at FROM approval, generate_series(1, 98) WHERE approval = '{asked}'")
    requests = [super_user(f"user:n{n}@cautious.example") for n in range(AT_ONCE)]
    assert at_once(world, two.admin, "TenantService/GrantSuperUser", requests, TENANTS) == ONE_FITS
    assert world.sql(f"SELECT count(*) FROM approval WHERE tenant = '{two.id}'") == "100"


def test_requests_at_once_passed_the_limit_of_boundaries(world):
    world.sql("INSERT INTO boundary (name, display_name, suite, fips) SELECT 'zz' || n, '', 1, false FROM "
              "generate_series(1, 99 - (SELECT count(*) FROM boundary)) AS n")
    requests = [{"boundary": {"boundary": f"new{n}", "suite": 1}} for n in range(AT_ONCE)]
    assert at_once(world, world.platform_admin, "BoundaryService/CreateBoundary", requests) == ONE_FITS
    assert world.sql("SELECT count(*) FROM boundary") == "100"
    world.sql("DELETE FROM boundary WHERE name ~ '^(zz|new)[0-9]+$'")


@pytest.mark.parametrize("verb", ["propose", "accept"])
def test_requests_at_once_passed_the_limit_of_partners(world, verb):
    fill_partners(world, "content_tenant, reader_tenant" if verb == "propose" else "reader_tenant, content_tenant")
    if verb == "propose":
        requests = [{"partner": partner.name} for partner in world.partners]
    else:  # none of these others' proposals has used up any room
        requests = [{"exception_id": world.call("BoundaryService/ProposePartnerException", {
            "partner": "full"}, partner.admin).exception.exception_id} for partner in world.partners]
    method = f"BoundaryService/{verb.capitalize()}PartnerException"
    assert at_once(world, world.full.admin, method, requests) == ONE_FITS
    assert world.sql(f"SELECT count(*) FROM partner_consent WHERE tenant = '{world.full.id}'") == "1000"


@pytest.mark.parametrize("counted,most,method", [
    ("entries", 10 ** 6, "PutUser"), ("members", 10 ** 7, "AddMembers"), ("entries", 10 ** 6, "ImportDirectory")])
def test_a_directory_had_no_limit(world, counted, most, method):
    """Its count is kept, because counting a million for each change takes long; what goes makes room again."""
    big = world.tenant()
    world.call("DirectoryService/PutUser", {"user": {"address": f"a@{big.domain}"}}, big.admin)
    world.call("DirectoryService/PutGroup", {"group": {"address": f"g@{big.domain}"}}, big.admin)
    world.call("DirectoryService/AddMembers", {"group": f"g@{big.domain}", "members": [f"a@{big.domain}"]}, big.admin)
    mine = f"WHERE tenant = '{big.id}'"
    assert world.sql(f"SELECT entries, members FROM directory {mine}") == "2|1"
    world.sql(f"UPDATE directory SET {counted} = {most - 1} {mine}")
    requests = [{"PutUser": {"user": {"address": f"n{n}@{big.domain}"}},
                 "AddMembers": {"group": f"g@{big.domain}", "members": [f"n{n}@{big.domain}"]},
                 "ImportDirectory": {"users": [{"address": f"n{n}@{big.domain}"}]}}[method] for n in range(AT_ONCE)]
    assert at_once(world, big.admin, f"DirectoryService/{method}", requests) == ONE_FITS
    world.call("DirectoryService/PutUser", {"user": {"address": f"a@{big.domain}", "display_name": "A"}}, big.admin)
    world.call("DirectoryService/DeleteGroup", {"address": f"g@{big.domain}"}, big.admin)
    gone = 2 if counted == "members" else 1
    assert world.sql(f"SELECT {counted} FROM directory {mine}") == str(most - gone)


def test_who_is_there_already_takes_no_room(world):
    """At the limit, power is prolonged, and a request that is sent again finds what it has made."""
    for number in range(2):
        world.call("TenantService/GrantSuperUser", super_user("user:n@contoso.com"), world.contoso.admin)
        if not number:
            world.sql("INSERT INTO super_user (tenant, principal, reason, granted_by, expires_at) SELECT "
                      f"'{world.contoso.id}', 'user:s' || n || '@contoso.com', 'x', 'x', now() + interval '1 day' "
                      "FROM generate_series(1, 99) AS n")
    world.sql("INSERT INTO template (tenant, template, offline_days, grant_principals, grant_rights, name_languages, "
              f"name_texts) SELECT '{world.contoso.id}', gen_random_uuid(), 0, '{{owner}}', '{{VIEW}}', '{{en}}', '{{T}}' "
              "FROM generate_series(1, 499)")
    same = [{"template": template_of(), "request_id": new_id()}] * AT_ONCE
    assert at_once(world, world.contoso.admin, "TemplateService/CreateTemplate", same) == ["OK"] * AT_ONCE
