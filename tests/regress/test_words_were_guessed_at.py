# SPDX-License-Identifier: Apache-2.0
"""What the command line did not know it took for something else: `-o yaml` for text, `--minutes abc` for 0, an option
with a value for a flag, `--` for an option, `-` for a file of that name. And it let people look for their slips
themselves."""
import json
import os
import shlex
import subprocess

import pytest
import yaml

from command import CHANCERY, SAMPLE, protect, run, same, with_certificate, with_token

USAGE = 2


@pytest.fixture(scope="module")
def world(world):
    for name, identity in (("edge", world.gateway), ("contoso-admin", world.contoso.admin),
                           ("platform-admin", world.platform_admin)):
        with_certificate(world, name, identity)
    with_token(world, "bob", world.fabrikam.token("bob"))
    return world


def not_understood(*argv):
    done = subprocess.run([CHANCERY, *argv], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == USAGE and done.stdout == "" and "Try: chancery" in done.stderr, (argv, done)
    return done.stderr


@pytest.mark.parametrize("argv, meant", [
    (["protct"], "protect"), (["tenent", "list"], "tenant"), (["doctr"], "doctor"), (["auidt"], "audit"),
    (["help", "inspcet"], "inspect"), (["template", "lst"], "list"), (["tenant", "add-domian", "x"], "add-domain"),
    (["dev", "sttart"], "start"), (["protect", "--recipent", "x", "y"], "--recipient"),
    (["protect", "--recipent=x", "y"], "--recipient"), (["issuer", "list", "--profil", "x"], "--profile"),
    (["audit", "query", "--profile", "x", "--power", "ownr"], "owner"),
    (["issuer", "list", "--profile", "x", "-o", "jsno"], "json"),
], ids=" ".join)
def test_a_slip_was_left_to_its_writer(argv, meant):
    assert f"did you mean {meant}?" in not_understood(*argv)


def test_what_is_like_nothing_was_told_as_something():
    for argv in (["xyzzy"], ["template", "xyzzy"], ["protect", "--xyzzy", "x"]):
        assert "did you mean" not in not_understood(*argv)


@pytest.mark.parametrize("command, option, value", [
    ("component create --name x", "--role", "gatway"), ("tenant update", "--state", "disabeld"),
    ("boundary create x", "--suite", "p265"), ("boundary update x", "--fips", "yse"),
    ("approval require", "", "content-acess"), ("boundary rule a b", "", "nativ")])
def test_a_value_of_a_list_was_refused_without_the_list(world, command, option, value):
    done = run(world, command, "platform-admin", *[word for word in (option, value) if word], expect=USAGE)
    assert f", not {value}" in done.stderr and "did you mean" in done.stderr and " or " in done.stderr


@pytest.mark.parametrize("rights, name, meant", [
    ("viewr", "viewr", "viewer"), ("VIEW,prnt", "prnt", "PRINT"), ("view", "view", "VIEW"), ("co-auther", "co-auther", "co-author")])
def test_a_right_was_refused_without_its_name(world, rights, name, meant):
    done = run(world, "amend", "edge", "--set", f"user:bob@fabrikam.com={rights}", "x", expect=USAGE)
    assert f'there is no right "{name}"; did you mean ' in done.stderr and meant in done.stderr, done.stderr


@pytest.mark.parametrize("argv, why", [
    (["amend", "--set", "recipients=viewer,PRINT", "x"], "viewer stands alone"),
    (["amend", "--set", "recipients=reader", "x"], 'there is no right "reader"'),
    (["amend", "--set", "recipients=VIEW,,PRINT", "x"], 'there is no right ""'),
    (["protect", "--mail", "--file", "--encrypt-only", "x"], "not both")])
def test_what_excludes_itself_was_taken(world, argv, why):
    assert why in run(world, argv[0], "edge", *argv[1:], expect=USAGE).stderr


def test_a_proof_for_no_address(world):
    assert "--authority takes an https:// address, not rms" in not_understood(
        "component", "prove", "--authority", "rms", "--name", "x", "--certificate", "x", "--key", "x")


def test_the_next_command_was_torn_apart(world, tmp_path):
    """A shell takes it as it is shown, whatever the profile's path."""
    path = tmp_path / "my profile's[31m"
    with open(f"{world.a.folder}/contoso-admin.yaml", "rb") as file:
        path.write_bytes(file.read())
    done = subprocess.run([CHANCERY, "tenant", "add-domain", "--profile", str(path), "torn.example"], capture_output=True,
                          text=True, check=True)
    last = shlex.split(done.stdout.splitlines()[-1])
    assert last[5] == str(path).replace("\x1b", "\\u001b") and last[6:] == ["torn.example"], last
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("value", ["abc", "", "-5", "+5", "0", " 5", "5 ", "5m", "1e3", "0x10", "4294967296",
                                   "18446744073709551617", "99999999"])
def test_what_is_no_number_was_one(value):
    assert f"--minutes takes a whole number from 1 to 527040, not {value}" in not_understood(
        "token", f"--minutes={value}", "bob@fabrikam.com")


@pytest.mark.parametrize("value", ["abc", "", "-1", "0", "65536", "99999", "8443x"])
def test_what_is_no_port_was_written_into_the_configuration(value, tmp_path):
    assert "--port takes a whole number from 1 to 65535" in not_understood("dev", "start", "--folder", f"{tmp_path}/a",
                                                                          f"--port={value}")
    assert not os.path.exists(f"{tmp_path}/a")


@pytest.mark.parametrize("value", ["abc", "", "-1", "366", "+7", "4294967297"])
def test_what_are_no_days_were_some(world, value):
    done = run(world, "tenant update", "platform-admin", f"--cap-days={value}", "contoso", expect=USAGE)
    assert "--cap-days takes a whole number from 0 to 365" in done.stderr


def test_a_flag_took_a_value():
    assert "--mail takes no value" in not_understood("protect", "--mail=no", "x")


@pytest.mark.parametrize("command", ["tenant list", "audit query", "delivery bob@fabrikam.com --sender a@contoso.com",
                                     "track ID", "inspect ID", "amend ID", "component list", "directory list users"])
def test_an_unknown_format_was_text(world, command):
    for name in ("yml", "JSON", "", "text"):
        done = run(world, command, "platform-admin", "-o", name, expect=USAGE)
        assert f"-o takes table, json or yaml, not {name}" in done.stderr and done.stdout == ""


def test_yaml_was_text(world):
    """It is the same document, with the names that -f takes."""
    template = f"{world.a.folder}/t.yaml"
    with open(template, "w", encoding="utf-8") as file:
        file.write("names: [{language: en, text: 'On: off, 1.0 # \"x\"'}, {language: de, text: yes}]\n"
                   "grants: [{principals: ['tenant:contoso', recipients], rights: [VIEW, REPLY]}]\n")
    made = run(world, "template create", "contoso-admin", "-f", template).stdout.strip()
    shown = {kind: run(world, "template show", "contoso-admin", "-o", kind, made).stdout for kind in ("json", "yaml")}
    found = yaml.safe_load(shown["yaml"])["template"]
    assert found["names"] == [{"language": "en", "text": 'On: off, 1.0 # "x"'}, {"language": "de", "text": "yes"}]
    assert found["template_id"] == made == json.loads(shown["json"])["template"]["templateId"]
    listed = yaml.safe_load(run(world, "template list", "contoso-admin", "-o", "yaml").stdout)
    assert made in [one["template_id"] for one in listed["templates"]]
    again = {name: found[name] for name in ("names", "grants")}
    with open(template, "w", encoding="utf-8") as file:
        yaml.safe_dump(again, file)
    run(world, "template create", "contoso-admin", "-f", template)


def test_yaml_of_many_users_is_many_documents(world):
    for name in ("one", "two"):
        run(world, "directory put-user", "contoso-admin", f"{name}@contoso.com")
    told = list(yaml.safe_load_all(run(world, "directory list users", "contoso-admin", "-o", "yaml").stdout))
    assert {"one@contoso.com", "two@contoso.com"} <= {user["address"] for user in told}


@pytest.mark.parametrize("command, lists", [
    ("tenant exclusions", ["exclusions"]), ("super-user list", ["superUsers"]), ("approval list", ["approvals"]),
    ("partner list", ["exceptions"]), ("audit query --user nobody@contoso.com", ["events"])])
def test_an_empty_list_was_an_empty_object(world, command, lists):
    told = json.loads(run(world, command, "contoso-admin", "-o", "json").stdout)
    assert {name: told[name] for name in lists} == {name: [] for name in lists}
    assert "[]" in run(world, command, "contoso-admin", "-o", "yaml").stdout


def test_a_right_had_two_names(world):
    sealed = f"{world.a.folder}/rights.eml"
    protect(world, SAMPLE, sealed)
    text = run(world, "inspect", "bob", sealed).stdout
    rights = next(line.split()[1:] for line in text.splitlines() if line.startswith("rights"))
    assert "VIEW" in rights
    assert json.loads(run(world, "inspect", "bob", "-o", "json", sealed).stdout)["rights"] == rights
    assert yaml.safe_load(run(world, "inspect", "bob", "-o", "yaml", sealed).stdout)["rights"] == rights


def test_two_dashes_were_an_option(world):
    """A file may have the name of an option."""
    folder = world.a.folder
    subprocess.run(["cp", SAMPLE, f"{folder}/--mail.eml"], check=True)
    run(world, "protect", "edge", "--do-not-forward", "--owner", "alice@contoso.com", "--", "--mail.eml", "--sealed.eml",
        cwd=folder)
    run(world, "open", "bob", "--", "--sealed.eml", "-o", cwd=folder)
    assert same(SAMPLE, f"{folder}/-o")
    assert "give one input" in run(world, "inspect", "bob", "--", "--help", "x", expect=USAGE).stderr


@pytest.mark.parametrize("kind", ["--mail", "--file"])
def test_a_dash_was_a_file_of_that_name(world, kind):
    """Through two pipes, and nothing else is printed into them."""
    profiles = world.a.folder
    with open(SAMPLE, "rb") as file:
        mail = file.read()
    sealed = subprocess.run([CHANCERY, "protect", "--profile", f"{profiles}/edge.yaml", "--do-not-forward", "--owner",
                             "alice@contoso.com", "--recipient", "bob@fabrikam.com", kind, "-"],
                            input=mail, capture_output=True, check=False, cwd=profiles)
    assert sealed.returncode == 0, sealed.stderr
    content = sealed.stderr.decode().split()[-1]
    for command, got in (("open", mail), ("inspect", None)):
        done = subprocess.run([CHANCERY, command, "--profile", f"{profiles}/bob.yaml", "-"], input=sealed.stdout,
                              capture_output=True, check=False, cwd=profiles)
        assert done.returncode == 0, done.stderr
        assert done.stdout == got if got else content in done.stdout.decode()
    assert not [name for name in os.listdir(profiles) if name.startswith("-.")]


@pytest.mark.parametrize("text, meant", [
    ("nmaes: []", "names"), ("grant: [{}]", "grants"), ("grants: [{principal: []}]", "principals"),
    ("grants: [{principals: [recipients], rights: [VEIW]}]", "VIEW"),
    ("grants: [{principals: [recipients], rights: [RIGHT_VEIW]}]", "RIGHT_VIEW")])
def test_a_slip_in_a_file_was_left_to_its_writer(world, text, meant):
    world.a.write("slip.yaml", text.encode())
    done = run(world, "template create", "contoso-admin", "-f", f"{world.a.folder}/slip.yaml", expect=1)
    assert "line 1: " in done.stderr and f"did you mean {meant}?" in done.stderr, done.stderr


def test_help_of_a_command_was_the_list_of_all():
    done = subprocess.run([CHANCERY, "help", "protect"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: chancery protect ")
