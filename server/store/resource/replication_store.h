/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of what was acknowledged when another database takes over. */
#pragma once

#include "store/pg/store.h"

struct replication {
    struct store_op op;
    const char *promise;     /* "single", "asynchronous", "synchronous" (sql/history.sql) */
    int64_t standbys;        /* that follow */
    const char *example;     /* the name of one of them */
    const char *synchronous; /* synchronous_standby_names; "" */
};
void replication_store_read(struct replication *replication);
