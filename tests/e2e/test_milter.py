# SPDX-License-Identifier: Apache-2.0
"""The gateway of examples/milter between Debian's Postfix and a real authority: what a rule of the tenant wants protected
leaves protected or not at all, and never twice."""
import concurrent.futures
import email
import email.policy
import os
import signal
import smtplib
import threading
import time

import pytest

import postfix
import processes
from command import SAMPLE, run
from documented import node_at_its_address
from faults import STEPS, Faults
from mail_sink import MailSink
from milter import MILTER, Milter
from waiting import eventually, let_pass
from world import rule_of

WHY_NOT = postfix.why_not() or ("" if os.path.exists(MILTER) else "libmilter-dev was not there when this was built")
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "never")
DNF, ENCRYPT_ONLY, TEMPLATE, REMOVE = 2, 3, 1, 4
TLS_HEADER = "X-Chancery-Require-TLS"
# As docs/milter.md has it.
TLS_SERVICE = "smtp-tls unix - - n - - smtp\n -o smtp_tls_security_level=encrypt\n"


def subject(*words):
    return {"text": {"place": 1, "words": list(words)}}


def header(name, word):
    return {"text": {"place": 4, "header": name, "words": [word]}}


@pytest.fixture(scope="module")
def faults(world):
    return Faults(f"{world.a.folder}/milter-fault")


@pytest.fixture(scope="module")
def node(world, faults):
    with node_at_its_address(world, env=faults.env) as node:
        node.write("gateway.pem", world.gateway.certificate)
        node.write("gateway.key", world.gateway.key)
        yield node


@pytest.fixture(scope="module")
def template(world):
    return world.template({"principals": ["recipients"], "rights": ["RIGHT_VIEW"]}).template_id


@pytest.fixture(scope="module")
def rules(world, template):
    """In their order; what they are called by, and their ids."""
    made = {}
    for name, actions, *conditions in (
            ("Blocked", {"block_text": "Nicht per Mail, bitte: Anhänge gehören ins Archiv."}, subject("not so")),
            ("Encrypted", {"protection": ENCRYPT_ONLY}, header("X-Protect", "encrypt")),
            ("Template", {"protection": TEMPLATE, "template_id": template}, header("X-Protect", "template")),
            ("TLS", {"require_tls": True}, subject("tls")),
            ("Tagged", {"protection": DNF}, {"text": {"place": 3, "words": ["geheim", "confidential"]}}),
            ("Open", {"stop": True}, {"recipient": {"domains": ["open.example"]}}),
            ("Fabrikam", {"protection": DNF}, {"recipient": {"domains": ["fabrikam.com"]}})):
        made[name] = world.call("MailFlowService/CreateRule", {"rule": rule_of(
            name=name, actions=actions, conditions=conditions)}, world.contoso.admin).rule.rule_id
    return made


@pytest.fixture(scope="module")
def sink():
    sink = MailSink()
    yield sink
    sink.stop()


@pytest.fixture(scope="module")
def milter(node, rules):
    assert rules
    milter = Milter(node.folder, postfix.free_port(), server=f"https://{node.address}", require_tls_header=TLS_HEADER)
    milter.start()
    yield milter
    milter.stop()


@pytest.fixture(scope="module")
def mta(milter, sink):
    port = sink.server_address[1]
    mta = postfix.Postfix(f"inet:127.0.0.1:{milter.port}", port, main="milter_header_checks = regexp:{folder}/tls\n",
                          services=TLS_SERVICE)
    mta.write("tls", f"/^{TLS_HEADER}: yes/ FILTER smtp-tls:[127.0.0.1]:{port}\n")
    mta.start()
    yield mta
    mta.stop()


def send(mta, mail, *recipients, sender="alice@contoso.com"):
    with smtplib.SMTP("127.0.0.1", mta.port, timeout=60) as client:
        client.ehlo("client.example")
        return client.sendmail(sender, list(recipients) or ["bob@fabrikam.com"], mail, mail_options=["BODY=8BITMIME"])


