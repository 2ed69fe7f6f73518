# SPDX-License-Identifier: Apache-2.0
"""Shared signals (docs/signals.md): whom the identity provider disables, or whose session it revokes, gets no license
from then on, on every node, whatever their token says; and who sends what is forged, replayed or for another tenant
changes nothing."""
import json
import time

import pytest

from calls import outcome, reason, refused
from command import rows, run, with_certificate
from devices import Person as Device, device_of
from http_calls import fetch
from signals import CAEP, RISC, SSF, Transmitter, email
from waiting import eventually


@pytest.fixture(scope="module")
def world(world):
    w = world
    w.idp = Transmitter(w, w.fabrikam)
    w.other_idp = Transmitter(w, w.contoso)
    return w


@pytest.fixture(scope="module")
def node(world):
    """Another node, whose workers have never heard of a signal."""
    other = world.a.node().start()
    yield other
    other.stop()


@pytest.fixture
def kim(world):
    """Somebody of Fabrikam whom no other test knows: address, subject, and a token from a minute ago."""
    return Person(world)


class Person:
    def __init__(self, world):
        self.w, self.name = world, world.unique("kim")
        self.address, self.subject = f"{self.name}@fabrikam.com", f"sub-{self.name}"
        self.old = self.token(age=60)
        self.mail = world.protect(recipients=[self.address])

    def token(self, age=0, **claims):
        return self.w.fabrikam.token(self.name, **{"sub": self.subject, "iat": int(time.time()) - age, **claims})

    def iss_sub(self):
        return {"format": "iss_sub", "iss": self.w.fabrikam.issuer.iss, "sub": self.subject}

    def opens(self, token=None, on=None):
        return outcome(self.w.acquire, self.mail, token or self.old, on=on)


def err(answer):
    assert answer.headers["content-type"] == "application/json" and answer.headers["content-language"] == "en"
    told = answer.json()
    assert answer.status == 400 and told["description"], told
    return told["err"]


# --- what bites ---


@pytest.mark.parametrize("by", ["address", "subject", "opaque", "aliases", "complex"])
def test_a_disabled_person_is_refused_on_every_node_whatever_the_token(world, node, kim, by):
    w = world
    subject = {"address": email(kim.address.upper()), "subject": kim.iss_sub(),
               "opaque": {"format": "opaque", "id": kim.subject},
               "aliases": {"format": "aliases", "identifiers": [
                   {"format": "phone_number", "phone_number": "+12065550100"}, email("private@mail.example"),
                   email(kim.address)]},
               "complex": {"format": "complex", "user": kim.iss_sub(), "session": {"format": "opaque", "id": "s1"}}}[by]
    assert kim.opens() == kim.opens(on=node) == "OK"  # both have all of it in their caches now
    now = int(time.time())
    w.idp.say(RISC + "account-disabled", subject, reason="hijacking", at=now - 3)
    begun = time.monotonic()
    assert kim.opens(on=node) == "ACCOUNT_DISABLED"
    assert kim.opens() == "ACCOUNT_DISABLED"
    assert kim.opens(kim.token(age=-5), on=node) == "ACCOUNT_DISABLED"
    assert time.monotonic() - begun < 20  # it is the next license, however loaded the machine is
    assert reason(w.call, "TrackingService/ListContent", {}, token=kim.old) == "ACCOUNT_DISABLED"
    error = refused(w.acquire, kim.mail, kim.old)
    assert (error.code, "administrator" in error.sentence) == ("PERMISSION_DENIED", True)
    assert outcome(w.acquire, w.made, w.bob, on=node) == "OK"
    w.idp.say(RISC + "account-enabled", subject, at=now - 1)
    assert kim.opens(on=node) == kim.opens() == "OK"


