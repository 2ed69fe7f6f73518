/* SPDX-License-Identifier: Apache-2.0 */
/* Rows found by what a caller presents: a token's issuer, a certificate, a name. Each comes with the
 * epoch of its scope, so that the gate can tell when it is out of date. Values live in the arena. */
#pragma once

#include "base/ids.h"
#include "domain/issuer.h"
#include "store/store.h"

struct component_row {
    struct subject_component component;
    int64_t epoch;
};

enum lookup_kind {
    LOOKUP_ISSUER,           /* by iss */
    LOOKUP_COMPONENT,        /* by fingerprint, 32 bytes */
    LOOKUP_TENANT_BY_NAME,
    LOOKUP_TENANT_BY_DOMAIN, /* verified ones only */
};

/* Completes with R_NOT_FOUND when there is no such row, or it is disabled. */
struct lookup {
    struct store_op op;
    enum lookup_kind kind;
    struct issuer issuer;
    struct component_row component;
    struct tenant_id tenant;
};
void lookup_submit(struct lookup *lookup, enum lookup_kind kind, struct slice key);
