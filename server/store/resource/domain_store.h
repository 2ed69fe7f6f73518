/* SPDX-License-Identifier: Apache-2.0 */
/* Domains of tenants: claimed, proven, given up. Changes are one statement each, with epochs and
 * audit row. */
#pragma once

#include "store/resource/change.h"

enum { TENANT_DOMAINS_MAX = 1000 /* of one tenant, claims included */ };

struct domain_op {
    struct store_op op;
    struct tenant_id tenant;
    struct audit_who who;
    const char *domain; /* normalized */
    const char *proof;  /* filled by get_domain */
    bool is_verified;   /* filled by get_domain */
    bool is_taken;      /* another tenant has proven it; filled by get_domain */
};

/* Claim op->domain with op->proof. R_DOMAIN_TAKEN when another tenant has proven it,
 * R_LIMIT_EXCEEDED, R_ALREADY_EXISTS when the tenant has claimed it before. */
void domain_store_add(struct domain_op *op);
/* R_NOT_FOUND when the tenant has not claimed it. */
void domain_store_get(struct domain_op *op);
/* Proven, by this proof, `how`: a few words for the audit log. R_NOT_FOUND when the claim is another
 * one by now, R_ALREADY_EXISTS when another tenant came first. */
void domain_store_verify(struct change_op *op, const char *domain, const char *proof,
                         const char *how);
/* R_NOT_FOUND when the tenant does not have it. */
void domain_store_remove(struct change_op *op, const char *domain);