def test_a_revoked_session_needs_a_new_sign_in(world, node, kim):
    w = world
    assert kim.opens() == kim.opens(on=node) == "OK"
    w.idp.say(CAEP + "session-revoked", email(kim.address), at=int(time.time()) - 30, initiating_entity="admin")
    assert kim.opens(on=node) == kim.opens() == "SESSION_REVOKED"
    assert refused(w.acquire, kim.mail, kim.old, on=node).code == "UNAUTHENTICATED"
    fresh = kim.token(age=10)
    assert kim.opens(fresh, on=node) == kim.opens(fresh) == "OK"
    assert kim.opens(kim.token(iat=None), on=node) == "SESSION_REVOKED"  # it doesn't say when it was issued


def test_a_batch_and_a_mail_that_is_protected_are_refused_too(world, node, kim):
    w = world
    batch = {"requests": 2 * [w.license_request(kim.mail)]}
    w.call("LicensingService/BatchAcquireLicense", batch, token=kim.old)
    node.call("PublishingService/Protect", {"do_not_forward": {}, "recipients": ["a@fabrikam.com"],
                                            "client_public_jwk": w.reader.public}, token=kim.old)
    w.idp.say(RISC + "account-purged", kim.iss_sub())
    assert reason(w.call, "LicensingService/BatchAcquireLicense", batch, token=kim.old) == "ACCOUNT_DISABLED"
    assert reason(node.call, "PublishingService/Protect", {
        "do_not_forward": {}, "recipients": ["a@fabrikam.com"], "client_public_jwk": w.reader.public},
        token=kim.old) == "ACCOUNT_DISABLED"


@pytest.mark.parametrize("by", ["address", "subject"])
def test_nothing_is_made_in_advance_for_the_disabled(world, node, kim, by):
    """Whom a gateway names by address is known by the subject, too, of the token that registered their device."""
    w = world
    device_of(Device(w, w.fabrikam, kim.name, sub=kim.subject))

    def made(on):
        (result,) = on.call("LicensingService/PreLicense", {
            "publishing_license": kim.mail.publishing_license, "recipients": [{"address": kim.address}]}, w.gateway).results
        return result.error.reason or "OK"

    assert made(w.a) == made(node) == "OK"
    w.idp.say(CAEP + "session-revoked", email(kim.address))
    assert made(node) == "OK"
    w.idp.say(RISC + "account-disabled", email(kim.address) if by == "address" else kim.iss_sub())
    assert made(node) == made(w.a) == "DEVICE_UNKNOWN"  # why is no matter of the gateway's


@pytest.mark.parametrize("event, members, told", [
    (CAEP + "credential-change", {"credential_type": "password", "change_type": "update"}, "SESSION_REVOKED"),
    (CAEP + "credential-change", {"credential_type": "fido2-roaming", "change_type": "create"}, "OK"),
    (CAEP + "token-claims-change", {"claims": {"role": "guest"}}, "SESSION_REVOKED"),
    (CAEP + "assurance-level-change", {"current_level": "nist-aal1"}, "OK"),
    (CAEP + "device-compliance-change", {"current_status": "not-compliant"}, "OK"),
    (RISC + "account-credential-change-required", {}, "SESSION_REVOKED"),
    (RISC + "identifier-changed", {"new-value": "john@fabrikam.com"}, "SESSION_REVOKED"),
    (RISC + "opt-in", {}, "OK"),
    ("https://schemas.example.org/secevent/unheard-of", {"x": [1, 2]}, "OK"),
])
def test_what_each_event_does(world, kim, event, members, told):
    before = world.metric(f'chancery_signals_total{{event="{"unknown" if "example" in event else event.split("/")[-1]}"')
    world.idp.say(event, email(kim.address), **members)
    assert kim.opens() == told
    eventually(lambda: world.metric("chancery_signals_total{event=\"" + (
        "unknown" if "example" in event else event.split("/")[-1])) > before, "it is counted")


def test_aliases_of_the_directory_are_one_person(world, kim):
    w = world
    w.call("DirectoryService/PutUser", {"user": {"address": kim.address, "aliases": [f"{kim.name}.a@fabrikam.com"]}},
           w.fabrikam.admin)
    w.idp.say(RISC + "account-disabled", email(f"{kim.name}.a@fabrikam.com"))
    assert kim.opens() == "ACCOUNT_DISABLED"


