/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `chancery directory`. */
#pragma once

#include "cli/session.h"

struct directory_args {
    const char *profile, *format, *name, *external_id, *previous;
    const char **aliases; /* NULL-terminated, or NULL */
    bool is_guest;
    char **operands; /* behind the verb */
    int operand_count;
};

static inline bool wants_json(const struct directory_args *args)
{
    return args->format[0] == 'j';
}

/* import.c: send a file in parts. */
int directory_import(struct session *s, const struct directory_args *args);
/* list.c: all pages. */
int directory_list(struct session *s, const struct directory_args *args);
