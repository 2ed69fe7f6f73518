/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/relations/effective_policy.h"

#include "base/texts.h"
#include "domain/relations/content_power.h"
#include "domain/relations/membership.h"
#include "domain/values/address.h"

/* What the two ad-hoc kinds without grants of their own mean (docs/policy.md, Policies). */
static const struct grant do_not_forward = {
    .principal = {PRINCIPAL_RECIPIENTS, ""},
    .rights = &(const struct rights){.bits = RIGHTS_DO_NOT_FORWARD},
};
static const struct grant encrypt_only = {
    .principal = {PRINCIPAL_RECIPIENTS, ""},
    .rights = &(const struct rights){.bits = RIGHTS_ENCRYPT_ONLY},
};

struct effective_policy effective_policy_of(const struct tenant_view *tenant,
                                            const struct policy *policy,
                                            const struct amendment *amendment)
{
    const struct template_policy *template =
        policy->kind == POLICY_TEMPLATE ? tenant_find_template(tenant, policy->template_id) : NULL;
    return (struct effective_policy){
        .tenant = tenant->id, .policy = policy, .template = template, .amendment = amendment};
}

struct grant_list {
    const struct grant *grants;
    size_t count;
};

static const struct grant_list nothing = {NULL, 0};

static struct grant_list sealed_grants(const struct effective_policy *now)
{
    const struct template_policy *template = now->template;
    switch (now->policy->kind) {
    case POLICY_TEMPLATE:
        return template == NULL || !template->is_valid
                   ? nothing
                   : (struct grant_list){template->grants, template->grant_count};
    case POLICY_DO_NOT_FORWARD:
        return (struct grant_list){&do_not_forward, 1};
    case POLICY_ENCRYPT_ONLY:
        return (struct grant_list){&encrypt_only, 1};
    case POLICY_CUSTOM:
        return (struct grant_list){now->policy->grants, now->policy->grant_count};
    }
    return nothing;
}

static struct grant_list amended_grants(const struct effective_policy *now)
{
    const struct amendment *amendment = now->amendment;
    return amendment == NULL || !amendment->is_valid
               ? nothing
               : (struct grant_list){amendment->grants, amendment->grant_count};
}

/* --- what can be read ------------------------------------------------------------------------- */

static bool has_room(struct grant_list list)
{
    return grants_add_custom(list.grants, list.count, NULL);
}

static bool amendment_is_readable(const struct effective_policy *now)
{
    return (now->amendment == NULL || now->amendment->is_valid) && has_room(amended_grants(now));
}

bool effective_policy_has_lost_template(const struct effective_policy *now)
{
    return now->policy->kind == POLICY_TEMPLATE && now->template == NULL;
}

bool effective_policy_is_readable(const struct effective_policy *now, const char **problem)
{
    const struct template_policy *template = now->template;
    *problem = "more custom rights than a policy may name";
    if (!amendment_is_readable(now)) {
        *problem = now->amendment->is_valid ? *problem : now->amendment->problem;
        return false;
    }
    if (now->policy->kind == POLICY_TEMPLATE && template != NULL && !template->is_valid) {
        *problem = template->problem;
        return false;
    }
    return has_room(sealed_grants(now));
}

/* Content that has lost its template is nobody's by grants, those of its amendment included: the
 * template said until when. */
static bool can_grant(const struct effective_policy *now)
{
    return amendment_is_readable(now) && !effective_policy_has_lost_template(now);
}

/* --- recipients ------------------------------------------------------------------------------- */

struct address_list {
    const char *const *addresses; /* sorted */
    size_t count;
};

/* Whether an address was a recipient of the policy and is by the amendment's word none any more.
 * Either form of principal names a recipient, because the address may be a person's or a group's. */
static bool is_struck(const struct amendment *amendment, const char *address)
{
    return amendment_word_of(amendment, &address, 1).replaces ||
           amendment_names(amendment, PRINCIPAL_GROUP, address);
}

static bool has_address(struct address_list list, const struct subject_user *user,
                        const struct amendment *striking)
{
    for (size_t i = 0; i < user->address_count; i++) {
        const char *address = user->addresses[i];
        if (texts_contain(list.addresses, list.count, address) && !is_struck(striking, address)) {
            return true;
        }
    }
    return false;
}

/* The address of a group or shared mailbox stands for its members. Both lists may be long: the
 * names of the shorter one are looked up in the other. */
