# SPDX-License-Identifier: Apache-2.0
"""Where a tenant requires a second admin for access to content, one admin alone came to others' content by the directory: they
gave themselves an alias of the victim, or made themselves a member of a group that holds power. What waits is decided by what a
change does, within its transaction; an import, which can't wait, is refused."""
import concurrent.futures

import pytest

from calls import outcome, reason
from calls import refused as refusal
from command import run, with_certificate
from meanwhile import meanwhile
from stock import super_user
from world import EDIT

CONTENT_ACCESS, PARTNER = 1, 4


@pytest.fixture(scope="module")
def world(world):
    """Litware's tenant requires a second admin. What its tests need was there before: two people with power, one of them a
    guest, and groups around one that holds power: outer ∋ power ∋ inner."""
    w = world
    m = w.m = w.tenant("litware", domain="litware.com")
    w.one, w.two = m.admin, m.second_admin
    put(w, "User", "vera@litware.com", "victoria@litware.com")
    put(w, "User", "mallory@litware.com")
    put(w, "User", "pat@litware.com")
    put(w, "User", "gus@litware.com", guest=True)
    put(w, "User", "greta@litware.com", guest=True)
    for name in ("inner", "power", "outer", "plain"):
        put(w, "Group", f"{name}@litware.com", external_id=f"id-{name}")
    directory(w, "AddMembers", group="power@litware.com", members=["inner@litware.com", "greta@litware.com"])
    directory(w, "AddMembers", group="outer@litware.com", members=["power@litware.com"])
    w.sql("UPDATE issuer SET claim_groups = 'groups' WHERE iss = 'https://idp.litware.com'")
    w.changed_by_hand("")
    w.secret = w.protect(token=m.token("owner"), recipients=["vera@litware.com"], do_not_forward={})
    for principal in ("group:power@litware.com", "group:nobody@litware.com", "user:pat@litware.com",
                      "user:gus@litware.com"):
        w.call("TenantService/GrantSuperUser", super_user(principal), w.one)
    w.update_tenant(w.one, two_person=[CONTENT_ACCESS])
    return w


def directory(w, method, who=None, **request):
    return w.call(f"DirectoryService/{method}", request, who or w.one)


def put(w, what, address, *aliases, who=None, previous="", **more):
    return directory(w, f"Put{what}", who, previous_address=previous,
                     **{what.lower(): {"address": address, "aliases": aliases, **more}})


def part(*users, groups=(), **members):
    """A part of an import: users and groups as (address, alias, …)."""
    return {"users": [{"address": user[0], "aliases": user[1:]} for user in users],
            "groups": [{"address": group[0], "aliases": group[1:]} for group in groups],
            "members": [{"group": f"{group}@litware.com", "members": who} for group, who in members.items()]}


def opens(w, address, made=None, **claims):
    return outcome(w.acquire, made or w.secret, w.m.token(address, **claims)) == "OK"


def approval(w, answer):
    return w.call("ApprovalService/GetApproval", {"approval_id": answer.approval_id}, w.two).approval


def read(w, answer):
    """What the approver reads: {field: {after, or before that is no more}}."""
    found = {}
    for change in approval(w, answer).changes:
        found.setdefault(change.field, set()).add(change.after or f"-{change.before}")
    return found


def approve(w, answer, who=None):
    assert answer.approval_id
    w.call("ApprovalService/ApproveRequest", {"approval_id": answer.approval_id}, who or w.two)


def reject(w, answer):
    assert answer.approval_id
    w.call("ApprovalService/RejectRequest", {"approval_id": answer.approval_id}, w.two)


def snapshot(w):
    return w.sql(f"""SELECT string_agg(x, ' ' ORDER BY x) FROM (
        SELECT address || '=' || entry AS x FROM directory_name WHERE tenant = '{w.m.id}' UNION ALL
        SELECT group_address || '>' || member FROM directory_member WHERE tenant = '{w.m.id}' UNION ALL
        SELECT address || guest || coalesce(external_id, '') FROM directory_entry WHERE tenant = '{w.m.id}') AS x""")


def waits(w, call):
    """That the act waits, has done nothing, and that its asker can't approve it; what the approver reads."""
    before = snapshot(w)
    answer = call()
    assert answer.approval_id and snapshot(w) == before
    assert not (hasattr(answer, "user") and answer.HasField("user"))
    assert not (hasattr(answer, "group") and answer.HasField("group"))
    assert reason(approve, w, answer, w.one) == "APPROVER_NOT_INDEPENDENT"
    found = read(w, answer)
    reject(w, answer)
    return found


