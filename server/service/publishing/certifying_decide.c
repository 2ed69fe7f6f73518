/* SPDX-License-Identifier: Apache-2.0 */
/* What a publisher certificate allows: what Protect would allow now, question by question (docs/policy.md §5.7). */
#include <string.h>

#include "auth/caller.h"
#include "chancery/v1/publishing.pb-c.h"
#include "domain/decide/decide_publisher.h"
#include "domain/values/address.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/publishing/certifying.h"

static struct publisher_question question_of(const struct call *c, const char *owner)
{
    return (struct publisher_question){
        .tenant = &scope_of(c)->tenant->view, .subject = &caller_of(c)->subject, .owner = owner};
}

static bool is_wanted(const struct certifying *s, const char *domain)
{
    bool found = s->wanted_count == 0;
    for (size_t i = 0; !found && i < s->wanted_count; i++) {
        found = strcmp(s->wanted[i], domain) == 0;
    }
    return found;
}

/* A component that acts alone: the domains of its senders that are the tenant's. */
static step name_domains(struct call *c)
{
    struct certifying *s = certifying_of(c);
    const struct tenant_view *view = &s->scope.tenant->view;
    const struct subject_component *component = &caller_of(c)->subject.component;
    const char **domains =
        ARENA_ARRAY(call_arena(c), const char *, component->sender_domain_count + 1);
    size_t count = 0;
    if (domains == NULL) {
        return reply_over_budget(c);
    }
    for (size_t i = 0; i < component->sender_domain_count; i++) {
        const char *domain = component->sender_domains[i];
        if (tenant_has_domain(view, domain) && is_wanted(s, domain)) {
            domains[count++] = domain;
        }
    }
    s->publisher.domains = domains;
    s->publisher.domain_count = count;
    s->publisher.name = reply_uuid(c, component->id.u);
    return count > 0 && count >= s->wanted_count
               ? STEP_NEXT
               : call_fail(c, R_COMPONENT_DOMAIN, "%zu of %zu domains", count, s->wanted_count);
}

/* A user: those of their addresses as which they may protect, and the others, by which they may be shut out. */
static step name_addresses(struct call *c)
{
    struct certifying *s = certifying_of(c);
    const struct subject_user *user = &caller_of(c)->subject.user;
    const char **addresses = ARENA_ARRAY(call_arena(c), const char *, user->address_count + 1);
    const char **others = ARENA_ARRAY(call_arena(c), const char *, user->address_count + 1);
    enum reason first = R_PROTECT_DENIED;
    size_t count = 0, other_count = 0;
    if (addresses == NULL || others == NULL) {
        return reply_over_budget(c);
    }
    for (size_t i = 0; i < user->address_count; i++) {
        const struct publisher_question question = question_of(c, user->addresses[i]);
        enum reason reason = decide_publisher(&question);
        first = i == 0 && reason != R_NONE ? reason : first;
        if (reason == R_NONE && is_wanted(s, address_domain(user->addresses[i]))) {
            addresses[count++] = user->addresses[i];
        } else {
            others[other_count++] = user->addresses[i];
        }
    }
    s->publisher.addresses = addresses;
    s->publisher.address_count = count;
    s->publisher.others = others;
    s->publisher.other_count = other_count;
    s->publisher.name = caller_of(c)->who.user;
    return count > 0 ? STEP_NEXT : call_fail(c, first, "decided");
}

/* Each that was named must be one that they may choose. */
static step check_templates(struct call *c, const struct publisher_question *question)
{
    struct certifying *s = certifying_of(c);
    for (size_t i = 0; i < s->template_count; i++) {
        enum reason reason =
            decide_choice(question, tenant_find_template(question->tenant, s->templates[i]));
        if (reason != R_NONE) {
            return call_fail(c, reason, "template %s", reply_uuid(c, s->templates[i].u));
        }
    }
    return STEP_NEXT;
}

static step find_templates(struct call *c, const struct publisher_question *question)
{
    struct certifying *s = certifying_of(c);
    for (size_t i = 0; i < question->tenant->template_count; i++) {
        const struct template_policy *template = &question->tenant->templates[i];
        if (decide_choice(question, template) != R_NONE) {
            continue;
        }
        if (s->template_count == PUBLISHER_TEMPLATES_MAX) {
            return call_fail(c, R_LIMIT_EXCEEDED, "more than %zu templates", s->template_count);
        }
        s->templates[s->template_count++] = template->id;
    }
    return STEP_NEXT;
}

static step choose_templates(struct call *c)
{
    struct certifying *s = certifying_of(c);
    bool is_alone = s->publisher.address_count == 0;
    const struct publisher_question question =
        question_of(c, is_alone ? "" : s->publisher.addresses[0]);
    size_t named = get_publisher_certificate_request(c)->n_template_ids;
    s->template_count = named;
    s->publisher.has_any_template = is_alone && named == 0;
    step chosen = named > 0  ? check_templates(c, &question)
                  : is_alone ? STEP_NEXT
                             : find_templates(c, &question);
    s->publisher.templates = s->templates;
    s->publisher.template_count = s->template_count;
    return chosen;
}

static uint32_t kinds_of(const struct certifying *s)
{
    const struct tenant_view *view = &s->scope.tenant->view;
    uint32_t kinds = 1U << POLICY_CUSTOM;
    if (s->publisher.has_any_template || s->publisher.template_count > 0) {
        kinds |= 1U << POLICY_TEMPLATE;
    }
    if (!tenant_has_switched(view, TENANT_DO_NOT_FORWARD_OFF)) {
        kinds |= 1U << POLICY_DO_NOT_FORWARD;
    }
    if (!tenant_has_switched(view, TENANT_ENCRYPT_ONLY_OFF)) {
        kinds |= 1U << POLICY_ENCRYPT_ONLY;
    }
    return kinds;
}

/* Who it is, and what stays the same however it is decided. */
static void begin(struct call *c)
{
    struct certifying *s = certifying_of(c);
    const struct tenant_view *view = &s->scope.tenant->view;
    s->exchange = views_key(s->scope.tenant, KEY_EXCHANGE, 0);
    s->publisher = (struct publisher){
        .tenant = view->id,
        .boundary = view->boundary,
        .component = caller_of(c)->subject.component.id,
        .exchange_version = s->exchange == NULL ? 0 : s->exchange->version,
    };
}

step certifying_decide(struct call *c)
{
    struct certifying *s = certifying_of(c);
    bool is_alone = !subject_has_user(&caller_of(c)->subject);
    const struct publisher_question question = question_of(c, "");
    enum reason reason = is_alone ? decide_publisher(&question) : R_NONE;
    begin(c);
    if (reason != R_NONE) {
        return call_fail(c, reason, "decided");
    }
    if (step_failed(is_alone ? name_domains(c) : name_addresses(c)) ||
        step_failed(choose_templates(c))) {
        return STEP_FAILED;
    }
    s->publisher.kinds = kinds_of(s);
    if (s->publisher.domain_count > PUBLISHER_NAMES_MAX ||
        s->publisher.address_count > PUBLISHER_NAMES_MAX) {
        return call_fail(c, R_LIMIT_EXCEEDED, "%zu domains", s->publisher.domain_count);
    }
    return s->exchange == NULL ? call_fail(c, R_KEY_REVOKED, "no active exchange key") : STEP_NEXT;
}
