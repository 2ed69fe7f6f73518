# SPDX-License-Identifier: Apache-2.0
"""SCIM 2.0 into a tenant's directory: tokens, users, groups, and who is kept out by them (docs/scim.md)."""
import json
import secrets

import pytest

from calls import everywhere, reason
from http_calls import VERSIONS
from scim import EXTENSION, GROUP, USER, Provider, refused, token_of
from world import EDIT


@pytest.fixture(scope="module")
def idp(world):
    return Provider(world, token_of(world, name="idp")[0])


def directory(w, method, who=None, **request):
    return w.call(f"DirectoryService/{method}", request, who or w.contoso.admin)


def protect(w, *principals):
    return w.protect(w.gateway, owner="owner@contoso.com",
                     custom={"grants": [{"principals": principals, "rights": [EDIT]}]}).publishing_license


def opens(w, license_, address):
    """Whether a license is had, on every worker."""
    return everywhere(w.a, "LicensingService/AcquireLicense", w.license_request(license_), None, w.contoso.token(address))


# --- tokens --------------------------------------------------------------------------------------------------------


def test_a_token_is_told_once_and_kept_as_a_hash(world):
    secret, token = token_of(world, name="once")
    assert secret.startswith("chancery_scim_") and len(secret) == len("chancery_scim_") + 43
    listed = {row.name: row for row in directory(world, "ListDirectoryTokens").tokens}
    assert listed["once"].token_id == token
    days = (listed["once"].expire_time.seconds - listed["once"].create_time.seconds) / 86400
    assert days == 365
    assert world.sql(f"SELECT hash = sha256('{secret}') FROM directory_token WHERE token = '{token}'") == "t"
    rows = world.audit(operation="create_directory_token", tenant="contoso")
    assert "once" in [row.target for row in rows] and not [row for row in rows if secret in str(row)]
    directory(world, "RevokeDirectoryToken", token_id=token)


def test_a_token_that_is_none_gets_nothing(world, idp):
    secret, token = token_of(world)
    assert Provider(world, secret).get("/Users", count=1).status == 200
    directory(world, "RevokeDirectoryToken", token_id=token)
    world.sql(f"UPDATE directory_token SET expires_at = now() WHERE token = '{token_of(world, name='ended')[1]}'")
    for bad in (secret, "chancery_scim_" + secrets.token_urlsafe(32), idp.token[:-1], idp.token + "A", "chancery_scim_"):
        answer = Provider(world, bad).get("/Users", count=1)
        assert "DIRECTORY_TOKEN_UNKNOWN" in refused(answer, 401) and answer.headers["www-authenticate"] == "Bearer"
    assert "CREDENTIAL_MISSING" in refused(Provider(world, None).get("/Users"), 401)
    assert "TOKEN_MALFORMED" in refused(Provider(world, "nonsense").get("/Users"), 401)
    assert reason(directory, world, "RevokeDirectoryToken", token_id=token) == "NOT_FOUND"


def test_a_token_that_has_ended_counts_no_longer(world):
    secret, token = token_of(world)
    world.sql(f"UPDATE directory_token SET expires_at = now() WHERE token = '{token}'")
    assert "DIRECTORY_TOKEN_UNKNOWN" in refused(Provider(world, secret).get("/Users"), 401)
    directory(world, "RevokeDirectoryToken", token_id=token)


def test_a_token_does_nothing_but_scim(world, idp):
    for method, request in (("DirectoryService/ListUsers", {}), ("TenantService/ListExclusions", {}),
                            ("DirectoryService/CreateDirectoryToken", {"name": "x"}), ("AuditService/Query", {})):
        assert reason(world.call, method, request, token=idp.token) == "COMPONENT_ROLE", method
    assert reason(world.call, "ScimService/GetResource", {"exchange": {"verb": "GET", "path": "/Users"}},
                  world.contoso.admin) == "COMPONENT_ROLE"
    assert reason(world.call, "ScimService/GetResource", {"exchange": {"verb": "GET", "path": "/Users"}},
                  world.contoso.gateway, token=idp.token) == "TOKEN_MALFORMED"
    assert reason(world.call, "ComponentService/CreateComponent", {"component": {
        "name": "keeper", "role": 9, "tenant": "contoso", "certificate_sha256": [b"x" * 32]}},
        world.platform_admin) == "FIELD_INVALID"


