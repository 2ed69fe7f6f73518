# SPDX-License-Identifier: Apache-2.0
"""What a worker remembers was put there because somebody asked: tokens that nobody had signed, under a template with a
tenant's id of their own each, took 450 MiB in 4 s and pushed out everybody's. What is remembered has been verified and
speaks for somebody.

The statements that a call sends show what the worker remembers; each owner's share of it is in tests/unit/base."""
import json
import subprocess
import uuid

import pytest

from build_kind import is_sanitized
from calls import outcome
from processes import children, resident_kib
from providers import COMMERCIAL, Entra, Provider
from world import CONSUMER, MULTI_TENANT

GROWTH_MAX_KIB = 12 * 1024


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1}


@pytest.fixture(scope="module")
def entra(world):
    """A template whose row is large, and the id of Fabrikam there."""
    provider = Entra(COMMERCIAL)
    keys = json.loads(provider.jwks())
    request = provider.registration(MULTI_TENANT, jwks_json=json.dumps({**keys, "padding": "x" * 40000}))
    issuer = world.call("IssuerService/CreateIssuer", {"issuer": request}, world.platform_admin).issuer.issuer_id
    provider.tenant = str(uuid.uuid4())
    world.call("IssuerService/MapTenant", {"issuer_id": issuer, "value": provider.tenant, "tenant": "fabrikam"},
               world.platform_admin)
    return provider


def asked(w, statement, function, *args, **more):
    """How often a statement is sent meanwhile."""
    line = f'chancery_db_seconds_count{{statement="{statement}"}}'
    before = w.metric(line)
    function(*args, **more)
    return w.metric(line) - before


def read_twice(w, token, expected, **more):
    for _ in range(2):
        assert outcome(w.acquire, w.made, token, **more) == expected


def forged(token):
    """The same token with another signature."""
    signed, signature = token.rsplit(".", maxsplit=1)
    return f"{signed}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def test_unsigned_tokens_were_remembered_by_their_own_iss(world, entra):
    """The row was remembered before the signature was looked at."""
    token = forged(entra.token(str(uuid.uuid4()), "bob@fabrikam.com"))
    assert asked(world, "find_issuer", read_twice, world, token, "TOKEN_SIGNATURE") == 2
    rightful = entra.token(entra.tenant, "bob@fabrikam.com")
    assert asked(world, "find_issuer", read_twice, world, rightful, "OK") == 1
    assert asked(world, "find_mapped_tenant", read_twice, world, entra.token(entra.tenant, "bob@fabrikam.com"), "OK") == 0


def test_tenants_that_nobody_knows_were_remembered(world, entra):
    """Whoever makes a tenant at the provider has good signatures, and speaks for nobody here."""
    token = entra.token(str(uuid.uuid4()), "bob@fabrikam.com")
    cached = 'chancery_tokens_total{outcome="cached"}'
    before = world.metric(cached)
    assert asked(world, "find_mapped_tenant", read_twice, world, token, "TOKEN_NO_ADDRESS") == 2
    assert asked(world, "find_issuer", read_twice, world, token, "TOKEN_NO_ADDRESS") == 2
    assert world.metric(cached) == before
    rightful = entra.token(entra.tenant, "bob@fabrikam.com")
    read_twice(world, rightful, "OK")
    assert world.metric(cached) == before + 1


def test_domains_that_people_type_were_remembered(world):
    """A consumer's address that is not theirs: each domain that they typed had an entry."""
    provider = Provider("https://people.example", "ES256")
    world.call("IssuerService/CreateIssuer", {"issuer": provider.registration(CONSUMER)}, world.platform_admin)

    def token(address, **claims):
        return provider.sign({"iss": provider.iss, "email": address, **claims})

    typed = token("kay@typed.example", email_verified=False)
    assert asked(world, "find_taken_domain", read_twice, world, typed, "TOKEN_NO_ADDRESS") == 2
    read_twice(world, token("kay@other.example", email_verified=True), "PORTAL_REQUIRED")
    proven = token("kay@proven.example", email_verified=True)
    assert asked(world, "find_taken_domain", read_twice, world, proven, "PORTAL_REQUIRED") == 1


def worker_rss_kib(w):
    worker, = children(w.a.process.pid)
    return resident_kib(worker)


@pytest.mark.skipif(is_sanitized(), reason="AddressSanitizer keeps what is freed")
def test_unsigned_tokens_filled_the_worker(world, entra):
    """Each had a copy of the template's row."""
    tokens = [forged(entra.token(str(uuid.uuid4()), "bob@fabrikam.com")) for _ in range(8)]
    for token in tokens:
        outcome(world.acquire, world.made, token)
    before = worker_rss_kib(world)
    for _ in range(600):
        token = forged(entra.sign({"iss": f"{COMMERCIAL}/{uuid.uuid4()}/v2.0", "email": "x@fabrikam.com"}))
        assert outcome(world.acquire, world.made, token) in ("TOKEN_SIGNATURE", "TOKEN_CLAIM_INVALID")
    assert worker_rss_kib(world) - before < GROWTH_MAX_KIB


@pytest.mark.skipif(is_sanitized(), reason="AddressSanitizer keeps what is freed")
def test_client_keys_filled_the_worker(world):
    """A key was remembered with the text that it came in, before it was decided whether anything may be wrapped to it."""
    key = json.loads(world.reader.public)
    mallory = world.fabrikam.token("mallory")

    def send(n):
        jwk = json.dumps({**key, "padding": f"{n}{'x' * 7000}"}).encode()
        return outcome(world.acquire, world.made, mallory, client_public_jwk=jwk)

    for n in range(8):
        assert send(n) == "NO_RIGHTS"
    before = worker_rss_kib(world)
    for n in range(2000):
        send(100 + n)
    assert worker_rss_kib(world) - before < GROWTH_MAX_KIB


def test_sessions_of_strangers_were_kept(world):
    """OpenSSL keeps 20,480 sessions of TLS 1.2 clients that take no tickets; with the certificates that they sent."""
    done = subprocess.run(["openssl", "s_client", "-connect", world.a.address, "-tls1_2", "-no_ticket", "-reconnect", "-alpn",
                           "h2"], input=b"", capture_output=True, timeout=30, check=False).stdout.decode(errors="replace")
    assert "New, TLSv1.2" in done and "Reused" not in done
