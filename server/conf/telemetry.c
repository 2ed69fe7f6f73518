/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/telemetry.h"

#include <stdio.h>
#include <string.h>

#include "conf/origin.h"

static const char PATH_LETTERS[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

void conf_telemetry_fill_in(Chancery__Config__V1__Telemetry *telemetry)
{
    telemetry->signals =
        telemetry->signals[0] == '\0' ? (char *)(uintptr_t) "all" : telemetry->signals;
    telemetry->timeout_ms =
        telemetry->timeout_ms == 0 ? CONF_TELEMETRY_TIMEOUT_MS : telemetry->timeout_ms;
}

static rc need(bool holds, const char *field, const char *why, struct err *err)
{
    if (!holds) {
        FAIL(err, R_CONFIG_INVALID, "telemetry.%s %s", field, why);
    }
    return OK;
}

/* An origin and perhaps a path, to which more is added: so neither a query nor a password, nor a slash at the end. */
static bool is_endpoint(const char *text)
{
    char origin[CONF_TELEMETRY_ENDPOINT_MAX + 1];
    const char *host = strstr(text, "://");
    size_t len = strlen(text);
    if (host == NULL || len >= sizeof origin || text[len - 1] == '/') {
        return false;
    }
    const char *path = host + 3 + strcspn(host + 3, "/");
    snprintf(origin, sizeof origin, "%.*s", (int)(path - text), text);
    return origin_is_valid(origin) && path[strspn(path, PATH_LETTERS)] == '\0';
}

rc conf_telemetry_check(const Chancery__Config__V1__Telemetry *telemetry, struct err *err)
{
    const char *signals = telemetry->signals;
    TRY(need(
        is_endpoint(telemetry->otlp_endpoint), "otlp_endpoint",
        "must be an address such as https://collector.example.org:4318: without a slash at its end, a "
        "user, a query or the scheme's usual port, and with http:// for this machine only",
        err));
    TRY(need(telemetry->traces_per_million <= CONF_MILLION, "traces_per_million",
             "may be at most 1,000,000", err));
    TRY(need(telemetry->timeout_ms <= CONF_TELEMETRY_TIMEOUT_MS_MAX, "timeout_ms",
             "may be at most 60,000", err));
    return need(strcmp(signals, "all") == 0 || strcmp(signals, "traces") == 0 ||
                    strcmp(signals, "metrics") == 0,
                "signals", "must be traces, metrics or all", err);
}
