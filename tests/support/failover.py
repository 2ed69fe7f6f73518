# SPDX-License-Identifier: Apache-2.0
"""A primary and its streaming replica under two nodes, and what may happen to the primary. What is done to PostgreSQL is what
docs/runbook.md says."""
import collections
import shlex
import shutil
import signal
import tempfile
import threading
import time

from authority import Authority, Refused
from documented import program as documented
from pg_hosts import Host, conninfo
from postgres import Postgres, program
from waiting import eventually, let_pass
from world import World

PAUSE_S = 0.02  # of a client, so that the load is bounded
FOLDER, PRIMARY = "/var/lib/postgresql/15/main", "host=db1.example.org"


def run_documented(postgres, heading):
    """Run the statements that the runbook has below a heading, one by one."""
    for statement in documented(heading, "sql", "runbook", level=3).splitlines():
        postgres.sql(statement)


def make_standby(primary, port, name="db2"):
    """By the runbook's command, from a primary that is reached by a port of loopback."""
    command = documented("A synchronous standby", "sh", "runbook", level=3)
    assert FOLDER in command and PRIMARY in command and "application_name=db2" in command
    place = tempfile.mkdtemp(prefix="chancery-standby-")
    try:
        if primary.user:
            shutil.chown(place, primary.user)
        command = command.replace(FOLDER, f"{place}/data").replace(PRIMARY, f"host=127.0.0.1 port={port}")
        argv = shlex.split(command.replace("application_name=db2", f"application_name={name}"))
        primary.run_as_user([program(argv[0]), *argv[1:]])
        return Postgres(f"{place}/data", durable=False)
    finally:
        shutil.rmtree(place)


def follows(primary, name="db2"):
    return primary.sql(f"SELECT sync_state FROM pg_stat_replication WHERE application_name = '{name}' AND state = 'streaming'")


class Pair:
    """Two nodes that name both hosts, and a world. Nodes reach the primary by `line`, and the standby does by `wal`. has_address:
    nodes know one address, which is `line`. database: more fields of the configuration."""

    def __init__(self, synchronous=True, has_address=False, database=None):
        self.nodes, self.standby = [], None
        self.authority = Authority(workers=1)
        self.primary = self.authority.postgres
        self.line, self.wal = Host(self.primary), Host(self.primary)
        try:
            self._begin(synchronous, has_address, database or {})
        except BaseException:
            self.close()
            raise

    def _begin(self, synchronous, has_address, database):
        self.authority.migrate()
        self.primary.sql(documented("A synchronous standby", "sql", "runbook", level=3))
        self.standby = make_standby(self.primary, self.wal.port)
        eventually(lambda: follows(self.primary), "the standby follows")
        if synchronous:
            run_documented(self.primary, "Commits that wait for it")
            eventually(lambda: follows(self.primary) == "sync", "it is synchronous")
        hosts = [("127.0.0.1", self.line.port), (self.standby.folder, 5432)]
        self.authority.config["database"] |= {"conninfo": conninfo(hosts[:1] if has_address else hosts), **database}
        self.nodes = [self.authority.start()]
        self.world = World(self.authority)
        self.nodes.append(self.authority.node().start())

    # --- what happens to the primary ---

    def killed(self):
        self.primary.stop(signal.SIGKILL)

    def frozen(self):
        self.primary.freeze()

    def cut(self):
        self.line.cut()
        self.wal.cut()

    def comes_back(self):
        """Whatever happened to it is over, and it doesn't know that another one has taken over."""
        self.line.heal()
        self.wal.heal()
        self.primary.thaw()
        if self.primary.process is None:
            self.primary.start()

    def take_over(self):
        run_documented(self.standby, "Taking over")

    def close(self):
        try:
            for node in self.nodes[1:]:
                node.stop()
            self.authority.stop()
        finally:
            self.line.die()
            self.wal.die()
            self.authority.close()
            if self.standby:
                self.standby.close()


class Load:
    """Clients of both nodes who protect, read and revoke, and note what was acknowledged and when."""

    CLIENTS = 3  # of each node

    # What a call may hear while no database takes writes. All of it is told to be tried again.
    AWAY = {"OUTCOME_UNKNOWN", "DATABASE_UNAVAILABLE", "DATABASE_NOT_COMMITTING", "DATABASE_TIMEOUT"}

    def __init__(self, pair):
        self.world, self.nodes = pair.world, pair.nodes
        self.contents, self.licenses, self.revoked = [], [], []  # what was acknowledged, by content
        self.last = {}  # by node: when something was acknowledged
        self.odd = []  # what nobody may hear
        self.lock, self.is_over = threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self._client, args=(node, number), daemon=True)
                        for node in self.nodes for number in range(self.CLIENTS)]

    def __enter__(self):
        for node in self.nodes:  # channels and tokens are made by one thread
            made = self.world.protect(on=node)
            self.world.acquire(made, self.world.bob, on=node)
            node.call("TrackingService/Revoke", {"content_id": made.content_id}, self.world.contoso.admin)
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def _ask(self, node, acknowledged, function, *args, **more):
        """Ask, and note under what was acknowledged; the answer, or the reason why there is none."""
        try:
            answer = function(*args, **more)
        except Refused as error:
            if error.reason not in self.AWAY | {"REVOKED"}:
                self.odd.append(f"{error.reason} {error}")
            let_pass(PAUSE_S)
            return error.reason
        with self.lock:
            self.last[node] = time.monotonic()
            content = args[0].content_id if args else answer.content_id
            acknowledged.append(content)
        return answer

    def _client(self, node, number):
        world = self.world
        while not self.is_over.is_set():
            made = self._ask(node, self.contents, world.protect, on=node)
            if isinstance(made, str):
                continue
            if self._ask(node, self.licenses, world.acquire, made, world.bob, on=node) == "REVOKED":
                self.odd.append("refused as revoked, which nobody has done")
            number += 1
            if number % 2 and not isinstance(self._ask(node, self.revoked, self._revoke, made, node), str):
                self._check_revoked(made, node)
            let_pass(PAUSE_S)

    def _revoke(self, made, node):
        return node.call("TrackingService/Revoke", {"content_id": made.content_id}, self.world.contoso.admin)

    def _check_revoked(self, made, node):
        if not isinstance(self._ask(node, [], self.world.acquire, made, self.world.bob, on=node), str):
            self.odd.append("a license after the revocation was acknowledged")

    def is_under_way(self):
        with self.lock:
            return len(self.revoked) >= len(self.threads) * 2 and set(self.last) == set(self.nodes)

    def serves_since(self, moment):
        """Whether each node has acknowledged something after that."""
        with self.lock:
            return all(self.last[node] > moment for node in self.nodes)

    def lost(self, postgres):
        """What was acknowledged and is not there: contents, licenses without their record, revocations."""
        kept = set(postgres.sql("SELECT content FROM content").split())
        revoked = set(postgres.sql("SELECT content FROM content WHERE revoked_at IS NOT NULL").split())
        recorded = collections.Counter(postgres.sql(
            "SELECT content FROM audit WHERE granted AND operation = 'acquire_license'").split())
        missing = collections.Counter(self.licenses) - recorded
        return set(self.contents) - kept, missing, set(self.revoked) - revoked
