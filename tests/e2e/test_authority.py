# SPDX-License-Identifier: Apache-2.0
"""The main job, end to end: protect, open, be refused, revoke, restore, audit, across tenants and boundaries."""
import base64
import json
import os
import tempfile

import pytest

from authority import Issuer, Reader, new_id
from calls import refused
from jwks_server import make_certificate, serve
from waiting import eventually
from world import BY_OWNER, FORWARD, OWNER, PRINT, VIEW, grant

EXTRACT = 6


@pytest.fixture(scope="module")
def keys_folder():
    with tempfile.TemporaryDirectory(prefix="chancery-keys-") as folder:
        make_certificate(folder)
        yield folder


@pytest.fixture(scope="module")
def authority_options(keys_folder):
    return {"config": {"identity": {"ca_file": f"{keys_folder}/ca.pem"}}}


def dnf(w, *recipients, **request):
    return w.protect(do_not_forward={}, recipients=recipients, **request)


def bob(w):
    return w.fabrikam.token("Bob@Fabrikam.com")


def test_do_not_forward_is_opened_by_its_recipient(world):
    made = dnf(world, "bob@fabrikam.com", display_name="Quarterly figures")
    key = world.reader.unwrap(made.wrapped_content_key)
    assert len(key) == 32 and len(made.publishing_license) < 1024
    got = world.acquire(made, token=bob(world))
    claims, same_key = world.a.verify(got.use_license, world.reader)
    assert same_key == key
    assert set(claims["rts"]) == {"VIEW", "EDIT", "DOCEDIT", "REPLY", "REPLYALL", "OBJMODEL", "VIEWRIGHTSDATA"}
    assert claims["sub"] == "bob@fabrikam.com" and claims["own"] == "alice@contoso.com"
    assert claims["cid"] == made.content_id == got.content_id
    assert claims["bnd"] == "commercial" and claims["chn"] == "native" and claims["off"] is True
    assert claims["iss"] == f"https://rms.example.org/tenants/{claims['tid']}"
    assert VIEW in got.rights and FORWARD not in got.rights and got.may_cache


def test_strangers_are_refused_and_it_is_recorded(world):
    made = dnf(world, "bob@fabrikam.com")
    error = refused(world.acquire, made, token=world.fabrikam.token("carol@fabrikam.com"))
    assert (error.code, error.reason) == ("PERMISSION_DENIED", "NO_RIGHTS")
    assert "no rights" in error.sentence and error.metadata["request_id"]
    events = world.audit(tenant="contoso", content_id=made.content_id)
    assert [(e.operation, e.granted, e.reason, e.user) for e in events] == [
        ("acquire_license", False, "NO_RIGHTS", "carol@fabrikam.com"), ("protect", True, "OK", "")]


def test_owner_has_all_rights_and_its_power_is_recorded(world):
    made = dnf(world, "bob@fabrikam.com")
    got = world.acquire(made, token=world.contoso.token("alice@contoso.com"))
    assert OWNER in got.rights and len(got.rights) == 14
    event = world.audit(tenant="contoso", content_id=made.content_id)[0]
    assert event.power == BY_OWNER and OWNER in event.rights


def test_revocation_bites_at_once(world):
    made = dnf(world, "bob@fabrikam.com", "carol@fabrikam.com")
    alice = world.contoso.token("alice@contoso.com")
    carol = world.fabrikam.token("carol@fabrikam.com")
    world.acquire(made, token=bob(world))
    one = {"content_id": made.content_id, "user": "BOB@fabrikam.com", "reason": "left the project"}
    assert world.call("TrackingService/Revoke", one, token=alice).revoke_time.seconds > 0
    assert refused(world.acquire, made, token=bob(world)).reason == "REVOKED"
    world.acquire(made, token=carol)
    world.call("TrackingService/Revoke", {"content_id": made.content_id}, token=alice)
    assert refused(world.acquire, made, token=carol).reason == "REVOKED"
    stranger = world.fabrikam.token("eve@fabrikam.com")
    assert refused(world.acquire, made, token=stranger).reason == "NO_RIGHTS"
    world.acquire(made, token=alice)
    world.call("TrackingService/Restore", {"content_id": made.content_id}, token=alice)
    world.acquire(made, token=carol)
    events = world.call("TrackingService/ListAccess", {"content_id": made.content_id}, token=alice).events
    assert [(e.user, e.reason) for e in events][:3] == [
        ("carol@fabrikam.com", "OK"), ("alice@contoso.com", "OK"), ("eve@fabrikam.com", "NO_RIGHTS")]


