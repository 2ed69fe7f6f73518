# SPDX-License-Identifier: Apache-2.0
"""A mail relay that is slow, refuses, is gone or speaks nonsense: passcodes wait for it, and nobody waits for them. And a
relay that can't be trusted gets nothing."""
import os
import signal
import subprocess
import time

import pytest

from calls import reason
from smtp_server import BadRelay
from waiting import eventually

KIM = "kim@mail.example"


class Dialog:
    """A relay that speaks SMTP, without TLS, and answers each command as it is told to."""

    def __init__(self):
        self.answers, self.commands, self.mode = {}, [], ""
        self.relay = BadRelay(self.script)

    def script(self, peer):
        if self.mode == "silent":
            peer.recv(1)
        elif self.mode == "close":
            peer.close()
        elif self.mode == "garbage":
            peer.sendall(b"\0\xff" * 40000 + b"\r\nHTTP/1.1 200 OK\r\n\r\n")
            peer.recv(1)
        elif self.mode == "endless":
            while True:
                peer.sendall(b"220-and so on\r\n" * 100)
        else:
            self.talk(peer)

    def talk(self, peer):
        peer.sendall(self.answers.get("", b"220 ready\r\n"))
        is_data = False
        for line in peer.makefile("rb"):
            if is_data:
                is_data = line != b".\r\n"
                if not is_data:
                    peer.sendall(self.answers.get(".", b"250 taken\r\n"))
                continue
            self.commands.append(line.decode().strip())
            verb = line[:4].decode().upper().strip()
            peer.sendall(self.answers.get(verb, b"354 go on\r\n" if verb == "DATA" else b"250 OK\r\n"))
            is_data = verb == "DATA" and verb not in self.answers


@pytest.fixture(scope="module")
def dialog():
    made = Dialog()
    yield made
    made.relay.close()


@pytest.fixture(scope="module")
def authority_options(dialog):
    return {"workers": 1, "config": {"mail_relay": {
        "address": f"127.0.0.1:{dialog.relay.port}", "tls": "none", "from": "no-reply@portal.example",
        "timeout_ms": 1000}}}


@pytest.fixture(scope="module")
def made(world):
    return world.protect(recipients=[KIM])


def start(w, made, address=KIM):
    return w.call("PasscodeService/StartPasscode", {
        "address": address, "publishing_license": made.publishing_license, "reader_ip": "192.0.2.7"}, w.portal)


def state(w, started):
    return w.sql(f"SELECT mail_state FROM passcode WHERE passcode = '{started.passcode_id}'")


def waits_after_a_try(w, started):
    """For some seconds, and not the minute and more that a try may take. Counters don't tell: a mail of the test before may
    still be on its way."""
    return w.sql("SELECT mail_at > now() AND mail_at < now() + interval '10 s' FROM passcode WHERE mail_tries > 0 "
                 f"AND passcode = '{started.passcode_id}'") == "t"


def due(w, started):
    w.sql(f"UPDATE passcode SET mail_at = now() WHERE passcode = '{started.passcode_id}'")


@pytest.fixture(autouse=True)
def fresh(world, dialog):
    world.sql("DELETE FROM passcode")
    dialog.answers, dialog.mode = {}, ""


def outcomes(w, name):
    return w.metric(f'chancery_passcode_mails_total{{outcome="{name}"}}')


# Of the workers, at any time.
UPKEEP = ("passcode_mail", "history", "make_partitions", "retain", "sweep", "root_key_", "set_up", "destroy_due_key",
          "find_due_rotation", "claim_notices", "audit_add_summaries", "node_")


def work_of(w, act):
    """How often each step and each statement was done for an act; the worker's own are apart."""
    def counts():
        lines = [line for line in w.a.page("/metrics")[1].splitlines()
                 if line.startswith(("chancery_db_seconds_count", "chancery_step_seconds_count"))]
        return {line.rsplit(" ", 1)[0]: int(float(line.rsplit(" ", 1)[1])) for line in lines
                if not any(name in line for name in UPKEEP)}

    before = counts()
    act()
    return {name: count - before.get(name, 0) for name, count in counts().items() if count != before.get(name, 0)}


