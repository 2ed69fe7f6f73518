# SPDX-License-Identifier: Apache-2.0
"""No step runs long: while one caller's message is unpacked, normalized and written, others wait 5 ms for it at most,
whoever sends it and whether they may."""
import json

import grpc
import pytest
from google.protobuf import json_format

from authority import MESSAGES
from calls import outcome
from http_calls import post
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


def protect_many(world):
    """As many of these as go into a batch, which is several times as large as what is unpacked in one turn. They are
    refused one by one after all has been read: what answers of several MiB take is another matter."""
    make = METHODS["PublishingService/Protect"].request_type()
    size = make(**protect(world)[1]).ByteSize() * 11 // 10  # numbers grow
    count = METHODS["PublishingService/BatchProtect"].max_bytes // size
    assert count > 20
    return "PublishingService/BatchProtect", {"requests": [
        {**protect(world)[1], "owner": "x@nobody.example"} for _ in range(count)]}


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


def pre_license(world):
    """As many recipients as one call may have, of whom nobody has registered anything."""
    numbers = [int(world.unique("")) for _ in range(500)]
    return "LicensingService/PreLicense", {"publishing_license": world.made.publishing_license, "recipients": [
        {"address": international(number)} for number in numbers]}


@pytest.mark.parametrize("who", ["a stranger", "who may"])
@pytest.mark.parametrize("make", [protect, protect_many, import_directory, make_template, pre_license])
def test_no_turn_is_long(world, make, who):
    rightful = world.gateway if make in (protect, protect_many, pre_license) else world.contoso.admin
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


@pytest.mark.parametrize("make", [protect, make_template])
def test_no_turn_is_long_by_json(world, make):
    """Text is read and unpacked in one turn, too."""
    rightful = world.gateway if make is protect else world.contoso.admin
    turns, allowed = [], 0
    for _ in range(ATTEMPTS):
        path, request = make(world)
        body = json.dumps(json_format.MessageToDict(MESSAGES.method(path)[0](**request)), ensure_ascii=False).encode()
        told = []
        turns.append(longest_turn(world.a, lambda: told.append(
            post(world, "--http1.1", path, body, who=rightful).status)))  # pylint: disable=cell-var-from-loop
        assert told == [200]
        allowed = limit()
        if turns[-1] < allowed:
            return
    raise AssertionError(f"the longest turn was {min(turns) * 1000:.1f} ms at best, of {allowed * 1000:.0f}: {turns}")