def mail_of(subject="Plan", text="Secret text\r\n", sender="alice@contoso.com", header=""):
    return (f"From: Alice <{sender}>\r\nTo: bob@fabrikam.com\r\nSubject: {subject}\r\n{header}"
            f"Date: Tue, 24 Nov 2026 09:00:00 +0000\r\nMessage-ID: <{os.urandom(8).hex()}@contoso.com>\r\n\r\n{text}").encode("utf-8")


def arrived(sink, mail):
    """What came of a mail, by its Message-ID, which the wrapper has too."""
    number = email.message_from_bytes(mail)["Message-ID"].encode()
    eventually(lambda: any(number in kept for _, kept in sink.mails), f"{number} arrived")
    return [(recipients, kept) for recipients, kept in sink.mails if number in kept]


def opened(world, node, wrapper, who="bob"):
    """What a reader has, by the command line."""
    with open(f"{node.folder}/in.eml", "wb") as file:
        file.write(wrapper)
    node.write(f"{who}.token", getattr(world, who).encode())
    node.write(f"{who}.yaml", (f'server: "https://{node.address}"\nca_file: "{node.folder}/server.pem"\n'
                               f'token_file: "{node.folder}/{who}.token"\n').encode())

    class There:
        a = node
    run(There, "open", who, f"{node.folder}/in.eml", f"{node.folder}/out.eml")
    with open(f"{node.folder}/out.eml", "rb") as file:
        return file.read()


def protections(world):
    return sum(event.operation == "protect" for event in world.audit(tenant="contoso"))


def rejection(mta, mail, *recipients, **more):
    with pytest.raises(smtplib.SMTPDataError) as failed:
        send(mta, mail, *recipients, **more)
    return failed.value.smtp_code, failed.value.smtp_error.decode()


# --- protected ---

def test_a_mail_leaves_protected_and_opens_byte_for_byte(world, node, mta, sink):
    with open(SAMPLE, "rb") as file:
        mail = file.read().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n").replace(b"<quarterly-figures@", b"<sample@")
    send(mta, mail)
    (recipients, wrapper), = arrived(sink, mail)
    assert recipients == ["bob@fabrikam.com"]
    assert b"the figures are attached" not in wrapper
    message = email.message_from_bytes(wrapper)
    assert [part.get_content_type() for part in message.walk()][-2:] == ["application/x-chancery-license",
                                                                          "application/pkcs7-mime"]
    for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"):
        assert len(message.get_all(name)) == 1
    assert opened(world, node, wrapper) == mail


def test_headers_that_are_folded_and_of_8_bits_come_back(world, node, mta, sink):
    mail = mail_of(subject="Pläne für\r\n\tBüro", header="X-Long: a\r\n b\r\n\tc\r\nX-Empty:\r\n", text="Grüße\r\n.\r\n..x\r\n")
    send(mta, mail)
    (_, wrapper), = arrived(sink, mail)
    assert "Grüße".encode() not in wrapper and b"X-Long" not in wrapper
    assert opened(world, node, wrapper) == mail


def test_mime_nested_deep_is_sealed_as_it_is(world, node, mta, sink):
    text = "".join(f"--b{i}\r\nContent-Type: multipart/mixed; boundary=b{i + 1}\r\n\r\n" for i in range(100))
    mail = mail_of(header="Content-Type: multipart/mixed; boundary=b0\r\n", text=f"{text}--b100\r\n\r\nSecret text, unclosed\r\n")
    send(mta, mail)
    (_, wrapper), = arrived(sink, mail)
    assert b"Secret" not in wrapper and opened(world, node, wrapper) == mail


@pytest.mark.parametrize("word, rights", [("Encrypt", {"PRINT", "EDIT"}), ("Template", {"VIEW"})])
def test_rules_name_the_policy(world, node, mta, sink, word, rights):
    mail = mail_of(header=f"X-Protect: {word}\r\n")
    send(mta, mail)
    (_, wrapper), = arrived(sink, mail)
    opened(world, node, wrapper)

    class There:
        a = node
    told = run(There, "inspect", "bob", f"{node.folder}/in.eml").stdout
    listed = next(line for line in told.splitlines() if line.startswith("rights"))
    assert rights <= set(listed.split()) and ("FORWARD" in listed) == ("PRINT" in rights)


