/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/audit_filter.h"

#include "service/common/request.h"

enum { FILTER_TEXT_MAX = 64 };

static const char *or_any(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

/* 0: open. What lies before 1970 is as early as anything in the log. */
static int64_t micros(const Google__Protobuf__Timestamp *time)
{
    if (time == NULL) {
        return 0;
    }
    int64_t us = time->seconds * 1000000 + time->nanos / 1000;
    return us < 1 ? 1 : us;
}

static step read_power(struct call *c, Chancery__V1__Power power, struct audit_query *query)
{
    const int number = (int)power; /* open: any number may come */
    if (number < 0 || number > CHANCERY__V1__POWER__POWER_ANY) {
        return call_bad_field(c, "filter.power", "It is none of Power.");
    }
    if (power == CHANCERY__V1__POWER__POWER_ANY) {
        query->power = POWER_ANY;
    } else {
        query->power = or_any(power_name((enum power)number));
    }
    return STEP_NEXT;
}

step audit_filter_read(struct call *c, const Chancery__V1__AuditFilter *filter,
                       struct audit_query *query)
{
    scope_of(c)->tenant_name = filter->tenant;
    query->reason = or_any(filter->reason);
    query->operation = or_any(filter->operation);
    query->denied_only = filter->denied_only;
    query->from = micros(filter->start_time);
    query->before = micros(filter->end_time);
    step all = read_power(c, filter->power, query);
    all =
        step_and(all, request_uuid(c, "filter.content_id", filter->content_id, &query->content.u));
    all = step_and(all, request_address(c, "filter.user", filter->user, &query->user));
    all = step_and(all, request_text(c, "filter.reason", filter->reason, FILTER_TEXT_MAX));
    query->user = or_any(query->user);
    return step_and(all, request_text(c, "filter.operation", filter->operation, FILTER_TEXT_MAX));
}
