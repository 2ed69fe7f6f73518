/* SPDX-License-Identifier: Apache-2.0 */
/* Safe retries (AIP-155, docs/policy.md §5.2): a request id stands for one request of one caller. What was made for it is
 * kept with a hash of both, and who comes with the same id for something else learns nothing of it. */
#pragma once

#include "crypto/hash.h"
#include "rpc/call.h"

struct request_id {
    struct uuid id;             /* zero: none, and no hash */
    uint8_t hash[SHA256_BYTES]; /* of the request and who asks */
};

/* Read the field `request_id`. */
step request_id_read(struct call *c, const char *text, struct request_id *out);
/* Whether what was made before, and kept with this hash, was made for this request: else R_REQUEST_ID_REUSED. */
step request_id_check(struct call *c, const struct request_id *asked, struct slice made);
/* The hash for the store; empty when there is no id. */
struct slice request_id_hash(const struct request_id *asked);
