# SPDX-License-Identifier: Apache-2.0
"""chancery super-user, approval and amend: what people and scripts see."""
import json
import subprocess

import pytest

from authority import BUILD
from command import rows, run, with_certificate, with_token

USAGE, REFUSED = 2, 3


@pytest.fixture(scope="module")
def world(world):
    with_certificate(world, "contoso-admin", world.contoso.admin)
    with_certificate(world, "contoso-two", world.contoso.component("tenant-admin", "contoso-two"))
    with_token(world, "alice", world.alice)
    return world


def rights(w, made):
    return w.rights(made, w.bob)


def test_super_users(world):
    done = run(world, "super-user grant", "contoso-admin", "--reason", "case 4711", "--expires", "+7",
               "user:eve@contoso.com")
    assert done.stdout == "granted\n"
    (listed,) = rows(run(world, "super-user list", "contoso-admin").stdout)
    assert listed.startswith("user:eve@contoso.com ") and listed.endswith("Z  contoso-admin  case 4711")
    as_json = json.loads(run(world, "super-user list", "contoso-admin", "-o", "json").stdout)
    assert as_json["superUsers"][0]["reason"] == "case 4711"
    assert run(world, "super-user revoke", "contoso-admin", "user:eve@contoso.com").stdout == "revoked\n"
    assert "NOT_FOUND" in run(world, "super-user revoke", "contoso-admin", "user:eve@contoso.com",
                              expect=REFUSED).stderr
    for bad in (["--expires", "+7"], ["--reason", "x"], ["--reason", "x", "--expires", "soon"],
                ["--reason", "x", "--expires", "+7d"]):
        run(world, "super-user grant", "contoso-admin", *bad, "user:eve@contoso.com", expect=USAGE)
    run(world, "super-user grant", "contoso-admin", "--reason", "x", "--expires", "+1", expect=USAGE)
    done = run(world, "super-user grant", "contoso-admin", "--reason", "x", "--expires", "+31", "user:eve@contoso.com",
               expect=1)
    assert "expire_time" in done.stderr and "at most 30 days" in done.stderr


def test_a_second_admin_approves(world):
    assert run(world, "approval require", "contoso-admin", "grant-super-user", "export-keys").stdout == "required\n"
    grant = ("--reason", "hold", "--expires", "+1", "user:eve@contoso.com")
    first = run(world, "super-user grant", "contoso-admin", *grant).stdout
    assert first.startswith("nothing is done yet: another admin must approve it\n  chancery approval show ")
    approval = first.split()[-1]
    (listed,) = rows(run(world, "approval list", "contoso-two").stdout)
    assert listed.startswith(f"{approval}  pending  ") and "contoso-admin  Give super-user power to user:eve" in listed
    shown = json.loads(run(world, "approval show", "contoso-two", approval, "-o", "json").stdout)
    assert json.loads(shown["requestJson"])["reason"] == "hold"
    assert "APPROVER_NOT_INDEPENDENT" in run(world, "approval approve", "contoso-admin", approval,
                                             expect=REFUSED).stderr
    assert run(world, "approval approve", "contoso-two", approval).stdout == "approved and done\n"
    assert "user:eve@contoso.com" in run(world, "super-user list", "contoso-admin").stdout
    for verb, who, word in (("reject", "contoso-two", "rejected\n"), ("withdraw", "contoso-admin", "withdrawn\n")):
        approval = json.loads(run(world, "super-user grant", "contoso-admin", "-o", "json",
                                  *grant).stdout)["approvalId"]
        assert run(world, f"approval {verb}", who, approval).stdout == word
    assert run(world, "approval list", "contoso-two").stdout == ""
    states = [line.split()[1] for line in rows(run(world, "approval list", "contoso-two", "--all").stdout)]
    assert sorted(states) == ["approved", "rejected", "withdrawn"]
    lowering = run(world, "approval require", "contoso-admin", "none").stdout.split()[-1]
    assert "No longer require two-person approval for CONTENT_ACCESS EXPORT_KEYS LOWER_REQUIREMENT" in run(
        world, "approval list", "contoso-two").stdout
    run(world, "approval approve", "contoso-two", lowering)
    run(world, "approval require", "contoso-admin", "nonsense", expect=USAGE)


def test_amend(world):
    made = world.protect(token=world.alice)
    done = run(world, "amend", "alice", "--set", "user:bob@fabrikam.com=VIEW,PRINT,SIGN", "--add-recipient",
               "carol@fabrikam.com", "--expires", "+30", "--reason", "signed", made.content_id)
    assert done.stdout == "amended, version 1\n"
    assert rights(world, made) == {1, 5}
    event = world.audit(tenant="contoso", operation="amend_policy")[0]
    assert event.target.startswith("set user:bob@fabrikam.com=VIEW,PRINT,SIGN; add carol@fabrikam.com; expires 20")
    run(world, "amend", "alice", "--set", "user:bob@fabrikam.com=viewer", "--expires", "never", made.content_id)
    assert rights(world, made) == {1, 9, 10, 11, 12}
    as_json = json.loads(run(world, "amend", "alice", "-o", "json", "--expires", "2100-01-01", made.content_id).stdout)
    assert as_json["version"] == "3"
    run(world, "amend", "alice", "--remove", "user:bob@fabrikam.com", made.content_id)
    for bad in (["--set", "user:bob@fabrikam.com"], ["--set", "user:bob@fabrikam.com=view"], ["--expires", "tomorrow"]):
        run(world, "amend", "alice", *bad, made.content_id, expect=USAGE)
    run(world, "amend", "alice", "--expires", "never", expect=USAGE)
    assert "Nothing is changed" in run(world, "amend", "alice", made.content_id, expect=1).stderr
    assert "NOT_FOUND" in run(world, "amend", "contoso-two", "--expires", "never",
                              "0197b7c0-7e5c-7c3e-8f4e-0123456789ab", expect=REFUSED).stderr


def test_uses_of_power_are_found(world):
    made = world.protect(token=world.alice)
    rights(world, made)
    world.acquire(made, world.alice)
    lines = rows(run(world, "audit query", "contoso-admin", "--power", "any", "--content", made.content_id).stdout)
    assert len(lines) == 1 and "alice@contoso.com" in lines[0]
    run(world, "audit query", "contoso-admin", "--power", "magic", expect=2)


@pytest.mark.parametrize("command", ["super-user", "approval", "amend"])
def test_help_teaches(command):
    done = subprocess.run([f"{BUILD}/cli/chancery", command, "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"usage: chancery {command} ") and f"  chancery {command} " in done.stdout
    assert all(len(line) <= 100 for line in done.stdout.splitlines())
    assert command in subprocess.run([f"{BUILD}/cli/chancery", "--help"], capture_output=True, text=True,
                                                       check=True).stdout
