# SPDX-License-Identifier: Apache-2.0
"""The command line against the real authority: mails and files, byte for byte; what is damaged does not open."""
import email
import glob
import json
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import uuid

import pytest

from authority import BUILD, Identity, Reader
from build_kind import is_sanitized
from command import CHANCERY, SAMPLE, protect, rows, run, same, with_certificate, with_token
from providers import COMMERCIAL, Entra

HERE = os.path.dirname(os.path.abspath(__file__))
MAILS = sorted(glob.glob(f"{HERE}/../../../shared/mail/*.eml"))


@pytest.fixture(scope="module")
def world(world):
    for name, identity in (("edge", world.gateway), ("contoso-admin", world.contoso.admin),
                           ("platform-admin", world.platform_admin)):
        with_certificate(world, name, identity)
    for name in ("bob", "eve"):
        with_token(world, name, world.fabrikam.token(name))
    return world


@pytest.mark.parametrize("mail", [SAMPLE] + MAILS, ids=os.path.basename)
def test_mails_come_back_byte_for_byte(world, mail):
    sealed, opened = f"{world.a.folder}/sealed.eml", f"{world.a.folder}/opened.eml"
    protect(world, mail, sealed)
    with open(sealed, "rb") as file:
        wrapper = email.message_from_binary_file(file)
    kinds = [part.get_content_type() for part in wrapper.walk()]
    assert kinds == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/x-chancery-license",
                     "application/pkcs7-mime"]
    told = run(world, "open", "bob", sealed, opened)
    assert "rights: VIEW EDIT" in told.stderr and same(mail, opened)
    assert oct(os.stat(opened).st_mode & 0o777) == "0o600"


@pytest.mark.skipif(not MAILS, reason="../shared/mail is absent")
def test_all_shared_mails_were_tried():
    assert len(MAILS) >= 8


def test_openssl_opens_the_cms_object(world):
    sealed = f"{world.a.folder}/cms.eml"
    protect(world, SAMPLE, sealed)
    with open(sealed, "rb") as file:
        parts = {part.get_content_type(): part.get_payload(decode=True) for part in
                 email.message_from_binary_file(file).walk()}
    reader = Reader()
    got = world.call("LicensingService/AcquireLicense", {
        "publishing_license": parts["application/x-chancery-license"], "client_public_jwk": reader.public},
        token=world.fabrikam.token("bob@fabrikam.com"))
    claims, key = world.a.verify(got.use_license, reader)
    world.a.write("p7m", parts["application/pkcs7-mime"])
    # openssl takes the key in argv only; it is one of this test's alone.
    done = subprocess.run(["openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", f"{world.a.folder}/p7m",
                           "-secretkey", key.hex(), "-secretkeyid", claims["cid"].replace("-", "")],
                          capture_output=True, check=False)
    with open(SAMPLE, "rb") as file:
        assert done.stdout == file.read(), done.stderr


@pytest.mark.parametrize("size", [0, 1, 65518, 65519, 65520, 131038, 1000003])
def test_files_of_all_sizes(world, size):
    world.a.write("plain", secrets.token_bytes(size))
    protect(world, f"{world.a.folder}/plain", f"{world.a.folder}/sealed", "--name", "plain")
    run(world, "open", "bob", f"{world.a.folder}/sealed", f"{world.a.folder}/opened")
    assert same(f"{world.a.folder}/plain", f"{world.a.folder}/opened")


def test_damaged_files_leave_nothing_behind(world):
    world.a.write("plain", secrets.token_bytes(200000))
    protect(world, f"{world.a.folder}/plain", f"{world.a.folder}/sealed")
    with open(f"{world.a.folder}/sealed", "rb") as file:
        whole = file.read()
    record = 65536
    cases = {"cut": whole[:-1], "cut at a record": whole[:len(whole) - 200000 % 65519 - 17], "longer": whole + b"x",
             "flipped": whole[:-100] + bytes([whole[-100] ^ 1]) + whole[-99:],
             "swapped": whole[:-2 * record] + whole[-record:] + whole[-2 * record:-record],
             "header": whole[:21] + bytes([whole[21] ^ 1]) + whole[22:]}
    for name, data in cases.items():
        world.a.write("damaged", data)
        done = run(world, "open", "bob", f"{world.a.folder}/damaged", f"{world.a.folder}/nothing", expect=1)
        assert "INPUT_DAMAGED" in done.stderr, (name, done.stderr)
        assert not glob.glob(f"{world.a.folder}/nothing*"), name


