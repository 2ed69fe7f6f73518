# SPDX-License-Identifier: Apache-2.0
"""Brandings and wrappers: how protected mail looks to whoever reads it outside (docs/policy.md §3.10, docs/formats.md §8.1)."""
import email
import email.policy
import html.parser
import os

import pytest

from calls import reason, refused
from command import SAMPLE, protect, run, with_certificate, with_token
from pictures import png

TEXTS = [{"language": "en", "introduction": "Confidential", "body": "Sent with care.", "button": "Read it",
          "disclaimer": "For you alone.", "portal_text": "Contoso's mail portal"}, {"language": "de", "body": "Mit Sorgfalt gesendet."}]
PORTAL = "https://portal.commercial.example"


@pytest.fixture(scope="module")
def world(world):
    world.call("BoundaryService/UpdateBoundary", {
        "boundary": {"boundary": "commercial", "portal_url": PORTAL}, "update_mask": {"paths": ["portal_url"]}},
        world.platform_admin)
    with_certificate(world, "edge", world.gateway)
    with_certificate(world, "contoso-admin", world.contoso.admin)
    with_token(world, "alice", world.alice)
    with_token(world, "bob", world.bob)
    return world


def make(world, name=None, who=None, **fields):
    return world.call("BrandingService/CreateBranding", {"branding": {"branding": name or world.unique("look"), **fields}},
                      who or world.contoso.admin).branding


def render(world, who=None, token=None, user_token=None, **request):
    if not who and not token:
        who = world.gateway
    if not token and not user_token:
        request.setdefault("sender", "alice@contoso.com")
    return world.call("BrandingService/RenderWrapper", request, who, token, user_token)


