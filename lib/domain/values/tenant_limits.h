/* SPDX-License-Identifier: Apache-2.0 */
/* How much a tenant may do (docs/policy.md §11.1). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    TENANT_LIMIT_MAX = 1000000000,
    CALLS_PER_SECOND_MAX = 100000,
};

/* 0: no limit; of calls a second, no limit of its own. */
struct tenant_limits {
    uint32_t contents_per_day, contents_per_month, licenses_per_day;
    uint32_t calls_per_second, component_calls_per_second, principal_calls_per_second;
};

/* By the numbers of quota_use.quota. */
enum quota { QUOTA_CONTENTS_DAY = 1, QUOTA_CONTENTS_MONTH = 2, QUOTA_LICENSES_DAY = 3 };
enum { QUOTAS = 3 };

/* What uses quotas up. */
enum quota_use { USE_CONTENT, USE_LICENSE };

/* "contents_per_day": as the API's field. */
const char *tenant_limits_name(enum quota quota);
/* How much there is in a period; 0: as much as comes. */
uint32_t tenant_limits_most(const struct tenant_limits *limits, enum quota quota);
/* Whether such a use counts in this quota. */
bool tenant_limits_counts(enum quota quota, enum quota_use use);
