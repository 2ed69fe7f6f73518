# SPDX-License-Identifier: Apache-2.0
"""Acts of one tenant are carried out in one transaction: all of them or none (docs/declared.md §4)."""
import signal
import subprocess
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from authority import Issuer, Refused
from build_kind import is_sanitized
from calls import refused
from command import CHANCERY, run
from faults import Step
from test_declared import FAILED, _own, document, rule, template, world  # noqa: F401  pylint: disable=unused-import
from waiting import eventually, let_pass
from world import rule_of

APPLY = "DeclarationService/Apply"
VIEW = {"principals": ["authenticated"], "rights": [1]}


@pytest.fixture(scope="module")
def authority_options(faults):
    return {"workers": 1, "env": faults.env}


def made(name, **more):
    return {"create_template": {"template": {"names": [{"language": "en", "text": name}], "grants": [VIEW], **more}}}


def ruled(name):
    return {"create_rule": {"rule": rule_of(name=name)}}


def excluded(name):
    return {"add_exclusion": {"application": name}}


def apply(own, acts, who=None, **more):
    return own.world.call(APPLY, {"acts": acts}, who or own.admin, **more).results


def rejected(own, acts, who=None):
    return refused(own.world.call, APPLY, {"acts": acts}, who or own.admin)


def names(own):
    return sorted(t.names[0].text for t in own.templates())


def acts_in_log(own):
    return int(own.world.sql(f"SELECT count(*) FROM audit JOIN tenant USING (tenant) WHERE name = '{own.name}'"))


# --- all of them ---


def test_what_comes_of_each_act(own):
    """Each answers as its own method does; each is in the log; all have one correlation id."""
    trace = uuid.uuid4().hex
    results = apply(own, [made("A"), ruled("R"), excluded("x"), {"add_domain": {"domain": own.world.unique() + ".example"}}],
                    metadata=[("traceparent", f"00-{trace}-{'1' * 16}-01")])
    (a,) = own.templates()
    (r,) = own.call("MailFlowService/ListRules", {}).rules
    assert [(one.id, one.etag, one.approval_id) for one in results[:3]] == [
        (a.template_id, a.etag, ""), (r.rule_id, r.etag, ""), ("", "", "")]
    rows = own.world.sql(f"SELECT operation FROM audit WHERE correlation_id = '{trace}' AND granted").splitlines()
    assert sorted(rows) == ["add_domain", "add_exclusion", "create_rule", "create_template"]


def test_an_act_sees_those_before_it(own):
    """It is checked against what they have made, by each of the ways in which things are looked up."""
    apply(own, [ruled("A"), ruled("B"), {"reorder_rules": {"rule_names": ["B", "nobody's", "A"]}}, made("T")])
    assert own.rules() == ["B", "A"]
    (t,) = own.templates()
    apply(own, [{"archive_template": {"template_id": t.template_id}}, {"publish_template": {"template_id": t.template_id}},
                {"delete_template": {"template_id": t.template_id}}])
    assert not own.templates()
    told = rejected(own, [excluded("y"), {"remove_exclusion": {"application": "y"}}, {"remove_exclusion": {"application": "y"}}])
    assert (told.reason, told.metadata["act"]) == ("NOT_FOUND", "2")


# --- or none ---


def test_one_that_fails_undoes_all(own):
    apply(own, [made("There")])
    before = acts_in_log(own)
    acts = [made(f"T{i}") for i in range(50)] + [made("Bad", grants=[{"principals": ["nonsense"], "rights": [1]}])]
    told = rejected(own, acts + [made(f"U{i}") for i in range(50)])
    assert (told.reason, told.metadata["act"]) == ("FIELD_INVALID", "50")
    assert told.fields == ["acts[50].create_template.template.grants[0].principals[0]"]
    assert names(own) == ["There"] and acts_in_log(own) == before
    told = rejected(own, [made("T"), ruled("R"), ruled("R"), made("U")])  # what the database refuses
    assert (told.reason, told.metadata["act"]) == ("ALREADY_EXISTS", "2")
    assert names(own) == ["There"] and not own.rules() and acts_in_log(own) == before


def test_what_is_refused_is_recorded_all_the_same(own):
    """And once, though what it stood among is undone."""
    platform = own.world.platform_admin
    told = rejected(own, [{"add_domain": {"tenant": own.name, "domain": own.world.unique() + ".example"}}, made("T")], platform)
    assert (told.reason, told.metadata["act"]) == ("COMPONENT_ROLE", "1")
    count = "SELECT count(*) FROM audit WHERE reason = 'COMPONENT_ROLE' AND operation IN ('apply', 'create_template')"
    assert own.world.sql(count) == "1"


