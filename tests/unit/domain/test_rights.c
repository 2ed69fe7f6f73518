/* SPDX-License-Identifier: Apache-2.0 */
/* Rights: the table of docs/policy.md §1, each right and what it implies, the presets, and
 * rights as text. */
#include "chancery_test.h"

#include <string.h>

#include "domain/values/grant.h"

static struct err err;

static struct rights parsed(struct arena *arena, const char *text)
{
    struct rights r;
    assert_ok(rights_parse(arena, slice_str(text), &r, &err), &err);
    return r;
}

#define ALL                                                                           \
    "VIEW,EDIT,DOCEDIT,COMMENT,PRINT,EXTRACT,EXPORT,FORWARD,REPLY,REPLYALL,OBJMODEL," \
    "VIEWRIGHTSDATA,EDITRIGHTSDATA,OWNER"

static void each_right_and_what_it_implies(void **state)
{
    (void)state;
    static const struct {
        const char *granted, *implied;
    } rows[] = {
        {"VIEW", "VIEW"},
        {"EDIT", "VIEW,EDIT"},
        {"DOCEDIT", "VIEW,DOCEDIT"},
        {"COMMENT", "VIEW,COMMENT"},
        {"PRINT", "VIEW,PRINT"},
        {"EXTRACT", "VIEW,EXTRACT"},
        {"EXPORT", "VIEW,EXPORT"},
        {"FORWARD", "VIEW,FORWARD"},
        {"REPLY", "VIEW,REPLY"},
        {"REPLYALL", "VIEW,REPLYALL"},
        {"OBJMODEL", "VIEW,OBJMODEL"},
        {"VIEWRIGHTSDATA", "VIEW,VIEWRIGHTSDATA"},
        {"EDITRIGHTSDATA", "VIEW,EDITRIGHTSDATA"},
        {"OWNER", ALL},
        {"SIGN_2", "VIEW,SIGN_2"}, /* a tenant's own */
        {"SIGN_2,OWNER", ALL ",SIGN_2"},
        {"", ""}, /* no rights imply nothing */
    };
    AUTO(arena_free_at) struct arena *arena = arena_new(65536);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[RIGHTS_TEXT_MAX + 1];
        struct rights r = parsed(arena, rows[i].granted);
        rights_close(&r);
        rights_format(&r, text);
        assert_string_equal(text, rows[i].implied);
        assert_int_equal(rights_are_none(&r), rows[i].granted[0] == '\0');
    }
}

static void the_presets(void **state)
{
    (void)state;
    static const struct {
        uint32_t bits;
        const char *expected;
    } rows[] = {
        {RIGHTS_VIEWER, "VIEW,REPLY,REPLYALL,OBJMODEL,VIEWRIGHTSDATA"},
        {RIGHTS_REVIEWER,
         "VIEW,EDIT,DOCEDIT,COMMENT,FORWARD,REPLY,REPLYALL,OBJMODEL,VIEWRIGHTSDATA"},
        {RIGHTS_CO_AUTHOR,
         "VIEW,EDIT,DOCEDIT,COMMENT,PRINT,EXTRACT,FORWARD,REPLY,REPLYALL,OBJMODEL,VIEWRIGHTSDATA"},
        {RIGHTS_CO_OWNER, ALL},
        {RIGHTS_DO_NOT_FORWARD, "VIEW,EDIT,DOCEDIT,REPLY,REPLYALL,OBJMODEL,VIEWRIGHTSDATA"},
        {RIGHTS_ENCRYPT_ONLY,
         "VIEW,EDIT,DOCEDIT,COMMENT,PRINT,EXTRACT,FORWARD,REPLY,REPLYALL,OBJMODEL,"
         "VIEWRIGHTSDATA,EDITRIGHTSDATA"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[RIGHTS_TEXT_MAX + 1];
        rights_format(&(struct rights){.bits = rows[i].bits}, text);
        assert_string_equal(text, rows[i].expected);
    }
}

/* "No copy" is the absence of EXTRACT and EXPORT, "no print" of PRINT, "no forward" of FORWARD. */
static void what_do_not_forward_takes_away(void **state)
{
    (void)state;
    static const uint32_t copying = RIGHT_EXTRACT | RIGHT_EXPORT;
    assert_int_equal(RIGHTS_DO_NOT_FORWARD & copying, 0);
    assert_int_equal(RIGHTS_DO_NOT_FORWARD & RIGHT_PRINT, 0);
    assert_int_equal(RIGHTS_DO_NOT_FORWARD & RIGHT_FORWARD, 0);
    assert_int_equal(RIGHTS_DO_NOT_FORWARD & RIGHT_OWNER, 0);
}

static void rights_have_a_text(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(4096);
    char text[RIGHTS_TEXT_MAX + 1];
    struct rights r = parsed(arena, "SIGN,PRINT,VIEW,SIGN");
    rights_format(&r, text);
    assert_string_equal(text, "VIEW,PRINT,SIGN");
    for (size_t i = 0; i < RIGHTS_STANDARD; i++) { /* names and bits by number, both ways */
        r = parsed(arena, rights_standard_name(i));
        assert_int_equal(r.bits, 1U << i);
        assert_false(rights_is_custom_name(slice_str(rights_standard_name(i))));
    }
}

static void what_is_no_list_of_rights(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "view",
        "VIEW,,EDIT",
        "A-B",
        ",",
        "VIEW, EDIT",
        "ABCDEFGHIJABCDEFGHIJABCDEFGHIJABC", /* 33 characters */
        "A,B,C,D,E,F,G,H,I,J,K,L,M,N,O,P,Q", /* 17 custom rights */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        AUTO(arena_free_at) struct arena *arena = arena_new(4096);
        struct rights r;
        assert_fails(rights_parse(arena, slice_str(rows[i]), &r, &err), &err, R_POLICY_INVALID);
    }
    assert_true(rights_is_custom_name(slice_str("ABCDEFGHIJABCDEFGHIJABCDEFGHIJ_9"))); /* 32 */
}

