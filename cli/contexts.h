/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts: profiles with a name, each a file of contexts/ in our folder of the user's configuration
 * ($XDG_CONFIG_HOME/chancery, else ~/.config/chancery; XDG Base Directory Specification). The file
 * `current` beside them has the name of the one that is used where none is named. */
#pragma once

#include "cli/profile.h"

/* Whether a text is a context's name: lower-case letters, digits and dashes, at most 63. Whatever else
 * names a profile is a file. */
bool context_is_name(const char *text);
/* Where a context is, or would be; lent by the arena. R_PROFILE_INVALID if there is no home. */
rc context_file(struct arena *arena, const char *name, const char **out, struct err *err);
/* Where what `chancery login` got for a context is: `kind` is token, refresh or lock (login/login.h). Makes no folder. */
rc context_login_file(struct arena *arena, const char *name, const char *kind, const char **out,
                      struct err *err);
rc context_exists(const char *file, bool *out, struct err *err);
/* All names, sorted. */
rc context_names(struct arena *arena, char *const **out, size_t *count, struct err *err);
/* Make the folders of a file of ours, for the user alone. */
rc context_make_folders(struct arena *arena, const char *file, struct err *err);
/* The name of the current one; "": there is none. */
rc context_current(struct arena *arena, const char **out, struct err *err);
/* Make it the current one; "": none is. */
rc context_set_current(struct arena *arena, const char *name, struct err *err);
/* Write a context, also in place of one that there is. */
rc context_write(struct arena *arena, const char *name, const Profile *profile, struct err *err);
/* Remove a context's file. */
rc context_delete(struct arena *arena, const char *name, struct err *err);
