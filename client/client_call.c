/* SPDX-License-Identifier: Apache-2.0 */
/* Calls: one message for one, or a stream of them. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "client/client_internal.h"
#include "client/grpc_frame.h"
#include "client/proof.h"
#include "client/refusal.h"
#include "wire/pb.h"

enum {
    RESPONSE_MAX = 16 * 1024 * 1024,
    /* Of a stream no time is known in which it must be over; one that says nothing for so long is broken. The authority
     * says something every ten seconds. */
    SILENCE_S = 60,
};

/* What of a stream has come and is no whole message yet. */
struct pieces {
    client_message_fn *take; /* NULL: it is no stream */
    void *arg;
    uint8_t *bytes;
    size_t len, room;
    bool is_stopped; /* by `take` */
    bool is_broken;
};

/* A response as it arrives, header by header and piece by piece. */
struct response {
    struct arena *arena;
    struct buf body; /* of a call that is no stream */
    struct pieces pieces;
    int grpc_status; /* -1: none seen */
    const char *grpc_message;
    const char *details; /* base64 of google.rpc.Status */
};

/* --- receiving -------------------------------------------------------------------------------- */

static void add_piece(struct pieces *p, struct slice data)
{
    if (p->len + data.len > p->room) {
        p->room = 2 * (p->len + data.len);
        uint8_t *grown = xcalloc(p->room, 1);
        if (p->len > 0) {
            memcpy(grown, p->bytes, p->len);
        }
        xfree(p->bytes);
        p->bytes = grown;
    }
    memcpy(p->bytes + p->len, data.ptr, data.len);
    p->len += data.len;
}

/* Hand over all messages that are whole by now. */
static void take_messages(struct pieces *p)
{
    size_t from = 0;
    struct slice message;
    enum grpc_look look = GRPC_WHOLE;
    while (look == GRPC_WHOLE && !p->is_stopped) {
        look = grpc_frame_look(slice_of(p->bytes + from, p->len - from), RESPONSE_MAX, &message);
        if (look == GRPC_WHOLE) {
            p->is_stopped = !p->take(p->arg, message);
            from = (size_t)(message.ptr - p->bytes) + message.len;
        }
    }
    p->is_broken = look == GRPC_BROKEN;
    memmove(p->bytes, p->bytes + from, p->len - from);
    p->len -= from;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct response *r = arg;
    if (r->pieces.take != NULL) {
        add_piece(&r->pieces, slice_of(data, size * count));
        take_messages(&r->pieces);
        return r->pieces.is_stopped || r->pieces.is_broken ? 0 : size * count;
    }
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

static bool is_canceled(const struct client *client)
{
    return client->limits.is_canceled != NULL && client->limits.is_canceled(client->limits.arg);
}

/* libcurl asks here while it waits, at least once a second; not 0 ends the transfer. */
static int on_progress(void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    (void)down_total, (void)down, (void)up_total, (void)up;
    return is_canceled(arg) ? 1 : 0;
}

enum { ENDLESS_MS = INT32_MAX };

/* Milliseconds that a transfer may take, from now on; 0: none are left. */
static int64_t time_left_ms(const struct client *client, bool is_stream)
{
    if (client->limits.deadline.ns == 0) {
        return is_stream ? ENDLESS_MS : client->timeout_ms;
    }
    int64_t left = (client->limits.deadline.ns - clock_mono().ns) / 1000000;
    return left > 0 ? left : 0;
}

static CURLcode perform(struct client *client, const char *url, struct response *r, char *problem)
{
    CURL *easy = client->easy;
    bool is_stream = r->pieces.take != NULL;
    int64_t left_ms = time_left_ms(client, is_stream);
    if (left_ms == 0) {
        return CURLE_OPERATION_TIMEDOUT;
    }
    if (is_canceled(client)) {
        return CURLE_ABORTED_BY_CALLBACK;
    }
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, left_ms == ENDLESS_MS ? 0L : (long)left_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)client->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, is_stream ? (long)SILENCE_S : 0L);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, client->limits.is_canceled == NULL ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, client);
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
    if (code == CURLE_ABORTED_BY_CALLBACK && is_canceled(client)) {
        FAIL(err, R_CALL_CANCELED, "the call to %s was canceled", client->server);
    }
    const char *why = code == CURLE_OK ? "the server doesn't speak gRPC"
                      : problem[0] == '\0' || (client->is_unix && code == CURLE_COULDNT_CONNECT)
                          ? curl_easy_strerror(code)
                          : problem;
    FAIL(err, no_answer_reason(code), "no answer from %s: %s", client->server, why);
}

