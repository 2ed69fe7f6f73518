# SPDX-License-Identifier: Apache-2.0
"""Every bad token was a row of the audit log, which its sender had PostgreSQL write and flush: whoever can reach the port
filled the disk, and stood in line with licenses. Refusals of callers whom nobody knows are counted and summed up, and how
often a network may fail is limited (docs/interface.md §2.2, §4.4)."""
import concurrent.futures
import subprocess

import grpc
import pytest

from authority import MESSAGES, Issuer, Refused
from calls import fresh_channel, outcome, refused
from command import run, with_certificate
from waiting import eventually, let_pass

ACQUIRE, TEMPLATES = "LicensingService/AcquireLicense", "PublishingService/ListAvailableTemplates"
FLOOD = 300
SINGLES = 60  # TALLY_SINGLE_MAX


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1}


@pytest.fixture
def node(authority):
    """A node of one worker, whose counts begin at zero, and which limits nobody."""
    made = authority.node(workers=1, limits={**authority.config["limits"], "failures_per_second": 1000000}).start()
    yield made
    if made.process.poll() is None:
        made.stop()


@pytest.fixture
def strict(authority):
    """One that lets a network fail five times a second, and fifty at once."""
    made = authority.node(workers=1, limits={**authority.config["limits"], "failures_per_second": 5}).start()
    yield made
    made.stop()


def bad_tokens(world):
    """By reason; each is told as it was."""
    mallory = Issuer(world.fabrikam.issuer.iss)
    mallory.key = Issuer("x").key
    return {
        "TOKEN_MALFORMED": "garbage",
        "TOKEN_ISSUER_UNKNOWN": Issuer("https://nobody.example").token("bob@fabrikam.com"),
        "TOKEN_KEY_UNKNOWN": mallory.token("bob@fabrikam.com"),
        "TOKEN_EXPIRED": world.fabrikam.token("bob", exp=1),
        "TOKEN_AUDIENCE": world.fabrikam.token("bob", aud="other"),
        "TOKEN_NO_ADDRESS": world.fabrikam.token("bob@elsewhere.example"),
    }


def rows(world, reason, where="true"):
    """How many rows there are, and for how many calls they stand."""
    text = world.sql(f"SELECT count(*), coalesce(sum(calls), 0) FROM audit WHERE reason = '{reason}' AND {where}")
    return tuple(int(part) for part in text.split("|"))


def since(world, reason, before, where="true"):
    return tuple(now - was for now, was in zip(rows(world, reason, where), before))


def flood(node, path, token, count=FLOOD, who=None, user_token=None):
    """The outcomes of so many calls on a connection of its own, as fast as they go."""
    request_type, _ = MESSAGES.method(path)
    metadata = [("authorization", f"Bearer {token}")] if token else []
    metadata += [("x-chancery-user-token", user_token)] if user_token else []
    channel = fresh_channel(node, who)
    stub = channel.unary_unary(f"/chancery.v1.{path}")

    def one(_):
        try:
            stub(request_type().SerializeToString(), metadata=metadata, timeout=20)
            return "OK"
        except grpc.RpcError as error:
            return Refused(error).reason

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(one, range(count)))
    channel.close()
    return found


@pytest.mark.parametrize("path", [ACQUIRE, TEMPLATES])
def test_every_bad_token_was_a_row(world, node, path):
    """Whether the flow trusts caches or reads all anew, and whatever is wrong with the token."""
    for reason, token in bad_tokens(world).items():
        before = rows(world, reason)
        assert set(flood(node, path, token)) == {reason}
        assert since(world, reason, before)[0] <= 2
        metric = f'chancery_unauthenticated_total{{reason="{reason}"}}'
        page = node.page("/metrics")[1]
        assert f"{metric} {FLOOD}" in page.splitlines(), [line for line in page.splitlines() if "unauthen" in line]
    assert world.sql("SELECT count(*) FROM audit WHERE operation = ''") == "0"  # what was compared only
    totals = {reason: rows(world, reason)[1] for reason in bad_tokens(world)}
    node.stop()  # what it has counted is written before it ends
    for reason in bad_tokens(world):
        assert rows(world, reason)[1] > totals[reason]


def test_no_call_was_lost_from_the_count(world, node):
    before = rows(world, "TOKEN_MALFORMED")
    assert set(flood(node, ACQUIRE, "garbage")) == {"TOKEN_MALFORMED"}
    node.stop()
    found = since(world, "TOKEN_MALFORMED", before)
    assert found[1] == FLOOD and found[0] <= 3


def test_strangers_certificates_were_rows(world, node):
    stranger = world.identity()
    before = rows(world, "COMPONENT_UNKNOWN"), rows(world, "CREDENTIAL_MISSING")
    assert set(flood(node, ACQUIRE, None, who=stranger)) == {"COMPONENT_UNKNOWN"}
    assert set(flood(node, ACQUIRE, None)) == {"CREDENTIAL_MISSING"}
    node.stop()
    for reason, was in zip(("COMPONENT_UNKNOWN", "CREDENTIAL_MISSING"), before):
        found = since(world, reason, was)
        assert found[1] == FLOOD and found[0] <= 3


