/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests against a real PostgreSQL share: a database that tests/support/postgres.py
 * starts for each program, a store on it, and one way to wait. The tests of a program share the
 * database and run in order. */
#pragma once

#include "chancery_test.h"

#include "store/gate/gate.h"
#include "store/resource/change.h"
#include "store/resource/super_user_store.h"

struct store_fixture {
    const char *conninfo;        /* of the database's owner */
    const char *server_conninfo; /* of a node */
    struct loop *loop;
    struct store *store;
    struct arena *arena;
    struct err err;
    int pending;                   /* operations and entries whose `done` is awaited */
    struct amendments *amendments; /* with the gate; NULL: there is none */
    struct gate *gate;
};
extern struct store_fixture f;

/* The tenant that store_set_up_tenant makes, and who did it. */
extern const struct tenant_id CONTOSO;
extern const struct audit_who WHO;

/* A store on an empty database. */
int store_set_up_empty(void **state);
/* On a migrated one, ready. */
int store_set_up(void **state);
/* With the tenant CONTOSO of boundary commercial. */
int store_set_up_tenant(void **state);
/* And a gate, which remembers some amendments. */
int store_set_up_gate(void **state);
int store_tear_down(void **state);

/* Bring the database to our schema. */
void migrate(void);
/* Run SQL as the database's owner. */
void run_sql(const char *sql);

/* Keep the loop running for so long. */
void run_for(int64_t ms);
void wait_ready(void);
/* Prepare an operation on the fixture's store and arena. */
void prepare(struct store_op *op);
void entry_done(struct gate_entry *entry);
/* Run until so many operations and entries are done. */
void wait_all(int count);
/* Run until the operation is done; why it failed. */
enum reason wait_for(const struct store_op *op);

/* A change of this scope's rows by WHO. */
struct change_op *change(struct tenant_id scope);
/* How many rows the audit log of CONTOSO has; NULL: of any operation, for any reason. */
size_t count_audit(const char *operation, const char *reason);

/* A super user's row, granted by "one", that ends so long from now. */
struct super_user_row super_user(const char *principal, int64_t from_now_us);
/* Those of CONTOSO. */
struct super_user_list *list_super_users(void);
