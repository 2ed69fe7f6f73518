# SPDX-License-Identifier: Apache-2.0
"""Mail-flow rules as admins keep them (docs/policy.md §10): what is stored, refused, ordered and limited; who may, what
is recorded, and what waits for a second admin."""
import pytest

from calls import pages, reason, refused
from world import rule_of

ENFORCE, TEST, OFF = 1, 2, 3


@pytest.fixture(scope="module", name="world")
def fixture_world(world):
    world.two = world.tenant("tailspin", domain="tailspin.com")
    world.call("BrandingService/CreateBranding", {"branding": {"branding": "blue-1"}}, world.contoso.admin)
    return world


def why(world, method, request, who=None):
    return reason(world.call, f"MailFlowService/{method}", request, who or world.contoso.admin)


def create(world, who=None, position=0, **fields):
    return world.call("MailFlowService/CreateRule", {"rule": rule_of(**fields), "position": position},
                      who or world.contoso.admin)


def names(world, who=None):
    rules = world.call("MailFlowService/ListRules", {}, who or world.contoso.admin).rules
    assert [rule.position for rule in rules] == list(range(1, len(rules) + 1))
    return [rule.name for rule in rules]


def clear(world, who=None):
    who = who or world.contoso.admin
    for rule in world.call("MailFlowService/ListRules", {"page_size": 200}, who).rules:
        world.call("MailFlowService/DeleteRule", {"rule_id": rule.rule_id}, who)


def test_a_rule_is_stored_in_normal_form(world):
    clear(world)
    made = create(world, name="All of it", mode=TEST, conditions=[
        {"sender": {"addresses": ["ALICE@Bücher.Example"], "domains": ["CONTOSO.com"], "groups": ["Legal@contoso.com"],
                    "side": 1}},
        {"recipient": {"side": 2, "boundaries": ["gcc-high", "external"], "every": True}},
        {"text": {"place": 3, "words": ["Top Secret"], "patterns": ["(?i)PRJ-\\d+"]}},
        {"text": {"place": 4, "header": "X-Class"}},
        {"attachment": {"extensions": [".EXE"], "types": ["Image/*"], "larger_than": 5, "password_protected": True,
                        "unreadable": True}},
        {"size": {"larger_than": 1 << 40}}, {"label": {"labels": ["Geheim"]}}, {"kind": {"kinds": [1, 8]}},
    ], exceptions=[{"kind": {"kinds": [3]}}], actions={"protection": 2, "branding": "blue-1", "force_portal": True,
                                                       "require_tls": True, "stop": True}).rule
    got = world.call("MailFlowService/GetRule", {"rule_id": made.rule_id}, world.contoso.admin).rule
    assert got == made and got.position == 1 and got.etag and not got.unreadable
    sender, attachment = got.conditions[0].sender, got.conditions[4].attachment
    assert list(sender.addresses) == ["alice@xn--bcher-kva.example"] and list(sender.domains) == ["contoso.com"]
    assert list(attachment.extensions) == ["exe"] and list(attachment.types) == ["image/*"]
    assert got.conditions[3].text.header == "x-class" and got.conditions[5].size.larger_than == 1 << 40
    again = world.call("MailFlowService/UpdateRule", {"rule": got, "update_mask": {"paths": ["*"]}},
                       world.contoso.admin).rule
    assert list(again.conditions) == list(got.conditions) and again.actions == got.actions


def test_the_order_is_the_admins(world):
    clear(world)
    ids = {name: create(world, name=name).rule.rule_id for name in "abc"}
    create(world, name="first", position=1)
    create(world, name="third", position=3)
    create(world, name="last", position=99)
    assert names(world) == ["first", "a", "third", "b", "c", "last"]
    world.call("MailFlowService/DeleteRule", {"rule_id": ids["a"]}, world.contoso.admin)
    assert names(world) == ["first", "third", "b", "c", "last"]
    rules = world.call("MailFlowService/ListRules", {}, world.contoso.admin).rules
    backwards = [rule.rule_id for rule in reversed(rules)]
    world.call("MailFlowService/ReorderRules", {"rule_ids": backwards}, world.contoso.admin)
    assert names(world) == ["last", "c", "b", "third", "first"]
    for wrong in (backwards[1:], backwards + backwards[:1], backwards[1:] + backwards[1:2],
                  backwards[1:] + [ids["a"]]):
        assert why(world, "ReorderRules", {"rule_ids": wrong}) == "PRECONDITION_FAILED"
    paged = pages(world.call, "MailFlowService/ListRules", {"page_size": 2}, "rules", world.contoso.admin)
    assert [rule.name for rule in paged] == names(world)


