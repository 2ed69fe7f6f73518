# SPDX-License-Identifier: Apache-2.0
"""Protected mail before and behind a scanner (docs/policy.md §3.12): Debian's Postfix with a content filter between two
gateways of examples/milter. The scanner sees what is in a mail, and nothing leaves but what was closed again."""
import email
import os
import re

import pytest

import postfix
from command import run
from documented import node_at_its_address
from milter import Milter
from scanner import Scanner
from test_milter import WHY_NOT, arrived, mail_of, opened, rejection, send, sink  # noqa: F401  pylint: disable=W0611
from test_milter_away import away, content_of
from waiting import eventually

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "never")
# pylint: disable=W0621
OFF, OPTIONAL, MANDATORY = 1, 2, 3
MARK = b"X-Chancery-Transit"
FIELD = re.compile(rb"X-Chancery-Transit:(?:[^\r\n]*\r\n[ \t])*[^\r\n]*\r\n")


@pytest.fixture(scope="module")
def node(world):
    with node_at_its_address(world) as node:
        for name, identity in (("gateway", world.gateway), ("other", world.fabrikam.gateway)):
            node.write(f"{name}.pem", identity.certificate)
            node.write(f"{name}.key", identity.key)
            node.write(f"{name}.yaml", (f'server: "https://{node.address}"\nca_file: "{node.folder}/server.pem"\n'
                                        f'certificate_file: "{node.folder}/{name}.pem"\n'
                                        f'key_file: "{node.folder}/{name}.key"\n').encode())
        yield node


@pytest.fixture(scope="module")
def gateways(node, tmp_path_factory):
    """One before the scanner, one behind it. What the tenant says is remembered for a minute, so each test starts the first
    one again."""
    made = [Milter(tmp_path_factory.mktemp(mode), postfix.free_port(), server=f"https://{node.address}", mode=mode,
                   certificates=node.folder) for mode in ("before-scan", "after-scan")]
    for milter in made:
        milter.start()
    yield made
    for milter in made:
        milter.stop()


@pytest.fixture(scope="module")
def scanner():
    scanner = Scanner(postfix.free_port())
    yield scanner
    scanner.stop()


@pytest.fixture(autouse=True)
def harmless(scanner):
    scanner.change = lambda mail: mail


@pytest.fixture(scope="module")
def mta(gateways, scanner, sink):
    before, after = gateways
    mta = postfix.Postfix(f"inet:127.0.0.1:{before.port}", sink.server_address[1],
                          main=f"content_filter = smtp:[127.0.0.1]:{scanner.server_address[1]}\nminimal_backoff_time = 1s\n",
                          services=f"127.0.0.1:{scanner.port} inet n - n - - smtpd\n -o content_filter=\n"
                                   f" -o smtpd_milters=inet:127.0.0.1:{after.port}\n")
    mta.start()
    yield mta
    mta.stop()


@pytest.fixture
def tenant_says(world, gateways):
    def say(setting):
        world.update_tenant(transport_decryption=setting)
        gateways[0].process.kill()  # libmilter takes some seconds to end by itself
        gateways[0].process.wait(timeout=20)
        gateways[0].start()
    return say


def wrapper_of(node, who="gateway", owner="alice@contoso.com", **more):
    """A mail that was protected by somebody's program, with a Message-ID of its own."""
    mail = mail_of(sender=owner, **more)
    return mail, protected(node, mail, who, owner)


def protected(node, mail, who="gateway", owner="alice@contoso.com"):
    with open(f"{node.folder}/plain.eml", "wb") as file:
        file.write(mail)

    class There:
        a = node
    run(There, "protect", who, "--do-not-forward", "--owner", owner, "--recipient", "bob@fabrikam.com",
        f"{node.folder}/plain.eml", f"{node.folder}/wrapped.eml")
    with open(f"{node.folder}/wrapped.eml", "rb") as file:
        return file.read().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def scanned(scanner, mail):
    """What the scanner has seen of a mail."""
    number = email.message_from_bytes(mail)["Message-ID"].encode()
    eventually(lambda: any(number in kept for _, kept in scanner.mails), "the scanner has it")
    return next((sender, kept) for sender, (_, kept) in zip(scanner.senders, scanner.mails) if number in kept)


