/* SPDX-License-Identifier: Apache-2.0 */
/* A message taken apart: what protobuf reads is read alike, and what is no message is refused. */
#include "chancery_test.h"

#include <string.h>

#include "wire/pb_split.h"

enum { MAX = 3 };

struct outcome {
    struct slice *parts;
    size_t count;
    struct err err;
    bool ok;
};

static struct outcome split(struct arena *arena, const char *bytes, size_t len)
{
    struct outcome o = {0};
    o.ok = pb_split(arena, slice_of(bytes, len), 1, MAX, &o.parts, &o.count, &o.err).ok;
    return o;
}

static int set_up(void **state)
{
    *state = arena_new(1 << 16);
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static void parts_are_lent_in_their_order(void **state)
{
    static const char message[] = "\x0a\x03"
                                  "abc\x0a\x00\x0a\x01z";
    struct outcome o = split(*state, message, sizeof message - 1);
    assert_true(o.ok);
    assert_int_equal(o.count, 3);
    assert_ptr_equal(o.parts[0].ptr, message + 2);
    assert_true(slice_eq_str(o.parts[0], "abc"));
    assert_int_equal(o.parts[1].len, 0);
    assert_true(slice_eq_str(o.parts[2], "z"));
    assert_int_equal(split(*state, "", 0).count, 0);
}

/* In any order, of every kind that a later client may send. */
static void what_is_not_known_is_passed_over(void **state)
{
    static const char message[] = "\x98\x03\x05" /* 51, a varint */
                                  "\x0a\x01"
                                  "a"                /* 1 */
                                  "\x11xxxxxxxx"     /* 2, 64 bits */
                                  "\x15xxxx"         /* 2, 32 bits */
                                  "\x12\x02\x0a\x00" /* 2, bytes like ours */
                                  "\x0a\x01"
                                  "b"; /* 1 */
    struct outcome o = split(*state, message, sizeof message - 1);
    assert_true(o.ok);
    assert_int_equal(o.count, 2);
    assert_true(slice_eq_str(o.parts[1], "b"));
}

/* One more than there may be is enough to know, so the rest is not walked through. */
static void no_more_than_asked_for(void **state)
{
    static const char message[] = "\x0a\x00\x0a\x00\x0a\x00\xff";
    struct outcome o = split(*state, message, sizeof message - 1);
    assert_true(o.ok);
    assert_int_equal(o.count, MAX);
}

static void what_is_no_message(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {
        {"\x0a", 1},                                          /* a tag alone */
        {"\x0a\x02x", 3},                                     /* longer than what is there */
        {"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11}, /* 2⁶⁴ − 1 bytes */
        {"\x12\x80", 2},                                      /* a length without its end */
        {"\x08\x01", 2},                                      /* ours, and no message */
        {"\x00\x01", 2},                                      /* field 0 */
        {"\x80\x80\x80\x80\x10\x01", 6},                      /* field 2²⁹ */
        {"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11}, /* a varint of 65 bits */
        {"\x11xxxxxxx", 8},                                   /* 64 bits cut short */
        {"\x15xxx", 4},                                       /* 32 bits cut short */
        {"\x13\x14", 2},                                      /* a group */
        {"\x16", 1},                                          /* wire type 6 */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct outcome o = split(*state, rows[i].bytes, rows[i].len);
        assert_false(o.ok);
        assert_int_equal(o.err.reason, R_PROTO_MALFORMED);
    }
}

static void work_is_bounded(void **state)
{
    static char unknown[2 * (SPLIT_UNKNOWN_MAX + 1)];
    for (size_t i = 0; i < sizeof unknown; i += 2) {
        unknown[i] = '\x10';
        unknown[i + 1] = 1;
    }
    assert_true(split(*state, unknown, sizeof unknown - 2).ok);
    assert_int_equal(split(*state, unknown, sizeof unknown).err.reason, R_ARENA_EXHAUSTED);
    arena_fail_at(*state, 1);
    assert_int_equal(split(*state, "", 0).err.reason, R_ARENA_EXHAUSTED);
}

static bool is_two(const void *of, uint32_t number)
{
    assert_ptr_equal(of, &is_two);
    return number == 2;
}

static struct err part(struct arena *arena, const char *bytes, size_t len, struct pb_parting *out)
{
    struct err err = {0};
    *out = (struct pb_parting){.is_apart = is_two, .of = &is_two};
    rc done = pb_part(arena, slice_of(bytes, len), out, &err);
    assert_int_equal(done.ok, err.reason == R_NONE);
    return err;
}

/* Of every kind, and of one number several times. */
static void fields_are_parted_by_their_numbers(void **state)
{
    static const char message[] = "\x98\x03\x05" /* 51, a varint */
                                  "\x12\x02yz"
                                  "\x0a\x01"
                                  "a"            /* 1 */
                                  "\x11xxxxxxxx" /* 2, 64 bits */
                                  "\x15wwww"     /* 2, 32 bits */
                                  "\x0a\x00";
    struct pb_parting p;
    assert_int_equal(part(*state, message, sizeof message - 1, &p).reason, R_NONE);
    assert_true(slice_eq(p.rest, slice_of("\x98\x03\x05\x0a\x01\x61\x0a\x00", 8)));
    assert_true(slice_eq(p.apart, slice_of("\x12\x02yz\x11xxxxxxxx\x15wwww", 18)));
    assert_int_equal(part(*state, "", 0, &p).reason, R_NONE);
    assert_int_equal(p.rest.len + p.apart.len, 0);
    assert_int_equal(part(*state, "\x12\x05yz", 4, &p).reason, R_PROTO_MALFORMED);
    arena_fail_at(*state, 1);
    assert_int_equal(part(*state, message, sizeof message - 1, &p).reason, R_ARENA_EXHAUSTED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(parts_are_lent_in_their_order),
        TEST(what_is_not_known_is_passed_over),
        TEST(no_more_than_asked_for),
        TEST(what_is_no_message),
        TEST(work_is_bounded),
        TEST(fields_are_parted_by_their_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
