/* SPDX-License-Identifier: Apache-2.0 */
/* LicensingService.AcquireLicense: from a publishing license and an identity to a use license.
 *
 *   parse         what the client says of itself, its key
 *   authenticate  who is calling (caller.c)
 *   open          the license's clear header, the content's tenant, its key, the sealed policy
 *   groups        of the content's tenant, for a reader from elsewhere (outside_groups.c)
 *   decide        pure, over what was gathered (domain/decide/decide_access.c)
 *   gate          is it still true? then record it: the commit
 *   issue         wrap the content key to the client's key, sign the license
 *   reply
 *
 * A refusal is recorded by the same gate before it is told. When the gate finds that something changed,
 * the flow goes on again from where the change can matter. */
#include <string.h>

#include "auth/boundary_guard.h"
#include "auth/decision_log.h"
#include "auth/facts.h"
#include "chancery/v1/licensing.pb-c.h"
#include "context/wait.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/licensing/license_access.h"
#include "wire/use_license.h"

static struct license_access *access_of(const struct call *c)
{
    return call_state(c);
}

/* --- parse -------------------------------------------------------------------------------------- */

enum { APPLICATION_MAX = 64, PLATFORM_MAX = 32 };

step access_parse(struct call *c, struct slice license, const char *application,
                  const char *platform)
{
    struct license_access *a = access_of(c);
    a->license_bytes = license;
    if (request_text(c, "client.application", application, APPLICATION_MAX).kind ==
            STEP_KIND_FAILED ||
        request_text(c, "client.platform", platform, PLATFORM_MAX).kind == STEP_KIND_FAILED) {
        return STEP_FAILED;
    }
    a->application = application;
    a->platform = platform;
    return STEP_NEXT;
}

static step parse(struct call *c)
{
    const Chancery__V1__AcquireLicenseRequest *request = acquire_license_request(c);
    struct license_access *a = access_of(c);
    a->client_jwk = slice_of(request->client_public_jwk.data, request->client_public_jwk.len);
    if (!keys_check_client_jwk(services_of(c)->keys, a->client_jwk, call_err(c)).ok) {
        return STEP_FAILED;
    }
    return access_parse(c,
                        slice_of(request->publishing_license.data, request->publishing_license.len),
                        request->client == NULL ? "" : request->client->application,
                        request->client == NULL ? "" : request->client->platform);
}

/* --- open --------------------------------------------------------------------------------------- */

static step opened(struct call *c)
{
    struct license_access *a = access_of(c);
    if (a->keys.err.reason != R_NONE) {
        return wait_failed(c, &a->keys.err);
    }
    if (!sealed_policy_decode(call_arena(c), a->keys.policy, &a->policy, call_err(c)).ok) {
        return STEP_FAILED;
    }
    a->is_open = true;
    caller_of(c)->entry.facts.amendment =
        amendments_get(services_of(c)->amendments, a->license.header.content, call_arena(c));
    return STEP_NEXT;
}

static struct keys_ref key_ref(const struct license_access *a, const struct key_row *row)
{
    return (struct keys_ref){a->tenant->view.id, a->tenant->view.boundary, row->purpose,
                             row->version, row->wrapped};
}

/* Prepare an operation on this license's seal. */
static void begin_keys(struct call *c)
{
    struct license_access *a = access_of(c);
    wait_keys_init(c, &a->keys);
    a->keys.sealing = key_ref(a, a->sealing);
    a->keys.content = a->license.header.content;
    a->keys.header = a->license.header_bytes;
    a->keys.sealed = a->license.sealed;
}

/* Whether the key can still open. A revoked one does, which the step decide refuses: only who holds what it
 * sealed is told that it is revoked, so that a made-up license does not tell which tenants and keys there are.
 * Of a destroyed one the seal can't be tested. */
static enum reason key_problem(const struct key_row *key)
{
    if (key == NULL) {
        return R_KEY_UNKNOWN;
    }
    return key->state == KEY_IS_DESTROYED ? R_KEY_DESTROYED : R_NONE;
}

static step open_seal(struct call *c)
{
    struct license_access *a = access_of(c);
    const struct license_header *header = &a->license.header;
    a->tenant = caller_of(c)->found_tenant;
    if (a->tenant == NULL || strcmp(a->tenant->view.boundary, header->boundary) != 0) {
        return call_fail(c, R_LICENSE_FOREIGN, "no such tenant in that boundary");
    }
    a->sealing = views_key(a->tenant, KEY_SEALING, header->key_version);
    enum reason problem = key_problem(a->sealing);
    if (problem != R_NONE) {
        return call_fail(c, problem, "sealing key %u", header->key_version);
    }
    begin_keys(c);
    keys_open_policy(&a->keys);
    return wait_keys(c, opened, &a->keys);
}

