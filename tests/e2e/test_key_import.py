# SPDX-License-Identifier: Apache-2.0
"""Customers' keys enter (docs/policy.md §12.2, docs/formats.md §4.4): wrapped as cloud HSMs do it, each by an import key of its
own, and become the active version. What is not the key that was asked for changes nothing."""
import concurrent.futures
import json
import os

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwcrypto import jwk, jws as jose

from authority import new_id
from calls import outcome, reason, refused
from command import run, with_certificate
from exported import content_key_of
from importing import der_of, insert, pem_of, request, rsa_of, thumbprint_of, wrapped
from proofs import b64url
from publisher import Publisher
from waiting import eventually

SEALING, EXCHANGE, SIGNING = 1, 2, 3
ACTIVE, ARCHIVED, DESTROYED = 1, 2, 4
CONTENT_ACCESS, EXPORT_KEYS = 1, 2
CURVES = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1}


@pytest.fixture
def tenant(world):
    return world.tenant()


def listed(world, tenant):
    return world.call("KeyService/ListKeys", {}, tenant.admin).keys


def states(world, tenant, purpose):
    return [key.state for key in listed(world, tenant) if key.purpose == purpose]


def curve(world, tenant):
    return json.loads(listed(world, tenant)[-1].public_jwk)["crv"]


def own_key(world, tenant, purpose):
    return os.urandom(32) if purpose == SEALING else ec.generate_private_key(CURVES[curve(world, tenant)]())


def import_key(world, tenant):
    """Made by the authority: that takes a while on a busy machine."""
    return world.call("KeyService/GetImportKey", {}, tenant.admin, timeout=280)


def enter(world, tenant, purpose, key, got=None, who=None, **more):
    return world.call("KeyService/ImportKey", request(got or insert(world, tenant), purpose, key, **more), who or tenant.admin)


def protect(world, tenant):
    return world.protect(who=tenant.gateway, owner=f"alice@{tenant.domain}")


# --- what enters -------------------------------------------------------------------------------------------------------


def test_a_sealing_key_of_the_customers(world, tenant):
    """By the customer's own copy of it their content opens."""
    before, key = protect(world, tenant), os.urandom(32)
    made = enter(world, tenant, SEALING, key, reason="ours").key
    assert (made.version, made.state, made.public_jwk) == (2, ACTIVE, "") and states(world, tenant, SEALING) == [ARCHIVED, ACTIVE]
    after = protect(world, tenant)
    assert [outcome(world.acquire, one, world.bob) for one in (before, after)] == ["OK", "OK"]
    own = [{"kid": "sealing-2", "k": b64url(key)}]
    assert content_key_of(after.publishing_license, own) == world.reader.unwrap(after.wrapped_content_key)
    event, = world.audit(tenant=tenant.name, operation="import_key")
    assert event.target == f"sealing key 2 instead of 1, the customer's {thumbprint_of(key)}: ours"
    assert event.component == tenant.admin.name


def test_a_signing_key_of_the_customers(world, tenant):
    made, key = protect(world, tenant), own_key(world, tenant, SIGNING)
    public = json.loads(enter(world, tenant, SIGNING, key).key.public_jwk)
    assert public["kid"] == thumbprint_of(key) and public["use"] == "sig" and "d" not in public
    token = jose.JWS()
    token.deserialize(world.acquire(made, world.bob).use_license)
    assert token.jose_header["kid"] == thumbprint_of(key)
    token.verify(jwk.JWK.from_pem(pem_of(key)))


def test_an_exchange_key_of_the_customers(world, tenant):
    key = own_key(world, tenant, EXCHANGE)
    public = json.loads(enter(world, tenant, EXCHANGE, key).key.public_jwk)
    assert public["kid"] == thumbprint_of(key) and public["use"] == "enc"
    assert states(world, tenant, EXCHANGE) == [ARCHIVED, ACTIVE]


def test_an_import_key_is_rsa_of_3072_bits_and_rests_sealed(world, tenant):
    got = import_key(world, tenant)
    public = json.loads(got.public_jwk)
    assert rsa_of(got).key_size == 3072 and (public["use"], public["alg"]) == ("enc", "RSA-OAEP-256") and "d" not in public
    assert world.sql(f"SELECT count(*) FROM key_import WHERE tenant = '{tenant.id}' AND length(wrapped) > 1000 AND "
                     "abs(extract(epoch FROM expires_at - now()) - 86400) < 300") == "1"
    assert import_key(world, tenant).public_jwk != got.public_jwk
    assert got.import_id in [event.target for event in world.audit(tenant=tenant.name, operation="get_import_key")]
    enter(world, tenant, SEALING, os.urandom(32), got)


