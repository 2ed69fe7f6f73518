/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: the latest timeline of each cluster of PostgreSQL that any worker of this node has seen commit.
 * Timelines of a cluster count up with each failover. It lies in memory that the workers share, so it outlives each of them and
 * ends with the supervisor. NULL is fine everywhere: nothing is remembered. */
#pragma once

#include "store/pg/store.h"

/* 0: none is known. */
uint32_t pg_timelines_latest(const struct store_timelines *timelines, uint64_t system);
void pg_timelines_note(struct store_timelines *timelines, uint64_t system, uint32_t timeline);
