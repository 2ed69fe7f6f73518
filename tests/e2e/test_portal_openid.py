# SPDX-License-Identifier: Apache-2.0
"""Signing in at the portal by OpenID Connect, at a stock provider: the code flow with PKCE, and whoever tampers with it: wrong
and replayed state, codes of others, another issuer's answer, tokens for others."""
import contextlib
import http.server
import json
import os
import ssl
import threading
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from authority import Issuer
from openid import CLIENT, JS, Provider
from portal import WHY_NOT, Portal
from portal_world import KIM, authority_options, mail_of, no_passcodes, node, protected, relay  # noqa: F401  pylint: disable=W0611
from smtp_server import free_port
from world import CONSUMER

WHY_NOT = WHY_NOT or ("" if os.path.isdir(f"{JS}/node_modules/oidc-provider") else "npm packages of tests/e2e/js are not installed")
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "never")
LIAR = 1


@pytest.fixture(scope="module")
def liar(world):
    """A provider that answers what a test wants: `claims` over good ones, `metadata` over good ones."""
    with Liar() as made:
        world.a.issuer(made.tokens, CONSUMER, boundary="commercial")
        yield made


@pytest.fixture(scope="module")
def portal(world, node, liar):
    portal = Portal(node, world.portal)
    provider = Provider(f"{portal.origin}/provider/0/callback")
    try:
        world.a.call("IssuerService/CreateIssuer", {"issuer": {
            "kind": CONSUMER, "issuer": provider.issuer, "audiences": [CLIENT], "algorithms": ["RS256"], "jwks_json": provider.jwks(),
            "boundary": "commercial"}}, world.platform_admin)
        both = f"{node.folder}/providers.pem"
        with open(both, "wb") as file:
            for ca_file in (provider.ca_file, liar.ca_file):
                with open(ca_file, "rb") as one:
                    file.write(one.read())
        with open(portal.settings, "a", encoding="utf-8") as file:
            file.write(f"provider_ca_file {both}\nprovider 'Konto & Co' {provider.issuer} {CLIENT} {provider.secret_file}\n"
                       f"provider Liar {liar.issuer} {CLIENT}\n")
        portal.provider = provider
        with portal:
            yield portal
    finally:
        provider.close()


@pytest.fixture(scope="module")
def wrapped(node):
    return protected(node, mail_of(), recipients=(KIM, "lea@mail.example"))[0]


class Liar:
    def __init__(self):
        liar = self
        self.claims, self.metadata, self.asked = {}, {}, []
        self.port = free_port()
        self.issuer = f"https://localhost:{self.port}"
        self.tokens = Issuer(self.issuer)
        self.tokens.audience = CLIENT

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                self.answer({"issuer": liar.issuer, "authorization_endpoint": f"{liar.issuer}/auth?x=1", "token_endpoint": f"{liar.issuer}/token",
                             **liar.metadata})

            def do_POST(self):  # pylint: disable=invalid-name
                liar.asked.append(parse_qs(self.rfile.read(int(self.headers["content-length"])).decode()))
                self.answer({"id_token": liar.token(), "access_token": "x", "token_type": "Bearer"})

            def answer(self, value):
                body = json.dumps({key: item for key, item in value.items() if item is not None}).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):  # pylint: disable=arguments-differ
                pass

        self.handler = Handler

    def token(self):
        if isinstance(self.claims, str):
            return self.claims
        now = int(time.time())
        claims = {"aud": CLIENT, "nonce": self.nonce, "iat": now, "exp": now + 600, "email_verified": True, **self.claims}
        return self.tokens.token(KIM, **claims)

    def __enter__(self):
        from jwks_server import make_certificate  # pylint: disable=import-outside-toplevel
        import tempfile  # pylint: disable=import-outside-toplevel
        self.folder = tempfile.TemporaryDirectory(prefix="chancery-liar-")
        make_certificate(self.folder.name)
        self.ca_file = f"{self.folder.name}/ca.pem"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca_file, f"{self.folder.name}/key.pem")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), self.handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.folder.cleanup()

    @contextlib.contextmanager
    def says(self, claims=None, **metadata):
        self.claims, self.metadata = {} if claims is None else claims, metadata
        yield
        self.claims, self.metadata = {}, {}


def begun(portal, wrapped, provider=0):
    """A reader who was sent to a provider, and where to."""
    reader = portal.reader()
    reader.upload(wrapped)
    answer = reader.get(f"/provider/{provider}")
    return reader, answer.headers.get("location", ""), answer


def path_of(url):
    return urlsplit(url)._replace(scheme="", netloc="").geturl()


