# SPDX-License-Identifier: Apache-2.0
"""The portal of examples/portal for one test, and a reader at it: what a browser does, without one. Forms are filled in
as they stand on the page, so a field that is missing there is missing here."""
import html.parser
import http.client
import os
import re
import subprocess
import uuid

from authority import BUILD
from smtp_server import free_port
from waiting import eventually

PORTAL = f"{BUILD}/examples/portal/chancery-portal"
WHY_NOT = "" if os.path.exists(PORTAL) else "libmicrohttpd-dev or libxml2-dev was not there when this was built"


class Portal:
    """The program, for an authority's node in whose folder its files lie."""

    def __init__(self, node, identity, lines="", program=PORTAL, **settings):
        self.port, self.program = free_port(), program
        self.origin = f"http://localhost:{self.port}"
        self.log, self.settings, self.process = f"{node.folder}/portal-{self.port}.log", f"{node.folder}/portal-{self.port}.conf", None
        node.write("portal.pem", identity.certificate)
        node.write("portal.key", identity.key)
        values = {"port": self.port, "origin": self.origin, "server": f"https://{node.address}",
                  "ca_file": f"{node.folder}/server.pem", "certificate_file": f"{node.folder}/portal.pem",
                  "key_file": f"{node.folder}/portal.key", "name": "'Lesé-Portal'", "timeout_seconds": 8, "mail_mib": 4,
                  "memory_mib": 256, **settings}
        with open(self.settings, "w", encoding="utf-8") as file:
            file.write("# as a test has it\n" + "".join(f"{name} {value}\n" for name, value in values.items()) + lines)

    def __enter__(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.program, self.settings], stderr=log)
        eventually(lambda: "listening" in self.said(), self.said)
        return self

    def said(self):
        with open(self.log, encoding="utf-8") as file:
            return file.read()

    def __exit__(self, *_):
        self.process.terminate()
        code = self.process.wait(timeout=30)
        assert code == 0, (code, self.said())

    def rss(self):
        """Bytes of memory that it has now."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * 4096

    def reader(self, **more):
        return Reader(self, **more)


class Page(html.parser.HTMLParser):  # pylint: disable=too-many-instance-attributes,abstract-method
    """An answer: its forms, links, and the text between tags."""

    def __init__(self, status, headers, body):
        super().__init__()
        self.status, self.headers, self.body = status, headers, body
        self.forms, self.links, self.tags, self.texts = [], [], [], []
        if headers.get("content-type", "").startswith("text/html"):
            self.feed(body.decode())

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag == "form":
            self.forms.append((attributes["action"], {}))
        is_sent = attributes.get("type") != "file" and (attributes.get("type") != "checkbox" or "checked" in attributes)
        if tag == "input" and self.forms and is_sent:
            self.forms[-1][1][attributes["name"]] = attributes.get("value", "")
        if tag == "a":
            self.links.append(attributes.get("href"))

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", "".join(self.texts))

    @property
    def problem(self):
        """What is announced as having gone wrong; "" if nothing is."""
        found = re.search(rb'<p class="problem" role="alert" id="problem">(.*?)</p>', self.body)
        return html.unescape(found.group(1).decode()) if found else ""

    def form(self, action):
        return next(dict(fields) for at, fields in self.forms if at == action)

    def attribute(self, tag, name):
        return [attributes.get(name) for found, attributes in self.tags if found == tag]


class Reader:
    """A browser with cookies, for one person."""

    def __init__(self, portal, language="en", address="192.0.2.7"):
        self.portal, self.cookies = portal, {}
        self.headers = {"Accept-Language": language, "X-Real-IP": address}

    def ask(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.portal.port, timeout=60)
        sent = {"Host": f"localhost:{self.portal.port}", **self.headers}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method == "POST":
            sent["Origin"] = self.portal.origin
        sent.update(headers)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in sent.items() if value is not None})
        got = connection.getresponse()
        answer = Page(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
        for line in got.headers.get_all("Set-Cookie") or ():
            self.keep(line)
        connection.close()
        return answer

    def keep(self, line):
        """A cookie, as RFC 6265bis has those of __Host-."""
        pair, *attributes = line.split("; ")
        name, _, value = pair.partition("=")
        assert name.startswith("__Host-") and {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= set(attributes), line
        self.cookies.pop(name, None)
        if value and "Max-Age=0" not in attributes:
            self.cookies[name] = value

    def follow(self, answer):
        """Where it leads, to the end."""
        while answer.status == 303:
            answer = self.get(answer.headers["location"])
        return answer

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def post(self, path, fields, **headers):
        body = "&".join(f"{quoted(name)}={quoted(value)}" for name, value in fields.items())
        return self.ask("POST", path, body, Content_Type="application/x-www-form-urlencoded", **headers)

    def submit(self, page, action, **fields):
        """Fill in a page's form, and follow where that leads."""
        return self.follow(self.post(action, {**page.form(action), **fields}))

    def upload(self, *files, content="", **headers):
        boundary = uuid.uuid4().hex
        parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="content"\r\n\r\n{content}\r\n'.encode()]
        for number, data in enumerate(files):
            parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="mail"; filename="{number}.eml"\r\n'
                         "Content-Type: application/octet-stream\r\n\r\n".encode() + data + b"\r\n")
        return self.follow(self.ask("POST", "/open", b"".join(parts) + f"--{boundary}--\r\n".encode(),
                                    Content_Type=f"multipart/form-data; boundary={boundary}", **headers))


def quoted(text):
    return "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"%{byte:02X}" for byte in text.encode())
