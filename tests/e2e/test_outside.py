# SPDX-License-Identifier: Apache-2.0
"""What holds for readers from outside of the content's tenant alone (docs/policy.md §3.7)."""
import json

import pytest

from authority import Issuer, Refused
from calls import reason, refused
from command import SAMPLE, protect, run, with_certificate
from world import CONSUMER


def revoke(world, made, verb="Revoke", who=None, token=None, **more):
    return world.call(f"TrackingService/{verb}", {"content_id": made.content_id, "outside_only": True, **more},
                      None if token else who or world.contoso.admin, token)


def content(world, made):
    return world.call("TrackingService/GetContent", {"content_id": made.content_id}, world.contoso.admin).content


def opens(world, made, token, **more):
    try:
        world.acquire(made, token, **more)
    except Refused as error:
        assert error.reason == "REVOKED", error
        return False
    return True


def test_readers_outside_are_shut_out_and_members_are_not(world):
    made = world.protect(recipients=["bob@fabrikam.com", "carol@contoso.com", "di@mail.example"])
    di = world.google.token("di@mail.example", email_verified=True)
    readers = {"bob": world.bob, "carol": world.carol, "alice": world.alice}
    assert all(opens(world, made, token) for token in readers.values())
    revoke(world, made, token=world.alice, reason="it went too far")
    assert {name for name, token in readers.items() if opens(world, made, token)} == {"carol", "alice"}
    assert reason(world.acquire, made, who=world.portal, user_token=di) == "REVOKED"
    assert reason(world.call, "LicensingService/InspectContent", {"publishing_license": made.publishing_license},
                  None, world.bob) == "REVOKED"
    assert reason(world.acquire, made, world.mallory) == "NO_RIGHTS"  # who had none learns nothing
    shown = content(world, made)
    assert shown.outside_revoked and not shown.revoked_users and not shown.HasField("revoke_time")
    event = world.audit(tenant="contoso", operation="revoke", content_id=made.content_id)[0]
    assert event.target == "outside: it went too far" and event.user == "alice@contoso.com"
    denied = world.audit(tenant="contoso", content_id=made.content_id, denied_only=True)
    assert {event.user for event in denied} >= {"bob@fabrikam.com", "di@mail.example"}  # nobody is called outside
    revoke(world, made)  # again succeeds
    revoke(world, made, "Restore")
    assert all(opens(world, made, token) for token in readers.values())
    assert not content(world, made).outside_revoked


def test_the_three_ways_to_revoke_are_apart(world):
    made = world.protect(recipients=["bob@fabrikam.com", "mallory@fabrikam.com", "carol@contoso.com"])
    world.track("Revoke", made, user="bob@fabrikam.com")
    revoke(world, made)
    assert list(content(world, made).revoked_users) == ["bob@fabrikam.com"]
    revoke(world, made, "Restore")
    assert opens(world, made, world.mallory) and not opens(world, made, world.bob)
    revoke(world, made)
    world.track("Restore", made, user="bob@fabrikam.com")
    assert not opens(world, made, world.bob)
    world.track("Revoke", made)
    assert not opens(world, made, world.carol)
    world.track("Restore", made)
    assert opens(world, made, world.carol) and not opens(world, made, world.mallory)
    revoke(world, made, "Restore")
    assert opens(world, made, world.bob) and opens(world, made, world.mallory)


def test_what_undoes_nothing_is_not_found(world):
    made = world.protect()
    assert reason(revoke, world, made, "Restore") == "NOT_FOUND"
    world.track("Revoke", made)
    assert reason(revoke, world, made, "Restore") == "NOT_FOUND"
    assert refused(revoke, world, made, user="bob@fabrikam.com").fields == ["outside_only"]
    assert reason(world.track, "Revoke", made, user="outside") == "FIELD_INVALID"  # it is no address
    assert reason(revoke, world, made, token=world.bob) == "NOT_FOUND"
    assert reason(revoke, world, made, who=world.fabrikam.admin) == "NOT_FOUND"


def test_guests_are_outside(world):
    world.call("DirectoryService/PutUser", {"user": {"address": "visitor@contoso.com", "guest": True}}, world.contoso.admin)
    made = world.protect(recipients=["visitor@contoso.com", "carol@contoso.com"])
    visitor = world.contoso.token("visitor")
    assert opens(world, made, visitor)
    revoke(world, made)
    assert not opens(world, made, visitor) and opens(world, made, world.carol)


