# SPDX-License-Identifier: Apache-2.0
"""Nodes that serve some boundaries: for what they answer, where they send the others, and what FIPS demands."""
import json
import re
import subprocess

import pytest

from authority import BUILD, Authority, Reader, Refused

COMMERCIAL_URL = "https://rms.commercial.example"


@pytest.fixture(scope="module")
def world():
    authority = Authority(workers=1)
    try:
        authority.migrate()
        authority.start()
        w = type("World", (), {})()
        w.a, w.reader = authority, Reader()
        w.contoso, w.admin = authority.tenant("contoso", "commercial", "contoso.com")
        w.agency, w.agency_admin = authority.tenant("agency", "gcc-high", "agency.us")
        w.gateway = authority.component("edge", 1, tenant="contoso", sender_domains=["contoso.com"])
        w.agency_gateway = authority.component("agency-edge", 1, tenant="agency", sender_domains=["agency.us"])
        w.portal = authority.component("portal-high", 2, boundary="gcc-high")
        authority.component("portal-other", 2, boundary="commercial")
        w.other_portal = authority.postgres.sql("SELECT component FROM component WHERE name = 'portal-other'")
        w.alice, w.dora = w.contoso.token("alice@contoso.com"), w.agency.token("dora@agency.us")
        w.made, w.high = protect(w, authority, "contoso"), protect(w, authority, "agency")
        update(authority, "commercial", authority_url=COMMERCIAL_URL)
        w.node = authority.node(boundaries=["gcc-high"]).start()
        yield w
        w.node.stop()
    finally:
        authority.close()


def protect(w, node, tenant):
    owner, gateway = {"contoso": ("bob@contoso.com", w.gateway), "agency": ("ann@agency.us", w.agency_gateway)}[tenant]
    return node.call("PublishingService/Protect", {
        "client_public_jwk": w.reader.public, "owner": owner, "do_not_forward": {},
        "recipients": ["alice@contoso.com", "dora@agency.us"]}, gateway)


def acquire(w, node, license_, who=None, **more):
    return node.call("LicensingService/AcquireLicense", {
        "publishing_license": license_, "client_public_jwk": w.reader.public}, who, **more)


def update(node, boundary, **fields):
    return node.call("BoundaryService/UpdateBoundary", {
        "boundary": {"boundary": boundary, **fields}, "update_mask": {"paths": list(fields)}}, node.admin)


def refused(function, *args, **more):
    with pytest.raises(Refused) as caught:
        function(*args, **more)
    return caught.value


def reason(function, *args, **more):
    return refused(function, *args, **more).reason