def content(mail):
    return email.message_from_bytes(mail).get_content_type()


def test_as_a_tenant_begins_nothing_is_opened(node, mta, scanner, sink, tenant_says):
    tenant_says(OFF)
    _, wrapper = wrapper_of(node)
    send(mta, wrapper)
    (_, kept), = arrived(sink, wrapper)
    sender, seen = scanned(scanner, wrapper)
    assert b"Secret" not in seen and content(kept) == "multipart/mixed" and sender == "alice@contoso.com"
    assert MARK not in kept


def test_it_is_opened_for_the_scanner_and_closed_again(world, node, mta, scanner, sink, gateways, tenant_says):
    tenant_says(OPTIONAL)
    scanner.change = lambda mail: b"X-Scanned: yes\r\n" + mail
    plain, wrapper = wrapper_of(node)
    send(mta, wrapper)
    (recipients, kept), = arrived(sink, wrapper)
    sender, seen = scanned(scanner, wrapper)
    assert seen.endswith(b"Secret text\r\n") and b"pkcs7-mime" not in seen
    assert sender == "", "whatever refuses it returns it to nobody"
    assert recipients == ["bob@fabrikam.com"] and b"Secret" not in kept and MARK not in kept and b"X-Scanned" not in kept
    assert content_of(kept) == content_of(wrapper)
    read = opened(world, node, kept)
    assert read.replace(b"X-Scanned: yes\r\n", b"") == plain and b"X-Scanned: yes" in read
    assert "from=<alice@contoso.com>" in mta.log().rsplit("from=<>", 1)[1]
    assert gateways[0].said(f"opened {content_of(wrapper)}") and gateways[1].said(f"closed {content_of(wrapper)} again")
    told = [(event.operation, event.target) for event in world.audit(tenant="contoso", content_id=content_of(wrapper))]
    assert told.count(("acquire_license", "to scan it on its way")) == 2 and [name for name, _ in told].count("protect") == 1


def test_other_mail_passes_both(mta, scanner, sink, tenant_says):
    tenant_says(OPTIONAL)
    mail = mail_of(sender="x@else.example")
    send(mta, mail, sender="x@else.example")
    (_, kept), = arrived(sink, mail)
    assert kept.endswith(b"Secret text\r\n") and MARK not in kept
    assert scanned(scanner, mail)[0] == "x@else.example" and MARK in scanned(scanner, mail)[1]


def test_the_subject_is_no_more_than_it_was(world, node, mta, sink, tenant_says):
    """What is sealed may say more than what the mail has shown on its way."""
    tenant_says(OPTIONAL)
    plain, wrapper = wrapper_of(node, subject="Takeover")
    hidden = wrapper.replace(b"Subject: Takeover", b"Subject: Protected", 1)
    send(mta, hidden)
    (_, kept), = arrived(sink, hidden)
    assert email.message_from_bytes(kept)["Subject"] == "Protected" and b"Takeover" not in kept
    assert opened(world, node, kept) == plain


def test_without_our_mark_nothing_goes_on(node, mta, scanner, sink, gateways, tenant_says):
    """A scanner that takes headers away, or another one's mark."""
    tenant_says(OPTIONAL)
    for change in (lambda mail: FIELD.sub(b"", mail, count=1),
                   lambda mail: mail.replace(MARK + b": ", MARK + b": AAAA", 1),
                   lambda mail: MARK + b": AAAA\r\n" + mail):
        scanner.change = change
        before = len(scanner.told)
        _, wrapper = wrapper_of(node)
        send(mta, wrapper)
        eventually(lambda before=before: len(scanner.told) > before, mta.log)
        assert scanner.told[-1][0] == 451 and "no mark" in scanner.told[-1][1]
        assert not [kept for _, kept in sink.mails if email.message_from_bytes(wrapper)["Message-ID"].encode() in kept]
    assert gateways[1].said("no mark of the gateway")