def is_done(w, call):
    answer = call()
    assert not getattr(answer, "approval_id", "")
    return answer


# --- addresses ----------------------------------------------------------------------------------------------------


def test_alias_of_the_victim(world):
    """Of a victim who is in the directory no longer, or never was."""
    tess = world.protect(token=world.m.token("owner"), recipients=["tess@litware.com"])
    answer = put(world, "User", "mallory@litware.com", "tess@litware.com")
    assert not opens(world, "mallory@litware.com", tess)
    assert read(world, answer) == {"user.aliases": {"tess@litware.com"}}
    assert approval(world, answer).summary == "Put user mallory@litware.com"
    approve(world, answer)
    assert opens(world, "mallory@litware.com", tess)
    is_done(world, lambda: put(world, "User", "mallory@litware.com"))
    assert not opens(world, "mallory@litware.com", tess)


def test_victims_entry_was_deleted_and_their_address_given_away(world):
    put_back = lambda: is_done(world, lambda: put(world, "User", "vic@litware.com"))  # noqa: E731
    for steal in (lambda: put(world, "User", "mallory@litware.com", "vic@litware.com"),
                  lambda: put(world, "User", "vic@litware.com", "mallory@litware.com", previous="mallory@litware.com"),
                  lambda: put(world, "User", "fresh@litware.com", "vic@litware.com"),
                  lambda: put(world, "Group", "vic@litware.com"),
                  lambda: put(world, "Group", "plain@litware.com", "vic@litware.com", external_id="id-plain"),
                  lambda: put(world, "Group", "vic@litware.com", previous="plain@litware.com", external_id="id-plain")):
        put_back()
        is_done(world, lambda: directory(world, "DeleteUser", address="vic@litware.com"))
        waits(world, steal)
    # Of an alias that was taken away from them.
    approve(world, put(world, "User", "val@litware.com", "valery@litware.com"))
    is_done(world, lambda: put(world, "User", "val@litware.com"))
    waits(world, lambda: put(world, "Group", "valery@litware.com"))
    # An address that a person owned content by, though no directory knew them.
    waits(world, lambda: put(world, "Group", "owner@litware.com"))
    # Of a reader whom nothing but the log knows.
    made = world.protect(token=world.m.token("owner"), recipients=["reader@litware.com"], do_not_forward={})
    assert world.rights(made, world.m.token("reader"))
    waits(world, lambda: put(world, "Group", "reader@litware.com"))
    # One that the authority was told of as a person's.
    world.call("TenantService/AddExclusion", {"user": "outcast@litware.com"}, world.one)
    world.changed_by_hand("INSERT INTO super_user (tenant, principal, reason, granted_by, expires_at) VALUES "
                          f"('{world.m.id}', 'user:boss@litware.com', 'x', 'x', now())")
    for address in ("outcast@litware.com", "boss@litware.com"):
        waits(world, lambda at=address: put(world, "Group", at))


def test_approver_did_not_read_who_would_get_a_persons_address(world):
    """Whoever is in a group gets what is sent to its addresses; whoever is one person with somebody has their power."""
    is_done(world, lambda: put(world, "User", "left@litware.com"))
    is_done(world, lambda: directory(world, "DeleteUser", address="left@litware.com"))
    is_done(world, lambda: put(world, "Group", "heirs@litware.com"))
    is_done(world, lambda: directory(world, "AddMembers", group="heirs@litware.com", members=["ann@litware.com"]))
    asked = put(world, "Group", "heirs@litware.com", "left@litware.com")
    assert read(world, asked) == {"group.aliases": {"left@litware.com"}, "lets_in": {
        "heirs@litware.com", "left@litware.com", "ann@litware.com"}}
    is_done(world, lambda: directory(world, "AddMembers", group="heirs@litware.com", members=["mallory@litware.com"]))
    assert reason(approve, world, asked) == "PRECONDITION_FAILED"
    reject(world, asked)
    is_done(world, lambda: directory(world, "DeleteGroup", address="heirs@litware.com"))
    both = {"pat@litware.com", "pa@litware.com"}
    assert waits(world, lambda: put(world, "User", "pat@litware.com", "pa@litware.com"))["lets_in"] == both
    approve(world, directory(world, "AddMembers", group="inner@litware.com", members=["ira@litware.com"]))
    found = waits(world, lambda: put(world, "User", "mallory@litware.com", "ira@litware.com"))
    assert "ira@litware.com" in found["lets_in"] and "mallory@litware.com" in found["lets_in"]
    is_done(world, lambda: directory(world, "RemoveMembers", group="inner@litware.com", members=["ira@litware.com"]))


