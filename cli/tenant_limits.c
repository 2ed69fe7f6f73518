/* SPDX-License-Identifier: Apache-2.0 */
/* chancery tenant: how much a tenant may do. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/number.h"
#include "cli/tenant.h"

enum { LIMIT_COUNT = 6, QUOTA_MAX = 1000000000, CALLS_MAX = 100000 };

static uint32_t *limit_of(Chancery__V1__TenantLimits *l, size_t which)
{
    uint32_t *const limits[LIMIT_COUNT] = {
        &l->contents_per_day, &l->contents_per_month,         &l->licenses_per_day,
        &l->calls_per_second, &l->component_calls_per_second, &l->principal_calls_per_second};
    return limits[which];
}

/* As people read them, and as options. */
static const struct {
    const char *name, *option;
    uint32_t max;
} LIMITS[LIMIT_COUNT] = {
    {"contents a day", "--contents-per-day", QUOTA_MAX},
    {"contents a month", "--contents-per-month", QUOTA_MAX},
    {"licenses a day", "--licenses-per-day", QUOTA_MAX},
    {"calls a second", "--calls-per-second", CALLS_MAX},
    {"calls a second of a component", "--component-calls-per-second", CALLS_MAX},
    {"calls a second of a person", "--principal-calls-per-second", CALLS_MAX},
};

void tenant_print_limits(const Chancery__V1__Tenant *tenant)
{
    if (tenant->limits == NULL) {
        return;
    }
    Chancery__V1__TenantLimits limits = *tenant->limits;
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        uint32_t limit = *limit_of(&limits, i);
        if (limit > 0) {
            printf("  limit        %u %s\n", limit, LIMITS[i].name);
        }
    }
}

void tenant_print_use(const Chancery__V1__GetTenantResponse *response)
{
    for (size_t i = 0; i < response->n_quotas; i++) {
        const Chancery__V1__QuotaUse *use = response->quotas[i];
        char until[RFC3339_BYTES];
        clock_rfc3339(use->reset_time->seconds * 1000000, until);
        printf("  used         %u of %u %s, until %s\n", use->used, use->most, use->quota, until);
    }
}

/* Lay what was given over what there is. Returns an exit code. */
static int read_limits(const struct command *command, const struct tenant_args *args,
                       Chancery__V1__TenantLimits *limits)
{
    bool is_given = false;
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        if (args->limits[i] == NULL) {
            continue;
        }
        is_given = true;
        if (number_read(command, LIMITS[i].option, args->limits[i], 0, LIMITS[i].max,
                        limit_of(limits, i)) != EXIT_OK) {
            return EXIT_USAGE;
        }
    }
    return is_given ? EXIT_OK : usage_error(command, "say what to limit");
}

/* The other limits stay as they are: so it is read first, and its etag says that nobody has changed it since. */
int tenant_limit(struct session *s, const struct verb_args *args)
{
    Chancery__V1__GetTenantRequest get;
    Chancery__V1__UpdateTenantRequest request;
    Chancery__V1__Tenant tenant;
    Chancery__V1__TenantLimits limits;
    Google__Protobuf__FieldMask mask;
    char *path = text_field("limits");
    ProtobufCMessage *answer = NULL;
    chancery__v1__get_tenant_request__init(&get);
    chancery__v1__update_tenant_request__init(&request);
    chancery__v1__tenant__init(&tenant);
    chancery__v1__tenant_limits__init(&limits);
    google__protobuf__field_mask__init(&mask);
    Chancery__V1__TenantLimits given = limits;
    if (read_limits(s->command, tenant_args_of(args), &given) != EXIT_OK) {
        return EXIT_USAGE;
    }
    get.tenant = args->operands[0];
    int code = session_call(s, "TenantService/GetTenant", &get.base,
                            &chancery__v1__get_tenant_response__descriptor, &answer);
    if (code != EXIT_OK) {
        return code;
    }
    const Chancery__V1__Tenant *stored =
        ((const Chancery__V1__GetTenantResponse *)(const void *)answer)->tenant;
    limits = stored->limits == NULL ? limits : *stored->limits;
    (void)read_limits(s->command, tenant_args_of(args), &limits);
    tenant.tenant = stored->tenant;
    tenant.etag = stored->etag;
    tenant.limits = &limits;
    mask.paths = &path;
    mask.n_paths = 1;
    request.tenant = &tenant;
    request.update_mask = &mask;
    return verb_call(s, args, "TenantService/UpdateTenant", &request.base,
                     &chancery__v1__update_tenant_response__descriptor, tenant_show_updated);
}
