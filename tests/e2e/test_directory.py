# SPDX-License-Identifier: Apache-2.0
"""The tenant's directory: who is a person's other self, who is in which group, and what of that opens content."""
import threading

import pytest

from authority import Issuer
from calls import everywhere, outcome, reason
from calls import refused as refusal
from world import EDIT


def directory(w, method, who=None, **request):
    return w.call(f"DirectoryService/{method}", request, who or w.contoso.admin)


def put_user(w, address, aliases=(), who=None, guest=False, **more):
    return directory(w, "PutUser", who, user={"address": address, "aliases": aliases, "guest": guest}, **more).user


def put_group(w, address, *members, who=None, **more):
    directory(w, "PutGroup", who, group={"address": address, **more})
    if members:
        directory(w, "AddMembers", who, group=address, members=members)
    return address


def protect(w, *principals):
    """Content of contoso, owned by its gateway's sender, for these principals."""
    grants = [{"principals": principals, "rights": [EDIT]}]
    return w.protect(w.gateway, owner="owner@contoso.com", custom={"grants": grants}).publishing_license


def opens(w, license_, address, tenant=None, **claims):
    """Whether a license is had, on every worker."""
    tenant = tenant or (w.contoso if address.endswith("contoso.com") else w.fabrikam)
    return everywhere(w.a, "LicensingService/AcquireLicense", w.license_request(license_), None,
                      tenant.token(address, **claims))


# --- people --------------------------------------------------------------------------------------------------------


def test_an_alias_opens_what_was_sent_to_it(world):
    license_ = protect(world, "user:sales@contoso.com")
    assert opens(world, license_, "ann@contoso.com") == "NO_RIGHTS"
    put_user(world, "ann@contoso.com", ["Sales@contoso.com"])
    assert opens(world, license_, "ann@contoso.com") == "OK"
    put_user(world, "ann@contoso.com")
    assert opens(world, license_, "ann@contoso.com") == "NO_RIGHTS"
    assert opens(world, license_, "sales@contoso.com") == "OK"  # whose address it is, says the token


def test_a_renamed_person_keeps_access_and_groups(world):
    put_user(world, "mia.maier@contoso.com", ["mm@contoso.com"])
    put_group(world, "letters@contoso.com", "mia.maier@contoso.com")
    letter, old = protect(world, "group:letters@contoso.com"), protect(world, "user:mia.maier@contoso.com")
    put_user(world, "mia.huber@contoso.com", ["mia.maier@contoso.com"], previous_address="mia.maier@contoso.com")
    assert opens(world, old, "mia.huber@contoso.com") == "OK"
    assert opens(world, letter, "mia.huber@contoso.com") == "OK"
    assert list(directory(world, "ListMembers", group="letters@contoso.com").members) == ["mia.huber@contoso.com"]
    found = directory(world, "GetUser", address="mia.maier@contoso.com").user
    assert found.address == "mia.huber@contoso.com" and list(found.aliases) == ["mia.maier@contoso.com"]
    missing = refusal(put_user, world, "x@contoso.com", previous_address="nobody@contoso.com")
    assert missing.reason == "NOT_FOUND" and missing.metadata["address"] == "nobody@contoso.com"
    taken = refusal(put_user, world, "owner@contoso.com", ["mia.maier@contoso.com"])
    assert taken.metadata["holder"] == "mia.huber@contoso.com"


def test_an_address_belongs_to_one_entry(world):
    put_user(world, "one@contoso.com", ["uno@contoso.com"])
    put_group(world, "both@contoso.com", external_id="id-both")
    for call in (lambda: put_user(world, "two@contoso.com", ["uno@contoso.com"]),
                 lambda: put_user(world, "uno@contoso.com"), lambda: put_group(world, "uno@contoso.com"),
                 lambda: put_group(world, "one@contoso.com")):
        taken = refusal(call)
        assert (taken.code, taken.reason) == ("ALREADY_EXISTS", "ALREADY_EXISTS")
        assert taken.metadata["holder"] == "one@contoso.com" and taken.metadata["address"]
    taken = refusal(put_group, world, "other@contoso.com", external_id="id-both")
    assert taken.metadata["external_id"] == "id-both" and taken.metadata["holder"] == "both@contoso.com"
    put_user(world, "one@contoso.com")
    put_user(world, "two@contoso.com", ["uno@contoso.com"])


