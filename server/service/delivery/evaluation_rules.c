/* SPDX-License-Identifier: Apache-2.0 */
/* The tenant's rules, compiled: as the worker remembers them at the tenant's epoch, or from the
 * database, by one call for all that ask meanwhile. */
#include <string.h>

#include "context/wait.h"
#include "service/delivery/evaluation.h"
#include "wire/mail_rule.h"

enum {
    RULES_ARENA_BYTES = 16 << 20 /* of 1 MiB as stored, unpacked: ninety times, were it hostile */
};

static void drop(void *value)
{
    struct rule_compiling *compiling = value;
    rule_set_free(compiling->set);
    arena_free(compiling->arena);
    *compiling = (struct rule_compiling){0};
}

/* A rule outlives the call: all of it is in the rules' own arena. */
static rc unpack_one(struct rule_compiling *compiling, const struct mail_rule_row *row,
                     struct err *err)
{
    struct mail_rule *rule = &compiling->rules[compiling->next++];
    Chancery__V1__Rule *message;
    TRY(mail_rule_unpack(compiling->arena, row->definition, &message, err));
    TRY(mail_rule_read(compiling->arena, message, rule, err));
    rule->id = row->id;
    rule->mode = (enum rule_mode)row->mode;
    rule->name = arena_strdup(compiling->arena, row->name);
    ARENA_ENSURE(rule->name, err);
    ENSURE(row->mode >= RULE_ENFORCE && row->mode <= RULE_OFF, err, R_RULES_INVALID);
    return OK;
}

/* What others who wait would meet too. */
static step give_up(struct call *c, step failure)
{
    enum reason reason = call_err(c)->reason;
    rule_books_release(&evaluation_of(c)->claim, reason == R_ARENA_EXHAUSTED ? NULL : call_err(c));
    return failure;
}

static step compile(struct call *c)
{
    struct evaluation *e = evaluation_of(c);
    struct rule_compiling *compiling = &e->compiling;
    bool is_done = false;
    while (!is_done) {
        struct err err = {0};
        if (call_should_yield(c)) {
            return call_yield(c, compile);
        }
        if (!rule_set_step(compiling->set, &is_done, &err).ok) {
            return give_up(c, call_fail(c, R_RULES_INVALID, "a pattern: %s", err.detail));
        }
    }
    struct rule_set *set = compiling->set;
    struct arena *arena = compiling->arena;
    *compiling = (struct rule_compiling){0};
    e->book = rule_books_put(services_of(c)->rule_books, e->by.tenant->view.id, e->load.epoch, set,
                             arena, call_arena(c));
    rule_books_release(&e->claim, NULL);
    return e->book == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "rules") : STEP_NEXT;
}

static step unpack(struct call *c)
{
    struct evaluation *e = evaluation_of(c);
    struct rule_compiling *compiling = &e->compiling;
    while (compiling->next < e->load.count) {
        if (call_should_yield(c)) {
            return call_yield(c, unpack);
        }
        if (!unpack_one(compiling, &e->load.rows[compiling->next], call_err(c)).ok) {
            return give_up(c, STEP_FAILED);
        }
    }
    uint64_t seed;
    struct uuid random = uuid_random();
    memcpy(&seed, random.b, sizeof seed);
    compiling->set = rule_set_new(compiling->rules, e->load.count, seed);
    return compile(c);
}

static step loaded(struct call *c)
{
    struct evaluation *e = evaluation_of(c);
    if (e->load.op.err.reason != R_NONE) {
        return give_up(c, wait_failed(c, &e->load.op.err));
    }
    if (e->load.epoch != e->by.tenant->epoch) { /* the tenant has changed since it was read */
        views_drop(services_of(c)->views, e->by.tenant->view.id.u, e->by.tenant->epoch);
        rule_books_release(&e->claim, &(struct err){.reason = R_STALE});
        return call_authenticate_again(c, delivery_sender_tenant);
    }
    drop(&e->compiling);
    e->compiling.arena = arena_new(RULES_ARENA_BYTES);
    e->compiling.rules = ARENA_ARRAY(e->compiling.arena, struct mail_rule, e->load.count + 1);
    if (e->compiling.rules == NULL ||
        !arena_on_free(call_arena(c), drop, &e->compiling, call_err(c)).ok) {
        return call_fail(c, R_ARENA_EXHAUSTED, "rules");
    }
    return unpack(c);
}

/* Whatever ends the call, others go on. */
static void release(void *claim)
{
    rule_books_release(claim, NULL);
}

static step somebody_made_it(struct call *c)
{
    const struct err *err = &evaluation_of(c)->claim.op.err;
    if (err->reason == R_STALE) {
        return call_authenticate_again(c, delivery_sender_tenant);
    }
    return err->reason == R_NONE ? evaluation_rules(c) : wait_failed(c, err);
}

static step load(struct call *c)
{
    struct evaluation *e = evaluation_of(c);
    if (!arena_on_free(call_arena(c), release, &e->claim, call_err(c)).ok) {
        return STEP_FAILED;
    }
    e->load.tenant = e->by.tenant->view.id;
    wait_store_init(c, &e->load.op);
    mail_rule_store_load(&e->load);
    return wait_store(c, loaded, &e->load.op);
}

step evaluation_rules(struct call *c)
{
    struct evaluation *e = evaluation_of(c);
    struct rule_books *books = services_of(c)->rule_books;
    struct tenant_id tenant = e->by.tenant->view.id;
    e->book = rule_books_get(books, tenant, e->by.tenant->epoch, call_arena(c));
    if (e->book != NULL) {
        return STEP_NEXT;
    }
    wait_store_init(c, &e->claim.op);
    return rule_books_claim(books, tenant, e->by.tenant->epoch, &e->claim)
               ? load(c)
               : wait_store(c, somebody_made_it, &e->claim.op);
}
