# SPDX-License-Identifier: Apache-2.0
"""The catalogue of methods: what the schema says of each (who may call it, whether for a user, which flow answers it),
and for each that is built a valid request and who sends it.

Every test that goes over methods takes them from here. A method with a flow and without a request fails
test_methods.py. To add one: a line in REQUESTS, and what it uses up in stock.py."""
import dataclasses
import os
import re

from google.protobuf import descriptor_pb2

from authority import BUILD, MESSAGES, new_id
from faults import FLOWS
from stock import stock_id, super_user
from world import ROLES, template_of

DEFAULT_MAX_BYTES = 64 * 1024  # as access.proto says
FLOW_NAMES = {"AuditService/Query": "query_audit"}  # where it is not the method's name
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

    def wrong_roles(self):
        return [role for role in ROLES if role not in self.roles and role not in ("unspecified", "public")]

    def roles_that_need_a_user(self):
        """A portal answers for its whole boundary, so it always says for whom it asks."""
        components = self.roles - {"client"}
        return sorted(components if self.user == "required" else components & {"portal"})

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
    "LicensingService/InspectContent": ("bob", lambda s, n: {"publishing_license": s.made.publishing_license}),
    "PublishingService/Protect": ("gateway", lambda s, n: {
        "do_not_forward": {}, "recipients": ["bob@fabrikam.com"], "owner": "alice@contoso.com", "request_id": new_id(),
        "client_public_jwk": s.jwk}),
    "PublishingService/ListAvailableTemplates": ("alice", lambda s, n: {}),
    "PublishingService/AmendPolicy": ("alice", lambda s, n: {
        "content_id": s.made.content_id, "add_recipients": [f"n{n}@fabrikam.com"]}),
    "DeliveryService/DecideDelivery": ("gateway", lambda s, n: {
        "sender": "alice@contoso.com", "recipients": ["bob@fabrikam.com", "kim@gmail.com"]}),
    "TrackingService/ListContent": ("alice", lambda s, n: {}),
    "TrackingService/GetContent": ("alice", lambda s, n: {"content_id": s.made.content_id}),
    "TrackingService/ListAccess": ("alice", lambda s, n: {"content_id": s.made.content_id}),
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
    "TemplateService/CreateTemplate": ("admin", lambda s, n: {"template": template_of(), "request_id": new_id()}),
    "TemplateService/GetTemplate": ("admin", lambda s, n: {"template_id": s.template}),
    "TemplateService/ListTemplates": ("admin", lambda s, n: {}),
    "TemplateService/UpdateTemplate": ("admin", lambda s, n: {
        "template": {"template_id": stock_id("template", s.last(n)), "scope": [f"user:n{n}@contoso.com"]},
        "update_mask": {"paths": ["scope"]}}),
    "TemplateService/PublishTemplate": ("admin", lambda s, n: {"template_id": stock_id("archived", n)}),
    "TemplateService/ArchiveTemplate": ("admin", lambda s, n: {"template_id": stock_id("template", s.last(n))}),
    "TemplateService/DeleteTemplate": ("admin", lambda s, n: {"template_id": stock_id("template", n)}),
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
    "AuditService/Query": ("platform_admin", lambda s, n: {"filter": {"tenant": "contoso"}}),
}

METHODS = _read_schema()
BUILT = [method for method in METHODS.values() if method.is_built]
BY_FLOW = {method.flow: method for method in BUILT}

# What leaves no record when it is answered, and why (docs/interface.md §2.2); beside it, methods that get, list or query.
READS = ("get_", "list_", "query_")
NOT_RECORDED = {
    "resolve_principal": "an admin reads their own tenant's directory",
    "test_token": "it grants nothing, and nothing of the token may be stored",
}

# What commits a decision and nothing else: its record is all that it leaves.
ONLY_RECORDED = {"acquire_license", "inspect_content", "decide_delivery"}


def caller_of(stock, method):
    """Who sends the method's request, as arguments of Authority.call."""
    world, name = stock.w, REQUESTS[method.path][0]
    people = {"alice": lambda: world.alice, "bob": lambda: world.bob}
    if name in people:
        return {"who": None, "token": people[name]()}
    components = {"gateway": lambda: world.gateway, "admin": lambda: world.contoso.admin,
                  "platform_admin": lambda: world.platform_admin, "asker": lambda: stock.asker,
                  "approver": lambda: stock.approver, "reader_admin": lambda: world.fabrikam.admin}
    return {"who": components[name](), "token": None}


def request_of(stock, method):
    """A request that nothing has sent before."""
    return REQUESTS[method.path][1](stock, stock.number(method.path))
