# SPDX-License-Identifier: Apache-2.0
"""One-time passcodes (docs/policy.md §9): from the address that a reader types to a license, with a real SMTP server
between; wrong, crossed, replayed, expired and guessed codes; and that nothing tells to whom a content was sent."""
import base64
import concurrent.futures
import json
import re

import pytest

from authority import MESSAGES, Reader, new_id
from calls import reason
from mail_relay import authority_options, relay  # noqa: F401  pylint: disable=W0611
from passcodes import code_of, sealing_key
from smtp_server import parse_code
from waiting import eventually
from world import grant

KIM = "kim@mail.example"
VIEW, EDIT, PRINT = 1, 2, 5


@pytest.fixture(scope="module")
def made(world):
    return world.protect(recipients=[KIM, "bob@fabrikam.com"])


def start(w, made, address=KIM, portal=None, **request):
    return w.call("PasscodeService/StartPasscode", {
        "address": address, "publishing_license": made.publishing_license, "reader_ip": "192.0.2.7", **request},
        portal or w.portal)


def verify(w, started, code, portal=None):
    return w.call("PasscodeService/VerifyPasscode", {"passcode_id": started.passcode_id, "code": code},
                  portal or w.portal)


def queue_is_empty(w):
    eventually(lambda: w.sql("SELECT count(*) FROM passcode WHERE mail_state = 1") == "0", "the queue is empty")


def forget(w):
    """The limits count hours; each test begins with none."""
    queue_is_empty(w)
    w.sql("DELETE FROM passcode")


def jws_parts(token):
    """Header and claims, unverified."""
    header, claims, _ = token.split(".")
    return [json.loads(base64.urlsafe_b64decode(part + "==")) for part in (header, claims)]


def shown(w, relay, made, address=KIM, **request):
    """Start one and read its mail."""
    count = len(relay.to(address)) + 1
    started = start(w, made, address, **request)
    message = relay.wait_for(address, count)
    code, reference = parse_code(message)
    assert reference == started.reference
    return started, code, message


def token_for(w, relay, made, address=KIM, portal=None, **request):
    started, code, _ = shown(w, relay, made, address, portal=portal, **request)
    return verify(w, started, code, portal).token


def wrong(code):
    return f"{(int(code.replace(' ', '')) + 1) % 10 ** 8:08d}"


@pytest.fixture(autouse=True)
def fresh(world):
    forget(world)


# --- the way -----------------------------------------------------------------------------------


def test_a_reader_without_an_account_reads(world, relay, made):
    w = world
    started, code, _ = shown(w, relay, made)
    verified = verify(w, started, code)
    assert 3500 < verified.expire_time.seconds - started.expire_time.seconds + 900 < 3700
    reader = Reader()
    got = w.acquire(made, who=w.portal, user_token=verified.token, reader=reader)
    assert got.channel == 2 and not got.may_cache and got.owner == "alice@contoso.com"
    claims = jws_parts(got.use_license)[1]
    assert claims["sub"] == KIM and claims["exp"] - claims["iat"] == 600
    assert reader.unwrap(claims["key"]) == w.reader.unwrap(made.wrapped_content_key)
    looked = w.call("LicensingService/InspectContent", {"publishing_license": made.publishing_license}, w.portal,
                    user_token=verified.token)
    assert looked.channel == 2
    row = w.sql(
        f"SELECT user_address, channel, granted FROM audit WHERE operation = 'acquire_license' AND content = "
        f"'{made.content_id}' ORDER BY at DESC LIMIT 1")
    assert row.startswith(KIM) and "portal" in row


