/* SPDX-License-Identifier: Apache-2.0 */
/* What the database promises when another one takes over: all that was acknowledged, or all but the last. */
#include <string.h>

#include "cli/doctor/doctor.h"
#include "store/pg/pg_statement.h"

/* As a node asks at its start. The columns are those of the statement. */
void doctor_standbys(struct doctor *d)
{
    PGresult *result = PQexec(d->database, pg_statement_find("read_replication")->sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        setup_tell(&d->to, FAULT_DATABASE_DOWN, "%s", PQerrorMessage(d->database));
    } else if (strcmp(PQgetvalue(result, 0, 0), "asynchronous") == 0) {
        setup_tell(&d->to, FAULT_STANDBY_ASYNCHRONOUS,
                   "synchronous_standby_names is empty, and %s follow, such as %s",
                   PQgetvalue(result, 0, 1), PQgetvalue(result, 0, 2));
    }
    PQclear(result);
}
