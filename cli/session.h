/* SPDX-License-Identifier: Apache-2.0 */
/* How a command reaches the authority: a profile, a session of libchancery, and how failures are told. */
#pragma once

#include <stdio.h>

#include <chancery/chancery.h>

#include "base/clock.h"
#include "base/secret.h"
#include "cli/command.h"
#include "cli/profile.h"

enum { SESSION_BUDGET = 512 * 1024 * 1024 };

struct session {
    const struct command *command;
    struct arena *arena;
    Profile *profile;
    struct profile_name named; /* where the profile is from */
    chancery_session *library; /* all that is asked goes by it */
    bool is_component;         /* the profile has a certificate */
    bool may_be_done;       /* the last call failed, and may have been carried out all the same */
    const char *request_id; /* that was asked with; NULL: none */
    struct mono_time asked_at; /* when what is asked was begun, for -v */
    const char *refused_field; /* the first one named by the last refusal; "": none */
};

/* Open a session by the profile that --profile names; NULL: by the one that is chosen without it
 * (profile.h), and where there is none, that is a usage error. Prints what fails. Returns an exit
 * code. */
int session_open(struct session *session, const struct command *command, const char *profile);
/* The same by what a profile says that is no file yet. */
int session_open_profile(struct session *session, const struct command *command, Profile *profile);
/* The same for a command that asks no authority. */
int session_begin(struct session *session, const struct command *command);
void session_close(struct session *session);
/* Call a method ("Service/Method" of chancery.v1). Prints a refusal with its reason, its sentence
 * and what the authority adds. Returns EXIT_OK, EXIT_REFUSED if the authority decided against it,
 * or EXIT_FAILED. */
int session_call(struct session *session, const char *method, const ProtobufCMessage *request,
                 const ProtobufCMessageDescriptor *response_type, ProtobufCMessage **response);
/* The same for what may not be there: for NOT_FOUND the response is NULL, and nothing is told. */
int session_find(struct session *session, const char *method, const ProtobufCMessage *request,
                 const ProtobufCMessageDescriptor *response_type, ProtobufCMessage **response);
/* The same for what may be refused for any of the reasons; NULL-terminated. */
int session_try(struct session *session, const char *method, const ProtobufCMessage *request,
                const ProtobufCMessageDescriptor *response_type, const char *const *reasons,
                ProtobufCMessage **response);
/* The address by which the authority knows itself: as the profile says, or as it says itself. Lent. */
const char *session_authority_url(struct session *session);
/* The request id to ask with: the one that was given, or a new one if that is NULL; lent. A call that
 * fails, and may be done all the same, tells how to ask again by it. */
const char *session_request_id(struct session *session, const char *given);
/* Tell of an error of the library, and free it; the same exit codes. NULL is success. */
int session_tell(struct session *session, chancery_error *error);
/* Call without telling; NULL on success, and the answer's message is the caller's to free. */
chancery_error *session_request(struct session *session, const char *method,
                                const ProtobufCMessage *request, chancery_buffer **answer);
/* Take such an answer over, and free it. Prints what is wrong with it. Returns an exit code. */
int session_take_answer(struct session *session, chancery_buffer *answer,
                        const ProtobufCMessageDescriptor *response_type,
                        ProtobufCMessage **response);
/* The same for a method that answers by a stream: `take` is called for each message. */
chancery_error *session_stream(struct session *session, const char *method,
                               const ProtobufCMessage *request, chancery_message_fn take,
                               void *arg);
/* The key of a content, for what is written and read here; the caller's to free. */
rc session_content_key(const chancery_content *content, struct secret **out, struct err *err);
/* The same message, with every text as it is shown to a person (message_escape): what the authority
 * answers has words of other people in it. Before anything of it is printed; JSON is not. */
const void *session_shown(struct session *session, ProtobufCMessage *message);
/* Read a whole file of at most `max` bytes into the arena; "-" is standard input.
 * R_FILE_UNREADABLE. */
rc read_file(struct arena *arena, const char *path, size_t max, struct slice *out, struct err *err);
/* The same of a file that nobody else may write to; R_PROFILE_INVALID. Pipes and devices are taken as
 * they are. */
rc read_own_file(struct arena *arena, const char *path, size_t max, struct slice *out,
                 struct err *err);
/* The same of a stream, from where it stands; `name` is for the message. */
rc read_stream(struct arena *arena, FILE *file, const char *name, size_t max, struct slice *out,
               struct err *err);
/* A text for a field of a request; NULL becomes "". protobuf-c wants char *, and only reads it. */
char *text_field(const char *text);
