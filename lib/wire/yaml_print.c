/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/yaml_print.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

/* An escape is at most five times as long as what it stands for. */
enum { INDENT = 2, ESCAPED = 10, ESCAPED_MORE = 4096 };

/* authorityUrl → authority_url. */
static void print_name(FILE *out, const char *name)
{
    for (; *name != '\0'; name++) {
        bool is_upper = *name >= 'A' && *name <= 'Z';
        fprintf(out, is_upper ? "_%c" : "%c", is_upper ? *name - 'A' + 'a' : *name);
    }
}

/* Words that are no texts in YAML 1.1 or 1.2. */
static bool is_reserved(const char *text)
{
    static const char *const words[] = {"true", "false", "null", "yes", "no",
                                        "on",   "off",   "y",    "n"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(words[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* A text that is itself without quotes: a letter, then letters, digits and what no reader takes for
 * an indicator. */
static bool is_plain(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char others[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.@+";
    return text[0] != '\0' && strchr(letters, text[0]) != NULL &&
           strspn(text, others) == strlen(text) && !is_reserved(text);
}

static void print_scalar(FILE *out, const json_t *value)
{
    if (json_is_string(value) && is_plain(json_string_value(value))) {
        fputs(json_string_value(value), out);
        return;
    }
    /* A JSON text is a double-quoted one of YAML. */
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    CH_ASSERT(text != NULL); /* it was read from JSON */
    AUTO(arena_free_at) struct arena *arena = arena_new(ESCAPED * strlen(text) + ESCAPED_MORE);
    const char *shown = utf8_escaped(arena, text, UTF8_YAML);
    CH_ASSERT(shown != NULL); /* there is room for ten times the text */
    fputs(shown, out);
    free(text);
}

/* Recursion is bounded by our own message types, none of which is recursive. */
/* NOLINTBEGIN(misc-no-recursion) */
static void print_value(FILE *out, json_t *value, int depth, bool is_item);

static void indent(FILE *out, int depth)
{
    fprintf(out, "%*s", depth * INDENT, "");
}

static void print_object(FILE *out, json_t *object, int depth, bool is_item)
{
    const char *name;
    json_t *value;
    bool is_first = is_item; /* behind the dash of its item */
    json_object_foreach(object, name, value)
    {
        indent(out, is_first ? 0 : depth);
        is_first = false;
        print_name(out, name);
        fputc(':', out);
        print_value(out, value, depth + 1, false);
    }
}

static void print_array(FILE *out, const json_t *array, int depth)
{
    size_t i;
    json_t *value;
    json_array_foreach(array, i, value)
    {
        indent(out, depth);
        fputc('-', out);
        print_value(out, value, depth + 1, true);
    }
}

static bool is_empty(const json_t *value)
{
    return json_object_size(value) == 0 && json_array_size(value) == 0;
}

/* Behind "name:" or "-". */
static void print_value(FILE *out, json_t *value, int depth, bool is_item)
{
    bool is_block = (json_is_object(value) || json_is_array(value)) && !is_empty(value);
    fputs(is_block && !(is_item && json_is_object(value)) ? "\n" : " ", out);
    if (is_block && json_is_object(value)) {
        print_object(out, value, depth, is_item);
    } else if (is_block) {
        print_array(out, value, depth);
    } else {
        print_scalar(out, value);
        fputc('\n', out);
    }
}
/* NOLINTEND(misc-no-recursion) */

static json_t *load(const char *json)
{
    json_t *value = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    CH_ASSERT(value != NULL); /* we have written it */
    return value;
}

void yaml_print(FILE *out, const char *json)
{
    json_t *value = load(json);
    if (is_empty(value)) {
        fputs("{}\n", out);
    } else {
        print_object(out, value, 0, false);
    }
    json_decref(value);
}

void yaml_print_within(FILE *out, const char *json, int depth)
{
    json_t *value = load(json);
    print_object(out, value, depth, false);
    json_decref(value);
}
