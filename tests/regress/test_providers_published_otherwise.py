# SPDX-License-Identifier: Apache-2.0
"""Key sets and claims as identity providers publish them, and as we took them for wrong: for one entry a set was refused
whole, for one optional claim its person. Sets that come otherwise over HTTPS are in tests/unit/identity."""
import base64
import gzip
import json

import pytest
from jwcrypto import jwk

from calls import outcome, reason
from jwks_server import make_certificate, serve
from providers import Provider
from world import VIEW, grant

TENANT = 1
STRANGE = [None, {}, {"value": "bob@fabrikam.com"}, 1.5, 7, True, [], [None, {}, 1.5]]


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("keys"))
    make_certificate(folder)
    return folder, serve(folder)


@pytest.fixture(scope="module")
def authority_options(keys):
    return {"workers": 1, "config": {"identity": {"allow_loopback": True, "ca_file": f"{keys[0]}/ca.pem"}}}


def register(w, jwks=None, url=None, **more):
    """A provider of Fabrikam's, whose set is what `jwks` makes of its own."""
    provider = Provider(f"https://{w.unique('idp')}.fabrikam.com", "ES256")
    own = {"jwks_url": url} if url else {"jwks_json": jwks(provider) if jwks else provider.jwks()}
    request = {**provider.registration(TENANT, tenant="fabrikam", **more)}
    request.pop("jwks_json")
    w.call("IssuerService/CreateIssuer", {"issuer": {**request, **own}}, w.fabrikam.admin)
    return provider


def read(w, provider, made=None, **claims):
    return outcome(w.acquire, made or w.made, provider.sign({"iss": provider.iss, "email": "bob@fabrikam.com", **claims}))


def public(key, **members):
    return {**key.export_public(as_dict=True), **members}


def other(kind="EC", **more):
    return jwk.JWK.generate(kty=kind, **({"crv": "P-256"} if kind == "EC" else {}), **more)


def shared(provider, *beside):
    """A set with the provider's key among others of its kid."""
    key = provider.keys[0][0]
    return json.dumps({"keys": [*[public(one, kid=key["kid"], **members) for one, members in beside], public(key)]})


SETS = {
    # Keycloak: a key to sign and one to encrypt with, of one name.
    "encryption key of the same kid": lambda p: shared(p, (other("RSA", size=2048), {"use": "enc", "alg": "RSA-OAEP"})),
    "another signing key of the same kid": lambda p: shared(p, (other(), {"use": "sig"})),
    "the key twice": lambda p: json.dumps({"keys": [public(p.keys[0][0])] * 2}),
    "a key of another issuer under the kid": lambda p: shared(p, (other(), {"issuer": "https://a.example"})),
    "null": lambda p: json.dumps({"keys": [None, public(p.keys[0][0]), None]}),
    "no objects": lambda p: json.dumps({"keys": [[], 7, "", {}, public(p.keys[0][0])]}),
    "nulls for what is not there": lambda p: json.dumps({"keys": [public(p.keys[0][0], d=None, p=None, k=None, x5c=None)]}),
    "unknown kinds": lambda p: json.dumps({"keys": [{"kty": "EC", "crv": "P-521", "x": "A", "y": "A"}, {"kty": "AKP"},
                                                    {"kty": None}, public(p.keys[0][0])]}),
    "a byte order mark": lambda p: "\ufeff" + p.jwks(),
    "a hundred keys": lambda p: json.dumps({"keys": [public(other(), kid=f"k{n}") for n in range(100)]
                                            + [public(p.keys[0][0])]}),
}


@pytest.mark.parametrize("name", SETS)
def test_set_was_refused_for_one_entry(world, keys, name):
    """A duplicate kid, one entry that is no key, or more than 64, and nobody of that provider was let in."""
    assert read(world, register(world, SETS[name])) == "OK"
    remote = register(world, url=f"{keys[1]}/{abs(hash(name))}.json")
    with open(f"{keys[0]}/{abs(hash(name))}.json", "w", encoding="utf-8") as file:
        file.write(SETS[name](remote))
    assert read(world, remote) == "OK"


