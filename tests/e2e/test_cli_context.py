# SPDX-License-Identifier: Apache-2.0
"""chancery context and whoami: profiles with a name, which of them counts, and whom the authority takes us for."""
import json
import os
import shutil
import subprocess
import tempfile

import pytest

from command import CHANCERY, rows, with_certificate, with_token

FAILED, USAGE, REFUSED = 1, 2, 3


@pytest.fixture(scope="module")
def world(world):
    world.f = world.a.folder
    with_certificate(world, "edge", world.gateway)
    with_certificate(world, "admin", world.contoso.admin)
    with_token(world, "bob", world.bob)
    return world


@pytest.fixture
def home(world):
    folder = tempfile.mkdtemp(prefix="home-", dir=world.f)
    yield folder
    shutil.rmtree(folder)


def chancery(home, *argv, expect=0, cwd=None, **environment):
    kept = {name: value for name, value in os.environ.items() if name not in ("CHANCERY_PROFILE", "XDG_CONFIG_HOME")}
    done = subprocess.run([CHANCERY, *argv], capture_output=True, text=True, check=False, cwd=cwd, timeout=60,
                          env={**kept, "HOME": home, **environment})
    assert done.returncode == expect, (argv, done.stdout, done.stderr)
    return done


def add(world, home, name, *more, **options):
    return chancery(home, "context", "add", name, "--profile", f"{world.f}/{name}.yaml", *more, **options)


def whoami(home, *more, **environment):
    return json.loads(chancery(home, "whoami", "-o", "json", *more, **environment).stdout)


def test_a_context_from_options_to_its_end(world, home):
    told = chancery(home, "context", "add", "front", "--server", f"https://{world.a.address}", "--ca", "server.pem",
                    "--certificate", "edge.pem", "--key", "edge.key", cwd=world.f).stdout
    assert "it is used from now on" in told
    assert whoami(home)["caller"]["role"] == "ROLE_GATEWAY"  # from any folder
    shown = chancery(home, "context", "show").stdout
    assert f'certificate_file: {world.f}/edge.pem' in shown.replace('"', "") and "BEGIN" not in shown
    assert rows(chancery(home, "context", "list").stdout)[0].split() == ["*", "front", f"https://{world.a.address}", f"{world.f}/edge.pem"]
    folder = f"{home}/.config/chancery"
    for path, mode in ((folder, 0o700), (f"{folder}/contexts", 0o700), (f"{folder}/contexts/front.yaml", 0o600)):
        assert os.stat(path).st_mode & 0o777 == mode, path
    assert "none is used now" in chancery(home, "context", "remove", "front").stdout
    assert chancery(home, "context", "list").stdout == "" and os.path.exists(f"{world.f}/edge.key")
    assert "no authority is named" in chancery(home, "whoami", expect=USAGE).stderr


def test_which_one_counts(world, home):
    """--profile before CHANCERY_PROFILE before the current one; names and files alike."""
    for name in ("edge", "admin", "bob"):
        add(world, home, name)
    assert whoami(home)["context"] == "edge"  # the first one
    chancery(home, "context", "use", "admin")
    assert whoami(home)["caller"]["role"] == "ROLE_TENANT_ADMIN"
    assert whoami(home, CHANCERY_PROFILE="bob")["caller"]["addresses"] == ["bob@fabrikam.com"]
    assert whoami(home, "--profile", "edge", CHANCERY_PROFILE="bob")["caller"]["role"] == "ROLE_GATEWAY"
    assert whoami(home, CHANCERY_PROFILE=f"{world.f}/edge.yaml")["profile"] == f"{world.f}/edge.yaml"
    assert whoami(home, CHANCERY_PROFILE="")["context"] == "admin"  # as if it were unset
    assert "Confidential" not in chancery(home, "template", "list").stdout  # every command
    assert chancery(home, "doctor", "--profile", "bob").returncode == 0
    listed = json.loads(chancery(home, "context", "list", "-o", "json").stdout)["contexts"]
    assert [(c["name"], c.get("current", False)) for c in listed] == [("admin", True), ("bob", False), ("edge", False)]
    add(world, home, "bob", "--replace", "--use")
    assert whoami(home)["context"] == "bob"