def test_events_of_risc_may_have_their_subject_within(world, kim):
    body = {"subject": {"subject_type": "iss-sub", "iss": world.fabrikam.issuer.iss, "sub": kim.subject}, "reason": "bulk-account"}
    answer = world.idp.push(world.idp.sign(world.idp.claims({RISC + "account-disabled": body})), version="--http1.1")
    assert (answer.status, answer.body) == (202, b"")
    assert kim.opens() == "ACCOUNT_DISABLED"


def test_what_happened_earlier_undoes_nothing_that_happened_later(world, kim):
    w, now = world, int(time.time())
    w.idp.say(RISC + "account-disabled", email(kim.address), at=now - 10)
    w.idp.say(RISC + "account-enabled", email(kim.address), at=now - 20)
    assert kim.opens() == "ACCOUNT_DISABLED"
    w.idp.say(RISC + "account-enabled", email(kim.address), at=now - 10)  # at the same time disabling holds
    assert kim.opens() == "ACCOUNT_DISABLED"
    w.idp.say(RISC + "account-enabled", email(kim.address), at=now - 5)
    assert kim.opens() == "OK"


def test_verification_and_state_of_the_stream(world):
    w = world
    stream = {"format": "opaque", "id": "stream-1"}
    w.idp.say(SSF + "verification", stream, state="VGhpcyBpcyBhbiBleGFtcGxl")
    w.idp.say(SSF + "stream-updated", stream, status="paused", reason="maintenance")
    (row,) = [t for t in w.call("SignalService/ListSignalTransmitters", {}, w.fabrikam.auditor).transmitters
              if t.transmitter_id == w.idp.id]
    assert (row.stream_state, row.receive_time.seconds > 0, row.has_push_token) == (2, True, False)
    bad = w.idp.push(w.idp.sign(w.idp.claims({SSF + "stream-updated": {"status": "asleep"}}, stream)))
    assert err(bad) == "invalid_request"


# --- what changes nothing ---


def disabling(kim, **changes):
    """Claims that would disable the person, but for the changes; None leaves a claim out."""
    claims = kim.w.idp.claims({RISC + "account-disabled": {}}, email(kim.address)) | changes
    return {name: value for name, value in claims.items() if value is not None}


def test_forged_tokens(world, kim):
    w, idp = world, world.idp
    good = idp.sign(disabling(kim))
    head, body, signature = good.split(".")
    none = "eyJhbGciOiJub25lIiwidHlwIjoic2VjZXZlbnQrand0In0." + body + "."
    cases = {
        "invalid_request": ["x", "", f"{head}.{body}", idp.sign(disabling(kim), typ="JWT"), idp.sign(disabling(kim), typ=None),
                            idp.sign(disabling(kim, iat=int(time.time()) + 600)), idp.sign(disabling(kim, iat=None)),
                            idp.sign(disabling(kim, iat=int(time.time()) - 8 * 24 * 3600)),
                            idp.sign(disabling(kim, exp=int(time.time()) - 600)), idp.sign(disabling(kim, jti=None)),
                            idp.sign(disabling(kim, jti="x" * 300)), idp.sign(disabling(kim, events={})),
                            idp.sign(disabling(kim, events=[])), idp.sign(disabling(kim, sub_id=None)),
                            idp.sign(disabling(kim, sub_id="kim")), idp.sign(disabling(kim, sub_id={"format": "email"})),
                            idp.sign(disabling(kim, events={RISC + "account-disabled": {
                                "event_timestamp": int(time.time()) + 600}})),
                            idp.sign(disabling(kim, padding="x" * 20000))],
        "authentication_failed": [none, idp.sign(disabling(kim), key=w.other_idp.key, kid=idp.key["kid"]), f"{head}.{body}.{signature[:-8]}AAAAAAAA"],
        "invalid_key": [idp.sign(disabling(kim), kid="another")],
        "invalid_audience": [idp.sign(disabling(kim, aud="https://rp.example"))],
        "invalid_issuer": [idp.sign(disabling(kim, iss="https://nobody.example")), w.fabrikam.token(kim.name)],
        "access_denied": [idp.sign(disabling(kim, sub_id=email("alice@contoso.com"))), idp.sign(disabling(kim, sub_id=email("no address"))),
                          idp.sign(disabling(kim, sub_id={"format": "phone_number", "phone_number": "+1"})),
                          idp.sign(disabling(kim, sub_id={"format": "iss_sub", "iss": "https://idp.contoso.com", "sub": "x"}))],
    }
    for code, tokens in cases.items():
        for index, token in enumerate(tokens):
            assert err(idp.push(token)) == code, (code, index)
    assert kim.opens() == "OK"
    assert idp.push(good).status == 202  # what was cut and signed by others is worth nothing, and this is
    assert kim.opens() == "ACCOUNT_DISABLED"


