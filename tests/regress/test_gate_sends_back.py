# SPDX-License-Identifier: Apache-2.0
"""The gate sends a flow back when what it decided on has changed: it must not go on with part of what it knew before."""
import pytest

from calls import call_on, everywhere, fresh_channel, reason
from proofs import Prover

ACQUIRE = "LicensingService/AcquireLicense"


def test_gate_sent_back_revoked_key(world):
    """The worker's view was out of date, and so was what it assumed of the content: what it refused on the second look was
    decided a third time, without the key's state."""
    made, key = world.protect(), f"tenant = '{world.contoso.id}' AND purpose = 1"
    world.track("Revoke", made)
    for _ in range(6):
        world.reconnect()
        world.acquire(made, world.alice)
    world.changed_by_hand(f"UPDATE tenant_key SET state = 3 WHERE {key}")
    try:
        for _ in range(6):
            world.reconnect()
            assert reason(world.acquire, made, world.alice) == "KEY_REVOKED"
    finally:
        world.changed_by_hand(f"UPDATE tenant_key SET state = 1 WHERE {key}")
    world.acquire(made, world.alice)


def test_gate_sent_back_a_used_proof(world):
    """A cache that was out of date made the flow begin anew, and the proof that the same call had used was refused."""
    prover = Prover()
    token = world.fabrikam.token("bob", cnf=prover.cnf)
    channels = [fresh_channel(world.a) for _ in range(6)]
    for n in range(6):
        world.update_tenant(world.fabrikam.admin, display_name=f"Fabrikam {n}")
        for channel in channels:
            request = world.license_request(world.made)
            assert call_on(channel, ACQUIRE, request, prover.metadata(token, ACQUIRE)) == "OK"
    for channel in channels:
        channel.close()


@pytest.fixture
def group(world):
    address = f"{world.unique('group')}@contoso.com"
    world.call("DirectoryService/PutGroup", {"group": {"address": address}}, world.contoso.admin)
    world.call("DirectoryService/AddMembers", {"group": address, "members": ["bob@fabrikam.com"]}, world.contoso.admin)
    return address


def test_gate_sent_back_groups_that_nobody_had_asked_for(world, group):
    """The gate told of an amendment that names a group after groups had not mattered: they were not asked for."""
    made = world.protect(custom={"grants": [{"principals": ["owner"], "rights": [1]}]})

    def told(token):
        return everywhere(world.a, ACQUIRE, world.license_request(made), None, token)

    assert told(world.bob) == "NO_RIGHTS"
    world.sql(
        "INSERT INTO content_amendment (tenant, content, version, grant_principals, grant_rights, recipients, removed, "
        f"changes_expiry) SELECT tenant, content, 1, '{{group:{group}}}', '{{VIEW}}', '{{}}', '{{}}', false FROM content "
        f"WHERE content = '{made.content_id}'; UPDATE content SET amendment = 1 WHERE content = '{made.content_id}'")
    assert told(world.bob) == "OK"
    assert told(world.mallory) == "NO_RIGHTS"
    world.call("DirectoryService/RemoveMembers", {"group": group, "members": ["bob@fabrikam.com"]}, world.contoso.admin)
    assert told(world.bob) == "NO_RIGHTS"
