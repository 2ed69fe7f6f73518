# SPDX-License-Identifier: Apache-2.0
"""Of several hosts of the database only the first was ever tried to its end: libpq sets no limit to one of them when it is
asynchronous, and ours ended all of them at once. While a host's name was looked up, libpq waited, and nobody was served."""
import contextlib
import time

import pytest

from clusters import migrated_cluster
from loop_turns import limit, longest_turn
from pg_hosts import Host, conninfo, dead_port
from postgres import Postgres
from waiting import eventually

LOOP_LIMIT_S = 0.05
SOON_S = 10  # on a machine that is busy


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1}


@pytest.fixture
def node_on(authority, dns):
    """Start a node whose database is reached in this way; it need not become ready."""
    with contextlib.ExitStack() as stack:
        def start(said, **database):
            node = authority.node(workers=1, **dns.config, database={**authority.config["database"], "conninfo": said,
                                                                     **database})
            stack.callback(node.stop)
            return node.start(ready=False)
        yield start


@pytest.fixture
def host(authority):
    made = Host(authority.postgres)
    yield made
    made.die()


@pytest.fixture(scope="module")
def standby():
    """A server in recovery, which follows nobody."""
    made = Postgres(migrated_cluster(), durable=False)
    made.sql("CREATE ROLE server LOGIN IN ROLE chancery_server")
    made.stop()
    with open(f"{made.folder}/data/standby.signal", "w", encoding="ascii"):
        pass
    made.start()
    yield made
    made.close()


def ready_in(node, seconds=SOON_S):
    begun = time.monotonic()
    eventually(node.is_ready, lambda: f"the node is ready: {node.log[-20:]}", seconds, pause=0.05)
    return time.monotonic() - begun


def frozen(authority):
    made = Host(authority.postgres)
    made.freeze()
    return made


@pytest.mark.parametrize("first", ["dead", "frozen", "nowhere", "unknown", "mute", "standby"])
def test_the_second_host_serves(authority, node_on, host, dns, standby, first):  # pylint: disable=R0913,R0917
    dns.mute.add("mute.db.example")
    dns.hosts["db.example"] = ["127.0.0.1"]
    other = {"dead": lambda: ("127.0.0.1", dead_port()), "frozen": lambda: ("127.0.0.1", frozen(authority).port),
             "nowhere": lambda: ("192.0.2.1", 5432),  # SYN goes nowhere
             "unknown": lambda: ("unknown.db.example", 5432), "mute": lambda: ("mute.db.example", 5432),
             "standby": lambda: (standby.folder, 5432)}[first]()
    node = node_on(conninfo([other, ("db.example", host.port)]))
    ready_in(node)
    assert host.first


def test_a_silent_name_server_stops_nobody(node_on, host, dns):
    name = "silent.db.example"
    dns.mute.add(name)
    dns.hosts[name] = ["127.0.0.1"]
    node = node_on(conninfo([(name, host.port)]))
    eventually(lambda: node.page("/livez")[0] == 200, "the node lives")

    def action():
        end = time.monotonic() + 7  # longer than a look-up
        while time.monotonic() < end:
            begun = time.monotonic()
            assert node.page("/livez")[0] == 200
            assert time.monotonic() - begun < 1, "the worker stood still"

    assert longest_turn(node, action) <= max(LOOP_LIMIT_S, limit())
    assert node.page("/readyz")[0] == 503
    assert name in dns.asked, "the name servers of the configuration were not asked"
    dns.mute.discard(name)
    ready_in(node, 2 * SOON_S)


def test_every_address_of_a_host_is_tried(node_on, host, dns):
    dns.hosts["many.db.example"] = ["127.0.0.83", "::1", "127.0.0.1"]
    ready_in(node_on(conninfo([("many.db.example", host.port)])))


@pytest.mark.parametrize("how", ["die", "freeze"])
def test_when_the_first_goes_the_second_comes(authority, node_on, how):
    first, second = Host(authority.postgres), Host(authority.postgres)
    node = node_on(conninfo([("127.0.0.1", first.port), ("127.0.0.1", second.port)]), statement_timeout_ms=1000)
    ready_in(node)
    assert not second.first
    getattr(first, how)()
    eventually(lambda: second.first and node.is_ready(), lambda: f"the second serves: {node.log[-20:]}", 2 * SOON_S)
    was = len(second.first)
    second.die()  # the next attempt begins here, and goes on to the first again
    assert was
    if how == "freeze":
        first.is_frozen = False
        ready_in(node, 2 * SOON_S)


def test_the_operators_word_holds(authority, node_on, host):
    """Their options beside ours, their limit, their name."""
    slow = frozen(authority)
    said = conninfo([("127.0.0.1", slow.port), ("127.0.0.1", host.port)], options="-c work_mem=7MB", connect_timeout=4,
                    application_name="mine")
    assert ready_in(node_on(said), 2 * SOON_S) > 3.5
    words = (b"work_mem=7MB", b"statement_timeout=5000", b"\0mine\0")
    assert any(all(word in startup for word in words) for startup in host.first), "whichever connection was last"


def test_all_forms_of_a_connection_string(node_on, host, tmp_path, authority, monkeypatch):
    service = tmp_path / "services"
    service.write_text(f"[rights]\nhost=127.0.0.1,127.0.0.1\nport={dead_port()},{host.port}\ndbname=postgres\n")
    monkeypatch.setitem(authority.env, "PGSERVICEFILE", str(service))
    for said in (f"postgresql://server@127.0.0.1:{dead_port()},127.0.0.1:{host.port}/postgres", "service=rights user=server",
                 f"hostaddr=127.0.0.1 host=nobody.looks.this.up port={host.port} dbname=postgres user=server"):
        ready_in(node_on(said))