def test_a_security_event_token_is_no_identity_token(world, kim):
    claims = disabling(kim) | {"iss": world.fabrikam.issuer.iss, "aud": "chancery", "email": kim.address, "exp": int(time.time()) + 60}
    token = world.idp.sign(claims, key=world.fabrikam.issuer.key, kid=world.fabrikam.issuer.key["kid"])
    assert kim.opens(token) == "TOKEN_TYPE"


def test_a_token_counts_once(world, kim):
    w, now = world, int(time.time())
    claims = disabling(kim, events={RISC + "account-disabled": {"event_timestamp": now - 10}})
    token = w.idp.sign(claims)
    assert w.idp.push(token).status == 202
    w.idp.say(RISC + "account-enabled", email(kim.address), at=now - 5)
    # Its sender may not have heard the answer, so it is taken again (RFC 8935 §2), and changes nothing; also in other words.
    assert w.idp.push(token).status == 202
    assert w.idp.push(w.idp.sign(claims | {"events": {RISC + "account-disabled": {"event_timestamp": now}}})).status == 202
    assert kim.opens() == "OK"
    assert len(w.a.audit(tenant="fabrikam", operation="receive_signal")) > 0


def test_another_tenants_transmitter_speaks_of_nobody_here(world, kim):
    w = world
    theirs = w.other_idp.claims({RISC + "account-disabled": {}}, email(kim.address))
    assert err(w.other_idp.push(w.other_idp.sign(theirs))) == "access_denied"
    assert err(w.other_idp.push(w.other_idp.sign(theirs), path=w.idp.path)) == "invalid_issuer"
    # One that has registered Fabrikam's own issuer of subjects speaks of its own people alone.
    thief = Transmitter(w, w.contoso, "https://thief.example", subject_issuers=[w.fabrikam.issuer.iss])
    thief.say(RISC + "account-disabled", kim.iss_sub())
    assert kim.opens() == "OK"


def test_only_who_took_access_gives_it_back(world, kim):
    w, now = world, int(time.time())
    second = Transmitter(w, w.fabrikam, "https://second.example")
    w.idp.say(RISC + "account-disabled", email(kim.address), at=now - 20)
    second.say(RISC + "account-enabled", email(kim.address), at=now)
    assert kim.opens() == "ACCOUNT_DISABLED"
    w.call("SignalService/RemoveSignalTransmitter", {"transmitter_id": second.id}, w.fabrikam.admin)
    assert err(second.push(second.sign(second.claims({RISC + "account-disabled": {}}, email(kim.address))))) == "invalid_issuer"