def with_data_limit(w, limit):
    """A program that is the command line with a limit. Not by preexec_fn: it hangs in a process that uses gRPC."""
    path = f"{w.a.folder}/limited"
    with open(path, "w", encoding="ascii") as file:
        file.write(f'#!/bin/sh\nulimit -d {limit} && exec {CHANCERY} "$@"\n')
    os.chmod(path, 0o700)
    return path


def test_large_files_need_constant_memory(world):
    with open(f"{world.a.folder}/large", "wb") as file:
        for _ in range(100):
            file.write(secrets.token_bytes(1 << 20))
    limit = "unlimited" if is_sanitized() else 100 << 10  # KiB
    more = {"executable": with_data_limit(world, limit)}
    run(world, "protect", "edge", "--encrypt-only", "--owner", "alice@contoso.com", "--recipient", "bob@fabrikam.com",
        f"{world.a.folder}/large", f"{world.a.folder}/large.p", **more)
    run(world, "open", "bob", f"{world.a.folder}/large.p", f"{world.a.folder}/large.o", **more)
    assert same(f"{world.a.folder}/large", f"{world.a.folder}/large.o")
    for name in ("large", "large.p", "large.o"):
        os.unlink(f"{world.a.folder}/{name}")


def test_refusals_have_an_exit_code_of_their_own(world):
    content = protect(world, SAMPLE, f"{world.a.folder}/refuse.eml")
    done = run(world, "open", "eve", f"{world.a.folder}/refuse.eml", f"{world.a.folder}/x", expect=3)
    assert "NO_RIGHTS" in done.stderr and not os.path.exists(f"{world.a.folder}/x")
    assert json.loads(run(world, "inspect", "bob", "-o", "json",
                          f"{world.a.folder}/refuse.eml").stdout)["contentId"] == content
    run(world, "revoke", "contoso-admin", content, "--user", "bob@fabrikam.com")
    assert "REVOKED" in run(world, "open", "bob", f"{world.a.folder}/refuse.eml", f"{world.a.folder}/x",
                            expect=3).stderr
    run(world, "restore", "contoso-admin", content, "--user", "bob@fabrikam.com")
    run(world, "open", "bob", f"{world.a.folder}/refuse.eml", f"{world.a.folder}/x")
    events = json.loads(run(world, "track", "contoso-admin", content, "-o", "json").stdout)["events"]
    assert [event.get("reason") for event in events] == ["OK", "REVOKED", "NO_RIGHTS"]
    audit = json.loads(run(world, "audit query", "contoso-admin", "--content", content, "-o", "json").stdout)["events"]
    assert [event["operation"] for event in audit][-1] == "protect" and "restore" in [e["operation"] for e in audit]
    run(world, "inspect", "bob", SAMPLE, expect=1)


