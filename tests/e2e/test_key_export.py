# SPDX-License-Identifier: Apache-2.0
"""A tenant's keys leave (docs/policy.md §12.1, docs/formats.md §4.4): to a key of the customer's, with a second admin where one is
required; and all content opens by them, the authority gone."""
import json
import os
import subprocess
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from jwcrypto import jwe, jwk

from authority import MESSAGES
from calls import outcome, outcome_of, reason, refused
from exported import content_key_of
from command import CHANCERY, SAMPLE, run, same, with_certificate
from importing import der_of
from processes import children

SEALING, EXCHANGE, SIGNING = 1, 2, 3
CONTENT_ACCESS, EXPORT_KEYS = 1, 2
CANCELED = 6  # chancery.v1.ApprovalState


@pytest.fixture
def tenant(world):
    return world.tenant()


@pytest.fixture(scope="module")
def customer():
    return jwk.JWK.generate(kty="EC", crv="P-384")


def request(customer, **more):
    return {"recipient_public_jwk": customer.export_public(), "reason": "we leave", **more}


def export(world, tenant, customer, who=None, **more):
    return world.call("KeyService/ExportKeys", request(customer, **more), who or tenant.admin)


def decrypted(answer, customer):
    token = jwe.JWE()
    token.deserialize(answer.key_set, customer)
    return json.loads(token.payload)


def rotate(world, tenant, purpose):
    return world.call("KeyService/RotateKey", {"purpose": purpose}, tenant.admin).key


def exports(world, tenant):
    return [event.target for event in world.audit(tenant=tenant.name, operation="export_keys") if event.granted]


# --- what leaves -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [{"kty": "EC", "crv": "P-256"}, {"kty": "EC", "crv": "P-384"}, {"kty": "RSA", "size": 3072}])
def test_any_jose_library_reads_the_set(world, tenant, kind):
    customer = jwk.JWK.generate(**kind)
    rotate(world, tenant, SEALING)
    answer = export(world, tenant, customer)
    found = decrypted(answer, customer)
    assert (found["tenant"], found["boundary"]) == (tenant.id, "commercial")
    assert [(key["purpose"], key["version"], key["state"], key["kid"]) for key in found["keys"]] == [
        ("sealing", 1, "archived", "sealing-1"), ("sealing", 2, "active", "sealing-2"), ("exchange", 1, "active", "exchange-1"),
        ("signing", 1, "active", "signing-1")]
    assert (answer.versions, answer.left_out) == (4, 0)
    listed = {(key.purpose, key.version): key for key in world.call("KeyService/ListKeys", {}, tenant.admin).keys}
    for key in found["keys"][2:]:
        public = json.loads(jwk.JWK(**{name: key[name] for name in ("kty", "crv", "x", "y", "d")}).export_public())
        stored = json.loads(listed[EXCHANGE if key["purpose"] == "exchange" else SIGNING, 1].public_jwk)
        assert (public["x"], public["y"]) == (stored["x"], stored["y"])
    assert exports(world, tenant) == [f"all keys to the key {customer.thumbprint()}: we leave"]


def test_what_is_revoked_stays(world, tenant, customer):
    """It comes back by restoring it, for which its own rule holds."""
    for _ in range(3):
        rotate(world, tenant, SEALING)
    for version in (1, 2):
        world.call("KeyService/RevokeKey", {"purpose": SEALING, "version": version}, tenant.admin)
    world.call("KeyService/DestroyKey", {"purpose": SEALING, "version": 2, "reason": "x"}, tenant.admin)
    answer = export(world, tenant, customer)
    assert (answer.versions, answer.left_out) == (4, 2)
    assert [key["version"] for key in decrypted(answer, customer)["keys"] if key["purpose"] == "sealing"] == [3, 4]
    world.call("KeyService/RestoreKey", {"purpose": SEALING, "version": 1}, tenant.admin)
    assert export(world, tenant, customer).left_out == 1


def test_a_large_set_holds_nobody_up(world, tenant, customer):
    """In several turns of the loop, all of it."""
    for _ in range(40):
        rotate(world, tenant, SIGNING)
    assert export(world, tenant, customer).versions == 43


