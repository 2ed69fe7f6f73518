# SPDX-License-Identifier: Apache-2.0
"""A tenant that is disabled, whose people and components went on being somebody."""
import time

import pytest
from jwcrypto import jwt

from authority import Issuer
from calls import everywhere, outcome, reason
from providers import Provider
from world import MULTI_TENANT, VIEW, grant

NATIVE, PORTAL = 1, 2
ACTIVE, DISABLED = 1, 2


@pytest.fixture(scope="module")
def world(world):
    w = world
    w.wingtip = w.tenant("wingtip", domain="wingtip.com")
    w.wendy = w.wingtip.token("wendy")
    w.letter = w.protect(recipients=["wendy@wingtip.com"], custom={
        "grants": [grant("recipients", VIEW), grant("tenant:wingtip", VIEW), grant("authenticated", VIEW)]})
    return w


@pytest.fixture
def disabled(world):
    """Calls it once, so that every worker knows the tenant as it was; then the tenant is disabled."""
    def switch_off(*known):
        for call in known:
            call()
        world.update_tenant(world.platform_admin, "wingtip", state=DISABLED)

    yield switch_off
    world.update_tenant(world.platform_admin, "wingtip", state=ACTIVE)


def told(w, token=None, who=None, metadata=()):
    """What all workers say to somebody who wants to read Contoso's letter."""
    return everywhere(w.a, "LicensingService/AcquireLicense", w.license_request(w.letter), who, token, metadata)


def test_people_read_others_content(world, disabled):
    """Whether their own tenant worked was asked of the content's tenant alone."""
    many, tid = Issuer("https://many.example"), world.unique("tid")
    world.a.issuer(many, MULTI_TENANT, boundary="commercial")
    many_id = world.sql("SELECT issuer FROM issuer WHERE iss = 'https://many.example'")
    world.call("IssuerService/MapTenant", {"issuer_id": many_id, "value": tid, "tenant": "wingtip"},
               world.platform_admin)
    mapped = many.token("wendy@wingtip.com", tid=tid)
    ways = [lambda: told(world, world.wendy), lambda: told(world, mapped),
            lambda: outcome(world.acquire, world.letter, who=world.portal, user_token=world.wendy)]
    assert [way() for way in ways] == ["OK"] * 3
    disabled()
    assert [way() for way in ways] == ["TENANT_DISABLED"] * 3  # remembered as they are, on every worker
    assert reason(world.call, "LicensingService/InspectContent",
                  {"publishing_license": world.letter.publishing_license}, token=world.wendy) == "TENANT_DISABLED"
    assert world.audit(reason="TENANT_DISABLED")
    world.update_tenant(world.platform_admin, "wingtip", state=ACTIVE)
    assert [way() for way in ways] == ["OK"] * 3


def test_no_other_issuer_spoke_for_their_addresses(world, disabled):
    """The tenant keeps its domains, so that nobody becomes its people meanwhile."""
    kay = world.google.token("wendy@wingtip.com", email_verified=True)
    disabled()
    assert outcome(world.acquire, world.letter, kay) == "TOKEN_NO_ADDRESS"
    assert outcome(world.acquire, world.letter, world.contoso.token("wendy@wingtip.com")) == "TOKEN_NO_ADDRESS"
    assert reason(world.call, "TenantService/AddDomain", {"domain": "wingtip.com"},
                  world.fabrikam.admin) == "DOMAIN_TAKEN"


def test_people_protected_and_tracked(world, disabled):
    """Neither in their own tenant nor with what they protected before."""
    made = world.protect(token=world.wendy, recipients=["bob@fabrikam.com"])
    calls = {"PublishingService/ListAvailableTemplates": {}, "TrackingService/ListContent": {},
             "TrackingService/Revoke": {"content_id": made.content_id},
             "PublishingService/AmendPolicy": {"content_id": made.content_id, "add_recipients": ["x@fabrikam.com"]}}
    disabled()
    assert reason(world.protect, token=world.wendy) == "TENANT_DISABLED"
    for method, request in calls.items():
        assert reason(world.call, method, request, token=world.wendy) == "TENANT_DISABLED", method


