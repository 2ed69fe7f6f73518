/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the second admin is another one than the first. */
#include "chancery_test.h"

#include "domain/decide/decide_approval.h"
#include "domain/values/approval.h"

static const int64_t ASKED_AT = 1700000000LL * 1000000;
static const struct component_id ONE = {{{1}}}, TWO = {{{2}}};

static bool is_independent(struct approval_party asker, struct approval_party approver)
{
    return decide_approval(ASKED_AT, &asker, &approver);
}

static void another_admin_from_before_is_independent(void **state)
{
    (void)state;
    struct approval_party asker = {ONE, slice_str("print one"), 0};
    struct approval_party approver = {TWO, slice_str("print two"), ASKED_AT - 1};
    assert_true(is_independent(asker, approver));
    approver.fingerprint = SLICE_NONE; /* one who came with a token */
    asker.fingerprint = SLICE_NONE;
    assert_true(is_independent(asker, approver));
}

static void the_same_component_or_certificate_is_not(void **state)
{
    (void)state;
    struct approval_party asker = {ONE, slice_str("print one"), 0};
    struct approval_party approver = {TWO, slice_str("print one"), ASKED_AT - 1};
    assert_false(is_independent(asker, approver));
    approver = (struct approval_party){ONE, slice_str("print two"), ASKED_AT - 1};
    assert_false(is_independent(asker, approver));
}

static void who_is_as_young_as_the_request_is_not(void **state)
{
    (void)state;
    struct approval_party asker = {ONE, slice_str("print one"), 0};
    struct approval_party approver = {TWO, slice_str("print two"), ASKED_AT};
    assert_false(is_independent(asker, approver));
    approver.registered_at = ASKED_AT + 1;
    assert_false(is_independent(asker, approver));
    approver.registered_at = 0; /* not known */
    assert_false(is_independent(asker, approver));
    approver.registered_at = 1;
    assert_true(is_independent(asker, approver));
    assert_false(decide_approval(0, &asker, &approver));
}

/* Ids say when they were made by the clocks of two nodes. They count for nothing. */
static void what_ids_say_of_time_is_not_asked(void **state)
{
    (void)state;
    struct approval_party asker = {ONE, SLICE_NONE, 0}, approver = {TWO, SLICE_NONE, ASKED_AT + 1};
    approver.component.u = uuid_v7(ASKED_AT - 3600LL * 1000000);
    assert_false(is_independent(asker, approver));
    approver.component.u = uuid_v7(ASKED_AT + 3600LL * 1000000);
    approver.registered_at = ASKED_AT - 1;
    assert_true(is_independent(asker, approver));
}

static void whoever_requires_something_requires_it_of_lowering(void **state)
{
    (void)state;
    assert_int_equal(approval_requirement(0), 0);
    assert_int_equal(approval_requirement(1U << APPROVAL_EXPORT_KEYS),
                     1U << APPROVAL_EXPORT_KEYS | 1U << APPROVAL_LOWER_REQUIREMENT);
    for (int i = APPROVAL_CONTENT_ACCESS; i <= APPROVAL_LOWER_REQUIREMENT; i++) {
        assert_true((APPROVALS_ALL & 1U << i) != 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_admin_from_before_is_independent),
        cmocka_unit_test(the_same_component_or_certificate_is_not),
        cmocka_unit_test(who_is_as_young_as_the_request_is_not),
        cmocka_unit_test(what_ids_say_of_time_is_not_asked),
        cmocka_unit_test(whoever_requires_something_requires_it_of_lowering),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
