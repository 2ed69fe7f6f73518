/* SPDX-License-Identifier: Apache-2.0 */
#include "chancery_test.h"

#include "net/grpc/grpc_framing.h"
#include "net/grpc/grpc_text.h"

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

static void text_encodings(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(4096);
    assert_string_equal(grpc_percent_encode(arena, "a b%\n\xc3\xa9~"), "a b%25%0A%C3%A9~");
    assert_string_equal(grpc_percent_encode(arena, ""), "");
    assert_string_equal(grpc_binary_encode(arena, slice_str("a")), "YQ");
    assert_string_equal(grpc_binary_encode(arena, slice_str("abc")), "YWJj");
}

static struct net_request request_of(const char *method, const char *type)
{
    struct net_request r = {.method = method, .path = "/a.B/C", .header_count = 1};
    r.headers[0] = (struct net_header){"content-type", type};
    return r;
}

static void what_is_grpc(void **state)
{
    (void)state;
    static const struct {
        const char *method, *type;
        bool yes;
    } rows[] = {
        {"POST", "application/grpc", true},        {"POST", "application/grpc+proto", true},
        {"POST", "application/grpc;a=b", true},    {"POST", "application/grpc+json", false},
        {"POST", "application/grpc-web", false},   {"POST", "application/grpcx", false},
        {"GET", "application/grpc", false},        {"POST", "application/json", false},
        {"POST", "application/grpc-web+x", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct net_request r = request_of(rows[i].method, rows[i].type);
        assert_int_equal(GRPC_FRAMING.takes(&r), rows[i].yes);
    }
}

static void headers_say_how_bodies_are_encoded(void **state)
{
    (void)state;
    static const struct {
        const char *encoding, *accepted;
        enum net_compression request;
        bool accepts;
    } rows[] = {
        {"identity", "identity", NET_IDENTITY, false},
        {"gzip", "identity, gzip;q=1", NET_GZIP, true},
        {"deflate", "deflate,gzip", NET_COMPRESSION_UNKNOWN, true},
        {"gzip", "xgzip,gzipx", NET_GZIP, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err = {0};
        struct net_encoding encoding = {0};
        struct net_request r = request_of("POST", "application/grpc");
        r.headers[r.header_count++] = (struct net_header){"grpc-encoding", rows[i].encoding};
        r.headers[r.header_count++] = (struct net_header){"grpc-accept-encoding", rows[i].accepted};
        r.headers[r.header_count++] = (struct net_header){"grpc-timeout", "2S"};
        assert_ok(GRPC_FRAMING.begin(&r, &encoding, &err), &err);
        assert_int_equal(encoding.request, rows[i].request);
        assert_int_equal(encoding.accepts_gzip, rows[i].accepts);
        assert_int_equal(r.timeout_ms, 2000);
        r.headers[r.header_count - 1].value = "soon";
        assert_fails(GRPC_FRAMING.begin(&r, &encoding, &err), &err, R_FRAMING_BROKEN);
    }
}

/* A message's place is known as soon as its prefix has come, and not before. */
static void prefixes(void **state)
{
    (void)state;
    struct err err = {0};
    struct net_frame frame = {0};
    struct bytes wire = {0};
    GRPC_FRAMING.add_message(&wire, slice_str("first"), false);
    GRPC_FRAMING.add_message(&wire, slice_str("packed"), true);
    struct slice all = bytes_view(&wire);
    assert_int_equal(all.len, 5 + 5 + 5 + 6);
    for (size_t n = 0; n < 5; n++) {
        assert_int_equal(GRPC_FRAMING.look(slice_cut(all, 0, n), &frame, &err), NET_LOOK_LATER);
    }
    for (size_t n = 5; n <= all.len; n++) {
        assert_int_equal(GRPC_FRAMING.look(slice_cut(all, 0, n), &frame, &err), NET_LOOK_FRAME);
        assert_int_equal(frame.prefix, 5);
        assert_int_equal(frame.length, 5);
        assert_false(frame.compressed);
    }
    assert_int_equal(GRPC_FRAMING.look(slice_cut(all, 10, all.len), &frame, &err), NET_LOOK_FRAME);
    assert_int_equal(frame.length, 6);
    assert_true(frame.compressed);
    assert_int_equal(GRPC_FRAMING.look(slice_of("\0\377\377\377\377", 5), &frame, &err),
                     NET_LOOK_FRAME);
    assert_true(frame.length == 0xffffffff);
    assert_int_equal(GRPC_FRAMING.look(slice_of("\2\0\0\0\0", 5), &frame, &err), NET_LOOK_BROKEN);
    assert_int_equal(err.reason, R_FRAMING_BROKEN);
    bytes_free(&wire);
}

static const char *value_of(const struct net_head *head, const char *name)
{
    for (size_t i = 0; i < head->count; i++) {
        if (strcmp(head->headers[i].name, name) == 0) {
            return head->headers[i].value;
        }
    }
    return NULL;
}

static void a_status_is_trailers_or_the_only_head(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(4096);
    const struct net_status status = {
        .code = GRPC_PERMISSION_DENIED, .text = "no\n", .details = slice_str("xy")};
    const struct net_encoding encoding = {.content_type = "application/grpc"};
    struct net_head only = {0}, trailers = {0};
    struct bytes body = {0};
    GRPC_FRAMING.finish(arena, &encoding, &status, NULL, &trailers, &body);
    assert_string_equal(value_of(&trailers, "grpc-status"), "7");
    assert_string_equal(value_of(&trailers, "grpc-message"), "no%0A");
    assert_string_equal(value_of(&trailers, "grpc-status-details-bin"), "eHk");
    assert_int_equal(trailers.count, 3);

    trailers.count = 0;
    GRPC_FRAMING.finish(arena, &encoding, &status, &only, &trailers, &body);
    assert_int_equal(only.status, 200);
    assert_string_equal(value_of(&only, "content-type"), "application/grpc");
    assert_string_equal(value_of(&only, "grpc-status"), "7");
    assert_int_equal(trailers.count, 0);
    assert_int_equal(bytes_view(&body).len, 0);

    /* What else is said goes with it. */
    static const struct net_header more[] = {{"x-a", "1"}, {"x-a", "2"}};
    const struct net_status rich = {.trailers = more, .trailer_count = 2};
    trailers.count = 0;
    GRPC_FRAMING.finish(arena, &encoding, &rich, NULL, &trailers, &body);
    assert_int_equal(trailers.count, 3);
    assert_string_equal(trailers.headers[1].name, "x-a");
    assert_string_equal(trailers.headers[1].value, "1");
    assert_string_equal(trailers.headers[2].value, "2");

    /* Without memory the code is still told. */
    trailers.count = 0;
    arena_fail_at(arena, 1);
    GRPC_FRAMING.finish(arena, &encoding, &status, NULL, &trailers, &body);
    assert_string_equal(value_of(&trailers, "grpc-status"), "7");
    assert_null(value_of(&trailers, "grpc-message"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timeouts),     cmocka_unit_test(text_encodings),
        cmocka_unit_test(what_is_grpc), cmocka_unit_test(headers_say_how_bodies_are_encoded),
        cmocka_unit_test(prefixes),     cmocka_unit_test(a_status_is_trailers_or_the_only_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
