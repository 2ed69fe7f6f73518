/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pg/pg_timelines.h"

#include <stdatomic.h>
#include <sys/mman.h>

enum { CLUSTERS_MAX = 16 }; /* more are not remembered: nobody moves a node so often */

struct store_timelines {
    struct {
        _Atomic uint64_t system; /* 0: none yet */
        _Atomic uint32_t timeline;
    } clusters[CLUSTERS_MAX];
};

rc store_timelines_new(struct store_timelines **out, struct err *err)
{
    void *shared =
        mmap(NULL, sizeof **out, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ENSURE(shared != MAP_FAILED, err, R_STARTUP_FAILED);
    *out = shared;
    return OK;
}

uint32_t pg_timelines_latest(const struct store_timelines *timelines, uint64_t system)
{
    for (size_t i = 0; timelines != NULL && i < CLUSTERS_MAX; i++) {
        if (atomic_load(&timelines->clusters[i].system) == system) {
            return atomic_load(&timelines->clusters[i].timeline);
        }
    }
    return 0;
}

static void raise_to(_Atomic uint32_t *latest, uint32_t timeline)
{
    uint32_t seen = atomic_load(latest);
    while (seen < timeline && !atomic_compare_exchange_weak(latest, &seen, timeline)) {
    }
}

void pg_timelines_note(struct store_timelines *timelines, uint64_t system, uint32_t timeline)
{
    for (size_t i = 0; timelines != NULL && i < CLUSTERS_MAX; i++) {
        uint64_t whose = 0; /* free, unless the exchange says otherwise */
        if (atomic_compare_exchange_strong(&timelines->clusters[i].system, &whose, system) ||
            whose == system) {
            raise_to(&timelines->clusters[i].timeline, timeline);
            return;
        }
    }
}
