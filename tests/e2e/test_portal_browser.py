# SPDX-License-Identifier: Apache-2.0
"""The portal in a real Chromium: the way by the keyboard, what mails try there, phone width, dark and light, printing, and
axe-core's rules for whoever can't see it. `pytest --pictures FOLDER` keeps pictures of wrapper and pages."""
import email
import os
import re

import pytest

from driven import WHY_NOT as NO_BROWSER
from driven import Driven
from portal import WHY_NOT, Portal
from portal_world import KIM, PNG, answers_to, authority_options, mail_of, no_passcodes, node, protected, relay, relay_settings  # noqa: F401  pylint: disable=W0611
from test_portal_input import EVIL
from waiting import eventually
from world import VIEW

pytestmark = pytest.mark.skipif(bool(WHY_NOT or NO_BROWSER), reason=WHY_NOT or NO_BROWSER or "never")
LETTER = """<h2 style="color:#1d4f91">Quarterly figures</h2><p>Dear Kim,</p><p>the figures that we talked about are in the table; the
plan is attached.</p><table border="1" cellpadding="6" style="border-collapse:collapse"><tr><th>Quarter</th><th>Revenue</th></tr>
<tr><td>Q2</td><td>4.1 M</td></tr><tr><td>Q3</td><td>4.6 M</td></tr></table><p>Kind regards<br>Alice</p>"""


@pytest.fixture(scope="module")
def portal(world, node, relay):
    with Portal(node, world.portal, name="'Example Bank'", **relay_settings(relay)) as portal:
        world.call("BoundaryService/UpdateBoundary", {"boundary": {"boundary": "commercial", "portal_url": "https://portal.example.org/"},
                                                      "update_mask": {"paths": ["portal_url"]}}, world.platform_admin)
        yield portal


@pytest.fixture(scope="module")
def wrapped(node, portal):  # pylint: disable=unused-argument
    return protected(node, mail_of("Figures", "Quarterly figures", html=LETTER, attachments=[
        ("Plan 2027.pdf", "application/pdf", b"%PDF" + bytes(80000)), ("chart.png", "image/png", PNG)]))[0]


@pytest.fixture(scope="module")
def chromium():
    chromium = Driven()
    yield chromium
    chromium.close()


@pytest.fixture(name="browser")
def fixture_browser(chromium):
    chromium.act("fresh", language="en")
    return chromium


@pytest.fixture(name="picture")
def fixture_picture(request):
    """Keeps a picture of what the browser shows, if pictures are asked for."""
    folder = request.config.getoption("--pictures")

    def keep(browser, name):
        if folder:
            browser.act("picture", path=f"{os.path.realpath(folder)}/{name}.png")
            assert os.path.getsize(f"{folder}/{name}.png") <= 150 * 1024
    return keep


def written(tmp_path, data, name="mail.eml"):
    (tmp_path / name).write_bytes(data)
    return str(tmp_path / name)


def read(browser, portal, relay, path):
    """As far as the message, by mouse."""
    browser.act("open", url=f"{portal.origin}/")
    browser.act("upload", selector="#file", files=[path])
    browser.act("go", selector="main button")
    count = len(relay.to(KIM)) + 1
    browser.act("type", selector="#field", text=KIM)
    browser.act("go", selector="main button")
    code = re.search(r"\d{4} \d{4}", relay.wait_for(KIM, count).get_content()).group(0)
    browser.act("type", selector="#field", text=code)
    browser.act("go", selector="main button")


