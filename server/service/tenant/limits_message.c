/* SPDX-License-Identifier: Apache-2.0 */
#include "service/tenant/limits_message.h"

#include <string.h>

#include "service/common/reply.h"

static bool may_be(uint32_t limit, uint32_t max)
{
    return limit <= max;
}

step limits_message_read(struct call *c, const void *message, void *out)
{
    static const Chancery__V1__TenantLimits none = CHANCERY__V1__TENANT_LIMITS__INIT;
    const Chancery__V1__Tenant *from = message;
    const Chancery__V1__TenantLimits *l = from->limits == NULL ? &none : from->limits;
    struct tenant_row *row = out;
    row->limits = (struct tenant_limits){
        .contents_per_day = l->contents_per_day,
        .contents_per_month = l->contents_per_month,
        .licenses_per_day = l->licenses_per_day,
        .calls_per_second = l->calls_per_second,
        .component_calls_per_second = l->component_calls_per_second,
        .principal_calls_per_second = l->principal_calls_per_second,
    };
    if (!may_be(l->contents_per_day, TENANT_LIMIT_MAX) ||
        !may_be(l->contents_per_month, TENANT_LIMIT_MAX) ||
        !may_be(l->licenses_per_day, TENANT_LIMIT_MAX)) {
        return call_bad_field(c, "tenant.limits", "A quota may be at most 1000000000.");
    }
    return may_be(l->calls_per_second, CALLS_PER_SECOND_MAX) &&
                   may_be(l->component_calls_per_second, CALLS_PER_SECOND_MAX) &&
                   may_be(l->principal_calls_per_second, CALLS_PER_SECOND_MAX)
               ? STEP_NEXT
               : call_bad_field(c, "tenant.limits", "Calls a second may be at most 100000.");
}

bool limits_message_write(struct call *c, const struct tenant_limits *limits,
                          Chancery__V1__Tenant *t)
{
    static const struct tenant_limits none;
    if (memcmp(limits, &none, sizeof none) == 0) {
        return true;
    }
    Chancery__V1__TenantLimits *l = call_message(c, &chancery__v1__tenant_limits__descriptor);
    if (l == NULL) {
        return false;
    }
    l->contents_per_day = limits->contents_per_day;
    l->contents_per_month = limits->contents_per_month;
    l->licenses_per_day = limits->licenses_per_day;
    l->calls_per_second = limits->calls_per_second;
    l->component_calls_per_second = limits->component_calls_per_second;
    l->principal_calls_per_second = limits->principal_calls_per_second;
    t->limits = l;
    return true;
}

bool limits_message_write_quotas(struct call *c, const struct tenant_row *row,
                                 Chancery__V1__GetTenantResponse *r)
{
    r->quotas = ARENA_ARRAY(call_arena(c), Chancery__V1__QuotaUse *, QUOTAS);
    for (int i = 0; r->quotas != NULL && i < QUOTAS; i++) {
        enum quota quota = (enum quota)(i + 1);
        uint32_t most = tenant_limits_most(&row->limits, quota);
        if (most == 0) {
            continue;
        }
        Chancery__V1__QuotaUse *use = call_message(c, &chancery__v1__quota_use__descriptor);
        if (use == NULL) {
            return false;
        }
        use->quota = reply_text(tenant_limits_name(quota));
        use->most = most;
        use->used = (uint32_t)row->quotas_used[i];
        use->reset_time = reply_time(c, row->quotas_end[i] * 1000000);
        r->quotas[r->n_quotas++] = use;
    }
    return r->quotas != NULL;
}
