/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/tenant.h"

#include <stdlib.h>
#include <string.h>

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

const struct template_policy *tenant_find_template(const struct tenant_view *tenant,
                                                   struct template_id id)
{
    if (tenant->template_count == 0) {
        return NULL;
    }
    return bsearch(&id, tenant->templates, tenant->template_count, sizeof tenant->templates[0],
                   compare_template);
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

static int compare_branding(const void *key, const void *item)
{
    const struct branding_limits *branding = item;
    return strcmp(key, branding->name);
}

const struct branding_limits *tenant_find_branding(const struct tenant_view *tenant,
                                                   const char *name)
{
    if (tenant->branding_count == 0) {
        return NULL;
    }
    return bsearch(name, tenant->brandings, tenant->branding_count, sizeof tenant->brandings[0],
                   compare_branding);
}

bool tenant_has_switched(const struct tenant_view *tenant, enum tenant_switch which)
{
    return (tenant->switches & which) != 0;
}

bool tenant_needs_approval(const struct tenant_view *tenant, enum approval_operation operation)
{
    return (tenant->approvals & 1U << operation) != 0;
}
