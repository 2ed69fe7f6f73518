# SPDX-License-Identifier: Apache-2.0
"""Whoever answers is among the recipients of the answer, and so are those to whom they forward it. Where recipients hold more than
the reader, who has come to the content by another grant, that gave away what nobody had given to the reader: what is quoted in
the answer could be copied and saved, by them and by whomever they chose."""
import pytest

from calls import outcome
from world import VIEW, grant

KIM, JO, PAT = "kim@mail.example", "jo@mail.example", "pat@else.example"
REPLY, REPLY_ALL, FORWARD = 1, 2, 3
EXTRACT, EXPORT, MAY_FORWARD, MAY_REPLY, MAY_REPLY_ALL = 6, 7, 8, 9, 10
HELD = (VIEW, MAY_FORWARD, MAY_REPLY, MAY_REPLY_ALL)


@pytest.fixture(scope="module")
def people(world):
    return {address: world.google.token(address, email_verified=True) for address in (KIM, JO, PAT)}


def answer(w, made, token, kind, **fields):
    return w.call("PublishingService/Answer", {
        "publishing_license": made.publishing_license, "kind": kind, "client_public_jwk": w.reader.public, **fields},
        w.portal, user_token=token).response


def rights(w, made, token):
    return set(w.acquire(made, who=w.portal, user_token=token).rights)


def policies(w, *grants):
    """Custom, and by a template."""
    template = w.template(*grants).template_id
    return [{"custom": {"grants": list(grants)}}, {"template_id": template}]


@pytest.mark.parametrize("form", [0, 1])
def test_whoever_holds_less_than_recipients(world, people, form):
    w = world
    policy = policies(w, grant("recipients", VIEW, EXTRACT, EXPORT), grant("domain:mail.example", *HELD))[form]
    made = w.protect(do_not_forward=None, recipients=[JO, PAT], **policy)
    assert rights(w, made, people[KIM]) == set(HELD)
    assert outcome(lambda: answer(w, made, people[KIM], FORWARD, recipients=[PAT])) == "RIGHTS_EXCEEDED"
    for kind in (REPLY, REPLY_ALL):
        got = answer(w, made, people[KIM], kind)
        assert rights(w, got, people[KIM]) == set(HELD), "what they have come by gives them what it gave"
        assert outcome(lambda: w.acquire(got, w.alice)) == "OK"  # pylint: disable=W0640
    assert rights(w, got, people[PAT]) == {VIEW, EXTRACT, EXPORT}, "a recipient before"
    reply = answer(w, made, people[KIM], REPLY)
    assert outcome(lambda: w.acquire(reply, who=w.portal, user_token=people[PAT])) == "NO_RIGHTS"


def test_whoever_holds_as_much_gives_it(world, people):
    w = world
    for policy in policies(w, grant("recipients", *HELD), grant("domain:mail.example", EXTRACT)):
        made = w.protect(do_not_forward=None, recipients=[KIM], **policy)
        got = answer(w, made, people[KIM], FORWARD, recipients=[PAT])
        assert rights(w, got, people[PAT]) == set(HELD) and rights(w, got, people[KIM]) == {*HELD, EXTRACT}


def test_what_was_amended_counts(world, people):
    """What recipients get is what the policy gives them by now."""
    w = world
    made = w.protect(do_not_forward=None, recipients=[JO], custom={
        "grants": [grant("recipients", VIEW), grant(f"user:{KIM}", *HELD)]})
    assert outcome(lambda: answer(w, made, people[KIM], FORWARD, recipients=[PAT])) == "OK"
    w.call("PublishingService/AmendPolicy", {"content_id": made.content_id, "set_grants": [grant("recipients", VIEW, EXPORT)]},
           token=w.alice)
    assert outcome(lambda: answer(w, made, people[KIM], FORWARD, recipients=[PAT])) == "RIGHTS_EXCEEDED"


def test_the_owner_has_all_rights(world, people):
    w = world
    made = w.protect(do_not_forward=None, recipients=[JO], custom={"grants": [grant("recipients", VIEW, EXPORT)]})
    got = answer(w, made, w.alice, FORWARD, recipients=[PAT])
    assert rights(w, got, people[PAT]) == {VIEW, EXPORT}
