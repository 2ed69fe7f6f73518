# SPDX-License-Identifier: Apache-2.0
"""Protecting without asking (docs/policy.md §5.7, docs/formats.md §6.2), by a publisher of stock libraries: what is made
offline opens as if it had been made online, and nothing opens that its certificate does not allow."""
import concurrent.futures
import time

import pytest
from jwcrypto import jwk

from calls import outcome, refused
from publisher import CUSTOM, DAY, ENCRYPT_ONLY, TEMPLATE, Publisher, sealed_grant, sealed_policy
from world import VIEW, grant

GET, REVOKE = "PublishingService/GetPublisherCertificate", "PublishingService/RevokePublisher"


@pytest.fixture(scope="module")
def gateway(world):
    """Contoso's gateway, with a certificate."""
    return Publisher().certified(world)


def rows(world, made):
    return world.sql(f"SELECT count(*) FROM content WHERE content = '{made.content_id}'")


def refusals(world, made):
    """What the tenant's log says of it, where it names no content."""
    return world.sql(f"SELECT DISTINCT reason FROM audit WHERE target LIKE 'content {made.content_id}, offline by %' "
                     f"AND tenant = '{world.contoso.id}'")


# --- what works ---

def test_it_opens_and_is_known_from_then_on(world, gateway):
    made = gateway.protect()
    assert rows(world, made) == "0"
    got = world.acquire(made, world.bob)
    claims, key = world.a.verify(got.use_license, world.reader)
    assert (key, claims["cid"], got.owner) == (made.key, made.content_id, "alice@contoso.com")
    assert set(got.rights) and 5 not in got.rights  # no PRINT
    seen = world.call("TrackingService/GetContent", {"content_id": made.content_id}, token=world.alice).content
    assert (seen.owner, seen.display_name) == ("alice@contoso.com", "offline")
    assert seen.create_time.seconds == made.payload["at"] // 1000
    assert rows(world, made) == "1" and world.acquire(made, world.bob) and rows(world, made) == "1"
    world.track("Revoke", made)
    assert outcome(world.acquire, made, world.bob) == "REVOKED"


def test_who_has_no_rights_gets_none(world, gateway):
    """Also when they are the first: it is known then, and refused as any other."""
    made = gateway.protect()
    assert outcome(world.acquire, made, world.mallory) == "NO_RIGHTS"
    assert rows(world, made) == "1" and outcome(world.acquire, made, world.bob) == "OK"


def test_all_kinds_of_policies(world, gateway):
    template = world.template(grant("tenant:fabrikam", VIEW)).template_id
    for kind, more in ((ENCRYPT_ONLY, {}), (TEMPLATE, {"template": bytes.fromhex(template.replace("-", ""))}),
                       (CUSTOM, {"grants": [sealed_grant(1, ["bob@fabrikam.com"], [VIEW])]})):
        made = gateway.protect(kind=kind, recipients=() if kind != ENCRYPT_ONLY else ("bob@fabrikam.com",), **more)
        assert outcome(world.acquire, made, world.bob) == "OK", kind
    many = [f"p{n:04d}@fabrikam.com" for n in range(999)]
    large = gateway.protect(recipients=tuple(["bob@fabrikam.com"] + many))
    assert outcome(world.acquire, large, world.bob) == "OK" and len(large.publishing_license) < 256 * 1024


def test_a_user_publishes_as_themselves(world):
    template = world.template(grant("tenant:fabrikam", VIEW), scope=["user:alice@contoso.com"]).template_id
    other = world.template(grant("tenant:fabrikam", VIEW), scope=["user:carol@contoso.com"]).template_id
    alice = Publisher(kty="EC", crv="P-384").certified(world, token=world.alice)
    assert alice.claims["sub"] == "alice@contoso.com" and alice.claims["adr"] == ["alice@contoso.com"]
    assert template in alice.claims["tpl"] and other not in alice.claims["tpl"]
    assert outcome(world.acquire, alice.protect(), world.bob) == "OK"

    def under(chosen):
        return alice.protect(kind=TEMPLATE, template=bytes.fromhex(chosen.replace("-", "")), recipients=())
    assert outcome(world.acquire, under(template), world.bob) == "OK"
    assert outcome(world.acquire, under(other), world.bob) == "PUBLISHER_EXCEEDED"
    assert outcome(world.acquire, alice.protect(owner="carol@contoso.com"), world.bob) == "PUBLISHER_EXCEEDED"
    assert world.acquire(alice.protect(), world.alice).owner == "alice@contoso.com"