def test_push_tokens(world, kim):
    w = world
    closed = Transmitter(w, w.fabrikam, f"https://{kim.name}.example", with_push_token=True)
    token = closed.sign(closed.claims({RISC + "account-disabled": {}}, email(kim.address)))
    for headers in ((), ("authorization: Bearer wrong",), ("authorization: Basic eDp5",), (f"authorization: {closed.added.push_token}",)):
        assert err(closed.push(token, headers=headers)) == "authentication_failed"
    by_call = {"tenant_id": w.fabrikam.id, "security_event_token": token}
    assert reason(w.call, "SignalService/ReceiveSignal", by_call) == "SIGNAL_PUSH_TOKEN"
    assert kim.opens() == "OK"
    assert closed.push(token, headers=(f"authorization: Bearer {closed.added.push_token}",)).status == 202
    assert kim.opens() == "ACCOUNT_DISABLED"
    w.call("SignalService/ReceiveSignal", by_call, token=closed.added.push_token)  # a client of ours may hand it on
    shown = w.call("SignalService/ListSignalTransmitters", {}, w.fabrikam.admin)
    assert closed.added.push_token not in str(shown) and closed.added.push_token not in json.dumps(w.a.log)


def test_http_around_it(world, kim):
    w = world
    token = w.idp.sign(disabling(kim))
    assert err(w.idp.push(token, path="/signals/v1/")) == "invalid_request"
    assert err(w.idp.push(token, path="/signals/v1/contoso")) == "invalid_request"
    assert err(w.idp.push(token, path="/signals/v1/00000000-0000-7000-8000-000000000000")) == "invalid_issuer"
    assert w.idp.push(token, path=w.idp.path + "?x=1").status == 404
    assert err(w.idp.push("x" * 200000)) == "invalid_request"
    assert fetch(w, "--http2", w.idp.path, "content-type: application/jwt", body=token.encode()).status == 415
    assert fetch(w, "--http1.1", w.idp.path).status == 404
    assert kim.opens() == "OK"


# --- administration ---


def test_admins_see_and_clear(world, kim):
    w = world
    w.idp.say(RISC + "account-disabled", email(kim.address))
    w.idp.say(CAEP + "session-revoked", kim.iss_sub())

    def people():
        found, token = [], ""
        while True:
            page = w.call("SignalService/ListSignaledPeople", {"page_size": 2, "page_token": token}, w.fabrikam.auditor)
            found += page.people
            token = page.next_page_token
            if not token:
                return found
    by_address = [p for p in people() if p.subject.email == kim.address]
    by_subject = [p for p in people() if p.subject.issuer_subject.subject == kim.subject]
    assert [(p.disabled, p.HasField("not_before_time"), p.transmitter_id) for p in by_address + by_subject] == [
        (True, False, w.idp.id), (False, True, w.idp.id)]
    assert not [p for p in w.call("SignalService/ListSignaledPeople", {}, w.contoso.admin).people if p.subject.email == kim.address]
    clear = lambda subject: w.call("SignalService/ClearSignaledPerson", {"subject": subject}, w.fabrikam.admin)  # noqa: E731
    clear({"email": kim.address})
    assert kim.opens() == "SESSION_REVOKED"
    clear({"issuer_subject": {"issuer": w.fabrikam.issuer.iss, "subject": kim.subject}})
    assert kim.opens() == "OK"
    assert reason(clear, {"email": kim.address}) == "NOT_FOUND"
    (record,) = [r for r in w.a.audit(tenant="fabrikam", operation="clear_signaled_person") if r.target == kim.address]
    assert record.component == "fabrikam-admin"
    assert any(kim.address in r.target and "account-disabled" in r.target and w.idp.iss in r.target
               for r in w.a.audit(tenant="fabrikam", operation="receive_signal"))


def test_clearing_waits_for_a_second_admin(world):
    w = world
    two = w.tenant()
    second = two.second_admin  # who was an admin before anything is asked
    idp = Transmitter(w, two)
    idp.say(RISC + "account-disabled", email(f"x@{two.domain}"))
    w.update_tenant(two.admin, two_person=[1])
    asked = w.call("SignalService/ClearSignaledPerson", {"subject": {"email": f"x@{two.domain}"}}, two.admin).approval_id
    assert asked and w.call("SignalService/ListSignaledPeople", {}, two.admin).people
    w.call("ApprovalService/ApproveRequest", {"approval_id": asked}, second)
    assert not w.call("SignalService/ListSignaledPeople", {}, two.admin).people


