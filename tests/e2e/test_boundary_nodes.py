# SPDX-License-Identifier: Apache-2.0
"""Nodes that serve some boundaries: for what they answer, where they send the others, and what FIPS demands."""
import json
import subprocess

import pytest

from authority import BUILD
from calls import reason, refused
from methods import BUILT, ITEMS, caller_of, request_of
from stock import Stock
from world import ROLES, template_of

COMMERCIAL_URL = "https://rms.commercial.example"


@pytest.fixture(scope="module")
def authority_options(dns):
    return {"workers": 1, "config": dns.config}


@pytest.fixture(scope="module")
def world(world, dns):
    w = world
    w.stock = Stock(w, 3, dns)
    w.dora = w.agency.token("dora")
    w.platform_component("portal", "portal-other")
    w.other_portal = w.sql("SELECT component FROM component WHERE name = 'portal-other'")
    w.low, w.high = protect(w, "contoso"), protect(w, "agency")
    update(w.a, "commercial", authority_url=COMMERCIAL_URL)
    w.node = w.a.node(boundaries=["gcc-high"]).start()
    yield w
    w.node.stop()


def protect(w, tenant, on=None):
    owner, of = {"contoso": ("bob@contoso.com", w.contoso), "agency": ("ann@agency.us", w.agency)}[tenant]
    return w.protect(of.gateway, on=on, owner=owner, recipients=["alice@contoso.com", "dora@agency.us"])


def update(node, boundary, **fields):
    return node.call("BoundaryService/UpdateBoundary", {
        "boundary": {"boundary": boundary, **fields}, "update_mask": {"paths": list(fields)}}, node.admin)


# What every node answers, because it tells who people are or is of all boundaries; and create_boundary, below.
EVERYWHERE = {"get_caller", "get_boundary", "list_boundaries", "list_tenants", "create_boundary", "unmap_tenant", "list_tenant_mappings"}

ELSEWHERE = [method for method in BUILT if method.flow not in EVERYWHERE and not method.is_public]


def check_sent_away(w, path, request, **who):
    error = refused(w.node.call, path, request, **who)
    assert (error.code, error.reason) == ("FAILED_PRECONDITION", "WRONG_BOUNDARY"), (path, request)
    assert (error.metadata["boundary"], error.metadata["authority_url"]) == ("commercial", COMMERCIAL_URL), path


def rows(w):
    """What is in the logs of all tenants that are not this node's."""
    return w.sql("SELECT count(*) FROM audit JOIN tenant USING (tenant) WHERE boundary = 'commercial'")


def test_others_are_sent_to_their_authority(world):
    """Every method that is built, in its rightful caller's hands."""
    before, told = rows(world), len(world.audit(reason="WRONG_BOUNDARY"))
    for method in ELSEWHERE:
        request = request_of(world.stock, method)
        check_sent_away(world, method.path, request, **caller_of(world.stock, method))
        told += len(request["requests"]) if method.flow in ITEMS else 1
    assert rows(world) == before  # told in the platform's log, not in that of a tenant elsewhere
    assert len(world.audit(reason="WRONG_BOUNDARY")) == told


def test_others_in_other_ways_too(world):
    """As a user instead of a component, as an admin of the platform instead of the tenant's, about what is a platform's."""
    w, one = world, "00000000-0000-7000-8000-000000000001"
    own = {"client_public_jwk": w.reader.public, "do_not_forward": {}, "recipients": ["x@contoso.com"]}
    content, template = {"content_id": w.low.content_id}, {"template": template_of()}
    of_platform = {"component_id": w.other_portal}
    for path, request, who, token in (
            ("PublishingService/Protect", own, None, w.alice),
            ("TrackingService/Revoke", content, w.contoso.admin, None),
            ("TrackingService/Restore", content, w.gateway, None),
            ("PublishingService/AmendPolicy", {**content, "add_recipients": ["x@contoso.com"]}, w.contoso.admin, None),
            ("TenantService/GetTenant", {}, w.contoso.admin, None),
            ("TenantService/UpdateTenant",
             {"tenant": {"display_name": "x"}, "update_mask": {"paths": ["display_name"]}},
             w.contoso.admin, None),
            ("TenantService/AddDomain", {"domain": "new.example"}, w.contoso.admin, None),
            ("TenantService/RemoveDomain", {"domain": "new.example"}, w.contoso.admin, None),
            ("TemplateService/CreateTemplate", template, w.contoso.admin, None),
            ("ComponentService/CreateComponent", {"component": {
                "name": "portal-com", "role": ROLES["portal"], "boundary": "commercial",
                "certificate_sha256": [b"p" * 32]}},
             w.platform_admin, None),
            ("IssuerService/CreateIssuer", {"issuer": {
                "kind": 3, "boundary": "commercial", "issuer": "https://x.example", "audiences": ["x"],
                "algorithms": ["ES256"], "domains": ["x.example"], "jwks_json": w.contoso.issuer.jwks()}},
             w.platform_admin, None),
            ("ComponentService/UpdateComponent", {"component": {**of_platform, "disabled": True},
                                                  "update_mask": {"paths": ["disabled"]}}, w.platform_admin, None),
            ("ComponentService/DeleteComponent", of_platform, w.platform_admin, None),
            ("IssuerService/GetIssuer", {"issuer_id": one}, w.contoso.admin, None)):
        check_sent_away(w, path, request, who=who, token=token)


