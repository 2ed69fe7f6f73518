/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/domain_store.h"

#include "store/resource/change_submit.h"

static struct sql_act begin(const struct domain_op *op, const char *operation)
{
    return change_act(op->tenant, operation, &op->who);
}

static rc read_added(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct sql_add_domain_row row;
    TRY(change_read_done(op, index, r, err));
    TRY(sql_add_domain_read(op->arena, r, 0, &row, err));
    ENSURE(!row.is_taken, err, R_DOMAIN_TAKEN);
    ENSURE(!row.is_full, err, R_LIMIT_EXCEEDED);
    return OK;
}

void domain_store_add(struct domain_op *op)
{
    struct pg_params p =
        sql_add_domain(op->op.arena, &(struct sql_add_domain){.act = begin(op, "add_domain"),
                                                              .domain = op->domain,
                                                              .proof = op->proof,
                                                              .max = TENANT_DOMAINS_MAX});
    pg_submit_one(&op->op, &p, read_added);
}

static rc read_domain(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct domain_op *op = LIST_ENTRY(base, struct domain_op, op);
    struct sql_get_domain_row row;
    TRY(change_read_done(base, index, r, err));
    TRY(sql_get_domain_read(base->arena, r, 0, &row, err));
    op->proof = row.proof;
    op->is_verified = row.verified;
    op->is_taken = row.is_taken;
    return OK;
}

void domain_store_get(struct domain_op *op)
{
    struct pg_params p = sql_get_domain(
        op->op.arena, &(struct sql_get_domain){.tenant = op->tenant, .domain = op->domain});
    pg_submit_one(&op->op, &p, read_domain);
}

void domain_store_verify(struct change_op *op, const char *domain, const char *proof,
                         const char *how)
{
    struct pg_params p = sql_verify_domain(
        op->op.arena, &(struct sql_verify_domain){.act = change_begin(op, "verify_domain"),
                                                  .domain = domain,
                                                  .proof = proof,
                                                  .how = how});
    change_submit(op, &p, change_read_done);
}

void domain_store_remove(struct change_op *op, const char *domain)
{
    struct pg_params p = sql_remove_domain(
        op->op.arena,
        &(struct sql_remove_domain){.act = change_begin(op, "remove_domain"), .domain = domain});
    change_submit(op, &p, change_read_done);
}