def test_by_the_keyboard_alone(browser, portal, relay, wrapped, tmp_path):
    browser.act("open", url=f"{portal.origin}/")
    browser.act("press", keys=["Tab"])
    assert browser.value("document.activeElement.className") == "skip", "the first stop leads to the content"
    browser.act("upload", selector="#file", files=[written(tmp_path, wrapped)])
    browser.value("document.querySelector('main button').focus()")
    browser.act("go", key="Enter")
    # A page focuses its field when it is drawn first, which comes after it was loaded.
    eventually(lambda: browser.value("document.activeElement.id") == "field", "the field waits for what is typed")
    browser.act("type", selector="#field", text=KIM)
    count = len(relay.to(KIM)) + 1
    browser.act("go", key="Enter")
    code = re.search(r"\d{4} \d{4}", relay.wait_for(KIM, count).get_content()).group(0)
    browser.act("type", selector="#field", text="00000000" if code != "0000 0000" else "00000001")
    browser.act("go", key="Enter")
    assert browser.value("document.querySelector('[role=alert]').innerText").startswith("The code is wrong")
    browser.act("type", selector="#field", text=code)
    browser.act("go", key="Enter")
    assert "Quarterly figures" in browser.value("document.querySelector('h1').innerText")
    assert "Dear Kim" in browser.act("frame", code="document.body.innerText")
    assert all(url.startswith(portal.origin) for url in browser.act("asked")), "nothing comes from elsewhere"


def test_what_mails_try(browser, node, portal, relay, tmp_path):
    evil = EVIL.replace("<img src=x onerror=alert(1)>", '<img src=x onerror=alert(1)><img src="https://tracker.example/p.png">', 1)
    path = written(tmp_path, protected(node, mail_of(html=evil))[0])
    read(browser, portal, relay, path)
    assert "kept" in browser.act("frame", code="document.body.innerText")
    assert browser.act("ran") == [] and not [url for url in browser.act("asked") if "example" in url]
    assert browser.value("location.href") == f"{portal.origin}/message", "nothing leads the page away"
    browser.act("go", selector="a[href='/message?pictures=1']")
    assert "https://tracker.example/p.png" in browser.act("asked"), "asked for, pictures are loaded"
    assert {url for url in browser.act("asked") if "example" in url} == {"https://tracker.example/p.png"}


def test_the_second_line_holds_by_itself(browser, node, portal, relay, tmp_path):
    """What the first line would have let through does nothing in the frame: it has no origin and no script."""
    read(browser, portal, relay, written(tmp_path, protected(node, mail_of(html="<p>x"))[0]))
    assert browser.act("frame", code="window.origin") == "null"
    assert browser.act("frame", code="""(() => { const s = document.createElement('script'); s.textContent = 'window.did = 1';
        document.body.append(s); return window.did === undefined })()""")
    assert browser.act("frame", code="""(() => { try { return parent.document.title } catch (e) { return e.name } })()""") == "SecurityError"
    assert browser.act("frame", code="""(async () => { try { await fetch('/message'); return 'ok' } catch (e) { return e.name } })()""") == "TypeError"


@pytest.mark.parametrize("language, scheme", [("en", "dark"), ("de", "light")])
def test_for_whoever_cannot_see_it(browser, portal, relay, wrapped, tmp_path, language, scheme):
    browser.act("fresh", language=language)
    browser.act("scheme", name=scheme)
    found = []
    for path in ("/", "/message"):
        browser.act("open", url=f"{portal.origin}{path}")
        found += browser.act("axe")
    read(browser, portal, relay, written(tmp_path, wrapped))
    found += browser.act("axe")
    browser.act("open", url=f"{portal.origin}/sign-in")
    assert found + browser.act("axe") == [] and browser.value("document.documentElement.lang") == language


def test_phone_width_and_printing(browser, world, node, portal, relay, wrapped, tmp_path):
    browser.act("size", width=320, height=640)
    read(browser, portal, relay, written(tmp_path, wrapped))
    for path in ("/message", "/sign-in", "/", "/nowhere"):
        browser.act("open", url=f"{portal.origin}{path}")
        assert browser.value("document.scrollingElement.scrollWidth") <= 320, path
        assert browser.value("""[...document.querySelectorAll('main button, main a.button')].every(
            (one) => one.getBoundingClientRect().height >= 36)""")
    browser.act("open", url=f"{portal.origin}/message")
    browser.act("media", name="print")
    assert "does not let you print" in browser.text and "Alice" not in browser.text
    assert browser.value("document.querySelector('iframe').offsetHeight") == 0
    browser.act("open", url=f"{portal.origin}/message/body")
    assert "does not let you print" in browser.text and "Dear Kim" not in browser.text
    browser.act("media", name="screen")
    template = world.template({"principals": ["recipients"], "rights": [VIEW, 5]}).template_id
    read(browser, portal, relay, written(tmp_path, protected(node, mail_of(html=LETTER), f"--template {template}")[0]))
    browser.act("media", name="print")
    assert "Alice" in browser.text
    browser.act("open", url=f"{portal.origin}/message/body")
    assert "Dear Kim" in browser.text and "does not let" not in browser.text


