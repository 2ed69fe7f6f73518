# SPDX-License-Identifier: Apache-2.0
"""Components: their register, the renewal of certificates, and components that come with access tokens."""
import os
import time

import pytest

from authority import Identity, Issuer
from calls import everywhere, pages, reason, refused
from proofs import Prover, access_token, certificate_proof, thumbprint_of

PROTECT = "PublishingService/Protect"


@pytest.fixture(scope="module")
def world(world):
    w = world
    w.services = Issuer("https://services.contoso.com")
    w.services_id = issuer(w, w.services, w.contoso.admin)
    w.platform = Issuer("https://services.example.org")
    w.platform_id = issuer(w, w.platform, w.platform_admin, boundary="commercial")
    w.own = w.identity("edge-token")  # not registered: the token is bound to it
    w.edge = create(w, {"name": "edge", "role": 1, "sender_domains": ["contoso.com"],
                        "issuer_id": w.services_id, "subject": "edge-1"})
    return w


def issuer(w, made, who, kind=5, **more):
    return w.call("IssuerService/CreateIssuer", {"issuer": {
        "kind": kind, "issuer": made.iss, "audiences": [made.audience], "algorithms": ["ES256"],
        "jwks_json": made.jwks(), "clock_skew_seconds": 30, **more}}, who).issuer.issuer_id


def create(w, component, who=None, identities=(), tenant="contoso"):
    """Register a component with the certificates of identities, which are proven."""
    proofs = [certificate_proof(identity, tenant, component["name"]) for identity in identities]
    return w.call("ComponentService/CreateComponent", {"component": component, "proofs": proofs},
                  who or w.contoso.admin).component


def update(w, who=None, proofs=(), **fields):
    fixed = {name: fields.pop(name) for name in ("component_id", "etag", "tenant") if name in fields}
    return w.call("ComponentService/UpdateComponent", {
        "component": {**fixed, **fields}, "update_mask": {"paths": list(fields)}, "proofs": proofs},
        who or w.contoso.admin).component


def get(w, component_id, who=None, **more):
    return w.call("ComponentService/GetComponent", {"component_id": component_id, **more},
                  who or w.contoso.admin).component


def request(w):
    return {"client_public_jwk": w.reader.public, "do_not_forward": {}, "recipients": ["bob@fabrikam.com"],
            "owner": "alice@contoso.com"}


def protect(w, who=None, token=None, **more):
    return w.call(PROTECT, request(w), who, token=token, **more)


def check_everywhere(w, who, expected, token=None):
    assert everywhere(w.a, PROTECT, request(w), who, token) == expected


# --- the register ---


def test_a_certificate_is_renewed_with_overlap(world):
    old, new = Identity("renewed-1"), Identity("renewed-2")
    made = create(world, {"name": "renewed", "role": 1, "sender_domains": ["contoso.com"]}, identities=[old])
    check_everywhere(world, old, "OK")
    check_everywhere(world, new, "COMPONENT_UNKNOWN")
    both = update(world, component_id=made.component_id, certificate_sha256=[old.fingerprint, new.fingerprint],
                  proofs=[certificate_proof(new, "contoso", "renewed")])
    assert both.etag not in ("", made.etag) and set(both.certificate_sha256) == {old.fingerprint, new.fingerprint}
    check_everywhere(world, old, "OK")
    check_everywhere(world, new, "OK")
    update(world, component_id=made.component_id, certificate_sha256=[new.fingerprint])
    check_everywhere(world, old, "COMPONENT_UNKNOWN")  # from the next call on
    check_everywhere(world, new, "OK")
    got = get(world, made.component_id)
    assert list(got.certificate_sha256) == [new.fingerprint] and got.name == "renewed" and got.tenant == "contoso"
    assert got.boundary == "commercial" and list(got.sender_domains) == ["contoso.com"] and got.etag not in ("", made.etag, both.etag)
    update(world, component_id=made.component_id, disabled=True)
    check_everywhere(world, new, "COMPONENT_UNKNOWN")
    update(world, component_id=made.component_id, disabled=False, sender_domains=["other.com"])
    check_everywhere(world, new, "COMPONENT_DOMAIN")
    update(world, component_id=made.component_id, sender_domains=["contoso.com"])
    check_everywhere(world, new, "OK")
    world.call("ComponentService/DeleteComponent", {"component_id": made.component_id}, world.contoso.admin)
    check_everywhere(world, new, "COMPONENT_UNKNOWN")
    assert reason(get, world, made.component_id) == "NOT_FOUND"
    operations = [event.operation for event in world.audit(tenant="contoso") if event.target == "renewed"]
    assert operations == ["delete_component"] + ["update_component"] * 5 + ["create_component"]


