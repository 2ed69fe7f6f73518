# SPDX-License-Identifier: Apache-2.0
"""Reply, reply to all and forward at the portal of examples/portal: who reads a mail there answers it there, protected like
the mail, by a real SMTP server, to those of whom the mail itself says that they are in it (docs/policy.md §5.3)."""
import base64
import concurrent.futures
import email
import email.policy
import re
import socket
import types
import uuid

import pytest

from command import run, with_token
from portal import WHY_NOT, Portal
from portal_world import KIM, MAIL_FROM, answers_to, authority_options, mail_of, no_passcodes, node, opened, portal, protected, relay, relay_settings  # noqa: F401  pylint: disable=W0611

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "never")
EVERYTHING = "--encrypt-only"
ALICE, BOB, JO = "alice@contoso.com", "bob@fabrikam.com", "jo@mail.example"
HTML = "<h1>Plan</h1><p>First &amp; <b>second</b> line<br>third</p><ul><li>one<li>two</ul><script>no()</script><pre>  kept\n as is</pre>"


@pytest.fixture(scope="module")
def people(world, node):
    """Who opens answers natively."""
    there = types.SimpleNamespace(a=node)
    with_token(there, "alice", world.alice)
    with_token(there, "bob", world.bob)
    return there


def read(people, who, data, expect=0):  # pylint: disable=redefined-outer-name
    """A protected mail as somebody's own client opens it; what it says if it doesn't."""
    folder = people.a.folder
    with open(f"{folder}/answer.eml", "wb") as file:
        file.write(data)
    done = run(people, "open", who, f"{folder}/answer.eml", f"{folder}/answer.out", expect=expect)
    if expect:
        return done.stderr
    with open(f"{folder}/answer.out", "rb") as file:
        return email.message_from_bytes(file.read(), policy=email.policy.default)


def write(reader, kind="reply", text="Thank you, gérne.", quote="", **fields):
    """Fill in the form; without a tick it quotes nothing, as browsers send it."""
    page = reader.get(f"/message/{kind}")
    assert page.status == 200, page.problem
    sent = {**page.form(f"/message/{kind}"), "text": text, **fields}
    sent.pop("quote", None)
    return reader.post(f"/message/{kind}", {**sent, **({"quote": "1"} if quote else {})})


def latest(relay, address, before):  # pylint: disable=redefined-outer-name
    """The one mail that came after `before`."""
    found = answers_to(relay, address)
    assert len(found) == before + 1
    return found[-1]


# --- to whom ---


def test_a_reply_reaches_the_owner_alone(world, node, portal, relay, people):
    """The reader was in Bcc: the mail's own header names others."""
    mail = mail_of().replace(b"To: Kim <kim@mail.example>", b"To: Bob <bob@fabrikam.com>")
    wrapper, content = protected(node, mail, recipients=(KIM, BOB))
    reader, message = opened(portal, wrapper, relay)
    assert "/message/reply" in message.links and "/message/reply-all" in message.links and "/message/forward" not in message.links
    form = reader.get("/message/reply")
    assert ALICE in form.text and BOB not in form.text and not form.text.count(KIM)
    before, to_bob = len(answers_to(relay, ALICE)), len(answers_to(relay, BOB))
    sent = write(reader, text="Thank you,\r\n.\r\ngérne. <b>")
    assert sent.status == 200 and "on its way to: alice@contoso.com" in sent.text, sent.problem
    recipients, data = latest(relay, ALICE, before)
    assert recipients == [ALICE] and len(answers_to(relay, BOB)) == to_bob
    assert b"gerne" not in data and "gérne".encode() not in data and b"bob@fabrikam.com" not in data
    opened_mail = read(people, "alice", data)
    for header in (email.message_from_bytes(data, policy=email.policy.default), opened_mail):
        assert (header["Subject"], header["In-Reply-To"], header["References"]) == ("Re: Plan", "<plan@contoso.com>", "<plan@contoso.com>")
        assert header["From"].addresses[0].addr_spec == MAIL_FROM and header["Reply-To"].addresses[0].addr_spec == KIM
        assert header["From"].addresses[0].display_name == "kim@mail.example via Lesé-Portal"
        assert [one.addr_spec for one in header["To"].addresses] == [ALICE] and not header["Cc"]
    assert opened_mail.get_content().replace("\r", "") == "Thank you,\n.\ngérne. <b>\n"
    assert "NO_RIGHTS" in read(people, "bob", data, expect=3)
    answer = email.message_from_bytes(data)["X-Chancery-Content"]
    assert answer != content
    events = [event for event in world.audit(tenant="contoso", content_id=content) if event.operation == "answer"]
    assert [(event.granted, event.user) for event in events] == [(True, KIM)]


