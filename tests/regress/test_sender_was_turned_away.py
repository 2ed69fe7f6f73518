# SPDX-License-Identifier: Apache-2.0
"""A mail that goes to another address of its own sender, too, was rejected for want of rights: directories were asked which of
the addresses that the template names are the recipient's, and not whether the sender's is."""
import pytest

from calls import outcome
from world import VIEW, grant, rule_of

ALIAS = "al@contoso.com"


@pytest.fixture(scope="module", autouse=True)
def switched_on(world):
    world.call("DirectoryService/PutUser", {"user": {"address": "alice@contoso.com", "aliases": [ALIAS]}}, world.contoso.admin)
    world.update_tenant(reject_without_rights=True)


def told(world, *recipients, sender="alice@contoso.com"):
    return [delivery.reason for delivery in world.call("DeliveryService/EvaluateMessage", {
        "facts": {"sender": sender, "recipients": recipients}}, world.gateway).deliveries]


@pytest.mark.parametrize("principal", ["user:carol@contoso.com", "group:nobody@contoso.com", "domain:elsewhere.example"])
def test_the_sender_has_rights_by_whatever_address(world, principal):
    world.sql("DELETE FROM mail_rule")
    template = world.template(grant(principal, VIEW)).template_id
    world.call("MailFlowService/CreateRule", {"rule": rule_of(actions={"protection": 1, "template_id": template})},
               world.contoso.admin)
    assert told(world, ALIAS, "alice@contoso.com", "dan@contoso.com") == ["OK", "OK", "NO_RIGHTS"]
    assert told(world, "alice@contoso.com", "dan@contoso.com", sender=ALIAS) == ["OK", "NO_RIGHTS"]
    made = world.protect(do_not_forward=None, template_id=template, recipients=[ALIAS])
    assert outcome(world.acquire, made, world.contoso.token(ALIAS)) == "OK", "as a license says"
