# SPDX-License-Identifier: Apache-2.0
"""Policies that are no policies: refused with the field's path when they are sent, failing closed when they are stored."""
import json
import time

import pytest

from calls import refused as refusal
from waiting import eventually
from world import VIEW as VIEW_RIGHT
from world import grant

VIEW = grant("tenant:fabrikam", VIEW_RIGHT)
NOW = int(time.time())


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1}


def text(language, value):
    return {"language": language, "text": value}


def create(w, **more):
    return w.template(**{"grants": [VIEW], **more})


def protect(w, **more):
    """As Alice, under the policy that is given."""
    return w.protect(token=w.alice, **{"recipients": None, **more})


def many(count):
    return [f"user:u{n}@c.com" for n in range(count)]


NAMES, DESCRIPTIONS = "template.names", "template.descriptions"


@pytest.mark.parametrize("more,field", [
    ({"grants": []}, "template.grants"),
    ({"grants": [VIEW, {"rights": [1]}]}, "template.grants[1].principals"),
    ({"grants": [VIEW, {"principals": ["owner"]}]}, "template.grants[1].rights"),
    ({"grants": [VIEW, {"principals": ["owner"], "rights": [1, 77]}]}, "template.grants[1].rights[1]"),
    ({"grants": [{"principals": ["owner"], "rights": [0]}]}, "template.grants[0].rights[0]"),
    ({"grants": [{"principals": ["owner"], "custom_rights": ["A", "VIEW"]}]}, "template.grants[0].custom_rights[1]"),
    ({"grants": [{"principals": ["owner"], "custom_rights": ["sign"]}]}, "template.grants[0].custom_rights[0]"),
    ({"grants": [{"principals": ["owner"], "custom_rights": [f"R{n}" for n in range(17)]}]},
     "template.grants[0].custom_rights[16]"),
    ({"grants": [{"principals": ["owner", "everybody"], "rights": [1]}]}, "template.grants[0].principals[1]"),
    ({"grants": [{"principals": ["user:bob"], "rights": [1]}]}, "template.grants[0].principals[0]"),
    ({"grants": [{"principals": many(999), "rights": [1]}, {"principals": many(2), "rights": [1]}]}, "template.grants"),
    ({"scope": ["user:al@contoso.com", "recipients"]}, "template.scope[1]"),
    ({"scope": ["tenant:Contoso"]}, "template.scope[0]"),
    ({"scope": many(1001)}, "template.scope"),
    ({"expiry": {"time": {"seconds": NOW - 1}}}, "template.expiry.time"),
    ({"expiry": {"time": {"seconds": 0}}}, "template.expiry.time"),
    ({"expiry": {"time": {"seconds": 253402300800}}}, "template.expiry.time"),
    ({"expiry": {"days": 0}}, "template.expiry.days"),
    ({"expiry": {"days": 36501}}, "template.expiry.days"),
    ({"offline_access": 2}, "template.offline_days"),
    ({"offline_access": 2, "offline_days": 10000}, "template.offline_days"),
    ({"offline_access": 1, "offline_days": 3}, "template.offline_days"),
    ({"offline_days": 3}, "template.offline_days"),
    ({"offline_access": 7}, "template.offline_days"),
    ({"names": []}, NAMES),
    ({"names": [text("en", "A"), text("EN", "B")]}, NAMES + "[1].language"),
    ({"names": [text("", "A")]}, NAMES + "[0].language"),
    ({"names": [text("en_US", "A")]}, NAMES + "[0].language"),
    ({"names": [text("e" * 36, "A")]}, NAMES + "[0].language"),
    ({"names": [text("en", "")]}, NAMES + "[0].text"),
    ({"names": [text("en", "x" * 1025)]}, NAMES + "[0].text"),
    ({"names": [text("en", "a\nb")]}, NAMES + "[0].text"),
    ({"names": [text("en", "a\tb")]}, NAMES + "[0].text"),
    ({"names": [text("en", "a\x85b")]}, NAMES + "[0].text"),
    ({"names": [text(f"q{chr(97 + n // 26)}{chr(97 + n % 26)}", "A") for n in range(65)]}, NAMES),
    ({"descriptions": [text("de", "A")]}, DESCRIPTIONS + "[0].language"),
    ({"descriptions": [text("en", "A"), text("en", "B")]}, DESCRIPTIONS + "[1].language"),
    ({"names": [text("en", "A"), text("de", "B")], "descriptions": [text("en", "A")]}, DESCRIPTIONS),
    ({"referral_contact": "x" * 257}, "template.referral_contact"),
])
def test_what_is_no_template(world, more, field):
    refused = refusal(create, world, **more)
    assert (refused.code, refused.reason, refused.fields) == ("INVALID_ARGUMENT", "FIELD_INVALID", [field])


