# SPDX-License-Identifier: Apache-2.0
"""A call that had used up its memory was refused in a sentence alone: its details were to be made in that same memory. A
client reads `ErrorInfo.reason`, never the sentence, and the `request_id` with which to ask the operator was missing too."""
import json

import pytest

from authority import Refused
from http_calls import post

PATH = "DirectoryService/ImportDirectory"
USERS = 60000  # of no bytes each: more memory than the call has, in few bytes


def test_the_reason_was_missing_in_json(world):
    got = post(world, "--http1.1", PATH, json.dumps({"users": [{}] * USERS}).encode(), who=world.contoso.admin)
    assert (got.status, got.reason()) == (429, "MESSAGE_TOO_COMPLEX")
    assert got.details()["google.rpc.ErrorInfo"].metadata["request_id"]


def test_the_reason_was_missing_in_grpc(world):
    with pytest.raises(Refused) as refused:
        world.call(PATH, {"users": [{}] * USERS}, world.contoso.admin)
    assert refused.value.reason == "MESSAGE_TOO_COMPLEX" and refused.value.metadata["request_id"]
