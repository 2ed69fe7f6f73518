/* SPDX-License-Identifier: Apache-2.0 */
#include "store/migrate/migrate_index.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"

enum { SQL_BUDGET = 64 * 1024 };

/* Partitions of 16 MiB and more, which take longer than a moment; the name that the index has there, and whether it is whole. */
static const char PARTITIONS[] =
    "SELECT quote_ident(c.relname), quote_ident(n.name), coalesce(x.indisvalid, false), x.indexrelid IS NULL"
    " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " CROSS JOIN LATERAL (SELECT left(c.relname || '_' || $1, 63) AS name) n"
    " LEFT JOIN pg_index x ON x.indrelid = c.oid AND x.indexrelid = to_regclass(quote_ident(n.name))"
    " WHERE i.inhparent = to_regclass('audit') AND NOT i.inhdetachpending"
    " AND pg_relation_size(c.oid) >= 16 * 1024 * 1024"
    " ORDER BY c.relname";

static void clear_at(PGresult **result)
{
    PQclear(*result);
}

static bool is_true(const PGresult *result, int row, int column)
{
    return PQgetvalue(result, row, column)[0] == 't';
}

static rc make_one(struct migrate_conn *conn, const struct migrate_options *options,
                   const struct log_index *index, const PGresult *partitions, int row,
                   struct err *err)
{
    AUTO(arena_free_at) struct arena *arena = arena_new(SQL_BUDGET);
    const char *table = PQgetvalue(partitions, row, 0), *name = PQgetvalue(partitions, row, 1);
    if (is_true(partitions, row, 2)) {
        return OK;
    }
    const char *drop = arena_printf(arena, "DROP INDEX CONCURRENTLY %s", name);
    const char *make =
        arena_printf(arena, "CREATE %sINDEX CONCURRENTLY %s ON %s %s",
                     index->is_unique ? "UNIQUE " : "", name, table, index->definition);
    ARENA_ENSURE(drop, err);
    const char *line = arena_printf(arena, "making %s on %s", index->name, table);
    ARENA_ENSURE(make, err);
    ARENA_ENSURE(line, err);
    migrate_say(options, line);
    if (!is_true(partitions, row, 3)) {
        TRY(migrate_conn_run(conn, drop, err));
    }
    return migrate_conn_run(conn, make, err);
}

/* It waits for all transactions that began before it, and nobody waits for it. */
rc migrate_index_make(struct migrate_conn *conn, const struct migrate_options *options,
                      const struct log_index *index, struct err *err)
{
    AUTO(clear_at) PGresult *partitions = NULL;
    const char *values[] = {index->name};
    TRY(migrate_conn_query(conn, PARTITIONS, values, 1, &partitions, err));
    TRY(migrate_conn_lock_limit(conn, 0, err));
    for (int row = 0; row < PQntuples(partitions); row++) {
        TRY(make_one(conn, options, index, partitions, row, err));
    }
    return migrate_conn_lock_limit(conn, conn->lock_ms, err);
}
