# SPDX-License-Identifier: Apache-2.0
"""The crash matrix, made from the step tables of the daemon itself: the worker is killed -9 before the commit of every
flow that has one, and before every step after it.

Before the commit nothing was done. After it the act was done, whole and with its record, although nobody was told; and
whoever asks again has it once. The client of a crash asks another node again, while the supervisor starts the worker
anew."""
import itertools

import pytest

from authority import MESSAGES, Refused
from calls import fresh_channel, outcome_of
from faults import COMMITTING, Faults, from_commit
from methods import BY_FLOW, ONLY_RECORDED, SEQUENCES, caller_of, credentials_of, request_of
from snapshot import snapshot
from stock import Stock

NODES = 6  # a worker that dies is started again one second after it was started: meanwhile others are killed

# What a client is told who asks for what is done already.
DONE_ALREADY = {"PASSCODE_ENDED", "ALREADY_EXISTS", "NOT_FOUND", "PRECONDITION_FAILED", "ETAG_MISMATCH", "KEY_STATE"}

# What a retry makes once more, and where: an import key that nobody has ends by itself (docs/interface.md §2.1).
MADE_AGAIN = {"get_import_key": ["key_import"]}


@pytest.fixture(scope="module")
def authority_options(dns):
    return {"workers": 1, "config": dns.config}


class Node:
    """A node of the authority with faults of its own."""

    def __init__(self, authority, number):
        self.faults = Faults(f"{authority.folder}/fault-{number}")
        self.a, self.starts = authority.node(env=self.faults.env).start(), 1

    def kill_at(self, step):
        self.a.wait_for_log("worker.ready", self.starts - 1)  # it has come back from its last death
        self.starts += 1
        self.faults.kill(step)

    def call(self, method, request, who, trace):
        """The outcome of a call with a trace id of ours, which the audit log keeps."""
        channel = fresh_channel(self.a, who["who"])
        request_type, response_type = MESSAGES.method(method.path)
        stub = channel.unary_unary(f"/chancery.v1.{method.path}", request_type.SerializeToString,
                                   response_type.FromString)
        metadata = [("traceparent", f"00-{trace}-{'1' * 16}-01"), *credentials_of(who)]
        future = stub.future(request_type(**request), metadata=metadata, timeout=20)
        error = future.exception()
        channel.close()
        if error is not None and error.code().name == "UNAVAILABLE" and not Refused(error).reason:
            return "CRASHED"
        return outcome_of(future)


@pytest.fixture(scope="module")
def nodes(authority):
    made = [Node(authority, number) for number in range(NODES)]
    yield itertools.cycle(made)
    for node in made:
        node.a.stop()


@pytest.fixture(scope="module")
def stock(world, dns):
    return Stock(world, 24, dns)


@pytest.fixture(scope="module")
def traces():
    return (f"{number:032x}" for number in itertools.count(1))


def records(world, flow, trace):
    """How often one log has it that this call was granted: some acts are in the tenant's and the platform's."""
    return int(world.sql("SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM audit WHERE granted AND "
                         f"operation = '{flow}' AND correlation_id = '{trace}' GROUP BY tenant) AS logs"))


@pytest.mark.parametrize("flow", COMMITTING)
def test_crash(world, stock, nodes, traces, flow):
    method, who, recorded = BY_FLOW[flow], caller_of(stock, BY_FLOW[flow]), SEQUENCES.get(flow, flow)
    for step in from_commit(flow):
        request, lost, again, node = request_of(stock, method), next(traces), next(traces), next(nodes)
        before = snapshot(world.sql)
        node.kill_at(step)
        assert node.call(method, request, who, lost) == "CRASHED", step
        node.faults.none()
        was_done = not step.is_commit
        assert records(world, recorded, lost) == was_done, step
        after = snapshot(world.sql)
        assert (after != before) == (was_done and flow not in ONLY_RECORDED), (step, differing(before, after))
        told = next(nodes).call(method, request, who, again)
        assert told == "OK" or (was_done and told in DONE_ALREADY), (step, told)
        # Whoever is told OK has a record, of this call or of the one whose answer was lost; the act is there once.
        assert records(world, recorded, lost) + records(world, recorded, again) >= 1, step
        final = snapshot(world.sql)
        assert (final != before) == (flow not in ONLY_RECORDED), step
        assert not was_done or differing(after, final) == MADE_AGAIN.get(flow, []), (step, differing(after, final))


def differing(one, other):
    return [name for name in one if one[name] != other[name]]


def test_every_node_serves_after_its_deaths(world, nodes):
    for node in itertools.islice(nodes, NODES):
        node.a.wait_for_log("worker.ready", node.starts - 1)
        assert len(node.a.logged("worker.ended")) == node.starts - 1
        assert node.a.call("TenantService/GetTenant", {"tenant": "contoso"}, world.platform_admin)


def test_a_lost_answer_can_be_asked_for_again(world, stock, nodes):
    """Killed after the record but before the answer: the retry gets the same content, and it opens."""
    node, method = next(nodes), BY_FLOW["protect"]
    request = request_of(stock, method)
    node.kill_at(from_commit("protect")[1])
    with pytest.raises(Refused):
        node.a.call(method.path, request, world.gateway)
    node.faults.none()
    made = next(nodes).a.call(method.path, request, world.gateway)
    contents = world.sql(f"SELECT content FROM content WHERE request_id = '{request['request_id']}'")
    assert contents == made.content_id
    world.acquire(made, world.bob)
