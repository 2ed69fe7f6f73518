# SPDX-License-Identifier: Apache-2.0
"""Domains: proven by DNS or by a platform admin's word, claimed by many, had by one, given up; in any script."""
import threading
import time

import pytest

from authority import Issuer, Refused
from calls import outcome, pages, reason
from calls import refused as refusal
from dns_server import REFUSED, SERVFAIL, txt


@pytest.fixture(scope="module")
def authority_options(dns, faults):
    return {"env": faults.env, "config": dns.config}


@pytest.fixture(scope="module")
def world(world, dns):
    """The rival is an admin of another boundary, who wants Contoso's domains."""
    w, w.dns = world, dns
    w.northwind = w.tenant("northwind", "gcc", "northwind.com")
    w.rival = w.northwind.admin
    return w


def add(w, domain, who=None, **more):
    return w.call("TenantService/AddDomain", {"domain": domain, **more}, who or w.contoso.admin).domain


def verify(w, domain, who=None, **more):
    return w.call("TenantService/VerifyDomain", {"domain": domain, **more}, who or w.contoso.admin).domain


def remove(w, domain, who=None):
    return w.call("TenantService/RemoveDomain", {"domain": domain}, who or w.contoso.admin)


def publish(w, domain, *records):
    w.dns.records[domain.record_name] = [txt(r.encode()) for r in records or [domain.record_value]]


def protect(w, token, **more):
    return w.protect(token=token, **more)


def acquire(w, made, token):
    return w.acquire(made, token)


def test_a_domain_is_proven_by_its_record(world):
    claim = add(world, "Proven.Example.")
    assert (claim.name, claim.verified) == ("proven.example", False)
    assert claim.record_name == "_chancery.proven.example"
    assert claim.record_value == f"chancery-domain-verification={claim.proof}"
    missing = refusal(verify, world, "proven.example")
    assert (missing.code, missing.reason) == ("FAILED_PRECONDITION", "DOMAIN_PROOF_MISSING")
    assert missing.metadata["record"] == claim.record_name and missing.metadata["value"] == claim.record_value
    value = claim.record_value
    for near in (value + " ", value.upper(), value[:-1], "x" + value, value[29:], value + "0"):
        publish(world, claim, near)
        assert reason(verify, world, "proven.example") == "DOMAIN_PROOF_MISSING", near
    alice = world.contoso.token("alice@proven.example")
    assert reason(protect, world, alice) == "TOKEN_NO_ADDRESS"
    publish(world, claim, "v=spf1 -all", value)
    assert verify(world, "PROVEN.example").verified
    protect(world, alice)
    event = world.audit(tenant="contoso", operation="verify_domain")[0]
    assert (event.target, event.component) == ("proven.example by DNS", "contoso-admin")
    world.dns.records.clear()
    assert verify(world, "proven.example").verified  # once is enough


def test_a_record_in_several_strings_is_one(world):
    claim = add(world, "split.example")
    half = len(claim.record_value) // 2
    world.dns.records[claim.record_name] = [txt(claim.record_value[:half].encode(), claim.record_value[half:].encode())]
    assert verify(world, "split.example").verified


def test_dns_that_fails_proves_nothing(world):
    claim = add(world, "broken.example")
    for rcode in (SERVFAIL, REFUSED):
        world.dns.rcodes[claim.record_name] = rcode
        refused = refusal(verify, world, "broken.example")
        assert (refused.code, refused.reason) == ("UNAVAILABLE", "DNS_UNAVAILABLE")
        assert refused.metadata["record"] == claim.record_name
    world.dns.rcodes.clear()
    world.dns.silent, begun = True, time.monotonic()
    try:
        assert reason(verify, world, "broken.example") == "DNS_UNAVAILABLE"
        assert 2 < time.monotonic() - begun < 7
        with pytest.raises(Refused) as caught:  # a client that goes leaves nothing behind
            world.call("TenantService/VerifyDomain", {"domain": "broken.example"}, world.contoso.admin, timeout=0.3)
        assert caught.value.code == "DEADLINE_EXCEEDED"
    finally:
        world.dns.silent = False
    publish(world, claim)
    assert verify(world, "broken.example").verified