def test_updates_meet_their_state(world):
    clear(world)
    made = create(world, name="a", conditions=[{"size": {"larger_than": 1}}]).rule
    other = create(world, name="b").rule
    changed = world.call("MailFlowService/UpdateRule", {"rule": {
        "rule_id": made.rule_id, "mode": OFF, "etag": made.etag}}, world.contoso.admin).rule
    assert changed.mode == OFF and changed.conditions == made.conditions and changed.etag != made.etag
    late = {"rule_id": made.rule_id, "mode": ENFORCE, "etag": made.etag}
    assert why(world, "UpdateRule", {"rule": late}) == "ETAG_MISMATCH"
    assert not world.call("MailFlowService/UpdateRule", {
        "rule": {"rule_id": made.rule_id}, "update_mask": {"paths": ["conditions"]}},
        world.contoso.admin).rule.conditions
    assert why(world, "UpdateRule", {"rule": {"rule_id": other.rule_id, "name": "a"}}) == "ALREADY_EXISTS"
    assert why(world, "CreateRule", {"rule": rule_of(name="a")}) == "ALREADY_EXISTS"
    for verb in ("GetRule", "DeleteRule"):
        assert why(world, verb, {"rule_id": made.rule_id}, world.fabrikam.admin) == "NOT_FOUND"


BAD = [
    ({"name": ""}, "rule.name"), ({"name": "x" * 129}, "rule.name"), ({"mode": 0}, "rule.mode"),
    ({"mode": 4}, "rule.mode"), ({"actions": {}}, "rule.actions"), ({"actions": None}, "rule.actions"),
    ({"actions": {"block_text": "no", "stop": True}}, "rule.actions"),
    ({"actions": {"protection": 5}}, "rule.actions.protection"),
    ({"actions": {"protection": 1}}, "rule.actions.template_id"),
    ({"actions": {"protection": 2, "template_id": "x"}}, "rule.actions.template_id"),
    ({"actions": {"branding": "Blue"}}, "rule.actions.branding"),
    ({"actions": {"block_text": "x" * 1025}}, "rule.actions.block_text"),
    ({"conditions": [{}]}, "rule.conditions[0]"),
    ({"conditions": [{"kind": {"kinds": [1]}}] * 21}, "rule.conditions"),
    ({"conditions": [{"sender": {}}]}, "rule.conditions[0].sender"),
    ({"conditions": [{"sender": {"side": 3}}]}, "rule.conditions[0].sender.side"),
    ({"conditions": [{"sender": {"addresses": ["a@b.c", "nobody"]}}]}, "rule.conditions[0].sender.addresses[1]"),
    ({"conditions": [{"sender": {"domains": ["-"]}}]}, "rule.conditions[0].sender.domains[0]"),
    ({"conditions": [{"sender": {"boundaries": ["gcc"]}}]}, "rule.conditions[0].sender"),
    ({"conditions": [{"recipient": {"boundaries": ["moon"]}}]}, "rule.conditions[0].recipient.boundaries[0]"),
    ({"conditions": [{"text": {"words": ["x"]}}]}, "rule.conditions[0].text.place"),
    ({"conditions": [{"text": {"place": 1}}]}, "rule.conditions[0].text"),
    ({"conditions": [{"text": {"place": 1, "words": [" "]}}]}, "rule.conditions[0].text.words[0]"),
    ({"conditions": [{"text": {"place": 1, "words": ["x" * 257]}}]}, "rule.conditions[0].text.words[0]"),
    ({"conditions": [{"text": {"place": 4, "header": "a b"}}]}, "rule.conditions[0].text.header"),
    ({"conditions": [{"text": {"place": 1, "header": "a", "words": ["x"]}}]}, "rule.conditions[0].text.header"),
    ({"conditions": [{"text": {"place": 2, "patterns": ["a", "(b"]}}]}, "rule.conditions[0].text.patterns[1]"),
    ({"exceptions": [{"text": {"place": 2, "patterns": ["(a)\\1"]}}]}, "rule.exceptions[0].text.patterns[0]"),
    ({"conditions": [{"text": {"place": 2, "patterns": ["(((a?){20}b?){10}){2}c"]}}]},
     "rule.conditions[0].text.patterns[0]"),
    ({"conditions": [{"text": {"place": 2, "patterns": ["a{1001}"]}}]}, "rule.conditions[0].text.patterns[0]"),
    ({"conditions": [{"text": {"place": 2, "patterns": ["a"] * 21}}]}, "rule.conditions[0].text.patterns"),
    ({"conditions": [{"text": {"place": 2, "words": ["a"] * 501}}]}, "rule.conditions[0].text"),
    ({"conditions": [{"attachment": {"extensions": ["a.b"]}}]}, "rule.conditions[0].attachment.extensions[0]"),
    ({"conditions": [{"attachment": {"types": ["pdf"]}}]}, "rule.conditions[0].attachment.types[0]"),
    ({"conditions": [{"size": {}}]}, "rule.conditions[0].size"),
    ({"conditions": [{"label": {}}]}, "rule.conditions[0].label"),
    ({"conditions": [{"kind": {}}]}, "rule.conditions[0].kind"),
    ({"conditions": [{"kind": {"kinds": [9]}}]}, "rule.conditions[0].kind.kinds[0]"),
]


