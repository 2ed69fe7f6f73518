/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/identity only: from the host of an address to what libcurl needs to connect without a look-up of
 * its own. Loop thread only. */
#pragma once

#include <curl/curl.h>

#include "dns/dns_host.h"
#include "identity/https.h"

struct https_host {
    char name[DNS_NAME_MAX + 1]; /* "" when it is none that could be looked up */
    bool is_numeric;
    unsigned port;
    struct curl_slist *addresses, *route; /* of https_host_route */
};

/* The host of an address. International names become ASCII. */
void https_host_of(const char *url, struct https_host *out);
/* Let a GET connect to these addresses alone, as far as it may. False when it may to none of them, or memory is
 * short. */
bool https_host_route(struct https_host *host, CURL *easy, const struct dns_host *found,
                      const struct https_config *config);
/* Make libcurl fail where it would look a name up. */
void https_host_forbid_lookup(CURL *easy);
void https_host_fini(struct https_host *host);
