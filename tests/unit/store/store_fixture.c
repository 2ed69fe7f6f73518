/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/migrate/migrate.h"
#include "store/resource/audit_store.h"
#include "store/resource/tenant_store.h"

struct store_fixture f;

/* A UUIDv7, because directories have a scope that is made of it. */
const struct tenant_id CONTOSO = {
    {{0x01, 0x97, 0xb7, 0xc0, 0x7e, 0x5c, 0x7c, 0x3e, 0x8f, 0x4e, 1, 2, 3, 4, 5, 6}}};
const struct audit_who WHO = {.addresses = "bob@fabrikam.com b@fabrikam.com",
                              .user = "bob@fabrikam.com",
                              .component_name = "",
                              .client_address = "127.0.0.1:1",
                              .user_agent = "test",
                              .correlation_id = "c1"};

static void one_done(void)
{
    if (--f.pending == 0) {
        loop_stop(f.loop);
    }
}

static void op_done(struct store_op *op)
{
    (void)op;
    one_done();
}

void entry_done(struct gate_entry *entry)
{
    (void)entry;
    one_done();
}

void prepare(struct store_op *op)
{
    store_op_init(op, f.store, f.arena, op_done, NULL);
}

static void stop_timer(struct loop_timer *timer)
{
    (void)timer;
    loop_stop(f.loop);
}

void run_for(int64_t ms)
{
    struct loop_timer timer;
    loop_timer_init(&timer, f.loop, stop_timer);
    loop_timer_arm(&timer, ms);
    loop_run(f.loop);
    loop_timer_fini(&timer);
}

void wait_ready(void)
{
    for (int i = 0; i < 600 && !store_is_ready(f.store); i++) {
        run_for(50);
    }
    assert_true(store_is_ready(f.store));
}

void wait_all(int count)
{
    f.pending = count;
    loop_run(f.loop);
}

enum reason wait_for(const struct store_op *op)
{
    wait_all(1);
    return op->err.reason;
}

void migrate(void)
{
    const struct migrate_options options = {.conninfo = f.conninfo, .lock_ms = MIGRATE_LOCK_MS};
    assert_ok(migrate_apply(&options, &f.err), &f.err);
}

void run_sql(const char *sql)
{
    PGconn *conn = PQconnectdb(f.conninfo);
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        fail_msg("%s", PQerrorMessage(conn));
    }
    PQclear(result);
    PQfinish(conn);
}

/* The role of a node may do no more than one. */
static void make_server_role(void)
{
    static char conninfo[512];
    snprintf(conninfo, sizeof conninfo, "%s user=server", f.conninfo);
    f.server_conninfo = conninfo;
    run_sql("DO $$ BEGIN"
            " IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'chancery_server') THEN"
            "  CREATE ROLE chancery_server NOLOGIN; END IF;"
            " IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'server') THEN"
            "  CREATE ROLE server LOGIN IN ROLE chancery_server; END IF; END $$");
}

int store_set_up_empty(void **state)
{
    (void)state;
    f.conninfo = getenv("CHANCERY_TEST_DB");
    if (f.conninfo == NULL) {
        fprintf(stderr, "CHANCERY_TEST_DB is not set: run me by tests/support/postgres.py\n");
        return -1;
    }
    f.loop = loop_new();
    f.arena = arena_new(64 << 20);
    make_server_role();
    f.store = store_new(f.loop, &(struct store_config){.conninfo = f.server_conninfo});
    return 0;
}

int store_set_up(void **state)
{
    int failed = store_set_up_empty(state);
    if (failed == 0) {
        migrate();
        /* A worker leaves it, before it wraps anything. */
        run_sql("INSERT INTO root_key_check (root_version, wrapped) VALUES (1, 'check')");
        wait_ready();
    }
    return failed;
}

int store_set_up_tenant(void **state)
{
    if (store_set_up(state) != 0) {
        return -1;
    }
    struct tenant_row tenant = {.id = CONTOSO,
                                .name = "contoso",
                                .display_name = "Contoso",
                                .boundary = "commercial",
                                .license_cap_days = 30,
                                .transport_decryption = TRANSPORT_DECRYPTION_OFF};
    struct change_op *op = change(TENANT_PLATFORM);
    tenant_store_create(op, &tenant, SUITE_P256, NULL, 0);
    assert_int_equal(wait_for(&op->op), R_NONE);
    return 0;
}

int store_set_up_gate(void **state)
{
    int failed = store_set_up_tenant(state);
    f.amendments = amendments_new(100);
    f.gate = gate_new(f.loop, f.store, f.amendments);
    return failed;
}

int store_tear_down(void **state)
{
    (void)state;
    store_free(f.store);
    arena_free(f.arena);
    loop_free(f.loop);
    if (f.gate != NULL) {
        gate_free(f.gate);
        amendments_free(f.amendments);
    }
    return 0;
}

struct change_op *change(struct tenant_id scope)
{
    struct change_op *op = ARENA_NEW(f.arena, struct change_op);
    prepare(&op->op);
    op->scope = scope;
    op->who = WHO;
    return op;
}

size_t count_audit(const char *operation, const char *reason)
{
    struct audit_query *query = ARENA_NEW(f.arena, struct audit_query);
    prepare(&query->op);
    query->tenant = CONTOSO;
    query->operation = operation;
    query->reason = reason;
    query->limit = AUDIT_PAGE_MAX;
    audit_store_query(query);
    assert_int_equal(wait_for(&query->op), R_NONE);
    return query->count;
}

struct super_user_row super_user(const char *principal, int64_t from_now_us)
{
    return (struct super_user_row){.principal = principal,
                                   .reason = "hold",
                                   .granted_by = "one",
                                   .expires_at = clock_unix_us() + from_now_us};
}

struct super_user_list *list_super_users(void)
{
    struct super_user_list *list = ARENA_NEW(f.arena, struct super_user_list);
    prepare(&list->op);
    super_user_store_list(list, CONTOSO);
    assert_int_equal(wait_for(&list->op), R_NONE);
    return list;
}
