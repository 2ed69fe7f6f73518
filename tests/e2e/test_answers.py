# SPDX-License-Identifier: Apache-2.0
"""Answers of readers without an account (docs/policy.md §5.3): whoever may reply protects their reply through the portal,
under the policy of what they answer and for its people; they own nothing of it."""
import concurrent.futures
import time

import pytest

from authority import new_id
from calls import outcome, reason, refused
from mail_relay import authority_options, relay  # noqa: F401  pylint: disable=W0611
from smtp_server import parse_code
from stock import super_user
from waiting import let_pass
from world import grant

ANSWER = "PublishingService/Answer"
REPLY, REPLY_ALL, FORWARD = 1, 2, 3
VIEW, PRINT, MAY_FORWARD, MAY_REPLY, MAY_REPLY_ALL = 1, 5, 8, 9, 10
KIM, JO, PAT = "kim@mail.example", "jo@mail.example", "pat@else.example"
DAY = 24 * 3600


@pytest.fixture(scope="module")
def people(world):
    """Readers without an account, by name, as the portal knows them when they have signed in with Google's."""
    return {address: world.google.token(address, email_verified=True) for address in (KIM, JO, PAT)}


def passcode_token(w, relay, made, address):
    """By the mail that comes."""
    count = len(relay.to(address)) + 1
    started = w.call("PasscodeService/StartPasscode", {
        "address": address, "publishing_license": made.publishing_license, "reader_ip": "192.0.2.7"}, w.portal)
    code, _ = parse_code(relay.wait_for(address, count))
    return w.call("PasscodeService/VerifyPasscode", {"passcode_id": started.passcode_id, "code": code}, w.portal).token


def answer(w, made, user_token, kind=REPLY, portal=None, **fields):
    request = {"publishing_license": made.publishing_license, "kind": kind, "client_public_jwk": w.reader.public, **fields}
    return w.call(ANSWER, request, portal or w.portal, user_token=user_token).response


def opens(w, made, token):
    """OK, or why somebody gets no license: through the portal for whoever is outside."""
    return outcome(lambda: w.acquire(made, who=w.portal, user_token=token))


def alice_opens(w, made):
    return outcome(lambda: w.acquire(made, w.alice))


def records(w, content, operation="answer"):
    return [row.split("|") for row in w.sql(
        f"SELECT granted, reason, user_address, target FROM audit WHERE operation = '{operation}' AND content = '{content}' "
        "ORDER BY event").splitlines()]


# --- to whom -----------------------------------------------------------------------------------


def test_a_passcode_reader_replies_and_the_sender_opens_it(world, relay):
    """The whole way: no account, a code, an answer; the sender opens it with a client of their own."""
    w = world
    made = w.protect(recipients=[KIM, JO], display_name="Offer")
    token = passcode_token(w, relay, made, KIM)
    got = answer(w, made, token, display_name="Re: Offer")
    assert got.content_id != made.content_id
    key = w.reader.unwrap(got.wrapped_content_key)
    license_ = w.acquire(got, w.alice)
    assert license_.owner == "alice@contoso.com" and w.a.verify(license_.use_license, w.reader)[1] == key
    assert key != w.reader.unwrap(made.wrapped_content_key)
    assert opens(w, got, token) == "PASSCODE_CONTENT", "the code was for what was answered"
    assert opens(w, got, passcode_token(w, relay, got, KIM)) == "OK"
    seen = w.call("TrackingService/GetContent", {"content_id": got.content_id}, token=w.alice).content
    assert (seen.owner, seen.display_name) == ("alice@contoso.com", "Re: Offer")
    assert records(w, made.content_id) == [["t", "OK", KIM, f"a reply: content {got.content_id}"]]
    assert records(w, got.content_id, "protect") == [["t", "OK", KIM, f"a reply to content {made.content_id}"]]


def test_a_reply_is_the_owners_and_the_readers_alone(world, people):
    w = world
    made = w.protect(recipients=[KIM, JO])
    got = answer(w, made, people[KIM])
    assert [opens(w, got, people[name]) for name in (KIM, JO, PAT)] == ["OK", "NO_RIGHTS", "NO_RIGHTS"]
    assert alice_opens(w, got) == "OK"


