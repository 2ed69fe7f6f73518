/* SPDX-License-Identifier: Apache-2.0 */
/* TXT records, by which domains are proven. Loop thread only. */
#pragma once

#include "base/arena.h"
#include "dns/dns_answer.h"
#include "dns/dns_query.h"

enum {
    DNS_TEXTS_MAX = 64,  /* records looked at */
    DNS_TEXT_MAX = 1024, /* longer ones are left out */
};

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
    struct dns_query query;
    struct dns_question question;
};

/* Ask for the TXT records of a name. Set arena, done and user first. */
void dns_txt_start(struct dns *dns, struct dns_txt *txt, const char *name);
/* Forget a query: `done` will not come. */
void dns_txt_cancel(struct dns_txt *txt);
/* Whether one of the records is exactly this text. */
bool dns_txt_has(const struct dns_txt *txt, const char *text);
