# SPDX-License-Identifier: Apache-2.0
"""What Entra ID and Okta send, in the order in which they send it, as their public documents have it:
learn.microsoft.com, "Develop and plan provisioning for a SCIM endpoint in Microsoft Entra ID"; developer.okta.com, "SCIM 2.0
Protocol Reference"."""
import pytest

from calls import reason
from scim import ENTERPRISE, EXTENSION, GROUP, LIST, PATCH, USER, Provider, token_of
from world import EDIT

AD_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
OBJECT_ID = "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"


@pytest.fixture(scope="module")
def entra(world):
    return Provider(world, token_of(world)[0], "--http2")


@pytest.fixture(scope="module")
def okta(world):
    return Provider(world, token_of(world, world.fabrikam)[0])


def license_of(world, principal):
    return world.protect(world.gateway, owner="owner@contoso.com",
                         custom={"grants": [{"principals": [principal], "rights": [EDIT]}]})


def directory(w, method, who, **request):
    return w.call(f"DirectoryService/{method}", request, who)


def patched(provider, path, *operations):
    answer = provider.ask("PATCH", path, {"schemas": [PATCH], "Operations": operations})
    assert answer.status in (200, 204), answer
    return provider.get(path).json()


def test_entra_tests_the_connection(entra):
    """By a user who is not there, and expects an empty list."""
    answer = entra.get("/Users", filter='userName eq "5dcf3c93-8a1a-4b62-9a16-9f5ef5b5b5b5"')
    assert answer.status == 200
    assert answer.json() == {"schemas": [LIST], "totalResults": 0, "Resources": [], "startIndex": 1, "itemsPerPage": 0}


def test_entra_keeps_a_user(world, entra):
    assert not entra.find("Users", 'userName eq "test_user@contoso.com"')
    user = entra.ask("POST", "/Users", {
        "schemas": [USER, ENTERPRISE], "externalId": OBJECT_ID, "userName": "Test_User@contoso.com", "active": True,
        "emails": [{"primary": True, "type": "work", "value": "Test_User_mail@contoso.com"}],
        "meta": {"resourceType": "User"}, "name": {"formatted": "givenName familyName", "familyName": "familyName",
                                                  "givenName": "givenName"}, "roles": []})
    assert user.status == 201
    made = user.json()
    assert made["userName"] == "Test_User@contoso.com" and made["name"]["familyName"] == "familyName"
    path = f"/Users/{made['id']}"
    assert entra.get(path).json() == made
    assert [found["id"] for found in entra.find("Users", 'userName eq "Test_User@contoso.com"')] == [made["id"]]
    # several values by a filter, and a part of an attribute
    now = patched(entra, path, {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "updatedEmail@contoso.com"},
                  {"op": "Replace", "path": "name.familyName", "value": "updatedFamilyName"})
    assert now["emails"] == [{"value": "updatedEmail@contoso.com", "type": "work", "primary": True}]
    assert now["name"]["familyName"] == "updatedFamilyName"
    # of a type that is not there yet
    now = patched(entra, path, {"op": "Add", "path": 'emails[type eq "other"].value', "value": "more@contoso.com"})
    assert [email["type"] for email in now["emails"]] == ["work", "other"]
    # without a path, by names with dots, and of an extension that nothing here keeps
    now = patched(entra, path, {"op": "replace", "value": {
        "displayName": "Bjfe", "name.givenName": "Kkom", "name.familyName": "Unua", f"{ENTERPRISE}:employeeNumber": "Aklq"}})
    assert (now["displayName"], now["name"]["givenName"], now["name"]["familyName"]) == ("Bjfe", "Kkom", "Unua")
    assert patched(entra, path, {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "x"}) == now
    assert patched(entra, path, {"op": "Add", "path": 'phoneNumbers[type eq "work"].value', "value": "1"}) == now
    # renamed
    now = patched(entra, path, {"op": "Replace", "path": "userName", "value": "5b50642d@contoso.com"})
    assert now["userName"] == "5b50642d@contoso.com"
    license_ = license_of(world, "user:test_user@contoso.com")
    token = world.contoso.token("5b50642d@contoso.com")
    assert world.acquire(license_, token)
    # disabled, in the two ways in which Entra ID says it, and enabled
    for value in (False, "False"):
        assert patched(entra, path, {"op": "Replace", "path": "active", "value": value})["active"] is False
        assert reason(world.acquire, license_, token) == "USER_DISABLED"
        assert patched(entra, path, {"op": "Add", "path": "active", "value": "True"})["active"] is True
        assert world.acquire(license_, token)
    assert entra.ask("DELETE", path).status == 204 and entra.get(path).status == 404
    assert reason(world.acquire, license_, token) == "USER_DISABLED"


