/* SPDX-License-Identifier: Apache-2.0 */
/* A sink that is a syslog receiver: RFC 5424 over TLS (RFC 5425). Syslog has no acknowledgment, so what has arrived is what the
 * receiver's machine has acknowledged. A receiver that takes nothing is waited for. */
#pragma once

#include "sink/sink_tls.h"
#include "sink/sink_way.h"

struct dns;

struct sink_syslog_config {
    struct sink_tls_config tls;
    unsigned port;
    const char *origin; /* HOSTNAME: the authority's */
    struct dns *dns;
};

/* Copies no text: the configuration lives as long. R_CONFIG_INVALID, R_STARTUP_FAILED. */
rc sink_syslog_new(struct loop *loop, const struct sink_syslog_config *config,
                   struct sink_way **out, struct err *err);
