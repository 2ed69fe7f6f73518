# SPDX-License-Identifier: Apache-2.0
"""Addresses that mail has, and we took for none: one of them among the recipients, and nobody got the mail."""
import pytest

from authority import MESSAGES
from calls import outcome, reason
from command import run, with_token
from world import VIEW, grant

IMCEAEX = ("IMCEAEX-_O=FIRST+20ORGANIZATION_OU=EXCHANGE+20ADMINISTRATIVE+20GROUP+20+28FYDIBOHF23SPDLT+29_CN=RECIPIENTS"
           "_CN=BOB@fabrikam.com")
SRS = "SRS0=abcd=WZ=a-rather-long-domain.subsidiary.contoso.example=somebody.with.a.name@fabrikam.com"
VERP = f"bounces+{'0123456789' * 12}@fabrikam.com"
DOTTED = ["taro.@fabrikam.com", "ta..ro@fabrikam.com", '"hana."@fabrikam.com']
BARE = {'"hana."@fabrikam.com': "hana.@fabrikam.com"}
NATIVE = MESSAGES.pool.FindEnumTypeByName("chancery.v1.Channel").values_by_name["CHANNEL_NATIVE"].number
NOBODY = ['"john doe"@fabrikam.com', "john@[192.0.2.1]", "root@localhost", f"{'x' * 600}@fabrikam.com",
          ".bob@fabrikam.com", "bob@my_host.example", "\u212aen@fabrikam.com"]


@pytest.mark.parametrize("address", [IMCEAEX, SRS, VERP, *DOTTED])
def test_address_of_real_mail_was_none(world, address):
    """A local part had at most 64 bytes, and no dot before the at sign."""
    made = world.protect(recipients=["bob@fabrikam.com", address])
    assert not made.refused_recipients
    assert outcome(world.acquire, made, world.bob) == "OK"
    person = BARE.get(address, address)
    assert outcome(world.acquire, made, world.fabrikam.token(person.upper().replace("FABRIKAM", "fabrikam"))) == "OK"
    assert outcome(world.acquire, made, world.fabrikam.token("taro@fabrikam.com")) == "NO_RIGHTS"
    answer = world.call("DeliveryService/DecideDelivery", {"sender": "alice@contoso.com", "recipients": [address]},
                        world.contoso.gateway)
    assert [one.channel for one in answer.deliveries] == [NATIVE]
    world.call("TrackingService/Revoke", {"content_id": made.content_id, "user": address}, world.contoso.admin)
    assert outcome(world.acquire, made, world.fabrikam.token(person)) == "REVOKED"
    world.template(grant(f"user:{address}", VIEW))
    world.call("DirectoryService/PutUser", {"user": {"address": person}}, world.fabrikam.admin)


@pytest.mark.parametrize("sender", ["SRS0=abcd=WZ=a-rather-long-domain.example=somebody.with.a.name.as.long.as.can.be@contoso.com",
                                    "taro.@contoso.com"])
def test_sender_of_real_mail_was_none(world, sender):
    """Forwarders rewrite the envelope's sender."""
    made = world.protect(world.contoso.gateway, owner=sender)
    assert world.acquire(made, world.bob).owner == sender.lower()


@pytest.mark.parametrize("address", NOBODY)
def test_recipient_who_cannot_be_named_refused_the_mail(world, address):
    """Whoever can't be named gets nothing, and the others get their mail."""
    made = world.protect(recipients=[address, "bob@fabrikam.com", address])
    assert list(made.refused_recipients) == [address, address]
    assert outcome(world.acquire, made, world.bob) == "OK"
    assert outcome(world.acquire, made, world.fabrikam.token("mallory")) == "NO_RIGHTS"
    event, = world.audit(who=world.contoso.admin, content_id=made.content_id, operation="protect")
    assert event.target == "2 recipients refused: no address"
    # Nobody is left, and what is no address at all is a mistake of whoever asks.
    assert reason(world.protect, recipients=[address]) == "FIELD_INVALID"
    assert reason(world.protect, recipients=["bob@fabrikam.com", "bob"]) == "FIELD_INVALID"


def test_retry_tells_of_the_refused_again(world):
    request = {"recipients": ["bob@fabrikam.com", NOBODY[0]], "request_id": "0197b7c0-7e5c-4c3e-8f4e-0123456789ab"}
    first, second = world.protect(**request), world.protect(**request)
    assert first.content_id == second.content_id
    assert list(second.refused_recipients) == [NOBODY[0]]


def test_license_was_too_large_to_be_opened(world):
    """A thousand long names gave a publishing license beyond the size that the authority reads."""
    names = [f"{n:04}{'x' * 400}@fabrikam.com" for n in range(1000)]
    assert reason(world.protect, recipients=names) == "LIMIT_EXCEEDED"
    made = world.protect(recipients=[*names[:600], "bob@fabrikam.com"])
    assert outcome(world.acquire, made, world.bob) == "OK"


def test_command_line_tells_who_gets_nothing(world):
    with_token(world, "alice", world.contoso.token("alice"))
    world.a.write("plan.txt", b"plan")
    done = run(world, "protect", "alice", "--do-not-forward", "--recipient", "bob@fabrikam.com", "--recipient", NOBODY[0],
               f"{world.a.folder}/plan.txt")
    assert f"{NOBODY[0]} is no address that can be named, and gets nothing" in done.stderr
