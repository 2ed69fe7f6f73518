/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration, and the sockets on which its workers listen. */
#pragma once

#include "conf/conf.h"
#include "keys/root_files.h"

enum { GENERATION_ADDRESS_MAX = 128 };

struct generation {
    struct arena *arena; /* of the configuration */
    Conf *conf;
    struct root_shelf *roots; /* its root keys; its workers see the same */
    /* One socket per worker and listener, so that the kernel spreads connections; a Unix socket is
     * shared. They stay open here: what connects while a worker is started again waits instead of
     * being refused. −1: none. */
    int sockets[CONF_WORKERS_MAX][CONF_LISTENERS_MAX];
    char bound[CONF_LISTENERS_MAX][GENERATION_ADDRESS_MAX]; /* where they are: "127.0.0.1:8443" */
};

/* Load a configuration, read its root keys (blocking: a token may take its time) unless `running` has read the same, and open its sockets; where `running` listens at the same
 * address, its sockets serve on. `running` may be NULL. R_CONFIG_INVALID, R_STARTUP_FAILED, and what
 * root_shelf_open says. */
rc generation_open(const char *path, const struct generation *running, struct generation **out,
                   struct err *err);
/* Close a worker's sockets as long as it can't be started, so that no connection waits there in vain; the
 * siblings get them. And open them again. */
void generation_rest(struct generation *g, unsigned worker);
rc generation_resume(struct generation *g, unsigned worker, struct err *err);
bool generation_rests(const struct generation *g, unsigned worker);
/* Close its copies of the sockets: nobody is to wait there any more. NULL is allowed. */
void generation_deafen(struct generation *g);
/* The same and free it; NULL is allowed. */
void generation_close(struct generation *g);
/* In a worker: close all sockets of its generation but its own. */
void generation_close_others(struct generation *g, const int *own);
/* In a worker of another one: close its sockets, and see its root keys no more. NULL is allowed. */
void generation_leave(struct generation *g);
/* Log as this configuration says. */
void generation_log(const struct generation *g);
