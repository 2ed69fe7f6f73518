# SPDX-License-Identifier: Apache-2.0
"""Debian's Postfix as an instance of its own: configuration, queue and log in one folder, on loopback ports. Only
root can start one."""
import os
import pwd
import shutil
import socket
import subprocess
import tempfile

from waiting import eventually

MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
MAIN = """
compatibility_level = 3.6
myhostname = mx.contoso.com
mydestination =
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
alias_maps =
alias_database =
local_recipient_maps =
relayhost = [127.0.0.1]:{sink}
smtp_tls_security_level = none
smtpd_tls_security_level = none
smtpd_milters = {milter}
milter_default_action = tempfail
milter_protocol = 6
message_size_limit = 100000000
mailbox_size_limit = 0
smtpd_recipient_limit = 2000
smtpd_timeout = 120s
smtpd_client_connection_count_limit = 0
"""


def why_not():
    """Why no instance can be started here; "" if one can."""
    if not shutil.which("postfix"):
        return "Postfix is not installed"
    return "" if os.geteuid() == 0 else "only root can start an instance of Postfix"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Postfix:
    def __init__(self, milter, sink, main="", services=""):
        """`main` and `services` are more lines of main.cf and master.cf, with {folder} for the folder. It lies in /tmp
        itself: pytest closes the folder above its own to all others whenever it starts, and Postfix is another user."""
        self.folder, self.port = tempfile.mkdtemp(prefix="postfix-", dir="/tmp"), free_port()
        user = pwd.getpwnam("postfix")
        os.chmod(self.folder, 0o711)
        for name in ("queue", "data", "etc"):
            os.mkdir(f"{self.folder}/{name}")
        os.chown(f"{self.folder}/data", user.pw_uid, user.pw_gid)
        self.write("etc/main.cf", MAIN.format(folder=self.folder, sink=sink, milter=milter) + main.format(folder=self.folder))
        self.write("etc/master.cf", MASTER.format(port=self.port) + services)
        for name in ("dynamicmaps.cf", "postfix-files"):
            if os.path.exists(f"/etc/postfix/{name}"):
                shutil.copy(f"/etc/postfix/{name}", f"{self.folder}/etc/{name}")

    def write(self, name, text):
        with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text)

    def log(self):
        try:
            with open(f"{self.folder}/log", encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def _run(self, *arguments):
        return subprocess.run(["/usr/sbin/postfix", "-c", f"{self.folder}/etc", *arguments], capture_output=True, text=True,
                              timeout=60, check=False)

    def start(self):
        done = self._run("start")
        assert done.returncode == 0, done.stdout + done.stderr + self.log()

        def answers():
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return True
            except OSError:
                return False
        eventually(answers, self.log)

    def flush(self):
        """Try again, at once, what waits."""
        self._run("flush")

    def stop(self):
        self._run("stop")
        shutil.rmtree(self.folder, ignore_errors=True)