def test_two_persons_were_made_one_by_moving_names(world):
    vera = lambda: put(world, "User", "vera@litware.com", "victoria@litware.com")  # noqa: E731
    is_done(world, vera)
    is_done(world, lambda: put(world, "User", "vera@litware.com"))
    found = waits(world, vera)
    assert found == {"user.aliases": {"victoria@litware.com"}}
    waits(world, lambda: put(world, "User", "mallory@litware.com", "victoria@litware.com"))
    approve(world, vera())
    # Swapping the addresses of one person, and taking one away, joins nobody.
    is_done(world, lambda: put(world, "User", "victoria@litware.com", "vera@litware.com", previous="vera@litware.com"))
    is_done(world, lambda: put(world, "User", "vera@litware.com", "victoria@litware.com",
                               previous="victoria@litware.com"))
    waits(world, lambda: put(world, "User", "vera.new@litware.com", "vera@litware.com", previous="vera@litware.com"))


def test_what_gives_nothing_is_done_by_one(world):
    is_done(world, lambda: put(world, "User", "nina@litware.com"))
    is_done(world, lambda: put(world, "User", "nina@litware.com", display_name="Nina"))
    is_done(world, lambda: put(world, "User", "nora@litware.com", previous="nina@litware.com"))
    is_done(world, lambda: put(world, "User", "out@elsewhere.example", guest=True))
    is_done(world, lambda: put(world, "Group", "fresh-group@litware.com", "fresh-alias@litware.com", external_id="id-f"))
    is_done(world, lambda: put(world, "Group", "fresh-2@litware.com", previous="fresh-group@litware.com"))
    assert is_done(world, lambda: directory(world, "AddMembers", group="plain@litware.com", members=[
        "mallory@litware.com", "outer@litware.com", "fresh-2@litware.com"])).changed == 3
    is_done(world, lambda: directory(world, "RemoveMembers", group="plain@litware.com", members=["outer@litware.com"]))
    is_done(world, lambda: directory(world, "AddMembers", group="outer@litware.com", members=["mallory@litware.com"]))
    is_done(world, lambda: directory(world, "DeleteUser", address="nora@litware.com"))
    is_done(world, lambda: directory(world, "DeleteGroup", address="fresh-2@litware.com"))
    assert not opens(world, "mallory@litware.com")
    # New users at addresses of power: whoever proves such an address has it already.
    is_done(world, lambda: put(world, "User", "pat@litware.com"))


# --- groups that hold power -----------------------------------------------------------------------------------------


def test_member_was_added_to_a_group_with_power_by_its_alias(world):
    approve(world, put(world, "Group", "inner@litware.com", "inner.alias@litware.com", external_id="id-inner"))
    waits(world, lambda: directory(world, "AddMembers", group="inner.alias@litware.com", members=["mallory@litware.com"]))
    is_done(world, lambda: put(world, "Group", "desk@litware.com", "desk.alias@litware.com"))
    is_done(world, lambda: directory(world, "AddMembers", group="desk@litware.com", members=["mallory@litware.com"]))
    approve(world, directory(world, "AddMembers", group="inner.alias@litware.com", members=["desk.alias@litware.com"]))
    assert opens(world, "mallory@litware.com")
    waits(world, lambda: directory(world, "AddMembers", group="desk.alias@litware.com", members=["late@litware.com"]))
    is_done(world, lambda: directory(world, "RemoveMembers", group="inner@litware.com", members=["desk@litware.com"]))
    assert not opens(world, "mallory@litware.com")
    is_done(world, lambda: put(world, "Group", "inner@litware.com", external_id="id-inner"))


