/* SPDX-License-Identifier: Apache-2.0 */
/* PublishingService.Protect: from a policy to a content key and the license that opens it again.
 *
 *   parse         policy, owner, the client's key
 *   grants        of a custom policy
 *   recipients    of the mail
 *   tenant        whose tenant protects: the owner's
 *   decide        pure: may this caller protect so? (domain/decide/decide_protect.c)
 *   record        the content and the decision: the commit
 *   seal          make the content key, seal it with the policy, wrap it to the client's key
 *   reply
 *
 * Sealing comes after the record: a retry with the same request id gets the same content, sealed
 * anew. */
#include <string.h>

#include "auth/boundary_guard.h"
#include "auth/decision_log.h"
#include "auth/facts.h"
#include "base/texts.h"
#include "chancery/v1/publishing.pb-c.h"
#include "context/wait.h"
#include "domain/decide/decide_protect.h"
#include "domain/relations/effective_policy.h"
#include "domain/values/address.h"
#include "service/common/cursor.h"
#include "service/common/flows.h"
#include "service/common/policy_fields.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/common/request_id.h"
#include "wire/publishing_license.h"

typedef Chancery__V1__ProtectRequest Request;

struct protect {
    struct policy policy;
    struct policy_fields_grants custom; /* of a custom policy */
    const char **recipients;            /* of the policy, on their way there */
    struct address_batch batch;
    struct cursor cursor; /* in whichever of the two is being read */
    struct request_id request;
    struct client_names client;
    const char *owner; /* as asked for; "" for the caller's own user */
    int32_t expires_after_days;
    struct slice client_jwk;
    const struct tenant_record *tenant;
    const struct platform_record *platform;
    struct gate_content content;
    struct content_id content_id;
    const struct key_row *sealing;
    struct lookup owner_tenant;
    struct keys_op keys;
    struct slice header;
};

static struct protect *protect_of(const struct call *c)
{
    return call_state(c);
}

/* --- parse ------------------------------------------------------------------------------------ */

static step parse_custom(struct call *c, const Chancery__V1__CustomPolicy *custom)
{
    struct protect *p = protect_of(c);
    struct policy *policy = &p->policy;
    int64_t at_us;
    policy->kind = POLICY_CUSTOM;
    policy->referral_contact = custom->referral_contact;
    if (step_failed(policy_fields_read_expiry(c, "custom.expiry", custom->expiry, &at_us,
                                              &p->expires_after_days)) ||
        step_failed(policy_fields_read_offline(c, "custom.offline_days",
                                               (int)custom->offline_access, custom->offline_days,
                                               &policy->offline_days)) ||
        step_failed(request_text(c, "custom.referral_contact", custom->referral_contact,
                                 REFERRAL_CONTACT_MAX))) {
        return STEP_FAILED;
    }
    policy->expires_at.s = at_us / 1000000;
    return policy_fields_begin_grants(c, "custom.grants", custom->grants, custom->n_grants,
                                      &p->custom);
}

static step parse_policy(struct call *c, const Request *request)
{
    struct policy *policy = &protect_of(c)->policy;
    policy->offline_days = OFFLINE_DAYS_CAP;
    policy->referral_contact = "";
    switch (request->policy_case) {
    case CHANCERY__V1__PROTECT_REQUEST__POLICY_TEMPLATE_ID:
        policy->kind = POLICY_TEMPLATE;
        return request_uuid_required(c, "template_id", request->template_id,
                                     &policy->template_id.u);
    case CHANCERY__V1__PROTECT_REQUEST__POLICY_DO_NOT_FORWARD:
        policy->kind = POLICY_DO_NOT_FORWARD;
        return STEP_NEXT;
    case CHANCERY__V1__PROTECT_REQUEST__POLICY_ENCRYPT_ONLY:
        policy->kind = POLICY_ENCRYPT_ONLY;
        return STEP_NEXT;
    case CHANCERY__V1__PROTECT_REQUEST__POLICY_CUSTOM:
        return parse_custom(c, request->custom);
    case CHANCERY__V1__PROTECT_REQUEST__POLICY__NOT_SET:
    case _CHANCERY__V1__PROTECT_REQUEST__POLICY__CASE_IS_INT_SIZE:
        break;
    }
    return call_bad_field(
        c, "policy", "One of template_id, do_not_forward, encrypt_only and custom is required.");
}

