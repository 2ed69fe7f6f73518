# SPDX-License-Identifier: Apache-2.0
"""A denial does not tell a stranger what exists: everything that the wire shows is the same, whether the content,
template, tenant, key or user that he names is there or not."""
import time

import grpc
import pytest
from google.protobuf import descriptor_pb2

from authority import BUILD, MESSAGES, Authority, Reader, new_id


@pytest.fixture(scope="module")
def world():
    authority = Authority()
    try:
        authority.migrate()
        authority.start()
        w = type("World", (), {})()
        w.a, w.reader = authority, Reader()
        w.contoso, w.admin = authority.tenant("contoso", "commercial", "contoso.com")
        w.fabrikam, w.other_admin = authority.tenant("fabrikam", "commercial", "fabrikam.com")
        w.auditor = authority.component("fabrikam-auditor", 6, tenant="fabrikam")
        w.gateway = authority.component("edge", 1, tenant="contoso", sender_domains=["contoso.com"])
        w.other_gateway = authority.component("other-edge", 1, tenant="fabrikam", sender_domains=["fabrikam.com"])
        w.alice, w.carol = w.contoso.token("alice@contoso.com"), w.contoso.token("carol@contoso.com")
        w.bob, w.eve = w.fabrikam.token("bob@fabrikam.com"), w.fabrikam.token("eve@fabrikam.com")
        w.made = protect(w)
        yield w
    finally:
        authority.close()


def protect(w, **more):
    return w.a.call("PublishingService/Protect", {
        "client_public_jwk": w.reader.public, "do_not_forward": {}, "recipients": ["bob@fabrikam.com"], **more},
        token=w.alice)


def seen(w, path, request, who=None, token=None):
    """All that the wire shows of a refusal, but the request id."""
    request_type, response_type = MESSAGES.method(path)
    stub = w.a.channel(who).unary_unary(f"/chancery.v1.{path}", request_type.SerializeToString, response_type.FromString)
    metadata = [("authorization", f"Bearer {token}")] if token else []
    with pytest.raises(grpc.RpcError) as caught:
        stub(request_type(**request), metadata=metadata, timeout=20)
    error = caught.value
    trailers = dict(error.trailing_metadata())
    status = MESSAGES("google.rpc.Status").FromString(trailers.pop("grpc-status-details-bin"))
    details = []
    for detail in status.details:
        message = MESSAGES(detail.type_url.split("/")[-1]).FromString(detail.value)
        if message.DESCRIPTOR.name == "ErrorInfo":
            kept = [(entry.key, entry.value) for entry in message.metadata if entry.key != "request_id"]
            assert len(kept) == len(message.metadata) - 1
            details.append((message.reason, message.domain, sorted(kept)))
        else:
            details.append(str(message))
    return (error.code().name, error.details(), status.code, status.message, details, sorted(trailers.items()),
            sorted(key for key, _ in error.initial_metadata()))


def reason_of(shown):
    return shown[4][0][0]


def same(w, path, requests, who=None, token=None):
    """Refused, and for every request in the same way; the public reason."""
    shown = [seen(w, path, request, who, token) for request in requests]
    assert all(one == shown[0] for one in shown), (path, shown)
    return reason_of(shown[0])


# --- content --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method,more", [
    ("TrackingService/Revoke", {}), ("TrackingService/Revoke", {"user": "bob@fabrikam.com"}),
    ("TrackingService/Restore", {}), ("TrackingService/ListAccess", {}), ("TrackingService/GetContent", {}),
    ("PublishingService/AmendPolicy", {"add_recipients": ["eve@fabrikam.com"]})])
@pytest.mark.parametrize("who,token", [(None, "bob"), (None, "eve"), (None, "carol"), ("gateway", None),
                                       ("other_gateway", None), ("other_admin", None)])
def test_no_stranger_hears_of_content(world, method, more, who, token):
    requests = [{"content_id": content, **more} for content in (world.made.content_id, new_id(), new_id())]
    reason = same(world, method, requests, getattr(world, who) if who else None,
                  getattr(world, token) if token else None)
    assert reason in ("NOT_FOUND", "COMPONENT_ROLE")