@pytest.mark.parametrize("field, change", [
    ("transmitter.issuer", {"issuer": ""}), ("transmitter.issuer", {"issuer": "a b"}), ("transmitter.issuer", {"issuer": "x" * 513}),
    ("transmitter.audiences", {"audiences": []}), ("transmitter.audiences[0]", {"audiences": [""]}),
    ("transmitter.audiences", {"audiences": 11 * ["x"]}), ("transmitter.subject_issuers[1]", {"subject_issuers": ["x", "a b"]}),
    ("transmitter.keys", {"jwks_json": None}), ("transmitter.jwks_json", {"jwks_json": "{}"}),
    ("transmitter.jwks_url", {"jwks_json": None, "jwks_url": "http://keys.example"}),
])
def test_bad_transmitters(world, field, change):
    w = world
    wanted = {"issuer": "https://bad.example", "audiences": ["x"], "jwks_json": w.fabrikam.issuer.jwks(), **change}
    error = refused(w.call, "SignalService/AddSignalTransmitter", {
        "transmitter": {name: value for name, value in wanted.items() if value is not None}}, w.fabrikam.admin)
    assert (error.reason, error.fields) == ("FIELD_INVALID", [field])


def test_a_transmitter_is_there_once_and_others_are_not_to_be_seen(world):
    w = world
    again = {"transmitter": {"issuer": w.idp.iss, "audiences": ["x"], "jwks_json": w.fabrikam.issuer.jwks()}}
    assert reason(w.call, "SignalService/AddSignalTransmitter", again, w.fabrikam.admin) == "ALREADY_EXISTS"
    assert w.idp.id not in [t.transmitter_id for t in w.call("SignalService/ListSignalTransmitters", {}, w.contoso.admin).transmitters]
    assert reason(w.call, "SignalService/RemoveSignalTransmitter", {"transmitter_id": w.idp.id}, w.contoso.admin) == "NOT_FOUND"
    assert reason(w.call, "SignalService/AddSignalTransmitter", again, w.fabrikam.auditor) == "COMPONENT_ROLE"


def test_the_command_line_does_all_of_it(world, kim):
    w, iss = world, f"https://{kim.name}.signals.example"

    def signal(verb, *argv, expect=0):
        done = run(w, f"signal {verb}", "signaling", *argv, expect=expect)
        return done.stderr if expect else done.stdout

    with_certificate(w, "signaling", w.fabrikam.admin)
    w.idp.say(SSF + "stream-updated", {"format": "opaque", "id": "stream-1"}, status="paused")
    w.a.write("transmitter.yaml", json.dumps({"issuer": iss, "audiences": ["x"], "jwks_json": w.fabrikam.issuer.jwks()}).encode())
    *shown, path, token = signal("add", "--push-token", "-f", f"{w.a.folder}/transmitter.yaml").splitlines()
    (row,) = rows("\n".join(shown))
    made = row.split()[0]
    assert (iss in row, "never" in row, path, len(token.removeprefix("push token: "))) == (
        True, True, f"push to: /signals/v1/{w.fabrikam.id}", 43)
    assert made in signal("list") and "paused" in signal("list") and token.split()[-1] not in signal("list", "-o", "json")
    assert signal("remove", made) == "removed\n" and made not in signal("list")
    w.idp.say(RISC + "account-disabled", email(kim.address))
    w.idp.say(CAEP + "session-revoked", kim.iss_sub())
    found = {row.split()[0]: row for row in rows(signal("people"))}
    assert "disabled" in found[kim.address] and w.fabrikam.issuer.iss in found[kim.subject]
    assert signal("clear", kim.address) == signal("clear", "--issuer", w.fabrikam.issuer.iss, kim.subject) == "cleared\n"
    assert kim.opens() == "OK"
    assert "NOT_FOUND" in signal("clear", kim.address, expect=3)
    assert "Try: chancery signal --help" in signal("clear", expect=2)
