# SPDX-License-Identifier: Apache-2.0
"""What one node's clock had said was compared with what another's, or the database's, says. An admin who was registered by a
node whose clock is behind was older than every request, and could approve their own; one whom a node had registered whose
clock is ahead couldn't approve what was asked long after. A used proof was forgotten while its node still took it."""
import os
import time
import uuid

import pytest

from authority import Identity
from build_kind import is_sanitized
from calls import reason
from proofs import Prover

pytestmark = pytest.mark.skipif(is_sanitized(), reason="libfaketime does not go with AddressSanitizer")

LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
BEHIND, AHEAD = -1800, 1800
ACCESS = 1


@pytest.fixture(scope="module")
def nodes(authority):
    """By how far their clocks are off."""
    library = os.environ.get("CHANCERY_FAKETIME", LIBRARY)
    assert os.path.exists(library), "install Debian's faketime: scripts/install-deps test"
    made = {0: authority}
    try:
        for off in (BEHIND, AHEAD):
            made[off] = authority.node(workers=1, env={
                "LD_PRELOAD": library, "FAKETIME": f"{off:+d}", "DONT_FAKE_MONOTONIC": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1"}).start()
        yield made
    finally:
        for off in set(made) - {0}:
            made[off].stop()


def register(world, node):
    """A tenant's admin, by a platform admin who asks this node."""
    identity = Identity(world.unique("admin"))
    node.call("ComponentService/CreateComponent", {"component": {
        "name": identity.name, "role": 5, "tenant": "contoso", "certificate_sha256": [identity.fingerprint]}},
        world.platform_admin)
    return identity


def ask(world, node):
    return node.call("TenantService/GrantSuperUser", {
        "principal": f"user:{world.unique('eve')}@contoso.com", "reason": "hold",
        "expire_time": {"seconds": int(time.time()) + 7200}}, world.contoso.admin).approval_id


def approve(node, approval, who):
    return node.call("ApprovalService/ApproveRequest", {"approval_id": approval}, who)


@pytest.fixture(scope="module")
def guarded(world):
    world.update_tenant(two_person=[ACCESS])
    return world


@pytest.mark.parametrize("asked", [0, AHEAD, BEHIND])
@pytest.mark.parametrize("registered", [0, AHEAD, BEHIND])
def test_an_approver_was_older_by_a_clock_that_was_behind(guarded, nodes, registered, asked):
    approval = ask(guarded, nodes[asked])
    younger = register(guarded, nodes[registered])
    for node in nodes.values():
        assert reason(approve, node, approval, younger) == "APPROVER_NOT_INDEPENDENT"
    guarded.call("ApprovalService/RejectRequest", {"approval_id": approval}, younger)


@pytest.mark.parametrize("asked", [0, AHEAD, BEHIND])
@pytest.mark.parametrize("registered", [0, AHEAD, BEHIND])
def test_an_approver_was_too_young_by_a_clock_that_was_ahead(guarded, nodes, registered, asked):
    older = register(guarded, nodes[registered])
    approve(nodes[0], ask(guarded, nodes[asked]), older)


def test_an_approver_is_younger_whatever_the_databases_clock_says(guarded):
    """It is another database's since a failover, and behind: what waits was asked in its future."""
    approval = ask(guarded, guarded.a)
    guarded.sql(f"UPDATE approval SET requested_at = requested_at + interval '1 hour' WHERE approval = '{approval}'")
    younger = register(guarded, guarded.a)
    assert reason(approve, guarded.a, approval, younger) == "APPROVER_NOT_INDEPENDENT"
    guarded.call("ApprovalService/RejectRequest", {"approval_id": approval}, younger)


@pytest.mark.parametrize("off_ms", [25 * 3600 * 1000, -25 * 3600 * 1000], ids=["behind", "ahead"])
def test_a_request_id_lasted_a_day_by_the_id_that_another_node_had_made(world, off_ms):
    """The content's id has its time from the node that made it, which may be off by anything."""
    request = {"request_id": str(uuid.uuid4())}
    made = world.protect(**request)
    other = uuid.UUID(int=uuid.UUID(made.content_id).int - (off_ms << 80))
    world.sql(f"UPDATE content SET content = '{other}' WHERE content = '{made.content_id}'")
    assert world.protect(**request).content_id == str(other)
    world.sql(f"UPDATE content SET created_at = created_at - interval '25 hours' WHERE content = '{other}'")
    assert reason(world.protect, **request) == "REQUEST_ID_REUSED"


@pytest.mark.parametrize("off", [0, AHEAD, BEHIND])
def test_a_used_proof_was_forgotten_by_the_databases_clock(world, nodes, off):
    """A node whose clock is behind takes proofs that the database holds for old, and swept."""
    prover, method, now = Prover(), "LicensingService/AcquireLicense", int(time.time()) + off
    token = world.fabrikam.token("bob", cnf=prover.cnf, iat=now, exp=now + 600)
    metadata = prover.metadata(token, method, iat=now)
    request = world.license_request(world.made)
    nodes[off].call(method, request, metadata=metadata)
    assert reason(nodes[off].call, method, request, metadata=metadata) == "TOKEN_PROOF_REPLAYED"
    kept = float(world.sql("SELECT extract(epoch FROM max(expires_at) - now()) FROM token_proof"))
    assert 400 < kept <= 420
