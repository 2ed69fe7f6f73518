/* SPDX-License-Identifier: Apache-2.0 */
/* Of whom a transmitter of signals may speak, what its signals change, and whether a person's token counts
 * after them (docs/signals.md). Pure; any thread. */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "domain/values/signal.h"

enum {
    SIGNAL_CHANGES_MAX = SIGNAL_EVENTS_MAX * SIGNAL_NAMES_MAX,
    SIGNAL_SUBJECT_ISSUERS_MAX = 10,
};

/* What the tenant lets a transmitter say. */
struct signal_right {
    const char *const *domains; /* verified ones */
    size_t domain_count;
    const char *const *subject_issuers; /* at least one */
    size_t subject_issuer_count;
};

enum signal_turn { SIGNAL_TURN_NONE = 0, SIGNAL_TURN_OFF = 1, SIGNAL_TURN_ON = 2 };

/* What holds of a person from now on, by one name. */
struct signal_change {
    enum signal_name_kind kind; /* SIGNAL_BY_ADDRESS, SIGNAL_BY_SUBJECT */
    const char *name;
    enum signal_turn turn;
    int64_t at;
    int64_t not_before; /* tokens that were issued until then count no longer; 0: none */
};

/* The name under which a subject of an issuer's tokens is kept; NULL over budget. */
const char *signal_subject_name(struct arena *arena, const char *iss, const char *sub);

/* What one event changes, added to `out`, which has room for SIGNAL_NAMES_MAX more. Names of which the transmitter may
 * not speak are left out. R_SIGNAL_SUBJECT if none is left, R_ARENA_EXHAUSTED. */
rc decide_signal_changes(struct arena *arena, const struct signal_right *right,
                         const struct signal_event *event, struct signal_change *out, size_t *count,
                         struct err *err);

/* What is known of a person by one name. */
struct signal_state {
    bool is_disabled;
    int64_t not_before;
};

/* R_NONE, R_ACCOUNT_DISABLED, or R_SESSION_REVOKED. `issued_at`: of the token; 0: it doesn't say. */
enum reason decide_signaled(const struct signal_state *state, struct unix_time issued_at);
