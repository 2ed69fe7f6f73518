# SPDX-License-Identifier: Apache-2.0
"""RenderContentWrapper: what an answer says to those who can't open it, written for the portal that had it protected, and
for nobody else (docs/policy.md §3.10)."""
import datetime
import uuid

import pytest

from authority import MESSAGES
from calls import outcome, refused
from pictures import png
from publisher import Publisher

RENDER = "BrandingService/RenderContentWrapper"
PORTAL = "https://portal.commercial.example/read?from=mail"
KIM, ALICE = "kim@mail.example", "alice@contoso.com"
DAYS = 30
TEXTS = [{"language": "en", "introduction": "Confidential", "body": "Sent with care."}, {"language": "de", "body": "Mit Sorgfalt."}]
# pylint: disable=redefined-outer-name


@pytest.fixture(scope="module")
def world(world):
    world.call("BoundaryService/UpdateBoundary", {
        "boundary": {"boundary": "commercial", "portal_url": PORTAL}, "update_mask": {"paths": ["portal_url"]}},
        world.platform_admin)
    world.call("BrandingService/CreateBranding", {"branding": {
        "branding": "blue", "display_name": "Contoso Bank", "logo": {"image": png(170, 70)}, "accent_color": "#0b5d4a",
        "texts": TEXTS, "privacy_url": "https://contoso.com/privacy", "external_expiry_days": DAYS}}, world.contoso.admin)
    return world


@pytest.fixture(scope="module")
def kim(world):
    return world.google.token(KIM, email_verified=True)


def answered(world, token, portal=None, **policy):
    """A reader's reply to a mail of Alice's."""
    made = world.protect(recipients=[KIM], **policy)
    return world.call("PublishingService/Answer", {
        "publishing_license": made.publishing_license, "kind": 1, "client_public_jwk": world.reader.public},
        portal or world.portal, user_token=token).response


@pytest.fixture(scope="module")
def blue(world, kim):
    return answered(world, kim, branding="blue")


def rendered(world, answer, who=None, **request):
    license_ = answer if isinstance(answer, bytes) else answer.publishing_license
    return world.call(RENDER, {"publishing_license": license_, **request}, who or world.portal)


def ends(answer):
    """The day on which readers outside lose it, by the content's own id (RFC 9562 §5.7)."""
    made = datetime.datetime.fromtimestamp((uuid.UUID(answer.content_id).int >> 80) / 1000, datetime.timezone.utc)
    return (made + datetime.timedelta(days=DAYS)).date().isoformat()


def test_an_answer_explains_itself_as_mail_of_its_tenant(world, blue):
    told = rendered(world, blue, sender_name="Kim <i>", subject="Re: Plan <9>", languages=["de", "en"]).wrapper
    assert (told.branding, list(told.languages)) == ("blue", ["de", "en"])
    assert (told.logo.image, told.logo.media_type) == (png(170, 70), "image/png") and f"cid:{told.logo_content_id}" in told.html
    for text in ("Contoso Bank", "Mit Sorgfalt.", "Confidential", KIM, ends(blue), "https://contoso.com/privacy"):
        assert text in told.html and text in told.text, text
    assert f"{PORTAL}&content={blue.content_id}" in told.text and "Re: Plan &lt;9&gt;" in told.html and "Kim &lt;i&gt;" in told.html
    assert ALICE not in told.text and ALICE not in told.html
    # Word for word what a tenant's admin sees who looks at such a mail.
    assert told == world.call("BrandingService/RenderWrapper", {
        "sender": KIM, "sender_name": "Kim <i>", "subject": "Re: Plan <9>", "languages": ["de", "en"], "branding": "blue",
        "content_id": blue.content_id}, world.contoso.admin)


def test_the_look_is_as_it_is_now(world, kim):
    plain = answered(world, kim)
    told = rendered(world, plain).wrapper
    assert (told.branding, list(told.languages)) == ("", ["en"]) and "contoso" in told.text and KIM in told.text
    assert not told.HasField("logo") and "until" not in told.text
    world.call("BrandingService/CreateBranding", {"branding": {
        "branding": "default", "display_name": "Contoso Notes", "external_expiry_days": 3}}, world.contoso.admin)
    world.call("BrandingService/CreateBranding", {"branding": {"branding": "short", "display_name": "For a day"}}, world.contoso.admin)
    named = answered(world, kim, branding="short")
    assert rendered(world, named).wrapper.branding == "short"
    world.call("BrandingService/DeleteBranding", {"branding": "short"}, world.contoso.admin)
    for answer in (plain, named):
        told = rendered(world, answer).wrapper
        assert told.branding == "default" and "Contoso Notes" in told.html and "until" not in told.text, "its limits reach nothing"
    world.call("BrandingService/DeleteBranding", {"branding": "default"}, world.contoso.admin)
    assert rendered(world, named).wrapper.branding == ""