def insert_many(world, tenant):
    """As many as a tenant can have, each as it would rest (docs/formats.md §4.3)."""
    with open(f"{world.a.folder}/root.key", "rb") as file:
        root = AESGCM(file.read())
    def row(purpose, version):
        nonce, key = os.urandom(12), os.urandom(32) if purpose == SEALING else der_of(private)
        aad = b"chancery tenant key 1\0commercial\0" + uuid.UUID(tenant.id).bytes + bytes([purpose]) + version.to_bytes(4, "big")
        return f"('{tenant.id}', {purpose}, {version}, 2, 1, '\\x{(nonce + root.encrypt(nonce, key, aad)).hex()}', '{{}}')"

    private = ec.generate_private_key(ec.SECP384R1())
    rows = [row(purpose, version) for purpose, most in ((SEALING, 200), (EXCHANGE, 200), (SIGNING, 64)) for version in range(2, most + 1)]
    world.changed_by_hand("INSERT INTO tenant_key (tenant, purpose, version, state, root_version, wrapped, public_jwk) VALUES "
                          + ", ".join(rows))


def test_many_exports_at_once_end_no_worker(world, tenant, customer):
    """All would not fit into a worker's locked memory: one at a time, and others come again."""
    insert_many(world, tenant)
    workers = children(world.a.process.pid)
    message = MESSAGES.method("KeyService/ExportKeys")[0](**request(customer)).SerializeToString()
    stub = world.a.channel(tenant.admin).unary_unary("/chancery.v1.KeyService/ExportKeys")
    calls = [stub.future(message, timeout=60) for _ in range(200)]  # as fast as they can be sent
    results = {outcome_of(call) for call in calls}
    assert results == {"OK", "OVERLOADED"}
    assert children(world.a.process.pid) == workers
    assert export(world, tenant, customer).versions == 464


# --- who ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("required", [EXPORT_KEYS, CONTENT_ACCESS])
def test_a_second_admin_approves(world, tenant, customer, required):
    second = tenant.second_admin
    world.update_tenant(tenant.admin, two_person=[required])
    asked = export(world, tenant, customer)
    assert asked.approval_id and not asked.key_set and not asked.versions and not exports(world, tenant)
    by_it = {"approval_id": asked.approval_id}
    assert reason(export, world, tenant, customer, **by_it) == "NOT_FOUND"  # it waits
    shown = world.call("ApprovalService/GetApproval", by_it, second).approval
    assert shown.summary == f"Export all keys to the key {customer.thumbprint()}: we leave" and shown.operation == required
    world.call("ApprovalService/ApproveRequest", by_it, second)
    for _ in range(2):  # an answer may be lost
        assert len(decrypted(export(world, tenant, customer, **by_it), customer)["keys"]) == 3
    left = f"all keys to the key {customer.thumbprint()}: we leave"
    assert sorted(exports(world, tenant)) == [left, left, f"allowed: {left}"]  # the approval is told apart


def test_an_approval_is_for_what_was_asked(world, tenant, customer):
    second, other = tenant.second_admin, jwk.JWK.generate(kty="EC", crv="P-256")
    world.update_tenant(tenant.admin, two_person=[EXPORT_KEYS])
    by_it = {"approval_id": export(world, tenant, customer).approval_id}
    world.call("ApprovalService/ApproveRequest", by_it, second)
    send = lambda more: world.call("KeyService/ExportKeys", {**request(customer, **by_it), **more}, tenant.admin)
    assert reason(export, world, tenant, other, **by_it) == "NOT_FOUND"  # to another key
    assert reason(export, world, tenant, customer, who=second, **by_it) == "NOT_FOUND"  # by another admin
    assert reason(send, {"tenant": tenant.name}) == "NOT_FOUND"  # said otherwise
    assert reason(send, {"reason": "other"}) == "NOT_FOUND"
    third = world.tenant()
    assert reason(export, world, third, customer, **by_it) == "NOT_FOUND"  # of another tenant
    world.sql(f"UPDATE approval SET decided_at = decided_at - interval '1 day' WHERE approval = '{by_it['approval_id']}'")
    assert reason(export, world, tenant, customer, **by_it) == "NOT_FOUND"  # a day later
    assert len(exports(world, tenant)) == 1