def test_tokens_are_few_and_have_names_of_their_own(world):
    tenant = world.tenant()
    for n in range(5):
        token_of(world, tenant, f"t{n}")
    assert reason(directory, world, "CreateDirectoryToken", tenant.admin, name="t5") == "LIMIT_EXCEEDED"
    first = directory(world, "ListDirectoryTokens", tenant.admin).tokens[0]
    directory(world, "RevokeDirectoryToken", tenant.admin, token_id=first.token_id)
    assert reason(directory, world, "CreateDirectoryToken", tenant.admin, name="t4") == "ALREADY_EXISTS"
    for bad in ({"name": ""}, {"name": "  "}, {"name": "n" * 65}, {"name": "n", "days": -1}, {"name": "n", "days": 731}):
        assert reason(directory, world, "CreateDirectoryToken", tenant.admin, **bad) == "FIELD_INVALID"


def test_a_tenants_entries_are_its_own(world, idp):
    user = idp.make("Users", userName="own@contoso.com")
    other = Provider(world, token_of(world, world.fabrikam)[0])
    assert other.get(f"/Users/{user['id']}").status == 404
    assert not other.find("Users", 'userName eq "own@contoso.com"')
    assert other.ask("DELETE", f"/Users/{user['id']}").status == 404
    refused(other.ask("POST", "/Users", {"schemas": [USER], "userName": "own@contoso.com"}), 400, "invalidValue")
    assert idp.get(f"/Users/{user['id']}").status == 200


# --- users ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_a_user_is_made_read_replaced_and_removed(world, version):
    secret, token = token_of(world)
    idp = Provider(world, secret, version, "application/json")
    name = world.unique("u")
    answer = idp.ask("POST", "/Users", {
        "schemas": [USER], "userName": f"{name}@contoso.com", "externalId": f"x-{name}", "displayName": "U",
        "name": {"givenName": "Ulla", "familyName": "Unger"}, "title": "kept nowhere",
        "emails": [{"value": f"{name}.mail@contoso.com", "type": "work", "primary": True},
                   {"value": f"{name}@home.example", "type": "home"}]})
    assert answer.status == 201 and answer.headers["content-type"] == "application/scim+json"
    made = answer.json()
    assert answer.headers["location"] == made["meta"]["location"] and made["meta"]["location"].endswith(made["id"])
    assert answer.headers["etag"] == made["meta"]["version"] and made["active"] is True and "title" not in made
    row = directory(world, "GetUser", address=f"{name}@contoso.com").user
    assert list(row.aliases) == [f"{name}.mail@contoso.com"] and row.display_name == "U" and not row.disabled
    read = idp.get(f"/Users/{made['id']}")
    assert read.json() == made and read.headers["etag"] == made["meta"]["version"]
    put = idp.ask("PUT", f"/Users/{made['id']}", {"schemas": [USER], "id": made["id"], "userName": f"{name}@contoso.com",
                                                  "externalId": f"x-{name}"}).json()
    assert "displayName" not in put and "emails" not in put and put["meta"]["version"] != made["meta"]["version"]
    assert list(directory(world, "GetUser", address=f"{name}@contoso.com").user.aliases) == []
    gone = idp.ask("DELETE", f"/Users/{made['id']}")
    assert gone.status == 204 and gone.body == b"" and "content-length" not in gone.headers
    refused(idp.get(f"/Users/{made['id']}"), 404)
    assert reason(directory, world, "GetUser", address=f"{name}@contoso.com") == "NOT_FOUND"
    targets = [event.target for event in world.audit(operation="change_user", tenant="contoso")]
    assert {f"{name}@contoso.com: {what}" for what in ("made", "changed", "removed")} <= set(targets)
    directory(world, "RevokeDirectoryToken", token_id=token)


def test_who_is_deactivated_gets_no_license(world, idp):
    license_ = protect(world, "tenant:contoso")
    user = idp.make("Users", userName="ida@contoso.com", emails=[{"value": "ida.i@contoso.com", "type": "work"}])
    assert opens(world, license_, "ida@contoso.com") == "OK"
    idp.patch(f"/Users/{user['id']}", {"op": "replace", "path": "active", "value": False})
    assert directory(world, "GetUser", address="ida@contoso.com").user.disabled
    for address in ("ida@contoso.com", "ida.i@contoso.com"):
        assert opens(world, license_, address) == "USER_DISABLED"
    assert "ida@contoso.com" in str(world.audit(reason="USER_DISABLED", tenant="contoso"))
    directory(world, "PutUser", user={"address": "ida@contoso.com", "aliases": ["ida.i@contoso.com"]})
    assert opens(world, license_, "ida@contoso.com") == "USER_DISABLED"  # an admin's import does not let them in
    assert idp.patch(f"/Users/{user['id']}", {"op": "replace", "value": {"active": True}})["active"] is True
    assert opens(world, license_, "ida@contoso.com") == "OK"


