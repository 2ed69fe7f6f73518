/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of a PDF as pictures: a process of its own, because what reads strangers' files has had faults and will have more.
 *
 * usage: chancery-portal-pages [--text]     the document on standard input, frames on standard output
 *
 * Frames are a length, 4 bytes with the highest first, and as many bytes: how many pages the document has, as digits; then
 * for each page that is shown a PNG and its text in UTF-8 (empty without --text, and beyond PAGES_TEXT_MAX). It says nothing on standard error: that could
 * be of the document. Exit codes: PAGES_… in pages.h. */
#include "pages.h"

#include <cairo.h>
#include <errno.h>
#include <fcntl.h>
#include <fontconfig/fontconfig.h>
#include <poppler.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "confine.h"

enum { READ_BYTES = 64 * 1024, NICE = 5 };

/* --- the pipes -------------------------------------------------------------------------------- */

static GBytes *read_document(void)
{
    GByteArray *all = g_byte_array_new();
    guint8 piece[READ_BYTES];
    ssize_t n;
    do {
        n = read(STDIN_FILENO, piece, sizeof piece);
        if (n > 0) {
            g_byte_array_append(all, piece, (guint)n);
        }
    } while ((n > 0 || (n < 0 && errno == EINTR)) && all->len <= PAGES_DOCUMENT_MAX);
    if (n != 0) {
        exit(PAGES_TOO_LARGE);
    }
    return g_byte_array_free_to_bytes(all);
}

static void write_all(const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, at, len);
        if (n < 0 && errno != EINTR) {
            exit(PAGES_UNREADABLE); /* nobody waits for it any more */
        }
        at += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
}

static void write_frame(const void *data, size_t len)
{
    const unsigned char head[PAGES_HEAD_BYTES] = {(unsigned char)(len >> 24),
                                                  (unsigned char)(len >> 16),
                                                  (unsigned char)(len >> 8), (unsigned char)len};
    write_all(head, sizeof head);
    write_all(data, len);
}

/* --- one page --------------------------------------------------------------------------------- */

static cairo_status_t append(void *closure, const unsigned char *data, unsigned int len)
{
    g_byte_array_append(closure, data, len);
    return CAIRO_STATUS_SUCCESS;
}

/* Pixels per point: as wide as a page of text is read, and never larger than a picture may be. */
static double scale_of(double width, double height)
{
    double scale = PAGES_WIDTH / width;
    return scale * height > PAGES_HEIGHT_MAX ? PAGES_HEIGHT_MAX / height : scale;
}

static cairo_surface_t *draw(PopplerPage *page)
{
    double width, height;
    poppler_page_get_size(page, &width, &height);
    if (!(width >= 1 && height >= 1 && width < 1e6 && height < 1e6)) {
        exit(PAGES_UNREADABLE);
    }
    double scale = scale_of(width, height);
    int columns = (int)(width * scale), rows = (int)(height * scale);
    cairo_surface_t *surface = cairo_image_surface_create(
        CAIRO_FORMAT_RGB24, columns < 1 ? 1 : columns, rows < 1 ? 1 : rows);
    cairo_t *cairo = cairo_create(surface);
    cairo_set_source_rgb(cairo, 1, 1, 1);
    cairo_paint(cairo);
    cairo_scale(cairo, scale, scale);
    poppler_page_render(page, cairo);
    cairo_destroy(cairo);
    return surface;
}

