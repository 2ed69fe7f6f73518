# SPDX-License-Identifier: Apache-2.0
"""A device is registered by one of a person's addresses. So they had twenty by each, and an admin who saw a device by an alias
of its person couldn't remove it by the same."""
import concurrent.futures

import pytest

from calls import outcome
from devices import DELETE, LIST, Person, new_key


@pytest.fixture
def kim(world):
    """One person by two addresses, and the admin of their tenant."""
    tenant = world.tenant()
    world.call("DirectoryService/PutUser", {"user": {"address": f"kim@{tenant.domain}", "aliases": [f"k@{tenant.domain}"]}},
               tenant.admin)
    return [Person(world, tenant, name) for name in ("kim", "k")], tenant.admin


def test_twenty_by_each_address(kim):
    people, _ = kim
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda n: outcome(people[n % 2].register), range(30)))
    assert sorted(told) == ["LIMIT_EXCEEDED"] * 10 + ["OK"] * 20
    assert len(people[0].thumbprints()) == len(people[1].thumbprints()) == 20


def test_renewing_takes_no_room_by_any_address(kim):
    people, _ = kim
    keys = [new_key() for _ in range(20)]
    for n, key in enumerate(keys):
        people[n % 2].register(key)
    for n, key in enumerate(keys):
        assert outcome(people[n % 2].register, key) == "OK"
    assert outcome(people[0].register) == outcome(people[1].register) == "LIMIT_EXCEEDED"


def test_admin_saw_and_could_not_remove(world, kim):
    people, admin = kim
    thumbprint = people[0].register().thumbprint
    alias = {"address": people[1].address}
    assert [one.thumbprint for one in world.call(LIST, alias, admin).devices] == [thumbprint]
    assert outcome(world.call, DELETE, {**alias, "thumbprint": thumbprint}, admin) == "OK"
    assert people[0].thumbprints() == []
    assert outcome(world.call, DELETE, {**alias, "thumbprint": thumbprint}, admin) == "NOT_FOUND"
