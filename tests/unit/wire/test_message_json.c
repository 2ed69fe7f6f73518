/* SPDX-License-Identifier: Apache-2.0 */
/* Requests from JSON: what protobuf's mapping says, and nothing else. */
#include "chancery_test.h"

#include <string.h>

#include "base/arena.h"
#include "chancery/v1/licensing.pb-c.h"
#include "chancery/v1/template.pb-c.h"
#include "google/rpc/error_details.pb-c.h"
#include "grpc/health/v1/health.pb-c.h"
#include "methods.h"
#include "wire/message_json.h"
#include "wire/message_text.h"

static struct arena *arena;
static struct err err;
static struct pb_flaw flaw;

#define CREATE &chancery__v1__create_template_request__descriptor
#define UPDATE &chancery__v1__update_template_request__descriptor
#define ACQUIRE &chancery__v1__acquire_license_request__descriptor
#define RETRY &google__rpc__retry_info__descriptor

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(8 << 20);
    err_clear(&err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static rc read_bytes(const ProtobufCMessageDescriptor *type, struct slice text, void *out)
{
    struct slice bytes;
    ProtobufCMessage *message = NULL;
    TRY(message_from_json(arena, type, text, &flaw, &bytes, &err));
    TRY(pb_unpack_request(arena, type, bytes, proto_has_lines, &flaw, &message, &err));
    *(ProtobufCMessage **)out = message;
    return OK;
}

static rc read_text(const ProtobufCMessageDescriptor *type, const char *text, void *out)
{
    return read_bytes(type, slice_str(text), out);
}

/* What a text becomes, written again. */
static void assert_becomes(const ProtobufCMessageDescriptor *type, const char *text,
                           const char *expected)
{
    ProtobufCMessage *message;
    const char *again;
    err_clear(&err);
    assert_ok(read_text(type, text, &message), &err);
    assert_ok(message_to_json(arena, message, false, false, &again, &err), &err);
    assert_string_equal(again, expected);
}

static void names_and_values_have_several_forms(void **state)
{
    (void)state;
    static const char full[] =
        "{\"template\":{\"names\":[{\"language\":\"en\",\"text\":\"A\"}],"
        "\"grants\":[{\"principals\":[\"owner\"],\"rights\":[\"RIGHT_VIEW\",\"RIGHT_PRINT\"]}],"
        "\"expiry\":{\"days\":7},\"offlineAccess\":\"OFFLINE_ACCESS_DAYS\",\"offlineDays\":3},"
        "\"requestId\":\"x\"}";
    assert_becomes(CREATE, full, full);
    assert_becomes(CREATE,
                   " { \"request_id\" : \"x\" ,\r\n\t\"template\" : { \"offline_days\" : \"3\","
                   "\"offline_access\":2, \"expiry\":{\"days\":7.0},"
                   "\"grants\":[{\"rights\":[1,5],\"principals\":[\"\\u006fwner\"]}],"
                   "\"names\":[{\"text\":\"\\u0041\",\"language\":\"en\"}] } }\n",
                   full);
    assert_becomes(CREATE, "{}", "{}");
    assert_becomes(CREATE, "{\"template\":null,\"tenant\":null}", "{}");
    assert_becomes(CREATE, "{\"template\":{\"grants\":null,\"names\":[]}}", "{\"template\":{}}");
    assert_becomes(CREATE, "{\"template\":{\"expiry\":{\"time\":null,\"days\":1e1}}}",
                   "{\"template\":{\"expiry\":{\"days\":10}}}");
    assert_becomes(CREATE, "{\"template\":{\"offlineDays\":4294967295,\"version\":-0}}",
                   "{\"template\":{\"offlineDays\":4294967295}}");
    assert_becomes(CREATE,
                   "{\"template\":{\"version\":\"-9223372036854775808\",\"archived\":true}}",
                   "{\"template\":{\"archived\":true,\"version\":\"-9223372036854775808\"}}");
    assert_becomes(CREATE, "{\"template\":{\"version\":9223372036854775807,\"archived\":false}}",
                   "{\"template\":{\"version\":\"9223372036854775807\"}}");
    assert_becomes(CREATE, "{\"template\":{\"version\":9.223372036854775807e18}}",
                   "{\"template\":{\"version\":\"9223372036854775807\"}}");
    assert_becomes(CREATE, "{\"template\":{\"version\":1e18,\"offlineDays\":\"0.00015e+5\"}}",
                   "{\"template\":{\"offlineDays\":15,\"version\":\"1000000000000000000\"}}");
    assert_becomes(CREATE,
                   "{\"template\":{\"version\":-120e-1,\"offlineDays\":0.000E999999999999}}",
                   "{\"template\":{\"version\":\"-12\"}}");
    assert_becomes(CREATE, "{\"template\":{\"offlineAccess\":77}}",
                   "{\"template\":{\"offlineAccess\":77}}");
    assert_becomes(CREATE, "{\"tenant\":\"\\ud83d\\ude00 \\/\\\" \u00fc\"}",
                   "{\"tenant\":\"\U0001f600 /\\\" \u00fc\"}");
}

static void well_known_messages_are_texts(void **state)
{
    (void)state;
    static const char *const times[][2] = {
        {"2026-11-24T12:00:00Z", "2026-11-24T12:00:00.000000Z"},
        {"2026-11-24T13:00:00.5+01:00", "2026-11-24T12:00:00.500000Z"},
        {"2026-11-24T12:00:00.123456789Z", "2026-11-24T12:00:00.123456789Z"},
        {"1969-12-31T23:59:59.9Z", "1969-12-31T23:59:59.900000Z"},
        {"0984-01-02T03:04:05Z", "0984-01-02T03:04:05.000000Z"},
        {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000000Z"},
    };
    static const char *const spans[][2] = {
        {"0s", "0s"},
        {"1.5s", "1.500s"},
        {"-1.000001s", "-1.000001s"},
        {"-0.5s", "-0.500s"},
        {"3.000000001s", "3.000000001s"},
        {"315576000000s", "315576000000s"},
    };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        const char *text =
            arena_printf(arena, "{\"template\":{\"expiry\":{\"time\":\"%s\"}}}", times[i][0]);
        assert_becomes(
            CREATE, text,
            arena_printf(arena, "{\"template\":{\"expiry\":{\"time\":\"%s\"}}}", times[i][1]));
    }
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        assert_becomes(RETRY, arena_printf(arena, "{\"retryDelay\":\"%s\"}", spans[i][0]),
                       arena_printf(arena, "{\"retryDelay\":\"%s\"}", spans[i][1]));
    }
    assert_becomes(UPDATE, "{\"updateMask\":\"offlineDays,names\"}",
                   "{\"updateMask\":\"offlineDays,names\"}");
    assert_becomes(UPDATE, "{\"updateMask\":\"*\"}", "{\"updateMask\":\"*\"}");
    assert_becomes(UPDATE, "{\"updateMask\":\"\"}", "{\"updateMask\":\"\"}");
    Chancery__V1__UpdateTemplateRequest *update;
    assert_ok(read_text(UPDATE, "{\"updateMask\":\"expiry.days,offline_days\"}", &update), &err);
    assert_int_equal(update->update_mask->n_paths, 2);
    assert_string_equal(update->update_mask->paths[0], "expiry.days");
    assert_string_equal(update->update_mask->paths[1], "offline_days");
}

