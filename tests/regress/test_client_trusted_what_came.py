# SPDX-License-Identifier: Apache-2.0
"""The command line opened with a use license that had ended or was another authority's, sent tokens over http:// to anybody,
and kept a token in the buffer that it had read it into."""
import os
import re
import secrets
import socket
import subprocess
import threading

import pytest

from build_kind import is_sanitized
from command import CHANCERY, SAMPLE, profile, protect, run, same, with_certificate, with_token
from waiting import eventually

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
DAY_S = 24 * 3600


class Turns:
    """A TCP proxy: its first connection goes to one address, and all later ones to another. Without TLS each request has a
    connection of its own (client/client.c)."""

    def __init__(self, first, then):
        self.addresses = [first]
        self.then = then
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            host, port = (self.addresses.pop() if self.addresses else self.then).rsplit(":", 1)
            server = socket.create_connection((host, int(port)))
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self.copy, args=(one, other), daemon=True).start()

    @staticmethod
    def copy(one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self.socket.close()


@pytest.fixture(scope="module")
def world(world):
    with_certificate(world, "edge", world.gateway)
    with_token(world, "bob", world.fabrikam.token("bob"))
    world.sealed = f"{world.a.folder}/sealed.eml"
    protect(world, SAMPLE, world.sealed)
    return world


@pytest.fixture
def out(world):
    path = f"{world.a.folder}/out"
    yield path
    if os.path.exists(path):
        os.unlink(path)


def plain_profile(world, name, server, **fields):
    profile(world, name, server=server, token_file=f"{world.a.folder}/bob.token", **fields)


# --- use licenses ---


@pytest.mark.skipif(is_sanitized(), reason="libfaketime does not go with AddressSanitizer")
@pytest.mark.parametrize("days,reason", [(0, None), (29, None), (31, "USE_LICENSE_EXPIRED"), (-1, "USE_LICENSE_EXPIRED")])
def test_license_had_ended(world, out, days, reason):
    """By the clock of whoever opens. Tenants let licenses hold for 30 days."""
    plain_profile(world, "plain", f"http://{world.a.cleartext}", loopback_without_tls=True)
    env = {**os.environ, "LD_PRELOAD": FAKETIME, "FAKETIME": f"{days * DAY_S:+d}", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    assert os.path.exists(FAKETIME), "install Debian's faketime: scripts/install-deps test"
    done = run(world, "open", "plain", world.sealed, out, expect=1 if reason else 0, env=env)
    assert os.path.exists(out) == (reason is None)
    assert reason is None or reason in done.stderr and "Check the clock" in done.stderr


def test_license_was_of_another_authority(world, out):
    """It is signed with the tenant's key and names the tenant, at an address for which nobody here speaks."""
    other = world.a.node(authority_url="https://evil.example").start()
    try:
        for first, then, expect in ((world.a, other, 1), (other, world.a, 1), (other, other, 0), (world.a, world.a, 0)):
            proxy = Turns(first.cleartext, then.cleartext)
            plain_profile(world, "turns", proxy.url, loopback_without_tls=True)
            done = run(world, "open", "turns", world.sealed, out, expect=expect)
            proxy.close()
            assert os.path.exists(out) == (expect == 0)
            if expect == 0:
                assert same(SAMPLE, out)
                os.unlink(out)
            else:
                assert "USE_LICENSE_INVALID" in done.stderr and "`iss`" in done.stderr
    finally:
        other.stop()


# --- tokens ---


@pytest.mark.parametrize("server", ["http://127.0.0.1:{}", "http://localhost:{}", "http://[::1]:{}"])
def test_token_was_sent_in_the_clear(world, out, server):
    """Nothing connects before the user has said that it may."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.5)
        plain_profile(world, "clear", server.format(listener.getsockname()[1]))
        done = run(world, "open", "clear", world.sealed, out, expect=1)
        assert "CONNECTION_UNPROTECTED" in done.stderr and "loopback_without_tls" in done.stderr
        with pytest.raises(TimeoutError):
            listener.accept()


@pytest.mark.parametrize("host", ["rms.example.org", "10.0.0.1", "127.0.0.1.example.org", "localhost.example", "0.0.0.0"])
def test_token_was_sent_to_anybody(world, out, host):
    """Whatever the profile says, with a token and without."""
    plain_profile(world, "clear", f"http://{host}:80", loopback_without_tls=True)
    assert "CONNECTION_UNPROTECTED" in run(world, "open", "clear", world.sealed, out, expect=1).stderr
    profile(world, "clear", server=f"http://{host}:80")
    assert "CONNECTION_UNPROTECTED" in run(world, "open", "clear", world.sealed, out, expect=1).stderr


@pytest.mark.parametrize("server", ["http://127.0.0.1@evil.example", "https://user:pw@rms.example.org", "ftp://127.0.0.1",
                                    "https://rms.example.org?x", "rms.example.org", ""])
def test_server_is_no_address(world, out, server):
    plain_profile(world, "clear", server, loopback_without_tls=True)
    assert "PROFILE_INVALID" in run(world, "open", "clear", world.sealed, out, expect=1).stderr


def test_this_machine_when_it_may(world, out):
    plain_profile(world, "clear", f"http://{world.a.cleartext}", loopback_without_tls=True)
    run(world, "open", "clear", world.sealed, out)
    assert same(SAMPLE, out)


def memory_of(pid):
    """What the process can write to, region by region."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            match = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if match and "[v" not in line:
                start, end = (int(text, 16) for text in match.groups())
                memory.seek(start)
                try:
                    yield memory.read(end - start)
                except OSError:
                    continue


@pytest.mark.skipif(is_sanitized(), reason="AddressSanitizer keeps freed memory")
def test_token_stayed_in_the_read_buffer(world, tmp_path):
    """While the input is waited for, each piece of the token stands in the header that will be sent, and nowhere else."""
    token = secrets.token_urlsafe(9000).encode()
    world.a.write("wiped.token", token + b"\n")
    profile(world, "wiped", token_file=f"{world.a.folder}/wiped.token")
    os.mkfifo(tmp_path / "in")
    with subprocess.Popen([CHANCERY, "open", "--profile", f"{world.a.folder}/wiped.yaml", tmp_path / "in", tmp_path / "out"],
                          stderr=subprocess.DEVNULL) as process:

        def waits():
            with open(f"/proc/{process.pid}/syscall", encoding="ascii") as file:
                return file.read().startswith("257 ")  # openat of the FIFO

        eventually(waits, "the command waits for its input")
        regions = list(memory_of(process.pid))
        process.kill()
    assert sum(region.count(b"authorization: Bearer " + token) for region in regions) == 1
    for at in range(0, len(token) - 64, 64):
        assert sum(region.count(token[at:at + 64]) for region in regions) == 1, at
