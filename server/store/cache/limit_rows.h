/* SPDX-License-Identifier: Apache-2.0 */
/* A tenant's limits, from a row and to one. */
#pragma once

#include "domain/values/tenant_limits.h"
#include "store/sql/statements.gen.h"

static inline struct tenant_limits limits_from_row(const struct sql_tenant_limits *row)
{
    return (struct tenant_limits){
        .contents_per_day = (uint32_t)row->contents_per_day,
        .contents_per_month = (uint32_t)row->contents_per_month,
        .licenses_per_day = (uint32_t)row->licenses_per_day,
        .calls_per_second = (uint32_t)row->calls_per_second,
        .component_calls_per_second = (uint32_t)row->component_calls_per_second,
        .principal_calls_per_second = (uint32_t)row->principal_calls_per_second,
    };
}

static inline struct sql_tenant_limits limits_to_row(const struct tenant_limits *limits)
{
    return (struct sql_tenant_limits){
        .contents_per_day = (int32_t)limits->contents_per_day,
        .contents_per_month = (int32_t)limits->contents_per_month,
        .licenses_per_day = (int32_t)limits->licenses_per_day,
        .calls_per_second = (int32_t)limits->calls_per_second,
        .component_calls_per_second = (int32_t)limits->component_calls_per_second,
        .principal_calls_per_second = (int32_t)limits->principal_calls_per_second,
    };
}
