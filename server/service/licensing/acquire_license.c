/* SPDX-License-Identifier: Apache-2.0 */
/* LicensingService.AcquireLicense: from a publishing license and an identity to a use license.
 *
 *   parse   what the client says of itself, its key
 *   open    the license's clear header, the content's tenant, its key, the sealed policy
 *   groups  of the content's tenant, for a reader from elsewhere (common/outside_groups.c)
 *   decide  pure, over what was gathered (domain/decide/decide_access.c)
 *   gate    is it still true? then record it: the commit
 *   issue   wrap the content key to the client's key, sign the license
 *   reply
 *
 * The steps from open to gate are shared (common/license_access.c). A refusal is recorded by the
 * same gate before it is told. When the gate finds that something changed, the flow goes on again
 * from where the change can matter. */
#include "auth/boundary_guard.h"
#include "chancery/v1/licensing.pb-c.h"
#include "context/wait.h"
#include "service/common/flows.h"
#include "service/common/license_access.h"
#include "service/common/reply.h"
#include "wire/use_license.h"

static step parse(struct call *c)
{
    const Chancery__V1__AcquireLicenseRequest *request = acquire_license_request(c);
    struct license_access *a = license_access_of(c);
    struct slice jwk = slice_str(request->client_public_jwk);
    if (!keys_read_client(services_of(c)->keys, call_arena(c), jwk, &a->client_key, call_err(c))
             .ok) {
        return STEP_FAILED;
    }
    return license_access_parse(
        c, slice_of(request->publishing_license.data, request->publishing_license.len),
        request->client);
}

/* --- issue and reply -------------------------------------------------------------------------- */

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

static step issue(struct call *c)
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
        .now = call_now(c),
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

static step reply(struct call *c)
{
    struct license_access *a = license_access_of(c);
    Chancery__V1__AcquireLicenseResponse *r = acquire_license_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->use_license = reply_slice(c, a->keys.use_license);
    r->content_id = reply_uuid(c, a->license.header.content.u);
    r->n_rights = reply_rights(c, &a->decision.rights, (int **)&r->rights);
    r->n_custom_rights = reply_custom_rights(c, &a->decision.rights, &r->custom_rights);
    r->owner = reply_text(a->policy.owner);
    r->expire_time = reply_time(c, a->decision.license_expires_at.s * 1000000);
    r->may_cache = a->decision.may_cache;
    r->channel = (Chancery__V1__Channel)a->decision.channel;
    return r->use_license == NULL || r->content_id == NULL
               ? call_fail(c, R_ARENA_EXHAUSTED, "reply")
               : acquire_license_reply(c, r);
}

const struct flow acquire_license_flow = {
    .method = "/chancery.v1.LicensingService/AcquireLicense",
    .name = "acquire_license",
    .state = FLOW_STATE(struct license_access),
    .trust = TRUST_CACHES,
    .steps = {STEP("parse", parse), STEP("open", license_access_open),
              STEP("groups", license_access_groups), STEP("decide", license_access_decide),
              GATE("gate", license_access_gate), STEP("issue", issue), STEP("reply", reply)},
    .on_refusal = license_access_record_refusal,
};
