/* SPDX-License-Identifier: Apache-2.0 */
/* PublishingService.Protect: from a policy to a content key and the license that opens it again.
 *
 *   parse         owner; policy and the client's key (protect_policy.c)
 *   grants        of a custom policy
 *   recipients    of the mail
 *   tenant        whose tenant protects: the owner's
 *   decide        pure: may this caller protect so? (domain/decide/decide_protect.c)
 *   quota         of the tenant: is there one left? (auth/quota.h)
 *   record        the content and the decision: the commit
 *   seal          make the content key, seal it with the policy, wrap it to the client's key
 *   reply         (protect_seal.c)
 *
 * When the gate tells at `record` that this request id has made content before, the flow goes on
 * again from `decide`: may the caller have that once more? (protect_again.c). Then the answer, be it
 * the content or a refusal, is recorded as any other. */
#include "service/publishing/protect.h"

#include <string.h>

#include "auth/boundary_guard.h"
#include "auth/decision_log.h"
#include "auth/facts.h"
#include "auth/quota.h"
#include "base/texts.h"
#include "chancery/v1/publishing.pb-c.h"
#include "context/wait.h"
#include "domain/decide/decide_protect.h"
#include "domain/relations/effective_policy.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/request.h"

typedef Chancery__V1__ProtectRequest Request;

/* --- parse ------------------------------------------------------------------------------------ */

/* What may differ in a retry is not what is asked for: a program that lost its answer with
 * everything else has a new key. */
static step read_request_id(struct call *c, const Request *request)
{
    Request asked = *request;
    asked.request_id = reply_text("");
    asked.client_public_jwk = reply_text("");
    asked.client = NULL;
    return request_id_read(c, request->request_id, &asked.base, &protect_of(c)->request);
}

static step parse(struct call *c)
{
    const Request *request = protect_request(c);
    struct protect *p = protect_of(c);
    step all = read_request_id(c, request);
    all = step_and(all, request_address(c, "owner", request->owner, &p->owner));
    all = step_and(all, protect_read_policy(c, request));
    return step_failed(all) ? STEP_FAILED : protect_read_key(c);
}

/* --- tenant ----------------------------------------------------------------------------------- */

static step have_tenant(struct call *c)
{
    struct protect *p = protect_of(c);
    p->tenant = caller_of(c)->found_tenant;
    if (p->tenant == NULL) {
        return call_fail(c, R_COMPONENT_TENANT, "no such tenant");
    }
    return boundary_guard(c, p->tenant->view.boundary);
}

static step owner_found(struct call *c)
{
    struct protect *p = protect_of(c);
    if (p->owner_tenant.op.err.reason == R_NOT_FOUND) {
        return call_fail(c, R_COMPONENT_DOMAIN, "the owner's domain is in no tenant");
    }
    return p->owner_tenant.op.err.reason == R_NONE
               ? facts_need_tenant(c, p->owner_tenant.tenant, have_tenant)
               : wait_failed(c, &p->owner_tenant.op.err);
}

/* Who the owner is, and by that whose policy and keys protect. */
static step find_tenant(struct call *c)
{
    struct protect *p = protect_of(c);
    struct policy *policy = &p->policy;
    bool has_user = subject_has_user(&caller_of(c)->subject);
    if (p->owner[0] == '\0' && !has_user) {
        return call_bad_field(c, "owner",
                              "A component without a user's token must name the owner.");
    }
    policy->owner = p->owner[0] != '\0' ? p->owner : caller_of(c)->who.user;
    policy->issuer =
        has_user ? caller_of(c)->who.user : reply_uuid(c, caller_of(c)->subject.component.id.u);
    struct tenant_id own = caller_tenant(caller_of(c));
    if (!ID_IS_ZERO(own)) {
        return facts_need_tenant(c, own, have_tenant);
    }
    if (!subject_has_component(&caller_of(c)->subject)) {
        return call_fail(c, R_PROTECT_DENIED, "a user of no tenant");
    }
    wait_store_init(c, &p->owner_tenant.op);
    lookups_submit(&p->owner_tenant, LOOKUP_TENANT_BY_DOMAIN,
                   slice_str(address_domain(policy->owner)));
    return wait_store(c, owner_found, &p->owner_tenant.op);
}

static step have_platform(struct call *c)
{
    protect_of(c)->platform = caller_of(c)->found_platform;
    return find_tenant(c);
}

static step tenant(struct call *c)
{
    protect_forget_made(c);
    caller_of(c)->subject.application = protect_of(c)->client.application;
    caller_of(c)->subject.platform = protect_of(c)->client.platform;
    return facts_need_platform(c, have_platform);
}

/* --- decide ----------------------------------------------------------------------------------- */

/* What the log says: what is stored and not understood, by name. */
static step refuse(struct call *c, enum reason reason)
{
    const struct protect *p = protect_of(c);
    if (reason == R_ONBOARDING_INVALID) {
        return call_fail(c, reason, "not understood: %s", p->tenant->view.onboarding_problem);
    }
    if (reason == R_POLICY_INVALID) {
        return call_fail(c, reason, "template %s, not understood: %s",
                         reply_uuid(c, p->policy.template_id.u),
                         tenant_find_template(&p->tenant->view, p->policy.template_id)->problem);
    }
    return call_fail(c, reason, "decided");
}

/* Which content it is, and since when it is protected: its id says so itself, so that a retry can't
 * move what is counted from there. */
