# SPDX-License-Identifier: Apache-2.0
"""The wall clock is set by an hour, forward and back, while the authority serves (libfaketime; the monotonic clock goes
on as it does when an operator or NTP steps the other one): what has a time follows, and nothing else notices."""
import os
import tempfile
import threading
import time

import pytest

from authority import Issuer
from build_kind import is_sanitized
from calls import outcome, reason
from jwks_server import make_certificate, serve
from waiting import eventually, let_pass

# Both libfaketime and AddressSanitizer stand in for clock_gettime, and each waits for the other.
pytestmark = pytest.mark.skipif(is_sanitized(), reason="libfaketime does not go with AddressSanitizer")

HOUR = 3600
LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


class Clock:
    def __init__(self, folder):
        self.path = f"{folder}/clock"
        self.set(0)

    def set(self, seconds):
        with open(self.path + ".new", "w", encoding="ascii") as file:
            file.write(f"{seconds:+d}\n")
        os.rename(self.path + ".new", self.path)


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory(prefix="chancery-clock-") as made:
        make_certificate(made)
        yield made


@pytest.fixture(scope="module")
def clock(folder):
    return Clock(folder)


@pytest.fixture(scope="module")
def authority_options(folder, clock, faults):
    library = os.environ.get("CHANCERY_FAKETIME", LIBRARY)
    assert os.path.exists(library), "install Debian's faketime: scripts/install-deps test"
    return {"workers": 1, "config": {"identity": {"ca_file": f"{folder}/ca.pem"}},
            "env": {"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": clock.path, "FAKETIME_NO_CACHE": "1",
                    "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", **faults.env}}


@pytest.fixture(scope="module")
def world(world, folder, clock):
    w, w.clock, w.folder = world, clock, folder
    w.web = Issuer("https://web.fabrikam.com")  # its keys are fetched
    with open(f"{folder}/jwks.json", "w", encoding="ascii") as file:
        file.write(w.web.jwks())
    w.call("IssuerService/CreateIssuer", {"issuer": {
        "kind": 1, "tenant": "fabrikam", "issuer": w.web.iss, "audiences": ["chancery"], "algorithms": ["ES256"],
        "jwks_url": serve(folder) + "/jwks.json", "clock_skew_seconds": 30}}, w.platform_admin)
    w.made = protect(w, at(w.contoso.issuer, "alice@contoso.com"))
    return w


def at(issuer, address, shift=0):
    """A token as the identity provider gives it when its clock is `shift` seconds off ours: valid for 10 minutes."""
    now = int(time.time()) + shift
    return issuer.token(address, iat=now, nbf=now, exp=now + 600)


def protect(w, token, **more):
    return w.protect(token=token, **more)


def acquire(w, token, made=None):
    return w.acquire(made or w.made, token)


def issued(w, token, made=None):
    """The times of a license as the clock of the authority shows them, from now in seconds."""
    claims, _ = w.a.verify(acquire(w, token, made).use_license, w.reader)
    return claims["iat"] - time.time(), claims["exp"] - claims["iat"]


def fetches(w):
    with open(f"{w.folder}/requests", encoding="ascii") as file:
        return len(file.readlines())


def test_tokens_and_licenses_follow_the_clock(world):
    bob, later = at(world.fabrikam.issuer, "bob@fabrikam.com"), at(world.fabrikam.issuer, "bob@fabrikam.com", HOUR)
    earlier = at(world.fabrikam.issuer, "bob@fabrikam.com", -HOUR)
    shift, validity = issued(world, bob)
    assert abs(shift) < 5 and validity == 30 * 86400
    assert reason(acquire, world, later) == "TOKEN_NOT_YET_VALID"
    assert reason(acquire, world, earlier) == "TOKEN_EXPIRED"
    world.clock.set(HOUR)
    assert reason(acquire, world, bob) == "TOKEN_EXPIRED"  # although it was known
    shift, validity = issued(world, later)
    assert abs(shift - HOUR) < 5 and validity == 30 * 86400
    world.clock.set(-HOUR)
    assert reason(acquire, world, later) == "TOKEN_NOT_YET_VALID"  # although it was known
    assert reason(acquire, world, bob) == "TOKEN_NOT_YET_VALID"
    assert abs(issued(world, earlier)[0] + HOUR) < 5
    world.clock.set(0)
    assert abs(issued(world, bob)[0]) < 5


def test_content_expires_by_the_clock(world):
    alice = at(world.contoso.issuer, "alice@contoso.com")
    custom = {"grants": [{"principals": ["user:bob@fabrikam.com"], "rights": [1]}],
              "expiry": {"time": {"seconds": int(time.time()) + HOUR // 2}}}
    made = protect(world, alice, custom=custom)
    _, validity = issued(world, at(world.fabrikam.issuer, "bob@fabrikam.com"), made)
    assert validity <= HOUR // 2
    world.clock.set(HOUR)
    assert reason(acquire, world, at(world.fabrikam.issuer, "bob@fabrikam.com", HOUR), made) == "EXPIRED"
    world.clock.set(-HOUR)
    _, validity = issued(world, at(world.fabrikam.issuer, "bob@fabrikam.com", -HOUR), made)
    assert HOUR < validity <= 1.5 * HOUR + 5
    world.clock.set(0)
    acquire(world, at(world.fabrikam.issuer, "bob@fabrikam.com"), made)


def test_fetched_keys_stay_as_they_are(world):
    """They age by the monotonic clock: a step neither drops them nor has them fetched again."""
    acquire(world, at(world.web, "bob@fabrikam.com"))
    before = fetches(world)
    os.rename(f"{world.folder}/jwks.json", f"{world.folder}/away.json")  # whoever fetches, fails
    for shift in (HOUR, -HOUR, 0, 30 * HOUR, 0):
        world.clock.set(shift)
        acquire(world, at(world.web, "bob@fabrikam.com", shift))
    assert fetches(world) == before
    os.rename(f"{world.folder}/away.json", f"{world.folder}/jwks.json")


@pytest.mark.parametrize("shift", [HOUR, -HOUR])
def test_a_call_in_flight_survives(world, faults, shift):
    """Deadlines and timers are not of the wall clock."""
    faults.delay("get_tenant:get", 600)
    outcome = []
    thread = threading.Thread(target=lambda: outcome.append(
        world.call("TenantService/GetTenant", {}, world.contoso.admin, timeout=5).tenant.tenant))
    thread.start()
    eventually(lambda: world.metric("chancery_calls_active") == 1, "the call is in flight")
    world.clock.set(shift)
    thread.join()
    faults.none()
    world.clock.set(0)
    assert outcome == ["contoso"]


def test_nothing_else_notices(world):
    """Calls without times of their own go on without a failure while the clock jumps under them."""
    stop, failures, count = threading.Event(), [], [0]

    calls = [(lambda: world.update_tenant(display_name=f"n{count[0]}"),),
             (world.call, "TenantService/ListTenants", {}, world.platform_admin),
             (lambda: world.audit(tenant="contoso")[0],)]

    def work(number):
        while not stop.is_set():
            told = outcome(*calls[number])
            count[0] += 1
            if told != "OK":
                failures.append(told)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for shift in [HOUR, 0, -HOUR, 0] * 5:
        let_pass(0.1)
        world.clock.set(shift)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures and count[0] > 100
    assert world.a.page("/readyz")[0] == 200
    restarts = [line for line in world.a.log if line.get("event") == "worker.ready"]
    assert len(restarts) == 1