# --- once, in time, for whom it is -------------------------------------------------------------------------------------


def test_an_import_is_used_once(world, tenant):
    got, key = insert(world, tenant), os.urandom(32)
    enter(world, tenant, SEALING, key, got)
    assert reason(enter, world, tenant, SEALING, key, got) == "NOT_FOUND"
    assert world.sql(f"SELECT length(wrapped) FROM key_import WHERE tenant = '{tenant.id}'") == "0"
    assert states(world, tenant, SEALING) == [ARCHIVED, ACTIVE]


def test_of_many_at_once_one_enters(world, tenant):
    got = insert(world, tenant)
    sent = request(got, SEALING, os.urandom(32))
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda _: outcome(world.call, "KeyService/ImportKey", sent, tenant.admin), range(6)))
    assert results.count("OK") == 1 and set(results) <= {"OK", "NOT_FOUND", "ETAG_MISMATCH", "CONFLICT"}, results
    assert states(world, tenant, SEALING) == [ARCHIVED, ACTIVE]


def test_another_version_came_first(world, tenant):
    """The import is not used up by what did not happen."""
    got, key, etag = insert(world, tenant), os.urandom(32), listed(world, tenant)[0].etag
    world.call("KeyService/RotateKey", {"purpose": SEALING}, tenant.admin)
    assert reason(enter, world, tenant, SEALING, key, got, etag=etag) == "ETAG_MISMATCH"
    assert enter(world, tenant, SEALING, key, got).key.version == 3


def test_it_ends(world, tenant):
    got = insert(world, tenant)
    world.sql(f"UPDATE key_import SET expires_at = now() WHERE tenant = '{tenant.id}'")
    assert reason(enter, world, tenant, SEALING, os.urandom(32), got) == "NOT_FOUND"
    eventually(lambda: world.sql(f"SELECT count(*) FROM key_import WHERE tenant = '{tenant.id}'") == "0",
               "it is removed, though nobody asks for another one", 120)


def test_it_is_the_tenants(world, tenant):
    other = world.tenant()
    got, key = insert(world, tenant), os.urandom(32)
    assert reason(enter, world, other, SEALING, key, got) == "NOT_FOUND"
    assert reason(world.call, "KeyService/ImportKey", request(got, SEALING, key, import_id=new_id()), tenant.admin) == "NOT_FOUND"
    for who in (world.contoso.admin, world.platform_admin):
        assert outcome(world.call, "KeyService/ImportKey", request(got, SEALING, key, tenant=tenant.name), who) in (
            "COMPONENT_TENANT", "COMPONENT_ROLE")
    assert reason(enter, world, tenant, SEALING, key, got, who=tenant.auditor) == "COMPONENT_ROLE"
    assert reason(world.call, "KeyService/GetImportKey", {}, tenant.auditor) == "COMPONENT_ROLE"
    # a row that somebody moves within the database opens nothing
    mine = insert(world, other)
    world.sql(f"UPDATE key_import SET wrapped = (SELECT wrapped FROM key_import WHERE import = '{got.import_id}') "
              f"WHERE import = '{mine.import_id}'")
    assert reason(enter, world, other, SEALING, key, mine) == "KEYS_UNAVAILABLE"
    assert states(world, other, SEALING) == states(world, tenant, SEALING) == [ACTIVE]


def test_a_tenant_has_so_many(world, tenant):
    world.sql("INSERT INTO key_import (tenant, import, wrapped, expires_at) SELECT "
              f"'{tenant.id}', gen_random_uuid(), 'x', now() + interval '1 hour' FROM generate_series(1, 30)")
    got = import_key(world, tenant)
    assert world.sql(f"SELECT count(*) FROM key_import WHERE tenant = '{tenant.id}'") == "20"
    enter(world, tenant, SEALING, os.urandom(32), got)  # the newest are kept