def forged(w, **fields):
    """The license with another header: what a stranger can make of the clear part."""
    license_ = MESSAGES("chancery.internal.v1.PublishingLicense").FromString(w.made.publishing_license)
    header = MESSAGES("chancery.internal.v1.LicenseHeader").FromString(license_.header)
    for name, value in fields.items():
        setattr(header, name, value)
    license_.header = header.SerializeToString()
    return license_.SerializeToString()


def tenant_bytes(w, name):
    text = w.a.postgres.sql(f"SELECT tenant FROM tenant WHERE name = '{name}'")
    return bytes.fromhex(text.replace("-", ""))


@pytest.mark.parametrize("method", ["AcquireLicense", "InspectContent"])
@pytest.mark.parametrize("token", ["eve", "bob", "carol"])
def test_a_made_up_license_tells_of_nothing(world, method, token):
    headers = [{"tenant_id": tenant_bytes(world, "fabrikam")}, {"tenant_id": bytes(15) + b"\7"}, {"key_version": 99},
               {"content_id": bytes.fromhex(new_id().replace("-", ""))}, {"display_name": "x"}, {"boundary": "gcc"},
               {"boundary": "atlantis"}, {"boundary": "dod", "tenant_id": tenant_bytes(world, "fabrikam")}]
    requests = [{"publishing_license": forged(world, **header)} for header in headers]
    if method == "AcquireLicense":
        requests = [{**request, "client_public_jwk": world.reader.public} for request in requests]
    assert same(world, f"LicensingService/{method}", requests, token=getattr(world, token)) == "LICENSE_FORGED"


def test_a_made_up_license_does_not_tell_that_a_key_is_revoked(world):
    change = "UPDATE tenant_key SET state = {} WHERE purpose = 1; SELECT epoch_raise(tenant) FROM tenant"
    world.a.postgres.sql(change.format(3))
    requests = [{"publishing_license": forged(world, **header)} for header in (
        {"display_name": "x"}, {"tenant_id": bytes(15) + b"\7"}, {"key_version": 99})]
    assert same(world, "LicensingService/InspectContent", requests, token=world.eve) == "LICENSE_FORGED"
    real = {"publishing_license": world.made.publishing_license}
    assert reason_of(seen(world, "LicensingService/InspectContent", real, token=world.bob)) == "KEY_REVOKED"
    world.a.postgres.sql(change.format(1))


def test_who_has_no_rights_learns_nothing_of_the_state(world):
    """Fresh, revoked, revoked for somebody, expired, with a template, without it, with one that is not understood."""
    grants = {"grants": [{"principals": ["user:bob@fabrikam.com"], "rights": [1]}]}
    template = {"names": [{"language": "en", "text": "T"}], **grants}
    ids = [world.a.call("TemplateService/CreateTemplate", {"template": template}, world.admin).template.template_id
           for _ in range(3)]
    made = [world.made, protect(world), protect(world), protect(world, do_not_forward=None, custom=grants)]
    made += [protect(world, do_not_forward=None, template_id=one) for one in ids]
    call, sql = world.a.call, world.a.postgres.sql
    call("TrackingService/Revoke", {"content_id": made[1].content_id}, token=world.alice)
    call("TrackingService/Revoke", {"content_id": made[2].content_id, "user": "bob@fabrikam.com"}, token=world.alice)
    call("TemplateService/DeleteTemplate", {"template_id": ids[0], "force": True}, world.admin)
    sql(f"UPDATE template SET grant_principals = '{{planet:earth}}' WHERE template = '{ids[1]}'; "
        f"UPDATE template SET expires_at = now() - interval '1 day' WHERE template = '{ids[2]}'; "
        "SELECT epoch_raise(tenant) FROM tenant")
    requests = [{"publishing_license": one.publishing_license} for one in made]
    for token in (world.eve, world.carol):
        assert same(world, "LicensingService/InspectContent", requests, token=token) == "NO_RIGHTS"


# --- templates ------------------------------------------------------------------------------------------------


