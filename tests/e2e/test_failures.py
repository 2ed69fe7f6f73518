# SPDX-License-Identifier: Apache-2.0
"""Bad input, and a world that breaks: each gets a clear error, and nothing is lost."""
import json
import os
import secrets
import signal
import subprocess
import time

import grpc
import pytest
from jwcrypto import jwk, jws

from authority import BUILD, MESSAGES, Authority, Issuer, Reader, Refused
from calls import outcome, reason, refused
from waiting import eventually
from world import template_of


WORKERS = 2  # of a node that a test has


def acquire(w, license_=None, token=None, key=None):
    """As Bob, what was made for him."""
    more = {"client_public_jwk": key} if key else {}
    return w.acquire(license_ or w.made, token or w.bob, **more)


# --- messages ---------------------------------------------------------------------------------------------------

def raw(w, method, data, who=None, metadata=()):
    stub = w.a.channel(who).unary_unary(f"/chancery.v1.{method}")
    try:
        return stub(data, timeout=20, metadata=metadata)
    except grpc.RpcError as error:
        raise Refused(error) from None


@pytest.mark.parametrize(("data", "told"), [
    (b"\xff", "PROTO_MALFORMED"), (b"\x0a\xff\xff\xff\xff\x0f", "PROTO_MALFORMED"), (b"\x0a\x02\xff\xfe", "FIELD_INVALID"),
    (b"\x0a\x01\x00", "FIELD_INVALID")])
def test_malformed_messages(world, data, told):
    assert reason(raw, world, "PublishingService/Protect", data, metadata=of_bob(world)) == told
    assert reason(raw, world, "PublishingService/Protect", data) == "CREDENTIAL_MISSING"


def of_bob(w):
    return [("authorization", f"Bearer {w.bob}")]


def test_oversize_message(world):
    data = b"\x12" + b"\x80\x80\x24" + bytes(589824)
    assert reason(raw, world, "LicensingService/AcquireLicense", data, metadata=of_bob(world)) == "MESSAGE_TOO_LARGE"
    assert reason(raw, world, "LicensingService/AcquireLicense", data) == "CREDENTIAL_MISSING"


def test_unknown_method(world):
    with pytest.raises(Refused) as caught:
        raw(world, "LicensingService/Nothing", b"")
    assert caught.value.code == "UNIMPLEMENTED" and "no such method" in str(caught.value)  # METHOD_UNKNOWN


@pytest.mark.parametrize("request_,field", [
    ({"owner": "nobody"}, "owner"),
    ({"recipients": ["bob@fabrikam.com", "x"]}, "recipients[1]"),
    ({"request_id": "7"}, "request_id"),
    ({"display_name": "x" * 257}, "display_name"),
    ({"template_id": "", "do_not_forward": None}, "template_id"),
    ({"custom": {"grants": [{"principals": ["bob"], "rights": [1]}]}, "do_not_forward": None},
     "custom.grants[0].principals[0]"),
    ({"custom": {"grants": [{"principals": ["owner"], "rights": [99]}]}, "do_not_forward": None},
     "custom.grants[0].rights[0]"),
    ({"custom": {"grants": [{"principals": ["owner"], "rights": [1]}], "offline_access": 9},
      "do_not_forward": None}, "custom.offline_days"),
])
def test_bad_fields_are_named(world, request_, field):
    error = refused(world.protect, **request_)
    assert (error.reason, error.fields) == ("FIELD_INVALID", [field])


def test_recipients_missing(world):
    assert reason(world.protect, recipients=[]) == "RECIPIENTS_MISSING"


def test_no_policy(world):
    assert reason(world.protect, do_not_forward=None) == "FIELD_INVALID"


# --- client keys ------------------------------------------------------------------------------------------------

