/* SPDX-License-Identifier: Apache-2.0 */
/* How content reaches a reader: every row of docs/policy.md §7.3 by name, then the whole matrix,
 * the rules that admins set, and partner exceptions. */
#include "chancery_test.h"

#include <string.h>

#include "domain/decide/decide_delivery.h"
#include "domain/values/boundary.h"
#include "domain/values/subject.h"
#include "domain/values/tenant.h"

static const char *const BOUNDARIES[] = {"commercial", "gcc",    "gcc-high",
                                         "dod",        "nordic", BOUNDARY_EXTERNAL};
enum { COUNT = sizeof BOUNDARIES / sizeof BOUNDARIES[0], OWN = 1, OTHER = 2, NOBODY = 0 };

static const struct platform_view NO_RULES = {0};

static struct tenant_id tenant_no(uint8_t number)
{
    return (struct tenant_id){{{number}}};
}

/* Ask, and give the outcome as the rule that has it. Its parts agree with each other. */
static enum delivery outcome(const struct platform_view *platform, const struct tenant_view *tenant,
                             const char *reader, uint8_t reader_tenant)
{
    struct delivery_decision d;
    decide_delivery(&(struct delivery_question){.platform = platform,
                                                .tenant = tenant,
                                                .reader = {.boundary = reader,
                                                           .tenant = tenant_no(reader_tenant)}},
                    &d);
    assert_int_equal(d.channel == CHANNEL_NONE, d.reason == R_BOUNDARY_BLOCKED);
    assert_true(d.reason == R_NONE || d.reason == R_BOUNDARY_BLOCKED);
    assert_string_equal(d.portal_url, "");
    return d.channel == CHANNEL_NONE     ? DELIVERY_BLOCK
           : d.channel == CHANNEL_NATIVE ? DELIVERY_NATIVE
                                         : DELIVERY_PORTAL;
}

static enum delivery ask(const struct platform_view *platform, const char *content,
                         const char *reader, uint8_t tenant)
{
    struct tenant_view view = {.id = tenant_no(OWN), .boundary = content};
    return outcome(platform, &view, reader, tenant);
}

/* --- docs/policy.md §7.3 ------------------------------------------------------------------------- */

static void commercial_to_commercial_or_gcc_is_native(void **state)
{
    (void)state;
    static const char *const readers[] = {"commercial", "gcc"};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(ask(&NO_RULES, "commercial", readers[i], OTHER), DELIVERY_NATIVE);
    }
    assert_int_equal(ask(&NO_RULES, "commercial", "commercial", OWN), DELIVERY_NATIVE);
    assert_int_equal(ask(&NO_RULES, "gcc", "commercial", OTHER), DELIVERY_NATIVE);
    assert_int_equal(ask(&NO_RULES, "gcc", "gcc", OWN), DELIVERY_NATIVE);
}

static void commercial_and_gcc_to_outsiders_is_by_portal(void **state)
{
    (void)state;
    assert_int_equal(ask(&NO_RULES, "commercial", BOUNDARY_EXTERNAL, NOBODY), DELIVERY_PORTAL);
    assert_int_equal(ask(&NO_RULES, "gcc", BOUNDARY_EXTERNAL, NOBODY), DELIVERY_PORTAL);
}

static void gcc_high_to_gcc_high_is_native(void **state)
{
    (void)state;
    assert_int_equal(ask(&NO_RULES, "gcc-high", "gcc-high", OWN), DELIVERY_NATIVE);
    assert_int_equal(ask(&NO_RULES, "gcc-high", "gcc-high", OTHER), DELIVERY_NATIVE);
}

static void gcc_high_to_everybody_else_is_by_portal(void **state)
{
    (void)state;
    assert_int_equal(ask(&NO_RULES, "gcc-high", "commercial", OTHER), DELIVERY_PORTAL);
    assert_int_equal(ask(&NO_RULES, "gcc-high", "gcc", OTHER), DELIVERY_PORTAL);
    assert_int_equal(ask(&NO_RULES, "gcc-high", BOUNDARY_EXTERNAL, NOBODY), DELIVERY_PORTAL);
}

static void commercial_to_gcc_high_is_by_portal(void **state)
{
    (void)state;
    assert_int_equal(ask(&NO_RULES, "commercial", "gcc-high", OTHER), DELIVERY_PORTAL);
}

/* N: native, P: portal; "nordic" is one that an admin made. */
static void the_whole_matrix(void **state)
{
    (void)state;
    static const char *const rows[COUNT - 1] = {
        /* to commercial, gcc, gcc-high, dod, nordic, external; from */
        "NNPPPP", /* commercial */
        "NNPPPP", /* gcc */
        "PPNPPP", /* gcc-high */
        "PPPNPP", /* dod */
        "PPPPNP", /* nordic */
    };
    for (size_t c = 0; c < COUNT - 1; c++) {
        for (size_t r = 0; r < COUNT; r++) {
            enum delivery want = rows[c][r] == 'N' ? DELIVERY_NATIVE : DELIVERY_PORTAL;
            assert_int_equal(ask(&NO_RULES, BOUNDARIES[c], BOUNDARIES[r], OTHER), want);
        }
    }
}

/* --- rules -------------------------------------------------------------------------------------- */

