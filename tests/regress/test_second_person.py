# SPDX-License-Identifier: Apache-2.0
"""Ways in which one admin was two, or acted without the second one."""
import concurrent.futures

from calls import reason
from stock import super_user
from waiting import eventually

GRANT = 1
PENDING = 1


def test_requirement_that_began_meanwhile_was_passed_by(world):
    """Between reading the tenant and the act another admin switched the requirement on, and the act did not ask."""
    margie = world.tenant("margie")
    switch = ("UPDATE tenant SET approvals = 34, version = version + 1 WHERE name = 'margie'; SELECT epoch_raise(tenant) "
              "FROM tenant WHERE name = 'margie'; SELECT pg_sleep(1)")  # one transaction, which ends a second later
    raised = "SELECT count(*) FROM pg_locks WHERE relation = 'epoch'::regclass AND mode = 'RowExclusiveLock'"
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        switched = pool.submit(world.sql, switch)
        eventually(lambda: world.sql(raised, role="server") != "0", "the switch is under way")
        answer = world.call("TenantService/GrantSuperUser", super_user("user:x@margie.example"), margie.admin)
        assert switched.result() is not None
    assert answer.approval_id
    assert not world.call("TenantService/ListSuperUsers", {}, margie.admin).super_users


def test_certificate_became_a_second_person(world):
    """Who had asked with a certificate approved with it, once it was another component's."""
    one, two = world.contoso.admin, world.contoso.second_admin
    world.update_tenant(one, two_person=[GRANT])
    asked = world.call("TenantService/GrantSuperUser", super_user("user:eve@contoso.com"), one)
    approval = {"approval_id": asked.approval_id}
    moved = ("UPDATE component_certificate f SET component = c.component FROM component c WHERE c.name = '{}' AND "
             f"fingerprint = '\\x{one.fingerprint.hex()}'")
    world.changed_by_hand(moved.format(two.name))
    try:
        assert world.call("ApprovalService/GetApproval", approval, two).approval.state == PENDING
        assert reason(world.call, "ApprovalService/ApproveRequest", approval, one) == "APPROVER_NOT_INDEPENDENT"
    finally:
        world.changed_by_hand(moved.format(one.name))