def test_only_owner_issuer_and_admin_may_track(world):
    made = dnf(world, "bob@fabrikam.com")
    request = {"content_id": made.content_id}
    for token in (bob(world), world.contoso.token("eve@contoso.com")):
        assert refused(world.call, "TrackingService/Revoke", request, token=token).reason == "NOT_FOUND"
        assert refused(world.call, "TrackingService/ListAccess", request, token=token).reason == "NOT_FOUND"
    assert refused(world.call, "TrackingService/Revoke", request, world.fabrikam.admin).reason == "NOT_FOUND"
    world.call("TrackingService/Revoke", request, world.contoso.admin)
    assert refused(world.call, "TrackingService/Restore", request, world.gateway).reason == "NOT_FOUND"
    world.call("TrackingService/Restore", request, world.contoso.admin)
    world.call("TrackingService/Revoke", request, world.gateway)  # which protected it


def test_template_changes_reach_old_content(world):
    template = world.template(
        {**grant("domain:fabrikam.com", VIEW, PRINT), "custom_rights": ["SIGN"]}, referral_contact="help@contoso.com",
        names=[{"language": "en", "text": "Partners"}], expiry={"days": 30}, offline_access=2, offline_days=1)
    made = world.protect(template_id=template.template_id)
    assert len(made.publishing_license) < 1024 and made.expire_time.seconds > 0
    got = world.acquire(made, token=bob(world))
    claims, _ = world.a.verify(got.use_license, world.reader)
    assert set(claims["rts"]) == {"VIEW", "PRINT", "SIGN"} and claims["tpl"] == template.template_id
    assert claims["exp"] - claims["iat"] == 86400
    changed = world.call("TemplateService/UpdateTemplate", {
        "template": {"template_id": template.template_id, "etag": template.etag,
                     "grants": [grant("user:dan@fabrikam.com", VIEW)]},
        "update_mask": {"paths": ["grants"]}}, world.contoso.admin).template
    assert changed.version == template.version + 1 and changed.names[0].text == "Partners"
    error = refused(world.acquire, made, token=bob(world))
    assert error.reason == "NO_RIGHTS" and error.metadata["referral_contact"] == "help@contoso.com"
    world.acquire(made, token=world.fabrikam.token("dan@fabrikam.com"))
    stale = {"template": {"template_id": template.template_id, "etag": template.etag,
                          "scope": ["user:al@contoso.com"]}, "update_mask": {"paths": ["scope"]}}
    assert refused(world.call, "TemplateService/UpdateTemplate", stale, world.contoso.admin).reason == "ETAG_MISMATCH"
    one = {"template_id": template.template_id}
    assert world.call("TemplateService/ArchiveTemplate", one, world.contoso.admin).template.archived
    assert refused(world.protect, template_id=template.template_id).reason == "TEMPLATE_ARCHIVED"
    world.acquire(made, token=world.fabrikam.token("dan@fabrikam.com"))
    assert not world.call("TemplateService/PublishTemplate", one, world.contoso.admin).template.archived
    listed = world.call("TemplateService/ListTemplates", {}, world.contoso.admin).templates
    assert template.template_id in [t.template_id for t in listed]
    assert refused(world.call, "TemplateService/GetTemplate", one, world.fabrikam.admin).reason == "NOT_FOUND"


