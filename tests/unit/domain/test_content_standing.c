/* SPDX-License-Identifier: Apache-2.0 */
/* As what somebody acts on content, and what that lets them do: docs/policy.md §3.4, §3.6. */
#include "chancery_test.h"

#include "domain/relations/content_standing.h"

static const struct tenant_id CONTOSO = {{{1}}}, FABRIKAM = {{{2}}};
static const struct component_id GATEWAY = {{{9}}};

static struct content_parties content(void)
{
    static char gateway[UUID_TEXT_BYTES];
    uuid_format(GATEWAY.u, gateway);
    return (struct content_parties){
        .tenant = CONTOSO, .owner = "alice@contoso.com", .issuer = gateway};
}

static struct subject person(const char *address, struct tenant_id tenant)
{
    return (struct subject){
        .user = {.addresses = {address}, .address_count = 1, .tenant = tenant},
    };
}

static struct subject component(enum role role, struct tenant_id tenant, struct component_id id)
{
    return (struct subject){.component = {.id = id, .role = role, .tenant = tenant}};
}

static void people_stand_by_their_power(void **state)
{
    (void)state;
    struct content_parties own = content();
    struct subject alice = person("alice@contoso.com", CONTOSO),
                   moved = person("alice@contoso.com", FABRIKAM),
                   bob = person("bob@contoso.com", CONTOSO);
    assert_int_equal(content_standing_of(&own, &alice), STANDING_OWNER);
    assert_int_equal(content_standing_of(&own, &moved), STANDING_NONE);
    assert_int_equal(content_standing_of(&own, &bob), STANDING_NONE);
    own.issuer = "bob@contoso.com";
    assert_int_equal(content_standing_of(&own, &bob), STANDING_OWNER);
    alice.user.is_guest = true;
    assert_int_equal(content_standing_of(&own, &alice), STANDING_NONE);
}

static void components_stand_by_themselves_only_when_alone(void **state)
{
    (void)state;
    const struct content_parties own = content();
    struct subject admin = component(ROLE_TENANT_ADMIN, CONTOSO, (struct component_id){{{5}}}),
                   other = component(ROLE_TENANT_ADMIN, FABRIKAM, (struct component_id){{{5}}}),
                   gateway = component(ROLE_GATEWAY, CONTOSO, GATEWAY),
                   another = component(ROLE_GATEWAY, CONTOSO, (struct component_id){{{6}}}),
                   foreign = component(ROLE_GATEWAY, FABRIKAM, GATEWAY);
    assert_int_equal(content_standing_of(&own, &admin), STANDING_ADMIN);
    assert_int_equal(content_standing_of(&own, &other), STANDING_NONE);
    assert_int_equal(content_standing_of(&own, &gateway), STANDING_PROTECTOR);
    assert_int_equal(content_standing_of(&own, &another), STANDING_NONE);
    assert_int_equal(content_standing_of(&own, &foreign), STANDING_NONE);
    admin.user = person("bob@contoso.com", CONTOSO).user;
    gateway.user = admin.user;
    assert_int_equal(content_standing_of(&own, &admin), STANDING_NONE);
    assert_int_equal(content_standing_of(&own, &gateway), STANDING_NONE);
}

static void rights_over_the_policy_are_a_standing(void **state)
{
    (void)state;
    struct rights rights = {.bits = RIGHTS_ENCRYPT_ONLY & ~RIGHT_EDITRIGHTSDATA};
    assert_int_equal(content_standing_by(&rights), STANDING_NONE);
    rights.bits |= RIGHT_EDITRIGHTSDATA;
    assert_int_equal(content_standing_by(&rights), STANDING_EDITOR);
    rights.bits |= RIGHT_OWNER;
    assert_int_equal(content_standing_by(&rights), STANDING_OWNER);
}

static void what_a_standing_allows(void **state)
{
    (void)state;
    static const bool allowed[][4] = {
        [STANDING_NONE] = {false, false, false, false},
        [STANDING_PROTECTOR] = {true, true, false, false},
        [STANDING_EDITOR] = {false, false, false, true},
        [STANDING_OWNER] = {true, true, true, true},
        [STANDING_ADMIN] = {true, true, true, true},
    };
    for (int standing = STANDING_NONE; standing <= STANDING_ADMIN; standing++) {
        for (int act = CONTENT_TRACK; act <= CONTENT_AMEND; act++) {
            assert_int_equal(
                content_standing_allows((enum content_standing)standing, (enum content_act)act),
                allowed[standing][act]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_stand_by_their_power),
        cmocka_unit_test(components_stand_by_themselves_only_when_alone),
        cmocka_unit_test(rights_over_the_policy_are_a_standing),
        cmocka_unit_test(what_a_standing_allows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
