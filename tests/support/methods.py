# SPDX-License-Identifier: Apache-2.0
"""The catalogue of methods: what the schema says of each (who may call it, whether for a user, which flow answers it),
and for each that is built a valid request and who sends it.

Every test that goes over methods takes them from here. A method with a flow and without a request fails
test_methods.py. To add one: a line in REQUESTS, and what it uses up in stock.py."""
import dataclasses
import os
import re

from google.protobuf import descriptor_pb2
from jwcrypto import jwk

from authority import BUILD, MESSAGES, new_id
from faults import FLOWS
from proofs import device_proof
from publisher import Publisher
from stock import EXCHANGE, stock_id, super_user
from world import ROLES, rule_of, template_of

DEFAULT_MAX_BYTES = 64 * 1024  # as access.proto says
FLOW_NAMES = {"AuditService/Query": "query_audit", "AuditService/Export": "export_audit", "AuditService/Tail": "tail_audit"}  # where it is not the method's name
USER = ("none", "optional", "required")


@dataclasses.dataclass(frozen=True)
class Method:
    path: str
    roles: frozenset
    user: str  # none, optional or required
    max_bytes: int
    is_streaming: bool

    @property
    def flow(self):
        """The name of its flow, which is also the operation in the audit log."""
        name = self.path.split("/")[1]
        return FLOW_NAMES.get(self.path) or re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()

    @property
    def is_built(self):
        return self.flow in FLOWS and self.path in REQUESTS

    @property
    def is_public(self):
        """It is for everybody: what is in the request is the credential."""
        return "public" in self.roles

    def wrong_roles(self):
        return [] if self.is_public else [role for role in ROLES if role not in self.roles and role not in ("unspecified", "public")]

    def roles_that_need_a_user(self):
        """A portal answers for its whole boundary, so it always says for whom it asks."""
        components = self.roles - {"client"}
        of_optional = components & {"portal"} if self.user == "optional" else ()
        return sorted(components if self.user == "required" else of_optional)

    def request_type(self):
        return MESSAGES.method(self.path)[0]

    def tenant_fields(self):
        """Where its request names the tenant: paths of fields, in the request or in the resource that it carries."""
        found = []
        for field in self.request_type().DESCRIPTOR.fields:
            if field.name == "tenant" and field.type == field.TYPE_STRING:
                found.append(("tenant",))
            elif field.message_type and field.label != field.LABEL_REPEATED and field.name != "template":
                inner = field.message_type.fields_by_name.get("tenant")
                if inner and inner.type == inner.TYPE_STRING:
                    found.append((field.name, "tenant"))
        return found


def _read_schema():
    files = descriptor_pb2.FileDescriptorSet()
    with open(f"{BUILD}/proto/gen/chancery.pb", "rb") as file:
        files.ParseFromString(file.read())
    options_type = MESSAGES("google.protobuf.MethodOptions")  # of our pool, so it knows the extension
    access = MESSAGES.pool.FindExtensionByName("chancery.v1.access")
    names = {number: name for name, number in ROLES.items()}
    methods = {}
    for service in (service for file in files.file if file.package == "chancery.v1" for service in file.service):
        for method in service.method:
            options = options_type.FromString(method.options.SerializeToString()).Extensions[access]
            path = f"{service.name}/{method.name}"
            methods[path] = Method(path, frozenset(names[role] for role in options.roles), USER[options.user],
                                   options.max_request_bytes or DEFAULT_MAX_BYTES, method.server_streaming)
    return methods


