# SPDX-License-Identifier: Apache-2.0
"""What becomes of a passcode's token when something else changes: it is looked at again at every call (docs/policy.md
§9.3), and it is for one content by whatever method."""
import pytest

from authority import Reader
from calls import outcome, refused
from mail_relay import authority_options, relay  # noqa: F401  pylint: disable=W0611
from smtp_server import parse_code

KIM = "kim@mail.example"
BY_WORK, BY_PASSCODE = 1, 6


@pytest.fixture(name="token_for")
def _token_for(world, relay):
    world.sql("DELETE FROM passcode")

    def made_for(made):
        count = len(relay.to(KIM)) + 1
        started = world.call("PasscodeService/StartPasscode", {
            "address": KIM, "publishing_license": made.publishing_license, "reader_ip": "192.0.2.7"}, world.portal)
        code, _ = parse_code(relay.wait_for(KIM, count))
        return world.call("PasscodeService/VerifyPasscode", {"passcode_id": started.passcode_id, "code": code},
                          world.portal).token

    return made_for


def opens(w, made, token):
    return outcome(lambda: w.acquire(made, who=w.portal, user_token=token))


def test_a_batch_is_for_one_content_too(world, token_for):
    """Each item is asked as the single license is, however they are mixed."""
    w = world
    made, other = w.protect(recipients=[KIM]), w.protect(recipients=[KIM])
    token = token_for(made)
    items = [w.license_request(one, Reader()) for one in (other, made, other)]
    got = w.call("LicensingService/BatchAcquireLicense", {"requests": items}, w.portal, user_token=token).results
    assert [one.error.reason or "OK" for one in got] == ["PASSCODE_CONTENT", "OK", "PASSCODE_CONTENT"]
    inspected = {"publishing_license": other.publishing_license}
    assert refused(w.call, "LicensingService/InspectContent", inspected, w.portal, None, token).reason == "PASSCODE_CONTENT"


def test_the_branding_wants_other_accounts_now(world, token_for):
    w = world
    name = w.unique("later")
    w.call("BrandingService/CreateBranding", {"branding": {"branding": name}}, w.contoso.admin)
    made = w.protect(recipients=[KIM], branding=name)
    token = token_for(made)
    assert opens(w, made, token) == "OK"

    def wants(*kinds):
        w.call("BrandingService/UpdateBranding", {"branding": {"branding": name, "sign_in_kinds": kinds},
                                                  "update_mask": {"paths": ["sign_in_kinds"]}}, w.contoso.admin)

    wants(BY_WORK)
    assert opens(w, made, token) == "SIGN_IN_REFUSED"
    wants(BY_WORK, BY_PASSCODE)
    assert opens(w, made, token) == "OK"


def test_content_ends_for_readers_outside_now(world, token_for):
    w = world
    name = w.unique("ends")
    w.call("BrandingService/CreateBranding", {"branding": {"branding": name}}, w.contoso.admin)
    made = w.protect(recipients=[KIM], branding=name)
    token = token_for(made)
    w.call("BrandingService/UpdateBranding", {"branding": {"branding": name, "external_expiry_days": 1},
                                              "update_mask": {"paths": ["external_expiry_days"]}}, w.contoso.admin)
    inspected = {"publishing_license": made.publishing_license}
    ends = w.call("LicensingService/InspectContent", inspected, w.portal, user_token=token).content_expire_time.seconds
    protected = int(made.content_id.replace("-", "")[:12], 16) // 1000  # a UUIDv7
    assert ends == protected + 24 * 3600 and opens(w, made, token) == "OK"
    assert not w.call("LicensingService/InspectContent", inspected, token=w.alice).HasField("content_expire_time")


@pytest.mark.parametrize("how", [{}, {"user": KIM}, {"outside_only": True}], ids=["all", "the reader", "outside"])
def test_revoked_and_restored(world, token_for, how):
    w = world
    made = w.protect(recipients=[KIM])
    token = token_for(made)
    w.track("Revoke", made, **how)
    assert opens(w, made, token) == "REVOKED"
    w.track("Restore", made, **how)
    assert opens(w, made, token) == "OK"


def test_taken_from_the_recipients(world, token_for):
    w = world
    made = w.protect(recipients=[KIM, "jo@mail.example"])
    token = token_for(made)
    w.call("PublishingService/AmendPolicy", {"content_id": made.content_id, "remove_principals": [f"user:{KIM}"]},
           token=w.alice)
    assert opens(w, made, token) == "NO_RIGHTS"


def test_the_tenant_is_disabled(world, token_for):
    w = world
    made = w.protect(recipients=[KIM])
    token = token_for(made)
    w.update_tenant(w.platform_admin, "contoso", state=2)
    assert opens(w, made, token) == "TENANT_DISABLED"
    w.update_tenant(w.platform_admin, "contoso", state=1)
    assert opens(w, made, token) == "OK"


def test_carried_by_others(world, token_for):
    """Worth nothing with another portal or a gateway, nor alone."""
    w = world
    made = w.protect(recipients=[KIM])
    token = token_for(made)
    other = w.platform_component("portal")
    assert outcome(lambda: w.acquire(made, who=other, user_token=token)) == "TOKEN_PROOF_INVALID"
    assert outcome(lambda: w.acquire(made, who=w.gateway, user_token=token)) in ("COMPONENT_TENANT", "TOKEN_PROOF_INVALID")
    assert outcome(lambda: w.acquire(made, token=token)) == "TOKEN_ISSUER_UNKNOWN"
