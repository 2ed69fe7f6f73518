/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of `chancery tenant` share. */
#pragma once

#include "chancery/v1/tenant.pb-c.h"
#include "cli/verbs.h"

struct tenant_args {
    struct verb_args common;
    const char *boundary, *display_name, *cap_days, *rotate_days, *state, *passcodes;
    const char *user, *application, *platform;
    const char *limits[6];                   /* in the order of tenant_limits.c */
    const char **onboarding, **do_not_track; /* NULL-terminated; NULL if none were given */
    bool everybody, track_everybody, asserted;
};

static inline const struct tenant_args *tenant_args_of(const struct verb_args *args)
{
    return (const void *)args;
}

/* "_chancery.contoso.com.  IN TXT  …" */
void tenant_print_record(const Chancery__V1__Domain *domain);

/* tenant_switches.c */
void tenant_print_switches(const Chancery__V1__Tenant *tenant);
int tenant_switch(struct session *s, const struct verb_args *args);

/* tenant_limits.c */
void tenant_print_limits(const Chancery__V1__Tenant *tenant);
void tenant_print_use(const Chancery__V1__GetTenantResponse *response);
int tenant_limit(struct session *s, const struct verb_args *args);
/* Shows an UpdateTenantResponse. */
void tenant_show_updated(const void *response);

/* tenant_domains.c */
int tenant_add_domain(struct session *s, const struct verb_args *args);
int tenant_verify_domain(struct session *s, const struct verb_args *args);
int tenant_remove_domain(struct session *s, const struct verb_args *args);
int tenant_exclude(struct session *s, const struct verb_args *args);
int tenant_exclusions(struct session *s, const struct verb_args *args);
int tenant_let_in(struct session *s, const struct verb_args *args);
