/* SPDX-License-Identifier: Apache-2.0 */
/* Issuers as admins see them, and which tenants a multi-tenant one means. Changes as in
 * store/resource/change.h: one statement each, with epoch and audit row. */
#pragma once

#include "store/cache/lookups.h"
#include "store/resource/change.h"

struct issuer_row {
    struct issuer issuer; /* its epoch is not read */
    bool disabled;
    int64_t version;
};

struct tenant_mapping {
    const char *value;  /* of the issuer's tenant claim */
    const char *tenant; /* short name */
};

/* Reading them. */
struct issuer_op {
    struct store_op op;
    struct tenant_id scope;     /* whose rows */
    struct issuer_row *issuers; /* what issuer_store_list found */
    size_t issuer_count;
    struct tenant_mapping *mappings; /* what issuer_store_list_mappings found */
    size_t mapping_count;
    bool is_covered, is_mapped; /* what issuer_store_find_template found */
};

/* `may_take`: also an iss that a template covers and that does not mean the scope's tenant;
 * without it that gives R_NOT_FOUND. R_ALREADY_EXISTS when the iss is taken. */
void issuer_store_create(struct change_op *op, const struct issuer_row *row, bool may_take);
/* row->version must be what is stored, else R_NOT_FOUND. */
void issuer_store_update(struct change_op *op, const struct issuer_row *row);
/* Its mappings go with it. */
void issuer_store_delete(struct change_op *op, struct issuer_id id);
/* Zero ids: any, from the first. */
void issuer_store_list(struct issuer_op *op, struct issuer_id only, struct issuer_id after,
                       size_t limit);
/* Whether a multi-tenant issuer stands for this iss where no exact one is registered: is_covered,
 * and means another tenant than the scope's, or nobody; is_mapped, and means the scope's by some
 * value. */
void issuer_store_find_template(struct issuer_op *op, const char *iss);

/* Let a value mean the scope's tenant. R_ALREADY_EXISTS when it means one already; R_NOT_FOUND
 * when there is no such multi-tenant issuer of the platform in the tenant's boundary. */
void issuer_store_map(struct change_op *op, struct issuer_id id, const char *value);
/* Scope: the platform. */
void issuer_store_unmap(struct change_op *op, struct issuer_id id, const char *value);
/* In order of value, after this one. */
void issuer_store_list_mappings(struct issuer_op *op, struct issuer_id id, const char *after,
                                size_t limit);
