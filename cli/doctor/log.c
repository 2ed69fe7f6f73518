/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log: whether those who follow it are told how far it is settled, and how far its sinks have come. */
#include <stdlib.h>

#include "cli/doctor/doctor.h"
#include "store/pg/pg_access.h"

enum { BEHIND_MAX_S = 300 };

/* By the configuration that is looked at: what another one's sinks do is nobody's concern here. */
static const char SINKS[] =
    "SELECT w.name, coalesce(s.problem, ''), coalesce(extract(epoch FROM now() - s.at)::bigint, -1),"
    "  coalesce(to_char(s.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), '')"
    " FROM unnest(string_to_array($1, ',')) AS w (name)"
    " LEFT JOIN audit_sink s ON s.name = w.name AND s.reader = audit_sink_reader()";

static const char *names_of(const struct doctor *d)
{
    const char *list = "";
    for (size_t i = 0; list != NULL && i < d->conf->n_audit_sinks; i++) {
        list = arena_printf(d->arena, "%s%s%s", list, i == 0 ? "" : ",",
                            d->conf->audit_sinks[i]->name);
    }
    return list;
}

static void judge_sink(struct doctor *d, const PGresult *result, int row)
{
    const char *name = PQgetvalue(result, row, 0), *problem = PQgetvalue(result, row, 1);
    long long behind_s = strtoll(PQgetvalue(result, row, 2), NULL, 10);
    if (behind_s < 0) {
        setup_tell(&d->to, FAULT_SINK_BEHIND, "%s: no node has served it yet", name);
    } else if (behind_s > BEHIND_MAX_S) {
        setup_tell(&d->to, FAULT_SINK_BEHIND, "%s has sent all up to %s%s%s", name,
                   PQgetvalue(result, row, 3), problem[0] == '\0' ? "" : ": ", problem);
    }
}

static void check_sinks(struct doctor *d)
{
    const char *names = names_of(d);
    PGresult *result =
        names == NULL ? NULL : PQexecParams(d->database, SINKS, 1, NULL, &names, NULL, NULL, 0);
    for (int row = 0; row < PQntuples(result); row++) {
        judge_sink(d, result, row);
    }
    PQclear(result);
}

void doctor_log(struct doctor *d)
{
    struct err err = {0};
    if (!pg_access_log(d->database, &err).ok) {
        setup_warn_err(&d->to, &err);
    }
    if (d->conf->n_audit_sinks > 0) {
        check_sinks(d);
    }
}
