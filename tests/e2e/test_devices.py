# SPDX-License-Identifier: Apache-2.0
"""Devices (docs/policy.md §8.9): who registers a key, by what, and when it no longer counts. Whether one counts is asked by
what it is for: a license before it is asked for."""
import json
import time

import pytest
from jwcrypto import jwk

from calls import outcome, pages, refused
from devices import DELETE, LIST, REGISTER, Person, new_key
from proofs import Prover, device_proof

DEVICE, MAILBOX = 1, 2
DAY = 24 * 3600


@pytest.fixture
def kim(world):
    return Person(world, world.fabrikam, world.unique("kim"))


def counts(world, person):
    """OK if a license can be made for a device of theirs, else why not."""
    made = world.protect(recipients=[person.address])
    result = world.call("LicensingService/PreLicense", {"publishing_license": made.publishing_license, "recipients": [
        {"address": person.address}]}, world.gateway).results[0]
    return result.error.reason if result.WhichOneof("outcome") == "error" else "OK"


def last_record(world, operation):
    return world.sql("SELECT granted, reason, user_address, component_name, target FROM audit WHERE operation = "
                     f"'{operation}' ORDER BY event DESC LIMIT 1").split("|")


def test_a_device_is_registered_shown_and_removed(world, kim):
    key = new_key()
    device = kim.register(key, display_name="Kims Telefon")
    assert (device.address, device.thumbprint, device.display_name) == (kim.address, key.thumbprint(), "Kims Telefon")
    assert device.kind == DEVICE and device.component_id == ""
    assert 90 * DAY - 60 < device.expire_time.seconds - time.time() <= 90 * DAY + 5
    assert jwk.JWK.from_json(device.public_jwk).thumbprint() == key.thumbprint()
    assert last_record(world, "register_device") == ["t", "OK", kim.address, "", key.thumbprint()]
    assert kim.thumbprints() == [key.thumbprint()] and counts(world, kim) == "OK"
    kim.call(DELETE, {"thumbprint": key.thumbprint()})
    assert last_record(world, "delete_device")[2:] == [kim.address, "", f"{kim.address}: {key.thumbprint()}"]
    assert kim.thumbprints() == [] and counts(world, kim) == "DEVICE_UNKNOWN"
    assert refused(kim.call, DELETE, {"thumbprint": key.thumbprint()}).reason == "NOT_FOUND"


@pytest.mark.parametrize("kind", [{"kty": "EC", "crv": "P-384"}, {"kty": "RSA", "size": 2048}], ids=str)
def test_kinds_of_keys(world, kim, kind):
    key = new_key(**kind)
    assert kim.register(key).thumbprint == key.thumbprint() and counts(world, kim) == "OK"


def test_registering_again_renews(world, kim):
    key = new_key()
    first = kim.register(key, days=1, display_name="one")
    again = kim.register(key, days=30, display_name="two")
    assert again.expire_time.seconds - first.expire_time.seconds > 28 * DAY and again.display_name == "two"
    assert kim.thumbprints() == [key.thumbprint()]


def test_who_may_not(world, kim):
    key = new_key()

    def register(token, who=None, user_token=None, metadata=()):
        request = {"proof": device_proof(user_token or token, key)}
        return outcome(world.call, REGISTER, request, who, token=token, user_token=user_token, metadata=metadata)

    assert register(world.bob) == "DEVICE_DENIED"  # a token that may have been stolen
    assert last_record(world, "register_device")[:3] == ["f", "DEVICE_DENIED", "bob@fabrikam.com"]
    assert register(world.google.token("x@gmail.com", email_verified=True)) == "DEVICE_DENIED"
    guest = Prover()
    world.call("DirectoryService/PutUser", {"user": {"address": "guest@fabrikam.com", "guest": True}}, world.fabrikam.admin)
    token = world.fabrikam.token("guest", cnf=guest.cnf)
    assert register(token, metadata=guest.metadata(token, REGISTER)) == "TOKEN_MALFORMED"  # two of one header
    request = {"proof": device_proof(token, key)}
    assert outcome(world.call, REGISTER, request, metadata=guest.metadata(token, REGISTER)) == "DEVICE_DENIED"
    assert refused(world.call, REGISTER, {"proof": "x"}, world.fabrikam.gateway).reason == "USER_TOKEN_REQUIRED"
    assert refused(world.call, REGISTER, {"proof": "x"}, world.portal, user_token=world.bob).reason == "COMPONENT_ROLE"
    assert refused(world.call, REGISTER, {"proof": "x"}, world.gateway, user_token=world.bob).reason == "COMPONENT_TENANT"
    assert refused(world.call, LIST, {}, token=world.google.token("x@gmail.com", email_verified=True)).reason == "DEVICE_DENIED"