def test_a_reply_to_all_goes_to_those_in_the_header(node, portal, relay, people):
    mail = mail_of(Cc="Team: Bob <bob@fabrikam.com>, BOB@fabrikam.com, alice@contoso.com;, Jo <jo@mail.example>")
    reader, _ = opened(portal, protected(node, mail, recipients=(KIM, BOB, JO, "blind@mail.example"))[0], relay)
    before = len(answers_to(relay, ALICE))
    sent = write(reader, "reply-all")
    assert sent.status == 200, sent.problem
    recipients, data = latest(relay, ALICE, before)
    assert recipients == [ALICE, BOB, JO], "once each, the reader not, and nobody of whom the mail doesn't tell"
    assert b"blind" not in data
    assert read(people, "alice", data).get_content() == read(people, "bob", data).get_content()
    assert [one.addr_spec for one in read(people, "bob", data)["To"].addresses] == [ALICE, BOB, JO]


def test_forwarded_with_its_text(node, portal, relay, people):
    mail = mail_of(html=HTML, attachments=[("plan.pdf", "application/pdf", b"%PDF figures")])
    reader, message = opened(portal, protected(node, mail, EVERYTHING)[0], relay)
    assert {"/message/reply", "/message/reply-all", "/message/forward"} <= set(message.links)
    page = reader.get("/message/forward")
    assert page.form("/message/forward")["quote"] == "1"
    sent = write(reader, "forward", text="", to="Bob <bob@fabrikam.com>; pat@mail.example", quote="1")
    assert sent.status == 200, sent.problem
    recipients, data = answers_to(relay, BOB)[-1]
    assert recipients == [BOB, "pat@mail.example"]
    got = read(people, "bob", data)
    assert got["Subject"] == "Fwd: Plan" and got["In-Reply-To"] is None and got.get_content_type() == "text/plain"
    text = got.get_content().replace("\r", "")
    assert "From: Alice Álvarez <alice@contoso.com>\n" in text
    assert "Plan\n\nFirst & second line\nthird\n\none\ntwo\n\n  kept\n as is\n" in text and "no()" not in text
    read(people, "alice", data)


def test_the_text_is_quoted_if_the_reader_wants_it(node, portal, relay, people):
    reader, _ = opened(portal, protected(node, mail_of("Line <one>\n  two\n"))[0], relay)
    write(reader, quote="1")
    text = read(people, "alice", answers_to(relay, ALICE)[-1][1]).get_content().replace("\r", "")
    assert text.startswith("Thank you, gérne.\n\n-----\nFrom: Alice") and "> Line <one>\n>   two\n" in text
    write(reader)
    assert "Line" not in read(people, "alice", answers_to(relay, ALICE)[-1][1]).get_content()


def test_a_hidden_subject_stays_hidden(node, portal, relay, people):
    """What the wrapper says of the subject is all that the answer's wrapper says."""
    wrapper, _ = protected(node, mail_of(subject="Merger"), more=("--name", "Confidential"))
    reader, _ = opened(portal, wrapper.replace(b"Subject: Merger", b"Subject: Something"), relay)
    write(reader, text="Yes")
    data = answers_to(relay, ALICE)[-1][1]
    assert email.message_from_bytes(data)["Subject"] == "Re: Confidential" and b"Merger" not in data
    assert read(people, "alice", data)["Subject"] == "Re: Confidential"


# --- rights ---


