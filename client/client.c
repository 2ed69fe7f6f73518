/* SPDX-License-Identifier: Apache-2.0 */
/* gRPC over HTTP/2 (grpc/grpc doc/PROTOCOL-HTTP2.md) by libcurl: where the authority is, and who asks. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "client/client_internal.h"
#include "client/proof.h"
#include "client/server_address.h"
#include "client/wiped_memory.h"

enum { TIMEOUT_MS = 30000 };

static bool is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static void add_header(struct client *client, const char *name, const char *value)
{
    struct arena *arena = arena_new(64 * 1024);
    const char *line = arena_printf(arena, "%s%s", name, value);
    if (line != NULL) {
        client->headers = curl_slist_append(client->headers, line);
    }
    arena_free(arena);
}

static rc set_server(struct client *client, const struct client_config *config, struct err *err)
{
    struct server_address address;
    const struct server_trust trust = {is_set(config->token), config->loopback_without_tls};
    AUTO(arena_free_at) struct arena *arena = arena_new(16 * 1024);
    TRY(server_address_read(arena, config->server, &trust, &address, err));
    client->base = xstrdup(address.base);
    client->server = xstrdup(address.socket == NULL ? address.base : config->server);
    client->is_unix = address.socket != NULL;
    curl_easy_setopt(client->easy, CURLOPT_UNIX_SOCKET_PATH, address.socket);
    curl_easy_setopt(client->easy, CURLOPT_PROTOCOLS_STR, address.is_https ? "https" : "http");
    /* On cleartext HTTP/2, libcurl 7.88 fails on a connection's second request with "Error in the
     * HTTP2 framing layer", with any server. */
    curl_easy_setopt(client->easy, CURLOPT_FORBID_REUSE, address.is_https ? 0L : 1L);
    curl_easy_setopt(client->easy, CURLOPT_HTTP_VERSION,
                     address.is_https ? (long)CURL_HTTP_VERSION_2TLS
                                      : (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
    return OK;
}

static void set_credentials(struct client *client, const struct client_config *config)
{
    bool has_certificate = is_set(config->certificate_file);
    if (is_set(config->ca_file)) {
        curl_easy_setopt(client->easy, CURLOPT_CAINFO, config->ca_file);
    }
    if (has_certificate) {
        curl_easy_setopt(client->easy, CURLOPT_SSLCERT, config->certificate_file);
        curl_easy_setopt(client->easy, CURLOPT_SSLKEY, config->key_file);
    }
    if (is_set(config->token)) {
        add_header(client,
                   has_certificate            ? "x-chancery-user-token: "
                   : client->dpop.key != NULL ? "authorization: DPoP "
                                              : "authorization: Bearer ",
                   config->token);
    }
}

/* Read the key for proofs, and the address for which they are made. */
static rc set_proofs(struct client *client, const struct client_config *config, struct err *err)
{
    const char *url = is_set(config->authority_url) ? config->authority_url : config->server;
    if (!is_set(config->dpop_key_file)) {
        return OK;
    }
    if (is_set(config->certificate_file)) {
        FAIL(err, R_PROFILE_INVALID,
             "dpop_key_file: a component can't prove a user's key; leave out certificate_file");
    }
    if (!is_set(config->token)) {
        FAIL(err, R_PROFILE_INVALID,
             "dpop_key_file: token_file is missing, the token that is bound to this key");
    }
    if (strncmp(url, "https://", 8) != 0) {
        FAIL(err, R_PROFILE_INVALID,
             "authority_url: proofs need the authority's https:// address, not %s", url);
    }
    TRY(proof_key_read(config->dpop_key_file, &client->dpop.key, err));
    size_t len = strlen(url);
    client->dpop.authority_url = xstrdup(url);
    client->dpop.authority_url[len - (url[len - 1] == '/')] = '\0';
    client->dpop.token = xstrdup(config->token);
    return OK;
}

rc client_new(const struct client_config *config, struct client **out, struct err *err)
{
    struct client *client = xcalloc(1, sizeof *client);
    wiped_memory_start();
    client->easy = curl_easy_init();
    CH_ASSERT(client->easy != NULL);
    client->timeout_ms = config->timeout_ms > 0 ? config->timeout_ms : TIMEOUT_MS;
    curl_easy_setopt(client->easy, CURLOPT_PROXY, "");
    curl_easy_setopt(client->easy, CURLOPT_NOSIGNAL, 1L);
    add_header(client, "content-type: ", "application/grpc");
    add_header(client, "te: ", "trailers");
    add_header(client,
               "user-agent: ", is_set(config->user_agent) ? config->user_agent : "chancery-cli");
    rc result = set_server(client, config, err);
    result = result.ok ? set_proofs(client, config, err) : result;
    if (!result.ok) {
        client_free(client);
        return result;
    }
    set_credentials(client, config);
    client->connect_to =
        config->connect_to == NULL ? NULL : curl_slist_append(NULL, config->connect_to);
    curl_easy_setopt(client->easy, CURLOPT_CONNECT_TO, client->connect_to);
    *out = client;
    return OK;
}

void client_free(struct client *client)
{
    if (client != NULL) {
        curl_easy_cleanup(client->easy);
        curl_slist_free_all(client->headers);
        curl_slist_free_all(client->connect_to);
        jwk_private_free(client->dpop.key);
        wiped_text_free(client->dpop.token);
        xfree(client->dpop.authority_url);
        xfree(client->base);
        xfree(client->server);
        xfree(client);
    }
}
