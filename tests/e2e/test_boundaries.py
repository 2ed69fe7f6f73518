# SPDX-License-Identifier: Apache-2.0
"""Who opens what across boundaries: the whole table, told by DecideDelivery and enforced by AcquireLicense; rules, boundaries
that admins make, partner exceptions, suites."""
import base64
import json

import pytest

from authority import Reader
from calls import reason, refused

NATIVE, PORTAL, BLOCK, BUILT_IN = 1, 2, 3, 0
TENANTS = {"contoso": ("commercial", "contoso.com"), "fabrikam": ("commercial", "fabrikam.com"),
           "council": ("gcc", "council.gov"), "county": ("gcc", "county.gov"),
           "agency": ("gcc-high", "agency.us"), "depot": ("gcc-high", "depot.us"),
           "army": ("dod", "army.mil"), "navy": ("dod", "navy.mil")}
OPEN = {"commercial", "gcc"}
SENDERS = ["contoso", "council", "agency", "army"]
READERS = list(TENANTS) + ["external"]


@pytest.fixture(scope="module")
def world(world):
    w = world
    w.portals, w.tenants = {}, {"contoso": w.contoso, "fabrikam": w.fabrikam}
    for name in TENANTS:
        add_tenant(w, name)
    for boundary in ("commercial", "gcc", "gcc-high", "dod"):
        w.portals[boundary] = w.platform_component("portal", f"portal-{boundary}", boundary)
        update(w, boundary, portal_url=f"https://portal.{boundary}.example")
    return w


def add_tenant(w, name):
    if name not in w.tenants:
        w.tenants[name] = w.tenant(name, *TENANTS[name])


def update(w, boundary, who=None, **fields):
    return w.call("BoundaryService/UpdateBoundary", {
        "boundary": {"boundary": boundary, **fields}, "update_mask": {"paths": list(fields)}},
        who or w.platform_admin).boundary


def set_rule(w, content, reader, rule, who=None):
    return w.call("BoundaryService/SetRule", {"rule": {
        "content_boundary": content, "reader_boundary": reader, "rule": rule}}, who or w.platform_admin).rule.rule


def address(tenant):
    return "kim@gmail.com" if tenant == "external" else f"bob@{TENANTS[tenant][1]}"


def token(w, tenant):
    return (w.google.token(address(tenant), email_verified=True) if tenant == "external"
            else w.tenants[tenant].token(address(tenant)))


def sender(tenant):
    return f"alice@{TENANTS[tenant][1]}"


def protect(w, tenant, *readers):
    return w.protect(w.tenants[tenant].gateway, owner=sender(tenant),
                     recipients=[address(reader) for reader in readers]).publishing_license


def decide(w, tenant, *recipients):
    answer = w.call("DeliveryService/DecideDelivery", {"sender": sender(tenant), "recipients": recipients},
                      w.tenants[tenant].gateway).deliveries
    assert [one.recipient for one in answer] == list(recipients)
    return answer


def acquire(w, license_, reader, portal=None):
    if portal:
        return w.acquire(license_, who=w.portals[portal], user_token=token(w, reader))
    return w.acquire(license_, token(w, reader))


def boundary_of(tenant):
    return "external" if tenant == "external" else TENANTS[tenant][0]


def check(w, tenant, reader, delivery, license_=None):
    """What is decided before sending, and what is enforced when it is opened: the same, by every way in."""
    license_ = license_ or protect(w, tenant, reader)
    told, own = decide(w, tenant, address(reader))[0], TENANTS[tenant][0]
    url = f"https://portal.{own}.example"
    if delivery == NATIVE:
        assert (told.channel, told.reason, told.portal_url) == (NATIVE, "OK", "")
        assert acquire(w, license_, reader).channel == NATIVE
    elif delivery == PORTAL:
        assert (told.channel, told.reason, told.portal_url) == (PORTAL, "OK", url)
        error = refused(acquire, w, license_, reader)
        assert (error.code, error.reason, error.metadata["portal_url"]) == ("PERMISSION_DENIED", "PORTAL_REQUIRED", url)
    else:
        assert (told.channel, told.reason, told.portal_url) == (0, "BOUNDARY_BLOCKED", "")
        assert reason(acquire, w, license_, reader) == "BOUNDARY_BLOCKED"
        assert reason(acquire, w, license_, reader, own) == "BOUNDARY_BLOCKED"
        return
    got = acquire(w, license_, reader, own)  # a portal of the content's boundary shows what may be read at all
    claims, _ = w.a.verify(got.use_license, w.reader)
    assert claims["chn"] == "portal" and claims["off"] is False and claims["exp"] - claims["iat"] <= 600
    other = next(name for name in w.portals if name != own)
    assert reason(acquire, w, license_, reader, other) == "PORTAL_REQUIRED"


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("tenant", SENDERS)
def test_the_table(world, tenant, reader):
    pair = {boundary_of(tenant), boundary_of(reader)}
    check(world, tenant, reader, NATIVE if len(pair) == 1 or pair == OPEN else PORTAL)


