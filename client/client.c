/* SPDX-License-Identifier: Apache-2.0 */
/* gRPC over HTTP/2 (grpc/grpc doc/PROTOCOL-HTTP2.md) by libcurl. */
#include "client/client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "client/grpc_frame.h"
#include "client/proof.h"
#include "client/refusal.h"
#include "client/server_address.h"
#include "client/wiped_memory.h"
#include "wire/pb.h"

enum { TIMEOUT_MS = 30000, RESPONSE_MAX = 16 * 1024 * 1024, HEADER_MAX = 64 * 1024 };

struct client {
    CURL *easy;
    struct curl_slist *headers, *connect_to;
    char *base;   /* "https://host:port" */
    char *server; /* as people know it, "unix:/path" too */
    bool is_unix;
    int64_t timeout_ms;
    struct {
        struct jwk_private *key; /* NULL: calls carry no proof */
        char *token, *authority_url;
    } dpop;
};

/* A response as it arrives, header by header and piece by piece. */
struct response {
    struct arena *arena;
    struct buf body;
    int grpc_status; /* -1: none seen */
    const char *grpc_message;
    const char *details; /* base64 of google.rpc.Status */
};

static bool is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* --- receiving -------------------------------------------------------------------------------- */

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct response *r = arg;
    if (r->body.len + size * count > RESPONSE_MAX) {
        return 0;
    }
    buf_add(&r->body, slice_of(data, size * count));
    return r->body.failed ? 0 : size * count;
}

/* The value of "name: value\r\n"; NULL if the header has another name. */
static const char *header_value(struct response *r, struct slice line, const char *name)
{
    size_t len = strlen(name);
    if (line.len <= len || line.ptr[len] != ':' ||
        !slice_eq_nocase(slice_cut(line, 0, len), slice_str(name))) {
        return NULL;
    }
    size_t from = len + 1, to = line.len;
    while (from < to && line.ptr[from] == ' ') {
        from++;
    }
    while (to > from && (line.ptr[to - 1] == '\r' || line.ptr[to - 1] == '\n')) {
        to--;
    }
    return arena_dup(r->arena, slice_cut(line, from, to));
}

/* libcurl passes headers and trailers to the same callback. */
static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
    struct response *r = arg;
    struct slice line = slice_of(data, size * count);
    const char *status = header_value(r, line, "grpc-status");
    const char *message = header_value(r, line, "grpc-message");
    const char *details = header_value(r, line, "grpc-status-details-bin");
    if (status != NULL) {
        r->grpc_status = atoi(status);
    }
    r->grpc_message = message != NULL ? message : r->grpc_message;
    r->details = details != NULL ? details : r->details;
    return size * count;
}

/* --- calls ------------------------------------------------------------------------------------ */

static CURLcode perform(struct client *client, const char *url, struct response *r, char *problem)
{
    CURL *easy = client->easy;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)client->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, problem);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, r);
    CURLcode code = curl_easy_perform(easy);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
    return code;
}

/* Files that the profile names, or an authority that isn't there. */
static enum reason no_answer_reason(CURLcode code)
{
    bool is_ours = code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CACERT_BADFILE;
    return is_ours ? R_PROFILE_INVALID : R_AUTHORITY_UNREACHABLE;
}

/* Of a socket's name libcurl knows nothing: it would tell of "localhost port 80". */
static rc no_answer(const struct client *client, CURLcode code, const char *problem,
                    struct err *err)
{
    const char *why = code == CURLE_OK ? "the server doesn't speak gRPC"
                      : problem[0] == '\0' || (client->is_unix && code == CURLE_COULDNT_CONNECT)
                          ? curl_easy_strerror(code)
                          : problem;
    FAIL(err, no_answer_reason(code), "no answer from %s: %s", client->server, why);
}

static rc read_answer(const struct client *client, struct arena *arena, struct slice body,
                      const ProtobufCMessageDescriptor *type, ProtobufCMessage **out,
                      struct err *err)
{
    struct err why = {0};
    struct slice message;
    if (grpc_frame_read(body, &message, &why).ok && pb_unpack(arena, type, message, out, &why).ok) {
        return OK;
    }
    if (why.reason == R_ARENA_EXHAUSTED) {
        FAIL(err, R_ARENA_EXHAUSTED, "%s", why.detail);
    }
    FAIL(err, R_AUTHORITY_UNREACHABLE, "what %s answers is no valid %s (%s)", client->server,
         type->name, why.detail);
}

/* Put a proof before the headers that all calls have. `first` lives as long as the call. */
static rc add_proof(struct client *client, struct arena *arena, const char *method,
                    struct curl_slist *first, struct err *err)
{
    const char *proof = NULL;
    struct proof_call call = {
        .url = arena_printf(arena, "%s/chancery.v1.%s", client->dpop.authority_url, method),
        .token = client->dpop.token,
        .now = clock_unix()};
    ARENA_ENSURE(call.url, err);
    TRY(proof_make(arena, client->dpop.key, &call, &proof, err));
    *first = (struct curl_slist){arena_printf(arena, "dpop: %s", proof), client->headers};
    ARENA_ENSURE(first->data, err);
    return OK;
}

rc client_call(struct client *client, struct arena *arena, const char *method,
               const ProtobufCMessage *request, const ProtobufCMessageDescriptor *response_type,
               ProtobufCMessage **response, struct client_refusal *refusal, struct err *err)
{
    char problem[CURL_ERROR_SIZE] = "";
    struct slice body;
    struct response r = {.arena = arena, .grpc_status = -1};
    struct curl_slist proven;
    bool is_proven = client->dpop.key != NULL;
    const char *url = arena_printf(arena, "%s/chancery.v1.%s", client->base, method);
    *refusal = (struct client_refusal){.reason = "", .sentence = ""};
    buf_init(&r.body, arena);
    ARENA_ENSURE(url, err);
    TRY(grpc_frame_write(arena, request, &body, err));
    if (is_proven) {
        TRY(add_proof(client, arena, method, &proven, err));
    }
    curl_easy_setopt(client->easy, CURLOPT_HTTPGET, 0L);
    curl_easy_setopt(client->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(client->easy, CURLOPT_HTTPHEADER, is_proven ? &proven : client->headers);
    curl_easy_setopt(client->easy, CURLOPT_POSTFIELDS, (const char *)body.ptr);
    curl_easy_setopt(client->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    CURLcode code = perform(client, url, &r, problem);
    if (r.grpc_status > 0) {
        refusal_read(arena, r.grpc_status, r.grpc_message, r.details, refusal);
        FAIL(err, R_INTERNAL, "grpc-status %d", r.grpc_status);
    }
    if (code != CURLE_OK || r.grpc_status != 0) {
        return no_answer(client, code, problem, err);
    }
    TRY(buf_finish(&r.body, &body, err));
    return read_answer(client, arena, body, response_type, response, err);
}

int client_get(struct client *client, struct arena *arena, const char *path, struct slice *body)
{
    char problem[CURL_ERROR_SIZE] = "";
    long status = 0;
    struct response r = {.arena = arena, .grpc_status = -1};
    const char *url = arena_printf(arena, "%s%s", client->base, path);
    buf_init(&r.body, arena);
    curl_easy_setopt(client->easy, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(client->easy, CURLOPT_HTTPGET, 1L);
    if (url == NULL || perform(client, url, &r, problem) != CURLE_OK ||
        !buf_finish(&r.body, body, NULL).ok) {
        *body = SLICE_NONE;
        return 0;
    }
    curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

/* --- setting up ------------------------------------------------------------------------------- */

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
    add_header(client, "user-agent: ", "chancery-cli");
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
