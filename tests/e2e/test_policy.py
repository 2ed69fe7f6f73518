# SPDX-License-Identifier: Apache-2.0
"""What a tenant's settings do to the next license: exclusions, onboarding, cap, state, choosing a template."""
import time

import pytest

from calls import reason, refused
from waiting import wall_clock_passes


def acquire(w, token=None, **client):
    return w.acquire(w.made, token or w.bob, client=client)


def update(w, who=None, **fields):
    return w.update_tenant(who, "contoso", **fields).tenant


@pytest.mark.parametrize("exclusion,client", [({"user": "BOB@fabrikam.com"}, {}),
                                              ({"application": "Mail 1.0"}, {"application": "Mail 1.0"}),
                                              ({"platform": "android"}, {"platform": "android"})])
def test_exclusions_bite_at_once_and_are_lifted(world, exclusion, client):
    call = world.call
    acquire(world, **client)
    call("TenantService/AddExclusion", exclusion, world.contoso.admin)
    assert reason(call, "TenantService/AddExclusion", exclusion, world.contoso.admin) == "ALREADY_EXISTS"
    assert reason(acquire, world, **client) == "EXCLUDED"
    assert reason(call, "TenantService/RemoveExclusion", exclusion, world.fabrikam.admin) == "NOT_FOUND"
    [listed] = call("TenantService/ListExclusions", {}, world.contoso.auditor).exclusions
    assert {name: getattr(listed, name).lower() for name in exclusion} == {
        name: value.lower() for name, value in exclusion.items()}
    call("TenantService/RemoveExclusion", exclusion, world.contoso.admin)
    assert not call("TenantService/ListExclusions", {}, world.contoso.auditor).exclusions
    acquire(world, **client)
    event = world.audit(tenant="contoso", operation="remove_exclusion")[0]
    assert event.component == "contoso-admin" and event.target.lower() == list(exclusion.values())[0].lower()


def test_an_exclusion_names_exactly_one(world):
    for bad in ({}, {"user": "bob@fabrikam.com", "platform": "x"}, {"user": "bob"}):
        assert reason(world.call, "TenantService/AddExclusion", bad, world.contoso.admin) == "FIELD_INVALID"


def test_onboarding_says_who_may_protect(world):
    world.protect(token=world.alice)
    update(world, onboarding=["user:carol@contoso.com"])
    assert reason(world.protect, token=world.alice) == "PROTECT_DENIED"
    world.protect(token=world.contoso.token("carol@contoso.com"))
    world.protect()  # a gateway is not subject to it
    acquire(world)
    update(world, onboarding=[])
    world.protect(token=world.alice)


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
    assert update(world, world.platform_admin, state=2).state == 2
    assert reason(acquire, world) == "TENANT_DISABLED"
    assert reason(world.protect) == "TENANT_DISABLED"
    update(world, world.platform_admin, state=1)
    acquire(world)


def test_changes_don_t_overwrite_each_other(world):
    one = update(world, display_name="Contoso Ltd")
    assert one.display_name == "Contoso Ltd" and one.tenant == "contoso"
    update(world, display_name="Contoso AG", etag=one.etag)
    assert reason(update, world, display_name="Other", etag=one.etag) == "ETAG_MISMATCH"
    assert reason(update, world, world.fabrikam.admin, display_name="Mine") == "COMPONENT_TENANT"
    got = world.call("TenantService/GetTenant", {}, world.contoso.admin).tenant
    assert got.display_name == "Contoso AG"
    for mask in ([], ["boundary"], ["nonsense"]):
        request = {"tenant": {"tenant": "contoso"}, "update_mask": {"paths": mask}}
        assert reason(world.call, "TenantService/UpdateTenant", request, world.contoso.admin) == "FIELD_INVALID"


def make_template(w, **more):
    body = {"names": [{"language": "en", "text": "Partners"}, {"language": "de", "text": "Partnerfirmen"}],
            "grants": [{"principals": ["domain:fabrikam.com"], "rights": [1]}], **more}
    return w.call("TemplateService/CreateTemplate", {"template": body}, w.contoso.admin).template.template_id


def available(w, token=None, who=None, **request):
    return w.call("PublishingService/ListAvailableTemplates", request, who, token=token)


def test_templates_are_offered_by_scope_and_language(world):
    everybody = make_template(world)
    carols = make_template(world, scope=["user:carol@contoso.com"])
    archived = make_template(world, archived=False)
    world.call("TemplateService/ArchiveTemplate", {"template_id": archived}, world.contoso.admin)
    carol = world.contoso.token("carol@contoso.com")
    assert [t.template_id for t in available(world, world.alice).templates] == [everybody]
    offered = available(world, carol, language="de-CH")
    assert {t.template_id for t in offered.templates} == {everybody, carols}
    assert {t.name for t in offered.templates} == {"Partnerfirmen"}
    assert {t.name for t in available(world, carol, language="fr").templates} == {"Partners"}
    again = available(world, carol, language="de-CH", etag=offered.etag)
    assert again.etag == offered.etag and not again.templates
    assert {t.template_id for t in available(world, who=world.gateway).templates} == {everybody, carols}
    assert reason(world.protect, token=world.alice, template_id=carols) == "TEMPLATE_NOT_FOUND"
    assert not available(world, world.bob).templates  # of his own tenant
    for template in (everybody, carols, archived):
        world.call("TemplateService/DeleteTemplate", {"template_id": template}, world.contoso.admin)


