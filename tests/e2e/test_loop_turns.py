# SPDX-License-Identifier: Apache-2.0
"""No step runs long: while one caller's message is unpacked, normalized and written, others wait 5 ms for it at most,
whoever sends it and whether they may."""
import grpc
import pytest

from calls import outcome
from loop_turns import HISTOGRAM, MAXIMUM, is_measured, limit, longest_turn
from methods import METHODS
from world import VIEW, template_of

# A turn that is interrupted by another process looks long once; one that does too much is long every time.
ATTEMPTS = 5

RECIPIENTS = 1000
COMPRESSED = {"compression": grpc.Compression.Gzip}


@pytest.fixture(scope="module")
def authority_options():
    """PostgreSQL may take its time: it is the loop that is measured."""
    return {"workers": 1, "config": {"database": {"statement_timeout_ms": 60000}}}


@pytest.fixture(scope="module")
def world(world):
    if not is_measured(world.a):
        pytest.skip(f"this server has no metric of its loop's turns ({HISTOGRAM} or {MAXIMUM})")
    assert world.gateway and world.made
    return world


def international(number):
    """An address as long and as foreign as they come, of a domain that nobody has seen before."""
    return f"jürgen.grün{number}@straße-{number}.müller-lüdenscheidt.größe.пример.παράδειγμα.例え.example"


def protect(world):
    """Names that were not normalized before."""
    numbers = [int(world.unique("")) for _ in range(RECIPIENTS)]
    return "PublishingService/Protect", {
        "do_not_forward": {}, "recipients": [international(number) for number in numbers], "owner": "alice@contoso.com",
        "client_public_jwk": world.reader.public}


def import_directory(world):
    """As many people and names as the size of a part allows."""
    path, turn = "DirectoryService/ImportDirectory", world.unique("")
    user = lambda n: {
        "address": f"jürgen.müller-lüdenscheidt{n}-{turn}@contoso.com", "display_name": "Jürgen Müller-Lüdenscheidt",
        "aliases": [f"straße.größe{n}-{turn}-{alias}@contoso.com" for alias in range(4)]}
    method = METHODS[path]
    size = method.request_type()(users=[user(9999)]).ByteSize()
    return path, {"users": [user(n) for n in range(method.max_bytes // size)]}


def make_template(world):
    """Twice a thousand names in one message."""
    numbers = [int(world.unique("")) for _ in range(RECIPIENTS)]
    people = [f"user:{international(number)}" for number in numbers]
    return "TemplateService/CreateTemplate", {"template": template_of(
        {"principals": people, "rights": [VIEW]}, scope=people)}


@pytest.mark.parametrize("who", ["a stranger", "who may"])
@pytest.mark.parametrize("make", [protect, import_directory, make_template])
def test_no_turn_is_long(world, make, who):
    rightful = world.gateway if make is protect else world.contoso.admin
    turns, allowed = [], 0
    for _ in range(ATTEMPTS):
        path, request = make(world)
        more = {"who": rightful if who == "who may" else None, "timeout": 60, **COMPRESSED}
        told = []
        turns.append(longest_turn(world.a, lambda: told.append(outcome(world.call, path, request, **more))))
        assert told == (["OK"] if who == "who may" else ["CREDENTIAL_MISSING"])
        allowed = limit()
        if turns[-1] < allowed:
            return
    raise AssertionError(f"the longest turn was {min(turns) * 1000:.1f} ms at best, of {allowed * 1000:.0f}: {turns}")
