/* SPDX-License-Identifier: Apache-2.0 */
/* The program's parts, and who has which. */
#pragma once

#include <chancery/chancery.h>

#include "exchange.h"
#include "pool.h"

struct portal {
    struct settings *settings;
    struct event_base *base;
    struct pool *pool;
    struct server *server;
    struct sessions *sessions;
    struct shares
        *pdf_places; /* PDFs that are being read, counted as sessions: of one network one alone */
    chancery_session *authority; /* as the portal itself, without a reader */
    chancery_context *context;   /* of all calls: canceled when the program ends */
    const char *host;            /* of the origin */
};

extern const struct route ROUTES[];
extern const size_t ROUTE_COUNT;

/* server.c: HTTP/1.1 on the loopback. */
struct server;
struct server *server_new(struct portal *portal);
/* After pool_stop(), so that nothing is awaited any more. */
void server_free(struct server *server);
void server_resume(struct exchange *exchange);
