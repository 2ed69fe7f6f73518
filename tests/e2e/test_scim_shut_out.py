# SPDX-License-Identifier: Apache-2.0
"""Whom a provider shuts out over SCIM stays out, and whom it names by an id is the one who has it (docs/scim.md §3, §4)."""
import pytest

from calls import everywhere, reason
from scim import EXTENSION, GROUP, USER, Provider, refused, token_of
from world import EDIT


@pytest.fixture(scope="module")
def idp(world):
    return Provider(world, token_of(world, name="shut-out")[0])


def directory(w, method, who=None, **request):
    return w.call(f"DirectoryService/{method}", request, who or w.contoso.admin)


def protect(w, *principals):
    return w.protect(w.gateway, owner="owner@contoso.com",
                     custom={"grants": [{"principals": principals, "rights": [EDIT]}]}).publishing_license


def opens(w, license_, address):
    """Whether a license is had, on every worker."""
    return everywhere(w.a, "LicensingService/AcquireLicense", w.license_request(license_), None, w.contoso.token(address))


def change(idp, user, status=200, **put):
    """PUT a user, or deactivate them by PATCH."""
    if put:
        answer = idp.ask("PUT", f"/Users/{user['id']}", {"schemas": [USER], **put})
    else:
        answer = idp.ask("PATCH", f"/Users/{user['id']}", {"Operations": [{"op": "replace", "path": "active", "value": False}]})
    assert answer.status == status, answer
    return answer.json()


def test_addresses_that_they_had_keep_them_out(world, idp):
    """Also those that were taken away, whenever and by whomever, until a user has them again."""
    license_ = protect(world, "tenant:contoso")
    name = world.unique("had")
    one, two, three = (f"{name}{n}@contoso.com" for n in (1, 2, 3))
    user = idp.make("Users", userName=one, emails=[{"value": two}, {"value": three}])
    change(idp, user, userName=one, emails=[{"value": two}])  # one goes while they are let in
    assert opens(world, license_, three) == "OK"
    change(idp, user, userName=one, active=False)  # and one with it
    for address in (one, two, three):
        assert opens(world, license_, address) == "USER_DISABLED", address
    change(idp, user, userName=one, active=True)
    for address in (one, two, three):
        assert opens(world, license_, address) == "OK", address
    assert idp.ask("DELETE", f"/Users/{user['id']}").status == 204
    for address in (one, two, three):
        assert opens(world, license_, address) == "USER_DISABLED", address
    idp.make("Users", userName=three)
    assert opens(world, license_, three) == "OK"
    directory(world, "DeleteUser", address=three)  # they were let in, so they are not kept out by going
    assert opens(world, license_, three) == "OK"


def test_an_admins_change_lets_nobody_in_who_is_deactivated(world, idp):
    license_ = protect(world, "tenant:contoso")
    name = world.unique("kept")
    old, new, alias = f"{name}@contoso.com", f"{name}.new@contoso.com", f"{name}.alias@contoso.com"
    user = idp.make("Users", userName=old, emails=[{"value": alias}], active=False)
    directory(world, "PutUser", user={"address": old})
    assert opens(world, license_, alias) == "USER_DISABLED"
    directory(world, "PutUser", user={"address": new}, previous_address=old)
    for address in (old, new, alias):
        assert opens(world, license_, address) == "USER_DISABLED", address
    assert idp.get(f"/Users/{user['id']}").json()["active"] is False
    directory(world, "DeleteUser", address=new)
    for address in (old, new, alias):
        assert opens(world, license_, address) == "USER_DISABLED", address
    directory(world, "PutUser", user={"address": new})
    assert opens(world, license_, new) == "OK" and opens(world, license_, old) == "USER_DISABLED"


def test_a_group_lets_nobody_in_who_was_removed(world, idp):
    license_ = protect(world, "tenant:contoso")
    address = f"{world.unique('team')}@contoso.com"
    user = idp.make("Users", userName=address)
    assert idp.ask("DELETE", f"/Users/{user['id']}").status == 204
    idp.make("Groups", displayName=address, **{EXTENSION: {"address": address}})
    assert opens(world, license_, address) == "USER_DISABLED"


def test_an_admin_alone_lets_nobody_in_where_two_are_needed(world):
    tenant = world.tenant()
    idp = Provider(world, token_of(world, tenant)[0])
    world.update_tenant(tenant.admin, two_person=[1])
    user = idp.make("Users", userName=f"out@{tenant.domain}", active=False)
    directory(world, "DeleteUser", tenant.admin, address=f"out@{tenant.domain}")
    assert directory(world, "PutUser", tenant.admin, user={"address": f"out@{tenant.domain}"}).approval_id
    assert reason(directory, world, "GetUser", tenant.admin, address=f"out@{tenant.domain}") == "NOT_FOUND"
    refused(idp.ask("POST", "/Users", {"schemas": [USER], "userName": f"out@{tenant.domain}"}), 403)
    assert idp.get(f"/Users/{user['id']}").status == 404


