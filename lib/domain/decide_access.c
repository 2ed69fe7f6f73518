/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/decide_access.h"

enum { DAY_S = 24 * 60 * 60 };

/* What the questions look at: the facts, and what follows from them. */
struct deliberation {
    const struct access_question *q;
    struct policy_now now; /* .template is NULL for ad-hoc policies and deleted templates */
    struct access_decision *out;
};

const char *power_name(enum power power)
{
    static const char *const names[] = {"", "owner", "issuer", "super_user", "decryptor"};
    return names[power];
}

/* --- the questions: true when there is nothing against it ------------------------------------- */

static bool tenant_is_active(const struct deliberation *d)
{
    return d->q->tenant->state == TENANT_ACTIVE;
}

static bool is_own_portal(const struct deliberation *d)
{
    const struct subject_component *c = &d->q->subject->component;
    return c->role == ROLE_PORTAL && strcmp(c->boundary, d->q->tenant->boundary) == 0;
}

/* A component alone stands in its own boundary; a user always in his own. */
static enum delivery delivery_of(const struct deliberation *d)
{
    const struct subject *subject = d->q->subject;
    bool has_user = subject_has_user(subject);
    struct reader reader = {has_user ? subject->user.boundary : subject->component.boundary,
                            has_user && !subject->user.is_guest ? subject->user.tenant
                                                                : TENANT_PLATFORM};
    return decide_delivery(d->q->platform, d->q->tenant, &reader);
}

static bool boundary_lets_out(const struct deliberation *d)
{
    return delivery_of(d) != DELIVERY_BLOCK;
}

/* A portal of another boundary is refused even where the rule says native: its operator is not one
 * whom the content's boundary has let in. */
static bool channel_is_allowed(const struct deliberation *d)
{
    if (d->q->subject->component.role == ROLE_PORTAL) {
        return is_own_portal(d);
    }
    return delivery_of(d) == DELIVERY_NATIVE;
}

static bool is_not_excluded(const struct deliberation *d)
{
    return !tenant_excludes(d->q->tenant, d->q->subject);
}

static bool outlives(const struct deliberation *d)
{
    return d->out->power != POWER_NONE;
}

static bool is_not_revoked(const struct deliberation *d)
{
    return outlives(d) || !(d->q->facts.is_revoked || d->q->facts.user_is_revoked);
}

static bool is_not_expired(const struct deliberation *d)
{
    struct unix_time end = d->out->content_expires_at;
    return outlives(d) || end.s == 0 || d->q->now.s < end.s;
}

static bool has_rights(const struct deliberation *d)
{
    return !rights_are_none(&d->out->rights);
}

/* The order of 3-policy "The decision"; the first that fails is the reason. */
static const struct question {
    bool (*holds)(const struct deliberation *d);
    enum reason otherwise;
    bool needs_rights; /* told only to one who would have had rights; others hear NO_RIGHTS */
} questions[] = {
    {tenant_is_active, R_TENANT_DISABLED, false},
    {boundary_lets_out, R_BOUNDARY_BLOCKED, false},
    {channel_is_allowed, R_PORTAL_REQUIRED, false},
    {is_not_excluded, R_EXCLUDED, false},
    {is_not_revoked, R_REVOKED, true},
    {is_not_expired, R_EXPIRED, true},
    {has_rights, R_NO_RIGHTS, false},
};

/* --- what follows from the facts --------------------------------------------------------------- */

/* Power that a component has by itself: a decryptor over content of its own tenant, an issuer over what
 * it protected. */
static enum power component_power(const struct access_question *q)
{
    const struct subject_component *c = &q->subject->component;
    char id[UUID_TEXT_BYTES];
    if (!ID_EQ(c->tenant, q->tenant->id)) {
        return POWER_NONE;
    }
    if (c->role == ROLE_DECRYPTOR) {
        return POWER_DECRYPTOR;
    }
    uuid_format(c->id.u, id);
    return strcmp(q->policy->issuer, id) == 0 ? POWER_ISSUER : POWER_NONE;
}

/* Power of the caller over this content, whatever the policy grants. What is his own comes first: only
 * what he could not do without it is recorded as the use of a power. */