def test_who_is_removed_stays_out_until_somebody_is_put_there_again(world, idp):
    license_ = protect(world, "tenant:contoso")
    user = idp.make("Users", userName="gone@contoso.com", emails=[{"value": "gone.too@contoso.com"}])
    assert idp.ask("DELETE", f"/Users/{user['id']}").status == 204
    for address in ("gone@contoso.com", "gone.too@contoso.com"):
        assert opens(world, license_, address) == "USER_DISABLED"
    idp.make("Users", userName="gone@contoso.com")
    assert opens(world, license_, "gone@contoso.com") == "OK"
    assert opens(world, license_, "gone.too@contoso.com") == "USER_DISABLED"


def test_silence_lets_nobody_in(world, idp):
    user = idp.make("Users", userName="quiet@contoso.com", active=False)
    put = idp.ask("PUT", f"/Users/{user['id']}", {"schemas": [USER], "userName": "quiet@contoso.com", "displayName": "Q"})
    assert put.json()["active"] is False
    refused(idp.ask("PATCH", f"/Users/{user['id']}", {"Operations": [{"op": "remove", "path": "active"}]}), 400, "mutability")
    assert opens(world, protect(world, "tenant:contoso"), "quiet@contoso.com") == "USER_DISABLED"


def test_whoever_is_renamed_keeps_what_was_sent_to_them(world, idp):
    license_ = protect(world, "user:maid@contoso.com")
    user = idp.make("Users", userName="maid@contoso.com")
    renamed = idp.patch(f"/Users/{user['id']}", {"op": "replace", "path": "userName", "value": "Married@contoso.com"})
    assert renamed["userName"] == "Married@contoso.com" and renamed["id"] == user["id"]
    assert opens(world, license_, "married@contoso.com") == "OK"
    assert list(directory(world, "GetUser", address="married@contoso.com").user.aliases) == ["maid@contoso.com"]
    again = idp.patch(f"/Users/{user['id']}", {"op": "replace", "path": "displayName", "value": "M"})
    assert again["displayName"] == "M" and opens(world, license_, "married@contoso.com") == "OK"


def test_an_entry_of_an_admin_is_found_and_taken_over(world, idp):
    directory(world, "PutUser", user={"address": "old@contoso.com", "aliases": ["old.alias@contoso.com"], "display_name": "Old"})
    found = idp.find("Users", 'userName eq "OLD@contoso.com"')
    assert [user["displayName"] for user in found] == ["Old"] and found[0]["userName"] == "old@contoso.com"
    refused(idp.ask("POST", "/Users", {"schemas": [USER], "userName": "old.alias@contoso.com"}), 409, "uniqueness")
    put = idp.ask("PUT", f"/Users/{found[0]['id']}", {"schemas": [USER], "userName": "old@contoso.com", "externalId": "o1"})
    assert put.status == 200 and put.json()["id"] == found[0]["id"]
    assert [user["id"] for user in idp.find("Users", 'externalId eq "o1"')] == [found[0]["id"]]
    assert list(directory(world, "GetUser", address="old@contoso.com").user.aliases) == ["old.alias@contoso.com"]
    directory(world, "PutUser", user={"address": "older@contoso.com"}, previous_address="old@contoso.com")
    assert idp.get(f"/Users/{found[0]['id']}").status == 200  # the id stays when an admin renames


