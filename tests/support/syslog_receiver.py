# SPDX-License-Identifier: Apache-2.0
"""A syslog receiver over TLS (RFC 5425) that can stall, cut connections, and go and come at one address."""
import re
import socket
import ssl
import struct
import threading

POLL_SECONDS = 0.05
HEADER = re.compile(r"<(?P<pri>\d{1,3})>1 (?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (?P<host>\S{1,255}) (?P<app>\S{1,48}) "
                    r"(?P<procid>\S{1,128}) (?P<msgid>\S{1,32}) (?P<data>-|\[.*?\]) (?P<text>.*)", re.S)


class SyslogReceiver:  # pylint: disable=too-many-instance-attributes
    def __init__(self, certificate, key, client_ca=None, port=0):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        if client_ca:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(client_ca)
        self.messages = []  # each as a match of HEADER
        self.connections, self.cuts = 0, 0
        self.may_read = threading.Event()
        self.may_read.set()
        self.lock, self.open = threading.Lock(), set()
        self.listener = None
        self.port = port
        self.start()

    def start(self):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        self.listener.bind(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        self.listener.listen()
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def texts(self):
        return [message["text"] for message in self.messages]

    def stall(self):
        self.may_read.clear()

    def resume(self):
        self.may_read.set()

    def cut(self):
        """End all connections as a machine does that went down and is back: what was not read is lost."""
        with self.lock:
            connections = list(self.open)
            self.cuts += len(connections)
        for connection in connections:
            connection.is_cut.set()
        for connection in connections:
            connection.has_ended.wait()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut()

    def _accept(self, listener):
        while True:
            try:
                raw, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _serve(self, raw):
        try:
            connection = self.context.wrap_socket(raw, server_side=True)
        except (ssl.SSLError, OSError):
            raw.close()
            return
        connection.settimeout(POLL_SECONDS)
        connection.is_cut, connection.has_ended = threading.Event(), threading.Event()
        with self.lock:
            self.open.add(connection)
            self.connections += 1
        try:
            self._read(connection)
        except OSError:
            pass
        if connection.is_cut.is_set():
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
        with self.lock:
            self.open.discard(connection)
        connection.close()
        connection.has_ended.set()

    def _read(self, connection):
        data = b""
        while not connection.is_cut.is_set():
            if not self.may_read.wait(POLL_SECONDS):
                continue
            try:
                more = connection.recv(65536)
            except TimeoutError:
                continue
            if not more:
                return
            data = self._take(data + more)

    def _take(self, data):
        while (frame := re.match(rb"([1-9]\d*) ", data)) and len(data) >= frame.end() + int(frame[1]):
            end = frame.end() + int(frame[1])
            message = HEADER.fullmatch(data[frame.end():end].decode())
            assert message, data[:200]
            self.messages.append(message)
            data = data[end:]
        assert re.match(rb"[1-9]\d* |\d*$", data), data[:200]
        return data
