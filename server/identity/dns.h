/* SPDX-License-Identifier: Apache-2.0 */
/* TXT records by c-ares on our loop. Every query has a channel of its own, so a changed resolv.conf is seen and
 * canceling can't disturb others; queries are rare. Loop thread only. */
#pragma once

#include "base/arena.h"
#include "identity/dns_answer.h"
#include "loop/loop.h"

enum {
    DNS_TIMEOUT_MS = 5000, /* for all tries */
    DNS_TRY_MS = 1000,     /* the first; c-ares doubles it after every round over the servers */
    DNS_TRIES = 3,
    DNS_TEXTS_MAX = 64,  /* records looked at */
    DNS_TEXT_MAX = 1024, /* longer ones are left out */
};

struct dns;

/* `servers`: numeric addresses with port, such as "[::1]:53"; none: those of resolv.conf. Copies. R_CONFIG_INVALID
 * when c-ares does not take them. */
rc dns_new(struct loop *loop, char *const *servers, size_t count, struct dns **out,
           struct err *err);
void dns_free(struct dns *dns);

/* One query, embedded in its owner. `done` comes once, from the loop, never from inside dns_txt_start. */
struct dns_txt {
    struct arena *arena;
    void (*done)(struct dns_txt *txt);
    void *user;
    /* The outcome. Without an error count may be 0: there is no such name or record. R_DNS_UNAVAILABLE: no
     * server answered properly in time. */
    struct err err;
    const char **texts; /* in the arena; each record's strings joined */
    size_t count;
    /* Private. */
    struct dns *dns;
    void *channel;
    struct dns_question question;
    struct list watches;
    struct loop_timer retry, limit;
    struct loop_task finish;
    bool is_over;
};

/* Ask for the TXT records of a name. Set arena, done and user first. */
void dns_txt_start(struct dns *dns, struct dns_txt *txt, const char *name);
/* Forget a query: `done` will not come. */
void dns_txt_cancel(struct dns_txt *txt);
/* Whether one of the records is exactly this text. */
bool dns_txt_has(const struct dns_txt *txt, const char *text);
