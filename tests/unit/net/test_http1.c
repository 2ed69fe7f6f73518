/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1: what is understood, and above all what is not (RFC 9112 §11.2, request smuggling). */
#include "chancery_test.h"

#include <stdio.h>

#include "base/mem.h"
#include "http1_run.h"

#define HOST "host: a\r\n"
#define NEXT "GET /next HTTP/1.1\r\n" HOST "\r\n"

struct row {
    const char *in;
    size_t opened; /* requests that reached the handler */
    const char *statuses;
};

/* "200 400 ": those of all answers, in their order. */
static void statuses_of(struct slice said, char *out)
{
    static const char line[] = "HTTP/1.1 ";
    size_t n = 0;
    for (size_t i = 0; i + sizeof line + 3 < said.len; i++) {
        if (slice_starts_with(slice_cut(said, i, said.len), line)) {
            n += (size_t)sprintf(out + n, "%.3s ", (const char *)said.ptr + i + sizeof line - 1);
        }
    }
    out[n] = '\0';
}

static void check_at(const struct row *row, size_t step)
{
    char statuses[256];
    struct bytes said = {0};
    size_t opened = http1_run(slice_str(row->in), step, &said);
    statuses_of(bytes_view(&said), statuses);
    bytes_free(&said);
    if (opened != row->opened || strcmp(statuses, row->statuses) != 0) {
        print_error("%s\nin steps of %zu: %zu requests, %s\n", row->in, step, opened, statuses);
    }
    assert_int_equal(opened, row->opened);
    assert_string_equal(statuses, row->statuses);
}

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_at(&rows[i], 1);
        check_at(&rows[i], 7);
        check_at(&rows[i], 1000000);
    }
}

#define CHECK(rows) check((rows), sizeof(rows) / sizeof(rows)[0])

static void understood(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"GET /a HTTP/1.1\r\n" HOST "\r\n", 1, "200 "},
        {"GET /a HTTP/1.1\r\n" HOST "\r\n" NEXT NEXT, 3, "200 200 200 "},
        {"\r\nGET /a HTTP/1.1\r\n" HOST "\r\n", 1, "200 "},
        {"HEAD /a?b=c&d=%20 HTTP/1.1\r\n" HOST "\r\n" NEXT, 2, "200 200 "},
        {"GET http://other/a HTTP/1.1\r\n" HOST "\r\n" NEXT, 2, "200 200 "},
        {"GET HTTPS://other HTTP/1.1\r\n" HOST "\r\n", 1, "200 "},
        {"GET /a HTTP/1.0\r\n\r\n" NEXT, 1, "200 "},
        {"GET /a HTTP/1.1\r\n" HOST "Connection: x, Close\r\n\r\n" NEXT, 1, "200 "},
        {"GET /a HTTP/1.1\r\n" HOST "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n" NEXT, 2,
         "200 200 "},
        {"POST /a HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nGET /" NEXT, 2, "200 200 "},
        {"POST /a HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n" NEXT, 2, "200 200 "},
        {"POST /a HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 1\r\n\r\nx", 1,
         "200 "},
        {"GET /a HTTP/1.1\r\nhost:\t a.b:1 \t\r\nx-y:\r\n\r\n", 1, "200 "},
    };
    CHECK(rows);
}

static void chunks(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n"
         "5;x=\"y\"\r\nhello\r\n00A\r\n0123456789\r\n0\r\nx-t: 1\r\n\r\n" NEXT,
         2, "200 200 "},
        {"POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT, 2,
         "200 200 "},
        /* trailers mean nothing */
        {"POST /a HTTP/1.1\r\n" HOST
         "Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n" NEXT,
         2, "200 200 "},
    };
    CHECK(rows);
}

