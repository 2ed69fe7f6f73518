# SPDX-License-Identifier: Apache-2.0
"""Hosts under which a test's PostgreSQL is reached by TCP, and hosts where nobody answers."""
import contextlib
import socket
import threading

PIECE, BEGINNING = 65536, 4096


class Host:
    """Leads to the PostgreSQL of a folder. `freeze` makes it a machine that is there and says nothing; `die` one whose
    connections break; `cut` holds all back until `heal`; `move` makes it an address that leads elsewhere from then on. `first` has
    the beginning of what each client sent."""

    def __init__(self, postgres, address="127.0.0.1"):
        self.move(postgres)
        self.listener = socket.create_server((address, 0))
        self.port = self.listener.getsockname()[1]
        self.is_frozen, self.pairs, self.first = False, [], []
        self.passes = threading.Event()
        self.passes.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.is_frozen:
                self.pairs.append((client, None))
                continue
            self.passes.wait()
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self.socket_path)
            except OSError:
                client.close()
                continue
            self.pairs.append((client, server))
            for source, sink, is_client in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pump, args=(source, sink, is_client), daemon=True).start()

    def _pump(self, source, sink, is_client):
        with contextlib.suppress(OSError):
            beginning = bytearray()
            while data := source.recv(PIECE):
                if is_client and not beginning:
                    self.first.append(beginning)
                beginning.extend(data[:BEGINNING - len(beginning)])
                self.passes.wait()
                if not self.is_frozen:
                    sink.sendall(data)
        self.passes.wait()  # nor does the other side hear of an end
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def move(self, postgres):
        """Whoever is connected stays where they are."""
        self.socket_path = f"{postgres.folder}/.s.PGSQL.5432"

    def freeze(self):
        self.is_frozen = True

    def cut(self):
        """A network that was cut: connections stay open, and what is sent comes when it is healed."""
        self.passes.clear()

    def heal(self):
        self.passes.set()

    def shut(self):
        """Who is connected stays so, and nobody else comes."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def die(self):
        """Nobody listens any more."""
        self.shut()
        self.heal()
        for pair in self.pairs:
            for one in filter(None, pair):
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()


def dead_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def conninfo(hosts, **more):
    """Of pairs of host and port."""
    said = {"host": ",".join(host for host, _ in hosts), "port": ",".join(str(port) for _, port in hosts),
            "dbname": "postgres", "user": "server", **more}
    return " ".join(f"{key}='{value}'" for key, value in said.items())
