/* SPDX-License-Identifier: Apache-2.0 */
/* Tags are found as browsers find them (WHATWG HTML §13.2.5): a quotation mark means something only
 * behind an equals sign, and "<" begins a tag only before a letter, "/", "!" or "?". */
#include "client/mail_text.h"

#include <ctype.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

enum { ENTITY_MAX = 24 /* bytes of a name or number */ };

static void add_character(struct buf *out, uint32_t code)
{
    char bytes[6];
    bool is_one = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    int len = is_one ? g_unichar_to_utf8(code, bytes) : 0;
    buf_add(out, len > 0 ? slice_of(bytes, (size_t)len) : slice_str(" "));
}

void mail_text_add(struct buf *out, struct slice text)
{
    while (text.len > 0) {
        const char *end = NULL;
        (void)g_utf8_validate((const char *)text.ptr, (gssize)text.len, &end);
        size_t good = (size_t)(end - (const char *)text.ptr);
        buf_add(out, slice_cut(text, 0, good));
        if (good < text.len) {
            add_character(out, text.ptr[good]);
            good++;
        }
        text = slice_cut(text, good, text.len);
    }
}

static bool is_blank(struct slice text, size_t at)
{
    return at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == '\t');
}

/* Bytes of the line's end here; 0: there is none. */
static size_t line_end(struct slice text, size_t at)
{
    size_t lf = at + (at < text.len && text.ptr[at] == '\r' ? 1 : 0);
    return lf < text.len && text.ptr[lf] == '\n' ? lf + 1 - at : 0;
}

void mail_text_add_flowed(struct buf *out, struct slice text)
{
    for (size_t at = 0; at < text.len; at++) {
        size_t end = text.ptr[at] == ' ' ? line_end(text, at + 1) : 0;
        if (end == 0) {
            buf_add_byte(out, text.ptr[at]);
        }
        at += end;
    }
}

void mail_text_add_folded(struct buf *out, struct slice text)
{
    for (size_t at = 0; at < text.len; at++) {
        size_t end = line_end(text, at);
        if (end > 0 && is_blank(text, at + end)) {
            at += end;
            continue;
        }
        buf_add_byte(out, text.ptr[at]);
        if (text.ptr[at] == ':') {
            buf_add_byte(out, ' ');
        }
    }
}

/* --- characters ------------------------------------------------------------------------------- */

/* U+00A0 to U+00FF, in order. */
static const char *const latin[] = {
    "nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",
    "copy",   "ordf",   "laquo",  "not",    "shy",    "reg",    "macr",   "deg",    "plusmn",
    "sup2",   "sup3",   "acute",  "micro",  "para",   "middot", "cedil",  "sup1",   "ordm",
    "raquo",  "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc",  "Atilde",
    "Auml",   "Aring",  "AElig",  "Ccedil", "Egrave", "Eacute", "Ecirc",  "Euml",   "Igrave",
    "Iacute", "Icirc",  "Iuml",   "ETH",    "Ntilde", "Ograve", "Oacute", "Ocirc",  "Otilde",
    "Ouml",   "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",  "Uuml",   "Yacute", "THORN",
    "szlig",  "agrave", "aacute", "acirc",  "atilde", "auml",   "aring",  "aelig",  "ccedil",
    "egrave", "eacute", "ecirc",  "euml",   "igrave", "iacute", "icirc",  "iuml",   "eth",
    "ntilde", "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide", "oslash", "ugrave",
    "uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml"};
