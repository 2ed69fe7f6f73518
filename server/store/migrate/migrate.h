/* SPDX-License-Identifier: Apache-2.0 */
/* The schema that this program was built with, generated from migrations/, and how to bring a
 * database to it. Blocking: for the command line and tests, never on a loop. */
#pragma once

#include <stddef.h>

#include "base/err.h"

struct migration {
    int version;
    const char *name;
    const char *sha256; /* of the SQL, hex */
    const char *sql;
};
extern const struct migration MIGRATIONS[];
extern const size_t MIGRATION_COUNT;

/* Told before each migration is applied. */
typedef void (*migrate_report)(void *ctx, int version, const char *name);

/* Apply what is missing, one transaction each, under a lock, so that two at once do no harm.
 * `conninfo` is libpq's, of the database's owner. R_SCHEMA_TOO_NEW; R_SCHEMA_CHANGED when
 * an applied migration's text was changed; R_DATABASE_UNAVAILABLE; R_DATABASE_ERROR. The detail
 * says more. */
rc migrate_apply(const char *conninfo, migrate_report report, void *ctx, struct err *err);

/* A login role of a node that sees these boundaries and no others
 * (migrations/0003_row_level_security.sql). */
struct node_role {
    const char *name;
    const char *boundaries; /* "gcc-high,dod": all that it sees from now on; "": none */
    char unknown[256];      /* filled: those that are not made yet, ", " between */
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