# Path to who sends it and, from the stock and a number, what. Who: a person by their token, or a component.
REQUESTS = {
    "LicensingService/AcquireLicense": ("bob", lambda s, n: {
        "publishing_license": s.made.publishing_license, "client_public_jwk": s.jwk}),
    "LicensingService/PreLicense": ("gateway", lambda s, n: {
        "publishing_license": s.made.publishing_license, "recipients": [{"address": "bob@fabrikam.com"}]}),
    "LicensingService/InspectContent": ("bob", lambda s, n: {"publishing_license": s.made.publishing_license}),
    "PublishingService/Protect": ("gateway", lambda s, n: {
        "do_not_forward": {}, "recipients": ["bob@fabrikam.com"], "owner": "alice@contoso.com", "request_id": new_id(),
        "client_public_jwk": s.jwk}),
    "PublishingService/BatchProtect": ("gateway", lambda s, n: {"requests": [{
        "do_not_forward": {}, "recipients": ["bob@fabrikam.com"], "owner": "alice@contoso.com",
        "request_id": new_id(), "client_public_jwk": s.jwk} for _ in range(3)]}),
    "LicensingService/BatchAcquireLicense": ("bob", lambda s, n: {"requests": 3 * [{
        "publishing_license": s.made.publishing_license, "client_public_jwk": s.jwk}]}),
    "PublishingService/Republish": ("alice", lambda s, n: {
        "publishing_license": s.made.publishing_license, "do_not_forward": {}, "recipients": [f"n{n}@fabrikam.com"],
        "client_public_jwk": s.jwk}),
    "PublishingService/GetPublisherCertificate": ("gateway", lambda s, n: Publisher().request()),
    "PublishingService/RegisterContent": ("gateway", lambda s, n: {
        "publishing_license": s.publisher.protect().publishing_license}),
    "PublishingService/RevokePublisher": ("admin", lambda s, n: {"publisher": new_id()}),
    "PublishingService/Answer": ("portal_for_bob", lambda s, n: {
        "publishing_license": s.made.publishing_license, "kind": 1, "client_public_jwk": s.jwk, "request_id": new_id()}),
    "PublishingService/ListAvailableTemplates": ("alice", lambda s, n: {}),
    "PublishingService/AmendPolicy": ("alice", lambda s, n: {
        "content_id": s.made.content_id, "add_recipients": [f"n{n}@fabrikam.com"]}),
    "DeliveryService/DecideDelivery": ("gateway", lambda s, n: {
        "sender": "alice@contoso.com", "recipients": ["bob@fabrikam.com", "kim@gmail.com"]}),
    "PasscodeService/StartPasscode": ("portal", lambda s, n: {
        "address": f"p{n}@mail.example", "publishing_license": s.made.publishing_license, "reader_ip": f"192.0.2.{n % 200}",
        "request_id": new_id()}),
    "PasscodeService/VerifyPasscode": ("portal", lambda s, n: {
        "passcode_id": stock_id("passcode", n), "code": s.code(n)}),
    "DeliveryService/EvaluateMessage": ("gateway", lambda s, n: {
        "facts": {"sender": "alice@contoso.com", "recipients": ["bob@fabrikam.com", "kim@gmail.com"]}, "body": b"x"}),
    "TrackingService/ListContent": ("alice", lambda s, n: {}),
    "TrackingService/GetContent": ("alice", lambda s, n: {"content_id": s.made.content_id}),
    "TrackingService/ListAccess": ("alice", lambda s, n: {"content_id": s.made.content_id}),
    "TrackingService/SetNotification": ("alice", lambda s, n: {"content_id": s.made.content_id, "notify_owner": n % 2 == 1}),
    "TrackingService/Revoke": ("alice", lambda s, n: {"content_id": s.made.content_id, "user": f"e{n}@fabrikam.com"}),
    "TrackingService/Restore": ("alice", lambda s, n: {"content_id": s.made.content_id, "user": f"r{n}@fabrikam.com"}),
    "TenantService/CreateTenant": ("platform_admin", lambda s, n: {
        "tenant": {"tenant": f"n{n}", "boundary": "commercial"}}),
    "TenantService/GetTenant": ("platform_admin", lambda s, n: {"tenant": "contoso"}),
    "TenantService/ListTenants": ("platform_admin", lambda s, n: {}),
    "TenantService/UpdateTenant": ("platform_admin", lambda s, n: {
        "tenant": {"tenant": f"x{n}", "display_name": f"n{n}"}, "update_mask": {"paths": ["display_name"]}}),
    "TenantService/AddDomain": ("platform_admin", lambda s, n: {"tenant": "contoso", "domain": f"n{n}.example"}),
    "TenantService/VerifyDomain": ("platform_admin", lambda s, n: {"tenant": "contoso", "domain": f"v{n}.example"}),
    "TenantService/RemoveDomain": ("platform_admin", lambda s, n: {"tenant": "contoso", "domain": f"r{n}.example"}),
    "TenantService/GrantSuperUser": ("admin", lambda s, n: super_user(f"user:x{n % 40}@contoso.com")),
    "TenantService/RevokeSuperUser": ("reader_admin", lambda s, n: {"principal": f"user:s{n}@fabrikam.com"}),
    "TenantService/ListSuperUsers": ("admin", lambda s, n: {}),
    "TenantService/AddExclusion": ("admin", lambda s, n: {"application": f"n{n}"}),
    "TenantService/ListExclusions": ("admin", lambda s, n: {}),
    "TenantService/RemoveExclusion": ("admin", lambda s, n: {"application": f"app{n}"}),
    "TenantService/AddDenial": ("admin", lambda s, n: {"denial": {"side": 1, "domain": f"n{n}.example"}}),
    "TenantService/ListDenials": ("admin", lambda s, n: {}),
    "TenantService/RemoveDenial": ("admin", lambda s, n: {"denial": {"side": 2, "domain": f"d{n}.example"}}),
    "ApprovalService/ListApprovals": ("asker", lambda s, n: {}),
    "ApprovalService/GetApproval": ("asker", lambda s, n: {"approval_id": s.approval}),
    "ApprovalService/ApproveRequest": ("approver", lambda s, n: {"approval_id": s.approval_of(n, "approve")}),
    "ApprovalService/RejectRequest": ("approver", lambda s, n: {"approval_id": s.approval_of(n, "reject")}),
    "ApprovalService/WithdrawRequest": ("asker", lambda s, n: {"approval_id": s.approval_of(n, "withdraw")}),
    "IssuerService/CreateIssuer": ("platform_admin", lambda s, n: {"issuer": {
        "kind": 1, "tenant": "contoso", "issuer": f"https://n{n}.example", "audiences": ["x"],
        "algorithms": ["ES256"], "jwks_json": s.w.contoso.issuer.jwks()}}),
    "IssuerService/GetIssuer": ("admin", lambda s, n: {"issuer_id": stock_id("issuer", s.amount)}),
    "IssuerService/ListIssuers": ("admin", lambda s, n: {"page_size": 5}),
    "IssuerService/UpdateIssuer": ("admin", lambda s, n: {
        "issuer": {"issuer_id": stock_id("issuer", s.last(n)), "audiences": ["x", f"n{n}"]},
        "update_mask": {"paths": ["audiences"]}}),
    "IssuerService/DeleteIssuer": ("admin", lambda s, n: {"issuer_id": stock_id("issuer", n)}),
    "IssuerService/TestToken": ("admin", lambda s, n: {"token": s.w.alice}),
    "IssuerService/MapTenant": ("platform_admin", lambda s, n: {
        "issuer_id": s.issuer, "value": new_id(), "tenant": "contoso"}),
    "IssuerService/UnmapTenant": ("platform_admin", lambda s, n: {
        "issuer_id": s.issuer, "value": stock_id("mapping", n)}),
    "IssuerService/ListTenantMappings": ("platform_admin", lambda s, n: {"issuer_id": s.issuer, "page_size": 5}),
    "ComponentService/CreateComponent": ("platform_admin", lambda s, n: {"component": {
        "name": f"n{n}", "role": 1, "tenant": "contoso", "certificate_sha256": [os.urandom(32)]}}),
    "ComponentService/GetComponent": ("admin", lambda s, n: {"component_id": stock_id("component", s.amount)}),
    "ComponentService/ListComponents": ("admin", lambda s, n: {}),
    "ComponentService/UpdateComponent": ("admin", lambda s, n: {
        "component": {"component_id": stock_id("component", s.last(n)), "sender_domains": [f"n{n}.example"]},
        "update_mask": {"paths": ["sender_domains"]}}),
    "ComponentService/DeleteComponent": ("admin", lambda s, n: {"component_id": stock_id("component", n)}),
    "DeviceService/RegisterDevice": ("device_owner", lambda s, n: {"proof": device_proof(s.device_token, jwk.JWK.generate(kty="EC", crv="P-256"))}),
    "DeviceService/ListDevices": ("admin", lambda s, n: {}),
    "DeviceService/DeleteDevice": ("admin", lambda s, n: {
        "address": f"d{n}@contoso.com", "thumbprint": f"{n:043d}"}),
    "CallerService/GetCaller": ("alice", lambda s, n: {}),
    "TemplateService/CreateTemplate": ("admin", lambda s, n: {"template": template_of(), "request_id": new_id()}),
    "TemplateService/GetTemplate": ("admin", lambda s, n: {"template_id": s.template}),
    "TemplateService/ListTemplates": ("admin", lambda s, n: {}),
    "TemplateService/UpdateTemplate": ("admin", lambda s, n: {
        "template": {"template_id": stock_id("template", s.last(n)), "scope": [f"user:n{n}@contoso.com"]},
        "update_mask": {"paths": ["scope"]}}),
    "TemplateService/PublishTemplate": ("admin", lambda s, n: {"template_id": stock_id("archived", n)}),
    "TemplateService/ArchiveTemplate": ("admin", lambda s, n: {"template_id": stock_id("template", s.last(n))}),
    "TemplateService/DeleteTemplate": ("admin", lambda s, n: {"template_id": stock_id("template", n)}),
    "BrandingService/CreateBranding": ("admin", lambda s, n: {"branding": {"branding": s.branding("n", n, False)}}),
    "BrandingService/GetBranding": ("admin", lambda s, n: {"branding": "kept"}),
    "BrandingService/ListBrandings": ("admin", lambda s, n: {}),
    "BrandingService/UpdateBranding": ("admin", lambda s, n: {
        "branding": {"branding": s.branding("u", n), "display_name": f"n{n}"}}),
    "BrandingService/DeleteBranding": ("admin", lambda s, n: {"branding": s.branding("d", n)}),
    "BrandingService/RenderWrapper": ("gateway", lambda s, n: {"sender": "alice@contoso.com"}),
    "BrandingService/GetContentBranding": ("portal", lambda s, n: {"publishing_license": s.made.publishing_license}),
    "BrandingService/RenderContentWrapper": ("portal", lambda s, n: {"publishing_license": s.answer.publishing_license}),
    "DirectoryService/PutUser": ("admin", lambda s, n: {"user": {"address": f"n{n}@contoso.com"}}),
    "DirectoryService/GetUser": ("admin", lambda s, n: {"address": f"u{s.amount}@contoso.com"}),
    "DirectoryService/ListUsers": ("admin", lambda s, n: {}),
    "DirectoryService/DeleteUser": ("admin", lambda s, n: {"address": f"u{n}@contoso.com"}),
    "DirectoryService/PutGroup": ("admin", lambda s, n: {"group": {"address": f"n{n}-g@contoso.com"}}),
    "DirectoryService/GetGroup": ("admin", lambda s, n: {"address": "staff@contoso.com"}),
    "DirectoryService/ListGroups": ("admin", lambda s, n: {}),
    "DirectoryService/DeleteGroup": ("admin", lambda s, n: {"address": f"g{n}@contoso.com"}),
    "DirectoryService/AddMembers": ("admin", lambda s, n: {
        "group": "staff@contoso.com", "members": [f"n{n}@a.example"]}),
    "DirectoryService/RemoveMembers": ("admin", lambda s, n: {
        "group": "staff@contoso.com", "members": [f"m{n}@contoso.com"]}),
    "DirectoryService/ListMembers": ("admin", lambda s, n: {"group": "staff@contoso.com"}),
    "DirectoryService/ImportDirectory": ("admin", lambda s, n: {
        "users": [{"address": f"n{n}-i@contoso.com"}], "import_id": new_id()}),
    "DirectoryService/ResolvePrincipal": ("admin", lambda s, n: {"principal": "group:staff@contoso.com"}),
    "DirectoryService/CreateDirectoryToken": ("reader_admin", lambda s, n: {"name": s.token_name(n)}),
    "DirectoryService/ListDirectoryTokens": ("admin", lambda s, n: {}),
    "DirectoryService/RevokeDirectoryToken": ("reader_admin", lambda s, n: {"token_id": stock_id("token", n)}),
    "ScimService/GetResource": ("provisioner", lambda s, n: {"exchange": {"verb": "GET", "path": "/Users"}}),
    "ScimService/ChangeUser": ("provisioner", lambda s, n: {"exchange": {
        "verb": "POST", "path": "/Users", "body": f'{{"userName": "s{n}@contoso.com"}}'.encode()}}),
    "ScimService/ChangeGroup": ("provisioner", lambda s, n: {"exchange": {
        "verb": "POST", "path": "/Groups", "body": f'{{"displayName": "s{n}"}}'.encode()}}),
    "BoundaryService/GetBoundary": ("admin", lambda s, n: {"boundary": "commercial"}),
    "BoundaryService/CreateBoundary": ("platform_admin", lambda s, n: {"boundary": {"boundary": f"n{n}", "suite": 1}}),
    "BoundaryService/UpdateBoundary": ("platform_admin", lambda s, n: {
        "boundary": {"boundary": "commercial", "display_name": f"n{n}"}, "update_mask": {"paths": ["display_name"]}}),
    "BoundaryService/ListBoundaries": ("admin", lambda s, n: {}),
    "BoundaryService/SetRule": ("platform_admin", lambda s, n: {
        "rule": {"content_boundary": "commercial", "reader_boundary": "dod", "rule": 1 + n % 3}}),
    "BoundaryService/ProposePartnerException": ("admin", lambda s, n: {"partner": f"p{n}"}),
    "BoundaryService/AcceptPartnerException": ("admin", lambda s, n: {"exception_id": stock_id("accept", n)}),
    "BoundaryService/WithdrawPartnerException": ("admin", lambda s, n: {"exception_id": stock_id("withdraw", n)}),
    "BoundaryService/ListPartnerExceptions": ("admin", lambda s, n: {}),
    "MailFlowService/CreateRule": ("admin", lambda s, n: {"rule": rule_of(name=f"n{n}")}),
    "MailFlowService/GetRule": ("admin", lambda s, n: {"rule_id": stock_id("rule", s.amount)}),
    "MailFlowService/ListRules": ("admin", lambda s, n: {}),
    "MailFlowService/UpdateRule": ("admin", lambda s, n: {
        "rule": {"rule_id": stock_id("rule", s.last(n)), "name": f"u{n}"}, "update_mask": {"paths": ["name"]}}),
    "MailFlowService/Explain": ("admin", lambda s, n: {
        "facts": {"sender": "alice@contoso.com", "recipients": ["bob@fabrikam.com"]}, "body": b"x"}),
    "MailFlowService/DeleteRule": ("admin", lambda s, n: {"rule_id": stock_id("rule", n)}),
    "MailFlowService/ReorderRules": ("reader_admin", lambda s, n: {
        "rule_ids": [stock_id("other_rule", 1 + n % 2), stock_id("other_rule", 2 - n % 2)]}),
    "DeclarationService/Apply": ("admin", lambda s, n: {"acts": [
        {"add_exclusion": {"application": f"act{n}"}}, {"add_denial": {"denial": {"side": 1, "domain": f"act{n}.example"}}}]}),
    "KeyService/ListKeys": ("admin", lambda s, n: {}),
    "KeyService/RotateKey": ("admin", lambda s, n: {"purpose": 1 + n % 3, "etag": s.active_key(1 + n % 3)}),
    "KeyService/ActivateKey": ("reader_admin", lambda s, n: {"purpose": EXCHANGE, "version": s.key("activate", n)}),
    "KeyService/RevokeKey": ("reader_admin", lambda s, n: {"purpose": EXCHANGE, "version": s.key("revoke", n)}),
    "KeyService/RestoreKey": ("reader_admin", lambda s, n: {"purpose": EXCHANGE, "version": s.key("restore", n)}),
    "KeyService/DestroyKey": ("reader_admin", lambda s, n: {"purpose": EXCHANGE, "version": s.key("destroy", n), "reason": "x"}),
    "KeyService/CancelDestroyKey": ("reader_admin", lambda s, n: {"purpose": EXCHANGE, "version": s.key("cancel", n)}),
    "KeyService/SetMinKeyVersion": ("reader_admin", lambda s, n: {"purpose": EXCHANGE, "version": s.lowest(n)}),
    "KeyService/GetImportKey": ("reader_admin", lambda s, n: {}),
    "KeyService/ImportKey": ("reader_admin", lambda s, n: s.imported()),
    "KeyService/ExportKeys": ("admin", lambda s, n: {"recipient_public_jwk": s.jwk, "reason": f"n{n}"}),
    "KeyService/CancelExport": ("approver", lambda s, n: {"approval_id": stock_id("export", n)}),
    "SignalService/AddSignalTransmitter": ("admin", lambda s, n: {"transmitter": {
        "issuer": s.new_transmitter(n), "audiences": ["x"], "jwks_json": s.w.contoso.issuer.jwks()}}),
    "SignalService/ListSignalTransmitters": ("admin", lambda s, n: {}),
    "SignalService/RemoveSignalTransmitter": ("reader_admin", lambda s, n: {"transmitter_id": stock_id("transmitter", n)}),
    "SignalService/ListSignaledPeople": ("admin", lambda s, n: {}),
    "SignalService/ClearSignaledPerson": ("admin", lambda s, n: {"subject": {"email": f"sig{n}@contoso.com"}}),
    "SignalService/ReceiveSignal": ("nobody", lambda s, n: s.signal(n)),
    "AuditService/Query": ("platform_admin", lambda s, n: {"filter": {"tenant": "contoso"}}),
    "AuditService/Export": ("platform_admin", lambda s, n: {"filter": {"tenant": "contoso", "start_time": {"seconds": 1}}}),
    "AuditService/Tail": ("platform_admin", lambda s, n: {"filter": {"tenant": "contoso", "end_time": {"seconds": 1}}}),
}

