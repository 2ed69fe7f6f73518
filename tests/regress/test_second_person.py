# SPDX-License-Identifier: Apache-2.0
"""Ways in which one admin was two, or acted without the second one."""
import pytest

from calls import reason
from meanwhile import meanwhile
from stock import super_user

GRANT = 1
PENDING = 1


def test_requirement_that_began_meanwhile_was_passed_by(world):
    """Between reading the tenant and the act another admin switched the requirement on, and the act did not ask."""
    margie = world.tenant("margie")
    switch = ("UPDATE tenant SET approvals = 34, version = version + 1 WHERE name = 'margie'; SELECT epoch_raise(tenant) "
              "FROM tenant WHERE name = 'margie'")
    with meanwhile(world, switch):
        answer = world.call("TenantService/GrantSuperUser", super_user("user:x@margie.example"), margie.admin)
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


def of(world, name):
    return world.sql(f"SELECT component FROM component WHERE name = '{name}'")


@pytest.mark.parametrize("end", ["removed", "switched off"])
def test_one_admin_was_left_of_two(world, end):
    """The asker's request outlived their being an admin."""
    tenant = world.tenant()
    second = tenant.second_admin
    world.update_tenant(tenant.admin, two_person=[GRANT])
    answer = world.call("TenantService/GrantSuperUser", super_user(f"user:x@{tenant.domain}"), tenant.admin)
    asked = {"approval_id": answer.approval_id}
    named = {"component_id": of(world, f"{tenant.name}-admin"), "tenant": tenant.name}
    if end == "removed":
        world.call("ComponentService/DeleteComponent", named, world.platform_admin)
    else:
        world.call("ComponentService/UpdateComponent", {"component": {**named, "disabled": True}, "update_mask": {
            "paths": ["disabled"]}}, world.platform_admin)
    assert reason(world.call, "ApprovalService/ApproveRequest", asked, second) == "PRECONDITION_FAILED"
    assert not world.call("TenantService/ListSuperUsers", {}, second).super_users
    world.call("ApprovalService/RejectRequest", asked, second)


def test_word_of_a_platform_admin_who_has_gone(world):
    tenant, gone = world.tenant(), world.platform_component("platform-admin", boundary="")
    second = tenant.second_admin
    world.update_tenant(tenant.admin, two_person=[GRANT])
    domain = {"tenant": tenant.name, "domain": f"second.{tenant.domain}"}
    world.call("TenantService/AddDomain", domain, gone)
    asked = world.call("TenantService/VerifyDomain", {**domain, "asserted": True}, gone)
    world.call("ComponentService/DeleteComponent", {"component_id": of(world, gone.name)}, world.platform_admin)
    assert reason(world.call, "ApprovalService/ApproveRequest", {"approval_id": asked.approval_id},
                  second) == "PRECONDITION_FAILED"
    again = world.call("TenantService/VerifyDomain", {**domain, "asserted": True}, world.platform_admin)
    world.call("ApprovalService/ApproveRequest", {"approval_id": again.approval_id}, second)