def test_the_mail(world, relay, made):
    w = world
    _, code, message = shown(w, relay, made, language="en-GB")
    sender, recipients, raw = relay.to(KIM)[-1]
    assert sender == "bounces@portal.example" and recipients == [KIM]
    assert message["To"] == f"<{KIM}>" or message["To"] == KIM
    assert "no-reply@portal.example" in message["From"] and "Lesé-Portal" in message["From"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<[0-9a-f-]{36}@portal\.example>", message["Message-ID"])
    assert message["Date"].datetime and message["Content-Language"] == "en"
    assert not {"Cc", "Bcc", "Reply-To"} & set(message.keys())
    text = message["Subject"] + message.get_content()
    assert not re.search(r"https?:|www\.|<a |contoso", text, re.I)
    assert code in text and code.replace(" ", "") not in message["Subject"]
    assert b"\n" not in raw.replace(b"\r\n", b"") and b"\r" not in raw.replace(b"\r\n", b"")
    assert all(len(line) <= 78 and line.isascii() for line in raw.split(b"\r\n"))
    assert relay.logins and all(relay.logins) and set(relay.greeted) == {"rms.example.org"}


def test_the_mail_in_german(world, relay, made):
    _, _, message = shown(world, relay, made, language="de-AT")
    assert message["Subject"] == "Ihr Einmal-Code" and message["Content-Language"] == "de"
    assert "Brauchen Sie" not in message.get_content() and "fragen" in message.get_content()
    _, _, other = shown(world, relay, made, language="xx")
    assert other["Content-Language"] == "en"


def test_the_token(world, relay, made):
    w = world
    token = token_for(w, relay, made)
    header, claims = jws_parts(token)
    assert header["typ"] == "passcode+jwt" and header["alg"] in ("ES256", "ES384")
    assert claims["iss"].endswith(f"/tenants/{w.contoso.id}/passcodes") and claims["email"] == KIM
    assert claims["cid"] == made.content_id and list(claims["cnf"]) == ["x5t#S256"]


# --- who gets one ------------------------------------------------------------------------------


def mailed(w, relay, made, address, **request):
    """Whether a code is mailed; waits until the queue has been worked off."""
    count = len(relay.to(address.lower()))
    start(w, made, address, **request)
    queue_is_empty(w)
    return len(relay.to(address.lower())) > count


def test_who_gets_a_code(world, relay, made):
    w = world
    assert mailed(w, relay, made, KIM) and mailed(w, relay, made, KIM.upper())
    assert not mailed(w, relay, made, "nobody@mail.example")
    by_grants = w.protect(custom={"grants": [grant("user:u@one.example", VIEW), grant("domain:two.example", VIEW),
                                             grant("authenticated", VIEW)]}, recipients=["r@three.example"])
    assert mailed(w, relay, by_grants, "u@one.example") and mailed(w, relay, by_grants, "any@two.example")
    assert mailed(w, relay, by_grants, "r@three.example")
    assert not mailed(w, relay, by_grants, "other@three.example"), "authenticated speaks of nobody in particular"


def test_amendments_count(world, relay):
    w = world
    made = w.protect(recipients=[KIM])
    assert not mailed(w, relay, made, "late@mail.example")
    w.call("PublishingService/AmendPolicy", {"content_id": made.content_id, "add_recipients": ["late@mail.example"],
                                             "remove_principals": [f"user:{KIM}"]}, token=w.alice)
    assert mailed(w, relay, made, "late@mail.example") and not mailed(w, relay, made, KIM)


def test_revoked_content_is_told_to_who_had_rights(world, relay):
    w = world
    made = w.protect(recipients=[KIM])
    w.track("Revoke", made)
    token = token_for(w, relay, made)
    assert reason(lambda: w.acquire(made, who=w.portal, user_token=token)) == "REVOKED"


def test_a_branding_that_wants_other_accounts_is_told(world, relay):
    """To everybody alike, also whom the content was not sent to; and one that wants passcodes has them."""
    w, by_work, by_code = world, world.unique("work"), world.unique("code")
    for name, kind in ((by_work, 1), (by_code, 6)):
        w.call("BrandingService/CreateBranding", {"branding": {"branding": name, "sign_in_kinds": [kind]}}, w.contoso.admin)
    refusing, wanting = w.protect(recipients=[KIM], branding=by_work), w.protect(recipients=[KIM], branding=by_code)
    for address in (KIM, "stranger@mail.example"):
        assert reason(lambda: start(w, refusing, address)) == "SIGN_IN_REFUSED"  # pylint: disable=cell-var-from-loop
    assert w.acquire(wanting, who=w.portal, user_token=token_for(w, relay, wanting)).use_license


def test_people_of_tenants_sign_in(world, relay, made):
    w = world
    for address in ("bob@fabrikam.com", "nobody@fabrikam.com", "alice@contoso.com"):
        assert reason(lambda: start(w, made, address)) == "PASSCODE_SIGN_IN"


def test_a_domain_that_a_tenant_verifies_later(world, relay):
    w = world
    made = w.protect(recipients=["p@later.example"])
    token = token_for(w, relay, made, "p@later.example")
    assert w.rights(made, who=w.portal, user_token=token)
    w.tenant("later", domain="later.example")
    assert reason(lambda: w.acquire(made, who=w.portal, user_token=token)) == "TOKEN_NO_ADDRESS"


def test_excluded_people_get_none(world, relay, made):
    w = world
    assert mailed(w, relay, made, KIM)
    token = token_for(w, relay, made)
    w.call("TenantService/AddExclusion", {"user": KIM}, w.contoso.admin)
    assert not mailed(w, relay, made, KIM)
    assert reason(lambda: w.acquire(made, who=w.portal, user_token=token)) == "EXCLUDED"
    w.call("TenantService/RemoveExclusion", {"user": KIM}, w.contoso.admin)


def test_a_denied_domain_gets_none(world, relay, made):
    """And hears what every address hears, so that the list of domains isn't told."""
    w = world
    token, denial = token_for(w, relay, made), {"denial": {"side": 1, "domain": KIM.partition("@")[2]}}
    w.call("TenantService/AddDenial", denial, w.contoso.admin)
    assert not mailed(w, relay, made, KIM)
    assert reason(lambda: w.acquire(made, who=w.portal, user_token=token)) == "PARTNER_DENIED"
    w.call("TenantService/RemoveDenial", denial, w.contoso.admin)
    assert mailed(w, relay, made, KIM)


def size(answer):
    """In bytes, without those of the end: a fraction of a second has four or five of them, by what time it is."""
    assert answer.HasField("expire_time")
    return answer.ByteSize() - answer.expire_time.ByteSize()


def test_nothing_tells_who_was_a_recipient(world, relay, made):
    """The same answer, by the same statements in the same order."""
    w = world
    answers = {address: start(w, made, address) for address in (KIM, "nobody@mail.example")}
    for answer in answers.values():
        assert re.fullmatch("[2-9A-Z]{6}", answer.reference) and len(answer.passcode_id) == 36
        assert size(answer) == size(answers[KIM])
    for address, answer in answers.items():
        assert [reason(lambda answer=answer: verify(w, answer, "12345678")) for _ in range(6)] == \
            ["PASSCODE_WRONG"] * 5 + ["PASSCODE_ENDED"], address


# --- codes -------------------------------------------------------------------------------------


def test_one_use(world, relay, made):
    w = world
    started, code, _ = shown(w, relay, made)
    assert verify(w, started, code.replace(" ", "")).token
    assert reason(lambda: verify(w, started, code)) == "PASSCODE_ENDED"


def test_five_tries(world, relay, made):
    w = world
    started, code, _ = shown(w, relay, made)
    for typed in (wrong(code), " ", "x", "1234567", "1234 5678 9"):
        assert reason(lambda typed=typed: verify(w, started, typed)) == "PASSCODE_WRONG"
    assert reason(lambda: verify(w, started, code)) == "PASSCODE_ENDED"
    rows = w.sql(f"SELECT reason, count(*) FROM audit WHERE operation = 'verify_passcode' AND tenant = '{w.contoso.id}'"
                 f" AND NOT granted AND target = '{KIM}' GROUP BY reason ORDER BY reason")
    assert "PASSCODE_WRONG" in rows and "PASSCODE_ENDED" in rows


def test_the_fifth_try_may_be_right(world, relay, made):
    w = world
    started, code, _ = shown(w, relay, made)
    for _ in range(4):
        assert reason(lambda: verify(w, started, wrong(code))) == "PASSCODE_WRONG"
    assert verify(w, started, code).token


def test_crossed_codes(world, relay, made):
    w = world
    one, first, _ = shown(w, relay, made)
    two, second, _ = shown(w, relay, made)
    assert first != second and one.reference != two.reference
    assert reason(lambda: verify(w, one, second)) == "PASSCODE_WRONG"
    assert reason(lambda: verify(w, two, first)) == "PASSCODE_WRONG"
    assert verify(w, one, first).token and verify(w, two, second).token


def test_expired(world, relay, made):
    w = world
    started, code, _ = shown(w, relay, made)
    w.sql(f"UPDATE passcode SET expires_at = now() WHERE passcode = '{started.passcode_id}'")
    assert reason(lambda: verify(w, started, code)) == "PASSCODE_ENDED"


def test_another_portal(world, relay, made):
    w = world
    other = w.platform_component("portal")
    started, code, _ = shown(w, relay, made)
    assert reason(lambda: verify(w, started, code, other)) == "PASSCODE_ENDED"
    token = verify(w, started, code).token
    assert reason(lambda: w.acquire(made, who=other, user_token=token)) == "TOKEN_PROOF_INVALID"
    assert reason(lambda: w.acquire(made, token=token)) == "TOKEN_ISSUER_UNKNOWN"
    assert reason(lambda: start(w, made, portal=w.high_portal)) == "PORTAL_REQUIRED"


def test_another_content(world, relay, made):
    w = world
    other = w.protect(recipients=[KIM])
    token = token_for(w, relay, made)
    assert w.rights(made, who=w.portal, user_token=token)
    assert reason(lambda: w.acquire(other, who=w.portal, user_token=token)) == "PASSCODE_CONTENT"


def test_a_row_that_was_changed_has_no_code(world, relay, made):
    """Whoever can write the database gets no identity by it: the code belongs to address and content."""
    w = world
    w.protect(recipients=["evil@mail.example"])
    started, code, _ = shown(w, relay, made)
    w.sql(f"UPDATE passcode SET address = 'evil@mail.example' WHERE passcode = '{started.passcode_id}'")
    assert reason(lambda: verify(w, started, code)) == "PASSCODE_WRONG"
    assert code.replace(" ", "") not in w.sql("SELECT string_agg(passcode::text || p, ' ') FROM (SELECT p.passcode, "
                                              "p::text AS p FROM passcode p) AS x")


def test_the_code_is_the_one_of_the_formats(world, relay, made):
    """Computed by python3-cryptography from the tenant's key alone."""
    started, code, _ = shown(world, relay, made)
    key = sealing_key(world, world.contoso)
    assert code.replace(" ", "") == code_of(key, started.passcode_id, made.content_id, KIM)


def test_many_at_once_one_wins(world, relay, made):
    w = world
    started, code, _ = shown(w, relay, made)

    def one(_):
        try:
            return verify(w, started, code).token and "OK"
        except Exception as error:  # pylint: disable=broad-except
            return getattr(error, "reason", str(error))

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(one, range(8)))
    assert outcomes.count("OK") == 1 and set(outcomes) == {"OK", "PASSCODE_ENDED"}, outcomes


