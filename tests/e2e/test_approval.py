# SPDX-License-Identifier: Apache-2.0
"""The second admin: what needs him, who he may be, and that exactly one of two performs."""
import concurrent.futures
import json
import os
import time
import uuid

import pytest

from authority import Identity, Issuer
from calls import outcome, pages, reason
from proofs import certificate_proof
from waiting import wall_clock_passes

GRANT, EXPORT, DESTROY, PARTNER, LOWER = 1, 2, 3, 4, 5
PENDING, APPROVED, REJECTED, WITHDRAWN, EXPIRED = 1, 2, 3, 4, 5
DAY = 86400


@pytest.fixture(scope="module")
def world(world):
    w = world
    w.one, w.two = w.contoso.admin, w.contoso.component("tenant-admin", "contoso-two")
    w.three, w.stranger = w.contoso.component("tenant-admin", "contoso-three"), w.fabrikam.admin
    tenant = update(w, w.one, [GRANT]).tenant
    assert list(tenant.two_person) == [GRANT, LOWER]
    return w


def ask(w, who=None, principal="user:eve@contoso.com", seconds=3600, why="hold"):
    return w.call("TenantService/GrantSuperUser", {
        "principal": principal, "reason": why, "expire_time": {"seconds": int(time.time()) + seconds}},
        who or w.one).approval_id


def update(w, who, two_person, **more):
    return w.call("TenantService/UpdateTenant", {
        "tenant": {"two_person": two_person, **more}, "update_mask": {"paths": ["two_person", *more]}}, who)


def decide(w, verb, approval, who, **more):
    return w.call(f"ApprovalService/{verb}Request", {"approval_id": approval, **more}, who)


def get(w, approval, who=None):
    return w.call("ApprovalService/GetApproval", {"approval_id": approval}, who or w.one).approval


def pending(w, who=None, **more):
    return w.call("ApprovalService/ListApprovals", more, who or w.one).approvals


def holders(w):
    return [u.principal for u in w.call("TenantService/ListSuperUsers", {}, w.one).super_users]


@pytest.fixture(autouse=True)
def clean(world):
    yield
    for principal in holders(world):
        world.call("TenantService/RevokeSuperUser", {"principal": principal}, world.one)
    for approval in pending(world):
        verb, who = ("Withdraw", world.one) if approval.requested_by == "contoso-admin" else ("Reject", world.one)
        decide(world, verb, approval.approval_id, who)


def test_nothing_happens_until_another_admin_approves(world):
    approval = ask(world)
    assert approval and not holders(world)
    one = get(world, approval)
    assert one.state == PENDING and one.operation == GRANT and one.requested_by == "contoso-admin"
    assert one.summary.startswith("Give super-user power to user:eve@contoso.com until ")
    assert one.summary.endswith(": hold")
    assert json.loads(one.request_json)["principal"] == "user:eve@contoso.com"
    assert one.expire_time.seconds - one.request_time.seconds == 7 * DAY
    assert not one.decided_by and not one.HasField("decide_time")
    assert reason(decide, world, "Approve", approval, world.one) == "APPROVER_NOT_INDEPENDENT"
    assert reason(decide, world, "Reject", approval, world.one) == "APPROVER_NOT_INDEPENDENT"
    assert not holders(world)
    decide(world, "Approve", approval, world.two)
    assert holders(world) == ["user:eve@contoso.com"]
    one = get(world, approval)
    assert one.state == APPROVED and one.decided_by == "contoso-two" and one.HasField("decide_time")
    granted = world.call("TenantService/ListSuperUsers", {}, world.one).super_users[0]
    assert granted.granted_by == "contoso-admin, approved by contoso-two"


def test_the_log_names_both(world):
    approval = ask(world, why="both are named")
    decide(world, "Approve", approval, world.two)
    asked = world.audit(tenant="contoso", operation="request_approval")[0]
    assert asked.component == "contoso-admin" and asked.target.endswith(": both are named")
    said = [e for e in world.audit(tenant="contoso", operation="approve_request") if e.granted][0]
    assert said.component == "contoso-two" and said.target.startswith("contoso-admin asked: Give super-user power to ")
    act = world.audit(tenant="contoso", operation="grant_super_user")[0]
    assert act.component == "contoso-two" and act.correlation_id == said.correlation_id and act.time == said.time