def test_whoever_holds_a_license_may_act_by_it_before_it_was_opened(world, gateway):
    revoked, amended, republished = (gateway.protect() for _ in range(3))
    world.call("TrackingService/Revoke", {"publishing_license": revoked.publishing_license}, token=world.alice)
    assert outcome(world.acquire, revoked, world.bob) == "REVOKED"
    world.call("PublishingService/AmendPolicy", {"publishing_license": amended.publishing_license,
                                                 "add_recipients": ["kim@fabrikam.com"]}, token=world.alice)
    assert outcome(world.acquire, amended, world.fabrikam.token("kim")) == "OK"
    again = world.call("PublishingService/Republish", {
        "publishing_license": republished.publishing_license, "encrypt_only": {}, "recipients": ["kim@fabrikam.com"],
        "client_public_jwk": world.reader.public}, token=world.alice).response
    assert world.reader.unwrap(again.wrapped_content_key) == republished.key
    assert again.content_id == republished.content_id
    assert outcome(world.acquire, again, world.fabrikam.token("kim")) == "OK"


def test_its_gateway_makes_it_known(world, gateway):
    """So that what happens to the certificate later doesn't matter."""
    made = gateway.protect()
    asked = outcome(world.call, "LicensingService/InspectContent", {"publishing_license": made.publishing_license}, world.gateway)
    assert asked == "NO_RIGHTS"  # a component is nobody's principal
    assert rows(world, made) == "1"


def test_two_nodes_see_it_at_the_same_moment(world, gateway):
    node = world.a.node(workers=1).start()
    try:
        for _ in range(5):
            made = gateway.protect()
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                calls = [pool.submit(outcome, world.acquire, made, world.bob, on=on) for on in (world.a, node) * 2]
                assert {call.result() for call in calls} == {"OK"}
            assert rows(world, made) == "1"
            assert world.sql("SELECT count(*) FROM audit WHERE operation = 'acquire_license' AND granted AND content = "
                             f"'{made.content_id}'") == "4"
    finally:
        node.stop()


# --- what is forged ---

