/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/conf and for those who send it: what the configuration says of OpenTelemetry. */
#pragma once

#include "base/arena.h"
#include "chancery/config/v1/config.pb-c.h"

enum {
    CONF_TELEMETRY_TIMEOUT_MS = 10000,
    CONF_TELEMETRY_TIMEOUT_MS_MAX = 60000,
    CONF_TELEMETRY_ENDPOINT_MAX = 512,
    CONF_TELEMETRY_HEADERS_BYTES_MAX = 8 * 1024,
    CONF_TELEMETRY_HEADERS_MAX = 16,
    CONF_MILLION = 1000000,
};

/* Fill in what is not given. */
void conf_telemetry_fill_in(Chancery__Config__V1__Telemetry *telemetry);
/* R_CONFIG_INVALID. */
rc conf_telemetry_check(const Chancery__Config__V1__Telemetry *telemetry, struct err *err);
