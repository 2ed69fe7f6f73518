/* SPDX-License-Identifier: Apache-2.0 */
/* chancery doctor: checks what the server needs, and says what to fix. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "client/client.h"
#include "conf/conf.h"
#include "conninfo/conninfo.h"
#include "crypto/algs.h"
#include "keys/keys.h"
#include "store/migrate/migrate.h"
#include "store/pg/pg_settings.h"

static const char HELP[] =
    "usage: chancery doctor --config FILE\n"
    "\n"
    "Checks what chanceryd needs, one line each: configuration, algorithms, root key, database\n"
    "with its settings and schema, clock, and whether the server answers. Under each problem\n"
    "stands what to do.\n"
    "Run it as the user who runs chanceryd. Exit code 0 if all is well, 1 if not.\n"
    "\n"
    "  chancery doctor --config /etc/chancery/chanceryd.yaml\n";

struct patient {
    struct arena *arena;
    Conf *conf;
    PGconn *database;
};

static rc check_algorithms(struct patient *p, struct err *err)
{
    return crypto_init(p->conf->crypto_properties[0] == '\0' ? NULL : p->conf->crypto_properties,
                       err);
}

static rc check_root_key(struct patient *p, struct err *err)
{
    struct secret *root = NULL;
    TRY(keys_root_from_file(p->conf->root_key->file, &root, err));
    secret_free(root);
    return OK;
}

/* As a node connects, but that it waits. */
static rc check_database(struct patient *p, struct err *err)
{
    struct conninfo said;
    TRY(conninfo_parse(p->arena, p->conf->database->conninfo, &said, err));
    const char *options =
        pg_settings_options(p->arena, STORE_READ, (int)p->conf->database->statement_timeout_ms,
                            conninfo_get(&said, "options"));
    ARENA_ENSURE(options, err);
    const char *attributes = conninfo_get(&said, "target_session_attrs");
    bool is_any = attributes[0] == '\0' || strcmp(attributes, "any") == 0;
    const char *keys[] = {"dbname",          "options",         "target_session_attrs",
                          "connect_timeout", "client_encoding", NULL};
    const char *values[] = {p->conf->database->conninfo,
                            options,
                            is_any ? "read-write" : attributes,
                            said.connect_timeout_ms > 0 ? NULL : "5",
                            "UTF8",
                            NULL};
    p->database = PQconnectdbParams(keys, values, 1);
    if (PQstatus(p->database) != CONNECTION_OK) {
        FAIL(err, R_DATABASE_UNAVAILABLE, "%.150s", PQerrorMessage(p->database));
    }
    return OK;
}

/* What a node asks of every connection, by the same statement. */
static rc check_settings(struct patient *p, struct err *err)
{
    const char *check =
        pg_settings_check(p->arena, STORE_READ, (int)p->conf->database->statement_timeout_ms);
    const char *pid = arena_printf(p->arena, "%d", PQbackendPID(p->database));
    ARENA_ENSURE(check, err);
    ARENA_ENSURE(pid, err);
    PQclear(PQexec(p->database, PG_SETTINGS_SET));
    PGresult *result = PQexecParams(p->database, check, 1, NULL, &pid, NULL, NULL, 0);
    rc fit = PQresultStatus(result) == PGRES_TUPLES_OK
                 ? pg_settings_judge(result, err)
                 : err_raise(err, R_DATABASE_ERROR, __FILE__, __LINE__, "%.150s",
                             PQerrorMessage(p->database));
    PQclear(result);
    return fit;
}

static rc check_schema(struct patient *p, struct err *err)
{
    PGresult *result =
        PQexec(p->database, "SELECT coalesce(max(version), 0) FROM schema_migration");
    int version = PQresultStatus(result) == PGRES_TUPLES_OK ? atoi(PQgetvalue(result, 0, 0)) : 0;
    PQclear(result);
    if (version < MIGRATIONS[MIGRATION_COUNT - 1].version) {
        FAIL(err, R_SCHEMA_TOO_OLD, "the database is at migration %d", version);
    }
    if (version > MIGRATIONS[MIGRATION_COUNT - 1].version) {
        FAIL(err, R_SCHEMA_TOO_NEW, "the database is at migration %d", version);
    }
    return OK;
}

