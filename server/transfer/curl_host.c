/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/curl_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *part(CURLU *url, CURLUPart which, unsigned flags, char **text)
{
    return curl_url_get(url, which, text, flags) == CURLUE_OK ? *text : "";
}

/* As getaddrinfo has them: IPv6 without brackets. */
static void bare(char *name)
{
    size_t len = strlen(name);
    if (len >= 2 && name[0] == '[' && name[len - 1] == ']') {
        memmove(name, name + 1, len - 2);
        name[len - 2] = '\0';
    }
}

void curl_host_of(const char *url, struct curl_host *out)
{
    char *host = NULL, *port = NULL;
    CURLU *parsed = curl_url();
    *out = (struct curl_host){0};
    if (parsed != NULL && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK) {
        const char *name = part(parsed, CURLUPART_HOST, CURLU_PUNYCODE, &host);
        if (strlen(name) <= DNS_NAME_MAX) {
            snprintf(out->name, sizeof out->name, "%s", name);
        }
        out->port =
            (unsigned)strtoul(part(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT, &port), NULL, 10);
    }
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parsed);
    bare(out->name);
    out->is_numeric = dns_is_numeric(out->name);
}

/* Add the address to a list with commas between, as CURLOPT_RESOLVE takes them. */
static void add(char *list, size_t size, const union dns_address *address)
{
    char text[DNS_ADDRESS_TEXT_MAX];
    size_t len = strlen(list);
    bool is_v6 = address->any.sa_family == AF_INET6;
    bool is_first = list[len - 1] == ':';
    dns_address_text(address, text);
    snprintf(list + len, size - len, "%s%s%s%s", is_first ? "" : ",", is_v6 ? "[" : "", text,
             is_v6 ? "]" : "");
}

/* libcurl is sent to the host as we spell it, whose addresses it is told; for the certificate the host as the address
 * spells it counts. So it does not matter how libcurl changes that. */
bool curl_host_route(struct curl_host *host, CURL *easy, const struct dns_host *found,
                     curl_may_connect may_connect, const void *config)
{
    enum { LIST_MAX = DNS_NAME_MAX + 16 + DNS_ADDRESSES_MAX * (DNS_ADDRESS_TEXT_MAX + 3) };
    char list[LIST_MAX], route[DNS_NAME_MAX + 4];
    int name = (int)strlen(host->name);
    name -= host->name[name - 1] == '.';
    /* With a plus libcurl forgets it after a minute. */
    snprintf(list, sizeof list, "+%.*s:%u:", name, host->name, host->port);
    snprintf(route, sizeof route, "::%.*s:", name, host->name);
    size_t len = strlen(list);
    for (size_t i = 0; i < found->count; i++) {
        if (may_connect == NULL || may_connect(&found->addresses[i].any, config)) {
            add(list, sizeof list, &found->addresses[i]);
        }
    }
    if (strlen(list) == len) {
        return false;
    }
    host->addresses = curl_slist_append(NULL, list);
    host->route = curl_slist_append(NULL, route);
    curl_easy_setopt(easy, CURLOPT_RESOLVE, host->addresses);
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, host->route);
    return host->addresses != NULL && host->route != NULL;
}

static int refuse(void *state, void *reserved, void *user)
{
    (void)state;
    (void)reserved;
    (void)user;
    return 1;
}

void curl_host_forbid_lookup(CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, refuse);
}

void curl_host_fini(struct curl_host *host)
{
    curl_slist_free_all(host->addresses);
    curl_slist_free_all(host->route);
    host->addresses = host->route = NULL;
}
