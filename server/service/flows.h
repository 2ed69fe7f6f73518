/* SPDX-License-Identifier: Apache-2.0 */
/* Every flow of the service layer; flows_register hands them all to the engine. Methods without a flow
 * answer UNIMPLEMENTED. */
#pragma once

#include "rpc/call.h"

/* health.c, reflection.c: need no services. */
extern const struct flow health_check_flow;
extern const struct flow health_watch_flow;
extern const struct flow reflection_flow;
extern const struct flow reflection_v1alpha_flow;
/* acquire_license.c, inspect_content.c, protect.c */
extern const struct flow acquire_license_flow;
extern const struct flow inspect_content_flow;
extern const struct flow protect_flow;
/* tracking.c */
extern const struct flow revoke_flow;
extern const struct flow restore_flow;
extern const struct flow list_access_flow;
/* tenants.c, issuers.c, components.c, templates.c, query_audit.c */
extern const struct flow create_tenant_flow;
extern const struct flow get_tenant_flow;
/* tenant_settings.c */
extern const struct flow update_tenant_flow;
extern const struct flow add_exclusion_flow;
extern const struct flow remove_exclusion_flow;
extern const struct flow add_domain_flow;
extern const struct flow verify_domain_flow;
extern const struct flow create_issuer_flow;
extern const struct flow get_issuer_flow;
extern const struct flow list_issuers_flow;
extern const struct flow delete_issuer_flow;
extern const struct flow create_component_flow;
extern const struct flow create_template_flow;
extern const struct flow get_template_flow;
extern const struct flow list_templates_flow;
extern const struct flow update_template_flow;
extern const struct flow publish_template_flow;
extern const struct flow archive_template_flow;
extern const struct flow query_audit_flow;
/* update_issuer.c, issuer_mappings.c, test_token.c */
extern const struct flow update_issuer_flow;
extern const struct flow map_tenant_flow;
extern const struct flow unmap_tenant_flow;
extern const struct flow list_tenant_mappings_flow;
extern const struct flow test_token_flow;
/* list_available_templates.c, delete_template.c */
extern const struct flow list_available_templates_flow;
extern const struct flow delete_template_flow;

/* Register all of them; the engine's services must be a struct services. */
void flows_register(struct rpc *rpc);
