/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a connection's role may do what the server does, statement by statement. Blocking: for the
 * command line, never on a loop. */
#pragma once

#include <libpq-fe.h>

#include "base/arena.h"

enum pg_access {
    PG_ACCESS_OK,
    PG_ACCESS_DENIED,  /* a privilege is missing */
    PG_ACCESS_DAMAGED, /* a table, column or function is missing, or of another type */
    PG_ACCESS_FAILED,  /* the database could not be asked */
};

/* Have every statement planned, which asks for the privileges and runs nothing. `why` is what
 * PostgreSQL says of the first one that fails, and which statement that is; lent by the arena. */
enum pg_access pg_access_check(PGconn *pg, struct arena *arena, const char **why);

/* Whether the database shows this role how far the log is settled, as long as nobody else comes. R_LOG_UNSETTLED; what pg_reason
 * says. */
rc pg_access_log(PGconn *pg, struct err *err);