@pytest.mark.parametrize("bad", ["a\x00b", "a\x1b[31m", "\x01"])
def test_forbidden_characters_are_refused_with_their_field(world, bad):
    refused = refusal(create, world, names=[text("en", "A"), text("de", bad)])
    assert (refused.reason, refused.fields) == ("FIELD_INVALID", ["template.names[1].text"])
    refused = refusal(create, world, grants=[VIEW, {"principals": ["owner", bad], "rights": [1]}])
    assert refused.fields == ["template.grants[1].principals[1]"]


def test_limits_are_told_with_what_was_sent(world):
    grants = [{"principals": many(10000), "rights": [1]}]
    assert refusal(create, world, grants=grants).fields == ["template.grants"]
    assert logged(world, "call.done", reason="FIELD_INVALID", detail="template.grants: There must be 1 to 1000 "
                  "principals in all grants; these are 10000.")
    refused = refusal(create, world, names=[text("en", "x" * 2**20)])
    assert (refused.code, refused.reason) == ("RESOURCE_EXHAUSTED", "MESSAGE_TOO_LARGE")


def test_the_limits_themselves_are_allowed(world):
    names = [text(f"q{chr(97 + n // 26)}{chr(97 + n % 26)}", "ü" * 512) for n in range(64)]
    made = create(world, names=names, descriptions=names, scope=many(1000), referral_contact="x" * 256,
                  grants=[{"principals": many(1000), "rights": list(range(1, 15)),
                           "custom_rights": [f"R{n}" for n in range(16)]}],
                  expiry={"days": 36500}, offline_access=2, offline_days=9999)
    assert len(made.names) == len(made.descriptions) == 64 and len(made.grants) == 1000 and len(made.scope) == 1000
    world.call("TemplateService/DeleteTemplate", {"template_id": made.template_id}, world.contoso.admin)


def test_updates_keep_names_and_descriptions_together(world):
    made = create(world, names=[text("en", "A"), text("de", "B")], descriptions=[text("de", "b"), text("EN", "a")])

    def update(paths, **fields):
        return world.call("TemplateService/UpdateTemplate", {
            "template": {"template_id": made.template_id, **fields}, "update_mask": {"paths": paths}},
            world.contoso.admin).template

    assert refusal(update, ["names"], names=[text("en", "A")]).fields == [DESCRIPTIONS + "[0].language"]
    assert refusal(update, ["descriptions"], descriptions=[text("en", "A")]).fields == [DESCRIPTIONS]
    assert refusal(update, ["names", "colour"]).fields == ["update_mask.paths[1]"]
    assert refusal(update, []).fields == ["update_mask"]
    both = update(["names", "descriptions"], names=[text("fr", "C")], descriptions=[text("fr", "c")])
    assert [n.language for n in both.names] == [n.language for n in both.descriptions] == ["fr"]
    assert not update(["descriptions"]).descriptions
    world.call("TemplateService/DeleteTemplate", {"template_id": made.template_id}, world.contoso.admin)


def test_there_are_at_most_500_templates(world):
    world.sql(
        "INSERT INTO template (tenant, template, offline_days, grant_principals, grant_rights, name_languages, name_texts) "
        "SELECT tenant, gen_random_uuid(), 0, '{owner}', '{VIEW}', '{en}', '{many}' FROM tenant, generate_series(1, 499) "
        "WHERE name = 'contoso'")
    last = create(world)
    refused = refusal(create, world)
    assert (refused.code, refused.reason) == ("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED")
    world.call("TemplateService/DeleteTemplate", {"template_id": last.template_id}, world.contoso.admin)
    world.sql("DELETE FROM template WHERE name_texts = '{many}'")


@pytest.mark.parametrize("custom,field", [
    ({"grants": []}, "custom.grants"),
    ({"grants": [{"principals": ["users:a@c.com"], "rights": [1]}]}, "custom.grants[0].principals[0]"),
    ({"grants": [VIEW, {"principals": ["owner"], "rights": [15]}]}, "custom.grants[1].rights[0]"),
    ({"grants": [{"principals": many(1001), "rights": [1]}]}, "custom.grants"),
    ({"grants": [VIEW], "expiry": {"time": {"seconds": NOW - 5}}}, "custom.expiry.time"),
    ({"grants": [VIEW], "expiry": {"days": 0}}, "custom.expiry.days"),
    ({"grants": [VIEW], "offline_access": 2}, "custom.offline_days"),
])
def test_what_is_no_ad_hoc_policy(world, custom, field):
    refused = refusal(protect, world, custom=custom)
    assert (refused.reason, refused.fields) == ("FIELD_INVALID", [field])


@pytest.mark.parametrize("onboarding,field", [(["user:bob"], "tenant.onboarding[0]"),
                                              (["tenant:contoso", "owner"], "tenant.onboarding[1]"),
                                              (many(1001), "tenant.onboarding")])
