# SPDX-License-Identifier: Apache-2.0
"""Nobody needs an account to upload at the portal of examples/portal, so one stranger could hold its memory by five uploads that
they announced and did not send, and its sessions by small ones. A network has a quarter of both."""
import contextlib
import socket

import pytest

from portal import WHY_NOT, Portal
from portal_world import authority_options, mail_of, no_passcodes, node, protected, relay, relay_settings  # noqa: F401  pylint: disable=W0611

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "never")
MIB = 1024 * 1024


@contextlib.contextmanager
def announced(portal, address, count):
    """Uploads that begin and don't go on; those that were refused say so."""
    held = []
    for _ in range(count):
        raw = socket.create_connection(("127.0.0.1", portal.port), timeout=20)
        raw.sendall(f"POST /open HTTP/1.1\r\nHost: localhost:{portal.port}\r\nOrigin: {portal.origin}\r\nContent-Length: {6 * MIB}\r\n"
                    f"X-Real-IP: {address}\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n".encode())
        held.append(raw)
    portal.reader(address="198.51.100.1").get("/healthz")  # by now they have been looked at
    yield held
    for raw in held:
        raw.close()


@pytest.mark.parametrize("addresses", [("192.0.2.66",), ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2")], ids=["IPv4", "one IPv6 network"])
def test_memory_that_a_stranger_announces(world, node, relay, addresses):
    wrapper, _ = protected(node, mail_of())
    with Portal(node, world.portal, **relay_settings(relay)) as portal, contextlib.ExitStack() as stack:
        held = [raw for address in addresses for raw in stack.enter_context(announced(portal, address, 6))]
        assert sum(is_refused(raw) for raw in held) == len(held) - 1, "a quarter of 256 MiB is one of 6 MiB, at eight times its size"
        assert portal.reader(address="192.0.2.7").upload(wrapper).status == 200
        assert portal.reader(address="2001:db8:0:2::1").upload(wrapper).status == 200
    assert portal.process.returncode == 0


def is_refused(raw):
    raw.settimeout(0.3)
    try:
        return raw.recv(100).startswith(b"HTTP/1.1 503")
    except TimeoutError:
        return False


def test_sessions_that_a_stranger_begins(world, node, relay):
    wrapper, _ = protected(node, mail_of())
    with Portal(node, world.portal, **relay_settings(relay, sessions=8)) as portal:
        stranger = [portal.reader(address="192.0.2.66").upload(wrapper) for _ in range(8)]
        assert [page.status for page in stranger] == [200] * 2 + [503] * 6 and "Too many people" in stranger[-1].problem
        others = [portal.reader(address=f"192.0.2.{number}") for number in range(1, 8)]
        assert [reader.upload(wrapper).status for reader in others] == [200] * 6 + [503], "all have eight"
        page = others[0].upload(wrapper)
        assert page.status == 503, "who has one begins none beside"
        others[1].get("/sign-in")
        assert portal.reader(address="192.0.2.66").upload(wrapper).status == 503