def test_a_gateway_registers_the_mailbox_of_whom_it_carries(world, kim):
    key, token = new_key(), world.fabrikam.token(kim.address)
    device = world.call(REGISTER, {"proof": device_proof(token, key), "display_name": "mailbox"}, world.fabrikam.gateway,
                        user_token=token).device
    assert device.kind == MAILBOX and device.component_id and device.address == kim.address
    assert last_record(world, "register_device")[2:] == [kim.address, "fabrikam-gateway",
                                                         f"{key.thumbprint()}, a mailbox at this gateway"]
    assert kim.thumbprints() == [key.thumbprint()] and counts(world, kim) == "OK"


@pytest.mark.parametrize("flaw", [
    {"aud": "https://other.example"}, {"aud": None}, {"ath": None}, {"ath": "x" * 43}, {"iat": -700}, {"iat": 120}, {"iat": None}, {"exp": -1}, {"header": {"typ": "dpop+jwt"}},
    {"header": {"typ": None}}, {"header": {"jwk": None}}, {"signer": new_key()}], ids=str)
def test_a_proof_that_proves_nothing(kim, flaw):
    """Times are seconds from now."""
    key = new_key()
    flaw = {name: value + int(time.time()) if isinstance(value, int) else value for name, value in flaw.items()}
    error = refused(kim.register, key, device_proof(kim.token, key, **flaw))
    assert (error.reason, error.fields) == ("FIELD_INVALID", ["proof"])
    assert kim.thumbprints() == []


def test_proofs_that_are_none(world, kim):
    ed25519 = new_key(kty="OKP", crv="Ed25519")
    for proof in ("x", "x" * 30000, "a.b.c", device_proof(kim.token, ed25519), device_proof(world.bob, new_key())):
        assert refused(kim.register, None, proof).fields == ["proof"]
    private = new_key()
    whole = device_proof(kim.token, private, header={"jwk": json.loads(private.export_private())})
    assert refused(kim.register, None, whole).fields == ["proof"]
    error = refused(kim.call, REGISTER, {"display_name": "n" * 129, "days": 91})
    assert sorted(error.fields) == ["days", "display_name", "proof"]
    assert refused(kim.register, days=-1).fields == ["days"]


def test_twenty_of_one_person(kim):
    for _ in range(20):
        last = kim.register()
    assert refused(kim.register).reason == "LIMIT_EXCEEDED"
    assert len(kim.thumbprints()) == 20
    kim.call(DELETE, {"thumbprint": last.thumbprint})
    assert kim.register().thumbprint


def test_what_an_admin_sees_and_removes(world, kim):
    tenant = world.tenant()
    people = [Person(world, tenant, name) for name in ("ann", "ben")]
    for person in people:
        for _ in range(2):
            person.register()
    all_of_them = sorted((p.address, thumbprint) for p in people for thumbprint in p.thumbprints())
    seen = pages(world.call, LIST, {"page_size": 3}, "devices", tenant.admin)
    assert [(device.address, device.thumbprint) for device in seen] == all_of_them
    assert [d.address for d in world.call(LIST, {"address": people[1].address}, tenant.admin).devices] == 2 * [people[1].address]
    address, thumbprint = all_of_them[0]
    assert refused(world.call, DELETE, {"thumbprint": thumbprint}, tenant.admin).fields == ["address"]
    assert outcome(world.call, DELETE, {"address": address, "thumbprint": thumbprint}, world.contoso.admin) == "NOT_FOUND"
    assert outcome(world.call, DELETE, {"address": address, "thumbprint": thumbprint}, tenant.admin) == "OK"
    assert len(people[0].thumbprints()) == 1
    other = people[1].thumbprints()[0]
    assert outcome(kim.call, DELETE, {"thumbprint": other}) == "NOT_FOUND"
    assert outcome(kim.call, DELETE, {"address": people[1].address, "thumbprint": other}) == "NOT_FOUND"
    assert outcome(kim.call, LIST, {"address": people[1].address}) == "NOT_FOUND"
    assert outcome(kim.call, LIST, {"page_token": "x"}) == "PAGE_TOKEN_INVALID"


# --- when it no longer counts ---------------------------------------------------------------------

def put_user(world, tenant, address, **more):
    world.call("DirectoryService/PutUser", {"user": {"address": address, **more}}, tenant.admin)


