# SPDX-License-Identifier: Apache-2.0
"""Declarative administration (docs/declared.md): chancery export, diff and apply."""
import itertools
import json
import os
import re
import subprocess

import pytest

from command import CHANCERY, run, with_certificate
from terminal import Terminal
from world import VIEW

ROOT = os.path.realpath(f"{os.path.dirname(os.path.abspath(__file__))}/../..")
FAILED, USAGE, REFUSED = 1, 2, 3


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1}


@pytest.fixture(scope="module")
def world(world):
    with_certificate(world, "platform", world.platform_admin)
    return world


class Tenant:
    """A tenant of its own, whose admin has a profile."""

    def __init__(self, world):
        self.world, self.tenant = world, world.tenant(world.unique("declared"))
        self.name, self.admin, self.domain = self.tenant.name, self.tenant.admin, self.tenant.domain
        with_certificate(world, self.name, self.admin)

    def run(self, command, *arguments, **more):
        return run(self.world, command, self.name, *arguments, **more)

    def export(self, *kinds):
        return self.run("export", *kinds).stdout

    def apply(self, text, *more, **options):
        return self.run("apply", "-f", "-", *more, input=text, **options)

    def diff(self, text, *more, **options):
        return self.run("diff", "-f", "-", *more, input=text, **options)

    def call(self, method, request):
        return self.world.call(method, request, self.admin)

    def templates(self):
        return self.call("TemplateService/ListTemplates", {}).templates

    def rules(self):
        return [rule.name for rule in self.call("MailFlowService/ListRules", {}).rules]


@pytest.fixture(name="own")
def _own(world):
    return Tenant(world)


def document(kind, spec, **metadata):
    """JSON is YAML."""
    return "---\n" + json.dumps({"apiVersion": "chancery.v1", "kind": kind, "metadata": metadata, "spec": spec}) + "\n"


def template(name="Confidential", **more):
    return document("Template", {"names": [{"language": "en", "text": name}],
                                 "grants": [{"principals": ["authenticated"], "rights": ["VIEW", "PRINT"]}], **more})


def rule(name, **more):
    return document("Rule", {"name": name, "mode": "TEST", "actions": {"require_tls": True}, **more})


def without_ids(text):
    return re.sub(r"^  (id|etag): .*\n", "", text, flags=re.M)


EVERYTHING = template() + rule("First") + rule("Second") + document(
    "Branding", {"branding": "blue", "background_color": "#0000ff",
                 "texts": [{"language": "en", "introduction": "from us", "body": "two: lines"}]}) + document(
    "Exclusion", {"user": "eve@else.example"}) + document(
    "Denial", {"side": "READERS", "domain": "rival.example"}) + document("Domain", {"name": "more.example"})


def test_what_is_exported_is_what_is_there(own):
    """Once more, changed back, and into another tenant."""
    assert own.apply(EVERYTHING).stdout.count("made ") == 7
    told = own.export()
    assert own.diff(told, "--exit-code").stdout.startswith("0 to make, 0 to change, 0 to remove; ")
    assert "0 changes" in own.apply(told).stdout and own.export() == told
    for kind in ("Tenant", "Domain", "Denial", "Exclusion", "Issuer", "Component", "Template", "Branding", "Rule"):
        assert f"\nkind: {kind}\n" in told
    (made,) = own.templates()
    own.call("TemplateService/UpdateTemplate", {"template": {
        "template_id": made.template_id, "names": made.names, "referral_contact": "help@else.example",
        "offline_access": 2, "offline_days": 3}, "update_mask": {"paths": ["referral_contact", "offline_access",
                                                                          "offline_days"]}})
    shown = own.diff(told, "--exit-code", expect=FAILED).stdout
    assert "~ Template Confidential" in shown and "-   offline_days: 3" in shown and "-   referral_contact: help@" in shown
    own.apply(told)
    assert own.export() == told


def test_another_tenant_from_the_same_documents(own, world):
    own.apply(EVERYTHING)
    kinds = ("Denial", "Exclusion", "Template", "Branding", "Rule")
    other = Tenant(world)
    told = without_ids(own.export(*kinds)).replace(f"tenant: {own.name}", f"tenant: {other.name}")
    other.apply(told)
    assert without_ids(other.export(*kinds)) == told


