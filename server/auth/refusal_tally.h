/* SPDX-License-Identifier: Apache-2.0 */
/* Counting refusals of callers whom nobody knows, by log, component, network and reason. Pure: time comes in
 * as an argument, and rows go out.
 *
 *     ──add──> COUNTING ──take, when it is due──> SENT ──settle──> COUNTING, due again after the window
 *                                                                     │ nothing came in it
 *                                                                     v
 *                                                                  (gone)
 *
 * The first call of an entry is due at once, so that it shows; what follows is due when the window has
 * passed. At most TALLY_ENTRIES_MAX of strangers have entries of their own. What finds no place counts by its reason
 * alone, in the platform's log and for OTHER_NETWORKS. So what strangers do costs a bounded number of rows. What components
 * carry has other places, so strangers take none of those; beyond a component's share it counts by component and reason,
 * for OTHER_NETWORKS. */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "store/audit_who.h"
#include "store/resource/audit_store.h"

enum {
    TALLY_ENTRIES_MAX = 128,
    TALLY_CARRIED_MAX = 512,
    TALLY_OF_COMPONENT_MAX = 32,
    /* What a component carries for somebody is refused on its account, so that many of each window are
     * recorded one by one. */
    TALLY_SINGLE_MAX = 60,
};
#define OTHER_NETWORKS "other networks"

struct refusal_tally;

struct refusal {
    struct tenant_id log; /* in which it is told; the platform's: nobody is known at all */
    enum reason reason;
    const char *operation;       /* static */
    const struct audit_who *who; /* borrowed for the call */
};

struct refusal_tally *refusal_tally_new(int64_t window_ms);
void refusal_tally_free(struct refusal_tally *tally);
/* Whether this refusal of what a component carries is to be recorded by itself; if not, add it. */
bool refusal_tally_is_single(struct refusal_tally *tally, const struct refusal *refusal,
                             struct mono_time now);
/* True: it is the first one that its next row tells of. */
bool refusal_tally_add(struct refusal_tally *tally, const struct refusal *refusal,
                       struct mono_time now, int64_t unix_us);
/* Milliseconds until something is due; −1: nothing is counted. */
int64_t refusal_tally_due_ms(const struct refusal_tally *tally, struct mono_time now);
/* Rows for what is due, or for all, in the arena; *count is 0 where it has no room. Until refusal_tally_settle they are
 * on their way. */
struct audit_summary *refusal_tally_take(struct refusal_tally *tally, bool all,
                                         struct mono_time now, int64_t unix_us, struct arena *arena,
                                         size_t *count);
/* They are written; or not, and count on. `taken_us`: the time at which they were taken. */
void refusal_tally_settle(struct refusal_tally *tally, bool are_written, struct mono_time now,
                          int64_t taken_us);
