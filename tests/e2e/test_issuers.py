# SPDX-License-Identifier: Apache-2.0
"""Issuers of every kind, with tokens as Microsoft, Google and Yahoo make them: who speaks for whom, and that a change
holds from the next call on, on every worker."""
import json
import uuid

import pytest

from calls import everywhere, pages, reason
from providers import (CHINA, COMMERCIAL, MICROSOFT_CONSUMERS, US_GOVERNMENT, Entra, Google, MicrosoftAccounts,
                       Provider,
                       Yahoo)
from statements import STATEMENTS
from world import VIEW


@pytest.fixture(scope="module")
def world(world):
    w = world
    w.tid = {name: str(uuid.uuid4()) for name in ("contoso", "fabrikam", "agency", "nobody")}
    assert w.agency
    w.entra, w.government, w.china = Entra(COMMERCIAL), Entra(US_GOVERNMENT), Entra(CHINA)
    w.google, w.yahoo, w.personal = Google(), Yahoo(), MicrosoftAccounts(w.entra)
    claims = {"claims": {"aliases": ["preferred_username"], "groups": "groups", "guest": "acct"}}
    w.id = {}
    for name, provider, kind, more in (
            ("entra", w.entra, 2, claims), ("government", w.government, 2, dict(claims, boundary="gcc-high")),
            ("china", w.china, 2, claims), ("google", w.google, 3, {}), ("yahoo", w.yahoo, 3, {}),
            ("personal", w.personal, 3, {"domains": ["outlook.com", "hotmail.com"]})):
        w.id[name] = create(w, provider.registration(kind, **more)).issuer_id
    for issuer, tenant in (("entra", "contoso"), ("entra", "fabrikam"), ("government", "agency")):
        map_tenant(w, issuer, w.tid[tenant], tenant)
    w.made = protect(w, ["alice@fabrikam.com", "jane@gmail.com", "jo@yahoo.com", "jim@outlook.com", "kim@late.example",
                         "ann@agency.us"])
    w.alice = w.entra.token(w.tid["fabrikam"], "alice@fabrikam.com")
    return w


def create(w, issuer, who=None):
    return w.call("IssuerService/CreateIssuer", {"issuer": issuer}, who or w.platform_admin).issuer


def update(w, issuer_id, who=None, tenant="", etag="", **fields):
    return w.call("IssuerService/UpdateIssuer", {
        "issuer": {"issuer_id": issuer_id, "tenant": tenant, "etag": etag, **fields},
        "update_mask": {"paths": list(fields)}}, who or w.platform_admin).issuer


def delete(w, issuer_id, who=None, tenant=""):
    w.call("IssuerService/DeleteIssuer", {"issuer_id": issuer_id, "tenant": tenant}, who or w.platform_admin)


def map_tenant(w, issuer, value, tenant):
    w.call("IssuerService/MapTenant", {"issuer_id": w.id[issuer], "value": value, "tenant": tenant}, w.platform_admin)


def unmap(w, issuer, value):
    w.call("IssuerService/UnmapTenant", {"issuer_id": w.id[issuer], "value": value}, w.platform_admin)


def protect(w, recipients, **policy):
    return w.protect(owner="al@contoso.com", recipients=recipients, **policy).publishing_license


def acquire(w, token, made=None):
    return w.acquire(made or w.made, token)


def read(w, token):
    """As somebody of no tenant: in the portal."""
    return w.acquire(w.made, who=w.portal, user_token=token)


def told(w, token):
    """What a member of the mapped tenants is told, by every worker."""
    return everywhere(w.a, "LicensingService/AcquireLicense", w.license_request(w.made), None, token)


# --- many tenants behind one issuer -----------------------------------------------------------------------------

def test_a_member_of_a_mapped_tenant(world):
    claims, _ = world.a.verify(acquire(world, world.alice).use_license, world.reader)
    assert claims["sub"] == "alice@fabrikam.com"
    assert told(world, world.alice) == "OK"


@pytest.mark.parametrize("tenant,address", [("nobody", "alice@fabrikam.com"), ("contoso", "alice@fabrikam.com")])
def test_nobody_speaks_for_anothers_domain(world, tenant, address):
    assert told(world, world.entra.token(world.tid[tenant], address)) == "TOKEN_NO_ADDRESS"