def test_a_change_is_shown_like_a_patch_and_made(own):
    own.apply(template() + template("Other"))
    changed = template(grants=[{"principals": ["authenticated"], "rights": ["VIEW", "REPLY"]}], offline_access="NONE",
                       archived=True) + template("Other")
    shown = own.diff(changed).stdout
    assert re.search(r"^~ Template Confidential of \S+  \(standard input, line 2\)$", shown, re.M)
    assert "\n-         - PRINT\n+         - REPLY\n" in shown and "+   offline_access: OFFLINE_ACCESS_NONE" in shown
    assert "+   archived: true" in shown and "0 to make, 1 to change, 0 to remove; 1 as declared already" in shown
    assert not own.templates()[0].archived  # diff changes nothing
    done = own.apply(changed).stdout
    assert f"changed Template Confidential of {own.name}" in done and "1 changes; 1 as declared" in done
    now = own.templates()[0]
    assert list(now.grants[0].rights) == [VIEW, 9] and now.archived and now.offline_access == 1
    assert "0 changes; 2 as declared" in own.apply(changed).stdout
    own.apply(template(archived=False))
    assert not own.templates()[0].archived


def test_fields_that_no_document_names_stay(own):
    own.apply(template(referral_contact="help@else.example") + template("New", archived=True))
    assert [t.archived for t in own.templates()] == [False, True]
    own.apply(template(scope=[f"domain:{own.domain}"]))
    assert own.templates()[0].referral_contact == "help@else.example"
    own.apply(template(referral_contact="", expiry={"days": 4}))
    assert own.templates()[0].referral_contact == "" and own.templates()[0].expiry.days == 4
    own.apply(template(expiry={}))
    assert not own.templates()[0].HasField("expiry")


def test_rules_stand_in_the_order_of_their_documents(own):
    own.apply(rule("A") + rule("B") + rule("C"))
    assert own.rules() == ["A", "B", "C"]
    shown = own.diff(rule("C") + rule("New") + rule("A")).stdout
    assert "~ order of the rules" in shown
    assert "put in order Rule" in own.apply(rule("C") + rule("New") + rule("A")).stdout
    assert own.rules() == ["C", "B", "New", "A"]  # B is nobody's business, and keeps its place
    assert "0 changes" in own.apply(rule("C") + rule("New") + rule("A")).stdout


def test_prune_removes_what_no_document_describes(own):
    own.apply(EVERYTHING)
    text = rule("Second") + document("Exclusion", {"platform": "android"})
    assert "to remove; " in own.diff(text, "--prune").stdout and len(own.rules()) == 2
    assert "If you are sure, say --yes" in own.apply(text, "--prune", expect=USAGE).stderr and len(own.rules()) == 2
    done = own.apply(text, "--prune", "--yes").stdout
    assert "removed Rule First" in done and "removed Exclusion eve@else.example" in done
    assert own.rules() == ["Second"] and len(own.templates()) == 1  # other kinds stay
    assert "android" in own.export("Exclusion") and "eve@" not in own.export("Exclusion")


def test_nobody_removes_themselves(own):
    assert own.tenant.auditor and f"name: {own.name}-admin\n" in own.export("Component")
    text = without_ids(own.export("Component"))
    auditor = next(part for part in text.split("---\n") if "ROLE_AUDITOR" in part)
    assert "0 to make, 0 to change, 0 to remove" in own.diff(auditor, "--prune").stdout
    assert own.export("Component").count("kind: Component") == 2


# --- others at work ---


def test_what_was_changed_since_it_was_exported_is_not_overwritten(own):
    own.apply(template())
    told = own.run("export", "--etags", "Template").stdout
    assert re.search(r"^  etag: ", told, re.M)
    own.apply(told)
    made = own.templates()[0]
    own.call("TemplateService/UpdateTemplate", {"template": {
        "template_id": made.template_id, "referral_contact": "a@b.example"}, "update_mask": {"paths": ["referral_contact"]}})
    said = own.apply(told, expect=FAILED).stderr
    assert "standard input: line 2: Template was changed since this document was written" in said
    assert own.templates()[0].referral_contact == "a@b.example"