def test_protecting_tells_no_stranger_of_templates(world):
    body = {"names": [{"language": "en", "text": "T"}], "grants": [{"principals": ["owner"], "rights": [1]}]}

    def create(who, **more):
        return world.a.call("TemplateService/CreateTemplate", {"template": {**body, **more}}, who).template.template_id

    closed, archived, foreign = (create(world.admin, scope=["user:carol@contoso.com"]),
                                 create(world.admin, scope=["user:carol@contoso.com"]), create(world.other_admin))
    world.a.call("TemplateService/ArchiveTemplate", {"template_id": archived}, world.admin)
    broken = create(world.admin, scope=["user:carol@contoso.com"])
    world.a.postgres.sql(f"UPDATE template SET scope = '{{planet:earth}}' WHERE template = '{broken}'; "
                         "SELECT epoch_raise(tenant) FROM tenant")
    requests = [{"client_public_jwk": world.reader.public, "template_id": one}
                for one in (closed, archived, foreign, broken, new_id())]
    assert same(world, "PublishingService/Protect", requests, token=world.alice) == "TEMPLATE_NOT_FOUND"
    world.a.call("PublishingService/Protect", requests[0], token=world.carol)
    world.a.call("TenantService/UpdateTenant", {"tenant": {"onboarding": ["user:carol@contoso.com"]},
                                                "update_mask": {"paths": ["onboarding"]}}, world.admin)
    assert same(world, "PublishingService/Protect", requests, token=world.alice) == "PROTECT_DENIED"
    world.a.call("TenantService/UpdateTenant", {"tenant": {}, "update_mask": {"paths": ["onboarding"]}}, world.admin)


@pytest.mark.parametrize("method,more", [
    ("GetTemplate", {}), ("DeleteTemplate", {}), ("DeleteTemplate", {"force": True}), ("PublishTemplate", {}),
    ("ArchiveTemplate", {})])
def test_admins_hear_nothing_of_others_templates(world, method, more):
    body = {"names": [{"language": "en", "text": "T"}], "grants": [{"principals": ["owner"], "rights": [1]}]}
    template = world.a.call("TemplateService/CreateTemplate", {"template": body}, world.admin).template.template_id
    requests = [{"template_id": one, **more} for one in (template, new_id())]
    assert same(world, f"TemplateService/{method}", requests, world.other_admin) == "NOT_FOUND"
    update = [{"template": {"template_id": one, "names": body["names"]}, "update_mask": {"paths": ["names"]}}
              for one in (template, new_id())]
    assert same(world, "TemplateService/UpdateTemplate", update, world.other_admin) == "NOT_FOUND"


@pytest.mark.parametrize("method", ["GetIssuer", "DeleteIssuer", "UpdateIssuer"])
def test_admins_hear_nothing_of_others_issuers(world, method):
    own = world.a.call("IssuerService/ListIssuers", {}, world.admin).issuers[0].issuer_id
    requests = [{"issuer_id": one} for one in (own, new_id())]
    if method == "UpdateIssuer":
        requests = [{"issuer": {**one, "audiences": ["x"]}, "update_mask": {"paths": ["audiences"]}} for one in requests]
    assert same(world, f"IssuerService/{method}", requests, world.other_admin) == "NOT_FOUND"


@pytest.mark.parametrize("method", ["GetApproval", "ApproveRequest", "RejectRequest", "WithdrawRequest"])
def test_admins_hear_nothing_of_others_requests(world, method):
    world.a.postgres.sql(
        "INSERT INTO approval (tenant, approval, act, operation, request, summary, requested_by, requested_by_name, "
        "requested_with, expires_at) SELECT tenant, '00000000-0000-7000-8000-000000000007', gen_random_uuid(), 1, '', 'x', "
        "gen_random_uuid(), 'x', '', now() + interval '1 day' FROM tenant WHERE name = 'contoso' ON CONFLICT DO NOTHING")
    requests = [{"approval_id": one} for one in ("00000000-0000-7000-8000-000000000007", new_id())]
    assert same(world, f"ApprovalService/{method}", requests, world.other_admin) == "NOT_FOUND"


# --- tenants and users ----------------------------------------------------------------------------------------


