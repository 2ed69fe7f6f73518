# SPDX-License-Identifier: Apache-2.0
"""The gateway of examples/milter while the authority is away (docs/policy.md §10.7): what it has heard lets it protect, what it
hasn't lets mail wait; nothing leaves in clear, nothing twice, and what left is known when the authority is there again."""
import email
import os
import signal
import subprocess
import threading

import pytest

import postfix
import processes
from build_kind import is_sanitized, remembered
from command import run
from faults import STEPS
from milter import Milter
from test_milter import (DNF, ENCRYPT_ONLY, WHY_NOT, arrived, faults, header, mail_of, node, opened,  # noqa: F401  pylint: disable=W0611
                         rejection, send, sink)
from waiting import eventually
from world import rule_of

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "never")
# pylint: disable=W0621


def made(world, name, actions, *conditions):
    return world.call("MailFlowService/CreateRule", {"rule": rule_of(name=name, actions=actions, conditions=list(conditions))},
                      world.contoso.admin).rule.rule_id


@pytest.fixture(scope="module")
def rules(world):
    return {"Encrypted": made(world, "Encrypted", {"protection": ENCRYPT_ONLY}, header("X-Protect", "encrypt")),
            "Fabrikam": made(world, "Fabrikam", {"protection": DNF}, {"recipient": {"domains": ["fabrikam.com"]}})}


@pytest.fixture(scope="module")
def milter(node, rules):
    assert rules
    milter = Milter(node.folder, postfix.free_port(), server=f"https://{node.address}", offline_hours=2)
    milter.start()
    eventually(lambda: certificates(milter), lambda: milter.said(""))
    yield milter
    milter.stop()


def certificates(milter):
    return [line for line in milter.said("certificate ") if line.endswith(" for contoso.com\n") and "no certificate" not in line]


@pytest.fixture(scope="module")
def mta(milter, sink):
    mta = postfix.Postfix(f"inet:127.0.0.1:{milter.port}", sink.server_address[1])
    mta.start()
    yield mta
    mta.stop()


class away:  # pylint: disable=invalid-name
    """The authority is killed, all of it, and started again where it was."""

    def __init__(self, node):
        self.node = node

    def __enter__(self):
        for process in (self.node.process.pid, *processes.children(self.node.process.pid)):
            os.kill(process, signal.SIGKILL)
        self.node.process.wait(timeout=20)

    def __exit__(self, *what):
        self.node.log = []
        self.node.start()


def content_of(wrapper):
    return email.message_from_bytes(wrapper)["X-Chancery-Content"]


def rights(world, node, wrapper):
    opened(world, node, wrapper)

    class There:
        a = node
    told = run(There, "inspect", "bob", f"{node.folder}/in.eml").stdout
    return set(next(line for line in told.splitlines() if line.startswith("rights")).split())


def heard(world, mta, sink):
    """Let the gateway hear what the rules are now, and that the authority is there."""
    def online():
        mail = mail_of()
        send(mta, mail)
        (_, wrapper), = arrived(sink, mail)
        return world.sql(f"SELECT count(*) FROM content WHERE content = '{content_of(wrapper)}'") == "1"
    eventually(online, "the authority was asked", seconds=60)


def test_nothing_leaves_before_anything_was_heard(node, mta, sink, milter):
    mail = mail_of()
    with away(node):
        code, words = rejection(mta, mail)
    assert code == 451 and "let no mail go unasked: AUTHORITY_UNREACHABLE" in words
    assert not milter.said("offline")
    send(mta, mail)
    assert len(arrived(sink, mail)) == 1


def test_it_goes_on_when_the_authority_dies_in_the_middle(world, node, mta, sink, milter, faults):
    """The rules have spoken about this very mail, and the mail is protected as they said, once."""
    heard(world, mta, sink)
    mail, told = mail_of(header="X-Protect: Encrypt\r\n"), []
    number = email.message_from_bytes(mail)["Message-ID"]
    faults.delay(next(step for step in STEPS if str(step) == "protect:seal"), 60000)
    sender = threading.Thread(target=lambda: told.append(send(mta, mail)))
    sender.start()
    eventually(lambda: [event for event in world.audit(tenant="contoso") if event.operation == "evaluate_message"
                        and number.strip("<>") in event.target], "the rules were asked")
    with away(node):
        sender.join(60)
        faults.none()
    assert told == [{}]
    (_, wrapper), = arrived(sink, mail)
    assert b"Secret" not in wrapper and milter.said(f"protected offline as {content_of(wrapper)} by rule")
    heard(world, mta, sink)
    eventually(lambda: milter.said(f"{content_of(wrapper)} is known\n"), lambda: milter.said(""))
    assert opened(world, node, wrapper) == mail and "PRINT" in rights(world, node, wrapper)
    events = world.audit(tenant="contoso", content_id=content_of(wrapper))
    assert [event.operation for event in events if event.operation in ("protect", "register_content")] == ["register_content"]