def test_what_is_changed_while_it_is_applied_is_not_overwritten(own, tmp_path):
    """The plan was made, and another admin came first: by a question that waits for its answer."""
    own.apply(template() + rule("R"))
    made = own.templates()[0]
    text = template(referral_contact="mine@b.example") + rule("S")
    path = tmp_path / "d.yaml"
    path.write_text(text)
    terminal = Terminal(CHANCERY, "apply", "--profile", f"{own.world.a.folder}/{own.name}.yaml", "-f", str(path), "--prune")
    terminal.read_until(b"type yes")
    own.call("TemplateService/UpdateTemplate", {"template": {
        "template_id": made.template_id, "referral_contact": "theirs@b.example"}, "update_mask": {"paths": ["referral_contact"]}})
    terminal.type(b"yes\n")
    said, code = terminal.finish()
    assert code == FAILED
    assert "ETAG_MISMATCH" in said and "line 2." in said and "0 of 3 changes were made before it" in said
    assert own.templates()[0].referral_contact == "theirs@b.example" and own.rules() == ["R"]
    own.run("apply", "-f", str(path), "--prune", "--yes")
    assert own.templates()[0].referral_contact == "mine@b.example" and own.rules() == ["S"]


def test_what_fails_half_way_is_taken_up(own):
    text = template("One") + template("Two", grants=[{"principals": ["nonsense"], "rights": ["VIEW"]}]) + rule("R")
    said = own.apply(text, expect=FAILED)
    assert said.stdout == "" and "FIELD_INVALID" in said.stderr and not own.templates() and not own.rules()
    assert "It is in standard input, line 4." in said.stderr and "0 of 3 changes were made before it" in said.stderr
    assert "The 3 changes of its tenant are made together, so none of them was." in said.stderr
    own.apply(text.replace("nonsense", "authenticated"))
    assert [t.names[0].text for t in own.templates()] == ["One", "Two"] and own.rules() == ["R"]


def test_a_second_admin_is_asked(own):
    own.apply(template())
    own.apply(document("Tenant", {"two_person": ["CONTENT_ACCESS"]}, tenant=own.name))
    done = own.apply(template(grants=[{"principals": ["authenticated"], "rights": ["OWNER"]}])).stdout
    assert "0 changes; 0 as declared already\n1 wait for another admin: " in done
    assert "waits for another admin: Template Confidential" in done and "chancery approval approve " in done
    assert list(own.templates()[0].grants[0].rights) == [1, 5]


def test_an_order_waits_with_the_rules_that_it_puts_in_order(own):
    """It names rules, so it may be asked for before they are there."""
    own.apply(rule("A"))
    own.apply(document("Tenant", {"two_person": ["CONTENT_ACCESS"]}, tenant=own.name))
    with_certificate(own.world, f"{own.name}-two", own.tenant.second_admin)
    text = rule("New") + template() + rule("A")
    done = own.apply(text, "--exit-code", expect=FAILED).stdout
    assert "\n2 wait for another admin: apply again" in done and "1 changes; 1 as declared" in done
    made, order = re.findall(r"chancery approval approve (\S+)", done)
    run(own.world, "approval approve", f"{own.name}-two", made)
    assert own.rules() == ["A", "New"] and len(own.templates()) == 1
    again = own.apply(text, "--exit-code", expect=FAILED).stdout
    assert "waits already for another admin: " in again and order in again and made not in again
    run(own.world, "approval approve", f"{own.name}-two", order)
    assert own.rules() == ["New", "A"]
    assert own.apply(text, "--exit-code").stdout == "0 changes; 3 as declared already\n"


def test_an_application_and_a_platform_of_one_name(own):
    """They are two exclusions, and each is removed by itself."""
    both = document("Exclusion", {"application": "Reader"}) + document("Exclusion", {"platform": "Reader"})
    assert "2 changes; 0 as declared" in own.apply(both).stdout
    assert own.apply(both, "--exit-code").stdout == "0 changes; 2 as declared already\n"
    assert "removed Exclusion application Reader" in own.apply(document("Exclusion", {"platform": "READER"}), "--prune", "--yes").stdout
    (left,) = own.call("TenantService/ListExclusions", {}).exclusions
    assert (left.application, left.platform) == ("", "Reader")


@pytest.mark.parametrize("text", ["[" * 100_000, "[{a: " * 50_000, "- " * 100_000, "? " * 100_000, "{" * 100_000 + "}" * 100_000],
                         ids=("lists", "both", "items", "keys", "closed"))