def test_what_waits_for_a_second_admin_is_not_pushed_out(world, tenant):
    """The oldest of all stays for as long as its request waits; the others make room, used ones first."""
    second, key = tenant.second_admin, os.urandom(32)
    world.update_tenant(tenant.admin, two_person=[CONTENT_ACCESS])
    awaited = insert(world, tenant)
    asked = enter(world, tenant, SEALING, key, awaited).approval_id
    held = f"FROM key_import WHERE tenant = '{tenant.id}'"
    world.sql("INSERT INTO key_import (tenant, import, wrapped, expires_at) SELECT "
              f"'{tenant.id}', gen_random_uuid(), CASE WHEN n > 25 THEN '' ELSE 'x' END::bytea, "
              "now() + interval '1 day' + n * interval '1 minute' FROM generate_series(1, 30) AS n")
    got = import_key(world, tenant)
    assert world.sql(f"SELECT count(*), count(*) FILTER (WHERE wrapped = '') {held}") == "20|0"
    assert world.sql(f"SELECT count(*) {held} AND import IN ('{awaited.import_id}', '{got.import_id}')") == "2"
    world.call("ApprovalService/ApproveRequest", {"approval_id": asked}, second)
    assert states(world, tenant, SEALING) == [ARCHIVED, ACTIVE]


def test_no_more_than_twenty_wait(world, tenant):
    second = tenant.second_admin
    world.update_tenant(tenant.admin, two_person=[CONTENT_ACCESS])
    asked = enter(world, tenant, SEALING, os.urandom(32)).approval_id
    rows = f"FROM key_import WHERE tenant = '{tenant.id}'"
    world.sql("INSERT INTO key_import (tenant, import, wrapped, expires_at) SELECT "
              f"'{tenant.id}', gen_random_uuid(), 'x', now() + interval '1 day' FROM generate_series(1, 20)")
    columns = ("act, operation, request, summary, requested_by, requested_by_name, requested_with, requested_as, digest, "
               "approval.expires_at")
    world.sql(f"INSERT INTO approval (tenant, approval, import, {columns.replace('approval.', '')}) SELECT approval.tenant, "
              f"gen_random_uuid(), key_import.import, {columns} FROM approval, key_import WHERE approval = '{asked}' AND "
              f"key_import.tenant = '{tenant.id}' AND wrapped = 'x' ORDER BY key_import.import LIMIT 19")
    before = world.sql(f"SELECT string_agg(import::text, ' ' ORDER BY import) {rows}")
    assert reason(import_key, world, tenant) == "LIMIT_EXCEEDED"
    assert world.sql(f"SELECT string_agg(import::text, ' ' ORDER BY import) {rows}") == before
    world.call("ApprovalService/RejectRequest", {"approval_id": asked}, second)
    assert import_key(world, tenant).import_id and world.sql(f"SELECT count(*) {rows}") == "20"


# --- what is no such key -----------------------------------------------------------------------------------------------


def with_other_half(key, other):
    """Another's public half in the place of a key's own."""
    form = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    return der_of(key).replace(key.public_key().public_bytes(*form), other.public_key().public_bytes(*form))


def test_keys_that_are_none(world, tenant):
    own = curve(world, tenant)
    other, = (name for name in CURVES if name != own)
    good, second = (ec.generate_private_key(CURVES[own]()) for _ in range(2))
    got = insert(world, tenant)
    wrong = [(SIGNING, ec.generate_private_key(CURVES[other]())), (EXCHANGE, ec.generate_private_key(ec.SECP521R1())),
             (SIGNING, rsa.generate_private_key(65537, 2048)), (SIGNING, os.urandom(32)), (SEALING, os.urandom(16)),
             (SEALING, os.urandom(33)), (SEALING, 32 * b"k"), (SEALING, der_of(good)), (EXCHANGE, with_other_half(good, second)),
             (SIGNING, with_other_half(good, second)), (SIGNING, der_of(good)[:-3])]
    for purpose, key in wrong:
        told = refused(enter, world, tenant, purpose, key, got, thumbprint=thumbprint_of(good))
        assert (told.reason, told.fields) == ("FIELD_INVALID", ["wrapped_key"]), (purpose, key)
    assert refused(enter, world, tenant, SIGNING, good, got, thumbprint=thumbprint_of(second)).fields == ["thumbprint"]
    assert refused(enter, world, tenant, SEALING, os.urandom(32), got, thumbprint=thumbprint_of(good)).fields == ["thumbprint"]
    assert not world.audit(tenant=tenant.name, operation="import_key")
    assert enter(world, tenant, SIGNING, good, got).key.version == 2  # it was not used up


def test_what_does_not_open(world, tenant):
    got, key = insert(world, tenant), os.urandom(32)
    sound = wrapped(got, key)
    cut = [sound[:at] for at in (1, 383, 384, 391, len(sound) - 8, len(sound) - 1)]
    flipped = [sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1:] for at in (0, 200, 384, len(sound) - 1)]
    strange = [wrapped(import_key(world, tenant), key), wrapped(got, key, kek=os.urandom(16)), wrapped(got, key, digest=hashes.SHA1),
               sound + b"x", sound + bytes(8)]
    for bytes_ in cut + flipped + strange:
        assert refused(enter, world, tenant, SEALING, key, got, bytes_=bytes_).fields == ["wrapped_key"]
    assert enter(world, tenant, SEALING, key, got, bytes_=sound).key.version == 2