def test_only_the_platform_may_assert(world):
    add(world, "asserted.example")
    assert reason(verify, world, "asserted.example", asserted=True) == "COMPONENT_ROLE"
    assert verify(world, "asserted.example", world.platform_admin, tenant="contoso", asserted=True).verified
    event = world.audit(tenant="contoso", operation="verify_domain")[0]
    assert (event.target, event.component) == ("asserted.example asserted", "platform-admin")
    assert refusal(verify, world, "asserted.example", world.platform_admin, asserted=True).fields == ["tenant"]


def test_a_squatter_can_t_keep_the_owner_out(world):
    squatter, owner = add(world, "owned.example", world.rival), add(world, "owned.example")
    assert squatter.proof != owner.proof and len(owner.proof) == 32
    publish(world, owner)
    assert reason(verify, world, "owned.example", world.rival) == "DOMAIN_PROOF_MISSING"
    assert verify(world, "owned.example").verified
    publish(world, squatter)
    assert reason(verify, world, "owned.example", world.rival) == "DOMAIN_TAKEN"
    again = {"tenant": "northwind", "asserted": True}
    assert reason(verify, world, "owned.example", world.platform_admin, **again) == "DOMAIN_TAKEN"
    remove(world, "owned.example", world.rival)
    assert refusal(add, world, "owned.example", world.rival).code == "ALREADY_EXISTS"
    assert reason(add, world, "owned.example", world.rival) == "DOMAIN_TAKEN"