def test_what_is_nested_without_end_is_refused_at_once(own, text):
    """libyaml takes a minute for it; the time is not measured, because it is the test's own that would run out."""
    assert "is nested too deeply" in own.apply(text, expect=FAILED).stderr


# --- for programs ---


def test_a_plan_as_a_document(own):
    """Of each act what, to whom, which fields, and where it is declared; exit codes as without -o."""
    own.apply(template() + rule("R") + document("Exclusion", {"user": "eve@else.example"}))
    text = template(offline_access="NONE") + rule("R") + rule("New") + document("Exclusion", {"platform": "android"})
    plan = json.loads(own.diff(text, "--prune", "--exit-code", "-o", "json", expect=FAILED).stdout)
    assert plan["unchanged"] == 1
    shown = [(c["kind"], c["name"], c["tenant"], c["action"], c["result"], c.get("line")) for c in plan["changes"]]
    assert shown == [("Exclusion", "platform android", own.name, "PLAN_ACTION_MAKE", "PLAN_RESULT_PLANNED", 8),
                     ("Template", "Confidential", own.name, "PLAN_ACTION_CHANGE", "PLAN_RESULT_PLANNED", 2),
                     ("Rule", "New", own.name, "PLAN_ACTION_MAKE", "PLAN_RESULT_PLANNED", 6),
                     ("Exclusion", "eve@else.example", own.name, "PLAN_ACTION_REMOVE", "PLAN_RESULT_PLANNED", shown[3][5])]
    android, changed, new, gone = plan["changes"]
    assert changed["id"] == own.templates()[0].template_id and changed["file"] == "standard input"
    assert changed["fields"] == [{"name": "offline_access", "after": "offline_access: OFFLINE_ACCESS_NONE\n"}]
    assert [field["name"] for field in new["fields"]] == ["name", "mode", "actions"] and not any("before" in field for field in new["fields"])
    assert gone["fields"] == [{"name": "user", "before": "user: eve@else.example\n"}]
    assert android["fields"][0]["name"] == "platform"
    assert own.diff(text, "--prune", "-o", "yaml").stdout.startswith("changes:\n") and len(own.rules()) == 1


def test_what_was_carried_out_as_a_document(own):
    text = template() + rule("A") + rule("B")
    done = json.loads(own.apply(text, "-o", "json").stdout)
    assert [(c["action"], c["result"]) for c in done["changes"]] == [("PLAN_ACTION_MAKE", "PLAN_RESULT_DONE")] * 3
    assert json.loads(own.apply(text, "-o", "json").stdout) == {"changes": [], "unchanged": 3}
    ordered = json.loads(own.apply(template() + rule("B") + rule("A"), "-o", "json").stdout)
    assert [(c["kind"], c["action"], c["result"], c["order"]) for c in ordered["changes"]] == [
        ("Rule", "PLAN_ACTION_ORDER", "PLAN_RESULT_DONE", ["B", "A"])]
    told = own.apply(rule("B"), "--prune", "-o", "json", expect=USAGE)
    assert told.stdout == "" and "say --yes" in json.loads(told.stderr)["error"]["message"] and own.rules() == ["B", "A"]
    done = json.loads(own.apply(rule("B"), "--prune", "--yes", "-o", "json").stdout)
    assert [(c["name"], c["action"], c["result"]) for c in done["changes"]] == [("A", "PLAN_ACTION_REMOVE", "PLAN_RESULT_DONE")]


def test_what_fails_and_what_waits_as_a_document(own):
    """Standard error has the refusal as one document, standard output what came of each act."""
    text = template("One") + template("Two", grants=[{"principals": ["nonsense"], "rights": ["VIEW"]}]) + rule("R")
    told = own.apply(text, "-o", "json", expect=FAILED)
    assert json.loads(told.stderr)["error"]["reason"] == "FIELD_INVALID"
    assert [(c["name"], c["result"], c["line"]) for c in json.loads(told.stdout)["changes"]] == [
        ("One", "PLAN_RESULT_NOT_TRIED", 2), ("Two", "PLAN_RESULT_FAILED", 4), ("R", "PLAN_RESULT_NOT_TRIED", 6)]
    own.apply(template("One"))
    own.apply(document("Tenant", {"two_person": ["CONTENT_ACCESS"]}, tenant=own.name))
    widened = template("One", grants=[{"principals": ["authenticated"], "rights": ["OWNER"]}])
    (waiting,) = json.loads(own.apply(widened, "-o", "json", "--exit-code", expect=FAILED).stdout)["changes"]
    assert waiting["result"] == "PLAN_RESULT_WAITING"
    assert waiting["approvalId"] == own.call("ApprovalService/ListApprovals", {}).approvals[0].approval_id


