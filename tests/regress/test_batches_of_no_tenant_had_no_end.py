# SPDX-License-Identifier: Apache-2.0
"""Items of batches count as calls of their tenant. Those of whoever is of no tenant, such as anybody with a consumer's
account, counted nowhere: 120 calls of one connection were 12,000 in memory. And a batch that was let in although it is
larger than the limit was refused when what it had been decided on was out of date, because its items were counted once
more when their caller was asked again."""
from collections import Counter

import grpc
import pytest

from authority import MESSAGES, Refused
from calls import fresh_channel
from world import VIEW, grant

LICENSE = "LicensingService/BatchAcquireLicense"
ITEMS, BATCHES, LIMIT = 100, 20, 60


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1, "config": {"limits": {"tenant_calls": LIMIT}}}


def told(result):
    return result.error.reason if result.WhichOneof("outcome") == "error" else "OK"


def outcomes(future):
    try:
        return [told(result) for result in future.result().results]
    except grpc.RpcError as error:
        return [Refused(error).reason]


def test_items_of_callers_of_no_tenant_count_by_their_network(world):
    made, token = world.protect(), world.google.token("kim@gmail.com", email_verified=True)
    request_type, response_type = MESSAGES.method(LICENSE)
    channel = fresh_channel(world.a)
    stub = channel.unary_unary(f"/chancery.v1.{LICENSE}", request_type.SerializeToString, response_type.FromString)
    request = request_type(requests=[world.license_request(made)] * ITEMS)
    futures = [stub.future(request, metadata=[("authorization", f"Bearer {token}")], timeout=60) for _ in range(BATCHES)]
    counts = Counter(reason for future in futures for reason in outcomes(future))
    channel.close()
    assert counts["TENANT_BUSY"] > 0 and counts["PORTAL_REQUIRED"] >= ITEMS
    assert counts["TENANT_BUSY"] + counts["PORTAL_REQUIRED"] // ITEMS == BATCHES


def test_a_batch_that_was_let_in_decides_again(world):
    template = world.template(grant("authenticated", VIEW)).template_id
    made = world.protect(do_not_forward=None, recipients=None, template_id=template)
    request = {"requests": [world.license_request(made)] * ITEMS}
    other = world.a.node().start()
    try:
        for grants in (grant("authenticated", VIEW), grant("owner", VIEW)):
            world.call("TemplateService/UpdateTemplate", {"template": {"template_id": template, "grants": [grants]},
                                                          "update_mask": {"paths": ["grants"]}}, world.contoso.admin)
            results = other.call(LICENSE, request, token=world.bob).results
            assert {told(result) for result in results} == {"OK" if grants["principals"] != ["owner"] else "NO_RIGHTS"}
    finally:
        other.stop()
