# SPDX-License-Identifier: Apache-2.0
"""The order of the decision through the real server: everything stands against a reader at once, and falls one by one. The
pairs of rows 3 to 8 are in tests/unit/domain/test_order.c."""
import time

from calls import reason
from waiting import wall_clock_passes
from world import VIEW, grant


def flipped(data):
    """Bytes or text with one bit changed near the end: a signature, a tag."""
    if isinstance(data, str):
        return data[:-10] + ("A" if data[-10] != "A" else "B") + data[-9:]
    return data[:-10] + bytes([data[-10] ^ 1]) + data[-9:]


def test_what_comes_first_is_told(world):
    soon = int(time.time()) + 2
    bob, mallory, ruth = world.bob, world.mallory, world.agency.token("ruth")
    made = world.protect(token=world.alice, recipients=["bob@fabrikam.com", "ruth@agency.us"], custom={
        "grants": [grant("recipients", VIEW)], "expiry": {"time": {"seconds": soon}}})
    license_, content, admin = made.publishing_license, {"content_id": made.content_id}, world.contoso.admin

    def acquire(token, of=license_):
        return world.acquire(of, token)

    def set_state(state):
        world.update_tenant(world.platform_admin, "contoso", state=state)

    wall_clock_passes(soon)
    world.call("TrackingService/Revoke", content, token=world.alice)
    for user in ("bob@fabrikam.com", "ruth@agency.us"):
        world.call("TenantService/AddExclusion", {"user": user}, admin)
    set_state(2)
    for bad in (flipped(license_), b"no license"):
        assert reason(acquire, flipped(ruth), bad) == "TOKEN_SIGNATURE"  # 1
    assert reason(acquire, ruth, b"no license") == "LICENSE_MALFORMED"  # 2
    assert reason(acquire, ruth, flipped(license_)) == "LICENSE_FORGED"  # 2
    assert reason(acquire, ruth) == "TENANT_DISABLED"  # 3
    set_state(1)
    assert reason(acquire, ruth) == "PORTAL_REQUIRED"  # 4
    assert reason(acquire, bob) == "EXCLUDED"  # 5
    world.call("TenantService/RemoveExclusion", {"user": "bob@fabrikam.com"}, admin)
    assert reason(acquire, bob) == "REVOKED"  # 6
    assert reason(acquire, mallory) == "NO_RIGHTS"  # who has none learns neither of 6 nor of 7
    world.call("TrackingService/Restore", content, token=world.alice)
    assert reason(acquire, bob) == "EXPIRED"  # 7
    assert reason(acquire, mallory) == "NO_RIGHTS"  # 8
    acquire(world.alice)
    world.call("PublishingService/AmendPolicy", {**content, "expiry": {"days": 9}}, token=world.alice)
    assert acquire(bob).rights == [VIEW]