def test_filters(world, idp):
    user = idp.make("Users", userName="finn@contoso.com", externalId="F-1", displayName="Finn",
                    emails=[{"value": "finn.f@contoso.com", "type": "work", "primary": True}])
    for text in ('userName eq "finn@contoso.com"', 'USERNAME Eq "FINN@contoso.com"', 'externalId eq "F-1"',
                 f'id eq "{user["id"]}"', 'emails.value eq "finn.f@contoso.com"', 'emails eq "finn.f@contoso.com"',
                 'emails[type eq "work" and value eq "finn.f@contoso.com"]',
                 f'{USER}:userName eq "finn@contoso.com" and active eq true',
                 'userName eq "finn@contoso.com" and not (displayName co "x" or displayName sw "y")'):
        assert [found["id"] for found in idp.find("Users", text)] == [user["id"]], text
    for text in ('userName eq "nobody-3f2b@contoso.com"', 'externalId eq "f-1"', 'userName eq "finn.f@contoso.com"',
                 'userName eq "finn@contoso.com" and active eq false', 'userName eq "no address at all"',
                 'emails[type eq "home" and value eq "finn.f@contoso.com"]', 'id eq "61"', 'id eq "a6"'):
        assert not idp.find("Users", text), text
    for text in ("", "userName", "userName eq", 'userName eq "x', 'userName is "x"', 'displayName co "x"', "active eq true",
                 'userName eq "a" or externalId eq "b"', 'userName eq "a")', "(" * 9 + 'userName eq "a"' + ")" * 9,
                 " and ".join(['userName eq "a"'] * 33), 'userName eq "' + "a" * 2048 + '"', 'emails[type eq "work"'):
        refused(idp.get("/Users", filter=text), 400, "invalidFilter")


def test_pages(world):
    tenant = world.tenant()
    idp = Provider(world, token_of(world, tenant)[0])
    directory(world, "ImportDirectory", tenant.admin, users=[{"address": f"u{n:03}@{tenant.domain}"} for n in range(250)])
    seen, start = [], 1
    while start <= 250:
        page = idp.get("/Users", startIndex=start, count=100).json()
        assert page["totalResults"] == 250 and page["startIndex"] == start and page["itemsPerPage"] == len(page["Resources"])
        seen += [user["userName"] for user in page["Resources"]]
        start += page["itemsPerPage"]
    assert seen == [f"u{n:03}@{tenant.domain}" for n in range(250)]
    assert idp.get("/Users", count=0).json()["totalResults"] == 250
    assert idp.get("/Users", count=5000).json()["itemsPerPage"] == 200
    assert idp.get("/Users", startIndex=-3, count=-1).json()["itemsPerPage"] == 0
    assert idp.get("/Users", startIndex=300).json()["Resources"] == []
    refused(idp.get("/Users", startIndex="x"), 400, "invalidValue")


def test_states(world, idp):
    user = idp.make("Users", userName="etag@contoso.com")
    first = user["meta"]["version"]
    change = {"Operations": [{"op": "add", "path": "name.givenName", "value": "E"}]}
    answer = idp.ask("PATCH", f"/Users/{user['id']}", change, if_match=first)
    assert answer.status == 200 and answer.headers["etag"] != first
    refused(idp.ask("PATCH", f"/Users/{user['id']}", change, if_match=first), 412)
    refused(idp.ask("DELETE", f"/Users/{user['id']}", if_match='W/"nonsense"'), 412)
    assert idp.ask("PATCH", f"/Users/{user['id']}", change, if_match=f'W/"x", {answer.headers["etag"]}').status == 200
    assert idp.ask("DELETE", f"/Users/{user['id']}", if_match="*").status == 204


# --- groups --------------------------------------------------------------------------------------------------------


def test_a_group_and_its_members_open_what_was_sent_to_it(world, idp):
    one, two = (idp.make("Users", userName=f"{name}@contoso.com") for name in ("grp.one", "grp.two"))
    group = idp.make("Groups", displayName="Legal", externalId="b2d4a7d2", **{
        EXTENSION: {"address": "legal.scim@contoso.com"}}, members=[{"value": one["id"]}])
    license_ = protect(world, "group:legal.scim@contoso.com")
    assert opens(world, license_, "grp.one@contoso.com") == "OK" and opens(world, license_, "grp.two@contoso.com") == "NO_RIGHTS"
    path = f"/Groups/{group['id']}"
    idp.patch(path, {"op": "add", "path": "members", "value": [{"value": two["id"], "display": "Two"}]})
    assert opens(world, license_, "grp.two@contoso.com") == "OK"
    read = idp.get(path).json()
    assert {(member["value"], member["display"], member["type"]) for member in read["members"]} == {
        (one["id"], "grp.one@contoso.com", "User"), (two["id"], "grp.two@contoso.com", "User")}
    assert "members" not in idp.get(path, excludedAttributes="members").json()
    idp.patch(path, {"op": "remove", "path": f'members[value eq "{one["id"]}"]'})
    assert opens(world, license_, "grp.one@contoso.com") == "NO_RIGHTS"
    inner = idp.make("Groups", displayName="Inner", members=[{"value": one["id"]}])
    idp.patch(path, {"op": "Add", "path": "members", "value": [{"value": inner["id"]}]})
    assert opens(world, license_, "grp.one@contoso.com") == "OK"
    refused(idp.ask("PATCH", f"/Groups/{inner['id']}", {"Operations": [
        {"op": "add", "path": "members", "value": [{"value": group["id"]}]}]}), 400, "invalidValue")
    idp.patch(path, {"op": "replace", "path": "members", "value": []})
    assert "members" not in idp.get(path).json()
    row = directory(world, "GetGroup", address="legal.scim@contoso.com").group
    assert row.external_id == "b2d4a7d2" and row.display_name == "Legal"
    assert idp.ask("DELETE", path).status == 204 and idp.get(path).status == 404


