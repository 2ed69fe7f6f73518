# SPDX-License-Identifier: Apache-2.0
"""To which mail relay passcodes go, and to which they don't: TLS, certificates, credentials, configuration."""
import itertools
import json
import re
import subprocess

import pytest

from authority import BUILD
from calls import reason
from dns_server import DnsServer
from mail_relay import relay  # noqa: F401  pylint: disable=W0611
from smtp_server import BadRelay, parse_code

KIM = "kim@mail.example"


@pytest.fixture(scope="module")
def authority_options():
    return {"config": {"mail_relay": None}}


@pytest.fixture(scope="module")
def made(world):
    return world.protect(recipients=[KIM])


# One network may ask for few codes of one address.
READERS = itertools.count(1)


def start(w, made, node):
    return node.call("PasscodeService/StartPasscode", {
        "address": KIM, "publishing_license": made.publishing_license,
        "reader_ip": f"192.0.2.{next(READERS)}"}, w.portal)


class Node:
    """A node with another relay."""

    def __init__(self, world, **config):
        self.node = world.a.node(**config)

    def __enter__(self):
        return self.node.start()

    def __exit__(self, *_):
        self.node.stop()


def problem(node):
    return node.wait_for_log("passcode_mail.not_sent")["problem"]


def test_without_a_relay(world, made):
    assert reason(lambda: start(world, made, world.a)) == "PASSCODES_UNAVAILABLE"


def test_starttls_or_nothing(world, made):
    """A relay that offers no TLS hears neither who signs in nor whom the mail is for."""
    heard = []

    def script(peer):
        peer.sendall(b"220 ready\r\n")
        for line in peer.makefile("rb"):
            heard.append(line.decode().split()[0])
            peer.sendall(b"250-here\r\n250 AUTH PLAIN LOGIN\r\n" if heard[-1] == "EHLO" else b"250 OK\r\n")

    bad = BadRelay(script)
    config = {"address": f"127.0.0.1:{bad.port}", "from": "no-reply@portal.example"}
    with Node(world, mail_relay=config) as node:
        start(world, made, node)
        assert problem(node)
        assert set(heard) <= {"EHLO", "HELO", "QUIT", "STARTTLS"}
    bad.close()


def test_a_certificate_of_nobody(world, made, relay):
    """Its authority is not among those of the system."""
    with Node(world, mail_relay={**relay.config(), "ca_file": ""}) as node:
        count = len(relay.logins)
        start(world, made, node)
        assert "certificate" in problem(node)
        assert len(relay.logins) == count and not relay.to(KIM)


def test_a_certificate_of_another_name(world, made, relay):
    """Also when the name leads to the right machine."""
    dns = DnsServer()
    dns.hosts["relay.wrong.example"] = ["127.0.0.1"]
    with Node(world, mail_relay={**relay.config(), "address": f"relay.wrong.example:{relay.port}"},
              dns={"servers": [dns.address]}) as node:
        start(world, made, node)
        assert "relay.wrong.example" in problem(node) and not relay.to(KIM)
    dns.close()


def test_a_name_that_nobody_knows(world, made, relay):
    dns = DnsServer()
    with Node(world, mail_relay={**relay.config(), "address": f"none.example:{relay.port}"},
              dns={"servers": [dns.address]}) as node:
        start(world, made, node)
        assert problem(node) == "there is no such relay"
    dns.close()


def test_a_wrong_password(world, made, relay, tmp_path):
    """It is neither sent nor given up, and stands in no log."""
    file = tmp_path / "password"
    file.write_text("wrong-secret\n")
    file.chmod(0o600)
    with Node(world, mail_relay={**relay.config(), "password_file": str(file)}) as node:
        started = start(world, made, node)
        assert problem(node)
        assert world.sql(f"SELECT mail_state FROM passcode WHERE passcode = '{started.passcode_id}'") == "1"
        assert "wrong-secret" not in json.dumps(node.log) and not relay.to(KIM)


def test_the_relay_that_is_right(world, made, relay):
    """By a name that server/dns has looked up, here /etc/hosts."""
    world.sql("DELETE FROM passcode")
    with Node(world, mail_relay=relay.config()) as node:
        start(world, made, node)
        relay.wait_for(KIM)
        assert not node.logged("passcode_mail.not_sent")