def test_a_reply_to_all_is_everybodys(world, people):
    w = world
    made = w.protect(recipients=[KIM, JO])
    got = answer(w, made, people[KIM], REPLY_ALL)
    assert [opens(w, got, people[name]) for name in (KIM, JO, PAT)] == ["OK", "OK", "NO_RIGHTS"]
    again = answer(w, got, people[JO], REPLY_ALL)  # the thread goes on
    assert [opens(w, again, people[name]) for name in (KIM, JO, PAT)] == ["OK", "OK", "NO_RIGHTS"]
    assert alice_opens(w, again) == "OK"


def test_forwarding_is_for_whom_the_reader_likes(world, people):
    w = world
    made = w.protect(do_not_forward=None, encrypt_only={}, recipients=[KIM, JO])
    got = answer(w, made, people[KIM], FORWARD, recipients=[PAT, '"j d"@x.example'])
    assert list(got.refused_recipients) == ['"j d"@x.example']
    assert [opens(w, got, people[name]) for name in (KIM, JO, PAT)] == ["OK", "NO_RIGHTS", "OK"]
    assert alice_opens(w, got) == "OK" and opens(w, made, people[PAT]) == "NO_RIGHTS"


def test_whoever_lacks_the_right(world, people):
    w = world
    rights = {REPLY: MAY_REPLY, REPLY_ALL: MAY_REPLY_ALL, FORWARD: MAY_FORWARD}
    for kind, right in rights.items():
        others = [other for other in rights.values() if other != right]
        made = w.protect(do_not_forward=None, recipients=None, custom={"grants": [
            grant(f"user:{KIM}", VIEW, right), grant(f"user:{JO}", VIEW, PRINT, *others)]})
        more = {"recipients": [PAT]} if kind == FORWARD else {}
        assert answer(w, made, people[KIM], kind, **more).content_id
        assert outcome(lambda: answer(w, made, people[JO], kind, **more)) == "RIGHT_MISSING"  # pylint: disable=W0640
        assert outcome(lambda: answer(w, made, people[PAT], kind, **more)) == "NO_RIGHTS"  # pylint: disable=W0640
        assert ["f", "RIGHT_MISSING", JO] in [row[:3] for row in records(w, made.content_id)]
    made = w.protect(recipients=[KIM])
    assert outcome(lambda: answer(w, made, people[KIM], FORWARD, recipients=[PAT])) == "RIGHT_MISSING"


def test_nobody_names_whom_the_thread_has(world, people):
    """To whoever was not on the thread there is no reply; and no answer tells who is on it."""
    w = world
    made = w.protect(recipients=[KIM, JO])
    for kind in (REPLY, REPLY_ALL):
        error = refused(lambda: answer(w, made, people[KIM], kind, recipients=[PAT]))  # pylint: disable=W0640
        assert (error.reason, list(error.fields)) == ("FIELD_INVALID", ["recipients"])
    got = answer(w, made, people[KIM], REPLY_ALL)
    assert opens(w, got, people[PAT]) == "NO_RIGHTS"
    assert not got.refused_recipients and JO.encode() not in got.publishing_license


def test_the_reader_owns_nothing(world, people):
    w = world
    made = w.protect(recipients=[KIM])
    got = answer(w, made, people[KIM])
    for path in ("TrackingService/Revoke", "TrackingService/GetContent"):
        assert outcome(lambda path=path: w.call(path, {"content_id": got.content_id}, w.portal,
                                                user_token=people[KIM])) == "COMPONENT_ROLE"
    assert w.rights(got, who=w.portal, user_token=people[KIM]) == w.rights(made, who=w.portal, user_token=people[KIM])
    w.track("Revoke", got)
    assert opens(w, got, people[KIM]) == "REVOKED" and opens(w, made, people[KIM]) == "OK"


# --- under the policy of what is answered ------------------------------------------------------------