def test_a_group_without_an_address_takes_nobodys(world, idp):
    group = idp.make("Groups", displayName="legal@contoso.com")
    assert group[EXTENSION]["address"] == f"scim-{group['id']}@contoso.com" and group["schemas"] == [GROUP, EXTENSION]
    assert [found["id"] for found in idp.find("Groups", 'displayName eq "LEGAL@contoso.com"',
                                              excludedAttributes="members")] == [group["id"]]
    refused(idp.ask("POST", "/Groups", {"displayName": "X", EXTENSION: {"address": "x@fabrikam.com"}}), 400, "invalidValue")
    refused(idp.ask("POST", "/Groups", {"displayName": "LEGAL@contoso.com"}), 409, "uniqueness")  # asked twice
    idp.make("Groups", displayName="legal@contoso.com", externalId="legal-1")
    refused(idp.ask("POST", "/Groups", {"displayName": "L", "externalId": "legal-1"}), 409, "uniqueness")
    refused(idp.ask("POST", "/Groups", {"displayName": ""}), 400, "invalidValue")
    refused(idp.ask("POST", "/Groups", {"displayName": "Y", "members": [{"value": "nobody"}]}), 400, "invalidValue")
    refused(idp.ask("POST", "/Groups", {"displayName": "Y", "externalId": "e" * 129}), 400, "invalidValue")


def test_members_by_the_thousand(world):
    """They are sets to the database, and come and go in one statement."""
    tenant = world.tenant()
    idp = Provider(world, token_of(world, tenant)[0])
    directory(world, "ImportDirectory", tenant.admin, users=[{"address": f"m{n}@{tenant.domain}"} for n in range(6000)])
    ids = world.sql(f"SELECT scim_id FROM directory_entry WHERE tenant = '{tenant.id}' ORDER BY address").split()
    group = idp.make("Groups", displayName="All", members=[{"value": member} for member in ids[:4000]])
    path = f"/Groups/{group['id']}"
    idp.patch(path, {"op": "add", "path": "members", "value": [{"value": member} for member in ids[3000:5000]]})
    assert len(idp.get(path).json()["members"]) == 5000
    idp.patch(path, {"op": "remove", "path": "members", "value": [{"value": member} for member in ids[:4999]]},
              {"op": "add", "path": "members", "value": [{"value": ids[0]}]})
    assert {member["value"] for member in idp.get(path).json()["members"]} == {ids[0], ids[4999]}
    too_many = {"Operations": [{"op": "add", "path": "members", "value": ["x%d" % n for n in range(10001)]}]}
    refused(idp.ask("PATCH", path, too_many), 400, "tooMany")
    refused(idp.ask("PATCH", path, {"Operations": [], "x": "y" * 600000}), 413)
    assert len(idp.get(path).json()["members"]) == 2


# --- bad input -----------------------------------------------------------------------------------------------------


