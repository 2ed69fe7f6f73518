/* SPDX-License-Identifier: Apache-2.0 */
/* The database: whether it lets us in, is set up as promises need it, has our schema, lets us do what
 * we do, has room, and has our time. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "cli/doctor/doctor.h"
#include "conninfo/conninfo.h"
#include "store/migrate/schema_range.h"
#include "store/pg/pg_access.h"
#include "store/pg/pg_error.h"
#include "store/pg/pg_settings.h"

enum { CONNECT_MS = 5000, TEXT_MAX = 400 };

/* --- connecting ------------------------------------------------------------------------------- */

/* As a node connects, but that it waits. */
static PGconn *begin(struct doctor *d, const struct conninfo *said)
{
    int timeout = (int)d->conf->database->statement_timeout_ms;
    const char *options =
        pg_settings_options(d->arena, STORE_READ, timeout, conninfo_get(said, "options"));
    const char *attributes = conninfo_get(said, "target_session_attrs");
    bool is_any = attributes[0] == '\0' || strcmp(attributes, "any") == 0;
    const char *keys[] = {"dbname", "options", "target_session_attrs", "client_encoding", NULL};
    const char *values[] = {d->conf->database->conninfo, options,
                            is_any ? "read-write" : attributes, "UTF8", NULL};
    return options == NULL ? NULL : PQconnectStartParams(keys, values, 1);
}

/* Returns whether it came to an end in time. */
static bool finish(PGconn *pg, int64_t ms)
{
    struct mono_time until = mono_add_ms(clock_mono(), ms);
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    (void)PQsetErrorVerbosity(pg, PQERRORS_VERBOSE); /* with the SQLSTATE */
    while (state != PGRES_POLLING_OK && state != PGRES_POLLING_FAILED) {
        int64_t left = (until.ns - clock_mono().ns) / 1000000;
        short event = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        struct pollfd watch = {.fd = PQsocket(pg), .events = event};
        if (left <= 0 || poll(&watch, 1, (int)left) == 0) {
            return false;
        }
        state = PQconnectPoll(pg);
    }
    return true;
}

/* "FATAL:  28P01: password …" → "28P01". */
static bool has_state(const char *message, const char *state)
{
    const char *found = strstr(message, state);
    return found != NULL && found - message >= 2 && found[-1] == ' ' && found[5] == ':';
}

static bool has(const char *message, const char *words)
{
    return strstr(message, words) != NULL;
}

/* libpq gives no SQLSTATE of a connection, but for its text. */
static enum setup_fault fault_of(const char *message)
{
    static const struct {
        const char *state; /* or words of libpq's own */
        enum setup_fault fault;
    } rows[] = {
        {"28P01", FAULT_DATABASE_CREDENTIALS},
        {"28000", FAULT_DATABASE_CREDENTIALS},
        {"42501", FAULT_DATABASE_CREDENTIALS}, /* no CONNECT privilege */
        {"3D000", FAULT_DATABASE_UNKNOWN},
        {"53300", FAULT_DATABASE_TOO_MANY_CONNECTIONS},
        {"no password supplied", FAULT_DATABASE_CREDENTIALS},
        {"could not translate host name", FAULT_DATABASE_HOST},
        {"could not parse network address", FAULT_DATABASE_HOST},
        {"unreachable", FAULT_DATABASE_HOST},
        {"No route to host", FAULT_DATABASE_HOST},
        {"timed out", FAULT_DATABASE_HOST},
        {"SSL", FAULT_DATABASE_TLS},
        {"certificate", FAULT_DATABASE_TLS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool is_state = strlen(rows[i].state) == 5 && rows[i].state[0] < 'A';
        if (is_state ? has_state(message, rows[i].state) : has(message, rows[i].state)) {
            return rows[i].fault;
        }
    }
    return FAULT_DATABASE_DOWN;
}

/* In one line, and without the places in PostgreSQL's source. */
static const char *in_one_line(const struct doctor *d, const char *message)
{
    const char *end = strstr(message, "\nLOCATION:");
    size_t len = end == NULL ? strlen(message) : (size_t)(end - message);
    while (len > 0 && message[len - 1] == '\n') {
        len--;
    }
    const char *line = utf8_line(d->arena, slice_of(message, len), TEXT_MAX);
    return line == NULL ? "" : line;
}

static void tell_unconnected(struct doctor *d, const char *message)
{
    struct err err = {0};
    if (has(message, "is read-only") || has(message, "in hot standby")) {
        (void)err_raise(&err, R_DATABASE_READ_ONLY, __FILE__, __LINE__, "%.150s", message).ok;
        setup_tell_err(&d->to, &err);
    } else {
        setup_tell(&d->to, fault_of(message), "%s", in_one_line(d, message));
    }
}

void doctor_database(struct doctor *d)
{
    struct conninfo said;
    struct err err = {0};
    if (!conninfo_parse(d->arena, d->conf->database->conninfo, &said, &err).ok) {
        setup_tell_err(&d->to, &err);
        return;
    }
    int64_t ms = said.connect_timeout_ms > 0 ? said.connect_timeout_ms : CONNECT_MS;
    PGconn *pg = begin(d, &said);
    bool is_over =
        pg != NULL && PQstatus(pg) != CONNECTION_BAD && finish(pg, ms * (int64_t)said.host_count);
    if (is_over && PQstatus(pg) == CONNECTION_OK) {
        d->database = pg;
        (void)PQsetErrorVerbosity(pg, PQERRORS_DEFAULT);
        return;
    }
    bool is_late = pg != NULL && PQstatus(pg) != CONNECTION_BAD;
    tell_unconnected(d, is_late ? "it timed out" : PQerrorMessage(pg));
    PQfinish(pg);
}

/* --- what it is ------------------------------------------------------------------------------- */

void doctor_tell_failure(struct doctor *d, const PGresult *result)
{
    struct err err = {0};
    const char *said = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    enum reason reason = state == NULL ? R_DATABASE_UNAVAILABLE : pg_reason(state);
    (void)err_raise(&err, reason, __FILE__, __LINE__, "%.150s",
                    said == NULL ? PQerrorMessage(d->database) : said)
        .ok;
    setup_tell_err(&d->to, &err);
}

static bool is_state(const PGresult *result, const char *state)
{
    const char *found = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return found != NULL && strcmp(found, state) == 0;
}

/* What a node asks of every connection, by the same statement. */
void doctor_settings(struct doctor *d)
{
    struct err err = {0};
    const char *check =
        pg_settings_check(d->arena, STORE_READ, (int)d->conf->database->statement_timeout_ms);
    const char *pid = arena_printf(d->arena, "%d", PQbackendPID(d->database));
    CH_ASSERT(check != NULL && pid != NULL); /* the arena is far larger than they are */
    PQclear(PQexec(d->database, PG_SETTINGS_SET));
    PGresult *result = PQexecParams(d->database, check, 1, NULL, &pid, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        doctor_tell_failure(d, result);
    } else if (!pg_settings_judge(result, &err).ok) {
        setup_tell_err(&d->to, &err);
    }
    PQclear(result);
}

static void judge_version(struct doctor *d, struct schema_range range)
{
    struct err err = {0};
    d->has_schema = schema_judge(range, &err).ok;
    if (!d->has_schema) {
        setup_tell_err(&d->to, &err);
    }
}

static int64_t number(const PGresult *result, int column)
{
    return strtoll(PQgetvalue(result, 0, column), NULL, 10);
}

/* A schema of before schema_range, which lacks the column. */
static void judge_old_version(struct doctor *d)
{
    PGresult *result = PQexec(d->database, "SELECT max(version) FROM schema_migration");
    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        judge_version(d, (struct schema_range){.version = number(result, 0)});
    } else {
        doctor_tell_failure(d, result);
    }
    PQclear(result);
}

