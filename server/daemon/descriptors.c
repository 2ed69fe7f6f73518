/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/descriptors.h"

#include <sys/resource.h>

#include "obs/log.h"

enum {
    OWN = 256,  /* of a worker beside its clients' connections */
    LEAST = 16, /* a server with less than this is none */
};

unsigned descriptors_for_connections(unsigned wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return wanted;
    }
    if (limit.rlim_cur < limit.rlim_max) {
        struct rlimit raised = {.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
        limit.rlim_cur = setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
    }
    rlim_t left = limit.rlim_cur > OWN + LEAST ? limit.rlim_cur - OWN : LEAST;
    if (limit.rlim_cur == RLIM_INFINITY || left >= wanted) {
        return wanted;
    }
    log_event(LOG_WARNING, "worker.few_descriptors", F_INT("limit", (int64_t)limit.rlim_cur),
              F_INT("connections", (int64_t)left), F_INT("max_connections", (int64_t)wanted));
    return (unsigned)left;
}
