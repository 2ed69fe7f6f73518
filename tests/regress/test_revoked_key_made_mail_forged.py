# SPDX-License-Identifier: Apache-2.0
"""Whoever revoked a signing key made all mail that was protected offline by its certificates look forged, to readers and in the
log, instead of saying what was done. Who holds what the key has signed is told; who has made something up is not."""
import signal

import pytest

from calls import outcome
from proofs import sign
from publisher import Publisher
from waiting import eventually

SIGNING, DESTROYED = 3, 5


@pytest.fixture
def tenant(world):
    return world.tenant()


def act(world, tenant, verb, **more):
    return world.call(f"KeyService/{verb}Key", {"purpose": SIGNING, **more}, tenant.admin).key


def destroyed(world, tenant):
    keys = world.call("KeyService/ListKeys", {}, tenant.admin).keys
    return [key.state for key in keys if key.purpose == SIGNING][0] == DESTROYED


def test_the_reason_is_the_keys_state(world, tenant):
    publisher = Publisher().certified(world, tenant.gateway)
    made, other = (publisher.protect(owner=f"alice@{tenant.domain}") for _ in range(2))
    kid = world.sql(f"SELECT public_jwk::json ->> 'kid' FROM tenant_key WHERE tenant = '{tenant.id}' AND purpose = {SIGNING}")
    fake = sign({"alg": publisher.alg, "typ": "publisher-certificate+jwt", "kid": kid}, publisher.claims, publisher.key)
    made_up = publisher.protect(owner=f"alice@{tenant.domain}", claims={"crt": fake})
    by_stranger = publisher.protect(owner=f"alice@{tenant.domain}", signer=Publisher().key)

    def told():
        return [outcome(world.acquire, one, world.bob) for one in (made, made_up, by_stranger)]

    assert told() == ["OK", "LICENSE_FORGED", "LICENSE_FORGED"]
    act(world, tenant, "Rotate")
    assert told() == ["OK", "LICENSE_FORGED", "LICENSE_FORGED"]
    act(world, tenant, "Revoke", version=1)
    assert told() == ["KEY_REVOKED", "LICENSE_FORGED", "LICENSE_FORGED"]
    assert outcome(world.call, "PublishingService/RegisterContent", {"publishing_license": other.publishing_license},
                   tenant.gateway) == "KEY_REVOKED"
    act(world, tenant, "Restore", version=1)
    assert told() == ["OK", "LICENSE_FORGED", "LICENSE_FORGED"]
    act(world, tenant, "Destroy", version=1, reason="x")
    world.sql(f"UPDATE tenant_key SET destroy_at = now() - interval '1 second' WHERE tenant = '{tenant.id}' AND state = 3")
    world.a.process.send_signal(signal.SIGHUP)  # new workers look at once
    eventually(lambda: destroyed(world, tenant), "it is destroyed", 60)
    assert told() == ["KEY_DESTROYED", "LICENSE_FORGED", "LICENSE_FORGED"]
