# SPDX-License-Identifier: Apache-2.0
"""What the command line says to people and programs: tables with headings, failures as JSON, what is asked (-v), and how
long it waits (--timeout)."""
import json
import socket
import subprocess
import time

import pytest

from authority import new_id
from command import CHANCERY, profile, rows, run, with_certificate
from terminal import Terminal
from world import rule_of, template_of

FAILED, USAGE, REFUSED = 1, 2, 3


@pytest.fixture(scope="module")
def world(world):
    with_certificate(world, "admin", world.contoso.admin)
    with_certificate(world, "platform", world.platform_admin)
    return world


def failure(done):
    """Standard error is one JSON document, and standard output has nothing."""
    assert done.stdout == ""
    (name, error), = json.loads(done.stderr).items()
    assert name == "error" and error["exitCode"] == done.returncode and error["message"]
    return error


def test_a_refusal_as_json(world):
    error = failure(run(world, "template show", "admin", new_id(), "-o", "json", expect=REFUSED))
    assert (error["command"], error["reason"]) == ("template", "NOT_FOUND") and error["message"].endswith(".")
    error = failure(run(world, "template show", "admin", "no-id", "-o", "json", expect=FAILED))
    assert error["fields"][0]["path"] == "template_id" and error["fields"][0]["problem"]
    error = failure(run(world, "tenant get", "platform", "nowhere", "-o", "json", expect=REFUSED))
    assert error["reason"] == "NOT_FOUND"


def test_what_failed_here_as_json(world):
    error = failure(run(world, "template create", "admin", "-o", "json", "-f", f"{world.a.folder}/nowhere\x1b[2J", expect=FAILED))
    assert error["reason"] == "FILE_UNREADABLE" and error["detail"].endswith("nowhere\\u001b[2J: No such file or directory")
    done = subprocess.run([CHANCERY.encode(), b"template", b"create", b"--profile", f"{world.a.folder}/admin.yaml".encode(), b"-f",
                           b"/\xff", b"-o", b"json"], capture_output=True, check=False)
    assert "\\xff" in json.loads(done.stderr)["error"]["detail"]  # no text, so as it is shown
    assert b"\x1b" not in done.stderr


@pytest.mark.parametrize("argv", [["nonsense"], ["template", "burn"], ["template", "list", "--nonsense"], ["template", "show"],
                                  ["audit", "query", "--power", "magic"], ["template", "list", "--timeout", "soon"]])
def test_what_is_not_understood_as_json(argv):
    done = subprocess.run([CHANCERY, *argv, "-o", "json"], capture_output=True, text=True, check=False)
    error = failure(done)
    assert done.returncode == USAGE and "reason" not in error


def test_behind_two_dashes_nothing_is_a_format(world):
    assert run(world, "template show", "admin", "--", "-o", "json", expect=USAGE).stderr.startswith("chancery template: ")


def test_a_table_has_a_heading_and_fits_its_texts(world):
    made = {}
    for name in ("Kurz", "機密文書", "Ein recht langer Name"):
        template = {**template_of(), "names": [{"language": "en", "text": name}]}
        made[name] = world.call("TemplateService/CreateTemplate", {"template": template}, world.contoso.admin).template.template_id
    printed = run(world, "template list", "admin", "-o", "table").stdout
    assert printed == run(world, "template list", "admin").stdout
    assert printed.splitlines()[0].split() == ["ID", "STATE", "NAME"]
    assert {line.split(None, 2)[2] for line in rows(printed)} >= set(made)
    assert all(line == line.rstrip() for line in printed.splitlines())
    assert run(world, "partner denials", "admin").stdout == ""  # nothing is nothing, without a heading
    assert "-o takes table, json or yaml, not xml" in run(world, "template list", "admin", "-o", "xml", expect=USAGE).stderr


def test_verbose_says_what_is_asked_of_whom(world):
    done = run(world, "template list", "admin", "-v", "-o", "json")
    assert json.loads(done.stdout)  # as without it
    lines = done.stderr.splitlines()
    assert f"profile {world.a.folder}/admin.yaml (--profile), server https://{world.a.address}" in lines[0]
    assert lines[1] == "chancery: asks TemplateService/ListTemplates" and lines[2].startswith("chancery: done after ")
    assert "chancery: NOT_FOUND after" in run(world, "template show", "admin", new_id(), "-v", expect=REFUSED).stderr


def test_a_timeout_ends_a_call(world):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        profile(world, "deaf", server=f"http://127.0.0.1:{deaf.getsockname()[1]}", ca_file="")
        began = time.monotonic()
        run(world, "template list", "deaf", "--timeout", "1", expect=FAILED)
    assert 0.9 < time.monotonic() - began < 8
    for bad in ("0", "3601", "1.5", "-1", ""):
        assert "--timeout takes a whole number from 1 to 3600" in run(world, "template list", "admin", "--timeout", bad,
                                                                      expect=USAGE).stderr


def on_a_terminal(answer, *argv):
    """Run a command whose questions somebody answers; what they see, and the exit code."""
    terminal = Terminal(CHANCERY, *argv)
    terminal.type(answer)
    return terminal.finish()


def test_what_cannot_be_undone_is_asked_for(world):
    made = [world.call("MailFlowService/CreateRule", {"rule": rule_of(name=f"n{n}")}, world.contoso.admin).rule.rule_id for n in range(2)]
    who = ("--profile", f"{world.a.folder}/admin.yaml")
    told = run(world, "rule delete", "admin", made[0], expect=USAGE).stderr
    assert f"to delete rule {made[0]} can't be undone: what it says is lost" in told and "--yes" in told
    for answer in (b"no\n", b"y\n", b"\n", b"\x04"):
        seen, code = on_a_terminal(answer, "rule", "delete", *who, made[0])
        assert code == FAILED and "Nothing was done." in seen and f"delete rule {made[0]}" in seen
    assert len(rows(run(world, "rule list", "admin").stdout)) == 2
    seen, code = on_a_terminal(b"yes\n", "rule", "delete", *who, made[0])
    assert code == 0 and "removed" in seen
    assert run(world, "rule delete", "admin", "--yes", made[1]).stdout == "removed\n"
    assert run(world, "rule list", "admin").stdout == ""


@pytest.mark.parametrize("command, operands", [
    ("issuer delete", ["x"]), ("component delete", ["x"]), ("rule delete", ["x"]), ("branding delete", ["x"]),
    ("directory delete", ["user", "x@contoso.com"]), ("directory delete", ["group", "x@contoso.com"]), ("publisher revoke", ["x"])])
def test_nothing_is_asked_of_the_authority_before_that(world, command, operands):
    done = run(world, command, "admin", "-v", *operands, expect=USAGE)
    assert "can't be undone" in done.stderr and "asks" not in done.stderr
