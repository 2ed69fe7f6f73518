# SPDX-License-Identifier: Apache-2.0
"""The portal of examples/portal before a real authority: from the mail by a passcode to the message, its attachments, and
the sender's word that it is over. The passcode comes by a real SMTP server."""
import contextlib
import email
import http.client
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from portal import PORTAL, WHY_NOT, Portal
from portal_world import KIM, PNG, authority_options, code_page, mail_of, no_passcodes, node, opened, portal, protected, relay  # noqa: F401  pylint: disable=W0611
from waiting import eventually

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "never")
EVERYTHING = "--encrypt-only"


@pytest.fixture(scope="module")
def wrapped(node):
    return protected(node, mail_of("Grüße & <b>not bold</b>", "Pläne für Büro", attachments=[
        ("Büro plan.pdf", "application/pdf", b"%PDF figures"), ("notes.txt", "text/plain", "Notizen ä\n".encode()),
        ("logo.png", "image/png", PNG)]))


# --- the way ---


def test_a_reader_without_an_account_reads(world, portal, relay, wrapped):
    wrapper, content = wrapped
    reader = portal.reader()
    start = reader.get(f"/?content={content}")
    assert start.status == 200 and start.form("/open")["content"] == content
    sign_in = reader.upload(wrapper, content=content)
    page = reader.submit(sign_in, "/passcode", address=KIM)
    code = re.search(r"\d{4} \d{4}", relay.wait_for(KIM).get_content()).group(0)
    before = dict(reader.cookies)
    message = reader.submit(page, "/passcode/code", code=code)
    assert message.status == 200 and reader.cookies != before, "who has signed in is known by another cookie"
    assert "Pläne für Büro" in message.text and "Alice Álvarez <alice@contoso.com>" in message.text
    assert "2026-11-24 09:00 +01:00" in message.text
    body = reader.get(*message.attribute("iframe", "src"))
    assert "Grüße & <b>not bold</b>" in body.text
    events = world.audit(tenant="contoso", content_id=content)
    assert [(event.operation, event.granted, event.user) for event in events if event.operation == "acquire_license"] == [
        ("acquire_license", True, KIM)]


def test_the_two_attachments_are_enough(portal, relay, wrapped):
    """A telephone saves no mails, but attachments."""
    parts = [part.get_payload(decode=True) for part in email.message_from_bytes(wrapped[0]).walk()
             if part.get_content_type().startswith("application/")]
    assert len(parts) == 2
    for order in (parts, parts[::-1]):
        reader = portal.reader()
        page = reader.upload(*order)
        assert page.status == 200 and "/passcode" in [at for at, _ in page.forms]
    count = len(relay.to(KIM)) + 1
    page = reader.submit(page, "/passcode", address=KIM)
    code = re.search(r"\d{4} \d{4}", relay.wait_for(KIM, count).get_content()).group(0)
    assert "Pläne" in reader.submit(page, "/passcode/code", code=code).text


def test_german_and_english(portal, relay, wrapped):
    reader, message = opened(portal, wrapped[0], relay, language="de-AT,de;q=0.9,en;q=0.5")
    assert message.attribute("html", "lang") == ["de"] and "Nicht drucken" in message.text and "Anhänge" in message.text
    english = reader.submit(message, "/language", language="en")
    assert english.attribute("html", "lang") == ["en"] and "Attachments" in english.text
    assert reader.get("/").attribute("html", "lang") == ["en"]
    assert portal.reader(language="fr,xx").get("/").attribute("html", "lang") == ["en"]
    assert portal.reader(language="fr,de;q=0.3").get("/").attribute("html", "lang") == ["de"]


def test_closed_is_gone(portal, relay, wrapped):
    reader, message = opened(portal, wrapped[0], relay)
    cookies = dict(reader.cookies)
    ended = reader.submit(message, "/end")
    assert "gone" in ended.text and "__Host-chancery" not in reader.cookies
    reader.cookies = cookies
    for path in ("/message", "/message/body", "/message/attachment/1/show", "/sign-in"):
        assert reader.get(path).status == 403


