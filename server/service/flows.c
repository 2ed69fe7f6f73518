/* SPDX-License-Identifier: Apache-2.0 */
#include "service/flows.h"

void flows_register(struct rpc *rpc)
{
    static const struct flow *const all[] = {
        &health_check_flow,
        &health_watch_flow,
        &reflection_flow,
        &reflection_v1alpha_flow,
        &acquire_license_flow,
        &inspect_content_flow,
        &protect_flow,
        &revoke_flow,
        &restore_flow,
        &list_access_flow,
        &create_tenant_flow,
        &get_tenant_flow,
        &update_tenant_flow,
        &add_exclusion_flow,
        &remove_exclusion_flow,
        &add_domain_flow,
        &verify_domain_flow,
        &create_issuer_flow,
        &get_issuer_flow,
        &list_issuers_flow,
        &update_issuer_flow,
        &delete_issuer_flow,
        &map_tenant_flow,
        &unmap_tenant_flow,
        &list_tenant_mappings_flow,
        &test_token_flow,
        &create_component_flow,
        &create_template_flow,
        &get_template_flow,
        &list_templates_flow,
        &update_template_flow,
        &publish_template_flow,
        &archive_template_flow,
        &query_audit_flow,
        &list_available_templates_flow,
        &delete_template_flow,
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        rpc_register(rpc, all[i]);
    }
}