def test_only_what_is_allowed_is_there(world, node, portal, relay):
    for rights, kinds in (([1], set()), ([1, 9], {"reply"}), ([1, 10], {"reply-all"}), ([1, 8], {"forward"}), ([1, 8, 9], {"reply", "forward"})):
        world.sql("DELETE FROM passcode WHERE mail_state <> 1")
        template = world.template({"principals": ["recipients"], "rights": rights}).template_id
        reader, message = opened(portal, protected(node, mail_of(), f"--template {template}")[0], relay)
        for kind in ("reply", "reply-all", "forward"):
            assert (f"/message/{kind}" in message.links) == (kind in kinds), (rights, kind)
            page = reader.get(f"/message/{kind}")
            assert page.status == (200 if kind in kinds else 403)
            assert kind in kinds or "does not let you answer" in page.problem
            form = {"form": message.form("/end")["form"], "answer": str(uuid.uuid4()), "text": "x", "to": BOB}
            count = len(relay.mails)
            sent = reader.post(f"/message/{kind}", form)
            assert (sent.status == 200) == (kind in kinds) and len(relay.mails) == count + (kind in kinds), (rights, kind, sent.problem)


def test_the_authority_decides_when_it_is_sent(world, node, portal, relay):
    wrapper, content = protected(node, mail_of())
    reader, _ = opened(portal, wrapper, relay)
    page = reader.get("/message/reply")
    world.track("Revoke", types.SimpleNamespace(content_id=content))
    count = len(relay.mails)
    refused = reader.submit(page, "/message/reply", text="What I wrote")
    assert refused.status == 403 and "has revoked" in refused.problem and len(relay.mails) == count
    assert b">\nWhat I wrote</textarea>" in refused.body, "what was written is not lost"
    assert reader.get("/message").status == 403


def test_without_a_relay_there_are_no_answers(world, node, relay):
    with Portal(node, world.portal) as portal:  # pylint: disable=redefined-outer-name
        reader, message = opened(portal, protected(node, mail_of())[0], relay)
        assert "/message/reply" not in message.links and reader.get("/message/reply").status == 404
        assert reader.post("/message/reply", {"form": message.form("/end")["form"], "text": "x"}).status == 404


# --- bad input, in the reader's words ---


def test_what_cannot_be_sent_is_said_and_kept(node, portal, relay):
    reader, _ = opened(portal, protected(node, mail_of(), EVERYTHING)[0], relay)
    count = len(relay.mails)
    for to in ("", "bob", "bob@", "@x", "a b@mail.example", "undisclosed-recipients:;", "x@mail.example\r\nRCPT TO:<eve@evil.example>",
               "é" * 300 + "@mail.example", "bob@fabrikam.com, nobody"):
        told = write(reader, "forward", text="Kept & text", to=to)
        assert told.status in (400, 403) and "name@example.org" in told.problem, (to, told.status, told.problem)
        assert b"Kept &amp; text</textarea>" in told.body
    told = write(reader, "forward", to=", ".join(f"a{i}@mail.example" for i in range(51)))
    assert "too many people" in told.problem
    for text in ("", " \r\n\t"):
        assert "no text yet" in write(reader, text=text).problem
    raw = socket.create_connection(("127.0.0.1", portal.port), timeout=20)
    raw.sendall(f"POST /message/reply HTTP/1.1\r\nHost: localhost:{portal.port}\r\nOrigin: {portal.origin}\r\nContent-Length: 600000\r\n"
                "Content-Type: application/x-www-form-urlencoded\r\n\r\ntext=x".encode())
    assert raw.recv(100).startswith(b"HTTP/1.1 413")
    raw.close()
    assert len(relay.mails) == count
    assert write(reader, text="é" * 40_000).status == 200


def test_headers_cannot_be_written(node, portal, relay, people):
    """Neither by what is typed nor by what a mail says of itself."""
    mail = b"Cc: =?utf-8?q?A=0D=0ABcc=3A_eve=40evil=2Eexample?= <jo@mail.example>\r\n" + mail_of()
    wrapper, _ = protected(node, mail, EVERYTHING, more=("--name", ""))
    subject = base64.b64encode("Plan\r\nBcc: eve@evil.example \u202e\u2028\tx".encode())
    reader, _ = opened(portal, wrapper.replace(b"Subject: Plan", b"Subject: =?utf-8?b?" + subject + b"?="), relay)
    write(reader, "reply-all", text="\r\n.\r\nMAIL FROM:<eve@evil.example>\r\n")
    recipients, data = answers_to(relay, ALICE)[-1]
    got = read(people, "alice", data)
    assert recipients == [ALICE, JO] and got["Bcc"] is None and email.message_from_bytes(data)["Bcc"] is None
    assert got["Subject"].startswith("Re: Plan  Bcc: eve@evil.example") and "\u202e" not in got["Subject"]
    assert "eve@evil.example" in got.get_content()