static void bytes_come_in_both_alphabets(void **state)
{
    (void)state;
    static const char *const texts[] = {"+/+/AA==", "-_-_AA==", "+/+/AA", "-_-_AA",
                                        "\\u002b\\/+\\/AA"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        Chancery__V1__AcquireLicenseRequest *request;
        const char *text = arena_printf(arena, "{\"publishingLicense\":\"%s\"}", texts[i]);
        assert_ok(read_text(ACQUIRE, text, &request), &err);
        assert_int_equal(request->publishing_license.len, 4);
        assert_memory_equal(request->publishing_license.data, "\xfb\xff\xbf\0", 4);
    }
}

/* Longer than a length of one byte holds, and deeper. */
static void lengths_grow(void **state)
{
    (void)state;
    for (size_t len = 100; len < 20000; len = len * 3 / 2) {
        char *name = arena_alloc(arena, len + 1);
        memset(name, 'x', len);
        name[len] = '\0';
        const char *text = arena_printf(
            arena, "{\"template\":{\"names\":[{\"language\":\"en\",\"text\":\"%s\"}]}}", name);
        assert_becomes(CREATE, text, text);
    }
}

static void maps_are_written_as_objects(void **state)
{
    (void)state;
    Grpc__Health__V1__HealthListResponse list;
    Grpc__Health__V1__HealthListResponse__StatusesEntry entry;
    Grpc__Health__V1__HealthListResponse__StatusesEntry *entries[] = {&entry};
    Grpc__Health__V1__HealthCheckResponse check;
    const char *text;
    grpc__health__v1__health_list_response__init(&list);
    grpc__health__v1__health_list_response__statuses_entry__init(&entry);
    grpc__health__v1__health_check_response__init(&check);
    entry.key = arena_strdup(arena, "a\"b");
    entry.value = &check;
    check.status = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING;
    list.n_statuses = 1;
    list.statuses = entries;
    assert_ok(message_to_json(arena, &list.base, false, false, &text, &err), &err);
    assert_string_equal(text, "{\"statuses\":{\"a\\\"b\":{\"status\":\"SERVING\"}}}");
}

