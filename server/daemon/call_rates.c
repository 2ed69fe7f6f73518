/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/call_rates.h"

struct rate_limits *call_rates_new(const Conf *conf, struct loop *loop, struct store *store)
{
    const Chancery__Config__V1__Limits *limits = conf->limits;
    const struct rate_limits_config config = {
        .per_second = {[RATE_TENANT] = limits->tenant_calls_per_second,
                       [RATE_COMPONENT] = limits->component_calls_per_second,
                       [RATE_PRINCIPAL] = limits->principal_calls_per_second,
                       [RATE_NETWORK] = limits->network_calls_per_second},
        .burst_s = limits->burst_seconds,
    };
    return rate_limits_new(loop, store, &config);
}
