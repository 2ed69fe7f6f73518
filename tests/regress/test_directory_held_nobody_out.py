# SPDX-License-Identifier: Apache-2.0
"""Where a tenant requires a second admin for access to content, what the directory says against somebody was undone by one: who
is excluded by one of their addresses kept the other one by giving it up in the right order, a guest whose token names a group
with power was no guest any more, and the address of somebody who had protected became a group's."""
import pytest

from calls import reason
from stock import super_user

CONTENT_ACCESS = 1


@pytest.fixture(scope="module")
def world(world):
    """Litware's tenant requires a second admin; a group that tokens name by its id holds power."""
    w = world
    m = w.m = w.tenant("litware", domain="litware.com")
    w.one, w.two = m.admin, m.second_admin
    w.sql("UPDATE issuer SET claim_groups = 'groups', claim_aliases = '{aliases}' WHERE iss = 'https://idp.litware.com'")
    w.changed_by_hand("")
    for name in ("xena", "xavi", "ximena"):
        put(w, f"{name}@litware.com", f"{name}.alias@litware.com", f"{name}.third@litware.com")
        w.call("TenantService/AddExclusion", {"user": f"{name}.alias@litware.com"}, w.one)
    put(w, "both@litware.com", "both.alias@litware.com")
    for name in ("both", "both.alias"):
        w.call("TenantService/AddExclusion", {"user": f"{name}@litware.com"}, w.one)
    for guest in ("greta@litware.com", "gina@elsewhere.example"):
        put(w, guest, guest=True)
    directory(w, "PutGroup", group={"address": "power@litware.com", "external_id": "id-power"})
    w.call("TenantService/GrantSuperUser", super_user("group:power@litware.com"), w.one)
    w.update_tenant(w.one, two_person=[CONTENT_ACCESS])
    return w


def directory(w, method, **request):
    return w.call(f"DirectoryService/{method}", request, w.one)


def put(w, address, *aliases, previous="", **more):
    return directory(w, "PutUser", previous_address=previous, user={"address": address, "aliases": aliases, **more})


def lets_in(w, answer):
    """Whom the approver reads as let in by an act that waits; it is approved."""
    assert answer.approval_id and not (hasattr(answer, "user") and answer.HasField("user"))
    changes = w.call("ApprovalService/GetApproval", {"approval_id": answer.approval_id}, w.two).approval.changes
    w.call("ApprovalService/ApproveRequest", {"approval_id": answer.approval_id}, w.two)
    return {change.after for change in changes if change.field == "lets_in"}


@pytest.mark.parametrize("name,kept,previous,let_in", [
    ("xena", ["xena.alias"], "xena", {"xena", "xena.third"}),  # the excluded address stays, and they go by the other
    ("xavi", ["xavi", "xavi.third"], "", {"xavi", "xavi.third"}),  # the excluded one goes
    ("ximena", ["ximena", "ximena.alias"], "", {"ximena.third"})])  # and so does one beside it
def test_excluded_person_parted_from_the_address_that_excludes_them(world, name, kept, previous, let_in):
    address, *aliases = [f"{one}@litware.com" for one in kept]
    free = min(let_in)
    made = world.protect(token=world.m.token("owner"), recipients=[f"{free}@litware.com"])
    assert reason(world.acquire, made, world.m.token(free)) == "EXCLUDED"
    part = {"users": [{"address": address, "aliases": aliases}]}
    assert reason(directory, world, "ImportDirectory", **part) == ("ALREADY_EXISTS" if previous else "APPROVAL_REQUIRED")
    answer = put(world, address, *aliases, previous=previous and f"{previous}@litware.com")
    assert reason(world.acquire, made, world.m.token(free)) == "EXCLUDED"
    assert lets_in(world, answer) == {f"{one}@litware.com" for one in let_in}
    world.acquire(made, world.m.token(free))


def test_parting_addresses_that_are_excluded_both_lets_nobody_in(world):
    assert put(world, "both@litware.com").HasField("user")


def test_guest_came_to_power_by_the_groups_of_their_token(world):
    """Nobody knows here which groups tokens name, so as long as any group holds power no guest becomes a member unseen."""
    secret = world.protect(token=world.m.token("owner"), recipients=["vera@litware.com"])
    greta = world.m.token("greta", groups=["id-power"])
    assert reason(world.acquire, secret, greta) == "NO_RIGHTS"
    deleted = directory(world, "DeleteUser", address="greta@litware.com")
    asked = world.call("ApprovalService/GetApproval", {"approval_id": deleted.approval_id}, world.two).approval
    assert asked.summary.startswith("Remove user greta@litware.com, whom the directory keeps out: ")
    assert reason(directory, world, "ImportDirectory", users=[{"address": "greta@litware.com"}]) == "APPROVAL_REQUIRED"
    assert reason(world.acquire, secret, greta) == "NO_RIGHTS"
    assert not put(world, "greta@litware.com", guest=True, display_name="G").approval_id
    # A guest from elsewhere is no member without their entry either.
    assert not directory(world, "DeleteUser", address="gina@elsewhere.example").approval_id
    assert lets_in(world, put(world, "greta@litware.com")) == {"greta@litware.com"}
    world.acquire(secret, greta)


def test_address_of_who_protected_in_another_name_became_a_groups(world):
    """The owner's address was known as a person's, and that of whoever protected was not."""
    token = world.m.token("iris", aliases=["iris.alias@litware.com"])
    world.protect(token=token, owner="iris.alias@litware.com", recipients=["bob@fabrikam.com"])
    for address in ("iris@litware.com", "iris.alias@litware.com"):
        assert directory(world, "PutGroup", group={"address": address}).approval_id