def test_a_tenants_short_name_means_nothing(world):
    """The mapping is explicit: a claim that happens to be one of our names is no mapping."""
    names = Provider("https://names.example", "ES256")
    issuer = create(world, names.registration(2, claims={"tenant": "org"}))
    token = names.sign({"iss": names.iss, "email": "alice@fabrikam.com", "org": "fabrikam"})
    assert told(world, token) == "TOKEN_NO_ADDRESS"
    world.id["names"] = issuer.issuer_id
    map_tenant(world, "names", "fabrikam", "fabrikam")
    assert told(world, token) == "OK"
    delete(world, issuer.issuer_id)
    assert told(world, token) == "TOKEN_ISSUER_UNKNOWN"


def test_iss_and_tenant_claim_are_one(world):
    own, other = world.tid["contoso"], world.tid["fabrikam"]
    iss = f"{COMMERCIAL}/{own}/v2.0"
    cases = {
        "TOKEN_CLAIM_INVALID": [{"iss": iss, "tid": other}, {"iss": iss, "tid": None}, {"iss": iss, "tid": [other]},
                                {"iss": iss, "tid": ""}, {"iss": iss, "tid": own.upper()}],
        "TOKEN_ISSUER_UNKNOWN": [{"iss": world.entra.iss, "tid": "{tenantid}"}, {"iss": f"{COMMERCIAL}/common/v2.0"},
                                 {"iss": f"{COMMERCIAL}/{other}/v1.0"}, {"iss": f"{COMMERCIAL}/{other}/v2.0/"},
                                 {"iss": f"{COMMERCIAL}/{other}"},
                                 {"iss": f"http://login.microsoftonline.com/{other}/v2.0"},
                                 {"iss": f"{COMMERCIAL}.evil.example/{other}/v2.0"}],
    }
    for expected, tokens in cases.items():
        for claims in tokens:
            token = world.entra.token(other, "alice@fabrikam.com", **claims)
            assert reason(acquire, world, token) == expected, claims


def test_clouds_are_apart(world):
    """A token of one cloud says nothing in another, whichever tenant id it carries."""
    agency, contoso = world.tid["agency"], world.tid["fabrikam"]
    assert reason(acquire, world, world.government.token(agency, "ann@agency.us")) == "PORTAL_REQUIRED"
    assert reason(acquire, world, world.government.token(contoso, "alice@fabrikam.com")) == "TOKEN_NO_ADDRESS"
    assert reason(acquire, world, world.entra.token(agency, "ann@agency.us")) == "TOKEN_NO_ADDRESS"
    assert reason(acquire, world, world.china.token(contoso, "alice@fabrikam.com")) == "TOKEN_NO_ADDRESS"
    for signer, cloud in ((world.entra, US_GOVERNMENT), (world.government, COMMERCIAL)):
        token = signer.token(contoso, "alice@fabrikam.com", iss=f"{cloud}/{contoso}/v2.0")
        assert reason(acquire, world, token) == "TOKEN_KEY_UNKNOWN"
    for issuer, tenant in (("government", "fabrikam"), ("entra", "agency")):
        assert reason(map_tenant, world, issuer, str(uuid.uuid4()), tenant) == "FIELD_INVALID"


def test_a_key_speaks_for_its_issuer_only(world):
    """Microsoft's one key set has keys of personal accounts too: none of them makes a member of an organization."""
    tid, consumers = world.tid["fabrikam"], world.entra.keys[1][0]
    assert reason(acquire, world, world.entra.token(tid, "alice@fabrikam.com", consumers)) == "TOKEN_KEY_UNKNOWN"
    read(world, world.personal.token("jim@outlook.com"))


def test_the_older_endpoint(world):
    """Version 1 tokens: another iss of the same tenants, keys without `issuer`, its own mapping."""
    older = Entra("https://sts.windows.net", "{tenantid}/")
    older.keys = [older.make_key()]
    world.id["older"] = create(world, older.registration(2, claims={"address": "unique_name"})).issuer_id
    token = older.token(world.tid["fabrikam"], "x", unique_name="alice@fabrikam.com", ver="1.0")
    assert told(world, token) == "TOKEN_NO_ADDRESS"
    map_tenant(world, "older", world.tid["fabrikam"].upper(), "fabrikam")
    assert told(world, token) == "OK"
    assert reason(acquire, world,
                  older.token(world.tid["fabrikam"], "x", iss=f"https://sts.windows.net/{world.tid['fabrikam']}",
                                              unique_name="alice@fabrikam.com")) == "TOKEN_ISSUER_UNKNOWN"


