# SPDX-License-Identifier: Apache-2.0
"""A collector of OpenTelemetry by OTLP/HTTP that can refuse, stall, and go and come at one address. It reads messages by the field
numbers of the specification, and not by our own .proto."""
import http.server
import ssl
import struct
import threading
import time
from collections import namedtuple

Span = namedtuple("Span", "trace id parent name kind start end attributes error flags")
Post = namedtuple("Post", "path headers body at")


def fields(message):
    """The fields of a message: pairs of number and value."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value

    found = []
    while at < len(message):
        key = varint()
        kind = key & 7
        if kind == 0:
            value = varint()
        else:
            length = {1: 8, 5: 4}[kind] if kind != 2 else varint()
            value = message[at:at + length]
            assert len(value) == length
            at += length
            value = value if kind == 2 else int.from_bytes(value, "little")
        found.append((key >> 3, value))
    return found


def every(message, *path):
    """All values along a path of field numbers."""
    values = [message]
    for number in path:
        values = [value for one in values for found, value in fields(one) if found == number]
    return values


def only(message, number, default=None):
    values = every(message, number)
    assert len(values) <= 1
    return values[0] if values else default


def attributes(message, number):
    """A dictionary of the KeyValues of a field: texts and whole numbers."""
    found = {}
    for pair in every(message, number):
        value = only(pair, 2)
        found[only(pair, 1).decode()] = only(value, 1).decode() if every(value, 1) else only(value, 3, 0)
    return found


def spans_of(body):
    return [Span(only(span, 1), only(span, 2), only(span, 4, b""), only(span, 5).decode(), only(span, 6), only(span, 7), only(span, 8),
                 attributes(span, 9), bool(every(span, 15)) and only(only(span, 15), 3) == 2, only(span, 16))
            for span in every(body, 1, 2, 2)]


def number_of(point):
    if every(point, 6):
        return struct.unpack("<q", struct.pack("<Q", only(point, 6)))[0]
    return struct.unpack("<d", struct.pack("<Q", only(point, 4)))[0]


def metrics_of(body):
    """By name: unit, kind of data (its field number), and by labels the points."""
    found = {}
    for metric in every(body, 1, 2, 2):
        kind = next(number for number, _ in fields(metric) if number in (5, 7, 9))
        data = only(metric, kind)
        points = {tuple(sorted(attributes(point, 9 if kind == 9 else 7).items())): point for point in every(data, 1)}
        found[only(metric, 1).decode()] = (only(metric, 3).decode(), kind, data, points)
    return found


class OtlpCollector:
    """`answer(path)` says status, headers and body of what is answered."""

    def __init__(self, identity=None, folder=None, port=0):
        self.posts = []
        self.answer = lambda path: (200, {}, b"")
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.context = None
        if identity:
            for name, data in (("pem", identity.certificate), ("key", identity.key)):
                with open(f"{folder}/collector.{name}", "wb") as file:
                    file.write(data)
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(f"{folder}/collector.pem", f"{folder}/collector.key")
        self.port, self.server = port, None
        self.start()

    def start(self):
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.posts.append(Post(self.path, dict(self.headers), body, time.monotonic()))
                collector.may_answer.wait(60)
                status, headers, answer = collector.answer(self.path)
                self.send_response(status)
                for name, value in {"content-type": "application/x-protobuf", "content-length": str(len(answer)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        class Server(http.server.ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True

            def handle_error(self, request, client_address):
                """Whoever sent it may have ended: that is what tests are about."""

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        if self.context:
            self.server.socket = self.context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self.may_answer.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def endpoint(self):
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}"

    def bodies(self, path):
        return [post.body for post in list(self.posts) if post.path == path]

    def spans(self):
        return [span for body in self.bodies("/v1/traces") for span in spans_of(body)]

    def servers(self, method=None):
        """The spans of calls: of one method."""
        return [span for span in self.spans() if span.kind == 2 and (not method or span.name.endswith(method))]
