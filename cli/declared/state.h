/* SPDX-License-Identifier: Apache-2.0 */
/* What the authority has by now. Inside cli/declared. */
#pragma once

#include "cli/declared/kinds.h"
#include "cli/session.h"

/* A resource as it is. */
struct object {
    const struct kind *kind;
    const char *tenant, *id, *key, *etag; /* "": it has none */
    ProtobufCMessage *message;
    bool is_declared; /* a document describes it */
};

/* All of one kind that one tenant, or the platform, has. */
struct objects {
    const struct kind *kind;
    const char *tenant;
    struct object *list;
    size_t count, room;
    bool is_absent; /* there is no such tenant */
    struct objects *next;
};

struct state {
    struct session *session;
    const char *own_tenant;    /* the caller's; "": the platform's */
    const char *own_component; /* its id; "": none */
    struct objects *first;     /* what was read so far */
    struct waiting *waiting;   /* and what waits for a second admin (waiting.h) */
};

/* Ask who is calling. Prints what fails. Returns an exit code. */
int state_begin(struct state *state, struct session *s);
/* All of one kind, read once; `tenant` "" is the platform. Of a tenant that there isn't it is none, with
 * is_absent. Prints what fails. Returns an exit code. */
int state_read(struct state *state, const struct kind *kind, const char *tenant,
               struct objects **out);
/* Read them again: what was changed since has another place or id. */
int state_read_again(struct state *state, struct objects *objects);