def test_mappings(world):
    value = str(uuid.uuid4())
    token = world.entra.token(value, "alice@fabrikam.com")
    assert told(world, token) == "TOKEN_NO_ADDRESS"
    map_tenant(world, "entra", value, "fabrikam")
    assert told(world, token) == "OK"
    assert reason(map_tenant, world, "entra", value, "contoso") == "ALREADY_EXISTS"
    unmap(world, "entra", value)
    assert told(world, token) == "TOKEN_NO_ADDRESS"
    assert reason(unmap, world, "entra", value) == "NOT_FOUND"
    assert reason(unmap, world, "entra", "contoso") == reason(unmap, world, "google", value) == "FIELD_INVALID"
    for log in ({"tenant": "fabrikam"}, {}):
        events = [(e.operation, e.target) for e in world.audit(**log) if e.operation.endswith("map_tenant")]
        assert events[:2] == [("unmap_tenant", value), ("map_tenant", value)]


def test_bad_mappings(world):
    good = {"issuer_id": world.id["entra"], "value": str(uuid.uuid4()), "tenant": "contoso"}
    for changes, expected in (({"value": MICROSOFT_CONSUMERS}, "FIELD_INVALID"),
                              ({"value": "contoso"}, "FIELD_INVALID"),
                              ({"value": MICROSOFT_CONSUMERS.upper()}, "FIELD_INVALID"),
                              ({"value": ""}, "FIELD_INVALID"), ({"value": "x" * 129}, "FIELD_INVALID"),
                              ({"issuer_id": world.id["google"]}, "FIELD_INVALID"),
                              ({"issuer_id": "x"}, "FIELD_INVALID"),
                              ({"issuer_id": str(uuid.uuid4())}, "NOT_FOUND"), ({"tenant": ""}, "FIELD_INVALID"),
                              ({"tenant": "nosuch"}, "NOT_FOUND")):
        assert reason(world.call, "IssuerService/MapTenant", {**good, **changes},
                      world.platform_admin) == expected, changes
    for method in ("MapTenant", "UnmapTenant", "ListTenantMappings"):
        request = {"issuer_id": world.id["entra"]}
        assert reason(world.call, f"IssuerService/{method}", {**request, **({} if method[0] == "L" else {"value": "x"}),
                                                                **({"tenant": "contoso"} if method[0] == "M" else {})},
                      world.contoso.admin) == "COMPONENT_ROLE"


def test_mappings_in_pages(world):
    paged = Entra("https://paged.example")
    world.id["paged"] = create(world, paged.registration(2)).issuer_id
    values = sorted(str(uuid.uuid4()) for _ in range(7))
    for value in values:
        map_tenant(world, "paged", value, "contoso")
    one = {"issuer_id": world.id["paged"], "page_size": 3}
    seen = [(mapping.value, mapping.tenant) for mapping in pages(
        world.call, "IssuerService/ListTenantMappings", one, "mappings", world.platform_admin)]
    assert seen == [(value, "contoso") for value in values]
    bad = {"issuer_id": world.id["paged"], "page_token": "!"}
    assert reason(world.call, "IssuerService/ListTenantMappings", bad, world.platform_admin) == "PAGE_TOKEN_INVALID"
    delete(world, world.id["paged"])
    assert world.sql(f"SELECT count(*) FROM issuer_tenant WHERE issuer = '{world.id['paged']}'") == "0"


# --- exact issuers and templates --------------------------------------------------------------------------------

def test_an_exact_issuer_wins(world):
    tid = world.tid["fabrikam"]
    assert told(world, world.alice) == "OK"
    exact = Provider(f"{COMMERCIAL}/{tid}/v2.0", "ES256")
    token = exact.sign({"iss": exact.iss, "email": "alice@fabrikam.com", "tid": tid})
    own = {**exact.registration(1), "tenant": "fabrikam"}
    issuer = create(world, own, world.fabrikam.admin)
    assert told(world, token) == "OK"
    assert told(world, world.alice) == "TOKEN_ALGORITHM"
    update(world, issuer.issuer_id, world.fabrikam.admin, disabled=True)
    assert told(world, world.alice) == "TOKEN_ISSUER_UNKNOWN"  # switched off is not gone
    delete(world, issuer.issuer_id, world.fabrikam.admin)
    assert told(world, world.alice) == "OK"