static enum power power_of(const struct access_question *q)
{
    enum power own = POWER_NONE;
    if (!subject_has_user(q->subject)) {
        own = component_power(q);
    } else if (subject_is_user(q->subject, q->policy->owner)) {
        own = POWER_OWNER;
    } else if (subject_is_user(q->subject, q->policy->issuer)) {
        own = POWER_ISSUER;
    }
    if (own == POWER_NONE && tenant_has_super_user(q->tenant, q->subject, q->now)) {
        return POWER_SUPER_USER;
    }
    return own;
}

static int offline_days(const struct deliberation *d)
{
    if (d->q->policy->kind != POLICY_TEMPLATE) {
        return d->q->policy->offline_days;
    }
    return d->now.template == NULL ? OFFLINE_DAYS_NONE : d->now.template->offline_days;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The least of tenant cap, offline days and time to expiry; minutes for portals and online only. */
static void set_validity(const struct deliberation *d)
{
    struct access_decision *out = d->out;
    int days = offline_days(d);
    int64_t seconds = d->q->tenant->license_cap_days * DAY_S;
    out->may_cache = out->channel == CHANNEL_NATIVE && days != OFFLINE_DAYS_NONE && seconds > 0;
    if (days > 0) {
        seconds = least(seconds, (int64_t)days * DAY_S);
    }
    if (out->channel == CHANNEL_PORTAL) {
        seconds = PORTAL_LICENSE_S;
    } else if (!out->may_cache) {
        seconds = ONLINE_LICENSE_S;
    }
    if (!outlives(d) && out->content_expires_at.s != 0) {
        seconds = least(seconds, out->content_expires_at.s - d->q->now.s);
    }
    out->license_expires_at.s = d->q->now.s + seconds;
}

static const char *referral_of(const struct deliberation *d)
{
    if (d->q->policy->kind != POLICY_TEMPLATE) {
        return d->q->policy->referral_contact;
    }
    return d->now.template == NULL ? "" : d->now.template->referral_contact;
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
static enum reason precise(const struct deliberation *d, enum reason reason)
{
    const struct amendment *amendment = d->q->facts.amendment;
    if (reason == R_NO_RIGHTS && amendment != NULL && !amendment->is_valid) {
        d->out->problem = amendment->problem;
        return R_POLICY_INVALID;
    }
    if (reason != R_NO_RIGHTS || d->q->policy->kind != POLICY_TEMPLATE) {
        return reason;
    }
    if (d->now.template == NULL) {
        return R_TEMPLATE_MISSING;
    }
    d->out->problem = d->now.template->problem;
    return d->now.template->is_valid ? reason : R_POLICY_INVALID;
}

void decide_access(const struct access_question *q, struct access_decision *out)
{
    *out = (struct access_decision){.portal_url = "", .referral_contact = ""};
    struct deliberation d = {
        .q = q, .now = {.policy = q->policy, .amendment = q->facts.amendment}, .out = out};
    if (q->policy->kind == POLICY_TEMPLATE) {
        d.now.template = tenant_template(q->tenant, q->policy->template_id);
    }
    out->policy_version = d.now.template == NULL ? 0 : d.now.template->version;
    out->content_expires_at = policy_expiry(&d.now);
    out->channel = q->subject->component.role == ROLE_PORTAL ? CHANNEL_PORTAL : CHANNEL_NATIVE;
    policy_rights(&d.now, q->subject, &out->rights);
    out->power = power_of(q);
    if (out->power != POWER_NONE) {
        out->rights.bits = RIGHTS_ALL;
    }
    out->reason = precise(&d, first_refusal(&d));
    if (out->reason == R_NONE) {
        set_validity(&d);
        return;
    }
    const struct boundary *own = boundary_find(q->platform, q->tenant->boundary);
    out->rights = (struct rights){0};
    out->portal_url = out->reason == R_PORTAL_REQUIRED && own != NULL ? own->portal_url : "";
    bool is_no_rights = strcmp(reason_info(out->reason)->public_name, "NO_RIGHTS") == 0;
    out->referral_contact = is_no_rights ? referral_of(&d) : "";
}