def test_a_template_stays_bound_late(world, people):
    w = world
    template = w.template(grant("recipients", VIEW, MAY_REPLY, MAY_REPLY_ALL))
    made = w.protect(do_not_forward=None, template_id=template.template_id, recipients=[KIM, JO])
    got = answer(w, made, people[KIM], REPLY_ALL)
    assert w.rights(got, who=w.portal, user_token=people[JO]) == {VIEW, MAY_REPLY, MAY_REPLY_ALL}
    w.call("TemplateService/ArchiveTemplate", {"template_id": template.template_id}, w.contoso.admin)
    assert answer(w, made, people[KIM]).content_id, "an archived template goes on for what it protects"
    w.call("TemplateService/UpdateTemplate", {
        "template": {"template_id": template.template_id, "grants": [grant("recipients", VIEW)]},
        "update_mask": {"paths": ["grants"]}}, w.contoso.admin)
    assert w.rights(got, who=w.portal, user_token=people[JO]) == {VIEW}
    assert outcome(lambda: answer(w, made, people[KIM])) == "RIGHT_MISSING"
    w.call("TemplateService/DeleteTemplate", {"template_id": template.template_id, "force": True}, w.contoso.admin)
    assert outcome(lambda: answer(w, made, people[KIM])) == "NO_RIGHTS"
    assert outcome(lambda: answer(w, made, w.alice)) == "NO_RIGHTS", "nobody could open it"


def test_policies_switched_off_go_on_for_answers(world, people):
    w = world
    made = w.protect(recipients=[KIM])
    w.update_tenant(do_not_forward_off=True)
    assert outcome(w.protect) == "POLICY_SWITCHED_OFF"
    assert answer(w, made, people[KIM]).content_id
    w.update_tenant(do_not_forward_off=False)


def test_what_was_amended_holds_for_the_answer(world, people):
    """Whoever was removed is no more one of all; whoever was let in is, and of a reply to the owner nobody is."""
    w = world
    made = w.protect(recipients=[KIM, JO])
    w.call("PublishingService/AmendPolicy", {
        "content_id": made.content_id, "remove_principals": [f"user:{JO}"], "add_recipients": [PAT],
        "expiry": {"days": 9}}, token=w.alice)
    to_all, reply = answer(w, made, people[KIM], REPLY_ALL), answer(w, made, people[KIM])
    assert [opens(w, to_all, people[name]) for name in (KIM, JO, PAT)] == ["OK", "NO_RIGHTS", "OK"]
    assert [opens(w, reply, people[name]) for name in (KIM, JO, PAT)] == ["OK", "NO_RIGHTS", "NO_RIGHTS"]
    assert to_all.expire_time == reply.expire_time and 8 * DAY < to_all.expire_time.seconds - time.time() < 9 * DAY
    looked = w.call("LicensingService/InspectContent", {"publishing_license": to_all.publishing_license}, w.portal,
                    user_token=people[KIM])
    assert looked.content_expire_time == to_all.expire_time
    # What is amended of the answer is the answer's alone.
    w.call("PublishingService/AmendPolicy", {"content_id": to_all.content_id, "add_recipients": [JO]}, token=w.alice)
    assert opens(w, to_all, people[JO]) == "OK" and opens(w, made, people[JO]) == "NO_RIGHTS"


def test_who_was_removed_is_not_let_in_by_forwarding(world, people):
    w = world
    made = w.protect(do_not_forward=None, encrypt_only={}, recipients=[KIM, JO])
    w.call("PublishingService/AmendPolicy", {"content_id": made.content_id, "remove_principals": [f"user:{JO}"]},
           token=w.alice)
    got = answer(w, made, people[KIM], FORWARD, recipients=[JO, PAT])
    assert [opens(w, got, people[name]) for name in (JO, PAT)] == ["NO_RIGHTS", "OK"]


# --- what was taken back -----------------------------------------------------------------------------


def test_after_revocation(world, people):
    w = world
    made = w.protect(recipients=[KIM, JO])
    w.track("Revoke", made, user=JO)
    got = answer(w, made, people[KIM], REPLY_ALL)
    assert [opens(w, got, people[name]) for name in (KIM, JO)] == ["OK", "REVOKED"], "they are shut out of it too"
    assert outcome(lambda: answer(w, made, people[JO])) == "REVOKED"
    w.track("Revoke", made)
    assert outcome(lambda: answer(w, made, people[KIM])) == "REVOKED"
    assert outcome(lambda: answer(w, made, people[PAT])) == "NO_RIGHTS"
    assert outcome(lambda: answer(w, made, w.alice)) == "REVOKED", "its owner makes nothing new of it either"
    assert opens(w, got, people[KIM]) == "OK", "the answer is content of its own"


