# SPDX-License-Identifier: Apache-2.0
"""EvaluateMessage: what a gateway is told of a message (docs/policy.md §10), whose rules and people count, what is recorded,
and what happens when it can't be told."""
import concurrent.futures
import os
import random
import signal
import subprocess

import pytest

from calls import reason
from waiting import let_pass
from world import ROLES, rule_of

MIB = 1 << 20
DNF, EO, TEMPLATE = 2, 3, 1


@pytest.fixture(scope="module", name="world")
def fixture_world(world):
    call = world.call
    for address in ("alice@contoso.com", "carol@contoso.com", "guest@gmail.com"):
        call("DirectoryService/PutUser", {"user": {"address": address, "guest": "gmail" in address}}, world.contoso.admin)
    for group, member in (("legal@contoso.com", "carol@contoso.com"), ("all@contoso.com", "legal@contoso.com")):
        call("DirectoryService/PutGroup", {"group": {"address": group}}, world.contoso.admin)
        call("DirectoryService/AddMembers", {"group": group, "members": [member]}, world.contoso.admin)
    for branding in ("blue", "b"):
        call("BrandingService/CreateBranding", {"branding": {"branding": branding}}, world.contoso.admin)
    return world


@pytest.fixture(autouse=True)
def no_rules(world):
    world.sql("DELETE FROM mail_rule")
    world.sql(f"SELECT epoch_raise('{world.contoso.id}')")


def rule(world, name, **fields):
    return world.call("MailFlowService/CreateRule", {"rule": rule_of(name=name, **fields)},
                      world.contoso.admin).rule.rule_id


def ask(world, *recipients, body="", who=None, **facts):
    return world.call("DeliveryService/EvaluateMessage", {
        "facts": {"sender": "alice@contoso.com", "recipients": list(recipients or ["bob@fabrikam.com"]), **facts},
        "body": body.encode() if isinstance(body, str) else body}, who or world.gateway)


def matched(answer):
    return [finding.name for finding in answer.findings]


def test_nothing_is_said_without_rules(world):
    answer = ask(world)
    assert not answer.rule_id and not answer.findings and answer.actions.protection == 0
    assert [(d.recipient, d.channel, d.reason) for d in answer.deliveries] == [("bob@fabrikam.com", 1, "OK")]


def test_the_answer_says_which_rule_and_why(world):
    first = rule(world, "words", conditions=[
        {"text": {"place": 3, "words": ["Top Secret", "other"]}}, {"recipient": {"side": 2}}],
        actions={"protection": DNF, "branding": "blue"})
    rule(world, "tested", mode=2, actions={"block_text": "No."})
    rule(world, "off", mode=3)
    second = rule(world, "late", actions={"protection": EO, "require_tls": True})
    answer = ask(world, body="This is top\n secret.")
    assert answer.rule_id == first and answer.actions.protection == DNF
    assert answer.actions.branding == "blue" and answer.actions.require_tls and not answer.actions.block_text
    assert matched(answer) == ["words", "tested", "late"]
    assert list(answer.findings[0].reasons) == ["Top Secret", "outside"]
    assert [list(finding.effects) for finding in answer.findings] == [[1, 2], [5], [4]]
    assert ask(world, "carol@contoso.com", body="top secret").rule_id == second


def test_it_says_what_may_be_done_with_any_message_while_it_is_away(world):
    assert ask(world).while_away.protection == 0
    rule(world, "one", conditions=[{"text": {"place": 1, "words": ["x"]}}], actions={"protection": EO, "branding": "blue"})
    away = ask(world).while_away
    assert (away.protection, away.branding, away.require_tls) == (EO, "blue", False)
    rule(world, "two", conditions=[{"text": {"place": 1, "words": ["y"]}}], actions={"protection": DNF, "require_tls": True})
    away = ask(world).while_away
    assert (away.protection, away.branding, away.require_tls) == (DNF, "blue", True)
    rule(world, "three", conditions=[{"text": {"place": 1, "words": ["z"]}}], actions={"block_text": "No."})
    assert ask(world).while_away.protection == 0 and ask(world, subject=b"z").while_away.protection == 0


