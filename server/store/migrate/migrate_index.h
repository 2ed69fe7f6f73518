/* SPDX-License-Identifier: Apache-2.0 */
/* Indexes of large tables, the audit log first of all, that a migration is about to make. */
#pragma once

#include "store/migrate/migrate.h"
#include "store/migrate/migrate_conn.h"

/* Make an index on a large table, or on each of its partitions, without a lock that anybody waits for, so that the migration finds it there. One that an
 * interrupted run has left unfinished is made anew. Not in a transaction. */
rc migrate_index_make(struct migrate_conn *conn, const struct migrate_options *options,
                      const struct early_index *index, struct err *err);
