# SPDX-License-Identifier: Apache-2.0
"""Mail got past a rule by another way to write what the rule names: a recipient in quotes, the name of a file with a dot
behind it, a media type with parameters, a header with a blank before its colon, a long s in a pattern without regard to
case. And whoever wrote the mail could write into its record."""
import pytest

from world import rule_of


@pytest.fixture(autouse=True)
def no_rules(world):
    world.sql("DELETE FROM mail_rule")
    world.sql(f"SELECT epoch_raise('{world.contoso.id}')")


def rule(world, name, **condition):
    world.call("MailFlowService/CreateRule", {"rule": rule_of(name=name, conditions=[condition] if condition else [])},
               world.contoso.admin)


def ask(world, *recipients, body="", **facts):
    return world.call("DeliveryService/EvaluateMessage", {
        "facts": {"sender": "alice@contoso.com", "recipients": list(recipients or ["bob@fabrikam.com"]), **facts},
        "body": body.encode()}, world.gateway)


def matched(answer):
    return [finding.name for finding in answer.findings]


@pytest.mark.parametrize("recipient, rules", [
    ("bob@fabrikam.com", ["address", "domain", "every"]), ('"bob"@fabrikam.com', ["address", "domain", "every"]),
    ('"b\\ob"@FABRIKAM.com', ["address", "domain", "every"]), ("<bob@fabrikam.com>", ["address", "domain", "every"]),
    ("@relay.example:bob@fabrikam.com", ["address", "domain", "every"]),
    ('"john doe"@fabrikam.com', ["domain", "every", "external"]), ("bob(x)@fabrikam.com", ["domain", "every", "external"]),
    ("bob@[192.0.2.1]", ["external"]), ("bob", ["external"])])
def test_a_recipient_was_written_otherwise(world, recipient, rules):
    rule(world, "address", recipient={"addresses": ["bob@fabrikam.com"]})
    rule(world, "domain", recipient={"domains": ["fabrikam.com"]})
    rule(world, "every", recipient={"domains": ["fabrikam.com"], "every": True})
    rule(world, "external", recipient={"boundaries": ["external"]})
    answer = ask(world, recipient)
    assert matched(answer) == rules
    # Protect names them as little as before.
    assert answer.deliveries[0].reason == ("OK" if recipient == "bob@fabrikam.com" else "FIELD_INVALID")


def test_a_quoted_member_is_in_their_groups(world):
    admin = world.contoso.admin
    world.call("DirectoryService/PutUser", {"user": {"address": "carol@contoso.com"}}, admin)
    world.call("DirectoryService/PutGroup", {"group": {"address": "legal@contoso.com"}}, admin)
    world.call("DirectoryService/AddMembers", {"group": "legal@contoso.com", "members": ["carol@contoso.com"]}, admin)
    rule(world, "group", recipient={"groups": ["legal@contoso.com"]})
    rule(world, "inside", recipient={"side": 1})
    assert matched(ask(world, '"carol"@contoso.com')) == ["group", "inside"]


@pytest.mark.parametrize("name", ["a.exe", "a.EXE.", "a.exe . ", "a.exe\u00a0", "a.ｅｘｅ", "a.e\u00adxe", "a.exe\u200b"])
def test_a_file_was_named_otherwise(world, name):
    rule(world, "exe", attachment={"extensions": ["EXE"]})
    assert matched(ask(world, attachments=[{"name": name.encode()}])) == ["exe"]


@pytest.mark.parametrize("media_type", ["application/pdf", "Application/PDF; name=x", " application/pdf", "application/pdf ;"])
def test_a_type_had_parameters(world, media_type):
    rule(world, "pdf", attachment={"types": ["application/pdf"]})
    assert matched(ask(world, attachments=[{"type": media_type}])) == ["pdf"]


@pytest.mark.parametrize("name", ["X-Class", "x-class ", "X-CLASS :"])
def test_a_header_had_a_blank(world, name):
    rule(world, "there", text={"place": 4, "header": "X-Class"})
    rule(world, "words", text={"place": 4, "header": "X-Class", "words": ["geheim"]})
    assert matched(ask(world, headers=[{"name": name, "value": b"geheim"}])) == ["there", "words"]


def test_a_long_s_is_an_s(world):
    rule(world, "pattern", text={"place": 2, "patterns": ["(?i)secret key"]})
    assert matched(ask(world, body="\u017fecret \u212aey")) == ["pattern"]


def test_a_message_wrote_its_record(world):
    rule(world, "a")
    ask(world, message_id="<a@b>: blocked; rules 1 (decided)")
    event = world.call("AuditService/Query", {"page_size": 1}, world.contoso.admin).events[0]
    ours, _, theirs = event.target.partition("; Message-ID ")
    assert ours.startswith("from alice@contoso.com to 1: no protection, TLS; rules ") and "blocked" not in ours
    assert theirs == "<a@b>: blocked; rules 1 (decided)"