class Page(html.parser.HTMLParser):
    """What a mail program would load, and where its reader can go."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.sources, self.words = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            if name == "href":
                self.links.append(value)
            elif name in ("src", "background", "srcset", "action") or name.startswith("on"):
                self.sources.append(value)

    def handle_data(self, data):
        self.words.append(data)


# --- what a tenant keeps ---


def test_a_branding_is_stored_as_it_was_given(world):
    logo = png(170, 70)
    made = make(world, "full", display_name="Contoso Bank", logo={"image": logo}, background_color="#E8f0ee",
                accent_color="#0b5d4a", texts=TEXTS, privacy_url="https://contoso.com/privacy")
    read = world.call("BrandingService/GetBranding", {"branding": "full"}, world.contoso.admin).branding
    assert read == made and made.tenant == "contoso" and made.etag
    assert (made.logo.image, made.logo.media_type) == (logo, "image/png")
    assert [text.language for text in made.texts] == ["en", "de"] and made.texts[0].disclaimer == "For you alone."
    assert [text.portal_text for text in made.texts] == ["Contoso's mail portal", ""]
    listed = world.call("BrandingService/ListBrandings", {}, world.contoso.auditor).brandings
    mine = next(one for one in listed if one.branding == "full")
    assert not mine.HasField("logo") and mine.texts == made.texts


def test_a_name_is_given_once(world):
    make(world, "once")
    assert reason(make, world, "once") == "ALREADY_EXISTS"
    make(world, "once", who=world.fabrikam.admin)  # in another tenant
    for name in ("", "Once", "a_b", "a b", "ö", "x" * 65, "../x"):
        error = refused(world.call, "BrandingService/CreateBranding", {"branding": {"branding": name}}, world.contoso.admin)
        assert (error.reason, error.fields) == ("FIELD_INVALID", ["branding.branding"]), name
    make(world, "x" * 64)


@pytest.mark.parametrize("fields,path", [
    ({"background_color": "red"}, "background_color"),
    ({"accent_color": "#12345;"}, "accent_color"),
    ({"accent_color": "#1234567"}, "accent_color"),
    ({"privacy_url": "http://contoso.com"}, "privacy_url"),
    ({"privacy_url": "javascript:alert(1)"}, "privacy_url"),
    ({"privacy_url": 'https://contoso.com/"onclick=x'}, "privacy_url"),
    ({"privacy_url": "https://" + "x" * 505}, "privacy_url"),
    ({"display_name": "x" * 129}, "display_name"),
    ({"logo": {"image": b""}}, "logo.image"),
    ({"logo": {"image": b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>"}}, "logo.image"),
    ({"logo": {"image": png() + b"<script>"}}, "logo.image"),
    ({"logo": {"image": png()[:-1]}}, "logo.image"),
    ({"logo": {"image": png(1025, 1)}}, "logo.image"),
    ({"logo": {"image": png(1, 513)}}, "logo.image"),
    ({"logo": {"image": png() + b"x" * 41000}}, "logo.image"),
    ({"texts": [{"language": "en"}, {"language": "EN"}]}, "texts[1].language"),
    ({"texts": [{"language": "no such"}]}, "texts[0].language"),
    ({"texts": [{"language": "en", "button": "x" * 129}]}, "texts[0].button"),
    ({"texts": [{"language": "en", "body": "x" * 1025}]}, "texts[0].body"),
    ({"texts": [{"language": "en", "portal_text": "x" * 129}]}, "texts[0].portal_text"),
    ({"texts": [{"language": "en", "body": "a\nb"}]}, "texts[0].body"),
    ({"texts": [{"language": "en", "body": "a\u202eb"}]}, "texts[0].body"),
    ({"texts": [{"language": f"x-{n}"} for n in range(65)]}, "texts"),
])
def test_what_does_not_fit_is_named(world, fields, path):
    error = refused(make, world, **fields)
    assert error.reason == "FIELD_INVALID" and error.fields == [f"branding.{path}"]


def test_what_just_fits_is_taken(world):
    made = make(world, display_name="x" * 128, logo={"image": png(1024, 512)}, privacy_url="https://" + "x" * 504,
                texts=[{"language": f"x-{n}", "introduction": "i" * 1024, "body": "b" * 1024, "button": "u" * 128,
                        "disclaimer": "d" * 1024, "portal_text": "p" * 128} for n in range(64)])
    assert len(made.texts) == 64


def test_what_an_older_program_wrote_has_no_sentence_for_the_portal(world):
    made = make(world, texts=TEXTS)
    world.sql(f"UPDATE branding SET portal_texts = '{{}}' WHERE branding = '{made.branding}'")
    read = world.call("BrandingService/GetBranding", {"branding": made.branding}, world.contoso.admin).branding
    assert [(text.language, text.portal_text) for text in read.texts] == [("en", ""), ("de", "")]
    listed = world.call("BrandingService/ListBrandings", {"page_size": 200}, world.contoso.admin).brandings
    assert next(one for one in listed if one.branding == made.branding).texts == read.texts


def test_a_change_changes_what_it_names(world):
    made = make(world, display_name="A", logo={"image": png()}, texts=TEXTS)
    change = {"branding": made.branding, "etag": made.etag}
    changed = world.call("BrandingService/UpdateBranding", {
        "branding": {**change, "display_name": "B"}, "update_mask": {"paths": ["display_name"]}}, world.contoso.admin).branding
    assert changed.display_name == "B" and changed.logo == made.logo and changed.texts == made.texts
    assert reason(world.call, "BrandingService/UpdateBranding", {"branding": {**change, "display_name": "C"}},
                  world.contoso.admin) == "ETAG_MISMATCH"
    bare = world.call("BrandingService/UpdateBranding", {
        "branding": {"branding": made.branding}, "update_mask": {"paths": ["*"]}}, world.contoso.admin).branding
    assert not bare.HasField("logo") and not bare.texts and not bare.display_name
    assert reason(world.call, "BrandingService/UpdateBranding", {"branding": {"branding": "nobody", "display_name": "C"}},
                  world.contoso.admin) == "NOT_FOUND"


def test_what_was_deleted_is_gone(world):
    made = make(world)
    request = {"branding": made.branding}
    assert reason(world.call, "BrandingService/DeleteBranding", {**request, "etag": "x"}, world.contoso.admin) == "ETAG_MISMATCH"
    assert reason(world.call, "BrandingService/DeleteBranding", request, world.fabrikam.admin) == "NOT_FOUND"
    world.call("BrandingService/DeleteBranding", {**request, "etag": made.etag}, world.contoso.admin)
    assert reason(world.call, "BrandingService/GetBranding", request, world.contoso.admin) == "NOT_FOUND"
    assert reason(world.call, "BrandingService/DeleteBranding", request, world.contoso.admin) == "NOT_FOUND"
    assert {event.target for event in world.audit(tenant="contoso", operation="delete_branding")} >= {made.branding}


# --- what a reader sees ---


def test_a_wrapper_looks_as_the_branding_says(world):
    made = make(world, display_name="Contoso & Sons", logo={"image": png()}, accent_color="#ffcc00", texts=TEXTS,
                privacy_url="https://contoso.com/privacy?a=1&b=2")
    shown = render(world, branding=made.branding, sender_name="Alice Adams", subject="Numbers",
                   content_id="0197b7c0-7e5c-7c3e-8f4e-0123456789ab")
    page = Page(shown.html)
    link = f"{PORTAL}?content=0197b7c0-7e5c-7c3e-8f4e-0123456789ab"
    assert shown.branding == made.branding and list(shown.languages) == ["en"]
    assert page.links == [link, "https://contoso.com/privacy?a=1&b=2"]
    assert page.sources == [f"cid:{shown.logo_content_id}"] and shown.logo.image == png()
    for text in ("Confidential", "Alice Adams (alice@contoso.com)", "Numbers", "Sent with care.", "Read it", "For you alone."):
        assert text in "".join(page.words) and text in shown.text, text
    assert link in shown.text and "#ffcc00" in shown.html and 'alt="Contoso &amp; Sons"' in shown.html


def test_several_languages_are_one_mail(world):
    made = make(world, texts=TEXTS)
    shown = render(world, branding=made.branding, languages=["de-AT", "en-GB", "de"])
    assert list(shown.languages) == ["de", "en"]
    assert shown.text.index("Mit Sorgfalt gesendet.") < shown.text.index("Sent with care.")
    assert list(render(world, languages=["ar", "nl-BE"]).languages) == ["ar", "nl"]  # of no branding: our own
    assert 'dir="rtl"' in render(world, languages=["ar"]).html
    assert refused(render, world, languages=["en"] * 5).fields == ["languages"]
    assert refused(render, world, languages=["en", "?"]).fields == ["languages[1]"]


def test_no_branding_is_the_default_or_a_plain_look(world):
    tenant = world.tenant("plain")
    sender = f"alice@{tenant.domain}"
    shown = render(world, who=tenant.gateway, sender=sender)
    assert shown.branding == "" and not shown.HasField("logo") and "plain" in shown.text
    world.update_tenant(tenant.admin, display_name="Plain & Co")
    assert "Plain &amp; Co" in render(world, who=tenant.gateway, sender=sender).html
    make(world, "default", who=tenant.admin, display_name="By default")
    make(world, "special", who=tenant.admin, display_name="Special")
    for named, used in (("", "default"), ("special", "special"), ("nobody", "default")):
        shown = render(world, who=tenant.gateway, sender=sender, branding=named)
        assert shown.branding == used and ("Special" if used == "special" else "By default") in shown.text


HOSTILE = ["\"><script>alert(1)</script>", "<img src=https://x.example/p.png>", "' onmouseover='x", "</title><style>*{}</style>",
           "{{link}}", "&lt;b&gt;", "<!--", "]]>", "cid:x", "\u200b\u05d0"]


@pytest.mark.parametrize("text", HOSTILE)
def test_nobody_writes_html(world, text):
    made = make(world, display_name=text, texts=[{"language": "en", "introduction": text, "body": text, "button": text,
                                                  "disclaimer": text}])
    calm = make(world, display_name="x", texts=[{"language": "en", "introduction": "x", "body": "x", "button": "x",
                                                 "disclaimer": "x"}])
    shown = Page(render(world, branding=made.branding, sender_name=text, subject=text).html)
    assert shown.tags == Page(render(world, branding=calm.branding, sender_name="x", subject="x").html).tags
    assert shown.links == [PORTAL] and not shown.sources
    assert "".join(shown.words).count(text) >= 6


def test_a_name_that_looks_like_an_address_is_not_shown(world):
    shown = render(world, sender_name="ceo@bank.example")
    assert "ceo@bank.example" not in shown.html + shown.text
    for name in ("a\nb", "a\u202eb"):
        assert refused(render, world, sender_name=name).fields == ["sender_name"]
    assert refused(render, world, sender_name="x" * 257).fields == ["sender_name"]
    assert refused(render, world, subject="x" * 999).fields == ["subject"]


def test_only_who_may_protect_for_the_sender_asks(world):
    assert reason(render, world, sender="bob@fabrikam.com") == "COMPONENT_DOMAIN"
    assert reason(render, world, sender="x@nobody.example") == "COMPONENT_DOMAIN"
    assert refused(render, world, sender="").fields == ["sender"]
    assert "alice@contoso.com" in render(world, token=world.alice).text
    assert reason(render, world, token=world.alice, sender="eve@contoso.com") == "PROTECT_DENIED"
    assert reason(render, world, token=world.google.token("x@gmail.example", email_verified=True)) == "PROTECT_DENIED"
    assert "anybody@contoso.com" in render(world, who=world.contoso.admin, sender="anybody@contoso.com").text
    assert reason(render, world, who=world.contoso.admin, tenant="fabrikam") == "COMPONENT_TENANT"
    assert reason(render, world, tenant="fabrikam") == "COMPONENT_TENANT"
    platforms = world.platform_component("gateway", sender_domains=["contoso.com"])
    assert "contoso" in render(world, who=platforms).text


# --- the command line ---


def test_a_protected_mail_carries_the_look(world):
    made = make(world, logo={"image": png()}, texts=TEXTS)
    sealed, opened = f"{world.a.folder}/look.eml", f"{world.a.folder}/look.opened.eml"
    protect(world, SAMPLE, sealed, "--branding", made.branding, "--language", "de", "--language", "en")
    with open(sealed, "rb") as file:
        mail = email.message_from_binary_file(file, policy=email.policy.default)
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == ["multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
                     "application/x-chancery-license", "application/pkcs7-mime"]
    parts = {part.get_content_type(): part for part in mail.walk()}
    assert "Mit Sorgfalt gesendet." in parts["text/plain"].get_content()
    assert "Sent with care." in parts["text/html"].get_content() and PORTAL in parts["text/html"].get_content()
    assert parts["image/png"].get_content() == png() and parts["image/png"].get_content_disposition() == "inline"
    assert f"cid:{parts['image/png']['Content-ID'].strip('<>')}" in parts["text/html"].get_content()
    run(world, "open", "bob", sealed, opened)


def test_a_preview_is_files(world):
    made = make(world, "seen", logo={"image": png()}, texts=TEXTS)
    run(world, "branding preview", "contoso-admin", "--sender", "alice@contoso.com", "--name", "Alice", "--language", "de",
        made.branding, f"{world.a.folder}/seen")
    with open(f"{world.a.folder}/seen.html", encoding="utf-8") as file:
        page = Page(file.read())
    assert page.sources == ["seen.png"] and os.path.getsize(f"{world.a.folder}/seen.png") == len(png())
    with open(f"{world.a.folder}/seen.txt", encoding="utf-8") as file:
        assert "Alice (alice@contoso.com) hat Ihnen" in file.read()


def test_a_tenant_keeps_its_brandings_by_commands(world):
    for name, data in (("look.yaml", "branding: by-hand\ndisplay_name: By hand\n"), ("logo.png", png()),
                       ("change.yaml", "branding: by-hand\naccent_color: '#123456'\n")):
        world.a.write(name, data.encode() if isinstance(data, str) else data)
    run(world, "branding create", "contoso-admin", "-f", f"{world.a.folder}/look.yaml", "--logo", f"{world.a.folder}/logo.png")
    run(world, "branding update", "contoso-admin", "-f", f"{world.a.folder}/change.yaml")
    shown = run(world, "branding show", "contoso-admin", "by-hand").stdout
    assert "By hand" in shown and "#123456" in shown and "image/png" in shown
    assert "by-hand" in run(world, "branding list", "contoso-admin").stdout
    run(world, "branding delete", "contoso-admin", "--yes", "by-hand")
    assert "by-hand" not in run(world, "branding list", "contoso-admin").stdout
