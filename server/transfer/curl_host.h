/* SPDX-License-Identifier: Apache-2.0 */
/* From the host of an address to what libcurl needs to connect without a look-up of
 * its own. Loop thread only. */
#pragma once

#include <curl/curl.h>

#include "dns/dns_host.h"

struct curl_host {
    char name[DNS_NAME_MAX + 1]; /* "" when it is none that could be looked up */
    bool is_numeric;
    unsigned port;
    struct curl_slist *addresses, *route; /* of curl_host_route */
};

/* The host of an address. International names become ASCII. */
void curl_host_of(const char *url, struct curl_host *out);
/* Whether a transfer may go to an address that its host's name resolved to; NULL: to any. */
typedef bool (*curl_may_connect)(const struct sockaddr *address, const void *config);
/* Let a transfer connect to these addresses alone, as far as it may. False when it may to none of them, or memory is
 * short. */
bool curl_host_route(struct curl_host *host, CURL *easy, const struct dns_host *found,
                     curl_may_connect may_connect, const void *config);
/* Make libcurl fail where it would look a name up. */
void curl_host_forbid_lookup(CURL *easy);
void curl_host_fini(struct curl_host *host);
