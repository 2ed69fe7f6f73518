/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/logo.h"

/* What is left to read. Beyond the end everything is zero, and `failed` is set. */
struct reading {
    struct slice rest;
    bool failed;
};

static struct slice take(struct reading *r, size_t len)
{
    if (len > r->rest.len) {
        r->failed = true;
        return SLICE_NONE;
    }
    struct slice taken = slice_cut(r->rest, 0, len);
    r->rest = slice_cut(r->rest, len, r->rest.len);
    return taken;
}

static uint8_t take_byte(struct reading *r)
{
    struct slice byte = take(r, 1);
    return byte.len == 1 ? byte.ptr[0] : 0;
}

static uint32_t take_big(struct reading *r, size_t bytes)
{
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | take_byte(r);
    }
    return value;
}

static uint32_t take_little16(struct reading *r)
{
    uint32_t low = take_byte(r);
    return low | (uint32_t)take_byte(r) << 8;
}

/* --- PNG (W3C PNG §5) ------------------------------------------------------------------------- */

static struct logo read_png(struct reading r)
{
    struct logo logo = {.media_type = "image/png"};
    bool has_data = false;
    for (size_t chunk = 0; !r.failed; chunk++) {
        uint32_t len = take_big(&r, 4);
        struct slice type = take(&r, 4);
        struct reading body = {.rest = take(&r, len)};
        (void)take(&r, 4); /* its CRC */
        if (r.failed || (chunk == 0) != slice_eq_str(type, "IHDR")) {
            break;
        }
        if (chunk == 0) {
            logo.width = take_big(&body, 4);
            logo.height = take_big(&body, 4);
        }
        has_data = has_data || slice_eq_str(type, "IDAT");
        if (slice_eq_str(type, "IEND")) {
            bool is_whole = !body.failed && has_data && len == 0 && r.rest.len == 0;
            return is_whole ? logo : (struct logo){.media_type = NULL};
        }
    }
    return (struct logo){.media_type = NULL};
}

/* --- JPEG (ITU-T T.81 annex B) ---------------------------------------------------------------- */

enum { JPEG_START_OF_SCAN = 0xda, JPEG_END = 0xd9 };

static bool is_frame(uint8_t marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/* Entropy-coded data ends at a marker: FF that is followed by neither 00 nor RST0 to RST7. */
static void skip_scan(struct reading *r)
{
    while (r->rest.len >= 2) {
        uint8_t next = r->rest.ptr[1];
        if (r->rest.ptr[0] == 0xff && next != 0 && (next < 0xd0 || next > 0xd7)) {
            return;
        }
        (void)take(r, 1);
    }
}

static struct logo read_jpeg(struct reading r)
{
    struct logo logo = {.media_type = "image/jpeg"};
    bool has_scan = false;
    while (!r.failed && take_byte(&r) == 0xff) {
        uint8_t marker = take_byte(&r);
        if (marker == JPEG_END) {
            bool is_whole = has_scan && logo.width > 0 && r.rest.len == 0;
            return is_whole ? logo : (struct logo){.media_type = NULL};
        }
        uint32_t len = take_big(&r, 2);
        struct reading segment = {.rest = take(&r, len < 2 ? 0 : len - 2)};
        if (len < 2 || marker < 0xc0) {
            break;
        }
        if (is_frame(marker) && logo.width > 0) {
            break; /* a second frame might be of another size */
        }
        if (is_frame(marker)) {
            (void)take_byte(&segment); /* bits of a sample */
            logo.height = take_big(&segment, 2);
            logo.width = take_big(&segment, 2);
        }
        if (marker == JPEG_START_OF_SCAN) {
            has_scan = true;
            skip_scan(&r);
        }
    }
    return (struct logo){.media_type = NULL};
}

/* --- GIF (GIF89a) ----------------------------------------------------------------------------- */

enum { GIF_EXTENSION = 0x21, GIF_IMAGE = 0x2c, GIF_TRAILER = 0x3b };

static void skip_blocks(struct reading *r)
{
    for (uint8_t len = take_byte(r); len != 0; len = take_byte(r)) {
        (void)take(r, len);
    }
}

static void skip_colors(struct reading *r, uint8_t flags)
{
    if ((flags & 0x80) != 0) {
        (void)take(r, (size_t)3 << ((flags & 7) + 1));
    }
}

/* Programs make room for what a frame says, whatever the screen. */
static bool fits_screen(struct reading *r, const struct logo *screen)
{
    uint32_t left = take_little16(r), top = take_little16(r);
    uint32_t width = take_little16(r), height = take_little16(r);
    return left + width <= screen->width && top + height <= screen->height;
}

static struct logo read_gif(struct reading r)
{
    struct logo logo = {.media_type = "image/gif"};
    bool has_image = false;
    logo.width = take_little16(&r);
    logo.height = take_little16(&r);
    uint8_t flags = take_byte(&r);
    (void)take(&r, 2);
    skip_colors(&r, flags);
    while (!r.failed) {
        uint8_t kind = take_byte(&r);
        if (kind == GIF_TRAILER) {
            return has_image && r.rest.len == 0 ? logo : (struct logo){.media_type = NULL};
        }
        if (kind == GIF_EXTENSION) {
            (void)take_byte(&r);
        } else if (kind == GIF_IMAGE) {
            has_image = true;
            if (!fits_screen(&r, &logo)) {
                break;
            }
            flags = take_byte(&r);
            skip_colors(&r, flags);
            (void)take_byte(&r); /* the size of codes */
        } else {
            break;
        }
        skip_blocks(&r);
    }
    return (struct logo){.media_type = NULL};
}

struct logo logo_read(struct slice image)
{
    static const char png[] = "\x89PNG\r\n\x1a\n";
    struct reading r = {.rest = image};
    if (slice_starts_with(image, png)) {
        (void)take(&r, sizeof png - 1);
        return read_png(r);
    }
    if (slice_starts_with(image, "\xff\xd8")) {
        (void)take(&r, 2);
        return read_jpeg(r);
    }
    if (slice_starts_with(image, "GIF89a") || slice_starts_with(image, "GIF87a")) {
        (void)take(&r, 6);
        return read_gif(r);
    }
    return (struct logo){.media_type = NULL};
}