def test_the_auditor_sees_it(world):
    """Soon, and with one of the calls as an example; nothing of the token."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    why = refused(world.call, ACQUIRE, {}, token="secret-garbage", metadata=[
        ("traceparent", f"00-{trace}-00f067aa0ba902b7-01")])
    assert why.reason == "TOKEN_MALFORMED"
    event = eventually(lambda: next((e for e in world.audit(reason="TOKEN_MALFORMED") if e.correlation_id == trace), None),
                       "a summary in the platform's log", seconds=5)
    assert (event.calls, event.granted, event.operation, event.client_address, event.user, event.component) == (
        1, False, "acquire_license", "127.0.0.1", "", "")
    assert event.user_agent.startswith("grpc-python") and "127.0.0.1:" in event.target and "1 call" in event.target
    assert "secret" not in str(event)
    with_certificate(world, "admin", world.platform_admin)
    lines = run(world, "audit query", "admin", "--denied").stdout.splitlines()
    assert any("TOKEN_MALFORMED" in line and "1 call from" in line for line in lines)
    assert not [e for e in world.audit(tenant="contoso") if e.correlation_id == trace]  # it is nobody's of Contoso


def test_one_record_says_one_call(world):
    assert world.protect()
    assert {event.calls for event in world.audit(tenant="contoso")} == {1}


def test_who_is_known_was_not_counted_only(world, node):
    """A component or a person who is refused has a row for each time."""
    auditor, before = world.contoso.auditor, rows(world, "COMPONENT_ROLE")
    assert set(flood(node, ACQUIRE, None, 20, auditor)) == {"COMPONENT_ROLE"}
    assert since(world, "COMPONENT_ROLE", before) == (20, 20)
    before = rows(world, "NO_RIGHTS")
    for _ in range(5):
        assert outcome(world.acquire, world.made, world.mallory, on=node) == "NO_RIGHTS"
    assert since(world, "NO_RIGHTS", before) == (5, 5)


def test_a_stranger_behind_a_portal_was_a_row_each_time(world, node):
    """What a component carries is refused on its account: the first ones of a minute one by one, then summed up."""
    mine = f"component_name = '{world.gateway.name}'"
    before = rows(world, "TOKEN_MALFORMED", mine)
    told = flood(node, TEMPLATES, None, SINGLES + FLOOD, world.gateway, "garbage")
    assert set(told) == {"TOKEN_MALFORMED"}
    node.stop()
    found = since(world, "TOKEN_MALFORMED", before, mine)
    assert found[1] == SINGLES + FLOOD and SINGLES < found[0] <= SINGLES + 3
    event = max(world.audit(tenant="contoso", reason="TOKEN_MALFORMED"), key=lambda e: e.calls)
    assert (event.component, event.user) == (world.gateway.name, "") and event.calls > 1


def test_strangers_moved_what_components_carry_to_another_log(world, node):
    """From 128 networks they took every place of the tally, so what a component carried was summed up for nobody's tenant."""
    for number in range(1, 140):
        assert curl(node, f"127.0.1.{number}", "garbage") == 16
    mine = f"component_name = '{world.gateway.name}'"
    before = rows(world, "TOKEN_MALFORMED", mine)
    for _ in range(3):
        assert outcome(node.call, TEMPLATES, {}, world.gateway, user_token="garbage") == "TOKEN_MALFORMED"
    assert since(world, "TOKEN_MALFORMED", before, mine) == (3, 3)


# --- the limit -------------------------------------------------------------------------------------


def exhaust(node, world):
    """Fail until the network may fail no more."""
    token = world.fabrikam.token("bob", exp=1)
    told = flood(node, TEMPLATES, token, 80)
    assert set(told) == {"TOKEN_EXPIRED", "TOO_MANY_FAILURES"} and told.count("TOKEN_EXPIRED") < 70
    return token


def test_nobody_limited_how_often_a_network_may_fail(world, strict):
    token = exhaust(strict, world)
    channel = fresh_channel(strict)
    request_type, _ = MESSAGES.method(TEMPLATES)
    for _ in range(20):  # a slot comes free five times a second
        with pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary(f"/chancery.v1.{TEMPLATES}")(
                request_type().SerializeToString(), metadata=[("authorization", f"Bearer {token}")], timeout=20)
        if Refused(caught.value).reason == "TOO_MANY_FAILURES":
            break
    channel.close()
    status = MESSAGES("google.rpc.Status").FromString(
        dict(caught.value.trailing_metadata())["grpc-status-details-bin"])
    retry = [MESSAGES("google.rpc.RetryInfo").FromString(detail.value) for detail in status.details
             if detail.type_url.endswith("/google.rpc.RetryInfo")]
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED and retry[0].retry_delay.seconds == 1
    let_pass(2)
    assert flood(strict, TEMPLATES, token, 1) == ["TOKEN_EXPIRED"]  # looked at again
    assert flood(strict, TEMPLATES, world.alice, 1) == ["OK"]


