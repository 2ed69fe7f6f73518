# SPDX-License-Identifier: Apache-2.0
"""A streaming replica takes over under load: nothing that was acknowledged is lost, and both nodes serve again by themselves
within 5 s. Nodes paused up to 5 s before they tried again, and gave up connections to a frozen database after 8 s."""
import collections
import time

import pytest

from build_kind import is_sanitized
from failover import Load, Pair
from waiting import eventually, let_pass

BACK_WITHIN_S = 10 if is_sanitized() else 5
SOON_S = 40
LOAD_S, LATE_S = 2, 5


@pytest.fixture
def pair():
    made = Pair()
    yield made
    made.close()


def nobody_is_ready(pair):
    eventually(lambda: not any(node.is_ready() for node in pair.nodes), "all nodes notice", SOON_S, pause=0.1)


@pytest.mark.parametrize("how,is_late", [("killed", True), ("frozen", False), ("frozen", True), ("cut", False)])
def test_nothing_acknowledged_is_lost(pair, how, is_late):
    """At once: nodes haven't noticed that the primary is gone. Late: they have tried all hosts again and again."""
    with Load(pair) as load:
        eventually(load.is_under_way, lambda: f"the load is under way: {load.odd}", SOON_S)
        getattr(pair, how)()
        if is_late:
            nobody_is_ready(pair)
            let_pass(LATE_S)
        pair.take_over()
        taken_over = time.monotonic()
        eventually(lambda: load.serves_since(taken_over), lambda: f"both serve: {[node.log[-5:] for node in pair.nodes]}", SOON_S)
        back_after = max(load.last.values()) - taken_over
        let_pass(LOAD_S)
        pair.comes_back()
        let_pass(LOAD_S)
    assert load.odd == []
    assert back_after <= BACK_WITHIN_S, f"served {back_after:.1f} s after the replica took writes"
    assert load.lost(pair.standby) == (set(), collections.Counter(), set())
    for node in pair.nodes:
        assert len(node.logged("db.other_history")) == 1 and not node.logged("db.went_back")