static void begin_content(struct call *c)
{
    struct protect *p = protect_of(c);
    struct policy *policy = &p->policy;
    p->deriving = p->sealing;
    p->content_id = p->made.content;
    if (!protect_was_made(p)) {
        p->content_id.u = uuid_v7(call_unix_us(c));
    }
    policy->protected_at.s = uuid_v7_ms(p->content_id.u) / 1000;
    if (p->expires_after_days > 0) {
        policy->expires_at.s =
            policy->protected_at.s + (int64_t)p->expires_after_days * 24 * 60 * 60;
    }
}

/* Before it is recorded: a license that is larger than licenses may be could never be opened. */
step protect_pack_policy(struct call *c)
{
    struct protect *p = protect_of(c);
    if (!sealed_policy_encode(call_arena(c), &p->policy, &p->sealed_policy, call_err(c)).ok) {
        return STEP_FAILED;
    }
    return p->sealed_policy.len <= LICENSE_BYTES_MAX - LICENSE_AROUND_POLICY_MAX
               ? STEP_NEXT
               : call_fail(c, R_LIMIT_EXCEEDED, "a policy of %zu bytes", p->sealed_policy.len);
}

static step decide(struct call *c)
{
    struct protect *p = protect_of(c);
    struct protect_question question = {
        .tenant = &p->tenant->view, .subject = &caller_of(c)->subject, .policy = &p->policy};
    enum reason reason = decide_protect(&question);
    if (reason != R_NONE) {
        return refuse(c, reason);
    }
    p->sealing = views_key(p->tenant, KEY_SEALING, 0);
    if (p->sealing == NULL) {
        return call_fail(c, R_KEY_REVOKED, "no active sealing key");
    }
    begin_content(c);
    if (step_failed(protect_pack_policy(c))) {
        return STEP_FAILED;
    }
    return protect_was_made(p) ? protect_again(c) : STEP_NEXT;
}

/* --- quota ------------------------------------------------------------------------------------ */

/* What was made already is had again, whatever is used up since then (docs/policy.md §5.2). */
static step made_found(struct call *c)
{
    struct protect *p = protect_of(c);
    if (p->made_before.op.err.reason != R_NONE) {
        return wait_failed(c, &p->made_before.op.err);
    }
    p->made = p->made_before.made;
    return protect_was_made(p) ? call_again_from(c, decide) : quota_settle(c);
}

static step quota_asked(struct call *c)
{
    struct protect *p = protect_of(c);
    if (!quota_is_refused(c) || uuid_is_zero(p->request.id)) {
        return quota_settle(c);
    }
    wait_store_init(c, &p->made_before.op);
    quota_store_find_made(&p->made_before, p->tenant->view.id, p->request.id);
    return wait_store(c, made_found, &p->made_before.op);
}

static step quota(struct call *c)
{
    const struct protect *p = protect_of(c);
    const struct tenant_view *tenant = &p->tenant->view;
    return protect_was_made(p)
               ? STEP_NEXT
               : quota_take(c, tenant->id, &tenant->limits, USE_CONTENT, quota_asked);
}

/* --- record ----------------------------------------------------------------------------------- */

static step recorded(struct call *c)
{
    const struct gate_entry *entry = &caller_of(c)->entry;
    step result = decision_log_settle(c, tenant, decide);
    if (result.kind != STEP_KIND_NEXT || entry->verdict != GATE_ALREADY) {
        return result;
    }
    protect_of(c)->made = entry->made;
    return call_again_from(c, decide);
}

static struct gate_entry *entry_of(struct call *c)
{
    struct protect *p = protect_of(c);
    bool is_ours = p->tenant != NULL && boundary_is_served(c, p->tenant->view.boundary);
    struct gate_entry *entry =
        decision_log_begin(c, is_ours ? p->tenant->view.id : TENANT_PLATFORM);
    entry->template = p->policy.template_id;
    if (p->tenant != NULL) {
        const struct effective_policy now = effective_policy_of(&p->tenant->view, &p->policy, NULL);
        entry->policy_version = effective_policy_version(&now);
    }
    if (is_ours && protect_was_made(p)) {
        protect_again_describe(c, entry);
    } else if (p->refused_count > 0) {
        entry->target =
            arena_printf(call_arena(c), "%zu recipients refused: no address", p->refused_count);
    }
    return entry;
}

static step record(struct call *c)
{
    struct protect *p = protect_of(c);
    struct gate_entry *entry = entry_of(c);
    entry->content = p->content_id;
    if (!protect_was_made(p)) {
        p->content = (struct gate_content){.owner = p->policy.owner,
                                           .issuer = p->policy.issuer,
                                           .display_name = p->display_name,
                                           .request_id = p->request.id,
                                           .notify_owner = p->asked->notify_owner};
        memcpy(p->content.request_hash, p->request.hash, sizeof p->content.request_hash);
        p->content.key_version = uuid_is_zero(p->request.id) ? 0 : p->sealing->version;
        entry->new_content = &p->content;
    }
    return decision_log_submit(c, recorded);
}

static step refused(struct call *c)
{
    entry_of(c)->reason = call_err(c)->reason;
    return decision_log_submit(c, recorded);
}

const struct flow protect_flow = {
    .method = "/chancery.v1.PublishingService/Protect",
    .name = "protect",
    .state = FLOW_STATE(struct protect),
    .trust = TRUST_CACHES,
    .steps = {STEP("parse", parse), STEP("grants", protect_grants),
              STEP("recipients", protect_recipients), STEP("tenant", tenant),
              STEP("decide", decide), STEP("quota", quota), GATE("record", record),
              STEP("seal", protect_seal), STEP("reply", protect_reply_all)},
    .on_refusal = refused,
};
