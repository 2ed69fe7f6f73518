# SPDX-License-Identifier: Apache-2.0
"""Ways around the gateway of examples/milter that were found by trying: what an MTA makes of an address after the rules
were asked, what only looks protected, and words that programs show and rules don't see."""
import base64
import email
import os
import smtplib

import pytest

import postfix
from test_milter import (TEMPLATE, WHY_NOT, arrived, faults, mail_of, milter, mta, node, opened,  # noqa: F401  pylint: disable=W0611
                         rejection, rules, send, sink, subject, template)
from waiting import eventually
from world import rule_of

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "never")
# pylint: disable=W0621


@pytest.fixture(scope="module")
def local(milter, sink):
    """A Postfix that delivers mail of contoso.com by itself: what is left of an address then is one more address."""
    port = sink.server_address[1]
    mta = postfix.Postfix(f"inet:127.0.0.1:{milter.port}", port, main=(
        f"mydestination = contoso.com, mx.contoso.com\nlocal_transport = smtp:[127.0.0.1]:{port}\n"))
    mta.start()
    yield mta
    mta.stop()


def attempt(mta, sink, mail, sender, *recipients):
    """The code and words that refuse it; or what has arrived."""
    before = len(sink.mails)
    with smtplib.SMTP("127.0.0.1", mta.port, timeout=60) as client:
        client.ehlo("client.example")
        client.mail(sender, ["SMTPUTF8", "BODY=8BITMIME"])
        for recipient in recipients:
            code, words = client.rcpt(recipient)
            if code != 250:
                return code, words.decode()
        code, words = client.data(mail)
    if code != 250:
        return code, words.decode()
    eventually(lambda: len(sink.mails) > before, mta.log)
    return sink.mails[before:]


@pytest.mark.parametrize("recipient", [
    "bob%fabrikam.com@contoso.com", "fabrikam.com!bob@contoso.com", '"bob@fabrikam.com"@contoso.com', "bob%fabrikam.com",
    "fabrikam.com!bob", '"bob%fabrikam.com"@contoso.com', '"bob"@"fabrikam.com"', "@contoso.com:bob@fabrikam.com", "carol"])
def test_whom_an_mta_makes_of_a_recipient_gets_nothing(local, sink, recipient):
    """Postfix has sent all of these to bob@fabrikam.com, whose domain a rule names (and the last one to a carol of ours)."""
    before = len(sink.mails)
    code, words = attempt(local, sink, mail_of(), "alice@contoso.com", recipient)
    assert code == 550 and "5.1.3" in words and "user@domain" in words
    assert len(sink.mails) == before


@pytest.mark.parametrize("sender", ["alice%contoso.com@mx.contoso.com", "contoso.com!alice@mx.contoso.com",
                                    '"alice@contoso.com"@mx.contoso.com', 'alice@"contoso.com"', "contoso.com!alice"])
def test_whom_an_mta_makes_of_a_sender_is_no_stranger(local, sink, sender):
    code, words = attempt(local, sink, mail_of(), sender, "bob@fabrikam.com")
    assert code == 550 and "5.1.7" in words


@pytest.mark.parametrize("sender", ["news@r3---sn-a.example", "news@mail_out.example", "bounce+bob%fabrikam.com@list.example",
                                    "host!news@list.example", "news@[127.0.0.1]"])
def test_strangers_pass_however_they_are_called(mta, sink, sender):
    mail = mail_of(sender="news@list.example")
    assert attempt(mta, sink, mail, sender, "bob@fabrikam.com")[0][1].endswith(b"Secret text\r\n")


def test_the_postmaster_is_reached_without_a_domain(mta, sink):
    """RFC 5321 §4.5.1; no rule names them."""
    assert attempt(mta, sink, mail_of(), "alice@contoso.com", "Postmaster")[0][1].endswith(b"Secret text\r\n")


def test_strangers_take_no_room_from_our_senders(mta, sink):
    """Their mails wait with the MTA for the rest of them; together they are more than memory_mib."""
    clients = []
    try:
        for _ in range(14):
            client = smtplib.SMTP("127.0.0.1", mta.port, timeout=60)
            clients.append(client)
            client.ehlo("client.example")
            client.mail("mallory@else.example")
            client.rcpt("bob@fabrikam.com")
            client.docmd("DATA")
            client.sock.sendall(b"Subject: x\r\n\r\n" + (b"x" * 76 + b"\r\n") * 25000)
        mail = mail_of()
        send(mta, mail)
        (_, wrapper), = arrived(sink, mail)
        assert b"Secret" not in wrapper
    finally:
        for client in clients:
            client.close()


def test_one_recipient_who_could_not_open_it_is_told_where_the_tenant_wants_that(world, mta, sink):
    """A rule's template that names Bob alone."""
    named = world.template({"principals": ["user:bob@fabrikam.com"], "rights": ["RIGHT_VIEW"]}).template_id
    made = world.call("MailFlowService/CreateRule", {"position": 1, "rule": rule_of(
        name="Named", actions={"protection": TEMPLATE, "template_id": named}, conditions=[subject("named")])},
        world.contoso.admin).rule.rule_id
    world.update_tenant(reject_without_rights=True)
    try:
        mail = mail_of(subject="[named]")
        code, words = rejection(mta, mail, "bob@fabrikam.com", "eve@fabrikam.com")
        assert code == 550 and "eve@fabrikam.com could not open it: NO_RIGHTS" in words and made in words
        send(mta, mail)
        (recipients, wrapper), = arrived(sink, mail)
        assert recipients == ["bob@fabrikam.com"] and b"Secret" not in wrapper
    finally:
        world.update_tenant(reject_without_rights=False)
        world.call("MailFlowService/DeleteRule", {"rule_id": made}, world.contoso.admin)


