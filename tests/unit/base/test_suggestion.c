/* SPDX-License-Identifier: Apache-2.0 */
#include "chancery_test.h"

#include "base/suggestion.h"

static const char *nearest(const char *word)
{
    static const char *const names[] = {"protect", "open",      "inspect", "template",
                                        "tenant",  "audit",     "doctor",  "--recipient",
                                        "-o",      "super-user"};
    struct suggestion s = {.word = word};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        suggestion_consider(&s, names[i]);
    }
    return s.best == NULL ? "" : s.best;
}

static void a_slip_is_near(void **state)
{
    static const char *const slips[][2] = {
        {"protct", "protect"},        {"protecct", "protect"}, {"prptect", "protect"},
        {"portect", "protect"},       {"TENENT", "tenant"},    {"dotcor", "doctor"},
        {"tem", "template"},          {"opn", "open"},         {"superuser", "super-user"},
        {"--recipent", "--recipient"}};
    (void)state;
    for (size_t i = 0; i < sizeof slips / sizeof slips[0]; i++) {
        assert_string_equal(nearest(slips[i][0]), slips[i][1]);
    }
}

static void what_is_like_nothing_is_near_nothing(void **state)
{
    static const char *const words[] = {"",
                                        "x",
                                        "xyz",
                                        "te",
                                        "migrate",
                                        "--sender",
                                        "a-word-that-is-far-longer-than-any-name-of-ours-could-be"};
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        assert_string_equal(nearest(words[i]), "");
    }
}

static void of_two_the_nearer_one_is_meant(void **state)
{
    struct suggestion s = {.word = "restort"};
    (void)state;
    suggestion_consider(&s, "resort");
    suggestion_consider(&s, "restart");
    assert_string_equal(s.best, "resort"); /* the first of equals */
    suggestion_consider(&s, "restort");
    assert_string_equal(s.best, "restort");
    suggestion_consider(&s, "a-name-that-is-far-longer-than-any-word-that-is-ever-compared");
    assert_string_equal(s.best, "restort");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slip_is_near),
        cmocka_unit_test(what_is_like_nothing_is_near_nothing),
        cmocka_unit_test(of_two_the_nearer_one_is_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
