# SPDX-License-Identifier: Apache-2.0
"""What the portal of examples/portal promises to a sender and didn't keep: a mail's text stayed in freed memory, and in the files of
an nginx before it. And to a reader: what they wrote was lost when something ended meanwhile, and links of elsewhere did
something in their name."""
import re

import pytest

from build_kind import is_sanitized
from portal import WHY_NOT, Portal
from portal_world import KIM, authority_options, code_page, mail_of, no_passcodes, node, opened, portal, protected, relay, relay_settings  # noqa: F401  pylint: disable=W0611

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "never")
MARK, WRITTEN = "QuicklyJumpingZebras", "WrittenByKimAlone"


def memory_of(process):
    """All of it that is not of a file."""
    found = []
    with open(f"/proc/{process}/maps", encoding="ascii") as maps, open(f"/proc/{process}/mem", "rb", 0) as memory:
        for line in maps:
            begin, end, rights, inode = re.match(r"(\w+)-(\w+) (\S+) \S+ \S+ (\d+)", line).groups()
            if "r" in rights and inode == "0" and "[v" not in line:
                memory.seek(int(begin, 16))
                found.append(memory.read(int(end, 16) - int(begin, 16)))
    return b"".join(found)


@pytest.mark.skipif(is_sanitized(), reason="a sanitizer keeps what is freed, to tell who uses it")
def test_closed_nothing_is_left_in_memory(world, node, relay):
    with Portal(node, world.portal, **relay_settings(relay)) as portal:  # pylint: disable=W0621
        text = f"{MARK} one, two, three\n" * 300
        wrapper, _ = protected(node, mail_of(text, html=f"<p>{text}", attachments=[
            ("a.txt", "text/plain", text.encode()), ("a.bin", "application/pdf", text.encode())]), "--encrypt-only")
        reader = portal.reader()
        page, code = code_page(reader, wrapper, relay)
        reader.submit(page, "/passcode/code", code=code)
        for path in ("/message/body", "/message/attachment/0/show", "/message/attachment/1"):
            assert reader.get(path).status in (200, 403)
        sent = reader.submit(reader.get("/message/reply"), "/message/reply", text=f"{WRITTEN}\n" * 100, quote="1")
        assert sent.status == 200, sent.problem
        assert MARK.encode() in memory_of(portal.process.pid), "while it is open it is there"
        reader.submit(reader.get("/message"), "/end")
        portal.reader().get("/healthz")
        left = memory_of(portal.process.pid)
        assert left.count(MARK.encode()) == 0 and left.count(WRITTEN.encode()) == 0


def test_nothing_before_it_writes_pages_to_files(node, portal, relay):
    """nginx: X-Accel-Buffering (https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering)."""
    reader, page = opened(portal, protected(node, mail_of())[0], relay)
    for answer in (page, reader.get("/message/body"), reader.get("/nowhere")):
        assert answer.headers["x-accel-buffering"] == "no"
    assert page.headers["cross-origin-opener-policy"] == "same-origin", "who opened it counts no frames"
    assert "cross-origin-opener-policy" not in reader.get("/message/body").headers, "a sandbox would not open with it"


def test_what_was_written_is_not_lost(node, portal, relay):
    reader, _ = opened(portal, protected(node, mail_of(), "--encrypt-only")[0], relay)
    form = {**reader.get("/message/forward").form("/message/forward"), "text": f"{WRITTEN} <b>", "to": "jo@mail.example"}
    long = reader.submit(reader.get("/message/forward"), "/message/forward", text=WRITTEN, to="é" * 3900)
    assert long.status == 400 or long.status == 403 and WRITTEN in long.text and long.form("/message/forward"), "it stays in the form"
    renewed = reader.post("/message/forward", {**form, "form": "x" * 43})
    assert renewed.status == 403 and f"{WRITTEN} <b>" in renewed.text
    reader.submit(reader.get("/message"), "/end")
    over = reader.post("/message/forward", form)
    assert over.status == 403 and f"{WRITTEN} <b>" in over.text and "was not sent" in over.text
    foreign = reader.post("/message/forward", form, Origin="https://evil.example")
    assert foreign.status == 403 and WRITTEN not in foreign.text


def test_no_link_of_elsewhere_does_anything(world, node, portal, relay):
    """A mail's link to the page itself, which a reader follows, takes no protection off and begins no sign-in."""
    template = world.template({"principals": ["recipients"], "rights": [1, 7]}).template_id
    mail = mail_of(attachments=[("plan.pdf", "application/pdf", b"%PDF")])
    wrapper, content = protected(node, mail, f"--template {template}")
    reader, _ = opened(portal, wrapper, relay)
    followed = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    for path in ("/message/attachment/0", "/provider/0"):
        assert reader.get(path, **followed).status == 403
    assert reader.get("/message", **followed).status == 200
    assert "to take the protection off" not in str(world.audit(tenant="contoso", content_id=content))
    assert reader.get("/message/attachment/0", Sec_Fetch_Site="same-origin", Sec_Fetch_Mode="navigate",
                      Sec_Fetch_Dest="document").body == b"%PDF"