def test_of_two_that_prove_at_once_one_wins(world, faults):
    """The loser has seen no other owner; the database refuses it."""
    claims = [add(world, "race.example"), add(world, "race.example", world.rival)]
    publish(world, claims[0], *[claim.record_value for claim in claims])
    faults.delay("verify_domain:verify", 300)
    outcomes = []

    def run(who):
        outcomes.append(outcome(verify, world, "race.example", who))

    threads = [threading.Thread(target=run, args=(who,)) for who in (world.contoso.admin, world.rival)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    faults.none()
    assert sorted(outcomes) == ["DOMAIN_TAKEN", "OK"]


def test_claims_are_listed_and_bounded(world):
    claim = add(world, "listed.example")
    assert reason(add, world, "LISTED.example") == "ALREADY_EXISTS"
    tenant = world.call("TenantService/GetTenant", {}, world.contoso.admin).tenant
    assert [d for d in tenant.domains if d.name == "listed.example"] == [claim]
    for call in (verify, remove):
        assert reason(call, world, "unclaimed.example") == "NOT_FOUND"
    world.sql("INSERT INTO tenant_domain (tenant, domain, proof) SELECT tenant, 'n' || n || '.example', '' "
                         "FROM tenant, generate_series(1, 1000) AS n WHERE name = 'contoso'")
    full = refusal(add, world, "more.example")
    assert (full.code, full.reason) == ("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED")
    assert len(world.call("TenantService/GetTenant", {}, world.contoso.admin).tenant.domains) > 1000
    world.sql("DELETE FROM tenant_domain WHERE proof = ''")
    add(world, "more.example")


def test_a_removed_domain_counts_no_more(world):
    """From the next call on, in whatever worker: its addresses are nobody's, and another may have it."""
    domain, token = "moving.example", world.contoso.token("carol@moving.example")
    add(world, domain)
    verify(world, domain, world.platform_admin, tenant="contoso", asserted=True)
    gateway = world.contoso.component("gateway", "moving-edge", sender_domains=[domain])
    by_gateway = {"owner": "carol@moving.example", "recipients": ["carol@moving.example"]}
    made = world.protect(gateway, **by_gateway)
    for _ in range(4):  # both workers know it
        acquire(world, made, token)
        world.reconnect()
    remove(world, domain)
    for _ in range(4):
        assert reason(acquire, world, made, token) == "TOKEN_NO_ADDRESS"
        world.reconnect()
    assert reason(world.protect, gateway, **by_gateway) == "COMPONENT_DOMAIN"
    assert world.audit(tenant="contoso", operation="remove_domain")[0].target == domain
    add(world, domain, world.rival)
    verify(world, domain, world.platform_admin, tenant="northwind", asserted=True)
    protect(world, world.northwind.token("carol@moving.example"))
    assert reason(protect, world, token) == "TOKEN_NO_ADDRESS"


def test_subdomains_are_domains_of_their_own(world):
    for name, tenant, who in (("parent.example", "contoso", world.contoso.admin),
                              ("mail.parent.example", "northwind", world.rival)):
        add(world, name, who)
        verify(world, name, world.platform_admin, tenant=tenant, asserted=True)
    assert reason(protect, world, world.contoso.token("al@mail.parent.example")) == "TOKEN_NO_ADDRESS"
    assert reason(protect, world, world.contoso.token("al@other.parent.example")) == "TOKEN_NO_ADDRESS"
    protect(world, world.northwind.token("al@mail.parent.example"))


@pytest.mark.parametrize("name",
                         ["", "localhost", "a..example", "-a.example", "a_b.example", "a b.example", "☃.example",
                                  "xn--a.example", "a" * 64 + ".example", "aא.example", "x＠y.example",
                                  "ü." * 150 + "example", "_chancery.contoso.com"])
def test_what_is_no_domain(world, name):
    for call in (add, verify, remove):
        assert refusal(call, world, name).fields == ["domain"]


def test_names_of_any_script_are_one_name(world):
    """U-labels and A-labels mean the same in domains, tokens, recipients, grants and exclusions."""
    add(world, "BÜCHER.example")
    ascii_name = "xn--bcher-kva.example"
    assert verify(world, "bücher。example", world.platform_admin, tenant="contoso", asserted=True).name == ascii_name
    erika = world.contoso.token("Érika@bücher.example")
    made = protect(world, erika, recipients=["bob@fabrikam.com", "frank@BÜCHER.example"])
    assert world.audit(tenant="contoso", operation="protect")[0].user == f"érika@{ascii_name}"
    for spelled in (f"FRANK@{ascii_name}", "frank@bücher.example", "frank@bu\u0308cher.example."):
        acquire(world, made, world.contoso.token(spelled))
    assert reason(acquire, world, made, world.contoso.token("frank@bucher.example")) == "TOKEN_NO_ADDRESS"
    granted = protect(world, erika, recipients=[],
                      custom={"grants": [{"principals": ["user:E\u0301va@bücher.example"], "rights": [1]}]})
    acquire(world, granted, world.contoso.token(f"éva@{ascii_name}"))
    world.call("TenantService/AddExclusion", {"user": "ÉVA@BÜCHER.example"}, world.contoso.admin)
    assert reason(acquire, world, granted, world.contoso.token(f"éva@{ascii_name}")) == "EXCLUDED"
    consumer = Issuer("https://mail.example")
    world.a.issuer(consumer, 3, boundary="commercial", domains=["Straße.example"])
    sent = protect(world, erika, recipients=["x@straße.example"])
    assert reason(acquire, world, sent, consumer.token("x@STRAßE.example")) == "PORTAL_REQUIRED"  # known, but external
    assert reason(acquire, world, sent, consumer.token("x@strasse.example")) == "TOKEN_NO_ADDRESS"


def test_tenants_are_listed_by_name(world):
    for number in range(5):
        world.call("TenantService/CreateTenant", {"tenant": {"tenant": f"t{number}", "boundary": "gcc"}},
                   world.platform_admin)
    listed = pages(world.call, "TenantService/ListTenants", {"page_size": 2}, "tenants", world.platform_admin)
    names = [tenant.tenant for tenant in listed]
    assert names == ["contoso", "fabrikam", "northwind", "t0", "t1", "t2", "t3", "t4"]
    first = world.call("TenantService/ListTenants", {"page_size": 2}, world.platform_admin)
    assert len(first.tenants) == 2
    everything = world.call("TenantService/ListTenants", {}, world.platform_admin)
    assert [t.tenant for t in everything.tenants] == names and not everything.next_page_token
    one = world.call("TenantService/GetTenant", {"tenant": "contoso"}, world.platform_admin).tenant
    assert len(one.domains) > 3
    del one.domains[:]  # these are shown one tenant at a time
    assert everything.tenants[0] == one
    for bad, why in (({"page_size": -1}, "FIELD_INVALID"),
                     ({"page_token": "contoso"}, "PAGE_TOKEN_INVALID")):
        assert reason(world.call, "TenantService/ListTenants", bad, world.platform_admin) == why
    assert reason(world.call, "TenantService/ListTenants", {}, world.contoso.admin) == "COMPONENT_ROLE"
