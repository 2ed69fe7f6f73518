# SPDX-License-Identifier: Apache-2.0
"""What changes between the decision on an answer and its commit: the commit compares once more, so nothing is made on what
doesn't hold any more, and what was amended meanwhile holds (docs/policy.md §5.3)."""
import concurrent.futures

import pytest

from calls import outcome
from waiting import eventually
from world import VIEW, grant

KIM, JO = "kim@mail.example", "jo@mail.example"
REPLY_ALL, MAY_REPLY, MAY_REPLY_ALL = 2, 9, 10
HELD_MS = 1500


@pytest.fixture(scope="module")
def authority_options(faults):
    return {"env": faults.env}


@pytest.fixture(scope="module")
def people(world):
    return {address: world.google.token(address, email_verified=True) for address in (KIM, JO)}


@pytest.fixture(name="answered_meanwhile")
def _answered_meanwhile(world, faults, people):
    """Kim answers all; when they have been found to be allowed to, and nothing is made, something happens."""
    def answer(made):
        return world.call("PublishingService/Answer", {
            "publishing_license": made.publishing_license, "kind": REPLY_ALL, "client_public_jwk": world.reader.public},
            world.portal, user_token=people[KIM]).response

    def meanwhile(made, act):
        answer(made)  # what caches learn is known
        faults.delay("answer:make", HELD_MS)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            future = pool.submit(lambda: outcome_and(lambda: answer(made)))
            eventually(lambda: world.metric("chancery_calls_active") >= 1, "the answer is held before its commit")
            act()
            faults.none()
            return future.result()

    yield meanwhile
    faults.none()


def outcome_and(act):
    got = []
    told = outcome(lambda: got.append(act()))
    return told, got[0] if got else None


def answers_of(world, made):
    return int(world.sql(f"SELECT count(*) FROM content WHERE answers = '{made.content_id}'"))


def opens(w, made, token):
    return outcome(lambda: w.acquire(made, who=w.portal, user_token=token))


def test_revoked(world, answered_meanwhile):
    made = world.protect(recipients=[KIM, JO])
    told, _ = answered_meanwhile(made, lambda: world.track("Revoke", made))
    assert told == "REVOKED" and answers_of(world, made) == 1


def test_revoked_for_the_reader(world, answered_meanwhile):
    made = world.protect(recipients=[KIM, JO])
    told, _ = answered_meanwhile(made, lambda: world.track("Revoke", made, user=KIM))
    assert told == "REVOKED" and answers_of(world, made) == 1


def test_revoked_for_another_one(world, people, answered_meanwhile):
    """They are shut out of the answer too, although it was decided on before."""
    made = world.protect(recipients=[KIM, JO])
    told, got = answered_meanwhile(made, lambda: world.track("Revoke", made, user=JO))
    assert told == "OK" and opens(world, got, people[JO]) == "REVOKED" and opens(world, got, people[KIM]) == "OK"


def test_amended(world, people, answered_meanwhile):
    made = world.protect(recipients=[KIM, JO])

    def remove(address):
        world.call("PublishingService/AmendPolicy", {"content_id": made.content_id, "remove_principals": [f"user:{address}"]},
                   token=world.alice)

    told, got = answered_meanwhile(made, lambda: remove(JO))
    assert told == "OK" and opens(world, got, people[JO]) == "NO_RIGHTS"
    told, _ = answered_meanwhile(made, lambda: remove(KIM))
    assert told == "NO_RIGHTS" and answers_of(world, made) == 3


def test_excluded(world, answered_meanwhile):
    made = world.protect(recipients=[KIM, JO])
    told, _ = answered_meanwhile(made, lambda: world.call("TenantService/AddExclusion", {"user": KIM}, world.contoso.admin))
    world.call("TenantService/RemoveExclusion", {"user": KIM}, world.contoso.admin)
    assert told == "EXCLUDED" and answers_of(world, made) == 1


def test_the_template_takes_the_right_away(world, answered_meanwhile):
    template = world.template(grant("recipients", VIEW, MAY_REPLY, MAY_REPLY_ALL))
    made = world.protect(do_not_forward=None, template_id=template.template_id, recipients=[KIM, JO])
    told, _ = answered_meanwhile(made, lambda: world.call("TemplateService/UpdateTemplate", {
        "template": {"template_id": template.template_id, "grants": [grant("recipients", VIEW, MAY_REPLY)]},
        "update_mask": {"paths": ["grants"]}}, world.contoso.admin))
    assert told == "RIGHT_MISSING" and answers_of(world, made) == 1


def test_the_tenant_is_disabled(world, answered_meanwhile):
    made = world.protect(recipients=[KIM, JO])
    told, _ = answered_meanwhile(made, lambda: world.update_tenant(world.platform_admin, "contoso", state=2))
    world.update_tenant(world.platform_admin, "contoso", state=1)
    assert told == "TENANT_DISABLED" and answers_of(world, made) == 1