struct bad {
    const ProtobufCMessageDescriptor *type;
    const char *text;
    enum reason reason;
    const char *path;
};

static void assert_refused(const struct bad *bad)
{
    ProtobufCMessage *message;
    assert_fails(read_text(bad->type, bad->text, &message), &err, bad->reason);
    if (strcmp(flaw.path, bad->path) != 0) {
        fail_msg("%s: at %s, not %s", bad->text, flaw.path, bad->path);
    }
    assert_non_null(flaw.why);
}

static void what_is_no_json_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "x",
        "[]",
        "\"\"",
        "null",
        "1",
        "{",
        "{\"tenant\"",
        "{\"tenant\":\"x\"",
        "{}x",
        "{} {}",
        "{}\\",
        "{,}",
        "{tenant:1}",
        "{'tenant':1}",
        "{\"tenant\":\"x\",}",
        "{\"tenant\":\"x\"}//",
        "/**/{}",
        "{\"tenant\" \"x\"}",
        "{1:2}",
        "\xef\xbb\xbf{}", /* a mark of byte order */
        "{\"tenant\":\"\\ud800\"}",
        "{\"tenant\":\"\\udc00\"}",
        "{\"tenant\":\"\\ud800\\u0041\"}",
        "{\"tenant\":\"\\udc00\\ud800\"}",
        "{\"tenant\":\"\\x\"}",
        "{\"tenant\":\"\\u12\"}",
        "{\"tenant\":\"a\nb\"}",
        "{\"tenant\":\"",
        "{\"tenant\":\"\\",
        "{\"tenant\":\"\\\"}",
        "{\"template\":{\"names\":[{},]}}",
        "{\"template\":{\"names\":[{} {}]}}",
        "{\"template\":{\"names\":[{}}}",
        "{\"template\":{\"names\":[",
        "{\"\\ud800\":1}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ProtobufCMessage *message;
        assert_fails(read_text(CREATE, texts[i], &message), &err, R_JSON_MALFORMED);
    }
}