def test_encrypt_only_custom_and_users_own_protection(world):
    alice = world.contoso.token("alice@contoso.com")
    made = world.protect(token=alice, encrypt_only={}, recipients=["bob@fabrikam.com"])
    got = world.acquire(made, token=bob(world))
    assert len(got.rights) == 12 and PRINT in got.rights and OWNER not in got.rights
    custom = {"grants": [{"principals": ["recipients"], "rights": [VIEW, EXTRACT]},
                         {"principals": ["tenant:fabrikam"], "rights": [PRINT]}], "offline_access": 1}
    made = world.protect(token=alice, custom=custom, recipients=["bob@fabrikam.com"])
    got = world.acquire(made, token=bob(world))
    assert sorted(got.rights) == [VIEW, PRINT, EXTRACT] and not got.may_cache
    got = world.acquire(made, token=world.fabrikam.token("carol@fabrikam.com"))
    assert sorted(got.rights) == [VIEW, PRINT]
    error = refused(world.protect, token=bob(world), owner="alice@contoso.com", encrypt_only={},
                    recipients=["bob@fabrikam.com"])
    assert error.reason == "PROTECT_DENIED"


def test_inspect_tells_rights_without_a_key(world):
    made = dnf(world, "bob@fabrikam.com", display_name="Figures")
    request = {"publishing_license": made.publishing_license}
    told = world.call("LicensingService/InspectContent", request, token=bob(world))
    assert told.display_name == "Figures" and told.tenant == "contoso" and told.owner == "alice@contoso.com"
    assert VIEW in told.rights and told.license_expire_time.seconds > 0
    assert world.audit(tenant="contoso", content_id=made.content_id)[0].operation == "inspect_content"


def test_gcc_high_opens_natively_only_inside(world):
    made = dnf(world, "dora@depot.us", "bob@fabrikam.com", "kim@gmail.com", who=world.agency.gateway,
               owner="ann@agency.us")
    reader = Reader(kty="EC", crv="P-384")
    got = world.acquire(made, token=world.depot.token("dora@depot.us"), reader=reader)
    claims, _ = world.a.verify(got.use_license, reader)
    assert claims["bnd"] == "gcc-high" and claims["chn"] == "native"
    error = refused(world.acquire, made, token=bob(world))
    assert error.reason == "PORTAL_REQUIRED"
    got = world.acquire(made, who=world.high_portal, user_token=bob(world))
    claims, _ = world.a.verify(got.use_license, world.reader)
    assert claims["chn"] == "portal" and claims["off"] is False and claims["exp"] - claims["iat"] <= 600
    kim = world.google.token("kim@gmail.com", email_verified=True)
    world.acquire(made, who=world.high_portal, user_token=kim)
    assert refused(world.acquire, made, token=kim).reason == "PORTAL_REQUIRED"
    other = refused(world.acquire, made, who=world.portal, user_token=bob(world))
    assert other.reason == "PORTAL_REQUIRED"
    event = world.audit(tenant="agency", content_id=made.content_id, user="kim@gmail.com")[-1]
    assert (event.component, event.channel, event.granted) == ("portal-high", 2, True)


def test_no_issuer_speaks_for_another(world):
    made = dnf(world, "bob@fabrikam.com")
    for token in (world.contoso.token("bob@fabrikam.com"),
                  world.google.token("bob@fabrikam.com", email_verified=True),
                  world.google.token("kim@gmail.com")):
        error = refused(world.acquire, made, token=token)
        assert (error.code, error.reason) == ("UNAUTHENTICATED", "TOKEN_NO_ADDRESS")