def test_bad_requests(own):
    assert rejected(own, []).reason == "FIELD_INVALID"
    told = rejected(own, [excluded("x")] * 1001)
    assert told.reason == "FIELD_INVALID" and told.fields[0] == "acts"
    told = rejected(own, [excluded("x"), {}])
    assert told.reason == "FIELD_INVALID" and told.fields[0] == "acts[1]"
    other = own.world.tenant(own.world.unique("other"))
    domains = [{"add_domain": {"tenant": name, "domain": own.world.unique() + ".example"}} for name in (own.name, other.name)]
    told = rejected(own, domains, own.world.platform_admin)
    assert told.reason == "FIELD_INVALID" and told.fields[0] == "acts[1]"
    assert not own.call("TenantService/ListExclusions", {}).exclusions
    assert [d.name for d in own.call("TenantService/GetTenant", {}).tenant.domains] == [own.domain]


# --- beside others ---


def test_nobody_sees_a_part(own):
    """Templates and rules are there together, whoever looks meanwhile."""
    apply(own, [made("First"), ruled("First")])
    seen, is_over = set(), threading.Event()

    def watch():
        while not is_over.is_set():
            seen.add(len(own.call("TemplateService/ListTemplates", {"page_size": 200}).templates))

    with ThreadPoolExecutor(2) as pool:
        watching = [pool.submit(watch) for _ in range(2)]
        try:
            eventually(lambda: seen, "somebody looks")
            apply(own, [act for i in range(50) for act in (made(f"T{i}"), ruled(f"R{i}"))])
            eventually(lambda: 51 in seen, lambda: seen)
        finally:
            is_over.set()
        for one in watching:
            one.result()
    assert seen == {1, 51}


def changed(templates, contact):
    return [{"update_template": {"template": {"template_id": t.template_id, "etag": t.etag, "referral_contact": contact},
                                 "update_mask": {"paths": ["referral_contact"]}}} for t in templates]


def test_two_at_once_are_one_after_the_other(own):
    """Of two that were made for the same state one is refused, whole."""
    apply(own, [made(f"T{i}") for i in range(10)])
    templates = list(own.templates())

    def one(contact):
        acts = changed(templates if contact[0] == "a" else templates[::-1], contact)
        try:
            return len(apply(own, acts, own.admin if contact[0] == "a" else own.tenant.second_admin))
        except Refused as error:
            return error.reason

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(one, ("a@a.example", "b@b.example")))
    contacts = {t.referral_contact for t in own.templates()}
    assert len(contacts) == 1 and sorted(map(str, results)) in (["10", "CONFLICT"], ["10", "ETAG_MISMATCH"]), results
    assert contacts == {"a@a.example" if results[0] == 10 else "b@b.example"}


def test_a_license_waits_for_nobody(own, faults):
    """Who opens mail meanwhile is decided on as things were before."""
    w = own.world
    content = w.protect(token=own.tenant.token("ann"), owner=f"ann@{own.domain}", recipients=["bob@fabrikam.com"])
    faults.delay(Step("apply", "commit", True), 3000)
    with ThreadPoolExecutor(1) as pool:
        applying = pool.submit(apply, own, [{"add_exclusion": {"user": "bob@fabrikam.com"}}])
        try:
            eventually(lambda: in_transaction(w), "the transaction is open")
            assert w.acquire(content, token=w.bob).use_license
            assert not applying.done()
        finally:
            faults.none()
        applying.result()
    with pytest.raises(Refused) as told:
        w.acquire(content, token=w.bob)
    assert told.value.reason == "EXCLUDED"


def in_transaction(w):
    return w.sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'") == "1"


def idp(tenant):
    made = Issuer(f"https://{tenant.domain}/idp")
    return {"issuer": {"kind": 5, "issuer": made.iss, "audiences": [made.audience], "algorithms": ["ES256"], "jwks_json": made.jwks()}}


def narrowed(w, tenant):
    """A change that falls under the approval that the tenant requires, and needs none."""
    assert tenant.second_admin  # an admin before it is asked for
    w.call("TemplateService/CreateTemplate", {"template": {
        "names": [{"language": "en", "text": "T"}], "grants": [{"principals": [f"tenant:{tenant.name}"], "rights": [1]}]}}, tenant.admin)
    w.call("TenantService/UpdateTenant", {"tenant": {"tenant": tenant.name, "two_person": [1]},
                                          "update_mask": {"paths": ["two_person"]}}, tenant.admin)
    (made_one,) = w.call("TemplateService/ListTemplates", {}, tenant.admin).templates
    return {"template": {"template_id": made_one.template_id, "referral_contact": "a@a.example"},
            "update_mask": {"paths": ["referral_contact"]}}


