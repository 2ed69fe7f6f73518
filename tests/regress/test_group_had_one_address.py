# SPDX-License-Identifier: Apache-2.0
"""A group had one address for good. Whoever renamed it in the identity provider made a new one here, and all that had been
granted to the old one was lost. An address that left an entry took that entry's memberships along."""
from calls import everywhere, reason
from calls import refused as refusal
from stock import super_user
from world import EDIT, VIEW, grant

EDITRIGHTSDATA = 13


def directory(w, method, who=None, **request):
    return w.call(f"DirectoryService/{method}", request, who or w.contoso.admin)


def put_group(w, address, aliases=(), members=(), who=None, **more):
    group = {"address": address, "aliases": aliases, "external_id": more.pop("external_id", "")}
    made = directory(w, "PutGroup", who, group=group, **more).group
    if members:
        directory(w, "AddMembers", who, group=address, members=members)
    return made


def put_user(w, address, *aliases, **more):
    return directory(w, "PutUser", user={"address": address, "aliases": aliases}, **more).user


def members(w, group):
    return list(directory(w, "ListMembers", group=group).members)


def protect(w, *principals):
    return w.protect(w.gateway, owner="owner@contoso.com", recipients=None, custom={
        "grants": [{"principals": principals, "rights": [EDIT]}]}).publishing_license


def opens(w, license_, address, tenant=None, **claims):
    tenant = tenant or w.contoso
    return everywhere(w.a, "LicensingService/AcquireLicense", w.license_request(license_), None,
                      tenant.token(address, **claims))


def test_renamed_group_lost_what_it_had_been_granted(world):
    put_group(world, "legal@contoso.com", members=["lea@contoso.com"], external_id="id-legal")
    old = protect(world, "group:legal@contoso.com")
    made = put_group(world, "law@contoso.com", ["Legal@contoso.com"], previous_address="legal@contoso.com",
                     external_id="id-legal")
    assert (made.address, list(made.aliases)) == ("law@contoso.com", ["legal@contoso.com"])
    new = protect(world, "group:law@contoso.com")
    assert [opens(world, made, "lea@contoso.com") for made in (old, new)] == ["OK", "OK"]
    for name in ("law@contoso.com", "legal@contoso.com"):
        found = directory(world, "GetGroup", address=name).group
        assert (found.address, list(found.aliases), found.external_id) == (
            "law@contoso.com", ["legal@contoso.com"], "id-legal")
        assert members(world, name) == ["lea@contoso.com"]
        assert "lea@contoso.com" in directory(world, "ResolvePrincipal", principal=f"group:{name}").matches
    listed = [group for group in directory(world, "ListGroups").groups if group.address.startswith("l")]
    assert [(group.address, list(group.aliases)) for group in listed] == [("law@contoso.com", ["legal@contoso.com"])]
    matches = directory(world, "ResolvePrincipal", principal="lea@contoso.com").matches
    assert {"group:law@contoso.com", "group:legal@contoso.com"} <= set(matches)
    # Without the alias, what names the old address means nobody.
    put_group(world, "law@contoso.com")
    assert [opens(world, made, "lea@contoso.com") for made in (old, new)] == ["NO_RIGHTS", "OK"]
    assert reason(directory, world, "GetGroup", address="legal@contoso.com") == "NOT_FOUND"


def test_group_was_meant_by_its_first_address_only(world):
    """In every list that names groups: a template's scope, the onboarding list, super users."""
    put_group(world, "board@contoso.com", ["directors@contoso.com"], ["dora@contoso.com"])
    dora, nobody = world.contoso.token("dora"), world.contoso.token("nobody")
    template = world.template(grant("owner", EDIT), scope=["group:directors@contoso.com"]).template_id
    world.protect(token=dora, template_id=template)
    assert reason(world.protect, token=nobody, template_id=template) == "TEMPLATE_NOT_FOUND"
    world.update_tenant(onboarding=["group:directors@contoso.com"])
    world.protect(token=dora)
    assert reason(world.protect, token=nobody) == "PROTECT_DENIED"
    world.update_tenant(onboarding=[])
    hidden = world.protect(world.gateway, owner="owner@contoso.com")
    assert reason(world.acquire, hidden, dora) == "NO_RIGHTS"
    world.call("TenantService/GrantSuperUser", super_user("group:directors@contoso.com"), world.contoso.admin)
    world.acquire(hidden, dora)
    world.call("TenantService/RevokeSuperUser", {"principal": "group:directors@contoso.com"}, world.contoso.admin)