static bool has_group(struct address_list list, const struct subject_user *user,
                      const struct amendment *striking)
{
    struct address_list groups = {user->groups, user->group_count};
    struct address_list few = list.count < groups.count ? list : groups;
    struct address_list many = list.count < groups.count ? groups : list;
    for (size_t i = 0; i < few.count; i++) {
        const char *address = few.addresses[i];
        if (texts_contain(many.addresses, many.count, address) && !is_struck(striking, address)) {
            return true;
        }
    }
    return false;
}

static struct address_list sealed_recipients(const struct effective_policy *now)
{
    return (struct address_list){now->policy->recipients, now->policy->recipient_count};
}

static struct address_list amended_recipients(const struct effective_policy *now)
{
    return now->amendment == NULL
               ? (struct address_list){NULL, 0}
               : (struct address_list){now->amendment->recipients, now->amendment->recipient_count};
}

/* Whoever is named by the amendment has what it says, and not what recipients have. */
static bool is_recipient_by_address(const struct effective_policy *now,
                                    const struct subject_user *user,
                                    const struct amendment_word *word)
{
    return word->is_recipient ||
           (!word->replaces && has_address(sealed_recipients(now), user, now->amendment));
}

/* --- rights ----------------------------------------------------------------------------------- */

/* A user before a policy. */
struct standing {
    const struct effective_policy *now;
    const struct subject *subject;
    struct amendment_word word;            /* of the amendment, about them */
    bool is_recipient, is_recipient_known; /* many grants may speak of recipients */
    bool is_by_address; /* only grants to an address or its domain are looked at */
};

static struct amendment_word word_about(const struct effective_policy *now,
                                        const struct subject *subject)
{
    return amendment_word_of(now->amendment, subject->user.addresses, subject->user.address_count);
}

static bool is_recipient(const struct standing *s)
{
    const struct subject_user *user = &s->subject->user;
    return is_recipient_by_address(s->now, user, &s->word) ||
           has_group(sealed_recipients(s->now), user, s->now->amendment) ||
           has_group(amended_recipients(s->now), user, NULL);
}

static bool stands_among_recipients(struct standing *s)
{
    if (!s->is_recipient_known) {
        s->is_recipient = is_recipient(s);
        s->is_recipient_known = true;
    }
    return s->is_recipient;
}

static bool reaches(struct standing *s, const struct principal *principal)
{
    if (s->is_by_address && principal->kind != PRINCIPAL_USER &&
        principal->kind != PRINCIPAL_DOMAIN) {
        return false;
    }
    if (principal->kind == PRINCIPAL_RECIPIENTS) {
        return stands_among_recipients(s);
    }
    if (principal->kind == PRINCIPAL_OWNER) {
        return content_power_is_owner(s->now->tenant, s->now->policy->owner, s->subject);
    }
    return membership_matches(principal, s->subject);
}

/* Whether what the amendment says of a principal that reaches the user holds instead of what is
 * sealed. */
static bool is_replaced(const struct standing *s, const struct principal *principal)
{
    return principal->kind == PRINCIPAL_USER
               ? s->word.replaces_grants
               : amendment_names(s->now->amendment, principal->kind, principal->name);
}

static void add_sealed(struct standing *s, struct rights *out)
{
    struct grant_list list = sealed_grants(s->now);
    for (size_t i = 0; has_room(list) && i < list.count; i++) {
        const struct principal *principal = &list.grants[i].principal;
        if (reaches(s, principal) && !is_replaced(s, principal)) {
            rights_add(out, list.grants[i].rights);
        }
    }
}

static void add_amended(struct standing *s, struct rights *out)
{
    struct grant_list list = amended_grants(s->now);
    for (size_t i = 0; i < list.count; i++) {
        if (reaches(s, &list.grants[i].principal) &&
            amendment_grant_counts(s->now->amendment, i, &s->word)) {
            rights_add(out, list.grants[i].rights);
        }
    }
}

static void add_custom(const struct effective_policy *now, struct rights *rights)
{
    struct grant_list sealed = sealed_grants(now), amended = amended_grants(now);
    (void)grants_add_custom(sealed.grants, sealed.count, rights);
    (void)grants_add_custom(amended.grants, amended.count, rights);
}

/* Closed under implication: OWNER has the policy's custom rights too. */
static void close_rights(const struct effective_policy *now, struct rights *rights)
{
    rights_close(rights);
    if ((rights->bits & RIGHT_OWNER) != 0) {
        add_custom(now, rights);
    }
}

