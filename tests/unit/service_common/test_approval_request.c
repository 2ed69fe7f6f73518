/* SPDX-License-Identifier: Apache-2.0 */
/* A request that waits for a second admin: what is secret in it is kept apart, and both together are the request. */
#include "chancery_test.h"

#include <string.h>

#include "base/buf.h"
#include "chancery/v1/key.pb-c.h"
#include "methods.h"
#include "service/common/approval_request.h"
#include "wire/pb.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const ProtobufCMessage *import_request(void)
{
    static char id[] = "an import", thumbprint[] = "a thumbprint";
    static uint8_t key[] = {'w', 'r', 'a', 'p', 'p', 'e', 'd'};
    static Chancery__V1__ImportKeyRequest request;
    chancery__v1__import_key_request__init(&request);
    request.import_id = id;
    request.purpose = CHANCERY__V1__KEY_PURPOSE__KEY_PURPOSE_SIGNING;
    request.wrapped_key = (ProtobufCBinaryData){.data = key, .len = sizeof key};
    request.thumbprint = thumbprint;
    return &request.base;
}

static bool contains(struct slice bytes, const char *text)
{
    return memmem(bytes.ptr, bytes.len, text, strlen(text)) != NULL;
}

static void what_is_secret_is_apart(void **state)
{
    struct approval_row row = {0};
    struct err err = {0};
    ProtobufCMessage *read = NULL;
    struct buf both;
    struct slice whole, packed;
    (void)state;
    assert_true(approval_request_pack(arena, import_request(), &row, &err).ok);
    assert_false(contains(row.request, "wrapped"));
    assert_true(contains(row.request, "a thumbprint"));
    assert_true(contains(row.secret, "wrapped"));
    assert_false(contains(row.secret, "an import"));
    buf_init(&both, arena);
    buf_add(&both, row.request);
    buf_add(&both, row.secret);
    assert_true(buf_finish(&both, &whole, &err).ok);
    assert_true(
        pb_unpack(arena, &chancery__v1__import_key_request__descriptor, whole, &read, &err).ok);
    assert_true(pb_pack(arena, import_request(), &packed, &err).ok);
    assert_true(pb_pack(arena, read, &whole, &err).ok);
    assert_true(slice_eq(whole, packed));
}

static void what_has_no_secret_is_whole(void **state)
{
    static char reason[] = "too old";
    struct approval_row row = {0};
    struct err err = {0};
    struct slice packed;
    Chancery__V1__RestoreKeyRequest request;
    (void)state;
    chancery__v1__restore_key_request__init(&request);
    request.version = 3;
    request.reason = reason;
    assert_true(approval_request_pack(arena, &request.base, &row, &err).ok);
    assert_true(pb_pack(arena, &request.base, &packed, &err).ok);
    assert_true(slice_eq(row.request, packed));
    assert_int_equal(row.secret.len, 0);
}

/* Which fields they are says the schema. */
static void the_schema_says_what_is_secret(void **state)
{
    (void)state;
    assert_true(proto_is_secret("chancery.v1.ImportKeyRequest", "wrapped_key"));
    assert_false(proto_is_secret("chancery.v1.ImportKeyRequest", "thumbprint"));
    assert_false(proto_is_secret("chancery.v1.ExportKeysRequest", "wrapped_key"));
}

static void over_budget(void **state)
{
    struct approval_row row = {0};
    for (int at = 1; at < 100; at++) {
        struct err err = {0};
        tear_down(state);
        set_up(state);
        arena_fail_at(arena, at);
        if (approval_request_pack(arena, import_request(), &row, &err).ok) {
            assert_true(at > 1);
            return;
        }
        assert_int_equal(err.reason, R_ARENA_EXHAUSTED);
    }
    fail_msg("it never fits");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_secret_is_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_has_no_secret_is_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_schema_says_what_is_secret, set_up, tear_down),
        cmocka_unit_test_setup_teardown(over_budget, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
