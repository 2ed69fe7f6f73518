# SPDX-License-Identifier: Apache-2.0
"""A mail without text ended the portal of examples/portal, and with it the sessions of all readers; so did one with addresses
nested deep. What is within a protected mail was never looked at by anybody but its sender, who may seal what they like: so it
is bounded like a mail that comes, costs what it may, and is given out byte for byte."""
import base64
import re
import socket
import subprocess
import threading
import time
import uuid

import pytest

from authority import BUILD
from build_kind import is_sanitized
from command import with_certificate
from portal import WHY_NOT, Portal
from portal_world import KIM, PNG, authority_options, mail_of, no_passcodes, node, opened, portal, protected, relay, relay_settings  # noqa: F401  pylint: disable=W0611
from waiting import eventually

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "never")
MIB = 1024 * 1024
HEAD = f"From: alice@contoso.com\r\nTo: {KIM}\r\nSubject: Sealed\r\nMIME-Version: 1.0\r\n".encode()
GROUPS = b"Cc: " + b"a:" * 300_000 + b"\r\n\r\nhello"
PARTS = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 200_000 + b"--b--\r\n"
NOTHING = (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
           b"--b\r\nContent-Type: text/html\r\n\r\n"
           b"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\n"
           b"--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
           b"--b\r\nContent-Type: message/partial; id=1; number=1; total=2\r\n\r\n--b--\r\n")


@pytest.fixture(scope="module")
def roomy(world, node, relay):  # pylint: disable=redefined-outer-name
    with Portal(node, world.portal, **relay_settings(relay, memory_mib=2048)) as portal:  # pylint: disable=redefined-outer-name
        yield portal


def sealed(world, node, plain, policy):  # pylint: disable=redefined-outer-name
    """The two parts of a protected mail, sealed by openssl: whoever protects has a program of their own."""
    made = world.protect(recipients=[KIM], **policy)
    node.write("sealed.bin", plain)
    subprocess.run(["openssl", "cms", "-encrypt", "-binary", "-in", f"{node.folder}/sealed.bin", "-outform", "DER", "-out",
                    f"{node.folder}/sealed.p7m", "-aes-256-gcm", "-secretkey", world.reader.unwrap(made.wrapped_content_key).hex(),
                    "-secretkeyid", uuid.UUID(made.content_id).hex], check=True)
    with open(f"{node.folder}/sealed.p7m", "rb") as file:
        return made.publishing_license, file.read()


def read(portal, relay, parts):  # pylint: disable=redefined-outer-name
    reader, count = portal.reader(), len(relay.to(KIM)) + 1
    page = reader.submit(reader.upload(*parts), "/passcode", address=KIM)
    code = re.search(r"\d{4} \d{4}", relay.wait_for(KIM, count).get_content()).group(0)
    return reader, reader.submit(page, "/passcode/code", code=code)


@pytest.mark.parametrize("plain, status", [
    (HEAD + b"\r\n", 200), (HEAD + b"Content-Type: text/html\r\n\r\n", 200), (b"\r\n", 200), (HEAD + NOTHING, 200), (HEAD + GROUPS, 403),
    (HEAD + PARTS, 403), (HEAD + b"\r\n" + b"\n" * 3_999_999, 403), (b"hello", 403)],
    ids=["empty", "empty html", "nothing", "empty parts", "groups", "parts", "lines", "no mail"])
def test_whatever_was_sealed_it_goes_on(world, node, portal, relay, plain, status):  # pylint: disable=R0913,R0917
    before = portal.process.pid
    reader, page = read(portal, relay, sealed(world, node, plain, {"do_not_forward": {}}))
    assert page.status == status and ("can't be shown" in page.problem) == (status == 403), page.problem
    if status == 200:
        assert reader.get("/message/body").status == 200 and "CRITICAL" not in portal.said()
        for number in range(len(page.attribute("li", "class"))):
            assert reader.get(f"/message/attachment/{number}/show").status in (200, 404)
        answer = reader.submit(reader.get("/message/reply"), "/message/reply", text="Is it empty?", quote="1")
        assert answer.status == 200, answer.problem
    assert portal.process.poll() is None and portal.process.pid == before
    assert portal.reader().get("/healthz").status == 200


TOKEN = (b"From: mallory@else.example\r\nSubject: hi\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b\r\n"
         b"Content-Type: application/octet-stream; name=token.jwt\r\n\r\neyJx\r\n--b--\r\n")