/* Scans are gray, and so are most pages of text: a byte for a pixel instead of three. NULL: it has colors. */
static cairo_surface_t *gray_of(cairo_surface_t *surface)
{
    int columns = cairo_image_surface_get_width(surface),
        rows = cairo_image_surface_get_height(surface);
    cairo_surface_t *gray = cairo_image_surface_create(CAIRO_FORMAT_A8, columns, rows);
    bool ok = cairo_surface_status(gray) == CAIRO_STATUS_SUCCESS;
    cairo_surface_flush(surface);
    for (int row = 0; ok && row < rows; row++) {
        const unsigned char *from = cairo_image_surface_get_data(surface) +
                                    (ptrdiff_t)row * cairo_image_surface_get_stride(surface);
        unsigned char *to = cairo_image_surface_get_data(gray) +
                            (ptrdiff_t)row * cairo_image_surface_get_stride(gray);
        for (int column = 0; ok && column < columns; column++, from += 4) {
            guint32 pixel;
            memcpy(&pixel, from, sizeof pixel); /* 0x00RRGGBB */
            to[column] = pixel & 0xFF;
            ok = (pixel & 0xFFFFFF) == to[column] * 0x010101U;
        }
    }
    if (!ok) {
        cairo_surface_destroy(gray);
        return NULL;
    }
    cairo_surface_mark_dirty(gray);
    return gray;
}

static void write_picture(PopplerPage *page)
{
    GByteArray *png = g_byte_array_new();
    cairo_surface_t *surface = draw(page), *gray = gray_of(surface);
    if (cairo_surface_write_to_png_stream(gray == NULL ? surface : gray, append, png) !=
        CAIRO_STATUS_SUCCESS) {
        exit(PAGES_UNREADABLE);
    }
    write_frame(png->data, png->len);
    cairo_surface_destroy(gray);
    cairo_surface_destroy(surface);
    g_byte_array_unref(png);
}

static void write_text(PopplerPage *page, size_t *left)
{
    char *text = poppler_page_get_text(page);
    size_t size = text == NULL ? 0 : strlen(text);
    bool is_room = size <= *left;
    write_frame(text, is_room ? size : 0);
    *left -= is_room ? size : 0;
    g_free(text);
}

static void write_page(PopplerDocument *document, int number, bool has_text, size_t *text_left)
{
    PopplerPage *page = poppler_document_get_page(document, number);
    if (page == NULL) {
        exit(PAGES_UNREADABLE);
    }
    write_picture(page);
    if (has_text) {
        write_text(page, text_left);
    } else {
        write_frame(NULL, 0);
    }
    g_object_unref(page);
}

/* --- all -------------------------------------------------------------------------------------- */

static void write_pages(PopplerDocument *document, bool has_text)
{
    int count = poppler_document_get_n_pages(document);
    char digits[16];
    int len = g_snprintf(digits, sizeof digits, "%d", count);
    write_frame(digits, (size_t)len);
    size_t text_left = PAGES_TEXT_MAX;
    for (int i = 0; i < count && i < PAGES_SHOWN_MAX; i++) {
        write_page(document, i, has_text, &text_left);
    }
}

static int open_and_write(GBytes *bytes, bool has_text)
{
    GError *error = NULL;
    PopplerDocument *document = poppler_document_new_from_bytes(bytes, NULL, &error);
    if (document == NULL) {
        bool needs_password = g_error_matches(error, POPPLER_ERROR, POPPLER_ERROR_ENCRYPTED);
        return needs_password ? PAGES_NEEDS_PASSWORD : PAGES_UNREADABLE;
    }
    write_pages(document, has_text);
    return PAGES_DONE;
}

/* Whatever there is too little of, the portal goes before. */
static void step_back(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t ignored = write(fd, "1000", 4);
        (void)ignored;
        close(fd);
    }
    (void)setpriority(PRIO_PROCESS, 0, NICE);
}

/* Nothing of the portal's comes along: its sockets and files are closed first, whatever it forgot. */
int main(int argc, char **argv)
{
    bool has_text = argc == 2 && strcmp(argv[1], "--text") == 0;
    step_back();
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0 || dup2(nowhere, STDERR_FILENO) < 0 ||
        close_range(STDERR_FILENO + 1, ~0U, 0) != 0) {
        return PAGES_UNCONFINED;
    }
    (void)
        FcInit(); /* its configuration says where fonts are; nothing of the document has been read */
    enum confined confined = confine();
    if (confined != CONFINED) {
        return PAGES_UNCONFINED + (int)confined;
    }
    return open_and_write(read_document(), has_text);
}