static step have_platform(struct call *c)
{
    struct license_access *a = access_of(c);
    const struct license_header *header = &a->license.header;
    a->platform_record = caller_of(c)->found_platform;
    const struct boundary *boundary = boundary_find(&a->platform_record->view, header->boundary);
    if (boundary != NULL && step_failed(boundary_guard(c, boundary->name))) {
        return STEP_FAILED;
    }
    return facts_need_tenant(c, header->tenant, open_seal);
}

/* The license is looked at when it is known who asks: that is the first question of the decision. */
step access_open(struct call *c)
{
    struct license_access *a = access_of(c);
    caller_of(c)->subject.application = a->application;
    caller_of(c)->subject.platform = a->platform;
    if (!publishing_license_parse(call_arena(c), a->license_bytes, &a->license, call_err(c)).ok) {
        return STEP_FAILED;
    }
    return facts_need_platform(c, have_platform);
}

/* --- decide ------------------------------------------------------------------------------------- */

/* Something stored that this version does not understand refuses everybody: the log says what it is. */
static step fail_invalid(struct call *c)
{
    const struct license_access *a = access_of(c);
    const struct amendment *amendment = caller_of(c)->entry.facts.amendment;
    const char *problem = a->decision.problem;
    if (amendment != NULL && !amendment->is_valid) {
        return call_fail(c, R_POLICY_INVALID, "amendment, not understood: %s", problem);
    }
    return call_fail(c, R_POLICY_INVALID, "template %s, not understood: %s",
                     reply_uuid(c, a->policy.template_id.u), problem);
}

/* Everything that refuses content which is open stands here, because the gate may send the flow back to here. */
step access_decide(struct call *c)
{
    struct license_access *a = access_of(c);
    if (a->sealing->state == KEY_IS_REVOKED) {
        return call_fail(c, R_KEY_REVOKED, "sealing key %u", a->sealing->version);
    }
    struct access_question question = {
        .platform = &a->platform_record->view,
        .tenant = &a->tenant->view,
        .policy = &a->policy,
        .subject = &caller_of(c)->subject,
        .facts = caller_of(c)->entry.facts,
        .now = call_now(c),
    };
    decide_access(&question, &a->decision);
    if (a->decision.reason == R_NONE) {
        return STEP_NEXT;
    }
    if (a->decision.portal_url[0] != '\0') {
        call_error_metadata(c, "portal_url", a->decision.portal_url);
    }
    if (a->decision.referral_contact[0] != '\0') {
        call_error_metadata(c, "referral_contact", a->decision.referral_contact);
    }
    return a->decision.problem == NULL ? call_fail(c, a->decision.reason, "decided")
                                       : fail_invalid(c);
}

/* --- gate --------------------------------------------------------------------------------------- */

/* The record of this decision, or of why there was none. A content's own log is written only when its
 * seal held: before that, tenant and content are what somebody claims. */
static struct gate_entry *record(struct call *c)
{
    struct license_access *a = access_of(c);
    struct gate_entry *entry =
        decision_log_begin(c, a->is_open ? a->license.header.tenant : TENANT_PLATFORM);
    entry->content = a->license.header.content;
    entry->template = a->policy.template_id;
    entry->policy_version = a->decision.policy_version;
    entry->channel = a->decision.channel;
    entry->power = a->decision.power;
    return entry;
}

/* When it was stale, the flow begins anew: what it then refuses before the seal is open again must not be taken for a
 * decision that other facts could turn. */
static step recorded(struct call *c)
{
    struct license_access *a = access_of(c);
    a->is_open = a->is_open && caller_of(c)->entry.verdict != GATE_STALE;
    return decision_log_settle(c, access_open, access_groups);
}

step access_gate(struct call *c)
{
    struct gate_entry *entry = record(c);
    char *rights = arena_alloc(call_arena(c), RIGHTS_TEXT_MAX + 1);
    if (rights == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "rights");
    }
    rights_format(&access_of(c)->decision.rights, rights);
    entry->rights = rights;
    return decision_log_submit(c, recorded);
}

step access_record_refusal(struct call *c)
{
    record(c)->reason = call_err(c)->reason;
    return decision_log_submit(c, recorded);
}

/* --- issue and reply ---------------------------------------------------------------------------- */

static step issued(struct call *c)
{
    struct license_access *a = access_of(c);
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
    struct license_access *a = access_of(c);
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
    begin_keys(c);
    if (!use_license_claims(call_arena(c), &license, &a->keys.claims, call_err(c)).ok) {
        return STEP_FAILED;
    }
    a->keys.signing = key_ref(a, signing);
    a->keys.client_jwk = a->client_jwk;
    keys_issue(&a->keys);
    return wait_keys(c, issued, &a->keys);
}

static step reply(struct call *c)
{
    struct license_access *a = access_of(c);
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
    .steps = {STEP("parse", parse), STEP("open", access_open), STEP("groups", access_groups),
              STEP("decide", access_decide), GATE("gate", access_gate), STEP("issue", issue),
              STEP("reply", reply)},
    .on_refusal = access_record_refusal,
};
