# SPDX-License-Identifier: Apache-2.0
"""Who approved that a tenant's gateways open its mail was not shown which ones: one admin registered another before it was
approved, and it opened mail, too."""
import pytest

from calls import reason
from proofs import certificate_proof
from world import ROLES

OFF, OPTIONAL = 1, 2  # chancery.v1.TransportDecryption
SCAN, JOURNAL = 2, 3  # chancery.v1.LicensePurpose
SWITCHES = [({"transport_decryption": OPTIONAL}, SCAN), ({"journal_decryption": True}, JOURNAL)]


def register(world, tenant, name, **more):
    identity = world.identity()
    world.call("ComponentService/CreateComponent", {
        "component": {"name": name, "role": ROLES["gateway"], "sender_domains": [tenant.domain],
                      "certificate_sha256": [identity.fingerprint], **more},
        "proofs": [certificate_proof(identity, tenant.name, name)]}, tenant.admin)
    return identity


def gateways(world, tenant, asked):
    shown = world.call("ApprovalService/GetApproval", {"approval_id": asked}, tenant.second_admin).approval
    return [change.after for change in shown.changes if change.field.startswith("gateways")]


def approve(world, tenant, asked):
    return world.call("ApprovalService/ApproveRequest", {"approval_id": asked}, tenant.second_admin)


@pytest.mark.parametrize("fields, purpose", SWITCHES, ids=["scan", "journal"])
def test_a_gateway_was_approved_unseen(world, fields, purpose):
    two = world.tenant()
    known, off = two.gateway, register(world, two, "switched-off", disabled=True)
    assert two.second_admin
    made = world.protect(who=known, owner=f"al@{two.domain}")
    world.update_tenant(two.admin, two_person=[1])
    asked = world.update_tenant(two.admin, **fields).approval_id
    shown, = gateways(world, two, asked)
    assert shown == f"{two.name}-gateway, certificate {known.fingerprint.hex()}" and off.fingerprint.hex() not in shown
    late = register(world, two, "late")
    assert reason(approve, world, two, asked) == "PRECONDITION_FAILED"
    assert reason(world.acquire, made, who=late, purpose=purpose) == "DECRYPTION_OFF"
    asked = world.update_tenant(two.admin, **fields).approval_id
    assert len(gateways(world, two, asked)) == 2 and any(late.fingerprint.hex() in text for text in gateways(world, two, asked))
    approve(world, two, asked)
    assert world.acquire(made, who=late, purpose=purpose).rights


def test_what_opens_nothing_shows_no_gateways(world):
    two = world.tenant()
    assert two.gateway and two.second_admin
    world.update_tenant(two.admin, two_person=[1])
    asked = world.update_tenant(two.admin, attachments_freed=True).approval_id
    assert not gateways(world, two, asked)
    approve(world, two, asked)


def test_certificates_of_one_gateway_were_cut(world):
    """All that a gateway is known by was one text, of which 256 bytes are kept: the fourth certificate was a digest."""
    two = world.tenant()
    assert two.second_admin
    certificates = [world.identity() for _ in range(4)]
    world.call("ComponentService/CreateComponent", {
        "component": {"name": "many", "role": ROLES["gateway"], "sender_domains": [two.domain],
                      "certificate_sha256": [one.fingerprint for one in certificates]},
        "proofs": [certificate_proof(one, two.name, "many") for one in certificates]}, two.admin)
    world.update_tenant(two.admin, two_person=[1])
    asked = world.update_tenant(two.admin, transport_decryption=OPTIONAL).approval_id
    assert sorted(gateways(world, two, asked)) == sorted(f"many, certificate {one.fingerprint.hex()}" for one in certificates)
    approve(world, two, asked)
