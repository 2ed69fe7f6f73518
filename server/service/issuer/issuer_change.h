/* SPDX-License-Identifier: Apache-2.0 */
/* What the acts that change an issuer share. An issuer says who people are, so whoever changes one
 * can be any of those for whom it speaks: such an act waits for a second admin where the tenant
 * requires one (docs/policy.md §6.1). What the platform keeps for all tenants is nobody's to
 * approve. */
#pragma once

#include "service/common/approvable.h"
#include "service/issuer/issuer_message.h"

/* The value of such an act. */
struct issuer_change {
    struct issuer_op op;
    struct issuer_id id;
    struct issuer_row before; /* of one that is there */
    struct issuer_row row;    /* as it will be */
    const Chancery__V1__Issuer *message;
    resource_set mask; /* the message's fields that are set */
    struct resource_reading fields;
    bool may_take; /* also an iss that a multi-tenant issuer covers */
};

static inline struct issuer_change *issuer_change_of(const struct call *c)
{
    return approvable_of(c)->value;
}

/* Read the issuer with the change's id in the scope into `before` and `row`, and go on with `then`;
 * R_NOT_FOUND. */
step issuer_change_read(struct call *c, step_fn then);
/* Take the fields of the mask over from the message into the row, and go on with `then`. */
step issuer_change_merge(struct call *c, step_fn then);
/* Ask what multi-tenant issuer stands for the row's iss, and go on with `then`: .op has the
 * answer. */
step issuer_change_find_template(struct call *c, step_fn then);
/* Add what differs between two rows; NULL: the issuer isn't there. Keys of a set are shown by their
 * thumbprints, and a set's text by its SHA-256. */
void issuer_change_add(struct call *c, struct approval_changes *changes,
                       const struct issuer_row *before, const struct issuer_row *after);
