/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/audit/stream.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "wire/pb.h"

enum { MESSAGE_BUDGET = 64 * 1024 * 1024, TRIES_MAX = 8, PAUSE_MAX_S = 30 };

struct running {
    struct session *session;
    struct audit_stream *stream;
    char *token;     /* of the last message; NULL: none came yet */
    bool has_heard;  /* since the last try */
    bool is_stopped; /* by take */
};

static rc take(struct running *r, struct slice bytes, struct err *err)
{
    ProtobufCMessage *message = NULL;
    struct err why = {0};
    AUTO(arena_free_at) struct arena *arena = arena_new(MESSAGE_BUDGET);
    if (!pb_unpack(arena, r->stream->type, bytes, &message, &why).ok) {
        FAIL(err, R_AUTHORITY_UNREACHABLE, "what %s answers is no valid %s (%s)",
             r->session->profile->server, r->stream->type->name, why.detail);
    }
    const char *token = r->stream->take(r->stream->arg, arena, message);
    r->is_stopped = token == NULL;
    if (token != NULL && token[0] != '\0') {
        xfree(r->token);
        r->token = xstrdup(token);
    }
    return OK;
}

static int on_message(void *arg, const void *message, size_t size)
{
    struct running *r = arg;
    struct err err = {0};
    if (!take(r, slice_of(message, size), &err).ok) {
        r->is_stopped = true;
        (void)fail_with(r->session->command, &err);
    }
    r->has_heard = true;
    return r->is_stopped ? 1 : 0;
}

/* What passes by itself: a node that ends, a connection that is lost, a place that the stream before has still; and a token
 * that has ended, when its file has another one by now. */
static bool is_passing(const chancery_error *error, const struct running *r)
{
    int code = chancery_error_code(error);
    return code == CHANCERY_CODE_UNAVAILABLE || code == CHANCERY_CODE_RESOURCE_EXHAUSTED ||
           code == CHANCERY_CODE_CANCELLED ||
           (code == CHANCERY_CODE_UNAUTHENTICATED && r->has_heard) ||
           strcmp(chancery_error_reason(error), "AUTHORITY_UNREACHABLE") == 0;
}

static void pause_before(const struct running *r, const chancery_error *error, unsigned tries)
{
    unsigned seconds = tries < 5 ? 1U << tries >> 1 : PAUSE_MAX_S;
    if (tries == 1) {
        fprintf(stderr, "chancery %s: interrupted (%s); going on\n", r->session->command->name,
                chancery_error_reason(error));
    }
    (void)sleep(seconds);
}

int audit_stream_run(struct session *s, struct audit_stream *stream)
{
    struct running r = {.session = s, .stream = stream};
    unsigned tries = 0;
    int code = EXIT_OK;
    bool goes_on = true;
    while (goes_on) {
        r.has_heard = false;
        chancery_error *error = session_stream(s, stream->method, stream->request, on_message, &r);
        tries = r.has_heard ? 1 : tries + 1;
        goes_on = error != NULL && !r.is_stopped && r.token != NULL && is_passing(error, &r) &&
                  (stream->is_endless || tries <= TRIES_MAX);
        if (r.token != NULL) {
            char *kept = arena_strdup(s->arena, r.token);
            *stream->resume_token = kept == NULL ? *stream->resume_token : kept;
        }
        if (goes_on) {
            pause_before(&r, error, tries);
            chancery_error_free(error);
        } else if (r.is_stopped) {
            code = EXIT_FAILED;
            chancery_error_free(error);
        } else {
            code = session_tell(s, error);
        }
    }
    xfree(r.token);
    return code;
}
