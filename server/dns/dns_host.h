/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of a host: /etc/hosts, then DNS, IPv4 and IPv6, in the order in which they should be tried (RFC
 * 6724). In place of getaddrinfo, which waits. Loop thread only. */
#pragma once

#include <netinet/in.h>

#include "dns/dns_query.h"

enum {
    DNS_ADDRESSES_MAX = 8, /* the others are not tried */
};

union dns_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* One look-up, embedded in its owner. `done` comes once, from the loop, never from inside dns_host_start. */
struct dns_host {
    void (*done)(struct dns_host *host);
    void *user;
    /* The outcome. Without an error count may be 0: there is no such host. R_DNS_UNAVAILABLE: no server
     * answered properly in time. Ports are 0. */
    struct err err;
    union dns_address addresses[DNS_ADDRESSES_MAX];
    size_t count;
    /* Private. */
    struct dns_query query;
};

/* Look a host up, within `limit_ms`. Set done and user first. */
void dns_host_start(struct dns *dns, struct dns_host *host, const char *name, int64_t limit_ms);
/* Forget a look-up: `done` will not come. Also for one that is done. */
void dns_host_cancel(struct dns_host *host);
/* Whether a text is a numeric address, which nobody has to look up; IPv6 without brackets. */
bool dns_is_numeric(const char *text);
/* An address as text, IPv6 without brackets. */
enum { DNS_ADDRESS_TEXT_MAX = INET6_ADDRSTRLEN };
void dns_address_text(const union dns_address *address, char out[DNS_ADDRESS_TEXT_MAX]);
