# SPDX-License-Identifier: Apache-2.0
"""An SMTP server at the end of the way: it takes every mail and keeps it."""
import socketserver
import threading


class _Handler(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def data(self):
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def handle(self):
        self.say("220 sink")
        sender, recipients = "", []
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"QUIT":
                return self.say("221 bye")
            if verb in (b"MAIL", b"RSET"):
                sender, recipients = line.partition(b"<")[2].partition(b">")[0].decode(), []
            if verb == b"RCPT":
                recipients.append(line.split(b"<")[1].split(b">")[0].decode())
            if verb == b"DATA":
                self.say("354 go on")
                self.say(self.server.take(sender, recipients, self.data()))
                continue
            self.say("250 sink" if verb != b"EHLO" else "250-sink\r\n250 8BITMIME")
        return None


class MailSink(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.mails = []  # recipients and bytes of each
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def take(self, _sender, recipients, mail):
        """The reply to a mail."""
        self.mails.append((recipients, mail))
        return "250 sink"

    def stop(self):
        self.shutdown()
        self.server_close()