def bad_keys():
    small = jwk.JWK.generate(kty="RSA", size=1024).export_public()
    point = json.loads(jwk.JWK.generate(kty="EC", crv="P-256").export_public())
    point["x"] = point["y"]
    private = jwk.JWK.generate(kty="EC", crv="P-256").export_private()
    signing = json.dumps(dict(jwk.JWK.generate(kty="EC", crv="P-256").export_public(as_dict=True), use="sig"))
    return [small, json.dumps(point), private, signing, "", "{}", "{", '{"kty":"oct","k":"AAAA"}',
            jwk.JWK.generate(kty="OKP", crv="Ed25519").export_public()]


@pytest.mark.parametrize("key", bad_keys())
def test_bad_client_keys(world, key):
    request = {"publishing_license": world.made.publishing_license, "client_public_jwk": key.encode()}
    assert reason(world.call, "LicensingService/AcquireLicense", request, token=world.bob) == "CLIENT_KEY_INVALID"
    assert reason(world.protect, client_public_jwk=key.encode()) == "CLIENT_KEY_INVALID"


def test_rsa_client_keys(world):
    for size in (2048, 3072):
        reader = Reader(kty="RSA", size=size)
        got = acquire(world, key=reader.public)
        assert len(world.a.verify(got.use_license, reader)[1]) == 32


# --- publishing licenses ----------------------------------------------------------------------------------------