def test_a_template_is_no_word_for_mail_that_may_be_rejected(world):
    template = world.template({"principals": ["recipients"], "rights": [1]}).template_id
    rule(world, "one", actions={"protection": TEMPLATE, "template_id": template})
    assert (ask(world).while_away.protection, ask(world).while_away.template_id) == (TEMPLATE, template)
    world.update_tenant(reject_without_rights=True)
    try:
        assert ask(world).while_away.protection == 0
    finally:
        world.update_tenant(reject_without_rights=False)


def test_who_people_are_the_authority_knows(world):
    rule(world, "group", conditions=[{"recipient": {"groups": ["all@contoso.com"]}}])
    rule(world, "inside", conditions=[{"recipient": {"side": 1, "every": True}}])
    rule(world, "outside", conditions=[{"recipient": {"side": 2}}])
    rule(world, "external", conditions=[{"recipient": {"boundaries": ["external"]}}])
    rule(world, "sender", conditions=[{"sender": {"groups": ["legal@contoso.com"]}}])
    assert matched(ask(world, "carol@contoso.com")) == ["group", "inside"]  # by a nested group
    assert matched(ask(world, "LEGAL@contoso.com")) == ["group", "inside"]  # mail to a group is mail to its members
    assert matched(ask(world, "alice@contoso.com", "bob@fabrikam.com")) == ["outside"]
    assert matched(ask(world, "kim@gmail.com")) == ["outside", "external"]
    assert matched(ask(world, "guest@gmail.com")) == ["outside", "external"]
    assert matched(ask(world, "nobody")) == ["outside", "external"]
    assert matched(ask(world, "alice@contoso.com", sender="carol@contoso.com")) == ["inside", "sender"]
    world.call("DirectoryService/RemoveMembers", {"group": "legal@contoso.com", "members": ["carol@contoso.com"]},
               world.contoso.admin)
    assert matched(ask(world, "carol@contoso.com")) == ["inside"]  # from the next call on
    world.call("DirectoryService/AddMembers", {"group": "legal@contoso.com", "members": ["carol@contoso.com"]},
               world.contoso.admin)


def test_every_fact_arrives(world):
    for name, condition in (
            ("header", {"text": {"place": 4, "header": "X-Class", "words": ["geheim"]}}),
            ("subject", {"text": {"place": 1, "patterns": ["^AW: "]}}),
            ("attachment", {"text": {"place": 5, "patterns": ["^Plan"]}}),
            ("extension", {"attachment": {"extensions": ["docx"]}}), ("type", {"attachment": {"types": ["image/*"]}}),
            ("locked", {"attachment": {"password_protected": True}}), ("unread", {"attachment": {"unreadable": True}}),
            ("large", {"attachment": {"larger_than": 10}}), ("size", {"size": {"larger_than": 10}}),
            ("label", {"label": {"labels": ["Geheim"]}}), ("kind", {"kind": {"kinds": [3]}})):
        rule(world, name, conditions=[condition])
    assert matched(ask(world)) == []
    answer = ask(world, subject="AW: Größe".encode(), size=11, labels=["Geheim"], kinds=[3], headers=[
        {"name": "x-class", "value": b"offen"}, {"name": "X-CLASS", "value": b"GEHEIM"}], attachments=[
            {"name": b"Plan.DOCX", "type": "application/zip", "size": 11},
            {"type": "Image/PNG", "password_protected": True, "unreadable": True}])
    assert matched(answer) == ["header", "subject", "attachment", "extension", "type", "locked", "unread", "large",
                               "size", "label", "kind"]


def test_a_block_ends_it(world):
    blocking = rule(world, "block", conditions=[{"text": {"place": 2, "words": ["no"]}}],
                    actions={"block_text": "It may not leave."})
    rule(world, "tls")
    answer = ask(world, body="no", message_id="<1@contoso.com>")
    assert answer.rule_id == blocking and answer.actions.block_text == "It may not leave."
    assert not answer.actions.require_tls and not answer.deliveries and matched(answer) == ["block"]
    event = world.call("AuditService/Query", {"page_size": 1}, world.contoso.admin).events[0]
    assert (event.operation, event.reason, event.granted) == ("evaluate_message", "RULE_BLOCKED", False)
    assert event.target == (f"from alice@contoso.com to 1: blocked; rules {blocking} (decided); "
                            "Message-ID <1@contoso.com>")