static const struct {
    const char *name;
    uint32_t code;
} others[] = {{"amp", '&'},
              {"lt", '<'},
              {"gt", '>'},
              {"quot", '"'},
              {"apos", '\''},
              {"ndash", 0x2013},
              {"mdash", 0x2014},
              {"lsquo", 0x2018},
              {"rsquo", 0x2019},
              {"sbquo", 0x201a},
              {"ldquo", 0x201c},
              {"rdquo", 0x201d},
              {"bdquo", 0x201e},
              {"bull", 0x2022},
              {"hellip", 0x2026},
              {"euro", 0x20ac},
              {"zwnj", 0x200c},
              {"zwj", 0x200d},
              {"ensp", 0x2002},
              {"emsp", 0x2003},
              {"Tab", '\t'},
              {"NewLine", '\n'},
              {"period", '.'},
              {"comma", ','},
              {"colon", ':'},
              {"semi", ';'},
              {"lowbar", '_'},
              {"hyphen", 0x2010},
              {"dash", 0x2010},
              {"excl", '!'},
              {"quest", '?'},
              {"num", '#'},
              {"lpar", '('},
              {"rpar", ')'},
              {"sol", '/'},
              {"commat", '@'},
              {"percnt", '%'},
              {"dollar", '$'},
              {"plus", '+'},
              {"equals", '='},
              {"ast", '*'},
              {"lsqb", '['},
              {"rsqb", ']'},
              {"bsol", '\\'},
              {"af", 0x2061},
              {"it", 0x2062},
              {"ic", 0x2063},
              {"NoBreak", 0x2060},
              {"lrm", 0x200e},
              {"rlm", 0x200f},
              {"fflig", 0xfb00},
              {"filig", 0xfb01},
              {"fllig", 0xfb02},
              {"ffilig", 0xfb03},
              {"ffllig", 0xfb04},
              {"inodot", 0x131},
              {"imath", 0x131},
              {"ApplyFunction", 0x2061},
              {"InvisibleTimes", 0x2062},
              {"InvisibleComma", 0x2063},
              {"ZeroWidthSpace", 0x200b},
              {"NonBreakingSpace", 0xa0},
              {"NegativeThinSpace", 0x200b},
              {"NegativeThickSpace", 0x200b},
              {"NegativeMediumSpace", 0x200b},
              {"NegativeVeryThinSpace", 0x200b}};

static uint32_t named(struct slice name)
{
    for (size_t i = 0; i < sizeof latin / sizeof latin[0]; i++) {
        if (slice_eq_str(name, latin[i])) {
            return 0xa0 + (uint32_t)i;
        }
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (slice_eq_str(name, others[i].name)) {
            return others[i].code;
        }
    }
    /* Letters for mathematics: &copf; &cfr; &cscr; look like c, and are compared as c. */
    bool is_letter = name.len > 2 && isalpha(name.ptr[0]) &&
                     (slice_eq_str(slice_cut(name, 1, name.len), "opf") ||
                      slice_eq_str(slice_cut(name, 1, name.len), "fr") ||
                      slice_eq_str(slice_cut(name, 1, name.len), "scr"));
    return is_letter ? name.ptr[0] : 0;
}

static uint32_t numbered(struct slice text)
{
    char digits[ENTITY_MAX + 1] = {0};
    bool is_hex = text.len > 1 && (text.ptr[1] == 'x' || text.ptr[1] == 'X');
    struct slice number = slice_cut(text, is_hex ? 2 : 1, text.len);
    if (number.len > 0 && number.len <= ENTITY_MAX) {
        memcpy(digits, number.ptr, number.len);
    }
    unsigned long code = strtoul(digits, NULL, is_hex ? 16 : 10);
    return code <= 0x10ffff ? (uint32_t)code : 0;
}

/* A character that is written as "&name;" or "&#number;"; how many bytes that took, 0 if it is none. */
static size_t add_entity(struct buf *out, struct slice html)
{
    size_t len = 1;
    while (len < html.len && len <= ENTITY_MAX &&
           (isalnum(html.ptr[len]) || html.ptr[len] == '#')) {
        len++;
    }
    struct slice name = slice_cut(html, 1, len);
    uint32_t code = name.len == 0 ? 0 : name.ptr[0] == '#' ? numbered(name) : named(name);
    if (code == 0) {
        return 0;
    }
    add_character(out, code);
    return len < html.len && html.ptr[len] == ';' ? len + 1 : len;
}

/* --- tags ------------------------------------------------------------------------------------- */

/* Where this is found without regard to case, from there on; the length if it isn't. */
static size_t find(struct slice html, size_t from, const char *what)
{
    size_t len = strlen(what);
    for (size_t at = from; at + len <= html.len; at++) {
        if (slice_eq_nocase(slice_cut(html, at, at + len), slice_str(what))) {
            return at;
        }
    }
    return html.len;
}

