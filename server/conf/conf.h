/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's configuration: a file in YAML, checked whole before anything starts. */
#pragma once

#include "base/arena.h"
#include "chancery/config/v1/config.pb-c.h"

typedef Chancery__Config__V1__Config Conf;

enum {
    CONF_BYTES_MAX = 256 * 1024,
    CONF_LISTENERS_MAX = 16,
    CONF_WORKERS_MAX = 64,
    CONF_OTHER_ROOT_KEYS_MAX = 3,
    CONF_ROOT_KEY_OPENERS_MAX = 8,
    CONF_GATE_CONNECTIONS_MAX = 64,
    CONF_STATEMENT_TIMEOUT_MS_MAX = 3600000,
    CONF_DNS_SERVERS_MAX = 8,
    CONF_ORIGINS_MAX = 64,
    CONF_FAILURES_MAX = 1000000,
    CONF_RATE_MAX = 100000,
    CONF_BURST_S_MAX = 60,
    CONF_TICKET_MS_MAX = 604800000, /* seven days: RFC 8446 §4.6.1 */
};

/* Read and check a file; defaults are filled in. R_CONFIG_INVALID, whose detail names the line or the field. */
rc conf_load(struct arena *arena, const char *path, Conf **out, struct err *err);
/* The configuration as JSON, which chanceryd --print-config shows. It holds no secrets. */
rc conf_print(struct arena *arena, const Conf *conf, const char **out, struct err *err);
