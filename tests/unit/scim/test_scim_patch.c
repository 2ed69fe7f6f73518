/* SPDX-License-Identifier: Apache-2.0 */
/* Users and groups by whole resources and by PATCH (RFC 7644 §3.5). */
#include <string.h>

#include "chancery_test.h"
#include "scim/scim_group.h"
#include "scim/scim_user.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(4 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static json_t *json(const char *text)
{
    json_t *value;
    struct scim_fault fault = {0};
    assert_true(scim_json_parse(arena, slice_str(text), &value, &fault));
    return value;
}

static const char START[] =
    "{\"userName\":\"a@x.example\",\"externalId\":\"e\",\"displayName\":\"A\","
    "\"name\":{\"givenName\":\"G\",\"familyName\":\"F\"},\"emails\":[{\"value\":\"a@x.example\",\"type\":\"work\","
    "\"primary\":true},{\"value\":\"b@x.example\",\"type\":\"home\"}]}";

/* What becomes of that user by one operation; NULL: it is refused, with this type. */
static const char *patched(const char *operation, const char *refusal)
{
    struct scim_user user;
    struct scim_fault fault = {0};
    struct buf out;
    struct slice text;
    struct err err = {0};
    scim_user_init(&user, arena);
    assert_true(scim_user_read(&user, json(START), &fault));
    const char *body = arena_printf(arena, "{\"Operations\":[%s]}", operation);
    bool is_done = scim_user_patch(&user, json(body), &fault);
    if (refusal != NULL) {
        assert_false(is_done);
        assert_string_equal(fault.type, refusal);
    } else {
        assert_true(is_done);
    }
    buf_init(&out, arena);
    scim_user_write(&user, &out);
    assert_true(buf_finish(&out, &text, &err).ok);
    const char *made =
        arena_printf(arena, "{%.*s}%s", SLICE_FMT(text), user.is_active ? "" : " off");
    assert_non_null(made);
    return made;
}

static void test_a_user_is_written_as_it_was_read(void **state)
{
    (void)state;
    assert_string_equal(patched("{\"op\":\"add\",\"path\":\"title\",\"value\":\"T\"}", NULL),
                        START);
}

