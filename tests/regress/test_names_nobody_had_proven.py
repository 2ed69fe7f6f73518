# SPDX-License-Identifier: Apache-2.0
"""What any tenant could register as its own although it was somebody else's: an `iss`, a certificate, a subject. It kept
the owner out, and the answer told what others had registered."""
import os
import time
import uuid

import pytest

from authority import Identity, Issuer
from calls import everywhere, outcome, reason, refused
from proofs import certificate_proof
from providers import COMMERCIAL, Entra
from world import CONSUMER, MULTI_TENANT, ROLES

CREATE = "IssuerService/CreateIssuer"
LICENSE = "LicensingService/AcquireLicense"


def registration(issuer, kind=1, **more):
    return {"issuer": {"kind": kind, "issuer": issuer.iss, "audiences": [issuer.audience], "algorithms": ["ES256"],
                       "jwks_json": issuer.jwks(), "clock_skew_seconds": 30, **more}}


def register(world, iss, who, **more):
    """The issuer's id, and what signs its tokens."""
    issuer = Issuer(iss)
    return world.call(CREATE, registration(issuer, **more), who).issuer, issuer


def told(world, token):
    return everywhere(world.a, LICENSE, world.license_request(world.made), None, token)


def prove(world, tenant, domain):
    world.call("TenantService/AddDomain", {"domain": domain}, tenant.admin)
    world.call("TenantService/VerifyDomain", {"tenant": tenant.name, "domain": domain, "asserted": True},
               world.platform_admin)


def give_up(world, tenant, domain):
    world.call("TenantService/RemoveDomain", {"domain": domain}, tenant.admin)


def issuer_of(world, tenant, issuer_id):
    return world.call("IssuerService/GetIssuer", {"issuer_id": issuer_id}, tenant.admin).issuer


def told_about(error):
    """All that an error says, but for the id of its call."""
    return (error.code, error.reason, error.sentence, [(v.field, v.description) for v in error.violations],
            {key: value for key, value in error.metadata.items() if key != "request_id"})


# --- iss ---


def test_any_tenant_registered_any_iss(world):
    """Nobody looked whose an `iss` is. The answer is the same whether others have registered it or not."""
    google = Issuer("https://accounts.google.com")
    world.a.issuer(google, CONSUMER, boundary="commercial")
    entra = Entra(COMMERCIAL)
    world.call(CREATE, {"issuer": entra.registration(MULTI_TENANT)}, world.platform_admin)
    mapped, unmapped = str(uuid.uuid4()), str(uuid.uuid4())
    world.call("IssuerService/MapTenant", {"tenant": "contoso", "value": mapped, "issuer_id": next(
        issuer.issuer_id for issuer in world.call("IssuerService/ListIssuers", {}, world.platform_admin).issuers
        if issuer.issuer == entra.iss)}, world.platform_admin)
    registered = [google.iss, "https://idp.contoso.com", f"{COMMERCIAL}/{mapped}/v2.0", f"{COMMERCIAL}/{unmapped}/v2.0"]
    free = ["https://nobody.example", "https://login.contoso.com", "https://fabrikam.com.evil.example", "accounts.google.com",
            "urn:x"]
    answers = []
    for iss in registered + free:
        for kind in (1, 5):
            error = refused(world.call, CREATE, registration(Issuer(iss), kind), world.fabrikam.admin)
            assert (error.code, error.reason, error.fields) == ("INVALID_ARGUMENT", "FIELD_INVALID", ["issuer.issuer"]), iss
            answers.append(told_about(error))
    assert len(set(map(str, answers))) == 1
    assert told(world, google.token("jane@gmail.com", email_verified=True)) == "PORTAL_REQUIRED"


