/* SPDX-License-Identifier: Apache-2.0 */
#include "library/session.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"
#include "library/buffer.h"
#include "library/options.h"
#include "library/start.h"

enum { IDLE_MAX = 16 /* connections that are kept for the next call */ };

struct chancery_session {
    chancery_options *options;
    struct arena *arena; /* has the public key */
    struct jwk_private *key;
    char *public_jwk;
    pthread_mutex_t lock; /* of what follows */
    struct line *idle;
    size_t idle_count;
};

char *borrowed_text(const char *text)
{
    return (char *)(uintptr_t)(text == NULL ? "" : text);
}

/* --- connections ------------------------------------------------------------------------------ */

static void line_free(struct line *line)
{
    if (line != NULL) {
        client_free(line->client);
        xfree(line);
    }
}

static const char *token_text(const struct secret *token)
{
    return token == NULL ? NULL : (const char *)secret_use(token).ptr;
}

static rc hash_token(const struct secret *token, uint8_t out[SHA256_BYTES], struct err *err)
{
    return hash_sha256(slice_str(token_text(token)), out, err);
}

static rc line_new(const chancery_options *o, const struct secret *token, struct line **out,
                   struct err *err)
{
    struct line *line = xcalloc(1, sizeof *line);
    const struct client_config config = {
        .server = o->server,
        .loopback_without_tls = o->loopback_without_tls,
        .ca_file = o->ca_file,
        .certificate_file = o->certificate_file,
        .key_file = o->key_file,
        .token = token_text(token),
        .dpop_key_file = o->dpop_key_file,
        .authority_url = o->authority_url,
        .timeout_ms = o->timeout_ms,
        .user_agent = o->user_agent != NULL ? o->user_agent : "libchancery",
    };
    line->has_token = token != NULL;
    rc result = token == NULL ? OK : hash_token(token, line->token_hash, err);
    result = result.ok ? client_new(&config, &line->client, err) : result;
    if (!result.ok) {
        line_free(line);
        return result;
    }
    *out = line;
    return OK;
}

static struct line *take_idle(chancery_session *session)
{
    (void)pthread_mutex_lock(&session->lock);
    struct line *line = session->idle;
    if (line != NULL) {
        session->idle = line->next;
        session->idle_count--;
    }
    (void)pthread_mutex_unlock(&session->lock);
    return line;
}

static bool has_token(const struct line *line, const struct secret *token)
{
    uint8_t hash[SHA256_BYTES];
    if (token == NULL || !line->has_token) {
        return token == NULL && !line->has_token;
    }
    return hash_token(token, hash, NULL).ok &&
           slice_eq(slice_of(hash, sizeof hash), slice_of(line->token_hash, sizeof hash));
}

/* A connection whose token is another by now is not used any more. */
rc session_take(chancery_session *session, chancery_context *context, struct line **out,
                struct err *err)
{
    AUTO(secret_free_at) struct secret *token = NULL;
    const struct client_limits limits = context_limits(context, session->options->timeout_ms);
    TRY(options_token(session->options, &token, err));
    struct line *line = take_idle(session);
    while (line != NULL && !has_token(line, token)) {
        line_free(line);
        line = take_idle(session);
    }
    if (line == NULL) {
        TRY(line_new(session->options, token, &line, err));
    }
    client_set_limits(line->client, &limits);
    *out = line;
    return OK;
}

void session_give(chancery_session *session, struct line *line)
{
    client_set_limits(line->client, &(struct client_limits){.is_canceled = NULL});
    (void)pthread_mutex_lock(&session->lock);
    bool is_kept = session->idle_count < IDLE_MAX;
    if (is_kept) {
        line->next = session->idle;
        session->idle = line;
        session->idle_count++;
    }
    (void)pthread_mutex_unlock(&session->lock);
    if (!is_kept) {
        line_free(line);
    }
}

/* --- sessions --------------------------------------------------------------------------------- */

/* The first connection tells of what can't be used; it connects to nothing. */
static rc open_all(chancery_session *session, struct err *err)
{
    struct line *line = NULL;
    TRY(library_start(err));
    TRY(options_check(session->options, err));
    TRY(jwk_private_generate(JWK_EC_P256, &session->key, err));
    session->public_jwk =
        jwk_public_json(session->arena, jwk_private_public(session->key), NULL, NULL);
    ARENA_ENSURE(session->public_jwk, err);
    TRY(session_take(session, NULL, &line, err));
    session_give(session, line);
    return OK;
}

