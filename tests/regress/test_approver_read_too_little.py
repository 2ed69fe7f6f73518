# SPDX-License-Identifier: Apache-2.0
"""The approver read which fields change, and not to what; and what stood behind a name could be exchanged while the
request waited. What is approved is what was shown: all of it, what is cut or left out too."""
import hashlib
import json

import pytest

from authority import Identity, Issuer
from calls import reason
from meanwhile import meanwhile
from proofs import certificate_proof
from stock import super_user
from world import VIEW, grant

CONTENT_ACCESS, EXPORT, LOWER = 1, 2, 5
PENDING = 1


@pytest.fixture(scope="module")
def world(world):
    w = world
    m = w.m = w.tenant("margie")
    w.one, w.two = m.admin, m.second_admin
    w.archive = m.component("client", "archive")
    w.archive_id = w.sql("SELECT component FROM component WHERE name = 'archive'")
    put(w, "PutUser", user={"address": "eve@margie.example", "aliases": ["e.eve@margie.example"]})
    put(w, "PutUser", user={"address": "ann@margie.example"})
    put(w, "PutGroup", group={"address": "legal@margie.example"})
    put(w, "AddMembers", group="legal@margie.example", members=["ann@margie.example"])
    w.update_tenant(w.one, two_person=[CONTENT_ACCESS, EXPORT])
    return w


def put(w, method, **request):
    return w.call(f"DirectoryService/{method}", request, w.one)


def ask(w, principal):
    return w.call("TenantService/GrantSuperUser", super_user(principal), w.one).approval_id


def get(w, approval):
    return w.call("ApprovalService/GetApproval", {"approval_id": approval}, w.two).approval


def lines(w, approval):
    return [(c.field, c.before, c.after) for c in get(w, approval).changes]


def approve(w, approval, who=None):
    w.call("ApprovalService/ApproveRequest", {"approval_id": approval}, who or w.two)


def reject(w, approval):
    w.call("ApprovalService/RejectRequest", {"approval_id": approval}, w.two)


def holders(w):
    return [s.principal for s in w.call("TenantService/ListSuperUsers", {}, w.one).super_users]


def test_settings_were_named_without_their_values(world):
    answer = world.update_tenant(world.one, two_person=[CONTENT_ACCESS], license_cap_days=300, display_name="Other")
    one = get(world, answer.approval_id)
    assert one.operation == LOWER and len(one.digest) == 32 and not one.changes_left_out
    assert lines(world, answer.approval_id) == [
        ("tenant.display_name", "", "Other"), ("tenant.license_cap_days", "30", "300"),
        ("tenant.two_person", "APPROVAL_OPERATION_EXPORT_KEYS", "")]
    reject(world, answer.approval_id)


def test_the_certificate_behind_an_id_was_exchanged_while_it_waited(world):
    approval = ask(world, world.archive_id)
    assert ("principal.certificate_sha256", "", world.archive.fingerprint.hex()) in lines(world, approval)
    assert ("principal.role", "", "client") in lines(world, approval)
    def exchange(identity):
        world.call("ComponentService/UpdateComponent", {
            "component": {"component_id": world.archive_id}, "update_mask": {"paths": ["certificate_sha256"]},
            "proofs": [certificate_proof(identity, "margie", "archive")]}, world.one)

    exchange(Identity("mine"))  # it holds no power yet
    assert reason(approve, world, approval) == "PRECONDITION_FAILED"
    exchange(world.archive)
    approve(world, approval)
    assert holders(world) == [f"component:{world.archive_id}"]
    world.call("TenantService/RevokeSuperUser", {"principal": world.archive_id}, world.one)


def test_a_member_joined_a_group_while_it_waited_for_power(world):
    approval = ask(world, "group:legal@margie.example")
    assert [after for field, _, after in lines(world, approval) if field == "principal.members"] == [
        "ann@margie.example", "legal@margie.example"]
    put(world, "AddMembers", group="legal@margie.example", members=["mallory@margie.example"])
    assert reason(approve, world, approval) == "PRECONDITION_FAILED"
    put(world, "RemoveMembers", group="legal@margie.example", members=["mallory@margie.example"])
    put(world, "PutGroup", group={"address": "inner@margie.example"})
    put(world, "AddMembers", group="inner@margie.example", members=["mallory@margie.example"])
    put(world, "AddMembers", group="legal@margie.example", members=["inner@margie.example"])
    assert reason(approve, world, approval) == "PRECONDITION_FAILED"
    put(world, "RemoveMembers", group="legal@margie.example", members=["inner@margie.example"])
    approve(world, approval)
    world.call("TenantService/RevokeSuperUser", {"principal": "group:legal@margie.example"}, world.one)


