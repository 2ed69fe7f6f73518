# SPDX-License-Identifier: Apache-2.0
"""Answers to answers. The limit was one of a single content, and whoever answers is among the recipients of what they write: so
they answered that, and went on without an end. Answers count for the thread that they belong to."""
import concurrent.futures

import pytest

from authority import new_id
from calls import outcome

KIM, JO = "kim@mail.example", "jo@mail.example"
REPLY_ALL = 2
OF_READER, OF_ALL = 60, 1000


@pytest.fixture(scope="module")
def people(world):
    return {address: world.google.token(address, email_verified=True) for address in (KIM, JO)}


def answer(w, made, user_token, **fields):
    return w.call("PublishingService/Answer", {
        "publishing_license": made.publishing_license, "kind": REPLY_ALL, "client_public_jwk": w.reader.public, **fields},
        w.portal, user_token=user_token).response


def answered_before(w, made, reader, count):
    """As if somebody had answered the content so often, within the hour."""
    w.sql("INSERT INTO content (tenant, content, owner, issuer, display_name, answers, thread, answered_by) SELECT "
          f"'{w.contoso.id}', gen_random_uuid(), 'alice@contoso.com', 'x', '', '{made.content_id}', '{made.content_id}', "
          f"'{reader}' FROM generate_series(1, {count})")


def test_who_answers_their_own_answers(world, people):
    w = world
    made = w.protect(recipients=[KIM, JO])
    last = made
    for _ in range(OF_READER):
        last = answer(w, last, people[KIM])
    for one in (made, last):
        assert outcome(lambda: answer(w, one, people[KIM])) == "ANSWER_LIMIT"  # pylint: disable=W0640
    assert outcome(lambda: answer(w, last, people[JO])) == "OK", "others go on"
    assert outcome(lambda: answer(w, w.protect(recipients=[KIM]), people[KIM])) == "OK", "and so do other threads"


def test_all_of_a_thread_together(world, people):
    w = world
    made = w.protect(recipients=[KIM, JO])
    first = answer(w, made, people[KIM])
    answered_before(w, made, "x@mail.example", OF_ALL - 2)
    assert outcome(lambda: answer(w, first, people[JO])) == "OK"
    for one in (made, first):
        assert outcome(lambda: answer(w, one, people[JO])) == "ANSWER_LIMIT"  # pylint: disable=W0640
    w.sql(f"UPDATE content SET created_at = created_at - interval '1 hour' WHERE thread = '{made.content_id}'")
    assert outcome(lambda: answer(w, first, people[JO])) == "OK"


def test_answers_to_several_at_once(world, people):
    """They hold rows of different content, and stand in line all the same."""
    w = world
    made = w.protect(recipients=[KIM, JO])
    several = [made] + [answer(w, made, people[JO]) for _ in range(5)]
    answered_before(w, made, KIM, OF_READER - 3)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        got = list(pool.map(lambda one: outcome(lambda: answer(w, one, people[KIM])), several))
    assert sorted(got) == ["ANSWER_LIMIT"] * 3 + ["OK"] * 3, got


def test_a_retry_within_a_full_thread(world, people):
    w = world
    made, request_id = w.protect(recipients=[KIM]), new_id()
    first = answer(w, made, people[KIM], request_id=request_id)
    answered_before(w, made, KIM, OF_READER)
    assert answer(w, made, people[KIM], request_id=request_id).content_id == first.content_id