def test_a_mark_that_comes_from_outside_is_taken_away(node, mta, scanner, sink, tenant_says):
    tenant_says(OPTIONAL)
    _, wrapper = wrapper_of(node)
    send(mta, wrapper)
    arrived(sink, wrapper)
    stolen = FIELD.search(scanned(scanner, wrapper)[1]).group(0)
    mail = mail_of(header=stolen.decode(), sender="x@else.example")
    send(mta, mail, sender="x@else.example")
    (_, kept), = arrived(sink, mail)
    assert kept.endswith(b"Secret text\r\n") and MARK not in kept
    assert scanned(scanner, mail)[1].count(MARK) == 1


def test_what_the_scanner_refuses_is_returned_to_nobody(node, mta, scanner, sink, tenant_says):
    tenant_says(OPTIONAL)
    scanner.change = lambda mail: None
    before = len(sink.mails)
    _, wrapper = wrapper_of(node)
    send(mta, wrapper, sender="mallory@else.example")
    scanned(scanner, wrapper)
    eventually(lambda: "status=bounced" in mta.log(), mta.log)
    mail = mail_of(sender="x@else.example")
    scanner.change = lambda mail: mail
    send(mta, mail, sender="x@else.example")
    arrived(sink, mail)
    assert len(sink.mails) == before + 1, "of the other one nothing came back"


def test_what_was_revoked_is_scanned_as_well(world, node, mta, scanner, sink, tenant_says):
    tenant_says(OPTIONAL)
    _, wrapper = wrapper_of(node)
    world.call("TrackingService/Revoke", {"content_id": content_of(wrapper)}, world.contoso.admin)
    send(mta, wrapper)
    (_, kept), = arrived(sink, wrapper)
    assert scanned(scanner, wrapper)[1].endswith(b"Secret text\r\n") and b"Secret" not in kept


@pytest.mark.parametrize("setting", [OPTIONAL, MANDATORY])
def test_what_cannot_be_opened(node, mta, scanner, sink, tenant_says, setting):
    tenant_says(setting)
    _, foreign = wrapper_of(node, "other", "carl@fabrikam.com")
    _, inner = wrapper_of(node)
    _, wrapper = wrapper_of(node)
    attached = mail_of(header="Content-Type: multipart/mixed; boundary=x\r\n",
                       text="--x\r\n\r\nsee\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n") + inner + b"\r\n--x--\r\n"
    large = mail_of(text=("x" * 76 + "\r\n") * 30000)
    for mail in (foreign, attached, large):
        if setting == MANDATORY:
            code, words = rejection(mta, mail)
            assert code == 550 and "takes no mail" in words
        else:
            send(mta, mail)
            assert len(arrived(sink, mail)) == 1 and MARK not in arrived(sink, mail)[0][1]
    send(mta, wrapper)
    (_, kept), = arrived(sink, wrapper)
    assert scanned(scanner, wrapper)[1].endswith(b"Secret text\r\n") and b"Secret" not in kept


@pytest.mark.parametrize("setting", [OPTIONAL, MANDATORY])
def test_protected_mail_within_protected_mail(node, mta, scanner, sink, tenant_says, setting):
    """One layer opened shows a scanner nothing."""
    tenant_says(setting)
    _, inner = wrapper_of(node, "other", "carl@fabrikam.com")
    for text in (inner, b'Content-Type: message/rfc822\r\nMessage-ID: <%s@contoso.com>\r\nFrom: alice@contoso.com\r\n\r\n'
                 % os.urandom(8).hex().encode() + inner):
        wrapper = protected(node, text)
        if setting == MANDATORY:
            code, words = rejection(mta, wrapper, "bob@fabrikam.com")
            assert code == 550 and "can't scan" in words and "within" in words
        else:
            send(mta, wrapper)
            (_, kept), = arrived(sink, wrapper)
            assert content_of(kept) == content_of(wrapper) and b"pkcs7-mime" in scanned(scanner, wrapper)[1]


def test_what_is_sealed_says_nothing_to_the_mta(node, mta, scanner, sink, tenant_says):
    """A header by which an MTA would know that a gateway wants something."""
    tenant_says(OPTIONAL)
    _, wrapper = wrapper_of(node, header="X-Chancery-Require-TLS: yes\r\nX-CHANCERY-else : x\r\nX-Other: kept\r\n")
    send(mta, wrapper)
    arrived(sink, wrapper)
    _, seen = scanned(scanner, wrapper)
    assert seen.endswith(b"Secret text\r\n") and b"X-Other: kept" in seen
    assert b"require-tls" not in seen.lower() and b"x-chancery-else" not in seen.lower()