chancery_error *chancery_session_open(const chancery_options *options, chancery_session **out)
{
    struct err err = {0};
    chancery_session *session = xcalloc(1, sizeof *session);
    *session = (chancery_session){.options = options_copy(options), .arena = arena_new(16 * 1024)};
    (void)pthread_mutex_init(&session->lock, NULL);
    if (!open_all(session, &err).ok) {
        chancery_session_close(session);
        return failure_of(&err);
    }
    *out = session;
    return NULL;
}

void chancery_session_close(chancery_session *session)
{
    if (session == NULL) {
        return;
    }
    for (struct line *line = take_idle(session); line != NULL; line = take_idle(session)) {
        line_free(line);
    }
    (void)pthread_mutex_destroy(&session->lock);
    jwk_private_free(session->key);
    arena_free(session->arena);
    chancery_options_free(session->options);
    xfree(session);
}

const struct jwk_private *session_key(const chancery_session *session)
{
    return session->key;
}

char *session_public_jwk(const chancery_session *session)
{
    return session->public_jwk;
}

/* --- calls ------------------------------------------------------------------------------------ */

chancery_error *session_ask(chancery_session *session, chancery_context *context,
                            struct arena *arena, const char *method,
                            const ProtobufCMessage *request,
                            const ProtobufCMessageDescriptor *response_type,
                            ProtobufCMessage **response)
{
    struct err err = {0};
    struct line *line = NULL;
    struct client_refusal refusal;
    TELL(session_take(session, context, &line, &err), &err);
    rc result =
        client_call(line->client, arena, method, request, response_type, response, &refusal, &err);
    session_give(session, line);
    return result.ok ? NULL : failure_of_call(&err, &refusal);
}

/* "Service/Method", and nothing that would be another address. */
static rc check_method(const char *method, struct err *err)
{
    const char *slash = strchr(method, '/');
    bool is_name = slash != NULL && slash != method && slash[1] != '\0';
    for (const char *at = method; is_name && *at != '\0'; at++) {
        bool is_letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z');
        is_name = is_letter || at == slash;
    }
    if (!is_name) {
        FAIL(err, R_INPUT_INVALID, "a method is named like TrackingService/ListContent");
    }
    return OK;
}

chancery_error *chancery_call(chancery_session *session, const char *method, const void *request,
                              size_t size, chancery_context *context, chancery_buffer **out)
{
    struct err err = {0};
    struct line *line = NULL;
    struct client_refusal refusal;
    struct slice response;
    AUTO(arena_free_at) struct arena *arena = arena_new(CALL_BUDGET);
    TELL(check_method(method, &err), &err);
    TELL(session_take(session, context, &line, &err), &err);
    rc result = client_call_packed(line->client, arena, method, slice_of(request, size), &response,
                                   &refusal, &err);
    session_give(session, line);
    if (!result.ok) {
        return failure_of_call(&err, &refusal);
    }
    *out = buffer_of(response);
    return NULL;
}

struct taking {
    chancery_message_fn take;
    void *arg;
};

static bool take_message(void *arg, struct slice message)
{
    const struct taking *taking = arg;
    return taking->take(taking->arg, message.ptr, message.len) == 0;
}

chancery_error *chancery_call_stream(chancery_session *session, const char *method,
                                     const void *request, size_t size, chancery_context *context,
                                     chancery_message_fn take, void *arg)
{
    struct err err = {0};
    struct line *line = NULL;
    struct client_refusal refusal;
    struct taking taking = {take, arg};
    AUTO(arena_free_at) struct arena *arena = arena_new(CALL_BUDGET);
    TELL(check_method(method, &err), &err);
    TELL(session_take(session, context, &line, &err), &err);
    const struct client_limits limits =
        context_limits(context, 0); /* the session's time is for one answer */
    client_set_limits(line->client, &limits);
    rc result = client_stream(line->client, arena, method, slice_of(request, size), take_message,
                              &taking, &refusal, &err);
    session_give(session, line);
    return result.ok ? NULL : failure_of_call(&err, &refusal);
}