def test_the_same_work_for_everybody(world, made):
    """Nothing but the row's own column is different for whom a code is not mailed: the same steps and statements, as
    often."""
    w = world
    addresses = [KIM, "nobody@mail.example", "eve@elsewhere.example"]
    start(w, made)  # what is done once is done
    started, works = {}, []
    for address in addresses:
        works.append(work_of(w, lambda address=address: started.update({address: start(w, made, address)})))
    assert works[0] == works[1] == works[2] and any("start_passcode" in name for name in works[0]), works
    tries = [work_of(w, lambda address=address: reason(lambda: w.call("PasscodeService/VerifyPasscode", {
        "passcode_id": started[address].passcode_id, "code": "12345678"}, w.portal))) for address in addresses]
    assert tries[0] == tries[1] == tries[2] and any("try_passcode" in name for name in tries[0]), tries


@pytest.mark.parametrize("mode, answers", [
    ("silent", {}), ("close", {}), ("garbage", {}), ("endless", {}),
    ("", {"": b"421 too busy\r\n"}), ("", {"": b"554 no\r\n"}), ("", {"EHLO": b"500 what\r\n", "HELO": b"500 what\r\n"}),
    ("", {"MAIL": b"451 later\r\n"}), ("", {"RCPT": b"450 greylisted\r\n"}), ("", {"DATA": b"452 full\r\n"}),
    ("", {".": b"451 later\r\n"}), ("", {"RCPT": b"nonsense\r\n"})])
def test_it_waits_and_is_sent_later(world, dialog, made, mode, answers):
    """What is no refusal of this mail is tried again; and meanwhile licenses are as quick as ever."""
    w = world
    dialog.mode, dialog.answers = mode, answers
    before, sent = outcomes(w, "again"), outcomes(w, "sent")
    started = start(w, made)
    begun = time.monotonic()
    assert reason(lambda: w.acquire(made, w.bob)) == "NO_RIGHTS"
    assert time.monotonic() - begun < 1
    eventually(lambda: waits_after_a_try(w, started), "it is tried again within seconds")
    assert state(w, started) == "1" and outcomes(w, "again") > before
    dialog.mode, dialog.answers = "", {}
    due(w, started)
    start(w, made)  # which wakes the mailer
    eventually(lambda: state(w, started) == "2", "it is sent")
    assert outcomes(w, "sent") > sent


@pytest.mark.parametrize("answers, code", [({"RCPT": b"550 no such user\r\n"}, 550), ({"MAIL": b"553 not you\r\n"}, 553),
                                           ({".": b"554 spam\r\n"}, 554)])
def test_what_is_refused_is_given_up(world, dialog, made, answers, code):
    w = world
    dialog.answers = answers
    started = start(w, made)
    eventually(lambda: state(w, started) == "3", "it is given up")
    row = w.sql("SELECT granted, reason, target FROM audit WHERE operation = 'mail_passcode' "
                f"AND tenant = '{w.contoso.id}' ORDER BY at DESC LIMIT 1")
    assert row == f"f|MAIL_REFUSED|{KIM}: the mail relay refused it with code {code}"


def test_what_comes_too_late_is_not_sent(world, dialog, made):
    w = world
    dialog.mode = "close"
    started = start(w, made)
    eventually(lambda: waits_after_a_try(w, started), "a try has failed")
    dialog.mode = ""
    w.sql(f"UPDATE passcode SET expires_at = now(), mail_at = now() WHERE passcode = '{started.passcode_id}'")
    count = len(dialog.commands)
    eventually(lambda: state(w, started) == "3", "it is given up")
    assert len(dialog.commands) == count
    assert "PASSCODE_ENDED" in w.sql("SELECT reason FROM audit WHERE operation = 'mail_passcode' ORDER BY at DESC LIMIT 1")


