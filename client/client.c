/* SPDX-License-Identifier: Apache-2.0 */
/* gRPC over HTTP/2 (grpc/grpc doc/PROTOCOL-HTTP2.md) by libcurl. */
#include "client/client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "client/grpc_frame.h"
#include "client/proof.h"
#include "client/server_address.h"
#include "client/wiped_memory.h"
#include "google/protobuf/any.pb-c.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "wire/pb.h"

enum { TIMEOUT_MS = 30000, RESPONSE_MAX = 16 * 1024 * 1024, HEADER_MAX = 64 * 1024 };

struct client {
    CURL *easy;
    struct curl_slist *headers;
    char *base; /* "https://host:port" */
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

/* --- refusals --------------------------------------------------------------------------------- */

static void take_error_info(struct arena *arena, struct slice bytes, struct client_refusal *out)
{
    ProtobufCMessage *message = NULL;
    if (!pb_unpack(arena, &google__rpc__error_info__descriptor, bytes, &message, NULL).ok) {
        return;
    }
    const Google__Rpc__ErrorInfo *info = (const void *)message;
    out->reason = info->reason;
    for (size_t i = 0; i < info->n_metadata && out->metadata_count < 8;
         i++, out->metadata_count++) {
        out->metadata[out->metadata_count].key = info->metadata[i]->key;
        out->metadata[out->metadata_count].value = info->metadata[i]->value;
    }
}

static void take_bad_request(struct arena *arena, struct slice bytes, struct client_refusal *out)
{
    ProtobufCMessage *message = NULL;
    if (!pb_unpack(arena, &google__rpc__bad_request__descriptor, bytes, &message, NULL).ok) {
        return;
    }
    const Google__Rpc__BadRequest *bad = (const void *)message;
    for (size_t i = 0; i < bad->n_field_violations && out->field_count < 8;
         i++, out->field_count++) {
        out->fields[out->field_count].field = bad->field_violations[i]->field;
        out->fields[out->field_count].description = bad->field_violations[i]->description;
    }
}

static void take_sentence(struct arena *arena, struct slice bytes, struct client_refusal *out)
{
    ProtobufCMessage *message = NULL;
    if (pb_unpack(arena, &google__rpc__localized_message__descriptor, bytes, &message, NULL).ok) {
        out->sentence = ((const Google__Rpc__LocalizedMessage *)(const void *)message)->message;
    }
}

static void take_details(struct arena *arena, const char *text, struct client_refusal *out)
{
    struct slice bytes;
    ProtobufCMessage *message = NULL;
    size_t pad = (4 - strlen(text) % 4) % 4; /* gRPC allows leaving the padding out */
    const char *padded = arena_printf(arena, "%s%.*s", text, (int)pad, "===");
    if (padded == NULL || !base64_decode(arena, slice_str(padded), &bytes, NULL).ok ||
        !pb_unpack(arena, &google__rpc__status__descriptor, bytes, &message, NULL).ok) {
        return;
    }
    const Google__Rpc__Status *status = (const void *)message;
    for (size_t i = 0; i < status->n_details; i++) {
        const Google__Protobuf__Any *any = status->details[i];
        struct slice value = slice_of(any->value.data, any->value.len);
        if (strstr(any->type_url, "google.rpc.ErrorInfo") != NULL) {
            take_error_info(arena, value, out);
        } else if (strstr(any->type_url, "google.rpc.BadRequest") != NULL) {
            take_bad_request(arena, value, out);
        } else if (strstr(any->type_url, "google.rpc.LocalizedMessage") != NULL) {
            take_sentence(arena, value, out);
        }
    }
}

static rc refuse(const struct response *r, struct client_refusal *refusal, struct err *err)
{
    refusal->code = r->grpc_status;
    refusal->sentence = r->grpc_message == NULL ? "" : r->grpc_message;
    if (r->details != NULL) {
        take_details(r->arena, r->details, refusal);
    }
    FAIL(err, R_INTERNAL, "grpc-status %d", r->grpc_status);
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
    struct slice body, message;
    struct response r = {.arena = arena, .grpc_status = -1};
    struct curl_slist proven;
    bool is_proven = client->dpop.key != NULL;
    const char *url = arena_printf(arena, "%s/chancery.v1.%s", client->base, method);
    *refusal = (struct client_refusal){.reason = "", .sentence = ""};
    buf_init(&r.body, arena);
    ARENA_ENSURE(url, err);
    TRY(grpc_frame(arena, request, &body, err));
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
        return refuse(&r, refusal, err);
    }
    if (code != CURLE_OK || r.grpc_status != 0) {
        FAIL(err, no_answer_reason(code), "no answer from %s: %s", client->base,
             problem[0] != '\0' ? problem
             : code != CURLE_OK ? curl_easy_strerror(code)
                                : "the server doesn't speak gRPC");
    }
    TRY(buf_finish(&r.body, &body, err));
    TRY(grpc_unframe(body, &message, err));
    return pb_unpack(arena, response_type, message, response, err);
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
    if (result.ok) {
        result = set_proofs(client, config, err);
    }
    if (!result.ok) {
        client_free(client);
        return result;
    }
    set_credentials(client, config);
    *out = client;
    return OK;
}

void client_free(struct client *client)
{
    if (client != NULL) {
        curl_easy_cleanup(client->easy);
        curl_slist_free_all(client->headers);
        jwk_private_free(client->dpop.key);
        wiped_text_free(client->dpop.token);
        xfree(client->dpop.authority_url);
        xfree(client->base);
        xfree(client);
    }
}
