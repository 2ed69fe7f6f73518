# SPDX-License-Identifier: Apache-2.0
"""`chancery issuer test` said that a claim was wrong, and not which; that the issuer's keys could not be fetched, and
neither from where nor why; and nothing of `identity.allow_private`, without which a provider inside is never asked."""
import base64
import json
import tempfile
import uuid

import pytest

from jwks_server import make_certificate, serve
from providers import COMMERCIAL, Entra, Provider

FOLDER = tempfile.mkdtemp(prefix="chancery-jwks-")


@pytest.fixture(scope="module")
def authority_options():
    make_certificate(FOLDER)
    return {"workers": 1, "config": {"identity": {"allow_loopback": True, "ca_file": f"{FOLDER}/ca.pem"}}}


@pytest.fixture(scope="module")
def world(world):
    w = world
    w.tid = str(uuid.uuid4())
    w.entra = Entra(COMMERCIAL)
    entra = w.call("IssuerService/CreateIssuer", {"issuer": w.entra.registration(2)}, w.platform_admin).issuer
    w.call("IssuerService/MapTenant", {"issuer_id": entra.issuer_id, "value": w.tid, "tenant": "contoso"},
           w.platform_admin)
    w.own = Provider("https://own.example", "ES256")
    w.call("IssuerService/CreateIssuer", {"issuer": {
        **w.own.registration(1), "tenant": "contoso", "clock_skew_seconds": 30,
        "claims": {"address": "mail", "aliases": ["upn"], "groups": "groups", "verified": "proven"}}}, w.platform_admin)
    return w


def said(world, token):
    """The check that failed, and what is said of it."""
    reply = world.call("IssuerService/TestToken", {"token": token}, world.platform_admin)
    assert reply.reason and not reply.checks[-1].passed
    return reply.checks[-1].name, reply.checks[-1].explanation


def claims(**more):
    return {"iss": "https://own.example", "mail": "al@contoso.com", **more}


@pytest.mark.parametrize("more, check, words", [
    ({"exp": 1700000000}, "time", ["exp is 2023-11-14T22:13:20Z", "30 s", "Here it is 20"]),
    ({"exp": "soon"}, "time", ['exp is "soon"']),
    ({"exp": None}, "time", ["exp is null"]),
    ({"nbf": 4102444800}, "time", ["nbf is 2100-01-01T00:00:00Z"]),
    ({"iat": 4102444800}, "time", ["iat is 2100-01-01T00:00:00Z"]),
    ({"nbf": "x"}, "time", ['nbf is "x"']),
    ({"aud": ["a", "b"]}, "audience", ['aud is ["a","b"]', "audiences are"]),
    ({"aud": None}, "audience", ["aud is null"]),
    ({"cnf": {"jwk": 1}}, None, ['cnf is {"jwk":1}']),
    ({"mail": 7}, "address", ["mail is 7"]),
    ({"mail": "al@fabrikam.com", "upn": "\u202eal\n"}, "address", ["al@fabrikam.com", 'upn is "\\u202Eal\\n"']),
    ({"mail": "al@contoso.com", "proven": False}, "address", ["proven is false"]),
])
def test_the_claim_was_not_named(world, more, check, words):
    name, text = said(world, world.own.sign(claims(**more)))
    assert check in (None, name) and all(word in text for word in words), (name, text)
    assert text.isprintable()


@pytest.mark.parametrize("kid", ["a\x1b[31m\u202e\nb", "\x9b"])
def test_the_answer_was_no_text(world, kid):
    """The command line refused it, and said that the authority could not be reached."""
    header = json.dumps({"alg": "ES256", "typ": "JWT", "kid": kid}).encode()
    _, body, signature = world.own.sign(claims()).split(".")
    token = f"{base64.urlsafe_b64encode(header).decode().rstrip('=')}.{body}.{signature}"
    reply = world.call("IssuerService/TestToken", {"token": token}, world.platform_admin)
    assert not reply.checks[-1].passed and reply.checks[-1].name == "key"
    assert "\\u00" in reply.checks[-1].explanation and reply.checks[-1].explanation.isprintable()


def test_a_missing_claim_was_not_named(world):
    name, text = said(world, world.own.sign({"iss": "https://own.example"}))
    assert name == "address" and "no claim mail" in text and "no claim upn" in text


def test_the_tenants_claim_was_not_named(world):
    name, text = said(world, world.entra.token(world.tid, "al@contoso.com", iss=f"{COMMERCIAL}/{uuid.uuid4()}/v2.0"))
    assert name == "tenant" and f'tid is "{world.tid}"' in text and "iss is" in text


def test_the_issuer_was_not_named(world):
    name, text = said(world, world.own.sign(claims(iss="https://own.example/")))
    assert name == "issuer" and "claim iss must be a registered address" in text


@pytest.fixture(scope="module")
def server():
    with open(f"{FOLDER}/broken.json", "w", encoding="ascii") as file:
        file.write('{"kees": []}')
    return serve(FOLDER)


@pytest.mark.parametrize("url, why", [
    ("https://127.0.0.1:1/keys", "connect"),
    ("https://10.1.2.3/keys", "identity.allow_private"),
    ("https://[fd00::1]/keys", "identity.allow_private"),
    ("https://169.254.169.254/keys", "no address from which keys may be fetched"),
    ("{server}/none.json", "the status is not 200 but 404"),
    ("{server}/moved", "not 200 but 302"),
    ("{server}/broken.json", "a list of keys"),
    ("{elsewhere}/x", "certificate"),
])
def test_the_address_of_the_keys_and_the_problem_were_not_named(world, server, url, why):
    other = tempfile.mkdtemp(prefix="chancery-jwks-")
    make_certificate(other)
    url = url.format(server=server, elsewhere=serve(other) if "elsewhere" in url else "")
    provider = Provider(f"https://{uuid.uuid4()}.example", "ES256")
    world.call("IssuerService/CreateIssuer", {"issuer": {
        "kind": "ISSUER_KIND_CONSUMER", "boundary": "commercial", "issuer": provider.iss, "audiences": ["chancery"],
        "algorithms": ["ES256"], "jwks_url": url, "domains": ["x.example"]}}, world.platform_admin)
    token = provider.sign({"iss": provider.iss, "email": "a@x.example"})
    for _ in range(2):  # the second time it is remembered
        name, text = said(world, token)
        assert name == "key" and url in text and why in text and "s ago" in text, text


def test_a_key_that_is_not_published_was_not_named(world):
    other = Provider("https://own.example", "ES256")
    name, text = said(world, other.sign(claims()))
    assert name == "key" and other.keys[0][0]["kid"] in text and "jwks_json" in text
