# SPDX-License-Identifier: Apache-2.0
"""A denial that this version can't read keeps a tenant's people from all content of others. Licenses kept to it; a sender's
gateway was told that the mail would be opened."""
import pytest

from calls import outcome


@pytest.fixture
def unread(world):
    def write(tenant, partner):
        world.changed_by_hand(f"INSERT INTO denial (tenant, side, partner) VALUES ('{tenant.id}', 2, '{partner}')")
    yield write
    world.changed_by_hand("DELETE FROM denial")


def told(w, sender="alice@contoso.com", who=None, recipient="bob@fabrikam.com"):
    decided = w.call("DeliveryService/DecideDelivery", {"sender": sender, "recipients": [recipient]}, who or w.gateway)
    evaluated = w.call("DeliveryService/EvaluateMessage", {"facts": {"sender": sender, "recipients": [recipient]}}, who or w.gateway)
    assert decided.deliveries[0].reason == evaluated.deliveries[0].reason
    return decided.deliveries[0].reason


@pytest.mark.parametrize("partner", ["planet:mars", "a", "domain", "e:x", "tenants:x", "~"])
def test_what_is_told_is_what_a_license_says(world, unread, partner):
    w = world
    made = w.protect(recipients=["bob@fabrikam.com"])
    assert told(w) == outcome(w.acquire, made, w.bob) == "OK"
    unread(w.fabrikam, partner)
    assert told(w) == outcome(w.acquire, made, w.bob) == "PARTNER_DENIED"
    assert told(w, "fay@fabrikam.com", w.fabrikam.gateway) == "OK", "their own tenant's content"


def test_denials_of_others_say_nothing(world, unread):
    w = world
    for partner in ("domain:elsewhere.example", "tenant:elsewhere"):
        unread(w.fabrikam, partner)
    assert told(w) == outcome(w.acquire, w.protect(), w.bob) == "OK"
