/* SPDX-License-Identifier: Apache-2.0 */
/* What an act changes: found in lists, cut for reading, and covered whole by the digest. */
#include "chancery_test.h"

#include <stdio.h>
#include <string.h>

#include "crypto/algs.h"
#include "service/common/approval_changes.h"

static struct arena *arena;
static struct approval_changes changes;

static int set_up(void **state)
{
    struct err err = {0};
    (void)state;
    arena = arena_new(1 << 20);
    approval_changes_init(&changes, arena);
    return crypto_init(NULL, &err).ok ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* "field: before > after" of each. */
static void assert_changes(const char *expected)
{
    char text[1024] = "";
    for (size_t i = 0; i < changes.count; i++) {
        size_t len = strlen(text);
        (void)snprintf(text + len, sizeof text - len, "%s%s: %s > %s", i == 0 ? "" : "\n",
                       changes.list[i].field, changes.list[i].before, changes.list[i].after);
    }
    assert_false(changes.failed);
    assert_string_equal(text, expected);
}

static void what_stays_is_no_change(void **state)
{
    (void)state;
    approval_changes_add(&changes, "a", "1", "1");
    approval_changes_add(&changes, "b", "", "");
    approval_changes_add(&changes, "c", "1", "2");
    approval_changes_add(&changes, "d", "", "2");
    assert_changes("c: 1 > 2\nd:  > 2");
}

static void lists_are_compared_by_their_elements(void **state)
{
    (void)state;
    static const char *const before[] = {"m", "a", "z", "k"}, *const after[] = {"z", "b", "a", "n"};
    approval_changes_add_texts(&changes, "l", (struct text_list){before, 4},
                               (struct text_list){after, 4});
    assert_changes("l:  > b\nl: k > \nl: m > \nl:  > n");
    approval_changes_init(&changes, arena);
    approval_changes_add_texts(&changes, "l", (struct text_list){NULL, 0},
                               (struct text_list){after, 1});
    approval_changes_add_texts(&changes, "m", (struct text_list){before, 1},
                               (struct text_list){NULL, 0});
    approval_changes_add_texts(&changes, "n", (struct text_list){before, 4},
                               (struct text_list){before, 4});
    assert_changes("l:  > z\nm: m > ");
}

static void values_are_compared_by_their_names(void **state)
{
    (void)state;
    static const char *const names[] = {"bo", "al", "cy"}, *const values[] = {"VIEW", "EDIT", "X"};
    static const char *const then[] = {"al", "bo", "bo"}, *const held[] = {"EDIT", "PRINT", "VIEW"};
    approval_changes_add_pairs(&changes, "g", (struct pair_list){names, values, 3},
                               (struct pair_list){then, held, 3});
    assert_changes("g[bo]: VIEW > PRINT; VIEW\ng[cy]: X > ");
}

/* --- what one admin may change ---------------------------------------------------------------- */

static const struct harmless_change harmless[] = {
    {"r.name", NULL},
    {"r.list", approval_change_is_removal},
    {"r.flag", approval_change_is_on},
    {"r.days", approval_change_is_less},
};

static bool is_harmless(const char *field, const char *before, const char *after)
{
    approval_changes_init(&changes, arena);
    approval_changes_add(&changes, "r.name", "a", "b");
    approval_changes_add(&changes, field, before, after);
    return approval_changes_are_harmless(&changes, harmless, sizeof harmless / sizeof harmless[0]);
}

static void only_what_the_table_names_is_harmless(void **state)
{
    (void)state;
    assert_true(is_harmless("r.list", "x", ""));
    assert_true(is_harmless("r.list[x]", "y", ""));
    assert_false(is_harmless("r.list", "", "x"));
    assert_true(is_harmless("r.flag", "false", "true"));
    assert_false(is_harmless("r.flag", "true", "false"));
    assert_true(is_harmless("r.days", "10", "9"));
    assert_false(is_harmless("r.days", "9", "10"));
    assert_true(is_harmless("r.name.part", "a", "b"));
    assert_false(is_harmless("r.names", "a", "b"));
    assert_false(is_harmless("r.added_later", "", "x"));
    changes.failed = true;
    assert_false(approval_changes_are_harmless(&changes, harmless, 4));
}

/* --- what is kept ----------------------------------------------------------------------------- */

static struct approval_row keep(const char *summary)
{
    struct approval_row row = {.act = "act", .summary = summary};
    struct err err = {0};
    assert_ok(approval_changes_keep(&changes, &row, &err), &err);
    assert_int_equal(row.digest.len, 32);
    return row;
}

static void a_long_text_is_cut_and_has_its_length_and_digest(void **state)
{
    (void)state;
    char text[300];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    memcpy(text + 126, "\xe2\x82\xac", 3); /* a character over the place where it is cut */
    approval_changes_add(&changes, "f", "", text);
    struct approval_row row = keep("s");
    const char *after = row.changes[0].after;
    assert_int_equal(strspn(after, "x"), 126);
    assert_memory_equal(after + 126, "\xe2\x80\xa6 (299 bytes, SHA-256 ", 24);
    assert_int_equal(strlen(after), 126 + 25 + 64 + 1 - 1);
}

static void what_is_not_shown_is_counted_and_in_the_digest(void **state)
{
    (void)state;
    for (int i = 0; i < 70; i++) {
        approval_changes_add(&changes, arena_printf(arena, "f%d", i), "", "x");
    }
    struct approval_row row = keep("s");
    assert_int_equal(row.change_count, APPROVAL_CHANGES_MAX);
    assert_int_equal(row.changes_left_out, 6);
    changes.list[69].after = "y";
    assert_false(slice_eq(keep("s").digest, row.digest));
}

static void the_digest_is_of_everything(void **state)
{
    (void)state;
    approval_changes_add(&changes, "f", "a", "b");
    struct approval_row row = keep("s");
    assert_true(slice_eq(keep("s").digest, row.digest));
    assert_false(slice_eq(keep("t").digest, row.digest));
    changes.list[0].field = "g";
    assert_false(slice_eq(keep("s").digest, row.digest));
    changes.list[0] = (struct approval_change){"f", "", "ab"}; /* the same letters elsewhere */
    assert_false(slice_eq(keep("s").digest, row.digest));
    changes.list[0] = (struct approval_change){"f", "ab", ""};
    assert_false(slice_eq(keep("s").digest, row.digest));
}

static void memory_runs_out_anywhere(void **state)
{
    (void)state;
    static const char *const before[] = {"a", "b"}, *const values[] = {"1", "2"};
    static const char *const after[] = {"c", "c"};
    bool ok = false;
    size_t fail_at = 0;
    while (!ok && fail_at < 30) {
        struct approval_row row = {.act = "act", .summary = "s"};
        struct err err = {0};
        approval_changes_init(&changes, arena);
        arena_fail_at(arena, ++fail_at);
        approval_changes_add_pairs(&changes, "f", (struct pair_list){before, values, 2},
                                   (struct pair_list){after, values, 2});
        ok = approval_changes_keep(&changes, &row, &err).ok;
        arena_fail_at(arena, 0);
        assert_int_equal(err.reason, ok ? R_NONE : R_ARENA_EXHAUSTED);
    }
    assert_true(ok && fail_at > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_stays_is_no_change, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lists_are_compared_by_their_elements, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_are_compared_by_their_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_what_the_table_names_is_harmless, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_text_is_cut_and_has_its_length_and_digest, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_shown_is_counted_and_in_the_digest, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_digest_is_of_everything, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_runs_out_anywhere, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
