# SPDX-License-Identifier: Apache-2.0
"""PDFs in the portal: pages as pictures, made by a process that is confined, and the harm that they try."""
import os
import random
import re
import shutil
import subprocess
import threading
import time

import pytest

import pdf
from authority import BUILD
from driven import WHY_NOT as NO_BROWSER
from driven import Driven
from portal import PORTAL, WHY_NOT, Portal
from portal_world import KIM, PNG, authority_options, code_page, mail_of, no_passcodes, node, opened, portal, protected, relay  # noqa: F401  pylint: disable=W0611
from processes import all_children
from waiting import eventually

PAGES = f"{PORTAL}-pages"
NO_PAGES = "" if os.path.exists(PAGES) else "libpoppler-glib-dev or libseccomp-dev was not there when this was built"
pytestmark = pytest.mark.skipif(bool(WHY_NOT or NO_PAGES), reason=WHY_NOT or NO_PAGES or "never")
UNREADABLE = "it is damaged, or takes too much"
SHOW = "/message/attachment/0/show"
PROBE = f"{BUILD}/tests/programs/confined_probe"


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
    begun = time.monotonic()
    assert UNREADABLE in reader.get(SHOW).text and time.monotonic() - begun < 5, "it isn't tried again"


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
        assert len(pictures(shown(node, portal, relay, pdf.plain(1)))) == 1


def test_one_network_leaves_a_place_to_others(world, node, relay, tmp_path):
    program = with_pages_of(tmp_path / "bin", f"echo x >>{tmp_path}/begun\nwhile [ -e {tmp_path}/taken ]; do sleep 0.1; done\nexec {PAGES} \"$@\"")
    with Portal(node, world.portal, program=program) as portal:  # pylint: disable=redefined-outer-name
        wrapper, _ = protected(node, mail_of(attachments=[("plan.pdf", "application/pdf", pdf.plain(1))]))
        one, _ = opened(portal, wrapper, relay)
        neighbor, _ = opened(portal, wrapper, relay)
        far = portal.reader(address="198.51.100.7")
        form, code = code_page(far, wrapper, relay)
        far.submit(form, "/passcode/code", code=code)
        (tmp_path / "taken").touch()
        answers = []
        asked = [threading.Thread(target=lambda: answers.append(one.get(SHOW)))]
        asked[0].start()
        eventually(lambda: all_children(portal.process.pid), "the first is being read")
        assert "Too many documents" in neighbor.get(SHOW).text
        asked.append(threading.Thread(target=lambda: answers.append(far.get(SHOW))))
        asked[1].start()
        eventually(lambda: (tmp_path / "begun").read_text() == "x\n" * 3, "the start's own, and these two")
        (tmp_path / "taken").unlink()
        for thread in asked:
            thread.join()
        assert [len(pictures(page)) for page in answers] == [1, 1]
        assert len(pictures(neighbor.get(SHOW))) == 1, "its place was given back"


def scan(pages, kind, bytes_each):
    """Pages of a scanner's noise, which no compression makes small."""
    noise = pdf.stream(random.Random(7).randbytes(300 * 424 * bytes_each), b"/Type /XObject /Subtype /Image /Width 300 /Height 424 "
                       b"/ColorSpace /%s /BitsPerComponent 8" % kind)
    return pdf.document([b"q 595 0 0 842 0 0 cm /X Do Q"] * pages, resources=b"/XObject << /X %d 0 R >>" % (4 + 2 * pages), more=[noise])


def test_of_what_takes_too_much_the_first_pages_are_shown(node, portal, relay):
    page = shown(node, portal, relay, scan(30, b"DeviceRGB", 3))
    assert 10 < len(pictures(page)) < 30 and "Only the first pages" in page.text and UNREADABLE not in page.text
    page = shown(node, portal, relay, scan(30, b"DeviceGray", 1))
    assert len(pictures(page)) == 30 and "Only the first pages" not in page.text, "gray takes a third"


def frames(*parts):
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def test_what_the_process_answers_is_believed_as_little_as_the_document(world, node, relay, tmp_path):
    """More text than there may be, and text that was not asked for, as if a document had taken it over."""
    program = with_pages_of(tmp_path / "bin", f"cat >/dev/null\ncat {tmp_path}/$#")
    for argument_count, texts in ((0, (b"", b"stolen")), (1, (b'"' * 1000000, b'"' * 100000))):
        (tmp_path / str(argument_count)).write_bytes(frames(b"2", PNG, texts[0], PNG, texts[1]))
    with Portal(node, world.portal, program=program) as portal:  # pylint: disable=redefined-outer-name
        page = shown(node, portal, relay, pdf.plain(2))
        assert len(pictures(page)) == 1 and b"stolen" not in page.body
        rights = {"principals": ["recipients"], "rights": [1, 5, 6, 7]}
        page = shown(node, portal, relay, pdf.plain(2), f"--template {world.template(rights).template_id}")
        assert len(pictures(page)) == 1 and page.body.count(b"<details>") == 1


@pytest.mark.parametrize("script, why", [("exit 15", "has no Landlock"), ("exit 16", "has no seccomp filters"),
                                         ("exit 10", "fails with a page of one line"), ("", "isn't installed")])
def test_the_log_says_why_no_pdf_can_be_shown(world, node, tmp_path, script, why):
    program = with_pages_of(tmp_path / "bin", script)
    if not script:
        (tmp_path / "bin" / "chancery-portal-pages").unlink()
    settings = Portal(node, world.portal).settings
    done = subprocess.run([program, "--check", settings], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("chancery-portal: PDFs aren't shown: ") and why in done.stderr and done.stderr.count("\n") == 1
    assert subprocess.run([PORTAL, "--check", settings], capture_output=True, timeout=60, check=False).stderr == b""


def test_where_none_can_be_shown_none_is_offered(world, node, relay, tmp_path):
    with Portal(node, world.portal, program=with_pages_of(tmp_path / "bin", "exit 15")) as portal:  # pylint: disable=redefined-outer-name
        wrapper, _ = protected(node, mail_of(attachments=[("plan.pdf", "application/pdf", pdf.plain(1))]))
        reader, message = opened(portal, wrapper, relay)
        assert SHOW not in message.links and reader.get(SHOW).status == 404


@pytest.mark.skipif(not os.path.exists(PROBE), reason="libseccomp-dev was not there when this was built")
def test_what_has_taken_the_process_over_can_do_nothing():
    """Signals to others, also by way of fcntl; sockets, files, programs, other processes."""
    def possible(*options):
        done = subprocess.run([PROBE, *options], stdin=subprocess.PIPE, capture_output=True, text=True, timeout=60, check=True)
        return set(done.stdout.splitlines())

    assert possible() == set()
    assert possible("--free") >= {"kill", "fcntl F_SETOWN", "fcntl F_SETSIG", "socket", "open a file", "execve", "mmap to execute"}


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