def test_a_gateway_of_no_tenant_lets_nothing_pass(world, node, mta, gateways, sink):
    """Nobody says for it whether protected mail may pass."""
    platform = world.a.component("relay", 1)
    gateways[0].stop()
    kept = {}
    for end, data in (("pem", platform.certificate), ("key", platform.key)):
        with open(f"{node.folder}/gateway.{end}", "rb") as file:
            kept[end] = file.read()
        node.write(f"gateway.{end}", data)
    try:
        gateways[0].start()
        _, wrapper = wrapper_of(node, "other", "carl@fabrikam.com")
        code, words = rejection(mta, wrapper, "bob@fabrikam.com")
        assert code == 451 and "whoami" in words
    finally:
        for end, data in kept.items():
            node.write(f"gateway.{end}", data)


def test_while_the_authority_is_away_protected_mail_waits(node, mta, sink, tenant_says):
    tenant_says(OPTIONAL)
    _, wrapper = wrapper_of(node)
    mail = mail_of(sender="x@else.example")
    with away(node):
        code, words = rejection(mta, wrapper)
        send(mta, mail, sender="x@else.example")
        assert len(arrived(sink, mail)) == 1
    assert code == 451 and "AUTHORITY_UNREACHABLE" in words
    send(mta, wrapper)
    assert len(arrived(sink, wrapper)) == 1


def test_it_stays_open_for_nobody_when_the_authority_goes_away_in_the_middle(node, mta, scanner, sink, tenant_says):
    tenant_says(OPTIONAL)
    _, wrapper = wrapper_of(node)
    gone, before, deaths = away(node), len(scanner.told), []

    def meanwhile(mail):
        if not deaths:
            deaths.append(gone.__enter__())
        return mail
    scanner.change = meanwhile
    send(mta, wrapper)
    try:
        eventually(lambda: len(scanner.told) > before, mta.log, seconds=60)
    finally:
        gone.__exit__()
    assert scanner.told[before][0] == 451 and "closing it again: AUTHORITY_UNREACHABLE" in scanner.told[before][1]
    mta.flush()
    eventually(lambda: any(email.message_from_bytes(wrapper)["Message-ID"].encode() in kept for _, kept in sink.mails), mta.log, seconds=60)
    (_, kept), = arrived(sink, wrapper)
    assert b"Secret" not in kept and content_of(kept) == content_of(wrapper)


def mark_in(mail):
    return FIELD.search(mail).group(0)


def test_a_mark_belonged_to_no_mail(node, mta, scanner, sink, tenant_says):
    """The mark of a mail that had passed let an opened one go on in clear, when a scanner mixed them up; and the mark of another
    opened one closed it under that one's license."""
    tenant_says(OPTIONAL)
    _, other = wrapper_of(node)
    foreign = {"x@else.example": mail_of(sender="x@else.example"), "": mail_of(sender="x@else.example"), "alice@contoso.com": other}
    for sender, mail in foreign.items():
        send(mta, mail, sender=sender)
        arrived(sink, mail)
    for mail in foreign.values():
        stolen, before = mark_in(scanned(scanner, mail)[1]), len(scanner.told)
        scanner.change = lambda mail, stolen=stolen: FIELD.sub(lambda _: stolen, mail, count=1)
        _, wrapper = wrapper_of(node)
        send(mta, wrapper)
        eventually(lambda before=before: len(scanner.told) > before, mta.log)
        assert scanner.told[-1][0] == 451 and "made for another mail" in scanner.told[-1][1]
        assert not [kept for _, kept in sink.mails if email.message_from_bytes(wrapper)["Message-ID"].encode() in kept]


def test_a_mark_outlives_what_a_scanner_does(node, mta, scanner, sink, tenant_says):
    """Another subject, folded otherwise, a text behind it, more fields before it."""
    tenant_says(OPTIONAL)
    scanner.change = lambda mail: (b"Received: by scanner\r\nX-Spam: no\r\n" + mail.replace(b"Message-ID: <", b"Message-ID:\r\n <", 1).replace(
        b"Subject: ", b"Subject: [seen] ", 1) + b"A disclaimer\r\n")
    _, wrapper = wrapper_of(node)
    for mail, sender in ((wrapper, "alice@contoso.com"), (mail_of(sender="x@else.example"), "x@else.example"), (mail_of(), "")):
        send(mta, mail, sender=sender)
        assert len(arrived(sink, mail)) == 1


