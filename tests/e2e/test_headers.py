# SPDX-License-Identifier: Apache-2.0
"""Headers as only somebody sends them who wants to know what happens."""
import json
import struct
import subprocess

import pytest

from authority import Authority, Refused


@pytest.fixture(scope="module")
def authority():
    a = Authority(workers=1)
    a.migrate()
    a.start()
    a.contoso, a.contoso_admin = a.tenant("contoso", "commercial", "contoso.com")
    yield a
    a.close()


def get(a, path, *headers):
    options = [option for header in headers for option in ("-H", header)]
    return subprocess.run(["curl", "-sS", "--http2-prior-knowledge", "--fail-with-body", *options,
                           f"http://{a.cleartext}{path}"], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("path", ["/tenants/{id}/jwks.json", "/livez", "/.well-known/chancery"])
def test_a_page_has_no_deadline_to_be_wrong(authority, path):
    """A page that waits for the database was ended by the error of a deadline, and answered after that: an assertion
    ends the worker for it when the client has not let the first end through yet."""
    path = path.format(id=authority.postgres.sql("SELECT tenant FROM tenant WHERE name = 'contoso'"))
    done = get(authority, path, "grpc-timeout: soon")
    assert done.returncode == 0, done.stderr
    if path.endswith("jwks.json"):
        assert "keys" in json.loads(done.stdout)


def records(a, where):
    return int(a.postgres.sql(f"SELECT count(*) FROM audit WHERE {where}"))


def strangers(a):
    """How many calls were refused for TOKEN_MALFORMED whose caller nobody knows."""
    lines = [line for line in a.page("/metrics")[1].splitlines()
             if line.startswith('chancery_unauthenticated_total{reason="TOKEN_MALFORMED"}')]
    return int(lines[0].split()[-1]) if lines else 0


def test_of_two_credentials_none_counts(authority):
    """A proxy may look at the other one of two than the server does. With either alone the call is let in."""
    alice = f"Bearer {authority.contoso.token('alice@contoso.com')}"
    bob = f"Bearer {authority.contoso.token('bob@contoso.com')}"
    counted = strangers(authority)
    for pair in ((alice, bob), (bob, alice), (alice, alice), (alice, "")):
        with pytest.raises(Refused) as caught:
            authority.call("PublishingService/ListAvailableTemplates",
                           metadata=[("authorization", value) for value in pair])
        assert caught.value.reason == "TOKEN_MALFORMED"
    assert strangers(authority) == counted + 4
    before = records(authority, "reason = 'TOKEN_MALFORMED'")
    with pytest.raises(Refused) as caught:
        authority.call("TenantService/GetTenant", {"tenant": "contoso"}, authority.contoso_admin,
                       metadata=[("x-chancery-user-token", authority.contoso.token("alice@contoso.com"))] * 2)
    assert caught.value.reason == "TOKEN_MALFORMED"
    assert records(authority, "reason = 'TOKEN_MALFORMED' AND component IS NOT NULL") == 1 and before < 4
    for value in (alice, bob):
        authority.call("PublishingService/ListAvailableTemplates", metadata=[("authorization", value)])


@pytest.mark.parametrize("agent", [b"probe/1 \xff\xfe", b"\xc3" * 300, "a\u00e9".encode() * 200, b"probe\t1"],
                         ids=("latin", "half", "cut", "tab"))
def test_a_user_agent_of_any_bytes_is_recorded(authority, tmp_path, agent):
    """One that was no UTF-8 failed the statement that records a refusal: whoever sent it left no trace."""
    (tmp_path / "body").write_bytes(struct.pack(">BI", 0, 0))
    (tmp_path / "headers").write_bytes(b"user-agent: " + agent + b"\n")
    before = records(authority, "reason = 'COMPONENT_ROLE'")
    alice = authority.contoso.token("alice@contoso.com")
    done = subprocess.run(
        ["curl", "-sS", "--http2-prior-knowledge", "-D", "-", "-H", f"@{tmp_path}/headers",
         "-H", "content-type: application/grpc", "-H", "te: trailers", "-H", f"authorization: Bearer {alice}",
         "--data-binary", f"@{tmp_path}/body", f"http://{authority.cleartext}/chancery.v1.AuditService/Query"],
        capture_output=True, check=True)
    assert b"grpc-status: 7" in done.stdout, done.stdout
    assert records(authority, "reason = 'COMPONENT_ROLE'") == before + 1
    kept = authority.postgres.sql("SELECT user_agent FROM audit ORDER BY at DESC LIMIT 1")
    assert 0 < len(kept.strip()) <= 256 and kept.isascii()
