# SPDX-License-Identifier: Apache-2.0
"""The transport alone (bench/echo_server.c), in cleartext and over TLS, and calls to it."""
import os
import signal
import subprocess

import grpc
import pytest

BUILD = os.environ["CHANCERY_BUILD"]


class Echo:
    """A running echo server."""

    def __init__(self, *args):
        # AddressSanitizer, where it is built in, keeps up to 256 MiB of freed memory otherwise.
        options = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
        self.process = subprocess.Popen([f"{BUILD}/bench/echo_server", *args], stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, "ASAN_OPTIONS": options})
        self.address = self.process.stdout.readline().strip()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=20)
        assert code == 0, f"echo_server ended with {code}"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                   check=True, capture_output=True)
    return cert, key


@pytest.fixture
def plain():
    server = Echo("127.0.0.1:0")
    yield server
    server.stop()


@pytest.fixture
def tls(certificate):
    server = Echo("127.0.0.1:0", *certificate)
    yield server
    server.stop()


def unary(channel, method="Unary"):
    return channel.unary_unary(f"/echo.Echo/{method}")


def secure_channel(server, certificate):
    with open(certificate[0], "rb") as f:
        credentials = grpc.ssl_channel_credentials(f.read())
    return grpc.secure_channel(server.address, credentials)
