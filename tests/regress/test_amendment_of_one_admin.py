# SPDX-License-Identifier: Apache-2.0
"""Where a tenant requires a second admin for access to content, one admin alone came to everybody's by amending: granting
themself OWNER, joining the recipients, letting what had expired last longer (docs/policy.md §6.1)."""
import time

import pytest

from calls import reason, refused
from waiting import wall_clock_passes
from world import EDIT, OWNER, PRINT, VIEW, grant

ACCESS, PENDING, APPROVED = 1, 1, 2
IN = {"a grant": {"set_grants": [grant("user:eve@house.example", OWNER)]},
      "a group": {"set_grants": [grant("group:board@house.example", VIEW)]},
      "everybody": {"set_grants": [grant("authenticated", VIEW)]},
      "a recipient": {"add_recipients": ["eve@house.example"]},
      "a later end": {"expiry": {"days": 400}}, "no end": {"expiry": {}},
      "more for one who has some": {"set_grants": [grant("user:bob@fabrikam.com", VIEW, EDIT, PRINT)]},
      "in among out": {"remove_principals": ["user:carol@contoso.com"], "add_recipients": ["eve@house.example"]}}
OUT = {"a removal": {"remove_principals": ["user:bob@fabrikam.com"]}, "an earlier end": {"expiry": {"days": 300}}}


@pytest.fixture(scope="module")
def house(world):
    house = world.tenant("house", domain="house.example")
    house.ann, house.eve = house.token("ann"), house.token("eve")
    house.template = world.template(grant("user:bob@fabrikam.com", VIEW, EDIT), grant("recipients", VIEW),
                                    who=house.admin, expiry={"days": 365}).template_id
    assert house.second_admin
    world.update_tenant(house.admin, two_person=[ACCESS])
    return house


def protect(w, house):
    return w.protect(token=house.ann, template_id=house.template, recipients=["bob@fabrikam.com"])


def amend(w, made, who=None, token=None, **change):
    return w.call("PublishingService/AmendPolicy", {"content_id": made.content_id, **change}, who, token=token)


def approval(w, house, answer):
    return w.call("ApprovalService/GetApproval", {"approval_id": answer.approval_id}, house.second_admin).approval


def approve(w, answer, who):
    return w.call("ApprovalService/ApproveRequest", {"approval_id": answer.approval_id}, who)


def version(w, made):
    return w.sql(f"SELECT amendment FROM content WHERE content = '{made.content_id}'")


@pytest.mark.parametrize("change", IN.values(), ids=IN)
def test_one_admin_let_somebody_in(world, house, change):
    made = protect(world, house)
    answer = amend(world, made, house.admin, **change)
    assert answer.approval_id and not answer.version and version(world, made) == "0"
    assert reason(world.acquire, made, house.eve) == "NO_RIGHTS"
    assert approval(world, house, answer).state == PENDING
    assert reason(approve, world, answer, house.admin) == "APPROVER_NOT_INDEPENDENT"
    approve(world, answer, house.second_admin)
    assert version(world, made) == "1" and approval(world, house, answer).state == APPROVED
    log = world.audit(tenant="house", operation="amend_policy", content_id=made.content_id)
    assert [event.granted for event in log] == [True]


@pytest.mark.parametrize("change", OUT.values(), ids=OUT)
def test_letting_nobody_in_needs_nobody(world, house, change):
    made = protect(world, house)
    answer = amend(world, made, house.admin, **change)
    assert not answer.approval_id and answer.version == 1
    # What the owner does is the owner's; so is what an admin does who shows that they are the owner.
    assert amend(world, made, token=house.ann, **IN["a grant"]).version == 2
    own = world.call("PublishingService/AmendPolicy", {"content_id": made.content_id, **IN["everybody"]}, house.admin,
                     user_token=house.ann)
    assert own.version == 3 and not own.approval_id


def test_letting_in_again_by_another_address_needed_nobody(world, house):
    """The same grant as before, that a removal by another address of the person had taken away since."""
    made, again = protect(world, house), {"set_grants": [grant("user:eve@house.example", VIEW)]}
    approve(world, amend(world, made, house.admin, **again), house.second_admin)
    assert amend(world, made, house.admin, **again).version == 2  # which changes nothing
    assert amend(world, made, house.admin, remove_principals=["user:e.alias@house.example"]).version == 3
    assert amend(world, made, house.admin, **again).approval_id


