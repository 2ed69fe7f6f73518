/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/tenant_limits.h"

const char *tenant_limits_name(enum quota quota)
{
    switch (quota) {
    case QUOTA_CONTENTS_DAY:
        return "contents_per_day";
    case QUOTA_CONTENTS_MONTH:
        return "contents_per_month";
    case QUOTA_LICENSES_DAY:
        break;
    }
    return "licenses_per_day";
}

uint32_t tenant_limits_most(const struct tenant_limits *limits, enum quota quota)
{
    switch (quota) {
    case QUOTA_CONTENTS_DAY:
        return limits->contents_per_day;
    case QUOTA_CONTENTS_MONTH:
        return limits->contents_per_month;
    case QUOTA_LICENSES_DAY:
        break;
    }
    return limits->licenses_per_day;
}

bool tenant_limits_counts(enum quota quota, enum quota_use use)
{
    return (quota == QUOTA_LICENSES_DAY) == (use == USE_LICENSE);
}
