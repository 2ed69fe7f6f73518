/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the second admin is another one than the first. */
#include "chancery_test.h"

#include "domain/decide/decide_approval.h"
#include "domain/values/approval.h"

enum { MS = 1000 /* microseconds */ };
static const int64_t ASKED_AT = 1700000000LL * 1000000;

static struct component_id component_made(int64_t at_us)
{
    return (struct component_id){uuid_v7(at_us)};
}

static bool is_independent(struct approval_party asker, struct approval_party approver)
{
    struct approval_id request = {uuid_v7(ASKED_AT)};
    return decide_approval(request, &asker, &approver);
}

static void another_admin_from_before_is_independent(void **state)
{
    (void)state;
    struct approval_party asker = {component_made(ASKED_AT - 5 * MS), slice_str("print one")};
    struct approval_party approver = {component_made(ASKED_AT - MS), slice_str("print two")};
    assert_true(is_independent(asker, approver));
    approver.fingerprint = SLICE_NONE; /* one who came with a token */
    asker.fingerprint = SLICE_NONE;
    assert_true(is_independent(asker, approver));
}

static void the_same_component_or_certificate_is_not(void **state)
{
    (void)state;
    struct approval_party asker = {component_made(ASKED_AT - 5 * MS), slice_str("print one")};
    struct approval_party approver = {component_made(ASKED_AT - MS), slice_str("print one")};
    assert_false(is_independent(asker, approver));
    approver = (struct approval_party){asker.component, slice_str("print two")};
    assert_false(is_independent(asker, approver));
}

static void who_is_as_young_as_the_request_is_not(void **state)
{
    (void)state;
    struct approval_party asker = {component_made(ASKED_AT - 5 * MS), slice_str("print one")};
    struct approval_party approver = {component_made(ASKED_AT), slice_str("print two")};
    assert_false(is_independent(asker, approver));
    approver.component = component_made(ASKED_AT + MS);
    assert_false(is_independent(asker, approver));
    approver.component = component_made(ASKED_AT - MS);
    struct approval_id request = {uuid_v7(ASKED_AT)};
    request.u.b[6] = 0x40; /* version 4: its bytes are no time */
    assert_false(decide_approval(request, &asker, &approver));
    approver.component.u.b[6] = 0x40;
    assert_false(is_independent(asker, approver));
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
        cmocka_unit_test(whoever_requires_something_requires_it_of_lowering),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
