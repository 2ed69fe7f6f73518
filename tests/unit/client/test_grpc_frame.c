/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of gRPC as they come: whole, in pieces, several at once, and such as nobody sends. */
#include "chancery_test.h"

#include "client/grpc_frame.h"

static const uint8_t TWO[] = {0, 0, 0, 0, 2, 'a', 'b', 0, 0, 0, 0, 1, 'c'};

static void frames_are_seen_when_they_are_whole(void **state)
{
    (void)state;
    struct slice message;
    for (size_t len = 0; len < 7; len++) {
        assert_int_equal(grpc_frame_look(slice_of(TWO, len), 10, &message), GRPC_LATER);
    }
    for (size_t len = 7; len <= sizeof TWO; len++) {
        assert_int_equal(grpc_frame_look(slice_of(TWO, len), 10, &message), GRPC_WHOLE);
        assert_true(slice_eq_str(message, "ab"));
    }
    assert_int_equal(grpc_frame_look(slice_of(TWO + 7, 6), 10, &message), GRPC_WHOLE);
    assert_true(slice_eq_str(message, "c"));
}

static void an_empty_message_is_one(void **state)
{
    (void)state;
    static const uint8_t empty[] = {0, 0, 0, 0, 0};
    struct slice message;
    assert_int_equal(grpc_frame_look(slice_of(empty, 5), 10, &message), GRPC_WHOLE);
    assert_int_equal(message.len, 0);
}

static void what_nobody_asked_for_is_broken(void **state)
{
    (void)state;
    static const uint8_t compressed[] = {1, 0, 0, 0, 1, 'x'}, large[] = {0, 0xff, 0xff, 0xff, 0xff};
    struct slice message;
    assert_int_equal(grpc_frame_look(slice_of(compressed, 6), 10, &message), GRPC_BROKEN);
    assert_int_equal(grpc_frame_look(slice_of(large, 5), 10, &message), GRPC_BROKEN);
    assert_int_equal(grpc_frame_look(slice_of(TWO, 7), 1, &message), GRPC_BROKEN);
}

static void a_single_one_is_all_there_is(void **state)
{
    (void)state;
    struct slice message;
    struct err err = {0};
    assert_true(grpc_frame_read(slice_of(TWO, 7), &message, &err).ok);
    assert_true(slice_eq_str(message, "ab"));
    assert_false(grpc_frame_read(slice_of(TWO, sizeof TWO), &message, &err).ok);
    assert_int_equal(err.reason, R_PROTO_MALFORMED);
    err_clear(&err);
    assert_false(grpc_frame_read(slice_of(TWO, 6), &message, &err).ok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_seen_when_they_are_whole),
        cmocka_unit_test(an_empty_message_is_one),
        cmocka_unit_test(what_nobody_asked_for_is_broken),
        cmocka_unit_test(a_single_one_is_all_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
