/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/decide/decide_access.h"

#include "domain/decide/decide_delivery.h"
#include "domain/relations/content_power.h"
#include "domain/relations/denial.h"
#include "domain/relations/effective_policy.h"
#include "domain/relations/exclusion.h"
#include "domain/relations/outside_limits.h"
#include "domain/relations/super_user.h"

enum { DAY_S = 24 * 60 * 60 };

/* What the questions look at: the facts, and what follows from them. */
struct deliberation {
    const struct access_question *q;
    struct effective_policy policy;
    struct delivery_decision delivery;
    struct unix_time power_ends; /* of power that was lent to the caller; 0: none was */
    enum reason purpose_refusal; /* why they may not ask for this purpose; R_NONE: they may */
    struct access_decision *out;
};

/* --- the questions: true when there is nothing against it ------------------------------------- */

static bool passcode_is_for_it(const struct deliberation *d)
{
    const struct subject_user *user = &d->q->subject->user;
    return !subject_user_is_by_passcode(user) || ID_EQ(user->only_content, d->q->content);
}

static bool tenant_is_active(const struct deliberation *d)
{
    return d->q->tenant->state == TENANT_ACTIVE;
}

static bool boundary_lets_out(const struct deliberation *d)
{
    return d->delivery.reason == R_NONE;
}

/* A portal of another boundary is refused even where the rule says native: its operator is not one
 * whom the content's boundary has let in. */
static bool channel_is_allowed(const struct deliberation *d)
{
    const struct subject_component *c = &d->q->subject->component;
    if (c->role == ROLE_PORTAL) {
        return strcmp(c->boundary, d->q->tenant->boundary) == 0;
    }
    return d->delivery.channel == CHANNEL_NATIVE;
}

static bool sign_in_is_allowed(const struct deliberation *d)
{
    return outside_sign_in_is_allowed(d->q->tenant, d->q->policy, d->q->subject);
}

static bool is_not_denied(const struct deliberation *d)
{
    return !denial_applies(d->q->tenant, d->q->policy->owner, d->q->home, d->q->subject);
}

static bool is_not_excluded(const struct deliberation *d)
{
    return !exclusion_applies(d->q->tenant, d->q->subject);
}

/* For what a gateway asks, which nobody else may. */
static bool is_no_strangers_purpose(const struct deliberation *d)
{
    return d->purpose_refusal != R_COMPONENT_ROLE;
}

static bool is_own_gateway(const struct deliberation *d)
{
    return d->purpose_refusal != R_COMPONENT_TENANT;
}

static bool tenant_has_it_opened(const struct deliberation *d)
{
    return d->purpose_refusal != R_DECRYPTION_OFF;
}

/* Access by power ends neither with revocation nor with expiry. */
static bool has_power(const struct deliberation *d)
{
    return d->out->power != POWER_NONE;
}

static bool is_not_revoked(const struct deliberation *d)
{
    return has_power(d) || !(d->q->facts.is_revoked || d->q->facts.user_is_revoked);
}

static bool is_not_expired(const struct deliberation *d)
{
    struct unix_time end = d->out->content_expires_at;
    return has_power(d) || end.s == 0 || d->q->now.s < end.s;
}

static bool has_rights(const struct deliberation *d)
{
    return !rights_are_none(&d->out->rights);
}

/* Owners, issuers and whoever has lent power have all rights, and so this one. */
static bool may_take_off(const struct deliberation *d)
{
    return !d->q->needs_export || (d->out->rights.bits & RIGHT_EXPORT) != 0;
}

/* In the order of docs/policy.md, "The decision"; the first that fails is the reason. */
static const struct question {
    bool (*holds)(const struct deliberation *d);
    enum reason otherwise;
    bool needs_rights; /* told only to one who would have had rights; others hear NO_RIGHTS */
} questions[] = {
    {.holds = passcode_is_for_it, .otherwise = R_PASSCODE_CONTENT},
    {.holds = tenant_is_active, .otherwise = R_TENANT_DISABLED},
    {.holds = boundary_lets_out, .otherwise = R_BOUNDARY_BLOCKED},
    {.holds = channel_is_allowed, .otherwise = R_PORTAL_REQUIRED},
    {.holds = sign_in_is_allowed, .otherwise = R_SIGN_IN_REFUSED},
    {.holds = is_not_denied, .otherwise = R_PARTNER_DENIED},
    {.holds = is_not_excluded, .otherwise = R_EXCLUDED},
    {.holds = is_no_strangers_purpose, .otherwise = R_COMPONENT_ROLE},
    {.holds = is_own_gateway, .otherwise = R_COMPONENT_TENANT},
    {.holds = tenant_has_it_opened, .otherwise = R_DECRYPTION_OFF},
    {.holds = is_not_revoked, .otherwise = R_REVOKED, .needs_rights = true},
    {.holds = is_not_expired, .otherwise = R_EXPIRED, .needs_rights = true},
    {.holds = has_rights, .otherwise = R_NO_RIGHTS},
    {.holds = may_take_off, .otherwise = R_RIGHT_MISSING},
};

/* --- what follows from the facts -------------------------------------------------------------- */

/* A decryptor is a super user by another name: its role alone gives it nothing. */
static enum power lent_power(const struct subject *subject)
{
    bool is_decryptor = !subject_has_user(subject) && subject->component.role == ROLE_DECRYPTOR;
    return is_decryptor ? POWER_DECRYPTOR : POWER_SUPER_USER;
}

/* Power of the caller over this content, whatever the policy grants. What is their own comes
 * first: only what they could not do without it is recorded as the use of a power. */
