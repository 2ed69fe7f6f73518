/* SPDX-License-Identifier: Apache-2.0 */
#include "store/migrate/schema_range.h"

#include "store/migrate/migrate.h"

/* A migration that says nothing works with no program but those that know it. */
const char SCHEMA_RANGE[] =
    "SELECT coalesce(max(version), 0)::int8,"
    " coalesce(max(coalesce(works_with, version)) FILTER (WHERE version > $1::int), 0)::int8"
    " FROM schema_migration";

int64_t schema_ours(void)
{
    return MIGRATIONS[MIGRATION_COUNT - 1].version;
}

rc schema_judge(struct schema_range range, struct err *err)
{
    if (range.version < schema_ours()) {
        FAIL(err, R_SCHEMA_TOO_OLD, "the database is at migration %lld, this program at %lld",
             (long long)range.version, (long long)schema_ours());
    }
    if (range.works_with > schema_ours()) {
        FAIL(err, R_SCHEMA_TOO_NEW,
             "the database is at migration %lld and works with programs from %lld on, this one is "
             "at %lld",
             (long long)range.version, (long long)range.works_with, (long long)schema_ours());
    }
    return OK;
}
