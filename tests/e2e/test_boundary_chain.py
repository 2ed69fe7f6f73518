# SPDX-License-Identifier: Apache-2.0
"""Who reads what across boundaries, through the whole chain: a sender's mail program, Debian's Postfix, the sender's gateway with
a rule, and then each reader's own client, and the portals. What DecideDelivery says of it, test_boundaries has."""
import email
import os
import re
import smtplib
import types

import pytest

import postfix
from command import run, with_certificate, with_token
from documented import node_at_its_address
from mail_sink import MailSink
from milter import MILTER, Milter
from portal import WHY_NOT as NO_PORTAL
from portal import Portal
from portal_world import authority_options, no_passcodes, opened, relay  # noqa: F401  pylint: disable=W0611
from waiting import eventually
from world import rule_of

WHY_NOT = postfix.why_not() or ("" if os.path.exists(MILTER) else "libmilter-dev was not there when this was built") or NO_PORTAL
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "never")
ENCRYPT_ONLY = 3
SENDERS = {"contoso": "commercial", "council": "gcc", "agency": "gcc-high"}
READERS = {"fabrikam": "commercial", "county": "gcc", "depot": "gcc-high", "external": None}
DOMAINS = {"contoso": "contoso.com", "fabrikam": "fabrikam.com", "council": "council.gov", "county": "county.gov", "agency": "agency.us",
           "depot": "depot.us"}
KIM = "kim@mail.example"
NATIVE = {("commercial", "commercial"), ("commercial", "gcc"), ("gcc", "commercial"), ("gcc", "gcc"), ("gcc-high", "gcc-high")}


@pytest.fixture(scope="module")
def world(world):
    made = {"contoso": world.contoso, "fabrikam": world.fabrikam}
    boundaries = {**SENDERS, **READERS}
    world.tenants = {name: made.get(name) or world.tenant(name, boundaries[name], domain) for name, domain in DOMAINS.items()}
    world.portals = {name: world.platform_component("portal", f"portal-{name}", name) for name in SENDERS.values()}
    for name in SENDERS.values():
        world.call("BoundaryService/UpdateBoundary", {"boundary": {"boundary": name, "portal_url": f"https://portal.{name}.example/"},
                                                      "update_mask": {"paths": ["portal_url"]}}, world.platform_admin)
    for name in SENDERS:
        world.call("MailFlowService/CreateRule", {"rule": rule_of(
            name="Plans", actions={"protection": ENCRYPT_ONLY}, conditions=[{"text": {"place": 1, "words": ["plan"]}}])},
            world.tenants[name].admin)
    return world


@pytest.fixture(scope="module")
def node(world):
    with node_at_its_address(world) as node:
        yield node


@pytest.fixture(scope="module")
def there(world, node):
    """Everybody's profile: people by their tenant, and each portal with each of them."""
    there = types.SimpleNamespace(a=node)
    tokens = {name: tenant.token("bob") for name, tenant in world.tenants.items()}
    tokens["external"] = world.google.token(KIM, email_verified=True)
    for name, token in tokens.items():
        with_token(there, name, token)
    for boundary, identity in world.portals.items():
        with_certificate(there, f"portal-{boundary}", identity)
        for name in tokens:
            with open(f"{node.folder}/portal-{boundary}.yaml", encoding="utf-8") as file:
                fields = file.read().rstrip("}") + f', "token_file": "{node.folder}/{name}.token"}}'
            node.write(f"portal-{boundary}-{name}.yaml", fields.encode())
    return there


@pytest.fixture(scope="module")
def ways(world, node, tmp_path_factory):
    """From each sender's mail program to the end: a Postfix with the tenant's own gateway."""
    sink, ways, running = MailSink(), {}, []
    for name, tenant in world.tenants.items():
        if name not in SENDERS:
            continue
        folder = str(tmp_path_factory.mktemp(name))
        for file, data in (("gateway.pem", tenant.gateway.certificate), ("gateway.key", tenant.gateway.key)):
            with open(f"{folder}/{file}", "wb") as out:
                out.write(data)
        with open(f"{node.folder}/server.pem", "rb") as source, open(f"{folder}/server.pem", "wb") as out:
            out.write(source.read())
        milter = Milter(folder, postfix.free_port(), server=f"https://{node.address}", domain=DOMAINS[name])
        milter.start()
        mta = postfix.Postfix(f"inet:127.0.0.1:{milter.port}", sink.server_address[1])
        mta.start()
        running += [mta, milter]
        ways[name] = mta.port
    yield types.SimpleNamespace(ports=ways, sink=sink)
    for one in running:
        one.stop()
    sink.stop()


