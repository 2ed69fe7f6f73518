# SPDX-License-Identifier: Apache-2.0
"""Decisions that left no record."""
from calls import reason, refused
from command import rows, run, with_certificate

DECIDE = "DeliveryService/DecideDelivery"
BLOCK, PORTAL = 3, 2


def decided(world, tenant="contoso"):
    return [event for event in world.audit(tenant=tenant) if event.operation == "decide_delivery"]


def decide(world, *recipients, who=None, sender="alice@contoso.com"):
    return world.call(DECIDE, {"sender": sender, "recipients": recipients}, who or world.gateway).deliveries


def test_gateway_was_told_who_gets_mail_and_nobody_wrote_it_down(world):
    before = len(decided(world))
    decide(world, "bob@fabrikam.com", "carol@contoso.com", "kim@gmail.example", "no address")
    events = decided(world)
    assert len(events) == before + 1  # one for the call, not for each recipient
    event = events[0]
    assert (event.granted, event.reason, event.component, event.user) == (True, "OK", "contoso-gateway", "")
    assert event.target == "from alice@contoso.com: 2 native, 1 portal, 0 blocked, 1 no address"


def test_command_line_shows_the_decision(world):
    with_certificate(world, "admin", world.contoso.admin)
    decide(world, "bob@fabrikam.com")
    line = rows(run(world, "audit query", "admin").stdout)[0]
    assert "decide_delivery" in line and "contoso-gateway" in line
    assert line.endswith("from alice@contoso.com: 1 native, 0 portal, 0 blocked, 0 no address")


def test_blocked_recipients_are_named_up_to_a_bound(world):
    rule = {"content_boundary": "commercial", "reader_boundary": "gcc-high"}
    world.call("BoundaryService/SetRule", {"rule": {**rule, "rule": BLOCK}}, world.platform_admin)
    try:
        blocked = [f"{'x' * 50}{n:03}@{world.agency.domain}" for n in range(30)]
        decide(world, "bob@fabrikam.com", *blocked)
        event = decided(world)[0]
        assert (event.granted, event.reason) == (True, "OK")
        assert event.target == ("from alice@contoso.com: 1 native, 0 portal, 30 blocked, 0 no address; blocked: "
                                + ", ".join(blocked[:10]) + " and 20 more")
        decide(world, *blocked[:2])
        event = decided(world)[0]
        assert (event.granted, event.reason) == (False, "BOUNDARY_BLOCKED")  # nobody gets it
        assert event.target.endswith("; blocked: " + ", ".join(blocked[:2]))
    finally:
        world.call("BoundaryService/SetRule", {"rule": {**rule, "rule": PORTAL}}, world.platform_admin)


def test_refusal_was_recorded_in_the_gateways_log_without_the_sender(world):
    assert reason(decide, world, "bob@fabrikam.com", sender="eve@fabrikam.com") == "COMPONENT_DOMAIN"
    event = decided(world)[0]
    assert (event.granted, event.reason, event.target) == (False, "COMPONENT_DOMAIN", "from eve@fabrikam.com")


def test_platforms_gateway_left_the_record_with_the_sender(world):
    gateway = world.platform_component("gateway", sender_domains=["contoso.com"])
    before = len(decided(world))
    decide(world, "bob@fabrikam.com", who=gateway)
    assert len(decided(world)) == before + 1
    assert refused(decide, world, "bob@fabrikam.com", who=gateway, sender="eve@fabrikam.com").reason == "COMPONENT_DOMAIN"


def test_thousand_recipients_are_one_record(world):
    before = len(decided(world))
    answers = decide(world, *[f"r{n}@fabrikam.com" for n in range(1000)])
    assert len(answers) == 1000 and len(decided(world)) == before + 1
    assert ": 1000 native," in decided(world)[0].target


def test_decision_rested_on_a_view_that_had_moved(world):
    """It is decided again before it is recorded and told, as a license is."""
    rule = {"content_boundary": "commercial", "reader_boundary": "external"}
    for number, channel in ((BLOCK, 0), (PORTAL, 2)) * 3:
        world.call("BoundaryService/SetRule", {"rule": {**rule, "rule": number}}, world.platform_admin)
        world.a.channels.pop(world.gateway, None)
        assert [d.channel for d in decide(world, "kim@gmail.example")] == [channel]
        assert (", 1 blocked" if number == BLOCK else ", 0 blocked") in decided(world)[0].target
