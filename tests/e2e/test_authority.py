# SPDX-License-Identifier: Apache-2.0
"""The main job, end to end: protect, open, be refused, revoke, restore, audit, across tenants and boundaries."""
import base64
import json
import os

import pytest

from authority import Authority, Identity, Issuer, Reader, Refused, new_id
from jwks_server import make_certificate, serve

VIEW, EDIT, PRINT, EXTRACT, FORWARD, REPLY, OWNER = 1, 2, 5, 6, 8, 9, 14


@pytest.fixture(scope="module")
def world():
    authority = Authority()
    try:
        authority.keys_folder = f"{authority.folder}/keys"
        os.mkdir(authority.keys_folder)
        make_certificate(authority.keys_folder)
        authority.keys_url = serve(authority.keys_folder)
        authority.config["identity"]["ca_file"] = f"{authority.keys_folder}/ca.pem"
        authority.migrate()
        authority.start()
        w = type("World", (), {})()
        w.a = authority
        w.contoso, w.contoso_admin = authority.tenant("contoso", "commercial", "contoso.com")
        w.fabrikam, w.fabrikam_admin = authority.tenant("fabrikam", "commercial", "fabrikam.com")
        w.agency, w.agency_admin = authority.tenant("agency", "gcc-high", "agency.us")
        w.depot, w.depot_admin = authority.tenant("depot", "gcc-high", "depot.us")
        w.google = Issuer("https://accounts.google.example")
        authority.issuer(w.google, 3, boundary="commercial")
        w.gateway = authority.component("edge", 1, tenant="contoso", sender_domains=["contoso.com"])
        w.agency_gateway = authority.component("agency-edge", 1, tenant="agency", sender_domains=["agency.us"])
        w.portal = authority.component("portal-high", 2, boundary="gcc-high")
        w.commercial_portal = authority.component("portal-com", 2, boundary="commercial")
        w.reader = Reader()
        yield w
    finally:
        authority.close()


def protect(w, **request):
    who = request.pop("who", w.gateway)
    more = {key: request.pop(key) for key in ("token", "user_token") if key in request}
    request = {"client_public_jwk": w.reader.public, "owner": "alice@contoso.com", **request}
    return w.a.call("PublishingService/Protect", request, who, **more)


def dnf(w, *recipients, **request):
    return protect(w, do_not_forward={}, recipients=recipients, **request)


def acquire(w, license_, **more):
    reader = more.pop("reader", w.reader)
    request = {"publishing_license": license_, "client_public_jwk": reader.public}
    return w.a.call("LicensingService/AcquireLicense", request, more.pop("who", None), **more)


def refused(function, *args, **more):
    with pytest.raises(Refused) as caught:
        function(*args, **more)
    return caught.value


def bob(w):
    return w.fabrikam.token("Bob@Fabrikam.com")


def test_do_not_forward_is_opened_by_its_recipient(world):
    made = dnf(world, "bob@fabrikam.com", display_name="Quarterly figures")
    key = world.reader.unwrap(made.wrapped_content_key)
    assert len(key) == 32 and len(made.publishing_license) < 1024
    got = acquire(world, made.publishing_license, token=bob(world))
    claims, same_key = world.a.verify(got.use_license, world.reader)
    assert same_key == key
    assert set(claims["rts"]) == {"VIEW", "EDIT", "DOCEDIT", "REPLY", "REPLYALL", "OBJMODEL", "VIEWRIGHTSDATA"}
    assert claims["sub"] == "bob@fabrikam.com" and claims["own"] == "alice@contoso.com"
    assert claims["cid"] == made.content_id == got.content_id
    assert claims["bnd"] == "commercial" and claims["chn"] == "native" and claims["off"] is True
    assert claims["iss"] == "https://rms.example.org"
    assert VIEW in got.rights and FORWARD not in got.rights and got.may_cache


def test_strangers_are_refused_and_it_is_recorded(world):
    made = dnf(world, "bob@fabrikam.com")
    error = refused(acquire, world, made.publishing_license, token=world.fabrikam.token("carol@fabrikam.com"))
    assert (error.code, error.reason) == ("PERMISSION_DENIED", "NO_RIGHTS")
    assert "no rights" in error.sentence and error.metadata["request_id"]
    events = world.a.audit(tenant="contoso", content_id=made.content_id)
    assert [(e.operation, e.granted, e.reason, e.user) for e in events] == [
        ("acquire_license", False, "NO_RIGHTS", "carol@fabrikam.com"), ("protect", True, "OK", "")]


def test_owner_has_all_rights_and_its_power_is_recorded(world):
    made = dnf(world, "bob@fabrikam.com")
    got = acquire(world, made.publishing_license, token=world.contoso.token("alice@contoso.com"))
    assert OWNER in got.rights and len(got.rights) == 14
    event = world.a.audit(tenant="contoso", content_id=made.content_id)[0]
    assert event.power == "owner" and "OWNER" in event.rights


