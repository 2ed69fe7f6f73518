/* SPDX-License-Identifier: Apache-2.0 */
/* How a command reaches the authority: a profile, a client, a key of its own, and how failures are
 * told. */
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
    struct jwk_private *key; /* made for this session; content keys are wrapped to it */
    bool is_component;       /* the profile has a certificate */
    bool may_be_done;        /* the last call failed, and may have been carried out all the same */
    const char *refused_field; /* the first one named by the last refusal; "": none */
};

/* Open a session by the file of a profile; NULL is a usage error. Prints what fails. Returns an
 * exit code. */
int session_open(struct session *session, const struct command *command, const char *profile);
void session_close(struct session *session);
/* Call a method ("Service/Method" of chancery.v1). Prints a refusal with its reason, its sentence
 * and what the authority adds. Returns EXIT_OK, EXIT_REFUSED if the authority decided against it,
 * or EXIT_FAILED. */
int session_call(struct session *session, const char *method, const ProtobufCMessage *request,
                 const ProtobufCMessageDescriptor *response_type, ProtobufCMessage **response);
/* The request id to ask with: the one that was given, or a new one if that is NULL; lent. */
const char *session_request_id(struct session *session, const char *given);
/* After a call with that id which failed: say how to ask again, if it may be done all the same. */
void session_tell_retry(const struct session *session, const char *request_id);
/* The session's public key as a JWK, for requests; lent. */
char *session_public_jwk(struct session *session);
/* The same message, with every text as it is shown to a person (message_escape): what the authority
 * answers has words of other people in it. Before anything of it is printed; JSON is not. */
const void *session_shown(struct session *session, ProtobufCMessage *message);
/* Print a message as JSON, for -o json. Returns an exit code. */
int session_print_json(struct session *session, const ProtobufCMessage *message);
/* Read a whole file of at most `max` bytes into the arena; "-" is standard input.
 * R_FILE_UNREADABLE. */
rc read_file(struct arena *arena, const char *path, size_t max, struct slice *out, struct err *err);
/* A text for a field of a request; NULL becomes "". protobuf-c wants char *, and only reads it. */
char *text_field(const char *text);