void doctor_schema(struct doctor *d)
{
    const char *ours = arena_printf(d->arena, "%lld", (long long)schema_ours());
    PGresult *result = PQexecParams(d->database, SCHEMA_RANGE, 1, NULL, &ours, NULL, NULL, 0);
    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        judge_version(d, (struct schema_range){.version = number(result, 0),
                                               .works_with = number(result, 1)});
    } else if (is_state(result, "42703")) {
        judge_old_version(d);
    } else if (is_state(result, "42P01")) {
        setup_tell(&d->to, FAULT_DATABASE_EMPTY, "database %s has no table schema_migration",
                   PQdb(d->database));
    } else if (is_state(result, "42501")) {
        setup_tell(&d->to, FAULT_DATABASE_GRANT_MISSING, "%s: %s", PQuser(d->database),
                   PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
    } else {
        doctor_tell_failure(d, result);
    }
    PQclear(result);
}

void doctor_grants(struct doctor *d)
{
    const char *why = "";
    switch (pg_access_check(d->database, d->arena, &why)) {
    case PG_ACCESS_OK:
        return;
    case PG_ACCESS_DENIED:
        setup_tell(&d->to, FAULT_DATABASE_GRANT_MISSING, "%s: %s", PQuser(d->database), why);
        return;
    case PG_ACCESS_DAMAGED:
        setup_tell(&d->to, FAULT_DATABASE_SCHEMA_DAMAGED, "%s", why);
        return;
    case PG_ACCESS_FAILED:
        setup_tell(&d->to, FAULT_DATABASE_DOWN, "%s", why);
        return;
    }
}

/* Sorting 16 MiB in 64 KiB of memory writes them to the disk of the tables, which needs no privilege
 * and leaves nothing behind. */
void doctor_disk(struct doctor *d)
{
    PQclear(PQexec(d->database, "SET work_mem = '64kB'"));
    PGresult *result =
        PQexec(d->database, "SELECT max(length(line)) FROM (SELECT repeat(md5(n::text),"
                            " 32) AS line FROM generate_series(1, 16384) n"
                            " ORDER BY line OFFSET 0) sorted");
    bool is_limited =
        is_state(result, "53400"); /* by temp_file_limit, which says nothing of the disk */
    if (PQresultStatus(result) != PGRES_TUPLES_OK && !is_limited) {
        doctor_tell_failure(d, result);
    }
    PQclear(result);
    PQclear(PQexec(d->database, "RESET work_mem"));
}

/* --- when it is -------------------------------------------------------------------- */

void doctor_clock(struct doctor *d)
{
    enum { SKEW_MAX_S = 5 };
    int64_t before = clock_unix().s;
    PGresult *result = PQexec(d->database, "SELECT extract(epoch FROM clock_timestamp())::bigint");
    int64_t after = clock_unix().s;
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        doctor_tell_failure(d, result);
    } else {
        int64_t theirs = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
        int64_t ahead = theirs > after ? theirs - after : theirs < before ? theirs - before : 0;
        if (ahead > SKEW_MAX_S || ahead < -SKEW_MAX_S) {
            setup_tell(&d->to, FAULT_CLOCK_SKEW, "the database's clock is %lld s %s this machine's",
                       (long long)llabs(ahead), ahead > 0 ? "ahead of" : "behind");
        }
    }
    PQclear(result);
}