def test_guesses_at_once_are_counted(world, relay, made):
    w = world
    started, code, _ = shown(w, relay, made)

    def guess(n):
        return reason(lambda: verify(w, started, f"{n:08d}"))

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(guess, range(20)))
    assert outcomes.count("PASSCODE_WRONG") == 5 and outcomes.count("PASSCODE_ENDED") == 15, (code, outcomes)


def test_asked_for_again(world, relay, made):
    """A retry whose answer was lost gets the same passcode, and the reader one mail."""
    w = world
    request_id, count = new_id(), len(relay.to(KIM))
    one, two = (start(w, made, request_id=request_id) for _ in range(2))
    assert one == two
    code, _ = parse_code(relay.wait_for(KIM, count + 1))
    queue_is_empty(w)
    assert len(relay.to(KIM)) == count + 1 and verify(w, two, code).token
    assert reason(lambda: start(w, made, "other@mail.example", request_id=request_id)) == "REQUEST_ID_REUSED"
    assert reason(lambda: start(w, w.protect(), request_id=request_id)) == "REQUEST_ID_REUSED"
    other = w.platform_component("portal")
    assert start(w, made, portal=other, request_id=request_id).passcode_id != one.passcode_id
    assert reason(lambda: start(w, made, request_id="00000000-0000-0000-0000-000000000000")) == "FIELD_INVALID"