def test_another_approval_is_none(world, tenant, customer):
    second = tenant.second_admin
    rotate(world, tenant, SEALING)
    world.call("KeyService/RevokeKey", {"purpose": SEALING, "version": 1}, tenant.admin)
    world.update_tenant(tenant.admin, two_person=[CONTENT_ACCESS])
    asked = world.call("KeyService/RestoreKey", {"purpose": SEALING, "version": 1}, tenant.admin)
    world.call("ApprovalService/ApproveRequest", {"approval_id": asked.approval_id}, second)
    assert reason(export, world, tenant, customer, approval_id=asked.approval_id) == "NOT_FOUND"


# --- taken back --------------------------------------------------------------------------------------------------------


def approved(world, tenant, customer):
    """The id of an export that a second admin has approved, as the field of a request."""
    second = tenant.second_admin
    world.update_tenant(tenant.admin, two_person=[EXPORT_KEYS])
    by_it = {"approval_id": export(world, tenant, customer).approval_id}
    world.call("ApprovalService/ApproveRequest", by_it, second)
    return by_it


def cancel(world, who, by_it, **more):
    return world.call("KeyService/CancelExport", {**by_it, **more}, who)


@pytest.mark.parametrize("who", ["admin", "second_admin"])
def test_an_approved_export_is_taken_back(world, tenant, customer, who):
    """By who asked and by who approved; whether something has left by it or not."""
    by_it = approved(world, tenant, customer)
    if who == "admin":
        assert export(world, tenant, customer, **by_it).versions == 3
    cancel(world, getattr(tenant, who), by_it, reason="the wrong key")
    left = len(exports(world, tenant))
    assert reason(export, world, tenant, customer, **by_it) == "NOT_FOUND" and len(exports(world, tenant)) == left
    shown = world.call("ApprovalService/GetApproval", by_it, tenant.admin).approval
    assert (shown.state, shown.decided_by) == (CANCELED, getattr(tenant, who).name) and shown.decide_time.seconds
    event, = world.audit(tenant=tenant.name, operation="cancel_export")
    assert event.target == (f"{tenant.admin.name} asked: Export all keys to the key {customer.thumbprint()}: we leave; canceled: "
                            "the wrong key")
    listed = world.call("ApprovalService/ListApprovals", {"states": [CANCELED]}, tenant.admin).approvals
    assert [one.approval_id for one in listed] == [by_it["approval_id"]]
    assert reason(cancel, world, tenant.admin, by_it) == "PRECONDITION_FAILED"
    assert export(world, tenant, customer).approval_id  # whoever still wants it asks again


def test_any_admin_of_the_tenant_takes_back(world, tenant, customer):
    by_it, third = approved(world, tenant, customer), world.tenant()
    for who in (tenant.auditor, world.platform_admin):
        assert reason(cancel, world, who, by_it, tenant=tenant.name) == "COMPONENT_ROLE"
    assert reason(cancel, world, third.admin, by_it) == "NOT_FOUND"
    assert reason(cancel, world, third.admin, by_it, tenant=tenant.name) == "COMPONENT_TENANT"
    assert reason(cancel, world, tenant.admin, {"approval_id": str(uuid.uuid4())}) == "NOT_FOUND"
    for wrong in ({"approval_id": ""}, {"approval_id": "x"}):
        assert refused(cancel, world, tenant.admin, wrong).fields == ["approval_id"]
    assert refused(cancel, world, tenant.admin, by_it, reason=257 * "x").fields == ["reason"]
    assert export(world, tenant, customer, **by_it).versions == 3  # nothing of that took it back
    cancel(world, tenant.second_admin, by_it)
    event, = [event for event in world.audit(tenant=tenant.name, operation="cancel_export") if event.granted]
    assert event.target.endswith(": we leave; canceled")


def test_what_allows_no_export_is_not_taken_back(world, tenant, customer):
    by_it = approved(world, tenant, customer)
    waiting = {"approval_id": export(world, tenant, customer).approval_id}
    other = world.update_tenant(tenant.admin, two_person=[]).approval_id
    world.call("ApprovalService/ApproveRequest", {"approval_id": other}, tenant.second_admin)
    world.sql(f"UPDATE approval SET decided_at = decided_at - interval '1 day' WHERE approval = '{by_it['approval_id']}'")
    for none in (by_it, waiting, {"approval_id": other}):
        assert reason(cancel, world, tenant.second_admin, none) == "PRECONDITION_FAILED"
    assert not world.audit(tenant=tenant.name, operation="cancel_export")