def test_revocation_bites_at_once(world):
    made = dnf(world, "bob@fabrikam.com", "carol@fabrikam.com")
    alice = world.contoso.token("alice@contoso.com")
    carol = world.fabrikam.token("carol@fabrikam.com")
    acquire(world, made.publishing_license, token=bob(world))
    one = {"content_id": made.content_id, "user": "BOB@fabrikam.com", "reason": "left the project"}
    assert world.a.call("TrackingService/Revoke", one, token=alice).revoke_time.seconds > 0
    assert refused(acquire, world, made.publishing_license, token=bob(world)).reason == "REVOKED"
    acquire(world, made.publishing_license, token=carol)
    world.a.call("TrackingService/Revoke", {"content_id": made.content_id}, token=alice)
    assert refused(acquire, world, made.publishing_license, token=carol).reason == "REVOKED"
    stranger = world.fabrikam.token("eve@fabrikam.com")
    assert refused(acquire, world, made.publishing_license, token=stranger).reason == "NO_RIGHTS"
    acquire(world, made.publishing_license, token=alice)
    world.a.call("TrackingService/Restore", {"content_id": made.content_id}, token=alice)
    acquire(world, made.publishing_license, token=carol)
    events = world.a.call("TrackingService/ListAccess", {"content_id": made.content_id}, token=alice).events
    assert [(e.user, e.reason) for e in events][:3] == [
        ("carol@fabrikam.com", "OK"), ("alice@contoso.com", "OK"), ("eve@fabrikam.com", "NO_RIGHTS")]


def test_only_owner_issuer_and_admin_may_track(world):
    made = dnf(world, "bob@fabrikam.com")
    request = {"content_id": made.content_id}
    for token in (bob(world), world.contoso.token("eve@contoso.com")):
        assert refused(world.a.call, "TrackingService/Revoke", request, token=token).reason == "NOT_FOUND"
        assert refused(world.a.call, "TrackingService/ListAccess", request, token=token).reason == "NOT_FOUND"
    assert refused(world.a.call, "TrackingService/Revoke", request, world.fabrikam_admin).reason == "NOT_FOUND"
    world.a.call("TrackingService/Revoke", request, world.contoso_admin)
    world.a.call("TrackingService/Restore", request, world.gateway)


def test_template_changes_reach_old_content(world):
    template = world.a.call("TemplateService/CreateTemplate", {"template": {
        "names": [{"language": "en", "text": "Partners"}], "referral_contact": "help@contoso.com",
        "grants": [{"principals": ["domain:fabrikam.com"], "rights": [VIEW, PRINT], "custom_rights": ["SIGN"]}],
        "expiry": {"days": 30}, "offline_access": 2, "offline_days": 1}}, world.contoso_admin).template
    made = protect(world, template_id=template.template_id)
    assert len(made.publishing_license) < 1024 and made.expire_time.seconds > 0
    got = acquire(world, made.publishing_license, token=bob(world))
    claims, _ = world.a.verify(got.use_license, world.reader)
    assert set(claims["rts"]) == {"VIEW", "PRINT", "SIGN"} and claims["tpl"] == template.template_id
    assert claims["exp"] - claims["iat"] == 86400
    changed = world.a.call("TemplateService/UpdateTemplate", {
        "template": {"template_id": template.template_id, "etag": template.etag,
                     "grants": [{"principals": ["user:dan@fabrikam.com"], "rights": [VIEW]}]},
        "update_mask": {"paths": ["grants"]}}, world.contoso_admin).template
    assert changed.version == template.version + 1 and changed.names[0].text == "Partners"
    error = refused(acquire, world, made.publishing_license, token=bob(world))
    assert error.reason == "NO_RIGHTS" and error.metadata["referral_contact"] == "help@contoso.com"
    acquire(world, made.publishing_license, token=world.fabrikam.token("dan@fabrikam.com"))
    stale = {"template": {"template_id": template.template_id, "etag": template.etag,
                          "scope": ["user:al@contoso.com"]}, "update_mask": {"paths": ["scope"]}}
    assert refused(world.a.call, "TemplateService/UpdateTemplate", stale, world.contoso_admin).reason == "ETAG_MISMATCH"
    one = {"template_id": template.template_id}
    assert world.a.call("TemplateService/ArchiveTemplate", one, world.contoso_admin).template.archived
    assert refused(protect, world, template_id=template.template_id).reason == "TEMPLATE_ARCHIVED"
    acquire(world, made.publishing_license, token=world.fabrikam.token("dan@fabrikam.com"))
    assert not world.a.call("TemplateService/PublishTemplate", one, world.contoso_admin).template.archived
    listed = world.a.call("TemplateService/ListTemplates", {}, world.contoso_admin).templates
    assert template.template_id in [t.template_id for t in listed]
    assert refused(world.a.call, "TemplateService/GetTemplate", one, world.fabrikam_admin).reason == "NOT_FOUND"


