/* SPDX-License-Identifier: Apache-2.0 */
/* What server/auth asks of server/store, without PostgreSQL: linked in its place, told by a test what there is.
 *
 * It keeps the layer's rules: an operation completes once, from the loop and never inside the function that began it,
 * and not after it was canceled. What it was asked stands in `fake_store.story`. */
#pragma once

#include "store/cache/directories.h"
#include "store/cache/lookups.h"
#include "store/cache/signals.h"
#include "store/cache/views.h"
#include "store/gate/gate.h"
#include "store/resource/audit_store.h"
#include "store/resource/proof_store.h"
#include "store/resource/quota_store.h"

enum {
    FAKE_ROWS_MAX = 8,
    FAKE_OPS_MAX = 64,
    FAKE_ENTRIES_MAX = 32,
    FAKE_SUMMARIES_MAX = 512,
    FAKE_STORY_MAX = 1024
};

struct fake_component {
    enum lookup_kind kind;
    struct slice key;
    struct component_row row;
};
struct fake_answer {
    enum lookup_kind kind;
    struct slice key;
    struct lookup_answer answer;
};

struct fake_store {
    struct loop *loop;
    /* What there is. */
    const struct issuer *issuers[FAKE_ROWS_MAX];
    struct fake_component components[FAKE_ROWS_MAX];
    struct fake_answer answers[FAKE_ROWS_MAX]; /* others: not found, on epoch 1 */
    const struct tenant_record *tenants[FAKE_ROWS_MAX];
    const struct platform_record *platform;
    const struct directory_person *person;
    struct known_signal assumed_signal; /* what caches say of every name */
    struct known_signal
        last_signal; /* what the database says of the last name; nothing of others */
    const char *served[FAKE_ROWS_MAX]; /* none: all */
    /* Whether the caches have all of it, or none. */
    bool is_remembered;
    bool proof_was_seen;
    /* Operations of this word in the story fail for this reason. */
    const char *failing;
    enum reason failure;
    /* Operations wait for fake_store_release. */
    bool is_held;
    /* What the gate says to its next entries; then RECORDED. */
    enum gate_verdict verdict;
    size_t verdict_times;
    struct uuid moved; /* with GATE_STALE: the scope whose epoch has moved */

    /* A quota, of whichever tenant. */
    struct fake_quota {
        int64_t most, used, lease; /* lease: what is granted at least, if there is */
        int64_t begins, left_us;
    } quota;
    /* What comes to all other workers, and what came to this one. */
    int64_t others_demand, own_demand;

    char story[FAKE_STORY_MAX];
    char remembered[FAKE_STORY_MAX]; /* what it was told to remember of what was asked */
    struct fake_entry {
        struct gate_entry given; /* what it points to may be gone */
        char user[128], addresses[256], component[64], agent[300], correlation[64];
    } entries[FAKE_ENTRIES_MAX]; /* what the gate was given */
    size_t entry_count;
    /* Whether summaries can be written, and which ones were; what they point to may be gone. */
    bool is_ready;
    struct audit_summary summaries[FAKE_SUMMARIES_MAX];
    size_t summary_count, summary_statements;
    size_t in_flight, canceled;
};
extern struct fake_store fake_store;

void fake_store_reset(struct loop *loop);
/* Let all that waits complete in this turn. */
void fake_store_release(void);