def test_no_tenant_takes_anothers_place(world):
    """Whoever registered the exact iss of another tenant would shut that tenant out."""
    squat = {**Provider(f"{COMMERCIAL}/{world.tid['contoso']}/v2.0", "ES256").registration(1), "tenant": "fabrikam"}
    assert reason(create, world, squat, world.fabrikam.admin) == "FIELD_INVALID"
    unmapped = {**squat, "issuer": f"{COMMERCIAL}/{uuid.uuid4()}/v2.0"}
    assert reason(create, world, unmapped, world.fabrikam.admin) == "FIELD_INVALID"
    delete(world, create(world, unmapped).issuer_id, tenant="fabrikam")


def test_bad_issuers(world):
    plain = Provider("https://new.example", "ES256").registration(2)
    for changes in ({"issuer": "https://new.example/{tenantid}/{tenantid}"}, {"issuer": "https://{tenantid}/v2.0"},
                    {"issuer": "https://new.example/x{tenantid}"}, {"issuer": "https://new.example/{tenant}/"},
                    {"issuer": "http://new.example/{tenantid}/"}, {"issuer": "https://new.example/{tenantid"},
                    {"issuer": "https://new.example/{tenantid}/", "kind": 3}, {"issuer": ""}, {"issuer": "x" * 513},
                    {"kind": 0}, {"kind": 4}, {"kind": 6}, {"kind": 1}, {"boundary": "nosuch"},
                    {"domains": ["outlook.com"]},
                    {"claims": {"guest": "x" * 129}}, {"algorithms": ["ES256"] * 6}, {"tenant": "contoso"},
                    {"jwks_json": '{"keys":[]}'}):
        assert reason(create, world, {**plain, **changes}) == "FIELD_INVALID", changes
    assert reason(create, world, {**plain, "issuer": world.entra.iss}) == "ALREADY_EXISTS"


def test_components_issuers(world):
    """The platform's or a tenant's. A token of one makes no user."""
    services = Provider("https://services.contoso.com", "ES256")
    issuer = create(world, {**services.registration(5), "tenant": "contoso"}, world.contoso.admin)
    assert (issuer.kind, issuer.tenant, issuer.boundary) == (5, "contoso", "commercial")
    token = services.sign({"iss": services.iss, "sub": "edge", "email": "al@contoso.com"})
    assert reason(acquire, world, token) == "TOKEN_TYPE"
    delete(world, issuer.issuer_id, world.contoso.admin)
    delete(world, create(world, services.registration(5)).issuer_id)


# --- people of no tenant ----------------------------------------------------------------------------------------

def test_consumers(world):
    for token in (world.google.token("jane@gmail.com"), world.yahoo.token("jo@yahoo.com"),
                  world.personal.token("jim@outlook.com")):
        read(world, token)
    # A consumer's account speaks for one address, and only if the provider says so: by true, not by a text.
    for token in (world.google.token("jane@gmail.com", email_verified=False),
                  world.google.token("jane@gmail.com", email_verified="true"),
                  world.google.token("jane@gmail.com", email_verified=1),
                  world.google.token("alice@fabrikam.com"), world.yahoo.token("alice@fabrikam.com"),
                  world.personal.token("jane@gmail.com"), world.personal.token("alice@fabrikam.com"),
                  world.google.token("jane@gmail.com", email_verified=None)):
        assert reason(read, world, token) == "TOKEN_NO_ADDRESS"


def test_a_domain_that_becomes_a_tenants(world):
    """What is remembered of a domain, that it belongs to nobody, ends with the domain's verification."""
    token = world.google.token("kim@late.example")
    assert told(world, token) == "PORTAL_REQUIRED"  # known, as somebody of no tenant
    world.call("TenantService/AddDomain", {"tenant": "fabrikam", "domain": "late.example"}, world.platform_admin)
    assert told(world, token) == "PORTAL_REQUIRED"
    world.call("TenantService/VerifyDomain", {"tenant": "fabrikam", "domain": "late.example", "asserted": True},
                 world.platform_admin)
    assert told(world, token) == "TOKEN_NO_ADDRESS"
    assert told(world, world.entra.token(world.tid["fabrikam"], "kim@late.example")) == "OK"


