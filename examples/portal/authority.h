/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of the authority, each as the job of a thread: its inputs are copies, its outcome is
 * taken by the loop. */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "portal.h"

/* How the authority is reached, as this portal; to be freed. */
chancery_options *authority_options(const struct settings *settings);

/* Why it didn't work; all zero: it did. */
struct failure {
    enum text problem;
    char contact[256]; /* whom the sender's organization wants to be asked; or "" */
    char number[80];   /* of the call, for the operator; or "" */
};

/* For other sources that ask for a reader. The error is taken; whether there was one. */
bool authority_fails(struct failure *failure, chancery_error *error);
/* The content of a protected mail, and the mail; NULL, and why not. */
chancery_content *authority_content(GBytes *mail, chancery_mail **read, struct failure *failure);

/* A method that the portal asks as itself; NULL, and why not. The answer is freed by protobuf-c. */
ProtobufCMessage *authority_ask(const struct portal *portal, const char *method,
                                const ProtobufCMessage *request,
                                const ProtobufCMessageDescriptor *answer, struct failure *failure);

/* --- a mail that came ------------------------------------------------------------------------- */

struct mail_job {
    const struct portal *portal;
    GPtrArray *files;    /* GByteArray, in the order in which they came */
    char *content_id;    /* of the link that was followed; "": none */
    GBytes *mail;        /* out: one protected mail */
    struct brand *brand; /* out: how it looks; NULL: as the portal */
    struct failure failure;
};
struct mail_job *mail_job_new(const struct portal *portal, GPtrArray *files,
                              const char *content_id);
void mail_job_free(struct mail_job *job);
/* Find the protected mail: it is one of the files, or two of them are its parts. */
void mail_find(void *job);

/* --- passcodes -------------------------------------------------------------------------------- */

struct passcode_job {
    const struct portal *portal;
    GBytes *mail;
    char *address, *reader_ip;
    const char *language;
    char *passcode_id, *reference; /* out of passcode_start, into passcode_verify */
    char *code;
    char *token; /* out of passcode_verify */
    int64_t seconds;
    struct failure failure;
};
struct passcode_job *passcode_job_new(const struct portal *portal);
void passcode_job_free(struct passcode_job *job);
void passcode_start(void *job);
void passcode_verify(void *job);

/* --- reading ---------------------------------------------------------------------------------- */

struct reading_job {
    const struct portal *portal;
    GBytes *mail;
    char *token;
    bool is_to_save; /* an attachment is about to be kept without protection */
    void (*give)(struct exchange *exchange, const struct reading *reading); /* open.c */
    struct reading *reading;                                                /* out */
    struct failure failure;
};
struct reading_job *reading_job_new(const struct portal *portal, const struct session *session);
void reading_job_free(struct reading_job *job);
/* Ask for a license, open the mail and read it. */
void reading_open(void *job);
/* A session of the job's reader alone, with a key of its own; NULL, and why not. */
chancery_session *reading_session(struct reading_job *job);
/* The same as reading_open(), for whoever has all that it needs. */
void reading_open_in(struct reading_job *job, chancery_session *session, const chancery_mail *mail,
                     chancery_content *content);