#define AS "A,B,C,D,E,F,G,H,I,J,K,L,M,N,O,P"
#define BS "A2,B2,C2,D2,E2,F2,G2,H2,I2,J2,K2,L2,M2,N2,O2,P2"

/* What two policies of the largest size name has room, and is written. */
static void a_union_loses_nothing(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(65536);
    char text[RIGHTS_TEXT_MAX + 1];
    struct rights all = parsed(arena, AS), more = parsed(arena, BS);
    struct rights some = parsed(arena, "A,P,PRINT");
    rights_add(&all, &some);
    assert_int_equal(all.custom_count, RIGHTS_CUSTOM_MAX);
    assert_int_equal(all.bits, RIGHT_PRINT);
    rights_add(&all, &more);
    assert_int_equal(all.custom_count, RIGHTS_UNION_MAX);
    all.bits = RIGHTS_ALL;
    rights_format(&all, text);
    assert_string_equal(text, ALL "," AS "," BS);
}

/* The custom rights of a policy are those of all its grants, each once. */
static void a_policy_names_sixteen(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(65536);
    struct rights as = parsed(arena, AS), same = parsed(arena, "P,A,VIEW");
    struct rights none = {.bits = RIGHT_VIEW}, one = parsed(arena, "Q"), all = {.bits = RIGHT_EDIT};
    const struct principal anybody = {PRINCIPAL_AUTHENTICATED, ""};
    const struct grant grants[] = {
        {anybody, &none}, {anybody, &as}, {anybody, &as}, {anybody, &same}, {anybody, &one}};
    assert_true(grants_add_custom(grants, 0, &all));
    assert_int_equal(all.custom_count, 0);
    assert_true(grants_add_custom(grants, 4, &all));
    assert_int_equal(all.custom_count, 16);
    assert_int_equal(all.bits, RIGHT_EDIT); /* standard rights are not asked for */
    struct rights other = {0};
    assert_false(grants_add_custom(grants, 5, &other));
    assert_int_equal(other.custom_count, 0);
}

static void memory_runs_out_while_rights_are_read(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(4096);
    struct rights r;
    arena_fail_at(arena, 1);
    assert_fails(rights_parse(arena, slice_str("VIEW,SIGN"), &r, &err), &err, R_ARENA_EXHAUSTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_right_and_what_it_implies),
        cmocka_unit_test(the_presets),
        cmocka_unit_test(what_do_not_forward_takes_away),
        cmocka_unit_test(rights_have_a_text),
        cmocka_unit_test(memory_runs_out_while_rights_are_read),
        cmocka_unit_test(what_is_no_list_of_rights),
        cmocka_unit_test(a_union_loses_nothing),
        cmocka_unit_test(a_policy_names_sixteen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