def test_a_node_sends_mails_of_its_boundaries_alone(world, made, relay):
    """Others' keys are not for it to have; and row-level security keeps the same line."""
    w = world
    w.sql("DELETE FROM passcode")
    high = w.protect(w.agency.gateway, owner="alice@agency.us", recipients=["high@mail.example"])
    request = {"publishing_license": high.publishing_license, "reader_ip": "192.0.2.7", "address": "high@mail.example"}
    role = w.a.node_role("node_commercial", "commercial")
    for more, told in (({}, "WRONG_BOUNDARY"), ({"database": {"conninfo": role}}, "COMPONENT_UNKNOWN")):
        with Node(w, mail_relay=relay.config(), boundaries=["commercial"], **more) as node:
            count = len(relay.to(KIM))
            assert reason(lambda node=node: node.call("PasscodeService/StartPasscode", request, w.high_portal)) == told
            w.sql("INSERT INTO passcode (passcode, tenant, content, address, network, portal, reference, language, "
                  f"key_version, expires_at, is_nobodys) SELECT gen_random_uuid(), '{w.agency.id}', "
                  f"'{high.content_id}', 'high@mail.example', 'n', gen_random_uuid(), 'R', '', 1, now() + interval '1 h', "
                  "false")
            started = start(w, made, node)
            code, _ = parse_code(relay.wait_for(KIM, count + 1))
            token = node.call("PasscodeService/VerifyPasscode", {
                "passcode_id": started.passcode_id, "code": code}, w.portal).token
            assert w.rights(made, who=w.portal, user_token=token, on=node)
            assert not relay.to("high@mail.example")
            assert w.sql(f"SELECT DISTINCT mail_tries FROM passcode WHERE tenant = '{w.agency.id}'") == "0"


# --- configuration -----------------------------------------------------------------------------


def check_config(world, tmp_path, relay_config):
    file = tmp_path / "chanceryd.yaml"
    config = {**world.a.config, "mail_relay": relay_config} if relay_config else world.a.config
    file.write_text(json.dumps(config))
    done = subprocess.run([f"{BUILD}/server/daemon/chanceryd", "--check-config", "--config", file],
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("change, told", [
    ({"address": "smtp.example.org"}, "mail_relay.address"), ({"address": ":25"}, "mail_relay.address"),
    ({"address": "a b:25"}, "mail_relay.address"), ({"address": "host:0"}, "mail_relay.address"),
    ({"tls": "maybe"}, "mail_relay.tls"), ({"tls": "none"}, "mail_relay.tls"),
    ({"tls": "none", "address": "127.0.0.1:25"}, "mail_relay.user"),
    ({"from": ""}, "mail_relay.from"), ({"from": "a@b>\r\nX: y"}, "mail_relay.from"),
    ({"from": "a@b@c.example"}, "mail_relay.from"), ({"from": "jürgen@x.example"}, "mail_relay.from"),
    ({"from_name": "x" * 46}, "mail_relay.from_name"), ({"from_name": "a\r\nBcc: x"}, "mail_relay.from_name"),
    ({"envelope_sender": "<>"}, "mail_relay.envelope_sender"), ({"helo": "a b"}, "mail_relay.helo"),
    ({"user": "x", "password_file": ""}, "mail_relay.password_file"), ({"timeout_ms": 120001}, "mail_relay.timeout_ms"),
    ({"password_file": "/nowhere"}, "FILE_UNREADABLE"), ({"ca_file": "/nowhere"}, "FILE_UNREADABLE")])
def test_bad_configurations(world, relay, tmp_path, change, told):
    code, said = check_config(world, tmp_path, {**relay.config(), **change})
    assert code != 0 and told in said, said


def test_a_password_that_others_read(world, relay, tmp_path):
    file = tmp_path / "password"
    file.write_text("secret\n")
    file.chmod(0o644)
    code, said = check_config(world, tmp_path, {**relay.config(), "password_file": str(file)})
    assert code != 0 and "FILE_MODE" in said and "secret\n" not in said


def test_a_good_configuration(world, relay, tmp_path):
    _, with_it = check_config(world, tmp_path, relay.config())
    _, without = check_config(world, tmp_path, None)
    codes = [set(re.findall(r"chanceryd: ([A-Z_]+):", said)) for said in (with_it, without)]
    assert codes[0] == codes[1] and "mail_relay" not in with_it