def test_power_that_has_ended_holds_nobody_up(world):
    is_done(world, lambda: put(world, "Group", "was@litware.com"))
    world.changed_by_hand("INSERT INTO super_user (tenant, principal, reason, granted_by, expires_at) VALUES "
                          f"('{world.m.id}', 'group:was@litware.com', 'x', 'x', now() - interval '1 second')")
    is_done(world, lambda: directory(world, "AddMembers", group="was@litware.com", members=["mallory@litware.com"]))
    assert not opens(world, "mallory@litware.com")


@pytest.mark.parametrize("group", ["power", "inner"])
def test_member_was_added_to_a_group_with_power(world, group):
    def add():
        return directory(world, "AddMembers", group=f"{group}@litware.com", members=["mallory@litware.com"])

    assert waits(world, add) == {"lets_in": {"mallory@litware.com"}}
    answer = add()
    assert not opens(world, "mallory@litware.com")
    approve(world, answer)
    assert opens(world, "mallory@litware.com")
    is_done(world, add)  # they are a member already
    is_done(world, lambda: directory(world, "RemoveMembers", group=f"{group}@litware.com",
                                     members=["mallory@litware.com"]))
    assert not opens(world, "mallory@litware.com")


def test_group_was_put_under_one_with_power(world):
    is_done(world, lambda: put(world, "Group", "desk@litware.com", external_id="id-desk"))
    is_done(world, lambda: directory(world, "AddMembers", group="desk@litware.com",
                                     members=["mallory@litware.com", "amy@litware.com"]))
    answer = directory(world, "AddMembers", group="inner@litware.com", members=["desk@litware.com"])
    assert read(world, answer) == {"lets_in": {"desk@litware.com", "id-desk", "mallory@litware.com", "amy@litware.com"}}
    # Who comes in while it waits was not read.
    is_done(world, lambda: directory(world, "AddMembers", group="desk@litware.com", members=["late@litware.com"]))
    assert reason(approve, world, answer) == "PRECONDITION_FAILED"
    is_done(world, lambda: directory(world, "RemoveMembers", group="desk@litware.com", members=["late@litware.com"]))
    approve(world, answer)
    assert opens(world, "mallory@litware.com")
    waits(world, lambda: directory(world, "AddMembers", group="desk@litware.com", members=["late@litware.com"]))
    is_done(world, lambda: directory(world, "DeleteGroup", address="desk@litware.com"))
    assert not opens(world, "mallory@litware.com")


def test_group_came_to_power_by_its_address(world):
    """`nobody@` is granted power and is no group yet; `ghost@` is a member of one that holds power, and nobody's address."""
    approve(world, directory(world, "AddMembers", group="power@litware.com", members=["ghost@litware.com"]))
    is_done(world, lambda: put(world, "Group", "gang@litware.com", external_id="id-gang"))
    is_done(world, lambda: directory(world, "AddMembers", group="gang@litware.com", members=["mallory@litware.com"]))
    for address in ("nobody@litware.com", "ghost@litware.com"):
        found = waits(world, lambda at=address: put(world, "Group", "gang@litware.com", at, external_id="id-gang"))
        assert found == {"group.aliases": {address},
                         "lets_in": {"gang@litware.com", "id-gang", "mallory@litware.com", address}}
        waits(world, lambda at=address: put(world, "Group", at, previous="gang@litware.com", external_id="id-gang"))
        waits(world, lambda at=address: put(world, "Group", at))
    is_done(world, lambda: directory(world, "DeleteGroup", address="gang@litware.com"))
    assert not opens(world, "mallory@litware.com")


def test_tokens_came_to_name_a_group_with_power(world):
    """Everybody's tokens name `everyone@` and `id-everyone`."""
    claims = {"groups": ["everyone@litware.com", "id-everyone"]}
    for group in ("power", "inner"):
        address = f"{group}@litware.com"
        for more in ({"external_id": "id-everyone"}, {"external_id": f"id-{group}", "aliases": ["everyone@litware.com"]}):
            assert waits(world, lambda at=address, m=more: put(world, "Group", at, *m.get("aliases", []),
                                                              external_id=m["external_id"]))
        assert not opens(world, "mallory@litware.com", **claims)
    is_done(world, lambda: put(world, "Group", "power@litware.com", external_id="id-power"))
    is_done(world, lambda: put(world, "Group", "outer@litware.com", "everyone@litware.com", external_id="id-everyone"))
    assert not opens(world, "mallory@litware.com", **claims)
    is_done(world, lambda: put(world, "Group", "outer@litware.com", external_id="id-outer"))
    approve(world, put(world, "Group", "power@litware.com", "everyone@litware.com", external_id="id-power"))
    assert opens(world, "mallory@litware.com", **claims)
    is_done(world, lambda: put(world, "Group", "power@litware.com", external_id="id-power"))