def test_issuer_keys_by_https(world, keys_folder):
    """An issuer whose keys are fetched: rotated, and while its server is away."""
    url, issuer = serve(keys_folder), Issuer("https://idp.remote.example")
    with open(f"{keys_folder}/jwks.json", "w", encoding="ascii") as file:
        file.write(issuer.jwks())
    issuer_request = {"kind": 3, "boundary": "commercial", "issuer": issuer.iss, "audiences": ["chancery"],
                      "algorithms": ["ES256"], "jwks_url": f"{url}/jwks.json", "domains": ["remote.example"]}
    world.call("IssuerService/CreateIssuer", {"issuer": issuer_request}, world.platform_admin)
    made = dnf(world, "kay@remote.example")
    world.acquire(made, who=world.portal, user_token=issuer.token("kay@remote.example"))
    os.unlink(f"{keys_folder}/jwks.json")
    world.acquire(made, who=world.portal,
            user_token=issuer.token("kay@remote.example", jti="again"))
    away = dict(issuer_request, issuer="https://idp.away.example", jwks_url=f"{url}/away.json")
    world.call("IssuerService/CreateIssuer", {"issuer": away}, world.platform_admin)
    error = refused(world.acquire, made, who=world.portal,
                    user_token=Issuer(away["issuer"]).token("kay@remote.example"))
    assert (error.code, error.reason) == ("UNAVAILABLE", "ISSUER_UNREACHABLE")


def test_who_may_call(world):
    made = dnf(world, "bob@fabrikam.com")
    assert refused(world.acquire, made).reason == "CREDENTIAL_MISSING"
    assert refused(world.acquire, made, who=world.identity()).reason == "COMPONENT_UNKNOWN"
    assert refused(world.acquire, made, who=world.contoso.admin).reason == "COMPONENT_ROLE"
    create = {"tenant": {"tenant": "mallory", "boundary": "commercial"}}
    assert refused(world.call, "TenantService/CreateTenant", create, world.contoso.admin).reason == "COMPONENT_ROLE"
    query = {"filter": {"tenant": "contoso"}}
    assert refused(world.call, "AuditService/Query", query, world.fabrikam.admin).reason == "COMPONENT_TENANT"
    assert refused(world.protect, owner="bob@fabrikam.com", do_not_forward={},
                   recipients=["x@y.z"]).reason == "COMPONENT_DOMAIN"
    eventually(lambda: "COMPONENT_UNKNOWN" in {event.reason for event in world.audit()}, "a summary in the log")


def test_request_id_makes_retries_safe(world):
    request = {"request_id": new_id(), "do_not_forward": {}, "recipients": ["bob@fabrikam.com"]}
    first, again = world.protect(**request), world.protect(**request)
    assert first.content_id == again.content_id
    world.acquire(again, token=bob(world))
    other = dict(request, recipients=["carol@fabrikam.com"])
    assert refused(world.protect, **other).reason == "REQUEST_ID_REUSED"


def test_removed_admin_rows_are_seen_by_the_next_call(world):
    """Caches are never trusted past the commit: rows changed behind the server's back are noticed."""
    made = dnf(world, "bob@fabrikam.com")
    world.acquire(made, token=bob(world))
    sql = world.sql
    sql("UPDATE issuer SET disabled = true WHERE iss = 'https://idp.fabrikam.com'; "
        "SELECT epoch_raise((SELECT tenant FROM tenant WHERE name = 'fabrikam'))")
    assert refused(world.acquire, made, token=bob(world)).reason == "TOKEN_ISSUER_UNKNOWN"
    sql("UPDATE issuer SET disabled = false WHERE iss = 'https://idp.fabrikam.com'; "
        "SELECT epoch_raise((SELECT tenant FROM tenant WHERE name = 'fabrikam'))")
    world.acquire(made, token=bob(world))
    sql("UPDATE component SET disabled = true WHERE name = 'contoso-gateway'; "
        "SELECT epoch_raise((SELECT tenant FROM tenant WHERE name = 'contoso'))")
    assert refused(dnf, world, "bob@fabrikam.com").reason == "COMPONENT_UNKNOWN"
    sql("UPDATE component SET disabled = false WHERE name = 'contoso-gateway'; "
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
    world.acquire(made, token=token)
    key = world.reader.unwrap(made.wrapped_content_key)
    text = json.dumps(world.a.log)
    for secret in (token, token.split(".")[2], base64.b64encode(key).decode(), key.hex()):
        assert secret not in text
