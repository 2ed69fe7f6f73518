# SPDX-License-Identifier: Apache-2.0
"""What a tenant's gateways open on its way, to have it scanned or journaled (docs/policy.md §3.12)."""
import pytest

from calls import outcome, reason, refused
from command import run, with_certificate
from proofs import certificate_proof
from world import BY_DECRYPTOR, ROLES

SCAN, JOURNAL = 2, 3  # chancery.v1.LicensePurpose
OFF, OPTIONAL, MANDATORY = 1, 2, 3  # chancery.v1.TransportDecryption


@pytest.fixture(name="switched")
def _switched(world):
    """Switch something for Contoso; afterwards all is off again."""
    yield lambda **fields: world.update_tenant(**fields)
    world.update_tenant(transport_decryption=OFF, journal_decryption=False)


def scan(world, made=None, purpose=SCAN, who=None, **more):
    return world.acquire(made or world.made, who=who or world.gateway, purpose=purpose, **more)


def message(sender="alice@contoso.com"):
    return {"facts": {"sender": sender, "recipients": ["bob@fabrikam.com"]}}


def test_off_is_how_a_tenant_begins(world):
    tenant = world.call("TenantService/GetTenant", {}, world.contoso.admin).tenant
    assert tenant.transport_decryption == OFF and not tenant.journal_decryption
    for purpose in (SCAN, JOURNAL):
        error = refused(scan, world, purpose=purpose)
        assert (error.reason, error.code) == ("DECRYPTION_OFF", "FAILED_PRECONDITION")
    row = world.audit(tenant="contoso", content_id=world.made.content_id, reason="DECRYPTION_OFF")[0]
    assert row.target == "for a journal" and not row.granted and not row.power
    assert reason(world.acquire, world.made, who=world.gateway) == "NO_RIGHTS"


def test_a_scan_is_granted_and_recorded_as_that(world, switched):
    made = world.protect()
    for says in (OPTIONAL, MANDATORY):
        switched(transport_decryption=says)
        license_ = scan(world, made)
        assert license_.rights and not license_.may_cache
        assert world.a.verify(license_.use_license, world.reader)[1] == world.reader.unwrap(made.wrapped_content_key)
        row = world.audit(tenant="contoso", content_id=made.content_id)[0]
        assert (row.granted, row.power, row.target) == (True, BY_DECRYPTOR, "to scan it on its way")
        assert row.component == "contoso-gateway" and not row.user
    assert refused(scan, world, made, JOURNAL).reason == "DECRYPTION_OFF"
    switched(transport_decryption=OFF, journal_decryption=True)
    assert scan(world, made, JOURNAL).rights
    assert world.audit(tenant="contoso", content_id=made.content_id)[0].target == "for a journal"
    assert reason(scan, world, made) == "DECRYPTION_OFF"  # from the next license on


def test_taking_a_mail_back_does_not_hide_it(world, switched):
    switched(transport_decryption=OPTIONAL)
    made = world.protect()
    world.track("Revoke", made)
    assert scan(world, made).rights
    assert reason(world.acquire, made, world.bob) == "REVOKED"


def test_nobody_else_may_say_so(world, switched):
    switched(transport_decryption=MANDATORY, journal_decryption=True)
    platforms = world.platform_component("gateway", sender_domains=["contoso.com"])
    for purpose in (SCAN, JOURNAL):
        assert reason(world.acquire, world.made, world.bob, purpose=purpose) == "COMPONENT_ROLE"
        assert reason(world.acquire, world.made, world.alice, purpose=purpose) == "COMPONENT_ROLE"
        assert reason(scan, world, None, purpose, world.contoso.decryptor) == "COMPONENT_ROLE"
        assert reason(scan, world, None, purpose, world.gateway, user_token=world.alice) == "COMPONENT_ROLE"
        assert reason(scan, world, None, purpose, world.portal, user_token=world.bob) == "COMPONENT_ROLE"
        assert reason(scan, world, None, purpose, world.fabrikam.gateway) == "COMPONENT_TENANT"
        assert reason(scan, world, None, purpose, platforms) == "COMPONENT_TENANT"
    assert reason(scan, world, purpose=4) == "FIELD_INVALID"
    assert reason(world.acquire, world.made, who=world.gateway) == "NO_RIGHTS"  # it is a super user for nothing else


def test_items_of_a_batch_have_purposes_of_their_own(world, switched):
    switched(transport_decryption=OPTIONAL)
    request = world.license_request(world.made)
    results = world.call("LicensingService/BatchAcquireLicense", {"requests": [
        {**request, "purpose": SCAN}, {**request, "purpose": JOURNAL}, request]}, world.gateway).results
    assert [item.error.reason for item in results] == ["", "DECRYPTION_OFF", "NO_RIGHTS"]
    assert results[0].response.rights