def test_nobody_chooses_whose_it_is(world, blue):
    """The sender stands in the record of the answer; a name that reads as an address isn't shown."""
    for name in (ALICE, f"Alice <{ALICE}>", "alice＠contoso.com"):
        told = rendered(world, blue, sender_name=name).wrapper
        assert KIM in told.text and "alice" not in told.text.lower() and "alice" not in told.html.lower(), name
    assert {field.name for field in MESSAGES("chancery.v1.RenderContentWrapperRequest").DESCRIPTOR.fields} == {
        "publishing_license", "sender_name", "subject", "languages"}


def test_what_is_no_answer_of_this_portals_readers_is_refused(world, kim, blue):
    other = world.platform_component("portal")
    theirs = answered(world, kim, portal=other, branding="blue")
    assert KIM in rendered(world, theirs, who=other).wrapper.text
    offline = Publisher().certified(world).protect()
    for answer, who in ((theirs, world.portal), (blue, other), (world.protect(branding="blue"), world.portal), (offline, world.portal)):
        assert outcome(rendered, world, answer, who=who) == "NOT_FOUND"


def test_an_answer_of_which_nothing_is_known_is_nobodys(world, kim):
    """The database has gone back: who has answered was lost with the row, and isn't guessed at."""
    lost = answered(world, kim, branding="blue")
    world.sql(f"DELETE FROM content WHERE content = '{lost.content_id}'")
    assert outcome(rendered, world, lost) == "NOT_FOUND"


def test_what_was_revoked_looks_as_before(world, kim):
    answer = answered(world, kim, branding="blue")
    world.track("Revoke", answer)
    assert rendered(world, answer).wrapper.branding == "blue"


def test_of_what_is_not_genuine_nothing_is_told(world, blue):
    license_ = blue.publishing_license
    assert outcome(rendered, world, b"") == "FIELD_INVALID"
    assert outcome(rendered, world, b"x" * 99) == "LICENSE_MALFORMED"
    bent = [license_[:at] + bytes([license_[at] ^ 1]) + license_[at + 1:] for at in range(0, len(license_), 7)]
    told = {outcome(rendered, world, one) for one in bent}
    assert told <= {"LICENSE_FORGED", "LICENSE_MALFORMED", "WRONG_BOUNDARY"} and "LICENSE_FORGED" in told


def test_bad_fields_are_told_together(world, blue):
    refusal = refused(rendered, world, b"", sender_name="x" * 257, subject="x" * 999, languages=["no language"])
    assert (refusal.reason, sorted(refusal.fields)) == ("FIELD_INVALID", ["languages[0]", "publishing_license", "sender_name", "subject"])
    assert outcome(rendered, world, blue, languages=5 * ["en"]) == "FIELD_INVALID"
    assert rendered(world, blue, sender_name="x" * 256, subject="x" * 998, languages=4 * ["en"]).wrapper.html


def test_nobody_but_a_portal_of_the_boundary_is_told(world, blue):
    for who in (world.gateway, world.contoso.admin, world.contoso.auditor, world.contoso.decryptor):
        assert outcome(rendered, world, blue, who=who) == "COMPONENT_ROLE"
    assert outcome(world.call, RENDER, {"publishing_license": blue.publishing_license}, token=world.bob) == "COMPONENT_ROLE"
    refusal = refused(rendered, world, blue, who=world.high_portal)
    assert refusal.reason == "PORTAL_REQUIRED" and refusal.metadata["portal_url"] == PORTAL


def test_of_a_tenant_that_is_disabled_nothing_is_told(world, kim):
    tenant = world.tenant()
    answer = answered(world, kim, who=tenant.gateway, owner=f"ann@{tenant.domain}")
    assert tenant.name in rendered(world, answer).wrapper.text
    world.update_tenant(world.platform_admin, tenant.name, state=2)
    assert outcome(rendered, world, answer) == "TENANT_DISABLED"


def test_it_leaves_no_record(world, blue):
    count = len(world.audit(tenant="contoso"))
    rendered(world, blue)
    assert len(world.audit(tenant="contoso")) == count