def test_it_is_recorded_once(world):
    before = int(world.sql("SELECT count(*) FROM audit"))
    first = rule(world, "a", actions={"protection": EO, "branding": "b", "force_portal": True})
    test = rule(world, "b", mode=2)
    ask(world, "bob@fabrikam.com", "kim@gmail.com", body="secret words")
    assert int(world.sql("SELECT count(*) FROM audit")) == before + 3  # two rules that were made
    event = world.call("AuditService/Query", {"page_size": 1}, world.contoso.admin).events[0]
    assert event.granted and event.target == ("from alice@contoso.com to 2: Encrypt-Only, branding b, portal; "
                                              f"rules {first} (decided), {test} (test)")


def test_a_portal_is_forced_outside(world):
    rule(world, "portal", actions={"force_portal": True})
    answer = ask(world, "carol@contoso.com", "bob@fabrikam.com", "kim@gmail.com")
    assert [delivery.channel for delivery in answer.deliveries] == [1, 2, 2]


def test_changes_hold_from_the_next_call_on(world):
    assert matched(ask(world)) == []
    made = rule(world, "now")
    assert matched(ask(world)) == ["now"]
    world.call("MailFlowService/UpdateRule", {"rule": {"rule_id": made, "mode": 3}}, world.contoso.admin)
    assert matched(ask(world)) == []
    world.sql(f"UPDATE mail_rule SET definition = '\\x320228017801'; SELECT epoch_raise('{world.contoso.id}')")
    assert reason(ask, world) == "RULES_INVALID"


def test_who_may_ask(world):
    rule(world, "incoming", conditions=[{"sender": {"side": 2}}])
    assert matched(ask(world, "alice@contoso.com", sender="kim@gmail.com")) == ["incoming"]
    assert reason(ask, world, sender="nobody") == "FIELD_INVALID"
    assert reason(ask, world, sender="") == "FIELD_INVALID"


def test_a_bounce_is_from_nobody(world):
    """RFC 5321 §4.5.5: its envelope has no sender."""
    platforms = world.a.component("relay", ROLES["gateway"], sender_domains=["contoso.com"])
    rule(world, "outside", conditions=[{"sender": {"side": 2}}])
    rule(world, "domain", conditions=[{"sender": {"domains": ["contoso.com"]}}])
    rule(world, "any")
    assert matched(ask(world, sender="<>")) == ["outside", "any"]
    event = world.call("AuditService/Query", {"page_size": 1}, world.contoso.admin).events[0]
    assert event.granted and event.target.startswith("from <> to 1: no protection, TLS; rules ")
    assert reason(ask, world, sender="<>", who=platforms) == "COMPONENT_DOMAIN"  # of which tenant would it be?


@pytest.mark.parametrize("facts", [
    {"subject": b"\xff"}, {"subject": b"x" * (65536 + 1)}, {"body": b"\xc3"}, {"body": b"x" * (MIB + 1)},
    {"recipients": ["a@b.c"] * 1001}, {"labels": ["x"] * 101}, {"kinds": [9]}, {"kinds": [0]},
    {"headers": [{"name": "a", "value": b"\xff"}]}, {"headers": [{"name": "a"}] * 1001},
    {"attachments": [{"name": b"\xff"}]}, {"attachments": [{}] * 1001}, {"message_id": "x" * 999}])
def test_what_is_no_message(world, facts):
    facts = {"sender": "alice@contoso.com"} | facts
    request = {"body": facts.pop("body", b""), "facts": facts}
    assert reason(world.call, "DeliveryService/EvaluateMessage", request, world.gateway) == "FIELD_INVALID"