def test_a_thousand_people_leave_room_for_all_outside(world):
    made = world.protect(recipients=["bob@fabrikam.com", "u1@fabrikam.com"])
    world.sql("UPDATE content SET revoked_users = ARRAY(SELECT 'u' || n || '@fabrikam.com' FROM generate_series(1, 1000) AS n) "
              f"WHERE content = '{made.content_id}'")
    revoke(world, made)
    assert not opens(world, made, world.bob)
    assert len(content(world, made).revoked_users) == 1000
    assert reason(world.track, "Revoke", made, user="x@fabrikam.com") == "LIMIT_EXCEEDED"
    world.track("Restore", made, user="u1@fabrikam.com")
    world.track("Revoke", made, user="x@fabrikam.com")
    revoke(world, made, "Restore")
    assert opens(world, made, world.bob)


def test_rights_over_the_policy_end_too(world):
    """Whoever holds OWNER by grant, from outside, is a reader like others."""
    made = world.protect(custom={"grants": [{"principals": ["user:bob@fabrikam.com"], "rights": [14]}]}, recipients=None)
    by_license = {"publishing_license": made.publishing_license}
    assert world.call("TrackingService/GetContent", by_license, None, world.bob).content.content_id == made.content_id
    revoke(world, made)
    assert reason(world.call, "TrackingService/GetContent", by_license, None, world.bob) == "REVOKED"


def test_commands_revoke_for_readers_outside(world):
    with_certificate(world, "outside-admin", world.contoso.admin)
    made = world.protect()
    run(world, "revoke", "outside-admin", "--outside", "--reason", "too far", made.content_id)
    assert not opens(world, made, world.bob)
    run(world, "restore", "outside-admin", "--outside", made.content_id)
    assert opens(world, made, world.bob)
    assert json.loads(run(world, "audit query", "outside-admin", "--content", made.content_id, "-o", "json").stdout)


# --- by branding ---


def branding(world, who=None, **fields):
    name = world.unique("limits")
    world.call("BrandingService/CreateBranding", {"branding": {"branding": name, **fields}}, who or world.contoso.admin)
    return name


def change(world, name, who=None, **fields):
    return world.call("BrandingService/UpdateBranding", {"branding": {"branding": name, **fields}, "update_mask": {
        "paths": list(fields)}}, who or world.contoso.admin)


def test_content_ends_for_readers_outside(world):
    name = branding(world, external_expiry_days=30)
    made = world.protect(branding=name, recipients=["bob@fabrikam.com", "carol@contoso.com"])
    protected = content(world, made).create_time.seconds
    outside = world.acquire(made, world.bob)
    assert 29 * 86400 < outside.expire_time.seconds - protected <= 30 * 86400
    change(world, name, external_expiry_days=1)
    assert world.acquire(made, world.bob).expire_time.seconds == protected + 86400
    inside = world.acquire(made, world.carol)
    assert inside.expire_time.seconds - protected > 29 * 86400
    shown = world.call("LicensingService/InspectContent", {"publishing_license": made.publishing_license}, None, world.bob)
    assert shown.content_expire_time.seconds == protected + 86400
    change(world, name, external_expiry_days=0)
    assert world.acquire(made, world.bob).expire_time.seconds > protected + 86400


def test_another_license_has_the_branding_that_is_asked_for(world):
    """The former license's is not taken over, nor is anything but a branding of the content's tenant taken."""
    made = world.protect(do_not_forward=None, encrypt_only={}, branding=branding(world, external_expiry_days=30))
    name = branding(world, external_expiry_days=3)

    def again(**fields):
        request = {"publishing_license": made.publishing_license, "client_public_jwk": world.reader.public,
                   "do_not_forward": {}, "recipients": ["bob@fabrikam.com"], **fields}
        return world.call("PublishingService/Republish", request, token=world.alice).response

    def ends(license_):
        shown = world.call("LicensingService/InspectContent", {"publishing_license": license_.publishing_license}, None,
                           world.bob)
        return shown.content_expire_time.seconds

    protected = content(world, made).create_time.seconds
    assert (ends(again(branding=name)), ends(again())) == (protected + 3 * 86400, 0)
    assert refused(again, branding="nobody").reason == "BRANDING_NOT_FOUND"


def test_a_branding_that_is_not_there_protects_nothing(world):
    for who in ({}, {"token": world.alice}):
        error = refused(world.protect, **who, branding="nobody")
        assert (error.reason, error.code) == ("BRANDING_NOT_FOUND", "NOT_FOUND")
    name = branding(world, who=world.fabrikam.admin)
    assert reason(world.protect, branding=name) == "BRANDING_NOT_FOUND"  # another tenant's
    assert refused(world.protect, branding="x" * 65).fields == ["branding"]


def test_what_a_deleted_branding_limited_is_limited_no_more(world):
    name = branding(world, external_expiry_days=1, sign_in_kinds=[6])
    made = world.protect(branding=name)
    assert reason(world.acquire, made, world.bob) == "SIGN_IN_REFUSED"
    world.call("BrandingService/DeleteBranding", {"branding": name}, world.contoso.admin)
    assert opens(world, made, world.bob)


