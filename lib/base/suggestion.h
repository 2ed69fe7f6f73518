/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": which of the names that there are somebody meant who wrote another word. Any
 * thread. */
#pragma once

#include <stddef.h>

struct suggestion {
    const char *word; /* what was written; borrowed */
    const char *best; /* the nearest name so far; NULL: none is near. Lent by whoever named it */
    size_t distance;  /* of best */
};

/* Consider one name. Case doesn't count. Near is a name that the word becomes by a few letters: one
 * of every three, by which a letter that is missing, that is too many, another one, or two in each
 * other's place counts as one; or a name that begins with the word. */
void suggestion_consider(struct suggestion *suggestion, const char *name);