def test_a_claim_or_a_second_admin_proved_an_iss(world):
    """A domain that is only claimed proves nothing; what is not proven isn't asked of a second admin either."""
    one = world.tenant()
    world.call("TenantService/AddDomain", {"domain": "accounts.claimed.example"}, one.admin)
    assert reason(register, world, "https://accounts.claimed.example", one.admin) == "FIELD_INVALID"
    assert one.second_admin
    world.update_tenant(one.admin, two_person=[1])
    assert reason(register, world, "https://accounts.claimed.example", one.admin) == "FIELD_INVALID"
    assert not world.call("ApprovalService/ListApprovals", {}, one.admin).approvals
    issuer = Issuer(f"https://new.{one.domain}")
    asked = world.call(CREATE, registration(issuer), one.admin).approval_id
    assert asked and told(world, issuer.token("x@y.example")) == "TOKEN_ISSUER_UNKNOWN"
    inner = world.tenant()  # while it waits, the name goes to somebody else
    prove(world, inner, f"new.{one.domain}")
    assert outcome(world.call, "ApprovalService/ApproveRequest", {"approval_id": asked},
                   one.second_admin) == "PRECONDITION_FAILED"
    give_up(world, inner, f"new.{one.domain}")
    world.call("ApprovalService/ApproveRequest", {"approval_id": asked}, one.second_admin)
    assert told(world, issuer.token(f"x@{one.domain}")) == "NO_RIGHTS"


@pytest.mark.parametrize("iss", [
    "https://Idp.fabrikam.com", "HTTPS://idp.fabrikam.com", "http://idp.fabrikam.com", "https://fabrikam.com.",
    "https://accounts.google.com@fabrikam.com", "https://fabrikam.com@accounts.google.com",
    "https://accounts.google.com#.fabrikam.com", "https://accounts.google.com?.fabrikam.com",
    "https://accounts.google.com\\.fabrikam.com", "https://accounts.google.com/.fabrikam.com",
    "https://accounts.google.com:443.fabrikam.com", "https://fabrikam.com%2eevil.example", "https://evilfabrikam.com",
    "https://fabrikam.com:0", "https://fabrikam.com:99999", "https://fabrikam.com:x", "https://fabrikam.com?x=y",
    "https://fabrikam.com/#", "https://fabrikam.com/?", "https://10.0.0.1", "https://[::1]", "https://[fabrikam.com]",
    "https://com", "https://.fabrikam.com", "https://fabrikam。com", "https://ſabrikam.com", "https://xn--fabrikam.com",
    "fabrikam.com", "https:fabrikam.com", "https:/fabrikam.com", "//fabrikam.com", " https://fabrikam.com",
    "https://fabrikam.com/a b", "https://fabrikam.com/%zz", "https://fabrikam.com/\\@evil.example"])
def test_an_iss_that_only_looked_like_the_tenant_s(world, iss):
    error = refused(world.call, CREATE, registration(Issuer(iss)), world.fabrikam.admin)
    assert (error.reason, error.fields) == ("FIELD_INVALID", ["issuer.issuer"])


def test_what_a_tenant_may_register(world):
    """In its own domains and below them, by whichever port and path; and a platform admin anything."""
    for iss in ("https://fabrikam.com", "https://a.b.fabrikam.com/x/", "https://fabrikam.com:8443/@google.com",
                "https://login.fabrikam.com/%2e%2e"):
        made, _ = register(world, iss, world.fabrikam.admin)
        assert made.proof == 2 and issuer_of(world, world.fabrikam, made.issuer_id).proof == 2
        assert reason(register, world, iss, world.fabrikam.admin) == "ALREADY_EXISTS"
    for iss in ("http://adfs.example/adfs/services/trust", "urn:example:idp", "https://fabrikam.okta.example"):
        made, issuer = register(world, iss, world.platform_admin, tenant="fabrikam")
        assert made.proof == 1
        assert told(world, issuer.token("bob@fabrikam.com")) == "OK"
        changed = world.call("IssuerService/UpdateIssuer", {"issuer": {"issuer_id": made.issuer_id, "disabled": True},
                                                            "update_mask": {"paths": ["disabled"]}}, world.fabrikam.admin)
        assert changed.issuer.proof == 1
    listed = world.call("IssuerService/ListIssuers", {"page_size": 200}, world.fabrikam.admin).issuers
    assert {issuer.proof for issuer in listed} == {1, 2}