def test_group_that_waited_for_power_got_an_external_id(world):
    """The approver had read who was in the group, and not whose tokens name it."""
    asked = world.call("TenantService/GrantSuperUser", super_user("group:plain@litware.com"), world.one)
    assert "id-plain" in read(world, asked)["principal.members"]
    is_done(world, lambda: put(world, "Group", "plain@litware.com", external_id="id-everyone"))
    assert reason(approve, world, asked) == "PRECONDITION_FAILED"
    reject(world, asked)
    is_done(world, lambda: put(world, "Group", "plain@litware.com", external_id="id-plain"))


def test_guest_who_was_named_by_power_became_a_member(world):
    """In person, and as a member of a group; by being put as one, renamed away, or forgotten."""
    assert not opens(world, "gus@litware.com") and not opens(world, "greta@litware.com")
    assert waits(world, lambda: put(world, "User", "gus@litware.com"))["user.guest"] == {"false"}
    waits(world, lambda: directory(world, "DeleteUser", address="gus@litware.com"))
    waits(world, lambda: put(world, "User", "gustav@litware.com", previous="gus@litware.com", guest=True))
    assert waits(world, lambda: put(world, "User", "greta@litware.com"))["lets_in"] == {"greta@litware.com"}
    is_done(world, lambda: put(world, "User", "gus@litware.com", guest=True, display_name="G"))
    approve(world, put(world, "User", "greta@litware.com"))
    assert opens(world, "greta@litware.com")
    is_done(world, lambda: put(world, "User", "greta@litware.com", guest=True))
    assert not opens(world, "greta@litware.com") and not opens(world, "gus@litware.com")


def test_membership_followed_to_an_address_without_the_second_person(world):
    """A member of a group with power whose entry gets another address: that one comes to power."""
    is_done(world, lambda: put(world, "User", "ola@litware.com"))
    approve(world, directory(world, "AddMembers", group="inner@litware.com", members=["ola@litware.com"]))
    waits(world, lambda: put(world, "User", "olga@litware.com", previous="ola@litware.com"))
    is_done(world, lambda: directory(world, "DeleteUser", address="ola@litware.com"))
    is_done(world, lambda: put(world, "User", "olga@litware.com"))
    assert not opens(world, "olga@litware.com") and not opens(world, "ola@litware.com")


def test_membership_by_a_lost_address_came_to_count_again(world):
    """A membership under an address of a domain that the tenant has given up counts no more. Moving it to the person's other
    address makes it count."""
    world.changed_by_hand("INSERT INTO tenant_domain (tenant, domain, verified, proof) VALUES "
                          f"('{world.m.id}', 'old-litware.com', true, '')")
    approve(world, put(world, "User", "lou@old-litware.com", "lou@litware.com"))
    approve(world, directory(world, "AddMembers", group="inner@litware.com", members=["lou@old-litware.com"]))
    assert opens(world, "lou@litware.com")
    world.changed_by_hand("UPDATE tenant_domain SET verified = false WHERE domain = 'old-litware.com'")
    assert not opens(world, "lou@litware.com")
    waits(world, lambda: put(world, "User", "lou@litware.com", previous="lou@old-litware.com"))
    is_done(world, lambda: directory(world, "DeleteUser", address="lou@old-litware.com"))


def test_exclusion_was_lifted_by_the_directory(world):
    """Who is excluded by one of their addresses is excluded by all: until the directory no longer says that they are one."""
    approve(world, put(world, "User", "xena@litware.com", "xe@litware.com"))
    world.call("TenantService/AddExclusion", {"user": "xe@litware.com"}, world.one)
    made = world.protect(token=world.m.token("owner"), recipients=["xena@litware.com"])
    assert reason(world.acquire, made, world.m.token("xena")) == "EXCLUDED"
    waits(world, lambda: put(world, "User", "xena@litware.com"))
    waits(world, lambda: directory(world, "DeleteUser", address="xena@litware.com"))
    approve(world, put(world, "User", "xena@litware.com"))
    assert opens(world, "xena@litware.com", made)
    is_done(world, lambda: directory(world, "DeleteUser", address="xena@litware.com"))