def test_one_question_for_all_recipients(world):
    readers = [address(reader) for reader in READERS]
    answer = decide(world, "agency", *readers, "not an address", "BOB@Depot.US")
    assert [one.channel for one in answer] == [PORTAL] * 4 + [NATIVE] * 2 + [PORTAL] * 3 + [0, NATIVE]
    assert [one.reason for one in answer][-2:] == ["FIELD_INVALID", "OK"]
    many = decide(world, "contoso", *(f"n{n}@fabrikam.com" if n % 2 else f"n{n}@depot.us" for n in range(1000)))
    assert [one.channel for one in many] == [PORTAL, NATIVE] * 500


def test_only_for_its_own_senders(world):
    call = lambda who, **request: reason(world.call, "DeliveryService/DecideDelivery", {
        "sender": sender("contoso"), "recipients": ["x@fabrikam.com"], **request}, who)
    assert call(world.tenants["agency"].gateway) == "COMPONENT_DOMAIN"
    assert call(world.contoso.gateway, sender="alice@fabrikam.com") == "COMPONENT_DOMAIN"
    assert call(world.portals["commercial"]) == "COMPONENT_ROLE"
    assert call(world.contoso.admin) == "COMPONENT_ROLE"
    for bad in ({"sender": ""}, {"sender": "alice"}, {"recipients": []}, {"recipients": ["a@b.example"] * 1001}):
        assert call(world.contoso.gateway, **bad) == "FIELD_INVALID"
    assert call(None) == "CREDENTIAL_MISSING"


def test_a_platform_gateway_stands_in_its_boundary(world):
    shared = world.platform_component("gateway", sender_domains=["contoso.com", "agency.us"])
    ask = lambda who: world.call("DeliveryService/DecideDelivery", {
        "sender": who, "recipients": ["bob@depot.us"]}, shared).deliveries[0].channel
    assert ask("alice@contoso.com") == PORTAL
    assert reason(ask, "alice@agency.us") == "COMPONENT_TENANT"
    assert reason(ask, "alice@nowhere.example") == "COMPONENT_DOMAIN"
    assert reason(world.protect, shared, owner="alice@agency.us") == "COMPONENT_TENANT"


def test_rules_hold_from_the_next_license_on(world):
    license_ = protect(world, "contoso", "depot")
    for rule in (PORTAL, BLOCK, NATIVE, BLOCK, PORTAL):
        assert set_rule(world, "commercial", "gcc-high", rule) == rule
        for _ in range(4):  # whichever worker answers
            check(world, "contoso", "depot", rule, license_)
    assert set_rule(world, "commercial", "gcc-high", BLOCK) == BLOCK
    assert set_rule(world, "commercial", "gcc-high", BUILT_IN) == PORTAL
    check(world, "contoso", "depot", PORTAL, license_)
    event = world.audit(operation="set_rule")[0]
    assert (event.target, event.component) == ("commercial to gcc-high: built-in", "platform-admin")


def test_rules_are_of_one_direction(world):
    set_rule(world, "gcc-high", "external", BLOCK)
    check(world, "agency", "external", BLOCK)
    check(world, "contoso", "external", PORTAL)
    assert set_rule(world, "gcc-high", "external", BUILT_IN) == PORTAL
    set_rule(world, "commercial", "external", NATIVE)
    check(world, "contoso", "external", NATIVE)
    assert set_rule(world, "commercial", "external", BUILT_IN) == PORTAL
    assert set_rule(world, "gcc", "commercial", PORTAL) == PORTAL
    check(world, "council", "contoso", PORTAL)
    check(world, "contoso", "council", NATIVE)
    assert set_rule(world, "gcc", "commercial", BUILT_IN) == NATIVE


