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
    {"journal-decryption", "journal_decryption", false},
    {"notify-owners", "notify_owners", false},
};
enum { SWITCH_COUNT = sizeof SWITCHES / sizeof SWITCHES[0] };

static protobuf_c_boolean *flag_of(Chancery__V1__Tenant *t, size_t which)
{
    protobuf_c_boolean *const flags[SWITCH_COUNT] = {
        &t->do_not_forward_off, &t->encrypt_only_off,      &t->social_identities_off,
        &t->attachments_freed,  &t->reject_without_rights, &t->journal_decryption,
        &t->notify_owners};
    return flags[which];
}

/* One that has more than two positions. */
#define TRANSPORT "transport-decryption"
static const struct {
    const char *name;
    Chancery__V1__TransportDecryption value;
} POSITIONS[] = {
    {"off", CHANCERY__V1__TRANSPORT_DECRYPTION__TRANSPORT_DECRYPTION_OFF},
    {"optional", CHANCERY__V1__TRANSPORT_DECRYPTION__TRANSPORT_DECRYPTION_OPTIONAL},
    {"mandatory", CHANCERY__V1__TRANSPORT_DECRYPTION__TRANSPORT_DECRYPTION_MANDATORY},
};
enum { POSITION_COUNT = sizeof POSITIONS / sizeof POSITIONS[0] };

static const char *position_name(Chancery__V1__TransportDecryption value)
{
    for (size_t i = 0; i < POSITION_COUNT; i++) {
        if (POSITIONS[i].value == value) {
            return POSITIONS[i].name;
        }
    }
    return "unknown";
}

void tenant_print_switches(const Chancery__V1__Tenant *tenant)
{
    Chancery__V1__Tenant t = *tenant;
    for (size_t i = 0; i < SWITCH_COUNT; i++) {
        bool is_on = (*flag_of(&t, i) != 0) != SWITCHES[i].field_means_off;
        printf("  switch       %s %s\n", SWITCHES[i].name, is_on ? "on" : "off");
    }
    printf("  switch       %s %s\n", TRANSPORT, position_name(t.transport_decryption));
}

static int unknown_switch(struct session *s, const char *name)
{
    struct suggestion meant = {.word = name};
    for (size_t i = 0; i < SWITCH_COUNT; i++) {
        suggestion_consider(&meant, SWITCHES[i].name);
    }
    suggestion_consider(&meant, TRANSPORT);
    const char *shown = utf8_escaped(s->arena, name, UTF8_LINE);
    return meant.best == NULL ? usage_error(s->command, "there is no switch %s", shown)
                              : usage_error(s->command, "there is no switch %s; did you mean %s?",
                                            shown, meant.best);
}

/* Put the switch into the tenant, and its field's name into `field`. Returns an exit code. */
static int set_transport(struct session *s, const char *to, Chancery__V1__Tenant *t,
                         const char **field)
{
    *field = "transport_decryption";
    for (size_t i = 0; i < POSITION_COUNT; i++) {
        if (strcmp(POSITIONS[i].name, to) == 0) {
            t->transport_decryption = POSITIONS[i].value;
            return EXIT_OK;
        }
    }
    return usage_error(s->command, "say off, optional or mandatory");
}

static int set_flag(struct session *s, const char *name, const char *to, Chancery__V1__Tenant *t,
                    const char **field)
{
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
    *field = SWITCHES[which].field;
    *flag_of(t, which) = is_on != SWITCHES[which].field_means_off;
    return EXIT_OK;
}

int tenant_switch(struct session *s, const struct verb_args *args)
{
    Chancery__V1__UpdateTenantRequest request;
    Chancery__V1__Tenant tenant;
    Google__Protobuf__FieldMask mask;
    const char *name = args->operands[0], *to = args->operands[1], *field = NULL;
    chancery__v1__update_tenant_request__init(&request);
    chancery__v1__tenant__init(&tenant);
    google__protobuf__field_mask__init(&mask);
    int code = strcmp(name, TRANSPORT) == 0 ? set_transport(s, to, &tenant, &field)
                                            : set_flag(s, name, to, &tenant, &field);
    if (code != EXIT_OK) {
        return code;
    }
    char *path = text_field(field);
    tenant.tenant = text_field(args->tenant);
    mask.paths = &path;
    mask.n_paths = 1;
    request.tenant = &tenant;
    request.update_mask = &mask;
    return verb_act(s, args, "TenantService/UpdateTenant", &request.base,
                    &chancery__v1__update_tenant_response__descriptor, NULL);
}
