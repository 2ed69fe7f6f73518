/* SPDX-License-Identifier: Apache-2.0 */
#include "service/licensing/license_issue.h"

#include "auth/boundary_guard.h"
#include "context/wait.h"
#include "service/common/reply.h"
#include "wire/use_license.h"

static step issued(struct call *c)
{
    struct license_access *a = license_access_of(c);
    return wait_over(c, &a->keys.err);
}

static const char *principal(struct call *c)
{
    struct caller *caller = caller_of(c);
    return subject_has_user(&caller->subject) ? caller->who.user
                                              : reply_uuid(c, caller->subject.component.id.u);
}

step use_license_issue(struct call *c)
{
    struct license_access *a = license_access_of(c);
    const struct tenant_view *tenant = &a->tenant->view;
    const struct key_row *signing = views_key(a->tenant, KEY_SIGNING, 0);
    struct use_license license = {
        .authority_url = boundary_authority_url(c, a->platform_record, tenant->boundary),
        .id = caller_of(c)->entry.event,
        .principal = principal(c),
        .tenant = tenant->id,
        .boundary = tenant->boundary,
        .template = a->policy.template_id,
        .owner = a->policy.owner,
        .now = a->decided_at,
        .decision = &a->decision,
    };
    if (signing == NULL) {
        return call_fail(c, R_INTERNAL, "no active signing key");
    }
    license_access_begin_keys(c);
    if (!use_license_claims(call_arena(c), &license, &a->keys.claims, call_err(c)).ok) {
        return STEP_FAILED;
    }
    a->keys.signing = license_access_key_ref(a, signing);
    a->keys.client = a->client_key;
    keys_issue(&a->keys);
    return wait_keys(c, issued, &a->keys);
}

Chancery__V1__AcquireLicenseResponse *use_license_message(struct call *c)
{
    const struct license_access *a = license_access_of(c);
    Chancery__V1__AcquireLicenseResponse *r =
        call_message(c, &chancery__v1__acquire_license_response__descriptor);
    if (r == NULL) {
        return NULL;
    }
    r->use_license = reply_slice(c, a->keys.use_license);
    r->content_id = reply_uuid(c, a->license.header.content.u);
    r->n_rights = reply_rights(c, &a->decision.rights, (int **)&r->rights);
    r->n_custom_rights = reply_custom_rights(c, &a->decision.rights, &r->custom_rights);
    r->owner = reply_text(a->policy.owner);
    r->expire_time = reply_time(c, a->decision.license_expires_at.s * 1000000);
    r->may_cache = a->decision.may_cache;
    r->channel = (Chancery__V1__Channel)a->decision.channel;
    r->attachments_freed = a->decision.frees_attachments;
    if (r->use_license == NULL || r->content_id == NULL) {
        (void)call_fail(c, R_ARENA_EXHAUSTED, "reply").kind;
        return NULL;
    }
    return r;
}
