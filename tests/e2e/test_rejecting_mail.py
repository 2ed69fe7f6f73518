# SPDX-License-Identifier: Apache-2.0
"""Mail of which a recipient would have no rights by the template that a rule names (docs/policy.md §10.4): told of each
recipient before anything is sent, where the tenant wants that."""
import pytest

from calls import outcome
from world import grant, rule_of

TEMPLATE, DNF = 1, 2


@pytest.fixture(autouse=True)
def switched_on(world):
    world.sql("DELETE FROM mail_rule")
    world.update_tenant(reject_without_rights=True)
    yield
    world.update_tenant(reject_without_rights=False)


@pytest.fixture(scope="module", autouse=True)
def directories(world):
    for admin, users, groups in (
            (world.contoso.admin, [("carol@contoso.com", ["caroline@contoso.com"]), ("dan@contoso.com", [])],
             {"legal@contoso.com": ["carol@contoso.com", "bob@fabrikam.com"], "all@contoso.com": ["legal@contoso.com"]}),
            (world.fabrikam.admin, [("bob@fabrikam.com", ["robert@fabrikam.com"]), ("eve@fabrikam.com", [])],
             {"board@fabrikam.com": ["eve@fabrikam.com"]})):
        for address, aliases in users:
            world.call("DirectoryService/PutUser", {"user": {"address": address, "aliases": aliases}}, admin)
        for address, members in groups.items():
            world.call("DirectoryService/PutGroup", {"group": {"address": address}}, admin)
            world.call("DirectoryService/AddMembers", {"group": address, "members": members}, admin)


def rule(world, *grants, protection=TEMPLATE):
    world.sql("DELETE FROM mail_rule")
    template = world.template(*grants).template_id if protection == TEMPLATE else ""
    world.call("MailFlowService/CreateRule", {"rule": rule_of(actions={"protection": protection, "template_id": template})},
               world.contoso.admin)
    return template


def told(world, *recipients, sender="alice@contoso.com", **facts):
    answer = world.call("DeliveryService/EvaluateMessage", {
        "facts": {"sender": sender, "recipients": list(recipients), **facts}}, world.gateway)
    assert all((delivery.reason == "OK") == (delivery.channel != 0) for delivery in answer.deliveries)
    return [delivery.reason for delivery in answer.deliveries]


@pytest.mark.parametrize("principal, who, who_not", [
    ("user:carol@contoso.com", "carol@contoso.com", "dan@contoso.com"),
    ("user:caroline@contoso.com", "carol@contoso.com", "dan@contoso.com"),
    ("user:bob@fabrikam.com", "robert@fabrikam.com", "eve@fabrikam.com"),
    ("group:legal@contoso.com", "carol@contoso.com", "dan@contoso.com"),
    ("group:all@contoso.com", "caroline@contoso.com", "dan@contoso.com"),
    ("group:legal@contoso.com", "bob@fabrikam.com", "eve@fabrikam.com"),
    ("group:legal@contoso.com", "robert@fabrikam.com", "kim@gmail.example"),
    ("group:board@fabrikam.com", "eve@fabrikam.com", "bob@fabrikam.com"),
    ("domain:fabrikam.com", "eve@fabrikam.com", "carol@contoso.com"),
    ("tenant:contoso", "dan@contoso.com", "bob@fabrikam.com"),
    ("user:kim@gmail.example", "kim@gmail.example", "tim@gmail.example")])
def test_whoever_has_no_rights_by_the_template_is_named(world, principal, who, who_not):
    rule(world, grant(principal, "RIGHT_VIEW"))
    assert told(world, who, who_not) == ["OK", "NO_RIGHTS"]
    event = world.audit(tenant="contoso", operation="evaluate_message")[0]
    assert (event.granted, event.reason) == (False, "NO_RIGHTS") and event.target.endswith(f"; without rights: {who_not}")
    assert told(world, who) == ["OK"]
    assert world.audit(tenant="contoso", operation="evaluate_message")[0].granted


def test_what_is_told_is_what_a_license_says(world):
    """The same template, the same people: decided before, and when they ask."""
    template = rule(world, grant("group:legal@contoso.com", "RIGHT_VIEW"), grant("domain:fabrikam.com", "RIGHT_VIEW"))
    people = {f"{name}@{tenant.name}.com": tenant.token(f"{name}@{tenant.name}.com")
              for tenant, name in ((world.fabrikam, "bob"), (world.fabrikam, "eve"), (world.contoso, "carol"), (world.contoso, "dan"))}
    made = world.protect(template_id=template, recipients=list(people), do_not_forward=None)
    assert told(world, *people) == ["OK", "OK", "OK", "NO_RIGHTS"]
    for person, told_of in zip(people, told(world, *people)):
        assert told_of == outcome(world.acquire, made, people[person]), person


def test_recipients_and_everybody_have_rights(world):
    for principal in ("recipients", "authenticated"):
        rule(world, grant(principal, "RIGHT_VIEW"))
        assert told(world, "dan@contoso.com", "kim@gmail.example", "legal@contoso.com") == ["OK"] * 3
    rule(world, protection=DNF)
    assert told(world, "dan@contoso.com", "kim@gmail.example") == ["OK"] * 2


def test_a_groups_address_is_not_judged(world):
    """Who is in it the MTA finds out, and nobody else."""
    rule(world, grant("user:carol@contoso.com", "RIGHT_VIEW"))
    assert told(world, "legal@contoso.com", "board@fabrikam.com", "nobody@contoso.com") == ["OK", "OK", "NO_RIGHTS"]


def test_the_sender_has_all_rights(world):
    rule(world, grant("user:carol@contoso.com", "RIGHT_VIEW"))
    assert told(world, "alice@contoso.com", "dan@contoso.com") == ["OK", "NO_RIGHTS"]


def test_a_guest_is_no_member(world):
    world.call("DirectoryService/PutUser", {"user": {"address": "gus@contoso.com", "guest": True}}, world.contoso.admin)
    rule(world, grant("tenant:contoso", "RIGHT_VIEW"))
    assert told(world, "gus@contoso.com", "dan@contoso.com") == ["NO_RIGHTS", "OK"]


def test_who_gets_nothing_for_another_reason_hears_that(world):
    rule(world, grant("user:carol@contoso.com", "RIGHT_VIEW"))
    assert told(world, "not an address", "carol@contoso.com") == ["FIELD_INVALID", "OK"]


def test_it_is_off_unless_it_is_switched_on(world):
    rule(world, grant("user:carol@contoso.com", "RIGHT_VIEW"))
    world.update_tenant(reject_without_rights=False)
    assert told(world, "dan@contoso.com") == ["OK"]


def test_a_mail_that_is_protected_already_has_its_own_policy(world):
    rule(world, grant("user:carol@contoso.com", "RIGHT_VIEW"))
    assert told(world, "dan@contoso.com", kinds=[8]) == ["OK"]


def test_a_thousand_recipients_are_looked_up_at_once(world):
    rule(world, grant("group:legal@contoso.com", "RIGHT_VIEW"))
    people = [f"p{n}@elsewhere.example" for n in range(998)]
    assert told(world, *people, "carol@contoso.com", "bob@fabrikam.com") == ["NO_RIGHTS"] * 998 + ["OK"] * 2
    assert world.audit(tenant="contoso", operation="evaluate_message")[0].target.endswith("and 988 more")
