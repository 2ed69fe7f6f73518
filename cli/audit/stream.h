/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of events that goes on by itself when its connection is lost or a node ends it. Inside cli/audit. */
#pragma once

#include "cli/session.h"

struct audit_stream {
    const char *method;
    ProtobufCMessage *request;
    char **resume_token; /* in the request; the stream goes on there */
    const ProtobufCMessageDescriptor *type;
    /* Take a message, lent by the arena; returns its resume token, or NULL: enough, and why was told. */
    const char *(*take)(void *arg, struct arena *arena, const ProtobufCMessage *message);
    void *arg;
    bool is_endless; /* never give up once it has begun */
};

/* Until it ends. Prints what fails, but for what `take` has told. Returns an exit code. *resume_token is where to go on. */
int audit_stream_run(struct session *s, struct audit_stream *stream);
