# SPDX-License-Identifier: Apache-2.0
"""GetContentBranding: the look of a mail, told to a portal that was given it and to nobody else (docs/policy.md §3.10)."""
import pytest

from calls import outcome, refused
from pictures import png
from publisher import Publisher

LOOK = "BrandingService/GetContentBranding"
PORTAL = "https://portal.commercial.example"
TEXTS = [{"language": "en", "body": "Sent with care.", "disclaimer": "For you alone."}, {"language": "de", "body": "Mit Sorgfalt."}]


@pytest.fixture(scope="module")
def world(world):
    world.call("BoundaryService/UpdateBoundary", {
        "boundary": {"boundary": "commercial", "portal_url": PORTAL}, "update_mask": {"paths": ["portal_url"]}},
        world.platform_admin)
    return world


@pytest.fixture(scope="module")
def blue(world):
    world.call("BrandingService/CreateBranding", {"branding": {
        "branding": "blue", "display_name": "Contoso Bank", "logo": {"image": png(170, 70)}, "background_color": "#FFEE88",
        "accent_color": "#0b5d4a", "texts": TEXTS, "privacy_url": "https://contoso.com/privacy"}}, world.contoso.admin)
    return world.protect(branding="blue")


def look(world, made, *languages, who=None, **more):
    license_ = made if isinstance(made, bytes) else made.publishing_license
    return world.call(LOOK, {"publishing_license": license_, "languages": languages}, who or world.portal, **more)


def test_a_portal_is_told_how_the_mail_looks(world, blue):
    told = look(world, blue, "de-AT", "fr")
    assert (told.branding, told.display_name, told.privacy_url) == ("blue", "Contoso Bank", "https://contoso.com/privacy")
    assert (told.logo.image, told.logo.media_type) == (png(170, 70), "image/png")
    assert (told.background_color, told.background_text_color) == ("#FFEE88", "#000000")
    assert (told.accent_color, told.accent_text_color) == ("#0b5d4a", "#ffffff")
    assert [(text.language, text.body, text.disclaimer) for text in told.texts] == [
        ("de", "Mit Sorgfalt.", ""), ("en", "Sent with care.", "For you alone.")]
    assert not look(world, blue).texts


def test_it_is_as_it_is_now(world):
    plain = world.protect()
    told = look(world, plain, "en")
    assert (told.branding, told.display_name, told.accent_color, told.accent_text_color) == ("", "contoso", "", "")
    assert not told.HasField("logo") and not told.texts
    create = {"branding": {"branding": "default", "display_name": "Contoso"}}
    world.call("BrandingService/CreateBranding", create, world.contoso.admin)
    assert (look(world, plain).branding, look(world, plain).display_name) == ("default", "Contoso")
    world.call("BrandingService/CreateBranding", {"branding": {"branding": "short", "display_name": "For a day"}}, world.contoso.admin)
    named = world.protect(branding="short")
    assert look(world, named).display_name == "For a day"
    for name in ("short", "default"):
        world.call("BrandingService/DeleteBranding", {"branding": name}, world.contoso.admin)
    assert look(world, named).display_name == look(world, plain).display_name == "contoso"


def test_what_was_revoked_looks_as_before(world, blue):
    made = world.protect(branding="blue")
    world.track("Revoke", made)
    assert look(world, made).branding == "blue"


def test_of_what_is_not_genuine_nothing_is_told(world, blue):
    license_ = blue.publishing_license
    assert outcome(look, world, b"") == "FIELD_INVALID"
    assert outcome(look, world, b"x" * 99) == "LICENSE_MALFORMED"
    assert outcome(look, world, blue, "no language") == "FIELD_INVALID"
    assert outcome(look, world, blue, *5 * ["en"]) == "FIELD_INVALID"
    bent = [license_[:at] + bytes([license_[at] ^ 1]) + license_[at + 1:] for at in range(0, len(license_), 7)]
    told = {outcome(look, world, one) for one in bent}
    assert told <= {"LICENSE_FORGED", "LICENSE_MALFORMED", "WRONG_BOUNDARY"} and "LICENSE_FORGED" in told


def test_nobody_but_a_portal_of_the_boundary_is_told(world, blue):
    for who in (world.gateway, world.contoso.admin, world.contoso.auditor, world.contoso.decryptor):
        assert outcome(look, world, blue, who=who) == "COMPONENT_ROLE"
    assert outcome(world.call, LOOK, {"publishing_license": blue.publishing_license}, token=world.bob) == "COMPONENT_ROLE"
    refusal = refused(look, world, blue, who=world.high_portal)
    assert refusal.reason == "PORTAL_REQUIRED" and refusal.metadata["portal_url"] == PORTAL


def test_of_a_tenant_that_is_disabled_nothing_is_told(world):
    tenant = world.tenant()
    made = world.protect(tenant.gateway, owner=f"ann@{tenant.domain}")
    assert look(world, made).display_name == tenant.name
    world.update_tenant(world.platform_admin, tenant.name, state=2)
    assert outcome(look, world, made) == "TENANT_DISABLED"


def test_what_was_made_offline_looks_like_its_tenant_as_long_as_it_is_its_publishers(world):
    publisher = Publisher().certified(world)
    known, unknown = publisher.protect(), publisher.protect()
    assert look(world, known).display_name == "contoso"
    assert world.sql(f"SELECT count(*) FROM content WHERE content = '{known.content_id}'") == "0", "asking makes nothing known"
    world.acquire(known, world.bob)
    world.call("PublishingService/RevokePublisher", {"publisher": publisher.answer.certificate_id}, world.contoso.admin)
    assert look(world, known).display_name == "contoso" and outcome(look, world, unknown) == "PUBLISHER_REVOKED"


def test_it_leaves_no_record(world, blue):
    count = len(world.audit(tenant="contoso"))
    look(world, blue)
    assert len(world.audit(tenant="contoso")) == count
