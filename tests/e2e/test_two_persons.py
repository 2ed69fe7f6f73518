# SPDX-License-Identifier: Apache-2.0
"""One admin where two are required: what is split into harmless parts, what counts for nothing while it is changed, and calls at
the very same time. Attacks that were tried, and held."""
import concurrent.futures
import threading
import uuid

import pytest

from authority import Identity, Issuer
from calls import outcome, reason
from proofs import certificate_proof
from stock import super_user
from world import MULTI_TENANT, PRINT, ROLES, VIEW, grant

CONTENT_ACCESS = 1
ROUNDS = 6


@pytest.fixture(scope="module")
def world(world):
    """Litware's tenant requires a second admin. A group holds power, and so does one in a domain that it gives up later."""
    w = world
    m = w.m = w.tenant("litware", domain="litware.com")
    w.one, w.two = m.admin, m.second_admin
    w.call("TenantService/AddDomain", {"domain": "lost.example"}, w.one)
    w.call("TenantService/VerifyDomain", {"tenant": "litware", "domain": "lost.example", "asserted": True}, w.platform_admin)
    for group in ("power@litware.com", "power@lost.example"):
        put_group(w, group)
        w.call("TenantService/GrantSuperUser", super_user(f"group:{group}"), w.one)
    add(w, "power@litware.com", "ghost@litware.com")
    w.secret = w.protect(token=m.token("owner"), recipients=["vera@litware.com"])
    w.owners = w.template(grant("owner", VIEW), who=w.one, expiry={"days": 2}).template_id
    w.update_tenant(w.one, two_person=[CONTENT_ACCESS])
    return w


def directory(w, method, **request):
    return w.call(f"DirectoryService/{method}", request, w.one)


def put_group(w, address, *aliases, **more):
    return directory(w, "PutGroup", group={"address": address, "aliases": aliases, **more})


def add(w, group, *members):
    return directory(w, "AddMembers", group=group, members=members)


def approve(w, answer, who=None):
    assert answer.approval_id
    w.call("ApprovalService/ApproveRequest", {"approval_id": answer.approval_id}, who or w.two)


def waits(w, answer):
    assert answer.approval_id, answer
    w.call("ApprovalService/RejectRequest", {"approval_id": answer.approval_id}, w.two)


def opens(w, address, **more):
    return outcome(w.acquire, w.secret, w.m.token(address), **more) == "OK"


def update_issuer(w, issuer_id, who=None, **fields):
    return w.call("IssuerService/UpdateIssuer", {"issuer": {"issuer_id": issuer_id, **fields},
                                                 "update_mask": {"paths": list(fields)}}, who or w.one)


def new_issuer(w, iss):
    issuer = Issuer(iss)
    approve(w, w.call("IssuerService/CreateIssuer", {"issuer": {
        "kind": 1, "tenant": "litware", "issuer": iss, "audiences": [issuer.audience], "algorithms": ["ES256"],
        "jwks_json": issuer.jwks()}}, w.one))
    return w.sql(f"SELECT issuer FROM issuer WHERE iss = '{iss}'")


def at_once(*calls):
    """The answers, or None of those that were refused."""
    begin = threading.Barrier(len(calls))

    def run(call):
        begin.wait()
        answers = []
        outcome(lambda: answers.append(call()))
        return answers[0] if answers else None

    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


# --- what counts for nothing while it is changed --------------------------------------------------------------------


def test_what_counts_for_nothing_in_a_lost_domain_waits_all_the_same(world):
    """It would count again with the domain, whose approver reads nothing of it."""
    issuer_id = new_issuer(world, "https://idp.lost.example")
    world.changed_by_hand("UPDATE tenant_domain SET verified = false WHERE domain = 'lost.example'")
    try:
        waits(world, add(world, "power@lost.example", "mallory@litware.com"))
        for change in ({"jwks_json": Issuer("x").jwks()}, {"claims": {"aliases": ["q"]}}, {"audiences": ["mine"]}):
            waits(world, update_issuer(world, issuer_id, **change))
        assert reason(directory, world, "PutUser", user={
            "address": "mallory@litware.com", "aliases": ["vera@lost.example"]}) == "FIELD_INVALID"
    finally:
        world.changed_by_hand("UPDATE tenant_domain SET verified = true WHERE domain = 'lost.example'")
    assert not opens(world, "mallory@litware.com")


def test_what_an_exact_issuer_keeps_silent_may_be_switched_off_meanwhile(world):
    template = world.call("IssuerService/CreateIssuer", {"issuer": {
        "kind": MULTI_TENANT, "boundary": "commercial", "issuer": "https://login.example/{tenantid}/v2.0",
        "audiences": ["x"], "algorithms": ["ES256"], "jwks_json": world.m.issuer.jwks()}},
        world.platform_admin).issuer.issuer_id
    value = str(uuid.uuid4())
    approve(world, world.call("IssuerService/MapTenant", {"issuer_id": template, "value": value, "tenant": "litware"},
                              world.platform_admin))
    exact = new_issuer(world, f"https://login.example/{value}/v2.0")
    update_issuer(world, template, world.platform_admin, disabled=True)
    for who in (world.one, world.platform_admin):
        waits(world, world.call("IssuerService/DeleteIssuer", {"issuer_id": exact, "tenant": "litware"}, who))


