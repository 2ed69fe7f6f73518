/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <string.h>

#include "cli/help_text.h"

static const char COMMON[] =
    "--profile takes a file or a context's name; without it CHANCERY_PROFILE counts, then the current\n"
    "context (chancery context). -v says what is asked of whom, --timeout SECONDS how long a call\n"
    "may take.\n";

const char *help_verb(const struct command *command, const char *argument)
{
    struct help_usage usage = help_usage_first(command);
    for (; usage.text.len > 0; usage = help_usage_next(&usage)) {
        if (help_usage_has_verb(&usage, argument)) {
            return argument;
        }
    }
    return NULL;
}

/* --- what is about one verb ------------------------------------------------------------------- */

struct printing {
    FILE *out;
    const struct command *command;
    const char *verb;
    bool is_kept;      /* the block that the line belongs to */
    bool is_paragraph; /* what is further in belongs to a paragraph that was kept */
    bool is_first;     /* no paragraph has come yet */
    bool is_apart;     /* an empty line stands before the next one */
};

static void print_usage(const struct printing *p)
{
    bool is_first = true;
    struct help_usage usage = help_usage_first(p->command);
    for (; usage.text.len > 0; usage = help_usage_next(&usage)) {
        if (help_usage_has_verb(&usage, p->verb)) {
            fprintf(p->out, "%s%.*s\n", is_first ? "usage: " : "       ",
                    (int)usage.text.len - HELP_USAGE_INDENT, usage.text.ptr + HELP_USAGE_INDENT);
            is_first = false;
        }
    }
}

/* A line that is further in begins something of its own, or goes on with what is above it. */
static bool is_kept_inside(struct printing *p, struct slice line)
{
    char word[HELP_WORD], verb[HELP_WORD];
    help_word(line, 0, word);
    if (line.len > 2 && line.ptr[2] == ' ') {
        return p->is_kept;
    }
    if (word[0] == '-') {
        return help_has_option(p->command, p->verb, word);
    }
    if (strcmp(word, "chancery") == 0) {
        help_word(line, 1, word);
        help_word(line, 2, verb);
        return strcmp(word, p->command->name) == 0 && strcmp(verb, p->verb) == 0;
    }
    return help_verb(p->command, word) != NULL ? strcmp(word, p->verb) == 0 : p->is_paragraph;
}

static bool is_kept_outside(struct printing *p, struct slice line)
{
    char word[HELP_WORD];
    help_word(line, 0, word);
    if (!p->is_apart) {
        return p->is_kept; /* the paragraph goes on */
    }
    p->is_paragraph = p->is_first || strcmp(word, p->verb) == 0;
    p->is_first = false;
    return p->is_paragraph;
}

static void print_line(struct printing *p, struct slice line)
{
    if (line.len == 0) {
        p->is_apart = true;
        return;
    }
    bool was_apart = p->is_apart;
    p->is_kept = line.ptr[0] == ' ' ? is_kept_inside(p, line) : is_kept_outside(p, line);
    if (!p->is_kept) {
        p->is_apart = was_apart || line.ptr[0] != ' ';
        return;
    }
    fprintf(p->out, "%s%.*s\n", was_apart ? "\n" : "", (int)line.len, line.ptr);
    p->is_apart = false;
}

static void print_verb(FILE *out, const struct command *command, const char *verb)
{
    struct printing p = {
        .out = out, .command = command, .verb = verb, .is_first = true, .is_apart = true};
    struct slice body = help_body(command), line;
    print_usage(&p);
    while (help_line(&body, &line)) {
        print_line(&p, line);
    }
    fprintf(out, "\nAll of it: chancery %s --help\n", command->name);
}

void help_print(FILE *out, const struct command *command, const char *verb)
{
    if (verb == NULL) {
        fputs(command->help, out);
    } else {
        print_verb(out, command, verb);
    }
    if (help_has_option(command, verb, "--profile")) {
        fprintf(out, "\n%s", COMMON);
    }
}

/* --- lists ------------------------------------------------------------------------------------ */

/* What stands behind a name in a line of its own, "  name   meaning"; "" if there is none. */
static void meaning_of(const struct command *command, const char *name, char *out, size_t cap)
{
    char word[HELP_WORD];
    struct slice body = help_body(command), line;
    out[0] = '\0';
    while (help_line(&body, &line)) {
        help_word(line, 0, word);
        if (line.len < 3 || line.ptr[0] != ' ' || line.ptr[2] == ' ' || strcmp(word, name) != 0) {
            continue;
        }
        const void *gap = memmem(line.ptr + 2, line.len - 2, "  ", 2);
        struct slice rest =
            gap == NULL ? SLICE_NONE
                        : slice_cut(line, (size_t)((const uint8_t *)gap - line.ptr), line.len);
        while (rest.len > 0 && rest.ptr[0] == ' ') {
            rest = slice_cut(rest, 1, rest.len);
        }
        snprintf(out, cap, "%.*s", (int)rest.len, rest.ptr);
        return;
    }
}

enum { MEANING = 128 };

void help_each_verb(const struct command *command, help_take *take, void *arg)
{
    struct help_usage usage = help_usage_first(command);
    char before[HELP_WORD] = "", verb[HELP_WORD], meaning[MEANING];
    for (; usage.text.len > 0; usage = help_usage_next(&usage)) {
        for (size_t i = 0; help_usage_verb(&usage, i, verb); i++) {
            meaning_of(command, verb, meaning, sizeof meaning);
            if (strcmp(verb, before) != 0) {
                take(arg, verb, meaning);
            }
            memcpy(before, verb, sizeof before);
        }
    }
}

void help_each_option(const struct command *command, const char *verb, help_take *take, void *arg)
{
    char option[HELP_WORD], meaning[MEANING];
    for (size_t i = 0; help_option(command, i, option); i++) {
        if (help_has_option(command, verb, option)) {
            meaning_of(command, option, meaning, sizeof meaning);
            take(arg, option, meaning);
        }
    }
}

void help_each_value(const struct command *command, const char *option, help_take *take, void *arg)
{
    char values[HELP_WORD], value[HELP_WORD];
    if (!help_values(command, option, values)) {
        return;
    }
    for (const char *at = values; at[0] != '\0';) {
        size_t len = strcspn(at, "|");
        snprintf(value, sizeof value, "%.*s", (int)len, at);
        take(arg, value, "");
        at += len + (at[len] == '|' ? 1 : 0);
    }
}
