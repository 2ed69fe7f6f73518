/* SPDX-License-Identifier: Apache-2.0 */
/* What a connection string of libpq says, in all its forms (parameters, URI, service file, the environment): its
 * hosts one by one, because we try them ourselves, and the rest as libpq wants it. */
#pragma once

#include "base/arena.h"

/* Where PostgreSQL may be. "" is libpq's default. */
struct conninfo_host {
    const char *host; /* a name, an address, or the folder of a Unix socket */
    const char *hostaddr;
    const char *port;
};

struct conninfo_option {
    const char *key, *value;
};

struct conninfo {
    struct conninfo_host *hosts; /* at least one */
    size_t host_count;
    struct conninfo_option *options; /* all that have a value, without those of hosts */
    size_t option_count;
    int64_t connect_timeout_ms; /* 0: nothing is said */
    bool has_password;          /* the string itself holds a secret */
};

/* Take a connection string apart; copies into the arena. Reads the environment and service files, so before the loop
 * runs and without other threads. R_CONFIG_INVALID, whose detail shows nothing of the string. */
rc conninfo_parse(struct arena *arena, const char *text, struct conninfo *out, struct err *err);
/* The value of an option; "" without one. */
const char *conninfo_get(const struct conninfo *conninfo, const char *key);
/* Whether the host is reached by a Unix socket. */
bool conninfo_is_local(const struct conninfo_host *host);