static void test_operations(void **state)
{
    static const struct {
        const char *operation, *has, *lacks;
    } cases[] = {
        {"{\"op\":\"Replace\",\"path\":\"USERNAME\",\"value\":\"c@x.example\"}",
         "\"userName\":\"c@x.example\"", "a@x.example\",\"externalId"},
        {"{\"op\":\"remove\",\"path\":\"displayName\"}", "\"userName\"", "displayName"},
        {"{\"op\":\"replace\",\"path\":\"displayName\",\"value\":null}", "\"userName\"",
         "displayName"},
        {"{\"op\":\"add\",\"path\":\"name\",\"value\":{\"familyname\":\"N\"}}",
         "\"givenName\":\"G\",\"familyName\":\"N\"", "off"},
        {"{\"op\":\"remove\",\"path\":\"name\"}", "\"emails\"", "name\":{"},
        {"{\"op\":\"replace\",\"value\":{\"active\":\"False\",\"name.givenName\":\"H\"}}", "} off",
         "\"G\""},
        {"{\"op\":\"replace\",\"path\":\"active\",\"value\":false}", " off", "on"},
        {"{\"op\":\"replace\",\"path\":\"emails[type eq \\\"home\\\"].value\",\"value\":\"h@x.example\"}",
         "h@x.example", "b@x.example"},
        {"{\"op\":\"add\",\"path\":\"emails[type eq \\\"other\\\"].value\",\"value\":\"o@x.example\"}",
         "{\"value\":\"o@x.example\",\"type\":\"other\"}", "off"},
        {"{\"op\":\"remove\",\"path\":\"emails[type eq \\\"home\\\"]\"}", "a@x.example",
         "b@x.example"},
        {"{\"op\":\"remove\",\"path\":\"emails[type eq \\\"none\\\"]\"}", "b@x.example", "off"},
        {"{\"op\":\"remove\",\"path\":\"emails\",\"value\":[{\"value\":\"B@X.example\"}]}",
         "a@x.example", "b@x.example"},
        {"{\"op\":\"remove\",\"path\":\"emails\"}", "userName", "emails"},
        {"{\"op\":\"replace\",\"path\":\"emails\",\"value\":[{\"value\":\"n@x.example\"}]}",
         "n@x.example", "b@x.example"},
        {"{\"op\":\"add\",\"path\":\"emails\",\"value\":[{\"value\":\"b@x.example\",\"type\":\"z\"}]}",
         "{\"value\":\"b@x.example\",\"type\":\"z\"}", "home"},
        {"{\"op\":\"add\",\"path\":\"emails\",\"value\":{\"value\":\"n@x.example\"}}",
         "n@x.example", "off"},
        {"{\"op\":\"add\",\"path\":\"emails[type eq \\\"other\\\"].display\",\"value\":\"o\"}",
         "home", "other"},
        {"{\"op\":\"replace\",\"path\":\"emails[type eq \\\"home\\\"].value\",\"value\":\"A@x.example\"}",
         "work", "home"},
        {"{\"op\":\"replace\",\"path\":\"emails[value sw \\\"a\\\"].primary\",\"value\":\"false\"}",
         "\"type\":\"work\"}", "primary"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *made = patched(cases[i].operation, NULL);
        if (strstr(made, cases[i].has) == NULL || strstr(made, cases[i].lacks) != NULL) {
            fail_msg("%s: %s", cases[i].operation, made);
        }
    }
}

static void test_what_is_refused_changes_nothing(void **state)
{
    static const struct {
        const char *operation, *refusal;
    } cases[] = {
        {"{\"op\":\"replace\",\"path\":\"displayName\",\"value\":\"B\"},{\"op\":\"copy\"}",
         "invalidSyntax"},
        {"{\"op\":\"replace\",\"path\":\"displayName\",\"value\":[1]}", "invalidValue"},
        {"{\"op\":\"replace\",\"path\":\"displayName\",\"value\":\"a\\u202eb\"}", "invalidValue"},
        {"{\"op\":\"replace\",\"path\":\"active\",\"value\":1}", "invalidValue"},
        {"{\"op\":\"remove\",\"path\":\"active\"}", "mutability"},
        {"{\"op\":\"replace\",\"path\":\"name\",\"value\":\"N\"}", "invalidValue"},
        {"{\"op\":\"replace\",\"path\":\"emails\",\"value\":[1]}", "invalidValue"},
        {"{\"op\":\"replace\",\"path\":\"emails[value co \\\"zz\\\"].type\",\"value\":\"t\"}",
         "noTarget"},
        {"{\"op\":\"remove\"}", "noTarget"},
        {"{\"op\":\"add\",\"path\":\"emails[\"}", "invalidPath"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(patched(cases[i].operation, cases[i].refusal), START);
    }
}

/* --- groups --------------------------------------------------------------------------------------- */

static struct scim_group group_by(const char *text, bool is_patch)
{
    struct scim_group group;
    struct scim_fault fault = {0};
    scim_group_init(&group, arena);
    assert_true(is_patch ? scim_group_patch(&group, json(text), &fault)
                         : scim_group_read(&group, json(text), &fault));
    return group;
}

static void test_members_are_sets(void **state)
{
    (void)state;
    struct scim_group group = group_by(
        "{\"Operations\":[{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"b\"},{\"value\":\"a\"},\"b\"]},"
        "{\"op\":\"remove\",\"path\":\"members[value eq \\\"a\\\" or value eq \\\"c\\\"]\"},"
        "{\"op\":\"replace\",\"path\":\"displayName\",\"value\":\"G\"}]}",
        true);
    assert_false(group.replaces);
    assert_string_equal(group.display_name, "G");
    assert_int_equal(group.change_count, 3);
    assert_string_equal(group.changes[0].value, "a");
    assert_false(group.changes[0].is_added); /* the last word counts */
    assert_true(group.changes[1].is_added);
    assert_false(group.changes[2].is_added);
}

static void test_replacing_forgets_what_was_said_before(void **state)
{
    (void)state;
    struct scim_group group = group_by(
        "{\"Operations\":[{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"a\"}]},"
        "{\"op\":\"replace\",\"path\":\"members\",\"value\":[{\"value\":\"b\"}]}]}",
        true);
    assert_true(group.replaces);
    assert_int_equal(group.change_count, 1);
    assert_string_equal(group.changes[0].value, "b");
    group = group_by(
        "{\"displayName\":\"G\",\"externalId\":\"x\",\"members\":[],\"" SCIM_GROUP_EXTENSION
        "\":{\"address\":\"g@x.example\"}}",
        false);
    assert_true(group.replaces);
    assert_int_equal(group.change_count, 0);
    assert_string_equal(group.external_id, "x");
    assert_string_equal(group.address, "g@x.example");
}

static void test_bad_members_are_refused(void **state)
{
    static const char *const bad[] = {
        "{\"op\":\"add\",\"path\":\"members\",\"value\":[{}]}",
        "{\"op\":\"add\",\"path\":\"members\",\"value\":[1]}",
        "{\"op\":\"add\",\"path\":\"members\",\"value\":{\"value\":\"\"}}",
        "{\"op\":\"add\",\"path\":\"members[value eq \\\"x\\\"]\",\"value\":\"y\"}",
        "{\"op\":\"replace\",\"path\":\"members.value\",\"value\":\"y\"}",
        "{\"op\":\"remove\",\"path\":\"members[value co \\\"x\\\"]\"}",
        "{\"op\":\"remove\",\"path\":\"members[type eq \\\"User\\\"]\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct scim_group group;
        struct scim_fault fault = {0};
        scim_group_init(&group, arena);
        const char *body = arena_printf(arena, "{\"Operations\":[%s]}", bad[i]);
        assert_false(scim_group_patch(&group, json(body), &fault));
        assert_non_null(fault.type);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_user_is_written_as_it_was_read),
        cmocka_unit_test(test_operations),
        cmocka_unit_test(test_what_is_refused_changes_nothing),
        cmocka_unit_test(test_members_are_sets),
        cmocka_unit_test(test_replacing_forgets_what_was_said_before),
        cmocka_unit_test(test_bad_members_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
