# SPDX-License-Identifier: Apache-2.0
"""A mail's whole way, as deploy/quickstart --mail brings it up: real programs from end to end, Postfix, and a real
Chromium. A stock client sends; a rule protects; who is inside opens natively; who is outside reads by a passcode, opens an
attachment and replies; the sender reads the reply and takes the mail back."""
import email
import email.message
import email.policy
import email.utils
import glob
import os
import re
import smtplib
import subprocess

import pytest

from command import CHANCERY
from driven import WHY_NOT as NO_BROWSER
from driven import Driven
from portal import WHY_NOT as NO_PORTAL
from portal_world import PNG
from test_quickstart_mail import WHY_NOT, newest, place, told  # noqa: F401  pylint: disable=W0611
from waiting import eventually

pytestmark = pytest.mark.skipif(bool(WHY_NOT or NO_PORTAL or NO_BROWSER), reason=WHY_NOT or NO_PORTAL or NO_BROWSER or "never")
DAVE, KIM = "dave@contoso.com", "kim@mail.example"
HTML = '<p>Dear both, the <b>figures</b> are below.</p><p><img src="cid:chart@contoso.com" alt="chart"></p>'


@pytest.fixture(name="browser")
def fixture_browser():
    browser = Driven()
    yield browser
    browser.close()


@pytest.fixture(name="chancery")
def fixture_chancery(place):
    def run(command, who, *arguments, expect=0):
        done = subprocess.run([CHANCERY, command, "--profile", f"{place}/quickstart-mail/{who}.yaml", *arguments],
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout + done.stderr
    return run


def letter(number):
    """With an inline picture and two attachments."""
    mail = email.message.EmailMessage(policy=email.policy.SMTP)
    mail["From"], mail["To"], mail["Cc"] = "Alice <alice@contoso.com>", f"Kim <{KIM}>", DAVE
    mail["Subject"], mail["Message-ID"], mail["Date"] = "Whole way", number, email.utils.localtime()
    mail.set_content("Dear both, the figures are below.")
    mail.add_alternative(HTML, subtype="html")
    mail.get_payload()[1].add_related(PNG, "image", "png", cid="<chart@contoso.com>")
    mail.add_attachment("Q3: 4.6 M\n", filename="notes.txt")
    mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="plan.pdf")
    return mail


def passcode(box, reference):
    """The code of the mail that shows this reference."""
    def found():
        for path in glob.glob(f"{box}/*"):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            if f"Reference: {reference}" in text:
                return re.search(r"^ *(\d{4} \d{4})\s*$", text, re.M)[1]
        return None
    return eventually(found, f"a code in {box}")


def answer_in(box):
    """The protected mail that has come from the portal."""
    def found():
        for path in glob.glob(f"{box}/*"):
            with open(path, "rb") as file:
                text = file.read()
            if b"answers@portal.example" in text and b"Re: Whole way" in text:
                return text
        return None
    return eventually(found, f"an answer in {box}")


def test_from_the_senders_client_to_the_answer_and_back(place, told, browser, chancery):
    boxes, number = f"{place}/mail/boxes", f"<{os.urandom(8).hex()}@contoso.com>"
    origin = re.search(r"^  (http://localhost:\d+)/\?content=", told, re.M)[1]
    sent = letter(number).as_bytes()
    with smtplib.SMTP("127.0.0.1", int(re.search(r"SMTP to 127\.0\.0\.1:(\d+)", told)[1]), timeout=60) as client:
        client.sendmail("alice@contoso.com", [DAVE, KIM], sent)

    # Inside: natively, byte for byte.
    for who, address in (("dave", DAVE), ("kim", KIM)):
        with open(f"{place}/{who}-way.eml", "wb") as file:
            file.write(newest(f"{boxes}/{address}/new", number))
    chancery("open", "dave", f"{place}/dave-way.eml", f"{place}/dave-way.out")
    with open(f"{place}/dave-way.out", "rb") as file:
        assert file.read() == sent

    # Outside: a wrapper without a word of it, a passcode, the page.
    with open(f"{place}/kim-way.eml", "rb") as file:
        wrapper = file.read()
    assert b"Dear both" not in wrapper and PNG not in wrapper
    content = email.message_from_bytes(wrapper)["X-Chancery-Content"].strip()
    browser.act("fresh", language="en")
    browser.act("open", url=f"{origin}/?content={content}")
    browser.act("upload", selector="#file", files=[f"{place}/kim-way.eml"])
    browser.act("go", selector="main button")
    browser.act("type", selector="#field", text=KIM)
    browser.act("go", selector="main button")
    reference = browser.value("document.querySelector('.reference').innerText").split()[-1]
    browser.act("type", selector="#field", text=passcode(f"{boxes}/{KIM}/new", reference))
    browser.act("go", selector="main button")
    assert browser.value("document.querySelector('h1').innerText") == "Whole way"
    assert "figures are below" in browser.act("frame", code="document.body.innerText")
    assert browser.act("frame", code="document.querySelector('img').naturalWidth") == 1, "the inline picture is shown"
    browser.act("go", selector="a[aria-label='Show: notes.txt']")
    assert "Q3: 4.6 M" in browser.value("document.body.innerText")

    # The answer, and the sender who reads it.
    browser.act("open", url=f"{origin}/message")
    browser.act("go", selector="a[href='/message/reply']")
    browser.act("type", selector="#text", text="Thank you, Alice")
    browser.act("go", selector="main button")
    assert "on its way to" in browser.text and "alice@contoso.com" in browser.text
    answer = answer_in(f"{boxes}/alice@contoso.com/new")
    assert b"Thank you" not in answer
    with open(f"{place}/answer-way.eml", "wb") as file:
        file.write(answer)
    chancery("open", "alice", f"{place}/answer-way.eml", f"{place}/answer-way.out")
    with open(f"{place}/answer-way.out", "rb") as file:
        read = email.message_from_binary_file(file, policy=email.policy.default)
    assert read.get_content().startswith("Thank you, Alice") and read["In-Reply-To"] == number
    assert read["Reply-To"].addresses[0].addr_spec == KIM
    assert "NO_RIGHTS" in chancery("open", "dave", f"{place}/answer-way.eml", f"{place}/none", expect=3)

    # Taken back: the page says so, and so does Dave's client.
    chancery("revoke", "alice", "--reason", "wrong figures", content)
    browser.act("open", url=f"{origin}/message")
    assert "The sender has revoked this message" in browser.value("document.querySelector('[role=alert]').innerText")
    assert "REVOKED" in chancery("open", "dave", f"{place}/dave-way.eml", f"{place}/none", expect=3)
    assert browser.act("ran") == [] and all(url.startswith((origin, "data:")) for url in browser.act("asked"))