def meanwhile(faults, tenant, acts, others):
    """What an Apply ends with; others act when its acts are done, before the end."""
    w = tenant.world
    faults.delay(Step("apply", "settle", False), 3000)
    with ThreadPoolExecutor(1) as pool:
        applying = pool.submit(w.call, APPLY, {"acts": acts}, tenant.admin)
        try:
            eventually(lambda: applying.done() or in_transaction(w), "the transaction is open")
            for one in others:
                w.call(*one)
            assert not applying.done(), applying.exception()
        finally:
            faults.none()
        return getattr(applying.exception(), "reason", None)


def test_no_other_tenant_waits(own, faults):
    """The platform's epoch is everybody's: whoever rests on it, or raises it, holds it for no longer than a COMMIT takes."""
    w = own.world
    other, third, fourth, fifth = (w.tenant(w.unique("other")) for _ in range(4))
    mine, theirs = narrowed(w, own.tenant), narrowed(w, other)
    change = ("TemplateService/UpdateTemplate", theirs, other.admin)
    assert meanwhile(faults, own, [{"update_template": mine}], [change]) is None
    raises = ("IssuerService/CreateIssuer", idp(third), third.admin)  # so what rests on it is stale
    assert meanwhile(faults, own, [{"update_template": mine}], [change, raises]) == "CONFLICT"
    apart = Beside(w, fourth.admin)
    before = platforms_epoch(w)
    raises = ("IssuerService/CreateIssuer", idp(fifth), fifth.admin)
    assert meanwhile(faults, apart, [{"create_issuer": idp(fourth)}], [change, raises]) is None
    assert platforms_epoch(w) != before
    assert apply(own, [{"update_template": mine}])


def test_it_raises_the_platforms_epoch(own):
    """Once, whatever it has of acts that do."""
    before = platforms_epoch(own.world)
    apply(own, [excluded("x")])
    assert platforms_epoch(own.world) == before
    apply(own, [{"create_issuer": idp(own)}, excluded("y")])
    assert platforms_epoch(own.world) != before


@dataclass
class Beside:
    world: object
    admin: object


def platforms_epoch(w):
    return w.sql("SELECT epoch FROM epoch WHERE scope = '00000000-0000-0000-0000-000000000000'")


def test_the_same_request_twice_at_once(own, faults):
    """The later one is told to ask again, and gets the same template then."""
    act = {"create_template": {**made("T")["create_template"], "request_id": str(uuid.uuid4())}}
    faults.delay(Step("apply", "settle", False), 500)
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(apply, own, [act]) for _ in range(2)]
        errors = [one.exception() for one in both]
    faults.none()
    assert [error.reason for error in errors if error] in ([], ["CONFLICT"])
    (t,) = own.templates()
    assert [one.id for one in apply(own, [act])] == [t.template_id]


def test_it_ends_when_it_is_old(own, faults):
    """Whatever deadline its client has: others wait for what it holds."""
    faults.delay(Step("add_exclusion", "exclude", True), 4000)
    with ThreadPoolExecutor(1) as pool:
        applying = pool.submit(apply, own, [excluded(f"x{i}") for i in range(9)], timeout=60)
        assert applying.exception().reason == "DEADLINE_EXCEEDED"
    faults.none()
    assert not own.call("TenantService/ListExclusions", {}).exclusions


# --- interrupted ---