def test_a_subject_in_another_charset_has_its_tag(mta, sink):
    mail = mail_of(subject="=?utf-8?b?W0dlaGVpbV0gUGzDpG5l?=")  # [Geheim] Pläne
    send(mta, mail, "dora@elsewhere.example")
    (_, wrapper), = arrived(sink, mail)
    assert b"Secret" not in wrapper


# --- passing ---

def test_what_no_rule_names_passes_unchanged(mta, sink):
    for recipient, sender in (("x@open.example", "alice@contoso.com"), ("bob@fabrikam.com", "other@else.example"),
                              ("nobody@else.example", "alice@contoso.com")):
        mail = mail_of(sender=sender)
        send(mta, mail, recipient, sender=sender)
        (_, kept), = arrived(sink, mail)
        assert kept.endswith(b"Secret text\r\n")


def test_a_wrapper_is_not_wrapped_again(world, node, mta, sink):
    mail = mail_of()
    send(mta, mail)
    (_, wrapper), = arrived(sink, mail)
    before = protections(world)
    again = wrapper.replace(b"Message-Id: <", b"Message-Id: <again-", 1).replace(b"Message-ID: <", b"Message-ID: <again-", 1)
    send(mta, again)
    (_, kept), = arrived(sink, again)
    assert protections(world) == before
    assert opened(world, node, kept) == mail


def test_what_a_wrapper_shows_is_written_anew(world, node, mta, sink):
    """Whoever has made it could have written anything there, in clear."""
    mail = mail_of()
    send(mta, mail)
    (_, wrapper), = arrived(sink, mail)
    forged = email.message_from_bytes(wrapper)
    shown = forged.get_payload()[0]
    shown.set_payload("Secret in clear")
    shown["Content-Disposition"] = "attachment; filename=plan.csv"
    forged.replace_header("Message-ID", f"<{os.urandom(8).hex()}@contoso.com>")
    forged["X-Smuggled"] = "Secret"
    forged.preamble = forged.epilogue = "Secret preamble"
    forged = forged.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    send(mta, forged)
    (_, kept), = arrived(sink, forged)
    assert b"Secret" not in kept
    assert opened(world, node, kept) == mail


def test_a_mail_with_a_wrapper_attached_is_no_wrapper(world, node, mta, sink):
    mail = mail_of()
    send(mta, mail)
    (_, wrapper), = arrived(sink, mail)
    text = b"--x\r\n\r\nIn clear, to be protected\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n" + wrapper + b"\r\n--x--\r\n"
    forwarded = mail_of(header="Content-Type: multipart/mixed; boundary=x\r\n", text="") + text
    send(mta, forwarded)
    (_, kept), = [found for found in arrived(sink, forwarded)]
    assert b"In clear" not in kept
    assert opened(world, node, kept) == forwarded


# --- refused, later ---

def workers_of(node):
    return processes.children(node.process.pid)



def test_what_a_rule_blocks_is_refused_in_its_words(mta, rules, milter):
    code, words = rejection(mta, mail_of(subject="[not so] Plan"))
    assert code == 550 and "Nicht per Mail, bitte: Anhaenge gehoeren ins Archiv." in words and rules["Blocked"] in words
    assert milter.said(f'refused: Nicht per Mail, bitte: Anhaenge gehoeren ins Archiv. (rule {rules["Blocked"]} "Blocked")')


def test_too_large_a_mail_is_refused_and_not_sent_in_clear(mta):
    large = "x" * 76 + "\r\n"
    mail = mail_of(text=large * 30000)
    code, words = rejection(mta, mail)
    assert (code, "5.3.4" in words) == (550, True)
    code, words = rejection(mta, mail_of(text="y" * 76 + "\r\n" + large * 15000))  # more text than rules look through
    assert code == 550 and "attach it as a file" in words
    send(mta, mail_of(text=large * 30000, sender="x@else.example"), sender="x@else.example")  # nobody's whose rules count


def test_more_recipients_than_a_content_has_go_by_another_mail(mta):
    with smtplib.SMTP("127.0.0.1", mta.port, timeout=60) as client:
        client.ehlo("client.example")
        client.mail("alice@contoso.com")
        codes = [client.rcpt(f"r{i}@fabrikam.com")[0] for i in range(1001)]
        assert codes == [250] * 1000 + [452]