static void what_the_type_has_not_is_refused_where_it_stands(void **state)
{
    (void)state;
    static const struct bad cases[] = {
        {CREATE, "{\"nobody\":1}", R_FIELD_INVALID, "nobody"},
        {CREATE, "{\"template\":{\"Names\":1}}", R_FIELD_INVALID, "template.Names"},
        {CREATE, "{\"template\":{\"grants\":[{},{\"no\":1}]}}", R_FIELD_INVALID,
         "template.grants[1].no"},
        {CREATE, "{\"eyJhbGciOi.J9.x-y\":1}", R_FIELD_INVALID, ""},
        {CREATE, "{\"\":1}", R_FIELD_INVALID, ""},
        {CREATE, "{\"tenant\\u0000\":1}", R_FIELD_INVALID, ""},
        {CREATE, "{\"tenant\":\"a\",\"tenant\":\"a\"}", R_FIELD_INVALID, "tenant"},
        {CREATE, "{\"tenant\":null,\"tenant\":\"a\"}", R_FIELD_INVALID, "tenant"},
        {CREATE, "{\"requestId\":\"a\",\"request_id\":\"a\"}", R_FIELD_INVALID, "request_id"},
        {CREATE, "{\"template\":{},\"template\":{}}", R_FIELD_INVALID, "template"},
        {CREATE, "{\"template\":{\"expiry\":{\"days\":1,\"time\":\"2026-11-24T12:00:00Z\"}}}",
         R_FIELD_INVALID, "template.expiry.time"},
        {CREATE, "{\"tenant\":\"\xff\"}", R_FIELD_INVALID, "tenant"},
        {CREATE, "{\"tenant\":\"\xc0\x80\"}", R_FIELD_INVALID, "tenant"},
        {CREATE, "{\"tenant\":\"\xed\xa0\x80\"}", R_FIELD_INVALID, "tenant"},
        {CREATE, "{\"\xff\":1}", R_FIELD_INVALID, ""},
        {CREATE, "{\"tenant\":1}", R_FIELD_INVALID, "tenant"},
        {CREATE, "{\"tenant\":[\"a\"]}", R_FIELD_INVALID, "tenant"},
        {CREATE, "{\"tenant\":{}}", R_FIELD_INVALID, "tenant"},
        {CREATE, "{\"tenant\":tru}", R_FIELD_INVALID, "tenant"},
        {CREATE, "{\"tenant\":nullx}", R_FIELD_INVALID, "tenant"},
        {CREATE, "{\"tenant\":\"a\\u0000b\"}", R_FIELD_INVALID, "tenant"},
        {CREATE, "{\"tenant\":\"a\\u202eb\"}", R_FIELD_INVALID, "tenant"},
        {CREATE, "{\"template\":[]}", R_FIELD_INVALID, "template"},
        {CREATE, "{\"template\":\"x\"}", R_FIELD_INVALID, "template"},
        {CREATE, "{\"template\":{\"names\":{}}}", R_FIELD_INVALID, "template.names[0]"},
        {CREATE, "{\"template\":{\"names\":[{},null]}}", R_FIELD_INVALID, "template.names[1]"},
        {CREATE, "{\"template\":{\"scope\":[null]}}", R_FIELD_INVALID, "template.scope[0]"},
        {CREATE, "{\"template\":{\"scope\":[[\"x\"]]}}", R_FIELD_INVALID, "template.scope[0]"},
        {CREATE, "{\"template\":{\"archived\":1}}", R_FIELD_INVALID, "template.archived"},
        {CREATE, "{\"template\":{\"archived\":\"true\"}}", R_FIELD_INVALID, "template.archived"},
        {CREATE, "{\"template\":{\"offlineDays\":-1}}", R_FIELD_INVALID, "template.offline_days"},
        {CREATE, "{\"template\":{\"offlineDays\":4294967296}}", R_FIELD_INVALID,
         "template.offline_days"},
        {CREATE, "{\"template\":{\"offlineDays\":1.5}}", R_FIELD_INVALID, "template.offline_days"},
        {CREATE, "{\"template\":{\"offlineDays\":1e99}}", R_FIELD_INVALID, "template.offline_days"},
        {CREATE, "{\"template\":{\"offlineDays\":1e-400}}", R_FIELD_INVALID,
         "template.offline_days"},
        {CREATE, "{\"template\":{\"offlineDays\":0.99999999999999999999}}", R_FIELD_INVALID,
         "template.offline_days"},
        {CREATE, "{\"template\":{\"offlineDays\":1e99999999999999999999}}", R_FIELD_INVALID,
         "template.offline_days"},
        {CREATE, "{\"template\":{\"version\":9007199254740991.4}}", R_FIELD_INVALID,
         "template.version"},
        {CREATE, "{\"template\":{\"version\":9.223372036854775808e18}}", R_FIELD_INVALID,
         "template.version"},
        {CREATE, "{\"template\":{\"version\":\"1e-1\"}}", R_FIELD_INVALID, "template.version"},
        {CREATE, "{\"template\":{\"offlineDays\":01}}", R_FIELD_INVALID, "template.offline_days"},
        {CREATE, "{\"template\":{\"offlineDays\":+1}}", R_JSON_MALFORMED, "template.offline_days"},
        {CREATE, "{\"template\":{\"offlineDays\":.5}}", R_JSON_MALFORMED, "template.offline_days"},
        {CREATE, "{\"template\":{\"offlineDays\":0x1}}", R_FIELD_INVALID, "template.offline_days"},
        {CREATE, "{\"template\":{\"offlineDays\":\"\"}}", R_FIELD_INVALID, "template.offline_days"},
        {CREATE, "{\"template\":{\"offlineDays\":\" 1\"}}", R_FIELD_INVALID,
         "template.offline_days"},
        {CREATE, "{\"template\":{\"offlineDays\":\"1 \"}}", R_FIELD_INVALID,
         "template.offline_days"},
        {CREATE, "{\"template\":{\"offlineDays\":NaN}}", R_JSON_MALFORMED, "template.offline_days"},
        {CREATE, "{\"template\":{\"version\":9223372036854775808}}", R_FIELD_INVALID,
         "template.version"},
        {CREATE, "{\"template\":{\"version\":-9223372036854775809}}", R_FIELD_INVALID,
         "template.version"},
        {CREATE, "{\"template\":{\"version\":99999999999999999999999}}", R_FIELD_INVALID,
         "template.version"},
        {CREATE, "{\"template\":{\"offlineAccess\":\"DAYS\"}}", R_FIELD_INVALID,
         "template.offline_access"},
        {CREATE, "{\"template\":{\"offlineAccess\":\"\"}}", R_FIELD_INVALID,
         "template.offline_access"},
        {CREATE, "{\"template\":{\"offlineAccess\":2147483648}}", R_FIELD_INVALID,
         "template.offline_access"},
        {CREATE, "{\"template\":{\"offlineAccess\":\"OFFLINE_ACCESS_DAYS\\u0000\"}}",
         R_FIELD_INVALID, "template.offline_access"},
        {CREATE, "{\"template\":{\"expiry\":{\"time\":\"tomorrow\"}}}", R_FIELD_INVALID,
         "template.expiry.time"},
        {CREATE, "{\"template\":{\"expiry\":{\"time\":{\"seconds\":1}}}}", R_FIELD_INVALID,
         "template.expiry.time"},
        {CREATE, "{\"template\":{\"expiry\":{\"time\":\"2026-11-24T12:00:00.1234567890Z\"}}}",
         R_FIELD_INVALID, "template.expiry.time"},
        {CREATE, "{\"template\":{\"expiry\":{\"time\":\"2026-02-30T12:00:00Z\"}}}", R_FIELD_INVALID,
         "template.expiry.time"},
        {CREATE, "{\"template\":{\"expiry\":{\"time\":\"2026-11-24t12:00:00Z\"}}}", R_FIELD_INVALID,
         "template.expiry.time"},
        {CREATE, "{\"template\":{\"expiry\":{\"time\":\"2026-11-24T12:00:00z\"}}}", R_FIELD_INVALID,
         "template.expiry.time"},
        {RETRY, "{\"retryDelay\":\"1\"}", R_FIELD_INVALID, "retry_delay"},
        {RETRY, "{\"retryDelay\":\"s\"}", R_FIELD_INVALID, "retry_delay"},
        {RETRY, "{\"retryDelay\":\"1.s\"}", R_FIELD_INVALID, "retry_delay"},
        {RETRY, "{\"retryDelay\":\"1.1234567890s\"}", R_FIELD_INVALID, "retry_delay"},
        {RETRY, "{\"retryDelay\":\"315576000001s\"}", R_FIELD_INVALID, "retry_delay"},
        {RETRY, "{\"retryDelay\":\"99999999999999999999s\"}", R_FIELD_INVALID, "retry_delay"},
        {RETRY, "{\"retryDelay\":\"--1s\"}", R_FIELD_INVALID, "retry_delay"},
        {UPDATE, "{\"updateMask\":[\"names\"]}", R_FIELD_INVALID, "update_mask"},
        {UPDATE, "{\"updateMask\":\"names,\"}", R_FIELD_INVALID, "update_mask"},
        {UPDATE, "{\"updateMask\":\",\"}", R_FIELD_INVALID, "update_mask"},
        {UPDATE, "{\"updateMask\":\"a..b\"}", R_FIELD_INVALID, "update_mask"},
        {ACQUIRE, "{\"publishingLicense\":\"a\"}", R_FIELD_INVALID, "publishing_license"},
        {ACQUIRE, "{\"publishingLicense\":\"+/-_\"}", R_FIELD_INVALID, "publishing_license"},
        {ACQUIRE, "{\"publishingLicense\":\"AA=\"}", R_FIELD_INVALID, "publishing_license"},
        {ACQUIRE, "{\"publishingLicense\":\"AA AA\"}", R_FIELD_INVALID, "publishing_license"},
        {ACQUIRE, "{\"publishingLicense\":[1,2]}", R_FIELD_INVALID, "publishing_license"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_refused(&cases[i]);
    }
}

/* Brackets without an end are no message: they are refused at the first that has no place. */
static void depth_costs_nothing(void **state)
{
    (void)state;
    enum { LEN = 512 * 1024 };
    static const char *const begins[] = {"", "{\"template\":", "{\"template\":{\"names\":"};
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        ProtobufCMessage *message;
        char *text = arena_alloc(arena, LEN);
        memset(text, '[', LEN);
        memcpy(text, begins[i], strlen(begins[i]));
        assert_false(read_bytes(CREATE, slice_of(text, LEN), &message).ok);
        assert_true(arena_used(arena) < 8 << 20);
    }
}