@pytest.mark.parametrize("setting", [OFF, OPTIONAL])
def test_a_long_header_hid_the_mark(node, mta, scanner, sink, tenant_says, setting):
    """Behind 4,096 fields neither our own mark was found, so that the mail waited until it was gone, nor another one's, which
    stayed in it."""
    tenant_says(setting)
    mail = mail_of(header="X-Long: x\r\n" * 5000 + MARK.decode() + ": AAAA\r\n", sender="x@else.example")
    send(mta, mail, sender="x@else.example")
    (_, kept), = arrived(sink, mail)
    assert kept.count(b"X-Long: x") == 5000 and MARK not in kept and scanned(scanner, mail)[1].count(MARK) == 1


def test_a_header_full_of_marks(mta, tenant_says):
    tenant_says(OPTIONAL)
    code, words = rejection(mta, mail_of(header=(MARK.decode() + ": AAAA\r\n") * 5000, sender="x@else.example"), sender="x@else.example")
    assert code == 550 and "full of" in words


def test_what_could_not_be_closed_again_is_not_opened(node, mta, scanner, sink, tenant_says):
    """It has no sender while it is open, so it would be gone when the queue gave it up."""
    tenant_says(OPTIONAL)
    _, wrapper = wrapper_of(node, header="X-Long: x\r\n" * 4050)
    send(mta, wrapper)
    (_, kept), = arrived(sink, wrapper)
    assert b"pkcs7-mime" in scanned(scanner, wrapper)[1] and content_of(kept) == content_of(wrapper)


def test_what_a_scanner_adds_has_room(world, node, mta, scanner, sink, tenant_says):
    """More than mail_mib, which was 2, so that it could not be closed again."""
    tenant_says(OPTIONAL)
    scanner.change = lambda mail: mail + b"y" * 76 + b"\r\n" + (b"x" * 76 + b"\r\n") * 10000
    plain, wrapper = wrapper_of(node, text=("x" * 76 + "\r\n") * 18000)
    send(mta, wrapper)
    (_, kept), = arrived(sink, wrapper)
    assert content_of(kept) == content_of(wrapper) and len(opened(world, node, kept)) > len(plain) + 780000


ODD = {"no-field": b"this is no field\r\n", "nul": b"X-Nul: a\0b\r\n", "long": b"X-Long: " + b"y" * 200000 + b"\r\n", "mbox": b"From nobody Mon Jan 1\r\n",
       "no-name": b": empty\r\n", "blank": b"X Y: z\r\n", "cr": b"X-Cr: a\rb\r\n"}


@pytest.mark.parametrize("name", ODD)
def test_what_an_mta_would_change_is_not_opened(world, node, mta, scanner, sink, tenant_says, name):
    """A sealed header that no MTA hands on as it is: the mail waited for ever, or had another text when it was closed again."""
    tenant_says(OPTIONAL)
    plain = mail_of().replace(b"\r\n\r\n", b"\r\n" + ODD[name] + b"\r\n", 1)
    wrapper = protected(node, plain)
    send(mta, wrapper)
    (_, kept), = arrived(sink, wrapper)
    assert b"Secret" not in scanned(scanner, wrapper)[1] and opened(world, node, kept) == plain


@pytest.mark.parametrize("field", [b"X-8bit: \xff\xfe\r\n", b"X-Fold:\r\n \r\n b\r\n"], ids=["8bit", "blank-line"])
def test_what_is_only_unusual_is_opened(world, node, mta, scanner, sink, tenant_says, field):
    tenant_says(OPTIONAL)
    plain = mail_of().replace(b"\r\n\r\n", b"\r\n" + field + b"\r\n", 1)
    wrapper = protected(node, plain)
    send(mta, wrapper)
    (_, kept), = arrived(sink, wrapper)
    assert b"Secret" in scanned(scanner, wrapper)[1] and opened(world, node, kept) == plain