def test_a_guest_is_no_member(world):
    license_ = protect(world, "tenant:contoso")
    assert opens(world, license_, "gus@contoso.com") == "OK"  # not in the directory: an ordinary member
    put_user(world, "gus@contoso.com", guest=True)
    assert opens(world, license_, "gus@contoso.com") == "NO_RIGHTS"
    put_group(world, "guests@contoso.com", "gus@contoso.com")
    assert opens(world, protect(world, "group:guests@contoso.com"), "gus@contoso.com") == "OK"
    token = world.contoso.token("gus")
    assert reason(world.protect, token=token) == "PROTECT_DENIED"
    put_user(world, "gus@contoso.com")
    assert opens(world, license_, "gus@contoso.com") == "OK"
    world.protect(token=token)


def test_what_is_refused(world):
    bad = [("PutUser", {"user": {"address": "bob@fabrikam.com"}}, "user.address"),
           ("PutUser", {"user": {"address": "bob"}}, "user.address"), ("PutUser", {}, "user"),
           ("PutUser", {"user": {"address": "z@contoso.com", "aliases": ["z@fabrikam.com"]}}, "user.aliases"),
           ("PutUser", {"user": {"address": "z@contoso.com", "aliases": [f"z{i}@contoso.com" for i in range(101)]}},
            "user.aliases"),
           ("PutUser", {"user": {"address": "z@fabrikam.com", "aliases": ["z@contoso.com"], "guest": True}},
            "user.aliases"),
           ("PutUser", {"user": {"address": "z@contoso.com", "display_name": "n" * 129}}, "user.display_name"),
           ("PutGroup", {"group": {"address": "g@fabrikam.com"}}, "group.address"),
           ("PutGroup", {"group": {"address": "g@contoso.com", "external_id": "x" * 129}}, "group.external_id"),
           ("AddMembers", {"group": "guests@contoso.com"}, "members"), ("AddMembers", {"members": ["a@b.cd"]}, "group"),
           ("AddMembers", {"group": "g@contoso.com", "members": ["a@b.cd"] * 10001}, "members"),
           ("RemoveMembers", {"group": "g@contoso.com", "members": ["@"]}, "members"),
           ("ImportDirectory", {}, "users"),
           ("ImportDirectory", {"users": [{"address": "z@contoso.com"}] * 10001}, "users"),
           ("ImportDirectory", {"users": [{"address": "z@contoso.com"}, {"address": "z@fabrikam.com"}]},
            "users[1].address"),
           ("ImportDirectory", {"users": [{"address": "z@contoso.com"}] * 2}, "users"),
           ("ImportDirectory", {"groups": [{"address": "z@contoso.com"}], "import_id": "7"}, "import_id"),
           ("ListUsers", {"page_size": -1}, "page_size"), ("ResolvePrincipal", {"principal": "crowd:x"}, "principal")]
    for method, request, field in bad:
        caught = refusal(directory, world, method, **request)
        assert (caught.reason, caught.fields) == ("FIELD_INVALID", [field]), (method, request)
    assert reason(directory, world, "ListUsers", page_token="nonsense") == "PAGE_TOKEN_INVALID"
    for method, request in (("GetUser", {"address": "z@contoso.com"}), ("DeleteUser", {"address": "z@contoso.com"}),
                            ("GetGroup", {"address": "z@contoso.com"}), ("DeleteGroup", {"address": "z@contoso.com"}),
                            ("ListMembers", {"group": "z@contoso.com"}),
                            ("AddMembers", {"group": "z@contoso.com", "members": ["a@b.cd"]}),
                            ("RemoveMembers", {"group": "z@contoso.com", "members": ["a@b.cd"]})):
        assert reason(directory, world, method, **request) == "NOT_FOUND", method


def test_a_tenants_directory_is_its_own(world):
    for method, request in (("ListUsers", {}), ("PutUser", {"user": {"address": "x@contoso.com"}}),
                            ("DeleteUser", {"address": "ann@contoso.com"}),
                            ("AddMembers", {"group": "guests@contoso.com", "members": ["eve@fabrikam.com"]}),
                            ("ResolvePrincipal", {"principal": "group:guests@contoso.com"})):
        assert reason(directory, world, method, world.fabrikam.admin, tenant="contoso", **request) == "COMPONENT_TENANT"
    assert not directory(world, "ListUsers", world.fabrikam.admin).users
    assert reason(directory, world, "ListUsers", world.gateway) == "COMPONENT_ROLE"
    assert reason(directory, world, "ListUsers", world.platform_admin, tenant="contoso") == "COMPONENT_ROLE"
    assert directory(world, "ListUsers", tenant="contoso").users
    event = world.audit(tenant="contoso", operation="put_user")[0]
    assert event.component == "contoso-admin" and event.target == "gus@contoso.com"


