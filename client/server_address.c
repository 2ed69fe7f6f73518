/* SPDX-License-Identifier: Apache-2.0 */
#include "client/server_address.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>

static void url_free_at(CURLU **url)
{
    curl_url_cleanup(*url);
}

static bool has_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    bool is_there = curl_url_get(url, part, &text, 0) == CURLUE_OK;
    curl_free(text);
    return is_there;
}

/* As libcurl, which connects, reads the host: "127.0.0.1.example" and "127.0.0.1@example" are others.
 * It takes localhost for this machine without asking anybody (RFC 6761 §6.3). */
static bool is_loopback(CURLU *url)
{
    char *host = NULL;
    struct in_addr v4;
    if (curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK) {
        return false;
    }
    bool is_own = strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
                  (inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127);
    curl_free(host);
    return is_own;
}

static rc check_trust(CURLU *url, const char *server, const struct server_trust *trust,
                      struct err *err)
{
    if (!is_loopback(url)) {
        FAIL(err, R_CONNECTION_UNPROTECTED, "%s is another machine", server);
    }
    if (trust->has_token && !trust->loopback_without_tls) {
        FAIL(err, R_CONNECTION_UNPROTECTED, "a token would be sent to %s as it is", server);
    }
    return OK;
}

rc server_address_read(struct arena *arena, const char *server, const struct server_trust *trust,
                       struct server_address *out, struct err *err)
{
    *out = (struct server_address){.is_https = strncmp(server, "https://", 8) == 0};
    if (strncmp(server, "unix:", 5) == 0) {
        out->base = "http://localhost";
        out->socket = server + 5;
        return OK;
    }
    if (!out->is_https && strncmp(server, "http://", 7) != 0) {
        FAIL(err, R_PROFILE_INVALID, "server must begin with https://, http:// or unix:, not be %s",
             server[0] == '\0' ? "empty" : server);
    }
    AUTO(url_free_at) CURLU *url = curl_url();
    CH_ASSERT(url != NULL);
    if (curl_url_set(url, CURLUPART_URL, server, 0) != CURLUE_OK || has_part(url, CURLUPART_USER) ||
        has_part(url, CURLUPART_QUERY) || has_part(url, CURLUPART_FRAGMENT)) {
        FAIL(err, R_PROFILE_INVALID, "server must be an address such as https://host:port, not %s",
             server);
    }
    TRY(out->is_https ? OK : check_trust(url, server, trust, err));
    size_t len = strlen(server);
    while (len > 0 && server[len - 1] == '/') {
        len--;
    }
    out->base = arena_dup(arena, slice_of(server, len));
    ARENA_ENSURE(out->base, err);
    return OK;
}