def test_a_protected_file_names_its_content(world):
    """Whoever holds rights over the policy shows them by it; for all others it is another way to give the id."""
    sealed, folder = f"{world.a.folder}/own.eml", world.a.folder
    with_token(world, "alice", world.alice)
    run(world, "protect", "alice", "--encrypt-only", "--recipient", "bob@fabrikam.com", SAMPLE, sealed)
    content = json.loads(run(world, "inspect", "bob", "-o", "json", sealed).stdout)["contentId"]
    assert run(world, "amend", "bob", "--add-recipient", "eve@fabrikam.com", sealed).stdout == "amended, version 1\n"
    assert "NOT_FOUND" in run(world, "amend", "bob", "--add-recipient", "eve@fabrikam.com", content, expect=3).stderr
    assert "RIGHTS_EXCEEDED" in run(world, "amend", "bob", "--set", "user:eve@fabrikam.com=co-owner", sealed,
                                    expect=3).stderr
    assert "RIGHT_MISSING" in run(world, "track", "bob", sealed, expect=3).stderr
    run(world, "amend", "alice", "--set", "user:eve@fabrikam.com=co-owner", sealed)
    run(world, "open", "bob", sealed, f"{folder}/opened.eml")
    assert "opened" in run(world, "track", "eve", sealed).stdout
    assert run(world, "revoke", "eve", "--user", "bob@fabrikam.com", sealed).stdout == "revoked\n"
    assert "REVOKED" in run(world, "open", "bob", sealed, f"{folder}/opened.eml", expect=3).stderr
    assert run(world, "restore", "eve", "--user", "bob@fabrikam.com", sealed).stdout == "restored\n"
    for who in ("alice", "contoso-admin"):
        told = run(world, "restore", who, "--user", "bob@fabrikam.com", sealed, expect=3).stderr
        assert "NOT_FOUND" in told and "revoked: no" in told
    for verb in ("track", "revoke", "restore"):
        assert f"{folder}/nowhere: " in run(world, verb, "alice", f"{folder}/nowhere", expect=1).stderr
        run(world, verb, "alice", SAMPLE, expect=1)
        run(world, verb, "alice", expect=2)


RULE = b"""name: Contracts
mode: TEST
conditions:
- recipient: {side: OUTSIDE}
- text: {place: SUBJECT_OR_BODY, words: [contract], patterns: ['(?i)PRJ-\\d+']}
exceptions: [{sender: {groups: [press@contoso.com]}}]
actions: {protection: DO_NOT_FORWARD}
"""


def test_mail_flow_rules(world):
    path = f"{world.a.folder}/rule.yaml"
    world.a.write("rule.yaml", RULE)
    first = run(world, "rule create", "contoso-admin", "-f", path).stdout.strip()
    world.a.write("rule.yaml", RULE.replace(b"Contracts", b"Others"))
    second = run(world, "rule create", "contoso-admin", "-f", path, "--position", "1").stdout.strip()
    lines = rows(run(world, "rule list", "contoso-admin").stdout)
    assert [line.split() for line in lines] == [["1", second, "test", "Others"], ["2", first, "test", "Contracts"]]
    assert run(world, "rule reorder", "contoso-admin", first, second).stdout == "reordered\n"
    assert run(world, "rule mode", "contoso-admin", first, "enforce").stdout == "changed\n"
    # What is shown can be edited and given back.
    shown = run(world, "rule show", "contoso-admin", first, "-o", "yaml").stdout.encode()
    assert b"ENFORCE" in shown and b"PRJ" in shown
    world.a.write("rule.yaml", b"name: Contracts and offers\n")
    assert run(world, "rule update", "contoso-admin", first, "-f", path).stdout == "changed\n"
    rule = json.loads(run(world, "rule show", "contoso-admin", first).stdout)["rule"]
    assert rule["name"] == "Contracts and offers" and rule["position"] == 1 and len(rule["conditions"]) == 2
    world.a.write("rule.yaml", RULE.replace(b"PRJ-", b"(PRJ-"))
    assert "rule.conditions[1].text.patterns[0]" in run(world, "rule create", "contoso-admin", "-f", path, expect=1).stderr
    for arguments in (["mode", first, "on"], ["show"], ["reorder"], ["create", "-f", path, "--position", "0"], ["create"]):
        run(world, f"rule {arguments[0]}", "contoso-admin", *arguments[1:], expect=2)
    for rule in (first, second):
        assert run(world, "rule delete", "contoso-admin", "--yes", rule).stdout == "removed\n"
    assert run(world, "rule list", "contoso-admin").stdout == ""