def test_mail_that_nobody_can_ask_about_is_protected_as_all_rules_allow(world, node, mta, sink, milter):
    """The rules would have let one of these go in clear, and the other one be printed."""
    heard(world, mta, sink)
    mails = [mail_of(header="X-Protect: Encrypt\r\n"), mail_of(), mail_of()]
    recipients = ["bob@fabrikam.com", "x@open.example", "bob@fabrikam.com"]
    with away(node):
        for mail, recipient in zip(mails, recipients):
            send(mta, mail, recipient)
        wrappers = [wrapper for mail in mails for _, wrapper in arrived(sink, mail)]
    assert len(wrappers) == 3 and not [wrapper for wrapper in wrappers if b"Secret" in wrapper]
    assert len(milter.said("by what all rules allow, heard 0 min ago for 1 recipients, in a few words")) >= 3
    assert opened(world, node, wrappers[0]) == mails[0] and "PRINT" not in rights(world, node, wrappers[0])
    heard(world, mta, sink)
    for wrapper in wrappers:
        eventually(lambda: milter.said(f"{content_of(wrapper)} is known\n"), lambda: milter.said(""))  # pylint: disable=W0640
    assert opened(world, node, wrappers[2]) == mails[2]


def test_what_is_protected_already_waits(world, node, mta, sink):
    mail = mail_of()
    send(mta, mail)
    (_, wrapper), = arrived(sink, mail)
    again = wrapper.replace(b"Message-Id: <", b"Message-Id: <again-", 1).replace(b"Message-ID: <", b"Message-ID: <again-", 1)
    with away(node):
        code, words = rejection(mta, again)
    assert code == 451 and "AUTHORITY_UNREACHABLE" in words
    heard(world, mta, sink)


def test_where_a_rule_blocks_some_mail_all_of_it_waits(world, node, mta, sink):
    blocks = made(world, "Blocks", {"block_text": "No."}, {"text": {"place": 1, "words": ["not so"]}})
    try:
        heard(world, mta, sink)
        mail = mail_of()
        with away(node):
            code, words = rejection(mta, mail)
        assert code == 451 and "let no mail go unasked" in words
    finally:
        world.call("MailFlowService/DeleteRule", {"rule_id": blocks}, world.contoso.admin)
    send(mta, mail)
    assert len(arrived(sink, mail)) == 1


def test_a_gateway_whose_certificates_were_revoked_gets_another(world, node, mta, sink, milter):
    heard(world, mta, sink)
    before, mail = len(certificates(milter)), mail_of()
    with away(node):
        send(mta, mail)
        (_, wrapper), = arrived(sink, mail)
        component = world.sql(f"SELECT component FROM component WHERE name = '{world.gateway.name}'")
        world.call("PublishingService/RevokePublisher", {"publisher": component}, world.contoso.admin)
    heard(world, mta, sink)
    eventually(lambda: milter.said(f"{content_of(wrapper)} is known to nobody: PUBLISHER_REVOKED"), lambda: milter.said(""))
    eventually(lambda: len(certificates(milter)) > before, lambda: milter.said(""), seconds=60)


# A clock that a file says how far ahead it is; of the clocks, the one by which the gateway renews (away_now).
AHEAD = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *out)
{
    int (*real)(clockid_t, struct timespec *);
    *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, out), ahead = 0;
    FILE *file = clock == CLOCK_BOOTTIME ? fopen(getenv("AHEAD_FILE"), "r") : NULL;
    if (file != NULL) {
        ahead = fscanf(file, "%d", &ahead) == 1 ? ahead : 0;
        fclose(file);
    }
    out->tv_sec += ahead;
    return result;
}
"""


@pytest.mark.skipif(is_sanitized(), reason="AddressSanitizer stands in for clock_gettime itself")
def test_a_certificate_that_was_revoked_was_used_for_a_day(world, node, tmp_path):
    """What it made then, once the authority was away, nobody could ever open."""
    for name, text in (("ahead.c", AHEAD), ("ahead", "0")):
        (tmp_path / name).write_text(text)
    subprocess.run([remembered(r"^CMAKE_C_COMPILER:\w+=(.+)$"), "-shared", "-fPIC", tmp_path / "ahead.c", "-o", tmp_path / "ahead.so"],
                   check=True, timeout=60)
    milter = Milter(tmp_path, postfix.free_port(), server=f"https://{node.address}", certificates=node.folder, offline_hours=2)
    milter.env = {"LD_PRELOAD": f"{tmp_path}/ahead.so", "AHEAD_FILE": f"{tmp_path}/ahead"}
    milter.start()
    try:
        eventually(lambda: certificates(milter), lambda: milter.said(""))
        assert len(certificates(milter)) == 1
        component = world.sql(f"SELECT component FROM component WHERE name = '{world.gateway.name}'")
        world.call("PublishingService/RevokePublisher", {"publisher": component}, world.contoso.admin)
        (tmp_path / "ahead.new").write_text("601")
        os.rename(tmp_path / "ahead.new", tmp_path / "ahead")
        eventually(lambda: len(certificates(milter)) == 2, lambda: milter.said(""), seconds=90)
    finally:
        milter.stop()