def add_domain(world, tenant, name):
    world.changed_by_hand(f"INSERT INTO tenant_domain SELECT (jsonb_populate_record(x, jsonb_build_object('domain', '{name}'))).* "
                          f"FROM tenant_domain x WHERE x.tenant = '{tenant.id}' LIMIT 1")


def test_shutting_out_needs_nothing_else(world):
    """What the provider said of addresses earlier, and an admin did otherwise, or a domain that came or went, is not in its way."""
    tenant = world.tenant()
    idp, own, new, old = Provider(world, token_of(world, tenant)[0]), tenant.domain, f"new-{tenant.domain}", f"old-{tenant.domain}"
    add_domain(world, tenant, old)
    moved = idp.make("Users", userName=f"a@{own}", emails=[{"value": f"moved@{own}"}])
    taken = idp.make("Users", userName=f"b@{own}", emails=[{"value": f"taken@{own}"}])
    later = idp.make("Users", userName=f"c@{own}", emails=[{"value": f"c@{new}"}])
    lost = idp.make("Users", userName=f"d@{old}")
    gone = idp.make("Users", userName=f"e@{own}", emails=[{"value": f"taken.too@{own}"}])
    directory(world, "PutUser", tenant.admin, user={"address": f"a@{own}"})
    directory(world, "PutUser", tenant.admin, user={"address": f"other@{own}", "aliases": [f"moved@{own}"]})
    directory(world, "PutUser", tenant.admin, user={"address": f"b@{own}"})
    directory(world, "PutUser", tenant.admin, user={"address": f"e@{own}"})
    world.update_tenant(tenant.admin, two_person=[1])
    add_domain(world, tenant, new)
    world.changed_by_hand(f"DELETE FROM tenant_domain WHERE domain = '{old}'")
    idp.patch(f"/Users/{taken['id']}", {"op": "replace", "path": "displayName", "value": "B"})  # the same holds of what is no address
    for user in (moved, taken, later, lost):
        assert change(idp, user)["active"] is False
    assert change(idp, gone, userName=f"e@{own}", emails=[{"value": f"taken.too@{own}"}], active=False)["active"] is False
    for address in ("a", "b", "c", "e"):
        assert directory(world, "GetUser", tenant.admin, address=f"{address}@{own}").user.disabled
    assert directory(world, "GetUser", tenant.admin, address=f"other@{own}").user.disabled is False
    refused(idp.ask("PATCH", f"/Users/{taken['id']}", {"Operations": [
        {"op": "replace", "path": "active", "value": True}]}), 403)  # letting in says it all again


def test_a_group_in_a_lost_domain_is_still_changed(world):
    tenant = world.tenant()
    idp, old = Provider(world, token_of(world, tenant)[0]), f"old-{tenant.domain}"
    add_domain(world, tenant, old)
    group = idp.make("Groups", displayName="G", **{EXTENSION: {"address": f"g@{old}"}})
    world.changed_by_hand(f"DELETE FROM tenant_domain WHERE domain = '{old}'")
    idp.patch(f"/Groups/{group['id']}", {"op": "replace", "path": "displayName", "value": "H"})
    refused(idp.ask("PATCH", f"/Groups/{group['id']}", {"Operations": [
        {"op": "replace", "path": f"{EXTENSION}:address", "value": f"h@{old}"}]}), 400, "invalidValue")


ACTIVE = [
    {"op": "replace", "path": USER, "value": {"active": False}},
    {"op": "replace", "value": {USER: {"active": False}}},
    {"op": "replace", "value": {f"{USER}:active": False}},
    {"op": "replace", "path": f"{USER}:active", "value": False},
    {"op": "replace", "path": f"{USER}.active", "value": "False"},
    {"op": "add", "path": "ACTIVE", "value": "false"},
]


def test_active_in_every_form(world, idp):
    user = idp.make("Users", userName=f"{world.unique('form')}@contoso.com")
    for form in ACTIVE:
        assert idp.patch(f"/Users/{user['id']}", form)["active"] is False, form
        assert idp.patch(f"/Users/{user['id']}", {"op": "replace", "path": "active", "value": True})["active"] is True
    for body in ({USER: {"active": False}}, {f"{USER}:active": False}):
        assert change(idp, user, userName=user["userName"], **body)["active"] is False
        assert change(idp, user, userName=user["userName"], active=True)["active"] is True
    twice = ({"Operations": [{"op": "replace", "path": "active", "value": True, "Value": False}]},
             {"Operations": [{"op": "replace", "value": {"active": False, "Active": True}}]},
             {"Operations": [], "operations": []}, {"Operations": [{"op": "add", "value": {f"x{n}": 1 for n in range(129)}}]})
    for body in twice:
        refused(idp.ask("PATCH", f"/Users/{user['id']}", body), 400, "invalidSyntax")


