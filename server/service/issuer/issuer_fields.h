/* SPDX-License-Identifier: Apache-2.0 */
/* What the flows on issuers share: their state, reading a row, and reading the fields of a message. */
#pragma once

#include "chancery/v1/issuer.pb-c.h"
#include "service/common/scope.h"
#include "store/resource/issuer_store.h"

struct issuers {
    struct scope scope; /* first */
    struct issuer_op op;
    struct issuer_row row;
    struct issuer_id id, after;
    const char *value; /* of a tenant claim */
    size_t limit;
};

static inline struct issuers *issuers_of(const struct call *c)
{
    return call_state(c);
}

/* Prepare the operation in a scope; submit it by a function of store/resource/issuer_store.h, then wait for it. */
struct issuer_op *issuers_begin(struct call *c, struct tenant_id scope);
step issuers_wait(struct call *c);
/* Step: read the issuer with the state's id in the admin's scope into the state's row; R_NOT_FOUND. */
step issuers_read(struct call *c);
/* The same among the platform's issuers. */
step issuers_read_platforms(struct call *c);

/* Fields that can change, as bits. */
enum issuer_part {
    ISSUER_AUDIENCES = 1,
    ISSUER_ALGORITHMS = 2,
    ISSUER_KEYS = 4,
    ISSUER_CLAIMS = 8,
    ISSUER_DOMAINS = 16,
    ISSUER_CLOCK_SKEW = 32,
    ISSUER_IS_DISABLED = 64,
    ISSUER_ALL = 127,
};
/* The part that a path of an update mask names; 0: none that can be changed. */
unsigned issuer_part(const char *path);
/* Check and take over these parts; the row's kind is known already. Borrows from the message. */
step issuer_read_fields(struct call *c, const Chancery__V1__Issuer *from, unsigned parts,
                        struct issuer_row *row);

/* A row as a message; NULL over budget. `tenant`: the short name, "" for the platform's. */
Chancery__V1__Issuer *issuer_write(struct call *c, const struct issuer_row *row,
                                   const char *tenant);
/* Answer with the state's row; for the replies that hold nothing but an issuer. */
step issuers_reply(struct call *c);
