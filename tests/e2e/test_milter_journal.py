# SPDX-License-Identifier: Apache-2.0
"""The journal (docs/policy.md §3.12): Debian's Postfix copies each mail to it through a gateway of examples/milter, which puts
a clear copy beside the protected one. What the readers get is not touched."""
import email

import pytest

import postfix
from milter import Milter
from test_milter import WHY_NOT, mail_of, opened, send, sink  # noqa: F401  pylint: disable=W0611
from test_milter_away import away, content_of
from test_milter_transit import node, wrapper_of  # noqa: F401  pylint: disable=W0611
from waiting import eventually

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "never")
# pylint: disable=W0621
JOURNAL = "journal@contoso.com"


@pytest.fixture(scope="module")
def gateway(node, tmp_path_factory):
    gateway = Milter(tmp_path_factory.mktemp("journal"), postfix.free_port(), server=f"https://{node.address}", mode="journal",
                     certificates=node.folder)
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture(scope="module")
def mta(gateway, sink):
    """As docs/milter.md has it; both the readers' mailboxes and the journal's are in one place here."""
    hop = postfix.free_port()
    mta = postfix.Postfix("", sink.server_address[1],
                          main=f"always_bcc = {JOURNAL}\nminimal_backoff_time = 1s\nqueue_run_delay = 1s\n"
                               f"transport_maps = inline:{{{{ {{{{ {JOURNAL} = smtp:[127.0.0.1]:{hop} }}}} }}}}\n",
                          services=f"127.0.0.1:{hop} inet n - n - - smtpd\n -o smtpd_milters=inet:127.0.0.1:{gateway.port}\n"
                                   f" -o receive_override_options=no_address_mappings\n"
                                   f" -o content_filter=smtp:[127.0.0.1]:{sink.server_address[1]}\n")
    mta.start()
    yield mta
    mta.stop()


def ended(mta, sink, mail):
    """What the reader and the journal have of a mail."""
    number = email.message_from_bytes(mail)["Message-ID"].encode()

    def both():
        kept = {recipients[0]: bytes_ for recipients, bytes_ in sink.mails if number in bytes_}
        return kept if {"bob@fabrikam.com", JOURNAL} <= set(kept) else None
    kept = eventually(both, mta.log, seconds=60)
    return kept["bob@fabrikam.com"], kept[JOURNAL]


def kept_mails(mail):
    """The clear and the protected one, as they stand in the journal's."""
    read = email.message_from_bytes(mail)
    assert read.get_content_type() == "multipart/mixed"
    assert [part.get_filename() for part in read.get_payload()] == ["clear.eml", "protected.eml"]
    boundary = b"--" + read.get_boundary().encode()
    parts = mail.split(boundary)[1:3]
    return [part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n") for part in parts]


@pytest.fixture
def on(world):
    world.update_tenant(journal_decryption=True)
    yield
    world.update_tenant(journal_decryption=False)


def test_as_a_tenant_begins_the_journal_has_what_was_sent(node, mta, sink, gateway):
    _, wrapper = wrapper_of(node)
    send(mta, wrapper)
    reader, journal = ended(mta, sink, wrapper)
    assert content_of(reader) == content_of(journal) == content_of(wrapper) and b"Secret" not in journal
    assert gateway.said("kept as it is: DECRYPTION_OFF")


def test_the_journal_has_a_clear_copy(world, node, mta, sink, gateway, on):  # pylint: disable=unused-argument
    plain, wrapper = wrapper_of(node, subject="Plan für morgen", text="Secret, grün\r\n.\r\n\r\n")
    send(mta, wrapper)
    reader, journal = ended(mta, sink, wrapper)
    assert content_of(reader) == content_of(wrapper) and b"Secret" not in reader and opened(world, node, reader) == plain
    clear, closed = kept_mails(journal)
    assert clear == plain and opened(world, node, closed) == plain
    read = email.message_from_bytes(journal)
    assert [read[name] for name in ("From", "To", "Date")] == [email.message_from_bytes(wrapper)[name] for name in ("From", "To", "Date")]
    assert read["X-Chancery-Content"] is None, "it is no protected mail itself"
    assert gateway.said(f"opened {content_of(wrapper)} for the journal") and not gateway.said("Secret")
    told = [event.target for event in world.audit(tenant="contoso", content_id=content_of(wrapper)) if event.operation == "acquire_license"]
    assert told.count("for a journal") == 1


def test_nobody_gets_it_back(node, mta, on):  # pylint: disable=unused-argument
    """The copy in clear goes on without a sender, who may be anybody."""
    _, wrapper = wrapper_of(node)
    before = mta.log().count("from=<>")
    send(mta, wrapper, sender="mallory@else.example")
    eventually(lambda: mta.log().count("from=<>") > before, mta.log)


def test_what_was_revoked_is_journaled(world, node, mta, sink, on):  # pylint: disable=unused-argument
    plain, wrapper = wrapper_of(node)
    world.call("TrackingService/Revoke", {"content_id": content_of(wrapper)}, world.contoso.admin)
    send(mta, wrapper)
    assert kept_mails(ended(mta, sink, wrapper)[1])[0] == plain


def test_what_cannot_be_opened_is_kept_as_it_is(node, mta, sink, gateway, on):  # pylint: disable=unused-argument
    _, foreign = wrapper_of(node, "other", "carl@fabrikam.com")
    _, damaged = wrapper_of(node)
    at = len(damaged[:damaged.rindex(b"\r\n--=-")].rstrip(b"\r\n=")) - 8  # in the sum at the end of what is sealed
    damaged = damaged[:at] + (b"A" if damaged[at:at + 1] != b"A" else b"B") + damaged[at + 1:]
    large = mail_of(text=("x" * 76 + "\r\n") * 30000)
    clear = mail_of(sender="x@else.example")
    _, inner = wrapper_of(node)
    attached = mail_of(header="Content-Type: multipart/mixed; boundary=x\r\n",
                       text="--x\r\n\r\nsee\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n") + inner + b"\r\n--x--\r\n"
    for mail, why in ((foreign, "COMPONENT_TENANT"), (damaged, "INPUT_DAMAGED"), (large, "larger than mail_mib"),
                      (clear, "not protected"), (attached, "attached")):
        send(mta, mail)
        _, journal = ended(mta, sink, mail)
        assert journal.endswith(mail[-1000:]) and b"clear.eml" not in journal, why
        assert gateway.said(why), why


def test_while_the_authority_is_away_it_waits(node, mta, sink, gateway, on):  # pylint: disable=unused-argument
    plain, wrapper = wrapper_of(node)
    with away(node):
        send(mta, wrapper)
        eventually(lambda: gateway.said("AUTHORITY_UNREACHABLE"), mta.log, seconds=60)
        assert not [recipients for recipients, kept in sink.mails
                    if JOURNAL in recipients and email.message_from_bytes(wrapper)["Message-ID"].encode() in kept]
    mta.flush()
    assert kept_mails(ended(mta, sink, wrapper)[1])[0] == plain
