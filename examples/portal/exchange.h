/* SPDX-License-Identifier: Apache-2.0 */
/* One request of a browser and its answer, as the pages see it; what is between it and the wire is
 * server.c. The loop alone touches it. */
#pragma once

#include "session.h"
#include "texts.h"

struct portal; /* portal.h */
struct exchange;

/* A page, an act or a file of the portal. */
struct route {
    const char *method; /* "GET" has HEAD with it */
    const char *path;   /* "*" stands for a number */
    void (*handle)(struct exchange *exchange);
    unsigned flags;
};
enum {
    ROUTE_UPLOADS = 1,     /* takes files, as multipart/form-data */
    ROUTE_SESSION = 2,     /* needs a session */
    ROUTE_SIGNED_IN = 4,   /* and that its reader has signed in */
    ROUTE_FROM_ABROAD = 8, /* is followed to from other sites: a provider's */
    ROUTE_WRITES = 16,     /* takes a long text, in the field "text" */
    ROUTE_FROM_HERE = 32,  /* does something, so no link of elsewhere leads here */
};

struct exchange {
    struct portal *portal;
    struct MHD_Connection *connection;
    const struct route *route; /* NULL: there is none */
    bool is_head;
    size_t number; /* that stood for "*" */
    enum language language;
    char *reader_ip, *network;
    char *session_id; /* of the cookie; NULL: none */
    struct session
        *session;   /* of the request as it came; looked for again after work in a thread */
    gint64 started; /* monotonic microseconds */
    /* What came with a POST. */
    struct MHD_PostProcessor *post;
    GHashTable *fields; /* name → GString */
    GPtrArray *files;   /* GByteArray */
    size_t size, size_max;
    size_t charged;    /* of the memory that all share; the session's, once there is one */
    size_t held;       /* of the session's room for large answers */
    enum text problem; /* found while it came; 0: none */
    /* The answer. */
    unsigned status; /* 0: there is none yet */
    GBytes *body;
    const char *type, *policy; /* Content-Type, Content-Security-Policy; static */
    char *disposition, *location, *cookies[2];
    bool is_cacheable, is_page;
    /* Work in a thread. */
    bool is_working;
    void (*done)(struct exchange *exchange);
    void (*work)(void *job);
    void *job; /* its own, freed by `done` */
};

/* A field of the form; "" if it didn't come. */
const char *exchange_field(struct exchange *exchange, const char *name);
/* A parameter of the address; NULL if there is none. */
const char *exchange_query(struct exchange *exchange, const char *name);
/* Have `work` done by a thread with a job, then go on with `done`, in which `session` is NULL if it has
 * ended meanwhile. False if there is too much to do: the answer says so, and the job is the caller's. */
bool exchange_work(struct exchange *exchange, void (*work)(void *job), void *job,
                   void (*done)(struct exchange *exchange));

/* Room for an answer as large as a mail: each session has some, which browsers hold that don't take their answers. False:
 * there is none, and the page says that it is busy. */
bool exchange_take_room(struct exchange *exchange, size_t bytes);

/* Answers. `html` is taken. */
void answer_page(struct exchange *exchange, unsigned status, GString *html);
void answer_redirect(struct exchange *exchange, const char *to);
/* Bytes that are taken, under a policy of their own. `disposition` is taken; NULL: none. */
void answer_bytes(struct exchange *exchange, const char *type, const char *policy,
                  char *disposition, GBytes *bytes);
/* The cookie of the exchange's session, or its end. */
void answer_cookie(struct exchange *exchange);
