/* SPDX-License-Identifier: Apache-2.0 */
/* Connect and gRPC-Web: what their headers mean, and how answers and ends look on the wire. */
#include "chancery_test.h"

#include <string.h>

#include "net/connect/connect_stream_framing.h"
#include "net/connect/connect_unary_framing.h"
#include "net/grpc/grpc_web_framing.h"
#include "net/header_value.h"
#include "net/text_body.h"

static struct net_request request_of(const char *method, const char *type)
{
    struct net_request r = {.method = method, .path = "/a.B/C", .header_count = 1};
    r.headers[0] = (struct net_header){"content-type", type};
    return r;
}

static void add(struct net_request *r, const char *name, const char *value)
{
    r->headers[r->header_count++] = (struct net_header){name, value};
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

static void content_types(void **state)
{
    (void)state;
    static const struct {
        const char *method, *type;
        const struct net_framing *framing;
    } rows[] = {
        {"POST", "application/json", &CONNECT_UNARY_FRAMING},
        {"POST", "Application/JSON; charset=utf-8", &CONNECT_UNARY_FRAMING},
        {"POST", "application/json;charset=\"UTF-8\"", &CONNECT_UNARY_FRAMING},
        {"POST", "application/proto", &CONNECT_UNARY_FRAMING},
        {"POST", "application/connect+json", &CONNECT_STREAM_FRAMING},
        {"POST", "application/connect+proto", &CONNECT_STREAM_FRAMING},
        {"POST", "application/grpc-web", &GRPC_WEB_FRAMING},
        {"POST", "application/grpc-web+proto", &GRPC_WEB_FRAMING},
        {"POST", "application/grpc-web-text", &GRPC_WEB_TEXT_FRAMING},
        {"POST", "application/grpc-web-text+proto", &GRPC_WEB_TEXT_FRAMING},
        {"GET", "application/json", NULL},
        {"POST", "application/json; charset=latin1", NULL},
        {"POST", "application/json; a=b", NULL},
        {"POST", "application/json, application/json", NULL},
        {"POST", "application/jsonx", NULL},
        {"POST", "application/problem+json", NULL},
        {"POST", "text/plain", NULL},
        {"POST", "text/plain; application/json", NULL},
        {"POST", "application/x-www-form-urlencoded", NULL},
        {"POST", "multipart/form-data", NULL},
        {"POST", "application/grpc-web+json", NULL},
        {"POST", "application/grpc", NULL},
        {"POST", "", NULL},
    };
    static const struct net_framing *const all[] = {&CONNECT_UNARY_FRAMING, &CONNECT_STREAM_FRAMING,
                                                    &GRPC_WEB_FRAMING, &GRPC_WEB_TEXT_FRAMING};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct net_request r = request_of(rows[i].method, rows[i].type);
        for (size_t k = 0; k < sizeof all / sizeof all[0]; k++) {
            assert_int_equal(all[k]->takes(&r), all[k] == rows[i].framing);
        }
    }
}