def test_gateways_are_told_what_to_do(world, switched):
    def told():
        return {(r.transport_decryption, r.journal_decryption) for r in (
            world.call("CallerService/GetCaller", {}, world.gateway),
            world.call("DeliveryService/EvaluateMessage", message(), world.gateway))}
    assert told() == {(OFF, False)}
    switched(transport_decryption=MANDATORY)
    assert told() == {(MANDATORY, False)}
    switched(transport_decryption=OPTIONAL, journal_decryption=True)
    assert told() == {(OPTIONAL, True)}
    for who, tokens in ((world.contoso.admin, {}), (world.contoso.decryptor, {}), (None, {"token": world.alice}),
                        (world.gateway, {"user_token": world.alice})):
        other = world.call("CallerService/GetCaller", {}, who, **tokens)
        assert (other.transport_decryption, other.journal_decryption) == (0, False)


def test_opening_mail_waits_for_a_second_admin(world):
    two = world.tenant("warily")
    assert two.second_admin  # who approves is older than the request
    world.update_tenant(two.admin, two_person=[1])
    asked = [world.update_tenant(two.admin, transport_decryption=OPTIONAL).approval_id,
             world.update_tenant(two.admin, journal_decryption=True).approval_id]
    assert all(asked)
    assert not world.update_tenant(two.admin, transport_decryption=OFF, journal_decryption=False).approval_id
    for approval in asked:
        world.call("ApprovalService/ApproveRequest", {"approval_id": approval}, two.second_admin)
    assert world.call("TenantService/GetTenant", {}, two.admin).tenant.transport_decryption == OPTIONAL
    for says in (MANDATORY, OPTIONAL, OFF):  # it opens nothing more
        assert not world.update_tenant(two.admin, transport_decryption=says).approval_id
    assert world.update_tenant(two.admin, transport_decryption=MANDATORY).approval_id
    assert not world.update_tenant(two.admin, journal_decryption=False).approval_id


def test_what_is_no_position_is_refused(world):
    assert reason(world.update_tenant, transport_decryption=4) == "FIELD_INVALID"
    world.update_tenant(transport_decryption=0)
    assert world.call("TenantService/GetTenant", {}, world.contoso.admin).tenant.transport_decryption == OFF


def test_commands_switch_it(world, switched):
    switched(journal_decryption=False)
    with_certificate(world, "on-its-way", world.contoso.admin)
    assert "transport-decryption off" in run(world, "tenant get", "on-its-way").stdout
    run(world, "tenant switch", "on-its-way", "transport-decryption", "mandatory")
    run(world, "tenant switch", "on-its-way", "journal-decryption", "on")
    shown = run(world, "tenant get", "on-its-way").stdout
    assert "transport-decryption mandatory" in shown and "journal-decryption on" in shown
    assert "off, optional or mandatory" in run(world, "tenant switch", "on-its-way", "transport-decryption", "on",
                                               expect=2).stderr
    assert "did you mean transport-decryption?" in run(world, "tenant switch", "on-its-way", "transport-decription",
                                                       "off", expect=2).stderr


def test_one_admin_makes_no_gateway_that_opens_mail(world):
    """Where two must agree on access to content: neither by a new gateway, nor by another certificate of one; and no platform
    admin does."""
    two = world.tenant("closely")
    gateway, second = two.component("gateway", "closely-old"), two.second_admin
    made = world.protect(who=gateway, owner=f"al@{two.domain}")
    known = {c.name: c.component_id for c in world.call("ComponentService/ListComponents", {}, two.admin).components}

    def register(name, who, **tenant):
        identity = world.identity()
        answer = world.call("ComponentService/CreateComponent", {
            "component": {"name": name, "role": ROLES["gateway"], "sender_domains": [two.domain], **tenant,
                          "certificate_sha256": [identity.fingerprint]},
            "proofs": [certificate_proof(identity, two.name, name)]}, who)
        assert answer.HasField("component") == (not answer.approval_id)
        return identity, answer.approval_id

    def change(*proofs, **fields):
        return world.call("ComponentService/UpdateComponent", {
            "component": {"component_id": known["closely-old"], **fields}, "update_mask": {"paths": list(fields)},
            "proofs": proofs}, two.admin).approval_id

    world.update_tenant(two.admin, two_person=[1])
    assert not register("before", two.admin)[1]  # as long as gateways open nothing
    asked = world.update_tenant(two.admin, transport_decryption=OPTIONAL).approval_id
    world.call("ApprovalService/ApproveRequest", {"approval_id": asked}, second)
    assert scan(world, made, who=gateway).rights
    for name, who, tenant in (("after", two.admin, {}), ("platforms", world.platform_admin, {"tenant": two.name})):
        registered, asked = register(name, who, **tenant)
        assert reason(scan, world, made, who=registered) == "COMPONENT_UNKNOWN"
        shown = world.call("ApprovalService/GetApproval", {"approval_id": asked}, second).approval
        assert name in shown.summary and registered.fingerprint.hex() in {change.after for change in shown.changes}
        world.call("ApprovalService/ApproveRequest", {"approval_id": asked}, second)
        assert scan(world, made, who=registered).rights
    another = world.identity()
    assert change(certificate_proof(another, two.name, "closely-old"), certificate_sha256=[another.fingerprint])
    assert not change(sender_domains=[two.domain])
    world.update_tenant(two.admin, transport_decryption=OFF)
    assert not register("off", two.admin)[1]
