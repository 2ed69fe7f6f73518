/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: what is done while the database says nothing. A machine that is frozen, or
 * beyond a network that was cut, breaks no connection. */
#pragma once

#include <stdbool.h>

#include "base/clock.h"

struct pg_conn;
struct store;

/* When the scout may be sent. All zero: at once. */
struct pg_scouting {
    struct mono_time due;
    int pause_ms; /* before that */
};

/* Whether the connection is the one that looks for another primary. It serves nobody. */
bool pg_silence_is_scout(const struct pg_conn *conn);

/* Something was sent or heard: whatever is in flight on a ready connection has its whole time from here on. */
void pg_silence_watch(struct pg_conn *conn);
/* The timer of a connection that is being set up, or waits for answers. */
void pg_silence_fired(struct pg_conn *conn);
/* A connection came about at another host than before: those that are on their way elsewhere, or pause, come there now. */
void pg_silence_follow(const struct store *store);