static step parse(struct call *c)
{
    const Request *request = protect_request(c);
    struct protect *p = protect_of(c);
    p->client_jwk = slice_of(request->client_public_jwk.data, request->client_public_jwk.len);
    p->content.display_name = request->display_name;
    p->recipients = ARENA_ARRAY(call_arena(c), const char *, request->n_recipients + 1);
    address_batch_init(&p->batch, call_arena(c));
    if (p->recipients == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "recipients");
    }
    if (step_failed(request_id_read(c, request->request_id, &p->request)) ||
        step_failed(parse_policy(c, request)) ||
        step_failed(
            request_count(c, "recipients", request->n_recipients, 0, POLICY_RECIPIENTS_MAX)) ||
        step_failed(request_address(c, "owner", request->owner, &p->owner)) ||
        step_failed(request_client(c, request->client, &p->client)) ||
        step_failed(
            request_text(c, "display_name", request->display_name, LICENSE_DISPLAY_NAME_MAX))) {
        return STEP_FAILED;
    }
    return step_from(keys_check_client_jwk(services_of(c)->keys, p->client_jwk, call_err(c)));
}

/* --- grants and recipients -------------------------------------------------------------------- */

static step read_grant(struct call *c, size_t index)
{
    return policy_fields_read_grant(c, &protect_of(c)->custom, index);
}

static step grants(struct call *c)
{
    struct protect *p = protect_of(c);
    p->policy.grants = p->custom.grants;
    p->policy.grant_count = p->custom.count;
    return cursor_each(c, &p->cursor, p->custom.count, read_grant, grants);
}

static step read_recipient(struct call *c, size_t index)
{
    struct slice text = slice_str(protect_request(c)->recipients[index]);
    struct protect *p = protect_of(c);
    return address_batch_normalize(&p->batch, text, &p->recipients[index], NULL).ok
               ? STEP_NEXT
               : call_bad_field(c, arena_printf(call_arena(c), "recipients[%zu]", index),
                                "It must be a mail address such as bob@fabrikam.com.");
}

