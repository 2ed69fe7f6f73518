/* SPDX-License-Identifier: Apache-2.0 */
/* What a request id gives again, and until when. */
#include "chancery_test.h"

#include "domain/decide/decide_retry.h"

enum { MADE = 1800000000 };

static const struct retry_question again = {
    .is_same = true, .made_at = {MADE}, .now = {MADE + 60}, .expires_at = {MADE + 3600}};

static void the_same_request_gets_its_content(void **state)
{
    (void)state;
    struct retry_question q = again;
    assert_int_equal(decide_retry(&q), R_NONE);
    q.expires_at.s = 0; /* never */
    assert_int_equal(decide_retry(&q), R_NONE);
    q.now.s = MADE - 5; /* by the clock of another node */
    assert_int_equal(decide_retry(&q), R_NONE);
}

static void another_request_hears_nothing_of_it(void **state)
{
    (void)state;
    struct retry_question q = again;
    q.is_same = false;
    q.is_revoked = true;
    q.now.s = q.expires_at.s;
    assert_int_equal(decide_retry(&q), R_REQUEST_ID_REUSED);
}

static void an_id_lasts_a_day(void **state)
{
    (void)state;
    struct retry_question q = again;
    q.expires_at.s = 0;
    q.now.s = MADE + RETRY_LIFE_S - 1;
    assert_int_equal(decide_retry(&q), R_NONE);
    q.now.s = MADE + RETRY_LIFE_S;
    assert_int_equal(decide_retry(&q), R_REQUEST_ID_REUSED);
}

static void what_was_taken_back_stays_so(void **state)
{
    (void)state;
    struct retry_question q = again;
    q.now.s = q.expires_at.s - 1;
    assert_int_equal(decide_retry(&q), R_NONE);
    q.now.s = q.expires_at.s;
    assert_int_equal(decide_retry(&q), R_EXPIRED);
    q.is_revoked = true;
    assert_int_equal(decide_retry(&q), R_REVOKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_request_gets_its_content),
        cmocka_unit_test(another_request_hears_nothing_of_it),
        cmocka_unit_test(an_id_lasts_a_day),
        cmocka_unit_test(what_was_taken_back_stays_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
