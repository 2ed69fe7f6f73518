/* SPDX-License-Identifier: Apache-2.0 */
#include "clean_html.h"

#include <libxml/HTMLparser.h>
#include <libxml/xmlerror.h>
#include <string.h>
#include <time.h>

enum {
    STYLE_MAX = 4096,
    TAG_BYTES = 160,       /* of libxml2, for an element */
    ATTRIBUTE_BYTES = 100, /* for an attribute */
    COST_MAX = 64 * 1024 * 1024,
    MILLISECONDS_MAX = 2000
};

/* --- escaping --------------------------------------------------------------------------------- */

void add_escaped_bytes(GString *out, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        switch (text[i]) {
        case '&':
            g_string_append(out, "&amp;");
            break;
        case '<':
            g_string_append(out, "&lt;");
            break;
        case '>':
            g_string_append(out, "&gt;");
            break;
        case '"':
            g_string_append(out, "&quot;");
            break;
        case '\'':
            g_string_append(out, "&#39;");
            break;
        case '`':
            g_string_append(out, "&#96;");
            break;
        case '\0':
            break;
        default:
            g_string_append_c(out, text[i]);
        }
    }
}

void add_escaped(GString *out, const char *text)
{
    add_escaped_bytes(out, text, strlen(text));
}

/* --- what is harmless ------------------------------------------------------------------------- */

