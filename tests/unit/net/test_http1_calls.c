/* SPDX-License-Identifier: Apache-2.0 */
/* Calls over HTTP/1.1 by each framing that it carries: how bodies become messages, however they come, and what pages of
 * other origins are told. */
#include "chancery_test.h"

#include <stdio.h>
#include <string.h>

#include "http1_run.h"
#include "net/http1/http1_session.h"

#define POST(type) "POST /a.B/C HTTP/1.1\r\nhost: x\r\ncontent-type: " type "\r\n"
#define JSON POST("application/json")
#define OURS "origin: https://app.example.org\r\n"
#define REFUSED JSON "origin: https://evil.example\r\n"
#define FIRST(origin) \
    "OPTIONS /a.B/C HTTP/1.1\r\nhost: x\r\n" origin "access-control-request-method: POST\r\n\r\n"

struct row {
    const char *in;
    size_t len; /* 0: of the text */
    const char *status, *has, *has_not;
};

#define BYTES(text) (text), sizeof(text) - 1

static void assert_row(const struct row *row, size_t step)
{
    struct bytes said = {0};
    char text[4096];
    size_t len = row->len == 0 ? strlen(row->in) : row->len;
    (void)http1_run(slice_of(row->in, len), step, &said);
    struct slice all = bytes_view(&said);
    size_t n = 0;
    for (; n < all.len && n < sizeof text - 1; n++) {
        text[n] = (char)(all.ptr[n] == '\0' ? '.' : all.ptr[n]);
    }
    text[n] = '\0';
    bytes_free(&said);
    if (strncmp(text, "HTTP/1.1 ", 9) != 0 || strncmp(text + 9, row->status, 3) != 0 ||
        (row->has != NULL && strstr(text, row->has) == NULL) ||
        (row->has_not != NULL && strstr(text, row->has_not) != NULL)) {
        fail_msg("by %zu: %s\nsaid\n%s", step, row->in, text);
    }
}

static void assert_rows(const struct row *rows, size_t count)
{
    static const size_t steps[] = {1, 7, 100000};
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++) {
            assert_row(&rows[i], steps[k]);
        }
    }
}
#define ASSERT_ROWS(rows) assert_rows((rows), sizeof(rows) / sizeof((rows)[0]))

static void a_body_is_a_message(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.in = JSON "content-length: 2\r\n\r\n{}", .status = "200", .has = "1 messages, 2 bytes"},
        {.in = JSON "content-length: 0\r\n\r\n", .status = "200", .has = "1 messages, 0 bytes"},
        {.in = JSON "\r\n", .status = "200", .has = "1 messages, 0 bytes"},
        {.in = JSON "transfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
         .status = "200",
         .has = "content-length: 19\r\n"},
        {.in = JSON "transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
         .status = "200",
         .has = "1 messages, 0 bytes"},
        {.in = POST("application/proto") "content-length: 1\r\n\r\nx",
         .status = "200",
         .has = "content-type: application/proto"},
        {.in = JSON "content-length: 4097\r\n\r\n", .status = "500", .has = "\"internal\""},
        {.in = JSON "content-encoding: br\r\ncontent-length: 2\r\n\r\n{}", .status = "500"},
        {.in = JSON "content-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}", .status = "500"},
        {.in = JSON "content-encoding: gzip\r\ncontent-length: 0\r\n\r\n",
         .status = "200",
         .has = "1 messages, 0 bytes"},
        {.in = JSON "connect-timeout-ms: x\r\ncontent-length: 2\r\n\r\n{}", .status = "500"},
        {.in = JSON "content-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
         .status = "200",
         .has = "POST /a.B/C", /* no call: a page, to the handler */
         .has_not = "messages"},
        {.in = POST("application/grpc") "content-length: 0\r\n\r\n", .status = "505"},
    };
    ASSERT_ROWS(rows);
}

/* Beyond what comes unasked, without a length that is told; up to the largest message, and one byte more. */
static void a_length_need_not_be_told(void **state)
{
    (void)state;
    for (size_t len = 4096; len <= 4097; len++) {
        char in[8192];
        size_t n =
            (size_t)snprintf(in, sizeof in, JSON "transfer-encoding: chunked\r\n\r\n%zx\r\n", len);
        memset(in + n, ' ', len);
        memcpy(in + n + len, "\r\n0\r\n\r\n", 7);
        const struct row row = {.in = in,
                                .len = n + len + 7,
                                .status = len == 4096 ? "200" : "500",
                                .has = len == 4096 ? "1 messages, 4096 bytes" : "internal"};
        assert_rows(&row, 1);
    }
}

