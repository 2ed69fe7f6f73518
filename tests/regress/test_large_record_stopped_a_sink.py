# SPDX-License-Identifier: Apache-2.0
"""A record of 3 MB, which somebody had put into the log by hand, had more JSON than a sink had room for: it failed there for ever, and
what followed never came. So it was with rows of more than 16 MiB, and with rights that are none."""
import json
import os

import pytest

from waiting import eventually

LATE = 60
WRITTEN_S = 15  # until then all of a test is


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return str(tmp_path_factory.mktemp("sink") / "log.jsonl")


@pytest.fixture(scope="module")
def authority_options(path):
    return {"workers": 1, "config": {"audit_sinks": [{"name": "large", "file": path}]}}


def put(world, text, rights="''", later_s=0):
    """later_s: its time, so much from now. A sink doesn't wait for what the owner of the tables is still writing."""
    return world.sql("INSERT INTO audit (tenant, at, event, operation, granted, reason, client_address, user_agent, correlation_id, target, "
                     f"rights) SELECT '{world.contoso.id}', now() + interval '{later_s} s', gen_random_uuid(), 'x', true, 'OK', '', '', '', "
                     f"{text}, {rights} RETURNING event")


def lines_of(path):
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return {line["eventId"]: line for line in map(json.loads, file.read().split("\n")[:-1])}


def test_it_is_shortened_and_what_follows_comes(world, path):
    fits = put(world, "repeat('f', 32768)")
    letters, escapes = put(world, "repeat('ä€', 1000000)"), put(world, "repeat(E'\\x01\\x02\\x03', 1000000)")
    after = put(world, "'after'")
    found = eventually(lambda: after in lines_of(path) and lines_of(path), "what follows comes", LATE)
    assert found[fits]["target"] == "f" * 32768
    target = found[letters]["target"]
    assert target.startswith("ä€ä€") and target.endswith("… (5000000 bytes)") and 32_000 < len(target.encode()) < 33_000
    target = found[escapes]["target"]
    assert target.startswith("\x01\x02\x03") and target.endswith("… (3000000 bytes)")
    assert {line["event_id"] for line in world.a.logged("audit.sink_shortened", sink="large")} == {letters, escapes}


def test_a_row_of_40_mb_and_rights_that_are_none_don_t_hold_it_up(world, path):
    told = len(world.a.logged("audit.sink_shortened", sink="large"))
    huge = put(world, "repeat('h', 40000000)", later_s=WRITTEN_S)
    none, long = put(world, "'none'", "'no right'", WRITTEN_S), put(world, "'long'", "repeat('VIEW,', 1000000)", WRITTEN_S)
    after = put(world, "'after'", "'VIEW'", WRITTEN_S)
    found = eventually(lambda: after in lines_of(path) and lines_of(path), "what follows comes", LATE)
    assert found[huge]["target"] == "h" * 32768 + "… (40000000 bytes)"
    for event, target in ((none, "none"), (long, "long")):
        assert found[event]["target"] == target and not found[event].get("rights")
    assert found[after]["rights"]
    assert {line["event_id"] for line in world.a.logged("audit.sink_shortened", sink="large")[told:]} == {huge, none, long}
