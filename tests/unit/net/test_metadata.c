/* SPDX-License-Identifier: Apache-2.0 */
/* What answers say beside their messages. */
#include "net_fixture.h"

#include <stdio.h>
#include <string.h>

/* "name=value " for each header. */
static const char *text_of(const struct net_head *head)
{
    static char text[512];
    text[0] = '\0';
    for (size_t i = 0; i < head->count; i++) {
        size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "%s=%s ", head->headers[i].name,
                 head->headers[i].value);
    }
    return text;
}

static struct net_stream *answering(const char *method)
{
    struct net_stream *s = open_stream(method, "/x");
    assert_told("open:call ");
    assert_true(net_stream_add_header(s, "x-a", "1"));
    assert_true(net_stream_add_header(s, "x-a", "2"));
    assert_true(net_stream_add_trailer(s, "x-b", "3"));
    return s;
}

static void before_and_behind_messages(void **state)
{
    (void)state;
    struct net_stream *s = answering("CALL");
    net_stream_send(s, slice_str("m"));
    assert_told("respond:200+body ");
    assert_string_equal(text_of(&net.head), "x-a=1 x-a=2 ");
    assert_false(net_stream_add_header(s, "x-a", "late")); /* the head is out */
    assert_true(net_stream_add_trailer(s, "x-c", "4"));
    net_stream_finish(s, GRPC_OK, NULL, SLICE_NONE);
    assert_string_equal(text_of(&s->trailers), "end=yes x-b=3 x-c=4 ");
    assert_false(net_stream_add_trailer(s, "x-d", "late"));
    close_stream(s);
    assert_told("resume closed free ");
}

/* Headers and trailers stay apart where no message stands between them. */
static void without_a_message(void **state)
{
    (void)state;
    struct net_stream *s = answering("CALL");
    net_stream_finish(s, GRPC_ABORTED, NULL, SLICE_NONE);
    assert_told("respond:200+body ");
    assert_string_equal(text_of(&net.head), "x-a=1 x-a=2 ");
    assert_string_equal(text_of(&s->trailers), "end=yes x-b=3 ");
    close_stream(s);
    assert_told("closed free ");
}

/* An end alone is one head still. */
static void trailers_alone(void **state)
{
    (void)state;
    struct net_stream *s = open_stream("CALL", "/x");
    assert_true(net_stream_add_trailer(s, "x-b", "3"));
    net_stream_finish(s, GRPC_ABORTED, NULL, SLICE_NONE);
    assert_told("open:call respond:210 ");
    assert_string_equal(text_of(&net.head), "x-b=3 ");
    assert_int_equal(s->trailers.count, 0);
    close_stream(s);
    assert_told("closed free ");
}

static void where_nothing_stands_behind_the_message(void **state)
{
    (void)state;
    struct net_stream *s = answering("WHOLE");
    net_stream_send(s, slice_str("m"));
    assert_told("respond:200+body ");
    assert_string_equal(text_of(&net.head), "content-length=1 x-a=1 x-a=2 t-x-b=3 ");
    assert_false(net_stream_add_trailer(s, "x-c", "late"));
    net_stream_finish(s, GRPC_OK, NULL, SLICE_NONE);
    assert_int_equal(s->trailers.count, 0);
    close_stream(s);
    assert_told("resume closed free ");

    s = answering("WHOLE");
    net_stream_finish(s, GRPC_ABORTED, NULL, SLICE_NONE);
    assert_told("respond:310+body ");
    assert_string_equal(text_of(&net.head), "content-length=2 x-a=1 x-a=2 t-x-b=3 ");
    close_stream(s);
    assert_told("closed free ");
}

static void nothing_at_the_path(void **state)
{
    (void)state;
    struct net_stream *s = open_stream("WHOLE", "/x");
    net_stream_finish_unknown(s, "no", SLICE_NONE);
    assert_told("open:call respond:404+body ");
    close_stream(s);
    s = open_stream("CALL", "/x");
    net_stream_finish_unknown(s, "no", SLICE_NONE);
    assert_told("closed free open:call respond:212 ");
    close_stream(s);
    assert_told("closed free ");
}

static void what_can_not_be_said(void **state)
{
    (void)state;
    static const struct net_header bad[] = {
        {"", "a"},       {"X-A", "a"},    {"x a", "a"},    {"x:a", "a"},  {"x\n", "a"},
        {"x-a", "a\rb"}, {"x-a", "a\nb"}, {"x-a", "\x7f"}, {"x-a", "\t"}, {"x-a", "\xc3\xbc"},
    };
    struct net_stream *s = open_stream("CALL", "/x");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(net_stream_add_header(s, bad[i].name, bad[i].value));
        assert_false(net_stream_add_trailer(s, bad[i].name, bad[i].value));
    }
    for (size_t i = 0; i < NET_METADATA_MAX; i++) {
        assert_true(i % 2 == 0 ? net_stream_add_header(s, "x-a", "")
                               : net_stream_add_trailer(s, "x-a", ""));
    }
    assert_false(net_stream_add_header(s, "x-a", ""));
    assert_false(net_stream_add_trailer(s, "x-a", ""));
    close_stream(s);
    assert_told("open:call closed free ");
}

static void without_memory(void **state)
{
    (void)state;
    for (size_t nth = 1; nth <= 3; nth++) {
        struct net_stream *s = open_stream("WHOLE", "/x");
        arena_fail_at(s->arena, nth);
        assert_false(net_stream_add_header(s, "x-a", "1"));
        arena_fail_at(s->arena, 0);
        assert_true(net_stream_add_trailer(s, "x-b", "3"));
        net_stream_send(s, slice_str("m"));
        assert_string_equal(text_of(&net.head), "content-length=1 t-x-b=3 ");
        close_stream(s);
        assert_told("open:call respond:200+body closed free ");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_TEST(before_and_behind_messages),
        NET_TEST(without_a_message),
        NET_TEST(trailers_alone),
        NET_TEST(where_nothing_stands_behind_the_message),
        NET_TEST(nothing_at_the_path),
        NET_TEST(what_can_not_be_said),
        NET_TEST(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