def test_encrypt_only_custom_and_users_own_protection(world):
    alice = world.contoso.token("alice@contoso.com")
    made = protect(world, who=None, token=alice, owner="", encrypt_only={}, recipients=["bob@fabrikam.com"])
    got = acquire(world, made.publishing_license, token=bob(world))
    assert len(got.rights) == 12 and PRINT in got.rights and OWNER not in got.rights
    custom = {"grants": [{"principals": ["recipients"], "rights": [VIEW, EXTRACT]},
                         {"principals": ["tenant:fabrikam"], "rights": [PRINT]}], "offline_access": 1}
    made = protect(world, who=None, token=alice, owner="", custom=custom, recipients=["bob@fabrikam.com"])
    got = acquire(world, made.publishing_license, token=bob(world))
    assert sorted(got.rights) == [VIEW, PRINT, EXTRACT] and not got.may_cache
    got = acquire(world, made.publishing_license, token=world.fabrikam.token("carol@fabrikam.com"))
    assert sorted(got.rights) == [VIEW, PRINT]
    error = refused(protect, world, who=None, token=bob(world), owner="alice@contoso.com", encrypt_only={},
                    recipients=["bob@fabrikam.com"])
    assert error.reason == "PROTECT_DENIED"


def test_inspect_tells_rights_without_a_key(world):
    made = dnf(world, "bob@fabrikam.com", display_name="Figures")
    request = {"publishing_license": made.publishing_license}
    told = world.a.call("LicensingService/InspectContent", request, token=bob(world))
    assert told.display_name == "Figures" and told.tenant == "contoso" and told.owner == "alice@contoso.com"
    assert VIEW in told.rights and told.license_expire_time.seconds > 0
    assert world.a.audit(tenant="contoso", content_id=made.content_id)[0].operation == "inspect_content"


def test_gcc_high_opens_natively_only_inside(world):
    made = dnf(world, "dora@depot.us", "bob@fabrikam.com", "kim@gmail.com", who=world.agency_gateway,
               owner="ann@agency.us")
    reader = Reader(kty="EC", crv="P-384")
    got = acquire(world, made.publishing_license, token=world.depot.token("dora@depot.us"), reader=reader)
    claims, _ = world.a.verify(got.use_license, reader)
    assert claims["bnd"] == "gcc-high" and claims["chn"] == "native"
    error = refused(acquire, world, made.publishing_license, token=bob(world))
    assert error.reason == "PORTAL_REQUIRED"
    got = acquire(world, made.publishing_license, who=world.portal, user_token=bob(world))
    claims, _ = world.a.verify(got.use_license, world.reader)
    assert claims["chn"] == "portal" and claims["off"] is False and claims["exp"] - claims["iat"] <= 600
    kim = world.google.token("kim@gmail.com", email_verified=True)
    acquire(world, made.publishing_license, who=world.portal, user_token=kim)
    assert refused(acquire, world, made.publishing_license, token=kim).reason == "PORTAL_REQUIRED"
    other = refused(acquire, world, made.publishing_license, who=world.commercial_portal, user_token=bob(world))
    assert other.reason == "PORTAL_REQUIRED"
    event = world.a.audit(tenant="agency", content_id=made.content_id, user="kim@gmail.com")[-1]
    assert (event.component, event.channel, event.granted) == ("portal-high", "portal", True)


def test_no_issuer_speaks_for_another(world):
    made = dnf(world, "bob@fabrikam.com")
    for token in (world.contoso.token("bob@fabrikam.com"),
                  world.google.token("bob@fabrikam.com", email_verified=True),
                  world.google.token("kim@gmail.com")):
        error = refused(acquire, world, made.publishing_license, token=token)
        assert (error.code, error.reason) == ("UNAUTHENTICATED", "TOKEN_NO_ADDRESS")


