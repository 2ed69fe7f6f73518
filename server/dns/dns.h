/* SPDX-License-Identifier: Apache-2.0 */
/* Name service by c-ares on our loop: which servers are asked, and how many questions at a time. The
 * questions themselves are dns_txt.h and dns_host.h. Nothing here waits. Loop thread only. */
#pragma once

#include "base/err.h"
#include "loop/loop.h"

enum {
    DNS_TIMEOUT_MS = 5000, /* for all tries, unless a question says less */
    DNS_TRY_MS = 1000,     /* the first; c-ares doubles it after every round over the servers */
    DNS_TRIES = 3,
    DNS_NAME_MAX = 255,
    DNS_IN_FLIGHT_MAX = 128, /* more questions wait in line, within their own limit */
};

struct dns;

/* `servers`: numeric addresses with port, such as "[::1]:53"; none: those of resolv.conf. Copies. R_CONFIG_INVALID
 * when c-ares does not take them. */
rc dns_new(struct loop *loop, char *const *servers, size_t count, struct dns **out,
           struct err *err);
/* All questions must be done or canceled. */
void dns_free(struct dns *dns);
