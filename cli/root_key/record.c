/* SPDX-License-Identifier: Apache-2.0 */
#include <pwd.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cli/output.h"
#include "cli/root_key/root_key.h"

enum { HOST_MAX = 256, TIME_MAX = 32 };

static const char *add(struct arena *arena, const char *text, const char *name, const char *value)
{
    return text == NULL ? NULL : arena_printf(arena, "%s%-12s%s\n", text, name, value);
}

/* Who did it as this machine knows them, and when by its clock. */
static const char *heading(struct arena *arena, const struct root_key_act *act)
{
    char host[HOST_MAX] = "?", when[TIME_MAX] = "?";
    struct tm parts;
    time_t now = time(NULL);
    const struct passwd *user = getpwuid(getuid());
    (void)gethostname(host, sizeof host - 1);
    if (gmtime_r(&now, &parts) != NULL) {
        (void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &parts);
    }
    const char *text = "Ceremony of a root key of Chancery\n\n";
    text = add(arena, text, "act", act->name);
    text = add(arena, text, "root key", act->thumbprint);
    text = add(arena, text, "when", when);
    text = add(arena, text, "where", host);
    return add(
        arena, text, "by",
        arena_printf(arena, "%s (uid %u)", user == NULL ? "?" : user->pw_name, (unsigned)getuid()));
}

rc root_key_record_check(const struct root_key_args *args, struct err *err)
{
    if (args->record != NULL && !output_is_in_place(args->record) &&
        access(args->record, F_OK) == 0) {
        FAIL(err, R_FILE_UNWRITABLE, "%s is there already: a record is a new file", args->record);
    }
    return OK;
}

static rc write_record(struct arena *arena, const struct root_key_args *args,
                       const struct root_key_act *act, struct err *err)
{
    const char *text = heading(arena, act);
    for (size_t i = 0; i < act->line_count; i++) {
        text = add(arena, text, i == 0 ? "made" : "", act->lines[i]);
    }
    for (size_t i = 0; args->witnesses != NULL && args->witnesses[i] != NULL; i++) {
        text = text == NULL ? NULL
                            : arena_printf(arena, "%s\nwitness     %s\nsignature   %s\n", text,
                                           args->witnesses[i], "______________________________");
    }
    ARENA_ENSURE(text, err);
    TRY(root_key_record_check(args, err)); /* the act may have made a file of that name */
    return output_write(args->record, slice_str(text), err);
}

int root_key_tell(struct session *s, const struct root_key_args *args,
                  const struct root_key_act *act)
{
    struct err err = {0};
    printf("root key %s\n", act->thumbprint);
    for (size_t i = 0; i < act->line_count; i++) {
        utf8_print(stdout, act->lines[i]);
        putchar('\n');
    }
    if (args->record == NULL) {
        return EXIT_OK;
    }
    if (!write_record(s->arena, args, act, &err).ok) {
        return fail_with(s->command, &err);
    }
    fputs("recorded in ", stdout);
    utf8_print(stdout, args->record);
    puts(": print it, and let those who were there sign it");
    return EXIT_OK;
}