static step recipients(struct call *c)
{
    struct protect *p = protect_of(c);
    size_t count = protect_request(c)->n_recipients;
    step result = cursor_each(c, &p->cursor, count, read_recipient, recipients);
    if (result.kind == STEP_KIND_NEXT) {
        p->policy.recipients = p->recipients;
        p->policy.recipient_count = texts_sort(p->recipients, count);
    }
    return result;
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
    lookups_submit(services_of(c)->lookups, &p->owner_tenant, LOOKUP_TENANT_BY_DOMAIN,
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

static step decide(struct call *c)
{
    struct protect *p = protect_of(c);
    struct protect_question question = {
        .tenant = &p->tenant->view, .subject = &caller_of(c)->subject, .policy = &p->policy};
    enum reason reason = decide_protect(&question);
    if (reason != R_NONE) {
        return refuse(c, reason);
    }
    p->policy.protected_at = call_now(c);
    if (p->expires_after_days > 0) {
        p->policy.expires_at.s = call_now(c).s + (int64_t)p->expires_after_days * 24 * 60 * 60;
    }
    return STEP_NEXT;
}

/* --- record ----------------------------------------------------------------------------------- */

static step recorded(struct call *c)
{
    struct protect *p = protect_of(c);
    const struct gate_entry *entry = &caller_of(c)->entry;
    step result = decision_log_settle(c, tenant, decide);
    if (result.kind != STEP_KIND_NEXT || entry->verdict != GATE_ALREADY) {
        return result;
    }
    p->content_id = entry->made_content;
    return request_id_check(c, &p->request, slice_of(entry->made_hash, sizeof entry->made_hash));
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
    return entry;
}

static step record(struct call *c)
{
    struct protect *p = protect_of(c);
    struct gate_entry *entry = entry_of(c);
    p->content_id.u = uuid_v7(call_unix_us(c));
    p->content.owner = p->policy.owner;
    p->content.issuer = p->policy.issuer;
    p->content.request_id = p->request.id;
    memcpy(p->content.request_hash, p->request.hash, sizeof p->content.request_hash);
    entry->content = p->content_id;
    entry->new_content = &p->content;
    return decision_log_submit(c, recorded);
}

static step refused(struct call *c)
{
    entry_of(c)->reason = call_err(c)->reason;
    return decision_log_submit(c, recorded);
}

/* --- seal and reply --------------------------------------------------------------------------- */

static step sealed(struct call *c)
{
    return wait_over(c, &protect_of(c)->keys.err);
}

static step encode(struct call *c)
{
    struct protect *p = protect_of(c);
    const struct tenant_view *tenant = &p->tenant->view;
    struct license_header header = {
        .authority_url = boundary_authority_url(c, p->platform, tenant->boundary),
        .boundary = tenant->boundary,
        .tenant = tenant->id,
        .content = p->content_id,
        .key_version = p->sealing->version,
        .display_name = p->content.display_name,
    };
    if (!license_header_encode(call_arena(c), &header, &p->header, call_err(c)).ok) {
        return STEP_FAILED;
    }
    return step_from(sealed_policy_encode(call_arena(c), &p->policy, &p->keys.policy, call_err(c)));
}

static step seal(struct call *c)
{
    struct protect *p = protect_of(c);
    const struct tenant_view *tenant = &p->tenant->view;
    p->sealing = views_key(p->tenant, KEY_SEALING, 0);
    if (p->sealing == NULL) {
        return call_fail(c, R_KEY_REVOKED, "no active sealing key");
    }
    wait_keys_init(c, &p->keys);
    if (step_failed(encode(c))) {
        return STEP_FAILED;
    }
    p->keys.sealing = (struct keys_ref){.tenant = tenant->id,
                                        .boundary = tenant->boundary,
                                        .purpose = KEY_SEALING,
                                        .version = p->sealing->version,
                                        .wrapped = p->sealing->wrapped};
    p->keys.content = p->content_id;
    p->keys.header = p->header;
    p->keys.client_jwk = p->client_jwk;
    keys_seal(&p->keys);
    return wait_keys(c, sealed, &p->keys);
}

static step reply(struct call *c)
{
    struct protect *p = protect_of(c);
    struct slice license;
    const struct effective_policy now = effective_policy_of(&p->tenant->view, &p->policy, NULL);
    const struct boundary *boundary = boundary_find(&p->platform->view, p->tenant->view.boundary);
    Chancery__V1__ProtectResponse *r = protect_response(c);
    char *wrapped = reply_slice(c, p->keys.wrapped_content_key);
    char *content = reply_uuid(c, p->content_id.u);
    if (r == NULL || wrapped == NULL || content == NULL ||
        !publishing_license_encode(call_arena(c), p->header, p->keys.sealed, &license, call_err(c))
             .ok) {
        return reply_over_budget(c);
    }
    r->content_id = content;
    r->publishing_license = reply_bytes(license);
    r->wrapped_content_key = wrapped;
    r->expire_time = reply_time(c, effective_policy_expiry(&now).s * 1000000);
    r->portal_url = reply_text(boundary == NULL ? "" : boundary->portal_url);
    return protect_reply(c, r);
}

const struct flow protect_flow = {
    .method = "/chancery.v1.PublishingService/Protect",
    .name = "protect",
    .state = FLOW_STATE(struct protect),
    .trust = TRUST_CACHES,
    .steps = {STEP("parse", parse), STEP("grants", grants), STEP("recipients", recipients),
              STEP("tenant", tenant), STEP("decide", decide), GATE("record", record),
              STEP("seal", seal), STEP("reply", reply)},
    .on_refusal = refused,
};
