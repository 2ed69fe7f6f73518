# SPDX-License-Identifier: Apache-2.0
"""What a tenant's settings do to the next license: exclusions, onboarding, cap, state, choosing a template."""
import pytest

from authority import Authority, Reader, Refused


@pytest.fixture(scope="module")
def world():
    authority = Authority()
    try:
        authority.migrate()
        authority.start()
        w = type("World", (), {})()
        w.a, w.reader = authority, Reader()
        w.contoso, w.admin = authority.tenant("contoso", "commercial", "contoso.com")
        w.fabrikam, w.fabrikam_admin = authority.tenant("fabrikam", "commercial", "fabrikam.com")
        w.gateway = authority.component("edge", 1, tenant="contoso", sender_domains=["contoso.com"])
        w.bob, w.alice = w.fabrikam.token("bob@fabrikam.com"), w.contoso.token("alice@contoso.com")
        w.made = protect(w)
        yield w
    finally:
        authority.close()


def protect(w, token=None, **more):
    request = {"client_public_jwk": w.reader.public, "do_not_forward": {}, "recipients": ["bob@fabrikam.com"], **more}
    if not token:
        request["owner"] = "alice@contoso.com"
    return w.a.call("PublishingService/Protect", request, None if token else w.gateway, token=token)


def acquire(w, token=None, **client):
    return w.a.call("LicensingService/AcquireLicense", {
        "publishing_license": w.made.publishing_license, "client_public_jwk": w.reader.public, "client": client},
        token=token or w.bob)


def reason(function, *args, **more):
    with pytest.raises(Refused) as caught:
        function(*args, **more)
    return caught.value.reason


def update(w, who=None, **fields):
    etag = fields.pop("etag", "")
    tenant = {"tenant": "contoso", "etag": etag, **fields}
    return w.a.call("TenantService/UpdateTenant", {"tenant": tenant, "update_mask": {"paths": list(fields)}},
                    who or w.admin).tenant


@pytest.mark.parametrize("exclusion,client", [({"user": "BOB@fabrikam.com"}, {}),
                                              ({"application": "Mail 1.0"}, {"application": "Mail 1.0"}),
                                              ({"platform": "android"}, {"platform": "android"})])
def test_exclusions_bite_at_once_and_are_lifted(world, exclusion, client):
    call = world.a.call
    acquire(world, **client)
    call("TenantService/AddExclusion", exclusion, world.admin)
    assert reason(call, "TenantService/AddExclusion", exclusion, world.admin) == "ALREADY_EXISTS"
    assert reason(acquire, world, **client) == "EXCLUDED"
    assert reason(call, "TenantService/RemoveExclusion", exclusion, world.fabrikam_admin) == "NOT_FOUND"
    call("TenantService/RemoveExclusion", exclusion, world.admin)
    acquire(world, **client)
    event = world.a.audit(tenant="contoso", operation="remove_exclusion")[0]
    assert event.component == "contoso-admin" and event.target.lower() == list(exclusion.values())[0].lower()


def test_an_exclusion_names_exactly_one(world):
    for bad in ({}, {"user": "bob@fabrikam.com", "platform": "x"}, {"user": "bob"}):
        assert reason(world.a.call, "TenantService/AddExclusion", bad, world.admin) == "FIELD_INVALID"


def test_onboarding_says_who_may_protect(world):
    protect(world, token=world.alice)
    update(world, onboarding=["user:carol@contoso.com"])
    assert reason(protect, world, token=world.alice) == "PROTECT_DENIED"
    protect(world, token=world.contoso.token("carol@contoso.com"))
    protect(world)  # a gateway is not subject to it
    acquire(world)
    update(world, onboarding=[])
    protect(world, token=world.alice)


def test_the_cap_bounds_licenses(world):
    def days():
        claims, _ = world.a.verify(acquire(world).use_license, world.reader)
        return (claims["exp"] - claims["iat"]) / 86400, claims["off"]

    assert days() == (30, True)
    update(world, license_cap_days=3)
    assert days() == (3, True)
    update(world, license_cap_days=0)
    assert days()[1] is False  # online only
    update(world, license_cap_days=30)
    assert reason(update, world, license_cap_days=366) == "FIELD_INVALID"