def tenant_requests():
    """Per method, what it takes; T stands for the tenant's name."""
    template = {"names": [{"language": "en", "text": "T"}], "grants": [{"principals": ["owner"], "rights": [1]}]}
    one = {"tenant": "T", "template_id": new_id()}
    return [
        ("TenantService/GetTenant", {"tenant": "T"}),
        ("TenantService/UpdateTenant", {"tenant": {"tenant": "T", "display_name": "x"},
                                        "update_mask": {"paths": ["display_name"]}}),
        ("TenantService/AddDomain", {"tenant": "T", "domain": "new.example"}),
        ("TenantService/VerifyDomain", {"tenant": "T", "domain": "contoso.com"}),
        ("TenantService/RemoveDomain", {"tenant": "T", "domain": "contoso.com"}),
        ("TenantService/AddExclusion", {"tenant": "T", "user": "alice@contoso.com"}),
        ("TenantService/RemoveExclusion", {"tenant": "T", "user": "alice@contoso.com"}),
        ("TemplateService/CreateTemplate", {"tenant": "T", "template": template}),
        ("TemplateService/GetTemplate", one),
        ("TemplateService/ListTemplates", {"tenant": "T"}),
        ("TemplateService/UpdateTemplate", {"tenant": "T", "template": {"template_id": new_id()},
                                            "update_mask": {"paths": ["scope"]}}),
        ("TemplateService/DeleteTemplate", one),
        ("TemplateService/PublishTemplate", one),
        ("TemplateService/ArchiveTemplate", one),
        ("IssuerService/CreateIssuer", {"issuer": {
            "kind": 1, "tenant": "T", "issuer": "https://new.example", "audiences": ["x"], "algorithms": ["ES256"],
            "jwks_url": "https://new.example/jwks"}}),
        ("ComponentService/CreateComponent", {"component": {
            "name": "new", "role": 1, "tenant": "T", "certificate_sha256": [bytes(32)]}}),
        ("ComponentService/GetComponent", {"tenant": "T", "component_id": new_id()}),
        ("ComponentService/ListComponents", {"tenant": "T"}),
        ("ComponentService/DeleteComponent", {"tenant": "T", "component_id": new_id()}),
        ("BoundaryService/ProposePartnerException", {"tenant": "T", "partner": "agency", "ours": True}),
        ("BoundaryService/AcceptPartnerException", {"tenant": "T", "exception_id": new_id()}),
        ("BoundaryService/WithdrawPartnerException", {"tenant": "T", "exception_id": new_id()}),
        ("BoundaryService/ListPartnerExceptions", {"tenant": "T"}),
        ("AuditService/Query", {"filter": {"tenant": "T"}}),
        ("TenantService/GrantSuperUser", {"tenant": "T", "principal": "user:alice@contoso.com", "reason": "x",
                                          "expire_time": {"seconds": int(time.time()) + 3600}}),
        ("TenantService/RevokeSuperUser", {"tenant": "T", "principal": "user:alice@contoso.com"}),
        ("TenantService/ListSuperUsers", {"tenant": "T"}),
        ("ApprovalService/ListApprovals", {"tenant": "T"}),
        ("ApprovalService/GetApproval", {"tenant": "T", "approval_id": new_id()}),
        ("ApprovalService/WithdrawRequest", {"tenant": "T", "approval_id": new_id()}),
        ("IssuerService/GetIssuer", {"tenant": "T", "issuer_id": new_id()}),
        ("IssuerService/ListIssuers", {"tenant": "T"}),
        ("IssuerService/DeleteIssuer", {"tenant": "T", "issuer_id": new_id()}),
        ("IssuerService/MapTenant", {"tenant": "T", "issuer_id": new_id(), "value": "x"}),
        ("DirectoryService/PutUser", {"tenant": "T", "user": {"address": "alice@contoso.com"}}),
        ("DirectoryService/GetUser", {"tenant": "T", "address": "alice@contoso.com"}),
        ("DirectoryService/ListUsers", {"tenant": "T"}),
        ("DirectoryService/DeleteUser", {"tenant": "T", "address": "alice@contoso.com"}),
        ("DirectoryService/PutGroup", {"tenant": "T", "group": {"address": "legal@contoso.com"}}),
        ("DirectoryService/GetGroup", {"tenant": "T", "address": "legal@contoso.com"}),
        ("DirectoryService/ListGroups", {"tenant": "T"}),
        ("DirectoryService/DeleteGroup", {"tenant": "T", "address": "legal@contoso.com"}),
        ("DirectoryService/AddMembers", {"tenant": "T", "group": "legal@contoso.com", "members": ["a@contoso.com"]}),
        ("DirectoryService/RemoveMembers", {"tenant": "T", "group": "legal@contoso.com", "members": ["a@contoso.com"]}),
        ("DirectoryService/ListMembers", {"tenant": "T", "group": "legal@contoso.com"}),
        ("DirectoryService/ImportDirectory", {"tenant": "T", "import_id": new_id(),
                                              "users": [{"address": "alice@contoso.com"}]}),
        ("DirectoryService/ResolvePrincipal", {"tenant": "T", "principal": "user:alice@contoso.com"}),
        ("TenantService/ListTenants", {}),
        ("TenantService/CreateTenant", {"tenant": {"tenant": "T", "boundary": "gcc"}}),
    ]