# --- what it is not ----------------------------------------------------------------------------


def test_no_member_no_group_no_power(world, relay):
    """Of an address in the owner's domain there is no passcode; a group's member from elsewhere has none of its rights."""
    w = world
    w.call("DirectoryService/PutGroup", {"group": {"address": "readers@contoso.com"}}, w.contoso.admin)
    w.call("DirectoryService/AddMembers", {"group": "readers@contoso.com", "members": [KIM]}, w.contoso.admin)
    made = w.protect(custom={"grants": [grant("group:readers@contoso.com", VIEW, PRINT),
                                        grant(f"user:{KIM}", VIEW), grant("tenant:contoso", EDIT)]})
    token = token_for(w, relay, made)
    assert w.rights(made, who=w.portal, user_token=token) == {1}
    google = w.google.token(KIM, email_verified=True)
    assert len(w.rights(made, who=w.portal, user_token=google)) == 2, "the group's, by an account"
    only_group = w.protect(custom={"grants": [grant("group:readers@contoso.com", VIEW)]})
    assert not mailed(w, relay, only_group, KIM)


def test_a_token_protects_and_tracks_nothing(world, relay, made):
    w = world
    token = token_for(w, relay, made)
    for path, request in (("PublishingService/Protect", {"do_not_forward": {}, "recipients": [KIM],
                                                         "client_public_jwk": w.reader.public}),
                          ("TrackingService/GetContent", {"content_id": made.content_id})):
        assert reason(lambda path=path, request=request: w.call(path, request, w.portal, user_token=token)) == \
            "COMPONENT_ROLE"