METHODS = _read_schema()
BUILT = [method for method in METHODS.values() if method.is_built]
BY_FLOW = {method.flow: method for method in BUILT}

# What leaves no record when it is answered, and why (docs/interface.md §2.2); beside it, methods that get, list or query.
READS = ("get_", "list_", "query_", "export_", "tail_")
NOT_RECORDED = {
    "explain": "it shows an admin what their rules make of a message",
    "resolve_principal": "an admin reads their own tenant's directory",
    "explain": "an admin looks at what rules would make of a message; nothing is sent, and nothing of it may be stored",
    "render_wrapper": "it shows how mail looks, and gives nothing",
    "render_content_wrapper": "it shows how an answer looks, and gives nothing",
    "test_token": "it grants nothing, and nothing of the token may be stored",
}

# What does another method for each item of its request, which commits and is recorded as that one. What is in an item is
# looked at by that one too (test_batches.py).
ITEMS = {"batch_protect": "protect", "batch_acquire_license": "acquire_license"}

# The same in one transaction, which it commits itself (test_apply_together.py).
SEQUENCES = {"apply": "add_exclusion"}

SINGLE = [method for method in BUILT if method.flow not in {**ITEMS, **SEQUENCES}]

# What commits a decision and nothing else: its record is all that it leaves.
ONLY_RECORDED = {"acquire_license", "inspect_content", "decide_delivery", "evaluate_message", "republish", "pre_license",
                 "get_publisher_certificate", "export_keys"}


