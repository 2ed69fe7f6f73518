/* SPDX-License-Identifier: Apache-2.0 */
/* Small HTTPS GETs by libcurl on our loop. HTTPS only, certificates checked, no redirects, no proxies from
 * the environment, and never to addresses that lie inside (the metadata services of clouds, other people's
 * machines) whatever a name resolves to. Names are looked up by server/dns and never by libcurl, which would wait for
 * its own resolver. Loop thread only. */
#pragma once

#include "base/buf.h"
#include "loop/loop.h"

struct dns;
struct https;

enum { HTTPS_TIMEOUT_MS = 5000 };

struct https_config {
    const char *ca_file; /* PEM bundle; NULL: the system's */
    bool allow_loopback; /* addresses of this machine */
    bool allow_private;  /* addresses of networks of one's own (RFC 1918, RFC 4193) */
    int64_t timeout_ms;  /* for a GET, whole; 0: HTTPS_TIMEOUT_MS */
    struct dns *dns;     /* for hosts that have names; borrows */
};

struct https *https_new(struct loop *loop, const struct https_config *config);
void https_free(struct https *https);

struct sockaddr;
/* Why a GET may not go to this address, which its host's name resolved to, and which option would allow
 * it; NULL: it may. */
const char *https_forbids(const struct sockaddr *address, const struct https_config *config);
/* Whether it may. */
bool https_may_connect(const struct sockaddr *address, const struct https_config *config);

/* One GET; made by https_get, freed after `done` or by https_cancel. */
struct https_get;
struct https_result {
    bool ok;             /* 200 with a body within the limit */
    const char *problem; /* for our log when not ok; lends until `done` returns */
    struct slice body;   /* lends until `done` returns */
};
/* Start a GET. NULL when libcurl can't be set up, which is out of memory. */
struct https_get *https_get(struct https *https, const char *url, size_t max_bytes,
                            void (*done)(void *user, const struct https_result *result),
                            void *user);
void https_cancel(struct https_get *get);