def test_a_refused_approver_is_on_record(world):
    approval = ask(world)
    assert reason(decide, world, "Approve", approval, world.one) == "APPROVER_NOT_INDEPENDENT"
    event = world.audit(tenant="contoso", reason="APPROVER_NOT_INDEPENDENT")[0]
    assert (event.operation, event.component, event.granted) == ("approve_request", "contoso-admin", False)


def test_power_works_after_approval(world):
    made, eve, approval = world.protect(), world.eve, ask(world)
    assert reason(world.acquire, made, eve) == "NO_RIGHTS"
    decide(world, "Approve", approval, world.two)
    for _ in range(4):
        world.reconnect()
        world.acquire(made, eve)


def test_two_at_once_perform_once(world):
    for _ in range(5):
        approval = ask(world)
        before = len(world.audit(tenant="contoso", operation="grant_super_user"))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(lambda who, a=approval: outcome(decide, world, "Approve", a, who),
                                     (world.two, world.three)))
        assert sorted(outcomes) == ["OK", "PRECONDITION_FAILED"]
        assert len(world.audit(tenant="contoso", operation="grant_super_user")) == before + 1


def test_approving_and_withdrawing_at_once_do_one_of_both(world):
    for _ in range(5):
        approval = ask(world)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            approved = pool.submit(outcome, decide, world, "Approve", approval, world.two)
            withdrawn = pool.submit(outcome, decide, world, "Withdraw", approval, world.one)
        assert sorted([approved.result(), withdrawn.result()]) == ["OK", "PRECONDITION_FAILED"]
        assert (get(world, approval).state == APPROVED) == bool(holders(world)) == (approved.result() == "OK")
        for principal in holders(world):
            world.call("TenantService/RevokeSuperUser", {"principal": principal}, world.one)


@pytest.mark.parametrize("verb,state", [("Approve", APPROVED), ("Reject", REJECTED), ("Withdraw", WITHDRAWN)])
def test_what_is_decided_stays_decided(world, verb, state):
    approval = ask(world)
    decide(world, verb, approval, world.one if verb == "Withdraw" else world.two)
    assert get(world, approval).state == state
    for again, who in (("Approve", world.three), ("Reject", world.three), ("Withdraw", world.one)):
        assert reason(decide, world, again, approval, who) == "PRECONDITION_FAILED"
    assert get(world, approval).state == state
    assert bool(holders(world)) == (verb == "Approve")
    assert approval not in {a.approval_id for a in pending(world)}


def test_only_who_asked_withdraws(world):
    approval = ask(world)
    assert reason(decide, world, "Withdraw", approval, world.two) == "COMPONENT_ROLE"
    decide(world, "Withdraw", approval, world.one)


def test_a_request_ends_after_seven_days(world):
    approval = ask(world)
    world.sql(f"UPDATE approval SET expires_at = now() WHERE approval = '{approval}'")
    assert get(world, approval).state == EXPIRED
    assert approval in {a.approval_id for a in pending(world, states=[EXPIRED])}
    assert approval not in {a.approval_id for a in pending(world)}
    assert reason(decide, world, "Approve", approval, world.two) == "PRECONDITION_FAILED"
    assert reason(decide, world, "Withdraw", approval, world.one) == "PRECONDITION_FAILED"
    assert not holders(world)


def test_what_is_approved_is_checked_again(world):
    late, ends = ask(world, seconds=2), time.time() + 2
    gone = world.call("ComponentService/CreateComponent", {"component": {
        "name": "archive", "role": 4, "tenant": "contoso", "certificate_sha256": [os.urandom(32)]}},
        world.platform_admin)
    component = ask(world, principal=gone.component.component_id)
    named = ask(world, principal=world.sql("SELECT component FROM component WHERE name = 'contoso-three'"))
    world.sql("DELETE FROM component WHERE name = 'archive'; "
                         "UPDATE component SET name = 'renamed' WHERE name = 'contoso-three'")
    wall_clock_passes(ends)
    for approval in (late, component, named):
        assert reason(decide, world, "Approve", approval, world.two) == "PRECONDITION_FAILED"
        assert get(world, approval).state == PENDING
    world.sql("UPDATE component SET name = 'contoso-three' WHERE name = 'renamed'")
    decide(world, "Approve", named, world.two)