def elsewhere(w):
    """Calls that only a node of commercial answers: path, request, component, token."""
    jwk, one, content = w.reader.public, "00000000-0000-7000-8000-000000000001", {"content_id": w.made.content_id}
    template = {"names": [{"language": "en", "text": "T"}], "grants": [{"principals": ["owner"], "rights": [1]}]}
    own = {"client_public_jwk": jwk, "do_not_forward": {}, "recipients": ["x@contoso.com"]}
    return [
        ("LicensingService/AcquireLicense", {"publishing_license": w.made.publishing_license, "client_public_jwk": jwk}, None, w.alice),
        ("LicensingService/InspectContent", {"publishing_license": w.made.publishing_license}, None, w.alice),
        ("PublishingService/Protect", {**own, "owner": "bob@contoso.com"}, w.gateway, None),
        ("PublishingService/Protect", own, None, w.alice),
        ("PublishingService/ListAvailableTemplates", {}, None, w.alice),
        ("DeliveryService/DecideDelivery", {"sender": "bob@contoso.com", "recipients": ["x@y.example"]}, w.gateway, None),
        ("TrackingService/Revoke", content, w.admin, None),
        ("TrackingService/Restore", content, w.admin, None),
        ("TrackingService/ListAccess", content, None, w.contoso.token("bob@contoso.com")),
        ("TenantService/GetTenant", {}, w.admin, None),
        ("TenantService/UpdateTenant", {"tenant": {"display_name": "x"}, "update_mask": {"paths": ["display_name"]}}, w.admin, None),
        ("TenantService/GetTenant", {"tenant": "contoso"}, w.a.admin, None),
        ("TenantService/CreateTenant", {"tenant": {"tenant": "new", "boundary": "commercial"}}, w.a.admin, None),
        ("TenantService/AddDomain", {"domain": "new.example"}, w.admin, None),
        ("TenantService/VerifyDomain", {"tenant": "contoso", "domain": "contoso.com", "asserted": True}, w.a.admin, None),
        ("TenantService/AddExclusion", {"platform": "x"}, w.admin, None),
        ("TenantService/RemoveExclusion", {"platform": "x"}, w.admin, None),
        ("TemplateService/CreateTemplate", {"template": template}, w.admin, None),
        ("TemplateService/ListTemplates", {}, w.admin, None),
        ("TemplateService/DeleteTemplate", {"template_id": one}, w.admin, None),
        ("ComponentService/CreateComponent", {"component": {
            "name": "portal-com", "role": 2, "boundary": "commercial", "certificate_sha256": [b"p" * 32]}}, w.a.admin, None),
        ("ComponentService/CreateComponent", {"component": {
            "name": "edge2", "role": 1, "tenant": "contoso", "certificate_sha256": [b"e" * 32]}}, w.a.admin, None),
        ("IssuerService/CreateIssuer", {"issuer": {
            "kind": 3, "boundary": "commercial", "issuer": "https://x.example", "audiences": ["x"], "algorithms": ["ES256"],
            "domains": ["x.example"], "jwks_json": w.contoso.jwks()}}, w.a.admin, None),
        ("BoundaryService/SetRule", {"rule": {"content_boundary": "commercial", "reader_boundary": "gcc-high", "rule": 1}}, w.a.admin, None),
        ("BoundaryService/UpdateBoundary", {"boundary": {"boundary": "commercial"}, "update_mask": {"paths": ["fips"]}}, w.a.admin, None),
        ("BoundaryService/ProposePartnerException", {"partner": "agency"}, w.admin, None),
        ("BoundaryService/AcceptPartnerException", {"exception_id": one}, w.admin, None),
        ("BoundaryService/WithdrawPartnerException", {"exception_id": one}, w.admin, None),
        ("BoundaryService/ListPartnerExceptions", {}, w.admin, None),
        ("AuditService/Query", {"filter": {"tenant": "contoso"}}, w.a.admin, None),
        ("TrackingService/GetContent", content, None, w.contoso.token("bob@contoso.com")),
        ("TrackingService/ListContent", {}, None, w.alice),
        ("PublishingService/AmendPolicy", {**content, "add_recipients": ["x@contoso.com"]}, w.admin, None),
        ("TenantService/RemoveDomain", {"domain": "new.example"}, w.admin, None),
        ("TenantService/GrantSuperUser", {"principal": "user:x@contoso.com", "reason": "x"}, w.admin, None),
        ("TenantService/RevokeSuperUser", {"principal": "user:x@contoso.com"}, w.admin, None),
        ("TenantService/ListSuperUsers", {}, w.admin, None),
        ("ApprovalService/ListApprovals", {}, w.admin, None),
        ("ApprovalService/GetApproval", {"approval_id": one}, w.admin, None),
        ("ApprovalService/ApproveRequest", {"approval_id": one}, w.admin, None),
        ("ApprovalService/RejectRequest", {"approval_id": one}, w.admin, None),
        ("ApprovalService/WithdrawRequest", {"approval_id": one}, w.admin, None),
        ("DirectoryService/PutUser", {"user": {"address": "x@contoso.com"}}, w.admin, None),
        ("DirectoryService/GetUser", {"address": "x@contoso.com"}, w.admin, None),
        ("DirectoryService/ListUsers", {}, w.admin, None),
        ("DirectoryService/DeleteUser", {"address": "x@contoso.com"}, w.admin, None),
        ("DirectoryService/PutGroup", {"group": {"address": "x@contoso.com"}}, w.admin, None),
        ("DirectoryService/GetGroup", {"address": "x@contoso.com"}, w.admin, None),
        ("DirectoryService/ListGroups", {}, w.admin, None),
        ("DirectoryService/DeleteGroup", {"address": "x@contoso.com"}, w.admin, None),
        ("DirectoryService/AddMembers", {"group": "x@contoso.com", "members": ["y@contoso.com"]}, w.admin, None),
        ("DirectoryService/RemoveMembers", {"group": "x@contoso.com", "members": ["y@contoso.com"]}, w.admin, None),
        ("DirectoryService/ListMembers", {"group": "x@contoso.com"}, w.admin, None),
        ("DirectoryService/ImportDirectory", {"users": [{"address": "x@contoso.com"}]}, w.admin, None),
        ("DirectoryService/ResolvePrincipal", {"principal": "user:x@contoso.com"}, w.admin, None),
        ("TemplateService/GetTemplate", {"template_id": one}, w.admin, None),
        ("TemplateService/UpdateTemplate", {"template": {"template_id": one}, "update_mask": {"paths": ["scope"]}}, w.admin, None),
        ("TemplateService/PublishTemplate", {"template_id": one}, w.admin, None),
        ("TemplateService/ArchiveTemplate", {"template_id": one}, w.admin, None),
        ("ComponentService/GetComponent", {"component_id": one}, w.admin, None),
        ("ComponentService/ListComponents", {}, w.admin, None),
        ("ComponentService/UpdateComponent", {"component": {"component_id": w.other_portal, "disabled": True},
                                              "update_mask": {"paths": ["disabled"]}}, w.a.admin, None),
        ("ComponentService/DeleteComponent", {"component_id": w.other_portal}, w.a.admin, None),
        ("IssuerService/GetIssuer", {"issuer_id": one}, w.admin, None),
        ("IssuerService/ListIssuers", {}, w.admin, None),
        ("IssuerService/UpdateIssuer", {"issuer": {"issuer_id": one}, "update_mask": {"paths": ["audiences"]}}, w.admin, None),
        ("IssuerService/DeleteIssuer", {"issuer_id": one}, w.admin, None),
        ("IssuerService/TestToken", {"token": w.alice}, w.admin, None),
        ("IssuerService/MapTenant", {"tenant": "contoso", "issuer_id": one, "value": "x"}, w.a.admin, None),
    ]