def test_only_the_platform_switches_a_tenant_off(world):
    assert reason(update, world, state=2) == "COMPONENT_ROLE"
    assert update(world, world.a.admin, state=2).state == 2
    assert reason(acquire, world) == "TENANT_DISABLED"
    assert reason(protect, world) == "TENANT_DISABLED"
    update(world, world.a.admin, state=1)
    acquire(world)


def test_changes_don_t_overwrite_each_other(world):
    one = update(world, display_name="Contoso Ltd")
    assert one.display_name == "Contoso Ltd" and one.tenant == "contoso"
    update(world, display_name="Contoso AG", etag=one.etag)
    assert reason(update, world, display_name="Other", etag=one.etag) == "ETAG_MISMATCH"
    assert reason(update, world, world.fabrikam_admin, display_name="Mine") == "COMPONENT_TENANT"
    got = world.a.call("TenantService/GetTenant", {}, world.admin).tenant
    assert got.display_name == "Contoso AG"
    for mask in ([], ["boundary"], ["nonsense"]):
        request = {"tenant": {"tenant": "contoso"}, "update_mask": {"paths": mask}}
        assert reason(world.a.call, "TenantService/UpdateTenant", request, world.admin) == "FIELD_INVALID"


def make_template(w, **more):
    body = {"names": [{"language": "en", "text": "Partners"}, {"language": "de", "text": "Partnerfirmen"}],
            "grants": [{"principals": ["domain:fabrikam.com"], "rights": [1]}], **more}
    return w.a.call("TemplateService/CreateTemplate", {"template": body}, w.admin).template.template_id


def available(w, token=None, who=None, **request):
    return w.a.call("PublishingService/ListAvailableTemplates", request, who, token=token)


def test_templates_are_offered_by_scope_and_language(world):
    everybody = make_template(world)
    carols = make_template(world, scope=["user:carol@contoso.com"])
    archived = make_template(world, archived=False)
    world.a.call("TemplateService/ArchiveTemplate", {"template_id": archived}, world.admin)
    carol = world.contoso.token("carol@contoso.com")
    assert [t.template_id for t in available(world, world.alice).templates] == [everybody]
    offered = available(world, carol, language="de-CH")
    assert {t.template_id for t in offered.templates} == {everybody, carols}
    assert {t.name for t in offered.templates} == {"Partnerfirmen"}
    assert {t.name for t in available(world, carol, language="fr").templates} == {"Partners"}
    again = available(world, carol, language="de-CH", etag=offered.etag)
    assert again.etag == offered.etag and not again.templates
    assert {t.template_id for t in available(world, who=world.gateway).templates} == {everybody, carols}
    assert reason(protect, world, token=world.alice, do_not_forward=None, template_id=carols) == "TEMPLATE_NOT_FOUND"
    assert not available(world, world.bob).templates  # of his own tenant
    for template in (everybody, carols, archived):
        world.a.call("TemplateService/DeleteTemplate", {"template_id": template}, world.admin)


def test_deleting_a_template_in_use_is_refused_unless_forced(world):
    template = make_template(world)
    made = protect(world, do_not_forward=None, template_id=template)
    request = {"template_id": template}
    assert reason(world.a.call, "TemplateService/DeleteTemplate", request, world.admin) == "PRECONDITION_FAILED"
    assert reason(world.a.call, "TemplateService/DeleteTemplate", request, world.fabrikam_admin) == "NOT_FOUND"
    world.a.call("TemplateService/DeleteTemplate", {**request, "force": True}, world.admin)
    assert reason(world.a.call, "TemplateService/DeleteTemplate", request, world.admin) == "NOT_FOUND"
    opened = {"publishing_license": made.publishing_license, "client_public_jwk": world.reader.public}
    assert reason(world.a.call, "LicensingService/AcquireLicense", opened, token=world.bob) == "NO_RIGHTS"
    assert len(world.a.call("LicensingService/AcquireLicense", opened, token=world.alice).rights) == 14