def test_a_client_that_dies_leaves_nothing(own, faults):
    """Killed while the acts are done; and the next one goes on as if nothing had been."""
    text = "".join(template(f"T{i}") for i in range(20))
    path = f"{own.world.a.folder}/{own.name}-documents.yaml"
    own.world.a.write(f"{own.name}-documents.yaml", text.encode())
    faults.delay(Step("apply", "commit", True), 2000)
    with subprocess.Popen([CHANCERY, "apply", "--profile", f"{own.world.a.folder}/{own.name}.yaml", "-f", path],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
        try:
            eventually(lambda: in_transaction(own.world), "the transaction is open")
        finally:
            client.send_signal(signal.SIGKILL)
    eventually(lambda: not in_transaction(own.world), "it is over")
    faults.none()
    assert names(own) in ([], sorted(f"T{i}" for i in range(20)))
    own.apply(text)
    assert names(own) == sorted(f"T{i}" for i in range(20))
    before = acts_in_log(own)
    assert "0 changes; 20 as declared" in own.apply(text).stdout and acts_in_log(own) == before


def test_a_connection_that_is_lost(own, faults):
    """To the database, in the middle: nothing is done, and the client is told so."""
    w = own.world
    faults.delay(Step("create_rule", "create", True), 3000)
    with ThreadPoolExecutor(1) as pool:
        applying = pool.submit(rejected, own, [made("T"), ruled("R")])
        try:
            eventually(lambda: in_transaction(w), "the transaction is open")
            w.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'")
        finally:
            faults.none()
        assert applying.result().reason == "DATABASE_UNAVAILABLE"
    assert not own.templates() and not own.rules()
    assert len(apply(own, [made("T"), ruled("R")])) == 2


def test_nobody_knows(own, faults):
    """Its time is over while it is committed: it is not said that nothing was done."""
    faults.delay(Step("apply", "reply", False), 3000)
    said = own.apply(template("T") + rule("R"), "--timeout", "1", expect=FAILED)
    faults.none()
    assert "2 changes of its tenant are made together: it is as before, or as declared." in said.stderr
    eventually(lambda: names(own) == ["T"] and own.rules() == ["R"], "it is committed")
    assert "0 changes; 2 as declared" in own.apply(template("T") + rule("R")).stdout
    let_pass(3)  # a worker does not stop while a fault holds what is committed


# --- a second admin ---


def test_what_needs_a_second_admin_is_asked_for(own):
    """In the same transaction as what doesn't."""
    second = own.tenant.second_admin  # an admin before it is asked for
    apply(own, [made("T"), {"update_tenant": {"tenant": {"tenant": own.name, "two_person": [1]},
                                              "update_mask": {"paths": ["two_person"]}}}])
    (t,) = own.templates()
    widened = {"update_template": {"template": {"template_id": t.template_id, "grants": [
        {"principals": ["authenticated"], "rights": [1, 14]}]}, "update_mask": {"paths": ["grants"]}}}
    told = rejected(own, [widened, excluded("x"), excluded("x" * 1000)])
    assert told.metadata["act"] == "2" and not own.call("ApprovalService/ListApprovals", {}).approvals
    results = apply(own, [widened, excluded("x")])
    assert [bool(one.approval_id) for one in results] == [True, False]
    own.world.call("ApprovalService/ApproveRequest", {"approval_id": results[0].approval_id}, second)
    assert list(own.templates()[0].grants[0].rights) == [1, 14]


# --- many ---


def test_hundreds(own):
    """In one transaction. A call ends after 30 s, and a sanitizer makes each act several times as slow."""
    count = 50 if is_sanitized() else 150
    text = "".join(template(f"T{i}") + rule(f"R{i}") for i in range(count))
    assert f"{2 * count} changes; 0 as declared" in own.apply(text).stdout
    assert own.world.sql("SELECT count(DISTINCT at) FROM audit JOIN tenant USING (tenant) WHERE operation IN "
                         f"('create_template', 'create_rule') AND name = '{own.name}'") == "1"
    assert f"0 changes; {2 * count} as declared" in own.apply(text).stdout


def test_one_too_many(own):
    """Of what a tenant may have: the fifty that it may have are undone, too."""
    brandings = [{"create_branding": {"branding": {"branding": f"b{i}"}}} for i in range(60)]
    told = rejected(own, [excluded("x")] + brandings)
    assert told.reason == "LIMIT_EXCEEDED" and told.metadata["act"] == "51"
    assert not own.call("TenantService/ListExclusions", {}).exclusions
    assert not own.call("BrandingService/ListBrandings", {}).brandings


def test_of_two_tenants_each_by_itself(own):
    """A platform admin's documents: what fails in one tenant leaves the other's as they are."""
    w = own.world
    other = w.tenant(w.unique("other"))
    mine, theirs = w.unique() + ".example", w.unique() + ".example"
    text = "".join(document("Domain", {"name": name}, tenant=tenant)
                   for name, tenant in ((theirs, other.name), (mine, own.name), ("nodots", other.name)))
    for wrong in (FAILED, 0):
        said = run(w, "apply", "platform", "-f", "-", input=text, expect=wrong)
        domains = [{d.name for d in w.call("TenantService/GetTenant", {}, admin).tenant.domains} for admin in (other.admin, own.admin)]
        if wrong:
            assert "line 6." in said.stderr and "The 2 changes of its tenant are made together" in said.stderr
            assert theirs not in domains[0] and mine not in domains[1]  # whose turn would have come then
        text = text.replace("nodots", w.unique() + ".example")
    assert theirs in domains[0] and mine in domains[1]
