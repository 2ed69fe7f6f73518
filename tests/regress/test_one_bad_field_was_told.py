# SPDX-License-Identifier: Apache-2.0
"""FIELD_INVALID's message named no field, which is all that most clients show, and of several bad fields the first alone
was told: whoever filled in a form asked once for each."""
import pytest

from calls import refused
from methods import BUILT, MESSAGES, caller_of, request_of
from stock import Stock

SENTENCE = "A field of the request has a value that is not allowed"
LONG = "x" * 1025


@pytest.fixture(scope="module")
def authority_options(dns):
    return {"config": dns.config}


@pytest.fixture(scope="module")
def stock(world, dns):
    return Stock(world, 3, dns)


def told(call, *args, **more):
    """The fields, which the message names too."""
    refusal = refused(call, *args, **more)
    assert refusal.reason == "FIELD_INVALID"
    message = str(refusal).partition(": ")[2]
    named = message[len(SENTENCE) + 2:].rstrip(".").partition(" and ")[0].split(", ")
    assert message.startswith(f"{SENTENCE}: ") and message.endswith(".")
    assert named == refusal.fields[:4] and (" more" in message) == (len(refusal.fields) > 4)
    return refusal.fields


def test_of_a_message_to_protect(world):
    custom = {"grants": [{"principals": ["owner"], "rights": [1]}], "referral_contact": LONG, "offline_days": 3,
              "expiry": {"days": 99999}}
    fields = told(world.protect, do_not_forward=None, custom=custom, owner="nobody", display_name=LONG,
                  request_id="x", client={"application": LONG, "platform": LONG})
    assert sorted(fields) == ["client.application", "client.platform", "custom.expiry.days", "custom.offline_days",
                              "custom.referral_contact", "display_name", "owner", "request_id"]


def create_template(world, **fields):
    return world.call("TemplateService/CreateTemplate", {"template": fields}, world.contoso.admin)


GOOD = {"names": [{"language": "en", "text": "Ours"}], "grants": [{"principals": ["owner"], "rights": [1]}]}


def test_of_a_template(world):
    fields = told(create_template, world,
                  names=[{"language": "!", "text": "a"}, {"language": "de", "text": ""}, {"language": "de", "text": "b"}],
                  grants=[{"principals": ["owner", "bob", "tenant:contoso"], "rights": [99]},
                          {"principals": ["user:eve"], "rights": [1]}, {"principals": ["owner"], "rights": [1]}],
                  scope=["owner", "tenant:contoso", "bob"], referral_contact=LONG)
    assert fields == ["template.names[0].language", "template.names[1].text", "template.names[2].language",
                      "template.grants[0].rights[0]", "template.grants[0].principals[1]",
                      "template.grants[1].principals[0]", "template.scope[0]", "template.scope[2]",
                      "template.referral_contact"]


def test_custom_rights_of_later_grants_have_no_room(world):
    """Each grant has as many as one policy may have; which of them are too many is said once."""
    grants = [{"principals": ["owner"], "custom_rights": [f"R{grant}_{n}" for n in range(16)]} for grant in range(20)]
    assert told(create_template, world, **{**GOOD, "grants": grants}) == ["template.grants[1].custom_rights"]


def test_sixteen_are_enough(world):
    assert told(create_template, world, **{**GOOD, "scope": ["nobody"] * 1000}) == [
        f"template.scope[{n}]" for n in range(16)]


def test_what_is_told_is_no_value(world):
    refusal = refused(create_template, world, **{**GOOD, "scope": ["secret-of-mine"]})
    assert "secret" not in f"{refusal}{refusal.violations}{refusal.sentence}"


@pytest.mark.parametrize("call,expected", [
    (lambda w: w.audit(tenant="contoso", power=9, content_id="x", user="x", operation=LONG, reason=LONG),
     ["filter.power", "filter.content_id", "filter.user", "filter.reason", "filter.operation"]),
    (lambda w: w.call("TenantService/UpdateTenant", {
        "tenant": {"tenant": "contoso"}, "update_mask": {"paths": ["nothing", "display_name", "tenant", "etag"]}},
                      w.platform_admin), ["update_mask.paths[0]", "update_mask.paths[2]", "update_mask.paths[3]"]),
    (lambda w: w.call("TenantService/UpdateTenant", {
        "tenant": {"tenant": "contoso", "display_name": LONG, "license_cap_days": 999, "onboarding": ["bob"]}},
                      w.platform_admin),
     ["tenant.display_name", "tenant.license_cap_days", "tenant.onboarding[0]"]),
    (lambda w: w.call("DirectoryService/PutGroup", {
        "group": {"address": "x", "display_name": LONG, "external_id": LONG}, "previous_address": "y"}, w.contoso.admin),
     ["group.address", "group.display_name", "group.external_id", "previous_address"]),
    (lambda w: w.call("TrackingService/Revoke", {
        "content_id": w.protect().content_id, "user": "x", "reason": LONG}, w.contoso.admin), ["user", "reason"]),
    (lambda w: w.call("PublishingService/ListAvailableTemplates", {
        "language": LONG, "owner": "x", "client": {"platform": LONG}}, w.gateway),
     ["language", "client.platform", "owner"]),
])
def test_of_other_requests(world, call, expected):
    assert told(call, world) == expected


PAGED = [method for method in BUILT if "page_size" in MESSAGES.method(method.path)[0].DESCRIPTOR.fields_by_name]


@pytest.mark.parametrize("method", PAGED, ids=lambda method: method.path)
def test_page_size_beyond_the_maximum_was_refused(world, stock, method):
    """AIP-158: it is taken for the maximum; a negative one is refused."""
    request = request_of(stock, method)
    for size in (201, 1001, 2**31 - 1):
        answer = world.call(method.path, {**request, "page_size": size}, **caller_of(stock, method))
        assert answer.DESCRIPTOR.fields_by_name["next_page_token"]
    for size in (-1, -2**31):
        assert told(world.call, method.path, {**request, "page_size": size}, **caller_of(stock, method)) == ["page_size"]