@pytest.mark.parametrize("wrong, told", [
    ({"purpose": 0}, "purpose"), ({"purpose": 4}, "purpose"), ({"import_id": ""}, "import_id"), ({"import_id": "x"}, "import_id"),
    ({"thumbprint": 65 * "x"}, "thumbprint"), ({"thumbprint": "x"}, "thumbprint"), ({"reason": 257 * "x"}, "reason"),
    ({"etag": 65 * "x"}, "etag"), ({"wrapped_key": b""}, "wrapped_key")])
def test_what_is_wrong_is_told(world, wrong, told):
    sent = {**request(insert(world, world.contoso), SEALING, os.urandom(32)), **wrong}
    assert refused(world.call, "KeyService/ImportKey", sent, world.contoso.admin).fields == [told]


# --- what the tenant has already ---------------------------------------------------------------------------------------


def published(world, tenant):
    return [key["kid"] for key in json.loads(world.a.fetch(f"/tenants/{tenant.id}/jwks.json")[2])["keys"]]


@pytest.mark.parametrize("purpose", [SIGNING, EXCHANGE])
def test_a_key_enters_once(world, tenant, purpose):
    """Whatever has become of its version."""
    key, got = own_key(world, tenant, purpose), insert(world, tenant)
    assert enter(world, tenant, purpose, key).key.version == 2

    def told():
        refusal = refused(enter, world, tenant, purpose, key, got)
        return refusal.reason, refusal.metadata["version"]

    assert told() == ("ALREADY_EXISTS", "2")  # active
    world.call("KeyService/RotateKey", {"purpose": purpose}, tenant.admin)
    assert told() == ("ALREADY_EXISTS", "2")  # archived
    version = {"purpose": purpose, "version": 2}
    world.call("KeyService/RevokeKey", version, tenant.admin)
    assert told() == ("ALREADY_EXISTS", "2")
    world.call("KeyService/DestroyKey", {**version, "reason": "x"}, tenant.admin)
    world.sql(f"UPDATE tenant_key SET destroy_at = now() WHERE tenant = '{tenant.id}' AND purpose = {purpose} AND version = 2")
    eventually(lambda: states(world, tenant, purpose)[1] == DESTROYED, "it is destroyed", 120)
    assert told() == ("ALREADY_EXISTS", "2")
    other = EXCHANGE if purpose == SIGNING else SIGNING
    assert enter(world, tenant, other, key, got).key.version == 2  # the import key was not used up


def test_of_one_key_twice_at_once_one_enters(world, tenant):
    key = own_key(world, tenant, SIGNING)
    sent = [request(insert(world, tenant), SIGNING, key) for _ in range(6)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda one: outcome(world.call, "KeyService/ImportKey", one, tenant.admin), sent))
    assert results.count("OK") == 1 and set(results) <= {"OK", "ALREADY_EXISTS", "ETAG_MISMATCH", "CONFLICT"}, results
    assert states(world, tenant, SIGNING) == [ARCHIVED, ACTIVE]


def test_what_came_meanwhile_is_not_approved(world, tenant):
    second, key = tenant.second_admin, own_key(world, tenant, SIGNING)
    world.update_tenant(tenant.admin, two_person=[CONTENT_ACCESS])
    first, late = ({"approval_id": enter(world, tenant, SIGNING, key).approval_id} for _ in range(2))
    world.call("ApprovalService/ApproveRequest", first, second)
    told = refused(world.call, "ApprovalService/ApproveRequest", late, second)
    assert (told.reason, told.metadata["version"]) == ("ALREADY_EXISTS", "2")
    assert refused(enter, world, tenant, SIGNING, key).reason == "ALREADY_EXISTS"  # nor asked for
    assert states(world, tenant, SIGNING) == [ARCHIVED, ACTIVE]