def test_issuer_keys_by_https(world):
    """An issuer whose keys are fetched: rotated, and while its server is away."""
    folder = world.a.keys_folder
    issuer = Issuer("https://idp.remote.example")
    with open(f"{folder}/jwks.json", "w", encoding="ascii") as file:
        file.write(issuer.jwks())
    issuer_request = {"kind": 3, "boundary": "commercial", "issuer": issuer.iss, "audiences": ["chancery"],
                      "algorithms": ["ES256"], "jwks_url": f"{world.a.keys_url}/jwks.json", "domains": ["remote.example"]}
    world.a.call("IssuerService/CreateIssuer", {"issuer": issuer_request}, world.a.admin)
    made = dnf(world, "kay@remote.example")
    acquire(world, made.publishing_license, who=world.commercial_portal, user_token=issuer.token("kay@remote.example"))
    os.unlink(f"{folder}/jwks.json")
    acquire(world, made.publishing_license, who=world.commercial_portal,
            user_token=issuer.token("kay@remote.example", jti="again"))
    away = dict(issuer_request, issuer="https://idp.away.example", jwks_url=f"{world.a.keys_url}/away.json")
    world.a.call("IssuerService/CreateIssuer", {"issuer": away}, world.a.admin)
    error = refused(acquire, world, made.publishing_license, who=world.commercial_portal,
                    user_token=Issuer(away["issuer"]).token("kay@remote.example"))
    assert (error.code, error.reason) == ("UNAVAILABLE", "ISSUER_UNREACHABLE")


def test_who_may_call(world):
    made = dnf(world, "bob@fabrikam.com")
    assert refused(acquire, world, made.publishing_license).reason == "CREDENTIAL_MISSING"
    unknown = Identity("nobody")
    assert refused(acquire, world, made.publishing_license, who=unknown).reason == "COMPONENT_UNKNOWN"
    assert refused(acquire, world, made.publishing_license, who=world.contoso_admin).reason == "COMPONENT_ROLE"
    create = {"tenant": {"tenant": "mallory", "boundary": "commercial"}}
    assert refused(world.a.call, "TenantService/CreateTenant", create, world.contoso_admin).reason == "COMPONENT_ROLE"
    query = {"filter": {"tenant": "contoso"}}
    assert refused(world.a.call, "AuditService/Query", query, world.fabrikam_admin).reason == "COMPONENT_TENANT"
    assert refused(protect, world, owner="bob@fabrikam.com", do_not_forward={},
                   recipients=["x@y.z"]).reason == "COMPONENT_DOMAIN"
    reasons = {event.reason for event in world.a.audit()}
    assert "COMPONENT_UNKNOWN" in reasons


def test_request_id_makes_retries_safe(world):
    request = {"request_id": new_id(), "do_not_forward": {}, "recipients": ["bob@fabrikam.com"]}
    first, again = protect(world, **request), protect(world, **request)
    assert first.content_id == again.content_id
    acquire(world, again.publishing_license, token=bob(world))
    other = dict(request, recipients=["carol@fabrikam.com"])
    assert refused(protect, world, **other).reason == "REQUEST_ID_REUSED"


def test_removed_admin_rows_are_seen_by_the_next_call(world):
    """Caches are never trusted past the commit: rows changed behind the server's back are noticed."""
    made = dnf(world, "bob@fabrikam.com")
    acquire(world, made.publishing_license, token=bob(world))
    sql = world.a.postgres.sql
    sql("UPDATE issuer SET disabled = true WHERE iss = 'https://idp.fabrikam.com'; "
        "SELECT epoch_raise((SELECT tenant FROM tenant WHERE name = 'fabrikam'))")
    assert refused(acquire, world, made.publishing_license, token=bob(world)).reason == "TOKEN_ISSUER_UNKNOWN"
    sql("UPDATE issuer SET disabled = false WHERE iss = 'https://idp.fabrikam.com'; "
        "SELECT epoch_raise((SELECT tenant FROM tenant WHERE name = 'fabrikam'))")
    acquire(world, made.publishing_license, token=bob(world))
    sql("UPDATE component SET disabled = true WHERE name = 'edge'; "
        "SELECT epoch_raise((SELECT tenant FROM tenant WHERE name = 'contoso'))")
    assert refused(dnf, world, "bob@fabrikam.com").reason == "COMPONENT_UNKNOWN"
    sql("UPDATE component SET disabled = false WHERE name = 'edge'; "
        "SELECT epoch_raise((SELECT tenant FROM tenant WHERE name = 'contoso'))")
    dnf(world, "bob@fabrikam.com")


def test_pages(world):
    assert world.a.page("/livez") == (200, "ok\n")
    assert world.a.page("/readyz") == (200, "ok\n")
    code, text = world.a.page("/metrics")
    assert code == 200 and "chancery_calls_total" in text
    assert json.loads(world.a.page("/.well-known/chancery")[1])["authority_url"] == "https://rms.example.org"
    assert world.a.page("/nothing")[0] == 404


def test_secrets_stay_out_of_the_log(world):
    made = dnf(world, "bob@fabrikam.com")
    token = bob(world)
    acquire(world, made.publishing_license, token=token)
    key = world.reader.unwrap(made.wrapped_content_key)
    text = json.dumps(world.a.log)
    for secret in (token, token.split(".")[2], base64.b64encode(key).decode(), key.hex()):
        assert secret not in text