# What every node answers, because it tells who people are or is of all boundaries; and create_boundary, below.
EVERYWHERE = {"list_boundaries", "list_tenants", "create_boundary", "unmap_tenant", "list_tenant_mappings"}


def test_every_flow_is_asked_elsewhere(world):
    """A new method must say what it does at a node of another boundary."""
    lines = subprocess.run([f"{BUILD}/server/daemon/chanceryd", "--list-steps"], capture_output=True, text=True, check=True).stdout
    flows = {line.split()[0] for line in lines.splitlines() if not line.startswith(("health", "reflection"))}
    names = {re.sub(r"(?<!^)(?=[A-Z])", "_", path.split("/")[1]).lower() for path, *_ in elsewhere(world)}
    assert flows == (names - {"query"}) | {"query_audit"} | EVERYWHERE


def test_others_are_sent_to_their_authority(world):
    contoso = world.a.postgres.sql("SELECT tenant FROM tenant WHERE name = 'contoso'")
    rows = f"SELECT count(*) FROM audit WHERE tenant = '{contoso}'"
    before = world.a.postgres.sql(rows)
    for path, request, who, token in elsewhere(world):
        error = refused(world.node.call, path, request, who, token)
        assert (error.code, error.reason) == ("FAILED_PRECONDITION", "WRONG_BOUNDARY"), (path, request)
        assert (error.metadata["boundary"], error.metadata["authority_url"]) == ("commercial", COMMERCIAL_URL), path
    assert world.a.postgres.sql(rows) == before  # told in the platform's log, not in that of a tenant elsewhere
    told = world.a.audit(reason="WRONG_BOUNDARY")
    assert len(told) == len(elsewhere(world))


def test_a_new_boundary_is_made_where_it_is_served(world):
    request = {"boundary": {"boundary": "nordic", "suite": 1}}
    assert reason(world.node.call, "BoundaryService/CreateBoundary", request, world.a.admin) == "WRONG_BOUNDARY"


def test_its_own_are_served_in_full(world):
    """Also readers of other boundaries, through its portal: who they are is known everywhere."""
    made = protect(world, world.node, "agency")
    assert acquire(world, world.node, made.publishing_license, token=world.dora).channel == 1
    assert reason(acquire, world, world.node, made.publishing_license, token=world.alice) == "PORTAL_REQUIRED"
    assert acquire(world, world.node, made.publishing_license, who=world.portal, user_token=world.alice).channel == 2
    assert world.node.call("TenantService/GetTenant", {}, world.agency_admin).tenant.tenant == "agency"
    listed = world.node.call("BoundaryService/ListBoundaries", {}, world.agency_admin).boundaries
    assert {"commercial", "gcc-high"} <= {one.boundary for one in listed}
    assert [key["crv"] for key in world.node.jwks()["keys"]] == ["P-384"]
    ask = {"sender": "ann@agency.us", "recipients": ["alice@contoso.com", "dora@agency.us"]}
    answer = world.node.call("DeliveryService/DecideDelivery", ask, world.agency_gateway).deliveries
    assert [one.channel for one in answer] == [2, 1]


