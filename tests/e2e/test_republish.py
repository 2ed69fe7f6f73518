# SPDX-License-Identifier: Apache-2.0
"""Republishing (docs/policy.md §5.4): another license for the same content and key, by who holds EXPORT and may protect
in the content's tenant. Nobody gains power over the content by it."""
import time

import pytest

from calls import outcome, refused
from stock import super_user
from waiting import let_pass
from world import VIEW, grant

EXPORT, PRINT, REPUBLISH = 7, 5, "PublishingService/Republish"
DAY = 24 * 3600


@pytest.fixture(scope="module")
def anna(world):
    """A member of Contoso who holds EXPORT of what is made here."""
    return world.contoso.token("anna")


def custom(*grants, **more):
    return {"grants": list(grants), **more}


def make(world, *more, **fields):
    return world.protect(do_not_forward=None, recipients=None, display_name="first", custom=custom(
        grant("user:anna@contoso.com", VIEW, EXPORT), grant("user:carl@contoso.com", VIEW), *more), **fields)


def republish(world, made, token, **fields):
    request = {"publishing_license": made.publishing_license, "client_public_jwk": world.reader.public, **fields}
    return world.call(REPUBLISH, request, token=token).response


def last_record(world, made, operation="republish"):
    return world.sql("SELECT granted, reason, user_address, target, power FROM audit WHERE operation = "
                     f"'{operation}' AND content = '{made.content_id}' ORDER BY event DESC LIMIT 1").split("|")


def test_the_same_content_and_key_under_another_policy(world, anna):
    made = make(world)
    rows = world.sql("SELECT count(*) FROM content")
    again = republish(world, made, anna, do_not_forward={}, recipients=["bob@fabrikam.com", '"j d"@x.example'])
    assert again.content_id == made.content_id and list(again.refused_recipients) == ['"j d"@x.example']
    assert again.publishing_license != made.publishing_license
    assert world.reader.unwrap(again.wrapped_content_key) == world.reader.unwrap(made.wrapped_content_key)
    assert last_record(world, made) == ["t", "OK", "anna@contoso.com", "another policy for the same content and key", ""]
    assert world.sql("SELECT count(*) FROM content") == rows
    license_ = world.acquire(again, world.bob)
    _, key = world.a.verify(license_.use_license, world.reader)
    assert key == world.reader.unwrap(made.wrapped_content_key)
    assert outcome(world.acquire, made, world.bob) == "NO_RIGHTS"
    # Each license opens by its own policy.
    carl = world.contoso.token("carl")
    assert (outcome(world.acquire, made, carl), outcome(world.acquire, again, carl)) == ("OK", "NO_RIGHTS")


def test_whose_it_is_stays(world, anna):
    """Whoever republishes has no power over the content by that, and the owner has what they had."""
    made = make(world)
    again = republish(world, made, anna, do_not_forward={}, recipients=["bob@fabrikam.com"])
    assert outcome(world.acquire, again, anna) == "NO_RIGHTS"
    assert world.acquire(again, world.alice).owner == "alice@contoso.com"
    assert outcome(world.call, "TrackingService/Revoke", {"content_id": made.content_id}, token=anna) == "NOT_FOUND"
    seen = world.call("LicensingService/InspectContent", {"publishing_license": again.publishing_license},
                      token=world.alice)
    assert seen.display_name == "first"
    renamed = republish(world, made, anna, encrypt_only={}, recipients=["bob@fabrikam.com"], display_name="second")
    assert world.call("LicensingService/InspectContent", {"publishing_license": renamed.publishing_license},
                      token=world.bob).display_name == "second"


def test_what_holds_of_the_content_holds_of_both(world, anna):
    made = make(world)
    again = republish(world, made, anna, do_not_forward={}, recipients=["bob@fabrikam.com"])
    world.call("PublishingService/AmendPolicy", {"content_id": made.content_id, "remove_principals": [
        "user:bob@fabrikam.com"]}, token=world.alice)
    assert outcome(world.acquire, again, world.bob) == "NO_RIGHTS"
    third = republish(world, made, anna, do_not_forward={}, recipients=["bob@fabrikam.com", "kim@fabrikam.com"])
    assert outcome(world.acquire, third, world.bob) == "NO_RIGHTS"
    assert outcome(world.acquire, third, world.fabrikam.token("kim")) == "OK"
    world.track("Revoke", made)
    assert outcome(world.acquire, third, world.fabrikam.token("kim")) == "REVOKED"
    assert outcome(republish, world, made, anna, do_not_forward={}, recipients=["kim@fabrikam.com"]) == "REVOKED"
    assert republish(world, made, world.alice, do_not_forward={}, recipients=["kim@fabrikam.com"]).content_id
    assert last_record(world, made)[4] == "owner"