def test_a_subdomain_was_taken_for_its_parent_s(world):
    """The nearest verified domain decides, whosever it is."""
    outer, inner = world.tenant(), world.tenant()
    name = f"sub.{outer.domain}"
    made, _ = register(world, f"https://idp.{name}", outer.admin)
    assert reason(register, world, f"https://x.{name}", inner.admin) == "FIELD_INVALID"
    prove(world, inner, name)
    for iss in (f"https://{name}", f"https://x.{name}"):
        assert reason(register, world, iss, outer.admin) == "FIELD_INVALID"
        register(world, iss, inner.admin)
    assert issuer_of(world, outer, made.issuer_id).proof == 4
    register(world, f"https://idp.{name}", inner.admin)  # of which the parent's was the first
    register(world, f"https://not{name}", outer.admin)


def test_an_iss_was_kept_when_its_domain_had_gone(world):
    """Whoever had registered an `iss` kept it for good, and the domain's next owner out. What was registered for the tenant
    by the platform lies in its domain just as well."""
    old, new = world.tenant(), world.tenant()
    shared, kept = f"{old.name}.shared.example", f"{old.name}.kept.example"
    prove(world, old, shared)
    prove(world, old, kept)
    for who, more in ((old.admin, {}), (world.platform_admin, {"tenant": old.name})):
        iss = f"https://{world.unique('idp')}.{shared}"
        made, before = register(world, iss, who, **more)
        token = before.token(f"x@{kept}")
        assert told(world, token) == "NO_RIGHTS"
        give_up(world, old, shared)
        assert told(world, token) == "TOKEN_ISSUER_UNKNOWN"  # it spoke for another domain of the tenant
        assert issuer_of(world, old, made.issuer_id).proof == 4
        for change in ({"disabled": True}, {"disabled": False}):  # enabling it again proves nothing
            world.call("IssuerService/UpdateIssuer", {
                "issuer": {"issuer_id": made.issuer_id, **change}, "update_mask": {"paths": ["disabled"]}}, old.admin)
        assert told(world, token) == "TOKEN_ISSUER_UNKNOWN"
        assert reason(register, world, iss, new.admin) == "FIELD_INVALID"
        prove(world, new, shared)
        theirs, after = register(world, iss, new.admin)
        assert told(world, token) == "TOKEN_KEY_UNKNOWN"
        assert told(world, after.token(f"x@{shared}")) == "NO_RIGHTS"
        assert told(world, after.token(f"x@{kept}")) == "TOKEN_NO_ADDRESS"
        # When the domain comes back, so does the issuer, and the other's goes.
        give_up(world, new, shared)
        prove(world, old, shared)
        assert told(world, token) == "NO_RIGHTS"
        assert (issuer_of(world, old, made.issuer_id).proof, issuer_of(world, new, theirs.issuer_id).proof) == (2, 4)


def test_a_subdomain_that_was_proven_took_no_issuer_along(world):
    """What workers remember of the parent's issuer ends when another tenant proves the domain between; and back again."""
    outer, inner = world.tenant(), world.tenant()
    _, issuer = register(world, f"https://idp.deep.{outer.domain}", outer.admin)
    token = issuer.token(f"x@{outer.domain}")
    assert told(world, token) == "NO_RIGHTS"
    prove(world, inner, f"deep.{outer.domain}")
    assert told(world, token) == "TOKEN_ISSUER_UNKNOWN"
    give_up(world, inner, f"deep.{outer.domain}")
    assert told(world, token) == "NO_RIGHTS"


