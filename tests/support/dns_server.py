#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A DNS server for one test, over UDP and TCP: TXT records and addresses from dicts, and every way to misbehave.

As a program: dns_server.py COMMAND …  runs the command with CHANCERY_TEST_DNS set to the address. There the first
label of a name says how it is answered; see MODES."""
import ipaddress
import os
import socket
import struct
import subprocess
import sys
import threading

TXT, IN, NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 16, 1, 0, 2, 3, 5
A, AAAA = 1, 28


def txt(*strings):
    """The data of one TXT record: its strings, each of at most 255 bytes."""
    return b"".join(bytes([len(s)]) + s for s in strings)


def name_of(question):
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1:at + 1 + question[at]])
        at += 1 + question[at]
    return b".".join(labels).decode().lower(), at + 5


def type_of(question, end):
    return struct.unpack("!H", question[end - 4:end - 2])[0]


def packed(addresses, kind):
    """The data of the records of a type: A or AAAA."""
    found = [ipaddress.ip_address(address) for address in addresses]
    return [address.packed for address in found if address.version == (4 if kind == A else 6)]


def answer(question, end, rcode=NOERROR, records=(), flags=0x8180):
    kind = type_of(question, end)
    body = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, IN, 0, len(data)) + data for data in records)
    return (question[:2] + struct.pack("!HHHHH", flags | rcode, 1, len(records), 0, 0) + question[12:end] + body)


MODES = {  # for programs: records, or what else happens
    "one": [txt(b"hello")],
    "split": [txt(b"he", b"", b"llo"), txt(b"other")],
    "nul": [txt(b"hel\0lo"), txt(b"hello")],
    "long": [txt(*[b"x" * 255] * 5), txt(b"hello")],
    "many": [txt(b"n%d" % n) for n in range(200)],
    "huge": [txt(*[b"y" * 250] * 200)],
    "none": [],
}
HOSTS = {  # the same for addresses
    "four": ["127.0.0.1"],
    "six": ["::1"],
    "both": ["127.0.0.1", "127.0.0.2", "::1"],
    "crowd": [f"127.0.1.{n}" for n in range(20)],
    "lossy": ["127.0.0.1"],
    "inside": ["10.0.0.1"],
}


class DnsServer:
    """Answers by `records` (name to data of TXT records), `hosts` (name to addresses) and `rcodes` (name to an error);
    with `silent` nothing, and nothing for the names in `mute`."""

    def __init__(self, modes=False):
        self.records, self.hosts, self.rcodes, self.asked = {}, {}, {}, []
        self.modes, self.silent, self.mute = modes, False, set()
        while True:  # one port for both
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.bind(("127.0.0.1", 0))
            self.tcp = socket.socket()
            try:
                self.tcp.bind(self.udp.getsockname())
                break
            except OSError:
                self.udp.close()
        self.tcp.listen()
        self.address = "127.0.0.1:%d" % self.udp.getsockname()[1]
        self.config = {"dns": {"servers": [self.address]}}  # of chanceryd
        for run in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=run, daemon=True).start()

    def close(self):
        for one in (self.udp, self.tcp):
            one.close()

    def _records(self, name, mode, kind):
        """None when there is no such name."""
        if kind in (A, AAAA):
            hosts = HOSTS.get(mode, []) if self.modes else self.hosts.get(name)
            return packed(hosts, kind) if hosts is not None else [] if name in self.records else None
        return MODES.get(mode, [txt(b"hello")]) if self.modes else self.records.get(name)

    def _reply(self, question, stream):  # pylint: disable=too-many-return-statements
        name, end = name_of(question)
        self.asked.append(name)
        mode = name.split(".", maxsplit=1)[0] if self.modes else ""
        times = self.asked.count(name)
        if self.silent or name in self.mute or mode == "silent" or (mode == "lossy" and times == 1):
            return b""
        if mode == "garbage":
            return question[:2] + b"\x81\x80" + b"\xff" * 40
        if mode == "stranger":  # an answer with another id, then the right one
            self.udp_extra = bytes([question[0] ^ 1]) + answer(question, end, records=[txt(b"forged")])[1:]
        if mode in ("servfail", "refused"):
            return answer(question, end, SERVFAIL if mode == "servfail" else REFUSED)
        records = self._records(name, mode, type_of(question, end))
        if mode == "nx" or records is None:
            return answer(question, end, self.rcodes.get(name, NXDOMAIN))
        whole = answer(question, end, self.rcodes.get(name, NOERROR), records)
        return whole if stream or len(whole) <= 512 else answer(question, end, flags=0x8380)  # truncated

    def _serve_udp(self):
        self.udp_extra = b""
        while True:
            try:
                question, peer = self.udp.recvfrom(4096)
            except OSError:
                return
            reply = self._reply(question, False)
            for part in (self.udp_extra, reply):
                if part:
                    self.udp.sendto(part, peer)
            self.udp_extra = b""

    def _serve_tcp(self):
        while True:
            try:
                peer, _ = self.tcp.accept()
            except OSError:
                return
            with peer:
                size = peer.recv(2)
                if len(size) == 2:
                    reply = self._reply(peer.recv(struct.unpack("!H", size)[0]), True)
                    peer.sendall(struct.pack("!H", len(reply)) + reply)
                    peer.recv(1)


def main():
    env = dict(os.environ, CHANCERY_TEST_DNS=DnsServer(modes=True).address)
    return subprocess.run(sys.argv[1:], env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