def test_bad_requests_are_refused_before_anybody_is_asked(world):
    assert reason(ask, world, principal="user:bob@fabrikam.com") == "FIELD_INVALID"
    assert reason(ask, world, seconds=31 * DAY) == "FIELD_INVALID"
    assert reason(ask, world, why="") == "FIELD_INVALID"
    assert not pending(world)


def test_no_sock_puppets(world):
    """An admin can't make his second person: not by registering one, nor by one that is younger than the request."""
    def register(who, role=5, name=None):
        identity = Identity(name or f"p{os.urandom(4).hex()}")
        world.call("ComponentService/CreateComponent", {"component": {
            "name": identity.name, "role": role, "tenant": "contoso", "certificate_sha256": [identity.fingerprint]},
            "proofs": [certificate_proof(identity, "contoso", identity.name)]}, who)
        return identity

    assert reason(register, world.one) == "APPROVAL_REQUIRED"
    register(world.one, role=6)
    event = world.audit(tenant="contoso", reason="APPROVAL_REQUIRED")[0]
    assert (event.operation, event.component) == ("create_component", "contoso-admin")
    approval = ask(world)
    younger = register(world.platform_admin)
    assert reason(decide, world, "Approve", approval, younger) == "APPROVER_NOT_INDEPENDENT"
    decide(world, "Reject", approval, younger)
    later = ask(world)
    decide(world, "Approve", later, younger)


def test_no_admin_changes_an_admin_alone(world):
    """Another's credential, role or existence is not theirs to change; the keys of an issuer that components come with wait
    for a second admin."""
    three = world.sql("SELECT component FROM component WHERE name = 'contoso-three'")
    for mask, more in ((["certificate_sha256"], {"certificate_sha256": [os.urandom(32)]}),
                       (["disabled"], {"disabled": True})):
        assert reason(world.call, "ComponentService/UpdateComponent", {
            "component": {"component_id": three, **more}, "update_mask": {"paths": mask}},
            world.one) == "APPROVAL_REQUIRED"
    assert reason(world.call, "ComponentService/DeleteComponent", {"component_id": three},
                  world.one) == "APPROVAL_REQUIRED"
    machines = Issuer("https://machines.contoso.com")
    world.a.issuer(machines, 5, tenant="contoso")
    decide(world, "Approve", pending(world)[0].approval_id, world.two)
    issuer_id = world.sql(f"SELECT issuer FROM issuer WHERE iss = '{machines.iss}'")
    keys = {"issuer": {"issuer_id": issuer_id, "tenant": "contoso", "jwks_json": Issuer("x").jwks()},
            "update_mask": {"paths": ["keys"]}}
    for who in (world.one, world.platform_admin):
        answer = world.call("IssuerService/UpdateIssuer", keys, who)
        assert answer.approval_id and not answer.HasField("issuer")
        decide(world, "Reject", answer.approval_id, world.two)


def test_strangers_see_and_decide_nothing(world):
    approval, unknown = ask(world), str(uuid.uuid4())
    for verb in ("Approve", "Reject", "Withdraw"):
        assert reason(decide, world, verb, approval, world.stranger) == reason(
            decide, world, verb, unknown, world.stranger) == "NOT_FOUND"
        assert reason(decide, world, verb, "nonsense", world.one) == "FIELD_INVALID"
        assert reason(decide, world, verb, "", world.one) == "FIELD_INVALID"
    assert reason(get, world, approval, world.stranger) == reason(get, world, unknown, world.stranger) == "NOT_FOUND"
    assert reason(pending, world, world.stranger, tenant="contoso") == "COMPONENT_TENANT"
    assert reason(decide, world, "Approve", approval, world.platform_admin) == "COMPONENT_ROLE"
    auditor = world.contoso.auditor
    assert [a.approval_id for a in pending(world, auditor)] == [approval]
    assert [a.approval_id for a in pending(world, world.platform_admin, tenant="contoso")] == [approval]
    assert reason(decide, world, "Approve", approval, auditor) == "COMPONENT_ROLE"
    assert reason(pending, world, world.platform_admin) == "FIELD_INVALID"


def test_lists_in_pages_newest_first(world):
    asked = [ask(world, why=f"n{n}") for n in range(5)]
    decide(world, "Reject", asked[0], world.two)
    found = [a.approval_id for a in pages(world.call, "ApprovalService/ListApprovals", {"page_size": 2}, "approvals",
                                          world.one)]
    assert found == sorted(asked[1:], reverse=True)  # within a millisecond in any order
    assert asked[0] in [a.approval_id for a in pending(world, states=[REJECTED, PENDING])]
    for bad in ({"page_size": -1}, {"states": [9]}, {"states": [1] * 7}):
        assert reason(pending, world, **bad) == "FIELD_INVALID"
    assert reason(pending, world, page_token="zzz") == "PAGE_TOKEN_INVALID"


