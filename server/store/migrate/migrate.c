/* SPDX-License-Identifier: Apache-2.0 */
/* lock (one run at a time) ──▶ compare ──▶ slices, indexes ──▶ BEGIN, SQL, COMMIT ──▶ the next one …
 *                                                ▲                        │ a lock could not be had
 *                                                └──── pause: others go on, and finish ◀──┘ */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/ids.h"
#include "store/migrate/migrate.h"
#include "store/migrate/migrate_conn.h"
#include "store/migrate/migrate_index.h"
#include "store/migrate/schema_range.h"

enum { PAUSE_MS = 1000, SQL_BYTES = 256, PLACE_BYTES = 128 };

/* Asked for again and again: who stood in line for it would be a transaction that CREATE INDEX CONCURRENTLY waits for. */
static const char LOCK[] = "SELECT pg_try_advisory_lock(hashtext('chancery migrate'))";
static const char HOLDER[] =
    "SELECT " MIGRATE_WHO " FROM pg_locks b LEFT JOIN pg_stat_activity a USING (pid)"
    " WHERE b.locktype = 'advisory' AND b.granted AND b.objsubid = 1"
    " AND b.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND (b.classid::bigint << 32 | b.objid::bigint) = hashtext('chancery migrate')::bigint";
static const char BOOKS[] =
    "CREATE TABLE IF NOT EXISTS schema_migration (version integer PRIMARY KEY, name text NOT NULL,"
    " sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())";
static const char APPLIED[] = "SELECT version, sha256 FROM schema_migration ORDER BY version";
static const char NOTE[] =
    "INSERT INTO schema_migration (version, name, sha256) VALUES ($1, $2, $3)";
static const char NOTE_RANGE[] = "UPDATE schema_migration SET works_with = $2 WHERE version = $1";

static void clear_at(PGresult **result)
{
    PQclear(*result);
}

static void pause_for(int64_t ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&pause, NULL);
}

/* --- what is there ------------------------------------------------------------------------------ */

static void tell_turn(const void *ctx, const char *holder)
{
    char line[ERR_DETAIL_MAX];
    snprintf(line, sizeof line, "another chancery migrate is at work: %s", holder);
    migrate_say(ctx, line);
}

/* Whoever has the turn; the first words at once. */
static rc look_at_turn(struct migrate_conn *conn, struct err *err)
{
    AUTO(clear_at) PGresult *holder = NULL;
    TRY(migrate_conn_query(conn, HOLDER, NULL, 0, &holder, err));
    migrate_conn_blocked_by(conn, holder);
    return OK;
}

/* It holds until the connection ends, however that comes about. */
static rc take_turn(struct migrate_conn *conn, const struct migrate_options *options,
                    struct err *err)
{
    struct mono_time end = mono_add_ms(clock_mono(), options->wait_s * 1000LL);
    conn->tell_at = clock_mono();
    conn->tell = tell_turn;
    conn->tell_ctx = options;
    while (true) {
        AUTO(clear_at) PGresult *taken = NULL;
        TRY(migrate_conn_query(conn, LOCK, NULL, 0, &taken, err));
        if (PQgetvalue(taken, 0, 0)[0] == 't') {
            conn->tell = NULL;
            return OK;
        }
        TRY(look_at_turn(conn, err));
        if (conn->lock_ms > 0 && clock_mono().ns >= end.ns) {
            FAIL(err, R_MIGRATION_BLOCKED, "another chancery migrate is at work: %s",
                 conn->blocker[0] == '\0' ? "a hidden process" : conn->blocker);
        }
        pause_for(PAUSE_MS / 4);
    }
}

/* Those behind ours are a later release's: fine, if they say that we work with them. */
static rc compare_later(struct migrate_conn *conn, struct err *err)
{
    AUTO(clear_at) PGresult *found = NULL;
    char ours[24];
    const char *values[] = {ours};
    snprintf(ours, sizeof ours, "%lld", (long long)schema_ours());
    TRY(migrate_conn_query(conn, SCHEMA_RANGE, values, 1, &found, err));
    return schema_judge(
        (struct schema_range){.version = strtoll(PQgetvalue(found, 0, 0), NULL, 10),
                              .works_with = strtoll(PQgetvalue(found, 0, 1), NULL, 10)},
        err);
}

/* What is applied must be a prefix of what we have, with the same text, or go on behind it. */
static rc compare(struct migrate_conn *conn, size_t *count, struct err *err)
{
    AUTO(clear_at) PGresult *applied = NULL;
    TRY(migrate_conn_query(conn, APPLIED, NULL, 0, &applied, err));
    *count = (size_t)PQntuples(applied);
    for (size_t i = 0; i < *count && i < MIGRATION_COUNT; i++) {
        if (strtol(PQgetvalue(applied, (int)i, 0), NULL, 10) != MIGRATIONS[i].version ||
            strcmp(PQgetvalue(applied, (int)i, 1), MIGRATIONS[i].sha256) != 0) {
            FAIL(err, R_SCHEMA_CHANGED, "migration %d was applied with another text",
                 MIGRATIONS[i].version);
        }
    }
    return *count > MIGRATION_COUNT ? compare_later(conn, err) : OK;
}

/* --- applying ----------------------------------------------------------------------------------- */

