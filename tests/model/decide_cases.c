/* SPDX-License-Identifier: Apache-2.0 */
/* Decides cases for the reference model: a JSON object per line in, one line out. "ask" names the
 * decision, and each has its answer:
 *   access     REASON [contact or portal], or
 *              OK channel power rights license_expires may_cache content_expires policy_version [free]
 *   act, amend (content_cases.h)
 *   protect    REASON, or OK
 *   available  REASON, or OK count templates
 *   retry      REASON, or OK
 *   authority  REASON, or OK tenant boundary member|guest|stranger addresses groups
 *   answer     REASON, or may and the recipients
 *   offline    REASON, or OK
 *   passcode   REASON, which everybody hears, or mailed or nobodys
 *   vouching   COMPONENT_TENANT, carried, or bound: its credential will do for the user's
 *   recipient  OK or NO_RIGHTS
 *   delivery   native, portal, block or denied
 *   template, amendment   lets_in or nobody
 *   registration  the host of an iss, or -
 *   rules      (rule_cases.h) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case.h"
#include "content_cases.h"
#include "domain/decide/decide_access.h"
#include "domain/decide/decide_answer.h"
#include "domain/decide/decide_authority.h"
#include "domain/decide/decide_delivery.h"
#include "domain/decide/decide_offline.h"
#include "domain/decide/decide_passcode.h"
#include "domain/decide/decide_protect.h"
#include "domain/decide/decide_publisher.h"
#include "domain/decide/decide_recipient.h"
#include "domain/decide/decide_retry.h"
#include "domain/relations/content_power.h"
#include "domain/relations/denial.h"
#include "domain/relations/membership.h"
#include "domain/relations/policy_widens.h"
#include "domain/relations/vouching.h"
#include "domain/values/issuer_host.h"
#include "domain/values/token_claims.h"
#include "rule_cases.h"

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* --- access ----------------------------------------------------------------------------------- */

static void print_access(const struct access_decision *d)
{
    struct rights rights = d->rights;
    char text[RIGHTS_TEXT_MAX + 1];
    if (d->reason != R_NONE) {
        const char *reason = reason_info(d->reason)->public_name;
        bool is_no_rights = strcmp(reason, "NO_RIGHTS") == 0;
        const char *more = is_no_rights ? d->referral_contact : d->portal_url;
        const char *gap = is_no_rights || d->reason == R_PORTAL_REQUIRED ? " " : "";
        printf("%s%s%s\n", reason, gap, is_no_rights && more[0] == '\0' ? "-" : more);
        return;
    }
    if (rights.custom_count > 0) { /* their order means nothing; the model sorts them */
        qsort(rights.custom, rights.custom_count, sizeof rights.custom[0], compare_text);
    }
    rights_format(&rights, text);
    printf("OK %s %s %s %lld %d %lld %lld%s\n", channel_name(d->channel),
           d->power == POWER_NONE ? "-" : power_name(d->power), text,
           (long long)d->license_expires_at.s, d->may_cache, (long long)d->content_expires_at.s,
           (long long)d->policy_version, d->frees_attachments ? " free" : "");
}

static void answer_access(const json_t *from)
{
    struct platform_view platform;
    struct tenant_view tenant;
    struct policy policy;
    struct subject subject;
    struct access_decision decision;
    case_platform(case_member(from, "rules"), &platform);
    case_tenant(case_member(from, "tenant"), &tenant);
    case_policy(case_member(from, "policy"), &policy);
    case_subject(case_member(from, "subject"), &subject);
    struct access_question question = {
        .platform = &platform,
        .tenant = &tenant,
        .policy = &policy,
        .content = {{{(uint8_t)case_number(from, "content")}}},
        .subject = &subject,
        .home = case_home(case_member(from, "subject")),
        .facts = {.is_revoked = case_flag(from, "revoked"),
                  .user_is_revoked = case_user_is_revoked(from, &subject, tenant.id),
                  .amendment = case_amendment(case_member(from, "changes"))},
        .now = {case_number(from, "now")},
        .needs_export = case_flag(from, "takes_off"),
        .purpose = (enum gateway_purpose)case_number(from, "purpose"),
    };
    decide_access(&question, &decision);
    print_access(&decision);
}

/* --- answer ----------------------------------------------------------------------------------- */

enum { PEOPLE_MAX = 64 };