def test_taken_back_by_hand(world, tenant, customer):
    by_it = approved(world, tenant, customer)
    with_certificate(world, "canceler", tenant.second_admin)
    told = run(world, "key cancel-export", "canceler", "--reason", "not now", by_it["approval_id"]).stdout
    assert told == "canceled: nothing leaves by it any more\n"
    assert f"{by_it['approval_id']}  canceled  " in run(world, "approval list", "canceler", "--all").stdout
    assert reason(export, world, tenant, customer, **by_it) == "NOT_FOUND"


def test_nobody_else_has_them(world, tenant, customer):
    for who in (world.contoso.admin, world.contoso.auditor, world.platform_admin):
        assert outcome(world.call, "KeyService/ExportKeys", request(customer, tenant=tenant.name), who) in (
            "COMPONENT_TENANT", "COMPONENT_ROLE")
    assert reason(export, world, tenant, customer, who=tenant.auditor) == "COMPONENT_ROLE"
    assert not exports(world, tenant)


# --- what is asked for -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong, told", [
    ({"reason": ""}, "reason"), ({"reason": " \t"}, "reason"), ({"reason": 257 * "x"}, "reason"), ({"approval_id": "x"}, "approval_id")])
def test_what_is_wrong_is_told(world, tenant, customer, wrong, told):
    assert refused(world.call, "KeyService/ExportKeys", {**request(customer), **wrong}, tenant.admin).fields == [told]


@pytest.mark.parametrize("key", [
    "", "{}", "x", jwk.JWK.generate(kty="RSA", size=1024).export_public(), jwk.JWK.generate(kty="EC", crv="P-521").export_public(),
    jwk.JWK.generate(kty="oct", size=256).export(), jwk.JWK.generate(kty="EC", crv="P-256").export_private()])
def test_a_key_that_is_none(world, tenant, key):
    assert reason(world.call, "KeyService/ExportKeys", {"recipient_public_jwk": key, "reason": "x"}, tenant.admin) == "CLIENT_KEY_INVALID"
    assert not exports(world, tenant)


# --- the authority is gone ---------------------------------------------------------------------------------------------