/* Behind the ">" that ends the tag. */
static size_t end_of_tag(struct slice html, size_t at)
{
    uint8_t quote = 0;
    bool is_value = false; /* an equals sign stands before */
    for (; at < html.len; at++) {
        uint8_t c = html.ptr[at];
        if (quote != 0) {
            quote = c == quote ? 0 : quote;
        } else if (c == '>') {
            return at + 1;
        } else if (is_value && (c == '"' || c == '\'')) {
            quote = c;
        }
        is_value = c == '=' || (is_value && isspace(c));
    }
    return html.len;
}

static bool is_one_of(struct slice name, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (slice_eq_nocase(name, slice_str(*names))) {
            return true;
        }
    }
    return false;
}

static bool begins_tag(struct slice html, size_t at)
{
    uint8_t next = at + 1 < html.len ? html.ptr[at + 1] : 0;
    return isalpha(next) || next == '/' || next == '!' || next == '?';
}

/* Behind a comment that begins before here; "<!-->" and "<!--->" are whole ones, and "--!>" ends one
 * (WHATWG HTML §13.2.5.43 to 51). */
static size_t end_of_comment(struct slice html, size_t at)
{
    struct slice rest = slice_cut(html, at, html.len);
    if (slice_starts_with(rest, ">") || slice_starts_with(rest, "->")) {
        return at + (rest.ptr[0] == '>' ? 1 : 2);
    }
    size_t end = find(html, at, "-->"), other = find(slice_cut(html, 0, end), at, "--!>");
    return other < end ? other + 4 : end + 3 < html.len ? end + 3 : html.len;
}

/* Skip a tag, and what is never shown with it; behind it. */
static size_t skip_tag(struct buf *out, struct slice html, size_t at, bool is_foreign)
{
    static const char *const within_lines[] = {
        "a",      "abbr",   "b",   "bdi", "bdo",  "big", "cite", "code", "del",  "dfn",   "em",
        "font",   "i",      "ins", "kbd", "mark", "o:p", "q",    "s",    "samp", "small", "span",
        "strike", "strong", "sub", "sup", "tt",   "u",   "var",  "wbr",  NULL};
    static const char *const hidden[] = {"script", "style", NULL};
    if (slice_starts_with(slice_cut(html, at, html.len), "<!--")) {
        return end_of_comment(html, at + 4);
    }
    bool is_end = html.ptr[at + 1] == '/';
    size_t from = at + (is_end ? 2 : 1), to = from;
    while (to < html.len && !isspace(html.ptr[to]) && html.ptr[to] != '>' && html.ptr[to] != '/') {
        to++;
    }
    struct slice name = slice_cut(html, from, to);
    size_t end = end_of_tag(html, to);
    if (!is_one_of(name, within_lines)) {
        buf_add_byte(out, '\n');
    }
    if (!is_end && is_one_of(name, hidden) && !is_foreign) {
        char closing[16];
        snprintf(closing, sizeof closing, "</%.*s", SLICE_FMT(slice_cut(name, 0, 8)));
        return find(html, end, closing);
    }
    return end;
}

void mail_text_add_html(struct buf *out, struct slice html)
{
    size_t at = 0, from = 0, skipped;
    /* In SVG and MathML what stands in <style> is shown where a tag of HTML follows (WHATWG HTML §13.2.6.5). */
    size_t svg = find(html, 0, "<svg"), math = find(html, 0, "<math");
    while (at < html.len) {
        uint8_t c = html.ptr[at];
        bool is_tag = c == '<' && begins_tag(html, at);
        if (!is_tag && c != '&') {
            at++;
            continue;
        }
        buf_add(out, slice_cut(html, from, at));
        skipped = is_tag ? skip_tag(out, html, at, at > svg || at > math) - at
                         : add_entity(out, slice_cut(html, at, html.len));
        from = at + skipped;
        at += skipped > 0 ? skipped : 1;
    }
    buf_add(out, slice_cut(html, from < html.len ? from : html.len, html.len));
}
