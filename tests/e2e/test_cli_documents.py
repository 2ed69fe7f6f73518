# SPDX-License-Identifier: Apache-2.0
"""-o json: each verb that prints something prints one JSON document with it, or its help says that it has no -o."""
import json
import os
import re
import subprocess

import pytest

from authority import new_id
from command import CHANCERY, SAMPLE, profile, run, with_certificate, with_token
from world import rule_of, template_of

OFFLINE = {"HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent", "CHANCERY_PROFILE": ""}
FAILED, USAGE = 1, 2


def chancery(*argv, **more):
    return subprocess.run([CHANCERY, *argv], capture_output=True, text=True, check=False, timeout=60, env={**os.environ, **OFFLINE}, **more)


def offered(*argv):
    return [line.split("\t", 1)[0] for line in chancery("completion", "words", "--", *argv).stdout.splitlines()]


def every_verb():
    """Commands without verbs stand alone."""
    for command in sorted(set(offered("")) - {"help"}):
        usage = chancery(command, "--help").stdout.split("\n\n")[0]
        verbs = [verb for verb in offered(command, "") if re.search(rf"chancery {command} (\S+\|)?{verb}\b", usage)]
        yield from ([command, verb] for verb in verbs) if verbs else ([command],)


VERBS = list(every_verb())


def test_all_verbs_are_looked_at():
    assert len(VERBS) > 90 and ["key", "export"] in VERBS and ["protect"] in VERBS and ["component", "prove"] in VERBS


@pytest.mark.parametrize("argv", VERBS, ids=" ".join)
def test_who_refuses_it_says_so_in_the_help(argv):
    done = chancery(*argv, "-o", "json")
    assert done.returncode != 0 or done.stdout
    is_refused = re.search(r"there is no option -o|has no -o", done.stderr) is not None
    told = " ".join(chancery(*argv, "--help").stdout.split())
    assert is_refused == (re.search(r"(has|have) no -o\b", chancery(argv[0], "--help").stdout.replace("\n", " ")) is not None
                          and (len(argv) == 1 or re.search(r"(has|have) no -o\b", told) is not None)), done.stderr


@pytest.fixture(scope="module")
def world(world):
    with_certificate(world, "edge", world.gateway)
    with_certificate(world, "admin", world.contoso.admin)
    with_certificate(world, "auditor", world.contoso.auditor)
    with_certificate(world, "platform", world.platform_admin)
    with_token(world, "bob", world.bob)
    world.a.write("template.yaml", json.dumps({"names": [{"language": "en", "text": "By a file"}], "grants": [
        {"principals": ["owner"], "rights": ["VIEW"]}]}).encode())
    world.a.write("rule.yaml", json.dumps({"name": "By a file", "mode": "TEST", "actions": {"require_tls": True}}).encode())
    return world


def document(world, command, who, *arguments, **more):
    """The one document that is printed, and nothing beside it."""
    done = run(world, command, who, *arguments, "-o", "json", **more)
    assert done.stderr == "", done.stderr
    return json.loads(done.stdout)


CASES = [
    ("whoami", "admin", ()), ("tenant get", "admin", ()), ("tenant exclusions", "admin", ()), ("tenant list", "platform", ()),
    ("tenant update", "admin", ("--display-name", "Contoso")), ("tenant switch", "admin", ("notify-owners", "off")),
    ("tenant add-domain", "admin", ("printed.example",)), ("tenant remove-domain", "admin", ("printed.example",)),
    ("tenant exclude", "admin", ("--platform", "android")), ("tenant let-in", "admin", ("--platform", "android")),
    ("template list", "admin", ()), ("template create", "admin", ("-f", "{folder}/template.yaml")),
    ("rule list", "admin", ()), ("rule create", "admin", ("-f", "{folder}/rule.yaml")),
    ("branding list", "admin", ()), ("approval list", "admin", ()), ("partner list", "admin", ()), ("partner denials", "admin", ()),
    ("boundary list", "platform", ()), ("boundary show", "platform", ("commercial",)), ("component list", "admin", ()), ("issuer list", "admin", ()),
    ("super-user list", "admin", ()), ("super-user grant", "admin", ("--reason", "why", "--expires", "+1", "user:carol@contoso.com")),
    ("super-user revoke", "admin", ("user:carol@contoso.com",)),
    ("directory put-user", "admin", ("gus@contoso.com",)), ("directory put-group", "admin", ("pals@contoso.com",)),
    ("directory add-member", "admin", ("pals@contoso.com", "gus@contoso.com")), ("directory resolve", "admin", ("gus@contoso.com",)),
    ("directory remove-member", "admin", ("pals@contoso.com", "gus@contoso.com")),
    ("directory delete", "admin", ("--yes", "user", "gus@contoso.com")),
    ("key list", "admin", ()), ("key rotate", "admin", ("signing",)), ("key activate", "admin", ("signing", "1")),
    ("key revoke", "admin", ("signing", "2")), ("key restore", "admin", ("signing", "2")),
    ("delivery", "edge", ("--sender", "alice@contoso.com", "bob@fabrikam.com")), ("device list", "bob", ()), ("signal list", "admin", ()), ("signal people", "admin", ()),
    ("audit query", "auditor", ("--limit", "3"))]


def test_each_prints_one_document(world):
    """In this order: some go by what one before has made."""
    for command, who, arguments in CASES:
        assert document(world, command, who, *[argument.format(folder=world.a.folder) for argument in arguments]) is not None, command


def test_ids_that_were_made_are_in_it(world):
    made = world.call("TemplateService/CreateTemplate", {"template": template_of()}, world.contoso.admin).template.template_id
    assert document(world, "template show", "admin", made)["template"]["templateId"] == made
    assert "template" in document(world, "template archive", "admin", made)
    rule = world.call("MailFlowService/CreateRule", {"rule": rule_of(name="shown")}, world.contoso.admin).rule.rule_id
    assert document(world, "rule show", "admin", rule)["rule"]["ruleId"] == rule
    assert document(world, "rule delete", "admin", "--yes", rule) == {}