def test_a_mapping_that_ended_left_its_exact_issuer(world):
    """A tenant may take over from a template what is mapped to it, as long as it is."""
    entra = Entra("https://login.example", "{tenantid}/v2.0")
    template = world.call(CREATE, {"issuer": entra.registration(MULTI_TENANT)}, world.platform_admin).issuer.issuer_id
    tid, mine = str(uuid.uuid4()), world.tenant()
    value = {"issuer_id": template, "value": tid}
    world.call("IssuerService/MapTenant", {**value, "tenant": mine.name}, world.platform_admin)
    made, exact = register(world, f"https://login.example/{tid}/v2.0", mine.admin)
    assert made.proof == 3
    token = exact.token(f"x@{mine.domain}", tid=tid)
    assert told(world, token) == "NO_RIGHTS"
    world.call("IssuerService/UnmapTenant", value, world.platform_admin)
    assert told(world, token) == "TOKEN_ALGORITHM"  # the template's again, which is RSA's
    world.call("IssuerService/MapTenant", {**value, "tenant": "fabrikam"}, world.platform_admin)
    assert told(world, entra.token(tid, "bob@fabrikam.com")) == "OK"
    assert issuer_of(world, mine, made.issuer_id).proof == 4
    register(world, exact.iss, world.fabrikam.admin)
    world.call("IssuerService/DeleteIssuer", {"issuer_id": template}, world.platform_admin)
    assert told(world, token) == "TOKEN_ISSUER_UNKNOWN"


def test_a_platform_s_word_stood_against_nobody(world):
    """Who proves the domain learns that the iss is registered, and asks a platform admin."""
    tenant = world.tenant()
    _, issuer = register(world, "https://hosted.later.example", world.platform_admin, tenant="contoso")
    assert reason(register, world, issuer.iss, tenant.admin) == "FIELD_INVALID"
    prove(world, tenant, "later.example")
    assert reason(register, world, issuer.iss, tenant.admin) == "ALREADY_EXISTS"
    assert outcome(world.call, CREATE, registration(Issuer(issuer.iss), tenant="fabrikam"),
                   world.platform_admin) == "ALREADY_EXISTS"


def test_what_was_registered_before_is_proven_or_not(world):
    """A database from before the rule: the migration finds out what proves each issuer."""
    with open(f"{os.path.dirname(__file__)}/../../migrations/0008_proof_and_limits.sql", encoding="utf-8") as file:
        migration = file.read()
    tenant, tid = world.tenant(), str(uuid.uuid4())
    entra = Entra("https://before.example", "{tenantid}/v2.0")
    template = world.call(CREATE, {"issuer": entra.registration(MULTI_TENANT)}, world.platform_admin).issuer.issuer_id
    world.call("IssuerService/MapTenant", {"issuer_id": template, "value": tid, "tenant": tenant.name}, world.platform_admin)
    expected = {f"https://own.{tenant.domain}:8443/x": 2, "https://word.example": 1, f"https://before.example/{tid}/v2.0": 3,
                "https://squatted.example": 4, "urn:squatted": 4, f"https://own.{tenant.domain}/?x": 4}
    for iss in expected:
        register(world, iss, world.platform_admin, tenant=tenant.name)
    mine = f"tenant = '{tenant.id}' AND iss <> '{tenant.issuer.iss}'"
    world.sql(f"UPDATE issuer SET proof = 1, proof_name = '' WHERE {mine}; UPDATE audit SET component = gen_random_uuid() "
              f"WHERE tenant = '{tenant.id}' AND operation = 'create_issuer' AND target <> 'https://word.example'")
    world.sql(migration[migration.index("WITH part AS"):])
    listed = world.call("IssuerService/ListIssuers", {}, tenant.admin).issuers
    assert {issuer.issuer: issuer.proof for issuer in listed} == {**expected, tenant.issuer.iss: 2}


# --- certificates and subjects ---


def component(name, **more):
    return {"name": name, "role": ROLES["auditor"], **more}


def add(world, who, fields, *proofs):
    return world.call("ComponentService/CreateComponent", {"component": fields, "proofs": proofs}, who).component


def change(world, who, component_id, *proofs, mask=("certificate_sha256",), **fields):
    return world.call("ComponentService/UpdateComponent", {
        "component": {"component_id": component_id, **fields}, "update_mask": {"paths": mask}, "proofs": proofs},
        who).component


