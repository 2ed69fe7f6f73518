/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/dns only: what every question has, of whatever kind. A channel of its own, so a changed
 * resolv.conf is seen and canceling can't disturb others; its sockets and timers on our loop; a limit; a place in
 * line. Questions are rare. */
#pragma once

#include "dns/dns.h"

/* Embedded in a question. */
struct dns_query {
    /* Set before dns_query_start. */
    bool is_host; /* with /etc/hosts and the system's search list */
    int64_t limit_ms;
    void (*ask)(struct dns_query *query, void *channel); /* an ares_channel; may answer inside */
    void (*ended)(struct dns_query *query); /* from the loop; the channel is gone by then */
    /* R_NONE, R_DNS_UNAVAILABLE, or what the question put here. */
    struct err err;
    bool is_over; /* answers that come now are too late */
    char name[DNS_NAME_MAX + 1];
    /* Private. */
    struct dns *dns;
    void *channel;
    struct list waiting; /* in line */
    struct list watches;
    struct loop_timer retry, limit;
    struct loop_task finish;
};

struct dns {
    struct loop *loop;
    char *servers; /* as c-ares wants them; "": the system's */
    size_t in_flight;
    struct list waiting; /* queries in line */
    struct loop_task advance;
};

/* Ask for a name. One that is too long is none (RFC 1035 §2.3.4): it ends without an answer. */
void dns_query_start(struct dns *dns, struct dns_query *query, const char *name);
/* The answer is there. */
void dns_query_end(struct dns_query *query);
void dns_query_fail(struct dns_query *query, const char *why);
/* Whether a status of c-ares says that there is nothing, which is an answer. */
bool dns_query_is_nothing(int status);
/* Forget a query: `ended` will not come. Also for one that has ended. */
void dns_query_cancel(struct dns_query *query);
/* Whether c-ares takes the servers: ARES_SUCCESS or its status. */
int dns_query_try(struct dns *dns);
/* Begin what waits in line, as far as there is room. */
void dns_query_advance(struct dns *dns);