def test_what_is_no_onboarding(world, onboarding, field):
    request = {"tenant": {"onboarding": onboarding}, "update_mask": {"paths": ["onboarding"]}}
    assert refusal(world.call, "TenantService/UpdateTenant", request, world.contoso.admin).fields == [field]
    new = {"tenant": {"tenant": "new", "boundary": "gcc", "onboarding": onboarding}}
    assert refusal(world.call, "TenantService/CreateTenant", new, world.platform_admin).fields == [field]


# --- what is stored and not understood: a newer version wrote it, or somebody else -------------------------------------


def logged(w, event, **fields):
    return eventually(lambda: w.a.logged(event, **fields), lambda: f"{event} {fields} in {w.a.logged(event)[-3:]}")


@pytest.mark.parametrize("column,value,word", [
    ("grant_principals", "{user:bob@fabrikam.com,planet:earth}", "planet:earth"),
    ("grant_principals", "{user:bob@fabrikam.com,user:bob}", "user:bob"),
    ("grant_rights", "{VIEW,FLY-2}", "FLY-2"),
    ("grant_rights", "{VIEW,view}", "view"),
    ("scope", "{tenant:contoso,tenant:CONTOSO}", "tenant:CONTOSO"),
])
def test_a_stored_template_that_is_not_understood_grants_nothing(world, column, value, word):
    """Even to those whom it names well, because what the rest says might have been to keep them out."""
    grants = [{"principals": ["user:bob@fabrikam.com"], "rights": [1]},
              {"principals": ["user:eve@c.com"], "rights": [1]}]
    made = create(world, grants=grants, referral_contact="help@contoso.com")
    content = protect(world, template_id=made.template_id)
    world.acquire(content, world.bob)
    world.changed_by_hand(f"UPDATE template SET {column} = '{value}' WHERE template = '{made.template_id}'")
    refused = refusal(world.acquire, content, world.bob)
    assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "NO_RIGHTS")
    assert word not in json.dumps([str(refused), refused.sentence, refused.metadata])
    assert logged(world, "call.done", reason="POLICY_INVALID",
                  detail=f"template {made.template_id}, not understood: {word}")
    assert logged(world, "view.template_invalid", tenant="contoso", template=made.template_id, text=word)
    world.acquire(content, world.alice)  # the owner's power is not of the policy
    assert refusal(protect, world, template_id=made.template_id).reason == "NO_RIGHTS"
    event = world.audit(tenant="contoso", operation="acquire_license", denied_only=True)[0]
    assert event.reason == "POLICY_INVALID"
    world.changed_by_hand(f"DELETE FROM template WHERE template = '{made.template_id}'")


def test_a_stored_onboarding_that_is_not_understood_lets_nobody_protect(world):
    protect(world, do_not_forward={}, recipients=["bob@fabrikam.com"])
    world.changed_by_hand("UPDATE tenant SET onboarding = '{tenant:contoso,guild:writers}' WHERE name = 'contoso'")
    refused = refusal(protect, world, do_not_forward={}, recipients=["bob@fabrikam.com"])
    assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "PROTECT_DENIED")
    assert logged(world, "call.done", reason="ONBOARDING_INVALID", detail="not understood: guild:writers")
    assert logged(world, "view.onboarding_invalid", tenant="contoso", text="guild:writers")
    world.changed_by_hand("UPDATE tenant SET onboarding = '{}' WHERE name = 'contoso'")
    protect(world, do_not_forward={}, recipients=["bob@fabrikam.com"])


@pytest.mark.parametrize("column,value,word",
                         [("grant_principals", "{user:bob@fabrikam.com,planet:earth}", "planet:earth"),
                                               ("grant_rights", "{VIEW,FLY-2}", "FLY-2"),
                                               ("removed", "{planet:mars}", "planet:mars")])
def test_a_stored_amendment_that_is_not_understood_grants_nothing(world, column, value, word):
    content = protect(world, do_not_forward={}, recipients=["bob@fabrikam.com"])
    world.acquire(content, world.bob)
    columns = {"grant_principals": "{user:bob@fabrikam.com,user:eve@c.com}", "grant_rights": "{VIEW,VIEW}",
               "removed": "{}", column: value}
    world.sql(
        "INSERT INTO content_amendment (tenant, content, version, grant_principals, grant_rights, recipients, removed, "
        f"changes_expiry) SELECT tenant, content, 1, '{columns['grant_principals']}', '{columns['grant_rights']}', '{{}}', "
        f"'{columns['removed']}', false FROM content WHERE content = '{content.content_id}'; "
        f"UPDATE content SET amendment = 1 WHERE content = '{content.content_id}'")
    refused = refusal(world.acquire, content, world.bob)
    assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "NO_RIGHTS")
    assert logged(world, "call.done", reason="POLICY_INVALID", detail=f"amendment, not understood: {word}")
    assert logged(world, "amendment.invalid", content=content.content_id, text=word)
    world.acquire(content, world.alice)
