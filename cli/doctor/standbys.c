/* SPDX-License-Identifier: Apache-2.0 */
/* What the database promises when another one takes over: all that was acknowledged, or all but the last. */
#include <string.h>

#include "cli/doctor/doctor.h"

/* Who copies the database, and who of them a commit doesn't wait for. Their states are hidden from a role without pg_read_all_stats;
 * then it counts that no commit waits for anybody. */
static const char ASYNCHRONOUS[] =
    "SELECT count(*), coalesce(min(nullif(application_name, '')), 'one that is not named')"
    " FROM pg_stat_replication"
    " WHERE coalesce(state, 'streaming') IN ('streaming', 'catchup')"
    " AND current_setting('synchronous_standby_names') = ''"
    " AND coalesce(sync_state, 'async') = 'async'";

void doctor_standbys(struct doctor *d)
{
    PGresult *result = PQexec(d->database, ASYNCHRONOUS);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        setup_tell(&d->to, FAULT_DATABASE_DOWN, "%s", PQerrorMessage(d->database));
    } else if (strcmp(PQgetvalue(result, 0, 0), "0") != 0) {
        setup_tell(&d->to, FAULT_STANDBY_ASYNCHRONOUS,
                   "synchronous_standby_names is empty, and %s follow, such as %s",
                   PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1));
    }
    PQclear(result);
}
