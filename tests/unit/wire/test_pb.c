/* SPDX-License-Identifier: Apache-2.0 */
#include "chancery_test.h"

#include <string.h>

#include "chancery/v1/publishing.pb-c.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/rpc/error_details.pb-c.h"
#include "wire/pb.h"

static struct err err;

/* A ProtectRequest with strings at several depths. */
static struct slice sample(struct arena *arena, char *recipient)
{
    static char principal[] = "user:bob@fabrikam.com";
    static char *principals[] = {principal};
    char **recipients = ARENA_ARRAY(arena, char *, 1);
    Chancery__V1__Grant grant;
    Chancery__V1__Grant *grants[] = {&grant};
    Chancery__V1__CustomPolicy custom;
    Chancery__V1__ProtectRequest request;
    struct slice bytes;
    /* Not the INIT macros: they cast const away. */
    chancery__v1__grant__init(&grant);
    chancery__v1__custom_policy__init(&custom);
    chancery__v1__protect_request__init(&request);
    recipients[0] = recipient;
    grant.n_principals = 1;
    grant.principals = principals;
    custom.n_grants = 1;
    custom.grants = grants;
    request.policy_case = CHANCERY__V1__PROTECT_REQUEST__POLICY_CUSTOM;
    request.custom = &custom;
    request.n_recipients = 1;
    request.recipients = recipients;
    assert_ok(pb_pack(arena, &request.base, &bytes, &err), &err);
    return bytes;
}

static void round_trip(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(65536);
    char address[] = "al\xc3\xa9@contoso.com";
    struct slice bytes = sample(arena, address);
    ProtobufCMessage *message;
    assert_ok(pb_unpack(arena, &chancery__v1__protect_request__descriptor, bytes, &message, &err),
              &err);
    const Chancery__V1__ProtectRequest *request = (const void *)message;
    assert_string_equal(request->recipients[0], address);
    assert_string_equal(request->custom->grants[0]->principals[0], "user:bob@fabrikam.com");
}

static void bad_text_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"\xff", "\xc0\x80", "a\x1b[31m", "\x7f\x80", "\x01"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        AUTO(arena_free_at) struct arena *arena = arena_new(65536);
        ProtobufCMessage *message;
        struct slice bytes = sample(arena, arena_strdup(arena, bad[i]));
        assert_fails(
            pb_unpack(arena, &chancery__v1__protect_request__descriptor, bytes, &message, &err),
            &err, R_PROTO_MALFORMED);
    }
}

static bool no_field(const char *message, const char *field)
{
    (void)message;
    (void)field;
    return false;
}

static bool recipients_only(const char *message, const char *field)
{
    return strcmp(message, "chancery.v1.ProtectRequest") == 0 && strcmp(field, "recipients") == 0;
}

static void text_of_a_request_has_one_line(void **state)
{
    (void)state;
    static const char *const lines[] = {"a\nb",         "a\tb",         "\xc2\x85",
                                        "\xe2\x80\xa8", "\xe2\x80\xae", "\xe2\x81\xa6"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        AUTO(arena_free_at) struct arena *arena = arena_new(65536);
        const ProtobufCMessageDescriptor *type = &chancery__v1__protect_request__descriptor;
        struct pb_flaw flaw;
        ProtobufCMessage *message;
        struct slice bytes = sample(arena, arena_strdup(arena, lines[i]));
        assert_fails(pb_unpack_request(arena, type, bytes, no_field, &flaw, &message, &err), &err,
                     R_FIELD_INVALID);
        assert_string_equal(flaw.path, "recipients[0]");
        assert_ok(pb_unpack_request(arena, type, bytes, recipients_only, &flaw, &message, &err),
                  &err);
    }
}

/* protobuf-c gives "a\0b" as "a", so what we check is not what others see. */
static void embedded_nul_is_refused(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(65536);
    ProtobufCMessage *message;
    struct slice request_id = slice_of("\x0a\x03"
                                       "a\0b",
                                       5);
    assert_fails(
        pb_unpack(arena, &chancery__v1__protect_request__descriptor, request_id, &message, &err),
        &err, R_PROTO_MALFORMED);
}

static void flips_and_cuts_never_crash(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(65536);
    char address[] = "bob@fabrikam.com";
    struct slice bytes = sample(arena, address);
    uint8_t *copy = (uint8_t *)arena_dup(arena, bytes);
    int refused = 0;
    for (size_t bit = 0; bit < bytes.len * 8; bit++) {
        AUTO(arena_free_at) struct arena *a = arena_new(65536);
        ProtobufCMessage *message;
        copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1u << bit % 8);
        refused += !pb_unpack(a, &chancery__v1__protect_request__descriptor,
                              slice_of(copy, bytes.len), &message, &err)
                        .ok;
        copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1u << bit % 8);
    }
    assert_true(refused > 20);
}

