# SPDX-License-Identifier: Apache-2.0
"""Mail to a group or shared mailbox: its members got NO_RIGHTS, because recipients were compared with people's addresses
only, while DecideDelivery told the gateway that they read it natively."""
import pytest

from calls import everywhere, reason
from world import VIEW, grant

ACQUIRE = "LicensingService/AcquireLicense"


def put_group(world, tenant, address, *members):
    world.call("DirectoryService/PutGroup", {"group": {"address": address}}, tenant.admin)
    if members:
        world.call("DirectoryService/AddMembers", {"group": address, "members": list(members)}, tenant.admin)


def amend(world, made, **change):
    world.call("PublishingService/AmendPolicy", {"content_id": made.content_id, **change}, world.contoso.admin)


@pytest.fixture
def sales(world):
    """Carol is in it, Dora through another group and by an alias, Bob from elsewhere, Gus as a guest."""
    name = world.unique("sales")
    for user in ({"address": "dora@contoso.com", "aliases": ["d.smith@contoso.com"]},
                 {"address": "gus@contoso.com", "guest": True}):
        world.call("DirectoryService/PutUser", {"user": user}, world.contoso.admin)
    put_group(world, world.contoso, f"{name}-inner@contoso.com", "d.smith@contoso.com")
    put_group(world, world.contoso, f"{name}@contoso.com", "carol@contoso.com", f"{name}-inner@contoso.com",
              "bob@fabrikam.com", "gus@contoso.com")
    return f"{name}@contoso.com"


@pytest.fixture
def members(world):
    return [world.carol, world.contoso.token("dora"), world.bob, world.contoso.token("gus")]


def test_members_of_a_recipient_had_no_rights(world, sales, members):
    template = world.template(grant("recipients", VIEW)).template_id
    for policy in ({"do_not_forward": {}}, {"encrypt_only": {}}, {"template_id": template},
                   {"custom": {"grants": [grant("recipients", VIEW)]}}):
        made = world.protect(recipients=["nobody@fabrikam.com", sales.upper()], **policy)
        for member in members:
            assert everywhere(world.a, ACQUIRE, world.license_request(made), None, member) == "OK", policy
        for other in (world.eve, world.mallory):
            assert everywhere(world.a, ACQUIRE, world.license_request(made), None, other) == "NO_RIGHTS", policy
    asked = {"sender": "alice@contoso.com", "recipients": [sales]}
    [delivery] = world.call("DeliveryService/DecideDelivery", asked, world.gateway).deliveries
    assert (delivery.reason, delivery.channel) == ("OK", 1)


def test_group_that_changed_after_the_mail_did_nothing(world, sales, members):
    """A recipient that is a group means who is in it at the license, and not when the mail was sent."""
    made = world.protect(recipients=[sales])
    for member, address in zip((world.carol, world.bob), ("carol@contoso.com", "bob@fabrikam.com")):
        world.acquire(made, member)
        world.call("DirectoryService/RemoveMembers", {"group": sales, "members": [address]}, world.contoso.admin)
        assert everywhere(world.a, ACQUIRE, world.license_request(made), None, member) == "NO_RIGHTS"
    world.acquire(made, members[1])


def test_group_of_the_readers_tenant_was_no_recipient(world):
    """By the reader's directory, or by the groups that their issuer says."""
    address = f"{world.unique('legal')}@fabrikam.com"
    put_group(world, world.fabrikam, address, "bob@fabrikam.com")
    made = world.protect(recipients=[address])
    world.acquire(made, world.bob)
    assert reason(world.acquire, made, world.mallory) == "NO_RIGHTS"
    world.changed_by_hand("UPDATE issuer SET claim_groups = 'groups' WHERE iss = 'https://idp.fabrikam.com'")
    world.acquire(made, world.fabrikam.token("mallory", groups=[address]))


def test_member_behind_a_boundary_had_no_rights(world, sales):
    """A member of another boundary is one all the same, and reads by the portal, as their own rule says."""
    world.call("DirectoryService/AddMembers", {"group": sales, "members": ["ann@agency.us"]}, world.contoso.admin)
    made, ann = world.protect(recipients=[sales]), world.agency.token("ann")
    assert reason(world.acquire, made, ann) == "PORTAL_REQUIRED"
    assert len(world.rights(made, who=world.portal, user_token=ann)) == 7
    joe = world.agency.token("joe")
    assert reason(world.acquire, made, who=world.portal, user_token=joe) == "NO_RIGHTS"


def test_amendments_spoke_of_people_only(world, sales, members):
    """A group that was removed by its own form of principal was still a recipient, and one that was added was none."""
    made = world.protect()
    assert reason(world.acquire, made, world.carol) == "NO_RIGHTS"
    amend(world, made, add_recipients=[sales])
    assert len(world.rights(made, world.carol)) == 7
    for form in ("group", "user"):
        amend(world, made, remove_principals=[f"{form}:{sales}"])
        assert reason(world.acquire, made, world.carol) == "NO_RIGHTS", form
        amend(world, made, add_recipients=[sales])
        world.acquire(made, world.carol)
    amend(world, made, set_grants=[grant(f"group:{sales}", VIEW)])
    assert world.rights(made, world.carol) == {VIEW}
    refused = {"add_recipients": [sales], "remove_principals": [f"group:{sales}"]}
    assert reason(amend, world, made, **refused) == "FIELD_INVALID"
    for form in ("group", "user"):
        made = world.protect(recipients=[sales, "bob@fabrikam.com"])
        world.acquire(made, world.carol)
        amend(world, made, remove_principals=[f"{form}:{sales}"])
        assert reason(world.acquire, made, world.carol) == "NO_RIGHTS", form
        assert reason(world.acquire, made, members[3]) == "NO_RIGHTS", form
        world.acquire(made, world.bob)  # a recipient by his own address
