/* SPDX-License-Identifier: Apache-2.0 */
/* Issuers as admins see them, and which tenants a multi-tenant one means. Changes as in store/admin.h: one statement
 * each, with epoch and audit row. */
#pragma once

#include "store/audit_who.h"
#include "store/cache/lookups.h"

struct issuer_row {
    struct issuer issuer; /* its epoch is not read */
    bool disabled;
    int64_t version;
};

struct tenant_mapping {
    const char *value;  /* of the issuer's tenant claim */
    const char *tenant; /* short name */
};

struct issuers_op {
    struct store_op op;
    struct tenant_id scope; /* whose rows */
    struct audit_who who;
    struct issuer_row *issuers; /* what issuers_list found */
    size_t issuer_count;
    struct tenant_mapping *mappings; /* what issuers_list_mappings found */
    size_t mapping_count;
};

/* `may_take`: also an iss that a template covers and that does not mean the scope's tenant; without it that gives
 * R_NOT_FOUND. R_ALREADY_EXISTS when the iss is taken. */
void issuers_create(struct issuers_op *op, const struct issuer_row *row, bool may_take);
/* row->version must be what is stored, else R_NOT_FOUND. */
void issuers_update(struct issuers_op *op, const struct issuer_row *row);
/* Its mappings go with it. */
void issuers_delete(struct issuers_op *op, struct issuer_id id);
/* Zero ids: any, from the first. */
void issuers_list(struct issuers_op *op, struct issuer_id only, struct issuer_id after,
                  size_t limit);

/* Let a value mean the scope's tenant. R_ALREADY_EXISTS when it means one already; R_NOT_FOUND when there is no such
 * multi-tenant issuer of the platform in the tenant's boundary. */
void issuers_map(struct issuers_op *op, struct issuer_id id, const char *value);
/* Scope: the platform. */
void issuers_unmap(struct issuers_op *op, struct issuer_id id, const char *value);
/* In order of value, after this one. */
void issuers_list_mappings(struct issuers_op *op, struct issuer_id id, const char *after,
                           size_t limit);
