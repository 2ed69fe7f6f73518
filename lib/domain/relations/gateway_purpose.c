/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/relations/gateway_purpose.h"

static bool tenant_wants(const struct tenant_view *tenant, enum gateway_purpose purpose)
{
    switch (purpose) {
    case FOR_NO_GATEWAY:
        return true;
    case FOR_SCAN:
        return tenant->transport_decryption == TRANSPORT_DECRYPTION_OPTIONAL ||
               tenant->transport_decryption == TRANSPORT_DECRYPTION_MANDATORY;
    case FOR_JOURNAL:
        return tenant_has_switched(tenant, TENANT_JOURNALS_IN_CLEAR);
    }
    return false;
}

enum reason gateway_purpose_refusal(const struct tenant_view *tenant, const struct subject *subject,
                                    enum gateway_purpose purpose)
{
    const struct subject_component *component = &subject->component;
    if (purpose == FOR_NO_GATEWAY) {
        return R_NONE;
    }
    if (subject_has_user(subject) || component->role != ROLE_GATEWAY) {
        return R_COMPONENT_ROLE;
    }
    if (!ID_EQ(component->tenant, tenant->id)) {
        return R_COMPONENT_TENANT;
    }
    return tenant_wants(tenant, purpose) ? R_NONE : R_DECRYPTION_OFF;
}

bool gateway_has_power(const struct tenant_view *tenant)
{
    return tenant_wants(tenant, FOR_SCAN) || tenant_wants(tenant, FOR_JOURNAL);
}