def test_an_alias_was_added_while_its_person_waited_for_power(world):
    approval = ask(world, "user:eve@margie.example")
    assert [after for field, _, after in lines(world, approval) if field == "principal.names"] == [
        "e.eve@margie.example", "eve@margie.example"]
    joined = put(world, "PutUser", user={"address": "eve@margie.example",
                                         "aliases": ["e.eve@margie.example", "mallory@margie.example"]})
    approve(world, joined.approval_id)
    assert reason(approve, world, approval) == "PRECONDITION_FAILED"
    put(world, "PutUser", user={"address": "eve@margie.example", "aliases": ["e.eve@margie.example"]})
    reject(world, approval)


def test_a_group_that_nobody_can_read_through_got_power(world):
    put(world, "PutGroup", group={"address": "all@margie.example"})
    members = [f"p{n}@margie.example" for n in range(1000)]
    put(world, "AddMembers", group="all@margie.example", members=members)
    assert reason(ask, world, "group:all@margie.example") == "FIELD_INVALID"
    put(world, "RemoveMembers", group="all@margie.example", members=members[:1])
    one = get(world, ask(world, "group:all@margie.example"))
    assert len(one.changes) == 64 and one.changes_left_out == 3 + 1000 - 64
    reject(world, one.approval_id)


def test_a_member_joined_in_the_moment_of_approval(world):
    """Between looking at the group and giving it power."""
    approval = ask(world, "group:legal@margie.example")
    joined = (f"SELECT directory_change('{world.m.id}'); INSERT INTO directory_member (tenant, group_address, member) "
              f"VALUES ('{world.m.id}', 'legal@margie.example', 'mallory@margie.example')")
    with meanwhile(world, joined):
        assert reason(approve, world, approval) == "PRECONDITION_FAILED"
    assert not holders(world)
    world.sql("DELETE FROM directory_member WHERE member = 'mallory@margie.example'")
    reject(world, approval)


def test_an_admin_approved_while_they_were_switched_off(world):
    approval = ask(world, "user:ann@margie.example")
    three = world.m.component("tenant-admin", "margie-three")
    later = ask(world, "user:ann@margie.example")
    off = (f"UPDATE component SET disabled = true WHERE name = 'margie-three'; SELECT epoch_raise('{world.m.id}')")
    with meanwhile(world, off):
        assert reason(approve, world, later, three) == "COMPONENT_UNKNOWN"
    assert get(world, later).state == PENDING and not holders(world)
    reject(world, later)
    reject(world, approval)


# --- what is cut ----------------------------------------------------------------------------------------------------


def test_what_is_cut_is_compared_all_the_same(world):
    """A hundred grants are shown in part; one among those that are not shown was exchanged."""
    made = world.template(grant("tenant:margie", VIEW), who=world.one)
    people = [f"user:p{n:03}@margie.example" for n in range(100)]
    answer = world.call("TemplateService/UpdateTemplate", {
        "template": {"template_id": made.template_id, "grants": [{"principals": people, "rights": [VIEW]}]},
        "update_mask": {"paths": ["grants"]}}, world.one)
    one = get(world, answer.approval_id)
    assert len(one.changes) == 64 and one.changes_left_out == 101 - 64
    assert json.loads(one.request_json)["template"]["grants"][0]["principals"] == people
    [listed] = [a for a in world.call("ApprovalService/ListApprovals", {}, world.two).approvals
                if a.approval_id == answer.approval_id]
    assert len(listed.changes) == 4 and listed.changes_left_out == 101 - 4 and not listed.request_json
    # The same request would now remove a grant that nobody was shown.
    world.call("TemplateService/UpdateTemplate", {
        "template": {"template_id": made.template_id, "grants": [grant("tenant:margie", VIEW)], "expiry": {"days": 3}},
        "update_mask": {"paths": ["grants", "expiry"]}}, world.one)
    world.changed_by_hand(f"UPDATE template SET grant_principals = grant_principals || '{{user:zoe@margie.example}}', "
                          f"grant_rights = grant_rights || '{{EDIT}}' WHERE template = '{made.template_id}'")
    assert reason(approve, world, answer.approval_id) == "PRECONDITION_FAILED"
    reject(world, answer.approval_id)


