# SPDX-License-Identifier: Apache-2.0
"""The gateway of examples/milter as a process, with a file of its own."""
import os
import signal
import socket
import subprocess

from authority import BUILD
from waiting import eventually

MILTER = f"{BUILD}/examples/milter/chancery-milter"
SETTINGS = """
# as a test has it
listen inet:{port}@127.0.0.1
server {server}
ca_file {folder}/server.pem
certificate_file {folder}/gateway.pem
key_file {folder}/gateway.key
domain contoso.com
domain lab.contoso.com
domain bücher.example
timeout_seconds 8
mail_mib 2
memory_mib 256
language de
"""


class Milter:
    def __init__(self, folder, port, **settings):
        self.port, self.settings, self.process, self.env = port, f"{folder}/milter.conf", None, {}
        self.log = f"{folder}/milter.log"
        with open(self.settings, "w", encoding="utf-8") as file:
            file.write(SETTINGS.format(folder=settings.pop("certificates", folder), port=port, server=settings.pop("server")))
            file.writelines(f"{name} {value}\n" for name, value in settings.items())

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([MILTER, self.settings], stderr=log, env={**os.environ, **self.env})
        eventually(self.listens, lambda: "".join(self.said("")))

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def said(self, words):
        with open(self.log, encoding="utf-8") as file:
            return [line for line in file if words in line]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=30)
        assert code == 0, f"ended with {code}:\n" + "".join(self.said("")[-60:])