def test_a_token_in_an_attachment(world, node, portal):  # pylint: disable=redefined-outer-name
    """What begins as a license that was made offline, and is none, ended whatever looked into the mail."""
    assert "no protected message" in portal.reader().upload(TOKEN).problem
    assert portal.process.poll() is None
    node.write("token.eml", TOKEN)
    with_certificate(world, "edge", world.gateway)
    done = subprocess.run([f"{BUILD}/cli/chancery", "open", "--profile", f"{world.a.folder}/edge.yaml", f"{node.folder}/token.eml",
                           f"{node.folder}/out"], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1 and "INPUT_NOT_PROTECTED" in done.stderr, (done.returncode, done.stderr)


@pytest.mark.parametrize("html", [b"<p>begin " + b"<p>" * (3 * MIB), b"<p>begin " + b"<p a b c d e f g h i>" * 400_000,
                                  b"<p>begin <p " + b" ".join(b"%x" % i for i in range(1_500_000)) + b">end"],
                         ids=["tags", "attributes", "one element"])
@pytest.mark.skipif(is_sanitized(), reason="a sanitizer needs several times the memory and the time")
def test_html_costs_what_it_may(world, node, relay, html):
    with Portal(node, world.portal, **relay_settings(relay, mail_mib=32, memory_mib=2048, timeout_seconds=60)) as portal:  # pylint: disable=W0621
        before, began = portal.rss(), time.monotonic()
        peak, ended = [0], threading.Event()

        def watch():
            while not ended.wait(0.02):
                peak[0] = max(peak[0], portal.rss())
        watcher = threading.Thread(target=watch)
        watcher.start()
        reader, page = read(portal, relay, sealed(world, node, HEAD + b"Content-Type: text/html\r\n\r\n" + html, {"do_not_forward": {}}))
        ended.set()
        watcher.join()
        assert page.status == 200 and "Not all of this message" in page.text and time.monotonic() - began < 60
        assert b"begin" in reader.get("/message/body").body
        assert peak[0] - before < 300 * MIB, f"{peak[0] // MIB} MiB for {len(html) // MIB} MiB"


def test_what_is_saved_is_what_was_sent(world, node, portal, relay):
    """Whatever it says of itself: who has a file's hash finds it again."""
    data = b"Gr\xfc\xdfe\0\xff\xfe\r\nend\n"
    mail = HEAD + (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
                   b"Content-Disposition: attachment; filename=a.txt\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                   base64.b64encode(data) + b"\r\n--b--\r\n")
    template = world.template({"principals": ["recipients"], "rights": [1, 7]}).template_id
    reader, page = read(portal, relay, sealed(world, node, mail, {"template_id": template}))
    assert page.status == 200 and reader.get("/message/attachment/0").body == data
    assert "Grüße" in reader.get("/message/attachment/0/show").text


@pytest.mark.skipif(is_sanitized(), reason="a sanitizer needs several times the memory and the time")
def test_a_look_does_not_hold_the_others_up(node, roomy, relay):
    """What is as large as a mail is written by a thread, not by the loop that all share."""
    wrapper, _ = protected(node, mail_of("x", attachments=[("n.txt", "text/plain", b'<"&">\n' * 200_000), ("p.png", "image/png", PNG + bytes(MIB))]))
    reader, page = opened(roomy, wrapper, relay)
    assert page.status == 200, page.problem

    def loop_ms():
        with open(f"/proc/{roomy.process.pid}/task/{roomy.process.pid}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[0]) / 1e6
    for path in ("/message/attachment/0/show", "/message/attachment/1/show", "/message/body"):
        before = loop_ms()
        for _ in range(3):
            assert reader.get(path).status == 200
        assert (loop_ms() - before) / 3 < 25, path


@pytest.mark.skipif(is_sanitized(), reason="a sanitizer needs several times the memory and the time")
def test_who_takes_nothing_holds_little(node, relay, roomy):
    """A hundred connections that ask for a large page and don't read it."""
    path = "/message/attachment/0/show"
    wrapper, _ = protected(node, mail_of("x", attachments=[("n.txt", "text/plain", b'"' * (2 * MIB))]))
    reader, _ = opened(roomy, wrapper, relay)
    size, before, sockets = len(reader.get(path).body), roomy.rss(), []
    for _ in range(100):
        one = socket.create_connection(("127.0.0.1", roomy.port))
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost:{roomy.port}\r\n"
                    f"Cookie: __Host-chancery={reader.cookies['__Host-chancery']}\r\n\r\n".encode())
        sockets.append(one)
    eventually(lambda: "Too many people" in reader.get(path).problem, "the session has no more room")
    assert size > 12 * MIB and roomy.rss() - before < 120 * MIB
    assert reader.get("/message").status == 200
    for one in sockets:
        one.close()
    eventually(lambda: reader.get(path).status == 200, "the room comes back", pause=0.2)
