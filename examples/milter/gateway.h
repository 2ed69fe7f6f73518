/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a mail: what the rules of its sender's tenant say, which the authority knows. Any thread. */
#pragma once

#include <chancery/chancery.h>
#include <stdatomic.h>

#include "away.h"
#include "message.h"

struct gateway {
    const struct settings *settings;
    chancery_session *session;
    chancery_context *context; /* of all questions; canceled when the milter ends */
    struct transit *transit;   /* in the modes that open mail; else NULL */
    struct away *away;         /* NULL: nothing is sent while the authority is away */
    atomic_int busy;           /* mails that are being decided on */
};

enum outcome {
    OUTCOME_PASS,    /* as it is */
    OUTCOME_REPLACE, /* by the other mail */
    OUTCOME_LATER,   /* not now: 4xx, and the sender's MTA comes again */
    OUTCOME_REFUSE,  /* never so: 5xx */
};

struct decision {
    enum outcome outcome;
    const char *status; /* enhanced status code (RFC 3463), with the last two; static */
    char words[1400];   /* for the log, and for the sender with those two; one line of ASCII */
    bool requires_tls;  /* the next hop must take it by TLS */
    char *mark; /* a header for the other side of a scanner (mark.h), or NULL; the caller's */
    bool strips_marks;     /* marks that came with the mail are taken away */
    const char *sender;    /* of the envelope from now on; NULL: as it is. Static, or sender_copy */
    char *sender_copy;     /* the caller's */
    chancery_buffer *mail; /* with OUTCOME_REPLACE: what takes its place; the caller's */
};

/* Whether mail of this sender ("" for bounces) goes on unasked: then nothing of it needs to be kept. */
bool gateway_passes_over(const struct gateway *gateway, const char *sender);
/* Whatever fails, the mail doesn't pass in clear when a rule wants it protected, and
 * when nobody can say whether one does. */
void gateway_decide(struct gateway *gateway, const struct message *message, struct decision *out);
/* Let the mails that are being decided on come later, and wait for that; false: not all have ended in time. */
bool gateway_stop(struct gateway *gateway);
