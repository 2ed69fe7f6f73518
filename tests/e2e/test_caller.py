# SPDX-License-Identifier: Apache-2.0
"""CallerService.GetCaller: every kind of caller is told whom the authority takes them for."""
import time

import pytest

from calls import reason, refused
from world import ROLES

PATH = "CallerService/GetCaller"


def told(world, **who):
    return world.call(PATH, {}, **{"who": None, "token": None, **who})


@pytest.mark.parametrize("name", ["gateway", "admin"])
def test_a_tenants_component(world, name):
    component = world.gateway if name == "gateway" else world.contoso.admin
    got = told(world, who=component)
    assert (got.tenant, got.boundary, list(got.addresses)) == ("contoso", "commercial", [])
    assert got.component and world.sql(f"SELECT name FROM component WHERE component = '{got.component_id}'") == got.component
    assert got.role == ROLES["gateway" if name == "gateway" else "tenant-admin"]
    assert list(got.sender_domains) == (["contoso.com"] if name == "gateway" else [])
    assert not got.HasField("token_expire_time")


def test_the_platforms_admin_is_of_no_tenant(world):
    got = told(world, who=world.platform_admin)
    assert (got.tenant, got.boundary, got.role) == ("", "", ROLES["platform-admin"])


def test_a_person(world):
    got = told(world, token=world.bob)
    assert (got.tenant, got.boundary, got.role, got.component_id) == ("fabrikam", "commercial", ROLES["client"], "")
    assert list(got.addresses) == ["bob@fabrikam.com"] and not got.guest
    assert 0 < got.token_expire_time.seconds - time.time() <= 3600


def test_a_portal_with_and_without_a_reader(world):
    alone = told(world, who=world.portal)
    assert alone.role == ROLES["portal"] and not alone.addresses
    got = told(world, who=world.portal, user_token=world.bob)
    assert (got.role, got.component, got.tenant) == (ROLES["portal"], alone.component, "fabrikam")
    assert list(got.addresses) == ["bob@fabrikam.com"] and got.HasField("token_expire_time")


def test_nobody_is_told_nothing(world):
    assert reason(world.call, PATH, {}, who=None, token=None) == "CREDENTIAL_MISSING"
    assert refused(world.call, PATH, {}, who=None, token=world.bob[:-4] + "AAAA").code == "UNAUTHENTICATED"


def test_it_leaves_no_record(world):
    before = world.sql("SELECT count(*) FROM audit")
    told(world, token=world.bob)
    assert world.sql("SELECT count(*) FROM audit") == before