# --- groups --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 2, 5, 20])
def test_nested_groups_grant_until_the_chain_is_cut(world, depth):
    name = world.unique(f"deep{depth}-")
    chain = [put_group(world, f"{name}-{i}@contoso.com") for i in range(depth)]
    for outer, inner in zip(chain, chain[1:] + ["nora@contoso.com"]):
        directory(world, "AddMembers", group=outer, members=[inner])
    license_ = protect(world, f"group:{chain[0]}")
    assert opens(world, license_, "nora@contoso.com") == "OK"
    assert opens(world, license_, "other@contoso.com") == "NO_RIGHTS"
    middle = depth // 2
    cut = chain[middle + 1] if middle + 1 < depth else "nora@contoso.com"
    assert directory(world, "RemoveMembers", group=chain[middle], members=[cut, "z@contoso.com"]).changed == 1
    assert opens(world, license_, "nora@contoso.com") == "NO_RIGHTS"
    directory(world, "AddMembers", group=chain[middle], members=[cut])
    assert opens(world, license_, "nora@contoso.com") == "OK"
    directory(world, "DeleteGroup", address=chain[0])
    assert opens(world, license_, "nora@contoso.com") == "NO_RIGHTS"


def test_members_by_alias_and_after_deletion(world):
    put_user(world, "pat@contoso.com", ["patricia@contoso.com"])
    group = put_group(world, "aliased@contoso.com", "patricia@contoso.com")
    license_ = protect(world, f"group:{group}")
    assert opens(world, license_, "pat@contoso.com") == "OK"
    directory(world, "DeleteUser", address="pat@contoso.com")
    assert opens(world, license_, "patricia@contoso.com") == "NO_RIGHTS"  # who gets the address inherits nothing
    assert not directory(world, "ListMembers", group=group).members


def test_groups_of_a_token_reach_further_groups(world):
    token_group = put_group(world, "staff@contoso.com", external_id="b2d4a7d2-6a0e-4d53-9f6e-1f0f3a6c1d11")
    outer = put_group(world, "everybody@contoso.com", token_group)
    world.sql("UPDATE issuer SET claim_groups = 'groups' WHERE iss = 'https://idp.contoso.com';"
                         "SELECT epoch_raise(tenant) FROM tenant WHERE name = 'contoso'")
    license_ = protect(world, f"group:{outer}")
    assert opens(world, license_, "tom@contoso.com") == "NO_RIGHTS"
    assert opens(world, license_, "tom@contoso.com", groups=["staff@contoso.com"]) == "OK"
    assert opens(world, license_, "tom@contoso.com", groups=["staff@fabrikam.com"]) == "NO_RIGHTS"
    # A claim that names a person's address brings nobody into that person's groups.
    put_user(world, "ceo@contoso.com")
    directory(world, "AddMembers", group=outer, members=["ceo@contoso.com"])
    assert opens(world, license_, "tom@contoso.com", groups=["ceo@contoso.com"]) == "NO_RIGHTS"


def test_no_group_is_in_itself(world):
    a, b, c = (put_group(world, f"ring-{x}@contoso.com") for x in "abc")
    directory(world, "AddMembers", group=a, members=[b])
    directory(world, "AddMembers", group=b, members=[c])
    for group, member in ((c, a), (b, a), (c, b), (a, a)):
        refused = refusal(directory, world, "AddMembers", group=group, members=["x@contoso.com", member])
        assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "GROUP_CYCLE")
        assert refused.metadata["group"] == group
    assert list(directory(world, "ListMembers", group=c).members) == []  # nothing of it was done
    ring = {"groups": [{"address": "r1@contoso.com"}, {"address": "r2@contoso.com"}],
            "members": [{"group": "r1@contoso.com", "members": ["r2@contoso.com"]},
                        {"group": "r2@contoso.com", "members": ["r1@contoso.com"]}]}
    assert reason(directory, world, "ImportDirectory", **ring) == "GROUP_CYCLE"
    assert reason(directory, world, "GetGroup", address="r1@contoso.com") == "NOT_FOUND"