def test_nested_groups_were_lost_by_their_other_addresses(world):
    """Each layer names the one below by an alias of that; a token names the lowest by one too."""
    put_group(world, "deep0@contoso.com", ["deep0-x@contoso.com"], ["nell@contoso.com"], external_id="id-deep0")
    for layer in range(1, 6):
        put_group(world, f"deep{layer}@contoso.com", [f"deep{layer}-x@contoso.com"], [f"deep{layer - 1}-x@contoso.com"])
    world.sql("UPDATE issuer SET claim_groups = 'groups' WHERE iss = 'https://idp.contoso.com';"
              "SELECT epoch_raise(tenant) FROM tenant WHERE name = 'contoso'")
    for name in ("deep5@contoso.com", "deep5-x@contoso.com", "deep3-x@contoso.com"):
        made = protect(world, f"group:{name}")
        assert opens(world, made, "nell@contoso.com") == "OK"
        assert opens(world, made, "tom@contoso.com") == "NO_RIGHTS"
        for claimed in ("deep0@contoso.com", "deep0-x@contoso.com", "id-deep0", "deep2-x@contoso.com"):
            assert opens(world, made, "tom@contoso.com", groups=[claimed]) == "OK", claimed
        assert directory(world, "ResolvePrincipal", principal=f"group:{name}").matches == ["nell@contoso.com"]
    # Readers from elsewhere come in by the same way.
    directory(world, "AddMembers", group="deep0-x@contoso.com", members=["bob@fabrikam.com"])
    assert opens(world, protect(world, "group:deep4-x@contoso.com"), "bob@fabrikam.com", world.fabrikam) == "OK"
    # A layer is cut, by another address than the one by which it was joined.
    directory(world, "RemoveMembers", group="deep3-x@contoso.com", members=["deep2@contoso.com"])
    assert opens(world, protect(world, "group:deep5@contoso.com"), "nell@contoso.com") == "NO_RIGHTS"


def test_group_contained_itself_by_another_address(world):
    put_group(world, "ring@contoso.com", ["ring-x@contoso.com"])
    put_group(world, "rung@contoso.com", ["rung-x@contoso.com"], ["ring-x@contoso.com", "later@contoso.com"])
    for group, member in (("ring@contoso.com", "ring-x@contoso.com"), ("ring-x@contoso.com", "rung-x@contoso.com"),
                          ("ring-x@contoso.com", "rung@contoso.com")):
        assert reason(directory, world, "AddMembers", group=group, members=[member]) == "GROUP_CYCLE"
    # An address by which it would be its own member: as an alias, as a new name, in an import.
    put_group(world, "outer@contoso.com", members=["rung@contoso.com"])
    for call in (lambda: put_group(world, "rung@contoso.com", ["rung-x@contoso.com", "later@contoso.com"]),
                 lambda: put_group(world, "later@contoso.com", previous_address="rung@contoso.com"),
                 lambda: put_group(world, "outer@contoso.com", ["later@contoso.com"]),
                 lambda: directory(world, "ImportDirectory", groups=[
                     {"address": "outer@contoso.com", "aliases": ["later@contoso.com"]}])):
        refused = refusal(call)
        assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "GROUP_CYCLE")
    assert list(directory(world, "GetGroup", address="rung@contoso.com").group.aliases) == ["rung-x@contoso.com"]


def test_address_took_memberships_along_to_the_next_one(world):
    """An alias that was taken from a person, or from a group, made whoever got it next a member in their place."""
    put_user(world, "pia@contoso.com", "press@contoso.com")
    put_group(world, "inner@contoso.com", ["inner-x@contoso.com"], ["ina@contoso.com"])
    put_group(world, "club@contoso.com", members=["press@contoso.com", "inner-x@contoso.com"])
    made = protect(world, "group:club@contoso.com")
    put_user(world, "pia@contoso.com")
    put_group(world, "inner@contoso.com")
    assert members(world, "club@contoso.com") == ["inner@contoso.com", "pia@contoso.com"]
    put_user(world, "quinn@contoso.com", "press@contoso.com")
    put_user(world, "inner-x@contoso.com")
    outcomes = {name: opens(world, made, f"{name}@contoso.com") for name in ("pia", "ina", "quinn", "press", "inner-x")}
    assert outcomes == {"pia": "OK", "ina": "OK", "quinn": "NO_RIGHTS", "press": "NO_RIGHTS", "inner-x": "NO_RIGHTS"}
    # In one part, an address changes hands; the memberships stay.
    directory(world, "AddMembers", group="club@contoso.com", members=["press@contoso.com"])
    directory(world, "ImportDirectory", users=[{"address": "quinn@contoso.com"},
                                               {"address": "rob@contoso.com", "aliases": ["press@contoso.com"]}])
    assert opens(world, made, "quinn@contoso.com") == "OK" and opens(world, made, "rob@contoso.com") == "NO_RIGHTS"