def test_a_form_is_sent_once(node, portal, relay):
    reader, _ = opened(portal, protected(node, mail_of())[0], relay)
    form = {**reader.get("/message/reply").form("/message/reply"), "text": "once"}
    count = len(answers_to(relay, ALICE))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: reader.post("/message/reply", form), range(4)))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409] and len(answers_to(relay, ALICE)) == count + 1
    assert "sent already" in reader.post("/message/reply", form).problem
    for wrong in ("", "x", "../../etc"):
        assert reader.post("/message/reply", {**form, "answer": wrong}).status == 409
    assert reader.post("/message/reply", {**form, "form": "x" * 43}).status == 403
    assert reader.post("/message/reply", form, Origin="https://evil.example").status == 403
    stranger = portal.reader()
    assert stranger.post("/message/reply", form).status == 403 and stranger.get("/message/reply").status == 403


def test_a_relay_that_refuses_or_is_away(world, node, portal, relay):
    reader, _ = opened(portal, protected(node, mail_of(), EVERYTHING)[0], relay)
    for answer, words in (("550 no such user", "does not take it"), ("451 later", "does not answer")):
        relay.answers["dead@mail.example"] = answer
        count = len(relay.mails)
        told = write(reader, "forward", text="Kept", to="dead@mail.example, bob@fabrikam.com")
        assert told.status == 403 and words in told.problem and b"Kept</textarea>" in told.body and len(relay.mails) == count
    del relay.answers["dead@mail.example"]
    fields = {**told.form("/message/forward"), "text": "Kept"}
    assert reader.post("/message/forward", fields).status == 200, "the form that was shown again is another one"
    with Portal(node, world.portal, **relay_settings(relay, relay="127.0.0.1:9")) as away:
        reader, _ = opened(away, protected(node, mail_of())[0], relay)
        assert "does not answer" in write(reader).problem
    with Portal(node, world.portal, **relay_settings(relay, relay_ca_file="/etc/hostname")) as wrong:
        reader, _ = opened(wrong, protected(node, mail_of())[0], relay)
        assert "does not answer" in write(reader).problem
        assert not re.search(r"alice|kim|bob", wrong.said()), "the log names nobody"


def test_too_many_answers(world, node, portal, relay):
    wrapper, content = protected(node, mail_of())
    reader, _ = opened(portal, wrapper, relay)
    world.sql("INSERT INTO content (tenant, content, owner, issuer, display_name, answers, thread, answered_by) SELECT tenant, gen_random_uuid(), "
              f"owner, issuer, '', content, content, '{KIM}' FROM content, generate_series(1, 60) WHERE content = '{content}'")
    assert "Too many answers" in write(reader).problem


def test_settings_of_the_relay_are_checked(world, node, relay, tmp_path):
    from test_portal import check_settings  # pylint: disable=import-outside-toplevel
    good = Portal(node, world.portal, **relay_settings(relay))
    check_settings(good, tmp_path, (
        ("relay localhost\n", "host and a port"), ("relay :25\n", "host and a port"), ("relay x:0\n", "host and a port"),
        ("relay smtp://x:25\n", "host and a port"), ("mail_from nobody\n", "an address"), ("mail_from 'a@b c.d'\n", "an address"),
        ("relay_tls perhaps\n", "starttls, tls or none"), ("relay_tls none\n", "without TLS"), ("relay_password_file /nowhere\n", "can't be read")))
    bare = Portal(node, world.portal)
    check_settings(bare, tmp_path, (("relay localhost:25\n", "wants mail_from"), ("mail_from a@b.example\n", "without relay"),
                                    ("relay localhost:25\nmail_from a@b.example\nrelay_user x\n", "come together")))


def test_in_german(node, portal, relay, people):
    reader, message = opened(portal, protected(node, mail_of())[0], relay, language="de")
    assert "Allen antworten" in message.text
    sent = write(reader, quote="1")
    assert "wurde geschützt und ist unterwegs" in sent.text
    assert "\nVon: Alice" in read(people, "alice", answers_to(relay, ALICE)[-1][1]).get_content().replace("\r", "")