# --- the platform ---


def test_the_platform(world):
    told = run(world, "export", "platform").stdout
    for kind in ("Boundary", "Tenant", "Component"):
        assert f"\nkind: {kind}\n" in told
    assert "\nkind: Template\n" not in told and "  tenant: contoso\n" in told
    assert "0 to make, 0 to change" in run(world, "diff", "platform", "-f", "-", input=told).stdout
    name = world.unique("made")
    text = (document("Boundary", {"boundary": "nordic", "suite": "P384", "display_name": "North"})
            + document("BoundaryRule", {"content_boundary": "nordic", "reader_boundary": "external", "rule": "BLOCK"})
            + document("Domain", {"name": "Made.Example"}, tenant=name)
            + document("Tenant", {"boundary": "nordic", "display_name": "Made"}, tenant=name))
    assert "4 to make" in run(world, "diff", "platform", "-f", "-", input=text).stdout
    run(world, "apply", "platform", "-f", "-", input=text)
    assert "0 changes; 4 as declared" in run(world, "apply", "platform", "-f", "-", input=text).stdout
    told = run(world, "export", "platform", "--tenant", name).stdout
    assert "name: made.example" in told and "display_name: Made" in told and "nordic" in told
    assert "another" in run(world, "apply", "platform", "-f", "-", expect=FAILED, input=document(
        "Tenant", {"boundary": "gcc"}, tenant=name)).stderr
    rules = document("BoundaryRule", {"content_boundary": "nordic", "reader_boundary": "gcc", "rule": "BLOCK"})
    assert "removed BoundaryRule nordic external" in run(world, "apply", "platform", "-f", "-", "--prune", "--yes",
                                                         input=rules).stdout


def test_other_tenants_are_nobodys_business(own, world):
    said = own.apply(document("Template", template_of_names(), tenant="contoso"), expect=REFUSED).stderr
    assert "COMPONENT_TENANT" in said and "standard input, line 2" in said
    said = run(world, "apply", "platform", "-f", "-", input=document("Domain", {"name": "x.example"}, tenant="nowhere"),
               expect=FAILED).stderr
    assert "line 2: Domain is of a tenant that isn't there" in said
    assert "COMPONENT_ROLE" in own.apply(document("Boundary", {"boundary": "mine", "suite": "P256"}), expect=REFUSED).stderr


def template_of_names():
    return {"names": [{"language": "en", "text": "T"}], "grants": [{"principals": ["owner"], "rights": ["VIEW"]}]}


# --- files ---


def test_folders_and_files(own, tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "10.yaml").write_text(template())
    (tmp_path / "rules/b.yml").write_text(rule("B"))
    (tmp_path / "rules/a.yaml").write_text("# nothing yet\n---\n" + rule("A")[4:] + "---\n")
    (tmp_path / "README.md").write_text("a: [")
    (tmp_path / ".hidden.yaml").write_text("a: [")
    own.run("apply", "-f", str(tmp_path))
    assert own.rules() == ["A", "B"] and len(own.templates()) == 1
    (tmp_path / "rules/b.yml").write_text(rule("B", mode="AUDIT"))
    said = own.run("apply", "-f", str(tmp_path), expect=FAILED).stderr
    assert f"{tmp_path}/rules/b.yml: line 2: mode has a value that is not in its enumeration" in said
    assert "ENFORCE, TEST, OFF" in said
    assert "No such file" in own.run("diff", "-f", str(tmp_path / "none"), expect=FAILED).stderr
    os.symlink(tmp_path, tmp_path / "again")
    assert "nested too deeply" in own.run("diff", "-f", str(tmp_path), expect=FAILED).stderr


