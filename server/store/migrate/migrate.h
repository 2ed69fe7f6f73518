/* SPDX-License-Identifier: Apache-2.0 */
/* The schema that this program was built with, generated from migrations/, and how to bring a
 * database to it. Blocking: for the command line and tests, never on a loop. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* CREATE INDEX name ON table definition; of the audit log, on each of its partitions. */
struct early_index {
    const char *name, *table, *definition;
    bool is_unique;
};

struct migration {
    int version;
    const char *name;
    const char *sha256; /* of the SQL, hex */
    const char *sql;
    int works_with; /* the last migration of the oldest program that works with it; 0: none but ours */
    const struct early_index *indexes; /* made beforehand, up to one without a name; NULL: none */
    /* What is done to rows before all that, piece by piece: SELECT name($1), each time with what it gave before, at first '', until
     * that is NULL; each is a transaction. NULL: nothing. */
    const char *slices;
};
extern const struct migration MIGRATIONS[];
extern const size_t MIGRATION_COUNT;

enum { MIGRATE_LOCK_MS = 200, MIGRATE_WAIT_S = 60 };

struct migrate_options {
    const char *conninfo; /* libpq's, of the database's owner */
    int lock_ms;          /* the longest wait for a lock: nobody waits longer behind it */
    int wait_s;           /* so long a migration tries again, when a lock could not be had */
    /* Told before each migration is applied, and what it waits for or does meanwhile. NULL: nobody is. */
    void (*report)(void *ctx, int version, const char *name);
    void (*say)(void *ctx, const char *line);
    void *ctx;
};

static inline void migrate_say(const struct migrate_options *options, const char *line)
{
    if (options->say != NULL) {
        options->say(options->ctx, line);
    }
}

/* Apply what is missing, one transaction each, one run at a time; of two at once the other finds nothing to do. One that was interrupted
 * goes on where it was. R_SCHEMA_TOO_NEW; R_SCHEMA_CHANGED when an applied migration's text was changed; R_MIGRATION_BLOCKED;
 * R_DATABASE_UNAVAILABLE; R_DATABASE_ERROR. The detail says more. */
rc migrate_apply(const struct migrate_options *options, struct err *err);

/* A login role of a node that sees these boundaries and no others
 * (migrations/0003_row_level_security.sql). */
struct node_role {
    const char *name;
    const char *boundaries; /* "gcc-high,dod": all that it sees from now on; "": none */
    char unknown[256];      /* filled: those that are not made yet, ", " between */
    char sinks[256];        /* filled: its sinks, which have passed earlier records of a new one */
};
/* Make the role if there is none, and grant it what it may see; again replaces the list.
 * Recorded in the audit log. R_PRECONDITION_FAILED when the role sees every boundary by other
 * means. */
rc migrate_node_role(const char *conninfo, struct node_role *role, struct err *err);

/* Register a platform admin's client certificate (32 bytes of SHA-256), as the database's owner:
 * the first one, for whom nobody could have called the API. Recorded in the audit log. */
rc migrate_platform_admin(const char *conninfo, const char *name,
                          const unsigned char fingerprint[32], struct err *err);

enum { KEEP_LOG_MONTHS_MAX = 1200 };
/* How many months of the audit log are kept besides the present one; 0: all. Recorded in the audit log. The rest is done by
 * nodes (migrations/0032_audit_retention.sql). */
rc migrate_keep_log(const char *conninfo, unsigned months, struct err *err);
