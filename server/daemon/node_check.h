/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator should know at start about the boundaries that this node is to serve: that one is not there, that
 * one demands a FIPS provider and we run none, that our database role does not see one. Told to the log; calls for such
 * a boundary are refused, the others are served. */
#pragma once

#include "store/resource/boundary_store.h"

struct node_check {
    const char *const *boundaries; /* configured, NULL-terminated; empty: all */
    struct arena *arena;
    struct boundary_checks check;
    bool is_running;
};

/* Ask the database and log what is found. Borrows `boundaries`. */
void node_check_start(struct node_check *check, struct store *store, const char *const *boundaries);
void node_check_fini(struct node_check *check);