static rc not_valid(const struct client *client, const char *what, const struct err *why,
                    struct err *err)
{
    if (why->reason == R_ARENA_EXHAUSTED) {
        FAIL(err, R_ARENA_EXHAUSTED, "%s", why->detail);
    }
    FAIL(err, R_AUTHORITY_UNREACHABLE, "what %s answers is no valid %s (%s)", client->server, what,
         why->detail);
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

/* Send a request, and hear all of the answer. */
static rc ask(struct client *client, const char *method, struct slice request, struct response *r,
              struct client_refusal *refusal, struct err *err)
{
    char problem[CURL_ERROR_SIZE] = "";
    struct slice body;
    struct curl_slist proven;
    bool is_proven = client->dpop.key != NULL;
    const char *url = arena_printf(r->arena, "%s/chancery.v1.%s", client->base, method);
    *refusal = (struct client_refusal){.reason = "", .sentence = "", .retry_ms = -1};
    ARENA_ENSURE(url, err);
    TRY(grpc_frame_write(r->arena, request, &body, err));
    if (is_proven) {
        TRY(add_proof(client, r->arena, method, &proven, err));
    }
    curl_easy_setopt(client->easy, CURLOPT_HTTPGET, 0L);
    curl_easy_setopt(client->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(client->easy, CURLOPT_HTTPHEADER, is_proven ? &proven : client->headers);
    curl_easy_setopt(client->easy, CURLOPT_POSTFIELDS, (const char *)body.ptr);
    curl_easy_setopt(client->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    CURLcode code = perform(client, url, r, problem);
    if (r->grpc_status > 0) {
        refusal_read(r->arena, r->grpc_status, r->grpc_message, r->details, refusal);
        FAIL(err, R_INTERNAL, "grpc-status %d", r->grpc_status);
    }
    if (r->pieces.is_stopped) {
        FAIL(err, R_CALL_CANCELED, "whoever takes the messages wants no more of them");
    }
    if (code == CURLE_OK && r->grpc_status == 0) {
        return OK;
    }
    rc failed = no_answer(client, code, problem, err);
    refusal->is_silent = err_is(err, R_AUTHORITY_UNREACHABLE);
    return failed;
}

rc client_call_packed(struct client *client, struct arena *arena, const char *method,
                      struct slice request, struct slice *response, struct client_refusal *refusal,
                      struct err *err)
{
    struct slice body;
    struct err why = {0};
    struct response r = {.arena = arena, .grpc_status = -1};
    buf_init(&r.body, arena);
    TRY(ask(client, method, request, &r, refusal, err));
    TRY(buf_finish(&r.body, &body, err));
    return grpc_frame_read(body, response, &why).ok ? OK : not_valid(client, "message", &why, err);
}

rc client_stream(struct client *client, struct arena *arena, const char *method,
                 struct slice request, client_message_fn *take, void *arg,
                 struct client_refusal *refusal, struct err *err)
{
    struct response r = {.arena = arena, .grpc_status = -1, .pieces = {.take = take, .arg = arg}};
    rc result = ask(client, method, request, &r, refusal, err);
    size_t rest = r.pieces.len;
    xfree(r.pieces.bytes);
    if (result.ok && rest > 0) {
        FAIL(err, R_AUTHORITY_UNREACHABLE, "%s cut a message short", client->server);
    }
    return result;
}

rc client_call(struct client *client, struct arena *arena, const char *method,
               const ProtobufCMessage *request, const ProtobufCMessageDescriptor *response_type,
               ProtobufCMessage **response, struct client_refusal *refusal, struct err *err)
{
    struct slice packed, answer;
    struct err why = {0};
    *refusal = (struct client_refusal){.reason = "", .sentence = "", .retry_ms = -1};
    TRY(pb_pack(arena, request, &packed, err));
    TRY(client_call_packed(client, arena, method, packed, &answer, refusal, err));
    return pb_unpack(arena, response_type, answer, response, &why).ok
               ? OK
               : not_valid(client, response_type->name, &why, err);
}

void client_set_limits(struct client *client, const struct client_limits *limits)
{
    client->limits = *limits;
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