def name(request, tenant):
    if isinstance(request, dict):
        return {key: name(value, tenant) for key, value in request.items()}
    return tenant if request == "T" and isinstance(request, str) else request


def test_every_method_that_names_a_tenant_is_tried(world):
    files = descriptor_pb2.FileDescriptorSet()
    with open(f"{BUILD}/proto/gen/chancery.pb", "rb") as file:
        files.ParseFromString(file.read())
    tried, missing = {path for path, _ in tenant_requests()}, []
    for service in (service for file in files.file if file.package == "chancery.v1" for service in file.service):
        for path in (f"{service.name}/{method.name}" for method in service.method):
            names_tenant = "tenant" in MESSAGES.method(path)[0].DESCRIPTOR.fields_by_name
            if names_tenant and path not in tried and reason_of(seen(world, path, {})) != "METHOD_UNIMPLEMENTED":
                missing.append(path)
    assert not missing


@pytest.mark.parametrize("path,request_", tenant_requests(), ids=[row[0] for row in tenant_requests()])
def test_admins_hear_nothing_of_other_tenants(world, path, request_):
    """Not even their names: of another tenant, of one that is none, and of one that can't be."""
    if path == "TemplateService/CreateTemplate":  # the names of the template are no tenants
        requests = [{**request_, "tenant": tenant} for tenant in ("contoso", "nosuch", "No Such")]
    else:
        requests = [name(request_, tenant) for tenant in ("contoso", "nosuch", "No Such")]
    if path == "TenantService/CreateTenant":
        requests = requests[:2]  # the third is no name, which anybody may know
    assert same(world, path, requests, world.other_admin) in ("COMPONENT_TENANT", "COMPONENT_ROLE")
    reason = same(world, path, requests, world.auditor)
    assert reason in ("COMPONENT_TENANT", "COMPONENT_ROLE")
    assert same(world, path, requests, token=world.eve) == "COMPONENT_ROLE"
    assert same(world, path, requests) == "CREDENTIAL_MISSING"


def test_a_token_of_a_tenant_tells_nothing_of_its_users(world):
    """A user that is excluded, one with content, and one whom nobody has heard of are the same to a stranger."""
    world.a.call("TenantService/AddExclusion", {"user": "mallory@contoso.com"}, world.admin)
    requests = [{"content_id": world.made.content_id, "user": user}
                for user in ("mallory@contoso.com", "alice@contoso.com", "nobody@contoso.com")]
    assert same(world, "TrackingService/Revoke", requests, token=world.eve) == "NOT_FOUND"
    requests = [{"client_public_jwk": world.reader.public, "encrypt_only": {}, "owner": owner,
                 "recipients": ["bob@fabrikam.com"]}
                for owner in ("mallory@contoso.com", "alice@contoso.com", "nobody@contoso.com")]
    assert same(world, "PublishingService/Protect", requests, token=world.eve) == "PROTECT_DENIED"
    assert same(world, "PublishingService/Protect", requests, world.other_gateway) == "COMPONENT_DOMAIN"