void effective_policy_rights(const struct effective_policy *now, const struct subject *subject,
                             struct rights *out)
{
    *out = (struct rights){0};
    if (!subject_has_user(subject) || !can_grant(now)) {
        return;
    }
    struct standing standing = {.now = now, .subject = subject, .word = word_about(now, subject)};
    add_sealed(&standing, out);
    add_amended(&standing, out);
    close_rights(now, out);
}

static void add_named(struct grant_list list, const struct principal *principal, struct rights *out)
{
    for (size_t i = 0; i < list.count; i++) {
        if (list.grants[i].principal.kind == principal->kind &&
            strcmp(list.grants[i].principal.name, principal->name) == 0) {
            rights_add(out, list.grants[i].rights);
        }
    }
}

/* What grants say of a principal by its own name. */
static void add_by_name(const struct effective_policy *now, const struct principal *principal,
                        struct rights *out)
{
    struct grant_list sealed = sealed_grants(now);
    if (has_room(sealed) && !amendment_names(now->amendment, principal->kind, principal->name)) {
        add_named(sealed, principal, out);
    }
    add_named(amended_grants(now), principal, out);
}

void effective_policy_grants_to(const struct effective_policy *now,
                                const struct principal *principal, struct rights *out)
{
    *out = (struct rights){0};
    if (can_grant(now)) {
        add_by_name(now, principal, out);
        close_rights(now, out);
    }
}

/* An address may be a group's, and a recipient by that. */
static bool is_recipient_by_name(const struct effective_policy *now,
                                 const struct principal *principal)
{
    struct address_list sealed = sealed_recipients(now), amended = amended_recipients(now);
    const char *address = principal->name;
    return principal->kind == PRINCIPAL_GROUP &&
           (texts_contain(amended.addresses, amended.count, address) ||
            (texts_contain(sealed.addresses, sealed.count, address) &&
             !is_struck(now->amendment, address)));
}

void effective_policy_named_rights(const struct effective_policy *now,
                                   const struct principal *principal, struct rights *out)
{
    static const struct principal recipients = {PRINCIPAL_RECIPIENTS, ""};
    *out = (struct rights){0};
    if (!can_grant(now)) {
        return;
    }
    add_by_name(now, principal, out);
    if (is_recipient_by_name(now, principal)) {
        add_by_name(now, &recipients, out);
    }
    close_rights(now, out);
}

void effective_policy_all_rights(const struct effective_policy *now, struct rights *rights)
{
    rights->bits = RIGHTS_ALL;
    add_custom(now, rights);
}

/* --- who is named ----------------------------------------------------------------------------- */

bool effective_policy_names_user(const struct effective_policy *now, const struct subject *subject)
{
    struct standing standing = {
        .now = now, .subject = subject, .word = word_about(now, subject), .is_by_address = true};
    struct rights granted = {0};
    add_sealed(&standing, &granted);
    add_amended(&standing, &granted);
    return !rights_are_none(&granted) ||
           is_recipient_by_address(now, &subject->user, &standing.word);
}

/* --- groups ----------------------------------------------------------------------------------- */

static bool names_kind(struct grant_list list, enum principal_kind kind)
{
    for (size_t i = 0; i < list.count; i++) {
        if (list.grants[i].principal.kind == kind) {
            return true;
        }
    }
    return false;
}

/* A tenant's groups have addresses in its domains. */
static bool lies_in(struct address_list list, const struct tenant_view *tenant)
{
    for (size_t i = 0; i < list.count; i++) {
        if (tenant_has_domain(tenant, address_domain(list.addresses[i]))) {
            return true;
        }
    }
    return false;
}

bool effective_policy_needs_groups(const struct effective_policy *now,
                                   const struct tenant_view *tenant, const struct subject *subject)
{
    struct grant_list sealed = sealed_grants(now), amended = amended_grants(now);
    struct amendment_word word = word_about(now, subject);
    if (subject_user_is_by_passcode(&subject->user)) {
        return false;
    }
    if (names_kind(sealed, PRINCIPAL_GROUP) || names_kind(amended, PRINCIPAL_GROUP)) {
        return true;
    }
    return (names_kind(sealed, PRINCIPAL_RECIPIENTS) ||
            names_kind(amended, PRINCIPAL_RECIPIENTS)) &&
           !is_recipient_by_address(now, &subject->user, &word) &&
           (lies_in(sealed_recipients(now), tenant) || lies_in(amended_recipients(now), tenant));
}
