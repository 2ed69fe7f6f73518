/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pg/pg_access.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "store/pg/pg_error.h"
#include "store/pg/pg_statement.h"

/* "EXPLAIN EXECUTE name(NULL, NULL)". Privileges of tables and functions are looked at when a plan
 * begins, and EXPLAIN ends it there. NULL: out of memory. */
static const char *explain(struct arena *arena, const struct pg_statement *statement)
{
    struct buf text;
    struct slice whole;
    buf_init(&text, arena);
    buf_printf(&text, "EXPLAIN (COSTS OFF) EXECUTE \"%s\"", statement->name);
    for (size_t i = 0; i < statement->param_count; i++) {
        buf_add_str(&text, i == 0 ? "(NULL" : ", NULL");
    }
    buf_add_str(&text, statement->param_count == 0 ? "" : ")");
    buf_add_byte(&text, '\0');
    return buf_finish(&text, &whole, NULL).ok ? (const char *)whole.ptr : NULL;
}

/* Class 42 of the SQLSTATEs (PostgreSQL, appendix A): 42501 is a missing privilege, the others are of
 * what is not there or is another. */
static enum pg_access judge(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
        return PG_ACCESS_OK;
    }
    if (state != NULL && strcmp(state, "42501") == 0) {
        return PG_ACCESS_DENIED;
    }
    return state != NULL && strncmp(state, "42", 2) == 0 ? PG_ACCESS_DAMAGED : PG_ACCESS_FAILED;
}

static PGresult *prepare(PGconn *pg, struct arena *arena, const struct pg_statement *statement)
{
    Oid *types = ARENA_ARRAY(arena, Oid, statement->param_count + 1);
    for (size_t i = 0; types != NULL && i < statement->param_count; i++) {
        types[i] = pg_statement_oid(&statement->params[i]);
    }
    return types == NULL
               ? NULL
               : PQprepare(pg, statement->name, statement->sql, (int)statement->param_count, types);
}

enum pg_access pg_access_check(PGconn *pg, struct arena *arena, const char **why)
{
    enum pg_access found = PG_ACCESS_OK;
    *why = "";
    for (size_t i = 0; found == PG_ACCESS_OK && i < STATEMENT_COUNT; i++) {
        PGresult *result = prepare(pg, arena, &STATEMENTS[i]);
        const char *text = explain(arena, &STATEMENTS[i]);
        found = judge(result);
        if (found == PG_ACCESS_OK && text != NULL) {
            PQclear(result);
            result = PQexec(pg, text);
            found = judge(result);
        }
        if (found != PG_ACCESS_OK) {
            const char *said = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
            *why = arena_printf(arena, "%s (statement %s)", said == NULL ? "" : said,
                                STATEMENTS[i].name);
        }
        PQclear(result);
    }
    return found;
}

static rc judge_settled(const PGresult *result, struct err *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1) {
        FAIL(err, state == NULL ? R_DATABASE_UNAVAILABLE : pg_reason(state), "SQLSTATE %s",
             state == NULL ? "none" : state);
    }
    int hidden = PQfnumber(result, "hidden");
    if (hidden >= 0 && strcmp(PQgetvalue(result, 0, hidden), "0") != 0) {
        FAIL(err, R_LOG_UNSETTLED, "%s sessions or prepared transactions hide when they began",
             PQgetvalue(result, 0, hidden));
    }
    return OK;
}

rc pg_access_log(PGconn *pg, struct err *err)
{
    PGresult *result = PQexec(pg, pg_statement_find("audit_settled")->sql);
    rc judged = judge_settled(result, err);
    PQclear(result);
    return judged;
}
