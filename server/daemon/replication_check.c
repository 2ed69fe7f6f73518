/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/replication_check.h"

#include <string.h>

#include "obs/log.h"
#include "setup/setup.h"

enum { CHECK_BUDGET = 64 * 1024 };

/* In the words of `chancery doctor`. */
static void tell_asynchronous(void *ctx, const struct setup_finding *finding)
{
    const struct replication *found = ctx;
    log_event(LOG_WARNING, "node.replication", F_STR("promise", found->promise),
              F_STR("reason", finding->code), F_INT("standbys", found->standbys),
              F_USER("detail", finding->why), F_STR("what", finding->what),
              F_STR("advice", finding->next));
}

static void tell(struct replication *found)
{
    if (strcmp(found->promise, "asynchronous") == 0) {
        const struct setup_listener log = {.tell = tell_asynchronous, .ctx = found};
        setup_tell(&log, FAULT_STANDBY_ASYNCHRONOUS,
                   "synchronous_standby_names is empty, and %lld follow, such as %s",
                   (long long)found->standbys, found->example);
    } else if (strcmp(found->promise, "synchronous") == 0) {
        log_event(LOG_INFO, "node.replication", F_STR("promise", found->promise),
                  F_INT("standbys", found->standbys), F_USER("synchronous", found->synchronous),
                  F_STR("what", "Nothing is acknowledged before a synchronous standby has it: what "
                                "was acknowledged outlives the database."));
    } else {
        log_event(LOG_INFO, "node.replication", F_STR("promise", found->promise),
                  F_INT("standbys", 0),
                  F_STR("what", "No standby follows the database: what was acknowledged since the "
                                "last backup is lost with its disk."));
    }
}

static void checked(struct store_op *op)
{
    struct replication_check *check = op->user;
    check->is_running = false;
    if (op->err.reason == R_NONE) {
        tell(&check->found);
    } else {
        log_event(LOG_WARNING, "node.replication_unknown", F_FAILURE(&op->err));
    }
    arena_reset(check->arena);
}

void replication_check_start(struct replication_check *check, struct store *store)
{
    check->arena = arena_new(CHECK_BUDGET);
    check->is_running = true;
    store_op_init(&check->found.op, store, check->arena, checked, check);
    replication_store_read(&check->found);
}

void replication_check_fini(struct replication_check *check)
{
    if (check->is_running) {
        store_op_cancel(&check->found.op);
    }
    arena_free(check->arena);
}
