/* SPDX-License-Identifier: Apache-2.0 */
#include "chancery_test.h"

#include "base/mem.h"
#include "net/net_internal.h"

static void timeouts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"1H", 3600000}, {"2M", 120000},     {"3S", 3000},
        {"4m", 4},       {"5000u", 5},       {"1u", 1},
        {"1n", 1},       {"0m", 1},          {"", -1},
        {"m", -1},       {"5", -1},          {"5x", -1},
        {"-1S", -1},     {"123456789m", -1}, {"99999999S", 99999999000},
        {"1 S", -1},     {"1SS", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(grpc_timeout_parse(rows[i].text), rows[i].ms);
    }
}

static void percent_encoding(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(4096);
    assert_string_equal(grpc_percent_encode(arena, "a b%\n\xc3\xa9~"), "a b%25%0A%C3%A9~");
    assert_string_equal(grpc_percent_encode(arena, ""), "");
}

/* Feed a stream byte by byte: a message appears exactly when its last byte has come. */
static void messages_split_anywhere(void **state)
{
    (void)state;
    struct err err = {0};
    struct slice message;
    struct bytes wire = {0}, inflated = {0};
    struct net_stream stream = {.message_max = 1000, .request_gzip = true};
    static const char text[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    grpc_add_message(&wire, slice_str("first"), false);
    grpc_add_message(&wire, slice_str(text), true);
    grpc_add_message(&wire, SLICE_NONE, false);
    struct slice all = bytes_view(&wire);
    assert_true(all.len < sizeof text + 15); /* it was compressed */
    int seen = 0;
    for (size_t i = 0; i < all.len; i++) {
        bytes_add(&stream.in, slice_cut(all, i, i + 1));
        while (grpc_next_message(&stream, &inflated, &message, &err)) {
            const char *expected = seen == 0 ? "first" : seen == 1 ? text : "";
            assert_true(slice_eq_str(message, expected));
            bytes_free(&inflated);
            seen++;
        }
        assert_int_equal(err.reason, R_NONE);
    }
    assert_int_equal(seen, 3);
    bytes_free(&stream.in);
    bytes_free(&wire);
}

static void broken_framing_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        bool gzip, unknown;
        enum reason reason;
    } rows[] = {
        {"\2\0\0\0\0", 5, false, false, R_PROTO_MALFORMED},
        {"\1\0\0\0\1x", 6, false, false, R_PROTO_MALFORMED},
        {"\1\0\0\0\1x", 6, false, true, R_COMPRESSION_UNSUPPORTED},
        {"\1\0\0\0\1x", 6, true, false, R_COMPRESSION_INVALID},
        {"\1\0\0\0\0", 5, true, false, R_COMPRESSION_INVALID},
        {"\0\0\0\3\351", 5, false, false, R_MESSAGE_TOO_LARGE},
        {"\0\377\377\377\377", 5, false, false, R_MESSAGE_TOO_LARGE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err = {0};
        struct slice message;
        struct bytes inflated = {0};
        struct net_stream stream = {.message_max = 1000,
                                    .request_gzip = rows[i].gzip,
                                    .compression_unknown = rows[i].unknown};
        bytes_add(&stream.in, slice_of(rows[i].bytes, rows[i].len));
        assert_false(grpc_next_message(&stream, &inflated, &message, &err));
        assert_int_equal(err.reason, rows[i].reason);
        bytes_free(&stream.in);
        bytes_free(&inflated);
    }
}

static void cleartext_needs_loopback(void **state)
{
    (void)state;
    struct err err = {0};
    int fd;
    static const struct net_config config;
    static const struct net_handler handler;
    struct loop *loop = loop_new();
    struct net_server *server = net_server_new(loop, &config, &handler);
    assert_ok(net_listen("0.0.0.0:0", &fd, &err), &err);
    assert_fails(net_server_listen(server, fd, NULL, &err), &err, R_CONFIG_INVALID);
    assert_ok(net_listen("127.0.0.1:0", &fd, &err), &err);
    assert_ok(net_server_listen(server, fd, NULL, &err), &err);
    assert_ok(net_listen("[::1]:0", &fd, &err), &err);
    assert_ok(net_server_listen(server, fd, NULL, &err), &err);
    assert_fails(net_listen("localhost:1", &fd, &err), &err, R_CONFIG_INVALID);
    assert_fails(net_listen("127.0.0.1", &fd, &err), &err, R_CONFIG_INVALID);
    assert_fails(net_listen("192.0.2.1:1", &fd, &err), &err, R_STARTUP_FAILED);
    net_server_free(server);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timeouts),
        cmocka_unit_test(percent_encoding),
        cmocka_unit_test(messages_split_anywhere),
        cmocka_unit_test(broken_framing_is_refused),
        cmocka_unit_test(cleartext_needs_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
