# SPDX-License-Identifier: Apache-2.0
"""What tests of the portal share: an authority with a mail relay, the portal before it, and mails that are protected for
readers outside."""
import email
import email.message
import email.policy

import pytest

from command import run
from documented import node_at_its_address
from mail_relay import authority_options, relay  # noqa: F401  pylint: disable=W0611
from portal import Portal
from smtp_server import USER, parse_code

KIM = "kim@mail.example"
MAIL_FROM = "answers@portal.example"
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf500f"
                    "00038101802a2cb8570000000049454e44ae426082")


@pytest.fixture(scope="module")
def node(world):
    with node_at_its_address(world) as node:  # pylint: disable=redefined-outer-name
        node.write("gateway.pem", world.gateway.certificate)
        node.write("gateway.key", world.gateway.key)
        node.write("gateway.yaml", (f'server: "https://{node.address}"\nca_file: "{node.folder}/server.pem"\n'
                                    f'certificate_file: "{node.folder}/gateway.pem"\n'
                                    f'key_file: "{node.folder}/gateway.key"\n').encode())
        yield node


def relay_settings(relay, /, **more):  # pylint: disable=redefined-outer-name
    """How a portal sends answers by the test's own relay."""
    return {"relay": f"localhost:{relay.port}", "relay_ca_file": relay.ca_file, "relay_user": USER,
            "relay_password_file": relay.password_file, "mail_from": MAIL_FROM, **more}


@pytest.fixture(scope="module")
def portal(world, node, relay):  # pylint: disable=redefined-outer-name
    with Portal(node, world.portal, **relay_settings(relay)) as portal:  # pylint: disable=redefined-outer-name
        yield portal


def answers_to(relay, address):  # pylint: disable=redefined-outer-name
    """The protected mails that the portal has sent to somebody, oldest first: (recipients, bytes)."""
    return [(recipients, data) for sender, recipients, data in relay.to(address) if sender == MAIL_FROM]


@pytest.fixture(autouse=True)
def no_passcodes(world):
    """The limits count hours; each test begins with none."""
    world.sql("DELETE FROM passcode WHERE mail_state <> 1")


def mail_of(text="Secret text", subject="Plan", html=None, attachments=(), **headers):
    """A mail of Alice's; attachments are (name, type, bytes)."""
    mail = email.message.EmailMessage(policy=email.policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = "Alice Álvarez <alice@contoso.com>", f"Kim <{KIM}>", subject
    mail["Date"], mail["Message-ID"] = "Tue, 24 Nov 2026 09:00:00 +0100", "<plan@contoso.com>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    if html is not None:
        mail.add_alternative(html, subtype="html")
    for name, kind, data in attachments:
        main, sub = kind.split("/")
        mail.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return mail.as_bytes()


def protected(node, mail, policy="--do-not-forward", recipients=(KIM,), more=()):  # pylint: disable=W0621
    """The wrapper of a mail, and its content's id."""
    with open(f"{node.folder}/plain.eml", "wb") as file:
        file.write(mail)

    class There:
        a = node
    named = [option for address in recipients for option in ("--recipient", address)]
    told = run(There, "protect", "gateway", *policy.split(), "--owner", "alice@contoso.com", *named, *more,
               f"{node.folder}/plain.eml", f"{node.folder}/wrapped.eml")
    with open(f"{node.folder}/wrapped.eml", "rb") as file:
        wrapper = file.read()
    return wrapper, email.message_from_bytes(wrapper)["X-Chancery-Content"] or told.stdout.split()[0]


def code_page(reader, wrapper, relay, address=KIM):  # pylint: disable=W0621
    """As far as the code: the page that asks for it, and the code of the mail."""
    count = len(relay.to(address)) + 1
    page = reader.submit(reader.upload(wrapper), "/passcode", address=address)
    assert not page.problem, page.problem
    code, reference = parse_code(relay.wait_for(address, count))
    assert reference in page.text
    return page, code


def opened(portal, wrapper, relay, address=KIM, **more):  # pylint: disable=W0621
    """A reader who has signed in by a passcode, and the page of the message."""
    reader = portal.reader(**more)
    page, code = code_page(reader, wrapper, relay, address)
    return reader, reader.submit(page, "/passcode/code", code=code)
