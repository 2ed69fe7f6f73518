# SPDX-License-Identifier: Apache-2.0
"""gRPC-Web with its official client (npm's grpc-web), in both of its forms."""
import base64
import json
import os
import subprocess

import pytest

from authority import MESSAGES

HERE = os.path.dirname(os.path.abspath(__file__))
DEADLINE_EXCEEDED, UNAUTHENTICATED = 4, 16


@pytest.fixture(scope="module")
def said(world):
    assert world.template()  # something to list
    world.a.write("token", world.alice.encode())
    env = dict(os.environ, ADDRESS=world.a.address, NODE_EXTRA_CA_CERTS=f"{world.a.folder}/server.pem",
               TOKEN=f"{world.a.folder}/token")
    done = subprocess.run(["node", f"{HERE}/js/grpc_web.cjs"], capture_output=True, text=True, env=env, timeout=60,
                          check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("form", ("text", "binary"))
def test_it_is_served(world, said, form):
    told = MESSAGES("chancery.v1.ListAvailableTemplatesResponse").FromString(
        bytes.fromhex(said[form]["served"]["reply"]))
    assert told == world.call("PublishingService/ListAvailableTemplates", token=world.alice)


@pytest.mark.parametrize("form", ("text", "binary"))
def test_it_is_told_why_not(said, form):
    refused = said[form]["refused"]
    assert (refused["code"], refused["text"]) == (UNAUTHENTICATED, "The call carries no credential.")
    details = refused["details"]["grpc-status-details-bin"]
    status = MESSAGES("google.rpc.Status").FromString(base64.b64decode(details + "=" * (-len(details) % 4)))
    assert any(b"CREDENTIAL_MISSING" in detail.value for detail in status.details)


@pytest.mark.parametrize("form", ("text", "binary"))
def test_it_watches_until_its_deadline(said, form):
    assert said[form]["watched"] == {"seen": ["0801"], "code": DEADLINE_EXCEEDED}
