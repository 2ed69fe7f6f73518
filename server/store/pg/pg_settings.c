/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pg/pg_settings.h"

#include <stdlib.h>

#include "base/buf.h"
#include "store/pg/pg_lane.h"

/* A setting of ours. `shown` is how pg_settings writes it. */
struct setting {
    const char *name, *value, *shown;
};

/* Nothing of the operator's role, database or cluster changes what our statements mean. The search path ends with
 * pg_temp, which would come first otherwise. */
static const struct setting settings[] = {
    {"search_path", "public,pg_temp", "public,pg_temp"},
    {"row_security", "on", "on"},
    {"default_transaction_isolation", "read\\ committed", "read committed"},
    {"default_transaction_read_only", "off", "off"},
    {"default_transaction_deferrable", "off", "off"},
    {"idle_session_timeout", "0", "0"},
    {"standard_conforming_strings", "on", "on"},
    {"transform_null_equals", "off", "off"},
    {"array_nulls", "on", "on"},
    {"bytea_output", "hex", "hex"},
    {"DateStyle", "ISO,MDY", "ISO, MDY"},
    {"IntervalStyle", "postgres", "postgres"},
    {"TimeZone", "UTC", "UTC"},
    {"extra_float_digits", "1", "1"},
    {"jit", "off", "off"},
    {"random_page_cost", "1.1", "1.1"},
    {"enable_seqscan", "off", "off"},
    {"enable_bitmapscan", "off", "off"},
};
enum { SETTING_COUNT = sizeof settings / sizeof settings[0] };

static const char *plans_of(enum store_class class)
{
    return LANES[class].plans == LANE_AUTO ? "auto" : "force_generic_plan";
}

/* Rows are found by their keys, and what is hot is in memory: random_page_cost as for that, and no table is read whole
 * where an index would do, by the policies of row-level security above all: a plan that is kept may come from when the
 * table was empty. A bitmap finds all rows before the first; lists want the first ones, in the index's order. Compiling
 * (jit) pays for queries of seconds; ours take milliseconds, and recursive ones look dearer than they are. A worker
 * that was stopped in the middle lets go of its locks. */
const char *pg_settings_options(struct arena *arena, enum store_class class,
                                int statement_timeout_ms, const char *operators)
{
    struct buf text;
    struct slice whole;
    buf_init(&text, arena);
    buf_add(&text, slice_str(operators));
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const char *option = arena_printf(arena, " -c %s=%s", settings[i].name, settings[i].value);
        buf_add(&text, slice_str(option == NULL ? "" : option));
    }
    if (!buf_finish(&text, &whole, NULL).ok) {
        return NULL;
    }
    int limit = lane_statement_ms(class, statement_timeout_ms);
    return arena_printf(arena,
                        "%.*s -c statement_timeout=%d -c lock_timeout=%d "
                        "-c idle_in_transaction_session_timeout=%d -c plan_cache_mode=%s",
                        (int)whole.len, (const char *)whole.ptr, limit,
                        lane_lock_ms(class, statement_timeout_ms), limit, plans_of(class));
}

/* Promise 1: whoever has a license has a record. remote_apply promises more than on; remote_write and less do not
 * survive what on survives. */
const char PG_SETTINGS_SET[] =
    "SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit') "
    "WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false)";

/* What is looked at. `wrong` is NULL where all is well, else what to tell. The first is told, so what explains others
 * stands before them. A role is what it may become: by SET ROLE, or by granting itself a membership. */
