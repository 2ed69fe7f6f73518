#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An HTTPS server for one test: serves the files of a folder and notes every request in `requests`.

As a program: jwks_server.py COMMAND …  runs the command with CHANCERY_TEST_HTTPS set to the address and
CHANCERY_TEST_HTTPS_FOLDER to the folder, in which ca.pem lies."""
import datetime
import http.server
import ipaddress
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def make_certificate(folder):
    """A self-signed certificate for 127.0.0.1, localhost and *.keys.example, its own CA."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "jwks test")])
    now = datetime.datetime.utcnow()
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                   .serial_number(1).not_valid_before(now - datetime.timedelta(hours=1))
                   .not_valid_after(now + datetime.timedelta(hours=1))
                   .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
                   .add_extension(x509.SubjectAlternativeName(
                       [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost"),
                        x509.DNSName("*.keys.example")]), critical=False)
                   .sign(key, hashes.SHA256()))
    with open(f"{folder}/ca.pem", "wb") as file:
        file.write(certificate.public_bytes(serialization.Encoding.PEM))
    with open(f"{folder}/key.pem", "wb") as file:
        file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                     serialization.NoEncryption()))


def serve(folder):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # pylint: disable=invalid-name
            with open(f"{folder}/requests", "a", encoding="ascii") as file:
                file.write(self.path + "\n")
            if self.path == "/slow":
                time.sleep(0.3)
            if self.path == "/moved" or self.path.startswith("/moved/"):
                self.send_response(302)
                self.send_header("Location", "/jwks.json")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if self.path == "/stall":  # the headers come, the body does not
                self.send_response(200)
                self.send_header("Content-Length", "100")
                self.end_headers()
                self.wfile.flush()
                time.sleep(5)
                return
            if self.path == "/endless":  # of unknown length, and more of it than anybody wants
                self.send_response(200)
                self.end_headers()
                try:
                    for _ in range(1000):
                        self.wfile.write(b" " * 1024)
                except OSError:
                    pass
                return
            try:
                with open(folder + ("/jwks.json" if self.path == "/slow" else self.path), "rb") as file:
                    body = file.read()
            except FileNotFoundError:
                self.send_error(404)
                return
            self.send_response(200)
            if self.path.endswith(".gz"):
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body) + (10 if self.path == "/cut.json" else 0)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):  # pylint: disable=arguments-differ
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/ca.pem", f"{folder}/key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"https://127.0.0.1:{server.server_address[1]}"


def main():
    with tempfile.TemporaryDirectory(prefix="chancery-jwks-") as folder:
        make_certificate(folder)
        env = dict(os.environ, CHANCERY_TEST_HTTPS=serve(folder), CHANCERY_TEST_HTTPS_FOLDER=folder)
        return subprocess.run(sys.argv[1:], env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
