/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/command.h"

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

size_t option_list_count(const char *const *list)
{
    size_t count = 0;
    while (list != NULL && list[count] != NULL) {
        count++;
    }
    return count;
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

int options_take(const struct command *command, const struct option_spec *specs, size_t count,
                 int argc, char **argv)
{
    int left = 1;
    for (int i = 1; i < argc;) {
        const char *arg = argv[i];
        if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
            fputs(command->help, stdout);
            exit(EXIT_OK);
        }
        if (arg[0] != '-' || arg[1] == '\0') {
            argv[left++] = argv[i++];
            continue;
        }
        const char *equals = arg[1] == '-' ? strchr(arg, '=') : NULL;
        size_t len = equals == NULL ? strlen(arg) : (size_t)(equals - arg);
        const struct option_spec *spec = find(specs, count, arg, len);
        if (spec == NULL) {
            exit(usage_error(command, "there is no option %s", arg));
        }
        i += take(command, spec, equals, i + 1 < argc ? argv[i + 1] : NULL);
    }
    return left;
}

int usage_error(const struct command *command, const char *format, ...)
{
    char text[USAGE_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr, "chancery %s: ", command->name);
    print_shown(stderr, text);
    fprintf(stderr, "\nTry: chancery %s --help\n", command->name);
    return EXIT_USAGE;
}