def test_versions_of_one_key_from_before(world, tenant):
    """Older programs let one in twice: it is published once, and counts for as long as one of its versions does."""
    key = own_key(world, tenant, SIGNING)
    enter(world, tenant, SIGNING, key)
    made = Publisher().certified(world, tenant.gateway).protect(owner=f"alice@{tenant.domain}").publishing_license
    world.sql(f"UPDATE tenant_key SET public_jwk = (SELECT public_jwk FROM tenant_key WHERE tenant = '{tenant.id}' AND purpose = 3 "
              f"AND version = 2) WHERE tenant = '{tenant.id}' AND purpose = 3 AND version = 1")
    assert published(world, tenant) == [thumbprint_of(key)]
    world.call("KeyService/RevokeKey", {"purpose": SIGNING, "version": 1}, tenant.admin)
    assert published(world, tenant) == [thumbprint_of(key)]
    assert outcome(world.acquire, made, world.bob) == "OK"


# --- two persons -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("required", [CONTENT_ACCESS, EXPORT_KEYS])
def test_a_second_admin_approves(world, tenant, required):
    second, key, got = tenant.second_admin, os.urandom(32), insert(world, tenant)
    world.update_tenant(tenant.admin, two_person=[required])
    asked = enter(world, tenant, SEALING, key, got, reason="ours")
    assert asked.approval_id and not asked.HasField("key") and states(world, tenant, SEALING) == [ACTIVE]
    by_it = {"approval_id": asked.approval_id}
    shown = world.call("ApprovalService/GetApproval", by_it, second).approval
    assert shown.summary == f"Import sealing key 2 instead of 1, the customer's {thumbprint_of(key)}: ours"
    assert json.loads(shown.request_json) == {"importId": got.import_id, "purpose": "KEY_PURPOSE_SEALING", "reason": "ours",
                                              "thumbprint": thumbprint_of(key)}  # and not the key, wrapped as it is
    world.call("ApprovalService/ApproveRequest", by_it, second)
    assert states(world, tenant, SEALING) == [ARCHIVED, ACTIVE] and outcome(world.acquire, protect(world, tenant), world.bob) == "OK"


def test_a_request_ends_with_its_import_key(world, tenant):
    assert tenant.second_admin
    world.update_tenant(tenant.admin, two_person=[CONTENT_ACCESS])
    got = insert(world, tenant)
    asked = enter(world, tenant, SEALING, os.urandom(32), got).approval_id
    ends = world.call("ApprovalService/GetApproval", {"approval_id": asked}, tenant.admin).approval.expire_time
    assert world.sql(f"SELECT abs(extract(epoch FROM expires_at) - {ends.seconds}) <= 1 FROM key_import "
                     f"WHERE import = '{got.import_id}'") == "t"


def test_what_was_approved_is_what_enters(world, tenant):
    second = tenant.second_admin
    world.update_tenant(tenant.admin, two_person=[CONTENT_ACCESS])
    late, moved = (enter(world, tenant, purpose, own_key(world, tenant, purpose)).approval_id for purpose in (SEALING, SIGNING))
    world.call("KeyService/RotateKey", {"purpose": SIGNING}, tenant.admin)
    assert reason(world.call, "ApprovalService/ApproveRequest", {"approval_id": moved}, second) == "PRECONDITION_FAILED"
    world.sql(f"UPDATE key_import SET expires_at = now() WHERE tenant = '{tenant.id}'")
    assert reason(world.call, "ApprovalService/ApproveRequest", {"approval_id": late}, second) == "NOT_FOUND"
    assert states(world, tenant, SEALING) == [ACTIVE] and states(world, tenant, SIGNING) == [ARCHIVED, ACTIVE]


# --- by hand -----------------------------------------------------------------------------------------------------------


def test_the_command(world, tenant, tmp_path):
    with_certificate(world, "bringer", tenant.admin)
    def kept(name, text):
        path = tmp_path / name
        path.write_bytes(text)
        path.chmod(0o600)
        return str(path)

    signing, sealing = own_key(world, tenant, SIGNING), os.urandom(32)
    row = run(world, "key import", "bringer", "--key", kept("signing.pem", pem_of(signing)), "signing").stdout.splitlines()[-1]
    assert row.split()[:3] == ["signing", "2", "active"]
    row = run(world, "key import", "bringer", "--key", kept("sealing", sealing), "--reason", "ours", "sealing").stdout.splitlines()[-1]
    assert row.split()[:3] == ["sealing", "2", "active"]
    assert f"the customer's {thumbprint_of(sealing)}: ours" in world.audit(tenant=tenant.name, operation="import_key")[0].target
    assert "32 bytes" in run(world, "key import", "bringer", "--key", kept("short", b"x"), "sealing", expect=1).stderr
    assert "--key" in run(world, "key import", "bringer", "sealing", expect=2).stderr