@pytest.mark.parametrize("fields, field", BAD, ids=[str(n) for n in range(len(BAD))])
def test_what_makes_no_rule_is_refused_with_its_place(world, fields, field):
    rule = {key: value for key, value in rule_of(**{"name": "bad"} | fields).items() if value is not None}
    refusal = refused(world.call, "MailFlowService/CreateRule", {"rule": rule}, world.contoso.admin)
    assert refusal.reason == "FIELD_INVALID" and field in refusal.fields


def test_a_rule_protects_by_a_template_that_can_be_chosen(world):
    clear(world)
    template = world.template().template_id
    by = {"protection": 1, "template_id": template}
    made = create(world, name="by template", actions=by).rule
    assert made.actions.template_id == template
    world.call("TemplateService/ArchiveTemplate", {"template_id": template}, world.contoso.admin)
    other = create(world, name="other", actions={"protection": 2}).rule
    assert why(world, "CreateRule", {"rule": rule_of(name="late", actions=by)}) == "TEMPLATE_NOT_FOUND"
    for late in ({"rule_id": other.rule_id, "actions": by}, {"rule_id": made.rule_id, "mode": TEST}):
        assert why(world, "UpdateRule", {"rule": late}) == "TEMPLATE_NOT_FOUND"
    # It is in nobody's way who names the rule otherwise or switches it off; switching it on asks for it again.
    for change in ({"name": "renamed"}, {"mode": OFF}, {"name": "again"}):
        world.call("MailFlowService/UpdateRule", {"rule": {"rule_id": made.rule_id, **change}}, world.contoso.admin)
    assert why(world, "UpdateRule", {"rule": {"rule_id": made.rule_id, "mode": ENFORCE}}) == "TEMPLATE_NOT_FOUND"


def test_a_rule_names_a_branding_that_there_is(world):
    clear(world)
    admin = world.contoso.admin

    def branding(verb, name):
        request = {"branding": {"branding": name}} if verb == "Create" else {"branding": name}
        return world.call(f"BrandingService/{verb}Branding", request, admin)

    by = {"protection": 2, "branding": "green"}
    assert why(world, "CreateRule", {"rule": rule_of(name="green", actions=by)}) == "BRANDING_NOT_FOUND"
    branding("Create", "green")
    made = create(world, name="green", actions=by).rule
    other = create(world, name="other").rule
    assert why(world, "UpdateRule", {"rule": {"rule_id": other.rule_id, "actions": {**by, "branding": "red"}}}) == (
        "BRANDING_NOT_FOUND")
    for mode in (ENFORCE, OFF):
        world.call("MailFlowService/UpdateRule", {"rule": {"rule_id": made.rule_id, "mode": mode}}, admin)
        assert reason(branding, "Delete", "green") == "PRECONDITION_FAILED"
    world.call("MailFlowService/UpdateRule", {"rule": {"rule_id": made.rule_id, "actions": {"protection": 2}}}, admin)
    branding("Delete", "green")
    world.call("MailFlowService/DeleteRule", {"rule_id": made.rule_id}, admin)
    # Another tenant's is none.
    world.call("BrandingService/CreateBranding", {"branding": {"branding": "theirs"}}, world.two.admin)
    assert why(world, "CreateRule", {"rule": rule_of(name="x", actions={**by, "branding": "theirs"})}) == (
        "BRANDING_NOT_FOUND")


