# SPDX-License-Identifier: Apache-2.0
"""The record of a refusal said by which channel the content had come, and which power had been used for it."""
import pytest

from calls import reason
from stock import super_user


@pytest.fixture
def excluded(world):
    """Eve, who holds power, and Alice, whose content it is."""
    made = world.protect()
    world.call("TenantService/GrantSuperUser", super_user("user:eve@contoso.com"), world.contoso.admin)
    for user in ("eve@contoso.com", "alice@contoso.com"):
        world.call("TenantService/AddExclusion", {"user": user}, world.contoso.admin)
    yield made
    for user in ("eve@contoso.com", "alice@contoso.com"):
        world.call("TenantService/RemoveExclusion", {"user": user}, world.contoso.admin)
    world.call("TenantService/RevokeSuperUser", {"principal": "user:eve@contoso.com"}, world.contoso.admin)


def test_refusal_named_a_channel(world):
    made = world.protect()
    inspect = {"publishing_license": made.publishing_license}
    for who in ({"token": world.mallory}, {"who": world.portal, "user_token": world.mallory}):
        assert reason(world.acquire, made, **who) == "NO_RIGHTS"
        assert reason(world.call, "LicensingService/InspectContent", inspect, **who) == "NO_RIGHTS"
    world.track("Revoke", made)
    assert reason(world.acquire, made, world.bob) == "REVOKED"
    refusals = world.audit(tenant="contoso", content_id=made.content_id, denied_only=True)
    assert len(refusals) == 5 and {event.channel for event in refusals} == {0}
    seen = world.call("TrackingService/ListAccess", {"content_id": made.content_id}, world.contoso.admin).events
    assert {event.channel for event in seen if not event.granted} == {0}


def test_power_that_was_refused_was_a_use(world, excluded):
    """Whoever looks for uses of power finds those alone by which somebody got something."""
    for token in (world.eve, world.alice):
        assert reason(world.acquire, excluded, token) == "EXCLUDED"
    assert not world.audit(tenant="contoso", content_id=excluded.content_id, power="POWER_ANY")
    seen = world.call("TrackingService/ListAccess", {"content_id": excluded.content_id}, world.contoso.admin).events
    assert {event.power for event in seen} == {0}
