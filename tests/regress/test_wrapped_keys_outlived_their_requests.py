# SPDX-License-Identifier: Apache-2.0
"""A customer's key, wrapped, stayed in the request by which a second admin was asked for its import, whatever became of that: the
request was kept as it came, and nothing ever took it away."""
import os

import pytest

from importing import insert, request
from waiting import eventually

SEALING, CONTENT_ACCESS = 1, 1
APPROVED, REJECTED, WITHDRAWN, EXPIRED = 2, 3, 4, 5  # chancery.v1.ApprovalState


@pytest.fixture
def tenant(world):
    two = world.tenant()
    assert two.second_admin
    world.update_tenant(two.admin, two_person=[CONTENT_ACCESS])
    return two


def ask(world, tenant):
    """Ask for an import; the approval, and the customer's wrapped key as text of the database."""
    sent = request(insert(world, tenant), SEALING, os.urandom(32))
    return world.call("KeyService/ImportKey", sent, tenant.admin).approval_id, sent["wrapped_key"].hex()


def rows_with(world, text):
    """How many approvals have this in any of their columns."""
    return int(world.sql(f"SELECT count(*) FROM approval AS a WHERE a::text LIKE '%{text}%'"))


def shown(world, tenant, approval):
    return world.call("ApprovalService/GetApproval", {"approval_id": approval}, tenant.second_admin).approval


@pytest.mark.parametrize("verb, by, state", [
    ("Approve", "second_admin", APPROVED), ("Reject", "second_admin", REJECTED), ("Withdraw", "admin", WITHDRAWN)])
def test_a_decided_request_kept_the_key(world, tenant, verb, by, state):
    approval, key = ask(world, tenant)
    assert rows_with(world, key) == 1
    world.call(f"ApprovalService/{verb}Request", {"approval_id": approval}, getattr(tenant, by))
    assert rows_with(world, key) == 0
    now = shown(world, tenant, approval)  # what it was about stays
    assert now.state == state and now.summary.startswith("Import sealing key 2") and '"thumbprint"' in now.request_json


def test_an_ended_request_kept_the_key(world, tenant):
    approval, key = ask(world, tenant)
    world.sql(f"UPDATE approval SET expires_at = now() WHERE approval = '{approval}'")
    assert shown(world, tenant, approval).state == EXPIRED
    eventually(lambda: rows_with(world, key) == 0, "it is wiped, though nobody decides", 120)
    assert shown(world, tenant, approval).summary.startswith("Import sealing key 2")