def test_all_rules_together_have_limits(world):
    clear(world)
    tenant = world.contoso.id
    fill = ("INSERT INTO mail_rule (tenant, rule, position, name, mode, definition, value_count, pattern_count) SELECT "
            f"'{tenant}', gen_random_uuid(), n, 'full' || n, 1, '\\x32022801', %d, %d FROM generate_series(1, %d) AS n")
    one = {"conditions": [{"text": {"place": 1, "words": ["a"], "patterns": ["b"]}}]}
    for values, patterns, rules in ((0, 0, 999), (20, 0, 999), (0, 1, 499)):
        world.sql(f"DELETE FROM mail_rule WHERE tenant = '{tenant}'")
        world.sql(fill % (values, patterns, rules))
        if values:
            world.sql(f"UPDATE mail_rule SET value_count = 39 WHERE tenant = '{tenant}' AND position = 1")
        create(world, name="the last", **one)
        assert why(world, "CreateRule", {"rule": rule_of(name="too much", **one)}) == "LIMIT_EXCEEDED"
    world.sql(f"DELETE FROM mail_rule WHERE tenant = '{tenant}'")


def test_what_a_newer_version_wrote_is_told(world):
    clear(world)
    made = create(world, name="newer").rule
    # Field 15 of the rule, and a protection that isn't known.
    for definition in ("\\x320228017801", "\\x32020809", "\\xff"):
        world.sql(f"UPDATE mail_rule SET definition = '{definition}' WHERE rule = '{made.rule_id}'")
        got = world.call("MailFlowService/GetRule", {"rule_id": made.rule_id}, world.contoso.admin).rule
        assert got.unreadable and got.name == "newer" and not got.HasField("actions")
        assert why(world, "UpdateRule", {"rule": {"rule_id": made.rule_id, "mode": OFF}}) == "RULES_INVALID"
    world.call("MailFlowService/DeleteRule", {"rule_id": made.rule_id}, world.contoso.admin)


def test_changes_wait_for_a_second_admin(world):
    admin, second = world.two.admin, world.two.second_admin
    kept = create(world, admin, name="kept").rule
    world.update_tenant(admin, two_person=[1])
    asked = create(world, admin, name="asked", conditions=[{"recipient": {"side": 2}}], actions={"protection": 2})
    assert asked.approval_id and not asked.HasField("rule") and names(world, admin) == ["kept"]
    shown = world.call("ApprovalService/GetApproval", {"approval_id": asked.approval_id}, second).approval
    assert "asked" in shown.summary and any("actions.protection" in change.field for change in shown.changes)
    world.call("ApprovalService/ApproveRequest", {"approval_id": asked.approval_id}, second)
    assert names(world, admin) == ["kept", "asked"]
    # Another name changes nothing of what rules do.
    renamed = world.call("MailFlowService/UpdateRule", {"rule": {"rule_id": kept.rule_id, "name": "renamed"}}, admin)
    assert not renamed.approval_id and names(world, admin) == ["renamed", "asked"]
    ids = [rule.rule_id for rule in world.call("MailFlowService/ListRules", {}, admin).rules]
    for method, request, then in (
            ("UpdateRule", {"rule": {"rule_id": kept.rule_id, "mode": OFF}}, ["renamed", "asked"]),
            ("ReorderRules", {"rule_ids": ids[::-1]}, ["asked", "renamed"]),
            ("DeleteRule", {"rule_id": kept.rule_id}, ["asked"])):
        waiting = world.call(f"MailFlowService/{method}", request, admin).approval_id
        assert waiting, method
        world.call("ApprovalService/ApproveRequest", {"approval_id": waiting}, second)
        assert names(world, admin) == then


def test_acts_are_recorded(world):
    clear(world)
    made = create(world, name="recorded").rule
    world.call("MailFlowService/UpdateRule", {"rule": {"rule_id": made.rule_id, "mode": OFF}}, world.contoso.admin)
    world.call("MailFlowService/ReorderRules", {"rule_ids": [made.rule_id]}, world.contoso.admin)
    world.call("MailFlowService/DeleteRule", {"rule_id": made.rule_id}, world.contoso.admin)
    events = world.call("AuditService/Query", {"page_size": 4}, world.contoso.admin).events
    assert {event.operation: event.target for event in events} == {
        "create_rule": made.rule_id, "update_rule": made.rule_id, "reorder_rules": "1 rules",
        "delete_rule": made.rule_id}