def test_scopes_bind_users_behind_a_gateway_and_no_gateway_alone(world):
    carols, archived = make_template(world, scope=["user:carol@contoso.com"]), make_template(world, archived=True)
    alice, carol = ({"who": world.gateway, "user_token": token} for token in (world.alice, world.carol))

    def offered(who, user_token=None):
        answer = world.call("PublishingService/ListAvailableTemplates", {}, who, user_token=user_token)
        return {t.template_id for t in answer.templates}

    assert reason(world.protect, template_id=carols, **alice) == "TEMPLATE_NOT_FOUND"
    for caller in (alice, carol, {"who": world.gateway}):
        assert reason(world.protect, template_id=archived,
                      **caller) == "TEMPLATE_ARCHIVED" and archived not in offered(**caller)
    assert carols not in offered(**alice)
    for caller in (carol, {"who": world.gateway}):
        assert carols in offered(**caller)
        world.protect(template_id=carols, **caller)


def test_deleting_a_template_in_use_is_refused_unless_forced(world):
    template = make_template(world)
    made = world.protect(template_id=template)
    request = {"template_id": template}
    assert reason(world.call, "TemplateService/DeleteTemplate", request, world.contoso.admin) == "PRECONDITION_FAILED"
    assert reason(world.call, "TemplateService/DeleteTemplate", request, world.fabrikam.admin) == "NOT_FOUND"
    world.call("TemplateService/DeleteTemplate", {**request, "force": True}, world.contoso.admin)
    assert reason(world.call, "TemplateService/DeleteTemplate", request, world.contoso.admin) == "NOT_FOUND"
    assert reason(world.acquire, made, world.bob) == "NO_RIGHTS"
    assert len(world.rights(made, world.alice)) == 14


# --- templates ------------------------------------------------------------------------------------------------


def change(w, template, **fields):
    return w.call("TemplateService/UpdateTemplate", {"template": {"template_id": template, **fields},
                                                       "update_mask": {"paths": list(fields)}},
                                                       w.contoso.admin).template


def under(w, template, **more):
    """Content that is protected with a template."""
    return w.protect(template_id=template, **more)


def opened(w, made, token=None):
    return w.a.verify(w.acquire(made, token or w.bob).use_license, w.reader)[0]


def refusal(w, made, token=None):
    return refused(opened, w, made, token)


def test_a_template_is_stored_as_it_was_sent(world):
    sent = {"names": [{"language": "en", "text": "Partners"}, {"language": "de-CH", "text": "Partnerfirmen"}],
            "descriptions": [{"language": "de-CH", "text": "Für Partner"}, {"language": "en", "text": "For partners"}],
            "grants": [{"principals": ["domain:Fabrikam.com"], "rights": [1, 5], "custom_rights": ["SIGN"]},
                       {"principals": ["recipients"], "rights": [9]}],
            "scope": ["group:Sales@contoso.com", "tenant:contoso"], "referral_contact": "help@contoso.com",
            "expiry": {"days": 90}, "offline_access": 2, "offline_days": 14}
    made = world.call("TemplateService/CreateTemplate", {"template": sent}, world.contoso.admin).template
    got = world.call("TemplateService/GetTemplate", {"template_id": made.template_id}, world.contoso.admin).template
    assert got == made and got.version == 1 and got.etag and got.tenant == "contoso" and not got.archived
    assert [(n.language, n.text) for n in got.names] == [("en", "Partners"), ("de-CH", "Partnerfirmen")]
    assert [(d.language, d.text) for d in got.descriptions] == [("de-CH", "Für Partner"), ("en", "For partners")]
    assert [(list(g.principals), list(g.rights), list(g.custom_rights)) for g in got.grants] == [
        (["domain:fabrikam.com"], [1, 5], ["SIGN"]), (["recipients"], [9], [])]
    assert list(got.scope) == ["group:sales@contoso.com", "tenant:contoso"]
    assert (got.expiry.days, got.offline_access, got.offline_days) == (90, 2, 14)
    assert got.referral_contact == "help@contoso.com"
    offered = available(world, world.alice, language="de-CH").templates
    assert [(t.name, t.description) for t in offered if t.template_id == made.template_id] == [("Partnerfirmen",
                                                                                                "Für Partner")]
    world.call("TemplateService/DeleteTemplate", {"template_id": made.template_id}, world.contoso.admin)