static void print_people(const struct answer_question *question, const char *reader,
                         const json_t *named)
{
    const char *others[PEOPLE_MAX], *people[PEOPLE_MAX];
    for (size_t i = 0; i < json_array_size(named); i++) {
        others[i] = json_string_value(json_array_get(named, i));
    }
    size_t count = answer_recipients(question, reader, others, json_array_size(named), people);
    printf("may");
    for (size_t i = 0; i < count; i++) {
        printf("%c%s", i == 0 ? ' ' : ',', people[i]);
    }
    putchar('\n');
}

static void answer_answer(const json_t *from)
{
    struct platform_view platform;
    struct tenant_view tenant;
    struct policy policy;
    struct subject subject;
    struct access_decision access;
    case_platform(case_member(from, "rules"), &platform);
    case_tenant(case_member(from, "tenant"), &tenant);
    case_policy(case_member(from, "policy"), &policy);
    case_subject(case_member(from, "subject"), &subject);
    struct access_question opening = {
        .platform = &platform,
        .tenant = &tenant,
        .policy = &policy,
        .content = {{{(uint8_t)case_number(from, "content")}}},
        .subject = &subject,
        .home = case_home(case_member(from, "subject")),
        .facts = {.is_revoked = case_flag(from, "revoked"),
                  .user_is_revoked = case_user_is_revoked(from, &subject, tenant.id),
                  .amendment = case_amendment(case_member(from, "changes"))},
        .now = {case_number(from, "now")},
        .by_grants_only =
            content_power_own(tenant.id, policy.owner, policy.issuer, &subject) == POWER_NONE,
    };
    decide_access(&opening, &access);
    struct answer_question question = {.kind = (enum answer_kind)case_number(from, "kind"),
                                       .tenant = &tenant,
                                       .policy = &policy,
                                       .facts = opening.facts,
                                       .now = opening.now,
                                       .access = &access};
    enum reason reason = access.reason == R_NONE ? decide_answer(&question) : access.reason;
    if (reason != R_NONE) {
        puts(reason_info(reason)->public_name);
        return;
    }
    print_people(&question, subject.user.addresses[0], case_member(from, "named"));
}

/* --- offline ---------------------------------------------------------------------------------- */

static uint32_t read_kinds(const json_t *list)
{
    uint32_t kinds = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        kinds |= 1U << json_integer_value(json_array_get(list, i));
    }
    return kinds;
}

static void read_certificate(const json_t *from, struct publisher *out)
{
    const json_t *named = case_member(from, "tpl");
    struct template_id *templates =
        ARENA_ARRAY(case_arena, struct template_id, json_array_size(named) + 1);
    *out = (struct publisher){
        .name = case_text(from, "sub"),
        .has_any_template = json_is_null(named),
        .templates = templates,
        .template_count = json_array_size(named),
        .kinds = read_kinds(case_member(from, "pol")),
        .issued_at = {case_number(from, "iat")},
        .expires_at = {case_number(from, "exp")},
    };
    for (size_t i = 0; i < out->template_count; i++) {
        templates[i].u.b[0] = (uint8_t)json_integer_value(json_array_get(named, i));
    }
    out->addresses = case_texts(from, "adr", &out->address_count);
    out->domains = case_texts(from, "dom", &out->domain_count);
}

static void answer_offline(const json_t *from)
{
    struct publisher publisher;
    struct policy policy;
    read_certificate(case_member(from, "certificate"), &publisher);
    case_policy(case_member(from, "policy"), &policy);
    enum reason reason = decide_offline(&(struct offline_question){
        .publisher = &publisher, .policy = &policy, .now = {case_number(from, "now")}});
    puts(reason == R_NONE ? "OK" : reason_info(reason)->name);
}

/* --- passcode --------------------------------------------------------------------------------- */

