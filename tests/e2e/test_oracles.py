# SPDX-License-Identifier: Apache-2.0
"""A denial does not tell a stranger what exists: everything that the wire shows is the same, whether the content,
template, tenant, key or user that he names is there or not."""
import functools

import pytest

from authority import new_id
from methods import BUILT, request_of
from oracles import forged, same
from stock import Stock
from world import VIEW, grant, template_of


@pytest.fixture(scope="module")
def authority_options(dns):
    return {"config": dns.config}


@pytest.fixture(scope="module")
def stock(world, dns):
    return Stock(world, 3, dns)


# --- content --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method,more", [
    ("TrackingService/Revoke", {}), ("TrackingService/Revoke", {"user": "bob@fabrikam.com"}),
    ("TrackingService/Restore", {}), ("TrackingService/ListAccess", {}), ("TrackingService/GetContent", {}),
    ("PublishingService/AmendPolicy", {"add_recipients": ["eve@fabrikam.com"]})])
@pytest.mark.parametrize("who", ["bob", "mallory", "carol", "a gateway", "another gateway", "another admin"])
def test_no_stranger_hears_of_content(world, method, more, who):
    made = world.protect(token=world.alice)
    components = {"a gateway": world.gateway, "another gateway": world.fabrikam.gateway,
                  "another admin": world.fabrikam.admin}
    requests = [{"content_id": content, **more} for content in (made.content_id, new_id(), new_id())]
    reason = same(world, method, requests, components.get(who), None if who in components else getattr(world, who))
    assert reason in ("NOT_FOUND", "COMPONENT_ROLE")


def tenant_bytes(tenant):
    return bytes.fromhex(tenant.id.replace("-", ""))


@pytest.mark.parametrize("method", ["AcquireLicense", "InspectContent"])
@pytest.mark.parametrize("token", ["mallory", "bob", "carol"])
def test_a_made_up_license_tells_of_nothing(world, method, token):
    headers = [{"tenant_id": tenant_bytes(world.fabrikam)}, {"tenant_id": bytes(15) + b"\7"}, {"key_version": 99},
               {"content_id": bytes.fromhex(new_id().replace("-", ""))}, {"display_name": "x"}, {"boundary": "gcc"},
               {"boundary": "atlantis"}, {"boundary": "dod", "tenant_id": tenant_bytes(world.fabrikam)}]
    requests = [{"publishing_license": forged(world, **header)} for header in headers]
    if method == "AcquireLicense":
        requests = [{**request, "client_public_jwk": world.reader.public} for request in requests]
    assert same(world, f"LicensingService/{method}", requests, token=getattr(world, token)) == "LICENSE_FORGED"


def test_who_has_no_rights_learns_nothing_of_the_state(world):
    """Fresh, revoked, revoked for somebody, expired, with a template, without it, with one that is not understood."""
    to_bob = grant("user:bob@fabrikam.com", VIEW)
    ids = [world.template(to_bob).template_id for _ in range(3)]
    made = [world.made, world.protect(token=world.alice), world.protect(token=world.alice),
            world.protect(token=world.alice, custom={"grants": [to_bob]})]
    made += [world.protect(token=world.alice, template_id=one) for one in ids]
    call, sql = world.call, world.sql
    call("TrackingService/Revoke", {"content_id": made[1].content_id}, token=world.alice)
    call("TrackingService/Revoke", {"content_id": made[2].content_id, "user": "bob@fabrikam.com"}, token=world.alice)
    call("TemplateService/DeleteTemplate", {"template_id": ids[0], "force": True}, world.contoso.admin)
    sql(f"UPDATE template SET grant_principals = '{{planet:earth}}' WHERE template = '{ids[1]}'; "
        f"UPDATE template SET expires_at = now() - interval '1 day' WHERE template = '{ids[2]}'; "
        "SELECT epoch_raise(tenant) FROM tenant")
    requests = [{"publishing_license": one.publishing_license} for one in made]
    for token in (world.mallory, world.carol):
        assert same(world, "LicensingService/InspectContent", requests, token=token) == "NO_RIGHTS"


# --- templates ------------------------------------------------------------------------------------------------


def test_protecting_tells_no_stranger_of_templates(world):
    def create(who, **more):
        return world.template(who=who, **more).template_id

    closed, archived, foreign = (create(world.contoso.admin, scope=["user:carol@contoso.com"]),
                                 create(world.contoso.admin, scope=["user:carol@contoso.com"]),
                                 create(world.fabrikam.admin))
    world.call("TemplateService/ArchiveTemplate", {"template_id": archived}, world.contoso.admin)
    broken = create(world.contoso.admin, scope=["user:carol@contoso.com"])
    world.sql(f"UPDATE template SET scope = '{{planet:earth}}' WHERE template = '{broken}'; "
                         "SELECT epoch_raise(tenant) FROM tenant")
    requests = [{"client_public_jwk": world.reader.public, "template_id": one}
                for one in (closed, archived, foreign, broken, new_id())]
    assert same(world, "PublishingService/Protect", requests, token=world.alice) == "TEMPLATE_NOT_FOUND"
    world.call("PublishingService/Protect", requests[0], token=world.carol)
    world.update_tenant(onboarding=["user:carol@contoso.com"])
    assert same(world, "PublishingService/Protect", requests, token=world.alice) == "PROTECT_DENIED"
    world.update_tenant(onboarding=[])


