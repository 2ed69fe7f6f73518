/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/suggestion.h"
#include "cli/failure.h"
#include "cli/help.h"
#include "cli/invocation.h"
#include "cli/number.h"

/* Repeated values live as long as the process, so no command frees its lists. */
enum { LISTS_MAX = 16, USAGE_MAX = 1024 };
static struct {
    const char ***option;
    const char **values;
    size_t count;
} lists[LISTS_MAX];

static void append(const char ***option, const char *value)
{
    size_t i = 0;
    while (lists[i].option != NULL && lists[i].option != option) {
        i++;
        CH_ASSERT(i < LISTS_MAX);
    }
    void *before = (void *)(uintptr_t)lists[i].values;
    lists[i].option = option;
    lists[i].values = xreallocarray(before, lists[i].count + 2, sizeof lists[i].values[0]);
    lists[i].values[lists[i].count++] = value;
    lists[i].values[lists[i].count] = NULL;
    *option = lists[i].values;
}

static const struct option_spec *find(const struct option_spec *specs, size_t count,
                                      const char *arg, size_t len)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(specs[i].name) == len && strncmp(specs[i].name, arg, len) == 0) {
            return &specs[i];
        }
    }
    return NULL;
}

/* Set what the option is for, and return how many arguments it used: 1 or 2. */
static int take(const struct command *command, const struct option_spec *spec, const char *equals,
                const char *next)
{
    if (spec->flag != NULL) {
        if (equals != NULL) {
            exit(usage_error(command, "%s takes no value", spec->name));
        }
        *spec->flag = true;
        return 1;
    }
    const char *value = equals != NULL ? equals + 1 : next;
    if (value == NULL) {
        exit(usage_error(command, "%s needs a value", spec->name));
    }
    if (spec->list != NULL) {
        append(spec->list, value);
    } else {
        *spec->value = value;
    }
    return equals != NULL ? 1 : 2;
}

/* What every command takes that asks an authority, beside its own. */
enum { COMMON = 2, TIMEOUT_MAX_S = 3600 };
static const char *timeout_text;
static bool is_verbose;
static const struct option_spec COMMON_OPTIONS[COMMON] = {
    {"--timeout", &timeout_text, NULL, NULL},
    {"-v", NULL, &is_verbose, NULL},
};

static bool asks_authority(const struct option_spec *specs, size_t count)
{
    return find(specs, count, "--profile", strlen("--profile")) != NULL;
}

static void take_common(const struct command *command)
{
    uint32_t timeout = 0;
    if (timeout_text != NULL &&
        number_read(command, "--timeout", timeout_text, 1, TIMEOUT_MAX_S, &timeout) != EXIT_OK) {
        exit(EXIT_USAGE);
    }
    invocation_set(is_verbose, timeout);
}

static int unknown_option(const struct command *command, const struct option_spec *specs,
                          size_t count, const char *arg, size_t len)
{
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)len, arg);
    struct suggestion meant = {.word = word};
    for (size_t i = 0; i < count; i++) {
        suggestion_consider(&meant, specs[i].name);
    }
    for (size_t i = 0; asks_authority(specs, count) && i < COMMON; i++) {
        suggestion_consider(&meant, COMMON_OPTIONS[i].name);
    }
    return meant.best == NULL
               ? usage_error(command, "there is no option %s", word)
               : usage_error(command, "there is no option %s; did you mean %s?", word, meant.best);
}

/* Whether it is an operand. */
static bool is_operand(const char *arg)
{
    return arg[0] != '-' || arg[1] == '\0';
}

/* Whose help is meant: that of the first operand, where it is a verb. */
static const char *verb_of(const struct command *command, int argc, char **argv)
{
    int i = 1;
    while (i < argc && !is_operand(argv[i])) {
        i++;
    }
    return i < argc ? help_verb(command, argv[i]) : NULL;
}

int options_take(const struct command *command, const struct option_spec *specs, size_t count,
                 int argc, char **argv)
{
    int left = 1;
    bool is_ended = false;
    for (int i = 1; i < argc;) {
        const char *arg = argv[i];
        if (is_ended || is_operand(arg)) {
            argv[left++] = argv[i++];
            continue;
        }
        if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
            help_print(stdout, command, verb_of(command, argc, argv));
            exit(EXIT_OK);
        }
        if (strcmp(arg, "--") == 0) {
            is_ended = true;
            i++;
            continue;
        }
        const char *equals = arg[1] == '-' ? strchr(arg, '=') : NULL;
        size_t len = equals == NULL ? strlen(arg) : (size_t)(equals - arg);
        const struct option_spec *spec = find(specs, count, arg, len);
        if (spec == NULL && asks_authority(specs, count)) {
            spec = find(COMMON_OPTIONS, COMMON, arg, len);
        }
        if (spec == NULL) {
            exit(unknown_option(command, specs, count, arg, len));
        }
        i += take(command, spec, equals, i + 1 < argc ? argv[i + 1] : NULL);
    }
    take_common(command);
    return left;
}

/* "a, b or c". */
static void join(const char *const *names, char *out, size_t cap)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; names[i] != NULL && len < cap; i++) {
        const char *between = i == 0 ? "" : names[i + 1] == NULL ? " or " : ", ";
        len += (size_t)snprintf(out + len, cap - len, "%s%s", between, names[i]);
    }
}

int choice_read(const struct command *command, const char *option, const char *value,
                const char *const *names, size_t *out)
{
    char all[256];
    struct suggestion meant = {.word = value};
    for (size_t i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], value) == 0) {
            *out = i;
            return EXIT_OK;
        }
        suggestion_consider(&meant, names[i]);
    }
    join(names, all, sizeof all);
    const char *asks = meant.best == NULL ? "" : "; did you mean ";
    const char *best = meant.best == NULL ? "" : meant.best;
    const char *end = meant.best == NULL ? "" : "?";
    return option == NULL ? usage_error(command, "there is no verb %s: say %s%s%s%s", value, all,
                                        asks, best, end)
                          : usage_error(command, "%s takes %s, not %s%s%s%s", option, all, value,
                                        asks, best, end);
}

int usage_error(const struct command *command, const char *format, ...)
{
    char text[USAGE_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const struct failure failure = {.command = command, .sentence = text, .code = EXIT_USAGE};
    return failure_tell(&failure);
}
