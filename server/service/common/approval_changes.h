/* SPDX-License-Identifier: Apache-2.0 */
/* What an act changes, from what to what: as a second admin reads it, and as it is compared when
 * they approve (docs/policy.md §6.2). An act adds all that it changes; what is kept with the
 * request is cut to what can be read, with a digest of the whole. */
#pragma once

#include "store/resource/approval_store.h"

struct approval_changes {
    struct arena *arena;
    struct approval_change *list; /* all of them, whole */
    size_t count, room;
    bool failed; /* out of budget: nobody may be asked for a part */
};

void approval_changes_init(struct approval_changes *changes, struct arena *arena);
/* A field that has another value; nothing if it has the same. "": none. Borrows, as the others
 * do. */
void approval_changes_add(struct approval_changes *changes, const char *field, const char *before,
                          const char *after);

struct text_list {
    const char *const *items;
    size_t count;
};
/* A list whose order means nothing: each element that is no longer in it, and each that is new. */
void approval_changes_add_texts(struct approval_changes *changes, const char *field,
                                struct text_list before, struct text_list after);

/* Parallel. Whoever has several values has all of them. */
struct pair_list {
    const char *const *names, *const *values;
    size_t count;
};
/* Values by names, such as rights by principals: `field[name]` of each name whose value is another
 * one. */
void approval_changes_add_pairs(struct approval_changes *changes, const char *field,
                                struct pair_list before, struct pair_list after);

/* A change of which one admin is enough, although changes of its resource wait for a second one. */
struct harmless_change {
    const char *field; /* or a field that it is part or element of */
    bool (*if_so)(const struct approval_change *change); /* NULL: whatever it is */
};
/* An element that is taken off a list; a field that is emptied. */
bool approval_change_is_removal(const struct approval_change *change);
/* A flag that is switched on. */
bool approval_change_is_on(const struct approval_change *change);
/* A flag that is switched off. */
bool approval_change_is_off(const struct approval_change *change);
/* A number that becomes less. */
bool approval_change_is_less(const struct approval_change *change);
/* Whether all of them are: a field that the table doesn't name is not. */
bool approval_changes_are_harmless(const struct approval_changes *changes,
                                   const struct harmless_change *table, size_t count);

/* Put into a request's row what is kept of them, and the digest over its act, its summary and all
 * of them. */
rc approval_changes_keep(const struct approval_changes *changes, struct approval_row *row,
                         struct err *err);