static bool is_among(const char *name, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strcmp(*names, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Elements that mails are made of. None of them runs, loads, submits, frames or names things for scripts. */
static bool is_kept(const char *name)
{
    static const char *const kept[] = {
        "a",       "abbr",   "address", "b",     "bdi",  "bdo",      "big",  "blockquote", "br",
        "caption", "center", "cite",    "code",  "col",  "colgroup", "dd",   "del",        "dfn",
        "div",     "dl",     "dt",      "em",    "font", "h1",       "h2",   "h3",         "h4",
        "h5",      "h6",     "hr",      "i",     "img",  "ins",      "kbd",  "li",         "ol",
        "p",       "pre",    "q",       "s",     "samp", "small",    "span", "strike",     "strong",
        "sub",     "sup",    "table",   "tbody", "td",   "tfoot",    "th",   "thead",      "tr",
        "tt",      "u",      "ul",      "var",   NULL};
    return is_among(name, kept);
}

/* Elements whose inside is no text of the mail. Of all others the inside stays. */
static bool is_dropped_whole(const char *name)
{
    static const char *const dropped[] = {
        "iframe", "math",  "noembed", "noframes", "noscript", "option", "plaintext", "script",
        "select", "style", "svg",     "template", "textarea", "title",  "xmp",       NULL};
    return is_among(name, dropped);
}

static bool is_empty_element(const char *name)
{
    static const char *const empty[] = {"br", "col", "hr", "img", NULL};
    return is_among(name, empty);
}

static bool is_plain_attribute(const char *name)
{
    static const char *const plain[] = {
        "abbr",    "align",   "alt",     "bgcolor", "border",  "cellpadding", "cellspacing",
        "color",   "colspan", "dir",     "face",    "headers", "height",      "hspace",
        "lang",    "nowrap",  "rowspan", "scope",   "size",    "span",        "start",
        "summary", "title",   "type",    "valign",  "vspace",  "width",       NULL};
    return is_among(name, plain);
}

static bool is_kept_property(const char *name)
{
    static const char *const prefixes[] = {"font",   "text-",           "margin", "padding",
                                           "border", "list-style-type", NULL};
    static const char *const names[] = {
        "background-color", "color",       "direction", "display",    "height",
        "letter-spacing",   "line-height", "max-width", "min-width",  "table-layout",
        "vertical-align",   "white-space", "width",     "word-break", "word-wrap",
        "overflow-wrap",    NULL};
    for (const char *const *prefix = prefixes; *prefix != NULL; prefix++) {
        if (g_str_has_prefix(name, *prefix)) {
            return strcmp(name, "text-indent") != 0;
        }
    }
    return is_among(name, names);
}

/* Values without functions but colors', so nothing is loaded and nothing computed; without escapes, so
 * that they are what they look like. Negative lengths would draw over what is beside. */
static bool is_plain_value(const char *value)
{
    const char *open = strchr(value, '(');
    bool is_color =
        open != NULL && (g_str_has_prefix(value, "rgb(") || g_str_has_prefix(value, "rgba(") ||
                         g_str_has_prefix(value, "hsl("));
    for (const char *at = value; *at != '\0'; at++) {
        bool is_minus = *at == '-' && (g_ascii_isdigit(at[1]) || at[1] == '.');
        if (is_minus || (!g_ascii_isalnum(*at) && strchr(" #%.,()'\"-!", *at) == NULL)) {
            return false;
        }
    }
    return open == NULL || (is_color && strchr(open + 1, '(') == NULL);
}

static void add_style(GString *out, const char *style)
{
    char *lower = g_ascii_strdown(style, STYLE_MAX);
    char **declarations = g_strsplit(lower, ";", 100);
    GString *kept = g_string_new(NULL);
    for (char **at = declarations; *at != NULL; at++) {
        char *value = strchr(*at, ':');
        if (value == NULL) {
            continue;
        }
        *value++ = '\0';
        if (is_kept_property(g_strstrip(*at)) && is_plain_value(g_strstrip(value))) {
            g_string_append_printf(kept, "%s:%s;", *at, value);
        }
    }
    if (kept->len > 0) {
        g_string_append(out, " style=\"");
        add_escaped(out, kept->str);
        g_string_append_c(out, '"');
    }
    (void)g_string_free(kept, TRUE);
    g_strfreev(declarations);
    g_free(lower);
}

/* --- addresses -------------------------------------------------------------------------------- */

static bool has_scheme(const char *address, const char *scheme)
{
    return g_ascii_strncasecmp(address, scheme, strlen(scheme)) == 0;
}

static void add_attribute(GString *out, const char *name, const char *value)
{
    g_string_append_printf(out, " %s=\"", name);
    add_escaped(out, value);
    g_string_append_c(out, '"');
}

static void add_link(GString *out, const char *address)
{
    address += strspn(address, " \t\r\n");
    if (has_scheme(address, "https://") || has_scheme(address, "http://") ||
        has_scheme(address, "mailto:") || has_scheme(address, "tel:")) {
        add_attribute(out, "href", address);
        g_string_append(out, " target=\"_blank\" rel=\"noopener noreferrer nofollow\"");
    }
}

static void add_picture(GString *out, const char *address, const struct clean_options *options,
                        struct clean_result *result)
{
    address += strspn(address, " \t\r\n");
    if (has_scheme(address, "cid:")) {
        char *data = options->picture(options->arg, address + 4);
        if (data != NULL) {
            add_attribute(out, "src", data);
            g_free(data);
        }
        return;
    }
    if (!has_scheme(address, "https://") && !has_scheme(address, "http://")) {
        return;
    }
    result->has_remote = true;
    if (options->is_remote_allowed) {
        /* Over http others would read along what is read here. */
        char *safe = g_strconcat("https", strchr(address, ':'), NULL);
        add_attribute(out, "src", safe);
        g_free(safe);
    }
}

/* --- writing ---------------------------------------------------------------------------------- */

static void add_attributes(GString *out, const xmlNode *node, const struct clean_options *options,
                           struct clean_result *result)
{
    const char *element = (const char *)node->name;
    for (const xmlAttr *attribute = node->properties; attribute != NULL;
         attribute = attribute->next) {
        const char *name = (const char *)attribute->name;
        xmlChar *text = xmlNodeListGetString(node->doc, attribute->children, 1);
        const char *value = text == NULL ? "" : (const char *)text;
        if (strcmp(name, "style") == 0) {
            add_style(out, value);
        } else if (strcmp(name, "href") == 0 && strcmp(element, "a") == 0) {
            add_link(out, value);
        } else if (strcmp(name, "src") == 0 && strcmp(element, "img") == 0) {
            add_picture(out, value, options, result);
        } else if (is_plain_attribute(name)) {
            add_attribute(out, name, value);
        }
        xmlFree(text);
    }
}

/* Open an element, or write a text. Whether to go on with what is inside. */
static bool open_node(GString *out, const xmlNode *node, const struct clean_options *options,
                      struct clean_result *result)
{
    const char *name = (const char *)node->name;
    if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) {
        add_escaped(out, (const char *)node->content);
        return false;
    }
    if (node->type != XML_ELEMENT_NODE || is_dropped_whole(name)) {
        return false;
    }
    if (is_kept(name)) {
        g_string_append_printf(out, "<%s", name);
        add_attributes(out, node, options, result);
        g_string_append_c(out, '>');
    }
    return !is_empty_element(name);
}

static void close_node(GString *out, const xmlNode *node)
{
    const char *name = (const char *)node->name;
    if (node->type == XML_ELEMENT_NODE && is_kept(name) && !is_empty_element(name)) {
        g_string_append_printf(out, "</%s>", name);
    }
}

/* Without recursion: how deep it is nested is the sender's choice. */
static void write_tree(GString *out, const xmlNode *root, const struct clean_options *options,
                       struct clean_result *result)
{
    const xmlNode *node = root;
    while (node != NULL) {
        if (open_node(out, node, options, result) && node->children != NULL) {
            node = node->children;
            continue;
        }
        if (node->type == XML_ELEMENT_NODE && !is_dropped_whole((const char *)node->name)) {
            close_node(out, node);
        }
        while (node != root && node->next == NULL) {
            node = node->parent;
            close_node(out, node);
        }
        node = node == root ? NULL : node->next;
    }
}

/* --- reading ---------------------------------------------------------------------------------- */

/* What is fed to libxml2, piece by piece. It makes 75 times its size of HTML that consists of tags, and
 * needs the square of an element's attributes in time, so it gets no more when it has had enough. */
struct feed {
    const char *at, *end;
    size_t cost; /* bytes that it may need for what it got */
    clock_t began;
    bool is_cut;
};

static clock_t thread_clock(void)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static size_t cost_of(const char *piece, size_t size)
{
    size_t tags = 0, spaces = 0;
    for (size_t i = 0; i < size; i++) {
        tags += piece[i] == '<' ? 1 : 0;
        spaces += g_ascii_isspace(piece[i]) ? 1 : 0;
    }
    return tags * TAG_BYTES + spaces * ATTRIBUTE_BYTES;
}

static int feed_piece(void *arg, char *out, int size)
{
    struct feed *feed = arg;
    size_t left = (size_t)(feed->end - feed->at), some = MIN(left, (size_t)size);
    if (left > 0 && (feed->cost > COST_MAX || thread_clock() - feed->began > MILLISECONDS_MAX)) {
        feed->is_cut = true;
        return 0;
    }
    memcpy(out, feed->at, some);
    feed->cost += cost_of(feed->at, some);
    feed->at += some;
    return (int)some;
}

void clean_html(const char *html, size_t size, const struct clean_options *options, GString *out,
                struct clean_result *result)
{
    struct feed feed = {.at = html, .end = html + size, .began = thread_clock()};
    *result = (struct clean_result){.has_remote = false};
    xmlParserCtxt *parser = size == 0 ? NULL : htmlNewParserCtxt();
    if (parser == NULL) {
        return;
    }
    xmlDoc *document =
        htmlCtxtReadIO(parser, feed_piece, NULL, &feed, NULL, "UTF-8",
                       HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                           HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC | HTML_PARSE_COMPACT);
    const xmlError *last = xmlCtxtGetLastError(parser);
    result->is_cut = feed.is_cut || (last != NULL && last->level == XML_ERR_FATAL);
    for (const xmlNode *node = document == NULL ? NULL : document->children; node != NULL;
         node = node->next) {
        write_tree(out, node, options, result);
    }
    xmlFreeDoc(document);
    htmlFreeParserCtxt(parser);
}