static const struct check {
    enum reason reason;
    const char *wrong;
} checks[] = {
    {R_DATABASE_TOO_OLD,
     "SELECT 'server_version ' || setting FROM pg_settings WHERE name = 'server_version'"
     " AND current_setting('server_version_num')::int < 150000"},
    {R_DATABASE_POOLED, "SELECT 'backend ' || pg_backend_pid() || ' behind ' || $1"
                        " WHERE pg_backend_pid() <> $1::int"},
    {R_DATABASE_READ_ONLY, "SELECT 'it is in recovery' WHERE pg_is_in_recovery()"},
    {R_DATABASE_NOT_DURABLE, "SELECT string_agg(name || '=' || setting, ', ') FROM pg_settings"
                             " WHERE name IN ('fsync', 'full_page_writes') AND setting <> 'on'"},
    {R_DATABASE_NOT_UTF8, "SELECT 'server_encoding ' || setting FROM pg_settings"
                          " WHERE name = 'server_encoding' AND setting <> 'UTF8'"},
    {R_DATABASE_ROLE_TOO_POWERFUL,
     "SELECT string_agg(session_user || ' may act as ' || rolname, ', ') FROM pg_roles r"
     " WHERE pg_has_role(session_user, r.oid, 'MEMBER') AND (rolsuper OR rolbypassrls"
     " OR rolcreaterole OR rolreplication OR rolname IN ('pg_write_all_data',"
     " 'pg_write_server_files', 'pg_execute_server_program') OR r.oid IN (SELECT relowner"
     " FROM pg_class WHERE relnamespace = to_regnamespace('public')"
     " AND relname IN ('audit', 'schema_migration')))"},
    {R_DATABASE_ROLE_TOO_POWERFUL,
     "SELECT current_user || ' may change audit'"
     " WHERE has_table_privilege(to_regclass('public.audit'), 'UPDATE, DELETE, TRUNCATE')"},
    {R_DATABASE_NOT_ISOLATED,
     "SELECT string_agg(relname, ', ') FROM pg_class c"
     " WHERE relnamespace = to_regnamespace('public') AND relkind IN ('r', 'p')"
     " AND NOT relispartition AND NOT relrowsecurity"
     " AND EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid)"},
    {R_DATABASE_SETTINGS_LOST,
     "SELECT name || '=' || setting FROM pg_settings"
     " WHERE name = 'synchronous_commit' AND setting NOT IN ('on', 'remote_apply')"},
};
enum { CHECK_COUNT = sizeof checks / sizeof checks[0] };

/* What we set, read back; the last check. */
static const char LOST_FORMAT[] =
    "SELECT string_agg(name || '=' || setting, ', ') FROM pg_settings JOIN (VALUES %.*s"
    " ('session_replication_role', 'origin'), ('client_encoding', 'UTF8'),"
    " ('statement_timeout', '%d'), ('lock_timeout', '%d'),"
    " ('idle_in_transaction_session_timeout', '%d'),"
    " ('plan_cache_mode', '%s')) ours(name, value) USING (name) WHERE setting <> value";

static const char *lost(struct arena *arena, enum store_class class, int statement_timeout_ms)
{
    struct buf text;
    struct slice ours;
    int limit = lane_statement_ms(class, statement_timeout_ms);
    buf_init(&text, arena);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const char *row =
            arena_printf(arena, "('%s', '%s'), ", settings[i].name, settings[i].shown);
        buf_add(&text, slice_str(row == NULL ? "" : row));
    }
    return buf_finish(&text, &ours, NULL).ok
               ? arena_printf(arena, LOST_FORMAT, (int)ours.len, (const char *)ours.ptr, limit,
                              lane_lock_ms(class, statement_timeout_ms), limit, plans_of(class))
               : NULL;
}

const char *pg_settings_check(struct arena *arena, enum store_class class, int statement_timeout_ms)
{
    struct buf text;
    struct slice rows;
    const char *last = lost(arena, class, statement_timeout_ms);
    buf_init(&text, arena);
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        const char *row = arena_printf(arena, "('%zu', (%s)), ", i, checks[i].wrong);
        buf_add(&text, slice_str(row == NULL ? "" : row));
    }
    if (last == NULL || !buf_finish(&text, &rows, NULL).ok) {
        return NULL;
    }
    return arena_printf(arena,
                        "SELECT at, detail FROM (VALUES %.*s ('%d', (%s))) checked(at, detail) "
                        "WHERE detail IS NOT NULL ORDER BY at::int",
                        (int)rows.len, (const char *)rows.ptr, (int)CHECK_COUNT, last);
}

rc pg_settings_judge(const PGresult *result, struct err *err)
{
    if (PQntuples(result) == 0) {
        return OK;
    }
    size_t at = strtoul(PQgetvalue(result, 0, 0), NULL, 10);
    enum reason reason = at < CHECK_COUNT ? checks[at].reason : R_DATABASE_SETTINGS_LOST;
    FAIL(err, reason, "%s", PQgetvalue(result, 0, 1));
}
