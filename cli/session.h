/* SPDX-License-Identifier: Apache-2.0 */
/* A command's way to the authority: a profile, a client, a key of its own, and how failures are told. */
#pragma once

#include "chancery/config/v1/profile.pb-c.h"
#include "cli/command.h"
#include "client/client.h"
#include "crypto/jwk.h"

enum { SESSION_BUDGET = 512 * 1024 * 1024 };

struct session {
    const struct command *command;
    struct arena *arena;
    Chancery__Config__V1__Profile *profile;
    struct client *client;
    struct jwk_private *key; /* fresh; content keys are wrapped to it */
    bool is_component;       /* the profile has a certificate */
};

/* Open by a profile; prints why not. An exit code. `profile` may be NULL: that is a usage error. */
int session_open(struct session *session, const struct command *command, const char *profile);
void session_close(struct session *session);
/* Call; prints the refusal with its reason, sentence and what the authority adds. EXIT_OK, EXIT_REFUSED when the
 * authority decided against, EXIT_FAILED otherwise. */
int session_call(struct session *session, const char *method, const ProtobufCMessage *request,
                 const ProtobufCMessageDescriptor *response_type, ProtobufCMessage **response);
/* The session's public key for requests. */
ProtobufCBinaryData session_public_jwk(struct session *session);
/* Print a message as JSON, for -o json. */
int session_print_json(struct session *session, const ProtobufCMessage *message);
/* Read a whole file of at most `max` bytes into the arena. */
MUST rc read_file(struct arena *arena, const char *path, size_t max, struct slice *out,
                  struct err *err);
/* protobuf-c wants char *; requests are only read. */
char *text_field(const char *text);
