# SPDX-License-Identifier: Apache-2.0
"""Passcodes met others: what waits for the relay told who a recipient was, one stranger used up what a reader needs, and a
request that came twice at once was told that it exists."""
import concurrent.futures

import pytest

from authority import Refused, new_id
from calls import outcome, reason
from smtp_server import BadRelay
from waiting import eventually
from world import VIEW, grant

KIM = "kim@mail.example"
MOST = 5000  # of a tenant in 15 minutes


@pytest.fixture(scope="module")
def authority_options():
    relay = BadRelay(lambda peer: peer.recv(1))  # says nothing, so all mails wait
    yield {"config": {"mail_relay": {"address": f"127.0.0.1:{relay.port}", "tls": "none",
                                     "from": "no-reply@portal.example", "timeout_ms": 60000}}}
    relay.close()


@pytest.fixture(scope="module")
def made(world):
    return world.protect(recipients=[KIM])


@pytest.fixture(autouse=True)
def fresh(world):
    world.sql("DELETE FROM passcode")


def start(w, made, address=KIM, **request):
    return w.call("PasscodeService/StartPasscode", {
        "address": address, "publishing_license": made.publishing_license, "reader_ip": "192.0.2.7", **request}, w.portal)


def asked(act):
    """OK or the reason why not, and the answer."""
    try:
        return "OK", act()
    except Refused as error:
        return error.reason, None


def all_at_once(acts):
    with concurrent.futures.ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(asked, acts))


def fill(w, count):
    w.sql("INSERT INTO passcode (passcode, tenant, content, address, network, portal, reference, language, key_version, "
          f"expires_at, is_nobodys, mail_state) SELECT gen_random_uuid(), '{w.contoso.id}', gen_random_uuid(), "
          "'n' || n || '@x.example', 'n', gen_random_uuid(), 'R', '', 1, now() + interval '1 h', true, "
          f"4 FROM generate_series(1, {count}) AS n")


def test_a_full_queue_told_who_was_a_recipient(world, made):
    """Only mails counted, and only recipients are mailed: whoever found the queue one short of full asked for an address,
    waited until the relay had not taken it, and heard by the next call whether it had been one more."""
    w, heard = world, {}
    for address in (KIM, "nobody@mail.example"):
        w.sql("DELETE FROM passcode")
        fill(w, MOST - 1)
        start(w, made, address)
        eventually(lambda: w.sql("SELECT count(*) FROM passcode WHERE mail_state = 1 AND mail_tries = 0") == "0",
                   "the mailer has looked at it")
        heard[address] = reason(lambda: start(w, made, "other@mail.example"))
    assert set(heard.values()) == {"PASSCODE_QUEUE_FULL"}, heard


def test_a_relay_that_is_away_lets_a_thousand_wait(world, made):
    """What waits is no limit of its own any more: each row ends when its code does."""
    w = world
    fill(w, 1500)
    w.sql("UPDATE passcode SET mail_state = 1, mail_at = now() + interval '1 h'")
    assert start(w, made)


def test_one_network_used_up_an_address(world, made):
    """Ten codes an hour are an address's, and one stranger with the mail asked for all of them."""
    w = world
    outcomes = [outcome(lambda: start(w, made)) for _ in range(10)]
    assert outcomes == ["OK"] * 4 + ["PASSCODE_LIMIT"] * 6
    assert start(w, made, reader_ip="198.51.100.1"), "the reader, from elsewhere"
    assert start(w, made, "other@mail.example"), "somebody else, from the same network"


def test_one_network_used_up_an_address_in_two_spellings(world, made):
    """An IPv4 address is one network however a portal writes it, and so is a /64."""
    w = world
    for one, two in (("192.0.2.9", "::ffff:192.0.2.9"), ("2001:db8:9::1", "2001:0DB8:9:0:ffff::2")):
        w.sql("DELETE FROM passcode")
        outcomes = [outcome(lambda ip=ip: start(w, made, reader_ip=ip)) for ip in (one, two) * 3]
        assert outcomes == ["OK"] * 4 + ["PASSCODE_LIMIT"] * 2


def test_a_request_that_came_twice_at_once(world, made):
    """The unique index answered: ALREADY_EXISTS, which no portal expects, and which a retry in time would not have heard."""
    w = world
    for _ in range(5):
        w.sql("DELETE FROM passcode")
        request_id = new_id()
        outcomes = all_at_once([lambda: start(w, made, request_id=request_id)] * 8)  # pylint: disable=W0640
        assert {name for name, _ in outcomes} == {"OK"}, outcomes
        assert len({answer.passcode_id for _, answer in outcomes}) == 1
        assert w.sql("SELECT count(*) FROM passcode") == "1"


def test_a_request_that_came_twice_at_once_for_two_tenants(world, made):
    w = world
    other = w.protect(token=w.bob, recipients=[KIM])
    for _ in range(5):
        w.sql("DELETE FROM passcode")
        request_id = new_id()
        outcomes = all_at_once([lambda one=one: start(w, one, request_id=request_id)  # pylint: disable=W0640
                                for one in (made, other) * 4])
        assert {name for name, _ in outcomes} == {"OK", "REQUEST_ID_REUSED"}, outcomes
        assert w.sql("SELECT count(*) FROM passcode") == "1"


def test_sub_addresses_had_limits_of_their_own(world):
    """Where a domain may read, kim+1@, kim+2@ and so on each got ten codes an hour, all into one mailbox."""
    w = world
    made = w.protect(do_not_forward=None, recipients=None, custom={"grants": [grant("domain:mail.example", VIEW)]})
    outcomes = [outcome(lambda n=n: start(w, made, f"kim+{n}@mail.example", reader_ip=f"192.0.2.{n}")) for n in range(12)]
    assert outcomes == ["OK"] * 10 + ["PASSCODE_LIMIT"] * 2
    assert outcome(lambda: start(w, made, KIM, reader_ip="192.0.2.99")) == "PASSCODE_LIMIT"
    assert start(w, made, "+kim@mail.example") and start(w, made, "kim+1@x.mail.example")


def test_whoever_has_many_networks_was_many(world, made):
    """A customer's line has 256 or 65,536 networks of IPv6, and each had codes of its own."""
    w = world
    outcomes = [outcome(lambda n=n: start(w, made, reader_ip=f"2001:db8:7:{n:x}::1")) for n in range(6)]
    assert outcomes == ["OK"] * 4 + ["PASSCODE_LIMIT"] * 2
    assert start(w, made, reader_ip="2001:db8:8::1")


def test_a_clock_that_went_back_made_codes_last_longer(world, made):
    w = world
    started = start(w, made)
    w.sql("UPDATE passcode SET created_at = created_at + interval '2 h', expires_at = expires_at + interval '2 h'")
    assert reason(lambda: w.call("PasscodeService/VerifyPasscode", {
        "passcode_id": started.passcode_id, "code": "12345678"}, w.portal)) == "PASSCODE_ENDED"
