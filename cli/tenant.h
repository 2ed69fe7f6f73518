/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of `chancery tenant` share. */
#pragma once

#include "chancery/v1/tenant.pb-c.h"
#include "cli/session.h"

struct tenant_args {
    const char *profile, *format, *tenant, *boundary, *display_name, *cap_days, *state;
    const char *user, *application, *platform;
    const char **onboarding; /* NULL-terminated; NULL: none given */
    bool everybody, asserted;
    const char *operand; /* NULL: none */
};

bool tenant_wants_json(const struct tenant_args *args);
/* Call a method of TenantService; an exit code. */
int tenant_call(struct session *s, const char *method, const ProtobufCMessage *request,
                const ProtobufCMessageDescriptor *type, ProtobufCMessage **response);
/* "_chancery.contoso.com.  IN TXT  …" */
void tenant_print_record(const Chancery__V1__Domain *domain);

/* tenant_domains.c */
int tenant_add_domain(struct session *s, const struct tenant_args *args);
int tenant_verify_domain(struct session *s, const struct tenant_args *args);
int tenant_remove_domain(struct session *s, const struct tenant_args *args);
int tenant_exclude(struct session *s, const struct tenant_args *args);
int tenant_let_in(struct session *s, const struct tenant_args *args);