static void messages_have_envelopes(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {BYTES(
             POST("application/connect+json") "content-length: 14\r\n\r\n\0\0\0\0\2{}\0\0\0\0\2{}"),
         .status = "200", .has = "2 messages, 4 bytes"},
        {BYTES(POST("application/connect+proto") "content-length: 4\r\n\r\n\0\0\0\0"),
         .status = "200", .has = "\"internal\""},
        {BYTES(POST("application/connect+proto") "content-length: 5\r\n\r\n\2\0\0\0\0"),
         .status = "200", .has = "\"internal\""},
        {BYTES(POST("application/grpc-web") "content-length: 7\r\n\r\n\0\0\0\0\2{}"),
         .status = "200", .has = "grpc-status: 0"},
        {BYTES(POST("application/grpc-web+proto") "content-length: 5\r\n\r\n\x80\0\0\0\0"),
         .status = "200", .has = "grpc-status: 13"},
        {BYTES(POST("application/grpc-web-text") "content-length: 12\r\n\r\nAAAAAAJ7fQ=="),
         .status = "200", .has = "cnBjLXN0YXR1czogMA0K"}, /* rpc-status: 0 */
        {BYTES(POST("application/grpc-web-text") "content-length: 11\r\n\r\nAAAAAAJ7fQ="),
         .status = "200", .has = "cnBjLXN0YXR1czogMTMN"}, /* rpc-status: 13 */
        {BYTES(POST("application/grpc-web-text") "content-length: 4\r\n\r\n####"), .status = "200",
         .has = "cnBjLXN0YXR1czogMTMN"},
    };
    ASSERT_ROWS(rows);
}

static void pages_of_other_origins(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.in = FIRST(OURS),
         .status = "204",
         .has = "access-control-allow-headers: ",
         .has_not = "content-length"},
        {.in = FIRST("origin: https://evil.example\r\n"),
         .status = "403",
         .has_not = "access-control"},
        {.in = FIRST("origin: null\r\n"), .status = "403", .has_not = "access-control"},
        {.in = FIRST(OURS OURS), .status = "403", .has_not = "access-control"},
        {.in = JSON OURS "content-length: 2\r\n\r\n{}",
         .status = "200",
         .has = "access-control-allow-origin: https://app.example.org\r\n"},
        {.in = JSON OURS "content-length: 2\r\n\r\n{}",
         .status = "200",
         .has = "vary: origin\r\n",
         .has_not = "credentials"},
        {.in = JSON "origin: https://evil.example\r\ncontent-length: 2\r\n\r\n{}",
         .status = "403",
         .has = "vary: origin\r\n",
         .has_not = "access-control"},
        {.in = JSON "origin: https://APP.example.org\r\ncontent-length: 2\r\n\r\n{}",
         .status = "403"},
        {.in = JSON "origin:\r\ncontent-length: 2\r\n\r\n{}", .status = "403"},
        {.in = JSON "content-length: 2\r\n\r\n{}",
         .status = "200",
         .has = "vary: origin\r\n",
         .has_not = "access-control"},
        {.in = "GET /a HTTP/1.1\r\nhost: x\r\norigin: https://evil.example\r\n\r\n",
         .status = "200",
         .has_not = "access-control"},
    };
    ASSERT_ROWS(rows);
}

/* An answer before the request's end. Of more than is thrown away the connection ends, and whoever asked again on it
 * lost that call. How much of a chunked one comes is known at its end. */
static void an_early_answer_says_whether_the_connection_goes_on(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.in = REFUSED "transfer-encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n\r\n",
         .status = "403",
         .has_not = "connection"},
        {.in = REFUSED "transfer-encoding: chunked\r\n\r\n1\r\n{\r\nx\r\n",
         .status = "403",
         .has = "connection: close\r\n"},
        {.in = REFUSED "content-length: 2\r\n\r\n{", .status = "403", .has_not = "connection"},
        {.in = REFUSED "content-length: 99999\r\n\r\n{",
         .status = "403",
         .has = "connection: close\r\n"},
    };
    ASSERT_ROWS(rows);
    static char large[3 * HTTP1_SKIPPED_MAX];
    size_t n = (size_t)snprintf(large, sizeof large, REFUSED "transfer-encoding: chunked\r\n\r\n");
    for (size_t sent = 0; sent < 2 * HTTP1_SKIPPED_MAX; sent += 4096) {
        n += (size_t)snprintf(large + n, sizeof large - n, "1000\r\n%4096s\r\n", "");
    }
    const struct row row = {.in = large, .len = n, .status = "403", .has = "connection: close\r\n"};
    assert_rows(&row, 1);
}

/* It waits for the rest, but not for long. */
static void an_answer_does_not_wait_for_ever(void **state)
{
    (void)state;
    static const char in[] = REFUSED "transfer-encoding: chunked\r\n\r\n1\r\n{\r\n";
    struct bytes early = {0}, late = {0};
    (void)http1_run(slice_str(in), sizeof in, &early);
    assert_int_equal(bytes_view(&early).len, 0);
    (void)http1_run_late(slice_str(in), SLICE_NONE, &late);
    struct slice said = bytes_view(&late);
    assert_true(slice_starts_with(said, "HTTP/1.1 403 "));
    assert_non_null(memmem(said.ptr, said.len, "connection: close\r\n", 19));
    bytes_free(&late);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_is_a_message),
        cmocka_unit_test(a_length_need_not_be_told),
        cmocka_unit_test(messages_have_envelopes),
        cmocka_unit_test(pages_of_other_origins),
        cmocka_unit_test(an_early_answer_says_whether_the_connection_goes_on),
        cmocka_unit_test(an_answer_does_not_wait_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