/* Whatever a proxy might read as two requests, or as another one, is one refusal and the end. */
static void smuggling(void **state)
{
    (void)state;
    static const struct row rows[] = {
        /* two lengths */
        {"POST /a HTTP/1.1\r\n" HOST
         "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT,
         0, "400 "},
        {"POST /a HTTP/1.1\r\n" HOST
         "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" NEXT,
         0, "400 "},
        {"POST /a HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello" NEXT, 0,
         "400 "},
        {"POST /a HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello" NEXT, 0,
         "400 "},
        {"POST /a HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n\r\nhello" NEXT, 0, "400 "},
        /* lengths that are read in two ways */
        {"POST /a HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\nhello" NEXT, 0, "400 "},
        {"POST /a HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n" NEXT, 0, "400 "},
        {"POST /a HTTP/1.1\r\n" HOST "Content-Length: 0x5\r\n\r\nhello" NEXT, 0, "400 "},
        {"POST /a HTTP/1.1\r\n" HOST "Content-Length: 5 5\r\n\r\nhello" NEXT, 0, "400 "},
        {"POST /a HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n" NEXT, 0, "400 "},
        {"POST /a HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551617\r\n\r\n" NEXT, 0,
         "400 "},
        /* codings */
        {"POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" NEXT, 0,
         "501 "},
        {"POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" NEXT,
         0, "501 "},
        {"POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" NEXT, 0,
         "501 "},
        {"POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n" NEXT, 0, "501 "},
        {"POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: \x0b"
         "chunked\r\n\r\n0\r\n\r\n" NEXT,
         0, "400 "},
        {"POST /a HTTP/1.1\r\n" HOST
         "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT,
         0, "501 "},
        {"POST /a HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT, 0, "501 "},
        /* names */
        {"POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" NEXT, 0,
         "400 "},
        {"POST /a HTTP/1.1\r\n" HOST " Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT, 0,
         "400 "},
        {"POST /a HTTP/1.1\r\n" HOST "x: y\r\n Content-Length: 5\r\n\r\nhello" NEXT, 0, "400 "},
        {"GET /a HTTP/1.1\r\n" HOST "x: y\r\n\tfolded\r\n\r\n", 0, "400 "},
        {"GET /a HTTP/1.1\r\n" HOST ": y\r\n\r\n", 0, "400 "},
        {"GET /a HTTP/1.1\r\n" HOST "no colon\r\n\r\n", 0, "400 "},
        {"GET /a HTTP/1.1\r\n" HOST "x\x80: y\r\n\r\n", 0, "400 "},
        {"GET /a HTTP/1.1\r\n" HOST ":path: /b\r\n\r\n", 0, "400 "},
        /* lines */
        {"GET /a HTTP/1.1\nhost: a\n\n", 0, "400 "},
        {"GET /a HTTP/1.1\r\nhost: a\nx: y\r\n\r\n", 0, "400 "},
        {"GET /a HTTP/1.1\r\nhost: a\rx: y\r\n\r\n", 0, "400 "},
        {"GET /a HTTP/1.1\r\n" HOST "x: y\r\n\n", 0, "400 "},
        /* chunks; what was asked is answered, and nothing after it */
        {"POST /a HTTP/1.1\r\n" HOST
         "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n" NEXT,
         1, "200 "},
        {"POST /a HTTP/1.1\r\n" HOST
         "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n" NEXT,
         1, "200 "},
        {"POST /a HTTP/1.1\r\n" HOST
         "Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n" NEXT,
         1, "200 "},
        {"POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n" NEXT,
         1, "200 "},
        {"POST /a HTTP/1.1\r\n" HOST
         "Transfer-Encoding: chunked\r\n\r\n5;\nx\r\nhello\r\n0\r\n\r\n" NEXT,
         1, "200 "},
        {"POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nhello0\r\n\r\n" NEXT,
         1, "200 "},
        {"POST /a HTTP/1.1\r\n" HOST
         "Transfer-Encoding: chunked\r\n\r\n100000005\r\nhello\r\n0\r\n\r\n" NEXT,
         1, "200 "},
        {"POST /a HTTP/1.1\r\n" HOST
         "Transfer-Encoding: chunked\r\n\r\n0\r\nbad trailer\r\n\r\n" NEXT,
         1, "200 "},
    };
    CHECK(rows);
}

static void request_lines(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"GET  /a HTTP/1.1\r\n" HOST "\r\n", 0, "400 "},
        {"GET /a  HTTP/1.1\r\n" HOST "\r\n", 0, "400 "},
        {"GET /a b HTTP/1.1\r\n" HOST "\r\n", 0, "400 "},
        {"GET\t/a HTTP/1.1\r\n" HOST "\r\n", 0, "400 "},
        {" GET /a HTTP/1.1\r\n" HOST "\r\n", 0, "400 "},
        {"GET /a\r\n\r\n", 0, "400 "},
        {"GET /a http/1.1\r\n" HOST "\r\n", 0, "400 "},
        {"GET /a HTTP/1.1 \r\n" HOST "\r\n", 0, "400 "},
        {"GET /a HTTP/1.10\r\n" HOST "\r\n", 0, "400 "},
        {"GET /a HTTP/1.2\r\n" HOST "\r\n", 0, "505 "},
        {"GET /a HTTP/2.0\r\n" HOST "\r\n", 0, "505 "},
        {"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", 0, "505 "},
        {"G(T /a HTTP/1.1\r\n" HOST "\r\n", 0, "400 "},
        {"GET a HTTP/1.1\r\n" HOST "\r\n", 0, "400 "},
        {"GET //[ HTTP/1.1\r\n" HOST "\r\n", 1, "200 "},
        {"GET /a#b HTTP/1.1\r\n" HOST "\r\n", 0, "400 "},
        {"GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", 0, "400 "},
        {"GET http:///a HTTP/1.1\r\n" HOST "\r\n", 0, "400 "},
        {"GET http://u@a/b HTTP/1.1\r\n" HOST "\r\n", 0, "400 "},
        {"GET ftp://a/b HTTP/1.1\r\n" HOST "\r\n", 0, "400 "},
        {"CONNECT a:443 HTTP/1.1\r\n" HOST "\r\n", 0, "400 "},
        {"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 0, "400 "},
        {"GET /a HTTP/1.1\r\n\r\n", 0, "400 "},
        {"GET /a HTTP/1.1\r\n" HOST HOST "\r\n", 0, "400 "},
        {"GET /a HTTP/1.1\r\nhost: a b\r\n\r\n", 0, "400 "},
        {"GET /a HTTP/1.1\r\nhost: a/b\r\n\r\n", 0, "400 "},
        {"GET /a HTTP/1.1\r\nhost: u@a\r\n\r\n", 0, "400 "},
        {"GET /a HTTP/1.1\r\n" HOST "Expect: tea\r\n\r\n", 0, "417 "},
        {"\r\n\r\nGET /a HTTP/1.1\r\n" HOST "\r\n", 0, "400 "},
    };
    CHECK(rows);
}

