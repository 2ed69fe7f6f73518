/* SPDX-License-Identifier: Apache-2.0 */
/* Components as their admins see them. Changes are one statement each, as in
 * store/resource/change.h. */
#pragma once

#include "domain/values/subject.h"
#include "store/resource/change.h"

enum {
    FINGERPRINT_BYTES = 32,
    COMPONENT_CERTIFICATES_MAX = 4,
    COMPONENTS_MAX = 1000, /* of one tenant, and of the platform itself */
};

struct component_record {
    struct subject_component component;
    bool is_disabled;
    int64_t mark;            /* of its state (base/ids.h) */
    int64_t new_mark;        /* of the state that it gets */
    struct issuer_id issuer; /* zero: it comes with no tokens */
    const char *subject;     /* "" then */
    struct slice
        fingerprints; /* of its certificates, FINGERPRINT_BYTES each, one after the other */
};

struct component_op {
    struct change_op change; /* its scope is whose rows */
    /* What was read, by id. */
    struct component_record *records;
    size_t count;
    const char *iss;             /* with component_store_find_own */
    const char *const *gateways; /* with component_store_find_gateways */
    size_t gateway_count;
    const struct subject_component *component; /* private */
};

/* R_ALREADY_EXISTS: the name, a certificate, or the subject of the issuer is taken;
 * R_LIMIT_EXCEEDED. */
void component_store_create(struct change_op *op, const struct component_record *record);
/* Sender domains, certificates, issuer, subject and whether it is disabled; record->mark must be
 * what is stored, else R_NOT_FOUND. */
void component_store_update(struct change_op *op, const struct component_record *record);
/* `mark` 0: whatever it is now. R_NOT_FOUND. */
void component_store_delete(struct change_op *op, struct component_id id, int64_t mark);
/* Zero ids: any, from the first. */
void component_store_list(struct component_op *op, struct component_id only,
                          struct component_id after, size_t limit);
/* Whether there is such an issuer of the scope's tenant, or with `or_platform` of the platform, and
 * it may name this component (issuer_authority_covers); else R_NOT_FOUND. */
void component_store_find_issuer(struct component_op *op, struct issuer_id issuer,
                                 const struct subject_component *component, bool or_platform);
/* By what an enabled component of the scope is known: the one record is without sender domains and
 * mark, and `iss` is that of its issuer, "" if it comes with no tokens. R_NOT_FOUND. */
void component_store_find_own(struct component_op *op, struct component_id id);
/* The scope's enabled gateways, a line each with that by which it is known, by name; for whoever approves. */
void component_store_find_gateways(struct component_op *op);
