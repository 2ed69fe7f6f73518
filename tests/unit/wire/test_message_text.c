/* SPDX-License-Identifier: Apache-2.0 */
/* Messages from YAML and to JSON: what people write and read. */
#include "chancery_test.h"

#include <stdlib.h>
#include <string.h>

#include "chancery/config/v1/config.pb-c.h"
#include "chancery/v1/template.pb-c.h"
#include "wire/message_text.h"

static struct arena *arena;
static struct err err;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    err_clear(&err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static rc read_as(const ProtobufCMessageDescriptor *type, const char *text, ProtobufCMessage **out)
{
    err_clear(&err);
    return message_from_yaml(arena, type, slice_str(text), out, &err);
}

static const char TEMPLATE[] = "names:\n"
                               "  - {language: en, text: \"Confidential: \\u00fcber\"}\n"
                               "grants:\n"
                               "  - principals: ['tenant:contoso', owner]\n"
                               "    rights: [view, RIGHT_PRINT]\n"
                               "    custom_rights: [SIGN]\n"
                               "expiry: {time: 2026-11-24T12:00:00Z}\n"
                               "offline_access: days\n"
                               "offline_days: 7\n";

static const char AS_JSON[] =
    "{\"names\":[{\"language\":\"en\",\"text\":\"Confidential: \u00fcber\"}],"
    "\"grants\":[{\"principals\":[\"tenant:contoso\",\"owner\"],"
    "\"rights\":[\"RIGHT_VIEW\",\"RIGHT_PRINT\"],\"customRights\":[\"SIGN\"]}],"
    "\"expiry\":{\"time\":\"2026-11-24T12:00:00.000000Z\"},"
    "\"offlineAccess\":\"OFFLINE_ACCESS_DAYS\",\"offlineDays\":7}";

static void yaml_becomes_a_message_and_json(void **state)
{
    (void)state;
    ProtobufCMessage *message;
    const char *json;
    assert_ok(read_as(&chancery__v1__template__descriptor, TEMPLATE, &message), &err);
    const Chancery__V1__Template *t = (const void *)message;
    assert_int_equal(t->n_grants, 1);
    assert_int_equal(t->grants[0]->rights[1], 5);
    assert_int_equal(t->expiry->time->seconds, 1795521600);
    assert_ok(message_to_json(arena, message, false, false, &json, &err), &err);
    assert_string_equal(json, AS_JSON);
}

static void defaults_are_shown_when_asked_for(void **state)
{
    (void)state;
    ProtobufCMessage *message;
    const char *json;
    assert_ok(read_as(&chancery__config__v1__config__descriptor, "workers: 3\n", &message), &err);
    assert_ok(message_to_json(arena, message, false, true, &json, &err), &err);
    assert_non_null(strstr(json, "\"workers\":3"));
    assert_non_null(strstr(json, "\"authorityUrl\":\"\""));
    assert_ok(message_to_json(arena, message, false, false, &json, &err), &err);
    assert_string_equal(json, "{\"workers\":3}");
}

static void errors_name_the_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"workers: 1\nworker: 2\n",
         "line 2: Config has a field that is not known; did you mean workers?"},
        {"workers: 1\nxyzzy: 2\n", "line 2: Config has a field that is not known"},
        {"workers: 1\nworkers: 2\n", "line 2: workers is given twice"},
        {"\nworkers: -1\n", "line 2: workers must be a whole number in range"},
        {"workers: 4294967296\n", "line 1: workers must be a whole number in range"},
        {"workers: 1x\n", "line 1: workers must be a whole number in range"},
        {"workers: [1]\n", "line 1: workers must be a single value"},
        {"listeners: {address: x}\n", "line 1: listeners must be a list"},
        {"listeners:\n  - address: x\n    tls: yes\n", "line 3: Tls must be a mapping of fields"},
        {"identity: {allow_loopback: maybe}\n", "line 1: allow_loopback must be true or false"},
        {"workers: *nothing\n", "line 1: not YAML: found undefined alias"},
        {"", "the text is empty"},
        {"workers: 1\n---\nworkers: 2\n", "a text holds one document, and this one holds more"},
        {"workers: 1\n...\n---\n", "a text holds one document, and this one holds more"},
        {"workers: 1\n...\n%\n", "line 3: not YAML: could not find expected directive name"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ProtobufCMessage *message;
        assert_fails(read_as(&chancery__config__v1__config__descriptor, cases[i].text, &message),
                     &err, R_CONFIG_INVALID);
        assert_string_equal(err.detail, cases[i].said);
    }
    ProtobufCMessage *message;
    assert_fails(read_as(&chancery__v1__template__descriptor,
                         "expiry: {days: 1, time: 2026-11-24T12:00:00Z}\n", &message),
                 &err, R_CONFIG_INVALID);
    assert_non_null(strstr(err.detail, "excludes another field"));
    assert_fails(
        read_as(&chancery__v1__template__descriptor, "expiry: {time: tomorrow}\n", &message), &err,
        R_CONFIG_INVALID);
    assert_fails(read_as(&chancery__v1__template__descriptor, "offline_access: WEEKS\n", &message),
                 &err, R_CONFIG_INVALID);
}

static void every_budget_is_an_error_and_not_a_crash(void **state)
{
    (void)state;
    for (size_t budget = 64; budget < 4096; budget += 64) {
        struct arena *small = arena_new(budget);
        ProtobufCMessage *message;
        err_clear(&err);
        if (!message_from_yaml(small, &chancery__v1__template__descriptor, slice_str(TEMPLATE),
                               &message, &err)
                 .ok) {
            assert_int_equal(err.reason, R_ARENA_EXHAUSTED);
        }
        arena_free(small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(yaml_becomes_a_message_and_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(defaults_are_shown_when_asked_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(errors_name_the_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_budget_is_an_error_and_not_a_crash, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