def test_every_bit_counts(world, gateway):
    made = gateway.protect().publishing_license
    step = max(1, len(made) // 150)
    for at in range(0, len(made), step):
        changed = bytearray(made)
        changed[at] ^= 1 << at % 7
        assert outcome(world.acquire, bytes(changed), world.bob) in ("LICENSE_MALFORMED", "LICENSE_FORGED"), at


def test_whoever_signs_is_whoever_is_certified(world, gateway):
    stranger, mallory = Publisher(), Publisher().certified(world, world.fabrikam.gateway)
    assert outcome(world.acquire, gateway.protect(signer=stranger.key), world.bob) == "LICENSE_FORGED"
    # Their certificate is of another tenant.
    assert outcome(world.acquire, gateway.protect(claims={"crt": mallory.certificate}), world.bob) == "LICENSE_FORGED"
    crossed = mallory.protect(owner="bob@fabrikam.com", claims={"tid": gateway.claims["tid"]})
    assert outcome(world.acquire, crossed, world.bob) == "LICENSE_FORGED"


def test_nobody_puts_their_name_on_anothers(world, gateway):
    """Who has a certificate of the same tenant takes the sealed part of another's license, signs it, and would own it."""
    made = gateway.protect(owner="carol@contoso.com")
    thief = Publisher().certified(world, token=world.alice)
    stolen = thief.protect(claims={"key": made.payload["key"], "pol": made.payload["pol"]})
    assert outcome(world.acquire, stolen, world.alice) == "LICENSE_FORGED"
    mixed = thief.protect(claims={"key": made.payload["key"]})
    assert outcome(world.acquire, mixed, world.alice) == "LICENSE_FORGED"
    other = gateway.protect()
    assert outcome(world.acquire, gateway.protect(claims={"key": other.payload["key"]}), world.bob) == "LICENSE_FORGED"
    assert outcome(world.acquire, gateway.protect(thumbprint=bytes(32)), world.bob) == "LICENSE_FORGED"
    own = jwk.JWK.generate(kty="EC", crv="P-256").export_public()
    assert outcome(world.acquire, gateway.protect(exchange=own), world.bob) == "LICENSE_FORGED"


def test_a_certificate_is_the_tenants_word(world, gateway):
    """Not that of whoever makes one up, and no other token of the tenant's."""
    from proofs import sign
    fake = sign({"alg": "ES256", "typ": "publisher-certificate+jwt", "kid": gateway.key.thumbprint()}, gateway.claims,
                gateway.key)
    assert outcome(world.acquire, gateway.protect(claims={"crt": fake}), world.bob) == "LICENSE_FORGED"
    use_license = world.acquire(gateway.protect(), world.bob).use_license
    assert outcome(world.acquire, gateway.protect(claims={"crt": use_license}), world.bob) == "LICENSE_MALFORMED"


@pytest.mark.parametrize("wrong", [
    {"claims": {"v": 2}}, {"claims": {"v": None}}, {"claims": {"x": 1}}, {"claims": {"at": -1}}, {"claims": {"at": 1 << 48}},
    {"claims": {"tid": "x"}}, {"claims": {"nam": "x" * 257}}, {"claims": {"bnd": "external"}}, {"claims": {"pol": "AA"}},
    {"claims": {"pol": 7}}, {"claims": {"crt": "a.b.c"}}, {"header": {"typ": "JWT"}}, {"header": {"kid": 7}},
    {"policy": b"x"}, {"policy_at": 1},
], ids=str)
def test_what_is_no_license(world, gateway, wrong):
    got = outcome(world.acquire, gateway.protect(**wrong), world.bob)
    assert got in ("LICENSE_MALFORMED", "LICENSE_FORGED", "NO_RIGHTS"), got
    assert got != "NO_RIGHTS" or wrong.get("policy")


@pytest.mark.parametrize("wrong", [
    {"owner": "Alice@contoso.com"}, {"recipients": ("Bob@fabrikam.com",)}, {"recipients": ("b@x.example", "a@x.example")},
    {"recipients": ("a@x.example", "a@x.example")}, {"recipients": ("nobody",)},
    {"kind": CUSTOM, "grants": [sealed_grant(1, ["BOB@fabrikam.com"], [VIEW])], "recipients": ()},
    {"kind": CUSTOM, "grants": [sealed_grant(3, ["Fabrikam.com"], [VIEW])], "recipients": ()},
    {"kind": CUSTOM, "grants": [sealed_grant(1, ["bob@fabrikam.com"], [])], "recipients": ()},
], ids=str)
def test_names_have_one_form(world, gateway, wrong):
    """Decisions compare names byte by byte."""
    assert outcome(world.acquire, gateway.protect(**wrong), world.bob) == "LICENSE_MALFORMED"


# --- what goes too far ---

def test_days(world, gateway):
    now = int(time.time() * 1000)
    for at_ms in (now + 400_000, now - 2 * DAY * 1000, now + 8 * DAY * 1000):
        late = gateway.protect(at_ms=at_ms)
        assert outcome(world.acquire, late, world.bob) == "PUBLISHER_EXPIRED"
        assert refusals(world, late) == "PUBLISHER_EXPIRED" and rows(world, late) == "0"
    assert outcome(world.acquire, gateway.protect(at_ms=now + 60_000), world.bob) == "OK"
    assert gateway.claims["exp"] - gateway.claims["iat"] == 7 * DAY


def test_owners(world, gateway):
    assert gateway.claims["dom"] == ["contoso.com"]
    for wrong in ({"owner": "bob@fabrikam.com"}, {"issuer": "alice@contoso.com"}, {"owner": "eve@sub.contoso.com"}):
        assert outcome(world.acquire, gateway.protect(**wrong), world.bob) == "PUBLISHER_EXCEEDED", wrong


def test_ends(world, gateway):
    now = int(time.time())
    for wrong in ({"expires_at": now + DAY}, {"kind": CUSTOM, "expires_at": now - 5}, {"kind": CUSTOM, "expires_at": 1 << 40}):
        if wrong.get("kind"):
            wrong["grants"] = [sealed_grant(1, ["bob@fabrikam.com"], [VIEW])]
        assert outcome(world.acquire, gateway.protect(**wrong), world.bob) == "PUBLISHER_EXCEEDED", wrong


def test_policies_that_are_switched_off(world):
    """By the certificate, which is given for days: what was switched off before can't be set."""
    tenant = world.tenant()
    world.update_tenant(tenant.admin, do_not_forward_off=True)
    publisher = Publisher().certified(world, tenant.gateway)
    assert publisher.claims["pol"] == ["template", "encrypt_only", "custom"]
    owner = f"ann@{tenant.domain}"
    assert outcome(world.acquire, publisher.protect(owner=owner), world.bob) == "PUBLISHER_EXCEEDED"
    assert outcome(world.acquire, publisher.protect(owner=owner, kind=ENCRYPT_ONLY), world.bob) == "OK"


def test_only_the_templates_that_were_named(world):
    named, other = (world.template(grant("tenant:fabrikam", VIEW)).template_id for _ in range(2))
    publisher = Publisher().certified(world, template_ids=[named])
    for chosen, expected in ((named, "OK"), (other, "PUBLISHER_EXCEEDED")):
        made = publisher.protect(kind=TEMPLATE, template=bytes.fromhex(chosen.replace("-", "")), recipients=())
        assert outcome(world.acquire, made, world.bob) == expected


# --- what is taken back ---

def test_revoked_certificates(world):
    for by in ("serial", "component", "address"):
        token = world.alice if by == "address" else None
        publisher = Publisher().certified(world, token=token)
        known, unknown = publisher.protect(), publisher.protect()
        assert outcome(world.acquire, known, world.bob) == "OK"
        name = {"serial": publisher.answer.certificate_id, "component": publisher.claims.get("cmp"),
                "address": "Alice@contoso.com"}[by]
        world.call(REVOKE, {"publisher": name, "reason": "lost"}, world.contoso.admin)
        for _ in range(2):
            assert outcome(world.acquire, unknown, world.bob) == "PUBLISHER_REVOKED", by
        assert outcome(world.acquire, known, world.bob) == "OK", by
        assert rows(world, unknown) == "0" and refusals(world, unknown) == "PUBLISHER_REVOKED"
        act = "PublishingService/AmendPolicy"
        assert outcome(world.call, act, {"publishing_license": unknown.publishing_license, "add_recipients": ["x@y.example"]},
                       token=world.alice) == "PUBLISHER_REVOKED"
        assert outcome(world.call, "TrackingService/Revoke", {"publishing_license": unknown.publishing_license},
                       token=world.alice) == "PUBLISHER_REVOKED"
        assert outcome(world.call, "PasscodeService/StartPasscode", {
            "address": "bob@mail.example", "publishing_license": unknown.publishing_license, "reader_ip": "192.0.2.1"},
            world.portal) == "PUBLISHER_REVOKED"
        world.sql("DELETE FROM publisher_revocation")  # for the other tests


def test_who_is_gone_or_shut_out(world):
    tenant = world.tenant()
    gateway = tenant.gateway
    publisher, user = Publisher().certified(world, gateway), Publisher().certified(world, token=tenant.token("ann"))
    owner = f"ann@{tenant.domain}"
    made = [publisher.protect(owner=owner), publisher.protect(owner=owner), user.protect(owner=owner), user.protect(owner=owner)]
    assert {outcome(world.acquire, one, world.bob) for one in (made[0], made[2])} == {"OK"}
    world.call("TenantService/AddExclusion", {"user": owner}, tenant.admin)
    assert outcome(world.acquire, made[3], world.bob) == "PUBLISHER_REVOKED"
    assert outcome(world.acquire, made[1], world.bob) == "OK"
    made.append(publisher.protect(owner=owner))
    world.call("ComponentService/DeleteComponent", {"component_id": publisher.claims["cmp"]}, tenant.admin)
    assert outcome(world.acquire, made[4], world.bob) == "PUBLISHER_REVOKED"
    assert {outcome(world.acquire, one, world.bob) for one in made[:3]} == {"OK"}


def test_it_is_revoked_in_the_middle(world):
    """Between the look and the record: the gate tells, and it is looked at anew. One who has opened it at once, stays."""
    publisher = Publisher().certified(world)
    made = [publisher.protect() for _ in range(12)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(outcome, world.acquire, one, world.bob) for one in made[:6]]
        pool.submit(world.call, REVOKE, {"publisher": publisher.answer.certificate_id}, world.contoso.admin).result()
        calls += [pool.submit(outcome, world.acquire, one, world.bob) for one in made[6:]]
        got = [call.result() for call in calls]
    assert set(got[6:]) == {"PUBLISHER_REVOKED"} and set(got[:6]) <= {"OK", "PUBLISHER_REVOKED"}
    for one, told in zip(made, got):
        assert rows(world, one) == ("1" if told == "OK" else "0")


def test_who_may_revoke(world):
    assert refused(world.call, REVOKE, {"publisher": "nobody"}, world.contoso.admin).fields == ["publisher"]
    assert refused(world.call, REVOKE, {}, world.contoso.admin).fields == ["publisher"]
    other = Publisher().certified(world)
    world.call(REVOKE, {"publisher": other.answer.certificate_id}, world.fabrikam.admin)  # of their own tenant
    assert outcome(world.acquire, other.protect(), world.bob) == "OK"


# --- who gets a certificate ---

def test_a_key_must_be_held(world):
    publisher, other = Publisher(), Publisher()
    now = int(time.time())
    for wrong in (publisher.proof(key=other.key), publisher.proof(typ="JWT"), "x", "",
                  publisher.proof(claims={"aud": "https://other.example"}), publisher.proof(claims={"iat": now - 700}),
                  publisher.proof(claims={"iat": now + 90})):
        assert refused(world.call, GET, publisher.request(proof=wrong), world.gateway).fields == ["proof"]
    for wrong in ("", "{}", '{"kty":"oct","k":"AAAA"}', other.key.export_private()):
        assert refused(world.call, GET, publisher.request(publisher_public_jwk=wrong), world.gateway).fields[0] == \
            "publisher_public_jwk"


def test_who_may_protect_gets_one(world):
    def asked(**more):
        return outcome(lambda: Publisher().certified(world, **more))
    assert asked(sender_domains=["contoso.com"]) == "OK"
    assert asked(sender_domains=["fabrikam.com"]) == "COMPONENT_DOMAIN"
    assert asked(template_ids=["00000000-0000-7000-8000-0000000000ff"]) == "TEMPLATE_NOT_FOUND"
    assert asked(token=world.google.token("kim@gmail.example")) == "TOKEN_NO_ADDRESS"
    assert asked(token=world.google.token("kim@gmail.com", email_verified=True)) == "PROTECT_DENIED"
    world.call("TenantService/AddExclusion", {"user": "gone@contoso.com"}, world.contoso.admin)
    assert asked(token=world.contoso.token("gone")) == "EXCLUDED"
    shared = world.platform_component("gateway", sender_domains=["contoso.com"])
    assert asked(who=shared) == "FIELD_INVALID" and asked(who=shared, sender_domains=["contoso.com"]) == "OK"
    record = world.sql("SELECT reason, target FROM audit WHERE operation = 'get_publisher_certificate' AND granted "
                       "ORDER BY event DESC LIMIT 1")
    assert record.startswith("OK|certificate ")


def test_the_certificate_names_the_exchange_key(world, gateway):
    exchange = jwk.JWK.from_json(gateway.answer.exchange_public_jwk)
    assert exchange.thumbprint() == gateway.claims["exk"] and gateway.claims["exv"] == 1
    assert gateway.answer.authority_url == "https://rms.example.org"
    assert gateway.claims["iss"] == f"https://rms.example.org/tenants/{world.contoso.id}/publishers"
    assert jwk.JWK(**gateway.claims["cnf"]["jwk"]).thumbprint() == gateway.key.thumbprint()


def test_boundaries_hold(world):
    agency = Publisher().certified(world, world.agency.gateway)
    made = agency.protect(owner="ann@agency.us")
    assert outcome(world.acquire, made, world.bob) == "PORTAL_REQUIRED"
    assert outcome(world.acquire, agency.protect(owner="ann@agency.us", claims={"bnd": "commercial"}), world.bob) == \
        "LICENSE_FORGED"
    node = world.a.node(workers=1, boundaries=["commercial"]).start()
    try:
        assert outcome(world.acquire, made, world.bob, on=node) == "WRONG_BOUNDARY"
    finally:
        node.stop()
    assert len(sealed_policy("a@b.example", "x", 1)) > 20