def test_any_tenant_registered_any_certificate(world):
    """A fingerprint was enough: anybody knows those of others. The answer is the same whether it is registered or not."""
    taken, free, admin = world.contoso.gateway.fingerprint, Identity("free").fingerprint, world.fabrikam.admin
    answers = []
    own = Identity("own")
    mine = add(world, admin, component("mine"), certificate_proof(own, "fabrikam", "mine"))
    for print_ in (taken, free):
        for call in (lambda p: add(world, admin, component("squat", certificate_sha256=[p])),
                     lambda p: change(world, admin, mine.component_id, certificate_sha256=[own.fingerprint, p])):
            error = refused(call, print_)
            assert (error.code, error.reason, error.fields) == (
                "INVALID_ARGUMENT", "FIELD_INVALID", ["component.certificate_sha256"])
            answers.append(told_about(error))
    assert len(set(map(str, answers))) == 1
    # A proof of one certificate proves no other.
    assert refused(add, world, admin, component("squat", certificate_sha256=[taken]),
                   certificate_proof(Identity("other"), "fabrikam", "squat")).fields == ["component.certificate_sha256"]
    assert world.call("TenantService/GetTenant", {}, world.contoso.admin).tenant.tenant == "contoso"
    world.protect()  # its gateway is its gateway


def test_who_holds_the_key_registers_and_learns(world):
    """By a proof alone or beside the fingerprint; what stays needs none; who holds the key is told that it is registered."""
    one, two, three = Identity("one"), Identity("two"), Identity("three")
    admin = world.fabrikam.admin
    made = add(world, admin, component("proven"), certificate_proof(one, "fabrikam", "proven"))
    assert list(made.certificate_sha256) == [one.fingerprint]
    for spelled in ({"certificate_sha256": [one.fingerprint, two.fingerprint]}, {"certificate_sha256": [one.fingerprint]}):
        both = change(world, admin, made.component_id, certificate_proof(two, "fabrikam", "proven"), **spelled)
        assert set(both.certificate_sha256) == {one.fingerprint, two.fingerprint}
    assert list(change(world, admin, made.component_id, certificate_sha256=[two.fingerprint]).certificate_sha256) == [
        two.fingerprint]
    # Which was given up is new again.
    assert refused(change, world, admin, made.component_id,
                   certificate_sha256=[one.fingerprint, two.fingerprint]).fields == ["component.certificate_sha256"]
    assert reason(add, world, world.contoso.admin, component("again"),
                  certificate_proof(two, "contoso", "again")) == "ALREADY_EXISTS"
    assert refused(change, world, admin, made.component_id, certificate_proof(three, "fabrikam", "proven"),
                   mask=["disabled"], disabled=True).fields == ["proofs"]
    five = [certificate_proof(Identity("many"), "fabrikam", "many") for _ in range(5)]
    assert refused(add, world, admin, component("many"), *five).fields == ["proofs"]
    prints = {"certificate_sha256": [two.fingerprint]}
    assert refused(change, world, admin, made.component_id, *[
        certificate_proof(Identity("many"), "fabrikam", "proven") for _ in range(4)],
                   **prints).fields == ["component.certificate_sha256"]
    world.call("ComponentService/CreateComponent", {"component": component(
        "word", tenant="fabrikam", certificate_sha256=[three.fingerprint])}, world.platform_admin)


@pytest.mark.parametrize("flaw", [
    {"aud": "https://other.example.org"}, {"aud": ["https://rms.example.org"]}, {"aud": None}, {"aud": ""},
    {"aud": "https://rms.example.org.evil.example"}, {"tenant": "contoso"}, {"tenant": ""}, {"tenant": None}, {"sub": "other"},
    {"sub": None}, {"sub": "STOLEN"}, {"iat": None}, {"iat": 1}, {"iat": "1"}, {"iat": 1e10}, {"iat": 2 ** 62},
    {"exp": 1}, {"exp": "x"},
    {"header": {"typ": "JWT"}}, {"header": {"typ": None}}, {"header": {"typ": "dpop+jwt"}}, {"header": {"alg": "none"}},
    {"header": {"alg": "HS256"}}, {"header": {"alg": "ES384"}}, {"header": {"alg": "RS256"}}, {"header": {"x5c": None}},
    {"header": {"x5c": []}}, {"header": {"x5c": ["x"]}}, {"header": {"x5c": "AAAA"}}, {"header": {"x5c": [7]}},
    {"header": {"x5c": [None]}}, {"header": {"crit": ["exp"]}}, {"header": {"b64": False}}, {"key": Identity("other").key}], ids=lambda flaw: str(flaw)[:60])
