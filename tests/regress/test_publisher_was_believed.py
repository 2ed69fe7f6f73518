# SPDX-License-Identifier: Apache-2.0
"""Of what a publisher makes offline some was believed that only the authority would have checked (a display name that forges a
line, an address that leads elsewhere); certificates were taken back by one of a person's names only, and so were those that
came right after; and what refuses a certificate or a whole call came too late, or to each recipient."""
import time
import uuid

import pytest

from calls import outcome, refused
from devices import Person, device_of
from proofs import AUTHORITY, sign
from publisher import CUSTOM, Publisher, sealed_grant, sealed_policy
from world import VIEW

GET, REVOKE = "PublishingService/GetPublisherCertificate", "PublishingService/RevokePublisher"
PRE_LICENSE = "LicensingService/PreLicense"


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1}


@pytest.fixture(scope="module")
def gateway(world):
    return Publisher().certified(world)


def rows(world, made):
    return world.sql(f"SELECT count(*) FROM content WHERE content = '{made.content_id}'")


# --- what a license says of itself ---

@pytest.mark.parametrize("text", ["a\nb", "x\x1b[2Jy", "\u202etxt.exe", "two\u2028lines", "del\x7f"], ids=ascii)
def test_display_name_forged_a_line(world, gateway, text):
    """It is a request's text to which nobody had applied the rule for requests' texts: stored, and shown in lists."""
    made = gateway.protect(name=text)
    assert outcome(world.acquire, made, world.bob) == "LICENSE_MALFORMED" and rows(world, made) == "0"
    assert outcome(world.acquire, gateway.protect(name="Bücher 本"), world.bob) == "OK"


def test_license_led_to_another_authority(world, gateway):
    """Its clear header is signed by the publisher, and not, as an online license's, sealed by the authority; so a client that
    follows it sent its tokens where a publisher liked."""
    for url in ("https://evil.example", f"{AUTHORITY}.evil.example", "", f"{AUTHORITY}/x"):
        assert outcome(world.acquire, gateway.protect(claims={"url": url}), world.bob) == "LICENSE_FORGED", url
    assert outcome(world.acquire, gateway.protect(claims={"url": "x\ny"}), world.bob) == "LICENSE_MALFORMED"


def test_made_up_license_told_which_tenants_there_are(world, gateway):
    """A certificate that is none was told only where the tenant exists."""
    for crt in ("a.b.c", "x", sign({"alg": gateway.alg, "typ": "JWT"}, gateway.claims, gateway.key)):
        told = {outcome(world.acquire, gateway.protect(claims={"crt": crt, **more}), world.bob)
                for more in ({}, {"tid": str(uuid.uuid4())}, {"bnd": "gcc"})}
        assert told == {"LICENSE_MALFORMED"}, crt
    fake = sign({"alg": gateway.alg, "typ": "publisher-certificate+jwt", "kid": gateway.key.thumbprint()}, gateway.claims,
                gateway.key)
    told = {outcome(world.acquire, gateway.protect(claims={"crt": fake, **more}), world.bob)
            for more in ({}, {"tid": str(uuid.uuid4())})}
    assert told == {"LICENSE_FORGED"}


@pytest.mark.parametrize("kid", ["", "x", "\"kid\":\"", "P-256", "é", "A" * 43])
def test_part_of_a_name_named_every_key(world, gateway, kid):
    """Whose text has a part of what the caller names was parsed: with one letter all 64 keys of a tenant."""
    fake = sign({"alg": gateway.alg, "typ": "publisher-certificate+jwt", "kid": kid}, gateway.claims, gateway.key)
    assert outcome(world.acquire, gateway.protect(claims={"crt": fake}), world.bob) == "LICENSE_FORGED"


def test_misread_policy_was_told_as_no_rights(world, gateway):
    """Whoever builds a publisher heard from readers that they had no rights, of content that nobody could ever open."""
    at = int(time.time())
    twice = sealed_grant(1, ["bob@fabrikam.com"], [VIEW]) + 2 * b"\x22\x04SIGN"
    standard = sealed_grant(1, ["bob@fabrikam.com"], [VIEW]) + b"\x22\x05PRINT"
    lower = sealed_grant(1, ["bob@fabrikam.com"], [VIEW]) + b"\x22\x04sign"
    unknown = sealed_grant(99, ["bob@fabrikam.com"], [VIEW])
    policies = [b"x"] + [sealed_policy("alice@contoso.com", gateway.claims["sub"], at, kind=CUSTOM, recipients=(), grants=[one])
                         for one in (twice, standard, lower, unknown)]
    for policy in policies:
        assert outcome(world.acquire, gateway.protect(policy=policy), world.alice) == "LICENSE_MALFORMED", policy