def test_a_platform_admin_of_one_boundary(world):
    a = world.a
    limited = a.component("high-admin", 7, boundary="gcc-high")
    template = {"tenant": {"tenant": "border", "boundary": "commercial"}}
    assert reason(a.call, "TenantService/CreateTenant", template, limited) == "COMPONENT_TENANT"
    assert reason(a.call, "TenantService/GetTenant", {"tenant": "contoso"}, limited) == "COMPONENT_TENANT"
    rule = {"content_boundary": "commercial", "reader_boundary": "gcc-high", "rule": 1}
    assert reason(a.call, "BoundaryService/SetRule", {"rule": rule}, limited) == "COMPONENT_TENANT"
    assert reason(a.call, "BoundaryService/CreateBoundary", {"boundary": {"boundary": "x", "suite": 1}}, limited) == "COMPONENT_TENANT"
    assert a.call("TenantService/GetTenant", {"tenant": "agency"}, limited).tenant.tenant == "agency"


# --- FIPS -------------------------------------------------------------------------------------------------------

def fips_provider_is_active():
    done = subprocess.run(["openssl", "list", "-providers"], capture_output=True, text=True, check=False)
    return "fips" in done.stdout


needs_no_fips = pytest.mark.skipif(fips_provider_is_active(), reason="OpenSSL's FIPS provider is active here")


@needs_no_fips
def test_a_boundary_that_demands_fips(world):
    """Without a FIPS provider it is refused with a sentence for operators; the other boundaries are served."""
    a = world.a
    update(a, "gcc-high", fips=True)
    try:
        error = refused(acquire, world, a, world.high.publishing_license, token=world.dora)
        assert (error.code, error.reason) == ("FAILED_PRECONDITION", "FIPS_REQUIRED") and "FIPS module" in error.sentence
        assert reason(protect, world, a, "agency") == "FIPS_REQUIRED"
        for path, request, who in (("TenantService/GetTenant", {}, world.agency_admin),
                                   ("TemplateService/ListTemplates", {}, world.agency_admin),
                                   ("TenantService/CreateTenant", {"tenant": {"tenant": "f", "boundary": "gcc-high"}}, a.admin)):
            assert reason(a.call, path, request, who) == "FIPS_REQUIRED"
        assert reason(a.call, "TrackingService/Revoke", {"content_id": world.high.content_id},
                      token=world.agency.token("ann@agency.us")) == "FIPS_REQUIRED"
        acquire(world, a, world.made.publishing_license, token=world.alice)
        node = a.node(boundaries=["commercial", "gcc-high", "moon"]).start()
        try:
            line = node.wait_for_log("node.fips_required")
            assert (line["boundary"], line["reason"], line["level"]) == ("gcc-high", "FIPS_REQUIRED", "error") and line["advice"]
            assert node.wait_for_log("node.boundary_unknown")["boundary"] == "moon"
            acquire(world, node, world.made.publishing_license, token=world.alice)
        finally:
            node.stop()
    finally:
        update(a, "gcc-high", fips=False)
    acquire(world, a, world.high.publishing_license, token=world.dora)


@needs_no_fips
def test_fips_without_the_module_does_not_start(world):
    config = {**world.a.config, "crypto_properties": "fips=yes"}
    world.a.write("fips.yaml", json.dumps(config).encode())
    done = subprocess.run([f"{BUILD}/server/daemon/chanceryd", "--config", f"{world.a.folder}/fips.yaml"],
                          capture_output=True, text=True, timeout=30, check=False)
    errors = [json.loads(line) for line in done.stderr.splitlines() if '"error"' in line]
    assert done.returncode == 78 and errors[0]["reason"] == "STARTUP_FAILED"
    assert "openssl fipsinstall" in errors[0]["detail"], errors