/* A text of nothing but values is refused before it has cost much. */
static void values_are_counted(void **state)
{
    (void)state;
    enum { VALUES = 65536 };
    for (size_t more = 0; more < 2; more++) {
        char *text = arena_alloc(arena, 4 * VALUES + 64);
        size_t len = (size_t)sprintf(text, "{\"template\":{\"scope\":[\"\"");
        for (size_t i = 0; i < VALUES - 2 + more; i++) { /* template is one, and the first name */
            memcpy(text + len, ",\"\"", 3);
            len += 3;
        }
        memcpy(text + len, "]}}", 3);
        struct slice bytes;
        err_clear(&err);
        rc read = message_from_json(arena, CREATE, slice_of(text, len + 3), &flaw, &bytes, &err);
        assert_int_equal(read.ok, more == 0);
        assert_int_equal(err.reason, more == 0 ? R_NONE : R_ARENA_EXHAUSTED);
    }
}

/* One text of a mask is as many paths as it has commas, and names as it has dots. */
static void a_mask_is_no_longer_than_one_can_mean(void **state)
{
    (void)state;
    enum { LEN = 512 * 1024 };
    static const char begin[] = "{\"updateMask\":\"a";
    for (const char *separator = ",."; *separator != '\0'; separator++) {
        ProtobufCMessage *message;
        char *text = arena_alloc(arena, LEN);
        for (size_t i = 0; i < LEN; i++) {
            text[i] = i % 2 == 0 ? 'a' : *separator;
        }
        memcpy(text, begin, strlen(begin));
        memcpy(text + LEN - 3, "a\"}", 3);
        err_clear(&err);
        assert_fails(read_bytes(UPDATE, slice_of(text, LEN), &message), &err, R_FIELD_INVALID);
        assert_string_equal(flaw.path, "update_mask");
    }
}

