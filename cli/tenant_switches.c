/* SPDX-License-Identifier: Apache-2.0 */
/* chancery tenant: what a tenant switches on and off. */
#include <stdio.h>
#include <string.h>

#include "base/suggestion.h"
#include "base/utf8.h"
#include "cli/tenant.h"

/* A switch as people say it: what is on is allowed. Fields say of three of them what is off. */
static const struct {
    const char *name, *field;
    bool field_means_off;
} SWITCHES[] = {
    {"do-not-forward", "do_not_forward_off", true},
    {"encrypt-only", "encrypt_only_off", true},
    {"social-identities", "social_identities_off", true},
    {"free-attachments", "attachments_freed", false},
    {"reject-without-rights", "reject_without_rights", false},
};
enum { SWITCH_COUNT = sizeof SWITCHES / sizeof SWITCHES[0] };

static protobuf_c_boolean *flag_of(Chancery__V1__Tenant *t, size_t which)
{
    protobuf_c_boolean *const flags[SWITCH_COUNT] = {
        &t->do_not_forward_off, &t->encrypt_only_off, &t->social_identities_off,
        &t->attachments_freed, &t->reject_without_rights};
    return flags[which];
}

void tenant_print_switches(const Chancery__V1__Tenant *tenant)
{
    Chancery__V1__Tenant t = *tenant;
    for (size_t i = 0; i < SWITCH_COUNT; i++) {
        bool is_on = (*flag_of(&t, i) != 0) != SWITCHES[i].field_means_off;
        printf("  switch       %s %s\n", SWITCHES[i].name, is_on ? "on" : "off");
    }
}

static int unknown_switch(struct session *s, const char *name)
{
    struct suggestion meant = {.word = name};
    for (size_t i = 0; i < SWITCH_COUNT; i++) {
        suggestion_consider(&meant, SWITCHES[i].name);
    }
    const char *shown = utf8_escaped(s->arena, name, UTF8_LINE);
    return meant.best == NULL ? usage_error(s->command, "there is no switch %s", shown)
                              : usage_error(s->command, "there is no switch %s; did you mean %s?",
                                            shown, meant.best);
}

int tenant_switch(struct session *s, const struct verb_args *args)
{
    Chancery__V1__UpdateTenantRequest request;
    Chancery__V1__Tenant tenant;
    Google__Protobuf__FieldMask mask;
    const char *name = args->operands[0], *to = args->operands[1];
    size_t which = 0;
    while (which < SWITCH_COUNT && strcmp(SWITCHES[which].name, name) != 0) {
        which++;
    }
    if (which == SWITCH_COUNT) {
        return unknown_switch(s, name);
    }
    bool is_on = strcmp(to, "on") == 0;
    if (!is_on && strcmp(to, "off") != 0) {
        return usage_error(s->command, "say on or off");
    }
    char *path = text_field(SWITCHES[which].field);
    chancery__v1__update_tenant_request__init(&request);
    chancery__v1__tenant__init(&tenant);
    google__protobuf__field_mask__init(&mask);
    tenant.tenant = text_field(args->tenant);
    *flag_of(&tenant, which) = is_on != SWITCHES[which].field_means_off;
    mask.paths = &path;
    mask.n_paths = 1;
    request.tenant = &tenant;
    request.update_mask = &mask;
    return verb_act(s, args, "TenantService/UpdateTenant", &request.base,
                    &chancery__v1__update_tenant_response__descriptor, NULL);
}
