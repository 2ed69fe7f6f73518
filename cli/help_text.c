/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help_text.h"

#include <string.h>

static const char LOWER[] = "abcdefghijklmnopqrstuvwxyz0123456789-|_";

/* --- lines and words -------------------------------------------------------------------------- */

bool help_line(struct slice *text, struct slice *line)
{
    if (text->len == 0) {
        return false;
    }
    const uint8_t *end = memchr(text->ptr, '\n', text->len);
    size_t len = end == NULL ? text->len : (size_t)(end - text->ptr);
    *line = slice_cut(*text, 0, len);
    *text = slice_cut(*text, end == NULL ? len : len + 1, text->len);
    return true;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n';
}

/* Take the next word off a text; empty at its end. */
static struct slice next_word(struct slice *text)
{
    size_t from = 0, to;
    while (from < text->len && is_space(text->ptr[from])) {
        from++;
    }
    for (to = from; to < text->len && !is_space(text->ptr[to]);) {
        to++;
    }
    struct slice word = slice_cut(*text, from, to);
    *text = slice_cut(*text, to, text->len);
    return word;
}

static void copy(struct slice word, char out[HELP_WORD])
{
    size_t len = word.len < HELP_WORD ? word.len : HELP_WORD - 1;
    if (len > 0) {
        memcpy(out, word.ptr, len);
    }
    out[len] = '\0';
}

void help_word(struct slice line, size_t index, char out[HELP_WORD])
{
    struct slice word = next_word(&line);
    for (size_t i = 0; i < index; i++) {
        word = next_word(&line);
    }
    bool has_comma = word.len > 0 && word.ptr[word.len - 1] == ',';
    copy(slice_cut(word, 0, word.len - (has_comma ? 1 : 0)), out);
}

/* --- the usage -------------------------------------------------------------------------------- */

/* The whole block, up to the first empty line. */
static struct slice usage_block(const struct command *command)
{
    const char *end = strstr(command->help, "\n\n");
    return slice_of(command->help,
                    end == NULL ? strlen(command->help) : (size_t)(end - command->help));
}

struct slice help_body(const struct command *command)
{
    struct slice block = usage_block(command);
    return slice_str(command->help + block.len);
}

static bool begins_entry(struct slice line)
{
    static const char name[] = "chancery ";
    size_t len = sizeof name - 1;
    return line.len > HELP_USAGE_INDENT + len &&
           memcmp(line.ptr + HELP_USAGE_INDENT, name, len) == 0;
}

/* The entry with which a text begins, and what is left. */
static struct help_usage entry_of(struct slice text)
{
    struct slice rest = text, line;
    size_t len = 0;
    while (help_line(&rest, &line)) {
        if (len > 0 && begins_entry(line)) {
            break;
        }
        len = (size_t)(line.ptr + line.len - text.ptr);
    }
    size_t next = len < text.len ? len + 1 : len;
    return (struct help_usage){slice_cut(text, 0, len), slice_cut(text, next, text.len)};
}

struct help_usage help_usage_first(const struct command *command)
{
    return entry_of(usage_block(command));
}

struct help_usage help_usage_next(const struct help_usage *usage)
{
    return entry_of(usage->rest);
}

bool help_usage_verb(const struct help_usage *usage, size_t index, char out[HELP_WORD])
{
    char words[HELP_WORD];
    help_word(slice_cut(usage->text, HELP_USAGE_INDENT, usage->text.len), 2, words);
    const char *at = words;
    if (words[0] < 'a' || words[0] > 'z' || strspn(words, LOWER) != strlen(words)) {
        return false;
    }
    for (size_t i = 0; i < index && at != NULL; i++) {
        at = strchr(at, '|');
        at = at == NULL ? NULL : at + 1;
    }
    if (at != NULL) {
        copy(slice_of(at, strcspn(at, "|")), out);
    }
    return at != NULL;
}

bool help_usage_has_verb(const struct help_usage *usage, const char *verb)
{
    char name[HELP_WORD];
    for (size_t i = 0; help_usage_verb(usage, i, name); i++) {
        if (strcmp(name, verb) == 0) {
            return true;
        }
    }
    return false;
}