@pytest.mark.parametrize("html", [
    "<html><body>Secret <b>text</b></body></html>", "<div style='display:block'>Secret</div>", "<p><span style='display:inline !important'>Secret",
    "<table style='display:table'><tr style='display:table-row'><td style='display:table-cell'>Secret", "</div></div></body><p style='display:block'>Secret"])
def test_no_style_of_a_mail_prints_it(browser, node, portal, relay, tmp_path, html):  # pylint: disable=R0913,R0917
    read(browser, portal, relay, written(tmp_path, protected(node, mail_of(html=html))[0]))
    browser.act("open", url=f"{portal.origin}/message/body")
    assert "Secret" in browser.text
    browser.act("media", name="print")
    assert "does not let you print" in browser.text and "Secret" not in browser.text
    browser.act("media", name="screen")


@pytest.mark.parametrize("language, scheme, width", [("en", "dark", 320), ("de", "light", 720)])
def test_answering(browser, node, portal, relay, tmp_path, language, scheme, width):  # pylint: disable=R0913,R0917
    browser.act("fresh", language=language)
    browser.act("scheme", name=scheme)
    browser.act("size", width=width, height=640)
    read(browser, portal, relay, written(tmp_path, protected(node, mail_of(html=LETTER), "--encrypt-only")[0]))
    found = browser.act("axe")
    for kind in ("forward", "reply"):
        browser.act("open", url=f"{portal.origin}/message")
        browser.act("go", selector=f"a[href='/message/{kind}']")
        found += browser.act("axe")
        assert browser.value("document.scrollingElement.scrollWidth") <= width
    assert found == []
    count = len(answers_to(relay, "alice@contoso.com"))
    browser.act("type", selector="#text", text="Thank you")
    browser.value("document.querySelector('main button').focus()")
    browser.act("go", key="Enter")
    assert "alice@contoso.com" in browser.value("document.querySelector('main').innerText") and browser.act("axe") == []
    assert len(answers_to(relay, "alice@contoso.com")) == count + 1
    browser.act("go", selector="a[href='/message']")
    assert "Quarterly" in browser.text or "Plan" in browser.text


def test_from_the_wrapper_on_with_pictures(browser, portal, relay, wrapped, tmp_path, picture):
    html = next(part for part in email.message_from_bytes(wrapped).walk() if part.get_content_type() == "text/html")
    page = written(tmp_path, html.get_payload(decode=True), "wrapper.html")
    browser.act("size", width=720, height=640)
    browser.act("open", url=f"file://{page}")
    picture(browser, "wrapper")
    link = browser.value("[...document.querySelectorAll('a')].map((a) => a.href).find((href) => href.includes('content='))")
    assert link.startswith("https://portal.example.org/?content=")
    browser.act("open", url=link.replace("https://portal.example.org", portal.origin))
    browser.act("upload", selector="#file", files=[written(tmp_path, wrapped)])
    browser.act("go", selector="main button")
    assert not browser.value("document.querySelector('[role=alert]')")
    picture(browser, "portal-sign-in")
    read(browser, portal, relay, written(tmp_path, wrapped))
    browser.act("size", width=720, height=900)
    picture(browser, "portal-message")
    browser.act("size", width=360, height=720)
    browser.act("scheme", name="dark")
    picture(browser, "portal-message-phone")
    assert "Quarterly figures" in browser.text
