# SPDX-License-Identifier: Apache-2.0
"""What values of a multi-tenant issuer's claim mean, as documents (docs/declared.md §2)."""
import pytest

from authority import new_id
from calls import refused
from command import run
from test_declared import FAILED, REFUSED, _own, authority_options, document, world  # noqa: F401  pylint: disable=unused-import


@pytest.fixture(scope="module", name="issuer")
def _issuer(world):  # noqa: F811  pylint: disable=redefined-outer-name
    return world.call("IssuerService/CreateIssuer", {"issuer": {
        "kind": 2, "boundary": "commercial", "issuer": "https://many.example/{tenantid}/v2.0", "audiences": ["x"],
        "algorithms": ["ES256"], "jwks_json": world.contoso.issuer.jwks()}}, world.platform_admin).issuer.issuer_id


def mapping(own, issuer, value):
    return document("TenantMapping", {"issuer_id": issuer, "value": value}, tenant=own.name)


def values(own):
    found = own.world.call("IssuerService/ListTenantMappings", {"tenant": own.name}, own.world.platform_admin).mappings
    return [(one.issuer_id, one.value, one.tenant) for one in found]


def as_platform(own, command, *more, **options):
    return run(own.world, command, "platform", *more, **options)


def test_there_and_back(own, issuer):
    """Made, exported, the same when applied again, and removed."""
    first, second = sorted((new_id(), new_id()))
    text = mapping(own, issuer, first) + mapping(own, issuer, second.upper())
    assert "2 changes; 0 as declared" in as_platform(own, "apply", "-f", "-", input=text).stdout
    assert values(own) == [(issuer, first, own.name), (issuer, second, own.name)]
    assert "2 as declared" in as_platform(own, "apply", "-f", "-", "--exit-code", input=text).stdout
    told = as_platform(own, "export", "--tenant", own.name, "TenantMapping").stdout
    assert told.count("\nkind: TenantMapping\n") == 2 and f"  tenant: {own.name}\n" in told and first in told
    assert "0 to make, 0 to change, 0 to remove; 2 as" in as_platform(own, "diff", "-f", "-", "--prune", input=told).stdout
    as_platform(own, "apply", "-f", "-", "--prune", "--yes", input=mapping(own, issuer, first))
    assert values(own) == [(issuer, first, own.name)]
    assert first not in as_platform(own, "export").stdout  # of no tenant


def test_what_is_not_right(own, issuer):
    said = as_platform(own, "apply", "-f", "-", input=document("TenantMapping", {"issuer_id": issuer, "value": "x"}), expect=FAILED)
    assert "needs metadata.tenant" in said.stderr
    said = as_platform(own, "apply", "-f", "-", input=mapping(own, issuer, "no uuid"), expect=FAILED)
    assert "must be the tenant's UUID" in said.stderr and "line 2." in said.stderr
    taken = new_id()
    as_platform(own, "apply", "-f", "-", input=mapping(own, issuer, taken))
    other = own.world.tenant(own.world.unique("other"))
    text = document("TenantMapping", {"issuer_id": issuer, "value": taken}, tenant=other.name)
    assert "ALREADY_EXISTS" in as_platform(own, "apply", "-f", "-", input=text, expect=REFUSED).stderr
    assert "COMPONENT_ROLE" in own.apply(mapping(own, issuer, new_id()), expect=REFUSED).stderr


def test_lists_of_a_tenant(own, issuer):
    """In pages; of an issuer or of a tenant, and of both or none it is no question."""
    w, wanted = own.world, sorted(new_id() for _ in range(5))
    for value in wanted:
        w.call("IssuerService/MapTenant", {"issuer_id": issuer, "value": value, "tenant": own.name}, w.platform_admin)
    found, token = [], ""
    for size in (2, 2, 2):
        page = w.call("IssuerService/ListTenantMappings", {"tenant": own.name, "page_size": size, "page_token": token}, w.platform_admin)
        found += [one.value for one in page.mappings]
        token = page.next_page_token
    assert found == wanted and not token
    for request in ({}, {"tenant": own.name, "issuer_id": issuer}):
        told = refused(w.call, "IssuerService/ListTenantMappings", request, w.platform_admin)
        assert told.reason == "FIELD_INVALID" and told.fields == ["issuer_id"]
    assert refused(w.call, "IssuerService/ListTenantMappings", {"tenant": "nobody"}, w.platform_admin).reason == "NOT_FOUND"
