# SPDX-License-Identifier: Apache-2.0
"""Partners whom a tenant keeps away (docs/policy.md §7.2): told before a mail is sent and enforced when it is opened, from
either side and across boundaries."""
import pytest

from calls import reason, refused
from command import rows, run, with_certificate

READERS, CONTENT = 1, 2
NATIVE, BLOCKED = 1, 0


@pytest.fixture(scope="module")
def world(world):
    w = world
    w.council = w.tenant("council", "gcc", "council.gov")
    w.dave = w.council.token("dave@council.gov")
    w.mixed = w.protect(recipients=["bob@fabrikam.com", "dave@council.gov", "carol@contoso.com"])
    return w


@pytest.fixture(autouse=True)
def nobody_denied(world):
    yield
    world.changed_by_hand("DELETE FROM denial")


def deny(w, side, admin=None, **partner):
    return w.call("TenantService/AddDenial", {"denial": {"side": side, **partner}}, admin or w.contoso.admin)


def allow(w, side, admin=None, **partner):
    return w.call("TenantService/RemoveDenial", {"denial": {"side": side, **partner}}, admin or w.contoso.admin)


def listed(w, who=None):
    return [(d.side, d.partner_tenant or d.domain) for d in w.call(
        "TenantService/ListDenials", {}, who or w.contoso.auditor).denials]


def told(w, *recipients):
    """What DecideDelivery and EvaluateMessage say, which is the same."""
    sender = {"sender": "alice@contoso.com"}
    decided = w.call("DeliveryService/DecideDelivery", {**sender, "recipients": recipients}, w.contoso.gateway).deliveries
    evaluated = w.call("DeliveryService/EvaluateMessage", {"facts": {**sender, "recipients": recipients}},
                       w.contoso.gateway).deliveries
    assert [(d.channel, d.reason) for d in decided] == [(d.channel, d.reason) for d in evaluated]
    return [(d.channel, d.reason) for d in decided]


@pytest.mark.parametrize("partner", [{"domain": "FABRIKAM.com"}, {"partner_tenant": "fabrikam"}])
def test_readers_are_shut_out_at_once_and_let_in_again(world, partner):
    w = world
    w.acquire(w.mixed, w.bob)
    deny(w, READERS, **partner)
    error = refused(w.acquire, w.mixed, w.bob)
    assert (error.code, error.reason) == ("PERMISSION_DENIED", "PARTNER_DENIED")
    assert told(w, "bob@fabrikam.com", "dave@council.gov", "carol@contoso.com") == [
        (BLOCKED, "PARTNER_DENIED"), (NATIVE, "OK"), (NATIVE, "OK")]
    w.acquire(w.mixed, w.dave)
    w.acquire(w.mixed, w.contoso.token("carol@contoso.com"))
    event = w.audit(tenant="contoso", operation="acquire_license")
    assert [e.reason for e in event if e.user == "bob@fabrikam.com"][0] == "PARTNER_DENIED"
    allow(w, READERS, **partner)
    w.acquire(w.mixed, w.bob)
    assert told(w, "bob@fabrikam.com") == [(NATIVE, "OK")]


@pytest.mark.parametrize("partner", [{"domain": "contoso.com"}, {"partner_tenant": "contoso"}])
def test_content_of_a_partner_is_not_opened_by_ones_own_people(world, partner):
    """Bob's tenant says so, and Contoso's authority keeps to it."""
    w = world
    deny(w, CONTENT, w.fabrikam.admin, **partner)
    assert reason(w.acquire, w.mixed, w.bob) == "PARTNER_DENIED"
    assert told(w, "bob@fabrikam.com", "dave@council.gov") == [(BLOCKED, "PARTNER_DENIED"), (NATIVE, "OK")]
    w.acquire(w.mixed, w.dave)
    own = w.protect(w.fabrikam.gateway, owner="fay@fabrikam.com", recipients=["bob@fabrikam.com"])
    w.acquire(own, w.bob)
    allow(w, CONTENT, w.fabrikam.admin, **partner)
    w.acquire(w.mixed, w.bob)


def test_a_denial_of_one_side_is_none_of_the_other(world):
    w = world
    deny(w, CONTENT, domain="fabrikam.com")
    deny(w, READERS, w.fabrikam.admin, domain="contoso.com")
    w.acquire(w.mixed, w.bob)
    own = w.protect(w.fabrikam.gateway, owner="fay@fabrikam.com", recipients=["alice@contoso.com"])
    assert reason(w.acquire, own, w.alice) == "PARTNER_DENIED"


def test_a_stranger_is_named_by_their_domain_and_gets_nothing_anywhere(world):
    w = world
    made = w.protect(recipients=["kim@gmail.com"])
    kim, portal = w.google.token("kim@gmail.com", email_verified=True), w.portal
    w.acquire(made, who=portal, user_token=kim)
    deny(w, READERS, domain="gmail.com")
    assert reason(w.acquire, made, who=portal, user_token=kim) == "PARTNER_DENIED"
    assert told(w, "kim@gmail.com") == [(BLOCKED, "PARTNER_DENIED")]
    assert reason(w.call, "LicensingService/InspectContent", {"publishing_license": made.publishing_license}, portal,
                  user_token=kim) == "PARTNER_DENIED"