/* Whatever a rule says holds for its pair in its direction, and for no other pair. */
static void a_rule_holds_for_its_pair_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < (COUNT - 1) * COUNT * 3; i++) {
        struct boundary_rule rule = {BOUNDARIES[i / 3 / COUNT], BOUNDARIES[i / 3 % COUNT],
                                     (enum delivery)(i % 3 + 1)};
        const struct platform_view platform = {.rules = &rule, .rule_count = 1};
        for (size_t j = 0; j < (COUNT - 1) * COUNT; j++) {
            const char *content = BOUNDARIES[j / COUNT], *reader = BOUNDARIES[j % COUNT];
            bool is_pair = j == i / 3;
            assert_int_equal(ask(&platform, content, reader, OTHER),
                             is_pair ? rule.delivery : ask(&NO_RULES, content, reader, OTHER));
        }
    }
}

/* --- partner exceptions -------------------------------------------------------------------------- */

static enum delivery ask_partner(enum delivery rule, const char *reader, uint8_t tenant)
{
    const struct tenant_id partners[] = {tenant_no(9), tenant_no(OTHER)};
    struct boundary_rule one = {"gcc-high", reader, rule};
    const struct platform_view platform = {.rules = &one, .rule_count = 1};
    struct tenant_view view = {
        .id = tenant_no(OWN), .boundary = "gcc-high", .partners = partners, .partner_count = 2};
    return outcome(&platform, &view, reader, tenant);
}

static void an_exception_makes_native_of_portal(void **state)
{
    (void)state;
    assert_int_equal(ask_partner(DELIVERY_PORTAL, "commercial", OTHER), DELIVERY_NATIVE);
    assert_int_equal(ask_partner(DELIVERY_NATIVE, "commercial", OTHER), DELIVERY_NATIVE);
}

static void an_exception_never_lifts_a_block(void **state)
{
    (void)state;
    assert_int_equal(ask_partner(DELIVERY_BLOCK, "commercial", OTHER), DELIVERY_BLOCK);
}

static void an_exception_is_for_its_partner_alone(void **state)
{
    (void)state;
    assert_int_equal(ask_partner(DELIVERY_PORTAL, "commercial", 3), DELIVERY_PORTAL);
    assert_int_equal(ask_partner(DELIVERY_PORTAL, "commercial", NOBODY), DELIVERY_PORTAL);
    assert_int_equal(ask_partner(DELIVERY_PORTAL, BOUNDARY_EXTERNAL, NOBODY), DELIVERY_PORTAL);
}

/* --- portals ------------------------------------------------------------------------------------- */

/* The portal is the content's boundary's own, and is told only where it must be used. */
static void a_portal_is_the_contents_own(void **state)
{
    (void)state;
    const struct boundary boundaries[] = {
        {.name = "commercial", .portal_url = "https://portal.example"},
        {.name = "gcc-high", .portal_url = "https://portal.high.example"}};
    const struct platform_view platform = {.boundaries = boundaries, .boundary_count = 2};
    const struct tenant_view tenant = {.id = tenant_no(OWN), .boundary = "gcc-high"};
    struct delivery_question question = {
        .platform = &platform,
        .tenant = &tenant,
        .reader = {.boundary = "commercial", .tenant = tenant_no(OTHER)}};
    struct delivery_decision d;
    decide_delivery(&question, &d);
    assert_int_equal(d.channel, CHANNEL_PORTAL);
    assert_string_equal(d.portal_url, "https://portal.high.example");
    question.reader.boundary = "gcc-high";
    decide_delivery(&question, &d);
    assert_int_equal(d.channel, CHANNEL_NATIVE);
    assert_string_equal(d.portal_url, "");
}

/* What a newer version has stored, and this one does not know, lets nobody out. */
static void an_unknown_rule_blocks(void **state)
{
    (void)state;
    struct boundary_rule rule = {"commercial", "gcc", (enum delivery)9};
    const struct platform_view platform = {.rules = &rule, .rule_count = 1};
    assert_int_equal(ask(&platform, "commercial", "gcc", OTHER), DELIVERY_BLOCK);
}

/* --- names -------------------------------------------------------------------------------------- */

static void names_of_boundaries(void **state)
{
    (void)state;
    static const char *const good[] = {"commercial", "gcc-high", "a", "x9"}, *const bad[] = {
                                                                                 "",    "external",
                                                                                 "Gcc", "9x",
                                                                                 "-a",  "a b",
                                                                                 "a.b"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(boundary_name_is_valid(slice_str(good[i])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(boundary_name_is_valid(slice_str(bad[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commercial_to_commercial_or_gcc_is_native),
        cmocka_unit_test(commercial_and_gcc_to_outsiders_is_by_portal),
        cmocka_unit_test(gcc_high_to_gcc_high_is_native),
        cmocka_unit_test(gcc_high_to_everybody_else_is_by_portal),
        cmocka_unit_test(commercial_to_gcc_high_is_by_portal),
        cmocka_unit_test(the_whole_matrix),
        cmocka_unit_test(a_rule_holds_for_its_pair_alone),
        cmocka_unit_test(an_exception_makes_native_of_portal),
        cmocka_unit_test(an_exception_never_lifts_a_block),
        cmocka_unit_test(an_exception_is_for_its_partner_alone),
        cmocka_unit_test(a_portal_is_the_contents_own),
        cmocka_unit_test(an_unknown_rule_blocks),
        cmocka_unit_test(names_of_boundaries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
