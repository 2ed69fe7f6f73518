# SPDX-License-Identifier: Apache-2.0
"""A gateway that carried a user's token protected for whoever that was: the questions that a user is asked were asked of
users without a component only, and lists of templates asked none of them of anybody."""
import pytest

from calls import outcome, reason
from world import VIEW, grant

LIST = "PublishingService/ListAvailableTemplates"
REFUSED_FOR_THE_TENANT = ("PROTECT_DENIED", "COMPONENT_TENANT")  # docs/policy.md §7.5 may come first


def listed(world, who=None, token=None, user_token=None, **request):
    """The outcome of a list, or what it holds."""
    found = []
    said = outcome(lambda: found.extend(world.call(LIST, request, who, token, user_token).templates))
    return [t.template_id for t in found] if said == "OK" else said


def contents(world):
    return world.sql("SELECT count(*) FROM content")


@pytest.fixture(scope="module")
def template(world):
    """One that everybody in Contoso may choose."""
    return world.template(grant("recipients", VIEW)).template_id


@pytest.fixture
def guest(world):
    address = f"{world.unique('guest')}@contoso.com"
    world.call("DirectoryService/PutUser", {"user": {"address": address, "guest": True}}, world.contoso.admin)
    return world.contoso.token(address)


@pytest.fixture
def changed(world):
    """Settings of Contoso for one test."""
    before = world.call("TenantService/GetTenant", {}, world.contoso.admin).tenant
    yield lambda **fields: world.update_tenant(**fields)
    world.update_tenant(onboarding=list(before.onboarding))


def test_guest_protected_behind_a_gateway(world, template, guest):
    """And became the issuer, so that all rights were theirs."""
    before = contents(world)
    for policy in ({"do_not_forward": {}}, {"template_id": template}):
        assert reason(world.protect, who=world.gateway, user_token=guest, **policy) == "PROTECT_DENIED"
        assert reason(world.protect, token=guest, **policy) == "PROTECT_DENIED"
    assert contents(world) == before
    assert listed(world, token=guest) == listed(world, world.gateway, user_token=guest) == "PROTECT_DENIED"


def test_outsider_protected_behind_a_gateway(world, template):
    """A consumer, or somebody of another tenant, in the name of a sender for whom the gateway may act."""
    kim = world.google.token("kim@gmail.example", email_verified=True)
    before = contents(world)
    for token in (kim, world.bob):
        for owner in ("alice@contoso.com", None):
            assert outcome(world.protect, who=world.gateway, user_token=token, owner=owner) != "OK"
            assert listed(world, world.gateway, user_token=token, owner=owner) != [template]
        assert reason(world.protect, who=world.gateway, user_token=token,
                      owner="alice@contoso.com") in REFUSED_FOR_THE_TENANT
    assert contents(world) == before
    assert listed(world, token=kim) == "PROTECT_DENIED"


def test_user_protected_as_somebody_else_behind_a_gateway(world, template):
    """The gateway's domains named the owner's, and nobody asked whether the user is that owner."""
    carols = {"who": world.gateway, "user_token": world.carol}
    assert reason(world.protect, owner="alice@contoso.com", **carols) == "PROTECT_DENIED"
    assert listed(world, owner="alice@contoso.com", **carols) == "PROTECT_DENIED"
    assert listed(world, token=world.carol, owner="alice@contoso.com") == "PROTECT_DENIED"
    made = world.protect(owner="carol@contoso.com", **carols)
    content = world.call("TrackingService/GetContent", {"content_id": made.content_id}, token=world.carol).content
    assert (content.owner, content.issuer) == ("carol@contoso.com", "carol@contoso.com")
    world.protect(**carols)  # for herself, unsaid
    assert template in listed(world, **carols)


def test_user_who_was_not_onboarded_protected_behind_a_gateway(world, template, changed):
    changed(onboarding=["user:carol@contoso.com"])
    both = {"who": world.gateway, "user_token": world.alice}
    assert reason(world.protect, **both) == "PROTECT_DENIED"
    assert listed(world, **both) == listed(world, token=world.alice) == "PROTECT_DENIED"
    world.protect()  # alone it acts for whom it may
    assert template in listed(world, world.gateway)
    assert template in listed(world, world.gateway, user_token=world.carol)
    world.protect(who=world.gateway, user_token=world.carol)


def test_list_of_templates_asked_nobody(world, template):
    """Whoever could not protect saw what there was to choose."""
    dora, call = world.contoso.token("dora"), world.call
    for exclusion, client in (({"user": "dora@contoso.com"}, {}), ({"platform": "amiga"}, {"platform": "amiga"})):
        assert template in listed(world, token=dora, client=client)
        call("TenantService/AddExclusion", exclusion, world.contoso.admin)
        assert listed(world, token=dora, client=client) == "EXCLUDED"
        assert listed(world, world.gateway, user_token=dora, client=client) == "EXCLUDED"
        call("TenantService/RemoveExclusion", exclusion, world.contoso.admin)
    assert listed(world, world.gateway, owner="bob@fabrikam.com") == "COMPONENT_DOMAIN"
    shared = world.platform_component("gateway", sender_domains=["contoso.com"])
    assert template in listed(world, shared, owner="alice@contoso.com")
    for owner in ("bob@fabrikam.com", "kim@nobody.example"):  # in a tenant or in none
        assert listed(world, shared, owner=owner) == reason(world.protect, shared, owner=owner) == "COMPONENT_DOMAIN"
    other = world.tenant()
    call("TenantService/UpdateTenant", {"tenant": {"tenant": other.name, "state": 2}, "update_mask": {"paths": ["state"]}},
         world.platform_admin)
    assert listed(world, other.gateway) == "TENANT_DISABLED"


def test_protect_took_a_client_of_any_length(world):
    """A license's client had its limits, a protector's had none."""
    for client in ({"application": "x" * 65}, {"platform": "x" * 33}):
        assert reason(world.protect, client=client) == "FIELD_INVALID"
        assert listed(world, world.gateway, client=client) == "FIELD_INVALID"
    world.protect(client={"application": "x" * 64, "platform": "x" * 32})