@pytest.mark.parametrize("method,more", [
    ("GetTemplate", {}), ("DeleteTemplate", {}), ("DeleteTemplate", {"force": True}), ("PublishTemplate", {}),
    ("ArchiveTemplate", {})])
def test_admins_hear_nothing_of_others_templates(world, method, more):
    template = world.template().template_id
    requests = [{"template_id": one, **more} for one in (template, new_id())]
    assert same(world, f"TemplateService/{method}", requests, world.fabrikam.admin) == "NOT_FOUND"
    update = [{"template": {"template_id": one, "names": template_of()["names"]}, "update_mask": {"paths": ["names"]}}
              for one in (template, new_id())]
    assert same(world, "TemplateService/UpdateTemplate", update, world.fabrikam.admin) == "NOT_FOUND"


@pytest.mark.parametrize("method", ["GetIssuer", "DeleteIssuer", "UpdateIssuer"])
def test_admins_hear_nothing_of_others_issuers(world, method):
    own = world.call("IssuerService/ListIssuers", {}, world.contoso.admin).issuers[0].issuer_id
    requests = [{"issuer_id": one} for one in (own, new_id())]
    if method == "UpdateIssuer":
        requests = [{"issuer": {**one, "audiences": ["x"]},
                     "update_mask": {"paths": ["audiences"]}} for one in requests]
    assert same(world, f"IssuerService/{method}", requests, world.fabrikam.admin) == "NOT_FOUND"


@pytest.mark.parametrize("method", ["GetApproval", "ApproveRequest", "RejectRequest", "WithdrawRequest"])
def test_admins_hear_nothing_of_others_requests(world, method):
    world.sql(
        "INSERT INTO approval (tenant, approval, act, operation, request, summary, requested_by, requested_by_name, "
        "requested_with, expires_at) SELECT tenant, '00000000-0000-7000-8000-000000000007', gen_random_uuid(), 1, '', 'x', "
        "gen_random_uuid(), 'x', '', now() + interval '1 day' FROM tenant WHERE name = 'contoso' ON CONFLICT DO NOTHING")
    requests = [{"approval_id": one} for one in ("00000000-0000-7000-8000-000000000007", new_id())]
    assert same(world, f"ApprovalService/{method}", requests, world.fabrikam.admin) == "NOT_FOUND"


# --- tenants and users ----------------------------------------------------------------------------------------


def naming(method, request, tenant):
    """The request with the tenant's name wherever it has a field for it."""
    message = method.request_type()(**request)
    for path in method.tenant_fields():
        holder = functools.reduce(getattr, path[:-1], message)
        setattr(holder, path[-1], tenant)
    return message


@pytest.mark.parametrize("method", [method for method in BUILT if method.tenant_fields()],
                         ids=lambda method: method.path)
def test_admins_hear_nothing_of_other_tenants(world, stock, method):
    """Not even their names: of another tenant, of one that is none, and of one that can't be."""
    requests = [naming(method, request_of(stock, method), tenant) for tenant in ("contoso", "nosuch", "No Such")]
    if method.path == "TenantService/CreateTenant":
        requests = requests[:2]  # the third is no name, which anybody may know
    for who in (world.fabrikam.admin, world.fabrikam.auditor):
        assert same(world, method.path, requests, who) in ("COMPONENT_TENANT", "COMPONENT_ROLE")
    if "client" not in method.roles:
        assert same(world, method.path, requests, token=world.mallory) == "COMPONENT_ROLE"
    assert same(world, method.path, requests) == "CREDENTIAL_MISSING"


def test_a_token_of_a_tenant_tells_nothing_of_its_users(world):
    """A user that is excluded, one with content, and one whom nobody has heard of are the same to a stranger."""
    world.call("TenantService/AddExclusion", {"user": "excluded@contoso.com"}, world.contoso.admin)
    requests = [{"content_id": world.made.content_id, "user": user}
                for user in ("excluded@contoso.com", "alice@contoso.com", "nobody@contoso.com")]
    assert same(world, "TrackingService/Revoke", requests, token=world.mallory) == "NOT_FOUND"
    requests = [{"client_public_jwk": world.reader.public, "encrypt_only": {}, "owner": owner,
                 "recipients": ["bob@fabrikam.com"]}
                for owner in ("excluded@contoso.com", "alice@contoso.com", "nobody@contoso.com")]
    assert same(world, "PublishingService/Protect", requests, token=world.mallory) == "PROTECT_DENIED"
    assert same(world, "PublishingService/Protect", requests, world.fabrikam.gateway) == "COMPONENT_DOMAIN"
