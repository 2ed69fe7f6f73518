# SPDX-License-Identifier: Apache-2.0
"""chancery login: a device code at a stock OpenID provider, the token in every command from then on, renewed when it ends; and
providers that are slow, refuse, or lie."""
import base64
import concurrent.futures
import contextlib
import fcntl
import http.server
import json
import os
import re
import ssl
import stat
import subprocess
import tempfile
import threading
import time
from urllib.parse import parse_qs

import pytest

from authority import Issuer
from command import CHANCERY
from jwks_server import make_certificate
from openid import JS, Provider
from waiting import eventually

HAS_PROVIDER = os.path.isdir(f"{JS}/node_modules/oidc-provider")
needs_provider = pytest.mark.skipif(not HAS_PROVIDER, reason="npm packages of tests/e2e/js are not installed")
FAILED, USAGE, REFUSED = 1, 2, 3


class Home:
    """Somebody's home folder, in which contexts and tokens are."""

    def __init__(self, world):
        self.world = world
        self.folder = tempfile.mkdtemp(prefix="home-", dir=world.a.folder)
        self.tokens = f"{self.folder}/.config/chancery/tokens"
        self.environment = {**os.environ, "HOME": self.folder, "XDG_CONFIG_HOME": "", "CHANCERY_PROFILE": ""}

    def chancery(self, *argv, expect=0):
        done = subprocess.run([CHANCERY, *argv], capture_output=True, text=True, check=False, timeout=120, env=self.environment)
        assert done.returncode == expect, (argv, done.stdout, done.stderr)
        return done

    def add(self, name, issuer, ca_file, *more, client="cli"):
        return self.chancery("context", "add", name, "--server", f"https://{self.world.a.address}", "--ca",
                             f"{self.world.a.folder}/server.pem", "--issuer", issuer, "--issuer-ca", ca_file, "--client-id", client, *more)

    @contextlib.contextmanager
    def login(self, name):
        """A login that waits: its process, and what it has printed up to there."""
        process = subprocess.Popen([CHANCERY, "login", "--profile", name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=self.environment)
        try:
            told = ""
            while "Waiting" not in told:
                line = process.stdout.readline()
                assert line, process.stderr.read()
                told += line
            yield process, told
        finally:
            process.kill()
            process.communicate()

    def begin(self, *argv):
        return subprocess.Popen([CHANCERY, *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment)

    def path(self, name, kind):
        return f"{self.tokens}/{name}.{kind}"

    def kept(self):
        """The tokens of all contexts; the lock of one stays."""
        return [name for name in os.listdir(self.tokens) if not name.endswith(".lock")]

    def read(self, name, kind):
        with open(self.path(name, kind), encoding="ascii") as file:
            return file.read().strip()

    def end_token(self, name):
        """As if the token's time were over."""
        head, body, signature = self.read(name, "token").split(".")
        claims = json.loads(base64.urlsafe_b64decode(body + "=="))
        claims["exp"] = int(time.time()) - 10
        body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        with open(self.path(name, "token"), "w", encoding="ascii") as file:
            file.write(f"{head}.{body}.{signature}\n")

    def whoami(self, name, **options):
        return self.chancery("whoami", "--profile", name, "-o", "json", **options)


@pytest.fixture
def home(world):
    return Home(world)


# --- a stock provider -------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def provider(world):
    made = Provider("https://localhost/unused")
    try:
        keys = f"{made.folder.name}/keys.yaml"
        with open(keys, "w", encoding="utf-8") as file:
            json.dump({"jwks_json": made.jwks(), "kind": "TENANT"}, file)
        admin = Home(world)
        world.a.write("platform.pem", world.platform_admin.certificate)
        world.a.write("platform.key", world.platform_admin.key)
        admin.chancery("context", "add", "platform", "--server", f"https://{world.a.address}", "--ca", f"{world.a.folder}/server.pem",
                       "--certificate", f"{world.a.folder}/platform.pem", "--key", f"{world.a.folder}/platform.key")
        admin.chancery("issuer", "create", "--tenant", "contoso", "--discover", made.issuer, "--issuer-ca", made.ca_file,
                       "--audience", "cli", "-f", keys)
        yield made
    finally:
        made.close()


def asked(told):
    """Address and code, as they were printed."""
    lines = told.splitlines()
    return lines[1].strip(), re.search(r"^  code: (\S+)$", told, re.M)[1]


def signed_in(home, provider, name="work", address="alice@contoso.com"):
    home.add(name, provider.issuer, provider.ca_file)
    with home.login(name) as (process, told):
        provider.confirm(*asked(told), address)
        rest, error = process.communicate(timeout=60)
        assert process.returncode == 0, (rest, error)
    return told + rest


@needs_provider
def test_the_whole_way(home, provider):
    told = signed_in(home, provider)
    assert "signed in as alice@contoso.com until 20" in told and "renewed by itself" in told
    assert json.loads(home.whoami("work").stdout)["caller"]["addresses"] == ["alice@contoso.com"]
    assert "alice@contoso.com" in home.chancery("whoami").stdout  # it is the context that is used
    for kind in ("token", "refresh"):
        assert stat.S_IMODE(os.stat(home.path("work", kind)).st_mode) == 0o600, kind
        assert home.read("work", kind) not in told
    assert stat.S_IMODE(os.stat(home.tokens).st_mode) == 0o700
    assert provider.issuer in home.chancery("context", "list").stdout


@needs_provider
def test_a_token_that_has_ended_is_renewed(home, provider):
    signed_in(home, provider)
    home.end_token("work")
    ended = home.read("work", "token")
    assert json.loads(home.whoami("work").stdout)["caller"]["addresses"] == ["alice@contoso.com"]
    assert home.read("work", "token") != ended
    home.end_token("work")
    with concurrent.futures.ThreadPoolExecutor(6) as pool:  # a refresh token holds once: one of them renews, the others wait
        list(pool.map(lambda _: home.whoami("work"), range(6)))
    os.unlink(home.path("work", "refresh"))
    home.whoami("work")  # the token holds
    home.end_token("work")
    assert "has ended: chancery login --profile work" in home.whoami("work", expect=FAILED).stderr.replace('\\"', '"')


@needs_provider
def test_signing_out(home, provider):
    signed_in(home, provider)
    kept = {kind: home.read("work", kind) for kind in ("token", "refresh")}
    assert home.chancery("logout", "--profile", "work").stdout == "signed out\n"
    assert not home.kept()
    assert "nobody is signed in" in home.whoami("work", expect=FAILED).stderr
    assert home.chancery("logout", "--profile", "work").stdout == "nobody was signed in\n"
    for kind, text in kept.items():  # a copy that somebody has made: the provider has forgotten it
        with open(home.path("work", kind), "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(home.path("work", kind), 0o600)
    home.end_token("work")
    told = home.whoami("work", expect=FAILED).stderr
    assert "can't be renewed" in told and kept["refresh"] not in told


@needs_provider
def test_who_says_no(home, provider):
    home.add("work", provider.issuer, provider.ca_file)
    with home.login("work") as (process, told):
        provider.refuse(*asked(told))
        _, error = process.communicate(timeout=60)
    assert process.returncode == FAILED and "SIGN_IN_FAILED" in error and "access_denied" in error and not home.kept()


@needs_provider
def test_a_client_that_nobody_knows(home, provider):
    home.add("work", provider.issuer, provider.ca_file, client="nobody")
    assert "invalid_client" in home.chancery("login", "--profile", "work", expect=FAILED).stderr


@needs_provider
def test_doctor_looks_at_what_is_kept(home, provider):
    signed_in(home, provider)
    assert "FILE_MODE" not in home.chancery("doctor", "--profile", "work").stdout
    for kind in ("token", "refresh"):
        os.chmod(home.path("work", kind), 0o644)
        assert "FILE_MODE" in home.chancery("doctor", "--profile", "work", expect=FAILED).stdout, kind
        os.chmod(home.path("work", kind), 0o600)
    os.chmod(home.path("work", "token"), 0o604)
    assert json.loads(home.whoami("work", expect=FAILED).stderr)["error"]["reason"] == "FILE_MODE"
    os.chmod(home.path("work", "refresh"), 0o666)
    home.end_token("work")
    os.chmod(home.path("work", "token"), 0o600)
    home.whoami("work", expect=FAILED)  # who may write to it could sign us in as somebody else


# --- a provider that answers what a test wants ------------------------------------------------------------------------

class Liar:
    """`answers` of the token endpoint, one after another, the last one for ever; `metadata` and `device` over good ones."""

    def __init__(self, folder):
        self.folder, self.requests = folder, []
        make_certificate(folder)
        self.ca_file = f"{folder}/ca.pem"
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca_file, f"{folder}/key.pem")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.issuer = f"https://localhost:{self.server.server_address[1]}"
        self.tokens = Issuer(self.issuer, audience="cli")
        self.forget()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def forget(self):
        self.metadata, self.device, self.answers, self.requests = {}, {}, [], []
        self.may_answer = threading.Event()
        self.may_answer.set()

    def good(self, email="alice@contoso.com", **claims):
        return 200, {"id_token": self.tokens.token(email, **claims), "access_token": "a", "token_type": "Bearer"}

    def answer(self, path):
        if path.startswith("/.well-known/"):
            return 200, {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys", "device_authorization_endpoint": f"{self.issuer}/device",
                         "token_endpoint": f"{self.issuer}/token", "revocation_endpoint": f"{self.issuer}/revoke", **self.metadata}
        if path == "/device":
            return 200, {"device_code": "the-secret-half", "user_code": "AB-CD", "verification_uri": "https://idp.example/device",
                         "expires_in": 60, "interval": 1, **self.device}
        if path == "/token":
            self.may_answer.wait(60)
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return 503, {}

    def handler(self):
        liar = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
                liar.requests.append((self.path, {name: values[0] for name, values in parse_qs(body).items()}, self.headers.get("authorization")))
                status, document = liar.answer(self.path)
                text = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_POST = do_GET

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        return Handler

    def posted(self, path):
        return [(form, authorization) for where, form, authorization in self.requests if where == path]


@pytest.fixture(scope="module")
def all_of_liar():
    with tempfile.TemporaryDirectory(prefix="chancery-liar-") as folder:
        made = Liar(folder)
        yield made
        made.server.shutdown()


@pytest.fixture
def liar(all_of_liar):
    all_of_liar.forget()
    return all_of_liar


PENDING, SLOWER = (400, {"error": "authorization_pending"}), (400, {"error": "slow_down"})


def test_it_waits_as_it_is_told(home, liar):
    """Pending, an answer of 503 and slow_down are no end; a slow_down makes each wait 5 s longer (RFC 8628 §3.5)."""
    liar.answers = [PENDING, (503, b"<html>"), SLOWER, liar.good()]
    home.add("work", liar.issuer, liar.ca_file)
    began = time.monotonic()
    told = home.chancery("login", "--profile", "work").stdout
    assert "https://idp.example/device" in told and "code: AB-CD" in told and "the-secret-half" not in told
    assert len(liar.posted("/token")) == 4 and time.monotonic() - began > 3 + 1 + 5 - 0.5
    form, authorization = liar.posted("/token")[0]
    assert authorization is None and form == {"grant_type": "urn:ietf:params:oauth:grant-type:device_code",
                                              "device_code": "the-secret-half", "client_id": "cli"}
    assert liar.posted("/device")[0][0] == {"scope": "openid email", "client_id": "cli"}
    assert not os.path.exists(home.path("work", "refresh"))


def test_what_a_provider_says_is_shown_as_text(home, liar):
    liar.device = {"verification_uri": "https://idp.example/\u202edevice", "user_code": "A\x1b[2J\nB"}
    liar.answers = [liar.good()]
    home.add("work", liar.issuer, liar.ca_file)
    told = home.chancery("login", "--profile", "work").stdout
    assert "\u202e" not in told and "\x1b" not in told and "\\u202e" in told


@pytest.mark.parametrize("metadata, device, words", [
    ({"device_authorization_endpoint": None}, {}, "no tokens by device codes"),
    ({"device_authorization_endpoint": "http://localhost/device"}, {}, "no tokens by device codes"),
    ({"token_endpoint": "http://localhost/token"}, {}, "no tokens by device codes"), ({"issuer": "https://evil.example"}, {}, "says that it is"),
    ({}, {"device_code": ""}, "no device code"), ({}, {"user_code": 7}, "no device code"), ({}, {"verification_uri": None}, "no device code")],
    ids=["no endpoint", "http", "http for tokens", "another issuer", "no code", "no user code", "no address"])
def test_nothing_is_asked_of_whom_can_not_be_used(home, liar, metadata, device, words):
    liar.metadata, liar.device = metadata, device
    home.add("work", liar.issuer, liar.ca_file)
    told = home.chancery("login", "--profile", "work", expect=FAILED).stderr
    assert words in told and "PROVIDER_INVALID" in told and not liar.posted("/token")


@pytest.mark.parametrize("answer, words", [
    ((200, {"access_token": "a"}), "gives no ID token"), ((200, {"id_token": "nonsense"}), "no JWT"), ((200, {"id_token": "a.b.c"}), "no JWT"),
    ((200, {"id_token": "a" * 20_000}), "more than 16 KiB"), ((200, b"[]"), "gives no ID token"), ((200, b" " * 300_000), "more than 256 KiB"),
    ((400, {"error": "expired_token"}), "expired_token"),
    ((400, {}), "without a word"), ((302, {}), "refuses (302)"),
    ((400, {"error": "invalid_grant", "error_description": "no\nway\x1b[2J"}), "invalid_grant: no\\nway\\x1b")],
    ids=["no ID token", "no token", "no claims", "large", "a list", "endless", "expired", "no word", "redirect", "controls"])
def test_tokens_that_are_none(home, liar, answer, words):
    liar.answers = [answer]
    home.add("work", liar.issuer, liar.ca_file)
    told = home.chancery("login", "--profile", "work", expect=FAILED).stderr
    assert words in told or words.replace("\\x1b", "\\u001b") in told, told
    assert not home.kept()


@pytest.mark.parametrize("claims, words", [({"iss": "https://evil.example"}, "of the issuer https://evil.example"),
                                           ({"aud": "another"}, "not for the client cli"), ({"aud": ["a", 7]}, "not for the client cli")])
def test_tokens_for_others(home, liar, claims, words):
    liar.answers = [liar.good(**claims)]
    home.add("work", liar.issuer, liar.ca_file)
    told = home.chancery("login", "--profile", "work", expect=FAILED).stderr
    assert words in told and "PROVIDER_INVALID" in told and not home.kept()


@pytest.mark.parametrize("behind", [".more", " and more", "\n", "?", "%00"])
def test_text_behind_a_token(home, liar, behind):
    status, answer = liar.good()
    liar.answers = [(status, {**answer, "id_token": answer["id_token"] + behind})]
    home.add("work", liar.issuer, liar.ca_file)
    told = home.chancery("login", "--profile", "work", expect=FAILED).stderr
    assert "no JWT" in told and not home.kept()


@pytest.mark.parametrize("end, words", [(2**63 - 1, "no time at which it ends"), (253402300801, "no time at which it ends"),
                                        (1, "has ended already"), (-2**63, "has ended already"), ("tomorrow", "says no end")])
def test_tokens_that_end_at_no_time(home, liar, end, words):
    liar.answers = [liar.good(exp=end)]
    home.add("work", liar.issuer, liar.ca_file)
    told = home.chancery("login", "--profile", "work", expect=FAILED).stderr
    assert words in told and "PROVIDER_INVALID" in told and not home.kept()


def test_a_pipe_is_no_token_file(home, world):
    os.mkfifo(f"{home.folder}/pipe", 0o600)
    with open(f"{home.folder}/p.yaml", "w", encoding="utf-8") as file:
        json.dump({"server": f"https://{world.a.address}", "ca_file": f"{world.a.folder}/server.pem", "token_file": f"{home.folder}/pipe"}, file)
    told = home.chancery("whoami", "--profile", f"{home.folder}/p.yaml", expect=FAILED).stderr
    assert "is a pipe, and must be a file" in told and "PROFILE_INVALID" in told


def test_a_code_that_nobody_confirms(home, liar):
    liar.device, liar.answers = {"expires_in": 2}, [PENDING]
    home.add("work", liar.issuer, liar.ca_file)
    told = home.chancery("login", "--profile", "work", expect=FAILED).stderr
    assert "SIGN_IN_FAILED" in told and "nobody has confirmed the code in time" in told


@pytest.mark.parametrize("ways, is_posted", [(None, False), (["client_secret_post"], True)])
def test_a_client_with_a_secret(home, liar, ways, is_posted):
    secret = "a secret: with +/&% in it"
    with open(f"{home.folder}/secret", "w", encoding="ascii") as file:
        file.write(secret + "\n")
    os.chmod(f"{home.folder}/secret", 0o600)
    liar.metadata, liar.answers = {"token_endpoint_auth_methods_supported": ways}, [liar.good()]
    home.add("work", liar.issuer, liar.ca_file, "--client-secret", f"{home.folder}/secret", "--scope", "openid", "--scope", "mail")
    told = home.chancery("login", "--profile", "work")
    assert secret not in told.stdout + told.stderr
    form, authorization = liar.posted("/device")[0]
    assert form["scope"] == "openid mail" and form.get("client_secret") == (secret if is_posted else None)
    basic = base64.b64encode(b"cli:a%20secret%3A%20with%20%2B%2F%26%25%20in%20it").decode()
    assert authorization == (None if is_posted else f"Basic {basic}")


def test_a_refresh_that_gives_no_new_one_keeps_the_old(home, liar):
    status, good = liar.good()
    liar.answers = [(status, {**good, "refresh_token": "the-only-one"}), liar.good(name="again")]
    home.add("work", liar.issuer, liar.ca_file)
    home.chancery("login", "--profile", "work")
    home.end_token("work")
    home.whoami("work", expect=REFUSED)  # the authority doesn't know this issuer; but it was asked with the new token
    assert home.read("work", "refresh") == "the-only-one"
    assert liar.posted("/token")[-1][0] == {"grant_type": "refresh_token", "refresh_token": "the-only-one", "client_id": "cli"}
    told = home.chancery("logout", "--profile", "work", expect=FAILED)  # its provider answers 503
    assert told.stdout == "signed out\n" and "refuses (503)" in told.stderr and not os.path.exists(home.path("work", "token"))


def test_a_token_goes_to_no_other_context(home, liar):
    """A context that is replaced or removed takes what was got for it along: it would go to another authority."""
    for way in (("context", "remove", "work"), None):
        liar.answers = [liar.good()]
        home.add("work", liar.issuer, liar.ca_file)
        home.chancery("login", "--profile", "work")
        assert os.path.exists(home.path("work", "token"))
        if way:
            home.chancery(*way)
        else:
            home.add("work", liar.issuer, liar.ca_file, "--replace")
        assert not os.path.exists(home.path("work", "token"))


@pytest.mark.parametrize("way", ["removed", "replaced", "changed"])
def test_a_sign_in_for_a_context_that_changed_meanwhile_keeps_nothing(home, liar, way):
    """The tokens would lie there without their context, or go to the authority that was put in its place."""
    status, good = liar.good()
    liar.answers = [(status, {**good, "refresh_token": "nobodys"})]
    home.add("work", liar.issuer, liar.ca_file)
    liar.may_answer.clear()
    try:
        with home.login("work") as (process, _):
            eventually(lambda: liar.posted("/token"), "it asks for the tokens")
            if way == "removed":
                home.chancery("context", "remove", "work")
            elif way == "replaced":
                home.add("work", liar.issuer, liar.ca_file, "--authority-url", "https://other.example", "--replace")
            else:
                with open(f"{home.folder}/.config/chancery/contexts/work.yaml", "a", encoding="utf-8") as file:
                    file.write("loopback_without_tls: true\n")
            liar.may_answer.set()
            out, error = process.communicate(timeout=60)
    finally:
        liar.may_answer.set()
    assert process.returncode == FAILED and "signed in" not in out
    assert "SIGN_IN_FAILED" in error and f"context work was {'removed' if way == 'removed' else 'changed'} meanwhile" in error
    assert not home.kept() and [form["token"] for form, _ in liar.posted("/revoke")] == ["nobodys"]


def is_waiting(process):
    """For a lock of a file that somebody else has."""
    with open("/proc/locks", encoding="ascii") as file:
        return any("->" in line and f" {process.pid} " in line for line in file)


def signed_in_at_liar(home, liar):
    """With a refresh token; the token has ended."""
    status, good = liar.good()
    liar.answers = [(status, {**good, "refresh_token": "the-first"}), (status, {**liar.good(name="again")[1], "refresh_token": "the-second"})]
    home.add("work", liar.issuer, liar.ca_file)
    home.chancery("login", "--profile", "work")
    home.end_token("work")
    liar.requests.clear()


@pytest.mark.parametrize("argv", [("logout", "--profile", "work"), ("context", "remove", "work")], ids=["logout", "remove"])
def test_who_signs_out_while_it_is_renewed_is_signed_out(home, liar, argv):
    """The new tokens would come back behind "signed out", and nobody would ever revoke them."""
    signed_in_at_liar(home, liar)
    liar.may_answer.clear()
    with home.begin("whoami", "--profile", "work") as renews:
        try:
            eventually(lambda: liar.posted("/token"), "it is being renewed")
            with home.begin(*argv) as ends:
                eventually(lambda: ends.poll() is not None or is_waiting(ends), "it waits for the renewal")
                liar.may_answer.set()
                ends.communicate(timeout=60)
        finally:
            liar.may_answer.set()
        renews.communicate(timeout=60)
    assert os.listdir(home.tokens) == ["work.lock"]
    if argv[0] == "logout":
        assert [form["token"] for form, _ in liar.posted("/revoke")] == ["the-second"]


def test_nobody_renews_what_was_signed_out_meanwhile(home, liar):
    signed_in_at_liar(home, liar)
    with open(home.path("work", "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with home.begin("whoami", "--profile", "work") as renews:
            eventually(lambda: is_waiting(renews), "it waits for the lock")
            os.unlink(home.path("work", "refresh"))
            os.unlink(home.path("work", "token"))
            fcntl.flock(lock, fcntl.LOCK_UN)
            _, error = renews.communicate(timeout=60)
    assert renews.returncode == FAILED and "signed out meanwhile" in error
    assert not liar.posted("/token") and os.listdir(home.tokens) == ["work.lock"]


def test_contexts_without_a_provider(home, liar):
    home.add("work", liar.issuer, liar.ca_file)
    told = json.loads(home.whoami("work", expect=FAILED).stderr)["error"]
    assert told["reason"] == "SIGN_IN_FAILED" and "nobody is signed in for context work" in told["detail"]
    told = home.chancery("context", "add", "half", "--server", "https://x.example", "--issuer", liar.issuer, expect=USAGE).stderr
    assert "--issuer and --client-id belong together" in told
    home.world.a.write("bob.token", home.world.bob.encode())
    home.chancery("context", "add", "plain", "--server", f"https://{home.world.a.address}", "--token", f"{home.world.a.folder}/bob.token")
    assert "says not by whom to sign in" in home.chancery("login", "--profile", "plain", expect=FAILED).stderr
    assert "there is no context nobody" in home.chancery("login", "--profile", "nobody", expect=FAILED).stderr
    home.chancery("login", "extra", expect=USAGE)
    eventually(lambda: not liar.posted("/token"), "nobody is asked")
