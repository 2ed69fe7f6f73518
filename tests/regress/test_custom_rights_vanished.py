# SPDX-License-Identifier: Apache-2.0
"""Custom rights were counted per grant, and a set had room for 16: what a reader's grants gave beyond that was left out
without a word. Owners, issuers and holders of OWNER had the standard rights only."""
import pytest

from calls import reason
from world import BY_ISSUER, BY_OWNER, OWNER, VIEW, grant

SIXTEEN, OTHERS = [f"A_{n}" for n in range(16)], [f"B_{n}" for n in range(16)]
ALL = 14


def custom(principal, names, *rights):
    return {**grant(principal, *(rights or [VIEW])), "custom_rights": list(names)}


def amend(world, made, *grants):
    world.call("PublishingService/AmendPolicy", {"content_id": made.content_id, "set_grants": list(grants)},
               world.contoso.admin)


def everywhere_told(world, made, token):
    """The rights of a license, which are those of its claims, of an inspection, of the record and of the tracking log."""
    answer = world.acquire(made, token)
    claims = world.a.verify(answer.use_license, world.reader)[0]["rts"]
    told = world.call("LicensingService/InspectContent", {"publishing_license": made.publishing_license}, token=token)
    event = world.audit(tenant="contoso", content_id=made.content_id, operation="acquire_license")[0]
    seen = world.call("TrackingService/ListAccess", {"content_id": made.content_id}, world.contoso.admin).events[0]
    assert sorted(told.custom_rights) == sorted(answer.custom_rights) and told.rights == answer.rights
    assert event.rights == seen.rights == answer.rights
    assert sorted(event.custom_rights) == sorted(seen.custom_rights) == sorted(answer.custom_rights)
    assert set(answer.custom_rights) <= set(claims) and len(claims) == len(answer.rights) + len(answer.custom_rights)
    return len(answer.rights), set(answer.custom_rights)


def test_rights_beyond_sixteen_vanished_from_the_union(world):
    """A policy and its amendments may name 16 each."""
    made = world.protect(custom={"grants": [custom("user:bob@fabrikam.com", SIXTEEN)]})
    assert everywhere_told(world, made, world.bob) == (1, set(SIXTEEN))
    amend(world, made, custom("domain:fabrikam.com", OTHERS))
    assert everywhere_told(world, made, world.bob) == (1, {*SIXTEEN, *OTHERS})
    assert everywhere_told(world, made, world.alice) == (ALL, {*SIXTEEN, *OTHERS})
    template = world.template(custom("user:bob@fabrikam.com", SIXTEEN[:8]), custom("recipients", SIXTEEN[8:]))
    made = world.protect(template_id=template.template_id)
    assert everywhere_told(world, made, world.bob) == (1, set(SIXTEEN))


def test_policy_named_more_custom_rights_than_it_may(world):
    """16 in all grants together, where 16 in each were taken."""
    over = [custom("user:bob@fabrikam.com", SIXTEEN), custom("user:eve@contoso.com", ["ONE_MORE"])]
    assert reason(world.protect, custom={"grants": over}) == "FIELD_INVALID"
    assert reason(world.template, *over) == "FIELD_INVALID"
    template = world.template(over[0])
    changed = {"template": {"template_id": template.template_id, "grants": over}, "update_mask": {"paths": ["grants"]}}
    assert reason(world.call, "TemplateService/UpdateTemplate", changed, world.contoso.admin) == "FIELD_INVALID"
    made = world.protect(custom={"grants": [over[0], custom("user:eve@contoso.com", SIXTEEN[::-1])]})  # the same ones
    assert reason(amend, world, made, *over) == "FIELD_INVALID"
    amend(world, made, custom("user:eve@contoso.com", OTHERS))
    assert reason(amend, world, made, over[1] | {"principals": ["user:bob@fabrikam.com"]}) == "LIMIT_EXCEEDED"
    amend(world, made, over[1])  # in place of what she had
    assert everywhere_told(world, made, world.eve) == (1, {"ONE_MORE"})


@pytest.mark.parametrize("kind", ["custom", "template", "amendment"])
def test_owner_and_issuer_lacked_the_policys_custom_rights(world, kind):
    given = custom("user:bob@fabrikam.com", ["SIGN"])
    fields = {"custom": {"grants": [given if kind == "custom" else grant("user:bob@fabrikam.com", VIEW)]}}
    if kind == "template":
        fields = {"template_id": world.template(given).template_id}
    name = world.unique("ida")
    ida, put = world.contoso.token(name), {"address": f"{name}@contoso.com", "aliases": [f"{name}.old@contoso.com"]}
    world.call("DirectoryService/PutUser", {"user": put}, world.contoso.admin)
    made = world.protect(token=ida, owner=f"{name}.old@contoso.com", **fields)
    if kind == "amendment":
        amend(world, made, given)
    assert everywhere_told(world, made, ida) == (ALL, {"SIGN"})
    world.call("DirectoryService/PutUser", {"user": {"address": f"{name}@contoso.com"}}, world.contoso.admin)
    assert everywhere_told(world, made, ida) == (ALL, {"SIGN"})  # as issuer
    opened = world.audit(tenant="contoso", content_id=made.content_id, operation="acquire_license")
    assert [e.power for e in opened] == [BY_ISSUER, BY_OWNER]


def test_holder_of_owner_lacked_the_policys_custom_rights(world):
    """OWNER implies everything; a right that the policy gives to others is a part of that."""
    made = world.protect(custom={"grants": [custom("user:bob@fabrikam.com", [], OWNER),
                                            custom("user:eve@contoso.com", ["SIGN"])]})
    assert everywhere_told(world, made, world.bob) == (ALL, {"SIGN"})
    amend(world, made, custom("user:dan@contoso.com", ["STAMP"]))
    assert everywhere_told(world, made, world.bob) == (ALL, {"SIGN", "STAMP"})
    assert everywhere_told(world, made, world.eve) == (1, {"SIGN"})


def test_stored_policy_with_too_many_custom_rights_is_refused_by_name(world):
    """Stored before they were counted. It grants nothing, and the log says why; its owner opens."""
    template = world.template(grant("user:bob@fabrikam.com", VIEW)).template_id
    made = world.protect(template_id=template)
    many = "{\"VIEW," + ",".join(SIXTEEN) + "\",\"ONE_MORE\"}"
    world.changed_by_hand("UPDATE template SET grant_principals = '{user:bob@fabrikam.com,user:bob@fabrikam.com}', "
                          f"grant_rights = '{many}' WHERE template = '{template}'")
    assert reason(world.acquire, made, world.bob) == "NO_RIGHTS"
    event = world.audit(tenant="contoso", content_id=made.content_id, operation="acquire_license")[0]
    assert event.reason == "POLICY_INVALID"
    assert len(world.rights(made, world.alice)) == ALL