struct time_case {
    int64_t seconds;
    int32_t nanos;
    bool is_sound;
};

static struct slice packed_time(struct arena *arena, const struct time_case *from)
{
    Google__Protobuf__Timestamp time;
    Chancery__V1__Expiry expiry;
    struct slice bytes;
    google__protobuf__timestamp__init(&time);
    chancery__v1__expiry__init(&expiry);
    time.seconds = from->seconds;
    time.nanos = from->nanos;
    expiry.kind_case = CHANCERY__V1__EXPIRY__KIND_TIME;
    expiry.time = &time;
    assert_ok(pb_pack(arena, &expiry.base, &bytes, &err), &err);
    return bytes;
}

static struct slice packed_span(struct arena *arena, const struct time_case *from)
{
    Google__Protobuf__Duration span;
    Google__Rpc__RetryInfo retry;
    struct slice bytes;
    google__protobuf__duration__init(&span);
    google__rpc__retry_info__init(&retry);
    span.seconds = from->seconds;
    span.nanos = from->nanos;
    retry.retry_delay = &span;
    assert_ok(pb_pack(arena, &retry.base, &bytes, &err), &err);
    return bytes;
}

static void assert_taken(struct arena *arena, const ProtobufCMessageDescriptor *type,
                         struct slice bytes, bool is_sound, const char *wanted)
{
    struct pb_flaw flaw;
    ProtobufCMessage *message;
    if (is_sound) {
        assert_ok(pb_unpack_request(arena, type, bytes, NULL, &flaw, &message, &err), &err);
    } else {
        assert_fails(pb_unpack_request(arena, type, bytes, NULL, &flaw, &message, &err), &err,
                     R_FIELD_INVALID);
        assert_string_equal(flaw.path, wanted);
        assert_non_null(strstr(flaw.why, "nanoseconds"));
    }
}

/* The ranges of timestamp.proto and duration.proto. */
static void times_are_times(void **state)
{
    (void)state;
    static const struct time_case times[] = {{0, 0, true},
                                             {253402300799, 999999999, true},
                                             {-62135596800, 0, true},
                                             {-1, 999999999, true},
                                             {253402300800, 0, false},
                                             {-62135596801, 0, false},
                                             {INT64_MAX, 0, false},
                                             {INT64_MIN, 0, false},
                                             {0, -1, false},
                                             {0, 1000000000, false},
                                             {0, INT32_MIN, false}};
    static const struct time_case spans[] = {{0, 0, true},
                                             {315576000000, 999999999, true},
                                             {-315576000000, -999999999, true},
                                             {0, -1, true},
                                             {315576000001, 0, false},
                                             {-315576000001, 0, false},
                                             {1, -1, false},
                                             {-1, 1, false},
                                             {INT64_MIN, 0, false},
                                             {0, 1000000000, false},
                                             {0, -1000000000, false}};
    AUTO(arena_free_at) struct arena *arena = arena_new(65536);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        assert_taken(arena, &chancery__v1__expiry__descriptor, packed_time(arena, &times[i]),
                     times[i].is_sound, "time");
    }
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        assert_taken(arena, &google__rpc__retry_info__descriptor, packed_span(arena, &spans[i]),
                     spans[i].is_sound, "retry_delay");
    }
}

/* 2 MB of empty submessages want 178 MB: refused within the budget. */
static void amplification_is_bounded(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(1 << 20);
    static uint8_t bomb[200000];
    ProtobufCMessage *message;
    for (size_t i = 0; i < sizeof bomb; i += 2) {
        bomb[i] = 0x0a; /* BatchProtectRequest.requests, length 0 */
    }
    assert_fails(pb_unpack(arena, &chancery__v1__batch_protect_request__descriptor,
                           slice_of(bomb, sizeof bomb), &message, &err),
                 &err, R_ARENA_EXHAUSTED);
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(65536);
    char address[] = "bob@fabrikam.com";
    struct slice bytes = sample(arena, address);
    for (size_t nth = 1;; nth++) {
        AUTO(arena_free_at) struct arena *a = arena_new(65536);
        ProtobufCMessage *message;
        arena_fail_at(a, nth);
        err_clear(&err);
        if (pb_unpack(a, &chancery__v1__protect_request__descriptor, bytes, &message, &err).ok) {
            assert_true(nth > 5);
            return;
        }
        assert_int_equal(err.reason, R_ARENA_EXHAUSTED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(bad_text_is_refused),
        cmocka_unit_test(text_of_a_request_has_one_line),
        cmocka_unit_test(embedded_nul_is_refused),
        cmocka_unit_test(flips_and_cuts_never_crash),
        cmocka_unit_test(times_are_times),
        cmocka_unit_test(amplification_is_bounded),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
