# SPDX-License-Identifier: Apache-2.0
"""The cancel matrix, made from the step tables of the daemon itself: a client that goes at every step of every flow.
Nothing is left over, nothing breaks, and the next call works. A new step is in it the day it appears."""
import pytest

from authority import MESSAGES, Refused
from calls import fresh_channel
from faults import FLOWS, steps_of
from methods import BY_FLOW, caller_of, credentials_of, request_of
from stock import Stock
from waiting import eventually

# How long a step is held up, and after which of it the client goes. After the commit the flow runs on, so there the
# delay passes; before it the three clients end the flow, as soon as they have come.
LONG_MS, SHORT_MS, DEADLINE_S = 5000, 250, 0.05

# Rows of the sub-flows of authentication are the same in every flow: tried for a gateway, a reader with a token, and an
# admin past all caches. One flow has a sub-flow of its own.
WITH_SUB_FLOWS = {"protect", "acquire_license", "get_tenant", "amend_policy"}

# Of several at once one is done, and the others hear at the commit that the object has changed.
ONE_WINS = {"import_key", "activate_key", "set_min_key_version"}
# While one is worked on, others of its tenant or its worker are told to come later.
ONE_AT_A_TIME = {"get_import_key", "export_keys"}


@pytest.fixture(scope="module")
def authority_options(faults, dns):
    return {"workers": 1, "env": faults.env, "config": dns.config}


@pytest.fixture(scope="module")
def stock(world, dns):
    return Stock(world, 120, dns)


def start(stock, method, channel=None, timeout=20):
    """A call in flight, on this connection or on the one that the caller always has."""
    who = caller_of(stock, method)
    request_type, response_type = MESSAGES.method(method.path)
    stub = (channel or stock.w.a.channel(who["who"])).unary_unary(
        f"/chancery.v1.{method.path}", request_type.SerializeToString, response_type.FromString)
    return stub.future(request_type(**request_of(stock, method)), metadata=credentials_of(who), timeout=timeout)


def active(world):
    return world.metric("chancery_calls_active")


def steps_to_try(flow):
    return [step for step in steps_of(flow) if not step.is_of_sub_flow or flow in WITH_SUB_FLOWS]


@pytest.mark.parametrize("flow", FLOWS)
def test_cancel(world, stock, faults, flow):
    method, is_committed = BY_FLOW[flow], False
    before = len(world.a.log)
    for step in steps_to_try(flow):
        faults.delay(step, SHORT_MS if is_committed or step.is_of_sub_flow else LONG_MS)
        channel = fresh_channel(world.a, caller_of(stock, method)["who"])
        reset, _ = start(stock, method), start(stock, method, channel)
        late = start(stock, method, timeout=DEADLINE_S)
        if not is_committed and not step.is_of_sub_flow:
            standing = 1 if flow in ONE_AT_A_TIME else 2
            eventually(lambda standing=standing: active(world) >= standing, f"calls stand before {step}")
        error = late.exception()
        if not step.is_of_sub_flow:
            came_second = is_committed and flow in ONE_WINS and error.code().name == "ABORTED"
            is_turned_away = flow in ONE_AT_A_TIME and Refused(error).reason == "OVERLOADED"
            assert came_second or is_turned_away or error.code().name == "DEADLINE_EXCEEDED", (step, error)
        reset.cancel()
        channel.close()
        is_committed = is_committed or step.is_commit
    faults.none()
    eventually(lambda: active(world) == 0, f"no call of {flow} is left over")
    reasons = {line["reason"] for line in world.a.log[before:] if line["event"] == "call.done"}
    assert {"DEADLINE_EXCEEDED", "CANCELLED"} & reasons  # a client resets at its own deadline
    world.call(method.path, request_of(stock, method), **caller_of(stock, method))
    assert not world.a.logged("worker.ended")
