/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/upkeep.h"

#include "base/mem.h"
#include "daemon/audit_partitions.h"
#include "daemon/key_rotation.h"
#include "daemon/node_check.h"
#include "daemon/replication_check.h"
#include "daemon/rewrap.h"
#include "daemon/sweep.h"

struct upkeep {
    const struct services *services;
    const char *const *boundaries;
    struct node_check node_check; /* for the log, as the next one */
    struct replication_check replication_check;
    struct audit_maker *audit_maker;
    struct sweep *sweep;
    struct key_rotator *key_rotator;
    struct rewrapper *rewrapper;
};

struct upkeep *upkeep_new(const struct services *services, const char *const *boundaries)
{
    struct upkeep *upkeep = xcalloc(1, sizeof *upkeep);
    *upkeep = (struct upkeep){
        .services = services,
        .boundaries = boundaries,
        .audit_maker = audit_maker_new(services->loop, services->store),
        .sweep = sweep_new(services->loop, services->store),
        .key_rotator = key_rotator_new(services),
        .rewrapper = rewrapper_new(services),
    };
    return upkeep;
}

void upkeep_begin(struct upkeep *upkeep)
{
    if (upkeep != NULL) {
        node_check_start(&upkeep->node_check, upkeep->services->store, upkeep->boundaries);
        replication_check_start(&upkeep->replication_check, upkeep->services->store);
        audit_maker_begin(upkeep->audit_maker);
        sweep_begin(upkeep->sweep);
        key_rotator_begin(upkeep->key_rotator);
        rewrapper_begin(upkeep->rewrapper);
    }
}

void upkeep_free(struct upkeep *upkeep)
{
    if (upkeep != NULL) {
        node_check_fini(&upkeep->node_check);
        replication_check_fini(&upkeep->replication_check);
        audit_maker_free(upkeep->audit_maker);
        sweep_free(upkeep->sweep);
        key_rotator_free(upkeep->key_rotator);
        rewrapper_free(upkeep->rewrapper);
        xfree(upkeep);
    }
}