def test_the_example_is_applied(own):
    """deploy/gitops, which docs/declared.md shows."""
    folder = f"{ROOT}/deploy/gitops/tenant"
    own.run("apply", "-f", folder)
    assert "0 changes" in own.run("apply", "-f", folder).stdout
    assert own.rules() and own.templates()


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"
HEAD = "apiVersion: chancery.v1\nkind: Template\n"


@pytest.mark.parametrize("text, said", [
    (HEAD + "spec:\n\tnames: []\n", "line 4: not YAML"),
    (BOMB, "stands behind an alias: write it out"),
    ("a: &a [*a]\n", "stands behind an alias"),
    (HEAD + "spec: {names: no}\n", "line 3: names must be a list"),
    (HEAD + "spec: {name: no}\n", "did you mean names?"),
    (HEAD + "spec: {names: [], names: []}\n", "line 3: names is given twice"),
    (HEAD + "kind: Rule\nspec: {}\n", "line 3: kind is given twice"),
    (HEAD + "spec: {}\nmore: 1\n", "a document has a member that is not known"),
    (HEAD + "metadata: {name: x}\nspec: {}\n", "line 3: metadata has a member that is not known: it has tenant, id, etag"),
    (HEAD, "spec is missing in this document"),
    (HEAD + "spec: {}\n", "needs spec.names, by which it is known"),
    (HEAD.replace("Template", "Templat") + "spec: {}\n", "line 2: kind is not known; did you mean Template?"),
    (HEAD.replace("v1", "v2") + "spec: {}\n", "line 1: apiVersion must be chancery.v1"),
    (HEAD + "spec: {names: [{language: en, text: T}], version: 3}\n", "line 3: version is set by the authority"),
    (HEAD + "spec: {names: [{language: en, text: T}], tenant: x}\n", "tenant stands in metadata"),
    (HEAD + "spec: {names: [{language: en, text: T}]}\n", "to make it spec.grants is needed"),
    (HEAD + 'spec: {names: [{language: en, text: "a\\0b"}]}\n', "has a NUL in it"),
    (HEAD + "metadata: {id: 019fb2cd-0000-7000-8000-000000000000}\nspec: {names: [{language: en, text: T}]}\n",
     "with this metadata.id is not there"),
    (document("Boundary", {"boundary": "b"}, tenant="x"), "line 2: Boundary belongs to the platform"),
    (document("Branding", {"branding": "b"}, id="x"), "line 2: Branding has no id"),
    (document("Tenant", {}), "line 2: Tenant needs metadata.tenant"),
    (template() + template(), "line 4: Template is described in standard input, line 2, already"),
    ("[" * 5000, "nested too deeply"), ("a: " + "[" * 40 + "]" * 40, "nested too deeply"),
    ("- 1\n", "a document must be a mapping"), ("", "there is no document"), ("# nothing\n", "there is no document"),
    ("kind: *x\n", "not YAML: found undefined alias")], ids=itertools.count())
def test_bad_documents(own_once, text, said):
    done = own_once.apply(text, expect=FAILED)
    assert said in done.stderr, done.stderr
    assert done.stdout == "" and "INPUT_INVALID" in done.stderr


@pytest.fixture(scope="module", name="own_once")
def _own_once(world):
    return Tenant(world)


def test_bytes_that_are_no_text(own_once, tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(HEAD.encode() + b"spec:\n  names: [{language: en, text: \xff}]\n")
    said = own_once.run("diff", "-f", str(path), expect=FAILED).stderr
    assert f"{path}: line 4: not YAML" in said


def test_very_many_documents(own_once):
    many = "".join(document("Exclusion", {"user": f"u{i}@else.example"}) for i in range(10000))
    assert "10000 to make" in own_once.diff(many).stdout
    assert "more than 10000 documents" in own_once.diff(many + rule("R"), expect=FAILED).stderr


def test_what_is_not_understood(own_once):
    assert "-f PATH is required" in own_once.run("apply", expect=USAGE).stderr
    assert "takes no operand" in own_once.run("diff", "-f", "-", "x", expect=USAGE).stderr
    assert "did you mean Template?" in own_once.run("export", "template", expect=USAGE).stderr


def test_no_secret_is_exported(own, world):
    """What the database holds of keys, and what profiles have, is not in it."""
    world.protect()
    told = own.export() + run(world, "export", "platform").stdout
    assert "PRIVATE" not in told and "wrapped" not in told and not re.search(r'"(d|k|oth)": ?"', told)
