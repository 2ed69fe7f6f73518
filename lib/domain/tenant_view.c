/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/tenant_view.h"

#include <stdlib.h>

bool tenant_name_is_valid(struct slice name)
{
    if (name.len == 0 || name.len > TENANT_NAME_MAX || name.ptr[0] < 'a' || name.ptr[0] > 'z') {
        return false;
    }
    for (size_t i = 1; i < name.len; i++) {
        char c = (char)name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
            return false;
        }
    }
    return true;
}

bool tenant_has_domain(const struct tenant_view *tenant, const char *domain)
{
    for (size_t i = 0; i < tenant->domain_count; i++) {
        if (strcmp(tenant->domains[i], domain) == 0) {
            return true;
        }
    }
    return false;
}

static int compare_template(const void *key, const void *item)
{
    const struct template_id *id = key;
    const struct template_policy *template = item;
    return uuid_compare(id->u, template->id.u);
}

const struct template_policy *tenant_template(const struct tenant_view *tenant,
                                              struct template_id id)
{
    if (tenant->template_count == 0) {
        return NULL;
    }
    return bsearch(&id, tenant->templates, tenant->template_count, sizeof tenant->templates[0],
                   compare_template);
}

bool tenant_excludes(const struct tenant_view *tenant, const struct subject *subject)
{
    for (size_t i = 0; i < tenant->exclusion_count; i++) {
        const struct exclusion *e = &tenant->exclusions[i];
        bool hit = e->kind == EXCLUDED_USER          ? subject_is_user(subject, e->value)
                   : e->kind == EXCLUDED_APPLICATION ? strcmp(subject->application, e->value) == 0
                                                     : strcmp(subject->platform, e->value) == 0;
        if (hit) {
            return true;
        }
    }
    return false;
}

static bool is_super_user(const struct super_user *power, const struct subject *subject)
{
    const struct subject_component *c = &subject->component;
    if (power->is_component) {
        return !subject_has_user(subject) && subject_has_component(subject) &&
               ID_EQ(power->component, c->id);
    }
    return principal_matches(&power->principal, "", subject);
}

bool tenant_has_super_user(const struct tenant_view *tenant, const struct subject *subject,
                           struct unix_time now)
{
    bool is_own = subject_has_user(subject)
                      ? ID_EQ(subject->user.tenant, tenant->id) && user_is_member(&subject->user)
                      : ID_EQ(subject->component.tenant, tenant->id);
    for (size_t i = 0; is_own && i < tenant->super_user_count; i++) {
        if (now.s < tenant->super_users[i].expires_at.s &&
            is_super_user(&tenant->super_users[i], subject)) {
            return true;
        }
    }
    return false;
}

bool tenant_has_partner(const struct tenant_view *tenant, struct tenant_id reader)
{
    for (size_t i = 0; !ID_IS_ZERO(reader) && i < tenant->partner_count; i++) {
        if (ID_EQ(tenant->partners[i], reader)) {
            return true;
        }
    }
    return false;
}

bool tenant_needs_approval(const struct tenant_view *tenant, enum approval_operation operation)
{
    return (tenant->approvals & 1U << operation) != 0;
}