def test_two_admins_at_once_make_no_circle(world):
    """Of two changes that would together make a circle, one at most is done, whatever their order."""
    second = world.contoso.second_admin
    for turn in range(15):
        one, other = (put_group(world, f"race-{turn}-{x}@contoso.com") for x in "ab")
        outcomes, start = [], threading.Barrier(2)

        def add(who, group, member, outcomes=outcomes, start=start):
            start.wait()
            outcomes.append(outcome(directory, world, "AddMembers", who, group=group, members=[member]))

        threads = [threading.Thread(target=add, args=(world.contoso.admin, one, other)),
                   threading.Thread(target=add, args=(second, other, one))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["GROUP_CYCLE", "OK"]


# --- readers from elsewhere ----------------------------------------------------------------------------------------


def test_an_outside_member_of_a_group_opens(world):
    group = put_group(world, "partners@contoso.com", "bob@fabrikam.com")
    outer = put_group(world, "all-partners@contoso.com", group)
    license_ = protect(world, f"group:{outer}")
    assert opens(world, license_, "bob@fabrikam.com") == "OK"
    assert opens(world, license_, "eve@fabrikam.com") == "NO_RIGHTS"
    directory(world, "RemoveMembers", group=group, members=["bob@fabrikam.com"])
    assert opens(world, license_, "bob@fabrikam.com") == "NO_RIGHTS"
    # A guest of the directory comes in by his own tenant, and is a guest there no more than before.
    put_user(world, "bob@fabrikam.com", guest=True)
    directory(world, "AddMembers", group=group, members=["bob@fabrikam.com"])
    assert opens(world, license_, "bob@fabrikam.com") == "OK"
    assert opens(world, protect(world, "tenant:fabrikam"), "bob@fabrikam.com") == "OK"
    assert opens(world, protect(world, "tenant:contoso"), "bob@fabrikam.com") == "NO_RIGHTS"


def test_a_reader_of_no_tenant_may_be_in_a_group(world):
    """By the portal, as the boundary's rule wants it for everybody from outside."""
    google = Issuer("https://accounts.example")
    world.a.issuer(google, 3, boundary="commercial", domains=["mail.example"])
    group = put_group(world, "customers@contoso.com", "cleo@mail.example")
    made = protect(world, f"group:{group}")
    got = world.acquire(made, who=world.portal, user_token=google.token("cleo@mail.example"))
    assert got.channel == 2 and EDIT in got.rights
    token = google.token("eve@mail.example")
    assert reason(world.acquire, made, who=world.portal, user_token=token) == "NO_RIGHTS"


def test_a_group_of_another_tenant_is_another_group(world):
    license_ = protect(world, "group:legal@contoso.com")
    put_group(world, "legal@fabrikam.com", "kim@fabrikam.com", who=world.fabrikam.admin)
    assert opens(world, license_, "kim@fabrikam.com") == "NO_RIGHTS"
    assert opens(world, protect(world, "group:legal@fabrikam.com"), "kim@fabrikam.com") == "OK"
    # Fabrikam's directory can't say who is in a group of Contoso.
    tenant = "(SELECT tenant FROM tenant WHERE name = 'fabrikam')"
    world.sql(f"SELECT directory_put({tenant}, '', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', "
                         "'{legal@contoso.com}', '{L}', '{\"\"}', '{legal@contoso.com}', '{kim@fabrikam.com}')")
    assert opens(world, license_, "kim@fabrikam.com") == "NO_RIGHTS"


def test_addresses_in_a_lost_domain_count_no_more(world):
    for step in ({"domain": "contoso.net"}, {"domain": "contoso.net", "asserted": True}):
        method = "VerifyDomain" if "asserted" in step else "AddDomain"
        world.call(f"TenantService/{method}", {"tenant": "contoso", **step}, world.platform_admin)
    put_user(world, "zoe@contoso.com", ["zoe@contoso.net"])
    inner = put_group(world, "inner@contoso.net", "zoe@contoso.com")
    outer = put_group(world, "outer@contoso.com", inner)
    by_alias = put_group(world, "by-alias@contoso.com", "zoe@contoso.net")
    licenses = [protect(world, principal) for principal in
                ("user:zoe@contoso.net", f"group:{inner}", f"group:{outer}", f"group:{by_alias}", "domain:contoso.net")]
    assert [opens(world, license_, "zoe@contoso.com") for license_ in licenses] == ["OK"] * 5
    world.call("TenantService/RemoveDomain", {"tenant": "contoso", "domain": "contoso.net"}, world.platform_admin)
    assert [opens(world, license_, "zoe@contoso.com") for license_ in licenses] == ["NO_RIGHTS"] * 5
    # Another tenant gets the domain: its people are not those of the old directory.
    for step in ({"domain": "contoso.net"}, {"domain": "contoso.net", "asserted": True}):
        method = "VerifyDomain" if "asserted" in step else "AddDomain"
        world.call(f"TenantService/{method}", {"tenant": "fabrikam", **step}, world.platform_admin)
    stranger = world.fabrikam
    assert opens(world, licenses[3], "zoe@contoso.net", stranger) == "NO_RIGHTS"
    assert opens(world, licenses[2], "zoe@contoso.net", stranger) == "NO_RIGHTS"
    assert opens(world, licenses[0], "zoe@contoso.net", stranger) == "OK"  # the address itself was named


def test_a_directory_out_of_sight_leaves_nobody_a_member(world):
    """As row-level security would have it on a node of another boundary."""
    license_ = protect(world, "tenant:fabrikam")
    put_user(world, "lea@fabrikam.com", who=world.fabrikam.admin)
    assert opens(world, license_, "lea@fabrikam.com") == "OK"
    world.sql("CREATE POLICY sight ON directory AS RESTRICTIVE USING "
                         "(tenant <> (SELECT tenant FROM tenant WHERE name = 'fabrikam'));"
                         "SELECT epoch_raise(directory_scope(tenant)) FROM tenant")
    try:
        assert opens(world, license_, "lea@fabrikam.com") == "NO_RIGHTS"
        assert opens(world, protect(world, "user:lea@fabrikam.com"), "lea@fabrikam.com") == "OK"
    finally:
        world.sql("DROP POLICY sight ON directory;"
                             "SELECT epoch_raise(directory_scope(tenant)) FROM tenant")
    assert opens(world, license_, "lea@fabrikam.com") == "OK"


# --- who is whose guest, and in whose groups -----------------------------------------------------------------------


def test_who_is_a_guest_by_one_address_is_one(world):
    """Of two addresses that a token proves, one is a guest's: the person is no member by the other."""
    world.changed_by_hand("UPDATE issuer SET claim_aliases = '{aliases}'")
    put_user(world, "visitor@contoso.com", guest=True)
    put_user(world, "worker@contoso.com")
    license_ = protect(world, "tenant:contoso")
    for first, second in (("visitor", "worker"), ("worker", "visitor")):
        aliases = [f"{second}@contoso.com"]
        assert opens(world, license_, f"{first}@contoso.com", aliases=aliases) == "NO_RIGHTS"
        assert outcome(world.protect, token=world.contoso.token(first, aliases=aliases)) == "PROTECT_DENIED"
    assert opens(world, license_, "worker@contoso.com") == "OK"


def test_guests_of_others_are_members_at_home(world):
    """Whom another tenant's directory calls a guest is none elsewhere, and no component of that tenant asks for them."""
    put_user(world, "carol@contoso.com", guest=True, who=world.fabrikam.admin)
    put_user(world, "carol@contoso.com", guest=True, who=world.agency.admin)
    assert opens(world, protect(world, "tenant:contoso"), "carol@contoso.com") == "OK"
    world.protect(token=world.carol)
    for tenant, channel in ((world.contoso, 1), (world.fabrikam, 1), (world.agency, 2)):
        asked = {"sender": f"x@{tenant.domain}", "recipients": ["carol@contoso.com"]}
        assert world.call("DeliveryService/DecideDelivery", asked, tenant.gateway).deliveries[0].channel == channel
    made = world.protect(recipients=["carol@contoso.com"])
    assert reason(world.acquire, made, who=world.fabrikam.gateway, user_token=world.carol) == "COMPONENT_TENANT"
    for tenant in (world.fabrikam, world.agency):
        directory(world, "DeleteUser", tenant.admin, address="carol@contoso.com")


def test_a_token_names_groups_of_its_own_tenant_only(world):
    """By address, alias or external id, which two tenants may have in common."""
    world.changed_by_hand("UPDATE issuer SET claim_groups = 'groups'")
    put_group(world, "unit@contoso.com", aliases=["unit-x@contoso.com"], external_id="id-unit")
    put_group(world, "unit@fabrikam.com", external_id="id-unit", who=world.fabrikam.admin)
    license_ = protect(world, "group:unit@contoso.com")
    for claimed in ("unit@contoso.com", "unit-x@contoso.com", "id-unit"):
        assert opens(world, license_, "tom@contoso.com", groups=[claimed]) == "OK"
        assert opens(world, license_, "mallory@fabrikam.com", groups=[claimed]) == "NO_RIGHTS"
    assert opens(world, protect(world, "group:unit@fabrikam.com"), "mallory@fabrikam.com", groups=["id-unit"]) == "OK"
    kay = world.google.token("kay@gmail.com", email_verified=True, groups=["unit@contoso.com", "id-unit"])
    assert outcome(world.acquire, license_, who=world.portal, user_token=kay) == "NO_RIGHTS"