def test_set_came_compressed(world, keys):
    """Some servers send gzip whether they are asked for it or not."""
    provider = register(world, url=f"{keys[1]}/set.gz")
    with open(f"{keys[0]}/set.gz", "wb") as file:
        file.write(gzip.compress(provider.jwks().encode()))
    assert read(world, provider) == "OK"


def test_secret_keys_still_refuse_their_set(world):
    provider = Provider("https://idp.fabrikam.com/secret", "ES256")
    key = provider.keys[0][0]
    for bad in ({"kty": "oct", "k": "AAAA"}, key.export_private(as_dict=True)):
        request = provider.registration(TENANT, tenant="fabrikam", jwks_json=json.dumps({"keys": [public(key), bad]}))
        assert reason(world.call, "IssuerService/CreateIssuer", {"issuer": request}, world.fabrikam.admin) == "FIELD_INVALID"


def test_signature_of_no_key_is_refused(world):
    """Under a kid with several keys every one of them is tried, and nobody else's."""
    provider = register(world, lambda p: shared(p, (other(), {}), (other(), {})))
    token = provider.sign({"iss": provider.iss, "email": "bob@fabrikam.com"})
    signed, signature = token.rsplit(".", maxsplit=1)
    bits = bytearray(base64.urlsafe_b64decode(signature + "=="))
    bits[5] ^= 1
    bad = f"{signed}.{base64.urlsafe_b64encode(bits).rstrip(b'=').decode()}"
    assert outcome(world.acquire, world.made, bad) == "TOKEN_SIGNATURE"
    assert outcome(world.acquire, world.made, token) == "OK"


@pytest.mark.parametrize("claim", ["upn", "proxyAddresses", "groups", "tid", "iat", "name"])
def test_optional_claim_refused_its_person(world, claim):
    """Null, a map or a fraction where we look for a text or a list."""
    provider = register(world, claims={"aliases": ["upn", "proxyAddresses"], "groups": "groups"})
    for value in STRANGE:
        assert read(world, provider, **{claim: value}) == "OK", value


def test_time_was_no_whole_number(world):
    """RFC 7519 §2: a NumericDate may have fractions. Null names no time; .NET writes year 1."""
    provider = register(world)
    for value in (None, 1700000000.5, 0, -62135596800):
        assert read(world, provider, nbf=value) == "OK", value
    for value in ("1700000000", {}, [], True, 4102444800.5):
        assert read(world, provider, nbf=value) in ("TOKEN_CLAIM_INVALID", "TOKEN_NOT_YET_VALID"), value
    assert read(world, provider, iat=4102444800.5) == "TOKEN_NOT_YET_VALID"
    for value in (None, {}, 4102444800.5, "4102444800"):
        assert read(world, provider, exp=value) == "TOKEN_CLAIM_INVALID", value


def test_alias_and_group_beside_a_strange_one_count(world):
    """What is not understood takes nothing else away."""
    provider = register(world, claims={"aliases": ["upn"], "groups": "groups"})
    alias = world.protect(recipients=["bobby@fabrikam.com"])
    group = world.protect(recipients=[], custom={"grants": [grant("group:readers@fabrikam.com", VIEW)]})
    claims = {"upn": [None, {}, "bobby@fabrikam.com", 1.5], "groups": [None, "readers@fabrikam.com", {}, 7]}
    assert read(world, provider, alias, **claims) == "OK"
    assert read(world, provider, group, **claims) == "OK"


@pytest.mark.parametrize("value", [None, {}, 1.5, [], ["bob@fabrikam.com"]], ids=repr)
def test_what_identifies_or_takes_away_still_refuses(world, value):
    """The address itself, and what would give something if it were left out."""
    provider = register(world, claims={"aliases": ["upn"], "guest": "kind"})
    assert read(world, provider, email=value, upn="bob@fabrikam.com") == "TOKEN_CLAIM_INVALID"
    assert read(world, provider, cnf=value) == "TOKEN_TYPE"
    members = world.protect(recipients=[], custom={"grants": [grant("tenant:fabrikam", VIEW)]})
    assert read(world, provider, members) == "OK"
    assert read(world, provider, members, kind=value) == "NO_RIGHTS"
    assert read(world, provider, email_verified=value) == "TOKEN_NO_ADDRESS"
