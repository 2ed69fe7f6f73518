#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A private PostgreSQL for a test: one folder, a Unix socket only, gone at the end.

As a program: postgres.py COMMAND …  runs the command with CHANCERY_TEST_DB set to its conninfo."""
import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time


def _bin(name):
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    path = found[-1] if found else shutil.which(name)
    if not path:
        sys.exit(f"{name} is not installed: run scripts/install-deps run")
    return path


class Postgres:
    """start, stop, kill and start again; `conninfo` for the owner, `server_conninfo` for the server's role."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="chancery-pg-")
        # PostgreSQL refuses to run as root, so root hands it to the user of Debian's package.
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            os.chown(self.folder, pwd.getpwnam(self.user).pw_uid, -1)
        os.chmod(self.folder, 0o711)
        self.conninfo = f"host={self.folder} dbname=postgres user=owner"
        self.server_conninfo = f"host={self.folder} dbname=postgres user=server"
        self._run([_bin("initdb"), "-D", f"{self.folder}/data", "-U", "owner", "-A", "trust", "-E", "UTF8",
                   "--no-locale", "--no-sync"])
        self.process = None
        self.start()

    def _as_user(self, argv):
        return (["runuser", "-u", self.user, "--"] if self.user else []) + argv

    def _run(self, argv):
        done = subprocess.run(self._as_user(argv), cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{argv[0]} failed: {done.stderr}")

    def start(self):
        argv = [_bin("postgres"), "-D", f"{self.folder}/data", "-k", self.folder, "-c", "listen_addresses=",
                "-c", "unix_socket_permissions=0777", "-c", "max_connections=60", "-c", "log_min_messages=fatal"]
        self.process = subprocess.Popen(self._as_user(argv), cwd=self.folder, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        for _ in range(200):
            if subprocess.run([_bin("pg_isready"), "-q", "-h", self.folder], check=False).returncode == 0:
                return
            time.sleep(0.05)
        sys.exit("PostgreSQL did not start")

    def pid(self):
        """The postmaster's own pid: `process` may be runuser around it."""
        with open(f"{self.folder}/data/postmaster.pid", encoding="ascii") as file:
            return int(file.readline())

    def stop(self, how=signal.SIGINT):
        """SIGINT is PostgreSQL's fast shutdown, SIGKILL a crash."""
        if self.process and self.process.poll() is None:
            os.kill(self.pid(), how)
            self.process.wait(timeout=30)
        self.process = None

    def sql(self, text, role="owner"):
        done = subprocess.run([_bin("psql"), "-h", self.folder, "-U", role, "-d", "postgres", "-qAt", "-v",
                               "ON_ERROR_STOP=1", "-c", text], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    postgres = Postgres()
    try:
        env = dict(os.environ, CHANCERY_TEST_DB=postgres.conninfo)
        return subprocess.run(sys.argv[1:], env=env, check=False).returncode
    finally:
        postgres.close()


if __name__ == "__main__":
    sys.exit(main())
