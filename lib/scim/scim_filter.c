/* SPDX-License-Identifier: Apache-2.0 */
#include "scim/scim_filter.h"

#include <string.h>

#include "wire/json_lexer.h"

struct parser {
    struct arena *arena;
    struct json_input in;
    size_t terms, depth;
    struct scim_fault *fault;
};

static bool fail(struct parser *p, const char *why)
{
    return scim_fail(p->fault, "invalidFilter", "filter", why);
}

/* --- words ---------------------------------------------------------------------------------------- */

size_t scim_schema_length(const char *name)
{
    static const char *const schemas[] = {"urn:ietf:params:scim:schemas:core:2.0:user",
                                          "urn:ietf:params:scim:schemas:core:2.0:group"};
    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
        size_t len = strlen(schemas[i]);
        if (strncmp(name, schemas[i], len) == 0) {
            return len;
        }
    }
    return 0;
}

const char *scim_attribute_name(struct arena *arena, struct slice text)
{
    char *name = arena_alloc(arena, text.len + 1);
    if (name == NULL) {
        return NULL;
    }
    (void)slice_fold(text, name);
    size_t len = scim_schema_length(name);
    return len > 0 && (name[len] == ':' || name[len] == '.') ? name + len + 1 : name;
}

static bool is_of_name(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == ':' || c == '$';
}

/* The next word, which is not taken; empty: none. */
static struct slice peek_word(struct parser *p)
{
    json_lexer_skip_space(&p->in);
    const uint8_t *end = p->in.at;
    while (end < p->in.end && is_of_name(*end)) {
        end++;
    }
    return slice_of(p->in.at, (size_t)(end - p->in.at));
}

static bool take_word(struct parser *p, const char *word)
{
    struct slice next = peek_word(p);
    bool is_it = slice_eq_nocase(next, slice_str(word));
    p->in.at += is_it ? next.len : 0;
    return is_it;
}

static struct scim_filter *new_node(struct parser *p, enum scim_operator op)
{
    struct scim_filter *node = ARENA_NEW(p->arena, struct scim_filter);
    if (node == NULL) {
        (void)scim_over_budget(p->fault);
    } else {
        node->op = op;
    }
    return node;
}

/* --- terms ---------------------------------------------------------------------------------------- */

static bool take_operator(struct parser *p, enum scim_operator *out)
{
    static const char *const words[] = {"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (take_word(p, words[i])) {
            *out = (enum scim_operator)i;
            return true;
        }
    }
    return fail(p, "Behind an attribute stands one of eq, ne, co, sw, ew, gt, ge, lt, le and pr.");
}

static bool take_text(struct parser *p, const char **out)
{
    struct json_string string;
    size_t len = 0;
    if (!json_lexer_take_string(&p->in, &string)) {
        return fail(p, "A text stands in double quotes.");
    }
    uint8_t *text = arena_alloc(p->arena, string.raw.len + 1);
    if (text == NULL) {
        return scim_over_budget(p->fault);
    }
    if (!json_lexer_unescape(string.raw, text, &len) || memchr(text, 0, len) != NULL) {
        return fail(p, "A text has an escape that JSON does not know.");
    }
    text[len] = '\0';
    *out = (const char *)text;
    return true;
}

static bool take_value(struct parser *p, const char **out)
{
    struct slice word;
    if (json_lexer_peek(&p->in) == '"') {
        return take_text(p, out);
    }
    word = peek_word(p);
    if (word.len == 0) {
        return fail(p, "A value is a text in double quotes, a number, true, false or null.");
    }
    char *text = arena_alloc(p->arena, word.len + 1);
    if (text == NULL) {
        return scim_over_budget(p->fault);
    }
    (void)slice_fold(word, text);
    p->in.at += word.len;
    *out = text;
    return true;
}

static const struct scim_filter *parse_or(struct parser *p);

/* What stands in brackets, which are nested only so deep. */
static const struct scim_filter *parse_inner(struct parser *p, char close)
{
    if (++p->depth > SCIM_FILTER_DEPTH_MAX) {
        (void)fail(p, "It is nested too deeply.");
        return NULL;
    }
    const struct scim_filter *inner = parse_or(p);
    p->depth--;
    if (inner != NULL && !json_lexer_take(&p->in, close)) {
        (void)fail(p, "A bracket is not closed.");
        return NULL;
    }
    return inner;
}

static const struct scim_filter *parse_comparison(struct parser *p)
{
    struct slice word = peek_word(p);
    struct scim_filter *node = new_node(p, SCIM_EQ);
    if (node == NULL) {
        return NULL;
    }
    if (word.len == 0 || ++p->terms > SCIM_FILTER_TERMS_MAX) {
        (void)fail(p, word.len == 0 ? "An attribute is missing." : "It has more than 32 terms.");
        return NULL;
    }
    p->in.at += word.len;
    node->attribute = scim_attribute_name(p->arena, word);
    if (node->attribute == NULL) {
        (void)scim_over_budget(p->fault);
        return NULL;
    }
    if (json_lexer_take(&p->in, '[')) {
        node->op = SCIM_OF;
        node->left = parse_inner(p, ']');
        return node->left == NULL ? NULL : node;
    }
    if (!take_operator(p, &node->op)) {
        return NULL;
    }
    return node->op == SCIM_PR || take_value(p, &node->value) ? node : NULL;
}

static const struct scim_filter *parse_term(struct parser *p)
{
    const uint8_t *before = p->in.at;
    if (json_lexer_take(&p->in, '(')) {
        return parse_inner(p, ')');
    }
    if (!take_word(p, "not") || !json_lexer_take(&p->in, '(')) {
        p->in.at = before;
        return parse_comparison(p);
    }
    struct scim_filter *node = new_node(p, SCIM_NOT);
    if (node != NULL) {
        node->left = parse_inner(p, ')');
    }
    return node == NULL || node->left == NULL ? NULL : node;
}

/* Terms with one word between them; `and` binds tighter than `or`. */
static const struct scim_filter *parse_row(struct parser *p, const char *word,
                                           enum scim_operator op,
                                           const struct scim_filter *(*part)(struct parser *p))
{
    const struct scim_filter *left = part(p);
    while (left != NULL && take_word(p, word)) {
        struct scim_filter *node = new_node(p, op);
        const struct scim_filter *right = node == NULL ? NULL : part(p);
        if (right == NULL) {
            return NULL;
        }
        node->left = left;
        node->right = right;
        left = node;
    }
    return left;
}

static const struct scim_filter *parse_and(struct parser *p)
{
    return parse_row(p, "and", SCIM_AND, parse_term);
}

static const struct scim_filter *parse_or(struct parser *p)
{
    return parse_row(p, "or", SCIM_OR, parse_and);
}

bool scim_filter_parse(struct arena *arena, struct slice text, const struct scim_filter **out,
                       struct scim_fault *fault)
{
    struct parser p = {.arena = arena, .in = json_input_of(text), .fault = fault};
    if (text.len > SCIM_FILTER_BYTES_MAX) {
        return fail(&p, "It has more than 2,048 bytes.");
    }
    *out = parse_or(&p);
    if (*out == NULL) {
        return false;
    }
    json_lexer_skip_space(&p.in);
    return p.in.at == p.in.end ? true : fail(&p, "Something stands behind its end.");
}
