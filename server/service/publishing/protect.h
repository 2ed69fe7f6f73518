/* SPDX-License-Identifier: Apache-2.0 */
/* Inside service/publishing only: the state of Protect, and its steps that stand in files of their
 * own. */
#pragma once

#include "auth/caller.h"
#include "chancery/v1/publishing.pb-c.h"
#include "domain/values/address.h"
#include "service/common/cursor.h"
#include "service/common/license_access.h"
#include "service/common/policy_fields.h"
#include "service/common/request.h"
#include "service/common/request_id.h"
#include "store/resource/quota_store.h"
#include "wire/publishing_license.h"

struct protect {
    const Chancery__V1__ProtectRequest *asked;
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
    const char *display_name;
    int32_t expires_after_days;
    const struct client_key *client_key;
    const struct tenant_record *tenant;
    const struct platform_record *platform;
    struct gate_content content;        /* its row, when it is new */
    struct gate_made made;              /* what this request id has made before; zero: nothing */
    struct made_content_op made_before; /* asked when the quota is used up */
    struct content_id content_id;       /* the new one, or that */
    const struct key_row *sealing;
    const struct key_row *deriving; /* by which its key is derived, if the request has an id */
    struct lookup owner_tenant;
    struct keys_op keys;
    struct slice header, sealed_policy;
};

/* The state of Republish, and what Answer's begins with. */
struct republish {
    struct license_access access; /* first */
    struct protect protect;
};

static inline struct protect *protect_of(const struct call *c)
{
    bool is_republish = (call_state_bases(c) & BASE_REPUBLISH) != 0;
    return is_republish ? &((struct republish *)call_state(c))->protect : call_state(c);
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

/* Policy, recipients, what the client says of itself; then its key (protect_policy.c). Borrows. */
step protect_read_policy(struct call *c, const Chancery__V1__ProtectRequest *asked);
step protect_read_around_policy(struct call *c,
                                const Chancery__V1__ProtectRequest *asked); /* all but the policy */
step protect_read_key(struct call *c);
/* Rows: the grants of a custom policy, the recipients. */
step protect_grants(struct call *c);
step protect_recipients(struct call *c);
/* Before it is recorded: a license that is larger than licenses may be could never be opened. */
step protect_pack_policy(struct call *c);

step protect_seal(struct call *c);
/* The clear header of the new license. */
step protect_encode_header(struct call *c);
struct keys_ref protect_key_ref(const struct protect *p, const struct key_row *row);
/* The answer; NULL over budget, with call_err filled. */
Chancery__V1__ProtectResponse *protect_answer(struct call *c);
step protect_reply_all(struct call *c);
