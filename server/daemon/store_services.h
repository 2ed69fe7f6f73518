/* SPDX-License-Identifier: Apache-2.0 */
/* A worker's database, what it knows of it, and what it counts there. */
#pragma once

#include "conf/conf.h"
#include "context/services.h"
#include "store/pg/store.h"

enum {
    WORKER_TENANTS_MAX = 20000,
    WORKER_KEYS_MAX =
        2 * WORKER_TENANTS_MAX, /* sealing and signing, 64 bytes each of the heap for secrets */
};

/* services->loop is there. boundaries: NULL-terminated, as long as the services. */
void store_services_open(struct services *services, const Conf *conf, const char **boundaries,
                         const struct store_config *config);
/* Also of what was not opened. Calls are over, and DNS, which connections ask, is there still. */
void store_services_close(struct services *services);