def test_member_was_known_by_one_address_when_removed(world):
    put_user(world, "max@contoso.com", "maxi@contoso.com")
    put_group(world, "sports@contoso.com", ["sport@contoso.com"], ["max@contoso.com", "other@contoso.com"])
    made = protect(world, "group:sport@contoso.com")
    assert opens(world, made, "maxi@contoso.com") == "OK"
    removed = directory(world, "RemoveMembers", group="sport@contoso.com", members=["maxi@contoso.com"])
    assert removed.changed == 1 and members(world, "sports@contoso.com") == ["other@contoso.com"]
    assert opens(world, made, "max@contoso.com") == "NO_RIGHTS"
    put_group(world, "inside@contoso.com", ["inside-x@contoso.com"])
    directory(world, "AddMembers", group="sport@contoso.com", members=["inside-x@contoso.com"])
    directory(world, "DeleteGroup", address="inside@contoso.com")
    assert members(world, "sport@contoso.com") == ["other@contoso.com"]


def test_groups_addresses_were_believed_of_a_lost_domain(world):
    """Of a group's addresses those count that lie in domains which the tenant has verified now, on every level."""
    world.changed_by_hand("INSERT INTO tenant_domain (tenant, domain, verified, proof) VALUES "
                          f"('{world.contoso.id}', 'old-contoso.example', true, '')")
    put_group(world, "team@old-contoso.example", ["team@contoso.com"], ["tea@contoso.com"], external_id="id-team")
    put_group(world, "by-old@contoso.com", members=["team@old-contoso.example"])
    put_group(world, "by-new@contoso.com", members=["team@contoso.com"])
    names = ("team@old-contoso.example", "team@contoso.com", "by-old@contoso.com", "by-new@contoso.com")
    made = {name: protect(world, f"group:{name}") for name in names}
    assert {name: opens(world, made[name], "tea@contoso.com") for name in names} == dict.fromkeys(names, "OK")
    claimed = {"groups": ["team@old-contoso.example"]}
    world.sql("UPDATE issuer SET claim_groups = 'groups' WHERE iss = 'https://idp.contoso.com'")
    world.changed_by_hand("")
    assert opens(world, made["team@contoso.com"], "tim@contoso.com", **claimed) == "OK"
    world.changed_by_hand("UPDATE tenant_domain SET verified = false WHERE domain = 'old-contoso.example'")
    assert {name: opens(world, made[name], "tea@contoso.com") for name in names} == {
        "team@old-contoso.example": "NO_RIGHTS", "team@contoso.com": "OK", "by-old@contoso.com": "NO_RIGHTS",
        "by-new@contoso.com": "OK"}
    assert opens(world, made["team@contoso.com"], "tim@contoso.com", **claimed) == "NO_RIGHTS"
    assert not directory(world, "ResolvePrincipal", principal="group:by-old@contoso.com").matches
    assert directory(world, "ResolvePrincipal", principal="group:by-new@contoso.com").matches == ["tea@contoso.com"]
    assert not directory(world, "ResolvePrincipal", principal="group:team@old-contoso.example").matches


