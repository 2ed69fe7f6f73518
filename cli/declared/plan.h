/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be done so that the authority is as documents say. Inside cli/declared. */
#pragma once

#include "cli/declared/documents.h"
#include "cli/declared/state.h"

enum act {
    ACT_MAKE,
    ACT_CHANGE,
    ACT_REMOVE,
    ACT_ORDER, /* put a tenant's rules into the order of their documents */
};

enum change_result {
    CHANGE_PLANNED,
    CHANGE_DONE,
    CHANGE_WAITING, /* for another admin */
    CHANGE_FAILED,
    CHANGE_NOT_TRIED, /* it came after one that failed, or was undone with it */
};

struct change {
    enum act act;
    const struct kind *kind;
    const char *tenant, *key;
    const struct document *document;         /* NULL: of removals, and of an order */
    const struct object *object;             /* NULL: of what is made, and of an order */
    const ProtobufCFieldDescriptor **fields; /* of ACT_CHANGE: those that differ */
    size_t field_count;
    const char **before, **after; /* of ACT_ORDER: names; NULL-terminated */
    enum change_result result;
    const char
        *approval; /* the id of the request that another admin is to approve; NULL: there is none */
    bool was_asked;   /* by an earlier request, which waits */
    unsigned attempt; /* of which number its request id is (make_once.h) */
    size_t line;      /* of a field that was refused; 0: none was */
};

struct plan {
    struct state state;
    struct documents documents;
    struct change *list;
    size_t count, room;
    size_t same; /* documents that are so already */
};

/* Compare documents with what is there. `tenant`: whose documents are that don't say it; NULL: the caller's.
 * Nothing is changed. Prints what is wrong with the documents. Returns an exit code. */
int plan_make(struct session *s, struct documents documents, const char *tenant, bool is_pruning,
              struct plan *out);
void plan_add(struct plan *plan, struct change change);
/* How many changes there are of an act. */
size_t plan_count(const struct plan *plan, enum act act);
/* Plan another order of a tenant's rules, where it needs one: of those that are there and those that will be.
 * Where `removes`, what no document describes goes. */
void plan_order(struct plan *plan, const struct objects *rules, bool removes);