static void answer_passcode(const json_t *from)
{
    struct platform_view platform;
    struct tenant_view tenant;
    struct policy policy;
    struct subject portal;
    struct passcode_decision decision;
    case_platform(case_member(from, "rules"), &platform);
    case_tenant(case_member(from, "tenant"), &tenant);
    case_policy(case_member(from, "policy"), &policy);
    case_subject(case_member(from, "subject"), &portal);
    struct passcode_question question = {
        .platform = &platform,
        .tenant = &tenant,
        .policy = &policy,
        .content = {{{1}}},
        .portal = &portal,
        .address = case_text(from, "address"),
        .facts = {.is_revoked = case_flag(from, "revoked"),
                  .amendment = case_amendment(case_member(from, "changes"))},
        .is_domain_of_tenant = case_flag(from, "of_tenant"),
        .now = {case_number(from, "now")},
    };
    decide_passcode(&question, &decision);
    puts(decision.reason != R_NONE ? reason_info(decision.reason)->name
         : decision.is_mailed      ? "mailed"
                                   : "nobodys");
}

/* --- protect, available, retry, delivery --------------------------------------------------------- */

static void answer_protect(const json_t *from)
{
    struct tenant_view tenant;
    struct policy policy;
    struct subject subject;
    case_tenant(case_member(from, "tenant"), &tenant);
    case_policy(case_member(from, "policy"), &policy);
    case_subject(case_member(from, "subject"), &subject);
    enum reason reason = decide_protect(&(struct protect_question){&tenant, &subject, &policy});
    puts(reason == R_NONE ? "OK" : reason_info(reason)->name);
}

static void answer_available(const json_t *from)
{
    struct tenant_view tenant;
    struct policy policy;
    struct subject subject;
    char chosen[CASE_LIST_MAX * 4] = "-";
    size_t len = 0;
    int count = 0;
    case_tenant(case_member(from, "tenant"), &tenant);
    case_policy(case_member(from, "policy"), &policy);
    case_subject(case_member(from, "subject"), &subject);
    const struct publisher_question question = {&tenant, &subject, policy.owner};
    enum reason reason = decide_publisher(&question);
    for (size_t i = 0; reason == R_NONE && i < tenant.template_count; i++) {
        const struct template_policy *template = &tenant.templates[i];
        if (decide_choice(&question, template) == R_NONE) {
            len += (size_t)snprintf(chosen + len, sizeof chosen - len, "%s%d",
                                    count++ == 0 ? "" : ",", template->id.u.b[0]);
        }
    }
    if (reason == R_NONE) {
        printf("OK %d %s\n", count, chosen);
    } else {
        puts(reason_info(reason)->name);
    }
}

static void answer_retry(const json_t *from)
{
    enum reason reason =
        decide_retry(&(struct retry_question){.is_same = case_flag(from, "same"),
                                              .made_at = {case_number(from, "made_at")},
                                              .now = {case_number(from, "now")},
                                              .is_revoked = case_flag(from, "revoked"),
                                              .expires_at = {case_number(from, "expires_at")}});
    puts(reason == R_NONE ? "OK" : reason_info(reason)->name);
}

static void answer_delivery(const json_t *from)
{
    struct platform_view platform;
    struct tenant_view tenant;
    const json_t *reader = case_member(from, "reader");
    struct delivery_decision decision;
    struct delivery_question question = {
        .platform = &platform,
        .tenant = &tenant,
        .reader = {.boundary = case_text(reader, "boundary"),
                   .tenant_name = case_text(reader, "tenant_name"),
                   .is_kept_away = case_flag(reader, "kept_away")},
    };
    question.reader.tenant.u.b[0] = (uint8_t)case_number(reader, "tenant");
    case_platform(case_member(from, "rules"), &platform);
    case_tenant(case_member(from, "tenant"), &tenant);
    question.is_denied = denial_reaches(&tenant, &question.reader, case_text(reader, "address"));
    decide_delivery(&question, &decision);
    puts(decision.reason == R_NONE             ? channel_name(decision.channel)
         : decision.reason == R_PARTNER_DENIED ? "denied"
                                               : "block");
}

/* --- does a change let somebody in? ----------------------------------------------------------- */

static void print_widens(bool widens)
{
    puts(widens ? "lets_in" : "nobody");
}

static void answer_template(const json_t *from)
{
    struct template_policy before, after;
    bool widens = false;
    case_template(case_member(from, "before"), &before);
    case_template(case_member(from, "after"), &after);
    struct policy_terms was = policy_terms_of_template(&before);
    struct policy_terms is = policy_terms_of_template(&after);
    CH_ASSERT(policy_widens(case_arena, &was, &is, &widens, NULL).ok);
    print_widens(widens);
}