def test_changes_don_t_overwrite_each_other(world):
    made = create(world, {"name": "versioned", "role": 6}, identities=[Identity("versioned")])
    one = update(world, component_id=made.component_id, disabled=True, etag=made.etag)
    again = {"component_id": made.component_id, "etag": made.etag}
    assert reason(update, world, disabled=False, **again) == "ETAG_MISMATCH"
    assert reason(update, world, disabled=False, **{**again, "etag": "x"}) == "ETAG_MISMATCH"
    assert reason(world.call, "ComponentService/DeleteComponent", again, world.contoso.admin) == "ETAG_MISMATCH"
    world.call("ComponentService/DeleteComponent", {**again, "etag": one.etag}, world.contoso.admin)
    assert reason(world.call, "ComponentService/DeleteComponent", again, world.contoso.admin) == "NOT_FOUND"


def test_what_is_listed(world):
    auditor = Identity("auditor")
    create(world, {"name": "auditor", "role": 6}, identities=[auditor])
    method = "ComponentService/ListComponents"
    names = [component.name for component in pages(world.call, method, {"page_size": 2}, "components", auditor)]
    assert {"contoso-admin", "edge", "auditor"} <= set(names) and len(names) == len(set(names))
    assert "fabrikam-admin" not in names
    assert {c.name for c in world.call(method, {}, world.platform_admin).components} == {"platform-admin"}
    assert "edge" in {c.name for c in world.call(method, {"tenant": "contoso"}, world.platform_admin).components}
    assert reason(world.call, method, {"tenant": "fabrikam"}, world.contoso.admin) == "COMPONENT_TENANT"
    assert reason(world.call, method, {"page_token": "x"}, world.contoso.admin) == "PAGE_TOKEN_INVALID"
    assert reason(world.call, method, {"page_size": -1}, world.contoso.admin) == "FIELD_INVALID"
    assert reason(update, world, auditor, component_id=world.edge.component_id, disabled=True) == "COMPONENT_ROLE"


def test_other_tenants_see_and_change_nothing(world):
    theirs = {"component_id": world.edge.component_id}
    assert reason(get, world, world.edge.component_id, world.fabrikam.admin) == "NOT_FOUND"
    assert reason(update, world, world.fabrikam.admin, disabled=True, **theirs) == "NOT_FOUND"
    assert reason(world.call, "ComponentService/DeleteComponent", theirs, world.fabrikam.admin) == "NOT_FOUND"
    assert reason(get, world, world.edge.component_id, world.platform_admin) == "NOT_FOUND"  # it is not the platform's
    assert get(world, world.edge.component_id, world.platform_admin, tenant="contoso").name == "edge"
    assert reason(get, world, world.edge.component_id, world.fabrikam.admin, tenant="contoso") == "COMPONENT_TENANT"


def test_what_is_no_component(world):
    prints = [os.urandom(32) for _ in range(5)]
    named = {"issuer_id": world.services_id, "subject": "x"}
    users = issuer(world, Issuer("https://users.contoso.com"), world.contoso.admin, kind=1)
    for bad, field in (({}, "certificate_sha256"), ({"certificate_sha256": prints}, "certificate_sha256"),
                       ({"certificate_sha256": [prints[0]] * 2}, "certificate_sha256"),
                       ({"certificate_sha256": [prints[0][:31]]}, "certificate_sha256"),
                       ({"issuer_id": world.services_id}, "subject"), ({"subject": "x"}, "subject"),
                       ({**named, "subject": "x" * 257}, "subject"), ({**named, "issuer_id": "x"}, "issuer_id"),
                       ({**named, "issuer_id": users}, "issuer_id"),  # one that makes users makes no components
                       ({**named, "name": "A"}, "name"), ({**named, "role": 8}, "role"), ({**named, "role": 2}, "role"),
                       ({**named, "sender_domains": ["a.example", "x y"]}, "sender_domains[1]")):
        error = refused(create, world, {"name": "bad", "role": 1, **bad})
        assert (error.reason, error.fields) == ("FIELD_INVALID", [f"component.{field}"]), bad
    theirs = refused(create, world, {"name": "bad", "role": 1, **named}, world.fabrikam.admin)
    assert theirs.fields == ["component.issuer_id"]  # an issuer names components of its own tenant only
    admin = refused(create, world, {"name": "bad", "role": 5, **named})
    assert admin.fields == ["component.issuer_id"]  # or an admin who keeps the issuer could be any other admin
    create(world, {"name": "admin-2", "role": 5, "issuer_id": world.platform_id, "subject": "admin-2",
                   "tenant": "contoso"}, world.platform_admin)
    edge = {"component_id": world.edge.component_id}
    assert refused(update, world, **edge, issuer_id="", subject="").fields == ["component.certificate_sha256"]
    for mask in ([], ["name"], ["role"], ["nonsense"]):
        body = {"component": edge, "update_mask": {"paths": mask}}
        assert reason(world.call, "ComponentService/UpdateComponent", body, world.contoso.admin) == "FIELD_INVALID"
    taken = {"name": "taken", "role": 1, "issuer_id": world.services_id, "subject": "edge-1"}
    assert reason(create, world, taken) == "ALREADY_EXISTS"
    assert reason(create, world, {**taken, "name": "edge", "subject": "edge-2"}) == "ALREADY_EXISTS"


