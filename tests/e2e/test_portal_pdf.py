# SPDX-License-Identifier: Apache-2.0
"""PDFs in the portal: pages as pictures, made by a process that is confined, and the harm that they try."""
import os
import re
import shutil
import subprocess
import threading
import time

import pytest

import pdf
from driven import WHY_NOT as NO_BROWSER
from driven import Driven
from portal import PORTAL, WHY_NOT, Portal
from portal_world import KIM, authority_options, code_page, mail_of, no_passcodes, node, opened, portal, protected, relay  # noqa: F401  pylint: disable=W0611
from processes import all_children
from waiting import eventually

PAGES = f"{PORTAL}-pages"
NO_PAGES = "" if os.path.exists(PAGES) else "libpoppler-glib-dev or libseccomp-dev was not there when this was built"
pytestmark = pytest.mark.skipif(bool(WHY_NOT or NO_PAGES), reason=WHY_NOT or NO_PAGES or "never")
UNREADABLE = "it is damaged, or takes too much"


def shown(node, portal, relay, data, policy="--do-not-forward"):
    """What a reader of a mail with this attachment is shown of it."""
    wrapper, _ = protected(node, mail_of(attachments=[("plan.pdf", "application/pdf", data)]), policy)
    reader, message = opened(portal, wrapper, relay)
    assert "/message/attachment/0/show" in message.links
    page = reader.get("/message/attachment/0/show")
    assert page.status == 200 and page.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    return page


def pictures(page):
    return [source for source in page.attribute("img", "src") if source.startswith("data:image/png;base64,")]


def test_pages_are_pictures_without_their_text_where_nobody_may_copy(node, portal, relay):
    page = shown(node, portal, relay, pdf.plain(3))
    assert len(pictures(page)) == 3 and len(set(pictures(page))) == 3
    assert page.attribute("img", "alt") == ["Page 1 / 3", "Page 2 / 3", "Page 3 / 3"]
    assert page.attribute("body", "class") == ["no-print no-copy"]
    assert b"quarter" not in page.body and b"<details" not in page.body


def test_whoever_may_copy_has_the_text_beside_them(world, node, portal, relay):
    rights = {"principals": ["recipients"], "rights": [1, 5, 6, 7]}
    page = shown(node, portal, relay, pdf.plain(2), f"--template {world.template(rights).template_id}")
    assert len(pictures(page)) == 2
    assert "Figures of quarter 1" in page.text and "Figures of quarter 2" in page.text


def test_the_first_pages_of_a_long_one(node, portal, relay):
    page = shown(node, portal, relay, pdf.plain(60))
    assert len(pictures(page)) == 50 and "Only the first pages" in page.text
    assert page.attribute("img", "alt")[-1] == "Page 50 / 60"


@pytest.mark.parametrize("what", pdf.HOSTILE)
def test_what_wants_to_do_harm(node, portal, relay, what):
    page = shown(node, portal, relay, pdf.HOSTILE[what])
    assert pictures(page) or UNREADABLE in page.text
    assert b"root:" not in page.body and b"<script" not in page.body
    eventually(lambda: all_children(portal.process.pid) == [], "nothing of it is left")


def test_what_takes_hours_is_ended(node, portal, relay):
    wrapper, _ = protected(node, mail_of(attachments=[("plan.pdf", "application/pdf", pdf.doubling())]))
    reader, _ = opened(portal, wrapper, relay)
    asked = threading.Thread(target=lambda: answers.append(reader.get("/message/attachment/0/show")))
    answers = []
    asked.start()
    eventually(lambda: all_children(portal.process.pid), "a process of its own reads it")
    asked.join()
    assert UNREADABLE in answers[0].text and not pictures(answers[0])
    assert all_children(portal.process.pid) == []
    assert len(pictures(shown(node, portal, relay, pdf.plain(1)))) == 1, "others are shown as before"


def with_pages_of(folder, script):
    """A copy of the portal, beside which a script stands in for what reads PDFs."""
    folder.mkdir()
    shutil.copy(PORTAL, folder / "portal")
    (folder / "chancery-portal-pages").write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
    (folder / "chancery-portal-pages").chmod(0o755)
    return folder / "portal"