BODIES = [(b"", "invalidSyntax"), (b"[]", "invalidSyntax"), (b"{", "invalidSyntax"), (b"\xff", "invalidSyntax"),
          (b'{"Operations": 1}', "invalidSyntax"), (b'{"Operations": []}', "invalidSyntax"), (b"{}", "invalidSyntax"),
          (b'{"Operations": [{"op": "move"}]}', "invalidSyntax"), (b'{"Operations": [{}]}', "invalidSyntax"),
          (b'{"Operations": [1]}', "invalidSyntax"), (b'{"Operations": [{"op": "remove"}]}', "noTarget"),
          (b'{"Operations": [{"op": "add", "value": "x"}]}', "invalidSyntax"),
          (b'{"Operations": [{"op": "add", "path": 1, "value": "x"}]}', "invalidPath"),
          (b'{"Operations": [{"op": "add", "path": "emails[", "value": "x"}]}', "invalidPath"),
          (b'{"Operations": [{"op": "add", "path": "a b", "value": "x"}]}', "invalidPath"),
          (b'{"Operations": [{"op": "add", "path": "emails[type is \\"x\\"]", "value": "x"}]}', "invalidFilter"),
          (b'{"Operations": [{"op": "replace", "path": "emails[value co \\"x\\"].value", "value": "y"}]}', "noTarget"),
          (b'{"Operations": [{"op": "replace", "path": "active", "value": "perhaps"}]}', "invalidValue"),
          (b'{"Operations": [{"op": "replace", "path": "userName", "value": ""}]}', "invalidValue"),
          (b'{"Operations": [{"op": "replace", "path": "userName", "value": {"a": 1}}]}', "invalidValue"),
          (b'{"Operations": [{"op": "replace", "path": "displayName", "value": "a\\nb"}]}', "invalidValue"),
          (json.dumps({"Operations": [{"op": "replace", "path": "displayName", "value": "d" * 129}]}).encode(), "invalidValue"),
          (json.dumps({"Operations": [{"op": "add", "path": "emails", "value": [
              {"value": f"e{n}@contoso.com"} for n in range(17)]}]}).encode(), "tooMany"),
          (json.dumps({"Operations": [{"op": "add", "path": "title", "value": "x"}] * 1001}).encode(), "tooMany"),
          (b'{"a":' * 20 + b"1" + b"}" * 20, "invalidSyntax")]


@pytest.fixture(scope="module")
def victim(idp):
    return idp.make("Users", userName="victim@contoso.com", displayName="V")


@pytest.mark.parametrize("body, scim_type", BODIES, ids=range(len(BODIES)))
def test_a_bad_body_changes_nothing(idp, victim, body, scim_type):
    refused(idp.ask("PATCH", f"/Users/{victim['id']}", body), 400, scim_type)
    assert idp.get(f"/Users/{victim['id']}").json() == victim


def test_what_is_not_there(world, idp, victim):
    for verb, path in (("GET", "/Me"), ("POST", "/Bulk"), ("POST", "/.search"), ("GET", "/Users/1/2"), ("PUT", "/Users"),
                       ("POST", f"/Users/{victim['id']}"), ("GET", "/Users/%zz"), ("GET", "/Users/" + "a" * 3000),
                       ("PATCH", "/Schemas"), ("DELETE", "/Users/61"), ("OPTIONS", "/Users"), ("GET", "/Groups/a%00")):
        refused(idp.ask(verb, path, {} if verb in ("POST", "PUT", "PATCH") else None), 404)
    refused(idp.ask("POST", "/Users", b"<user/>", media="text/xml"), 400, "invalidSyntax")
    assert "BOUNDARY" not in refused(idp.get("/Groups/" + victim["id"]), 404)


def test_what_a_second_admin_must_approve_is_refused_and_recorded(world):
    tenant = world.tenant()
    world.update_tenant(tenant.admin, two_person=[1])
    idp = Provider(world, token_of(world, tenant)[0])
    user = idp.make("Users", userName=f"two@{tenant.domain}")
    refused(idp.ask("PATCH", f"/Users/{user['id']}", {"Operations": [
        {"op": "add", "path": "emails", "value": [{"value": f"boss@{tenant.domain}"}]}]}), 403)
    assert list(directory(world, "GetUser", tenant.admin, address=f"two@{tenant.domain}").user.aliases) == []
    assert world.audit(reason="APPROVAL_REQUIRED", tenant=tenant.name, operation="change_user")
    idp.patch(f"/Users/{user['id']}", {"op": "replace", "path": "active", "value": False})  # shutting out needs nobody


# --- what this server says of itself ----------------------------------------------------------------------------------


def test_discovery(idp):
    config = idp.get("/ServiceProviderConfig").json()
    assert config["patch"]["supported"] and config["etag"]["supported"] and not config["bulk"]["supported"]
    assert config["filter"] == {"supported": True, "maxResults": 200}
    types = idp.get("/ResourceTypes").json()
    assert [kind["endpoint"] for kind in types["Resources"]] == ["/Users", "/Groups"]
    assert idp.get("/ResourceTypes/User").json() == types["Resources"][0]
    schemas = {schema["id"]: schema for schema in idp.get("/Schemas").json()["Resources"]}
    assert set(schemas) == {USER, GROUP, EXTENSION}
    assert idp.get(f"/Schemas/{USER}").json() == schemas[USER]
    assert idp.get("/Schemas/x").status == 404
