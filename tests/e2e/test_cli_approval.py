# SPDX-License-Identifier: Apache-2.0
"""Acts that wait for a second admin, as people see them: every command says that it only asked, and what is asked for can be
read before it is approved."""
import json

import pytest

from authority import Identity, Issuer
from command import rows, run, with_certificate

ASKED = "nothing is done yet: another admin must approve it\n  chancery approval show "


@pytest.fixture(scope="module")
def world(world):
    w = world
    for name, who in (("one", w.contoso.admin), ("two", w.contoso.second_admin), ("platform", w.platform_admin)):
        with_certificate(w, name, who)
    run(w, "approval require", "one", "content-access")
    return w


def issuer_file(w, name, **fields):
    w.a.write(f"{name}.yaml", json.dumps(fields).encode())
    return f"{w.a.folder}/{name}.yaml"


def asked(w, command, who, *arguments):
    """The approval that a command asked for."""
    said = run(w, command, who, *arguments).stdout
    assert said.startswith(ASKED) and said.count("\n") == 3, said
    return said.split()[-1]


def test_what_is_asked_can_be_read_and_approved(world):
    issuer = Issuer("https://second.contoso.com")
    new = issuer_file(world, "new", kind="TENANT", tenant="contoso", issuer=issuer.iss, audiences=["chancery"],
                      algorithms=["ES256"], jwks_json=issuer.jwks())
    approval = asked(world, "issuer create", "one", "-f", new)
    (line,) = rows(run(world, "approval list", "two").stdout)
    assert line.startswith(f"{approval}  pending  ")
    assert f"contoso-admin  Register issuer {issuer.iss} {{" in line
    assert f"issuer.keys: → {issuer.key.thumbprint()}" in line and line.endswith("}")
    shown = json.loads(run(world, "approval show", "two", approval, "-o", "json").stdout)
    assert shown["operation"] == "APPROVAL_OPERATION_CONTENT_ACCESS" and len(shown["digest"]) == 44
    assert {"field": "issuer.audiences", "after": "chancery"} in shown["changes"]
    told = run(world, "approval show", "two", approval).stdout.splitlines()
    assert told[0] == f"Register issuer {issuer.iss}" and told[3].startswith("  asked by  contoso-admin, 20")
    assert told[4].startswith("  state     pending until 20")
    at = told.index("  add     issuer.audiences")
    assert told[at + 1] == "      to   chancery" and "What changes:" in told[:at]
    request = told[told.index("What was asked for, as it came:") + 1:]
    assert f'    "issuer": "{issuer.iss}",' in request
    assert json.loads("\n".join(request)) == json.loads(shown["requestJson"])
    assert run(world, "approval approve", "two", approval).stdout == "approved and done\n"
    assert "  state     approved, 20" in run(world, "approval show", "two", approval).stdout
    identity = run(world, "issuer list", "one").stdout.split("\n")[1].split()[0]
    url = issuer_file(world, "url", jwks_url="https://keys.example/set")
    approval = asked(world, "issuer update", "one", "-f", url, "--field", "keys", identity)
    assert "issuer.jwks_url: → https://keys.example/set" in run(world, "approval list", "two").stdout
    run(world, "approval reject", "two", approval)
    assert run(world, "issuer delete", "one", "--yes", identity).stdout == ""


def test_every_command_says_that_it_only_asked(world):
    run(world, "tenant add-domain", "one", "new.example")
    verify = asked(world, "tenant verify-domain", "platform", "--tenant", "contoso", "--asserted", "new.example")
    assert run(world, "approval approve", "two", verify).stdout == "approved and done\n"
    component = world.contoso.component("client", "archive")
    identity = world.sql("SELECT component FROM component WHERE name = 'archive'")
    power = asked(world, "super-user grant", "one", "--reason", "hold", "--expires", "+1", identity)
    assert f"principal.certificate_sha256: → {component.fingerprint.hex()}" in run(world, "approval list", "two").stdout
    run(world, "approval approve", "two", power)
    run(world, "tenant exclude", "one", "--user", "eve@contoso.com")
    new = Identity("archive")
    world.a.write("new.pem", new.certificate)
    world.a.write("new.key", new.key)
    for command, *arguments in (
            ("component update", identity, "--add-cert", f"{world.a.folder}/new.pem", "--key",
             f"{world.a.folder}/new.key"),
            ("tenant remove-domain", "new.example"),
            ("tenant let-in", "--user", "eve@contoso.com"),
            ("tenant update", "--cap-days", "31")):
        run(world, "approval withdraw", "one", asked(world, command, "one", *arguments))
    as_json = json.loads(run(world, "tenant update", "one", "--cap-days", "31", "-o", "json").stdout)
    assert list(as_json) == ["approvalId"]
    assert "license cap  9 days" in run(world, "tenant update", "one", "--cap-days", "9").stdout


def test_the_former_name_of_content_access_is_understood(world):
    assert run(world, "approval require", "one", "grant-super-user", "export-keys").stdout == "required\n"
    required = json.loads(run(world, "tenant get", "one", "-o", "json").stdout)["tenant"]["twoPerson"]
    assert required[0] in ("APPROVAL_OPERATION_CONTENT_ACCESS", "APPROVAL_OPERATION_GRANT_SUPER_USER")
    assert len(required) == 3
