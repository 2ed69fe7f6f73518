/* SPDX-License-Identifier: Apache-2.0 */
/* How failures are told: in sentences, or with -o json as one JSON object, both on standard error
 * (docs/interface.md §7.2). */
#pragma once

#include <stddef.h>

#include "cli/command.h"

/* A detail by its name. */
struct failure_pair {
    const char *name, *text;
};

struct failure {
    const struct command *command;          /* NULL: none */
    const char *reason;                     /* NULL: the command line was not understood */
    const char *sentence, *detail, *advice; /* the latter two may be NULL */
    const struct failure_pair *fields;      /* which are wrong, and how */
    size_t field_count;
    const struct failure_pair *metadata; /* what the authority adds */
    size_t metadata_count;
    const char *again; /* the request id to repeat it with; NULL: none */
    int code;          /* the exit code */
};

/* Returns its exit code. Texts may come from outside. */
int failure_tell(const struct failure *failure);
/* What failed on this side; `again` as above. */
int fail_again_with(const struct command *command, const struct err *err, const char *again);
