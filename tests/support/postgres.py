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

from processes import children, is_running
from waiting import eventually

MEMORY, ENOUGH_BYTES = "/dev/shm", 2 << 30
START_SECONDS = 60


def program(name):
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    path = found[-1] if found else shutil.which(name)
    if not path:
        sys.exit(f"{name} is not installed: run scripts/install-deps run")
    return path


def _parent(durable):
    """Where a database lies: in memory, if there is plenty and it need not last."""
    try:
        stat = os.statvfs(MEMORY)
        is_enough = stat.f_bavail * stat.f_frsize >= ENOUGH_BYTES and os.access(MEMORY, os.W_OK)
    except OSError:
        is_enough = False
    return MEMORY if is_enough and not durable else None


class Postgres:
    """start, stop, kill, freeze and start again; `conninfo` for the owner, `server_conninfo` for the server's role.

    data: a data folder of a cluster that was stopped, to be copied; without it a new cluster is made.
    durable: whether it outlives the machine, as benchmarks need it; a test does with memory, where that is plenty."""

    def __init__(self, data=None, durable=True):
        self.folder = tempfile.mkdtemp(prefix="chancery-pg-", dir=_parent(durable))
        # PostgreSQL refuses to run as root, so root hands it to the user of Debian's package.
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            os.chown(self.folder, pwd.getpwnam(self.user).pw_uid, -1)
        os.chmod(self.folder, 0o711)
        self.conninfo = f"host={self.folder} dbname=postgres user=owner"
        self.server_conninfo = f"host={self.folder} dbname=postgres user=server"
        if data:
            subprocess.run(["cp", "-a", data, f"{self.folder}/data"], check=True)
        else:
            self.run_as_user([program("initdb"), "-D", f"{self.folder}/data", "-U", "owner", "-A", "trust", "-E", "UTF8",
                       "--no-locale", "--no-sync"])
        self.process, self.connections, self.frozen = None, {}, []
        self.start()

    def _as_user(self, argv):
        return (["runuser", "-u", self.user, "--"] if self.user else []) + argv

    def run_as_user(self, argv):
        done = subprocess.run(self._as_user(argv), cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{argv[0]} failed: {done.stderr}")

    def start(self):
        """Start and wait until it answers. What is left of a killed postmaster holds its memory for a moment, until each
        process has noticed; a new one doesn't start before that, so it is tried again."""
        argv = [program("postgres"), "-D", f"{self.folder}/data", "-k", self.folder, "-c", "listen_addresses=",
                "-c", "unix_socket_permissions=0777", "-c", "max_connections=60", "-c", "log_min_messages=fatal"]
        end = time.monotonic() + START_SECONDS
        with open(f"{self.folder}/log", "ab") as log:
            while time.monotonic() < end:
                if self.process is None or self.process.poll() is not None:
                    self.process = subprocess.Popen(self._as_user(argv), cwd=self.folder, stdout=log, stderr=log)
                if subprocess.run([program("pg_isready"), "-q", "-h", self.folder], check=False).returncode == 0:
                    return
                time.sleep(0.02)
        with open(f"{self.folder}/log", encoding="utf-8", errors="replace") as log:
            sys.exit(f"PostgreSQL did not start within {START_SECONDS} s: {log.read()[-2000:]}")

    def pid(self):
        """The postmaster's own pid: `process` may be runuser around it."""
        with open(f"{self.folder}/data/postmaster.pid", encoding="ascii") as file:
            return int(file.readline())

    def stop(self, how=signal.SIGINT):
        """SIGINT is PostgreSQL's fast shutdown, SIGQUIT one that leaves recovery to the next start, SIGKILL a crash."""
        for connection in self.connections.values():
            connection.close()
        self.connections = {}
        self.thaw()
        if self.process and self.process.poll() is None:
            first = self.pid()
            others = children(first)
            os.kill(first, how)
            self.process.wait(timeout=30)
            # After a crash of the first one they go by themselves, and one that works may answer before that.
            eventually(lambda: not any(is_running(pid) for pid in others), "all of PostgreSQL has ended")
        self.process = None

    def freeze(self):
        """Stop all of its processes where they are: connections stay open, and nobody answers."""
        first = self.pid()
        self.frozen = [first]
        os.kill(first, signal.SIGSTOP)  # it starts no further ones from here on
        self.frozen += children(first)
        for pid in self.frozen[1:]:
            os.kill(pid, signal.SIGSTOP)

    def thaw(self):
        """Let them go on, and whoever has started them as another user, who stops and goes on with them."""
        for pid in [*reversed(self.frozen), *([self.process.pid] if self.frozen else [])]:
            os.kill(pid, signal.SIGCONT)
        self.frozen = []

    def _connection(self, role):
        """A connection that is kept, which gives every value as the text that PostgreSQL sends."""
        import psycopg2  # pylint: disable=import-outside-toplevel  # programs under this one don't need it
        import psycopg2.extensions as extensions  # pylint: disable=import-outside-toplevel
        if role not in self.connections or self.connections[role].closed:
            connection = psycopg2.connect(host=self.folder, dbname="postgres", user=role)
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT oid FROM pg_type")
                oids = tuple(row[0] for row in cursor.fetchall())
            text = extensions.new_type(oids, "TEXT", lambda value, _: value)
            extensions.register_type(text, connection)
            self.connections[role] = connection
        return self.connections[role]

    def sql(self, text, role="owner"):
        """The rows of the last statement as psql -At prints them: a line each, columns apart by |, NULL as nothing."""
        import psycopg2  # pylint: disable=import-outside-toplevel
        for attempt in range(2):
            try:
                with self._connection(role).cursor() as cursor:
                    cursor.execute(text)
                    rows = cursor.fetchall() if cursor.description else []
                return "\n".join("|".join(value or "" for value in row) for row in rows)
            except psycopg2.InterfaceError:
                self.connections.pop(role, None)
            except psycopg2.OperationalError as error:
                # A connection from before a restart of PostgreSQL is noticed at its next use.
                was_kept = self.connections.pop(role, None) is not None
                if attempt or not was_kept:
                    raise RuntimeError(str(error)) from None
            except psycopg2.Error as error:
                raise RuntimeError(str(error)) from None
        raise RuntimeError(f"no connection as {role}")

    def close(self):
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    postgres = Postgres(durable=False)
    try:
        env = dict(os.environ, CHANCERY_TEST_DB=postgres.conninfo)
        return subprocess.run(sys.argv[1:], env=env, check=False).returncode
    finally:
        postgres.close()


if __name__ == "__main__":
    sys.exit(main())