# --- certificates ---

def test_proof_outlived_its_end(world):
    publisher, now = Publisher(), int(time.time())
    for end in (now - 1, 0, "x", 1.5, None):
        claims = {"exp": end}
        told = refused(world.call, GET, publisher.request(proof=publisher.proof(claims=claims)), world.gateway)
        assert told.fields == ["proof"], end
    good = publisher.proof(claims={"exp": now + 60})
    assert outcome(world.call, GET, publisher.request(proof=good), world.gateway) == "OK"


def person_of_two_domains(world, name):
    tenant = world.tenant()
    other = f"{tenant.name}-two.example"
    world.call("TenantService/AddDomain", {"tenant": tenant.name, "domain": other}, world.platform_admin)
    world.call("TenantService/VerifyDomain", {"tenant": tenant.name, "domain": other, "asserted": True}, world.platform_admin)
    addresses = [f"{name}@{tenant.domain}", f"{name}@{other}", f"{name}.alias@{tenant.domain}"]
    world.call("DirectoryService/PutUser", {"user": {"address": addresses[0], "aliases": addresses[1:]}}, tenant.admin)
    return tenant, other, addresses


@pytest.mark.parametrize("by", range(3), ids=["primary", "owner", "alias"])
@pytest.mark.parametrize("act", ["revoked", "excluded"])
def test_certificate_for_one_address_outlived_its_person(world, by, act):
    """It was for the owners of one domain, so it named no other address of theirs, by which an admin shut them out."""
    tenant, other, addresses = person_of_two_domains(world, world.unique("ann"))
    publisher = Publisher().certified(world, token=tenant.token(addresses[0]), sender_domains=[other])
    assert publisher.claims["adr"] == [addresses[1]]
    assert sorted(publisher.claims["oth"]) == sorted([addresses[0], addresses[2]])
    made = publisher.protect(owner=addresses[1])
    assert outcome(world.acquire, publisher.protect(owner=addresses[1]), world.bob) == "OK"
    if act == "revoked":
        world.call(REVOKE, {"publisher": addresses[by]}, tenant.admin)
    else:
        world.call("TenantService/AddExclusion", {"user": addresses[by]}, tenant.admin)
    assert outcome(world.acquire, made, world.bob) == "PUBLISHER_REVOKED"


def test_alias_that_came_later_named_nobody(world):
    """Nor did one by which somebody was known only when they were shut out."""
    tenant = world.tenant()
    address, alias = f"ann@{tenant.domain}", f"late@{tenant.domain}"
    publisher = Publisher().certified(world, token=tenant.token("ann"))
    made = publisher.protect(owner=address)
    world.call("DirectoryService/PutUser", {"user": {"address": address, "aliases": [alias]}}, tenant.admin)
    world.call(REVOKE, {"publisher": alias}, tenant.admin)
    world.call("DirectoryService/DeleteUser", {"address": address}, tenant.admin)
    assert outcome(world.acquire, made, world.bob) == "PUBLISHER_REVOKED"
    assert world.sql(f"SELECT target FROM audit WHERE tenant = '{tenant.id}' AND operation = 'revoke_publisher'") == alias