static void connect_headers(void **state)
{
    (void)state;
    static const struct {
        const char *version, *timeout;
        int64_t ms; /* −1: refused */
    } rows[] = {
        {"1", NULL, 0},  {"1", "0", 1},    {"1", "5000", 5000}, {"1", "9999999999", 9999999999},
        {"2", NULL, -1}, {"", NULL, -1},   {"1", "", -1},       {"1", "12345678901", -1},
        {"1", "-1", -1}, {"1", "1.5", -1}, {"1", "1s", -1},     {"1", " 1", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct net_request r = request_of("POST", "application/json");
        struct net_encoding encoding = {0};
        struct err err = {0};
        add(&r, "connect-protocol-version", rows[i].version);
        if (rows[i].timeout != NULL) {
            add(&r, "connect-timeout-ms", rows[i].timeout);
        }
        if (rows[i].ms < 0) {
            assert_fails(CONNECT_UNARY_FRAMING.begin(&r, &encoding, &err), &err,
                         R_PROTOCOL_HEADER_INVALID);
        } else {
            assert_ok(CONNECT_UNARY_FRAMING.begin(&r, &encoding, &err), &err);
            assert_int_equal(r.timeout_ms, rows[i].ms);
        }
        assert_string_equal(encoding.content_type, "application/json");
        assert_true(r.is_json);
    }
}

static void a_unary_bodys_encoding_and_length(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
        enum net_compression request;
        bool accepts;
        size_t length;
    } rows[] = {
        {"x", "x", NET_IDENTITY, false, NET_LENGTH_UNKNOWN},
        {"content-encoding", "gzip", NET_GZIP, false, NET_LENGTH_UNKNOWN},
        {"content-encoding", "identity", NET_IDENTITY, false, NET_LENGTH_UNKNOWN},
        {"content-encoding", "gzip, gzip", NET_COMPRESSION_UNKNOWN, false, NET_LENGTH_UNKNOWN},
        {"content-encoding", "br", NET_COMPRESSION_UNKNOWN, false, NET_LENGTH_UNKNOWN},
        {"accept-encoding", "br, gzip;q=0.5", NET_IDENTITY, true, NET_LENGTH_UNKNOWN},
        {"accept-encoding", "gzip;q=0, br", NET_IDENTITY, false, NET_LENGTH_UNKNOWN},
        {"accept-encoding", "gzip;q=0.000", NET_IDENTITY, false, NET_LENGTH_UNKNOWN},
        {"content-length", "0", NET_IDENTITY, false, 0},
        {"content-length", "1234", NET_IDENTITY, false, 1234},
        {"content-length", "99999999999999999999999", NET_IDENTITY, false, NET_LENGTH_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct net_request r = request_of("POST", "application/proto");
        struct net_encoding encoding = {0};
        struct err err = {0};
        add(&r, rows[i].name, rows[i].value);
        assert_ok(CONNECT_UNARY_FRAMING.begin(&r, &encoding, &err), &err);
        assert_int_equal(encoding.request, rows[i].request);
        assert_int_equal(encoding.accepts_gzip, rows[i].accepts);
        assert_true(encoding.length == rows[i].length);
        assert_false(r.is_json);
    }
    struct net_request r = request_of("POST", "application/json");
    struct net_encoding encoding = {0};
    add(&r, "content-encoding", "gzip");
    add(&r, "content-encoding", "identity");
    assert_true(CONNECT_UNARY_FRAMING.begin(&r, &encoding, NULL).ok);
    assert_int_equal(encoding.request, NET_COMPRESSION_UNKNOWN);
}

/* google.rpc.Status of code 7, message "m", and two Any: "t.x/a.B" with "xy", and "a.C" with "". */
static const char STATUS[] = "\x08\x07\x12\x01m\x1a\x0d\x0a\x07t.x/a.B\x12\x02xy\x1a\x05\x0a\x03"
                             "a.C";

static void errors_are_json(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(4096);
    static const struct net_encoding encoding = {.content_type = "application/connect+json"};
    const struct net_status status = {.code = GRPC_PERMISSION_DENIED,
                                      .text = "no \"\\\n\x1f\xc3\xbc",
                                      .details = slice_of(STATUS, sizeof STATUS - 1)};
    static const char json[] =
        "{\"code\":\"permission_denied\",\"message\":\"no \\u0022\\u005c\\u000a\\u001f\xc3\xbc\","
        "\"details\":[{\"type\":\"a.B\",\"value\":\"eHk\"},{\"type\":\"a.C\",\"value\":\"\"}]}";
    struct net_head only = {0}, trailers = {0};
    struct bytes body = {0};
    CONNECT_UNARY_FRAMING.finish(arena, &encoding, &status, &only, &trailers, &body);
    assert_int_equal(only.status, 403);
    assert_string_equal(value_of(&only, "content-type"), "application/json");
    assert_true(slice_eq_str(bytes_view(&body), json));
    bytes_free(&body);

    only = (struct net_head){0};
    CONNECT_STREAM_FRAMING.finish(arena, &encoding, &status, &only, &trailers, &body);
    assert_int_equal(only.status, 200);
    assert_string_equal(value_of(&only, "content-type"), "application/connect+json");
    struct slice all = bytes_view(&body);
    assert_int_equal(all.ptr[0], 2);
    assert_int_equal(all.ptr[3] << 8 | all.ptr[4], all.len - 5);
    assert_true(slice_starts_with(slice_cut(all, 5, all.len), "{\"error\":{\"code\":"));
    bytes_free(&body);

    const struct net_status fine = {.code = GRPC_OK};
    CONNECT_STREAM_FRAMING.finish(arena, &encoding, &fine, NULL, &trailers, &body);
    assert_memory_equal(bytes_view(&body).ptr, "\2\0\0\0\2{}", 7);
    assert_int_equal(trailers.count, 0);
    bytes_free(&body);
}

/* A name stands once, with all its values. */
static void a_streams_end_has_its_metadata(void **state)
{
    (void)state;
    static const struct net_header more[] = {{"x-a", "1"}, {"x-b", "\""}, {"x-a", "2"}};
    static const struct {
        enum grpc_code code;
        size_t count;
        const char *json;
    } rows[] = {
        {GRPC_OK, 1, "{\"metadata\":{\"x-a\":[\"1\"]}}"},
        {GRPC_OK, 3, "{\"metadata\":{\"x-a\":[\"1\",\"2\"],\"x-b\":[\"\\u0022\"]}}"},
        {GRPC_ABORTED, 0, "{\"error\":{\"code\":\"aborted\"}}"},
        {GRPC_ABORTED, 1, "{\"error\":{\"code\":\"aborted\"},\"metadata\":{\"x-a\":[\"1\"]}}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct net_status status = {
            .code = rows[i].code, .trailers = more, .trailer_count = rows[i].count};
        struct bytes body = {0};
        CONNECT_STREAM_FRAMING.finish(NULL, NULL, &status, NULL, NULL, &body);
        struct slice all = bytes_view(&body);
        assert_true(slice_eq_str(slice_cut(all, 5, all.len), rows[i].json));
        bytes_free(&body);
    }
}

static void nothing_at_a_path_is_404(void **state)
{
    (void)state;
    const struct net_status status = {.code = GRPC_UNIMPLEMENTED, .is_unknown_path = true};
    struct net_head only = {0};
    struct bytes body = {0};
    CONNECT_UNARY_FRAMING.finish(NULL, NULL, &status, &only, NULL, &body);
    assert_int_equal(only.status, 404);
    assert_true(slice_eq_str(bytes_view(&body), "{\"code\":\"unimplemented\"}"));
    bytes_free(&body);
}

static void every_code_has_its_status(void **state)
{
    (void)state;
    static const int statuses[] = {500, 499, 500, 400, 504, 404, 409, 403, 429,
                                   400, 409, 400, 501, 500, 503, 500, 401};
    for (int code = 1; code <= 16; code++) {
        const struct net_status status = {.code = (enum grpc_code)code};
        struct net_head only = {0};
        struct bytes body = {0};
        CONNECT_UNARY_FRAMING.finish(NULL, NULL, &status, &only, NULL, &body);
        assert_int_equal(only.status, statuses[code]);
        assert_true(slice_starts_with(bytes_view(&body), "{\"code\":\""));
        bool has_challenge = value_of(&only, "www-authenticate") != NULL;
        assert_int_equal(has_challenge, code == GRPC_UNAUTHENTICATED);
        bytes_free(&body);
    }
}

static void web_trailers_are_in_the_body(void **state)
{
    (void)state;
    AUTO(arena_free_at) struct arena *arena = arena_new(4096);
    static const struct net_encoding encoding = {.content_type = "application/grpc-web+proto"};
    static const struct net_header more[] = {{"x-a", "1"}};
    const struct net_status status = {.code = GRPC_NOT_FOUND,
                                      .text = "a\nb",
                                      .details = slice_str("xy"),
                                      .trailers = more,
                                      .trailer_count = 1};
    static const char text[] = "grpc-status: 5\r\ngrpc-message: a%0Ab\r\n"
                               "grpc-status-details-bin: eHk\r\nx-a: 1\r\n";
    struct net_head only = {0}, trailers = {0};
    struct bytes body = {0}, in_text = {0}, decoded = {0};
    GRPC_WEB_FRAMING.finish(arena, &encoding, &status, &only, &trailers, &body);
    struct slice all = bytes_view(&body);
    assert_int_equal(only.status, 200);
    assert_string_equal(value_of(&only, "content-type"), "application/grpc-web+proto");
    assert_memory_equal(all.ptr, "\x80\0\0\0", 4);
    assert_int_equal(all.ptr[4], sizeof text - 1);
    assert_true(slice_eq_str(slice_cut(all, 5, all.len), text));
    assert_int_equal(trailers.count, 0);

    struct text_body in = {0};
    GRPC_WEB_TEXT_FRAMING.add_message(&in_text, slice_str("m"), false);
    GRPC_WEB_TEXT_FRAMING.finish(arena, &encoding, &status, NULL, &trailers, &in_text);
    assert_true(text_body_decode(&in, bytes_view(&in_text), &decoded));
    assert_true(text_body_is_whole(&in));
    assert_memory_equal(bytes_view(&decoded).ptr, "\0\0\0\0\1m\x80", 7);
    bytes_free(&body);
    bytes_free(&in_text);
    bytes_free(&decoded);
}

/* Whatever the pieces, and with padding wherever a sender wrote out what it had. */
static void text_bodies_come_in_pieces(void **state)
{
    (void)state;
    static const char text[] = "YQ==YWI=YWJjZGVm";
    for (size_t step = 1; step <= sizeof text; step++) {
        struct text_body in = {0};
        struct bytes out = {0};
        for (size_t at = 0; at < sizeof text - 1; at += step) {
            struct slice piece = slice_cut(slice_str(text), at, at + step);
            assert_true(text_body_decode(&in, piece, &out));
        }
        assert_true(text_body_is_whole(&in));
        assert_true(slice_eq_str(bytes_view(&out), "aababcdef"));
        bytes_free(&out);
    }
    static const char *const broken[] = {"YQ=a", "=", "Y===", "Y Q=", "YQ--", "====", "YQ\n="};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct text_body in = {0};
        struct bytes out = {0};
        assert_false(text_body_decode(&in, slice_str(broken[i]), &out));
        bytes_free(&out);
    }
    uint8_t bytes[5000];
    struct bytes coded = {0}, back = {0};
    struct text_body in = {0};
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    }
    text_body_encode(slice_of(bytes, sizeof bytes), &coded);
    assert_true(text_body_decode(&in, bytes_view(&coded), &back));
    assert_true(slice_eq(bytes_view(&back), slice_of(bytes, sizeof bytes)));
    bytes_free(&coded);
    bytes_free(&back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_types),
        cmocka_unit_test(connect_headers),
        cmocka_unit_test(a_unary_bodys_encoding_and_length),
        cmocka_unit_test(errors_are_json),
        cmocka_unit_test(every_code_has_its_status),
        cmocka_unit_test(a_streams_end_has_its_metadata),
        cmocka_unit_test(nothing_at_a_path_is_404),
        cmocka_unit_test(web_trailers_are_in_the_body),
        cmocka_unit_test(text_bodies_come_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