def test_forged_tokens(world, relay, made):
    """What others have signed in the tenant's name, and what the tenant's key has signed as something else."""
    w = world
    token = token_for(w, relay, made)
    head, body, signature = token.split(".")
    claims = jws_parts(token)[1]
    forged = w.contoso.issuer.token(claims.pop("email"), **claims)
    assert reason(lambda: w.acquire(made, who=w.portal, user_token=forged)) in ("TOKEN_TYPE", "TOKEN_KEY_UNKNOWN")
    flipped = signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")
    assert reason(lambda: w.acquire(made, who=w.portal, user_token=f"{head}.{body}.{flipped}")) == "TOKEN_SIGNATURE"
    license_ = w.acquire(made, who=w.portal, user_token=token).use_license
    assert reason(lambda: w.acquire(made, who=w.portal, user_token=license_)) == "TOKEN_ISSUER_UNKNOWN"


# --- the tenant's switch -----------------------------------------------------------------------


def test_switched_off(world, relay, made):
    w = world
    token = token_for(w, relay, made)
    started, code, _ = shown(w, relay, made)
    assert w.rights(made, who=w.portal, user_token=token)
    w.update_tenant(disable_passcodes=True)
    assert w.call("TenantService/GetTenant", {}, w.contoso.admin).tenant.disable_passcodes
    assert reason(lambda: start(w, made)) == "PASSCODES_OFF"
    assert reason(lambda: start(w, made, "nobody@mail.example")) == "PASSCODES_OFF"
    assert reason(lambda: verify(w, started, code)) == "PASSCODES_OFF"
    assert reason(lambda: w.acquire(made, who=w.portal, user_token=token)) == "PASSCODES_OFF"
    w.update_tenant(disable_passcodes=False)
    assert w.rights(made, who=w.portal, user_token=token) and verify(w, started, code).token


# --- limits ------------------------------------------------------------------------------------