def test_entra_keeps_a_group(world, entra):
    one, two = (entra.make("Users", userName=f"entra{n}@contoso.com", externalId=f"{n}-{OBJECT_ID}") for n in range(2))
    answer = entra.ask("POST", "/Groups", {
        "schemas": [GROUP, AD_GROUP], "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159", "displayName": "displayName",
        "meta": {"resourceType": "Group"}})
    assert answer.status == 201
    group = answer.json()
    path = f"/Groups/{group['id']}"
    assert entra.get(path, excludedAttributes="members").json()["displayName"] == "displayName"
    assert [found["id"] for found in entra.find("Groups", 'displayName eq "displayName"',
                                                excludedAttributes="members")] == [group["id"]]
    patched(entra, path, {"op": "Replace", "path": "displayName", "value": "1879db59-3bdf-4490-ad68-ab880a269474updatedDisplayName"})
    members = patched(entra, path, {"op": "Add", "path": "members", "value": [
        {"$ref": None, "value": one["id"]}, {"$ref": None, "value": two["id"]}]})["members"]
    assert {member["value"] for member in members} == {one["id"], two["id"]}
    # what tokens call the group is what Entra ID calls it: the object id
    license_ = license_of(world, f"group:{group[EXTENSION]['address']}")
    world.changed_by_hand("UPDATE issuer SET claim_groups = 'groups' WHERE iss = 'https://idp.contoso.com'")
    claimed = world.contoso.token("elsewhere@contoso.com", groups=["8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159"])
    assert world.acquire(license_, claimed) and world.acquire(license_, world.contoso.token("entra0@contoso.com"))
    left = patched(entra, path, {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": one["id"]}]})
    assert [member["value"] for member in left["members"]] == [two["id"]]
    assert reason(world.acquire, license_, world.contoso.token("entra0@contoso.com")) == "NO_RIGHTS"
    assert entra.ask("DELETE", path).status == 204


def test_okta_keeps_a_user(world, okta):
    name = "test.user@fabrikam.com"
    answer = okta.get("/Users", filter=f'userName eq "{name}"', startIndex=1, count=100)
    assert answer.status == 200 and answer.json()["totalResults"] == 0
    said = {"schemas": [USER], "userName": name, "name": {"givenName": "Test", "familyName": "User"},
            "emails": [{"primary": True, "value": name, "type": "work"}], "displayName": "Test User", "locale": "en-US",
            "externalId": "00ujl29u0le5T6Aj10h7", "groups": [], "password": "1mz050nq", "active": True}
    answer = okta.ask("POST", "/Users", said)
    assert answer.status == 201 and "password" not in answer.json() and "1mz050nq" not in answer.body.decode()
    made = answer.json()
    path = f"/Users/{made['id']}"
    assert okta.ask("POST", "/Users", said).status == 409
    assert okta.get(path).json() == made
    # a changed profile comes whole
    put = okta.ask("PUT", path, {**said, "id": made["id"], "name": {"givenName": "Another", "middleName": "Excited",
                                                                  "familyName": "User"}, "meta": made["meta"]})
    assert put.status == 200 and put.json()["name"] == {"givenName": "Another", "familyName": "User"}
    license_ = world.protect(recipients=[name])
    assert world.acquire(license_, world.fabrikam.token("test.user"))
    now = patched(okta, path, {"op": "replace", "value": {"active": False}})
    assert now["active"] is False and now["name"]["givenName"] == "Another"
    assert reason(world.acquire, license_, world.fabrikam.token("test.user")) == "USER_DISABLED"
    # reactivated: PUT of all
    assert okta.ask("PUT", path, {**said, "id": made["id"]}).json()["active"] is True
    assert world.acquire(license_, world.fabrikam.token("test.user"))


def test_okta_pushes_a_group(world, okta):
    one, two = (okta.make("Users", userName=f"okta{n}@fabrikam.com") for n in range(2))
    answer = okta.ask("POST", "/Groups", {"schemas": [GROUP], "displayName": "Test SCIMv2", "members": []})
    assert answer.status == 201
    path = f"/Groups/{answer.json()['id']}"
    listed = okta.get("/Groups", startIndex=1, count=100).json()
    assert answer.json()["id"] in [group["id"] for group in listed["Resources"]]
    now = patched(okta, path, {"op": "replace", "value": {"id": answer.json()["id"], "displayName": "Test SCIMv2 renamed"}})
    assert now["displayName"] == "Test SCIMv2 renamed" and "members" not in now
    patched(okta, path, {"op": "add", "path": "members", "value": [{"value": one["id"], "display": "okta0@fabrikam.com"}]})
    now = patched(okta, path, {"op": "remove", "path": f'members[value eq "{one["id"]}"]'},
                  {"op": "add", "path": "members", "value": [{"value": two["id"], "display": "okta1@fabrikam.com"}]})
    assert [member["value"] for member in now["members"]] == [two["id"]]
    put = okta.ask("PUT", path, {"schemas": [GROUP], "displayName": "Test SCIMv2", "members": [{"value": one["id"]}]})
    assert put.status == 200
    assert [member["value"] for member in okta.get(path).json()["members"]] == [one["id"]]
    assert directory(world, "GetGroup", world.fabrikam.admin, address=now[EXTENSION]["address"]).group.display_name == "Test SCIMv2"
    assert okta.ask("DELETE", path).status == 204
