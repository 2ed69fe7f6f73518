# SPDX-License-Identifier: Apache-2.0
"""What was signaled of a person (docs/signals.md) holds whatever names they get, keep and lose; until nothing is left that
it could be about."""
import time

import pytest

from calls import everywhere, outcome
from signals import CAEP, RISC, Transmitter, email
from waiting import eventually
from world import VIEW


@pytest.fixture(scope="module")
def world(world):
    w = world
    w.idp = Transmitter(w, w.fabrikam)
    w.mail = w.protect(custom={"grants": [{"principals": ["tenant:fabrikam"], "rights": [VIEW]}]})
    return w


@pytest.fixture
def name(world):
    return world.unique("kim")


def put(world, address, *aliases, **more):
    world.call("DirectoryService/PutUser", {"user": {
        "address": f"{address}@fabrikam.com", "aliases": [f"{alias}@fabrikam.com" for alias in aliases]}, **more},
        world.fabrikam.admin)


def opens(world, name, **claims):
    token = world.fabrikam.token(name, **claims)
    return everywhere(world.a, "LicensingService/AcquireLicense", world.license_request(world.mail), None, token)


def disable(world, name):
    world.idp.say(RISC + "account-disabled", email(f"{name}@fabrikam.com"))


def test_names_that_come_later(world, name):
    """More than a token may have."""
    put(world, name)
    disable(world, name)
    put(world, f"zz.{name}", *[f"a{i}.{name}" for i in range(20)], name, previous_address=f"{name}@fabrikam.com")
    assert {opens(world, one) for one in (f"zz.{name}", f"a0.{name}", f"a19.{name}", name)} == {"ACCOUNT_DISABLED"}
    world.call("SignalService/ClearSignaledPerson", {"subject": {"email": f"a7.{name}@fabrikam.com"}}, world.fabrikam.admin)
    assert {opens(world, one) for one in (f"zz.{name}", f"a0.{name}", name)} == {"OK"}


@pytest.mark.parametrize("keeps", [True, False])
def test_names_that_go(world, name, keeps):
    put(world, name)
    disable(world, name)
    put(world, f"b.{name}", *[name] * keeps, previous_address=f"{name}@fabrikam.com")
    put(world, f"b.{name}")
    put(world, f"b.{name}", f"c.{name}")
    assert {opens(world, one) for one in (f"b.{name}", f"c.{name}")} == {"ACCOUNT_DISABLED"}


def test_a_person_who_is_nobodys_heir_is_let_in(world, name):
    put(world, name, f"a.{name}")
    disable(world, name)
    world.call("DirectoryService/DeleteUser", {"address": f"{name}@fabrikam.com"}, world.fabrikam.admin)
    put(world, f"new.{name}")
    assert (opens(world, f"new.{name}"), opens(world, name)) == ("OK", "ACCOUNT_DISABLED")


def test_of_events_of_one_token_the_latest_holds(world, name):
    now = int(time.time())
    events = {RISC + "account-disabled": {"event_timestamp": now - 20}, RISC + "account-enabled": {"event_timestamp": now - 10}}
    answer = world.idp.push(world.idp.sign(world.idp.claims(events, email(f"{name}@fabrikam.com"))))
    assert (answer.status, opens(world, name)) == (202, "OK")


def test_a_disabled_tenants_signals_come_again(world):
    tenant = world.tenant()
    idp = Transmitter(world, tenant)
    world.update_tenant(world.platform_admin, tenant.name, state=2)
    token = idp.sign(idp.claims({RISC + "account-disabled": {}}, email(f"kim@{tenant.domain}")))
    answer = idp.push(token)
    assert (answer.status, answer.json()["err"]) == (503, "access_denied")
    world.update_tenant(world.platform_admin, tenant.name, state=1)
    eventually(lambda: idp.push(token).status == 202, "it is taken")


def test_a_network_has_a_rate_here_too(world):
    node = world.a.node(limits={"network_calls_per_second": 2, "burst_seconds": 1}).start()
    try:
        request = {"tenant_id": world.fabrikam.id, "security_event_token": "a.b.c"}
        eventually(lambda: outcome(node.call, "SignalService/ReceiveSignal", request) == "RATE_LIMITED",
                   "it is one too many", pause=0)
    finally:
        node.stop()


def test_revoked_sessions_are_forgotten_when_their_tokens_are_old(world, name):
    world.idp.say(CAEP + "session-revoked", email(f"{name}@fabrikam.com"))
    world.idp.say(RISC + "account-disabled", email(f"off.{name}@fabrikam.com"))

    def stored():
        return world.sql(f"SELECT name FROM signal_state WHERE name LIKE '%{name}@%'").split()

    assert len(stored()) == 2
    world.sql(f"UPDATE signal_state SET updated_at = now() - interval '401 days' WHERE name LIKE '%{name}@%'")
    eventually(lambda: stored() == [f"off.{name}@fabrikam.com"], "what is old is swept", seconds=60)
    assert (opens(world, name), opens(world, f"off.{name}")) == ("OK", "ACCOUNT_DISABLED")