def test_bad_rules(world):
    for content, reader, rule in (("moon", "gcc", 1), ("external", "gcc", 1), ("gcc", "moon", 1), ("gcc", "dod", 4),
                                  ("gcc", "dod", -1)):
        assert reason(set_rule, world, content, reader, rule) == "FIELD_INVALID"
    assert reason(set_rule, world, "gcc", "dod", 1, world.contoso.admin) == "COMPONENT_ROLE"
    assert reason(world.call, "BoundaryService/SetRule", {}, world.platform_admin) == "FIELD_INVALID"


def create(w, name, **more):
    return w.call("BoundaryService/CreateBoundary", {"boundary": {
        "boundary": name, "display_name": name.title(), "suite": 2, **more}}, w.platform_admin).boundary


def test_a_boundary_that_an_admin_makes(world):
    made = create(world, "nordic", portal_url="https://portal.nordic.example",
                  authority_url="https://rms.nordic.example")
    assert (made.boundary, made.suite, made.built_in, made.display_name) == ("nordic", 2, False, "Nordic")
    TENANTS.update(fjord=("nordic", "fjord.no"), skerry=("nordic", "skerry.no"))
    world.portals["nordic"] = world.platform_component("portal", "portal-nordic", "nordic")
    for name in ("fjord", "skerry"):
        add_tenant(world, name)
    check(world, "fjord", "skerry", NATIVE)
    for reader in READERS:
        check(world, "fjord", reader, PORTAL)
    check(world, "contoso", "fjord", PORTAL)
    set_rule(world, "nordic", "commercial", NATIVE)
    check(world, "fjord", "contoso", NATIVE)
    check(world, "contoso", "fjord", PORTAL)
    claims, _ = world.a.verify(acquire(world, protect(world, "fjord", "skerry"), "skerry").use_license, world.reader)
    assert (claims["iss"], claims["bnd"]) == (f"https://rms.nordic.example/tenants/{claims['tid']}", "nordic")


def test_boundaries_are_checked(world):
    for bad in ({"boundary": "external"}, {"boundary": "Nordic"}, {"boundary": ""}, {"suite": 0}, {"suite": 3},
                {"portal_url": "http://x.example"}, {"portal_url": "https://"}, {"authority_url": "https://x y"},
                {"authority_url": "https://" + "x" * 600}, {"authority_url": "https://rms.x.example/"},
                {"authority_url": "https://rms.x.example/?a"}, {"display_name": "x" * 129}):
        request = {"boundary": {"boundary": "fine", "suite": 1, **bad}}
        assert reason(world.call, "BoundaryService/CreateBoundary", request, world.platform_admin) == "FIELD_INVALID"
    assert reason(create, world, "gcc") == "ALREADY_EXISTS"
    assert reason(world.call, "BoundaryService/CreateBoundary", {}, world.platform_admin) == "FIELD_INVALID"
    request = {"boundary": {"boundary": "mine", "suite": 1}}
    assert reason(world.call, "BoundaryService/CreateBoundary", request, world.contoso.admin) == "COMPONENT_ROLE"


def test_there_is_a_limit(world):
    world.sql("INSERT INTO boundary (name, display_name, suite, fips) SELECT 'zz' || n, '', 1, false "
                         "FROM generate_series(1, 100 - (SELECT count(*) FROM boundary)) AS n")
    assert reason(create, world, "onemore") == "LIMIT_EXCEEDED"
    world.sql("DELETE FROM boundary WHERE name LIKE 'zz%'")


def test_boundaries_are_changed(world):
    changed = update(world, "dod", display_name="Defense", authority_url="https://rms.dod.example")
    assert (changed.display_name, changed.portal_url) == ("Defense", "https://portal.dod.example") and changed.built_in
    license_ = protect(world, "army", "navy")
    claims, _ = world.a.verify(acquire(world, license_, "navy").use_license, world.reader)
    assert claims["iss"] == f"https://rms.dod.example/tenants/{claims['tid']}"
    assert reason(update, world, "dod", suite=1) == "PRECONDITION_FAILED"
    assert update(world, "dod", suite=2).suite == 2
    create(world, "empty")
    assert update(world, "empty", suite=1).suite == 1
    assert reason(update, world, "moon", display_name="x") == "NOT_FOUND"
    assert reason(update, world, "dod", portal_url="javascript:alert(1)") == "FIELD_INVALID"
    assert reason(update, world, "dod", world.tenants["army"].admin, display_name="x") == "COMPONENT_ROLE"
    for mask in ([], ["boundary"], ["built_in"]):
        request = {"boundary": {"boundary": "dod"}, "update_mask": {"paths": mask}}
        assert reason(world.call, "BoundaryService/UpdateBoundary", request, world.platform_admin) == "FIELD_INVALID"


