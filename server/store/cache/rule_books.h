/* SPDX-License-Identifier: Apache-2.0 */
/* Tenants' mail-flow rules, compiled: what a worker remembers. Each with the tenant's epoch at which
 * they are so; at another one they are compiled anew, by one call for all who ask meanwhile. Only who
 * evaluates a message loads them. Loop thread only. */
#pragma once

#include "domain/rules/rule_set.h"
#include "store/pg/store.h"

struct rule_books;

/* Counted: a call holds one as long as its arena lives. */
struct rule_book {
    const struct rule_set *set;
    int64_t epoch;
    /* Private. */
    size_t references;
    struct rule_set *owned;
    struct arena *arena; /* of the rules */
};

struct rule_books *rule_books_new(struct loop *loop, size_t max);
void rule_books_free(struct rule_books *books);
/* What is remembered at this epoch, held by the arena; NULL: nothing is. */
const struct rule_book *rule_books_get(struct rule_books *books, struct tenant_id tenant,
                                       int64_t epoch, struct arena *arena);
/* Remember a compiled set and the arena of its rules, both taken over; held by `holder`. NULL over its
 * budget. */
const struct rule_book *rule_books_put(struct rule_books *books, struct tenant_id tenant,
                                       int64_t epoch, struct rule_set *set, struct arena *rules,
                                       struct arena *holder);

/* A share in the making of a set. */
struct rule_book_claim {
    struct store_op op; /* to wait with; its `done` is the caller's */
    /* Private. */
    struct list link;
    struct rule_making *making; /* that this one does */
};
/* True: it is this caller who loads and compiles the set, and then releases the claim, whatever comes of
 * it. False: somebody does already; claim->op completes when that is over, with the error that is theirs
 * alike, or without one: then ask again for what is remembered, and claim again if there is nothing. */
bool rule_books_claim(struct rule_books *books, struct tenant_id tenant, int64_t epoch,
                      struct rule_book_claim *claim);
/* `err` is told to those who wait: what they would meet too. NULL: they ask again. Nothing to do for
 * one that makes nothing. */
void rule_books_release(struct rule_book_claim *claim, const struct err *err);