def test_templates(world):
    world.a.write("template.yaml", b"names: [{language: en, text: Confidential}]\n"
                                   b"grants: [{principals: ['tenant:fabrikam'], rights: [view, PRINT]}]\n"
                                   b"expiry: {days: 7}\n")
    identity = run(world, "template create", "contoso-admin", "-f", f"{world.a.folder}/template.yaml").stdout.strip()
    assert "Confidential" in run(world, "template list", "contoso-admin").stdout
    shown = json.loads(run(world, "template show", "contoso-admin", identity).stdout)["template"]
    assert shown["grants"][0]["rights"] == ["VIEW", "PRINT"] and shown["expiry"] == {"days": 7}
    run(world, "protect", "edge", "--template", identity, SAMPLE, f"{world.a.folder}/t.eml", "--owner",
        "alice@contoso.com")
    assert "VIEW PRINT" in run(world, "open", "eve", f"{world.a.folder}/t.eml", f"{world.a.folder}/x").stderr
    run(world, "template archive", "contoso-admin", identity)
    run(world, "protect", "edge", "--template", identity, SAMPLE, f"{world.a.folder}/t2.eml", "--owner",
        "alice@contoso.com",
        expect=3)
    world.a.write("template.yaml", b"names: [{language: en, text: X}]\ngrants: [{principals: [x], rights: [FLY]}]\n")
    done = run(world, "template create", "contoso-admin", "-f", f"{world.a.folder}/template.yaml", expect=1)
    assert "line 2: rights" in done.stderr


def test_issuers(world):
    entra = Entra(COMMERCIAL)
    yaml = {"kind": "MULTI_TENANT", "boundary": "commercial", "issuer": entra.iss, "audiences": [entra.audience],
            "algorithms": ["RS256"], "jwks_json": entra.jwks(), "clock_skew_seconds": 60}
    world.a.write("issuer.yaml", json.dumps(yaml).encode())
    identity = run(world, "issuer create", "platform-admin", "-f", f"{world.a.folder}/issuer.yaml").stdout.strip()
    assert f"{identity}  multi-tenant  commercial  {entra.iss}" in run(world, "issuer list", "platform-admin").stdout
    tid = str(uuid.uuid4())
    token = entra.token(tid, "alice@contoso.com")
    world.a.write("entra.token", token.encode() + b"\n")
    test = ("issuer test", "platform-admin", "-f", f"{world.a.folder}/entra.token")
    assert "failed  tenant" in run(world, *test, expect=3).stdout
    run(world, "issuer map", "platform-admin", "--tenant", "contoso", identity, tid)
    run(world, "issuer map", "platform-admin", "--tenant", "fabrikam", identity, tid, expect=3)
    run(world, "issuer map", "platform-admin", identity, tid, expect=2)
    assert rows(run(world, "issuer mappings", "platform-admin", identity).stdout) == [f"{tid}  contoso"]
    told = run(world, *test).stdout
    assert "accepted: a user of contoso, boundary commercial" in told and "addresses: alice@contoso.com" in told
    told = json.loads(run(world, "issuer test", "contoso-admin", "-o", "json", input=token).stdout)
    assert told["addresses"] == ["alice@contoso.com"] and len(told["checks"]) == 12
    world.a.write("change.yaml", b"audiences: [other]\n")
    before = json.loads(run(world, "issuer get", "platform-admin", identity).stdout)["issuer"]
    run(world, "issuer update", "platform-admin", "-f", f"{world.a.folder}/change.yaml", identity, expect=2)
    changed = json.loads(run(world, "issuer update", "platform-admin", "-f", f"{world.a.folder}/change.yaml", "--field",
                             "audiences",
                             identity).stdout)["issuer"]
    assert changed["audiences"] == ["other"] and changed["etag"] not in ("", before["etag"])
    assert json.loads(run(world, "issuer get", "platform-admin", identity).stdout)["issuer"] == changed
    assert "TOKEN_AUDIENCE" in run(world, *test, expect=3).stdout
    run(world, "issuer unmap", "platform-admin", identity, tid)
    run(world, "issuer delete", "platform-admin", "--yes", identity)
    assert "NOT_FOUND" in run(world, "issuer get", "platform-admin", identity, expect=3).stderr
    own = json.loads(run(world, "issuer list", "contoso-admin", "-o", "json").stdout)["issuers"]
    assert [issuer["issuer"] for issuer in own] == ["https://idp.contoso.com"]
    assert own == json.loads(run(world, "issuer list", "platform-admin", "--tenant", "contoso", "-o",
                                 "json").stdout)["issuers"]


