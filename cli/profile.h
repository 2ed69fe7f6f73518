/* SPDX-License-Identifier: Apache-2.0 */
/* Which profile a command asks by, and what it says (docs/interface.md §7.1). */
#pragma once

#include "base/arena.h"
#include "chancery/config/v1/profile.pb-c.h"

typedef Chancery__Config__V1__Profile Profile;

struct profile_name {
    const char *file;    /* NULL: none was named */
    const char *context; /* its name; NULL: it is no context */
    const char *why;     /* by what it was chosen, in words */
};

/* The one that `given` names; if that is NULL the environment's CHANCERY_PROFILE, else the current
 * context. R_PROFILE_INVALID for a context that there isn't, R_FILE_UNREADABLE. */
rc profile_find(struct arena *arena, const char *given, struct profile_name *out, struct err *err);
/* Read one; "-" is standard input. R_FILE_UNREADABLE; R_PROFILE_INVALID, also for a file that others
 * may write to: they would choose to whom our credentials go. */
rc profile_read(struct arena *arena, const char *file, Profile **out, struct err *err);