def test_what_an_administrator_must_mend_comes_later(mta):
    """The gateway's file names a domain for which the authority doesn't let it protect."""
    code, words = rejection(mta, mail_of(sender="x@lab.contoso.com"), sender="x@lab.contoso.com")
    assert (code, "COMPONENT_DOMAIN" in words) == (451, True)


@pytest.mark.parametrize("recipient", ['"bob smith"@fabrikam.com', "bob@[127.0.0.1]", "bob+tag@FABRIKAM.com", "bob@fabrikam.com."])
def test_recipients_as_smtp_allows_them_get_nothing_in_clear(mta, sink, recipient):
    mail = mail_of(subject="[geheim]")
    try:
        send(mta, mail, recipient)
    except smtplib.SMTPDataError as refusal:
        assert refusal.smtp_code == 550 and b"can't be reached" in refusal.smtp_error
        return
    (_, wrapper), = arrived(sink, mail)
    assert b"Secret" not in wrapper


def test_one_recipient_who_cannot_be_named_is_told_before_anything_leaves(mta, sink):
    mail = mail_of()
    code, words = rejection(mta, mail, "bob@fabrikam.com", '"bob smith"@fabrikam.com')
    assert code == 550 and "bob smith" in words
    assert not [kept for _, kept in sink.mails if email.message_from_bytes(mail)["Message-ID"].encode() in kept]


def test_nothing_leaves_while_the_authority_is_away(mta, sink, node):
    mail = mail_of()
    os.kill(node.process.pid, signal.SIGSTOP)
    children = workers_of(node)
    for child in children:
        os.kill(child, signal.SIGSTOP)
    try:
        code, words = rejection(mta, mail)
    finally:
        for process in (*children, node.process.pid):
            os.kill(process, signal.SIGCONT)
    assert code == 451 and "AUTHORITY_UNREACHABLE" in words
    send(mta, mail)  # the client comes again, and the mail leaves once
    (_, wrapper), = arrived(sink, mail)
    assert b"Secret" not in wrapper


def test_an_answer_that_is_lost_protects_once(world, node, mta, sink, faults):
    """The worker dies when the content is recorded and nobody was told: the milter asks again with the same request id."""
    before, worker = len(world.audit(tenant="contoso")), workers_of(node)

    def once():
        eventually(lambda: workers_of(node) != worker, "the worker died")
        faults.none()
    faults.kill(next(step for step in STEPS if str(step) == "protect:seal"))
    watcher = threading.Thread(target=once)
    watcher.start()
    mail = mail_of()
    send(mta, mail)
    watcher.join()
    (_, wrapper), = arrived(sink, mail)
    events = world.audit(tenant="contoso")[:-before or None]
    assert len({event.content_id for event in events if event.operation == "protect"}) == 1
    assert opened(world, node, wrapper) == mail


MAILS = {
    "signed": ("Content-Type: multipart/signed; boundary=s; protocol=\"application/pkcs7-signature\"; micalg=sha-256\r\n",
               "--s\r\nContent-Type: text/plain\r\n\r\nSecret  \r\n\r\n--s\r\nContent-Type: application/pkcs7-signature\r\n"
               "Content-Transfer-Encoding: base64\r\n\r\nTUlJ\r\n--s--\r\n"),
    "winmail": ("Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n",
                "eJ8+IgAAAAAAU2VjcmV0\r\n"),
    "lying charset": ("Content-Type: text/plain; charset=\"no/such\\charset\"\r\n", "Secret \u00e9\r\n"),
    "groups": ("Cc: Friends: bob@fabrikam.com, \"Eve, A.\" <eve@fabrikam.com>;, undisclosed-recipients:;\r\n", "Secret\r\n"),
    "no body": ("X-Other: 1\r\n", ""),
    "a long name": (f"Reply-To: \"{'n' * 800}\" <alice@contoso.com>\r\n", "Secret\r\n"),
    "an odd type": (f"Content-Type: application/{'x' * 600}; name=\"../../etc/passwd\"\r\n", "Secret\r\n"),
    "an odd header": ("msip_labels: MSIP_Label_1_Name=" + "l" * 600 + "\r\n", "Secret\r\n"),
    "encoded line ends": ("Thread-Topic: =?utf-8?q?a=0D=0AX-Evil:_1=0D=0A=0D=0ASecret?=\r\n", "Secret\r\n"),
    "twice": ("Subject: again\r\nTo: bob@fabrikam.com\r\n", "Secret\r\n"),
}