def test_lists_of_many_pages_are_one_document(world):
    made = [world.call("TemplateService/CreateTemplate", {"template": {
        "names": [{"language": "en", "text": f"Page {i}"}],
        "grants": [{"principals": ["tenant:contoso"], "rights": ["RIGHT_VIEW"]}]}},
        world.contoso.admin).template.template_id
        for i in range(205)]
    listed = json.loads(run(world, "template list", "contoso-admin", "-o", "json").stdout)
    assert set(made) <= {template["templateId"] for template in listed["templates"]} and "nextPageToken" not in listed
    shown = rows(run(world, "template list", "contoso-admin").stdout)
    assert [line.split()[0] for line in shown] == [template["templateId"] for template in listed["templates"]]
    archived = json.loads(run(world, "template archive", "contoso-admin", made[0], "-o", "json").stdout)["template"]
    assert archived["archived"] and archived["templateId"] == made[0]
    assert run(world, "template archive", "contoso-admin", made[1]).stdout == ""
    unknown = run(world, "template burn", "contoso-admin", expect=2).stderr
    assert "list, create, show, archive or publish" in unknown
    assert "archive: give one template id" in run(world, "template archive", "contoso-admin", expect=2).stderr


def test_components(world):
    identity, renewed = Identity("cli-1"), Identity("cli-2")
    for one in (identity, renewed):
        world.a.write(f"{one.name}.pem", one.certificate)
        world.a.write(f"{one.name}.key", one.key)
    old, new = (f"{world.a.folder}/{one.name}.pem" for one in (identity, renewed))
    old_key, new_key = (f"{world.a.folder}/{one.name}.key" for one in (identity, renewed))
    made = run(world, "component create", "contoso-admin", "--name", "cli", "--role", "gateway", "--certificate", old,
               "--key", old_key, "--sender-domain", "contoso.com").stdout.split()[0]
    assert f"{made}  gateway" in run(world, "component list", "contoso-admin").stdout
    listed = json.loads(run(world, "component list", "contoso-admin", "-o", "json").stdout)["components"]
    assert made in [component["componentId"] for component in listed]
    assert "needs a proof" in run(world, "component update", "contoso-admin", made, "--add-cert", new, expect=1).stderr
    assert "not the certificate's" in run(world, "component update", "contoso-admin", made, "--add-cert", new, "--key",
                                          old_key, expect=1).stderr
    os.chmod(new_key, 0o644)
    assert "chmod go=" in run(world, "component update", "contoso-admin", made, "--add-cert", new, "--key", new_key,
                              expect=1).stderr
    os.chmod(new_key, 0o600)
    run(world, "component update", "contoso-admin", made, "--key", new_key, expect=2)  # of which certificate?
    run(world, "component update", "contoso-admin", made, "--add-cert", new, "--key", new_key)
    run(world, "component update", "contoso-admin", made, "--remove-cert", identity.fingerprint.hex(), "--disable")
    told = run(world, "component get", "contoso-admin", made).stdout
    assert renewed.fingerprint.hex() in told and identity.fingerprint.hex() not in told and "disabled" in told
    got = json.loads(run(world, "component get", "contoso-admin", made, "-o", "json").stdout)["component"]
    assert got["senderDomains"] == ["contoso.com"] and got["disabled"] and got["etag"]
    run(world, "component update", "contoso-admin", made, "--enable", "--sender-domain", "contoso.de")
    got = json.loads(run(world, "component get", "contoso-admin", made, "-o", "json").stdout)["component"]
    assert got["senderDomains"] == ["contoso.de"] and not got.get("disabled")
    assert "no certificate" in run(world, "component update", "contoso-admin", made, "--add-cert", SAMPLE,
                                   expect=1).stderr
    run(world, "component update", "contoso-admin", made, expect=2)
    run(world, "component create", "contoso-admin", "--name", "x", "--role", "king", expect=2)
    run(world, "component delete", "contoso-admin", "--yes", made)
    assert "NOT_FOUND" in run(world, "component get", "contoso-admin", made, expect=3).stderr