@pytest.mark.parametrize("by", ["component", "address"])
def test_renewed_certificate_was_revoked_before_it_was_given(world, by):
    """Within a minute after: the clocks of nodes and database may differ by so much. What its publisher then protected for seven
    days opened for nobody, ever."""
    tenant = world.tenant()
    owner, who = f"ann@{tenant.domain}", {"token": tenant.token("ann")} if by == "address" else {"who": tenant.gateway}
    first = Publisher().certified(world, **who)
    before = first.protect(owner=owner)
    world.call(REVOKE, {"publisher": owner if by == "address" else first.claims["cmp"]}, tenant.admin)
    renewed = Publisher().certified(world, **who)
    again = Publisher().certified(world, **who)
    assert 0 <= renewed.claims["iat"] - time.time() <= 62 and renewed.claims["exp"] - renewed.claims["iat"] == 7 * 24 * 3600
    assert outcome(world.acquire, renewed.protect(owner=owner), world.bob) == "OK"
    assert outcome(world.acquire, before, world.bob) == "PUBLISHER_REVOKED"
    world.call(REVOKE, {"publisher": owner if by == "address" else first.claims["cmp"]}, tenant.admin)
    assert outcome(world.acquire, renewed.protect(owner=owner), world.bob) == "PUBLISHER_REVOKED"
    serial = Publisher().certified(world, **who)
    world.call(REVOKE, {"publisher": serial.answer.certificate_id}, tenant.admin)
    told = [outcome(world.acquire, one.protect(owner=owner), world.bob) for one in (again, serial, Publisher().certified(world, **who))]
    assert told == ["PUBLISHER_REVOKED", "PUBLISHER_REVOKED", "OK"]


def test_certificate_was_recorded_and_not_given(world):
    """What it says was written, and found too long, after its record."""
    tenant = world.tenant()
    domains = [f"{'x' * 60}.{'y' * 60}.d{n:03}.{tenant.domain}" for n in range(128)]
    world.changed_by_hand("INSERT INTO tenant_domain (tenant, domain, proof, verified) SELECT "
                          f"'{tenant.id}', d, 'x', true FROM unnest(ARRAY{domains}) AS d")
    large = tenant.component("gateway", world.unique("large"), sender_domains=domains)
    assert outcome(Publisher().certified, world, large) == "LIMIT_EXCEEDED"
    assert not world.sql(f"SELECT reason FROM audit WHERE operation = 'get_publisher_certificate' AND tenant = '{tenant.id}'")
    assert outcome(Publisher().certified, world, large, sender_domains=domains[:60]) == "OK"


# --- many recipients of one license ---

def pre_license(world, made, *addresses, who=None):
    results = world.call(PRE_LICENSE, {"publishing_license": made.publishing_license,
                                       "recipients": [{"address": one} for one in addresses]}, who or world.gateway).results
    return [one.error.reason if one.WhichOneof("outcome") == "error" else "OK" for one in results]


def test_each_recipient_was_asked_about_the_publisher(world, gateway):
    """500 recipients of content that nobody knew yet asked 500 times whether its publisher may, and passed the gate three times
    each. What is wrong with the license refuses the call."""
    people = [Person(world, world.fabrikam, world.unique("reader")) for _ in range(2)]
    for person in people:
        device_of(person)
    addresses = [person.address for person in people]
    assert pre_license(world, world.protect(recipients=addresses), *addresses) == ["OK"] * 2  # what has moved is known by then
    made = gateway.protect(recipients=tuple(sorted(addresses)))
    before = world.metric("chancery_gate_batch_entries_sum")
    assert pre_license(world, made, *addresses * 20) == ["OK"] * 40
    assert world.metric("chancery_gate_batch_entries_sum") - before == 40 and rows(world, made) == "1"
    thief = Publisher().certified(world)
    stolen = thief.protect(recipients=tuple(sorted(addresses)))
    world.call(REVOKE, {"publisher": thief.answer.certificate_id}, world.contoso.admin)
    assert refused(pre_license, world, stolen, *addresses).reason == "PUBLISHER_REVOKED"
    assert rows(world, stolen) == "0"
    assert world.sql("SELECT count(*) FROM audit WHERE operation = 'pre_license' AND reason = 'PUBLISHER_REVOKED'") == "1"


def test_record_named_the_device_to_whom_it_was_refused(world):
    """A gateway of neither side learns nothing; the log of the content's tenant told its readers what the recipient has."""
    person = Person(world, world.fabrikam, world.unique("reader"))
    device_of(person)
    made = world.protect(recipients=[person.address])
    assert pre_license(world, made, person.address, who=world.tenant().gateway) == ["COMPONENT_TENANT"]
    assert world.sql(f"SELECT target FROM audit WHERE operation = 'pre_license' AND content = '{made.content_id}'") == \
        f"for {person.address}, before it was asked for"