def test_what_closes_its_output_and_stays_is_ended(world, node, relay, tmp_path):
    """As one would that a document has taken over: it would have kept a thread, and one of two places, for good."""
    program = with_pages_of(tmp_path / "bin", f"[ -e {tmp_path}/taken ] || exec {PAGES} \"$@\"\nexec >&-\nexec /usr/bin/sleep 600")
    with Portal(node, world.portal, program=program) as portal:  # pylint: disable=redefined-outer-name
        wrapper, _ = protected(node, mail_of(attachments=[("plan.pdf", "application/pdf", pdf.plain(1))]))
        reader, _ = opened(portal, wrapper, relay)
        (tmp_path / "taken").touch()
        begun = time.monotonic()
        assert UNREADABLE in reader.get("/message/attachment/0/show").text
        assert time.monotonic() - begun < 20
        assert all_children(portal.process.pid) == []
        (tmp_path / "taken").unlink()
        assert len(pictures(reader.get("/message/attachment/0/show"))) == 1


def test_what_only_says_that_it_is_one_is_not_looked_at(node, portal, relay):
    wrapper, _ = protected(node, mail_of(attachments=[("plan.pdf", "application/pdf", b"<html>")]))
    reader, message = opened(portal, wrapper, relay)
    assert "/message/attachment/0/show" not in message.links
    assert reader.get("/message/attachment/0/show").status == 404


def test_tables_of_text_are_shown(node, portal, relay):
    wrapper, _ = protected(node, mail_of(attachments=[("figures.csv", "text/csv", "quarter;<b>ü\n".encode())]))
    reader, _ = opened(portal, wrapper, relay)
    assert "quarter;<b>ü" in reader.get("/message/attachment/0/show").text


def test_the_process_has_given_up_everything_else():
    """Before it has read a byte: no descriptor but the pipes, no rights to gain, few system calls, limits."""
    with open("/etc/hostname", "rb") as other, subprocess.Popen([PAGES], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                                                pass_fds=[other.fileno()], env={}) as process:
        def status(name):
            with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
                return re.search(rf"^{name}:\s+(\d+)", file.read(), re.MULTILINE).group(1)

        eventually(lambda: status("Seccomp") == "2", "it is confined")
        assert status("NoNewPrivs") == "1"
        assert sorted(os.listdir(f"/proc/{process.pid}/fd")) == ["0", "1", "2"]
        with open(f"/proc/{process.pid}/limits", encoding="ascii") as file:
            limits = file.read()
        for name in ("Max cpu time", "Max address space", "Max open files", "Max file size", "Max core file size"):
            assert not re.search(rf"^{name}\s+unlimited", limits, re.MULTILINE), name
        out, _ = process.communicate(pdf.plain(1), timeout=120)
        assert process.returncode == 0 and out[4:5] == b"1" and out[9:17] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.skipif(bool(NO_BROWSER), reason=NO_BROWSER or "never")
def test_chromium_shows_the_pages(node, portal, relay, tmp_path):
    wrapper, _ = protected(node, mail_of(attachments=[("plan.pdf", "application/pdf", pdf.plain(2))]))
    (tmp_path / "mail.eml").write_bytes(wrapper)
    browser = Driven()
    try:
        browser.act("fresh", language="en")
        browser.act("open", url=f"{portal.origin}/")
        browser.act("upload", selector="#file", files=[str(tmp_path / "mail.eml")])
        browser.act("go", selector="main button")
        count = len(relay.to(KIM)) + 1
        browser.act("type", selector="#field", text=KIM)
        browser.act("go", selector="main button")
        code = re.search(r"\d{4} \d{4}", relay.wait_for(KIM, count).get_content()).group(0)
        browser.act("type", selector="#field", text=code)
        browser.act("go", selector="main button")
        browser.act("open", url=f"{portal.origin}/message/attachment/0/show")
        assert browser.value("Array.from(document.images, image => image.complete && image.naturalWidth)") == [1200, 1200]
        assert all(url.startswith((portal.origin, "data:")) for url in browser.act("asked"))
    finally:
        browser.close()