def test_boundaries_are_listed(world):
    ask = lambda **request: world.call("BoundaryService/ListBoundaries", request,
                                       world.tenants["agency"].admin)
    whole = ask()
    names = [one.boundary for one in whole.boundaries]
    assert names == sorted(names) and {"commercial", "gcc", "gcc-high", "dod"} <= set(names)
    set_rule(world, "dod", "gcc", BLOCK)
    rules, seen, token_ = [], [], ""
    while True:
        page = ask(page_size=2, page_token=token_)
        assert len(page.boundaries) <= 2
        assert {rule.content_boundary for rule in page.rules} <= {one.boundary for one in page.boundaries}
        seen += [one.boundary for one in page.boundaries]
        rules += [(rule.content_boundary, rule.reader_boundary, rule.rule) for rule in page.rules]
        token_ = page.next_page_token
        if not token_:
            break
    assert seen == names and ("dod", "gcc", BLOCK) in rules
    for name in names:
        one = world.call("BoundaryService/GetBoundary", {"boundary": name}, world.tenants["agency"].admin)
        assert one.boundary == next(other for other in whole.boundaries if other.boundary == name)
        assert [(rule.content_boundary, rule.reader_boundary, rule.rule) for rule in one.rules] == [
            rule for rule in rules if rule[0] == name]
    set_rule(world, "dod", "gcc", BUILT_IN)
    for name, why in (("narnia", "NOT_FOUND"), ("", "FIELD_INVALID")):
        assert reason(world.call, "BoundaryService/GetBoundary", {"boundary": name}, world.tenants["agency"].admin) == why
    for bad in ("x", base64.urlsafe_b64encode(b"x" * 64).decode().rstrip("=")):
        assert reason(ask, page_token=bad) == "PAGE_TOKEN_INVALID"
    assert reason(ask, page_size=-1) == "FIELD_INVALID"


# --- partner exceptions -----------------------------------------------------------------------------------------

def propose(w, tenant, partner, ours=True):
    return w.call("BoundaryService/ProposePartnerException", {"partner": partner, "ours": ours},
                  w.tenants[tenant].admin).exception


def act(w, verb, tenant, exception):
    return w.call(f"BoundaryService/{verb}PartnerException", {"exception_id": exception.exception_id},
                    w.tenants[tenant].admin).exception


def test_an_exception_needs_both_and_ends_by_either(world):
    license_ = protect(world, "agency", "contoso", "fabrikam")
    check(world, "agency", "contoso", PORTAL, license_)
    made = propose(world, "agency", "contoso")
    assert (made.content_tenant, made.reader_tenant) == ("agency", "contoso")
    assert made.content_tenant_consents and not made.reader_tenant_consents and made.create_time.seconds
    check(world, "agency", "contoso", PORTAL, license_)  # off until both consent
    assert reason(act, world, "Accept", "agency", made) == "PRECONDITION_FAILED"  # not for the other side
    assert reason(act, world, "Accept", "fabrikam", made) == "NOT_FOUND"
    accepted = act(world, "Accept", "contoso", made)
    assert accepted.content_tenant_consents and accepted.reader_tenant_consents
    for _ in range(4):
        check(world, "agency", "contoso", NATIVE, license_)
    check(world, "agency", "fabrikam", PORTAL, license_)  # of the same boundary, but no partner
    check(world, "contoso", "agency", PORTAL)  # of one direction
    assert reason(propose, world, "contoso", "agency", False) == "ALREADY_EXISTS"
    assert reason(act, world, "Withdraw", "fabrikam", made) == "NOT_FOUND"
    gone = act(world, "Withdraw", "contoso", made)
    assert not gone.content_tenant_consents and not gone.reader_tenant_consents
    check(world, "agency", "contoso", PORTAL, license_)
    assert reason(act, world, "Accept", "contoso", made) == "NOT_FOUND"
    for tenant, operations in (("agency", ["propose"]), ("contoso", ["accept", "withdraw"])):
        for operation in operations:
            event = world.audit(tenant=tenant, operation=f"{operation}_partner_exception")[-1]
            assert (event.component, event.target) == (f"{tenant}-admin", "content of agency for contoso")