static rc check_clock(struct patient *p, struct err *err)
{
    enum { SKEW_MAX_S = 5 };
    PGresult *result = PQexec(p->database, "SELECT extract(epoch FROM clock_timestamp())::bigint");
    int64_t theirs =
        PQresultStatus(result) == PGRES_TUPLES_OK ? strtoll(PQgetvalue(result, 0, 0), NULL, 10) : 0;
    int64_t difference = theirs - clock_unix().s;
    PQclear(result);
    if (difference > SKEW_MAX_S || difference < -SKEW_MAX_S) {
        FAIL(err, R_STARTUP_FAILED, "this clock and the database's differ by %lld s: check NTP",
             (long long)difference);
    }
    return OK;
}

static rc check_server(struct patient *p, struct err *err)
{
    struct client *client = NULL;
    struct slice body = SLICE_NONE;
    const char *address = p->conf->listeners[0]->address;
    const char *scheme = p->conf->listeners[0]->tls != NULL ? "https://" : "http://";
    struct client_config config = {.server = strncmp(address, "unix:", 5) == 0
                                                 ? address
                                                 : arena_printf(p->arena, "%s%s", scheme, address),
                                   .ca_file = p->conf->listeners[0]->tls != NULL
                                                  ? p->conf->listeners[0]->tls->certificate_file
                                                  : NULL,
                                   .timeout_ms = 3000};
    for (size_t i = 0; i < p->conf->n_listeners; i++) {
        if (strncmp(p->conf->listeners[i]->address, "unix:", 5) == 0) {
            config.server = p->conf->listeners[i]->address; /* there TLS doesn't matter */
        }
    }
    TRY(client_new(&config, &client, err));
    int status = client_get(client, p->arena, "/readyz", &body);
    client_free(client);
    if (status != 200) {
        FAIL(err, R_STARTUP_FAILED, "%s: %s", config.server,
             status == 0 ? "nobody answers: start chanceryd" : "not ready: see its log");
    }
    return OK;
}

static bool examine(struct patient *p)
{
    static const struct {
        const char *what;
        rc (*run)(struct patient *p, struct err *err);
    } checks[] = {{"algorithms", check_algorithms}, {"root key", check_root_key},
                  {"database", check_database},     {"settings", check_settings},
                  {"schema", check_schema},         {"clock", check_clock},
                  {"server", check_server}};
    bool all = true;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        struct err err = {0};
        bool ok = checks[i].run(p, &err).ok;
        const struct reason_info *info = reason_info(err.reason);
        printf("%-14s %s\n", checks[i].what, ok ? "ok" : info->name);
        if (!ok) {
            printf("  %s\n  %s %s\n", err.detail, info->text, info->advice);
        }
        all = all && ok;
        if (!ok && checks[i].run == check_database) {
            break; /* the checks that follow need it */
        }
    }
    return all;
}

static int run(int argc, char **argv)
{
    const char *path = NULL;
    const struct option_spec specs[] = {{"--config", &path, NULL, NULL}};
    struct patient p = {0};
    struct err err = {0};
    if (options_take(&command_doctor, specs, 1, argc, argv) != 1 || path == NULL) {
        return usage_error(&command_doctor, "--config is required");
    }
    p.arena = arena_new(8 * 1024 * 1024);
    int code = EXIT_FAILED;
    if (!conf_load(p.arena, path, &p.conf, &err).ok) {
        code = fail_with(&command_doctor, &err);
    } else {
        printf("%-14s ok\n", "configuration");
        code = examine(&p) ? EXIT_OK : EXIT_FAILED;
    }
    PQfinish(p.database);
    arena_free(p.arena);
    crypto_fini();
    return code;
}

const struct command command_doctor = {.name = "doctor",
                                       .summary =
                                           "check what the server needs, and say what to fix",
                                       .help = HELP,
                                       .run = run};
