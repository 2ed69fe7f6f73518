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
/* tenants.c */
extern const struct flow create_tenant_flow;
extern const struct flow get_tenant_flow;
extern const struct flow list_tenants_flow;
/* tenant_settings.c */
extern const struct flow update_tenant_flow;
extern const struct flow add_exclusion_flow;
extern const struct flow remove_exclusion_flow;
/* tenant_domains.c */
extern const struct flow add_domain_flow;
extern const struct flow verify_domain_flow;
extern const struct flow remove_domain_flow;
/* issuers.c, components.c, templates.c, query_audit.c */
extern const struct flow create_issuer_flow;
extern const struct flow create_component_flow;
extern const struct flow create_template_flow;
extern const struct flow get_template_flow;
extern const struct flow list_templates_flow;
extern const struct flow update_template_flow;
extern const struct flow publish_template_flow;
extern const struct flow archive_template_flow;
extern const struct flow query_audit_flow;
/* super_users.c */
extern const struct flow grant_super_user_flow;
extern const struct flow revoke_super_user_flow;
extern const struct flow list_super_users_flow;
/* approve_request.c, approval_requests.c */
extern const struct flow approve_request_flow;
extern const struct flow list_approvals_flow;
extern const struct flow get_approval_flow;
extern const struct flow reject_request_flow;
extern const struct flow withdraw_request_flow;
/* list_available_templates.c, delete_template.c */
extern const struct flow list_available_templates_flow;
extern const struct flow delete_template_flow;
/* directory_users.c, directory_groups.c, directory_members.c, directory_import.c, resolve_principal.c */
extern const struct flow put_user_flow;
extern const struct flow get_user_flow;
extern const struct flow list_users_flow;
extern const struct flow delete_user_flow;
extern const struct flow put_group_flow;
extern const struct flow get_group_flow;
extern const struct flow list_groups_flow;
extern const struct flow delete_group_flow;
extern const struct flow add_members_flow;
extern const struct flow remove_members_flow;
extern const struct flow list_members_flow;
extern const struct flow import_directory_flow;
extern const struct flow resolve_principal_flow;

/* Register all of them; the engine's services must be a struct services. */
void flows_register(struct rpc *rpc);