def test_who_approves_reads_from_what_to_what(world, house):
    made = protect(world, house)
    change = {"set_grants": [grant("user:bob@fabrikam.com", VIEW, PRINT)], "add_recipients": ["eve@house.example"],
              "remove_principals": ["recipients"], "expiry": {"time": {"seconds": 1893456000}}, "reason": "audit"}
    blind = approval(world, house, amend(world, made, house.admin, **change))
    assert [(c.field, c.before, c.after) for c in blind.changes] == [
        ("policy[user:bob@fabrikam.com]", "what the policy gives", "VIEW,PRINT"),
        ("policy[user:eve@house.example]", "what the policy gives", "what recipients have"),
        ("policy[recipients]", "what the policy gives", ""),
        ("policy.expiry", "as it was protected", "2030-01-01T00:00:00.000000Z")]
    assert blind.summary.startswith("Change the policy of content ") and blind.summary.endswith(
        "of ann@house.example: audit")
    shown = approval(world, house, amend(world, made, house.admin, publishing_license=made.publishing_license, **change))
    told = {c.field: (c.before, c.after) for c in shown.changes}
    assert told["policy[user:bob@fabrikam.com]"] == ("VIEW,EDIT", "VIEW,PRINT")
    assert told["policy[user:eve@house.example]"] == ("", "what recipients have")
    assert told["policy[recipients]"] == ("VIEW", "")
    before, after = told["policy.expiry"]
    assert before.startswith(time.strftime("20")) and after.startswith("2030-01-01T00:00:00")


def test_a_license_tells_when_the_content_ends(world, house):
    """Of an ad-hoc policy nobody knows the expiry without it, so any end may be a later one."""
    made = world.protect(token=house.ann, recipients=None, custom={
        "grants": [grant("user:bob@fabrikam.com", VIEW)], "expiry": {"days": 300}})
    earlier = {"expiry": {"days": 200}}
    assert amend(world, made, house.admin, **earlier).approval_id
    assert amend(world, made, house.admin, **earlier, publishing_license=made.publishing_license).version == 1
    assert amend(world, made, house.admin, expiry={"days": 201}).approval_id
    assert amend(world, made, house.admin, expiry={"days": 199}).version == 2  # amended: so it is known


def test_what_was_approved_is_what_was_read(world, house):
    """Between asking and approving the policy became another one for whom it concerns."""
    made = protect(world, house)
    answer = amend(world, made, house.admin, set_grants=[grant("user:eve@house.example", VIEW)],
                   publishing_license=made.publishing_license)
    amend(world, made, token=house.ann, set_grants=[grant("user:carol@contoso.com", VIEW)])  # of somebody else
    amend(world, made, token=house.ann, set_grants=[grant("user:eve@house.example", OWNER)])
    assert reason(approve, world, answer, house.second_admin) == "PRECONDITION_FAILED"
    amend(world, made, token=house.ann, remove_principals=["user:eve@house.example"])
    approve(world, answer, house.second_admin)
    assert world.rights(made, house.eve) == {VIEW} and version(world, made) == "4"


def test_what_waits_too_long_is_not_done(world, house):
    made = protect(world, house)
    soon = amend(world, made, house.admin, expiry={"time": {"seconds": int(time.time()) + 500 * 86400}})
    world.sql(f"UPDATE approval SET expires_at = now() WHERE approval = '{soon.approval_id}'")
    assert reason(approve, world, soon, house.second_admin) == "PRECONDITION_FAILED"
    day = amend(world, made, house.admin, expiry={"days": 400})
    world.sql(f"UPDATE content SET created_at = now() - interval '401 days' WHERE content = '{made.content_id}'")
    assert reason(approve, world, day, house.second_admin) == "PRECONDITION_FAILED"
    assert refused(amend, world, made, house.admin, expiry={"days": 400}).fields == ["expiry.days"]
    assert version(world, made) == "0"


def test_others_amend_without_a_second_person(world, house):
    made = world.protect(token=house.ann, recipients=None, custom={"grants": [grant("user:bob@fabrikam.com", OWNER)]})
    answer = amend(world, made, token=world.bob, publishing_license=made.publishing_license, **IN["a grant"])
    assert answer.version == 1 and not answer.approval_id
    assert OWNER in world.rights(made, house.eve)
    world.track("Revoke", made, house.admin, user="bob@fabrikam.com")
    world.track("Restore", made, house.admin, user="bob@fabrikam.com")  # which gives nothing that the policy doesn't


def test_deleting_the_template_took_the_end_away(world, house):
    """Whom an amendment had let in until the template's end was let in for ever, when one admin deleted the template."""
    soon = int(time.time()) + 3
    template = world.template(grant("owner", VIEW), who=house.admin, expiry={"time": {"seconds": soon}}).template_id
    made = world.protect(token=house.ann, template_id=template, recipients=None)
    for change in (IN["a grant"], IN["everybody"]):
        approve(world, amend(world, made, house.admin, **change), house.second_admin)
    world.acquire(made, house.eve)
    wall_clock_passes(soon)
    assert reason(world.acquire, made, house.eve) == "EXPIRED"
    world.call("TemplateService/DeleteTemplate", {"template_id": template, "force": True}, house.admin)
    assert reason(world.acquire, made, house.eve) == "NO_RIGHTS"
    assert reason(amend, world, made, token=house.eve, publishing_license=made.publishing_license,
                  expiry={}) == "NO_RIGHTS"  # who held OWNER
    assert world.audit(tenant="house", content_id=made.content_id, denied_only=True)[0].reason == "TEMPLATE_MISSING"
    world.acquire(made, house.ann)
