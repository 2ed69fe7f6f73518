/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/profile.h"

#include <stdlib.h>
#include <string.h>

#include "base/suggestion.h"
#include "cli/contexts.h"
#include "cli/session.h"
#include "wire/message_text.h"

/* --- which ------------------------------------------------------------------------------------ */

static rc unknown_context(struct arena *arena, const struct profile_name *name, struct err *err)
{
    struct suggestion meant = {.word = name->context};
    char *const *names;
    size_t count;
    TRY(context_names(arena, &names, &count, err));
    for (size_t i = 0; i < count; i++) {
        suggestion_consider(&meant, names[i]);
    }
    FAIL(err, R_PROFILE_INVALID, "there is no context %s (%s)%s%s%s", name->context, name->why,
         meant.best == NULL ? "; a file of that name would be ./" : "; did you mean ",
         meant.best == NULL ? name->context : meant.best, meant.best == NULL ? "" : "?");
}

static rc find_named(struct arena *arena, const char *name, struct profile_name *out,
                     struct err *err)
{
    bool is_there;
    if (!context_is_name(name)) {
        out->file = name;
        return OK;
    }
    out->context = name;
    TRY(context_file(arena, name, &out->file, err));
    TRY(context_exists(out->file, &is_there, err));
    return is_there ? OK : unknown_context(arena, out, err);
}

rc profile_find(struct arena *arena, const char *given, struct profile_name *out, struct err *err)
{
    const char *environment = getenv("CHANCERY_PROFILE");
    *out = (struct profile_name){.why = "--profile"};
    if (given == NULL && environment != NULL && environment[0] != '\0') {
        given = environment;
        out->why = "CHANCERY_PROFILE";
    }
    if (given == NULL) {
        out->why = "the current context";
        TRY(context_current(arena, &given, err));
    }
    return given[0] == '\0' ? OK : find_named(arena, given, out, err);
}

/* --- what it says ----------------------------------------------------------------------------- */

enum { PROFILE_MAX = 64 * 1024 };

rc profile_read(struct arena *arena, const char *file, Profile **out, struct err *err)
{
    struct slice text;
    struct err why = {0};
    ProtobufCMessage *message = NULL;
    TRY(read_own_file(arena, file, PROFILE_MAX, &text, err));
    if (!message_from_yaml(arena, &chancery__config__v1__profile__descriptor, text, &message, &why)
             .ok) {
        FAIL(err, R_PROFILE_INVALID, "%s: %s", file, err_words(&why));
    }
    *out = (Profile *)message;
    return OK;
}