# --- what only looks protected ---

def forged(content, license, sealed):
    def lines(data):
        return base64.encodebytes(data).decode().replace("\n", "\r\n")
    return (f"From: Alice <alice@contoso.com>\r\nTo: bob@fabrikam.com\r\nMessage-ID: <{os.urandom(8).hex()}@contoso.com>\r\n"
            f"Date: Tue, 24 Nov 2026 09:00:00 +0000\r\nX-Chancery-Content: {content}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=w\r\n\r\n--w\r\n\r\n"
            f"hi\r\n--w\r\nContent-Type: application/x-chancery-license\r\nContent-Transfer-Encoding: base64\r\n\r\n{lines(license)}"
            "--w\r\nContent-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            f"{lines(sealed)}--w--\r\n").encode()


@pytest.fixture(scope="module")
def parts(mta, sink, rules):
    """Content id, license and sealed mail of one that is protected."""
    assert rules
    mail = mail_of()
    send(mta, mail)
    (_, wrapper), = arrived(sink, mail)
    wrapper = email.message_from_bytes(wrapper)
    return (wrapper["X-Chancery-Content"], *(part.get_payload(decode=True) for part in wrapper.get_payload()[1:]))


FORGERIES = {
    "text behind what is sealed": lambda license, sealed: (license, sealed + b"Secret in clear" * 20),
    "text in the place of what is sealed": lambda license, sealed: (license, sealed[:30] + b"Secret in clear" * 20),
    "what is sealed was cut": lambda license, sealed: (license, sealed[:-20]),
    "a license that nobody gave": lambda license, sealed: (license[:-40] + bytes(40), sealed),
}


@pytest.mark.parametrize("kind", FORGERIES)
def test_what_only_looks_protected_is_protected(world, node, mta, sink, parts, kind):
    content, *rest = parts
    mail = forged(content, *FORGERIES[kind](*rest))
    send(mta, mail)
    (_, wrapper), = arrived(sink, mail)
    wrapped = email.message_from_bytes(wrapper)
    assert wrapped["X-Chancery-Content"] != content
    assert not any(b"Secret" in (part.get_payload(decode=True) or b"") for part in wrapped.walk())
    assert opened(world, node, wrapper) == mail


def test_a_rule_for_what_is_protected_is_not_for_what_looks_so(world, mta, sink, rules, parts):
    """A rule that lets protected mail pass, as it is."""
    content, license, sealed = parts
    made = world.call("MailFlowService/CreateRule", {"position": 1, "rule": {
        "name": "Protected", "mode": 1, "actions": {"stop": True}, "conditions": [{"kind": {"kinds": [8]}}]}},
        world.contoso.admin).rule.rule_id
    try:
        mail = forged(content, license, sealed)
        send(mta, mail)
        (_, kept), = arrived(sink, mail)
        assert email.message_from_bytes(kept)["X-Chancery-Content"] == content
        mail = forged(content, license[:-40] + bytes(40), sealed)
        send(mta, mail)
        (_, kept), = arrived(sink, mail)
        assert email.message_from_bytes(kept)["X-Chancery-Content"] != content
    finally:
        world.call("MailFlowService/DeleteRule", {"rule_id": made}, world.contoso.admin)


# --- what rules look at ---

@pytest.mark.parametrize("kind, text", [
    ("text/plain\r\nContent-Transfer-Encoding: (x) base64", "Y29uZmlkZW50aWFs\r\n"),
    ("text/calendar", "BEGIN:VCALENDAR\r\nSUMMARY:confi\r\n dential\r\nEND:VCALENDAR\r\n"),
    ("text/plain; format=flowed; delsp=yes", "strictly confi \r\ndential\r\n"),
    ("text/html", "<!--> confidential -->\r\n"),
    ("message/rfc822\r\nContent-Transfer-Encoding: base64", "U3ViamVjdDogeA0KDQpjb25maWRlbnRpYWwNCg==\r\n")])
def test_words_that_programs_show_are_found(mta, sink, kind, text):
    mail = mail_of(header=f"MIME-Version: 1.0\r\nContent-Type: {kind}\r\n", text=text)
    send(mta, mail, "x@open.example")
    (_, wrapper), = arrived(sink, mail)
    assert [part.get_content_type() for part in email.message_from_bytes(wrapper).walk()][-1] == "application/pkcs7-mime"


def test_a_part_that_may_be_read_in_two_ways_is_refused(mta, sink):
    mail = mail_of(header="Content-Type: text/plain\r\nContent-Type: application/octet-stream\r\n", text="confidential\r\n")
    code, words = attempt(mta, sink, mail, "alice@contoso.com", "x@open.example")
    assert code == 550 and "in two ways" in words
