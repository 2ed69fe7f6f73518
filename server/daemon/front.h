/* SPDX-License-Identifier: Apache-2.0 */
/* The plain HTTP pages beside the RPCs, on the same port: /livez, /readyz and /.well-known/chancery,
 * /metrics where the listener says so (a listener of `metrics_only` has nothing else), and those of license_pages.h. Everything else goes to the
 * engine. */
#pragma once

#include "conf/conf.h"
#include "context/services.h"
#include "net/net.h"

struct front;

struct front_config {
    const Conf *conf;
    struct services *services;
    struct rpc *rpc;
    const char *const *boundaries; /* served ones, NULL-terminated; none: all */
    const char *version;
};

/* Pages are for GET and HEAD (of which net leaves the body out); to others 405 is said. */
bool front_may_show(const struct net_request *request);
void front_reply_not_allowed(struct net_stream *stream);

struct front *front_new(const struct front_config *config);
void front_free(struct front *front);
/* What net gets instead of the engine's handler. */
const struct net_handler *front_handler(struct front *front);