static void check_long(const char *before, char fill, size_t count, const char *after,
                       const char *statuses)
{
    char *in = xcalloc(1, strlen(before) + count + strlen(after) + 1), got[64];
    struct bytes said = {0};
    memcpy(in, before, strlen(before));
    memset(in + strlen(before), fill, count);
    memcpy(in + strlen(before) + count, after, strlen(after));
    (void)http1_run(slice_str(in), 4096, &said);
    statuses_of(bytes_view(&said), got);
    assert_string_equal(got, statuses);
    bytes_free(&said);
    xfree(in);
}

static void bounds(void **state)
{
    (void)state;
    static const char end[] = " HTTP/1.1\r\n" HOST "\r\n";
    check_long("GET /", 'a', 8191, end, "200 ");
    check_long("GET /", 'a', 8192, end, "414 ");
    check_long("GET /", 'a', 300000, "", "414 ");
    check_long("GET /a HTTP/1.1\r\n" HOST "x: ", 'a', 20000, "\r\n\r\n", "200 ");
    check_long("GET /a HTTP/1.1\r\n" HOST "x: ", 'a', 300000, "\r\n\r\n", "431 ");
    check_long("GET /a HTTP/1.1\r\n" HOST, 'a', 300000, "", "431 ");
    char many[100 * 8] = "";
    for (int i = 0; i < 100; i++) {
        strcat(many, "x: y\r\n");
    }
    check_long("GET /a HTTP/1.1\r\n" HOST, 'x', 1, many, "431 ");
    check_long("POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5;", 'x', 300,
               "\r\nhello\r\n0\r\n\r\n" NEXT, "200 ");
}

/* What belongs to no request any more is neither read as one nor missed by anybody. */
static void what_comes_too_late(void **state)
{
    (void)state;
    static const char *const begun[] = {
        "POST /a HTTP/1.1\r\n" HOST "Content-Length: 500\r\n\r\nx",
        "POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nhe",
        "POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nhello",
        "POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5",
        "POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\nx: y",
    };
    for (size_t i = 0; i < sizeof begun / sizeof begun[0]; i++) {
        struct bytes said = {0};
        char statuses[64];
        assert_int_equal(http1_run_late(slice_str(begun[i]), slice_str("\n\n" NEXT NEXT), &said),
                         1);
        statuses_of(bytes_view(&said), statuses);
        assert_string_equal(statuses, "200 ");
        bytes_free(&said);
    }
}

/* A client that asked whether to send its body may keep it when it is answered: what comes then is either
 * that or the next request, and nobody knows which. */
static void a_body_that_was_held_back(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"POST /a HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 44\r\n\r\n", 1,
         "200 "},
    };
    CHECK(rows);
    struct bytes said = {0};
    (void)http1_run(slice_str(rows[0].in), 1, &said);
    bytes_add(&said, slice_of("", 1));
    assert_non_null(strstr((const char *)bytes_view(&said).ptr, "connection: close\r\n"));
    bytes_free(&said);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(understood),
        cmocka_unit_test(chunks),
        cmocka_unit_test(smuggling),
        cmocka_unit_test(request_lines),
        cmocka_unit_test(bounds),
        cmocka_unit_test(what_comes_too_late),
        cmocka_unit_test(a_body_that_was_held_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
