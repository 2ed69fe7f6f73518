/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of a request as they grow: texts, and grants as they are said right by right. One thread. */
#pragma once

#include "base/arena.h"
#include "chancery/v1/common.pb-c.h"

struct parts_grants {
    Chancery__V1__Grant **items; /* in the arena */
    size_t count, room;
};

/* Add a right, standard or custom, to what a principal has. R_ARENA_EXHAUSTED. */
rc parts_add_grant(struct arena *arena, struct parts_grants *grants, const char *principal,
                   const char *right, struct err *err);
/* Add a text to a list in the arena, which moves when it is full. */
rc parts_add_text(struct arena *arena, char ***items, size_t *count, const char *text,
                  struct err *err);
