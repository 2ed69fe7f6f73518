# SPDX-License-Identifier: Apache-2.0
"""An SMTP relay for one test: aiosmtpd with STARTTLS and AUTH, whose mails are kept; and relays that misbehave, over a
bare socket. The certificate is the one of jwks_server.make_certificate, for localhost and 127.0.0.1."""
import email
import email.policy
import os
import socket
import ssl
import tempfile
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from jwks_server import make_certificate
from waiting import eventually

USER, PASSWORD = "relay-user", "relay-pass word"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class SmtpServer:
    """answers: what RCPT is answered with, by address; `mails` are (sender, recipients, message) as they came."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="chancery-smtp-")
        make_certificate(self.folder.name)
        self.ca_file, self.password_file = f"{self.folder.name}/ca.pem", f"{self.folder.name}/password"
        with open(self.password_file, "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
        os.chmod(self.password_file, 0o600)
        self.mails, self.answers, self.greeted, self.logins = [], {}, [], []
        self.lock = threading.Lock()
        self.misbehave = None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{self.folder.name}/ca.pem", f"{self.folder.name}/key.pem")
        self.port = free_port()
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, tls_context=context,
                                     require_starttls=True, authenticator=self._log_in, auth_required=True,
                                     enable_SMTPUTF8=True)
        self.controller.start()

    def close(self):
        self.controller.stop()
        self.folder.cleanup()

    def config(self, **more):
        return {"address": f"localhost:{self.port}", "tls": "starttls", "ca_file": self.ca_file, "user": USER,
                "password_file": self.password_file, "from": "no-reply@portal.example", "from_name": "Lesé-Portal",
                "envelope_sender": "bounces@portal.example", "timeout_ms": 5000, **more}

    def _log_in(self, _server, _session, _envelope, _mechanism, data):
        is_right = data.login.decode() == USER and data.password.decode() == PASSWORD
        self.logins.append(is_right)
        return AuthResult(success=is_right)

    # --- aiosmtpd's hooks ---

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses):  # pylint: disable=invalid-name,R0913
        session.host_name = hostname
        self.greeted.append(hostname)
        return responses

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # pylint: disable=invalid-name,R0913
        answer = self.answers.get(address)
        if isinstance(answer, list):
            answer = answer.pop(0) if answer else None
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # pylint: disable=invalid-name
        with self.lock:
            self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content or envelope.content))
        return "250 taken"

    # --- what a test asks ---

    def to(self, address):  # pylint: disable=invalid-name
        with self.lock:
            return [mail for mail in self.mails if address in mail[1]]

    def wait_for(self, address, count=1):
        """The latest message to an address, when there are so many."""
        found = eventually(lambda: len(self.to(address)) >= count and self.to(address), f"{count} mails to {address}")
        return email.message_from_bytes(found[-1][2], policy=email.policy.default)


def parse_code(message):
    """The code and the reference that a message shows."""
    lines = [line.strip() for line in message.get_content().splitlines()]
    code = next(line for line in lines if line.replace(" ", "").isdigit())
    reference = next(line.split(": ")[1] for line in lines if line.startswith(("Reference: ", "Kennung: ")))
    return code, reference


class BadRelay:
    """A relay that says what it is told to: `script` gets the connected socket."""

    def __init__(self, script):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.script, self.connections, self.open = self.listener.getsockname()[1], script, 0, []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(peer)
            threading.Thread(target=self._answer, args=(peer,), daemon=True).start()

    def _answer(self, peer):
        try:
            self.script(peer)
        except OSError:
            pass

    def close(self):
        self.listener.close()
        for peer in self.open:
            peer.close()