# What a worker asks now and then, whoever calls: its upkeep, and which history, schema and standbys the database has.
UPKEEP = {name for name, statement in STATEMENTS.items() if statement.c_classes == "1U << STORE_BULK"} | {
    "mark_history", "read_schema_range", "read_replication"}


def statements(a):
    """How many statements the one worker has sent for calls, by name."""
    found = {}
    for line in a.page("/metrics")[1].splitlines():
        if line.startswith("chancery_db_seconds_count{"):
            found[line.split('statement="')[1].split('"')[0]] = int(float(line.split()[-1]))
    return {name: count for name, count in found.items() if name not in UPKEEP}


def test_a_license_costs_one_round_trip(world):
    """Also for members by mapping and for consumers: what is asked once is known until it changes."""
    node = world.a.node(workers=1).start()
    try:
        for who in ({"token": world.alice},
                    {"who": world.portal, "user_token": world.google.token("jane@gmail.com")}):
            world.acquire(world.made, on=node, **who)
            before = statements(node)
            for _ in range(5):
                world.acquire(world.made, on=node, **who)
            after = statements(node)
            more = {name: count - before.get(name, 0) for name, count in after.items() if count != before.get(name, 0)}
            assert more == {"gate": 5}
    finally:
        node.stop()


# --- guests and groups ------------------------------------------------------------------------------------------

def test_guests_are_no_members(world):
    made = protect(world, [], custom={"grants": [{"principals": ["tenant:fabrikam"], "rights": [VIEW]}]})
    tid = world.tid["fabrikam"]
    for acct in (None, 0, "0", False, "false", "Member"):
        acquire(world, world.entra.token(tid, "alice@fabrikam.com", acct=acct), made)
    for acct in (1, "1", True, 2, "true", "Guest"):
        assert reason(acquire, world, world.entra.token(tid, "alice@fabrikam.com", acct=acct), made) == "NO_RIGHTS"


def test_groups_and_overage(world):
    made = protect(world, [], custom={"grants": [{"principals": ["group:legal@fabrikam.com"], "rights": [VIEW]}]})
    tid, groups = world.tid["fabrikam"], [str(uuid.uuid4()), "Legal@fabrikam.com", "ceo@contoso.com"]
    acquire(world, world.entra.token(tid, "alice@fabrikam.com", groups=groups), made)
    refused = (
        {"groups": groups, "hasgroups": True},
        {"groups": groups, "_claim_names": {"groups": "src1"},
         "_claim_sources": {"src1": {"endpoint": "https://graph.windows.net/x/users/y/getMemberObjects"}}},
        {"groups": [str(uuid.uuid4())]})
    for claims in refused:
        assert reason(acquire, world, world.entra.token(tid, "alice@fabrikam.com", **claims), made) == "NO_RIGHTS"
    assert world.a.wait_for_log("identity.groups_overage")["issuer"] == world.id["entra"]


# --- changes ----------------------------------------------------------------------------------------------------

