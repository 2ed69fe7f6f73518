# SPDX-License-Identifier: Apache-2.0
"""Taking protection off (docs/policy.md §5.5): a license that says so needs EXPORT, is recorded as that, and is for one
act."""
import pytest

from calls import refused
from world import VIEW, grant

EXPORT, TAKE_OFF, USE = 7, 1, 0
WORDS = "to take the protection off"
MINUTES = 5 * 60


@pytest.fixture(scope="module")
def saved(world):
    """Content that Bob may save elsewhere, and Carol may only see."""
    return world.protect(do_not_forward=None, recipients=None, custom={"grants": [
        grant("user:bob@fabrikam.com", VIEW, EXPORT), grant("user:carol@fabrikam.com", VIEW)]})


def last_record(world, made):
    return world.sql("SELECT granted, reason, target, power, rights FROM audit WHERE operation = 'acquire_license' AND "
                     f"content = '{made.content_id}' ORDER BY event DESC LIMIT 1").split("|")


def test_who_holds_export_may(world, saved):
    used = world.acquire(saved, world.bob)
    assert used.may_cache and last_record(world, saved)[2] == ""
    taken = world.acquire(saved, world.bob, purpose=TAKE_OFF)
    claims, key = world.a.verify(taken.use_license, world.reader)
    assert key == world.reader.unwrap(saved.wrapped_content_key)
    assert not taken.may_cache and claims["off"] is False and claims["exp"] - claims["iat"] == MINUTES
    assert last_record(world, saved)[:4] == ["t", "OK", WORDS, ""]
    assert world.acquire(saved, world.bob).may_cache  # what was protected stays so


def test_who_may_only_see_may_not(world, saved):
    carol = world.fabrikam.token("carol")
    assert world.acquire(saved, carol).may_cache
    error = refused(world.acquire, saved, carol, purpose=TAKE_OFF)
    assert (error.code, error.reason) == ("PERMISSION_DENIED", "RIGHT_MISSING")
    assert last_record(world, saved)[:3] == ["f", "RIGHT_MISSING", WORDS]
    assert refused(world.acquire, saved, world.fabrikam.token("eve"), purpose=TAKE_OFF).reason == "NO_RIGHTS"


def test_presets_of_recipients_do_not_have_it(world):
    for policy in ("do_not_forward", "encrypt_only"):
        made = world.protect(**{policy: {}})
        assert refused(world.acquire, made, world.bob, purpose=TAKE_OFF).reason == "RIGHT_MISSING"
        assert world.acquire(made, world.alice, purpose=TAKE_OFF).content_id == made.content_id
        assert last_record(world, made)[2:4] == [WORDS, "owner"]


def test_what_shuts_out_shuts_out_here_too(world):
    made = world.protect(do_not_forward=None, recipients=None, custom={"grants": [
        grant("user:bob@fabrikam.com", VIEW, EXPORT)]})
    world.track("Revoke", made)
    assert refused(world.acquire, made, world.bob, purpose=TAKE_OFF).reason == "REVOKED"


def test_in_a_batch_each_is_asked_for_itself(world, saved):
    request = world.license_request(saved)
    results = world.call("LicensingService/BatchAcquireLicense", {"requests": [
        {**request, "purpose": TAKE_OFF}, request, {**request, "purpose": 4}]}, token=world.bob).results
    assert [result.response.may_cache for result in results] == [False, True, False]
    assert [v.field for v in results[2].error.field_violations] == ["purpose"]
    assert refused(world.acquire, saved, world.bob, purpose=77).fields == ["purpose"]