def test_an_admin_makes_no_second_person(world):
    """Where a tenant requires approval of anything, its admins change no admin's credential, nor remove one."""
    admin = world.tenant("wary").admin
    other = create(world, {"name": "other", "role": 5, "tenant": "wary", "certificate_sha256": [os.urandom(32)]},
                   world.platform_admin)
    gateway = create(world, {"name": "edge", "role": 1}, admin, [Identity("wary-edge")], "wary")
    world.update_tenant(admin, two_person=[1])
    mine = {"component_id": other.component_id}
    assert reason(update, world, admin, **mine, certificate_sha256=[os.urandom(32)]) == "APPROVAL_REQUIRED"
    assert reason(update, world, admin, **mine, disabled=True) == "APPROVAL_REQUIRED"
    assert reason(world.call, "ComponentService/DeleteComponent", mine, admin) == "APPROVAL_REQUIRED"
    assert reason(create, world, {"name": "third", "role": 5, "certificate_sha256": [os.urandom(32)]},
                  admin) == "APPROVAL_REQUIRED"
    update(world, admin, component_id=gateway.component_id, disabled=True)
    update(world, world.platform_admin, tenant="wary", disabled=True, **mine)  # the operator may
    world.call("ComponentService/DeleteComponent", {**mine, "tenant": "wary"}, world.platform_admin)


# --- components that come with tokens ---


def edge_token(w, **changes):
    return access_token(w.services, "edge-1", **{"cnf": thumbprint_of(w.own), **changes})


def test_a_gateway_comes_with_a_token_bound_to_its_certificate(world):
    made = protect(world, world.own, edge_token(world))
    world.acquire(made, world.bob)
    event = world.audit(operation="protect", tenant="contoso")[0]
    assert event.component == "edge" and event.granted
    check_everywhere(world, world.own, "OK", edge_token(world))
    stolen = edge_token(world)
    check_everywhere(world, Identity("thief"), "TOKEN_PROOF_INVALID", stolen)
    check_everywhere(world, None, "TOKEN_PROOF_MISSING", stolen)
    assert reason(protect, world, world.contoso.admin, stolen) == "TOKEN_PROOF_INVALID"  # a registered thief
    assert reason(protect, world, world.contoso.admin, edge_token(world, cnf=None)) == "COMPONENT_UNKNOWN"
    assert reason(protect, world, world.own, edge_token(world, cnf=None)) == "COMPONENT_UNKNOWN"


@pytest.mark.parametrize("changes,expected", [
    ({"typ": "JWT"}, "TOKEN_TYPE"), ({"typ": "dpop+jwt"}, "TOKEN_TYPE"), ({"exp": None}, "TOKEN_CLAIM_INVALID"),
    ({"aud": None}, "TOKEN_AUDIENCE"), ({"iat": None}, "TOKEN_CLAIM_INVALID"), ({"jti": None}, "TOKEN_CLAIM_INVALID"),
    ({"jti": 7}, "TOKEN_CLAIM_INVALID"), ({"sub": None}, "TOKEN_CLAIM_INVALID"), ({"sub": ""}, "TOKEN_CLAIM_INVALID"),
    ({"sub": "x" * 257}, "TOKEN_CLAIM_INVALID"), ({"client_id": None}, "TOKEN_CLAIM_INVALID"),
    ({"sub": "edge-2"}, "COMPONENT_UNKNOWN"), ({"sub": "EDGE-1"}, "COMPONENT_UNKNOWN"),
    ({"exp": int(time.time()) - 600}, "TOKEN_EXPIRED"), ({"cnf": {"kid": "x"}}, "TOKEN_TYPE")], ids=str)
def test_a_token_that_is_no_component_s(world, changes, expected):
    assert reason(protect, world, world.own, edge_token(world, **changes)) == expected


def test_application_at_jwt_is_the_same_type(world):
    protect(world, world.own, edge_token(world, typ="application/at+jwt"))