def test_what_is_refused_of_a_groups_addresses(world):
    put_group(world, "one@contoso.com", ["uno@contoso.com"])
    put_user(world, "person@contoso.com", "persona@contoso.com")
    many = [f"z{i}@contoso.com" for i in range(101)]
    for aliases, field in ((["x@fabrikam.com"], "group.aliases"), (many, "group.aliases"), (["x"], "group.aliases")):
        caught = refusal(put_group, world, "two@contoso.com", aliases)
        assert (caught.reason, caught.fields) == ("FIELD_INVALID", [field])
    for address, aliases, more in (("two@contoso.com", ["uno@contoso.com"], {}), ("uno@contoso.com", [], {}),
                                   ("two@contoso.com", ["person@contoso.com"], {}), ("persona@contoso.com", [], {}),
                                   ("one@contoso.com", ["persona@contoso.com"], {}),
                                   ("person@contoso.com", [], {"previous_address": "one@contoso.com"})):
        taken = refusal(put_group, world, address, aliases, **more)
        assert taken.reason == "ALREADY_EXISTS" and taken.metadata["holder"] in ("one@contoso.com", "person@contoso.com")
    for previous in ("nobody@contoso.com", "person@contoso.com", "uno@contoso.com"):
        missing = refusal(put_group, world, "two@contoso.com", previous_address=previous)
        assert missing.reason == "NOT_FOUND" and missing.metadata["address"] == previous
    assert reason(directory, world, "PutUser", user={"address": "p@contoso.com"},
                  previous_address="one@contoso.com") == "NOT_FOUND"
    twice = [{"address": "a1@contoso.com", "aliases": ["same@contoso.com"]},
             {"address": "a2@contoso.com", "aliases": ["same@contoso.com"]}]
    assert reason(directory, world, "ImportDirectory", groups=twice) == "FIELD_INVALID"


# --- and was amended by one ----------------------------------------------------------------------------------------


def amend(w, made, **change):
    w.call("PublishingService/AmendPolicy", {"content_id": made.content_id, **change}, w.contoso.admin)


def renamed(w, *others):
    """A group that Carol is in, which has another address now than when the mail was sent; and its addresses."""
    old, new = f"{w.unique('team')}@contoso.com", f"{w.unique('crew')}@contoso.com"
    put_group(w, old, others, ["carol@contoso.com"])
    letters = [w.protect(recipients=[old]), w.protect(recipients=None, custom={"grants": [grant(f"group:{old}", EDIT)]})]
    put_group(w, new, [old, *others], previous_address=old)
    return letters, old, new


def test_removing_a_renamed_group_took_nothing(world):
    """Whoever removes the group that the directory shows means it by all its addresses, as proto says of aliases."""
    alias = f"{world.unique('band')}@contoso.com"
    (mail, custom), old, new = renamed(world, alias)
    for letter in (mail, custom):
        assert opens(world, letter.publishing_license, "carol@contoso.com") == "OK"
    amend(world, mail, remove_principals=[f"user:{new}"])
    amend(world, custom, remove_principals=[f"group:{alias}"])
    for letter in (mail, custom):
        assert opens(world, letter.publishing_license, "carol@contoso.com") == "NO_RIGHTS"
    target = world.audit(tenant="contoso", content_id=custom.content_id, operation="amend_policy")[0].target
    assert all(address in target for address in (old, new, alias))


def test_granting_a_renamed_group_anew_was_added_to_what_it_had(world):
    (mail, custom), _, new = renamed(world)
    for letter in (mail, custom):
        amend(world, letter, set_grants=[grant(f"group:{new}", VIEW)])
        assert world.rights(letter, world.carol) == {VIEW}
    amend(world, mail, add_recipients=[new])
    assert len(world.rights(mail, world.carol)) == 7


def test_a_renamed_group_was_taken_from_by_less(world):
    """Whoever holds EDITRIGHTSDATA takes from no group that has more, by whatever of its addresses."""
    old, new = (f"{world.unique(name)}@contoso.com" for name in ("team", "crew"))
    put_group(world, old, [new], ["carol@contoso.com"])
    made = world.protect(recipients=None, custom={"grants": [
        grant("user:bob@fabrikam.com", VIEW, EDITRIGHTSDATA), grant(f"group:{old}", VIEW, EDIT)]})
    change = {"publishing_license": made.publishing_license, "remove_principals": [f"group:{new}"]}
    assert reason(world.call, "PublishingService/AmendPolicy", change, token=world.bob) == "RIGHTS_EXCEEDED"
    assert world.rights(made, world.carol) == {VIEW, EDIT}


def test_an_address_that_the_group_has_lost_is_not_its(world):
    """Nor is one of another group, nor a person's."""
    (mail, custom), _, new = renamed(world)
    put_group(world, new)
    for letter in (mail, custom):
        amend(world, letter, remove_principals=[f"group:{new}"])
    put_user(world, "pam@contoso.com", "p.am@contoso.com")
    made = world.protect(recipients=["pam@contoso.com", "p.am@contoso.com"])
    amend(world, made, remove_principals=["group:pam@contoso.com"])
    assert opens(world, made.publishing_license, "pam@contoso.com") == "OK"
