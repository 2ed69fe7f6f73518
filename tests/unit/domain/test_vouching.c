/* SPDX-License-Identifier: Apache-2.0 */
/* For whom a component may ask with a token that it carries. */
#include "chancery_test.h"

#include "domain/relations/vouching.h"
#include "domain/values/boundary.h"

enum { PLATFORM, CONTOSO, FABRIKAM, AGENCY };

static struct subject subject_of(enum role role, uint8_t of, const char *boundary, uint8_t user,
                                 const char *user_boundary)
{
    return (struct subject){
        .user = {.addresses = {"al@contoso.com"},
                 .address_count = 1,
                 .tenant = {{{user}}},
                 .boundary = user_boundary},
        .component = {
            .id = {{{9}}}, .name = "it", .role = role, .tenant = {{{of}}}, .boundary = boundary}};
}

static void a_tenants_component_vouches_for_its_users(void **state)
{
    (void)state;
    for (enum role role = ROLE_GATEWAY; role <= ROLE_PLATFORM_ADMIN; role++) {
        struct subject own = subject_of(role, CONTOSO, "commercial", CONTOSO, "commercial");
        struct subject near = subject_of(role, CONTOSO, "commercial", FABRIKAM, "commercial");
        struct subject far = subject_of(role, CONTOSO, "commercial", AGENCY, "gcc-high");
        struct subject stranger =
            subject_of(role, CONTOSO, "commercial", PLATFORM, BOUNDARY_EXTERNAL);
        assert_true(vouching_covers(&own) && vouching_binds(&own));
        assert_false(vouching_covers(&near) || vouching_binds(&near));
        assert_false(vouching_covers(&far) || vouching_binds(&far));
        assert_false(vouching_covers(&stranger) || vouching_binds(&stranger));
        own.user.is_guest = true; /* whom the tenant's issuer calls so, it speaks for as well */
        assert_true(vouching_covers(&own));
    }
}

static void the_platforms_portal_carries_readers_of_all(void **state)
{
    (void)state;
    static const uint8_t tenants[] = {PLATFORM, CONTOSO, AGENCY};
    static const char *const boundaries[] = {BOUNDARY_EXTERNAL, "commercial", "gcc-high"};
    for (enum role role = ROLE_GATEWAY; role <= ROLE_PLATFORM_ADMIN; role++) {
        for (size_t i = 0; i < 3; i++) {
            struct subject subject =
                subject_of(role, PLATFORM, "commercial", tenants[i], boundaries[i]);
            assert_int_equal(vouching_covers(&subject), role == ROLE_PORTAL);
            assert_false(vouching_binds(&subject));
            subject.component.boundary = "";
            assert_int_equal(vouching_covers(&subject), role == ROLE_PORTAL);
        }
    }
}

/* A row that says otherwise is none of ours: then nobody is carried. */
static void component_and_user_stand_in_one_boundary(void **state)
{
    (void)state;
    struct subject subject = subject_of(ROLE_GATEWAY, CONTOSO, "gcc-high", CONTOSO, "commercial");
    assert_false(vouching_covers(&subject) || vouching_binds(&subject));
    subject = subject_of(ROLE_GATEWAY, PLATFORM, BOUNDARY_EXTERNAL, PLATFORM, BOUNDARY_EXTERNAL);
    assert_false(vouching_covers(&subject) || vouching_binds(&subject));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tenants_component_vouches_for_its_users),
        cmocka_unit_test(the_platforms_portal_carries_readers_of_all),
        cmocka_unit_test(component_and_user_stand_in_one_boundary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
