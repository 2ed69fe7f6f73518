/* SPDX-License-Identifier: Apache-2.0 */
#include "plain_text.h"

#include <stdbool.h>
#include <string.h>

struct writing {
    GString *out;
    bool is_kept;   /* white space stands for itself */
    bool has_space; /* some is due before the next letter */
};

static bool is_among(const char *name, size_t len, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strlen(*names) == len && memcmp(*names, name, len) == 0) {
            return true;
        }
    }
    return false;
}

static void end_line(struct writing *w)
{
    w->has_space = false;
    if (w->out->len > 0 && w->out->str[w->out->len - 1] != '\n') {
        g_string_append_c(w->out, '\n');
    }
}

static void empty_line(struct writing *w)
{
    end_line(w);
    if (w->out->len > 1 && w->out->str[w->out->len - 2] != '\n') {
        g_string_append_c(w->out, '\n');
    }
}

/* What a tag means for lines. `name` is what stands between < and >. */
static void take_tag(struct writing *w, const char *tag, size_t size)
{
    static const char *const blocks[] = {"address", "caption", "center", "dd", "div",
                                         "dl",      "dt",      "hr",     "li", "ol",
                                         "table",   "tr",      "ul",     NULL};
    static const char *const apart[] = {"blockquote", "h1", "h2", "h3",  "h4",
                                        "h5",         "h6", "p",  "pre", NULL};
    bool is_end = size > 0 && tag[0] == '/';
    const char *name = is_end ? tag + 1 : tag;
    size_t len = strcspn(name, " >");
    static const char plain[] = "div class=\"plain\"";
    if (is_among(name, len, (const char *const[]){"br", NULL})) {
        w->has_space = false;
        g_string_append_c(w->out, '\n');
    } else if (is_among(name, len, blocks)) {
        end_line(w);
    } else if (is_among(name, len, apart)) {
        empty_line(w);
    } else if (is_among(name, len, (const char *const[]){"td", "th", NULL})) {
        w->has_space = true;
    }
    bool is_pre = len == 3 && memcmp(name, "pre", 3) == 0;
    bool is_div = len == 3 && memcmp(name, "div", 3) == 0;
    if (is_end && (is_pre || is_div)) {
        w->is_kept = false;
    } else if (is_pre || (size == sizeof plain - 1 && memcmp(tag, plain, size) == 0)) {
        w->is_kept = true;
    }
}

/* The characters that add_escaped() has names for. */
static size_t take_entity(const char *at, size_t size, char *out)
{
    static const struct {
        const char *name;
        char letter;
    } known[] = {{"&amp;", '&'},  {"&lt;", '<'},   {"&gt;", '>'},
                 {"&quot;", '"'}, {"&#39;", '\''}, {"&#96;", '`'}};
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        size_t len = strlen(known[i].name);
        if (len <= size && memcmp(known[i].name, at, len) == 0) {
            *out = known[i].letter;
            return len;
        }
    }
    *out = *at;
    return 1;
}

static void take_letter(struct writing *w, char letter)
{
    bool is_space = letter != '\0' && strchr(" \t\r\n", letter) != NULL;
    if (w->is_kept) {
        if (letter != '\r') {
            g_string_append_c(w->out, letter);
        }
    } else if (is_space) {
        w->has_space = true;
    } else {
        if (w->has_space && w->out->len > 0 && w->out->str[w->out->len - 1] != '\n') {
            g_string_append_c(w->out, ' ');
        }
        w->has_space = false;
        g_string_append_c(w->out, letter);
    }
}

static void cut(GString *out)
{
    gsize len = QUOTE_BYTES_MAX;
    if (out->len <= len) {
        return;
    }
    while (len > 0 && ((unsigned char)out->str[len] & 0xC0) == 0x80) { /* not within a character */
        len--;
    }
    g_string_truncate(out, len);
    g_string_append(out, "\n\xE2\x80\xA6\n");
}

GString *plain_text_of(GBytes *body)
{
    gsize size;
    const char *html = g_bytes_get_data(body, &size);
    /* At once as large as it can get: growing would leave copies behind. */
    struct writing w = {.out = g_string_sized_new(2 * size + 64)};
    for (gsize at = 0; at < size;) {
        const char *end = html[at] == '<' ? memchr(html + at, '>', size - at) : NULL;
        if (end != NULL) {
            take_tag(&w, html + at + 1, (size_t)(end - html) - at - 1);
            at = (gsize)(end - html) + 1;
        } else {
            char letter;
            at += take_entity(html + at, size - at, &letter);
            take_letter(&w, letter);
        }
    }
    cut(w.out);
    return w.out;
}
