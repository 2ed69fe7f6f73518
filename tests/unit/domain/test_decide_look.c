/* SPDX-License-Identifier: Apache-2.0 */
/* To which portal is the look of a tenant's mail told? */
#include "chancery_test.h"

#include "domain/decide/decide_look.h"

static void a_portal_of_the_boundary_shows_mail_of_active_tenants(void **state)
{
    (void)state;
    static const struct {
        const char *boundary;
        enum tenant_state state;
        enum reason reason;
    } rows[] = {
        {"gcc", TENANT_ACTIVE, R_NONE},
        {"gcc-high", TENANT_ACTIVE, R_PORTAL_REQUIRED},
        {"", TENANT_ACTIVE, R_PORTAL_REQUIRED},
        {"gcc", TENANT_IS_DISABLED, R_TENANT_DISABLED},
        {"gcc-high", TENANT_IS_DISABLED, R_TENANT_DISABLED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct tenant_view tenant = {.boundary = "gcc", .state = rows[i].state};
        const struct subject_component portal = {.role = ROLE_PORTAL, .boundary = rows[i].boundary};
        assert_int_equal(decide_look(&tenant, &portal), rows[i].reason);
    }
}

static void a_portal_writes_wrappers_of_its_own_answers_alone(void **state)
{
    (void)state;
    const struct uuid one = {{7}}, another = {{8}};
    const struct subject_component portal = {.role = ROLE_PORTAL, .id = {one}, .boundary = "gcc"};
    char own[UUID_TEXT_BYTES], other[UUID_TEXT_BYTES];
    uuid_format(one, own);
    uuid_format(another, other);
    const struct {
        const char *issuer, *boundary;
        enum tenant_state state;
        enum reason reason;
    } rows[] = {
        {own, "gcc", TENANT_ACTIVE, R_NONE},
        {other, "gcc", TENANT_ACTIVE, R_NOT_FOUND},
        {"alice@contoso.com", "gcc", TENANT_ACTIVE, R_NOT_FOUND},
        {"", "gcc", TENANT_ACTIVE, R_NOT_FOUND},
        {own, "gcc-high", TENANT_ACTIVE, R_PORTAL_REQUIRED},
        {other, "gcc-high", TENANT_ACTIVE, R_PORTAL_REQUIRED},
        {own, "gcc", TENANT_IS_DISABLED, R_TENANT_DISABLED},
        {other, "gcc", TENANT_IS_DISABLED, R_TENANT_DISABLED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct tenant_view tenant = {.boundary = rows[i].boundary, .state = rows[i].state};
        const struct policy policy = {.issuer = rows[i].issuer};
        assert_int_equal(decide_answer_look(&tenant, &policy, &portal), rows[i].reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_portal_of_the_boundary_shows_mail_of_active_tenants),
        cmocka_unit_test(a_portal_writes_wrappers_of_its_own_answers_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