def test_content_expires_with_its_template(world):
    """Never, on a date or days after it was protected: as the template says now, not as it said then."""
    template = make_template(world)
    made = under(world, template)
    now = int(time.time())
    assert not made.HasField("expire_time") and opened(world, made)["exp"] - now > 29 * 86400
    change(world, template, expiry={"time": {"seconds": now + 3600}})
    assert abs(opened(world, made)["exp"] - now - 3600) <= 2
    assert under(world, template).expire_time.seconds == now + 3600
    soon = int(time.time()) + 2
    change(world, template, expiry={"time": {"seconds": soon}})
    wall_clock_passes(soon)
    assert refusal(world, made).reason == "EXPIRED"
    assert refusal(world, made, world.eve).reason == "NO_RIGHTS"  # not told to strangers
    assert opened(world, made, world.alice)["exp"] - now > 29 * 86400  # the owner outlives it
    change(world, template, expiry={"days": 1})
    assert abs(opened(world, made)["exp"] - now - 86400) <= 5
    world.sql(f"UPDATE template SET expires_after_days = 36500 WHERE template = '{template}'; "
                         "SELECT epoch_raise(tenant) FROM tenant")
    assert opened(world, made)["exp"] - now > 29 * 86400
    change(world, template, expiry={})
    assert not under(world, template).HasField("expire_time")


def test_offline_days_lie_within_the_tenants_cap(world):
    template = make_template(world)
    made = under(world, template)

    def days(**fields):
        change(world, template, **fields)
        claims = opened(world, made)
        return (claims["exp"] - claims["iat"]) / 86400, claims["off"]

    update(world, license_cap_days=10)
    assert days(offline_access=0) == (10, True)  # as long as the cap
    assert days(offline_access=2, offline_days=3) == (3, True)
    assert days(offline_access=2, offline_days=9999) == (10, True)  # the cap beats it
    assert days(offline_access=1, offline_days=0) == (300 / 86400, False)  # online only
    update(world, license_cap_days=0)
    assert days(offline_access=0)[1] is False and days(offline_access=2, offline_days=3)[1] is False
    update(world, license_cap_days=30)
    change(world, template, expiry={"time": {"seconds": int(time.time()) + 3600}})
    length, offline = days(offline_access=2, offline_days=3)
    assert length < 0.05 and offline  # time to expiry beats both


def test_whoever_is_refused_is_told_whom_to_ask(world):
    template = make_template(world, referral_contact="mailto:help@contoso.com")
    made = under(world, template)
    eve = world.eve
    assert refusal(world, made, eve).metadata["referral_contact"] == "mailto:help@contoso.com"
    change(world, template, referral_contact="https://contoso.example/help")
    assert refusal(world, made, eve).metadata["referral_contact"] == "https://contoso.example/help"
    change(world, template, referral_contact="")
    assert "referral_contact" not in refusal(world, made, eve).metadata


def test_templates_are_bound_late(world):
    """Grants, recipients and custom rights of a template reach content that was sent before."""
    template = make_template(world)
    made = under(world, template, recipients=["bob@fabrikam.com", "guest@fabrikam.com"])
    assert opened(world, made)["rts"] == ["VIEW"]
    change(world, template, grants=[{"principals": ["recipients"], "rights": [1, 5], "custom_rights": ["SIGN"]}])
    assert set(opened(world, made)["rts"]) == {"VIEW", "PRINT", "SIGN"}
    assert refusal(world, made, world.fabrikam.token("dan@fabrikam.com")).reason == "NO_RIGHTS"
    change(world, template, grants=[{"principals": ["tenant:fabrikam"], "rights": [14]},
                                    {"principals": ["user:bob@fabrikam.com"], "rights": [1]}])
    assert len(opened(world, made)["rts"]) == 14  # the union
    world.call("TemplateService/ArchiveTemplate", {"template_id": template}, world.contoso.admin)
    opened(world, made)
    assert reason(under, world, template) == "TEMPLATE_ARCHIVED"
    world.call("TemplateService/PublishTemplate", {"template_id": template}, world.contoso.admin)
    event = world.audit(tenant="contoso", operation="acquire_license")[0]
    assert event.policy_version == 4 and event.template_id == template
    under(world, template)


def test_scope_says_who_may_choose_and_never_who_may_open(world):
    template = make_template(world, scope=["user:carol@contoso.com"])
    carol = world.contoso.token("carol@contoso.com")
    assert reason(under, world, template, token=world.alice) == "TEMPLATE_NOT_FOUND"
    made = under(world, template, token=carol)
    opened(world, made)  # bob is not in scope
    change(world, template, scope=["domain:contoso.com"])
    under(world, template, token=world.alice)
    change(world, template, scope=[])
    under(world, template, token=world.alice)
