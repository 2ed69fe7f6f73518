# SPDX-License-Identifier: Apache-2.0
"""What an answer that the portal mails says to whoever can't open it: it explains itself in the look of the sender's
organization, as mail by a gateway does; and what becomes of it when the authority doesn't write that."""
import email
import email.policy

import pytest

from pictures import png
from portal import WHY_NOT
from portal_world import KIM, answers_to, mail_of, no_passcodes, node, opened, portal, protected, relay  # noqa: F401  pylint: disable=W0611
from test_portal_answers import ALICE, latest, people, read, write  # noqa: F401  pylint: disable=W0611

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "never")
# pylint: disable=W0621
READ_HERE = "https://read.commercial.example"


@pytest.fixture(scope="module")
def authority_options(relay, faults):
    return {"config": {"mail_relay": relay.config()}, "env": faults.env}


@pytest.fixture(scope="module")
def branded(world):
    """A tenant's look, by its name."""
    world.call("BoundaryService/UpdateBoundary", {"boundary": {"boundary": "commercial", "portal_url": READ_HERE},
                                                  "update_mask": {"paths": ["portal_url"]}}, world.platform_admin)
    world.call("BrandingService/CreateBranding", {"branding": {
        "branding": "bank", "display_name": "Contoso Bank", "logo": {"image": png(170, 70)}, "accent_color": "#0b5d4a",
        "texts": [{"language": "de", "body": "Mit Sorgfalt."}, {"language": "en", "body": "Sent with care."}]}}, world.contoso.admin)
    return ("--branding", "bank")


def parts(data):
    """The text and the HTML that people see, and the picture beside it."""
    mail = email.message_from_bytes(data, policy=email.policy.default)
    found = {part.get_content_type(): part for part in mail.walk() if not part.is_multipart()}
    html = found.get("text/html")
    return found["text/plain"].get_content(), html.get_content() if html else "", found.get("image/png")


def test_an_answer_has_the_look_of_the_senders_organization(node, portal, relay, people, branded):
    reader, _ = opened(portal, protected(node, mail_of(), more=branded)[0], relay, language="de")
    before = len(answers_to(relay, ALICE))
    sent = write(reader, text="Thank you, gérne.")
    assert sent.status == 200, sent.problem
    _, data = latest(relay, ALICE, before)
    text, html, logo = parts(data)
    assert logo.get_content() == png(170, 70) and f"cid:{logo['Content-ID'][1:-1]}" in html and "#0b5d4a" in html
    content = email.message_from_bytes(data)["X-Chancery-Content"]
    for said in ("Contoso Bank", KIM, "Re: Plan", "Mit Sorgfalt.", "Sent with care.", f"{READ_HERE}?content={content}"):
        assert said in text and said in html, said
    assert text.index("Mit Sorgfalt.") < text.index("Sent with care."), "in the reader's language first"
    assert "gérne" not in text + html and ALICE not in text + html
    assert b"\n" not in data.replace(b"\r\n", b""), "lines end in CRLF"
    assert read(people, "alice", data).get_content().replace("\r", "") == "Thank you, gérne.\n"


def test_a_short_text_does_when_the_authority_knows_nothing_of_the_answer(world, node, portal, relay, people, branded):
    """It is protected by then, and who gets it can open it."""
    reader, _ = opened(portal, protected(node, mail_of(), more=branded)[0], relay)
    before = len(answers_to(relay, ALICE))
    world.sql("CREATE FUNCTION forgets() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.answered_by := NULL; RETURN NEW; END'; "
              "CREATE TRIGGER forgets BEFORE INSERT ON content FOR EACH ROW EXECUTE FUNCTION forgets()")
    try:
        sent = write(reader)
    finally:
        world.sql("DROP TRIGGER forgets ON content; DROP FUNCTION forgets()")
    assert sent.status == 200, sent.problem
    _, data = latest(relay, ALICE, before)
    text, html, logo = parts(data)
    assert text and not html and logo is None and "Contoso Bank" not in text
    assert "refused: NOT_FOUND" in portal.said()
    assert read(people, "alice", data).get_content().replace("\r", "") == "Thank you, gérne.\n"


def test_nothing_is_sent_while_the_authority_is_away(node, portal, relay, faults, branded):
    """The page says so, and keeps what was written."""
    reader, _ = opened(portal, protected(node, mail_of(), more=branded)[0], relay)
    count = len(relay.mails)
    faults.delay("render_content_wrapper:look", 120_000)
    try:
        told = write(reader, text="What I wrote")
    finally:
        faults.none()
    assert told.status == 403 and "Try again" in told.problem, told.problem
    assert b">\nWhat I wrote</textarea>" in told.body and len(relay.mails) == count
    again = reader.post("/message/reply", {**told.form("/message/reply"), "text": "What I wrote"})
    assert again.status == 200 and len(relay.mails) == count + 1