def test_cut_licenses(world):
    whole = world.made.publishing_license
    for length in list(range(1, 40)) + [len(whole) // 2, len(whole) - 1]:
        assert reason(acquire, world, whole[:length]) in ("LICENSE_MALFORMED", "LICENSE_FORGED")


def test_every_flipped_bit_is_noticed(world):
    whole = world.made.publishing_license
    for index in range(len(whole)):
        bad = bytearray(whole)
        bad[index] ^= 1 << (index % 8)
        assert reason(acquire, world, bytes(bad)) in ("LICENSE_MALFORMED", "LICENSE_FORGED"), index


def test_licenses_of_elsewhere(world):
    license_type = MESSAGES("chancery.internal.v1.PublishingLicense")
    header_type = MESSAGES("chancery.internal.v1.LicenseHeader")

    def with_header(**changes):
        license_ = license_type.FromString(world.made.publishing_license)
        header = header_type.FromString(license_.header)
        for name, value in changes.items():
            setattr(header, name, value)
        license_.header = header.SerializeToString()
        return license_.SerializeToString()

    for changes in ({"key_version": 2}, {"tenant_id": secrets.token_bytes(16)}, {"content_id": secrets.token_bytes(16)},
                    {"boundary": "gcc-high"}, {"boundary": "moon"}, {"authority_url": "https://other.example"},
                    {"display_name": "another name"}):
        assert reason(acquire, world, with_header(**changes)) == "LICENSE_FORGED", changes


def test_key_states(world):
    change = world.changed_by_hand
    key = f"UPDATE tenant_key SET state = {{}} WHERE purpose = 1 AND tenant = '{world.contoso.id}'"
    change(key.format(3))
    assert reason(acquire, world) == "KEY_REVOKED"
    change(key.format(2))
    acquire(world)
    change(key.format(1))
    change("UPDATE tenant SET state = 2 WHERE name = 'contoso'")
    assert reason(acquire, world) == "TENANT_DISABLED"
    change("UPDATE tenant SET state = 1 WHERE name = 'contoso'")
    acquire(world)


# --- tokens -----------------------------------------------------------------------------------------------------

def sign(issuer, header, claims):
    token = jws.JWS(json.dumps(claims))
    token.allowed_algs = ["ES256", "HS256"]
    key = issuer.key if header["alg"] == "ES256" else jwk.JWK(kty="oct", k="c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0")
    token.add_signature(key, protected=json.dumps(header))
    return token.serialize(compact=True)


def test_bad_tokens(world):
    issuer, now = world.fabrikam.issuer, int(time.time())
    good = {"iss": issuer.iss, "aud": "chancery", "exp": now + 600, "email": "bob@fabrikam.com"}
    header = {"alg": "ES256", "kid": issuer.key["kid"]}
    cases = {
        "TOKEN_TOO_LARGE": sign(issuer, header, dict(good, pad="x" * 12500)),
        "TOKEN_EXPIRED": sign(issuer, header, dict(good, exp=now - 100)),
        "TOKEN_NOT_YET_VALID": sign(issuer, header, dict(good, nbf=now + 100)),
        "TOKEN_AUDIENCE": sign(issuer, header, dict(good, aud="mail")),
        "TOKEN_ISSUER_UNKNOWN": sign(issuer, header, dict(good, iss="https://evil.example")),
        "TOKEN_KEY_UNKNOWN": sign(issuer, dict(header, kid="other"), good),
        "TOKEN_TYPE": sign(issuer, dict(header, typ="dpop+jwt"), good),
        "TOKEN_CLAIM_INVALID": sign(issuer, header, dict(good, exp="soon")),
        "TOKEN_ALGORITHM": sign(issuer, {"alg": "HS256"}, good),
        "TOKEN_NO_ADDRESS": sign(issuer, header, {k: v for k, v in good.items() if k != "email"}),
        "TOKEN_MALFORMED": "not-a-token",
    }
    for expected, token in cases.items():
        assert reason(acquire, world, token=token) == expected
    none = sign(issuer, header, good).split(".")
    none[0] = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
    for token in (".".join(none), f"{none[0]}.{none[1]}."):
        assert reason(acquire, world, token=token) in ("TOKEN_ALGORITHM", "TOKEN_MALFORMED")
    twice = Issuer(issuer.iss)
    assert reason(acquire, world, token=twice.token("bob@fabrikam.com")) == "TOKEN_KEY_UNKNOWN"
    twice.key = jwk.JWK(**dict(twice.key.export(as_dict=True), kid=issuer.key["kid"]))
    assert reason(acquire, world, token=twice.token("bob@fabrikam.com")) == "TOKEN_SIGNATURE"


# --- the database -----------------------------------------------------------------------------------------------

def test_database_gone_and_back(world):
    acquire(world)
    world.a.postgres.stop(signal.SIGKILL)
    assert reason(acquire, world) in ("DATABASE_UNAVAILABLE", "OUTCOME_UNKNOWN")
    eventually(lambda: outcome(acquire, world) == "DATABASE_UNAVAILABLE", "the connection's end is noticed")
    code, text = eventually(lambda: not_ready(world), "each worker says so")
    assert code == 503 and "DATABASE_UNAVAILABLE" in text
    assert world.a.page("/livez")[0] == 200
    eventually(lambda: len(world.a.logged("worker.not_ready")) >= WORKERS, "each worker notices")
    before = len(world.a.logged("worker.ready"))
    world.a.postgres.start()
    eventually(lambda: back(world), "the database is back")
    eventually(lambda: len(world.a.logged("worker.ready")) >= before + WORKERS, "for each worker, or a test after this meets one without")


def not_ready(world):
    code, text = world.a.page("/readyz")
    return (code, text) if "DATABASE_UNAVAILABLE" in text else None


def back(world):
    told = outcome(acquire, world)
    assert told in ("OK", "DATABASE_UNAVAILABLE")
    return told == "OK"


def test_worker_killed_is_started_again(world):
    before = len(world.a.logged("worker.ready"))
    pids = subprocess.run(["pgrep", "-P", str(world.a.process.pid)], capture_output=True, text=True,
                          check=True).stdout.split()
    os.kill(int(pids[0]), signal.SIGKILL)
    ended = world.a.wait_for_log("worker.ended")
    assert ended["by"] == "signal" and ended["code"] == 9
    world.a.wait_for_log("worker.ready", before)
    for _ in range(5):
        try:
            acquire(world)
        except Refused as error:  # the connection to the killed worker is noticed once
            assert error.code == "UNAVAILABLE" and error.reason != "DATABASE_UNAVAILABLE"
    acquire(world)


# --- what the database says -------------------------------------------------------------------------------------

@pytest.mark.parametrize("sqlstate,expected", [("53100", "DATABASE_FULL"), ("40001", "CONFLICT"), ("57014", "DATABASE_TIMEOUT"),
                                               ("P0001", "INTERNAL")])
def test_database_errors(world, sqlstate, expected):
    """A full disk and its like, raised by PostgreSQL itself where the record is written: no record, no license."""
    sql = world.sql
    sql(f"CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' USING "
        f"ERRCODE = '{sqlstate}'; END $$; CREATE TRIGGER fail BEFORE INSERT ON audit_rest FOR EACH ROW "
        f"EXECUTE FUNCTION fail()")
    partitions = sql("SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'audit'::regclass").split()
    for name in partitions:
        sql(f"CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON {name} FOR EACH ROW EXECUTE FUNCTION fail()")
    try:
        assert reason(acquire, world) == expected
        assert reason(acquire, world, token=world.mallory) == expected
        assert reason(world.protect) == expected
    finally:
        for name in partitions:
            sql(f"DROP TRIGGER fail ON {name}")
        sql("DROP FUNCTION fail() CASCADE")
    acquire(world)


def test_destroyed_key(world):
    shred = world.tenant("shred")
    made = world.protect(token=shred.token("al"), encrypt_only={})
    acquire(world, made)
    world.changed_by_hand(f"UPDATE tenant_key SET state = 4, wrapped = '' WHERE purpose = 1 AND tenant = '{shred.id}'")
    assert reason(acquire, world, made) == "KEY_DESTROYED"
    assert reason(acquire, world, made, shred.token("al")) == "KEY_DESTROYED"
    assert world.call("TenantService/GetTenant", {}, shred.admin).tenant.tenant == "shred"


def test_admin_refusals(world):
    call, admin = world.call, world.platform_admin
    assert reason(call, "TenantService/AddDomain", {"tenant": "fabrikam", "domain": "Contoso.com"},
                  admin) == "DOMAIN_TAKEN"
    create = {"tenant": {"tenant": "contoso", "boundary": "commercial"}}
    assert reason(call, "TenantService/CreateTenant", create, admin) == "ALREADY_EXISTS"
    assert reason(call, "AuditService/Query", {"page_token": "x"}, admin) == "PAGE_TOKEN_INVALID"
    assert reason(call, "TemplateService/ListTemplates", {"page_token": "AAAA"},
                  world.contoso.admin) == "PAGE_TOKEN_INVALID"
    assert reason(call, "AuditService/Query", {"page_size": -1}, admin) == "FIELD_INVALID"
    for changes in ({"algorithms": ["HS256"]}, {"algorithms": ["none"]}, {"jwks_json": "{}"}, {"audiences": []},
                    {"boundary": "gcc-high"}, {"kind": 3}, {"clock_skew_seconds": 301}):
        issuer = {"kind": 1, "tenant": "contoso", "issuer": "https://new.example", "audiences": ["x"],
                  "algorithms": ["ES256"], "jwks_json": world.contoso.issuer.jwks(), **changes}
        assert reason(call, "IssuerService/CreateIssuer", {"issuer": issuer}, admin) == "FIELD_INVALID", changes
    http = {"kind": 1, "tenant": "contoso", "issuer": "https://new.example", "audiences": ["x"],
            "algorithms": ["ES256"], "jwks_url": "http://idp.example/jwks"}
    assert reason(call, "IssuerService/CreateIssuer", {"issuer": http}, admin) == "FIELD_INVALID"
    for changes in ({"role": 2}, {"role": 7}, {"name": "A"}, {"certificate_sha256": [b"x"]}, {"role": 8}):
        component = {"name": "new", "role": 1, "certificate_sha256": [bytes(32)], **changes}
        assert reason(call, "ComponentService/CreateComponent", {"component": component},
                      world.contoso.admin) == "FIELD_INVALID"
    assert reason(call, "TenantService/VerifyDomain", {"domain": "contoso.com", "asserted": True},
                  world.contoso.admin) == "COMPONENT_ROLE"


def test_pages_follow_each_other(world):
    seen, token = [], ""
    while True:
        page = world.call("AuditService/Query", {"filter": {"tenant": "contoso"}, "page_size": 7, "page_token": token},
                            world.platform_admin)
        seen += [event.event_id for event in page.events]
        token = page.next_page_token
        if not token or len(seen) > 60:
            break
    assert len(seen) == len(set(seen)) >= 7


def test_a_limit_of_templates(world):
    admin, body = world.tenant("many").admin, {"template": template_of()}
    world.call("TemplateService/CreateTemplate", body, admin)
    world.sql(
        "INSERT INTO template (tenant, template, scope, offline_days, referral_contact, grant_principals, grant_rights, "
        "name_languages, name_texts, description_languages, description_texts) SELECT tenant, gen_random_uuid(), scope, "
        "offline_days, referral_contact, grant_principals, grant_rights, name_languages, name_texts, "
        "description_languages, description_texts FROM template, generate_series(1, 499) WHERE tenant = "
        "(SELECT tenant FROM tenant WHERE name = 'many')")
    assert reason(world.call, "TemplateService/CreateTemplate", body, admin) == "LIMIT_EXCEEDED"


def test_a_portal_brings_a_reader(world):
    assert reason(world.acquire, world.made, who=world.portal) == "USER_TOKEN_REQUIRED"


def test_a_node_answers_for_its_boundaries_only(world):
    """A second node on the same database that serves GCC High: it neither protects nor opens commercial content."""
    other = world.a.node(boundaries=["gcc-high"]).start()
    try:
        error = refused(world.acquire, world.made, world.bob, on=other)
        assert (error.reason, error.metadata["boundary"]) == ("WRONG_BOUNDARY", "commercial")
        assert reason(world.protect, on=other) == "WRONG_BOUNDARY"
    finally:
        other.stop()


def test_changed_migration_is_refused(world):
    sql = world.sql
    was = sql("SELECT sha256 FROM schema_migration WHERE version = 1")
    sql("UPDATE schema_migration SET sha256 = 'other' WHERE version = 1")
    done = subprocess.run([f"{BUILD}/cli/chancery", "migrate", "--database", world.a.postgres.conninfo],
                          capture_output=True, text=True, check=False)
    sql(f"UPDATE schema_migration SET sha256 = '{was}' WHERE version = 1")
    assert done.returncode == 1 and "SCHEMA_CHANGED" in done.stderr and "migration 1" in done.stderr


# --- starting up ------------------------------------------------------------------------------------------------

def start_expecting_failure(authority):
    authority.write("chanceryd.yaml", json.dumps(authority.config).encode())
    done = subprocess.run([f"{BUILD}/server/daemon/chanceryd", "--config", f"{authority.folder}/chanceryd.yaml"],
                          capture_output=True, text=True, timeout=30, check=False)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    errors = [line for line in lines if line["level"] == "error" and "reason" in line]
    assert errors and errors[0]["what"] and errors[0]["advice"], lines
    return done.returncode, errors[0]["reason"]


def test_bad_root_keys(world):
    a = world.a
    path, config = f"{a.folder}/other.key", dict(a.config)
    other = type("Copy", (), {"folder": a.folder, "config": dict(config, root_key={"file": path}), "write": a.write})()
    assert start_expecting_failure(other) == (78, "ROOT_KEY_UNREADABLE")
    a.write("other.key", b"short")
    assert start_expecting_failure(other) == (78, "ROOT_KEY_INVALID")
    a.write("other.key", secrets.token_bytes(32))
    os.chmod(path, 0o644)
    assert start_expecting_failure(other) == (78, "ROOT_KEY_MODE")
    os.chmod(path, 0o600)
    assert start_expecting_failure(other) == (78, "ROOT_KEY_WRONG")


def whole(more):
    """A configuration with what is required, and more."""
    return ("listeners: [{address: '127.0.0.1:0'}]\ndatabase: {conninfo: dbname=x}\nroot_key: {file: /x}\n"
            f"authority_url: https://x.example\n{more}\n").encode()


def test_good_dns_servers(world):
    text = whole("dns: {servers: ['127.0.0.1:53', '[::1]:5353']}")
    world.a.write("good.yaml", text.replace(b"file: /x", f"file: {world.a.folder}/root.key".encode()))
    subprocess.run([f"{BUILD}/server/daemon/chanceryd", "--check-config", "--config", f"{world.a.folder}/good.yaml"],
                   check=True, capture_output=True)


def test_bad_configuration(world):
    for text, word in ((b"listeners: []\n", "listeners"), (b"nonsense: 1\n", "nonsense"), (b"{", "line 2: not YAML"),
                       (b"", "empty"),
                       (b"workers: many\n", "workers"), (b"workers: 1\nworkers: 2\n", "twice"),
                       (whole("dns: {servers: ['resolver.example:53']}"), "dns.servers"),
                       (whole("dns: {servers: ['127.0.0.1']}"), "dns.servers"),
                       (whole("dns: {servers: ['127.0.0.1:0']}"), "dns.servers"),
                       (whole("dns: {servers: ['::1:53']}"), "dns.servers"),
                       (whole("dns: {servers: [" + "'127.0.0.1:53'," * 9 + "]}"), "at most 8")):
        world.a.write("bad.yaml", text)
        done = subprocess.run([f"{BUILD}/server/daemon/chanceryd", "--check-config", "--config",
                               f"{world.a.folder}/bad.yaml"], capture_output=True, text=True, check=False)
        if word == "nonsense":
            word = "not known"
        assert done.returncode == 78 and word in done.stderr, (text, done.stderr)


def test_database_down_at_start_and_at_another_migration():
    authority = Authority(workers=1, migrated=False)
    try:
        authority.postgres.sql("CREATE ROLE server LOGIN")
        authority.postgres.stop()
        authority.start(ready=False)
        code, text = authority.page("/readyz")
        assert code == 503 and "DATABASE_UNAVAILABLE" in text
        assert reason(authority.call, "TenantService/GetTenant", {}, authority.admin) == "DATABASE_UNAVAILABLE"
        authority.postgres.start()
        eventually(lambda: "SCHEMA_TOO_OLD" in authority.page("/readyz")[1], "the schema's age is seen")
        assert authority.page("/readyz")[0] == 503 and "chancery migrate" in authority.page("/readyz")[1]
        assert reason(authority.call, "TenantService/GetTenant", {}, authority.admin) in (
            "SCHEMA_TOO_OLD", "DATABASE_UNAVAILABLE")
        authority.postgres.sql("DROP ROLE server")
        authority.postgres.sql("CREATE ROLE server LOGIN")
        done = subprocess.run([f"{BUILD}/cli/chancery", "migrate", "--database", authority.postgres.conninfo,
                               "--platform-admin-cert", f"{authority.folder}/admin.pem"], check=False)
        assert done.returncode == 0
        authority.postgres.sql("GRANT chancery_server TO server")
        authority.wait_for_log("worker.ready")
        authority.tenant("contoso", "commercial", "contoso.com")
        authority.postgres.sql("INSERT INTO schema_migration (version, name, sha256) VALUES (9999, 'future', 'x')")
        authority.stop()
        authority.log.clear()
        authority.start(ready=False)
        eventually(lambda: "SCHEMA_TOO_NEW" in authority.page("/readyz")[1], "the schema's age is seen")
    finally:
        authority.close()