def test_xdg_config_home(world, home):
    chancery(home, "context", "add", "bob", "--profile", f"{world.f}/bob.yaml", XDG_CONFIG_HOME=f"{home}/elsewhere")
    assert os.path.exists(f"{home}/elsewhere/chancery/contexts/bob.yaml") and not os.path.exists(f"{home}/.config")
    assert whoami(home, XDG_CONFIG_HOME=f"{home}/elsewhere")["context"] == "bob"
    chancery(home, "whoami", expect=USAGE, XDG_CONFIG_HOME="elsewhere", cwd=home)  # a relative one counts as unset


def test_whoami_for_people(world, home):
    lines = dict(line.split(None, 1) for line in chancery(home, "whoami", "--profile", f"{world.f}/admin.yaml").stdout.splitlines())
    assert (lines["role"], lines["tenant"], lines["boundary"]) == ("tenant-admin", "contoso", "commercial")
    assert lines["certificate"].startswith("until 2") and lines["server"] == f"https://{world.a.address}"
    lines = chancery(home, "whoami", "--profile", f"{world.f}/bob.yaml").stdout
    assert "addresses    bob@fabrikam.com\n" in lines and "token        until 2" in lines and "certificate" not in lines
    with_token(world, "nobody", world.bob[:-4] + "AAAA")
    assert "TOKEN_" in chancery(home, "whoami", "--profile", f"{world.f}/nobody.yaml", expect=REFUSED).stderr


def test_what_others_may_write_to_is_refused(world, home):
    """Whoever can change it chooses to whom our credentials go."""
    add(world, home, "bob")
    file = f"{home}/.config/chancery/contexts/bob.yaml"
    for mode in (0o620, 0o602, 0o666):
        os.chmod(file, mode)
        told = chancery(home, "whoami", expect=FAILED).stderr
        assert "PROFILE_INVALID" in told and f"others may write to {file}: chmod go-w" in told
        assert "others may write" in chancery(home, "context", "list").stdout
    os.chmod(file, 0o644)
    assert whoami(home)["context"] == "bob"
    os.chmod(f"{home}/.config/chancery/current", 0o666)
    assert "others may write" in chancery(home, "whoami", expect=FAILED).stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_belongs_to_others_is_refused(world, home):
    add(world, home, "bob")
    os.chown(f"{home}/.config/chancery/contexts/bob.yaml", 12345, -1)
    assert "belongs to another user" in chancery(home, "whoami", expect=FAILED).stderr


def test_what_is_wrong_is_told(world, home):
    add(world, home, "bob")
    told = chancery(home, "whoami", "--profile", "bib", expect=FAILED).stderr
    assert "there is no context bib (--profile); did you mean bob?" in told
    assert "./nowhere" in chancery(home, "whoami", expect=FAILED, CHANCERY_PROFILE="nowhere").stderr
    assert "there is a context bob already" in add(world, home, "bob", expect=FAILED).stderr
    for argv in (["add", "../x", "--server", "https://x.example"], ["add", "Bob", "--server", "https://x.example"], ["add", "x"],
                 ["use"], ["burn"], [], ["list", "x"], ["add", "-x", "--server", "https://x.example"]):
        chancery(home, "context", *argv, expect=USAGE)
    for argv in (["use", "../../etc/passwd"], ["remove", "../bob"], ["show", "nobody"],
                 ["add", "x", "--server", f"https://{world.a.address}", "--token", f"{world.f}/nowhere.token"],
                 ["add", "x", "--server", "http://rms.example.org", "--token", f"{world.f}/bob.token"]):
        chancery(home, "context", *argv, expect=FAILED)
    names = [c["name"] for c in json.loads(chancery(home, "context", "list", "-o", "json").stdout)["contexts"]]
    assert names == ["bob"]  # what failed has left nothing
    with open(f"{home}/.config/chancery/contexts/torn.yaml", "w", encoding="ascii") as file:
        file.write("server: [")
    assert "torn" in chancery(home, "context", "list").stdout
    assert "PROFILE_INVALID" in chancery(home, "whoami", "--profile", "torn", expect=FAILED).stderr
    with open(f"{home}/.config/chancery/current", "w", encoding="ascii") as file:
        file.write("../../x\n")
    assert "has no context's name" in chancery(home, "whoami", expect=FAILED).stderr