def test_those_behind_a_known_component_were_shut_out(world, strict):
    """Their address is the attacker's too."""
    exhaust(strict, world)
    assert world.protect(on=strict)
    assert flood(strict, TEMPLATES, None, 3, world.gateway, world.alice) == ["OK"] * 3
    assert flood(strict, TEMPLATES, world.alice, 3, world.gateway) == ["OK"] * 3  # in `authorization`
    world.protect(who=world.gateway, user_token=world.alice, on=strict)
    told = flood(strict, TEMPLATES, None, 70, world.gateway, "garbage")  # nor do those that it carries
    assert set(told) == {"TOKEN_MALFORMED"}
    assert flood(strict, TEMPLATES, None, 1, world.gateway, world.alice) == ["OK"]


def test_people_on_a_known_connection_were_shut_out(world, strict):
    """A connection on which somebody was authenticated may be a proxy's, which carries many."""
    channel = fresh_channel(strict)
    stub = channel.unary_unary(f"/chancery.v1.{TEMPLATES}")

    def told(token):
        try:
            stub(b"", metadata=[("authorization", f"Bearer {token}")], timeout=20)
            return "OK"
        except grpc.RpcError as error:
            return Refused(error).reason

    assert told(world.alice) == "OK"
    exhaust(strict, world)
    assert told(world.carol) == "OK"
    assert {told("garbage") for _ in range(60)} == {"TOKEN_MALFORMED"}
    assert told(world.carol) == "OK"
    channel.close()


def curl(node, address, token):
    """The status of gRPC that a caller from that address of this machine gets."""
    done = subprocess.run(
        ["curl", "-sS", "-D", "-", "-o", "/dev/null", "--interface", address, "--http2-prior-knowledge",
         "-H", "content-type: application/grpc", "-H", "te: trailers", "-H", f"authorization: Bearer {token}",
         "--data-binary", "@-", f"http://{node.cleartext}/chancery.v1.{TEMPLATES}"],
        input=bytes(5), capture_output=True, check=True)
    return next(int(line.split(b":")[1]) for line in done.stdout.splitlines() if line.startswith(b"grpc-status"))


def test_another_address_was_shut_out(world, strict):
    exhaust(strict, world)
    assert curl(strict, "127.0.0.9", world.alice) == 0 and curl(strict, "127.0.0.9", "garbage") == 16
    assert not rows(world, "TOO_MANY_FAILURES", "client_address = '127.0.0.9'")[0]


def test_what_is_limited_is_counted_too(world, strict):
    before = rows(world, "TOO_MANY_FAILURES")
    exhaust(strict, world)
    eventually(lambda: since(world, "TOO_MANY_FAILURES", before)[0], "a summary", seconds=5)


def test_who_shows_no_credential_is_not_limited(world, strict):
    """Probes and scanners cost no look at anything, and must not lock the door for others."""
    assert set(flood(strict, TEMPLATES, None, 100)) == {"CREDENTIAL_MISSING"}
    assert flood(strict, TEMPLATES, world.alice, 1) == ["OK"]


# --- what must not be lost by it ---------------------------------------------------------------------


def test_a_refusal_on_what_was_remembered_is_compared(world, node):
    """The refusal is not recorded by the gate any more, but an issuer's new key counts on every node from the next call on."""
    issuer = world.fabrikam.issuer
    made, old = world.protect(on=node), issuer.key
    assert world.acquire(made, world.fabrikam.token("bob"), on=node)  # the node remembers the issuer
    issuer.key = Issuer("x").key
    forged = world.fabrikam.token("bob")
    assert outcome(world.acquire, made, forged, on=node) in ("TOKEN_KEY_UNKNOWN", "TOKEN_SIGNATURE")
    admin = world.fabrikam.admin
    found = [i for i in world.call("IssuerService/ListIssuers", {}, admin).issuers if i.issuer == issuer.iss][0]

    def publish():
        world.call("IssuerService/UpdateIssuer", {
            "issuer": {"issuer_id": found.issuer_id, "jwks_json": issuer.jwks()},
            "update_mask": {"paths": ["jwks_json"]}}, admin)

    publish()
    try:
        assert world.acquire(made, forged, on=node)
    finally:
        issuer.key = old
        publish()


def test_counts_outlast_a_database_that_is_away(world, node):
    before = rows(world, "TOKEN_MALFORMED")
    world.a.postgres.stop()
    try:
        assert set(flood(node, TEMPLATES, "garbage", 30)) <= {"TOKEN_MALFORMED", "DATABASE_UNAVAILABLE"}
    finally:
        world.a.postgres.start()
    eventually(lambda: since(world, "TOKEN_MALFORMED", before)[1], "what was counted is written", seconds=20)