static rc note(struct migrate_conn *conn, const struct migration *migration, struct err *err)
{
    AUTO(clear_at) PGresult *noted = NULL;
    AUTO(clear_at) PGresult *ranged = NULL;
    char version[16], works_with[16];
    const char *row[] = {version, migration->name, migration->sha256};
    const char *range[] = {version, works_with};
    snprintf(version, sizeof version, "%d", migration->version);
    snprintf(works_with, sizeof works_with, "%d", migration->works_with);
    TRY(migrate_conn_query(conn, NOTE, row, 3, &noted, err));
    return migration->works_with == 0
               ? OK
               : migrate_conn_query(conn, NOTE_RANGE, range, 2, &ranged, err);
}

static rc apply_one(struct migrate_conn *conn, const struct migration *migration, struct err *err)
{
    TRY(migrate_conn_run(conn, "BEGIN", err));
    TRY(migrate_conn_run(conn, migration->sql, err));
    TRY(note(conn, migration, err));
    return migrate_conn_run(conn, "COMMIT", err);
}

static rc blocked(const struct migration *migration, const char *blocker, struct err *err)
{
    *err = (struct err){0};
    FAIL(err, R_MIGRATION_BLOCKED, "migration %04d waits for %s", migration->version,
         blocker[0] == '\0' ? "a lock" : blocker);
}

/* Once for each who is in the way; how long they are grows. */
static void tell_wait(const struct migrate_options *options, const struct err *err,
                      char told[ERR_DETAIL_MAX])
{
    size_t length = strcspn(err->detail, ",") + 1;
    if (strncmp(err->detail, told, length) != 0) {
        migrate_say(options, err->detail);
        snprintf(told, ERR_DETAIL_MAX, "%s", err->detail);
    }
}

/* Whoever waits for a lock of a table has all others behind it. So it gives up soon, and comes again when those have gone on. */
static rc apply_patiently(struct migrate_conn *conn, const struct migrate_options *options,
                          const struct migration *migration, struct err *err)
{
    struct mono_time end = mono_add_ms(clock_mono(), options->wait_s * 1000LL);
    char told[ERR_DETAIL_MAX] = "";
    while (true) {
        rc applied = apply_one(conn, migration, err);
        if (applied.ok || err->reason != R_DATABASE_LOCKED) {
            return applied;
        }
        applied = blocked(migration, conn->blocker, err);
        if (clock_mono().ns >= end.ns) {
            return applied;
        }
        tell_wait(options, err, told);
        *err = (struct err){0};
        TRY(migrate_conn_run(conn, "ROLLBACK", err));
        pause_for(PAUSE_MS);
    }
}

/* Rows that others hold are asked for again, as a lock is. */
static rc slice(struct migrate_conn *conn, const struct migrate_options *options,
                const struct migration *migration, const char *place, PGresult **out,
                struct err *err)
{
    struct mono_time end = mono_add_ms(clock_mono(), options->wait_s * 1000LL);
    while (true) {
        rc done = migrate_conn_query(conn, migration->slices, &place, 1, out, err);
        if (done.ok || err->reason != R_DATABASE_LOCKED) {
            return done;
        }
        done = blocked(migration, "others who hold rows that it changes", err);
        if (clock_mono().ns >= end.ns) {
            return done;
        }
        PQclear(*out);
        *out = NULL;
        *err = (struct err){0};
        pause_for(PAUSE_MS / 4);
    }
}

static rc run_slices(struct migrate_conn *conn, const struct migrate_options *options,
                     const struct migration *migration, struct err *err)
{
    char place[PLACE_BYTES] = "";
    bool is_over = migration->slices == NULL;
    while (!is_over) {
        AUTO(clear_at) PGresult *next = NULL;
        TRY(slice(conn, options, migration, place, &next, err));
        is_over = PQgetisnull(next, 0, 0);
        snprintf(place, sizeof place, "%s", PQgetvalue(next, 0, 0));
    }
    return OK;
}

static rc apply_with_indexes(struct migrate_conn *conn, const struct migrate_options *options,
                             const struct migration *migration, struct err *err)
{
    if (options->report != NULL) {
        options->report(options->ctx, migration->version, migration->name);
    }
    TRY(run_slices(conn, options, migration, err));
    for (const struct early_index *index = migration->indexes; index != NULL && index->name != NULL;
         index++) {
        TRY(migrate_index_make(conn, options, index, err));
    }
    return apply_patiently(conn, options, migration, err);
}

/* The audit log's, for the coming months; and whatever came into audit_rest goes where it belongs, however much it is. Before
 * that closes a gap it is noted which months have gone. Beside somebody who reads the whole log the server does it later. */
static rc make_partitions(struct migrate_conn *conn, struct err *err)
{
    char sql[SQL_BYTES], id[UUID_TEXT_BYTES];
    uuid_format(uuid_v7(clock_unix_us()), id);
    snprintf(sql, sizeof sql,
             "SELECT audit_note_gap('%s'); SELECT audit_extend(2, now(), 9223372036854775807)", id);
    rc made = migrate_conn_run(conn, sql, err);
    if (!made.ok && err->reason == R_DATABASE_LOCKED) {
        *err = (struct err){0};
        return OK;
    }
    return made;
}

rc migrate_apply(const struct migrate_options *options, struct err *err)
{
    AUTO(migrate_conn_close) struct migrate_conn conn = {.pg = NULL};
    size_t count = 0;
    TRY(migrate_conn_open(&conn, options->conninfo, options->lock_ms, err));
    TRY(take_turn(&conn, options, err));
    TRY(migrate_conn_run(&conn, BOOKS, err));
    TRY(compare(&conn, &count, err));
    for (size_t i = count; i < MIGRATION_COUNT; i++) {
        TRY(apply_with_indexes(&conn, options, &MIGRATIONS[i], err));
    }
    return make_partitions(&conn, err);
}
