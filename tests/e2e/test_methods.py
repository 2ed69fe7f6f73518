# SPDX-License-Identifier: Apache-2.0
"""The catalogue of methods is whole: every method with a flow has a request in it, and every request is a valid one."""
import uuid

import pytest

from faults import COMMITTING, FLOWS
from methods import BUILT, ITEMS, METHODS, NOT_RECORDED, READS, REQUESTS, SEQUENCES, caller_of, request_of
from stock import Stock


@pytest.fixture(scope="module")
def authority_options(dns):
    return {"config": dns.config}


@pytest.fixture(scope="module")
def stock(world, dns):
    return Stock(world, 3, dns)


def test_every_flow_is_in_the_catalogue():
    named = sorted(METHODS[path].flow for path in REQUESTS)
    assert named == FLOWS, "a new flow needs a request in tests/support/methods.py; see also FLOW_NAMES there"


def test_every_method_says_who_may_call_it():
    for method in METHODS.values():
        assert method.roles and "unspecified" not in method.roles, method.path


def test_every_method_leaves_a_record_or_says_why_not():
    silent = {method.flow for method in BUILT if method.flow not in COMMITTING}
    assert {flow for flow in silent if not flow.startswith(READS)} == {*NOT_RECORDED, *ITEMS}


@pytest.mark.parametrize("method", BUILT, ids=lambda method: method.path)
def test_every_request_is_answered(world, stock, method):
    """So whatever refuses such a request in other tests does it for its own reason. What leaves a record commits, so that it
    is in the crash matrix, and what commits leaves one."""
    trace = uuid.uuid4().hex
    world.call(method.path, request_of(stock, method), **caller_of(stock, method),
               metadata=[("traceparent", f"00-{trace}-{'1' * 16}-01")])
    rows = world.sql(f"SELECT DISTINCT operation FROM audit WHERE granted AND correlation_id = '{trace}'").splitlines()
    recorded = {**ITEMS, **SEQUENCES}.get(method.flow, method.flow)
    assert (recorded in rows) == (recorded in COMMITTING)
    assert bool(rows) == (recorded in COMMITTING)
