/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of a session, one for each call that goes on. Any thread. */
#pragma once

#include "crypto/hash.h"
#include "crypto/jwk.h"
#include "library/context.h"
#include "library/failure.h"

enum { CALL_BUDGET = 64 * 1024 * 1024 };

/* Who asks, for one call: a connection with today's token, in the limits of a context. */
struct line {
    struct line *next;
    struct client *client;
    bool has_token;
    uint8_t token_hash[SHA256_BYTES]; /* the token itself is the client's alone */
};

/* Take a connection; give it back after the call. */
rc session_take(chancery_session *session, chancery_context *context, struct line **out,
                struct err *err);
void session_give(chancery_session *session, struct line *line);

/* Take one, call a method, give it back. The response is lent by the arena. NULL on success. */
chancery_error *session_ask(chancery_session *session, chancery_context *context,
                            struct arena *arena, const char *method,
                            const ProtobufCMessage *request,
                            const ProtobufCMessageDescriptor *response_type,
                            ProtobufCMessage **response);

/* The session's own key, to which content keys are wrapped, and its public half as JSON; lent. */
const struct jwk_private *session_key(const chancery_session *session);
char *session_public_jwk(const chancery_session *session);

/* A text for a field of a request; NULL becomes "". protobuf-c wants char *, and only reads it. */
char *borrowed_text(const char *text);