static void find_power(struct deliberation *d)
{
    const struct access_question *q = d->q;
    if (q->by_grants_only) {
        return;
    }
    if (q->purpose != FOR_NO_GATEWAY && d->purpose_refusal == R_NONE) {
        d->out->power = POWER_DECRYPTOR;
        return;
    }
    d->out->power =
        content_power_own(q->tenant->id, q->policy->owner, q->policy->issuer, q->subject);
    if (d->out->power == POWER_NONE) {
        d->power_ends = super_user_until(q->tenant, q->subject, q->now);
        d->out->power = d->power_ends.s == 0 ? POWER_NONE : lent_power(q->subject);
    }
}

static int offline_days(const struct deliberation *d)
{
    if (d->q->policy->kind != POLICY_TEMPLATE) {
        return d->q->policy->offline_days;
    }
    return d->policy.template == NULL ? OFFLINE_DAYS_NONE : d->policy.template->offline_days;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The least of tenant cap, offline days, time to expiry, and time to the end of power that was
 * lent; minutes for portals, online only, taking protection off, and a gateway's purposes. */
static void set_validity(const struct deliberation *d)
{
    struct access_decision *out = d->out;
    int days = offline_days(d);
    int64_t seconds = d->q->tenant->license_cap_days * DAY_S;
    bool is_for_one_act = d->q->needs_export || d->q->purpose != FOR_NO_GATEWAY;
    bool is_offline = out->channel == CHANNEL_NATIVE && days != OFFLINE_DAYS_NONE && seconds > 0 &&
                      !is_for_one_act;
    out->may_cache = is_offline && d->power_ends.s == 0;
    if (days > 0) {
        seconds = least(seconds, (int64_t)days * DAY_S);
    }
    if (out->channel == CHANNEL_PORTAL && !is_for_one_act) {
        seconds = PORTAL_LICENSE_S;
    } else if (!is_offline) {
        seconds = ONLINE_LICENSE_S;
    }
    if (!has_power(d) && out->content_expires_at.s != 0) {
        seconds = least(seconds, out->content_expires_at.s - d->q->now.s);
    }
    if (d->power_ends.s != 0) {
        seconds = least(seconds, d->power_ends.s - d->q->now.s);
    }
    out->license_expires_at.s = d->q->now.s + seconds;
}

static const char *referral_of(const struct deliberation *d)
{
    if (d->q->policy->kind != POLICY_TEMPLATE) {
        return d->q->policy->referral_contact;
    }
    return d->policy.template == NULL ? "" : d->policy.template->referral_contact;
}

static enum reason first_refusal(const struct deliberation *d)
{
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        if (!questions[i].holds(d)) {
            return questions[i].needs_rights && !has_rights(d) ? R_NO_RIGHTS
                                                               : questions[i].otherwise;
        }
    }
    return R_NONE;
}

/* Why a policy grants nothing: told to the log, never to the caller. */
static enum reason internal_reason(const struct deliberation *d, enum reason reason)
{
    const char *problem;
    if (reason != R_NO_RIGHTS) {
        return reason;
    }
    if (!effective_policy_is_readable(&d->policy, &problem)) {
        d->out->problem = problem;
        return R_POLICY_INVALID;
    }
    return effective_policy_has_lost_template(&d->policy) ? R_TEMPLATE_MISSING : reason;
}

/* A component alone stands in its own boundary; a user always in theirs. */
static struct reader reader_of(const struct subject *subject)
{
    const struct subject_user *user = &subject->user;
    if (!subject_has_user(subject)) {
        return (struct reader){.boundary = subject->component.boundary, .tenant = TENANT_PLATFORM};
    }
    return (struct reader){.boundary = user->boundary,
                           .tenant = user->is_guest ? TENANT_PLATFORM : user->tenant};
}

static struct deliberation deliberate(const struct access_question *q, struct access_decision *out)
{
    struct deliberation d = {
        .q = q,
        .policy = effective_policy_of(q->tenant, q->policy, q->facts.amendment),
        .purpose_refusal = gateway_purpose_refusal(q->tenant, q->subject, q->purpose),
        .out = out,
    };
    decide_delivery(&(struct delivery_question){.platform = q->platform,
                                                .tenant = q->tenant,
                                                .reader = reader_of(q->subject)},
                    &d.delivery);
    return d;
}

static void refuse(const struct deliberation *d)
{
    struct access_decision *out = d->out;
    bool is_no_rights = strcmp(reason_info(out->reason)->public_name, "NO_RIGHTS") == 0;
    out->rights = (struct rights){0};
    out->frees_attachments = false;
    if (out->reason == R_PORTAL_REQUIRED) {
        out->portal_url = boundary_portal_url(d->q->platform, d->q->tenant->boundary);
    }
    out->referral_contact = is_no_rights ? referral_of(d) : "";
}

void decide_access(const struct access_question *q, struct access_decision *out)
{
    *out = (struct access_decision){.portal_url = "", .referral_contact = ""};
    struct deliberation d = deliberate(q, out);
    out->policy_version = effective_policy_version(&d.policy);
    out->content_expires_at =
        outside_expiry(q->tenant, q->policy, q->subject, effective_policy_expiry(&d.policy));
    out->channel = q->subject->component.role == ROLE_PORTAL ? CHANNEL_PORTAL : CHANNEL_NATIVE;
    effective_policy_rights(&d.policy, q->subject, &out->rights);
    find_power(&d);
    if (out->power != POWER_NONE) {
        effective_policy_all_rights(&d.policy, &out->rights);
    }
    out->reason = internal_reason(&d, first_refusal(&d));
    out->frees_attachments = q->policy->kind == POLICY_ENCRYPT_ONLY &&
                             tenant_has_switched(q->tenant, TENANT_ATTACHMENTS_FREED);
    if (out->reason == R_NONE) {
        set_validity(&d);
    } else {
        refuse(&d);
    }
}