def caller_of(stock, method):
    """Who sends the method's request, as arguments of Authority.call."""
    world, name = stock.w, REQUESTS[method.path][0]
    if name == "portal_for_bob":
        return {"who": world.portal, "token": None, "user_token": world.bob}
    if name == "nobody":
        return {"who": None, "token": None}
    people = {"alice": lambda: world.alice, "bob": lambda: world.bob}
    if name in people:
        return {"who": None, "token": people[name]()}
    if name == "provisioner":
        return {"who": None, "token": stock.scim_token}
    if name == "device_owner":
        return {"who": stock.device_owner, "token": stock.device_token}
    components = {"gateway": lambda: world.gateway, "admin": lambda: world.contoso.admin,
                  "platform_admin": lambda: world.platform_admin, "asker": lambda: stock.asker,
                  "approver": lambda: stock.approver, "reader_admin": lambda: world.fabrikam.admin, "portal": lambda: world.portal}
    return {"who": components[name](), "token": None}


def credentials_of(caller):
    """The metadata by which a caller of caller_of says who they are; the component's certificate is the connection's."""
    return [*([("authorization", f"Bearer {caller['token']}")] if caller["token"] else []),
            *([("x-chancery-user-token", caller["user_token"])] if caller.get("user_token") else [])]


def request_of(stock, method):
    """A request that nothing has sent before."""
    return REQUESTS[method.path][1](stock, stock.number(method.path))