@pytest.mark.parametrize("kind", MAILS)
def test_mails_of_every_kind_come_back(world, node, mta, sink, kind):
    header, text = MAILS[kind]
    mail = mail_of(header=header, text=text)
    send(mta, mail, "bob@fabrikam.com", "bob@fabrikam.com", "kim@gmail.example")
    (_, wrapper), = arrived(sink, mail)
    assert b"Secret" not in wrapper.replace(b"=0ASecret?=", b"") and b"U2VjcmV0" not in wrapper
    assert opened(world, node, wrapper) == mail


def test_nothing_leaves_while_the_milter_is_away(mta, sink, milter):
    mail = mail_of()
    milter.stop()
    try:
        with pytest.raises(smtplib.SMTPException):
            send(mta, mail)
    finally:
        milter.start()
    send(mta, mail)
    (_, wrapper), = arrived(sink, mail)
    assert b"Secret" not in wrapper


def test_a_name_with_a_comma_is_one_person_in_the_wrapper(world, node, mta, sink):
    mail = mail_of().replace(b"From: Alice <", "From: =?utf-8?q?M=C3=BCller=2C_Alice?= <".encode())
    send(mta, mail, "kim@gmail.example", "bob@fabrikam.com")
    (_, wrapper), = arrived(sink, mail)
    parsed = email.message_from_bytes(wrapper, policy=email.policy.default)
    assert [str(address) for address in parsed["From"].addresses] == ['"Müller, Alice" <alice@contoso.com>']
    assert "Müller, Alice (alice@contoso.com)" in parsed.get_body(("html",)).get_content()
    assert opened(world, node, wrapper) == mail


def test_a_milter_that_is_ended_lets_its_mails_come_later(mta, sink, node, milter):
    mail, told = mail_of(), []

    def try_it():
        try:
            send(mta, mail)
        except smtplib.SMTPException as refusal:
            told.append(refusal)
    children = [*workers_of(node), node.process.pid]
    for process in children:
        os.kill(process, signal.SIGSTOP)
    try:
        sender = threading.Thread(target=try_it)
        sender.start()
        let_pass(1.5)  # for which the milter waits for the authority
        milter.stop()
        sender.join(30)
    finally:
        for process in children:
            os.kill(process, signal.SIGCONT)
        milter.start()
    assert len(told) == 1 and not sender.is_alive()
    send(mta, mail)
    (_, wrapper), = arrived(sink, mail)
    assert b"Secret" not in wrapper


def test_many_mails_at_once(mta, sink):
    mails = [mail_of(text=f"Secret {i}\r\n" + "y" * 50000) for i in range(40)]
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda mail: send(mta, mail), mails))
    for mail in mails:
        (_, wrapper), = arrived(sink, mail)
        assert b"Secret" not in wrapper


def test_the_log_names_the_rule_and_has_no_subject_and_no_text(milter, rules):
    lines = milter.said("protected as")
    assert [line for line in lines if f'by rule {rules["Fabrikam"]} "Fabrikam"' in line]
    assert not [line for line in lines if "Plan" in line or "Secret" in line]


# --- whose mail it is ---

@pytest.mark.parametrize("sender", ["alice@CONTOSO.com", "alice@contoso.com.", "alice@lab.contoso.com", "alice@B\u00fccher.Example",
                                    "alice@xn--bcher-kva.example"])
def test_a_sender_of_ours_is_one_however_they_are_written(mta, sink, sender):
    """What an MTA takes for our domain must not pass as a stranger's, and whom the authority doesn't know as ours waits."""
    mail = mail_of(sender=sender)
    with smtplib.SMTP("127.0.0.1", mta.port, timeout=60) as client:
        client.ehlo("client.example")
        client.mail(sender, ["SMTPUTF8", "BODY=8BITMIME"])
        client.rcpt("bob@fabrikam.com")
        code, _ = client.data(mail)
    assert code in (250, 451, 550)
    if code == 250:
        (_, wrapper), = arrived(sink, mail)
        assert b"Secret" not in wrapper