# --- imports --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_, place", [
    (part(["ok@litware.com"], ["mallory@litware.com", "tess2@litware.com"]), "users[1]"),
    (part(["two@litware.com", "names@litware.com"]), "users[0]"),
    (part(plain=["mallory@litware.com"], inner=["mallory@litware.com"]), "members[1]"),
    (part(["ok@litware.com"], groups=[["ok-group@litware.com"]], power=["ok-group@litware.com"]), "members[0]"),
    (part(["ok@litware.com"], groups=[["ok-group@litware.com"], ["nobody@litware.com"]]), "groups[1]"),
    (part(["ok@litware.com"], groups=[["ok-group@litware.com"], ["power@litware.com", "all@litware.com"]]), "groups[1]"),
    (part(["ok@litware.com"], ["greta@litware.com"]), "users[1]"), (part(["gus@litware.com"]), "users[0]"),
    ({"groups": [{"address": "plain@litware.com"}, {"address": "inner@litware.com", "external_id": "x"}]}, "groups[1]")])
def test_import_let_somebody_in(world, request_, place):
    before = snapshot(world)
    refused = refusal(directory, world, "ImportDirectory", **request_)
    assert (refused.code, refused.reason, refused.fields) == ("FAILED_PRECONDITION", "APPROVAL_REQUIRED", [place])
    assert refused.metadata["address"] and refused.metadata["holder"]
    assert snapshot(world) == before
    event = world.audit(tenant="litware", operation="import_directory")[0]
    assert (event.reason, event.granted) == ("APPROVAL_REQUIRED", False)


def test_import_of_what_gives_nothing_goes_through(world):
    kept = world.sql(f"SELECT count(*) FROM directory_name WHERE tenant = '{world.m.id}' AND entry = 'vera@litware.com'")
    ordinary = part(["i1@litware.com"], ["i2@litware.com"], ["mallory@litware.com"], groups=[["ig@litware.com"]],
                    ig=["i1@litware.com", "i2@litware.com", "power@litware.com"], plain=["ig@litware.com"])
    vera = ["vera@litware.com", "victoria@litware.com"][:int(kept)]
    again = part(vera, ["pat@litware.com"], power=["inner@litware.com"])
    again["groups"] = [{"address": f"{name}@litware.com", "external_id": f"id-{name}"} for name in ("power", "inner")]
    for _ in range(2):
        directory(world, "ImportDirectory", **ordinary)
        directory(world, "ImportDirectory", **again)
    directory(world, "ImportDirectory", **part(["vera@litware.com"]))  # an alias less
    directory(world, "DeleteGroup", address="ig@litware.com")
    # What is required of something else binds no import.
    other = world.tenant("wingtip")
    world.update_tenant(other.admin, two_person=[PARTNER])
    directory(world, "ImportDirectory", other.admin, **{"users": [{
        "address": "a@wingtip.example", "aliases": ["b@wingtip.example"]}]})


def test_command_line_says_where_and_what(world):
    with_certificate(world, "litware-admin", world.one)

    def command(*arguments, **more):
        return run(world, "directory", "litware-admin", *arguments, **more)

    world.a.write("people.csv", b"kind,address,name,aliases or members\nuser,c1@litware.com,C,\n"
                                b"user,c2@litware.com,C,c3@litware.com\ngroup,cg@litware.com,C,c1@litware.com\n")
    refused = command("import", f"{world.a.folder}/people.csv", expect=3).stderr
    assert "APPROVAL_REQUIRED" in refused and "line 3" in refused and "c3@litware.com" in refused
    for arguments in (["put-user", "mallory@litware.com", "--alias", "tess@litware.com"],
                      ["put-group", "power@litware.com", "--alias", "c4@litware.com", "--external-id", "id-power"],
                      ["add-member", "power@litware.com", "mallory@litware.com"],
                      ["delete", "--yes", "user", "gus@litware.com"]):
        told = command(*arguments).stdout
        assert "another admin must approve it" in told and "chancery approval approve" in told
        world.call("ApprovalService/WithdrawRequest", {"approval_id": told.split()[-1]}, world.one)


# --- meanwhile ------------------------------------------------------------------------------------------------------


