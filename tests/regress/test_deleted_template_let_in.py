# SPDX-License-Identifier: Apache-2.0
"""A template that is deleted takes access away from everybody but owner, issuer and super users. Whom an amendment named kept it,
and for ever: the expiry had gone with the template."""
import time

from calls import reason
from stock import super_user
from waiting import wall_clock_passes
from world import OWNER, VIEW, grant


def test_who_was_let_in_by_an_amendment_kept_expired_content(world):
    end = int(time.time()) + 2
    template = world.template(grant("user:carol@contoso.com", VIEW), expiry={"time": {"seconds": end}}).template_id
    made = world.protect(template_id=template)
    change = {"content_id": made.content_id, "add_recipients": ["mallory@fabrikam.com"], "set_grants": [
        grant("user:bob@fabrikam.com", OWNER), grant("recipients", VIEW)]}
    world.call("PublishingService/AmendPolicy", change, world.contoso.admin)
    readers = (world.bob, world.mallory, world.carol)
    for reader in readers:
        world.acquire(made, reader)
    wall_clock_passes(end)
    for reader in readers:
        assert reason(world.acquire, made, reader) == "EXPIRED"
    world.call("TemplateService/DeleteTemplate", {"template_id": template, "force": True}, world.contoso.admin)
    for reader in readers:
        assert reason(world.acquire, made, reader) == "NO_RIGHTS"
    license_ = {"publishing_license": made.publishing_license}
    assert reason(world.call, "TrackingService/Revoke", license_, token=world.bob) == "NO_RIGHTS"
    assert world.audit(tenant="contoso", content_id=made.content_id, operation="acquire_license")[0].reason == "TEMPLATE_MISSING"
    world.acquire(made, world.alice)
    world.call("TenantService/GrantSuperUser", super_user("user:eve@contoso.com"), world.contoso.admin)
    world.acquire(made, world.eve)
