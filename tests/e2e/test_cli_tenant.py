# SPDX-License-Identifier: Apache-2.0
"""chancery tenant: from a new tenant to a proven domain, as people and as scripts see it."""
import json
import subprocess

import pytest

from command import CHANCERY, rows, with_certificate
from dns_server import txt
from world import ROLES


@pytest.fixture(scope="module")
def authority_options(dns):
    return {"workers": 1, "config": dns.config}


@pytest.fixture(scope="module")
def world(world, dns):
    """Wingtip is made by the command line."""
    w, w.dns = world, dns
    with_certificate(w, w.platform_admin.name, w.platform_admin)
    tenant(w, "create", w.platform_admin, "--boundary", "gcc", "--display-name", "Wingtip Ltd", "wingtip")
    w.wingtip_admin = w.a.component("wingtip-admin", ROLES["tenant-admin"], tenant="wingtip")
    with_certificate(w, w.wingtip_admin.name, w.wingtip_admin)
    return w


def tenant(w, verb, who, *arguments, expect=0):
    done = subprocess.run([CHANCERY, "tenant", verb, "--profile", f"{w.a.folder}/{who.name}.yaml", *arguments],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == expect, (done.returncode, done.stdout, done.stderr)
    return done.stderr if expect else done.stdout


def as_json(w, verb, who, *arguments):
    return json.loads(tenant(w, verb, who, "-o", "json", *arguments))


def test_a_domain_from_claim_to_proof(world):
    said = tenant(world, "add-domain", world.wingtip_admin, "Bücher.example")
    name = "_chancery.xn--bcher-kva.example"
    record = next(line for line in said.splitlines() if line.startswith(name))
    value = record.split('"')[1]
    assert record == f'{name}.  IN TXT  "{value}"' and value.startswith("chancery-domain-verification=")
    assert "chancery tenant verify-domain" in said
    shown = tenant(world, "get", world.wingtip_admin)
    assert f'xn--bcher-kva.example  to be proven by  {record}' in shown
    told = tenant(world, "verify-domain", world.wingtip_admin, "bücher.example", expect=3)
    assert "DOMAIN_PROOF_MISSING" in told and f"record: {name}" in told and f"value: {value}" in told
    world.dns.records[name] = [txt(value.encode())]
    assert tenant(world, "verify-domain", world.wingtip_admin, "bücher.example") == "proven: xn--bcher-kva.example\n"
    assert "xn--bcher-kva.example  proven" in tenant(world, "get", world.platform_admin, "wingtip")
    assert tenant(world, "remove-domain", world.wingtip_admin, "bücher.example") == "given up\n"
    assert "NOT_FOUND" in tenant(world, "remove-domain", world.wingtip_admin, "bücher.example", expect=3)


def test_a_platform_admin_vouches(world):
    claimed = as_json(world, "add-domain", world.platform_admin, "--tenant", "wingtip", "closed.example")["domain"]
    assert claimed["recordValue"].endswith(claimed["proof"]) and not claimed.get("verified")
    assert "COMPONENT_ROLE" in tenant(world, "verify-domain", world.wingtip_admin, "--asserted", "closed.example",
                                      expect=3)
    proven = as_json(world, "verify-domain", world.platform_admin, "--tenant", "wingtip", "--asserted",
                     "closed.example")
    assert proven["domain"]["verified"] is True
    assert as_json(world, "remove-domain", world.wingtip_admin, "closed.example") == {}


def test_tenants_are_listed_and_changed(world):
    lines = rows(tenant(world, "list", world.platform_admin))
    assert [line.split()[0] for line in lines] == ["contoso", "fabrikam", "wingtip"] and "Wingtip Ltd" in lines[2]
    assert [t["tenant"] for t in as_json(world, "list", world.platform_admin)["tenants"]] == [
        "contoso", "fabrikam", "wingtip"]
    assert "COMPONENT_ROLE" in tenant(world, "list", world.wingtip_admin, expect=3)
    shown = tenant(world, "update", world.wingtip_admin, "--cap-days", "7", "--onboarding", "group:legal@contoso.com",
                   "--onboarding", "user:alice@contoso.com", "--display-name", "Wingtip AG")
    assert "7 days" in shown and "group:legal@contoso.com, user:alice@contoso.com" in shown and "Wingtip AG" in shown
    got = as_json(world, "get", world.wingtip_admin)["tenant"]
    assert got["licenseCapDays"] == 7 and got["boundary"] == "gcc" and len(got["onboarding"]) == 2
    assert "every member" in tenant(world, "update", world.wingtip_admin, "--everybody")
    assert "COMPONENT_ROLE" in tenant(world, "update", world.wingtip_admin, "--state", "disabled", expect=3)
    assert "disabled" in tenant(world, "update", world.platform_admin, "--state", "disabled", "wingtip")
    assert "active" in tenant(world, "update", world.platform_admin, "--state", "active", "wingtip")
    assert "passcodes    off" in tenant(world, "update", world.wingtip_admin, "--passcodes", "off")
    assert as_json(world, "get", world.wingtip_admin)["tenant"]["disablePasscodes"] is True
    assert "passcodes    on" in tenant(world, "update", world.wingtip_admin, "--passcodes", "on")
    told = tenant(world, "update", world.wingtip_admin, "--onboarding", "alice", expect=1)
    assert "tenant.onboarding[0]" in told


def test_exclusions_come_and_go(world):
    for option, value, shown in (("--user", "eve@bücher.example", "eve@xn--bcher-kva.example"),
                                 ("--application", "Mail 1.0", "Mail 1.0"), ("--platform", "android", "android")):
        assert tenant(world, "exclude", world.wingtip_admin, option, value) == "excluded\n"
        assert "ALREADY_EXISTS" in tenant(world, "exclude", world.wingtip_admin, option, value, expect=3)
        (line,) = rows(tenant(world, "exclusions", world.wingtip_admin))
        assert line.split(maxsplit=1) == [option[2:], shown]
        assert tenant(world, "let-in", world.wingtip_admin, option, value) == "let in again\n"
        assert tenant(world, "exclusions", world.wingtip_admin) == ""
    assert "user" in tenant(world, "exclude", world.wingtip_admin, expect=1)


@pytest.mark.parametrize("arguments", [
    ["frobnicate"], ["list", "x"], ["create", "x"], ["create", "--boundary", "gcc"], ["update"], ["add-domain"],
    ["update", "--cap-days", "many"], ["update", "--cap-days", "366"], ["update", "--state", "off"],
    ["update", "--passcodes", "maybe"],
    ["update", "--everybody", "--onboarding", "user:a@b.c"], ["get", "a", "b"], ["exclude", "x"],
    ["create", "--boundary", "gcc", "--cap-days", "0", "x"]])
def test_what_is_not_understood(world, arguments):
    assert "\nTry: chancery tenant --help\n" in tenant(world, arguments[0], world.wingtip_admin, *arguments[1:], expect=2)


def test_the_help_teaches(world):
    del world
    done = subprocess.run([CHANCERY, "tenant", "--help"], capture_output=True, text=True, check=True)
    for word in ("_chancery.contoso.com.", "chancery-domain-verification=", "--asserted", "let-in", "-o json"):
        assert word in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_how_much_a_tenant_may_do(world):
    limits = as_json(world, "limit", world.platform_admin, "--contents-per-day", "1000", "--calls-per-second", "50",
                     "wingtip")["tenant"]["limits"]
    assert limits == {"contentsPerDay": 1000, "callsPerSecond": 50}
    tenant(world, "limit", world.platform_admin, "--contents-per-day", "0", "--principal-calls-per-second", "5", "wingtip")
    shown = tenant(world, "get", world.wingtip_admin)  # the others stay as they are
    assert "  limit        50 calls a second\n  limit        5 calls a second of a person\n" in shown
    assert "contents" not in shown
    tenant(world, "limit", world.platform_admin, "--licenses-per-day", "10", "wingtip")
    assert "  used         0 of 10 licenses_per_day, until 2" in tenant(world, "get", world.wingtip_admin)
    assert "COMPONENT_ROLE" in tenant(world, "limit", world.wingtip_admin, "--calls-per-second", "9", "wingtip", expect=3)
    for arguments in (["wingtip"], ["--calls-per-second", "100001", "wingtip"], ["--licenses-per-day", "many", "wingtip"],
                      ["--calls-per-second", "1"]):
        tenant(world, "limit", world.platform_admin, *arguments, expect=2)
