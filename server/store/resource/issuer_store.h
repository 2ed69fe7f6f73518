/* SPDX-License-Identifier: Apache-2.0 */
/* Issuers as admins see them, and which tenants a multi-tenant one means. Changes as in
 * store/resource/change.h: one statement each, with epoch and audit row. */
#pragma once

#include "store/cache/lookups.h"
#include "store/resource/change.h"

enum {
    ISSUERS_MAX = 500,   /* of one tenant, and of the platform itself */
    MAPPINGS_MAX = 1000, /* values that mean one tenant */
};

/* What proves that an issuer's tenant may register its iss; numbers of chancery.v1.IssuerProof. */
enum issuer_proof {
    ISSUER_PROOF_NONE = 0,     /* not looked for, or not found */
    ISSUER_PROOF_PLATFORM = 1, /* a platform admin's word */
    ISSUER_PROOF_DOMAIN = 2,   /* a domain of the tenant, in which its host lies */
    ISSUER_PROOF_MAPPING = 3,  /* a platform admin's mapping in the template that covers it */
    ISSUER_PROOF_GONE = 4,     /* what has proven it does so no longer */
};

struct issuer_row {
    struct issuer issuer; /* its epoch is not read */
    bool disabled;
    int64_t mark;            /* of its state (base/ids.h) */
    int64_t new_mark;        /* of the state that it gets */
    enum issuer_proof proof; /* read only */
};

/* Whether an iss may be registered; numbers of issuer_judge in the migration. */
enum issuer_judgment { ISSUER_PROVEN, ISSUER_UNPROVEN, ISSUER_TAKEN, ISSUER_COVERED };

struct tenant_mapping {
    struct issuer_id issuer;
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
    bool is_mapped;                /* what issuer_store_find_template found */
    enum issuer_judgment judgment; /* of issuer_store_judge */
    enum issuer_proof proof;       /* likewise, if it is proven */
};

/* Whether an iss may be registered for the scope's tenant or the platform, and what proves it.
 * `by_platform`: by a platform admin, whose word proves any. */
void issuer_store_judge(struct issuer_op *op, const char *iss, bool by_platform);
/* What issuer_store_judge says is looked at again: R_ALREADY_EXISTS when the iss is taken, which
 * only who has proven it is told; R_NOT_FOUND when it is not proven, or covered. R_LIMIT_EXCEEDED. */
void issuer_store_create(struct change_op *op, const struct issuer_row *row, bool by_platform);
/* row->mark must be what is stored, else R_NOT_FOUND. */
void issuer_store_update(struct change_op *op, const struct issuer_row *row);
/* Its mappings go with it. */
void issuer_store_delete(struct change_op *op, struct issuer_id id);
/* Zero ids: any, from the first. */
void issuer_store_list(struct issuer_op *op, struct issuer_id only, struct issuer_id after,
                       size_t limit);
/* Whether a multi-tenant issuer stands for this iss where no exact one is registered, and means the
 * scope's tenant by some value: is_mapped. */
void issuer_store_find_template(struct issuer_op *op, const char *iss);

/* Let a value mean the scope's tenant. R_ALREADY_EXISTS when it means one already; R_NOT_FOUND
 * when there is no such multi-tenant issuer of the platform in the tenant's boundary;
 * R_LIMIT_EXCEEDED. */
void issuer_store_map(struct change_op *op, struct issuer_id id, const char *value);
/* Scope: the platform. */
void issuer_store_unmap(struct change_op *op, struct issuer_id id, const char *value);
/* The key of a mapping among those of its tenant, for issuer_store_list_mappings_of; empty over budget. */
struct slice issuer_store_mapping_key(struct arena *arena, const struct tenant_mapping *mapping);
/* Those that mean a tenant, after this key. */
void issuer_store_list_mappings_of(struct issuer_op *op, struct tenant_id tenant, const char *after,
                                   size_t limit);
/* In order of value, after this one. */
void issuer_store_list_mappings(struct issuer_op *op, struct issuer_id id, const char *after,
                                size_t limit);
