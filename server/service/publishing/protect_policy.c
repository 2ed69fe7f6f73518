/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked for as a policy, its recipients and the client's key: of Protect, Republish and Answer. */
#include "base/texts.h"
#include "chancery/v1/publishing.pb-c.h"
#include "context/wait.h"
#include "service/common/request.h"
#include "service/publishing/protect.h"

typedef Chancery__V1__ProtectRequest Request;

/* --- parse ------------------------------------------------------------------------------------ */

static step parse_custom(struct call *c, const Chancery__V1__CustomPolicy *custom)
{
    struct protect *p = protect_of(c);
    struct policy *policy = &p->policy;
    int64_t at_us = 0;
    policy->kind = POLICY_CUSTOM;
    policy->referral_contact = custom->referral_contact;
    step all = policy_fields_read_expiry(c, "custom.expiry", custom->expiry, &at_us,
                                         &p->expires_after_days);
    all = step_and(all,
                   policy_fields_read_offline(c, "custom.offline_days", (int)custom->offline_access,
                                              custom->offline_days, &policy->offline_days));
    all = step_and(all, request_text(c, "custom.referral_contact", custom->referral_contact,
                                     REFERRAL_CONTACT_MAX));
    policy->expires_at.s = at_us / 1000000;
    return step_and(all, policy_fields_begin_grants(c, "custom.grants", custom->grants,
                                                    custom->n_grants, &p->custom));
}

static step parse_policy(struct call *c, const Request *request)
{
    struct policy *policy = &protect_of(c)->policy;
    policy->offline_days = OFFLINE_DAYS_CAP;
    policy->referral_contact = "";
    policy->branding = request->branding;
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

step protect_read_around_policy(struct call *c, const Request *asked)
{
    struct protect *p = protect_of(c);
    p->asked = asked;
    p->display_name = asked->display_name;
    p->recipients = ARENA_ARRAY(call_arena(c), const char *, asked->n_recipients + 1);
    p->refused = ARENA_ARRAY(call_arena(c), char *, asked->n_recipients + 1);
    address_batch_init(&p->batch, call_arena(c));
    if (p->recipients == NULL || p->refused == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "recipients");
    }
    step all = request_count(c, "recipients", asked->n_recipients, 0, POLICY_RECIPIENTS_MAX);
    all = step_and(all, request_client(c, asked->client, &p->client));
    return step_and(all,
                    request_text(c, "display_name", asked->display_name, LICENSE_DISPLAY_NAME_MAX));
}

step protect_read_policy(struct call *c, const Request *asked)
{
    step all = protect_read_around_policy(c, asked);
    all = step_and(all, parse_policy(c, asked));
    return step_and(all, request_text(c, "branding", asked->branding, BRANDING_NAME_MAX));
}

step protect_read_key(struct call *c)
{
    struct protect *p = protect_of(c);
    struct slice jwk = slice_str(p->asked->client_public_jwk);
    return step_from(
        keys_read_client(services_of(c)->keys, call_arena(c), jwk, &p->client_key, call_err(c)));
}

/* --- grants and recipients -------------------------------------------------------------------- */

static step read_grant(struct call *c, size_t index)
{
    return policy_fields_read_grant(c, &protect_of(c)->custom, index);
}

step protect_grants(struct call *c)
{
    struct protect *p = protect_of(c);
    p->policy.grants = p->custom.grants;
    p->policy.grant_count = p->custom.count;
    return cursor_each(c, &p->cursor, p->custom.count, read_grant, protect_grants);
}

static step bad_recipient(struct call *c, size_t index)
{
    return call_bad_field(c, arena_printf(call_arena(c), "recipients[%zu]", index),
                          "It must be a mail address such as bob@fabrikam.com.");
}

/* What has the form of an address and names nobody refuses only itself: the mail has other recipients. */
static step read_recipient(struct call *c, size_t index)
{
    struct protect *p = protect_of(c);
    char *given = p->asked->recipients[index];
    struct err err = {0};
    if (address_batch_normalize(&p->batch, slice_str(given), &p->recipients[p->recipient_count],
                                &err)
            .ok) {
        p->recipient_count++;
        return STEP_NEXT;
    }
    if (err.reason != R_FIELD_INVALID) {
        return wait_failed(c, &err);
    }
    p->refused[p->refused_count++] = given;
    return address_has_form(slice_str(given)) ? STEP_NEXT : bad_recipient(c, index);
}

step protect_recipients(struct call *c)
{
    struct protect *p = protect_of(c);
    size_t count = p->asked->n_recipients;
    step result = cursor_each(c, &p->cursor, count, read_recipient, protect_recipients);
    if (result.kind != STEP_KIND_NEXT) {
        return result;
    }
    if (count > 0 && p->recipient_count == 0) {
        return bad_recipient(c, 0);
    }
    p->policy.recipients = p->recipients;
    p->policy.recipient_count = texts_sort(p->recipients, p->recipient_count);
    return STEP_NEXT;
}