def test_when_nobody_gets_it_the_record_says_why(world):
    w = world
    deny(w, READERS, domain="fabrikam.com")
    told(w, "bob@fabrikam.com")
    event = w.audit(tenant="contoso", operation="decide_delivery")[0]
    assert (event.granted, event.reason) == (False, "PARTNER_DENIED") and "blocked: bob@fabrikam.com" in event.target


def test_a_thousand_are_kept_in_order_and_no_more(world):
    w = world
    w.changed_by_hand(f"INSERT INTO denial (tenant, side, partner) SELECT '{w.contoso.id}', 1, 'domain:d' || n || '.example' "
                      "FROM generate_series(1, 999) AS n")
    deny(w, CONTENT, partner_tenant="fabrikam")
    assert reason(deny, w, READERS, domain="fabrikam.com") == "LIMIT_EXCEEDED"
    rows, token = [], ""
    while True:
        page = w.call("TenantService/ListDenials", {"page_size": 200, "page_token": token}, w.contoso.admin)
        rows += page.denials
        token = page.next_page_token
        if not token:
            break
    names = [d.domain for d in rows[:999]]
    assert len(rows) == 1000 and names == sorted(names) and rows[999].partner_tenant == "fabrikam"
    w.acquire(w.mixed, w.bob)  # it is content of theirs that is denied, and none is asked for
    allow(w, READERS, domain="d1.example")
    deny(w, READERS, domain="fabrikam.com")
    assert reason(w.acquire, w.mixed, w.bob) == "PARTNER_DENIED"


def test_what_is_no_denial_is_refused(world):
    w = world
    for bad in (None, {}, {"side": READERS}, {"domain": "x.example"}, {"side": 7, "domain": "x.example"},
                {"side": READERS, "domain": ""}, {"side": READERS, "domain": "no domain"}, {"side": READERS, "domain": "a@b.c"},
                {"side": READERS, "domain": "x" * 300}, {"side": READERS, "partner_tenant": ""},
                {"side": READERS, "partner_tenant": "Fabrikam"}, {"side": READERS, "partner_tenant": "x" * 64},
                {"side": READERS, "partner_tenant": "contoso"}, {"side": CONTENT, "domain": "contoso.com"}):
        request = {} if bad is None else {"denial": bad}
        assert reason(w.call, "TenantService/AddDenial", request, w.contoso.admin) == "FIELD_INVALID", bad
    deny(w, READERS, domain="bücher.example")
    assert reason(deny, w, READERS, domain="XN--BCHER-KVA.example") == "ALREADY_EXISTS"
    deny(w, CONTENT, domain="bücher.example")
    assert listed(w) == [(READERS, "xn--bcher-kva.example"), (CONTENT, "xn--bcher-kva.example")]
    assert listed(w, w.fabrikam.admin) == []
    assert reason(allow, w, READERS, w.fabrikam.admin, domain="bücher.example") == "NOT_FOUND"
    allow(w, READERS, domain="bücher.example")
    assert reason(allow, w, READERS, domain="bücher.example") == "NOT_FOUND"


def test_what_cannot_be_read_keeps_everybody_outside_away(world):
    w = world
    w.changed_by_hand(f"INSERT INTO denial (tenant, side, partner) VALUES ('{w.contoso.id}', 1, 'planet:mars')")
    assert reason(w.acquire, w.mixed, w.bob) == "PARTNER_DENIED"
    w.acquire(w.mixed, w.contoso.token("carol@contoso.com"))
    w.a.wait_for_log("view.denial_invalid", tenant="contoso")


def test_letting_in_again_needs_a_second_admin(world):
    w = world
    two = w.tenant()
    assert two.second_admin  # there before anything is asked for
    w.update_tenant(two.admin, two_person=[1])
    for side in (READERS, CONTENT):
        deny(w, side, two.admin, domain="rival.example")
        asked = allow(w, side, two.admin, domain="rival.example").approval_id
        assert (side, "rival.example") in listed(w, two.admin)
        one = w.call("ApprovalService/GetApproval", {"approval_id": asked}, two.second_admin).approval
        assert "rival.example" in one.summary
        w.call("ApprovalService/ApproveRequest", {"approval_id": asked}, two.second_admin)
        assert (side, "rival.example") not in listed(w, two.admin)
    records = w.audit(tenant=two.name, operation="remove_denial")
    assert [e.target for e in records] == ["content of domain:rival.example", "readers of domain:rival.example"]


def test_the_command_line_says_the_same(world):
    w = world

    def partner(verb, *argv, expect=0):
        done = run(w, f"partner {verb}", "denying", *argv, expect=expect)
        return done.stderr if expect else done.stdout

    with_certificate(w, "denying", w.contoso.admin)
    assert partner("deny", "--readers", "domain:rival.example") == "denied\n"
    assert partner("deny", "--content", "tenant:fabrikam") == "denied\n"
    assert [line.split() for line in rows(partner("denials"))] == [["readers", "domain:rival.example"], ["content", "tenant:fabrikam"]]
    assert partner("allow", "--content", "tenant:fabrikam") == "allowed again\n"
    assert "ALREADY_EXISTS" in partner("deny", "--readers", "domain:rival.example", expect=3)
    for bad in (["--readers", "rival.example"], ["domain:rival.example"], ["--readers", "--content", "domain:x.example"]):
        assert "Try: chancery partner --help" in partner("deny", *bad, expect=2)
