/* SPDX-License-Identifier: Apache-2.0 */
/* PublishingService.Republish: another publishing license for the same content and key
 * (docs/policy.md §5.4).
 *
 *   parse         the former license; policy and the client's key (protect_policy.c)
 *   grants        of a custom policy
 *   recipients
 *   open          the former license (common/license_access.c)
 *   groups        of the content's tenant
 *   rights        does the caller hold EXPORT by the former license? (domain/decide/decide_access.c)
 *   policy        may they protect so? (domain/decide/decide_protect.c)
 *   gate          is it still true? then record it: the commit
 *   seal          the same content key under the other policy
 *   reply
 *
 * The content's row stays as it is, and so does whom it belongs to: whoever republishes gains no power
 * over the content by that. */
#include "auth/boundary_guard.h"
#include "chancery/v1/publishing.pb-c.h"
#include "context/wait.h"
#include "domain/decide/decide_protect.h"
#include "domain/relations/content_power.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/publishing/protect.h"

typedef Chancery__V1__RepublishRequest Request;
typedef Chancery__V1__ProtectRequest Asked;

/* --- parse ------------------------------------------------------------------------------------ */

static void take_policy(const Request *request, Asked *asked)
{
    switch (request->policy_case) {
    case CHANCERY__V1__REPUBLISH_REQUEST__POLICY_TEMPLATE_ID:
        asked->policy_case = CHANCERY__V1__PROTECT_REQUEST__POLICY_TEMPLATE_ID;
        asked->template_id = request->template_id;
        break;
    case CHANCERY__V1__REPUBLISH_REQUEST__POLICY_DO_NOT_FORWARD:
        asked->policy_case = CHANCERY__V1__PROTECT_REQUEST__POLICY_DO_NOT_FORWARD;
        asked->do_not_forward = request->do_not_forward;
        break;
    case CHANCERY__V1__REPUBLISH_REQUEST__POLICY_ENCRYPT_ONLY:
        asked->policy_case = CHANCERY__V1__PROTECT_REQUEST__POLICY_ENCRYPT_ONLY;
        asked->encrypt_only = request->encrypt_only;
        break;
    case CHANCERY__V1__REPUBLISH_REQUEST__POLICY_CUSTOM:
        asked->policy_case = CHANCERY__V1__PROTECT_REQUEST__POLICY_CUSTOM;
        asked->custom = request->custom;
        break;
    case CHANCERY__V1__REPUBLISH_REQUEST__POLICY__NOT_SET:
    case _CHANCERY__V1__REPUBLISH_REQUEST__POLICY__CASE_IS_INT_SIZE:
        break;
    }
}

/* As if it were protected so; the fields have the same names. */
static Asked *asked_of(struct call *c, const Request *request)
{
    Asked *asked = call_message(c, &chancery__v1__protect_request__descriptor);
    if (asked != NULL) {
        take_policy(request, asked);
        asked->n_recipients = request->n_recipients;
        asked->recipients = request->recipients;
        asked->display_name = request->display_name;
        asked->branding = request->branding;
        asked->client_public_jwk = request->client_public_jwk;
        asked->client = request->client;
    }
    return asked;
}

static step parse(struct call *c)
{
    const Request *request = republish_request(c);
    struct license_access *a = license_access_of(c);
    Asked *asked = asked_of(c, request);
    a->needs_export = true;
    a->what_for = "another policy for the same content and key";
    if (asked == NULL ||
        step_failed(step_and(protect_read_policy(c, asked),
                             license_access_parse(c,
                                                  slice_of(request->publishing_license.data,
                                                           request->publishing_license.len),
                                                  request->client)))) {
        return STEP_FAILED;
    }
    return protect_read_key(c);
}

/* --- rights ----------------------------------------------------------------------------------- */

/* Power that was lent is for opening: it gives nobody rights over the policy (docs/policy.md §3.6). */
static step rights(struct call *c)
{
    struct license_access *a = license_access_of(c);
    a->by_grants_only = content_power_own(a->tenant->view.id, a->policy.owner, a->policy.issuer,
                                          &caller_of(c)->subject) == POWER_NONE;
    return license_access_decide(c);
}

/* --- policy ----------------------------------------------------------------------------------- */