def test_the_reader_may_propose(world):
    made = propose(world, "fabrikam", "agency", ours=False)
    assert (made.content_tenant, made.content_tenant_consents, made.reader_tenant_consents) == ("agency", False, True)
    act(world, "Accept", "agency", made)
    check(world, "agency", "fabrikam", NATIVE)
    act(world, "Withdraw", "agency", made)
    check(world, "agency", "fabrikam", PORTAL)


def test_consent_may_need_a_second_admin(world):
    """Where a tenant wants it, neither to propose nor to accept is enough; to end needs nobody's leave."""
    call = world.call
    agency_second, contoso_second = (world.tenants[tenant].second_admin for tenant in ("agency", "contoso"))
    for tenant in ("agency", "contoso"):
        call("TenantService/UpdateTenant", {"tenant": {"two_person": [4]}, "update_mask": {"paths": ["two_person"]}},
             world.tenants[tenant].admin)
    listed = lambda tenant: call("BoundaryService/ListPartnerExceptions", {},
                                 world.tenants[tenant].admin).exceptions
    asked = call("BoundaryService/ProposePartnerException", {"partner": "contoso", "ours": True},
                 world.tenants["agency"].admin)
    assert asked.approval_id and not asked.HasField("exception") and not listed("agency")
    one = {"approval_id": asked.approval_id}
    assert reason(call, "ApprovalService/ApproveRequest", one,
                  world.tenants["agency"].admin) == "APPROVER_NOT_INDEPENDENT"
    told = call("ApprovalService/GetApproval", one, world.tenants["agency"].admin).approval
    assert told.summary == "Propose a partner exception: content of agency for contoso opens natively"
    call("ApprovalService/ApproveRequest", one, agency_second)
    made = listed("contoso")[0]
    assert made.content_tenant_consents and not made.reader_tenant_consents
    request = {"exception_id": made.exception_id}
    asked = call("BoundaryService/AcceptPartnerException", request, world.contoso.admin)
    assert asked.approval_id and not listed("contoso")[0].reader_tenant_consents
    check(world, "agency", "contoso", PORTAL)
    call("ApprovalService/ApproveRequest", {"approval_id": asked.approval_id}, contoso_second)
    check(world, "agency", "contoso", NATIVE)
    act(world, "Withdraw", "contoso", made)
    check(world, "agency", "contoso", PORTAL)
    # What was asked for while it was open can't be approved when it is gone, or when the rule has changed.
    asked = [call("BoundaryService/ProposePartnerException", {"partner": "contoso", "ours": ours},
                  world.tenants["agency"].admin)
             for ours in (True, False)]
    call("ApprovalService/ApproveRequest", {"approval_id": asked[0].approval_id}, agency_second)
    accept = call("BoundaryService/AcceptPartnerException", {"exception_id": listed("contoso")[0].exception_id},
                  world.contoso.admin)
    act(world, "Withdraw", "agency", listed("agency")[0])
    assert reason(call, "ApprovalService/ApproveRequest", {"approval_id": accept.approval_id},
                  contoso_second) == "PRECONDITION_FAILED"
    set_rule(world, "commercial", "gcc-high", BLOCK)
    assert reason(call, "ApprovalService/ApproveRequest", {"approval_id": asked[1].approval_id},
                  agency_second) == "PRECONDITION_FAILED"
    set_rule(world, "commercial", "gcc-high", BUILT_IN)
    assert not listed("agency")
    for tenant in ("agency", "contoso"):
        world.changed_by_hand(f"UPDATE tenant SET approvals = 0 WHERE name = '{tenant}'")


def test_guests_are_no_partners(world):
    """Whom the partner's directory calls a guest is no member: told before, and enforced."""
    put = lambda address, **more: world.call("DirectoryService/PutUser", {"user": {"address": address, **more}},
                                             world.tenants["county"].admin)
    put("bob@county.gov")
    made = propose(world, "agency", "county")
    act(world, "Accept", "county", made)
    license_ = protect(world, "agency", "county")
    check(world, "agency", "county", NATIVE, license_)
    put("bob@county.gov", guest=True)
    check(world, "agency", "county", PORTAL, license_)
    put("bob@county.gov")
    check(world, "agency", "county", NATIVE, license_)
    act(world, "Withdraw", "county", made)


