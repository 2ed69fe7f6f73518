# SPDX-License-Identifier: Apache-2.0
"""The record of a decision said version 0, or the template's, where an amendment had decided; and 0 for protecting."""
from authority import new_id
from calls import reason
from world import VIEW, grant


def versions(world, made, operation="acquire_license"):
    """Newest first."""
    events = world.audit(tenant="contoso", content_id=made.content_id, operation=operation)
    return [event.policy_version for event in events]


def amend(world, made, **change):
    answer = world.call("PublishingService/AmendPolicy", {"content_id": made.content_id, **change}, world.contoso.admin)
    return answer.version


def test_decision_by_an_amendment_named_version_0(world):
    made = world.protect()
    world.acquire(made, world.bob)
    assert amend(world, made, remove_principals=["user:bob@fabrikam.com"]) == 1
    assert reason(world.acquire, made, world.bob) == "NO_RIGHTS"
    assert amend(world, made, add_recipients=["bob@fabrikam.com"]) == 2
    world.acquire(made, world.bob)
    world.acquire(made, world.alice)
    assert versions(world, made) == [2, 2, 1, 0]


def test_decision_by_an_amendment_named_the_templates_version(world):
    """One content's amendment decides before its template, whose version says nothing of it."""
    template = world.template(grant("domain:fabrikam.com", VIEW))
    for n in range(3):
        change = {"template_id": template.template_id, "referral_contact": f"help{n}@contoso.com"}
        version = world.call("TemplateService/UpdateTemplate", {
            "template": change, "update_mask": {"paths": ["referral_contact"]}}, world.contoso.admin).template.version
    made, other = (world.protect(template_id=template.template_id) for _ in range(2))
    assert versions(world, made, "protect") == [version]
    world.acquire(made, world.bob)
    assert amend(world, made, set_grants=[grant("user:eve@contoso.com", VIEW)]) == 1
    world.acquire(made, world.bob)
    world.acquire(other, world.bob)
    assert version > 1 and versions(world, made) == [1, version] and versions(world, other) == [version]


def test_retry_of_amended_content_named_the_templates_version(world):
    """What the amendment says decides whether it has expired, also when the same request asks again."""
    template = world.template(grant("recipients", VIEW)).template_id
    for policy in ({"template_id": template}, {"do_not_forward": {}}):
        request = {"request_id": new_id(), **policy}
        made = world.protect(**request)
        assert amend(world, made, expiry={"days": 3}) == amend(world, made, expiry={"days": 2}) - 1
        world.protect(**request)
        assert versions(world, made, "protect") == [2, int("template_id" in policy)]


def test_refusal_of_an_act_named_no_version(world):
    """Rights over the policy are decided as those of a use license are."""
    made = world.protect()
    amend(world, made, remove_principals=["user:bob@fabrikam.com"], set_grants=[grant("user:eve@contoso.com", VIEW)])
    content = {"publishing_license": made.publishing_license}
    assert reason(world.call, "TrackingService/Revoke", content, token=world.bob) == "NO_RIGHTS"
    assert reason(world.call, "TrackingService/Revoke", content, token=world.eve) == "RIGHT_MISSING"
    assert reason(world.call, "PublishingService/AmendPolicy", {**content, "expiry": {}}, token=world.eve) == "RIGHT_MISSING"
    assert versions(world, made, "revoke") == [1, 1] and versions(world, made, "amend_policy") == [1, 1]