def test_a_proof_is_made_where_the_key_is(world):
    """Without a profile; the platform's admin may say whose, and needs none."""
    edge = Identity("cli-3")
    world.a.write("cli-3.pem", edge.certificate)
    world.a.write("cli-3.key", edge.key)
    files = ["--certificate", f"{world.a.folder}/cli-3.pem", "--key", f"{world.a.folder}/cli-3.key"]
    proof = subprocess.run([CHANCERY, "component", "prove", "--authority", "https://rms.example.org/", "--tenant",
                            "contoso", "--name", "cli-edge", *files], capture_output=True, text=True, check=True).stdout
    world.a.write("cli-3.proof", proof.encode())
    proven = ["--proof", f"{world.a.folder}/cli-3.proof"]
    assert "`sub`" in run(world, "component create", "contoso-admin", "--name", "other", "--role", "auditor", *proven,
                          expect=1).stderr
    made = run(world, "component create", "contoso-admin", "--name", "cli-edge", "--role", "auditor", *proven).stdout
    assert edge.fingerprint.hex() in made
    run(world, "component delete", "contoso-admin", "--yes", made.split()[0])
    made = run(world, "component create", "platform-admin", "--tenant", "contoso", "--name", "cli-edge", "--role",
               "auditor", *files).stdout
    run(world, "component delete", "platform-admin", "--yes", "--tenant", "contoso", made.split()[0])
    run(world, "component create", "platform-admin", "--name", "cli-edge", "--role", "auditor", *files)  # its own
    assert subprocess.run([CHANCERY, "component", "prove", "--name", "x"], check=False,
                          capture_output=True).returncode == 2


def test_boundaries_partners_and_delivery(world):
    with_certificate(world, "agency", world.agency.admin)
    run(world, "boundary create", "platform-admin", "nordic", "--suite", "p384", "--display-name", "Nordic")
    run(world, "boundary create", "platform-admin", "nordic", "--suite", "p384", expect=3)
    assert "fips" in run(world, "boundary update", "platform-admin", "nordic", "--fips", "yes", "--portal-url",
                         "https://p.no").stdout
    run(world, "boundary update", "platform-admin", "commercial", "--portal-url", "https://portal.example")
    assert run(world, "boundary rule", "platform-admin", "nordic", "gcc", "block").stdout == "nordic to gcc: block\n"
    listed = run(world, "boundary list", "contoso-admin").stdout
    assert "Nordic" in listed and "https://p.no" in listed and re.search(r"^nordic +gcc +block$", listed, re.M)
    shown = run(world, "boundary show", "contoso-admin", "nordic").stdout
    assert re.search(r"^nordic +gcc +block$", shown, re.M) and "commercial" not in shown
    assert json.loads(run(world, "boundary show", "contoso-admin", "nordic", "-o", "json").stdout)["boundary"]["fips"]
    run(world, "boundary show", "contoso-admin", "narnia", expect=3)
    told = json.loads(run(world, "boundary list", "contoso-admin", "-o", "json").stdout)
    assert {"contentBoundary": "nordic", "readerBoundary": "gcc", "rule": "DELIVERY_RULE_BLOCK"} in told["rules"]
    assert run(world, "boundary rule", "platform-admin", "nordic", "gcc",
               "built-in").stdout == "nordic to gcc: portal\n"
    for bad in (["create", "x"], ["create", "x", "--suite", "p521"], ["update", "nordic"],
                ["update", "nordic", "--fips", "maybe"],
                ["rule", "nordic", "gcc"], ["rule", "nordic", "gcc", "maybe"], ["nonsense"]):
        run(world, "boundary", "platform-admin", *bad, expect=2)
    delivery = lambda *more: run(world, "delivery", "edge", "--sender", "alice@contoso.com",  # noqa: E731
                                 "bob@fabrikam.com", "ann@agency.us", "nobody", *more).stdout
    assert [line.split() for line in rows(delivery())] == [
        ["bob@fabrikam.com", "native"], ["ann@agency.us", "portal", "https://portal.example"], ["nobody", "FIELD_INVALID"]]
    made = json.loads(run(world, "partner propose", "contoso-admin", "agency", "-o", "json").stdout)["exception"]
    assert "waits for  agency" in run(world, "partner list", "agency").stdout
    (line,) = rows(run(world, "partner accept", "agency", made["exceptionId"]).stdout)
    assert line.split()[1:] == ["contoso", "agency", "holds"]
    assert rows(delivery())[1].split() == ["ann@agency.us", "native"]
    assert json.loads(delivery("-o", "json"))["deliveries"][1]["channel"] == "CHANNEL_NATIVE"
    assert len(json.loads(run(world, "partner list", "contoso-admin", "-o", "json").stdout)["exceptions"]) == 1
    assert "ended" in run(world, "partner withdraw", "agency", made["exceptionId"]).stdout
    assert "waits for  contoso" in run(world, "partner propose", "agency", "contoso").stdout
    assert "portal" in rows(delivery())[1]
    run(world, "partner accept", "agency", made["exceptionId"], expect=3)
    for bad in ([], ["propose"], ["accept"], ["list", "x"], ["nonsense"]):
        run(world, "partner", "agency", *bad, expect=2)
    assert subprocess.run([CHANCERY, "delivery", "x@y.example"], capture_output=True, check=False).returncode == 2


