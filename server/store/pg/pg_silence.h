/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: what is done while the database says nothing. A machine that is frozen, or
 * beyond a network that was cut, breaks no connection. */
#pragma once

struct pg_conn;
struct store;

/* Something was sent or heard: whatever is in flight on a ready connection has its whole time from here on. */
void pg_silence_watch(struct pg_conn *conn);
/* The timer of a connection that is being set up, or waits for answers. */
void pg_silence_fired(struct pg_conn *conn);
/* A connection came about at another host than before: those that are on their way elsewhere, or pause, come there now. */
void pg_silence_follow(const struct store *store);
