# SPDX-License-Identifier: Apache-2.0
"""A content filter as Postfix has them (FILTER_README): it takes each mail by SMTP, looks at it, and hands it on by SMTP,
changed or not; or refuses it."""
import smtplib

from mail_sink import MailSink


class Scanner(MailSink):
    """`change` makes of a mail's bytes what goes on; None: it is refused. `port` is where mail goes on to."""

    def __init__(self, port):
        super().__init__()
        self.port, self.change, self.told = port, lambda mail: mail, []
        self.senders = []

    def take(self, sender, recipients, mail):
        """The reply that the MTA gets."""
        self.senders.append(sender)
        self.mails.append((recipients, mail))
        changed = self.change(mail)
        if changed is None:
            return "554 5.7.1 A virus"
        try:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as client:
                client.ehlo("scanner.example")
                client.sendmail(sender, recipients, changed, mail_options=["BODY=8BITMIME"])
        except smtplib.SMTPDataError as refusal:
            self.told.append((refusal.smtp_code, refusal.smtp_error.decode()))
            return f"{refusal.smtp_code} {refusal.smtp_error.decode().splitlines()[0]}"
        return "250 scanned"
