/* SPDX-License-Identifier: Apache-2.0 */
/* All addresses of whom an address names. */
#pragma once

#include "store/pg/store.h"

struct person_find {
    struct store_op op;
    const char *const *named; /* normalized */
    size_t count;
    struct person_addresses {
        const char *const *items;
        size_t count;
    } * people; /* as many, in the same order */
};
/* Of people (person_addresses of the migrations): the named address is always among them. */
void person_store_find(struct person_find *find);
/* Of groups; none where the address is no group's. */
void person_store_find_groups(struct person_find *find);
