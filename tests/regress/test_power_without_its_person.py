# SPDX-License-Identifier: Apache-2.0
"""Ways in which power over content came to somebody who was not meant, or stayed longer than it was lent."""
import time

import pytest

from calls import reason
from stock import super_user
from world import BY_DECRYPTOR, VIEW, grant

TENANT = "TenantService"


def power(world, principal, seconds=600):
    world.call(f"{TENANT}/GrantSuperUser", super_user(principal, seconds), world.contoso.admin)


def no_more_power(world, *principals):
    for principal in principals:
        world.call(f"{TENANT}/RevokeSuperUser", {"principal": principal}, world.contoso.admin)


def component_id(world, identity):
    return world.sql(f"SELECT component FROM component WHERE name = '{identity.name}'")


def give_up(world, tenant, domain):
    world.call(f"{TENANT}/RemoveDomain", {"domain": domain}, tenant.admin)


def prove(world, tenant, domain):
    request = {"tenant": tenant.name, "domain": domain}
    world.call(f"{TENANT}/AddDomain", request, world.platform_admin)
    world.call(f"{TENANT}/VerifyDomain", {**request, "asserted": True}, world.platform_admin)


@pytest.fixture
def orphaned(world):
    """Content whose owner's domain the tenant has given up: only for the owner, and for whoever is named by `owner`."""
    tenant = world.tenant(domain=f"{world.unique('moving')}.example")
    made = world.protect(token=tenant.token("ann"), custom={"grants": [grant("owner", VIEW)]})
    world.acquire(made, tenant.token("ann"))
    give_up(world, tenant, tenant.domain)
    return tenant.domain, made


def test_owner_power_followed_the_address_into_another_tenant(world, orphaned):
    """Owner was who has the owner's address today, whoever proved it to whom: the new holder of a domain opened, with all
    rights, what its old holder had protected."""
    domain, made = orphaned
    prove(world, world.fabrikam, domain)
    try:
        assert reason(world.acquire, made, world.fabrikam.token(f"ann@{domain}")) == "NO_RIGHTS"
    finally:
        give_up(world, world.fabrikam, domain)


def test_owner_power_followed_the_address_to_a_consumer(world, orphaned):
    """So did a consumer with an account in a domain that belongs to no tenant any more."""
    domain, made = orphaned
    ann = world.google.token(f"ann@{domain}", email_verified=True)
    assert reason(world.acquire, made, who=world.portal, user_token=ann) == "NO_RIGHTS"


def test_owner_and_issuer_kept_their_power_as_guests(world):
    """Who left and came back as a guest was still owner and issuer; by a grant they open as any guest does."""
    hal, put = world.contoso.token("hal"), {"address": "hal@contoso.com", "aliases": ["h.old@contoso.com"]}
    world.call("DirectoryService/PutUser", {"user": put}, world.contoso.admin)
    owned, granted = world.protect(token=hal), world.protect(token=hal, recipients=["hal@contoso.com"])
    issued = world.protect(token=hal, owner="h.old@contoso.com")
    world.call("DirectoryService/PutUser", {"user": {"address": "hal@contoso.com", "guest": True}}, world.contoso.admin)
    for made in (owned, issued):
        assert reason(world.acquire, made, hal) == "NO_RIGHTS"
    assert len(world.rights(granted, hal)) == 7


def test_gateway_opened_what_it_had_protected(world):
    """A gateway was recorded as issuer, and had an issuer's power: whoever held its key could read all mail it had sent."""
    made = world.protect()
    assert reason(world.acquire, made, who=world.gateway) == "NO_RIGHTS"
    content = world.call("TrackingService/GetContent", {"content_id": made.content_id}, world.contoso.admin).content
    assert content.issuer == world.gateway.name


def test_decryptor_opened_everything_by_its_role(world):
    """One admin alone registered a decryptor and read everybody's mail. Its power is switched on as any other is."""
    made, decryptor = world.protect(), world.contoso.component("decryptor", world.unique("decryptor"))
    assert reason(world.acquire, made, who=decryptor) == "NO_RIGHTS"
    power(world, component_id(world, decryptor))
    assert len(world.acquire(made, who=decryptor).rights) == 14
    uses = world.audit(tenant="contoso", power="POWER_DECRYPTOR", content_id=made.content_id)
    assert [(e.component, e.power, e.granted) for e in uses] == [(decryptor.name, BY_DECRYPTOR, True)]
    no_more_power(world, component_id(world, decryptor))
    assert reason(world.acquire, made, who=decryptor) == "NO_RIGHTS"


def test_license_outlived_the_power_that_gave_it(world):
    """Power for ten minutes gave a license for thirty days, to be cached. Of several grants the latest end counts."""
    made = world.protect()
    group, archive = f"{world.unique('rescue')}@contoso.com", world.contoso.component("client", world.unique("archive"))
    world.call("DirectoryService/PutGroup", {"group": {"address": group}}, world.contoso.admin)
    world.call("DirectoryService/AddMembers", {"group": group, "members": ["eve@contoso.com"]}, world.contoso.admin)

    def license_of(*args, **more):
        answer = world.acquire(made, *args, **more)
        claims = world.a.verify(answer.use_license, world.reader)[0]
        assert answer.expire_time.seconds == claims["exp"] and answer.may_cache == claims["off"]
        return claims["exp"], claims["off"]

    def ends():
        listed = world.call(f"{TENANT}/ListSuperUsers", {}, world.contoso.admin).super_users
        return {u.principal: u.expire_time.seconds for u in listed}

    power(world, "user:eve@contoso.com", 600)
    assert license_of(world.eve) == (ends()["user:eve@contoso.com"], False)
    power(world, f"group:{group}", 7200)
    assert license_of(world.eve) == (ends()[f"group:{group}"], False)
    power(world, f"component:{component_id(world, archive)}", 300)
    assert license_of(who=archive) == (ends()[f"component:{component_id(world, archive)}"], False)
    told = world.call("LicensingService/InspectContent", {"publishing_license": made.publishing_license}, token=world.eve)
    assert told.license_expire_time.seconds == ends()[f"group:{group}"]
    power(world, "user:alice@contoso.com", 600)
    exp, off = license_of(world.alice)  # the owner's own power is not lent
    assert exp > time.time() + 29 * 86400 and off
    no_more_power(world, *ends())
