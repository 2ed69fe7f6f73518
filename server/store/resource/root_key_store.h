/* SPDX-License-Identifier: Apache-2.0 */
/* Root keys that this database knows, and going over from one to another (docs/policy.md §13). */
#pragma once

#include "base/ids.h"
#include "domain/values/key_purpose.h"
#include "store/pg/store.h"

/* The known texts under all of them (docs/formats.md §4.2). R_NOT_FOUND: another worker was first by so little that its row is not
 * to be seen yet. */
struct root_key_row {
    uint32_t version;
    struct slice wrapped;
};
struct root_key_check {
    struct store_op op;
    struct root_key_row *rows;
    size_t count;
};
/* Leave ours if there is none, and read what is there. */
void root_key_store_check(struct root_key_check *check, struct slice wrapped);

/* A worker says which root keys it has, and hears by which is wrapped. */
struct root_key_meeting {
    struct store_op op;
    struct uuid worker;
    const int64_t *opens; /* versions */
    size_t open_count;
    uint32_t wraps, wish;
    struct slice wish_check; /* our known text, under the wished one */
    /* Out. */
    uint32_t wraps_now;
    int64_t waiting;      /* workers that don't open the wished one yet */
    int64_t quiet_s;      /* for so long none begins, because the database was not heard */
    uint32_t lacking;     /* a root key that is needed here; 0: none */
    int64_t lacking_rows; /* what lies under it */
};
void root_key_store_meet(struct root_key_meeting *meeting);

/* By which wraps root keys were opened: what was never said before is recorded. */
struct root_key_opening {
    uint32_t root;
    const char *wrap, *kid;
};
struct root_key_openings {
    struct store_op op;
    const struct root_key_opening *items;
    size_t count;
};
void root_key_store_note(struct root_key_openings *openings);

/* Whether going over to `wraps` is over; the first time that it is, it is recorded. */
struct root_key_count {
    struct store_op op;
    uint32_t wraps;
    /* Out. */
    uint32_t wraps_now; /* another one: then it is not over */
    int64_t left;       /* rows under others than that, of all boundaries */
    bool is_over, has_ended;
};
void root_key_store_count(struct root_key_count *count);

/* Keys under other root keys than `wraps`, behind a place; at most `limit`. */
struct root_key_place {
    uint32_t root;
    struct tenant_id tenant;
    enum key_purpose purpose;
    uint32_t version;
};
struct former_wrap {
    struct root_key_place at;
    const char *boundary;
    struct slice wrapped;
};
struct former_wraps {
    struct store_op op;
    uint32_t wraps;
    struct root_key_place after; /* zero: from the first one */
    size_t limit;
    struct former_wrap *rows;
    size_t count;
};
void root_key_store_read(struct former_wraps *read);

/* Put others in their place, which are parallel to them; an empty one is left out. */
struct root_key_rewrap {
    struct store_op op;
    uint32_t wraps;
    const struct former_wrap *rows;
    const struct slice *wrapped;
    size_t count;
    int64_t done; /* that many were; others have changed, or another node is at them */
};
void root_key_store_rewrap(struct root_key_rewrap *rewrap);