def test_revoked_for_readers_outside(world, people):
    w = world
    made = w.protect(recipients=[KIM, "carl@contoso.com"])
    w.track("Revoke", made, outside_only=True)
    assert outcome(lambda: answer(w, made, people[KIM])) == "REVOKED"
    got = answer(w, made, w.contoso.token("carl"), REPLY_ALL)
    assert opens(w, got, people[KIM]) == "REVOKED" and alice_opens(w, got) == "OK"


def test_expired(world, people):
    w = world
    made = w.protect(do_not_forward=None, recipients=None, custom={
        "grants": [grant(f"user:{KIM}", VIEW, MAY_REPLY)], "expiry": {"time": {"seconds": int(time.time()) + 3}}})
    assert answer(w, made, people[KIM]).expire_time.seconds == made.expire_time.seconds
    let_pass(max(0, made.expire_time.seconds - time.time()) + 1)
    assert outcome(lambda: answer(w, made, people[KIM])) == "EXPIRED"
    assert outcome(lambda: answer(w, made, w.alice)) == "EXPIRED"


# --- who asks --------------------------------------------------------------------------------------


def test_by_a_portal_of_the_boundary_alone(world, people):
    w = world
    made = w.protect(recipients=[KIM])
    assert outcome(lambda: answer(w, made, people[KIM], portal=w.high_portal)) == "PORTAL_REQUIRED"
    assert outcome(lambda: answer(w, made, people[KIM], portal=w.gateway)) == "COMPONENT_TENANT"
    assert outcome(lambda: w.call(ANSWER, {}, token=w.bob)) == "COMPONENT_ROLE"
    assert outcome(lambda: answer(w, made, None)) == "USER_TOKEN_REQUIRED"


def test_lent_power_answers_nothing(world):
    w = world
    made = w.protect(recipients=[KIM])
    w.call("TenantService/GrantSuperUser", super_user("user:sue@contoso.com"), w.contoso.admin)
    sue = w.contoso.token("sue")
    assert opens(w, made, sue) == "OK"
    assert outcome(lambda: answer(w, made, sue)) == "NO_RIGHTS"


def test_excluded_people_answer_nothing(world, people):
    w = world
    made = w.protect(recipients=[KIM])
    w.call("TenantService/AddExclusion", {"user": KIM}, w.contoso.admin)
    assert outcome(lambda: answer(w, made, people[KIM])) == "EXCLUDED"
    w.call("TenantService/RemoveExclusion", {"user": KIM}, w.contoso.admin)


# --- again, and how often ------------------------------------------------------------------------------


def test_a_retry_gives_the_same_answer(world, people):
    w = world
    made, request_id = w.protect(recipients=[KIM, JO]), new_id()
    first, again = (answer(w, made, people[KIM], request_id=request_id) for _ in range(2))
    assert first.content_id == again.content_id
    assert w.reader.unwrap(first.wrapped_content_key) == w.reader.unwrap(again.wrapped_content_key)
    assert alice_opens(w, again) == "OK"
    for other in (lambda: answer(w, made, people[JO], request_id=request_id),
                  lambda: answer(w, made, people[KIM], REPLY_ALL, request_id=request_id)):
        assert reason(other) == "REQUEST_ID_REUSED"
    assert [row[1] for row in records(w, made.content_id)] == ["OK", "OK", "REQUEST_ID_REUSED", "REQUEST_ID_REUSED"]
    w.track("Revoke", first)
    assert reason(lambda: answer(w, made, people[KIM], request_id=request_id)) == "REVOKED"
    w.sql(f"UPDATE content SET created_at = created_at - interval '1 day', revoked_at = NULL WHERE content = "
          f"'{first.content_id}'")
    assert reason(lambda: answer(w, made, people[KIM], request_id=request_id)) == "REQUEST_ID_REUSED"


