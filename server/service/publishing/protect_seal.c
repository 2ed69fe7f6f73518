/* SPDX-License-Identifier: Apache-2.0 */
/* Protect, after the record: sealing and the answer. */
#include "auth/boundary_guard.h"
#include "chancery/v1/publishing.pb-c.h"
#include "context/wait.h"
#include "domain/relations/effective_policy.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/publishing/protect.h"

static step sealed(struct call *c)
{
    return wait_over(c, &protect_of(c)->keys.err);
}

step protect_encode_header(struct call *c)
{
    struct protect *p = protect_of(c);
    const struct tenant_view *tenant = &p->tenant->view;
    struct license_header header = {
        .authority_url = boundary_authority_url(c, p->platform, tenant->boundary),
        .boundary = tenant->boundary,
        .tenant = tenant->id,
        .content = p->content_id,
        .key_version = p->sealing->version,
        .display_name = p->display_name,
    };
    return step_from(license_header_encode(call_arena(c), &header, &p->header, call_err(c)));
}

struct keys_ref protect_key_ref(const struct protect *p, const struct key_row *row)
{
    return (struct keys_ref){.tenant = p->tenant->view.id,
                             .boundary = p->tenant->view.boundary,
                             .purpose = row->purpose,
                             .version = row->version,
                             .wrapped = row->wrapped};
}

step protect_seal(struct call *c)
{
    struct protect *p = protect_of(c);
    wait_keys_init(c, &p->keys);
    if (step_failed(protect_encode_header(c))) {
        return STEP_FAILED;
    }
    if (!uuid_is_zero(p->request.id)) {
        p->keys.request_hash = slice_of(p->request.hash, sizeof p->request.hash);
        p->keys.deriving = protect_key_ref(p, p->deriving);
    }
    p->keys.policy = p->sealed_policy;
    p->keys.sealing = protect_key_ref(p, p->sealing);
    p->keys.content = p->content_id;
    p->keys.header = p->header;
    p->keys.client = p->client_key;
    keys_seal(&p->keys);
    return wait_keys(c, sealed, &p->keys);
}

struct unix_time protect_expiry(const struct call *c)
{
    const struct protect *p = protect_of(c);
    const struct effective_policy now =
        effective_policy_of(&p->tenant->view, &p->policy, caller_of(c)->entry.facts.amendment);
    return effective_policy_expiry(&now);
}

Chancery__V1__ProtectResponse *protect_answer(struct call *c)
{
    struct protect *p = protect_of(c);
    struct slice license;
    const struct boundary *boundary = boundary_find(&p->platform->view, p->tenant->view.boundary);
    Chancery__V1__ProtectResponse *r = call_message(c, &chancery__v1__protect_response__descriptor);
    char *wrapped = reply_slice(c, p->keys.wrapped_content_key);
    char *content = reply_uuid(c, p->content_id.u);
    if (r == NULL || wrapped == NULL || content == NULL ||
        !publishing_license_encode(call_arena(c), p->header, p->keys.sealed, &license, call_err(c))
             .ok) {
        (void)reply_over_budget(c).kind;
        return NULL;
    }
    r->content_id = content;
    r->publishing_license = reply_bytes(license);
    r->wrapped_content_key = wrapped;
    r->expire_time = reply_time(c, protect_expiry(c).s * 1000000);
    r->portal_url = reply_text(boundary == NULL ? "" : boundary->portal_url);
    r->refused_recipients = p->refused;
    r->n_refused_recipients = p->refused_count;
    return r;
}

step protect_reply_all(struct call *c)
{
    Chancery__V1__ProtectResponse *r = protect_answer(c);
    return r == NULL ? STEP_FAILED : protect_reply(c, r);
}