static void every_budget_is_an_error_and_not_a_crash(void **state)
{
    (void)state;
    static const char text[] =
        "{\"template\":{\"names\":[{\"text\":\"\\u0041\"}]},\"tenant\":\"abc\"}";
    for (size_t budget = 0; budget < 2048; budget += 16) {
        struct arena *small = arena_new(budget);
        struct slice bytes;
        err_clear(&err);
        if (!message_from_json(small, CREATE, slice_str(text), &flaw, &bytes, &err).ok) {
            assert_int_equal(err.reason, R_ARENA_EXHAUSTED);
        }
        arena_free(small);
    }
}

#define JSON_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        JSON_TEST(names_and_values_have_several_forms),
        JSON_TEST(well_known_messages_are_texts),
        JSON_TEST(bytes_come_in_both_alphabets),
        JSON_TEST(lengths_grow),
        JSON_TEST(maps_are_written_as_objects),
        JSON_TEST(what_is_no_json_is_refused),
        JSON_TEST(what_the_type_has_not_is_refused_where_it_stands),
        JSON_TEST(depth_costs_nothing),
        JSON_TEST(values_are_counted),
        JSON_TEST(a_mask_is_no_longer_than_one_can_mean),
        JSON_TEST(every_budget_is_an_error_and_not_a_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
