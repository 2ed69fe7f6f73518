# SPDX-License-Identifier: Apache-2.0
"""The cancel and crash matrices, made from the step tables of the daemon itself: a new step is in them the day it
appears, and a flow without a request here fails the test."""
import os
import subprocess
import tempfile
import time

import pytest

from authority import BUILD, MESSAGES, Authority, Reader, Refused, new_id
from dns_server import DnsServer, txt

DELAY_MS, CANCEL_S = 120, 0.04


def steps():
    lines = subprocess.run([f"{BUILD}/server/daemon/chanceryd", "--list-steps"], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    return [line.split() for line in lines]


STEPS = [row for row in steps() if not row[0].startswith(("health", "reflection"))]


@pytest.fixture(scope="module")
def world():
    fault = f"{tempfile.gettempdir()}/chancery-fault-{os.getpid()}"
    authority, dns = Authority(workers=1, env={"CHANCERY_FAULT_FILE": fault}), DnsServer()
    authority.config["dns"] = {"servers": [dns.address]}
    dns.records = {f"_chancery.v{n}.example": [txt(b"chancery-domain-verification=p")] for n in range(3000)}
    try:
        authority.migrate()
        authority.start()
        w = type("World", (), {})()
        w.a, w.fault, w.counts = authority, fault, {}
        w.contoso, w.admin = authority.tenant("contoso", "commercial", "contoso.com")
        w.fabrikam, w.fabrikam_admin = authority.tenant("fabrikam", "commercial", "fabrikam.com")
        w.gateway = authority.component("edge", 1, tenant="contoso", sender_domains=["contoso.com"])
        w.reader = Reader()
        w.bob, w.alice = w.fabrikam.token("bob@fabrikam.com"), w.contoso.token("alice@contoso.com")
        authority.postgres.sql("INSERT INTO exclusion (tenant, kind, value) SELECT tenant, 2, 'app' || n FROM tenant, "
                               "generate_series(1, 2000) AS n WHERE name = 'contoso'")  # to be removed one by one
        authority.postgres.sql(
            "INSERT INTO template (tenant, template, scope, offline_days, referral_contact, grant_principals, "
            "grant_rights, name_languages, name_texts, description_languages, description_texts) SELECT tenant, "
            "('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '{}', 0, '', '{owner}', '{VIEW}', '{en}', "
            "'{T}', '{}', '{}' FROM tenant, generate_series(1, 400) AS n WHERE name = 'contoso'")  # to be deleted
        authority.postgres.sql(
            "SELECT directory_put(tenant, '', u, u, array_fill(false, ARRAY[2000]), '{}', '{}', g, g, "
            "array_fill(''::text, ARRAY[2001]), '{staff@contoso.com}', '{u1@contoso.com}') FROM tenant, (SELECT "
            "array_agg('u' || n || '@contoso.com') AS u, array_agg('g' || n || '@contoso.com') || 'staff@contoso.com'::text "
            "AS g FROM generate_series(1, 2000) AS n) AS a WHERE name = 'contoso'")  # to be deleted one by one
        authority.postgres.sql(
            "INSERT INTO tenant_domain (tenant, domain, proof) SELECT tenant, kind || n || '.example', 'p' FROM tenant, "
            "unnest('{v,r}'::text[]) AS kind, generate_series(1, 2999) AS n WHERE name = 'fabrikam'")  # proven, removed
        authority.postgres.sql(
            "INSERT INTO component (tenant, component, name, role, boundary) SELECT tenant, ('00000000-0000-7000-8000-' "
            "|| lpad(n, 12, '0'))::uuid, 'c' || n, 1, 'commercial' FROM tenant, (SELECT 'c0de' AS n UNION ALL "
            "SELECT generate_series(1, 2000)::text) AS n WHERE name = 'contoso'")  # to be changed, and deleted
        authority.postgres.sql("INSERT INTO component_certificate (fingerprint, tenant, component) SELECT "
                               "sha256(component::text::bytea), tenant, component FROM component WHERE name LIKE 'c%'")
        set_up_power(w)
        w.directory = authority.call("IssuerService/CreateIssuer", {"issuer": {
            "kind": 2, "boundary": "commercial", "issuer": "https://login.example/{tenantid}/v2.0", "audiences": ["x"],
            "algorithms": ["ES256"], "jwks_json": w.contoso.jwks()}}, authority.admin).issuer
        authority.postgres.sql(
            "INSERT INTO issuer (tenant, issuer, boundary, kind, iss, audiences, algorithms, jwks_json) SELECT tenant, "
            "('00000000-0000-7000-9000-' || lpad(n::text, 12, '0'))::uuid, boundary, 1, 'https://i.example/' || n, '{x}', "
            "'{ES256}', '{}' FROM tenant, generate_series(1, 4000) AS n WHERE name = 'contoso'; "
            "INSERT INTO issuer_tenant (issuer, value, tenant) SELECT i.issuer, "
            "'00000000-0000-4000-8000-' || lpad(n::text, 12, '0'), t.tenant FROM issuer i, tenant t, generate_series(1, 4000) "
            "AS n WHERE i.kind = 2 AND t.name = 'contoso'")  # to be deleted, to be unmapped
        authority.postgres.sql(PARTNERS)
        w.made = authority.call(*requests(w)["protect"][:3])
        w.template = authority.call("TemplateService/CreateTemplate", {"template": template()}, w.admin).template
        yield w
    finally:
        set_fault(w, "")
        os.unlink(fault)
        dns.close()
        authority.close()


def set_up_power(w):
    """Super users and requests for approval, to be used up one by one."""
    w.tailspin, w.asker = w.a.tenant("tailspin", "commercial", "tailspin.com")
    w.approver = w.a.component("tailspin-other", 5, tenant="tailspin")
    w.a.call("TenantService/UpdateTenant", {"tenant": {"two_person": [1]}, "update_mask": {"paths": ["two_person"]}},
             w.asker)
    w.approval = w.a.call("TenantService/GrantSuperUser", super_user("user:s@tailspin.com"), w.asker).approval_id
    w.a.postgres.sql(
        "INSERT INTO super_user (tenant, principal, reason, granted_by, expires_at) SELECT tenant, 'user:s' || n || "
        "'@fabrikam.com', 'x', 'x', now() - interval '1 day' FROM tenant, generate_series(1, 2000) AS n "
        "WHERE name = 'fabrikam'; "
        "INSERT INTO approval (tenant, approval, act, operation, request, summary, requested_by, requested_by_name, "
        "requested_with, expires_at) SELECT tenant, ('ffff0000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, act, "
        "operation, request, summary, requested_by, requested_by_name, requested_with, expires_at FROM approval, "
        f"generate_series(1, 2000) AS n WHERE approval = '{w.approval}'")


def super_user(principal):
    return {"principal": principal, "reason": "x", "expire_time": {"seconds": int(time.time()) + 3600}}


# Tenants to propose an exception to (p), with one to accept (q), with one to withdraw (r).
PARTNERS = """
    INSERT INTO tenant (tenant, name, display_name, boundary, state, license_cap_days)
        SELECT gen_random_uuid(), kind || n, '', 'gcc-high', 1, 30
        FROM unnest(ARRAY['p', 'q', 'r']) AS kind, generate_series(1, 60) AS n;
    INSERT INTO partner_exception (exception, content_tenant, reader_tenant)
        SELECT ('00000000-0000-7000-' || kind || '-' || lpad(n::text, 12, '0'))::uuid, p.tenant, c.tenant
        FROM (VALUES ('8001', 'q'), ('8002', 'r')) AS k (kind, letter), generate_series(1, 60) AS n, tenant p, tenant c
        WHERE p.name = letter || n AND c.name = 'contoso';
    INSERT INTO partner_consent (exception, tenant) SELECT exception, content_tenant FROM partner_exception"""


def set_fault(w, text):
    with open(w.fault + ".new", "w", encoding="ascii") as file:
        file.write(text)
    os.rename(w.fault + ".new", w.fault)


def template():
    return {"names": [{"language": "en", "text": "T"}], "grants": [{"principals": ["owner"], "rights": [1]}]}


def requests(w, flow=""):
    """Per flow: method, request, component, token. What must be new is numbered per flow."""
    count = w.counts[flow] = w.counts.get(flow, 0) + 1
    jwk, unique = w.reader.public, f"n{count}"
    content = {"content_id": w.made.content_id} if hasattr(w, "made") else {}
    license_ = {"publishing_license": w.made.publishing_license} if content else {}
    one = {"template_id": w.template.template_id} if hasattr(w, "template") else {}
    number = {"reject_request": 600, "withdraw_request": 1200}.get(flow, 0) + count  # each uses up its own
    approval = {"approval_id": f"ffff0000-0000-7000-8000-{number:012d}"}
    component = {"component_id": "00000000-0000-7000-8000-00000000c0de"}
    return {
        "acquire_license": ("LicensingService/AcquireLicense", {**license_, "client_public_jwk": jwk}, None, w.bob),
        "inspect_content": ("LicensingService/InspectContent", license_, None, w.bob),
        "protect": ("PublishingService/Protect", {
            "do_not_forward": {}, "recipients": ["bob@fabrikam.com"], "owner": "alice@contoso.com",
            "request_id": new_id(), "client_public_jwk": jwk}, w.gateway, None),
        "amend_policy": ("PublishingService/AmendPolicy", {**content, "add_recipients": [f"{unique}@fabrikam.com"]}, None,
                         w.alice),
        "get_content": ("TrackingService/GetContent", content, None, w.alice),
        "list_content": ("TrackingService/ListContent", {}, None, w.alice),
        "revoke": ("TrackingService/Revoke", {**content, "user": "eve@fabrikam.com"}, None, w.alice),
        "restore": ("TrackingService/Restore", {**content, "user": "eve@fabrikam.com"}, None, w.alice),
        "list_access": ("TrackingService/ListAccess", content, None, w.alice),
        "create_tenant": ("TenantService/CreateTenant", {"tenant": {"tenant": unique, "boundary": "gcc"}}, w.a.admin, None),
        "get_tenant": ("TenantService/GetTenant", {"tenant": "contoso"}, w.a.admin, None),
        "add_domain": ("TenantService/AddDomain", {"tenant": "contoso", "domain": f"{unique}.example"}, w.a.admin, None),
        "list_available_templates": ("PublishingService/ListAvailableTemplates", {}, None, w.alice),
        "delete_template": ("TemplateService/DeleteTemplate", {
            "template_id": f"00000000-0000-7000-8000-{count:012d}"}, w.admin, None),
        "update_tenant": ("TenantService/UpdateTenant", {"tenant": {"display_name": unique},
                                                         "update_mask": {"paths": ["display_name"]}}, w.admin, None),
        "grant_super_user": ("TenantService/GrantSuperUser", super_user("user:x@contoso.com"), w.admin, None),
        "revoke_super_user": ("TenantService/RevokeSuperUser", {"principal": f"user:s{count}@fabrikam.com"},
                              w.fabrikam_admin, None),
        "list_super_users": ("TenantService/ListSuperUsers", {}, w.admin, None),
        "list_approvals": ("ApprovalService/ListApprovals", {}, w.asker, None),
        "get_approval": ("ApprovalService/GetApproval", {"approval_id": w.approval}, w.asker, None),
        "approve_request": ("ApprovalService/ApproveRequest", approval, w.approver, None),
        "reject_request": ("ApprovalService/RejectRequest", approval, w.approver, None),
        "withdraw_request": ("ApprovalService/WithdrawRequest", approval, w.asker, None),
        "add_exclusion": ("TenantService/AddExclusion", {"application": unique}, w.admin, None),
        "remove_exclusion": ("TenantService/RemoveExclusion", {"application": f"app{count}"}, w.admin, None),
        "list_tenants": ("TenantService/ListTenants", {}, w.a.admin, None),
        "verify_domain": ("TenantService/VerifyDomain", {"tenant": "fabrikam", "domain": f"v{count}.example"},
                          w.a.admin, None),
        "remove_domain": ("TenantService/RemoveDomain", {"tenant": "fabrikam", "domain": f"r{count}.example"},
                          w.a.admin, None),
        "create_issuer": ("IssuerService/CreateIssuer", {"issuer": {
            "kind": 1, "tenant": "contoso", "issuer": f"https://{unique}.example", "audiences": ["x"],
            "algorithms": ["ES256"], "jwks_json": w.contoso.jwks()}}, w.a.admin, None),
        "get_issuer": ("IssuerService/GetIssuer", {"issuer_id": w.directory.issuer_id}, w.a.admin, None),
        "list_issuers": ("IssuerService/ListIssuers", {"page_size": 5}, w.admin, None),
        "update_issuer": ("IssuerService/UpdateIssuer", {
            "issuer": {"issuer_id": w.directory.issuer_id, "audiences": ["x", unique]},
            "update_mask": {"paths": ["audiences"]}}, w.a.admin, None),
        "delete_issuer": ("IssuerService/DeleteIssuer", {
            "issuer_id": f"00000000-0000-7000-9000-{count:012d}"}, w.admin, None),
        "map_tenant": ("IssuerService/MapTenant", {
            "issuer_id": w.directory.issuer_id, "value": new_id(), "tenant": "contoso"}, w.a.admin, None),
        "unmap_tenant": ("IssuerService/UnmapTenant", {
            "issuer_id": w.directory.issuer_id, "value": f"00000000-0000-4000-8000-{count:012d}"}, w.a.admin, None),
        "list_tenant_mappings": ("IssuerService/ListTenantMappings", {
            "issuer_id": w.directory.issuer_id, "page_size": 5}, w.a.admin, None),
        "test_token": ("IssuerService/TestToken", {"token": w.alice}, w.admin, None),
        "create_component": ("ComponentService/CreateComponent", {"component": {
            "name": unique, "role": 1, "tenant": "contoso", "certificate_sha256": [os.urandom(32)]}}, w.a.admin, None),
        "get_component": ("ComponentService/GetComponent", component, w.admin, None),
        "list_components": ("ComponentService/ListComponents", {}, w.admin, None),
        "update_component": ("ComponentService/UpdateComponent", {
            "component": {**component, "sender_domains": [f"{unique}.example"]},
            "update_mask": {"paths": ["sender_domains"]}}, w.admin, None),
        "delete_component": ("ComponentService/DeleteComponent", {
            "component_id": f"00000000-0000-7000-8000-{count:012d}"}, w.admin, None),
        "create_template": ("TemplateService/CreateTemplate", {"template": template()}, w.admin, None),
        "get_template": ("TemplateService/GetTemplate", one, w.admin, None),
        "list_templates": ("TemplateService/ListTemplates", {}, w.admin, None),
        "update_template": ("TemplateService/UpdateTemplate", {
            "template": {**one, "scope": ["tenant:contoso"]}, "update_mask": {"paths": ["scope"]}}, w.admin, None),
        "publish_template": ("TemplateService/PublishTemplate", one, w.admin, None),
        "archive_template": ("TemplateService/ArchiveTemplate", one, w.admin, None),
        "put_user": ("DirectoryService/PutUser", {"user": {"address": f"{unique}@contoso.com"}}, w.admin, None),
        "get_user": ("DirectoryService/GetUser", {"address": "u2000@contoso.com"}, w.admin, None),
        "list_users": ("DirectoryService/ListUsers", {}, w.admin, None),
        "delete_user": ("DirectoryService/DeleteUser", {"address": f"u{count}@contoso.com"}, w.admin, None),
        "put_group": ("DirectoryService/PutGroup", {"group": {"address": f"{unique}-g@contoso.com"}}, w.admin, None),
        "get_group": ("DirectoryService/GetGroup", {"address": "staff@contoso.com"}, w.admin, None),
        "list_groups": ("DirectoryService/ListGroups", {}, w.admin, None),
        "delete_group": ("DirectoryService/DeleteGroup", {"address": f"g{count}@contoso.com"}, w.admin, None),
        "add_members": ("DirectoryService/AddMembers", {
            "group": "staff@contoso.com", "members": [f"{unique}@a.example"]}, w.admin, None),
        "remove_members": ("DirectoryService/RemoveMembers", {
            "group": "staff@contoso.com", "members": ["u1@contoso.com"]}, w.admin, None),
        "list_members": ("DirectoryService/ListMembers", {"group": "staff@contoso.com"}, w.admin, None),
        "import_directory": ("DirectoryService/ImportDirectory", {
            "users": [{"address": f"{unique}-i@contoso.com"}], "import_id": new_id()}, w.admin, None),
        "resolve_principal": ("DirectoryService/ResolvePrincipal", {"principal": "group:staff@contoso.com"}, w.admin, None),
        "create_boundary": ("BoundaryService/CreateBoundary", {"boundary": {"boundary": unique, "suite": 1}}, w.a.admin, None),
        "update_boundary": ("BoundaryService/UpdateBoundary", {
            "boundary": {"boundary": "dod", "display_name": unique}, "update_mask": {"paths": ["display_name"]}},
            w.a.admin, None),
        "list_boundaries": ("BoundaryService/ListBoundaries", {}, w.admin, None),
        "set_rule": ("BoundaryService/SetRule", {
            "rule": {"content_boundary": "dod", "reader_boundary": "external", "rule": 3}}, w.a.admin, None),
        "propose_partner_exception": ("BoundaryService/ProposePartnerException", {"partner": f"p{count}"}, w.admin, None),
        "accept_partner_exception": ("BoundaryService/AcceptPartnerException", {
            "exception_id": f"00000000-0000-7000-8001-{count:012d}"}, w.admin, None),
        "withdraw_partner_exception": ("BoundaryService/WithdrawPartnerException", {
            "exception_id": f"00000000-0000-7000-8002-{count:012d}"}, w.admin, None),
        "list_partner_exceptions": ("BoundaryService/ListPartnerExceptions", {}, w.admin, None),
        "decide_delivery": ("DeliveryService/DecideDelivery", {
            "sender": "alice@contoso.com", "recipients": ["bob@fabrikam.com", "kim@gmail.com"]}, w.gateway, None),
        "query_audit": ("AuditService/Query", {"filter": {"tenant": "contoso"}}, w.a.admin, None),
    }


def test_every_flow_has_a_request(world):
    assert {row[0] for row in STEPS} == set(requests(world))


def start(w, flow, timeout=20):
    path, request, who, token = requests(w, flow)[flow]
    request_type, response_type = MESSAGES.method(path)
    stub = w.a.channel(who).unary_unary(f"/chancery.v1.{path}", request_type.SerializeToString,
                                        response_type.FromString)
    metadata = [("authorization", f"Bearer {token}")] if token else []
    return stub.future(request_type(**request), metadata=metadata, timeout=timeout)


def active(w):
    lines = [line for line in w.a.page("/metrics")[1].splitlines() if line.startswith("chancery_calls_active")]
    return int(float(lines[0].split()[-1])) if lines else 0


def wait_until_idle(w):
    end = time.monotonic() + 5
    while active(w) != 0:
        assert time.monotonic() < end, "a call is left over"
        time.sleep(0.02)


@pytest.mark.parametrize("mode", ["reset", "deadline", "disconnect"])
@pytest.mark.parametrize("flow", sorted({row[0] for row in STEPS}))
def test_cancel(world, flow, mode):
    """A client that goes, at every step: nothing is left over, nothing breaks, and the next call works."""
    for step in (row[1] for row in STEPS if row[0] == flow):
        set_fault(world, f"{flow}:{step}:delay={DELAY_MS}")
        call = start(world, flow, timeout=CANCEL_S if mode == "deadline" else 20)
        time.sleep(CANCEL_S)
        if mode == "reset":
            call.cancel()
        elif mode == "disconnect":
            for channel in world.a.channels.values():
                channel.close()
            world.a.channels = {}
        error = call.exception() if not call.cancelled() else None
        if mode == "deadline":
            assert error.code().name == "DEADLINE_EXCEEDED", error
    set_fault(world, "")
    wait_until_idle(world)
    reasons = {line["reason"] for line in world.a.log if line["event"] == "call.done"}
    assert {"DEADLINE_EXCEEDED", "CANCELLED"} & reasons  # a client resets at its own deadline
    assert start(world, flow).result() is not None


@pytest.mark.parametrize("flow", ["acquire_license", "protect", "revoke"])
def test_crash(world, flow):
    """kill -9 at every step: before the commit there is no record, after it there is one, and no client has an
    answer that is not recorded."""
    rows = [row for row in STEPS if row[0] == flow]
    committed = False
    for row in rows:
        before = count_records(world, flow)
        restarts = len([line for line in world.a.log if line["event"] == "worker.ready"])
        set_fault(world, f"{flow}:{row[1]}:kill")
        assert start(world, flow).code().name == "UNAVAILABLE"
        set_fault(world, "")
        world.a.wait_for_log("worker.ready", restarts)
        assert count_records(world, flow) - before == (1 if committed else 0), row
        committed = committed or row[-1] == "commit"
    assert committed
    assert start(world, flow).result() is not None


def count_records(w, flow):
    return int(w.a.postgres.sql(f"SELECT count(*) FROM audit WHERE operation = '{flow}' AND granted"))


def test_a_lost_answer_can_be_asked_for_again(world):
    """Killed after the record but before the answer: the retry gets the same content."""
    path, request, who, _ = requests(world)["protect"]
    restarts = len([line for line in world.a.log if line["event"] == "worker.ready"])
    set_fault(world, "protect:seal:kill")
    with pytest.raises(Refused):
        world.a.call(path, request, who)
    set_fault(world, "")
    world.a.wait_for_log("worker.ready", restarts)
    made = world.a.call(path, request, who)
    contents = world.a.postgres.sql(f"SELECT content FROM content WHERE request_id = '{request['request_id']}'")
    assert contents == made.content_id
    world.a.call("LicensingService/AcquireLicense", {"publishing_license": made.publishing_license,
                                                     "client_public_jwk": world.reader.public}, token=world.bob)
