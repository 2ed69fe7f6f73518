/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/domain_store.h"

#include "store/resource/change_submit.h"

static struct pg_params begin(const struct domain_op *op, const char *operation)
{
    struct pg_params p = change_params(op->op.arena, op->tenant, operation, &op->who);
    pg_add_text(&p, op->domain);
    return p;
}

static rc read_added(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    TRY(change_read_done(op, index, r, err));
    ENSURE(!pg_bool(r, 0, 0), err, R_DOMAIN_TAKEN);
    ENSURE(!pg_bool(r, 0, 1), err, R_LIMIT_EXCEEDED);
    return OK;
}

void domain_store_add(struct domain_op *op)
{
    struct pg_params p = begin(op, "add_domain");
    pg_add_text(&p, op->proof);
    pg_add_int8(&p, TENANT_DOMAINS_MAX);
    pg_submit_one(&op->op, ST_add_domain, &p, read_added);
}

static rc read_domain(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct domain_op *op = LIST_ENTRY(base, struct domain_op, op);
    TRY(change_read_done(base, index, r, err));
    op->is_verified = pg_bool(r, 0, 1);
    op->is_taken = pg_bool(r, 0, 2);
    return pg_text(base->arena, r, 0, 0, &op->proof, err);
}

void domain_store_get(struct domain_op *op)
{
    struct pg_params p;
    pg_params_init(&p, op->op.arena);
    pg_add_uuid(&p, op->tenant.u);
    pg_add_text(&p, op->domain);
    pg_submit_one(&op->op, ST_get_domain, &p, read_domain);
}

void domain_store_verify(struct domain_op *op, const char *how)
{
    struct pg_params p = begin(op, "verify_domain");
    pg_add_text(&p, op->proof);
    pg_add_text(&p, how);
    pg_submit_one(&op->op, ST_verify_domain, &p, change_read_done);
}

void domain_store_remove(struct domain_op *op)
{
    struct pg_params p = begin(op, "remove_domain");
    pg_submit_one(&op->op, ST_remove_domain, &p, change_read_done);
}
