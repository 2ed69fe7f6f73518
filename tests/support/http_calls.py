# SPDX-License-Identifier: Apache-2.0
"""Calls by hand: `curl` over HTTP/1.1 and HTTP/2, and bytes on a socket, for Connect, JSON and gRPC-Web."""
import base64
import dataclasses
import json
import socket
import struct
import subprocess

from google.protobuf import json_format

from authority import MESSAGES

VERSIONS = ("--http1.1", "--http2")


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    version: str  # "1.1", "2"
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)

    def details(self):
        """The details of a Connect error, as messages by the name of their type."""
        return {detail["type"]: MESSAGES(detail["type"]).FromString(
            base64.b64decode(detail["value"] + "=" * (-len(detail["value"]) % 4)))
                for detail in self.json().get("details", [])}

    def reason(self):
        return self.details()["google.rpc.ErrorInfo"].reason

    def fields(self):
        return [violation.field for violation in self.details()["google.rpc.BadRequest"].field_violations]


def fetch(world, version, path, *headers, who=None, body=None, method=None, more=()):  # pylint: disable=R0913
    """One request by curl over TLS."""
    folder = world.a.folder
    options = ["-m", "20", version, "--cacert", f"{folder}/server.pem", *more]
    for header in headers:
        options += ["-H", header]
    if who is not None:
        world.a.write(f"{who.name}.pem", who.certificate)
        world.a.write(f"{who.name}.key", who.key)
        options += ["--cert", f"{folder}/{who.name}.pem", "--key", f"{folder}/{who.name}.key"]
    if body is not None:
        options += ["--data-binary", "@-"]
    if method is not None:
        options += ["-X", method]
    done = subprocess.run(["curl", "-sS", "-D", f"{folder}/head", "-o", f"{folder}/body", "-w", "%{http_version}",
                           *options, f"https://{world.a.address}{path}"], input=body, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    with open(f"{folder}/head", encoding="latin-1") as file:
        head = file.read().replace("\r", "").rstrip("\n").split("\n\n")[-1]
    with open(f"{folder}/body", "rb") as file:
        came = file.read()
    status, *lines = head.splitlines()
    return Answer(int(status.split()[1]), done.stdout.decode(), dict(line.split(": ", 1) for line in lines), came)


def post(world, version, path, body, content_type="application/json", token=None, user_token=None, headers=(),
         **more):  # pylint: disable=R0913
    """Call `Service/Method` of chancery.v1, or a path."""
    path = path if path.startswith("/") else f"/chancery.v1.{path}"
    credentials = [f"authorization: Bearer {token}"] if token else []
    credentials += [f"x-chancery-user-token: {user_token}"] if user_token else []
    return fetch(world, version, path, f"content-type: {content_type}", *credentials, *headers, body=body, **more)


def as_json(message):
    return json_format.MessageToJson(message).encode()


def from_json(text, kind):
    """As a strict reader has it: what the message has not is an error."""
    return json_format.Parse(text, kind())


def envelope(data, flags=0):
    return struct.pack(">BI", flags, len(data)) + data


def envelopes(body):
    """The messages of a body, as pairs of flags and bytes."""
    found = []
    while body:
        flags, length = struct.unpack(">BI", body[:5])
        assert len(body) >= 5 + length, body
        found.append((flags, body[5:5 + length]))
        body = body[5 + length:]
    return found


def web_trailers(data):
    return dict(line.split(": ", 1) for line in data.decode().split("\r\n") if line)


def say(address, text, ends=False):
    """All that a server says to bytes on a connection of HTTP/1.1 until it ends it."""
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(text)
        if ends:
            line.shutdown(socket.SHUT_WR)
        said = b""
        try:
            while chunk := line.recv(65536):
                said += chunk
        except (TimeoutError, ConnectionResetError):
            pass
        return said
