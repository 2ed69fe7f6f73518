/* SPDX-License-Identifier: Apache-2.0 */
/* Publisher certificates that were taken back, and whether a publisher may still publish. */
#pragma once

#include "domain/values/publisher.h"
#include "store/resource/change.h"

enum { PUBLISHER_REVOCATIONS_MAX = 10000 /* in one tenant */ };

/* Take back a certificate by its serial, or all until now of a user or a component. R_LIMIT_EXCEEDED. */
void publisher_store_revoke(struct change_op *op, const char *publisher, const char *reason);

/* For content that may not be known yet. */
struct publisher_find {
    struct store_op op;
    bool is_registered; /* the content is known */
    bool is_revoked;    /* the certificate, or whom it was given to is gone or switched off */
    const char *const
        *names; /* a user's addresses, those that the directory has now too, and ids */
    size_t name_count;
};
void publisher_store_find(struct publisher_find *find, const struct publisher *publisher,
                          struct content_id content);

/* From when a certificate counts that this publisher is given now: after whatever was taken back of theirs. */
struct publisher_date {
    struct store_op op;
    int64_t issued_at; /* microseconds, by the database's clock */
};
void publisher_store_date(struct publisher_date *date, const struct publisher *publisher);