def offline(*arguments, expect=0):
    done = subprocess.run([CHANCERY, "key", *arguments], capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == expect, (done.returncode, done.stdout, done.stderr)
    return done


def test_the_document_is_enough(world, tenant, customer):
    """Whoever reads the format, and has the set, needs no program of ours; whatever became of the content meanwhile."""
    owner = f"alice@{tenant.domain}"
    made = [world.protect(who=tenant.gateway, owner=owner, **more) for more in (
        {}, {"encrypt_only": {}}, {"template_id": world.template(who=tenant.admin).template_id, "recipients": []})]
    rotate(world, tenant, SEALING)
    made.append(world.protect(who=tenant.gateway, owner=owner))
    world.track("Revoke", made[0], tenant.admin)
    keys = decrypted(export(world, tenant, customer), customer)["keys"]
    for one in made:
        assert content_key_of(one.publishing_license, keys) == world.reader.unwrap(one.wrapped_content_key)


def made_by_command(world, tenant, folder):
    """Protected by the command, as files and as mails, before and after a rotation; by a publisher too."""
    with_certificate(world, "leaver-gateway", tenant.gateway)
    made, owner = [], f"alice@{tenant.domain}"
    template = world.template(who=tenant.admin).template_id
    def protect(name, source, *more):
        target = f"{folder}/{name}.protected"
        run(world, "protect", "leaver-gateway", "--owner", owner, *more, source, target)
        made.append((source, target))

    publisher, to_bob = f"{folder}/p.publisher", ("--recipient", "bob@fabrikam.com")
    large = f"{folder}/large"
    with open(large, "wb") as file:
        file.write(os.urandom(200_000))
    run(world, "publisher get", "leaver-gateway", publisher)
    for purpose in (0, SEALING, EXCHANGE, SIGNING):
        if purpose:
            rotate(world, tenant, purpose)
        protect(f"mail{purpose}", SAMPLE, "--do-not-forward", *to_bob)
        protect(f"file{purpose}", large, "--encrypt-only", *to_bob)
        protect(f"template{purpose}", SAMPLE, "--template", template)
        target = f"{folder}/offline{purpose}.protected"
        subprocess.run([CHANCERY, "protect", "--offline", publisher, "--do-not-forward", "--owner", owner, *to_bob,
                        SAMPLE, target], check=True, capture_output=True, timeout=280)
        made.append((SAMPLE, target))
    return made


def test_everything_opens_without_the_authority(world, tenant, tmp_path):
    made = made_by_command(world, tenant, tmp_path)
    with_certificate(world, "leaver", tenant.admin)
    key, public, keys = (str(tmp_path / name) for name in ("customer.pem", "customer.jwk", "keys.jwe"))
    with open(public, "w", encoding="utf-8") as file:
        file.write(offline("new-recipient", key).stdout)
    assert "there already" in offline("new-recipient", key, expect=1).stderr
    told = run(world, "key export", "leaver", "--to", public, "--reason", "we leave", keys).stdout
    assert told == "6 versions are in it\n"
    world.a.stop()
    try:
        for number, (source, target) in enumerate(made):
            opened = str(tmp_path / f"opened{number}")
            offline("open-exported", "--keys", keys, "--key", key, target, opened)
            assert same(source, opened), target
        with open(keys, encoding="ascii") as file:
            token = jwe.JWE()
            with open(key, "rb") as pem:
                token.deserialize(file.read(), jwk.JWK.from_pem(pem.read()))
        bare = tmp_path / "keys.json"
        bare.write_bytes(token.payload)
        bare.chmod(0o600)  # it is as secret as a key: one that others can read is refused (FILE_MODE)
        offline("open-exported", "--keys", str(bare), made[0][1], str(tmp_path / "by-bare"))
        assert same(made[0][0], tmp_path / "by-bare")
        what_does_not_open(tmp_path, json.loads(token.payload), made, keys, key)
    finally:
        world.a.log.clear()  # what `start` waits for is in it already
        world.a.start()


def what_does_not_open(folder, found, made, keys, key):
    """Told in a sentence, and nothing is written."""
    def fails(why, set_, target, *more):
        path = folder / "wrong.json"
        path.write_text(set_ if isinstance(set_, str) else json.dumps(set_))
        path.chmod(0o600)
        output = folder / "not-opened"
        assert why in offline("open-exported", "--keys", str(path), *more, target, str(output), expect=1).stderr
        assert not output.exists()

    mail, by_publisher = made[0][1], made[3][1]
    without = lambda purpose: {**found, "keys": [one for one in found["keys"] if one["purpose"] != purpose]}
    fails("no sealing key 1", without("sealing"), mail)
    fails("no exchange key 1", without("exchange"), by_publisher)
    fails("no signing key", without("signing"), by_publisher)
    fails("another tenant's", {**found, "tenant": "00000000-0000-4000-8000-000000000001"}, mail)
    swapped = json.loads(json.dumps(found))
    swapped["keys"][0]["k"], swapped["keys"][1]["k"] = swapped["keys"][1]["k"], swapped["keys"][0]["k"]
    fails("not made by this key", swapped, mail)
    for broken in ({}, {**found, "keys": 1}, {**found, "keys": [{}]}, {**found, "tenant": "x"}, "{", "{" + 2000 * "["):
        fails("no set of keys", broken, mail)
    fails("does not open with this key", "x.y", mail, "--key", key)
    fails("give its key with --key", "x.y", mail)
    other = str(folder / "other.pem")
    offline("new-recipient", other)
    assert "does not open with this key" in offline("open-exported", "--keys", keys, "--key", other, mail, str(folder / "n"),
                                                    expect=1).stderr
    assert "no protected mail or file" in offline("open-exported", "--keys", keys, "--key", key, SAMPLE, str(folder / "n"),
                                                  expect=1).stderr
    for arguments in (["--keys", keys], [mail], ["--keys", keys, mail, "a", "b"]):
        assert "open-exported" in offline("open-exported", *arguments, expect=2).stderr
    assert not (folder / "n").exists()