def test_the_same_request_at_once(world, people):
    w = world
    made, request_id = w.protect(recipients=[KIM]), new_id()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        got = list(pool.map(lambda _: answer(w, made, people[KIM], request_id=request_id), range(6)))
    assert len({one.content_id for one in got}) == 1
    assert w.sql(f"SELECT count(*) FROM content WHERE answers = '{made.content_id}'") == "1"


def test_limits(world, people):
    """Exactly, also when they come at once; and neither stops other readers or other content."""
    w = world
    made = w.protect(recipients=[KIM, JO])
    rows = ("INSERT INTO content (tenant, content, owner, issuer, display_name, answers, thread, answered_by) SELECT "
            f"'{w.contoso.id}', gen_random_uuid(), 'alice@contoso.com', 'x', '', '{made.content_id}', '{made.content_id}', '{{}}' "
            "FROM generate_series(1, {})")
    w.sql(rows.format(KIM, 57))
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        got = list(pool.map(lambda _: outcome(lambda: answer(w, made, people[KIM])), range(6)))
    assert sorted(got) == ["ANSWER_LIMIT"] * 3 + ["OK"] * 3, got
    assert records(w, made.content_id)[-1][1] in ("ANSWER_LIMIT", "OK")
    assert answer(w, made, people[JO]).content_id and answer(w, w.protect(recipients=[KIM]), people[KIM]).content_id
    w.sql(rows.format("x@mail.example", 939))
    assert outcome(lambda: answer(w, made, people[JO])) == "ANSWER_LIMIT"
    w.sql(f"UPDATE content SET created_at = created_at - interval '1 hour' WHERE answers = '{made.content_id}'")
    assert answer(w, made, people[KIM]).content_id and answer(w, made, people[JO]).content_id


def test_a_content_whose_record_was_lost(world, people):
    w = world
    made = w.protect(recipients=[KIM])
    w.sql(f"DELETE FROM content WHERE content = '{made.content_id}'")
    got = answer(w, made, people[KIM])
    assert alice_opens(w, got) == "OK"
    assert w.sql(f"SELECT owner FROM content WHERE content = '{made.content_id}'") == "alice@contoso.com"


# --- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields, field", [
    ({"kind": 0}, "kind"), ({"kind": 4}, "kind"), ({"kind": FORWARD}, "recipients"),
    ({"kind": FORWARD, "recipients": ["no address"]}, "recipients[0]"),
    ({"kind": FORWARD, "recipients": [f"n{n}@x.example" for n in range(1000)]}, "recipients"),
    ({"display_name": "x" * 257}, "display_name"), ({"request_id": "x"}, "request_id"),
    ({"request_id": "00000000-0000-0000-0000-000000000000"}, "request_id")])
def test_bad_fields(world, people, fields, field):
    made = world.protect(do_not_forward=None, encrypt_only={}, recipients=[KIM])
    error = refused(lambda: answer(world, made, people[KIM], **fields))
    assert error.reason == "FIELD_INVALID" and field in error.fields, error.fields


def test_as_many_recipients_as_there_may_be(world, people):
    w = world
    most = [f"n{n}@x.example" for n in range(999)]
    made = w.protect(do_not_forward=None, encrypt_only={}, recipients=[KIM])
    assert answer(w, made, people[KIM], FORWARD, recipients=most).content_id
    full = w.protect(do_not_forward=None, recipients=[*most, JO], custom={
        "grants": [grant("recipients", VIEW), grant("domain:mail.example", VIEW, MAY_REPLY_ALL)]})
    assert outcome(lambda: answer(w, full, people[KIM], REPLY_ALL)) == "LIMIT_EXCEEDED", "the reader is one more"
    assert answer(w, full, people[JO], REPLY_ALL).content_id


def test_bad_licenses(world, people):
    made = world.protect(recipients=[KIM])
    forged = bytearray(made.publishing_license)
    forged[-1] ^= 1
    for license_, told in ((bytes(forged), "LICENSE_FORGED"), (b"x", "LICENSE_MALFORMED"), (b"", "LICENSE_MALFORMED")):
        assert outcome(lambda: answer(world, made, people[KIM], publishing_license=license_)) == told  # pylint: disable=W0640
    assert outcome(lambda: answer(world, made, people[KIM], client_public_jwk="{}")) == "CLIENT_KEY_INVALID"
