# SPDX-License-Identifier: Apache-2.0
"""A stock OpenID provider for one test, and somebody who signs in there by its own pages."""
import html.parser
import http.cookiejar
import json
import os
import ssl
import subprocess
import tempfile
import urllib.parse
import urllib.request

from jwks_server import make_certificate
from smtp_server import free_port

JS = os.path.realpath(f"{os.path.dirname(__file__)}/../e2e/js")
CLIENT, SECRET = "portal", "a secret: with +/&% in it"


class Provider:
    """tests/e2e/js/provider.mjs, for a portal's address."""

    def __init__(self, redirect_uri):
        self.folder = tempfile.TemporaryDirectory(prefix="chancery-openid-")
        make_certificate(self.folder.name)
        self.ca_file, self.secret_file = f"{self.folder.name}/ca.pem", f"{self.folder.name}/secret"
        with open(self.secret_file, "w", encoding="utf-8") as file:
            file.write(SECRET + "\n")
        self.port = free_port()
        self.issuer = f"https://localhost:{self.port}"
        self.process = subprocess.Popen(
            ["node", "provider.mjs", str(self.port), f"{self.folder.name}/key.pem", self.ca_file, CLIENT, SECRET, redirect_uri],
            cwd=JS, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout.readline().strip() == "listening"

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=20)
        self.process.stdout.close()
        self.folder.cleanup()

    def jwks(self):
        with urllib.request.urlopen(f"{self.issuer}/jwks", context=ssl.create_default_context(cafile=self.ca_file), timeout=20) as page:
            return json.dumps(json.load(page))

    def _through_pages(self, url, typed, aborted=False):
        """Send each form as it comes, with what is typed into its fields; the first answer that has none, or what comes of
        Abort."""
        opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=self.ca_file)),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), _Stop(self.issuer))
        answer = opener.open(url, timeout=20)
        while answer.status == 200:
            form = _Form(answer.read().decode())
            if not form.action:
                break
            fields = {**form.fields, **{name: value for name, value in typed.items() if name in form.fields}}
            is_last = aborted and "confirm" in fields
            fields = {**fields, **({"abort": "yes"} if is_last else {})}
            answer = opener.open(urllib.parse.urljoin(answer.url, form.action), urllib.parse.urlencode(fields).encode(), timeout=20)
            if is_last:
                break
        return answer

    def sign_in(self, url, address):
        """Go where the portal has sent the reader, sign in and agree; the address to which the provider sends them back."""
        return self._through_pages(url, {"login": address, "password": "x"}).headers["location"]

    def confirm(self, url, code, address):
        """Enter a device code, sign in and agree."""
        assert self._through_pages(url, {"user_code": code, "login": address, "password": "x"}).status == 200

    def refuse(self, url, code):
        """Enter a device code, and press Abort where it is asked whether the device is one's own."""
        self._through_pages(url, {"user_code": code}, aborted=True)


class _Form(html.parser.HTMLParser):  # pylint: disable=abstract-method
    def __init__(self, text):
        super().__init__()
        self.action, self.fields = "", {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "form":
            self.action = attributes["action"]
        if tag == "input" and "name" in attributes:
            self.fields[attributes["name"]] = attributes.get("value", "")


class _Stop(urllib.request.HTTPRedirectHandler):
    """Follows nothing that leads away from the provider."""

    def __init__(self, issuer):
        self.issuer = issuer

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # pylint: disable=R0913
        return super().redirect_request(req, fp, code, msg, headers, newurl) if newurl.startswith(self.issuer) else None

    def http_error_303(self, req, fp, code, msg, headers):  # pylint: disable=R0913
        if not urllib.parse.urljoin(req.full_url, headers["location"]).startswith(self.issuer):
            return fp
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_302 = http_error_303
