/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pg/pg_schema.h"

#include "obs/log.h"

enum reason pg_schema_problem(struct schema_range range)
{
    struct err err = {0};
    if (schema_judge(range, &err).ok) {
        return R_NONE;
    }
    log_event(LOG_ERROR, "db.schema", F_STR("reason", reason_info(err.reason)->name),
              F_INT("database", range.version), F_INT("works_with", range.works_with),
              F_INT("program", schema_ours()));
    return err.reason;
}