def test_at_most_100_wait(world):
    approval = ask(world)
    world.sql(
        "INSERT INTO approval (tenant, approval, act, operation, request, summary, requested_by, requested_by_name, "
        "requested_with, expires_at) SELECT tenant, gen_random_uuid(), act, operation, request, summary, requested_by, "
        f"requested_by_name, requested_with, expires_at FROM approval, generate_series(1, 99) WHERE approval = '{approval}'")
    assert reason(ask, world) == "LIMIT_EXCEEDED"
    world.sql("DELETE FROM approval WHERE state = 1")
    ask(world)


# --- the requirement itself ---------------------------------------------------------------------------------


def current(w):
    return list(w.call("TenantService/GetTenant", {"tenant": "contoso"}, w.platform_admin).tenant.two_person)


def test_raising_is_free_and_lowering_needs_approval(world):
    assert list(update(world, world.one, [GRANT, EXPORT, DESTROY, PARTNER]).tenant.two_person) == [1, 2, 3, 4, 5]
    answer = update(world, world.one, [GRANT], display_name="Contoso")
    assert answer.approval_id and not answer.HasField("tenant") and current(world) == [1, 2, 3, 4, 5]
    one = get(world, answer.approval_id)
    assert one.operation == LOWER
    assert one.summary == ("No longer require two-person approval for EXPORT_KEYS DESTROY_KEY PARTNER_EXCEPTION; "
                           "changes display_name two_person")
    decide(world, "Approve", answer.approval_id, world.two)
    tenant = world.call("TenantService/GetTenant", {}, world.one).tenant
    assert list(tenant.two_person) == [GRANT, LOWER] and tenant.display_name == "Contoso"
    act = world.audit(tenant="contoso", operation="update_tenant")[0]
    assert act.component == "contoso-two"


def test_a_platform_admin_does_not_lower_alone_either(world):
    answer = world.call("TenantService/UpdateTenant", {
        "tenant": {"tenant": "contoso"}, "update_mask": {"paths": ["two_person"]}}, world.platform_admin)
    assert answer.approval_id and current(world) == [GRANT, LOWER]
    world.call("ApprovalService/WithdrawRequest", {"approval_id": answer.approval_id, "tenant": "contoso"},
               world.platform_admin)
    bad = {"tenant": {"tenant": "contoso", "state": 2}, "update_mask": {"paths": ["two_person", "state"]}}
    assert reason(world.call, "TenantService/UpdateTenant", bad, world.platform_admin) == "FIELD_INVALID"


def test_what_lowering_means_must_not_change_meanwhile(world):
    lowering = update(world, world.one, []).approval_id
    update(world, world.one, [GRANT, EXPORT])  # so that the same request would lower more
    assert reason(decide, world, "Approve", lowering, world.two) == "PRECONDITION_FAILED"
    assert current(world) == [GRANT, EXPORT, LOWER]
    decide(world, "Approve", update(world, world.one, [GRANT]).approval_id, world.two)
    assert current(world) == [GRANT, LOWER]
    etag = world.call("TenantService/GetTenant", {}, world.one).tenant.etag
    with_etag = world.call("TenantService/UpdateTenant", {
        "tenant": {"two_person": [], "etag": etag}, "update_mask": {"paths": ["two_person"]}}, world.one)
    world.call("TenantService/UpdateTenant", {"tenant": {"display_name": "X"},
                                                "update_mask": {"paths": ["display_name"]}}, world.one)
    assert reason(decide, world, "Approve", with_etag.approval_id, world.two) == "ETAG_MISMATCH"


def test_unknown_operations_are_refused(world):
    for bad in ([0], [6], [-1], [1, 77]):
        assert reason(update, world, world.one, bad) == "FIELD_INVALID"


def test_a_tenant_may_begin_with_the_requirement(world):
    made = world.call("TenantService/CreateTenant", {"tenant": {
        "tenant": "wingtip", "boundary": "gcc", "two_person": [PARTNER]}}, world.platform_admin).tenant
    assert list(made.two_person) == [PARTNER, LOWER]