static void answer_amendment(const json_t *from)
{
    static const struct amendment none = {.is_valid = true};
    const struct amendment *after = case_amendment(case_member(from, "after"));
    const json_t *sealed = case_member(from, "sealed");
    struct policy_expiry expiry = {.at = {case_number(from, "sealed")}};
    bool widens = false;
    CH_ASSERT(amendment_widens(case_arena, case_amendment(case_member(from, "before")),
                               after == NULL ? &none : after, json_is_null(sealed) ? NULL : &expiry,
                               &widens, NULL)
                  .ok);
    print_widens(widens);
}

/* --- authority -------------------------------------------------------------------------------- */

/* The case's tenants: what the lookups of a real call would find. */
struct known {
    struct tenant_view tenants[CASE_LIST_MAX];
    size_t count;
};

static void read_known(const json_t *list, struct known *out)
{
    out->count = json_array_size(list);
    CH_ASSERT(out->count <= CASE_LIST_MAX);
    for (size_t i = 0; i < out->count; i++) {
        case_tenant(json_array_get(list, i), &out->tenants[i]);
    }
}

/* By id for a tenant issuer, by the token's claim for a multi-tenant one: auth/token_identity.c. */
static const struct tenant_view *home_of(const struct known *known, const struct issuer *issuer,
                                         const struct token_claims *claims)
{
    for (size_t i = 0; i < known->count; i++) {
        const struct tenant_view *tenant = &known->tenants[i];
        if (issuer->kind == ISSUER_TENANT && ID_EQ(tenant->id, issuer->tenant)) {
            return tenant;
        }
        if (issuer->kind == ISSUER_MULTI_TENANT && strcmp(tenant->name, claims->tenant) == 0) {
            return tenant;
        }
    }
    return NULL;
}

static const struct tenant_view *tenant_by_id(const struct known *known, struct tenant_id id)
{
    for (size_t i = 0; i < known->count; i++) {
        if (ID_EQ(known->tenants[i].id, id)) {
            return &known->tenants[i];
        }
    }
    return NULL;
}

static bool is_of_tenant(const struct known *known, const struct token_claims *claims)
{
    const struct claimed_address *address = token_claims_primary(claims);
    bool found = false;
    for (size_t i = 0; address != NULL && i < known->count; i++) {
        found |= tenant_has_domain(&known->tenants[i], strchr(address->text, '@') + 1);
    }
    return found;
}

static enum address_word read_word(const char *text)
{
    return strcmp(text, "verified") == 0 ? ADDRESS_VERIFIED
           : strcmp(text, "denied") == 0 ? ADDRESS_DENIED
                                         : ADDRESS_UNSAID;
}

static void read_claims(const json_t *from, struct token_claims *out)
{
    memset(out, 0, sizeof *out);
    const json_t *addresses = case_member(from, "addresses");
    out->groups = case_texts(from, "groups", &out->group_count);
    out->address_count = json_array_size(addresses);
    CH_ASSERT(out->address_count <= TOKEN_ADDRESSES_MAX);
    for (size_t i = 0; i < out->address_count; i++) {
        const json_t *said = json_array_get(addresses, i);
        out->addresses[i] = (struct claimed_address){
            json_string_value(json_array_get(said, 0)),
            read_word(json_string_value(json_array_get(said, 1))),
            json_is_true(json_array_get(said, 2)),
        };
    }
    out->is_guest = case_flag(from, "guest");
    out->tenant = case_text(from, "tenant");
    out->content.u.b[0] = (uint8_t)case_number(from, "content");
    out->portal.u.b[0] = (uint8_t)case_number(from, "portal");
}

static void print_list(const char *const *texts, size_t count, const char *end)
{
    for (size_t i = 0; i < count; i++) {
        printf("%s%s", i == 0 ? "" : ",", texts[i]);
    }
    printf("%s%s", count == 0 ? "-" : "", end);
}

static void print_user(const struct subject_user *user)
{
    const char *kind = ID_IS_ZERO(user->tenant) ? "stranger" : user->is_guest ? "guest" : "member";
    printf("OK %s %s %s ", user->tenant_name[0] == '\0' ? "-" : user->tenant_name, user->boundary,
           kind);
    print_list(user->addresses, user->address_count, " ");
    print_list(user->groups, user->group_count, "\n");
}