def test_a_sender_without_a_domain_is_refused(mta):
    code, words = rejection(mta, mail_of(), sender="alice")
    assert code == 550 and "5.1.7" in words


def test_a_strangers_mail_does_not_get_our_name(world, mta, sink):
    """The author is what anybody may write; who was let in by the MTA is in the envelope."""
    before = protections(world)
    mail = mail_of()
    send(mta, mail, sender="mallory@else.example")
    (_, kept), = arrived(sink, mail)
    assert b"Secret" in kept and protections(world) == before


def test_an_author_of_another_domain_of_ours_is_not_the_owner(world, mta, sink):
    mail = mail_of(sender="boss@lab.contoso.com")
    send(mta, mail)
    (_, wrapper), = arrived(sink, mail)
    content = email.message_from_bytes(wrapper)["X-Chancery-Content"]
    assert world.sql(f"SELECT owner FROM content WHERE content = '{content}'") == "alice@contoso.com"


# --- what rules look at ---

HIDDEN = {
    "tags within a word": ("text/html", "<p>con<b></b>fid<i class='>'>ent</i>ial</p>"),
    "entities": ("text/html; charset=us-ascii", "con&#102;id&#x65;ntial"),
    "an alternative that nobody is shown": ("multipart/alternative; boundary=h", "--h\r\n\r\nnothing\r\n--h\r\nContent-Type: "
                                            "text/html\r\n\r\n<p>confidential\r\n--h--\r\n"),
    "a NUL before it": ("text/plain; charset=utf-16", "confidential"),
    "an attached mail": ("multipart/mixed; boundary=h", "--h\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n"
                         "confidential\r\n--h--\r\n"),
    "base64": ("text/plain\r\nContent-Transfer-Encoding: base64", "Y29uZmlkZW50aWFs"),
    "another charset": ("text/plain; charset=utf-7", "+AGMAbwBuAGYAaQBkAGUAbgB0AGkAYQBs-"),
}


@pytest.mark.parametrize("kind", HIDDEN)
def test_no_word_is_hidden_from_the_rules(mta, sink, rules, milter, kind):
    kind, text = HIDDEN[kind]
    mail = mail_of(header=f"MIME-Version: 1.0\r\nContent-Type: {kind}\r\n", text=text)
    send(mta, mail, "x@open.example")
    (_, wrapper), = arrived(sink, mail)
    assert [part.get_content_type() for part in email.message_from_bytes(wrapper).walk()][-1] == "application/pkcs7-mime"
    assert milter.said(rules["Tagged"])