# --- rights ---


def test_do_not_forward_is_shown_and_honored(portal, relay, wrapped):
    reader, message = opened(portal, wrapped[0], relay)
    for words in ("Not print", "Not copy text", "Not forward", "Not save attachments without protection"):
        assert words in message.text
    assert message.attribute("article", "class") == ["no-print no-copy"]
    body = reader.get("/message/body")
    assert body.attribute("body", "class") == ["no-print no-copy"] and b"@media print" in body.body
    assert "Show" in message.text and "Büro plan.pdf" in message.text and "Save" not in message.text.replace("Not save", "")
    assert reader.get("/message/attachment/0").status == 403
    assert "/message/attachment/0" not in message.links and "/message/attachment/0/show" not in message.links


def test_text_and_pictures_are_shown_without_being_saved(portal, relay, wrapped):
    reader, message = opened(portal, wrapped[0], relay)
    assert "/message/attachment/1/show" in message.links and "/message/attachment/2/show" in message.links
    text = reader.get("/message/attachment/1/show")
    assert "Notizen ä" in text.text and text.attribute("body", "class") == ["no-print no-copy"]
    picture, = reader.get("/message/attachment/2/show").attribute("img", "src")
    assert picture.startswith("data:image/png;base64,")
    assert reader.get("/message/attachment/0/show").status == 404
    assert reader.get("/message/attachment/3/show").status == 404


def test_who_may_export_saves_and_that_is_recorded(world, node, portal, relay):
    wrapper, content = protected(node, mail_of(attachments=[("plan.pdf", "application/pdf", b"%PDF figures")]),
                                 f"--template {world.template({'principals': ['recipients'], 'rights': [1, 5, 6, 7]}).template_id}")
    reader, message = opened(portal, wrapper, relay)
    assert message.attribute("article", "class") == [" "] and "Print" in message.text
    saved = reader.get("/message/attachment/0")
    assert (saved.status, saved.body) == (200, b"%PDF figures")
    assert saved.headers["content-type"] == "application/octet-stream" and saved.headers["x-content-type-options"] == "nosniff"
    assert saved.headers["content-disposition"] == "attachment; filename*=UTF-8''plan.pdf"
    events = world.audit(tenant="contoso", content_id=content)
    assert "to take the protection off" in str(events[0]) and "to take the protection off" not in str(events[1])


def test_saving_is_asked_for_even_if_nothing_was_read(world, node, portal, relay):
    """As it is when the license of the page has ended meanwhile."""
    template = world.template({"principals": ["recipients"], "rights": [1, 7]}).template_id
    for policy, operations in ((f"--template {template}", 2), (EVERYTHING, 1)):
        wrapper, content = protected(node, mail_of(attachments=[("plan.pdf", "application/pdf", b"%PDF figures")]), policy)
        reader = portal.reader()
        page, code = code_page(reader, wrapper, relay)
        reader.post("/passcode/code", {**page.form("/passcode/code"), "code": code})
        saved = reader.get("/message/attachment/0")
        events = [event for event in world.audit(tenant="contoso", content_id=content) if event.operation == "acquire_license"]
        assert saved.status == (200 if operations == 2 else 403) and len(events) == operations
        assert ("to take the protection off" in str(events[0])) == (operations == 2)


def test_what_the_tenant_frees_is_saved(world, node, portal, relay):
    wrapper, _ = protected(node, mail_of(attachments=[("plan.pdf", "application/pdf", b"%PDF figures")]), EVERYTHING)
    reader, message = opened(portal, wrapper, relay)
    assert "Not save" in message.text and reader.get("/message/attachment/0").status == 403
    world.update_tenant(attachments_freed=True)
    try:
        assert "/message/attachment/0" in reader.get("/message").links
        assert reader.get("/message/attachment/0").body == b"%PDF figures"
    finally:
        world.update_tenant(attachments_freed=False)