static void answer_authority(const json_t *from)
{
    struct known known;
    struct token_claims claims;
    struct subject_user user;
    struct err err = {0};
    const json_t *described = case_member(from, "issuer");
    const json_t *directory = case_member(from, "directory");
    struct issuer issuer = {.iss = "",
                            .kind = (enum issuer_kind)case_number(described, "kind"),
                            .boundary = case_text(described, "boundary")};
    issuer.tenant.u.b[0] = (uint8_t)case_number(described, "tenant");
    issuer.domains = case_texts(described, "domains", &issuer.domain_count);
    read_known(case_member(from, "tenants"), &known);
    read_claims(case_member(from, "claims"), &claims);
    struct authority_question question = {&issuer, &claims, home_of(&known, &issuer, &claims),
                                          tenant_by_id(&known, issuer.tenant),
                                          is_of_tenant(&known, &claims)};
    enum reason reason = decide_authority(&question, &user);
    if (reason != R_NONE) {
        puts(reason_info(reason)->name);
        return;
    }
    if (question.tenant != NULL) { /* a member: the token and the directory add to what is proven */
        size_t count;
        const char *const *aliases = case_texts(directory, "aliases", &count);
        CH_ASSERT(membership_add_aliases(&user, question.tenant, aliases, count, &err).ok);
        CH_ASSERT(membership_add_groups(case_arena, &user, question.tenant, claims.groups,
                                        claims.group_count, &err)
                      .ok);
        const char *const *groups = case_texts(directory, "groups", &count);
        CH_ASSERT(
            membership_add_groups(case_arena, &user, question.tenant, groups, count, &err).ok);
    }
    print_user(&user);
}

/* --- vouching --------------------------------------------------------------------------------- */

static void answer_vouching(const json_t *from)
{
    struct subject subject;
    case_subject(case_member(from, "subject"), &subject);
    puts(!vouching_covers(&subject) ? "COMPONENT_TENANT"
         : vouching_binds(&subject) ? "bound"
                                    : "carried");
}

/* --- recipient -------------------------------------------------------------------------------- */

static void answer_recipient(const json_t *from)
{
    struct tenant_view tenant;
    struct subject subject;
    case_tenant(case_member(from, "tenant"), &tenant);
    case_subject(case_member(from, "subject"), &subject);
    tenant.switches |= case_flag(from, "rejects") ? TENANT_REJECTS_WITHOUT_RIGHTS : 0U;
    enum reason reason = decide_recipient(
        &(struct recipient_question){.tenant = &tenant,
                                     .template_id = {{{(uint8_t)case_number(from, "template")}}},
                                     .sender = case_text(from, "sender"),
                                     .recipient = &subject,
                                     .is_group = case_flag(from, "is_group")});
    puts(reason == R_NONE ? "OK" : reason_info(reason)->public_name);
}

/* --- registration ----------------------------------------------------------------------------- */

static void answer_registration(const json_t *from)
{
    const char *host = issuer_host(case_arena, case_text(from, "iss"));
    puts(host == NULL ? "-" : host);
}

static const struct {
    const char *ask;
    void (*answer)(const json_t *from);
} decisions[] = {
    {"act", content_answer_act},
    {"amend", content_answer_amend},
    {"access", answer_access},
    {"protect", answer_protect},
    {"available", answer_available},
    {"retry", answer_retry},
    {"authority", answer_authority},
    {"vouching", answer_vouching},
    {"answer", answer_answer},
    {"passcode", answer_passcode},
    {"offline", answer_offline},
    {"delivery", answer_delivery},
    {"template", answer_template},
    {"amendment", answer_amendment},
    {"registration", answer_registration},
    {"recipient", answer_recipient},
    {"rules", rule_answer},
    {"away", rule_away_answer},
};

static void answer(const json_t *from)
{
    for (size_t i = 0; i < sizeof decisions / sizeof decisions[0]; i++) {
        if (strcmp(decisions[i].ask, case_text(from, "ask")) == 0) {
            decisions[i].answer(from);
        }
    }
}

int main(void)
{
    char *line = NULL;
    size_t cap = 0;
    case_arena = arena_new(1 << 20);
    while (getline(&line, &cap, stdin) > 0) {
        json_error_t error;
        json_t *root = json_loads(line, 0, &error);
        CH_ASSERT(root != NULL);
        answer(root);
        json_decref(root);
        arena_reset(case_arena);
    }
    free(line);
    arena_free(case_arena);
    return 0;
}
