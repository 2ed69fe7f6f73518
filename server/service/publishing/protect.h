/* SPDX-License-Identifier: Apache-2.0 */
/* Inside service/publishing only: the state of Protect, and its steps that stand in files of their
 * own. */
#pragma once

#include "auth/caller.h"
#include "domain/values/address.h"
#include "service/common/cursor.h"
#include "service/common/policy_fields.h"
#include "service/common/request.h"
#include "service/common/request_id.h"
#include "wire/publishing_license.h"

struct protect {
    struct policy policy;
    struct policy_fields_grants custom; /* of a custom policy */
    const char **recipients;            /* of the policy, on their way there */
    size_t recipient_count;
    char **refused; /* as given: recipients who can't be named, and get nothing */
    size_t refused_count;
    struct address_batch batch;
    struct cursor cursor; /* in whichever of the two is being read */
    struct request_id request;
    struct client_names client;
    const char *owner; /* as asked for; "" for the caller's own user */
    int32_t expires_after_days;
    const struct client_key *client_key;
    const struct tenant_record *tenant;
    const struct platform_record *platform;
    struct gate_content content;  /* its row, when it is new */
    struct gate_made made;        /* what this request id has made before; zero: nothing */
    struct content_id content_id; /* the new one, or that */
    const struct key_row *sealing;
    const struct key_row *deriving; /* by which its key is derived, if the request has an id */
    struct lookup owner_tenant;
    struct keys_op keys;
    struct slice header, sealed_policy;
};

static inline struct protect *protect_of(const struct call *c)
{
    return call_state(c);
}

static inline bool protect_was_made(const struct protect *p)
{
    return !ID_IS_ZERO(p->made.content);
}

/* When the content expires, as its policy holds now. */
struct unix_time protect_expiry(const struct call *c);

/* The end of `decide`, for a caller who may protect so: may they have what was made before? */
step protect_again(struct call *c);
/* What the record says of it. */
void protect_again_describe(struct call *c, struct gate_entry *entry);
/* What was made is a matter of one tenant: begin as if nothing were known. */
void protect_forget_made(struct call *c);

step protect_seal(struct call *c);
step protect_reply_all(struct call *c);