/* The content's row names the template on which it rests, and there is one row. */
static step check_template(struct call *c)
{
    const struct policy *before = &license_access_of(c)->policy, *after = &protect_of(c)->policy;
    return after->kind != POLICY_TEMPLATE || (before->kind == POLICY_TEMPLATE &&
                                              ID_EQ(before->template_id, after->template_id))
               ? STEP_NEXT
               : call_bad_field(c, "template_id",
                                "It must be the template under which the content was protected.");
}

/* What stays as the former license says. */
static void take_over(struct call *c)
{
    const struct license_access *a = license_access_of(c);
    struct protect *p = protect_of(c);
    struct policy *policy = &p->policy;
    p->tenant = a->tenant;
    p->platform = a->platform_record;
    p->content_id = a->license.header.content;
    p->display_name =
        p->asked->display_name[0] == '\0' ? a->license.header.display_name : p->asked->display_name;
    policy->owner = a->policy.owner;
    policy->issuer = a->policy.issuer;
    policy->protected_at = a->policy.protected_at;
    if (p->expires_after_days > 0) {
        policy->expires_at.s =
            policy->protected_at.s + (int64_t)p->expires_after_days * 24 * 60 * 60;
    }
}

/* The caller is asked as one who protects for themselves, whoever owns the content. */
static enum reason decide_as_publisher(struct call *c)
{
    const struct protect *p = protect_of(c);
    struct policy policy = p->policy;
    policy.owner = caller_of(c)->who.user;
    struct protect_question question = {
        .tenant = &p->tenant->view, .subject = &caller_of(c)->subject, .policy = &policy};
    return decide_protect(&question);
}

static bool is_over(const struct call *c, struct unix_time end)
{
    return end.s != 0 && end.s <= call_now(c).s;
}

static step policy(struct call *c)
{
    struct protect *p = protect_of(c);
    take_over(c);
    if (step_failed(check_template(c))) {
        return STEP_FAILED;
    }
    if (is_over(c, p->policy.expires_at)) {
        return call_bad_field(c, "custom.expiry", "It is over already.");
    }
    enum reason reason = decide_as_publisher(c);
    if (reason != R_NONE) {
        return call_fail(c, reason, "as a publisher");
    }
    if (is_over(c, protect_expiry(c))) {
        return call_fail(c, R_EXPIRED, "by the template, or as amended");
    }
    p->sealing = views_key(p->tenant, KEY_SEALING, 0);
    return p->sealing == NULL ? call_fail(c, R_KEY_REVOKED, "no active sealing key")
                              : protect_pack_policy(c);
}

/* --- seal and reply --------------------------------------------------------------------------- */

static step sealed(struct call *c)
{
    return wait_over(c, &protect_of(c)->keys.err);
}

static step seal(struct call *c)
{
    const struct license_access *a = license_access_of(c);
    struct protect *p = protect_of(c);
    if (step_failed(protect_encode_header(c))) {
        return STEP_FAILED;
    }
    wait_keys_init(c, &p->keys);
    p->keys.sealing = protect_key_ref(p, a->sealing);
    p->keys.content = p->content_id;
    p->keys.header = a->license.header_bytes;
    p->keys.sealed = a->license.sealed;
    if (a->license.offline != NULL) {
        p->keys.publisher = a->publisher_key;
        p->keys.sealed = a->license.offline->seal.sealed_key;
    }
    p->keys.resealing = protect_key_ref(p, p->sealing);
    p->keys.new_header = p->header;
    p->keys.policy = p->sealed_policy;
    p->keys.client = p->client_key;
    keys_reseal(&p->keys);
    return wait_keys(c, sealed, &p->keys);
}

static step reply(struct call *c)
{
    Chancery__V1__RepublishResponse *r = republish_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->response = protect_answer(c);
    return r->response == NULL ? STEP_FAILED : republish_reply(c, r);
}

const struct flow republish_flow = {
    .method = "/chancery.v1.PublishingService/Republish",
    .name = "republish",
    .state = FLOW_STATE_ON(struct republish, BASE_REPUBLISH, struct license_access, access),
    .trust = TRUST_CACHES,
    .steps = {STEP("parse", parse), STEP("grants", protect_grants),
              STEP("recipients", protect_recipients), STEP("open", license_access_open),
              STEP("groups", license_access_groups), STEP("rights", rights), STEP("policy", policy),
              GATE("gate", license_access_gate), STEP("seal", seal), STEP("reply", reply)},
    .on_refusal = license_access_record_refusal,
};
