/* SPDX-License-Identifier: Apache-2.0 */
/* A file that comes in parts over hours: FILE.part, and beside it FILE.place, which says how much of it counts and where to
 * go on. FILE itself appears when it is whole. What is no regular file (a pipe, a device), and standard output, is written
 * as it is. One process at a time writes it. Inside cli/audit. */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "cli/output.h"

struct part_file {
    FILE *file;
    bool is_in_place, is_taken_up;
    struct output output; /* of one in place */
    const char *path, *part, *place, *format;
    char *token; /* of what was written last; NULL: none yet */
    struct mono_time noted_at;
};

/* Begin a file, or with `goes_on` take the one up that was left, which was begun in the same format; *token is where then.
 * R_FILE_UNWRITABLE, R_FILE_UNREADABLE. */
rc part_file_open(struct arena *arena, const char *path, const char *format, bool goes_on,
                  struct part_file *out, const char **token, struct err *err);
/* All that was written so far goes up to this place. Says so on the disk once a second. */
rc part_file_note(struct part_file *file, const char *token, struct err *err);
/* It is whole. */
rc part_file_keep(struct part_file *file, struct err *err);
/* It is not: leave what is there for the next try. */
void part_file_leave(struct part_file *file);
