# SPDX-License-Identifier: Apache-2.0
"""Explain: what each rule would make of a message (docs/policy.md §10.6), as the gateway would be told, and that nothing is
left of it."""
import json

import pytest

from calls import reason
from command import run, with_certificate
from world import rule_of

MATCHED, MISSED, EXCEPTED, NOT_REACHED = 1, 2, 3, 4
WORDS = {"text": {"place": 3, "words": ["contract", "offer"]}}


@pytest.fixture(scope="module", name="world")
def fixture_world(world):
    def rule(name, **fields):
        return world.call("MailFlowService/CreateRule", {"rule": rule_of(name=name, **fields)},
                          world.contoso.admin).rule.rule_id

    world.call("DirectoryService/PutGroup", {"group": {"address": "press@contoso.com"}}, world.contoso.admin)
    world.call("DirectoryService/PutUser", {"user": {"address": "carol@contoso.com"}}, world.contoso.admin)
    world.call("DirectoryService/AddMembers", {"group": "press@contoso.com", "members": ["carol@contoso.com"]},
               world.contoso.admin)
    world.ids = [
        rule("off", mode=3),
        rule("tested", mode=2, actions={"block_text": "No."}),
        rule("contracts", conditions=[{"recipient": {"side": 2}}, WORDS],
             exceptions=[{"size": {"larger_than": 100}}, {"sender": {"groups": ["press@contoso.com"]}}],
             actions={"protection": 2}),
        rule("large", conditions=[{"size": {"larger_than": 10}}], actions={"protection": 3, "stop": True}),
        rule("last")]
    with_certificate(world, "contoso-admin", world.contoso.admin)
    return world


def explain(world, body=b"", who=None, tenant="", **facts):
    return world.call("MailFlowService/Explain", {
        "tenant": tenant, "body": body,
        "facts": {"sender": "alice@contoso.com", "recipients": ["bob@fabrikam.com"], **facts}},
        who or world.contoso.admin)


def told(answer):
    return [(finding.name, finding.outcome, finding.part, list(finding.reasons)) for finding in answer.findings]


def test_each_rule_says_what_came_of_it(world):
    answer = explain(world, body=b"The contract.")
    assert told(answer) == [("tested", MATCHED, 0, []), ("contracts", MATCHED, 0, ["outside", "contract"]),
                            ("large", MISSED, 1, []), ("last", MATCHED, 0, [])]
    assert answer.rule_id == world.ids[2] and answer.actions.protection == 2 and answer.actions.require_tls
    assert [list(finding.effects) for finding in answer.findings] == [[5], [1], [], [4]]
    answer = explain(world, size=11)
    assert told(answer)[1:] == [("contracts", MISSED, 2, []), ("large", MATCHED, 0, [""]), ("last", NOT_REACHED, 0, [])]
    assert answer.rule_id == world.ids[3] and answer.actions.stop
    # Of two exceptions the second holds.
    answer = explain(world, body=b"contract", sender="carol@contoso.com")
    assert told(answer)[1] == ("contracts", EXCEPTED, 2, ["press@contoso.com"])
    assert told(explain(world, body=b"contract", recipients=["carol@contoso.com"]))[1] == ("contracts", MISSED, 1, [])


@pytest.mark.parametrize("facts", [{}, {"size": 11}, {"sender": "carol@contoso.com"}, {"recipients": []},
                                   {"subject": b"Offer", "recipients": ["bob@fabrikam.com", "nobody"]}])
def test_it_says_what_the_gateway_is_told(world, facts):
    request = {"facts": {"sender": "alice@contoso.com", "recipients": ["bob@fabrikam.com"], **facts}, "body": b"contract"}
    told_gateway = world.call("DeliveryService/EvaluateMessage", request, world.gateway)
    answer = explain(world, body=b"contract", **facts)
    assert answer.actions == told_gateway.actions and answer.rule_id == told_gateway.rule_id
    assert [finding for finding in answer.findings if finding.outcome == MATCHED] == list(told_gateway.findings)