# --- refused, in the reader's words ---


def test_revoked_from_the_next_look_on(world, node, portal, relay):
    class Made:
        content_id = None
    wrapper, Made.content_id = protected(node, mail_of())
    reader, message = opened(portal, wrapper, relay)
    assert message.status == 200
    world.track("Revoke", Made)
    page = reader.get("/message")
    assert page.status == 403 and "The sender has revoked this message." in page.problem
    assert reader.get("/message/body").status == 403, "what was open is forgotten"
    world.track("Restore", Made)
    assert reader.get("/message").status == 200


def test_a_wrong_code_then_the_right_one_then_none(portal, relay, wrapped):
    reader = portal.reader()
    page, code = code_page(reader, wrapped[0], relay)
    wrong = f"{(int(code.replace(' ', '')) + 1) % 10 ** 8:08d}"
    told = reader.submit(page, "/passcode/code", code=wrong)
    assert told.status == 403 and "The code is wrong." in told.problem
    for nonsense in ("", "12", "x" * 20, "<script>"):
        assert "The code is wrong." in reader.submit(page, "/passcode/code", code=nonsense).problem
    assert reader.submit(page, "/passcode/code", code=code).status == 200
    other = portal.reader()
    page, code = code_page(other, wrapped[0], relay)
    for _ in range(5):
        told = other.submit(page, "/passcode/code", code=wrong)
    assert "expired, was used already, or was tried too often" in other.submit(page, "/passcode/code", code=code).problem


def test_codes_are_not_crossed(portal, relay, wrapped):
    first, second = portal.reader(), portal.reader()
    page, code = code_page(first, wrapped[0], relay)
    other_page, other_code = code_page(second, wrapped[0], relay)
    assert "wrong" in first.submit(page, "/passcode/code", code=other_code).problem
    assert "wrong" in second.submit(other_page, "/passcode/code", code=code).problem
    assert first.submit(page, "/passcode/code", code=code).status == 200
    again = portal.reader()
    page, _ = code_page(again, wrapped[0], relay)
    assert "wrong" in again.submit(page, "/passcode/code", code=code).problem, "a code counts once"


def test_no_word_tells_who_is_a_recipient(portal, relay, wrapped):
    pages = {}
    for address in (KIM, "nobody@mail.example"):
        reader = portal.reader()
        pages[address] = reader.submit(reader.upload(wrapped[0]), "/passcode", address=address)
        assert pages[address].status == 200
    def told(address):
        text = re.sub(r"[2-9A-HJ-NP-Z]{6}\b", "REFERENCE", pages[address].text)
        return text.replace(address, "ADDRESS")
    assert told(KIM) == told("nobody@mail.example")
    assert not relay.to("nobody@mail.example")


def test_other_words_of_the_authority(world, portal, relay, wrapped):
    reader = portal.reader()
    page = reader.upload(wrapped[0])
    assert "accounts to sign in with" in reader.submit(page, "/passcode", address="bob@fabrikam.com").problem
    for address in ("kim", "kim@", "@x", "kim@mail.example@", "a b@mail.example"):
        assert "no mail address" in reader.submit(page, "/passcode", address=address).problem, address
    world.update_tenant(disable_passcodes=True)
    try:
        assert "does not let readers sign in by a code" in reader.submit(page, "/passcode", address=KIM).problem
    finally:
        world.update_tenant(disable_passcodes=False)


def test_another_mail_than_the_links(portal, wrapped):
    reader = portal.reader()
    page = reader.upload(wrapped[0], content="01890000-0000-7000-8000-000000000000")
    assert "another message" in page.problem and page.status == 400


def test_the_authority_is_away(world, node, relay, wrapped):
    with Portal(node, world.portal, server="https://127.0.0.1:9") as portal:
        reader = portal.reader()
        page = reader.submit(reader.upload(wrapped[0]), "/passcode", address=KIM)
        assert "can't be decided now" in page.problem