def test_ids_are_of_entries_and_not_of_addresses(world, idp):
    """Who gets an address that somebody had is another one."""
    name = world.unique("id")
    old, older = f"{name}@contoso.com", f"{name}.older@contoso.com"
    directory(world, "PutUser", user={"address": old})
    first = idp.find("Users", f'userName eq "{old}"')[0]["id"]
    idp.patch(f"/Users/{first}", {"op": "add", "path": "externalId", "value": name})
    directory(world, "PutUser", user={"address": older}, previous_address=old)
    directory(world, "PutUser", user={"address": old})
    second = idp.find("Users", f'emails eq "{old}"')[0]["id"]
    assert first != second
    group = idp.make("Groups", displayName=name, members=[{"value": first}])
    assert list(directory(world, "ListMembers", group=f"scim-{group['id']}@contoso.com").members) == [older]
    assert idp.patch(f"/Users/{first}", {"op": "replace", "path": "active", "value": False})["id"] == first
    assert not directory(world, "GetUser", address=old).user.disabled and directory(world, "GetUser", address=older).user.disabled
    assert idp.ask("DELETE", f"/Users/{first}").status == 204
    assert idp.get(f"/Users/{second}").status == 200 and idp.get(f"/Users/{first}").status == 404


def test_members_are_entries_of_the_directory(world, idp):
    """Strangers are an admin's to add; the provider sees them, may leave them in place and take them out."""
    address = f"{world.unique('fm')}@contoso.com"
    license_ = protect(world, f"group:{address}")
    group = idp.make("Groups", displayName=address, **{EXTENSION: {"address": address}})
    path = f"/Groups/{group['id']}"
    for who in ("mallory@fabrikam.com", "nobody.yet@contoso.com"):
        stranger = {"value": "a" + who.encode().hex()}
        assert idp.get(f"/Users/{stranger['value']}").status == 404
        refused(idp.ask("PATCH", path, {"Operations": [{"op": "add", "path": "members", "value": [stranger]}]}), 400, "invalidValue")
        refused(idp.ask("POST", "/Groups", {"displayName": who, "members": [stranger]}), 400, "invalidValue")
    assert everywhere(world.a, "LicensingService/AcquireLicense", world.license_request(license_), None,
                      world.fabrikam.token("mallory@fabrikam.com")) == "NO_RIGHTS"
    directory(world, "AddMembers", group=address, members=["guest@elsewhere.example"])
    shown = idp.get(path).json()
    assert [member["display"] for member in shown["members"]] == ["guest@elsewhere.example"]
    put = {"schemas": [GROUP], "displayName": address, "members": shown["members"]}
    assert idp.ask("PUT", path, put).status == 200 and len(idp.get(path).json()["members"]) == 1
    idp.patch(path, {"op": "remove", "path": f'members[value eq "{shown["members"][0]["value"]}"]'})
    assert "members" not in idp.get(path).json()


def test_what_changes_nothing_makes_nothing_stale(world):
    tenant = world.tenant()
    idp = Provider(world, token_of(world, tenant)[0])
    user = idp.make("Users", userName=f"same@{tenant.domain}", displayName="S")
    group = idp.make("Groups", displayName="Same", members=[{"value": user["id"]}])
    epoch = f"SELECT epoch FROM epoch WHERE scope = directory_scope('{tenant.id}')"
    before = world.sql(epoch)
    assert change(idp, user, userName=f"same@{tenant.domain}", displayName="S")["meta"]["version"] == user["meta"]["version"]
    assert idp.ask("PUT", f"/Groups/{group['id']}", {"displayName": "Same", "members": [{"value": user["id"]}]}).status == 200
    idp.patch(f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": user["id"]}]})
    assert world.sql(epoch) == before
    idp.patch(f"/Groups/{group['id']}", {"op": "remove", "path": "members"})
    assert world.sql(epoch) != before


def test_a_body_has_as_many_values_as_it_is_long(world, idp):
    """Each takes some 100 bytes outside a call's budget, while it is read."""
    user = idp.make("Users", userName=f"{world.unique('many')}@contoso.com")
    operations = [{"op": "add", "path": "displayName", "value": f"n{n}"} for n in range(1000)]
    assert idp.patch(f"/Users/{user['id']}", *operations)["displayName"] == "n999"
    refused(idp.ask("PATCH", f"/Users/{user['id']}", {"Operations": operations[:1], "x": [1] * 15000}), 400, "invalidSyntax")
    group = idp.make("Groups", displayName=world.unique("many"), members=[{"value": user["id"]}])
    unknown = [f"{n:08}-0000-4000-8000-000000000000" for n in range(9999)]
    idp.patch(f"/Groups/{group['id']}", {"op": "remove", "path": "members", "value": [*unknown, user["id"]]})
    assert "members" not in idp.get(f"/Groups/{group['id']}").json()
