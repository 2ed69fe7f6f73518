# SPDX-License-Identifier: Apache-2.0
"""What a tenant switches (docs/policy.md §3.11): each holds from the next call on, where it says."""
import base64
import json

import pytest

from calls import reason, refused
from command import run, with_certificate

SWITCHES = ("do_not_forward_off", "encrypt_only_off", "social_identities_off", "attachments_freed",
            "reject_without_rights")


@pytest.fixture(name="switched")
def _switched(world):
    """Switch something for Contoso; afterwards all is as before."""
    yield lambda **fields: world.update_tenant(**fields)
    world.update_tenant(**dict.fromkeys(SWITCHES, False))


def claims(license_):
    payload = license_.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def portal_license(world, made, token):
    return world.acquire(made, who=world.portal, user_token=token)


def test_a_policy_that_is_off_protects_nothing_new(world, switched):
    for field, policy, other in (("do_not_forward_off", "do_not_forward", "encrypt_only"),
                                 ("encrypt_only_off", "encrypt_only", "do_not_forward")):
        before = world.protect(**{policy: {}})
        switched(**{field: True})
        for who in ({}, {"token": world.alice}):
            error = refused(world.protect, **who, **{policy: {}})
            assert (error.reason, error.code) == ("POLICY_SWITCHED_OFF", "FAILED_PRECONDITION")
        assert world.audit(tenant="contoso", operation="protect", reason="POLICY_SWITCHED_OFF")
        assert world.protect(**{other: {}}).content_id
        assert world.rights(before, world.bob)  # what was sent still opens
        switched(**{field: False})
        assert world.protect(**{policy: {}}).content_id


def test_a_retry_is_asked_too(world, switched):
    request = {"request_id": "a2f52a2e-94d5-4d9a-8a5e-60f5f7a1d9c1", "do_not_forward": {}}
    world.protect(**request)
    switched(do_not_forward_off=True)
    assert reason(world.protect, **request) == "POLICY_SWITCHED_OFF"


def test_consumers_accounts_are_refused(world, switched):
    di = world.google.token("di@mail.example", email_verified=True)
    made = world.protect(recipients=["di@mail.example", "bob@fabrikam.com", "carol@contoso.com"])
    assert portal_license(world, made, di).rights
    switched(social_identities_off=True)
    error = refused(portal_license, world, made, di)
    assert (error.reason, error.code) == ("SIGN_IN_REFUSED", "PERMISSION_DENIED")
    assert world.audit(tenant="contoso", content_id=made.content_id, denied_only=True)[0].reason == "SIGN_IN_REFUSED"
    inspected = {"publishing_license": made.publishing_license}
    assert reason(world.call, "LicensingService/InspectContent", inspected, world.portal, None, di) == "SIGN_IN_REFUSED"
    assert world.rights(made, world.bob) and world.rights(made, world.carol)
    assert portal_license(world, made, world.bob).rights
    switched(social_identities_off=False)
    assert portal_license(world, made, di).rights


def test_licenses_say_that_attachments_are_free(world, switched):
    made, other = world.protect(encrypt_only={}), world.protect()
    for is_free in (False, True, False):
        switched(attachments_freed=is_free)
        license_ = world.acquire(made, world.bob)
        assert license_.attachments_freed == is_free
        assert claims(license_.use_license).get("att") == ("free" if is_free else None)
        assert not world.acquire(other, world.bob).attachments_freed


def test_what_opens_more_waits_for_a_second_admin(world):
    two = world.tenant("careful")
    assert two.second_admin  # who approves is older than the request
    world.update_tenant(two.admin, social_identities_off=True, two_person=[1])
    assert world.update_tenant(two.admin, attachments_freed=True).approval_id
    asked = world.update_tenant(two.admin, social_identities_off=False)
    shown = world.call("ApprovalService/ListApprovals", {}, two.second_admin).approvals
    assert {change.field for approval in shown for change in approval.changes} == {
        "tenant.social_identities_off", "tenant.attachments_freed"}
    for field in ("do_not_forward_off", "encrypt_only_off"):
        for value in (True, False):
            assert not world.update_tenant(two.admin, **{field: value}).approval_id
    assert not world.update_tenant(two.admin, attachments_freed=False).approval_id
    world.call("ApprovalService/ApproveRequest", {"approval_id": asked.approval_id}, two.second_admin)
    assert not world.call("TenantService/GetTenant", {}, two.admin).tenant.social_identities_off
    assert not world.update_tenant(two.admin, social_identities_off=True).approval_id


def test_commands_switch(world):
    with_certificate(world, "switching", world.contoso.admin)
    shown = run(world, "tenant get", "switching").stdout
    assert "do-not-forward on" in shown and "free-attachments off" in shown
    for name, field in (("do-not-forward", "do_not_forward_off"), ("encrypt-only", "encrypt_only_off"),
                        ("social-identities", "social_identities_off")):
        run(world, "tenant switch", "switching", name, "off")
        assert getattr(world.call("TenantService/GetTenant", {}, world.contoso.admin).tenant, field)
        run(world, "tenant switch", "switching", name, "on")
    run(world, "tenant switch", "switching", "free-attachments", "on")
    assert "free-attachments on" in run(world, "tenant get", "switching").stdout
    run(world, "tenant switch", "switching", "free-attachments", "off")
    assert "did you mean encrypt-only?" in run(world, "tenant switch", "switching", "encrypt-onyl", "on", expect=2).stderr
    assert "on or off" in run(world, "tenant switch", "switching", "encrypt-only", "yes", expect=2).stderr