# --- the program ---


def test_its_settings_are_checked(node, world, tmp_path):
    good = Portal(node, world.portal)
    check_settings(good, tmp_path, (("port 0\n", "no number in its range"), ("port 99999999999999999999\n", "no number"), ("nonsense 1\n", "no such setting"),
                         ("origin https://x/y\n", "without a path"), ("origin http://portal.example\n", "without a path"),
                         ("origin https://Portal.example\n", "small ASCII letters"), ("origin https://portal.example:443\n", "without :443"),
                         ("origin https://pörtal.example\n", "ASCII"), ("origin https://a@portal.example\n", "without a path"),
                         ("name 'x\n", "quotation mark"), ("name a b\n", "a name and a value"), ("passcodes 0\n", "nobody could sign in"),
                         ("provider a http://x b\n", "https://"), ("provider a https://x b /nowhere\n", "can't be read"),
                         ("key_file /nowhere\n", "")))


def check_settings(portal, tmp_path, wrongs):
    """The program checks a good file, and tells what is wrong with it after each of these lines."""
    done = subprocess.run([PORTAL, "--check", portal.settings], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    with open(portal.settings, encoding="utf-8") as file:
        text = file.read()
    for wrong, words in wrongs:
        (tmp_path / "wrong.conf").write_text(text + wrong, encoding="utf-8")
        done = subprocess.run([PORTAL, "--check", tmp_path / "wrong.conf"], capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 1 and words in done.stderr and done.stderr, (wrong, done.stderr)
    assert subprocess.run([PORTAL], capture_output=True, timeout=30, check=False).returncode == 2


def test_it_ends_while_somebody_waits(world, node, wrapped, faults):  # pylint: disable=unused-argument
    with socket.create_server(("127.0.0.1", 0)) as silent, silent_portal(world, node, silent) as portal:
        reader = portal.reader()
        page = reader.upload(wrapped[0])
        silent.settimeout(30)
        silent.accept()  # how the sender's pages look was asked for, in vain
        ask_later(lambda: reader.submit(page, "/passcode", address=KIM))
        silent.accept()
        begun = time.monotonic()
    assert time.monotonic() - begun < PATIENCE_S, "it waited for an answer"


def test_somebody_asks_as_it_ends(world, node, wrapped, faults):  # pylint: disable=unused-argument
    """Whatever is read first, the signal or the question."""
    for _ in range(4):
        with socket.create_server(("127.0.0.1", 0)) as silent, silent_portal(world, node, silent) as portal:
            reader = portal.reader()
            page = reader.upload(wrapped[0])
            portal.process.send_signal(signal.SIGSTOP)
            for _ in range(3):
                ask_later(lambda: reader.submit(page, "/passcode", address=KIM))  # pylint: disable=cell-var-from-loop
            portal.process.terminate()
            portal.process.send_signal(signal.SIGCONT)


PATIENCE_S = 8


def silent_portal(world, node, silent):
    """One whose authority listens and says nothing."""
    return Portal(node, world.portal, server=f"https://127.0.0.1:{silent.getsockname()[1]}", timeout_seconds=PATIENCE_S)


def ask_later(question):
    """By a thread, which may hear nothing more."""
    def ask():
        with contextlib.suppress(OSError, http.client.HTTPException):
            question()
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    return thread


def test_its_log_has_no_mail_no_code_and_no_address(portal, relay, wrapped):
    reader = portal.reader()
    page, code = code_page(reader, wrapped[0], relay)
    assert reader.submit(page, "/passcode/code", code="1234 5679").problem and reader.submit(page, "/passcode/code", code=code).status == 200
    said = portal.said()
    assert "PASSCODE_WRONG" in said
    assert not [secret for secret in (KIM, "Pläne", "Secret", code, code.replace(" ", ""), *reader.cookies.values()) if secret in said]