def test_templates_and_licenses_last_longer_by_two_only(world):
    """Of a template for its owner too: amendments grant something to others. Of an archived one too."""
    def change(**fields):
        return world.call("TemplateService/UpdateTemplate", {
            "template": {"template_id": world.owners, **fields}, "update_mask": {"paths": list(fields) or ["expiry"]}}, world.one)

    world.call("TemplateService/ArchiveTemplate", {"template_id": world.owners}, world.one)
    for fields in ({"expiry": {"days": 3}}, {}, {"grants": [grant("recipients", VIEW)]}):
        waits(world, change(**fields))
    assert world.update_tenant(world.one, license_cap_days=0).HasField("tenant")  # the shortest, not the longest
    for days in (1, 30):
        waits(world, world.update_tenant(world.one, license_cap_days=days))


def test_amendment_goes_back_by_two_only(world):
    made = world.protect(token=world.m.token("owner"), recipients=["vera@litware.com"])

    def amend(**change):
        return world.call("PublishingService/AmendPolicy", {"content_id": made.content_id, **change}, world.one)

    wide, narrow = grant("user:mallory@litware.com", VIEW, PRINT), grant("user:mallory@litware.com", VIEW)
    approve(world, amend(set_grants=[wide]))
    assert amend(set_grants=[narrow]).version == 2
    waits(world, amend(set_grants=[wide]))
    assert amend(remove_principals=["group:mallory@litware.com", "user:mallory@litware.com"]).version == 3
    for again in ({"set_grants": [narrow]}, {"add_recipients": ["mallory@litware.com"]}):
        waits(world, amend(**again))


# --- at the very same time ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["member", "import", "ghost", "chain"])
def test_nobody_slips_into_a_group_while_it_comes_to_power(world, kind):
    """Either the approver has read who is in it, or the act waits."""
    for number in range(ROUNDS):
        group, inner, mallory = (f"{name}-{kind}{number}@litware.com" for name in ("g", "i", "m"))
        joins = {"group": group, "members": [mallory]}
        if kind != "ghost":  # who is a person as far as anybody knows
            put_group(world, group)
        put_group(world, inner)
        asked = add(world, "power@litware.com", group)
        others = {"member": [lambda: add(world, group, mallory)],
                  "import": [lambda: directory(world, "ImportDirectory", users=[{"address": mallory}], members=[joins])],
                  "ghost": [lambda: directory(world, "ImportDirectory", groups=[{"address": group}], members=[joins])],
                  "chain": [lambda: add(world, group, inner), lambda: add(world, inner, mallory)]}[kind]
        at_once(lambda: approve(world, asked), *others)  # pylint: disable=cell-var-from-loop
        assert not opens(world, mallory)
        for waiting in world.call("ApprovalService/ListApprovals", {}, world.two).approvals:
            waits(world, waiting)


def test_a_certificate_is_not_exchanged_while_its_component_comes_to_power(world):
    for number in range(ROUNDS):
        name, true, mine = f"bot{number}", Identity(f"bot{number}"), Identity(f"mine{number}")
        bot = world.call("ComponentService/CreateComponent", {
            "component": {"name": name, "role": ROLES["decryptor"]}, "proofs": [certificate_proof(true, "litware", name)]},
            world.one).component.component_id
        asked = world.call("TenantService/GrantSuperUser", super_user(bot), world.one)
        change = {"component": {"component_id": bot, "certificate_sha256": [mine.fingerprint]},
                  "update_mask": {"paths": ["certificate_sha256"]}, "proofs": [certificate_proof(mine, "litware", name)]}
        at_once(lambda: approve(world, asked),
                lambda: world.call("ComponentService/UpdateComponent", change, world.one))
        assert outcome(world.acquire, world.secret, who=mine) != "OK"
        for waiting in world.call("ApprovalService/ListApprovals", {}, world.two).approvals:
            waits(world, waiting)


def test_limits_hold_among_approvals(world):
    """Power that has ended and is switched on again counts as one more."""
    tenant = world.tenant()
    second = tenant.second_admin
    world.update_tenant(tenant.admin, two_person=[CONTENT_ACCESS])
    grants = "INSERT INTO super_user (tenant, principal, reason, granted_by, expires_at) SELECT '{}', 'user:{}' || n || '@{}', " \
             "'x', 'x', now() {} interval '1 hour' FROM generate_series(1, {}) AS n"
    world.changed_by_hand(grants.format(tenant.id, "old", tenant.domain, "-", 6) + "; "
                          + grants.format(tenant.id, "new", tenant.domain, "+", 98))
    asked = [world.call("TenantService/GrantSuperUser", super_user(f"user:old{n}@{tenant.domain}"), tenant.admin)
             for n in range(1, 7)]
    at_once(*[lambda one=one: approve(world, one, second) for one in asked])
    assert len(world.call("TenantService/ListSuperUsers", {}, second).super_users) == 100


def test_passcodes_on_again(world):
    """Switching them off is one admin's; on again, whoever has a recipient's mailbox could read."""
    w = world
    assert not w.update_tenant(w.one, disable_passcodes=True).approval_id
    again = w.update_tenant(w.one, disable_passcodes=False)
    assert w.call("TenantService/GetTenant", {}, w.one).tenant.disable_passcodes
    approve(w, again)
    assert not w.call("TenantService/GetTenant", {}, w.one).tenant.disable_passcodes
