# SPDX-License-Identifier: Apache-2.0
"""The portal shows whose mail it is: the look that the sender's organization has given it, as long as a page is about that
mail. In a real Chromium, too."""
import pytest

from driven import WHY_NOT as NO_BROWSER
from driven import Driven
from pictures import png
from portal import WHY_NOT, Portal
from portal_world import authority_options, mail_of, no_passcodes, node, opened, portal, protected, relay  # noqa: F401  pylint: disable=W0611
from test_portal_browser import read, written

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "never")
IN_BROWSER = pytest.mark.skipif(bool(NO_BROWSER), reason=NO_BROWSER or "never")
# pylint: disable=W0621
EVIL = "<b onclick=x>&\"'"
TEXTS = [{"language": "en", "body": f"Sent with care {EVIL}", "disclaimer": "For you alone."},
         {"language": "de", "body": "In der Mail.", "portal_text": "Mit Sorgfalt gesendet."}]


@pytest.fixture(scope="module")
def brandings(world):
    for name, more in (("full", {"display_name": f"Contoso Bank {EVIL}", "logo": {"image": png(170, 70)}, "background_color": "#123456",
                                 "accent_color": "#ffcc00", "texts": TEXTS, "privacy_url": "https://contoso.com/privacy"}),
                       ("name-only", {"display_name": "Contoso Notes"})):
        world.call("BrandingService/CreateBranding", {"branding": {"branding": name, **more}}, world.contoso.admin)


@pytest.fixture(scope="module")
def mails(node, brandings):  # pylint: disable=unused-argument
    return {name: protected(node, mail_of(), more=("--branding", name) if name else ())[0] for name in ("full", "name-only", "")}


def sources(page):
    return page.attribute("img", "src"), page.attribute("link", "href")


def test_pages_about_a_mail_have_its_look(portal, relay, mails):
    reader, message = opened(portal, mails["full"], relay)
    for page in (message, reader.get("/sign-in")):
        assert sources(page) == (["/brand/logo"], ["/icon.svg", "/portal.css", "/brand.css"])
        assert page.attribute("img", "alt") == [f"Contoso Bank {EVIL}"]
        assert f"Sent with care {EVIL}" in page.text and "For you alone." in page.text and "onclick" not in str(page.tags[0])
        assert not [tag for tag, _ in page.tags if tag == "b"] and "https://contoso.com/privacy" in page.links
    logo = reader.get("/brand/logo")
    assert (logo.status, logo.headers["content-type"], logo.body) == (200, "image/png", png(170, 70))
    assert logo.headers["cache-control"] == "no-store" and logo.headers["content-security-policy"] == "default-src 'none'"
    style = reader.get("/brand.css").body.decode()
    assert "--brand: #ffcc00; --on-brand: #000000;" in style and "--page: #123456; --on-page: #ffffff;" in style


def test_in_the_readers_language(portal, mails):
    page = portal.reader(language="de").upload(mails["full"])
    assert "Mit Sorgfalt gesendet." in page.text and "Datenschutzerklärung" in page.text and "For you alone" not in page.text
    assert "In der Mail" not in page.text


def test_other_pages_have_none_of_it(portal, mails):
    """Neither the page where the next mail is given, nor a session of somebody else."""
    reader = portal.reader()
    assert sources(reader.upload(mails["full"]))[0] == ["/brand/logo"]
    form = reader.get("/sign-in").form("/passcode")["form"]
    for page in (reader.get("/"), reader.get("/nowhere"), reader.follow(reader.post("/end", {"form": form}))):
        assert sources(page) == ([], ["/icon.svg", "/portal.css"]) and "Contoso Bank" not in page.text
    assert portal.reader().get("/brand/logo").status == 403 and portal.reader().get("/brand.css").status == 403


def test_without_a_logo_the_name_is_shown(portal, mails):
    page = portal.reader().upload(mails["name-only"])
    assert sources(page)[0] == [] and "Contoso Notes" in page.text
    plain = portal.reader().upload(mails[""])
    assert sources(plain)[0] == [] and "contoso" in plain.text
    reader = portal.reader()
    reader.upload(mails[""])
    assert reader.get("/brand/logo").status == 404 and "#" not in reader.get("/brand.css").body.decode()


def test_what_is_not_genuine_has_the_portals_look(portal, mails):
    """It comes as far as signing in, as before; nobody's name stands on it."""
    forged = mails["full"].replace(b"\r\n", b"\n")
    place = forged.index(b"\n\n", forged.index(b"application/x-chancery-license")) + 302
    forged = forged[:place] + (b"A" if forged[place:place + 1] != b"A" else b"B") + forged[place + 1:]
    page = portal.reader().upload(forged)
    assert sources(page) == ([], ["/icon.svg", "/portal.css"]) and "Contoso" not in page.text
    assert "refused: LICENSE_FORGED" in portal.said()


def test_it_opens_without_a_look_while_the_authority_is_away(world, node, relay, mails):
    with Portal(node, world.portal, server="https://127.0.0.1:9") as portal:
        page = portal.reader().upload(mails["full"])
        assert page.form("/passcode") and sources(page)[0] == []


@pytest.fixture(scope="module")
def chromium():
    chromium = Driven()
    yield chromium
    chromium.close()


def style(browser, selector, name):
    return browser.value(f"getComputedStyle(document.querySelector('{selector}')).{name}")


@IN_BROWSER
def test_in_a_browser(chromium, portal, relay, mails, tmp_path):
    browser, found = chromium, []
    for scheme, page in (("light", "rgb(18, 52, 86)"), ("dark", "rgb(20, 23, 26)")):
        browser.act("fresh", language="en")
        browser.act("scheme", name=scheme)
        read(browser, portal, relay, written(tmp_path, mails["full"]))
        assert browser.value("document.querySelector('.whose img').naturalWidth") == 170
        assert style(browser, "body", "backgroundColor") == page
        found += browser.act("axe")
        browser.act("open", url=f"{portal.origin}/sign-in")
        assert style(browser, "main button", "backgroundColor") == "rgb(255, 204, 0)" and style(browser, "main button", "color") == "rgb(0, 0, 0)"
        found += browser.act("axe")
        browser.act("size", width=320, height=640)
        assert browser.value("document.scrollingElement.scrollWidth") <= 320
        browser.act("size", width=720, height=640)
    assert found == [] and browser.act("ran") == []
    assert all(url.startswith(portal.origin) for url in browser.act("asked")), "nothing comes from elsewhere"