def test_who_may_not(world, anna):
    made = make(world, grant("user:bob@fabrikam.com", VIEW, EXPORT))
    new = {"do_not_forward": {}, "recipients": ["x@fabrikam.com"]}
    assert outcome(republish, world, made, world.contoso.token("carl"), **new) == "RIGHT_MISSING"
    assert last_record(world, made)[:2] == ["f", "RIGHT_MISSING"]
    assert outcome(republish, world, made, world.contoso.token("eve"), **new) == "NO_RIGHTS"
    # He may take the protection off, and protect in his own tenant; in Contoso he protects nothing.
    assert outcome(republish, world, made, world.bob, **new) == "PROTECT_DENIED"
    assert outcome(republish, world, made, None, **new) == "CREDENTIAL_MISSING"
    request = {"publishing_license": made.publishing_license, "client_public_jwk": world.reader.public, **new}
    assert refused(world.call, REPUBLISH, request, world.gateway).reason == "USER_TOKEN_REQUIRED"
    assert world.call(REPUBLISH, request, world.gateway, user_token=anna).response.content_id == made.content_id
    forged = made.publishing_license[:-1] + bytes([made.publishing_license[-1] ^ 1])
    assert refused(world.call, REPUBLISH, {**request, "publishing_license": forged}, token=anna).reason == "LICENSE_FORGED"


def test_lent_power_does_not_count(world):
    made = make(world)
    power = super_user("user:dora@contoso.com", seconds=600)
    world.call("TenantService/GrantSuperUser", power, world.contoso.admin)
    dora = world.contoso.token("dora")
    assert world.acquire(made, dora).content_id
    assert outcome(republish, world, made, dora, do_not_forward={}, recipients=["x@fabrikam.com"]) == "NO_RIGHTS"


def test_a_template_stays_the_one_under_which_it_was_protected(world, anna):
    grants = [grant("user:anna@contoso.com", VIEW, EXPORT), grant("recipients", VIEW)]
    one, other = world.template(*grants).template_id, world.template(*grants).template_id
    made = world.protect(do_not_forward=None, template_id=one, recipients=["bob@fabrikam.com"])
    assert refused(republish, world, made, anna, template_id=other, recipients=["bob@fabrikam.com"]).fields == ["template_id"]
    again = republish(world, made, anna, template_id=one, recipients=["kim@fabrikam.com"])
    assert outcome(world.acquire, again, world.fabrikam.token("kim")) == "OK"
    assert republish(world, made, anna, do_not_forward={}, recipients=["kim@fabrikam.com"]).content_id
    ad_hoc = make(world)
    assert refused(republish, world, ad_hoc, anna, template_id=one, recipients=["a@b.example"]).fields == ["template_id"]
    world.call("TemplateService/ArchiveTemplate", {"template_id": one}, world.contoso.admin)
    assert outcome(republish, world, made, anna, template_id=one, recipients=["kim@fabrikam.com"]) == "TEMPLATE_ARCHIVED"


def test_how_long_it_lasts(world, anna):
    made = make(world)
    kim = grant("user:kim@fabrikam.com", VIEW)
    again = republish(world, made, anna, custom=custom(kim, expiry={"days": 3}))
    assert 3 * DAY - 60 < again.expire_time.seconds - time.time() <= 3 * DAY
    old = refused(republish, world, made, anna, custom=custom(kim, expiry={"time": {"seconds": 1000}}))
    assert (old.reason, old.fields) in (("FIELD_INVALID", ["custom.expiry"]), ("FIELD_INVALID", ["custom.expiry.time"]))


def test_what_would_be_over_by_template_or_amendment_is_refused(world, anna):
    """Their owner outlives the end of both, and would get a license by which nobody else opens anything."""
    grants = [grant("user:anna@contoso.com", VIEW, EXPORT), grant("recipients", VIEW)]
    under = world.template(*grants, expiry={"days": 1}).template_id
    old = world.protect(do_not_forward=None, template_id=under, recipients=["bob@fabrikam.com"])
    world.changed_by_hand("UPDATE template SET expires_at = now() - interval '1 day', expires_after_days = NULL "
                          f"WHERE template = '{under}'")
    assert outcome(republish, world, old, anna, template_id=under, recipients=["bob@fabrikam.com"]) == "EXPIRED"
    again = {"template_id": under, "recipients": ["bob@fabrikam.com"]}
    assert outcome(republish, world, old, world.alice, **again) == "EXPIRED"
    assert last_record(world, old)[:3] == ["f", "EXPIRED", "alice@contoso.com"]
    assert republish(world, old, world.alice, do_not_forward={}, recipients=["bob@fabrikam.com"]).content_id
    made = make(world)
    world.call("PublishingService/AmendPolicy", {"content_id": made.content_id, "expiry": {"time": {
        "seconds": int(time.time()) + 2}}}, token=world.alice)
    let_pass(2.1)
    assert outcome(republish, world, made, world.alice, do_not_forward={}, recipients=["bob@fabrikam.com"]) == "EXPIRED"


def test_bad_requests(world, anna):
    made = make(world)
    error = refused(republish, world, made, anna, recipients=["nobody"], display_name="n" * 300)
    assert sorted(error.fields) == ["display_name", "policy"]
    assert refused(republish, world, made, anna, do_not_forward={}).reason == "RECIPIENTS_MISSING"
    assert refused(republish, world, made, anna, do_not_forward={}, recipients=["nobody"]).fields == ["recipients[0]"]
    assert refused(republish, world, made, anna, do_not_forward={}, client_public_jwk="{}").reason == "CLIENT_KEY_INVALID"
    many = [f"{n}-{'x' * 400}@fabrikam.com" for n in range(700)]
    assert refused(republish, world, made, anna, do_not_forward={}, recipients=many).reason == "LIMIT_EXCEEDED"