BOMBS = {
    "groups within groups": ("To: " + "g:" * 100000 + "\r\n", ""),
    "a million parts": ("Content-Type: multipart/mixed; boundary=b\r\n", "--b\r\n\r\nx\r\n" * 100000),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_mail_that_is_made_to_break_readers_is_refused(mta, milter, kind):
    head, text = BOMBS[kind]
    folded = head if len(head) < 900 else "\r\n ".join(head[i:i + 900] for i in range(0, len(head) - 2, 900)) + "\r\n"
    code, words = rejection(mta, mail_of(header=folded, text=text))
    assert code == 550 and "more than" in words
    assert milter.process.poll() is None


# --- those who read it outside ---

def test_an_outsider_gets_the_tenants_wrapper_in_the_gateways_languages(world, node, mta, sink, milter):
    mail = mail_of()
    send(mta, mail, "bob@fabrikam.com", "kim@gmail.example")
    (_, wrapper), = arrived(sink, mail)
    shown = email.message_from_bytes(wrapper).get_payload()[0]
    assert [part.get_content_type() for part in shown.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    html = shown.get_payload()[1].get_payload(decode=True).decode()
    assert 'lang="de"' in html and "alice@contoso.com" in html and "Secret" not in html
    assert opened(world, node, wrapper) == mail  # who reads it natively still does
    assert milter.said("with a wrapper")


def test_a_mail_for_clients_of_ours_alone_has_none(mta, sink):
    mail = mail_of()
    send(mta, mail)
    (_, wrapper), = arrived(sink, mail)
    assert email.message_from_bytes(wrapper).get_payload()[0].get_content_type() == "text/plain"


# --- TLS, and taking the protection off ---

def test_what_must_go_by_tls_waits_for_a_next_hop_that_has_it(mta, sink):
    mail = mail_of(subject="tls")
    send(mta, mail, "x@open.example")
    eventually(lambda: "TLS is required" in mta.log(), mta.log)
    assert not [kept for _, kept in sink.mails if email.message_from_bytes(mail)["Message-ID"].encode() in kept]


@pytest.fixture(scope="module")
def inner(world, node, sink, rules, tmp_path_factory):
    """A second gateway, as on the way in: it asks about everybody's mail, and takes protection off."""
    rules["Off"] = world.call("MailFlowService/CreateRule", {"position": 1, "rule": rule_of(
        name="Off", actions={"protection": REMOVE, "stop": True}, conditions=[{"recipient": {"domains": ["inner.example"]}}])},
        world.contoso.admin).rule.rule_id
    milter = Milter(tmp_path_factory.mktemp("inner"), postfix.free_port(), server=f"https://{node.address}", other_senders="ask",
                    certificates=node.folder)
    milter.start()
    mta = postfix.Postfix(f"inet:127.0.0.1:{milter.port}", sink.server_address[1])
    mta.start()
    yield milter, mta
    mta.stop()
    milter.stop()


def test_without_a_way_for_tls_nothing_that_needs_it_leaves(inner):
    code, words = rejection(inner[1], mail_of(subject="tls"), "x@open.example")
    assert code == 451 and "require_tls_header" in words


def test_protection_is_taken_off_by_whom_the_tenant_gave_the_power(world, inner, mta, sink):
    mail = mail_of()
    send(mta, mail, "bob@fabrikam.com")
    (_, wrapper), = arrived(sink, mail)
    number = os.urandom(8).hex()
    again = wrapper.replace(b"Message-Id: <", b"Message-Id: <" + number.encode(), 1)
    send(inner[1], again, "x@inner.example", sender="mallory@else.example")
    (_, kept), = arrived(sink, again)
    assert b"Secret" not in kept and inner[0].said("stays protected, because the gateway may not open it: NO_RIGHTS")

    component = world.sql(f"SELECT component FROM component WHERE name = '{world.gateway.name}'")
    world.call("TenantService/GrantSuperUser", {
        "principal": f"component:{component}", "reason": "journal", "expire_time": {"seconds": int(time.time()) + 3600}},
        world.contoso.admin)
    again = wrapper.replace(b"Message-Id: <", b"Message-Id: <x" + number.encode(), 1)
    before = len(sink.mails)
    send(inner[1], again, "x@inner.example", sender="mallory@else.example")  # she can't read it, and wants to
    eventually(lambda: len(sink.mails) > before, "it arrived")
    assert b"Secret" not in sink.mails[-1][1] and inner[0].said("its owner neither sent nor gets it")
    send(inner[1], again, "x@inner.example", sender="")  # nor by hiding who sends it: what From says is anybody's word
    eventually(lambda: len(sink.mails) > before + 1, "it arrived")
    assert b"Secret" not in sink.mails[-1][1] and len(inner[0].said("its owner neither sent nor gets it")) == 2
    send(inner[1], again, "x@inner.example", sender="Alice@contoso.com")
    eventually(lambda: len(sink.mails) > before + 2, "it arrived")
    assert sink.mails[-1][1].endswith(b"Secret text\r\n") and b"pkcs7-mime" not in sink.mails[-1][1]
    event = next(event for event in world.audit(tenant="contoso") if event.operation == "acquire_license")
    assert event.granted and event.target == "to take the protection off"


def test_a_strangers_mail_that_a_rule_protects_is_refused(inner):
    code, words = rejection(inner[1], mail_of(sender="mallory@else.example"), sender="mallory@else.example")
    assert code == 550 and "not of a domain of ours" in words