def test_power_that_was_granted_meanwhile_was_passed_by(world):
    """Between looking whether the group holds power and adding the member, it came to hold some."""
    is_done(world, lambda: put(world, "Group", "soon@litware.com"))
    grants = ("INSERT INTO super_user (tenant, principal, reason, granted_by, expires_at) VALUES ('{}', "
              "'group:soon@litware.com', 'x', 'x', now() + interval '1 hour'); SELECT epoch_raise('{}')").format(world.m.id, world.m.id)
    with meanwhile(world, grants):
        answer = directory(world, "AddMembers", group="soon@litware.com", members=["mallory@litware.com"])
    world.changed_by_hand("DELETE FROM super_user WHERE principal = 'group:soon@litware.com'")
    reject(world, answer)
    assert not directory(world, "ListMembers", group="soon@litware.com").members


def test_requirement_that_began_meanwhile_was_passed_by(world):
    """Between reading the tenant and the act another admin switched the requirement on, and the act did not ask."""
    late = world.tenant("lateshow")
    put(world, "User", "eve@lateshow.example", who=late.admin)
    switch = (f"UPDATE tenant SET approvals = 34, version = version + 1 WHERE tenant = '{late.id}'; "
              f"SELECT epoch_raise('{late.id}')")
    calls = {"PutUser": {"user": {"address": "eve@lateshow.example", "aliases": ["v@lateshow.example"]}},
             "ImportDirectory": {"users": [{"address": "eve@lateshow.example", "aliases": ["v@lateshow.example"]}]}}
    for method, request in calls.items():
        with meanwhile(world, switch):
            if method == "PutUser":
                assert directory(world, method, late.admin, **request).approval_id
            else:
                assert reason(directory, world, method, late.admin, **request) == "APPROVAL_REQUIRED"
        world.changed_by_hand(f"UPDATE tenant SET approvals = 0 WHERE tenant = '{late.id}'")
    assert not directory(world, "GetUser", late.admin, address="eve@lateshow.example").user.aliases


def test_directory_that_changed_meanwhile_is_looked_at_again(world):
    """What was asked for means the same when it is approved, or it is refused."""
    is_done(world, lambda: put(world, "User", "abe@litware.com"))
    answer = put(world, "User", "abe@litware.com", "a1@litware.com", "a2@litware.com")
    assert read(world, answer) == {"user.aliases": {"a1@litware.com", "a2@litware.com"}}
    other = put(world, "User", "abe@litware.com", "a1@litware.com")
    approve(world, other)
    assert reason(approve, world, answer) == "PRECONDITION_FAILED"  # it would change something else by now
    is_done(world, lambda: put(world, "User", "abe@litware.com"))
    approve(world, answer)
    assert list(directory(world, "GetUser", address="a2@litware.com").user.aliases) == ["a1@litware.com", "a2@litware.com"]
    gone = directory(world, "AddMembers", group="inner@litware.com", members=["abe@litware.com"])
    is_done(world, lambda: directory(world, "RemoveMembers", group="power@litware.com", members=["inner@litware.com"]))
    assert reason(approve, world, gone) == "PRECONDITION_FAILED"  # it is no power any more
    approve(world, directory(world, "AddMembers", group="power@litware.com", members=["inner@litware.com"]))


def test_changes_that_wait_for_nobody_got_in_each_others_way(world):
    """Each compared the directory with what it had looked at, so of those at the same time all but one began again."""
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        outcomes = pool.map(lambda n: outcome(put, world, "User", f"side{n}@litware.com"), range(96))
        assert set(outcomes) == {"OK"}


def test_more_came_to_power_than_anybody_can_read(world):
    is_done(world, lambda: put(world, "Group", "crowd@litware.com"))
    crowd = [f"c{n}@litware.com" for n in range(1001)]
    refused = refusal(directory, world, "AddMembers", group="inner@litware.com", members=crowd)
    assert (refused.reason, refused.fields) == ("FIELD_INVALID", ["members"])
    is_done(world, lambda: directory(world, "AddMembers", group="crowd@litware.com", members=crowd))
    assert reason(directory, world, "AddMembers", group="inner@litware.com", members=["crowd@litware.com"]) == "FIELD_INVALID"
    answer = directory(world, "AddMembers", group="inner@litware.com", members=crowd[:1000])
    assert approval(world, answer).changes_left_out == 1000 - 64
    approve(world, answer)
    is_done(world, lambda: directory(world, "RemoveMembers", group="inner@litware.com", members=crowd[:1000]))
