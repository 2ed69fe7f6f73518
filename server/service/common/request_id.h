/* SPDX-License-Identifier: Apache-2.0 */
/* Safe retries (AIP-155, docs/policy.md §5.2): a request id stands for one request of one caller.
 * What was made for it is kept with a hash of both, and who comes with the same id for something
 * else learns nothing of it. */
#pragma once

#include "crypto/hash.h"
#include "rpc/call.h"
#include "store/resource/change.h"

struct request_id {
    struct uuid id;             /* zero: none, and no hash */
    uint8_t hash[SHA256_BYTES]; /* of the method, who asks, and what for */
};

/* Read the field `request_id`. `asked`: the request without what may differ in a retry, the id
 * itself at least; it is only read before this returns. */
step request_id_read(struct call *c, const char *text, const struct ProtobufCMessage *asked,
                     struct request_id *out);
/* Whether what was kept with this hash was made for this request. */
bool request_id_made(const struct request_id *asked, struct slice made);
/* The same: R_REQUEST_ID_REUSED if it was not. */
step request_id_check(struct call *c, const struct request_id *asked, struct slice made);
/* For change_op.request: what an act will make. */
struct act_request request_id_note(const struct request_id *asked, struct uuid made);