/* --- options ---------------------------------------------------------------------------------- */

static bool is_of_option(uint8_t c)
{
    return c == '-' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Take the next option off a text: --name or -o, which nothing of a word stands before. */
static bool next_option(struct slice *text, char out[HELP_WORD])
{
    for (size_t i = 0; i + 1 < text->len; i++) {
        bool is_begin =
            text->ptr[i] == '-' && (i == 0 || strchr(" \n[|,", text->ptr[i - 1]) != NULL);
        size_t to = i;
        while (is_begin && to < text->len && is_of_option(text->ptr[to])) {
            to++;
        }
        bool has_name = to >= i + 2 && text->ptr[to - 1] != '-';
        if (has_name) {
            copy(slice_cut(*text, i, to), out);
            *text = slice_cut(*text, to, text->len);
            return true;
        }
    }
    return false;
}

static bool names(struct slice text, const char *option)
{
    char name[HELP_WORD];
    while (next_option(&text, name)) {
        if (strcmp(name, option) == 0) {
            return true;
        }
    }
    return false;
}

/* The part of a line that names the options it describes: "  --add-cert, --remove-cert FILE"; else empty. */
static struct slice described(struct slice line)
{
    if (line.len < 4 || line.ptr[0] != ' ' || line.ptr[1] != ' ' || line.ptr[2] != '-') {
        return SLICE_NONE;
    }
    const uint8_t *gap = memmem(line.ptr + 2, line.len - 2, "  ", 2);
    return slice_cut(line, 2, gap == NULL ? line.len : (size_t)(gap - line.ptr));
}

static bool describes(const struct command *command, const char *option)
{
    struct slice body = help_body(command), line;
    while (help_line(&body, &line)) {
        if (names(described(line), option)) {
            return true;
        }
    }
    return false;
}

static bool has_all(struct slice usage)
{
    return memmem(usage.ptr, usage.len, "OPTION…", strlen("OPTION…")) != NULL ||
           memmem(usage.ptr, usage.len, "FILTER…", strlen("FILTER…")) != NULL;
}

bool help_has_option(const struct command *command, const char *verb, const char *option)
{
    bool is_format = strcmp(option, "-o") == 0 && strstr(command->help, "-o json|yaml") != NULL;
    struct help_usage usage = help_usage_first(command);
    for (; usage.text.len > 0; usage = help_usage_next(&usage)) {
        bool is_meant = verb == NULL || help_usage_has_verb(&usage, verb);
        bool is_said = is_format || names(usage.text, option) ||
                       (has_all(usage.text) && describes(command, option));
        if (is_meant && is_said) {
            return true;
        }
    }
    return verb == NULL && describes(command, option);
}

/* Whether an option was named before a place in the text. */
static bool was_named(const struct command *command, struct slice rest, const char *option)
{
    size_t len = strlen(command->help) - rest.len - strlen(option);
    return names(slice_of(command->help, len), option);
}

static bool next_new(const struct command *command, struct slice *text, char out[HELP_WORD])
{
    while (next_option(text, out)) {
        if (!was_named(command, *text, out)) {
            return true;
        }
    }
    return false;
}

bool help_option(const struct command *command, size_t index, char out[HELP_WORD])
{
    struct slice text = slice_str(command->help);
    for (size_t i = 0; i <= index; i++) {
        if (!next_new(command, &text, out)) {
            return false;
        }
    }
    return true;
}

bool help_values(const struct command *command, const char *option, char out[HELP_WORD])
{
    char name[HELP_WORD];
    struct slice text = slice_str(command->help);
    while (next_option(&text, name)) {
        struct slice after = text;
        if (strcmp(name, option) != 0) {
            continue;
        }
        help_word(after, 0, out);
        out[strspn(out, LOWER)] = '\0';
        if (strchr(out, '|') != NULL && out[0] != '|') {
            return true;
        }
    }
    return false;
}
