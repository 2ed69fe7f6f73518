/* SPDX-License-Identifier: Apache-2.0 */
/* A reader's answer: to whom, protected by the authority (docs/policy.md §5.3), and sent. The job of a thread. */
#pragma once

#include "authority.h"

struct answer_job {
    struct reading_job *reading; /* whose message; it is opened if `reading->reading` is NULL */
    chancery_answer_kind kind;
    char *id;        /* of the form: a UUID, and the request's id */
    char *text;      /* what the reader has written */
    char *addresses; /* to forward it to, as they were typed */
    bool is_quoted;  /* the message's own text follows */
    enum language language;
    GPtrArray *sent;    /* out: struct person *, to whom it has gone */
    GPtrArray *refused; /* out: char *, to whom nothing can be sent */
};
/* The form's field; `reading` is taken. */
struct answer_job *answer_job_new(struct reading_job *reading, chancery_answer_kind kind);
void answer_job_free(struct answer_job *job);
/* Protect it and hand it to the relay. Why it didn't work stands in the reading's job. */
void answer_send(void *job);

/* Whether the reader may answer in this way. */
bool answer_is_allowed(const struct reading *reading, chancery_answer_kind kind);
/* Who gets a reply by what the reader knows: the owner first, who alone can open one; then, of a reply to all, those of
 * To and Cc, but for the reader. Blind copies are not known. struct person *; the caller's. */
GPtrArray *answer_people(const struct reading *reading, chancery_answer_kind kind);
