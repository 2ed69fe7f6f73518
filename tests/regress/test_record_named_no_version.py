# SPDX-License-Identifier: Apache-2.0
"""The record of a decision said version 0, or the template's, where an amendment had decided; and 0 for protecting."""
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
