/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/decide/decide_sender.h"

#include "domain/values/address.h"

static bool is_in_domains(const struct subject_component *gateway, const char *domain)
{
    for (size_t i = 0; i < gateway->sender_domain_count; i++) {
        if (strcmp(gateway->sender_domains[i], domain) == 0) {
            return true;
        }
    }
    return false;
}

enum reason decide_gateway(const struct tenant_view *tenant,
                           const struct subject_component *gateway)
{
    bool is_of_boundary =
        gateway->boundary[0] == '\0' || strcmp(gateway->boundary, tenant->boundary) == 0;
    bool is_of_tenant = ID_EQ(gateway->tenant, tenant->id) || ID_IS_ZERO(gateway->tenant);
    if (tenant->state != TENANT_ACTIVE) {
        return R_TENANT_DISABLED;
    }
    return is_of_boundary && is_of_tenant ? R_NONE : R_COMPONENT_TENANT;
}

enum reason decide_sender(const struct tenant_view *tenant, const struct subject_component *gateway,
                          const char *sender)
{
    const char *domain = address_domain(sender);
    enum reason reason = decide_gateway(tenant, gateway);
    if (reason != R_NONE) {
        return reason;
    }
    return is_in_domains(gateway, domain) && tenant_has_domain(tenant, domain) ? R_NONE
                                                                               : R_COMPONENT_DOMAIN;
}

enum reason decide_message_sender(const struct tenant_view *tenant,
                                  const struct subject_component *gateway, const char *sender)
{
    bool is_incoming =
        ID_EQ(gateway->tenant, tenant->id) && !tenant_has_domain(tenant, address_domain(sender));
    return is_incoming ? decide_gateway(tenant, gateway) : decide_sender(tenant, gateway, sender);
}