def test_whoever_leaves_the_directory_has_no_device(world):
    tenant = world.tenant()
    put_user(world, tenant, f"kim@{tenant.domain}", aliases=[f"k@{tenant.domain}"])
    kim = Person(world, tenant, "kim")
    kim.register()
    assert counts(world, kim) == "OK"
    world.call("DirectoryService/DeleteUser", {"address": kim.address}, tenant.admin)
    assert counts(world, kim) == "DEVICE_UNKNOWN"
    put_user(world, tenant, kim.address)  # somebody else may be called so
    assert counts(world, kim) == "DEVICE_UNKNOWN" and kim.thumbprints() == []


def test_an_address_that_comes_into_the_directory_has_none(world):
    tenant = world.tenant()
    kim = Person(world, tenant, "kim")
    kim.register()
    assert counts(world, kim) == "OK"
    put_user(world, tenant, f"other@{tenant.domain}")
    assert counts(world, kim) == "OK"
    put_user(world, tenant, kim.address)
    assert counts(world, kim) == "DEVICE_UNKNOWN"
    kim.register()
    assert counts(world, kim) == "OK"


def test_a_person_is_found_by_any_of_their_addresses(world):
    tenant = world.tenant()
    put_user(world, tenant, f"kim@{tenant.domain}", aliases=[f"k@{tenant.domain}"])
    kim = Person(world, tenant, "kim")
    kim.register()
    kim.address = f"k@{tenant.domain}"
    assert counts(world, kim) == "OK"
    put_user(world, tenant, f"kim@{tenant.domain}")  # gives the alias up
    assert counts(world, kim) == "DEVICE_UNKNOWN"
    kim.address = f"kim@{tenant.domain}"
    assert counts(world, kim) == "OK"


def test_guests_have_none(world):
    tenant = world.tenant()
    put_user(world, tenant, f"kim@{tenant.domain}")
    kim = Person(world, tenant, "kim")
    kim.register()
    put_user(world, tenant, kim.address, guest=True)
    assert counts(world, kim) == "DEVICE_UNKNOWN"


def test_a_disabled_tenant_and_a_lost_domain(world):
    tenant = world.tenant()
    kim = Person(world, tenant, "kim")
    kim.register()
    state = {"tenant": {"tenant": tenant.name, "state": 2}, "update_mask": {"paths": ["state"]}}
    world.call("TenantService/UpdateTenant", state, world.platform_admin)
    assert counts(world, kim) == "DEVICE_UNKNOWN"
    state["tenant"]["state"] = 1
    world.call("TenantService/UpdateTenant", state, world.platform_admin)
    assert counts(world, kim) == "OK"
    world.call("TenantService/RemoveDomain", {"tenant": tenant.name, "domain": tenant.domain}, world.platform_admin)
    assert counts(world, kim) == "DEVICE_UNKNOWN"


def test_who_said_who_they_are_must_be_trusted_still(world):
    tenant = world.tenant()
    kim = Person(world, tenant, "kim")
    kim.register()
    issuer = world.sql(f"SELECT issuer FROM issuer WHERE tenant = '{tenant.id}' AND kind = 1")

    def switch(off):
        world.call("IssuerService/UpdateIssuer", {"issuer": {"issuer_id": issuer, "disabled": off},
                                                  "update_mask": {"paths": ["disabled"]}}, tenant.admin)

    switch(True)
    assert counts(world, kim) == "DEVICE_UNKNOWN"
    switch(False)
    assert counts(world, kim) == "OK"
    world.call("IssuerService/DeleteIssuer", {"issuer_id": issuer}, tenant.admin)
    assert counts(world, kim) == "DEVICE_UNKNOWN"
    assert world.sql(f"SELECT count(*) FROM device WHERE tenant = '{tenant.id}'") == "0"


def test_a_mailbox_goes_with_its_gateway(world):
    tenant = world.tenant()
    token = tenant.token("kim")
    world.call(REGISTER, {"proof": device_proof(token, new_key())}, tenant.gateway, user_token=token)
    kim = Person(world, tenant, "kim")
    assert counts(world, kim) == "OK"
    gateway = world.sql(f"SELECT component FROM component WHERE tenant = '{tenant.id}' AND role = 1")
    world.call("ComponentService/UpdateComponent", {"component": {"component_id": gateway, "disabled": True},
                                                    "update_mask": {"paths": ["disabled"]}}, tenant.admin)
    assert counts(world, kim) == "DEVICE_UNKNOWN"
    world.call("ComponentService/DeleteComponent", {"component_id": gateway}, tenant.admin)
    assert kim.thumbprints() == []


def test_it_ends(world, kim):
    kim.register(days=1)
    world.sql(f"UPDATE device SET ends_at = now() WHERE address = '{kim.address}'")
    assert counts(world, kim) == "DEVICE_UNKNOWN" and kim.thumbprints() == []
    kim.register()
    assert world.sql(f"SELECT count(*) FROM device WHERE address = '{kim.address}'") == "1"