def test_a_proof_that_proves_nothing(world, flaw):
    if "iat" in flaw and flaw["iat"] == 1e10:
        flaw["iat"] = int(time.time()) + 120  # of the future
    proof = certificate_proof(Identity("stolen"), "fabrikam", "stolen", **flaw)
    error = refused(add, world, world.fabrikam.admin, component("stolen"), proof)
    assert (error.reason, error.fields) == ("FIELD_INVALID", ["proofs[0]"])


def test_a_proof_of_somebody_else_s_certificate(world):
    """What anybody can see of a certificate is no proof: not with another key, nor cut, nor with a later signature."""
    edge = world.contoso.gateway
    good = certificate_proof(edge, "fabrikam", "stolen")
    head, claims, signature = good.split(".")
    other = certificate_proof(Identity("x"), "fabrikam", "other").split(".")
    for proof in ("", "x", "..", f"{head}.{claims}", f"{head}.{claims}.", f"{head}.{claims}.{signature[:-4]}",
                  f"{head}.{claims}.{other[2]}", f"{head}.{other[1]}.{signature}", f"{other[0]}.{claims}.{signature}",
                  f"{good}.x", f" {good}", "x" * 30000):
        assert refused(add, world, world.fabrikam.admin, component("stolen"), proof).fields == ["proofs[0]"], proof[-40:]
    own = Identity("second")
    assert refused(add, world, world.fabrikam.admin, component("stolen"), certificate_proof(own, "fabrikam", "stolen"),
                   "x").fields == ["proofs[1]"]


def test_any_tenant_took_a_subject_of_the_platform_s_issuer(world):
    """A tenant's admin registered another's subject, whose tokens then were their component's."""
    platform, own = Issuer("https://services.example.org"), Issuer("https://services.fabrikam.com")
    world.a.issuer(platform, 5, boundary="commercial")
    ids = {issuer.issuer: issuer.issuer_id
           for issuer in world.call("IssuerService/ListIssuers", {"page_size": 200}, world.platform_admin).issuers}
    hosted = component("hosted", tenant="contoso", issuer_id=ids[platform.iss], subject="hosted")
    made = add(world, world.platform_admin, hosted)
    mine, _ = register(world, own.iss, world.fabrikam.admin, kind=5)
    answers = []
    for issuer_id in (ids[platform.iss], mine.issuer_id[:-4] + "0000"):
        for subject in ("hosted", "free"):
            error = refused(add, world, world.fabrikam.admin, component("thief", issuer_id=issuer_id, subject=subject))
            assert (error.reason, error.fields) == ("FIELD_INVALID", ["component.issuer_id"])
            answers.append(told_about(error))
    assert len(set(map(str, answers))) == 1
    token = {"mask": ["issuer_id", "subject"], "issuer_id": ids[platform.iss]}
    tokens = add(world, world.fabrikam.admin, component("tokens", issuer_id=mine.issuer_id, subject="hosted"))
    assert refused(change, world, world.fabrikam.admin, tokens.component_id, **token, subject="free").fields == [
        "component.issuer_id"]
    # Its own admin changes what it has otherwise, and keeps the subject.
    assert change(world, world.contoso.admin, made.component_id, mask=["disabled"], disabled=True).disabled
    assert change(world, world.contoso.admin, made.component_id, **token, subject="hosted").subject == "hosted"
    assert refused(change, world, world.contoso.admin, made.component_id, **token, subject="free").fields == [
        "component.issuer_id"]