def come_back(reader, url, **changed):
    """Follow a callback, perhaps with other parameters."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    query.update(changed)
    return reader.follow(reader.get(f"{urlsplit(url).path}?{urlencode({key: value for key, value in query.items() if value is not None})}"))


def failed(answer):
    return answer.status == 403 and "not completed" in answer.problem


# --- the way ---


def test_a_reader_signs_in_and_reads(world, portal, wrapped):
    reader, url, _ = begun(portal, wrapped)
    asked = parse_qs(urlsplit(url).query)
    assert (asked["response_type"], asked["code_challenge_method"], asked["scope"]) == (["code"], ["S256"], ["openid email"])
    assert all(len(asked[name][0]) == 43 for name in ("state", "nonce", "code_challenge"))
    back = portal.provider.sign_in(url, KIM)
    assert back.startswith(f"{portal.origin}/provider/0/callback?") and "iss=" in back
    before = dict(reader.cookies)
    page = reader.follow(reader.get(path_of(back), Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document"))
    assert page.status == 200 and "Plan" in page.text and reader.cookies != before
    assert world.audit(tenant="contoso")[0].user == KIM


def test_whoever_is_no_recipient(portal, wrapped):
    reader, url, _ = begun(portal, wrapped)
    page = reader.follow(reader.get(path_of(portal.provider.sign_in(url, "eve@mail.example"))))
    assert page.status == 403 and "does not open for the account" in page.problem and "/sign-in" in page.links


def test_the_button(portal, wrapped):
    reader = portal.reader()
    page = reader.upload(wrapped)
    assert "Sign in with Konto & Co" in page.text and "/provider/0" in page.links
    assert reader.get("/provider/2").status == 404 and portal.reader().get("/provider/0").status == 403


# --- state, codes, issuers ---


def test_wrong_and_replayed_states(portal, wrapped):
    for state in ("", "x", "a" * 43, None):
        reader, url, _ = begun(portal, wrapped)
        back = portal.provider.sign_in(url, KIM)
        assert failed(come_back(reader, back, state=state))
        assert failed(come_back(reader, back)), "a state is used up by the first try"
    reader, url, _ = begun(portal, wrapped)
    back = portal.provider.sign_in(url, KIM)
    assert come_back(reader, back).status == 200
    assert failed(come_back(reader, back)), "nor is it replayed"
    assert failed(portal.reader().upload(wrapped) and come_back(begun(portal, wrapped)[0], back))


def test_an_answer_in_anothers_browser(portal, wrapped):
    """Mallory makes Kim's browser sign in as Mallory: the state isn't that browser's."""
    _, url, _ = begun(portal, wrapped)
    mallorys = portal.provider.sign_in(url, "mallory@mail.example")
    kim, _, _ = begun(portal, wrapped)
    assert failed(come_back(kim, mallorys))
    nobody = portal.reader()
    assert nobody.get(path_of(mallorys)).status == 403


def test_a_code_that_was_stolen_needs_the_verifier(portal, wrapped):
    """PKCE: Mallory has Kim's code, and brings it to her own session with her own state."""
    _, url, _ = begun(portal, wrapped)
    kims = parse_qs(urlsplit(portal.provider.sign_in(url, KIM)).query)["code"][0]
    mallory, url, _ = begun(portal, wrapped)
    back = portal.provider.sign_in(url, "mallory@mail.example")
    assert failed(come_back(mallory, back, code=kims))


def test_codes_that_are_none(portal, wrapped):
    for code in ("", "x", None, "a" * 10000):
        reader, url, _ = begun(portal, wrapped)
        assert come_back(reader, portal.provider.sign_in(url, KIM), code=code).status in (403, 414, 431)
    reader, url, _ = begun(portal, wrapped)
    assert failed(come_back(reader, portal.provider.sign_in(url, KIM), code=None, error="access_denied"))


def test_issuers_are_not_mixed_up(portal, wrapped, liar):
    """RFC 9207: who answers must be who was asked, by address of return and by name."""
    for iss in (liar.issuer, f"{portal.provider.issuer}/", "", None):
        reader, url, _ = begun(portal, wrapped)
        assert failed(come_back(reader, portal.provider.sign_in(url, KIM), iss=iss)), iss
    reader, url, _ = begun(portal, wrapped)
    back = portal.provider.sign_in(url, KIM)
    before = len(liar.asked)
    assert failed(come_back(reader, back.replace("/provider/0/", "/provider/1/")))
    assert len(liar.asked) == before, "the code didn't go to the other one"


# --- ID tokens ---


def come_from(liar, portal, wrapped, claims=None, **metadata):
    with liar.says(claims, **metadata):
        reader, url, answer = begun(portal, wrapped, LIAR)
        if not url:
            return answer
        asked = parse_qs(urlsplit(url).query)
        liar.nonce = asked["nonce"][0]
        return come_back(reader, f"{asked['redirect_uri'][0]}?code=c&state={asked['state'][0]}")


def test_the_liar_when_it_tells_the_truth(liar, portal, wrapped):
    page = come_from(liar, portal, wrapped)
    assert page.status == 200 and "Plan" in page.text
    assert liar.asked[-1]["client_id"] == [CLIENT] and len(liar.asked[-1]["code_verifier"][0]) == 43


@pytest.mark.parametrize("claims", [
    {"nonce": "x" * 43}, {"nonce": ""}, {"aud": "another"}, {"aud": ["another"]}, {"aud": [CLIENT, "another"]}, {"azp": "another"},
    {"iss": "https://evil.example"}, {"exp": 1}, {"exp": "tomorrow"}, {"iat": 1}, {"iat": 99999999999}, "x", "a.b.c", "..", "e30.e30.e30",
    "x" * 20000], ids=str)
def test_id_tokens_for_others(liar, portal, wrapped, claims):
    assert failed(come_from(liar, portal, wrapped, claims))


def test_a_signature_is_the_authoritys_to_check(liar, portal, wrapped):
    good = liar.tokens.key
    liar.tokens.key = Issuer("https://x.example").key
    try:
        page = come_from(liar, portal, wrapped)
        assert page.status == 403 and "not known here" in page.problem
    finally:
        liar.tokens.key = good


@pytest.mark.parametrize("metadata", [
    {"issuer": "https://evil.example"}, {"issuer": None}, {"authorization_endpoint": "http://x"}, {"authorization_endpoint": "javascript:x"},
    {"token_endpoint": None}, {"token_endpoint": 7}], ids=str)
def test_metadata_that_lies(liar, portal, wrapped, metadata):
    page = come_from(liar, portal, wrapped, **metadata)
    assert page.status == 502 and "does not answer" in page.problem


def test_who_says_that_it_names_itself_must(liar, portal, wrapped):
    assert failed(come_from(liar, portal, wrapped, authorization_response_iss_parameter_supported=True))
