/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator should know at start of the database: what it keeps when another one takes over. Told to the log. */
#pragma once

#include "store/resource/replication_store.h"

struct replication_check {
    struct arena *arena; /* NULL: it has not begun */
    struct replication found;
    bool is_running;
};

/* Ask the database once, and log what it promises. */
void replication_check_start(struct replication_check *check, struct store *store);
void replication_check_fini(struct replication_check *check);