def test_a_change_holds_from_the_next_call_on(world):
    own = Provider("https://changing.fabrikam.com", "ES256")
    issuer = create(world, {**own.registration(1), "tenant": "fabrikam", "claims": {"address": "mail"}},
                    world.fabrikam.admin)
    assert (issuer.tenant, issuer.claims.address) == ("fabrikam", "mail")
    token = own.sign({"iss": own.iss, "mail": "alice@fabrikam.com", "email": "eve@fabrikam.com"})
    one = {"issuer_id": issuer.issuer_id}
    admin = world.fabrikam.admin
    steps = (({"audiences": ["other"]}, "TOKEN_AUDIENCE"), ({"audiences": [own.audience]}, "OK"),
             ({"algorithms": ["EdDSA"]}, "TOKEN_ALGORITHM"), ({"algorithms": ["ES256"]}, "OK"),
             ({"disabled": True}, "TOKEN_ISSUER_UNKNOWN"), ({"disabled": False}, "OK"),
             ({"claims": {"address": "email"}}, "NO_RIGHTS"), ({"claims": {"address": "mail"}}, "OK"),
             ({"jwks_json": world.yahoo.jwks()}, "TOKEN_KEY_UNKNOWN"), ({"jwks_json": own.jwks()}, "OK"))
    assert told(world, token) == "OK"
    etags = [issuer.etag]
    for fields, expected in steps:
        changed = update(world, issuer.issuer_id, admin, etag=etags[-1], **fields)
        etags.append(changed.etag)
        assert told(world, token) == expected, fields
    assert world.call("IssuerService/GetIssuer", one, admin).issuer == changed
    assert len(set(etags)) == len(etags)
    for etag in (*etags[:-1], "x"):
        assert reason(update, world, issuer.issuer_id, admin, etag=etag, disabled=True) == "ETAG_MISMATCH"
    for path in ("issuer", "kind", "boundary", "tenant", "etag", "nosuch"):
        request = {"issuer": one, "update_mask": {"paths": [path]}}
        assert reason(world.call, "IssuerService/UpdateIssuer", request, admin) == "FIELD_INVALID"
    for fields in ({"audiences": []}, {"algorithms": ["none"]}, {"clock_skew_seconds": 301},
                   {"domains": ["outlook.com"]},
                   {"jwks_url": "http://idp.example"}):
        assert reason(update, world, issuer.issuer_id, admin, **fields) == "FIELD_INVALID", fields
    request = {"issuer": {**one, "jwks_url": "https://idp.example/keys", "audiences": ["a"], "algorithms": ["ES256"]},
               "update_mask": {"paths": ["*"]}}
    changed = world.call("IssuerService/UpdateIssuer", request, admin).issuer
    assert (changed.jwks_url, changed.jwks_json, changed.claims.address, changed.clock_skew_seconds) == (
        "https://idp.example/keys", "", "", 0)
    delete(world, issuer.issuer_id, admin)
    assert told(world, token) == "TOKEN_ISSUER_UNKNOWN"
    assert reason(world.call, "IssuerService/GetIssuer", one, admin) == "NOT_FOUND"
    operations = [e.operation for e in world.audit(tenant="fabrikam") if e.target == own.iss]
    assert operations == ["delete_issuer"] + ["update_issuer"] * 11 + ["create_issuer"]


def test_admins_keep_to_their_own(world):
    foreign = create(world,
                     {**Provider("https://foreign.example", "ES256").registration(1), "tenant": "fabrikam"}).issuer_id
    for issuer_id in (foreign, world.id["google"]):
        for method, request in (("GetIssuer", {"issuer_id": issuer_id}), ("DeleteIssuer", {"issuer_id": issuer_id}),
                                ("UpdateIssuer", {"issuer": {"issuer_id": issuer_id, "disabled": True},
                                                  "update_mask": {"paths": ["disabled"]}})):
            assert reason(world.call, f"IssuerService/{method}", request, world.contoso.admin) == "NOT_FOUND"
    for method, request in (("GetIssuer", {"issuer_id": foreign, "tenant": "fabrikam"}),
                            ("ListIssuers", {"tenant": "fabrikam"}),
                            ("DeleteIssuer", {"issuer_id": foreign, "tenant": "fabrikam"})):
        assert reason(world.call, f"IssuerService/{method}", request, world.contoso.admin) == "COMPONENT_TENANT"
    auditor = world.fabrikam.auditor
    assert world.call("IssuerService/GetIssuer", {"issuer_id": foreign},
                      auditor).issuer.issuer == "https://foreign.example"
    assert reason(delete, world, foreign, auditor) == "COMPONENT_ROLE"
    delete(world, foreign, tenant="fabrikam")


def test_issuers_in_pages(world):
    made = [create(world, {**Provider(f"https://page{n}.example", "ES256").registration(1), "tenant": "agency",
                           "boundary": ""}).issuer_id for n in range(5)]
    seen = [issuer.issuer_id for issuer in pages(world.call, "IssuerService/ListIssuers", {"page_size": 2}, "issuers",
                                                 world.agency.admin)]
    assert len(seen) == 6 and set(made) < set(seen) and seen == sorted(seen)
    platforms = world.call("IssuerService/ListIssuers", {}, world.platform_admin).issuers
    assert {world.id["entra"], world.id["google"]} < {issuer.issuer_id for issuer in platforms}
    for bad, expected in (({"page_size": -1}, "FIELD_INVALID"), ({"page_token": "x"}, "PAGE_TOKEN_INVALID")):
        assert reason(world.call, "IssuerService/ListIssuers", bad, world.platform_admin) == expected


def test_nothing_of_a_token_is_logged(world):
    text = json.dumps(world.a.log)
    assert world.alice not in text and world.alice.split(".")[2] not in text