def test_a_tenant_has_too_many(world, dialog, made):
    w = world
    dialog.mode = "silent"
    w.sql("INSERT INTO passcode (passcode, tenant, content, address, network, portal, reference, language, key_version, "
          f"expires_at, is_nobodys, mail_state) SELECT gen_random_uuid(), '{w.contoso.id}', gen_random_uuid(), "
          "'n' || n || '@x.example', 'n', gen_random_uuid(), 'R', '', 1, now() + interval '1 h', true, 4 "
          "FROM generate_series(1, 5000) AS n")
    assert reason(lambda: start(w, made)) == "PASSCODE_QUEUE_FULL"
    assert w.sql("SELECT reason FROM audit WHERE operation = 'start_passcode' ORDER BY at DESC LIMIT 1") == \
        "PASSCODE_QUEUE_FULL"
    w.sql("UPDATE passcode SET created_at = created_at - interval '15 min' WHERE reference = 'R'")
    assert start(w, made)


def test_tenants_take_turns(world, made):
    """One tenant's hundreds of mails don't stand before another's one."""
    w = world
    waiting = ("INSERT INTO passcode (passcode, tenant, content, address, network, portal, reference, language, "
               "key_version, expires_at, is_nobodys, mail_at) SELECT gen_random_uuid(), '{}', gen_random_uuid(), "
               "'n@x.example', 'n', gen_random_uuid(), 'R', '', 1, now() + interval '1 h', true, {} "
               "FROM generate_series(1, {})")
    w.sql(waiting.format(w.contoso.id, "now() - interval '1 min'", 300))
    w.sql(waiting.format(w.fabrikam.id, "now()", 1))
    start(w, made)
    eventually(lambda: w.sql("SELECT count(*) FROM passcode WHERE mail_state = 1") == "0", "all are done")
    earlier = w.sql("SELECT count(*) FROM passcode p WHERE tenant = '{}' AND mail_at < (SELECT mail_at FROM passcode "
                    "WHERE tenant = '{}')".format(w.contoso.id, w.fabrikam.id))
    assert int(earlier) < 64, "settling moves mail_at, so it tells the order"


def test_a_worker_that_lacks_a_root_key_takes_no_mail(world, dialog, made):
    """The code is derived from a key that it may not open; another node's worker does."""
    w = world

    def count(statement):
        return w.metric(f'chancery_db_seconds_count{{statement="{statement}"')

    dialog.answers = {"RCPT": b"450 greylisted\r\n"}
    started = start(w, made)
    eventually(lambda: waits_after_a_try(w, started), "it is tried again within seconds")
    w.sql("INSERT INTO root_key_check (root_version, wrapped) VALUES (77, 'x')")  # which nobody has
    try:
        eventually(lambda: w.a.page("/readyz")[0] == 503, "the worker has heard", 60)
        dialog.answers = {}
        due(w, started)
        claims, meetings = count("claim_passcode_mails"), count("root_key_meet")
        eventually(lambda: count("root_key_meet") >= meetings + 1, "it goes on asking", 60)
        assert count("claim_passcode_mails") == claims and state(w, started) == "1"
    finally:
        w.sql("DELETE FROM root_key_check WHERE root_version = 77")
    eventually(lambda: state(w, started) == "2", "it is sent", 60)


def test_a_worker_that_dies_loses_no_mail(world, dialog, made):
    """Killed between taking a mail and marking it: another worker takes it when the lease has ended."""
    w = world
    dialog.mode = "silent"
    count = dialog.relay.connections
    started = start(w, made)
    eventually(lambda: dialog.relay.connections > count, "somebody asks the relay")
    ready = len(w.a.logged("worker.ready"))
    for pid in subprocess.run(["pgrep", "-P", str(w.a.process.pid)], capture_output=True, text=True,
                              check=True).stdout.split():
        os.kill(int(pid), signal.SIGKILL)
    w.a.wait_for_log("worker.ready", ready)
    dialog.mode = ""
    assert state(w, started) == "1"
    due(w, started)
    eventually(lambda: state(w, started) == "2", "it is sent", seconds=40)
