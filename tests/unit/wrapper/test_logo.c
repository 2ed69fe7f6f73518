/* SPDX-License-Identifier: Apache-2.0 */
/* Which bytes are a logo: whole pictures of three kinds, with nothing behind them. */
#include <string.h>

#include "base/buf.h"
#include "chancery_test.h"
#include "wrapper/logo.h"

static struct arena *arena;

static void add_chunk(struct buf *b, const char *type, struct slice body)
{
    buf_add_u32(b, (uint32_t)body.len);
    buf_add_str(b, type);
    buf_add(b, body);
    buf_add_u32(b, 0); /* the CRC, which decoders look at */
}

static struct slice png(uint32_t width, uint32_t height, const char *behind)
{
    struct buf b, header;
    struct slice head, out;
    buf_init(&b, arena);
    buf_init(&header, arena);
    buf_add_u32(&header, width);
    buf_add_u32(&header, height);
    buf_add(&header, slice_of("\x08\x06\x00\x00\x00", 5));
    assert_true(buf_finish(&header, &head, NULL).ok);
    buf_add_str(&b, "\x89PNG\r\n\x1a\n");
    add_chunk(&b, "IHDR", head);
    add_chunk(&b, "IDAT", slice_str("data"));
    add_chunk(&b, "IEND", SLICE_NONE);
    buf_add_str(&b, behind);
    assert_true(buf_finish(&b, &out, NULL).ok);
    return out;
}

static const char GIF[] = "GIF89a\x02\x00\x03\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00"
                          "!\xf9\x04\x01\x00\x00\x00\x00"
                          ",\x00\x00\x00\x00\x02\x00\x03\x00\x00\x02\x02\x44\x01\x00;";
static const char JPEG[] = "\xff\xd8"
                           "\xff\xe0\x00\x04hi"
                           "\xff\xc0\x00\x0b\x08\x00\x05\x00\x07\x01\x01\x11\x00"
                           "\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
                           "\x12\xff\x00\x34\xff\xd0\x56"
                           "\xff\xd9";

static void assert_logo(struct slice image, const char *type, uint32_t width, uint32_t height)
{
    struct logo logo = logo_read(image);
    assert_non_null(logo.media_type);
    assert_string_equal(logo.media_type, type);
    assert_int_equal(logo.width, width);
    assert_int_equal(logo.height, height);
}

static void three_kinds_are_known(void **state)
{
    (void)state;
    assert_logo(png(640, 480, ""), "image/png", 640, 480);
    assert_logo(slice_of(GIF, sizeof GIF - 1), "image/gif", 2, 3);
    assert_logo(slice_of(JPEG, sizeof JPEG - 1), "image/jpeg", 7, 5);
    assert_logo(png(0xffffffff, 1, ""), "image/png", 0xffffffff,
                1); /* too large is not our question */
}

static void whatever_is_not_whole_is_none(void **state)
{
    (void)state;
    const struct slice all[] = {png(1, 1, ""), slice_of(GIF, sizeof GIF - 1),
                                slice_of(JPEG, sizeof JPEG - 1)};
    for (size_t kind = 0; kind < 3; kind++) {
        for (size_t len = 0; len < all[kind].len; len++) {
            assert_null(logo_read(slice_cut(all[kind], 0, len)).media_type);
        }
        struct buf longer;
        struct slice out;
        buf_init(&longer, arena);
        buf_add(&longer, all[kind]);
        buf_add_str(&longer, "<script>");
        assert_true(buf_finish(&longer, &out, NULL).ok);
        assert_null(logo_read(out).media_type);
    }
    assert_null(logo_read(png(1, 1, "PK\x03\x04")).media_type);
}

/* What a picture says of its size is what programs make room for. */
static void a_picture_has_one_size(void **state)
{
    (void)state;
    char gif[sizeof GIF];
    memcpy(gif, GIF, sizeof GIF);
    char *frame = (char *)memchr(gif, ',', sizeof GIF);
    frame[6] = '\xff'; /* its width: 0xff02 on a screen of 2 */
    assert_null(logo_read(slice_of(gif, sizeof GIF - 1)).media_type);
    frame[6] = '\0';
    frame[3] = 1; /* one line lower than the screen */
    assert_null(logo_read(slice_of(gif, sizeof GIF - 1)).media_type);
    static const char again[] = "\xff\xc0\x00\x0b\x08\xff\xff\xff\xff\x01\x01\x11\x00";
    struct buf two;
    struct slice out;
    buf_init(&two, arena);
    buf_add(&two, slice_of(JPEG, 8));
    buf_add(&two, slice_of(again, sizeof again - 1));
    buf_add(&two, slice_of(JPEG + 8, sizeof JPEG - 9));
    assert_true(buf_finish(&two, &out, NULL).ok);
    assert_null(logo_read(out).media_type);
}

static void other_kinds_are_none(void **state)
{
    (void)state;
    static const char *const others[] = {"",
                                         "<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
                                         "<?xml version=\"1.0\"?><svg/>",
                                         "BM",
                                         "RIFF....WEBP",
                                         "\x89PNG\r\n\x1a\n",
                                         "\xff\xd8\xff\xd9",
                                         "GIF89a",
                                         "II*",
                                         "%PDF-1.7"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_null(logo_read(slice_str(others[i])).media_type);
    }
}

static int begin(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_kinds_are_known), cmocka_unit_test(whatever_is_not_whole_is_none),
        cmocka_unit_test(other_kinds_are_none), cmocka_unit_test(a_picture_has_one_size)};
    return cmocka_run_group_tests(tests, begin, end);
}
