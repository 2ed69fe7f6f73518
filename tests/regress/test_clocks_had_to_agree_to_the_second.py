# SPDX-License-Identifier: Apache-2.0
"""Who registered an issuer and said nothing of clocks got a skew of 0: a provider whose clock was a second ahead of ours
issued tokens that were refused as not valid yet, for a second each, and nobody could tell why."""
import time

import pytest

from calls import outcome
from providers import Provider


def register(w, **skew):
    provider = Provider(f"https://{w.unique('idp')}.fabrikam.com", "ES256")
    request = {**provider.registration(1, tenant="fabrikam"), **skew}
    if not skew:
        request.pop("clock_skew_seconds")
    made = w.call("IssuerService/CreateIssuer", {"issuer": request}, w.fabrikam.admin).issuer
    return provider, made


def read(w, provider, **times):
    token = provider.sign({"iss": provider.iss, "email": "bob@fabrikam.com", **times})
    return outcome(w.acquire, w.made, token)


def test_a_clock_ahead_by_seconds_made_tokens_worthless(world):
    provider, made = register(world)
    assert made.clock_skew_seconds == 60
    now = int(time.time())
    assert read(world, provider, nbf=now + 20, iat=now + 20) == "OK"
    assert read(world, provider, exp=now - 20) == "OK"
    assert read(world, provider, nbf=now + 200, iat=now + 200) == "TOKEN_NOT_YET_VALID"
    assert read(world, provider, exp=now - 200) == "TOKEN_EXPIRED"


def test_none_is_none_where_it_is_meant(world):
    provider, made = register(world)
    request = {"issuer": {"issuer_id": made.issuer_id}, "update_mask": {"paths": ["clock_skew_seconds"]}}
    assert world.call("IssuerService/UpdateIssuer", request, world.fabrikam.admin).issuer.clock_skew_seconds == 0
    assert read(world, provider, nbf=int(time.time()) + 20) == "TOKEN_NOT_YET_VALID"


@pytest.mark.parametrize("seconds", [1, 60, 300])
def test_what_is_given_is_kept(world, seconds):
    assert register(world, clock_skew_seconds=seconds)[1].clock_skew_seconds == seconds