def test_a_large_body_is_taken_and_a_large_rest_is_not(world):
    rule(world, "last word", conditions=[{"text": {"place": 2, "words": ["needle"]}}])
    body = (b"hay " * (MIB // 4))[:MIB - 7] + b" needle"
    assert len(body) == MIB and matched(ask(world, body=body)) == ["last word"]
    assert reason(ask, world, headers=[{"name": "a", "value": b"x" * 60000}] * 10) == "MESSAGE_TOO_LARGE"


def test_what_takes_too_long_is_refused(world):
    """Patterns that outgrow RE2's automaton, on the text that is worst for them."""
    for number in range(8):
        patterns = [f"(?:a|b)*a(?:a|b){{{90 + n}}}c{number}" for n in range(20)]
        rule(world, f"slow{number}", conditions=[{"text": {"place": 2, "patterns": patterns}}])
    words = random.Random(1)
    # The literals that would keep the patterns from being tried are there.
    literals = "".join("".join(words.choice("ab") for _ in range(20)) + f"abc{n} " for n in range(8))
    body = literals + "".join(words.choice("ab") for _ in range(MIB - 1000))
    assert reason(ask, world, body=body) == "RULES_TOO_SLOW"
    event = world.call("AuditService/Query", {"page_size": 1}, world.contoso.admin).events[0]
    assert (event.operation, event.reason, event.granted) == ("evaluate_message", "RULES_TOO_SLOW", False)


def test_a_busy_machine_is_not_what_takes_long(world):
    """What counts is the worker's time and not the clock's: here it gets none for longer than a message may take."""
    rule(world, "last word", conditions=[{"text": {"place": 2, "words": ["needle"]}}])
    body = b"hay " * (MIB // 4 - 2) + b" needle"
    workers = subprocess.run(["pgrep", "-P", str(world.a.process.pid)], capture_output=True, text=True, check=True).stdout.split()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(ask, world, body=body) for _ in range(4)]
        let_pass(0.1)
        for worker in workers:
            os.kill(int(worker), signal.SIGSTOP)
        let_pass(2.5)
        for worker in workers:
            os.kill(int(worker), signal.SIGCONT)
        assert [matched(answer.result()) for answer in answers] == [["last word"]] * 4


@pytest.fixture(name="loads")
def fixture_loads(world):
    """How often rules were read: each time their table is looked into, a sequence counts."""
    world.sql("""CREATE SEQUENCE mail_rule_loads; GRANT USAGE, SELECT ON SEQUENCE mail_rule_loads TO PUBLIC;
                 ALTER TABLE mail_rule RENAME TO mail_rule_kept;
                 CREATE VIEW mail_rule AS SELECT kept.* FROM (SELECT nextval('mail_rule_loads')) AS counted,
                     LATERAL (SELECT * FROM mail_rule_kept) AS kept; GRANT SELECT ON mail_rule TO PUBLIC""")
    yield lambda: int(world.sql("SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM mail_rule_loads"))
    world.sql("""DROP VIEW mail_rule; ALTER TABLE mail_rule_kept RENAME TO mail_rule; DROP SEQUENCE mail_rule_loads""")


def test_one_load_serves_all_who_ask(world, loads):
    with concurrent.futures.ThreadPoolExecutor(30) as pool:
        for _ in range(3):
            before = loads()
            world.sql(f"SELECT epoch_raise('{world.contoso.id}')")
            answers = list(pool.map(lambda _: ask(world, body="x"), range(30)))
            assert len({answer.SerializeToString() for answer in answers}) == 1
            assert loads() == before + 1


def test_what_one_load_meets_all_hear(world, loads):
    world.sql("INSERT INTO mail_rule_kept (tenant, rule, position, name, mode, definition, value_count, pattern_count) "
              f"VALUES ('{world.contoso.id}', gen_random_uuid(), 1, 'newer', 1, '\\x320228017801', 0, 0); "
              f"SELECT epoch_raise('{world.contoso.id}')")
    before = loads()
    with concurrent.futures.ThreadPoolExecutor(30) as pool:
        assert set(pool.map(lambda _: reason(ask, world), range(30))) == {"RULES_INVALID"}
    assert before < loads() < before + 30