def test_an_exception_never_lifts_a_block(world):
    made = propose(world, "agency", "contoso")
    act(world, "Accept", "contoso", made)
    license_ = protect(world, "agency", "contoso")
    set_rule(world, "gcc-high", "commercial", BLOCK)
    check(world, "agency", "contoso", BLOCK, license_)
    error = refused(propose, world, "agency", "fabrikam")
    assert (error.reason, error.fields) == ("FIELD_INVALID", ["partner"])
    set_rule(world, "gcc-high", "commercial", BUILT_IN)
    check(world, "agency", "contoso", NATIVE, license_)
    act(world, "Withdraw", "agency", made)


def test_exceptions_where_none_is_needed(world):
    for tenant, partner in (("contoso", "fabrikam"), ("contoso", "council"), ("contoso", "contoso")):
        error = refused(propose, world, tenant, partner)
        assert (error.reason, error.fields) == ("FIELD_INVALID", ["partner"])
    assert refused(propose, world, "contoso", "nobody").fields == ["partner"]
    assert reason(propose, world, "contoso", "No Name") == "FIELD_INVALID"
    request = {"tenant": "agency", "partner": "contoso"}
    call = world.call
    assert reason(call, "BoundaryService/ProposePartnerException", request, world.contoso.admin) == "COMPONENT_TENANT"
    assert reason(call, "BoundaryService/ProposePartnerException", request, world.platform_admin) == "COMPONENT_ROLE"
    assert reason(call, "BoundaryService/AcceptPartnerException", {"exception_id": "x"},
                  world.contoso.admin) == "FIELD_INVALID"


def test_exceptions_are_listed_by_both_sides(world):
    made = [propose(world, "army", "contoso"), propose(world, "army", "contoso", ours=False),
            propose(world, "army", "agency")]
    ask = lambda tenant, **more: world.call("BoundaryService/ListPartnerExceptions", more,
                                            world.tenants[tenant].admin)
    ids = [one.exception_id for one in made]
    assert [one.exception_id for one in ask("army").exceptions] == ids
    assert [one.exception_id for one in ask("contoso").exceptions] == ids[:2]
    assert not ask("navy").exceptions
    first = ask("army", page_size=2)
    rest = ask("army", page_size=2, page_token=first.next_page_token)
    assert [one.exception_id for one in [*first.exceptions, *rest.exceptions]] == ids and not rest.next_page_token
    assert reason(ask, "army", page_token="x") == "PAGE_TOKEN_INVALID"
    assert reason(ask, "army", page_size=-1) == "FIELD_INVALID"
    for one in made:
        act(world, "Withdraw", "army", one)
    assert not ask("contoso").exceptions


def test_a_portal_brings_its_reader(world):
    license_ = protect(world, "agency", "contoso")
    assert reason(world.acquire, license_, who=world.portals["gcc-high"]) == "USER_TOKEN_REQUIRED"


# --- suites -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("tenant,reader,curve,algorithm", [("contoso", "fabrikam", "P-256", "ES256"),
                                                           ("agency", "depot", "P-384", "ES384")])
@pytest.mark.parametrize("client", ["P-256", "P-384"])
def test_suites(world, tenant, reader, curve, algorithm, client):
    """A boundary's suite is that of its tenants' keys and licenses; the content key is wrapped on the client's curve."""
    rows = world.sql("SELECT public_jwk FROM tenant_key JOIN tenant USING (tenant) WHERE purpose IN (2, 3) "
                                f"AND name = '{tenant}'").splitlines()
    assert [json.loads(row)["crv"] for row in rows] == [curve, curve]
    own = Reader(kty="EC", crv=client)
    got = world.acquire(protect(world, tenant, reader), token(world, reader), reader=own)
    part = lambda text: json.loads(base64.urlsafe_b64decode(text + "=="))
    header = part(got.use_license.split(".")[0])
    assert header["alg"] == algorithm
    claims, key = world.a.verify(got.use_license, own)
    assert len(key) == 32
    wrapped = part(claims["key"].split(".")[0])
    assert (wrapped["alg"], wrapped["enc"], wrapped["epk"]["crv"]) == ("ECDH-ES+A256KW", "A256GCM", client)