def test_content(world):
    folder = world.a.folder
    made = document(world, "protect", "edge", "--do-not-forward", "--owner", "alice@contoso.com", "--recipient", "bob@fabrikam.com",
                    SAMPLE, f"{folder}/shown.eml")
    assert made["output"] == f"{folder}/shown.eml" and made["refused"] == []
    content = made["contentId"]
    assert document(world, "inspect", "bob", f"{folder}/shown.eml")["contentId"] == content
    for command, who in (("track", "admin"), ("revoke", "admin"), ("restore", "admin")):
        assert isinstance(document(world, command, who, content), dict), command
    assert isinstance(document(world, "track", "admin", "--notify", "on", content), dict)
    assert run(world, "revoke", "admin", content).stdout == "revoked\n"


def test_beside_what_goes_to_standard_output(world):
    done = run(world, "protect", "edge", "--encrypt-only", "--owner", "alice@contoso.com", "--recipient", "bob@fabrikam.com",
               "-o", "json", "--mail", SAMPLE, "-")
    assert "application/pkcs7-mime" in done.stdout and json.loads(done.stderr)["output"] == "-"


def test_publishers(world):
    folder = world.a.folder
    got = document(world, "publisher get", "edge", f"{folder}/shown.publisher")
    assert got["certificateId"] and got["expireTime"] and got["name"]
    shown = chancery("publisher", "show", f"{folder}/shown.publisher", "-o", "json")
    assert json.loads(shown.stdout) == got
    made = chancery("protect", "--offline", f"{folder}/shown.publisher", "--encrypt-only", "--owner", "alice@contoso.com",
                    "--recipient", "bob@fabrikam.com", "-o", "json", SAMPLE, f"{folder}/later.eml")
    content = json.loads(made.stdout)["contentId"]
    assert document(world, "publisher register", "edge", f"{folder}/later.eml") == {"contentId": content}


def test_exported_keys(world):
    folder = world.a.folder
    made = chancery("key", "new-recipient", f"{folder}/recipient.pem")
    world.a.write("recipient.jwk", made.stdout.encode())
    told = document(world, "key export", "admin", "--to", f"{folder}/recipient.jwk", "--reason", "shown", f"{folder}/keys.set")
    assert told["versions"] >= 3 and told["output"] == f"{folder}/keys.set" and "approvalId" not in told and os.path.exists(told["output"])
    tenant = world.tenant()
    with_certificate(world, "careful", tenant.admin)
    world.call("TenantService/UpdateTenant", {"tenant": {"tenant": tenant.name, "two_person": [2]}, "update_mask": {"paths": ["two_person"]}},
               tenant.admin)
    told = document(world, "key export", "careful", "--to", f"{folder}/recipient.jwk", "--reason", "shown", f"{folder}/none.set")
    assert told["approvalId"] and "output" not in told and not os.path.exists(f"{folder}/none.set")


def test_contexts_that_print_for_people_refuse_it(world):
    for argv in (("add", "x", "--server", "https://x.example"), ("use", "x"), ("remove", "x")):
        done = chancery("context", *argv, "-o", "json")
        assert done.returncode == USAGE and f"{argv[0]} has no -o" in json.loads(done.stderr)["error"]["message"]


# --- secrets that others can read ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("what, mode, is_taken", [
    ("admin.key", 0o600, True), ("admin.key", 0o400, True), ("admin.key", 0o640, os.getuid() == 0), ("admin.key", 0o644, False),
    ("admin.key", 0o620, False), ("bob.token", 0o604, False), ("bob.token", 0o600, True)])
def test_a_secret_that_others_can_read_is_not_used(world, what, mode, is_taken):
    """As libpq has it, the group may read what belongs to root."""
    who, path = what.split(".")[0], f"{world.a.folder}/{what}"
    os.chmod(path, mode)
    try:
        done = run(world, "whoami", who, "-o", "json", expect=0 if is_taken else FAILED)
        if not is_taken:
            error = json.loads(done.stderr)["error"]
            assert error["reason"] == "FILE_MODE" and error["detail"] == f"{path} has mode {mode:03o}: chmod go= {path}"
    finally:
        os.chmod(path, 0o600)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give a file away")
def test_of_somebody_who_is_not_root_the_group_reads_nothing(world):
    path = f"{world.a.folder}/admin.key"
    os.chown(path, 65534, -1)
    os.chmod(path, 0o640)
    try:
        assert "FILE_MODE" in run(world, "whoami", "admin", "-o", "json", expect=FAILED).stderr
    finally:
        os.chown(path, 0, -1)
        os.chmod(path, 0o600)


def test_a_key_that_is_named_by_an_option_and_what_is_no_file(world):
    folder = world.a.folder
    chancery("key", "new-recipient", f"{folder}/open.pem")
    os.chmod(f"{folder}/open.pem", 0o644)
    done = chancery("component", "prove", "--authority", "https://rms.example.org", "--name", "x", "--certificate", f"{folder}/edge.pem",
                    "--key", f"{folder}/open.pem")
    assert done.returncode == FAILED and "FILE_MODE" in done.stderr
    profile(world, "device", token_file="/dev/null")
    assert "token: /dev/null is empty" in run(world, "whoami", "device", expect=FAILED).stderr


def test_unknown_ids_are_one_document_too(world):
    done = run(world, "template show", "admin", new_id(), "-o", "json", expect=3)
    assert done.stdout == "" and json.loads(done.stderr)["error"]["reason"] == "NOT_FOUND"