def test_providers_are_sent_to_their_authority(world):
    """Whoever signals is nobody whom a node knows, so it is counted, and in no tenant's log."""
    before = rows(world)
    check_sent_away(world, "SignalService/ReceiveSignal", world.stock.signal(1))
    assert rows(world) == before


def test_a_new_boundary_is_made_where_it_is_served(world):
    request = {"boundary": {"boundary": "nordic", "suite": 1}}
    assert reason(world.node.call, "BoundaryService/CreateBoundary", request, world.platform_admin) == "WRONG_BOUNDARY"


def test_its_own_are_served_in_full(world):
    """Also readers of other boundaries, through its portal: who they are is known everywhere."""
    w, node = world, world.node
    made = protect(w, "agency", node)
    assert w.acquire(made, w.dora, on=node).channel == 1
    assert reason(w.acquire, made, w.alice, on=node) == "PORTAL_REQUIRED"
    assert w.acquire(made, who=w.high_portal, user_token=w.alice, on=node).channel == 2
    assert node.call("TenantService/GetTenant", {}, w.agency.admin).tenant.tenant == "agency"
    listed = node.call("BoundaryService/ListBoundaries", {}, w.agency.admin).boundaries
    assert {"commercial", "gcc-high"} <= {one.boundary for one in listed}
    assert [key["crv"] for key in node.issuer_pages(f"https://rms.example.org/tenants/{w.agency.id}")[1]["keys"]] == ["P-384"]
    ask = {"sender": "ann@agency.us", "recipients": ["alice@contoso.com", "dora@agency.us"]}
    answer = node.call("DeliveryService/DecideDelivery", ask, w.agency.gateway).deliveries
    assert [one.channel for one in answer] == [2, 1]


def test_a_platform_admin_of_one_boundary(world):
    a = world.a
    limited = a.component("high-admin", 7, boundary="gcc-high")
    template = {"tenant": {"tenant": "border", "boundary": "commercial"}}
    assert reason(a.call, "TenantService/CreateTenant", template, limited) == "COMPONENT_TENANT"
    assert reason(a.call, "TenantService/GetTenant", {"tenant": "contoso"}, limited) == "COMPONENT_TENANT"
    rule = {"content_boundary": "commercial", "reader_boundary": "gcc-high", "rule": 1}
    assert reason(a.call, "BoundaryService/SetRule", {"rule": rule}, limited) == "COMPONENT_TENANT"
    assert reason(a.call, "BoundaryService/CreateBoundary", {"boundary": {"boundary": "x", "suite": 1}},
                  limited) == "COMPONENT_TENANT"
    assert a.call("TenantService/GetTenant", {"tenant": "agency"}, limited).tenant.tenant == "agency"


# --- FIPS -------------------------------------------------------------------------------------------------------

def fips_provider_is_active():
    done = subprocess.run(["openssl", "list", "-providers"], capture_output=True, text=True, check=False)
    return "fips" in done.stdout


needs_no_fips = pytest.mark.skipif(fips_provider_is_active(), reason="OpenSSL's FIPS provider is active here")


@needs_no_fips
def test_a_boundary_that_demands_fips(world):
    """Without a FIPS provider it is refused with a sentence for operators; the other boundaries are served."""
    w, a = world, world.a
    update(a, "gcc-high", fips=True)
    try:
        error = refused(w.acquire, w.high, w.dora)
        assert (error.code, error.reason) == ("FAILED_PRECONDITION",
                                              "FIPS_REQUIRED") and "FIPS module" in error.sentence
        assert reason(protect, w, "agency") == "FIPS_REQUIRED"
        for path, request, who in (("TenantService/GetTenant", {}, w.agency.admin),
                                   ("TemplateService/ListTemplates", {}, w.agency.admin),
                                   ("TenantService/CreateTenant", {"tenant": {"tenant": "f", "boundary": "gcc-high"}},
                                    w.platform_admin)):
            assert reason(a.call, path, request, who) == "FIPS_REQUIRED"
        assert reason(a.call, "TrackingService/Revoke", {"content_id": w.high.content_id},
                      token=w.agency.token("ann")) == "FIPS_REQUIRED"
        w.acquire(w.low, w.alice)
        node = a.node(boundaries=["commercial", "gcc-high", "moon"]).start()
        try:
            line = node.wait_for_log("node.fips_required")
            assert (line["boundary"], line["reason"], line["level"]) == ("gcc-high", "FIPS_REQUIRED",
                                                                         "error") and line["advice"]
            assert node.wait_for_log("node.boundary_unknown")["boundary"] == "moon"
            w.acquire(w.low, w.alice, on=node)
        finally:
            node.stop()
    finally:
        update(a, "gcc-high", fips=False)
    w.acquire(w.high, w.dora)


@needs_no_fips
def test_fips_without_the_module_does_not_start(world):
    config = {**world.a.config, "crypto_properties": "fips=yes"}
    world.a.write("fips.yaml", json.dumps(config).encode())
    done = subprocess.run([f"{BUILD}/server/daemon/chanceryd", "--config", f"{world.a.folder}/fips.yaml"],
                          capture_output=True, text=True, timeout=30, check=False)
    errors = [json.loads(line) for line in done.stderr.splitlines() if '"error"' in line]
    assert done.returncode == 78 and errors[0]["reason"] == "STARTUP_FAILED"
    assert "openssl fipsinstall" in errors[0]["detail"], errors
