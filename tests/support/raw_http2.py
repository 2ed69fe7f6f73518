# SPDX-License-Identifier: Apache-2.0
"""An HTTP/2 client of hand-made frames, for what no well-behaved client sends. It keeps to the windows unless told
otherwise, and knows of HPACK only what it needs: literals that are never indexed."""
import select
import socket
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
INITIAL_WINDOW_SIZE = 4
DEFAULT_WINDOW = 65535
FRAME_MAX = 16384


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def call_headers(method):
    """POST, http, an authority, a path, application/grpc and te: trailers."""
    path = f"/echo.Echo/{method}".encode()
    return (b"\x83\x86" + b"\x01\x04echo" + b"\x04" + bytes([len(path)]) + path + b"\x0f\x10\x10application/grpc" +
            b"\x10\x02te\x08trailers")


def message(length, byte=b"x", flag=0):
    return struct.pack(">BI", flag, length) + byte * length


class Stream:
    def __init__(self, number, window):
        self.id = number
        self.window = window
        self.first_window = window
        self.granted = 0  # by WINDOW_UPDATE
        self.body = b""
        self.ended = False
        self.reset = None

    @property
    def refused(self):
        """Answered without a message, and not by a reset."""
        return self.ended and not self.body and not self.reset


class Raw:
    """One connection. Frames of the server are taken in by `read` and by all that waits."""

    def __init__(self, address, ack=True):
        host, port = address.split(":")
        self.sock = socket.create_connection((host, int(port)), timeout=20)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ack = ack
        self.window = DEFAULT_WINDOW
        self.stream_window = DEFAULT_WINDOW
        self.streams = {}
        self.settings_seen = False
        self.closed = False
        self.goaway = False
        self.data = b""
        self.next_id = 1
        self.sock.sendall(PREFACE + frame(SETTINGS, 0, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    # --- from the server ---

    def read(self, seconds=0.0):
        """Take in what comes within some seconds; at least what is there."""
        while not self.closed and select.select([self.sock], [], [], seconds)[0]:
            try:
                more = self.sock.recv(1 << 16)
            except ConnectionError:
                more = b""
            self.closed = not more
            self.data += more
            while len(self.data) >= 9:
                length = int.from_bytes(self.data[:3], "big")
                if len(self.data) < 9 + length:
                    break
                kind, flags = self.data[3], self.data[4]
                number = int.from_bytes(self.data[5:9], "big")
                self.take(kind, flags, number, self.data[9:9 + length])
                self.data = self.data[9 + length:]
            seconds = 0.0

    def take(self, kind, flags, number, payload):
        stream = self.streams.get(number)
        if kind == SETTINGS and not flags & ACK:
            self.take_settings(payload)
        elif kind == PING and not flags & ACK:
            self.sock.sendall(frame(PING, ACK, 0, payload))
        elif kind == GOAWAY:
            self.goaway = True
        elif kind == WINDOW_UPDATE and number == 0:
            self.window += int.from_bytes(payload, "big")
        elif kind == WINDOW_UPDATE and stream:
            stream.window += int.from_bytes(payload, "big")
            stream.granted += int.from_bytes(payload, "big")
        elif kind == HEADERS and stream:
            stream.ended |= bool(flags & END_STREAM)
        elif kind == DATA and stream:
            stream.body += payload
            stream.ended |= bool(flags & END_STREAM)
            self.sock.sendall(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", max(1, len(payload)))))
        elif kind == RST_STREAM and stream:
            stream.reset = int.from_bytes(payload, "big")
            stream.ended = True

    def take_settings(self, payload):
        for at in range(0, len(payload), 6):
            key, value = struct.unpack(">HI", payload[at:at + 6])
            if key == INITIAL_WINDOW_SIZE and self.ack:
                for stream in self.streams.values():
                    stream.window += value - self.stream_window
                self.stream_window = value
        self.settings_seen = True
        if self.ack:
            self.sock.sendall(frame(SETTINGS, ACK, 0))

    def wait(self, condition, seconds=20, what="the server"):
        left = int(seconds / 0.05)
        while not condition():
            assert left > 0 and not self.closed, f"waited in vain for {what}"
            self.read(0.05)
            left -= 1

    # --- to the server ---

    def settle(self):
        """Wait until both sides know the server's settings and the connection's window."""
        self.wait(lambda: self.settings_seen and self.window > DEFAULT_WINDOW, what="SETTINGS")
        return self

    def open(self, method, end=False):
        stream = Stream(self.next_id, self.stream_window)
        self.next_id += 2
        self.streams[stream.id] = stream
        self.sock.sendall(frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream.id,
                                call_headers(method)))
        return stream

    def send(self, stream, data, end=False, padding=0):
        """Send what the windows allow now; returns the rest. `padding` bytes go into every frame that has room."""
        while data:
            room = min(stream.window, self.window, FRAME_MAX)
            pads = 0 < padding < room - 1
            size = min(len(data), room - padding - 1 if pads else room)
            if size <= 0:
                return data
            last = end and size == len(data)
            flags = (END_STREAM if last else 0) | (PADDED if pads else 0)
            payload = data[:size]
            if pads:
                payload = bytes([padding]) + payload + b"\0" * padding
            self.sock.sendall(frame(DATA, flags, stream.id, payload))
            stream.window -= len(payload)
            self.window -= len(payload)
            data = data[size:]
        return b""

    def send_all(self, stream, data, end=True, padding=0, seconds=20):
        """Send everything, as the windows open."""
        left = int(seconds / 0.05)
        while data := self.send(stream, data, end, padding):
            assert left > 0 and not self.closed, f"{len(data)} bytes of stream {stream.id} found no window"
            self.read(0.05)
            left -= 1

    def answer(self, stream, seconds=20):
        """The answer's only message as text."""
        self.wait(lambda: stream.ended, seconds, f"the answer of stream {stream.id}")
        return stream.body[5:].decode()
