/* SPDX-License-Identifier: Apache-2.0 */
/* One request of OTLP/HTTP: a POST to the collector by libcurl on our loop. Certificates are checked, and neither redirects nor
 * proxies from the environment are followed. Names are looked up by server/dns. Loop thread only. */
#pragma once

#include "base/slice.h"
#include "loop/loop.h"

struct curl_loop;
struct curl_slist;
struct dns;
struct otlp_post;

enum { OTLP_ANSWER_MAX = 64 * 1024 };

struct otlp_collector {
    struct loop *loop;
    struct curl_loop *curl;
    struct dns *dns;            /* for a host that has a name */
    const char *ca_file;        /* PEM bundle; NULL: the system's */
    struct curl_slist *headers; /* of each request, Content-Type among them */
    int64_t timeout_ms;         /* of a request, whole */
};

struct otlp_answer {
    long status;         /* of HTTP; 0: none came */
    const char *problem; /* why none came, for our log; lends until `done` returns */
    long retry_after_s;  /* 0: not said */
    struct slice
        body; /* lends until `done` returns; empty when it was longer than OTLP_ANSWER_MAX */
};

/* Start a request; borrows collector and body until it is over. `done` comes once, from the loop; the request is freed after it.
 * NULL when memory is out. */
struct otlp_post *otlp_post_start(const struct otlp_collector *collector, const char *url,
                                  struct slice body,
                                  void (*done)(void *user, const struct otlp_answer *answer),
                                  void *user);
/* Forget it: `done` will not come. */
void otlp_post_cancel(struct otlp_post *post);
