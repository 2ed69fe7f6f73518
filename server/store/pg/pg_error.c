/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pg/pg_error.h"

#include <stddef.h>
#include <string.h>

/* PostgreSQL's appendix A "Error Codes". */
enum reason pg_reason(const char *sqlstate)
{
    static const struct {
        const char *prefix;
        enum reason reason;
    } rows[] = {
        {"53100", R_DATABASE_FULL},
        {"57014", R_DATABASE_TIMEOUT}, /* statement_timeout, or somebody canceled it */
        {"58030", R_DATABASE_UNAVAILABLE},
        {"53", R_DATABASE_UNAVAILABLE},
        {"57", R_DATABASE_UNAVAILABLE},
        {"08", R_DATABASE_UNAVAILABLE},
        {"25006", R_DATABASE_UNAVAILABLE},
        {"40", R_DATABASE_CONFLICT},
        {"55P03", R_DATABASE_LOCKED}, /* lock_timeout */
        {"23505", R_ALREADY_EXISTS},
        {"23503", R_PRECONDITION_FAILED},
        {"RM001", R_PRECONDITION_FAILED},
        {"RM002", R_STALE}, /* RM: ours; migrations/0002_policy.sql */
        {"RM003", R_LIMIT_EXCEEDED},
        {"RM004", R_ROOT_KEY_CHANGED},
        {"P0002", R_NOT_FOUND},
        {"42501", R_BOUNDARY_NOT_GRANTED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strncmp(sqlstate, rows[i].prefix, strlen(rows[i].prefix)) == 0) {
            return rows[i].reason;
        }
    }
    return R_DATABASE_ERROR;
}
