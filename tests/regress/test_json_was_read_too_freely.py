# SPDX-License-Identifier: Apache-2.0
"""What protobuf's JSON does not take, and what cost more than it could mean."""
import json

import pytest

from http_calls import post
from loop_turns import limit, longest_turn

TEMPLATES = "TemplateService/ListTemplates"


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1}


def ask(world, path, text):
    return post(world, "--http1.1", path, text.encode(), who=world.contoso.admin)


@pytest.mark.parametrize("number", ["1e-400", "0.99999999999999999999", "1.00000000000000000001", "2e-1"])
def test_numbers_were_rounded(world, number):
    """They went through a double, which took them for 0 and 1."""
    got = ask(world, TEMPLATES, f'{{"pageSize": {number}}}')
    assert (got.status, got.reason(), got.fields()) == (400, "FIELD_INVALID", ["page_size"])


@pytest.mark.parametrize("number", ["2e1", "20.0", '"0.2e+2"', "2000e-2"])
def test_whole_numbers_in_any_form_are_taken(world, number):
    assert ask(world, TEMPLATES, f'{{"pageSize": {number}}}').status == 200


@pytest.mark.parametrize("time", ["2026-11-24t12:00:00Z", "2026-11-24T12:00:00z"])
def test_small_letters_stood_in_times(world, time):
    text = json.dumps({"filter": {"startTime": time}})
    got = post(world, "--http1.1", "AuditService/Query", text.encode(), who=world.platform_admin)
    assert (got.status, got.fields()) == (400, ["filter.start_time"])


@pytest.mark.parametrize("separator", [",", "."])
def test_one_text_of_a_mask_was_250_000_names(world, separator):
    """A list has at most 65,536 values; the paths in the text of a mask were not counted, and took 20 ms."""
    text = json.dumps({"updateMask": separator.join(["a"] * 250000)})
    told, turns = [], []
    for _ in range(5):
        turns.append(longest_turn(world.a, lambda: told.append(ask(world, "TemplateService/UpdateTemplate", text))))
        if turns[-1] < limit():
            break
    assert min(turns) < limit(), turns
    assert {(got.reason(), *got.fields()) for got in told} == {("FIELD_INVALID", "update_mask")}
