# SPDX-License-Identifier: Apache-2.0
"""More shapes of key sets and claims that providers write, and that took their people's access away."""
import base64
import json

import pytest
from jwcrypto import jwk
from jwcrypto.common import base64url_encode

from calls import outcome
from providers import Provider

TENANT = 1


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1}


def register(w, members, before=()):
    """A provider of Fabrikam's; its key has these members too, and others stand before it in the set."""
    provider = Provider(f"https://{w.unique('idp')}.fabrikam.com", "RS256")
    own = {**provider.keys[0][0].export_public(as_dict=True), **members}
    jwks = json.dumps({"keys": [*before, own]})
    request = provider.registration(TENANT, tenant="fabrikam", jwks_json=jwks)
    w.call("IssuerService/CreateIssuer", {"issuer": request}, w.fabrikam.admin)
    return provider


def read(w, provider, **claims):
    return outcome(w.acquire, w.made, provider.sign({"iss": provider.iss, "email": "bob@fabrikam.com", **claims}))


@pytest.mark.parametrize("member", ["alg", "use", "key_ops", "crv", "x5c", "x5t", "exp"])
def test_null_for_what_is_not_there_made_the_key_unusable(world, member):
    """Serializers write members without a value as null: of those that say what a key is for, null said that it is for nothing."""
    assert read(world, register(world, {member: None})) == "OK"


def test_keys_for_encryption_took_the_room_of_those_for_signatures(world):
    """A set is cut at 256 keys, and those that verify nothing counted."""
    key = jwk.JWK.generate(kty="EC", crv="P-256").export_public(as_dict=True)
    many = [{**key, "use": "enc", "kid": f"e{n}"} for n in range(256)]
    assert read(world, register(world, {}, many)) == "OK"


def rsa(n, e):
    def number(value):
        return base64url_encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))
    return {"kty": "RSA", "kid": "odd", "n": number(n), "e": number(e)}


@pytest.mark.parametrize("entry", [
    rsa(2**2048 - 1, 2**2047 + 1), rsa(2**2048 - 1, 1), rsa(2**16384 - 1, 3), {"kty": "RSA", "x5c": ["MIIB"], "kid": "x"},
    {"kty": "RSA", "x5c": [base64.b64encode(b"0" * 500).decode()], "use": "sig"},
    {"kty": "oct"}, {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"}, {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"},
    {"nbf": 18446744073709551616}, {"weight": 1e308}, {"kid": 7, "kty": "RSA"}, {"kty": "RSA", "n": None, "e": None},
], ids=range(12))
def test_an_odd_key_took_the_others_away(world, entry):
    assert read(world, register(world, {}, [entry])) == "OK"


@pytest.mark.parametrize("value", [18446744073709551615, -9223372036854775809, 10**40, {"a": [10**30]}, -10**30],
                         ids=range(5))
def test_a_number_beyond_64_bits_refused_its_person(world, value):
    """An optional claim that nobody asks for."""
    assert read(world, register(world, {}), employee=value) == "OK"
    assert read(world, register(world, {}), employee={"n": value, "s": f"{value}, \\\" {value}"}) == "OK"


def test_a_time_beyond_64_bits_still_refuses(world):
    provider = register(world, {})
    for claim in ("nbf", "iat"):
        assert read(world, provider, **{claim: 10**30}) in ("TOKEN_NOT_YET_VALID", "TOKEN_CLAIM_INVALID"), claim
        assert read(world, provider, **{claim: -10**30}) in ("OK", "TOKEN_CLAIM_INVALID"), claim
    assert read(world, provider, exp=10**30) == "TOKEN_CLAIM_INVALID"


@pytest.mark.parametrize("claim", ["name", "nickname"])
def test_a_text_with_a_nul_or_half_a_character(world, claim):
    provider = register(world, {})
    for value in ("a\u0000b", "\ud83d", "\U0001f600", "\u202e"):
        assert read(world, provider, **{claim: value}) == "OK", ascii(value)
