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
