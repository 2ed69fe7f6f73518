/* SPDX-License-Identifier: Apache-2.0 */
#include "store/migrate/migrate_index.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"

enum { SQL_BUDGET = 64 * 1024 };

/* The table, or its tables, where they have 16 MiB and more, which takes longer than a moment; the name that the index has
 * there, and whether it is whole. */
static const char TABLES[] =
    "SELECT quote_ident(c.relname), quote_ident(n.name), coalesce(x.indisvalid, false), x.indexrelid IS NULL"
    " FROM pg_class p JOIN pg_class c ON p.relkind = 'r' AND c.oid = p.oid OR EXISTS ("
    "   SELECT FROM pg_inherits i"
    "   WHERE i.inhparent = p.oid AND i.inhrelid = c.oid AND NOT i.inhdetachpending)"
    " CROSS JOIN LATERAL (SELECT CASE p.relkind WHEN 'r' THEN $1::text"
    "                                           ELSE left(c.relname || '_' || $1, 63) END AS name) n"
    " LEFT JOIN pg_index x ON x.indrelid = c.oid AND x.indexrelid = to_regclass(quote_ident(n.name))"
    " WHERE p.oid = to_regclass($2) AND c.relkind = 'r'"
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

/* --- waiting -------------------------------------------------------------------------------------- */

struct making {
    const struct migrate_options *options;
    const char *line;
};

static void tell_wait(const void *ctx, const char *blocker)
{
    const struct making *making = ctx;
    char line[ERR_DETAIL_MAX];
    snprintf(line, sizeof line, "%s waits for %s", making->line, blocker);
    migrate_say(making->options, line);
}

/* PostgreSQL leaves an invalid index when it gives up. */
static rc run(struct migrate_conn *conn, const struct making *making, const char *sql,
              struct err *err)
{
    conn->tell = tell_wait;
    conn->tell_ctx = making;
    rc done = migrate_conn_run(conn, sql, err);
    conn->tell = NULL;
    conn->tell_ctx = NULL;
    if (done.ok || err->reason != R_DATABASE_LOCKED) {
        return done;
    }
    *err = (struct err){0};
    FAIL(err, R_MIGRATION_BLOCKED, "%s waits for %s", making->line,
         conn->blocker[0] == '\0' ? "a transaction" : conn->blocker);
}

/* --- making --------------------------------------------------------------------------------------- */

static rc make_one(struct migrate_conn *conn, const struct migrate_options *options,
                   const struct early_index *index, const PGresult *tables, int row,
                   struct err *err)
{
    AUTO(arena_free_at) struct arena *arena = arena_new(SQL_BUDGET);
    const char *table = PQgetvalue(tables, row, 0), *name = PQgetvalue(tables, row, 1);
    if (is_true(tables, row, 2)) {
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
    const struct making making = {options, line};
    migrate_say(options, line);
    if (!is_true(tables, row, 3)) {
        TRY(run(conn, &making, drop, err));
    }
    return run(conn, &making, make, err);
}

/* Nobody waits for it, so that it may wait for longer than others would. 0: as long as it takes. */
static int longest_wait_ms(const struct migrate_conn *conn, const struct migrate_options *options)
{
    int wait_ms = options->wait_s * 1000;
    return conn->lock_ms == 0 || conn->lock_ms > wait_ms ? conn->lock_ms : wait_ms;
}

/* It waits for all transactions that began before it, one after the other, and for all of them together no longer than was said. */
rc migrate_index_make(struct migrate_conn *conn, const struct migrate_options *options,
                      const struct early_index *index, struct err *err)
{
    AUTO(clear_at) PGresult *tables = NULL;
    const char *values[] = {index->name, index->table};
    TRY(migrate_conn_query(conn, TABLES, values, 2, &tables, err));
    TRY(migrate_conn_lock_limit(conn, longest_wait_ms(conn, options), err));
    conn->wait_ms = longest_wait_ms(conn, options);
    conn->waited_ns = 0;
    for (int row = 0; row < PQntuples(tables); row++) {
        TRY(make_one(conn, options, index, tables, row, err));
    }
    conn->wait_ms = 0;
    return migrate_conn_lock_limit(conn, conn->lock_ms, err);
}
