# SPDX-License-Identifier: Apache-2.0
"""What strangers could learn, and whose tenant they could borrow."""
from calls import reason
from oracles import forged, reason_of, same, seen
from stock import super_user

INSPECT = "LicensingService/InspectContent"


def test_forged_license_told_that_a_key_is_revoked(world):
    """The state of a key was looked at before its seal was opened."""
    made = world.made
    world.changed_by_hand("UPDATE tenant_key SET state = 3 WHERE purpose = 1")
    requests = [{"publishing_license": forged(world, **header)} for header in (
        {"display_name": "x"}, {"tenant_id": bytes(15) + b"\7"}, {"key_version": 99})]
    assert same(world, INSPECT, requests, token=world.mallory) == "LICENSE_FORGED"
    real = {"publishing_license": made.publishing_license}
    assert reason_of(seen(world, INSPECT, real, token=world.bob)) == "KEY_REVOKED"
    world.changed_by_hand("UPDATE tenant_key SET state = 1 WHERE purpose = 1")


def test_user_token_lent_its_tenant_to_an_admin(world):
    """Beside an admin's certificate the token of another tenant's user made that tenant the one to be administered."""
    eve, foreign = {"principal": "user:eve@contoso.com"}, world.fabrikam.admin
    world.call("TenantService/GrantSuperUser", super_user("user:eve@contoso.com"), world.contoso.admin)
    for method, request in (("ListSuperUsers", {}), ("RevokeSuperUser", eve)):
        assert reason(world.call, f"TenantService/{method}", request, foreign,
                      user_token=world.eve) == "COMPONENT_TENANT"  # it may not carry that token at all
    # With one of their own tenant they administer their own tenant, as without.
    assert not world.call("TenantService/ListSuperUsers", {}, foreign, user_token=world.mallory).super_users
    assert reason(world.call, "TenantService/RevokeSuperUser", eve, foreign, user_token=world.mallory) == "NOT_FOUND"
    world.call("TenantService/RevokeSuperUser", eve, world.contoso.admin)
