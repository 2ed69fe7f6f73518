/* SPDX-License-Identifier: Apache-2.0 */
/* All addresses of whom an address names (person_addresses of the migrations). */
#pragma once

#include "store/pg/store.h"

struct person_find {
    struct store_op op;
    const char *const *named; /* normalized */
    size_t count;
    struct person_addresses {
        const char *const *items; /* the named one is among them */
        size_t count;
    } * people; /* as many, in the same order */
};
void person_store_find(struct person_find *find);