def test_help_teaches():
    """Each command says how it is called and what it is for, shows an example, and fits a terminal."""
    listed = subprocess.run([CHANCERY, "--help"], capture_output=True, text=True, check=True).stdout
    names = re.findall(r"^  ([a-z-]+) +\S", listed.split("\n\n")[2], re.M)
    assert {"dev", "protect", "open", "amend", "tenant", "directory", "audit", "doctor"} <= set(names)
    assert len(names) == 38
    for name in names:
        told = subprocess.run([CHANCERY, name, "--help"], capture_output=True, text=True, check=True).stdout
        usage, what, *rest = told.split("\n\n")
        assert usage.startswith(f"usage: chancery {name} ") and re.match("[A-Z]", what), name
        assert re.search(rf"^  chancery {name} ", "\n\n".join(rest), re.M), name
        assert max(map(len, told.splitlines())) <= 100, name


def test_what_is_not_understood():
    def fails(*argv):
        done = subprocess.run([CHANCERY, *argv], capture_output=True, text=True, check=False)
        assert done.returncode == 2 and "Try: chancery " in done.stderr, argv
        return done.stderr

    assert "there is no command nonsense" in fails("nonsense")
    assert "there is no option --nonsense" in fails("protect", "--nonsense")
    assert "--profile needs a value" in fails("open", "--profile")
    assert "there is no verb burn: say list, create, show, archive or publish" in fails("template", "burn")
    assert "say start, stop, status or clean" in fails("dev", "nonsense")
    assert "list takes no operand: x" in fails("template", "list", "x")


def test_doctor(world):
    done = subprocess.run([CHANCERY, "doctor", "--config", f"{world.a.folder}/chanceryd.yaml"], capture_output=True,
                          text=True,
                          check=False)
    assert "schema         ok" in done.stdout and "database       ok" in done.stdout, done.stdout


def test_dev_starts_stops_and_cleans_up():
    parent = tempfile.mkdtemp(prefix="chancery-dev-")
    os.chmod(parent, 0o711)
    folder = f"{parent}/authority"

    def dev(verb, *more):
        return subprocess.run([CHANCERY, "dev", verb, "--folder", folder, *more], capture_output=True, text=True,
                              timeout=90, check=False)

    try:
        for _ in range(2):
            done = dev("start", "--port", str(20000 + secrets.randbelow(20000)))
            assert done.returncode == 0, done.stderr
        assert dev("status").stdout.count("running") == 2
        token = subprocess.run([CHANCERY, "token", "--folder", folder, "bob@fabrikam.com"], capture_output=True,
                               text=True, check=True).stdout
        assert token.count(".") == 2
        assert dev("stop").returncode == 0 and dev("status").stdout.count("stopped") == 2
    finally:
        assert dev("clean").returncode == 0
        assert not os.path.exists(folder)
        shutil.rmtree(parent)
