/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fill.h"

#include "base/err.h"

enum { STRETCHES_MAX = 8 /* within each other */ };

struct stretch {
    struct slice in;
    size_t at; /* what comes next in it */
    const struct fill_view
        *list;   /* the view with which it is filled; NULL: no other than around it */
    size_t left; /* views of that list, this one included */
};

struct filling {
    struct buf *out;
    enum fill_escape escape;
    struct stretch stretches[STRETCHES_MAX]; /* the outermost first */
    size_t depth;
};

/* A tag: {{name}}, or {{#name}} and the like. */
struct tag {
    char kind; /* '#', '^', '/', or 0 for a value */
    struct slice name;
    size_t start, end; /* of its text; a tag that stands alone takes its line */
};

static const struct fill_value *find_value(const struct filling *f, struct slice name)
{
    for (size_t d = f->depth; d-- > 0;) {
        const struct fill_view *view = f->stretches[d].list;
        for (size_t i = 0; view != NULL && i < view->value_count; i++) {
            if (slice_eq_str(name, view->values[i].name)) {
                return &view->values[i];
            }
        }
    }
    return NULL;
}

static const struct fill_view *find_list(const struct filling *f, struct slice name)
{
    for (size_t d = f->depth; d-- > 0;) {
        const struct fill_view *view = f->stretches[d].list;
        if (view != NULL && view->list_name != NULL && slice_eq_str(name, view->list_name)) {
            return view;
        }
    }
    return NULL;
}

static void add_escaped(struct filling *f, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.ptr[i];
        const char *entity = byte == '&'    ? "&amp;"
                             : byte == '<'  ? "&lt;"
                             : byte == '>'  ? "&gt;"
                             : byte == '"'  ? "&quot;"
                             : byte == '\'' ? "&#39;"
                                            : NULL;
        if (f->escape == FILL_HTML && entity != NULL) {
            buf_add_str(f->out, entity);
        } else {
            buf_add_byte(f->out, byte);
        }
    }
}

/* --- tags ------------------------------------------------------------------------------------- */

static size_t find_text(struct slice in, size_t from, const char *what)
{
    for (size_t i = from; i + 2 <= in.len; i++) {
        if (in.ptr[i] == (uint8_t)what[0] && in.ptr[i + 1] == (uint8_t)what[1]) {
            return i;
        }
    }
    return in.len;
}

static void take_line(struct slice in, struct tag *tag)
{
    bool begins = tag->start == 0 || in.ptr[tag->start - 1] == '\n';
    if (begins && tag->end < in.len && in.ptr[tag->end] == '\n') {
        tag->end++;
    }
}

static bool next_tag(struct slice in, size_t from, struct tag *out)
{
    size_t start = find_text(in, from, "{{");
    if (start == in.len) {
        return false;
    }
    size_t end = find_text(in, start, "}}");
    CH_ASSERT(end + 2 <= in.len);
    *out = (struct tag){.name = slice_cut(in, start + 2, end), .start = start, .end = end + 2};
    uint8_t first = out->name.ptr[0];
    if (first == '#' || first == '^' || first == '/') {
        out->kind = (char)first;
        out->name = slice_cut(out->name, 1, out->name.len);
        take_line(in, out);
    }
    return true;
}

/* Where the section of a tag ends: sections of other names lie within it whole. */
static struct tag end_of(struct slice in, const struct tag *begin)
{
    struct tag tag = *begin;
    do {
        bool found = next_tag(in, tag.end, &tag);
        CH_ASSERT(found);
    } while (tag.kind != '/' || !slice_eq(tag.name, begin->name));
    return tag;
}

/* --- filling ---------------------------------------------------------------------------------- */

/* A stretch of the template, to be filled once, or with each view of a list. */
static void begin_stretch(struct filling *f, struct slice in, const struct fill_view *list,
                          size_t count)
{
    CH_ASSERT(f->depth < STRETCHES_MAX);
    f->stretches[f->depth++] = (struct stretch){.in = in, .list = list, .left = count};
}

/* With the next view of its list, or not at all any more. */
static void end_pass(struct filling *f)
{
    struct stretch *stretch = &f->stretches[f->depth - 1];
    buf_add(f->out, slice_cut(stretch->in, stretch->at, stretch->in.len));
    if (stretch->left > 1) {
        stretch->list++;
        stretch->left--;
        stretch->at = 0;
    } else {
        f->depth--;
    }
}

static void begin_section(struct filling *f, const struct tag *tag, struct slice inside)
{
    const struct fill_view *owner = find_list(f, tag->name);
    const struct fill_value *value = find_value(f, tag->name);
    CH_ASSERT(owner != NULL || value != NULL);
    bool is_there = owner != NULL ? owner->list_count > 0 : value->text[0] != '\0';
    if (is_there == (tag->kind == '^')) {
        return;
    }
    bool is_list = owner != NULL && tag->kind == '#';
    begin_stretch(f, inside, is_list ? owner->list : NULL, is_list ? owner->list_count : 1);
}

/* Go on to the next tag of the innermost stretch. */
static void fill_next(struct filling *f)
{
    struct stretch *stretch = &f->stretches[f->depth - 1];
    struct slice in = stretch->in;
    struct tag tag;
    if (!next_tag(in, stretch->at, &tag)) {
        end_pass(f);
        return;
    }
    buf_add(f->out, slice_cut(in, stretch->at, tag.start));
    stretch->at = tag.end;
    if (tag.kind == 0) {
        const struct fill_value *value = find_value(f, tag.name);
        CH_ASSERT(value != NULL);
        add_escaped(f, slice_str(value->text));
        return;
    }
    CH_ASSERT(tag.kind != '/');
    struct tag end = end_of(in, &tag);
    stretch->at = end.end;
    begin_section(f, &tag, slice_cut(in, tag.end, end.start));
}

void fill(struct buf *out, struct slice template, const struct fill_view *view,
          enum fill_escape escape)
{
    struct filling f = {.out = out, .escape = escape};
    begin_stretch(&f, template, view, 1);
    while (f.depth > 0) {
        fill_next(&f);
    }
}