def test_for_any_sender_and_from_the_next_call_on(world):
    assert told(explain(world, sender="kim@gmail.com"))[0][0] == "tested"
    assert told(explain(world, sender="<>"))[0][0] == "tested"
    world.call("MailFlowService/UpdateRule", {"rule": {"rule_id": world.ids[1], "mode": 3}}, world.contoso.admin)
    assert told(explain(world))[0][0] == "contracts"
    world.call("MailFlowService/UpdateRule", {"rule": {"rule_id": world.ids[1], "mode": 2}}, world.contoso.admin)
    assert told(explain(world))[0][0] == "tested"


def test_nothing_is_left_of_it(world):
    before = world.sql("SELECT count(*) FROM audit")
    explain(world, body=b"contract", message_id="<1@contoso.com>")
    assert world.sql("SELECT count(*) FROM audit") == before


def test_who_may_ask(world):
    assert told(explain(world, who=world.contoso.auditor, tenant="contoso"))
    assert not told(explain(world, who=world.fabrikam.admin))  # by the rules of their own tenant
    assert reason(explain, world, tenant="fabrikam") == "COMPONENT_TENANT"
    assert reason(explain, world, who=world.gateway) == "COMPONENT_ROLE"
    assert reason(explain, world, sender="") == "FIELD_INVALID"
    assert reason(explain, world, subject=b"\xff") == "FIELD_INVALID"


def test_the_command_explains(world, tmp_path):
    body = tmp_path / "body.txt"
    body.write_text("The contract.")
    who = ("rule explain", "contoso-admin")
    lines = run(world, *who, "--sender", "alice@contoso.com", "--subject", "Größe", "--body", str(body),
                "bob@fabrikam.com").stdout.splitlines()
    assert lines == ["would be: Do Not Forward, TLS", "test      tested; does: block",
                     "matches   contracts; found: outside, contract; does: protection (decides)",
                     "misses    large; condition 1 doesn't hold", "matches   last; does: TLS"]
    facts = tmp_path / "facts.yaml"
    facts.write_text("size: 101\nattachments:\n- {type: application/pdf}\n")
    shown = run(world, *who, "--sender", "<>", "--subject", "offer", "-f", str(facts), "bob@fabrikam.com").stdout
    assert "excepted  contracts; exception 1 holds: it is so\n" in shown
    assert "unreached last; a rule before it ended the rules\n" in shown
    told_json = run(world, *who, "--sender", "carol@contoso.com", "-f", str(facts), "-o", "json", "bob@fabrikam.com")
    assert json.loads(told_json.stdout)["ruleId"] == world.ids[3]
    assert "--sender" in run(world, *who, "bob@fabrikam.com", expect=2).stderr


def test_the_command_explains_a_mail(world, tmp_path):
    """What a gateway would see of it: the word is in HTML, with a tag in it."""
    mail = tmp_path / "sent.eml"
    mail.write_bytes(b"From: Alice <alice@contoso.com>\r\nTo: bob@fabrikam.com\r\nSubject: Plan\r\nContent-Type: text/html\r\n\r\n"
                     b"<p>The con<b>tract</b>.</p>\r\n")
    who = ("rule explain", "contoso-admin", "--mail", str(mail))
    assert "excepted  contracts; exception 1 holds: it is so" in run(world, *who).stdout.splitlines()  # by its size
    assert "misses    contracts" in run(world, *who, "carol@contoso.com").stdout  # another recipient than its header names
    text = mail.read_bytes()
    mail.write_bytes(text.replace(b"tract", b"tact"))
    assert "misses    contracts; condition 2 doesn't hold" in run(world, *who).stdout
    assert "its own facts" in run(world, *who, "--subject", "x", expect=2).stderr
    mail.write_bytes(b"From: a@contoso.com\r\n\r\n" + b"x" * 1200000)
    assert "1 MiB of text" in run(world, *who, expect=1).stderr
