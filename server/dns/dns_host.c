/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/dns_host.h"

#include <ares.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static void take(struct dns_host *host, const struct ares_addrinfo_node *node)
{
    union dns_address *address = &host->addresses[host->count];
    size_t size = node->ai_family == AF_INET    ? sizeof address->v4
                  : node->ai_family == AF_INET6 ? sizeof address->v6
                                                : 0;
    if (size > 0 && (size_t)node->ai_addrlen >= size) {
        memcpy(address, node->ai_addr, size);
        host->count++;
    }
}

static void on_addresses(void *arg, int status, int timeouts, struct ares_addrinfo *found)
{
    struct dns_host *host = arg;
    (void)timeouts;
    if (host->query.is_over) {
        ares_freeaddrinfo(found);
        return;
    }
    if (status != ARES_SUCCESS && !dns_query_is_nothing(status)) {
        dns_query_fail(&host->query, ares_strerror(status));
        return;
    }
    for (const struct ares_addrinfo_node *node = found == NULL ? NULL : found->nodes;
         node != NULL && host->count < DNS_ADDRESSES_MAX; node = node->ai_next) {
        take(host, node);
    }
    ares_freeaddrinfo(found);
    dns_query_end(&host->query);
}

static void ask(struct dns_query *query, void *channel)
{
    struct dns_host *host = LIST_ENTRY(query, struct dns_host, query);
    struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    ares_getaddrinfo(channel, query->name, NULL, &hints, on_addresses, host);
}

static void ended(struct dns_query *query)
{
    struct dns_host *host = LIST_ENTRY(query, struct dns_host, query);
    host->err = query->err;
    host->done(host);
}

void dns_host_start(struct dns *dns, struct dns_host *host, const char *name, int64_t limit_ms)
{
    host->err = (struct err){0};
    host->count = 0;
    host->query =
        (struct dns_query){.is_host = true, .limit_ms = limit_ms, .ask = ask, .ended = ended};
    dns_query_start(dns, &host->query, name);
}

void dns_host_cancel(struct dns_host *host)
{
    dns_query_cancel(&host->query);
}

bool dns_is_numeric(const char *text)
{
    struct in6_addr address;
    size_t len = strcspn(text, "%"); /* fe80::1%eth0 */
    char bare[INET6_ADDRSTRLEN];
    if (len >= sizeof bare) {
        return false;
    }
    snprintf(bare, sizeof bare, "%.*s", (int)len, text);
    return inet_pton(AF_INET, bare, &address) == 1 || inet_pton(AF_INET6, bare, &address) == 1;
}

void dns_address_text(const union dns_address *address, char out[DNS_ADDRESS_TEXT_MAX])
{
    const void *bytes = address->any.sa_family == AF_INET ? (const void *)&address->v4.sin_addr
                                                          : (const void *)&address->v6.sin6_addr;
    CH_ASSERT(inet_ntop(address->any.sa_family, bytes, out, DNS_ADDRESS_TEXT_MAX) != NULL);
}