def test_limits_are_exact(world, relay):
    w = world
    made = w.protect(recipients=["limit@mail.example"])

    def one(number):
        try:
            return start(w, made, "limit@mail.example", reader_ip=f"192.0.2.{number}") and "OK"
        except Exception as error:  # pylint: disable=broad-except
            return getattr(error, "reason", str(error))

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(one, range(24)))
    assert outcomes.count("OK") == 10 and outcomes.count("PASSCODE_LIMIT") == 14, outcomes
    assert start(w, made, "another@mail.example")


@pytest.mark.parametrize("column, value, most", [
    ("network", "2001:db8:1:2::/64", 200), ("content", None, 2000), ("portal", None, 20000)])
def test_other_limits(world, made, column, value, most):
    w = world
    portal = w.sql("SELECT component FROM component WHERE name = 'portal-com'")
    values = {"network": "'192.0.2.99'", "content": "gen_random_uuid()", "portal": "gen_random_uuid()"}
    values[column] = f"'{value or (portal if column == 'portal' else made.content_id)}'"
    w.sql("INSERT INTO passcode (passcode, tenant, content, address, network, portal, reference, language, key_version, "
          f"expires_at, is_nobodys, mail_state, created_at) SELECT gen_random_uuid(), '{w.contoso.id}', {values['content']}, "
          f"'n' || n || '@x.example', {values['network']}, {values['portal']}, 'R', '', 1, now(), true, 4, "
          "now() - interval '20 min' "
          f"FROM generate_series(1, {most - 1}) AS n")
    assert start(w, made, reader_ip="2001:db8:1:2:3::4")
    assert reason(lambda: start(w, made, reader_ip="2001:db8:1:2:ffff::5")) == "PASSCODE_LIMIT"
    if column == "network":
        assert start(w, made, reader_ip="2001:db8:1:3::4")
    w.sql("UPDATE passcode SET created_at = created_at - interval '1 hour'")
    assert start(w, made, reader_ip="2001:db8:1:2:ffff::5")
    w.sql("DELETE FROM passcode WHERE language = '' AND reference = 'R'")


# --- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize("fields, field", [
    ({"address": ""}, "address"), ({"address": "no address"}, "address"),
    ({"address": "a@b.example\r\nRCPT TO:<x@y.example>"}, "address"),
    ({"reader_ip": ""}, "reader_ip"), ({"reader_ip": "portal.example"}, "reader_ip"),
    ({"reader_ip": "192.0.2.7:80"}, "reader_ip"), ({"reader_ip": "1" * 99}, "reader_ip"),
    ({"language": "x" * 36}, "language")])
def test_bad_fields(world, made, fields, field):
    try:
        start(world, made, **{"address": KIM, **fields})
    except Exception as error:  # pylint: disable=broad-except
        assert error.reason == "FIELD_INVALID" and field in error.fields
    else:
        pytest.fail("it was taken")


def test_addresses_of_every_kind(world, relay):
    """Quoted where SMTP wants it, in A-labels, and with SMTPUTF8."""
    w = world
    given = {"taro..x.@docomo.example": ("taro..x.@docomo.example", '"taro..x."@docomo.example'),  # aiosmtpd unquotes
             "kim@bücher.example": ("kim@xn--bcher-kva.example", "kim@xn--bcher-kva.example"),
             "jürgen@mail.example": ("jürgen@mail.example", ""),
             "o'neil+tag@mail.example": ("o'neil+tag@mail.example", "o'neil+tag@mail.example")}
    made = w.protect(recipients=list(given))
    for address, (envelope, to) in given.items():
        started = start(w, made, address)
        message = relay.wait_for(envelope)
        assert f"To: <{to}".encode() in relay.to(envelope)[-1][2]
        assert verify(w, started, parse_code(message)[0]).token, address


def test_bad_licenses(world, made):
    w = world
    license_ = bytearray(made.publishing_license)
    license_[-1] ^= 1
    forged = MESSAGES("chancery.v1.ProtectResponse")(publishing_license=bytes(license_))
    assert reason(lambda: start(w, forged)) == "LICENSE_FORGED"
    assert reason(lambda: start(w, MESSAGES("chancery.v1.ProtectResponse")(publishing_license=b"x"))) == \
        "LICENSE_MALFORMED"