def test_components_and_admins_went_on(world, disabled):
    """By certificate or by a token of the tenant's or the platform's issuer, whatever their role."""
    services = Provider("https://services.wingtip.com", "ES256")
    platforms = Provider("https://services.example", "ES256")
    own_id = world.call("IssuerService/CreateIssuer", {"issuer": {**services.registration(5), "tenant": "wingtip"}},
                        world.wingtip.admin).issuer.issuer_id
    platform_id = world.call("IssuerService/CreateIssuer", {"issuer": platforms.registration(5)},
                             world.platform_admin).issuer.issuer_id
    for name, issuer_id in (("by-own", own_id), ("by-platform", platform_id)):
        world.call("ComponentService/CreateComponent", {"component": {
            "name": name, "role": 1, "tenant": "wingtip", "sender_domains": ["wingtip.com"], "issuer_id": issuer_id,
            "subject": name}}, world.platform_admin)
    w, gateway = world, world.wingtip.gateway
    auditor, client = world.wingtip.component("auditor"), world.wingtip.component("client")
    listing = {"sender": "wendy@wingtip.com", "recipients": ["bob@fabrikam.com"]}
    ways = {
        "gateway": lambda: outcome(w.protect, gateway, owner="wendy@wingtip.com"),
        "delivery": lambda: outcome(w.call, "DeliveryService/DecideDelivery", listing, gateway),
        "user": lambda: outcome(w.acquire, w.letter, who=client, user_token=w.wendy),
        "everywhere": lambda: told(w, who=client, metadata=[("x-chancery-user-token", w.wendy)]),
        "admin": lambda: outcome(w.call, "TenantService/GetTenant", {}, w.wingtip.admin),
        "change": lambda: outcome(w.update_tenant, w.wingtip.admin, display_name=w.unique("x")),
        "auditor": lambda: outcome(w.call, "AuditService/Query", {}, auditor),
        "own": lambda: outcome(w.protect, token=access_token(services, "by-own"), owner="wendy@wingtip.com"),
        "platform": lambda: outcome(w.protect, token=access_token(platforms, "by-platform"),
                                    owner="wendy@wingtip.com")}
    assert {name: way() for name, way in ways.items()} == {name: "OK" for name in ways}
    disabled()
    assert {name: way() for name, way in ways.items()} == {name: "TENANT_DISABLED" for name in ways}
    # The platform still administers it.
    assert world.call("TenantService/GetTenant", {"tenant": "wingtip"}, world.platform_admin).tenant.state == DISABLED
    assert world.call("ComponentService/ListComponents", {"tenant": "wingtip"}, world.platform_admin).components
    world.update_tenant(world.platform_admin, "wingtip", state=ACTIVE)
    assert {name: way() for name, way in ways.items()} == {name: "OK" for name in ways}


def access_token(provider, subject):
    """RFC 9068."""
    now = int(time.time())
    key = provider.keys[0][0]
    token = jwt.JWT(header={"typ": "at+jwt", "alg": "ES256", "kid": key["kid"]}, claims={
        "iss": provider.iss, "aud": provider.audience, "iat": now, "exp": now + 600, "sub": subject,
        "client_id": subject, "jti": str(time.time_ns())})
    token.make_signed_token(key)
    return token.serialize()


def test_recipients_were_its_members(world, disabled):
    """DecideDelivery said native to a recipient who would have been refused."""
    def decide():
        return world.call("DeliveryService/DecideDelivery", {
            "sender": "alice@contoso.com", "recipients": ["wendy@wingtip.com", "bob@fabrikam.com"]},
            world.gateway).deliveries

    assert [one.channel for one in decide()] == [NATIVE, NATIVE]
    disabled()
    assert [one.channel for one in decide()] == [PORTAL, NATIVE]


def test_explained_token_was_good(world, disabled):
    """TestToken goes the way of a call, so it says what a call is told."""
    disabled()
    reply = world.call("IssuerService/TestToken", {"token": world.wendy}, world.platform_admin)
    assert (reply.reason, reply.checks[-1].name) == ("TENANT_DISABLED", "tenant")
    assert "wingtip" in reply.checks[-1].explanation and not reply.addresses