@pytest.fixture(scope="module", name="providers")
def _providers(world):
    """People of consumers' providers, by the kind of sign-in that each is."""
    issuers = {2: "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
               3: "https://accounts.google.com", 4: "https://api.login.yahoo.com"}
    people = {}
    for kind, iss in issuers.items():
        issuer = Issuer(iss)
        world.a.issuer(issuer, CONSUMER, boundary="commercial")
        people[kind] = issuer.token("di@mail.example", email_verified=True)
    return people | {5: world.google.token("di@mail.example", email_verified=True), 1: world.bob}


def test_readers_outside_sign_in_as_the_branding_says(world, providers):
    name = branding(world)
    made = world.protect(branding=name, recipients=["bob@fabrikam.com", "di@mail.example", "carol@contoso.com"])
    for allowed in ([], [1], [2], [3], [4], [5], [1, 3], [6]):
        change(world, name, sign_in_kinds=allowed)
        let_in = set()
        for kind, token in providers.items():
            try:
                world.acquire(made, who=world.portal, user_token=token)
                let_in.add(kind)
            except Refused as error:
                assert error.reason == "SIGN_IN_REFUSED"
        assert let_in == (set(allowed) or set(providers)) & set(providers), allowed
        assert opens(world, made, world.carol)


def test_kinds_and_days_are_checked(world):
    for fields, path in (({"external_expiry_days": 731}, "external_expiry_days"), ({"sign_in_kinds": [1, 1]}, "sign_in_kinds[1]"),
                         ({"sign_in_kinds": [7]}, "sign_in_kinds[0]"), ({"sign_in_kinds": [0]}, "sign_in_kinds[0]")):
        assert refused(branding, world, **fields).fields == [f"branding.{path}"]
    name = branding(world, external_expiry_days=730, sign_in_kinds=[1, 2, 3, 4, 5, 6])
    assert list(world.call("BrandingService/GetBranding", {"branding": name}, world.contoso.admin).branding.sign_in_kinds) == [
        1, 2, 3, 4, 5, 6]


def test_limiting_less_waits_for_a_second_admin(world):
    two = world.tenant("limited")
    assert two.second_admin
    name = branding(world, who=two.admin, external_expiry_days=10, sign_in_kinds=[1, 3])
    world.update_tenant(two.admin, two_person=[1])
    for less in ({"external_expiry_days": 11}, {"external_expiry_days": 0}, {"sign_in_kinds": []}, {"sign_in_kinds": [1, 3, 4]},
                 {"sign_in_kinds": [2]}):
        assert change(world, name, two.admin, **less).approval_id, less
    for harmless in ({"external_expiry_days": 9}, {"sign_in_kinds": [1]}, {"display_name": "L"}, {"accent_color": "#123456"}):
        assert not change(world, name, two.admin, **harmless).approval_id, harmless
    asked = world.call("BrandingService/DeleteBranding", {"branding": name}, two.admin).approval_id
    assert asked
    world.call("ApprovalService/ApproveRequest", {"approval_id": asked}, two.second_admin)
    assert reason(world.call, "BrandingService/GetBranding", {"branding": name}, two.admin) == "NOT_FOUND"
    free = branding(world, who=two.admin)  # making one limits nobody less
    assert not world.call("BrandingService/DeleteBranding", {"branding": free}, two.admin).approval_id


def test_the_wrapper_says_until_when(world):
    name = branding(world, external_expiry_days=1)
    world.call("BoundaryService/UpdateBoundary", {"boundary": {"boundary": "commercial", "portal_url": "https://portal.example"}},
               world.platform_admin)
    request = {"sender": "alice@contoso.com", "branding": name, "content_id": "0197b7c0-7e5c-7c3e-8f4e-0123456789ab"}
    shown = world.call("BrandingService/RenderWrapper", request, world.gateway)
    assert "You can read it there until 2025-06-29 (UTC)." in shown.text and "2025-06-29" in shown.html
    for other in ({"branding": ""}, {"branding": "nobody"}, {"content_id": ""}):
        assert "until" not in world.call("BrandingService/RenderWrapper", {**request, **other}, world.gateway).text


def test_a_protected_mail_is_limited_by_its_branding(world):
    with_certificate(world, "edge", world.gateway)
    name = branding(world, external_expiry_days=1)
    made = protect(world, SAMPLE, f"{world.a.folder}/limited.eml", "--branding", name)
    with open(f"{world.a.folder}/limited.eml", encoding="utf-8") as file:
        assert "(UTC)" in file.read()
    assert made
    refused_ = run(world, "protect", "edge", "--do-not-forward", "--owner", "alice@contoso.com", "--recipient",
                   "bob@fabrikam.com", "--branding", "nobody", SAMPLE, f"{world.a.folder}/no.eml", expect=3)
    assert "BRANDING_NOT_FOUND" in refused_.stderr