def address(reader):
    return KIM if reader == "external" else f"bob@{DOMAINS[reader]}"


def sent(ways, sender, *readers):
    """A mail, and what arrives of it."""
    number = f"<{os.urandom(8).hex()}@{DOMAINS[sender]}>"
    mail = (f"From: Alice <alice@{DOMAINS[sender]}>\r\nTo: {', '.join(map(address, readers))}\r\nSubject: The plan\r\n"
            f"Date: Tue, 24 Nov 2026 09:00:00 +0000\r\nMessage-ID: {number}\r\n\r\nSecret text\r\n").encode()
    with smtplib.SMTP("127.0.0.1", ways.ports[sender], timeout=60) as client:
        client.sendmail(f"alice@{DOMAINS[sender]}", [address(reader) for reader in readers], mail)
    found = eventually(lambda: [kept for _, kept in ways.sink.mails if number.encode() in kept], f"{number} arrives")
    assert len(found) == 1 and b"Secret text" not in found[0]
    return mail, found[0]


def tried(there, who, wrapper, expect=0):
    """What somebody's client or portal opens; or why not."""
    folder = there.a.folder
    with open(f"{folder}/in.eml", "wb") as file:
        file.write(wrapper)
    done = run(there, "open", who, f"{folder}/in.eml", f"{folder}/out.eml", expect=expect)
    if expect:
        return done.stderr
    with open(f"{folder}/out.eml", "rb") as file:
        return file.read()


def text_for_people(wrapper):
    return [part for part in email.message_from_bytes(wrapper).walk() if part.get_content_type() == "text/html"]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("sender", SENDERS)
def test_the_table(there, ways, sender, reader):
    mail, wrapper = sent(ways, sender, reader)
    own = SENDERS[sender]
    is_native = (own, READERS[reader]) in NATIVE
    shown = text_for_people(wrapper)
    assert bool(shown) == (not is_native), "a wrapper for people where somebody needs one"
    if is_native:
        assert tried(there, reader, wrapper) == mail
    else:
        assert f"https://portal.{own}.example/" in shown[0].get_payload(decode=True).decode()
        refused = tried(there, reader, wrapper, expect=3)
        assert "PORTAL_REQUIRED" in refused and f"https://portal.{own}.example/" in refused
        assert tried(there, f"portal-{own}-{reader}", wrapper) == mail
    for other in set(SENDERS.values()) - {own}:
        assert re.search("PORTAL_REQUIRED|WRONG_BOUNDARY", tried(there, f"portal-{other}-{reader}", wrapper, expect=3)), other


@pytest.mark.parametrize("sender", SENDERS)
def test_colleagues_open_it_in_their_own_client(there, ways, sender):
    mail, wrapper = sent(ways, sender, sender)
    assert not text_for_people(wrapper) and tried(there, sender, wrapper) == mail


def test_one_mail_to_all(there, ways):
    """Each opens it in their own way, out of one wrapper."""
    mail, wrapper = sent(ways, "agency", *READERS)
    assert tried(there, "depot", wrapper) == mail
    for reader in set(READERS) - {"depot"}:
        assert "PORTAL_REQUIRED" in tried(there, reader, wrapper, expect=3)
        assert tried(there, f"portal-gcc-high-{reader}", wrapper) == mail


def test_the_page_of_the_right_boundary_alone(world, node, ways, relay):
    """By a passcode, in the way of somebody without an account."""
    _, wrapper = sent(ways, "agency", "external")
    with Portal(node, world.portals["gcc-high"]) as portal:
        _, message = opened(portal, wrapper, relay)
        assert message.status == 200 and "The plan" in message.text
    with Portal(node, world.portals["commercial"]) as portal:
        reader = portal.reader()
        page = reader.submit(reader.upload(wrapper), "/passcode", address=KIM)
        assert "read at another page" in page.problem