def test_long_texts_have_their_length_and_digest(world):
    long = "https://margie.example/" + "x" * 400
    issuer = Issuer(long)
    answer = world.call("IssuerService/CreateIssuer", {"issuer": {
        "kind": 1, "issuer": long, "audiences": ["a"], "algorithms": ["ES256"], "jwks_json": issuer.jwks()}}, world.one)
    read = {field: after for field, _, after in lines(world, answer.approval_id)}
    assert read["issuer.issuer"] == (f"{long[:128]}… ({len(long)} bytes, "
                                     f"SHA-256 {hashlib.sha256(long.encode()).hexdigest()})")
    assert read["issuer.jwks_json"] == f"SHA-256 {hashlib.sha256(issuer.jwks().encode()).hexdigest()}"
    assert read["issuer.keys"] == f"{issuer.key.thumbprint()}, kid {issuer.key['kid']}"
    reject(world, answer.approval_id)


def test_a_request_from_before_there_were_changes_is_never_approved(world):
    approval = ask(world, "user:ann@margie.example")
    world.sql(f"UPDATE approval SET digest = '' WHERE approval = '{approval}'")
    assert reason(approve, world, approval) == "PRECONDITION_FAILED"
    reject(world, approval)


def test_the_largest_request_is_asked_read_and_approved(world):
    """A template of half a MiB: the second admin can read and approve what the first one could ask for."""
    texts = [{"language": f"x-l{n}", "text": "ä" * 500} for n in range(64)]
    people = [f"user:{'p' * 50}{n:04}@{'d' * 50}.{'e' * 50}.{'f' * 50}.example" for n in range(1000)]
    made = world.template(grant("tenant:margie", VIEW), who=world.one)
    fields = {"names": texts, "descriptions": texts, "grants": [{"principals": people, "rights": [VIEW]}],
              "scope": people[:450]}
    answer = world.call("TemplateService/UpdateTemplate", {
        "template": {"template_id": made.template_id, **fields}, "update_mask": {"paths": list(fields)}}, world.one)
    one = get(world, answer.approval_id)
    assert len(json.loads(one.request_json)["template"]["grants"][0]["principals"]) == 1000
    world.call("ApprovalService/ListApprovals", {}, world.two)
    approve(world, answer.approval_id)
    now = world.call("TemplateService/GetTemplate", {"template_id": made.template_id}, world.one).template
    assert len(now.grants) == 1000


def test_requests_that_were_large_hid_the_others(world):
    """Two hundred of them, as large as they are kept, don't fit into one page; they are read to the end all the same."""
    approval = ask(world, "user:ann@margie.example")
    many = "array_fill(repeat('{}', {})::text, ARRAY[64])"
    world.sql(
        "INSERT INTO approval (tenant, approval, act, operation, request, summary, change_fields, change_before, "
        "change_after, digest, requested_by, requested_by_name, requested_with, requested_as, state, expires_at) "
        "SELECT tenant, gen_random_uuid(), act, operation, request || '\\x1aac02'::bytea || "
        f"convert_to(repeat('x', 300), 'UTF8'), repeat('s', 1024), {many.format('f', 384)}, {many.format('b', 256)}, "
        f"{many.format('a', 256)}, digest, requested_by, requested_by_name, requested_with, requested_as, 3, expires_at "
        f"FROM approval, generate_series(1, 200) WHERE approval = '{approval}'")
    found, token = [], None
    while token != "":
        page = world.call("ApprovalService/ListApprovals", {"page_size": 200, "states": [1, 3], "page_token": token or ""},
                          world.two)
        found, token = [*found, *page.approvals], page.next_page_token
    large = [a for a in found if a.summary.startswith("sss")]
    assert len(large) == 200 == len({a.approval_id for a in large}) and approval in {a.approval_id for a in found}
    assert all(a.changes_left_out == 60 and len(a.request_json) > 300 for a in large)
    world.sql("DELETE FROM approval WHERE summary ~ '^sss'")
    reject(world, approval)
