/* SPDX-License-Identifier: Apache-2.0 */
#include "service/tenant/tenant_message.h"

#include <string.h>

#include "domain/values/approval.h"
#include "service/common/reply.h"

step domain_write(struct call *c, struct domain_state domain, Chancery__V1__Domain **out)
{
    struct arena *arena = call_arena(c);
    char *record = arena_printf(arena, "%s%s", DOMAIN_RECORD_LABEL, domain.name);
    char *value = arena_printf(arena, "%s%s", DOMAIN_RECORD_PREFIX, domain.proof);
    Chancery__V1__Domain *d = call_message(c, &chancery__v1__domain__descriptor);
    if (d == NULL || record == NULL || value == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "domain");
    }
    d->name = reply_text(domain.name);
    d->verified = domain.is_verified;
    d->proof = reply_text(domain.proof);
    d->record_name = record;
    d->record_value = value;
    *out = d;
    return STEP_NEXT;
}

step tenant_read_two_person(struct call *c, const Chancery__V1__Tenant *from, uint32_t *out)
{
    uint32_t asked = 0;
    for (size_t i = 0; i < from->n_two_person; i++) {
        int operation = (int)from->two_person[i];
        if (operation < APPROVAL_GRANT_SUPER_USER || operation > APPROVAL_LOWER_REQUIREMENT) {
            return call_bad_field(c, "tenant.two_person", "An operation is unknown.");
        }
        asked |= 1U << operation;
    }
    *out = approval_requirement(asked);
    return STEP_NEXT;
}

static step write_two_person(struct call *c, uint32_t approvals, Chancery__V1__Tenant *t)
{
    t->two_person =
        ARENA_ARRAY(call_arena(c), Chancery__V1__ApprovalOperation, APPROVAL_LOWER_REQUIREMENT + 1);
    if (t->two_person == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "two_person");
    }
    for (int i = APPROVAL_GRANT_SUPER_USER; i <= APPROVAL_LOWER_REQUIREMENT; i++) {
        if ((approvals & 1U << i) != 0) {
            t->two_person[t->n_two_person++] = (Chancery__V1__ApprovalOperation)i;
        }
    }
    return STEP_NEXT;
}

step tenant_write(struct call *c, const struct tenant_row *row, Chancery__V1__Tenant **out)
{
    Chancery__V1__Tenant *t = call_message(c, &chancery__v1__tenant__descriptor);
    Chancery__V1__Domain **domains =
        ARENA_ARRAY(call_arena(c), Chancery__V1__Domain *, row->domain_count + 1);
    if (t == NULL || domains == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "tenant");
    }
    t->tenant_id = reply_text(reply_uuid(c, row->id.u));
    t->tenant = reply_text(row->name);
    t->display_name = reply_text(row->display_name);
    t->boundary = reply_text(row->boundary);
    t->state = (Chancery__V1__TenantState)row->state;
    t->license_cap_days = (uint32_t)row->license_cap_days;
    t->n_onboarding = row->onboarding_count;
    t->onboarding = reply_texts(c, row->onboarding, row->onboarding_count);
    t->etag = reply_text(arena_printf(call_arena(c), "%lld", (long long)row->version));
    t->create_time = reply_time(c, row->created_at);
    t->require_bound_user_tokens = row->needs_bound_users;
    t->require_bound_component_tokens = row->needs_bound_components;
    t->domains = domains;
    for (; t->n_domains < row->domain_count; t->n_domains++) {
        size_t i = t->n_domains;
        struct domain_state domain = {row->domains[i], row->proofs[i],
                                      strcmp(row->verified[i], "true") == 0};
        if (step_failed(domain_write(c, domain, &domains[i]))) {
            return STEP_FAILED;
        }
    }
    *out = t;
    return write_two_person(c, row->approvals, t);
}