def test_components_make_no_users_and_users_no_components(world):
    email = edge_token(world, email="alice@contoso.com", cnf=None)
    protect(world, token=email)
    event = world.audit(operation="protect", tenant="contoso")[0]
    assert event.component == "edge" and not event.user
    as_user = {"content_id": "00000000-0000-7000-8000-000000000000"}
    assert reason(world.call, "TrackingService/ListAccess", as_user, world.contoso.admin,
                  user_token=email) == "TOKEN_TYPE"
    # Even with the name of a component in it, an issuer of users makes a user.
    user = access_token(world.contoso.issuer, "edge-1", email="alice@contoso.com")
    protect(world, token=user)
    event = world.audit(operation="protect", tenant="contoso")[0]
    assert event.user == "alice@contoso.com" and not event.component


def test_the_platform_s_issuer_names_components_of_tenants(world):
    create(world, {"name": "hosted", "role": 1, "tenant": "contoso", "sender_domains": ["contoso.com"],
                   "issuer_id": world.platform_id, "subject": "hosted"}, world.platform_admin)
    protect(world, token=access_token(world.platform, "hosted"))
    high = issuer(world, Issuer("https://services.example.us"), world.platform_admin, boundary="gcc-high")
    error = refused(create, world, {"name": "high", "role": 1, "tenant": "contoso", "issuer_id": high, "subject": "x"},
                    world.platform_admin)
    assert error.fields == ["component.issuer_id"]  # an issuer is believed in its own boundary
    # A component that was moved to another issuer is not the old one's any more.
    moved = create(world, {"name": "moved", "role": 1, "tenant": "contoso", "sender_domains": ["contoso.com"],
                           "issuer_id": world.platform_id, "subject": "moved"}, world.platform_admin)
    old, new = access_token(world.platform, "moved"), access_token(world.services, "moved")
    check_everywhere(world, None, "OK", old)
    check_everywhere(world, None, "COMPONENT_UNKNOWN", new)
    update(world, component_id=moved.component_id, issuer_id=world.services_id)
    check_everywhere(world, None, "COMPONENT_UNKNOWN", old)
    check_everywhere(world, None, "OK", new)


def test_a_component_s_token_and_a_user_s(world):
    own = Identity("portal-token")
    create(world, {"name": "reading", "role": 2, "boundary": "commercial", "issuer_id": world.platform_id,
                   "subject": "portal"}, world.platform_admin)
    token = access_token(world.platform, "portal", cnf=thumbprint_of(own))
    made = protect(world, world.own, edge_token(world))
    world.acquire(made, token, own, world.bob)
    event = world.audit(operation="acquire_license", tenant="contoso")[0]
    assert (event.user, event.component) == ("bob@fabrikam.com", "reading")
    assert reason(world.acquire, made, token, own) == "USER_TOKEN_REQUIRED"


def test_a_certificate_and_a_token_name_the_same_component(world):
    both = Identity("both")
    create(world, {"name": "both", "role": 1, "sender_domains": ["contoso.com"], "issuer_id": world.services_id,
                   "subject": "both"}, identities=[both])
    protect(world, both)
    protect(world, both, access_token(world.services, "both"))
    protect(world, token=access_token(world.services, "both"))
    assert reason(protect, world, both, edge_token(world, cnf=None)) == "COMPONENT_UNKNOWN"


def test_a_component_may_prove_by_dpop(world):
    prover = Prover()
    token = edge_token(world, cnf=prover.cnf)
    assert protect(world, metadata=prover.metadata(token, PROTECT)).publishing_license
    assert reason(protect, world, metadata=prover.metadata(token, "PublishingService/X")) == "TOKEN_PROOF_INVALID"
    assert reason(protect, world, token=token) == "TOKEN_PROOF_MISSING"


def test_a_tenant_may_insist_on_bound_components(world):
    prover, certified = Prover(), Identity("certified")
    create(world, {"name": "certified", "role": 1, "sender_domains": ["contoso.com"]}, identities=[certified])
    unbound, by_key = edge_token(world, cnf=None), edge_token(world, cnf=prover.cnf)
    for insists, expected in ((False, "OK"), (True, "TOKEN_UNBOUND"), (False, "OK"), (True, "TOKEN_UNBOUND")):
        world.update_tenant(require_bound_component_tokens=insists)
        check_everywhere(world, None, expected, unbound)
        check_everywhere(world, world.own, "OK", edge_token(world))
        check_everywhere(world, certified, "OK")
    assert reason(protect, world, metadata=prover.metadata(by_key, PROTECT)) == "TOKEN_UNBOUND"  # a key, no certificate
    protect(world, certified)
    protect(world, token=access_token(world.contoso.issuer, "x", email="alice@contoso.com"))  # no component
    assert world.audit(reason="TOKEN_UNBOUND", tenant="contoso")
