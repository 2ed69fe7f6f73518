/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/node_check.h"

#include "crypto/algs.h"
#include "obs/log.h"

enum { CHECK_BUDGET = 256 * 1024 };

static const struct boundary_check *find(const struct boundary_checks *check, const char *name)
{
    for (size_t i = 0; i < check->count; i++) {
        if (strcmp(check->rows[i].name, name) == 0) {
            return &check->rows[i];
        }
    }
    return NULL;
}

static void tell(const struct boundary_check *boundary)
{
    if (boundary->needs_fips && !crypto_is_fips()) {
        const struct reason_info *info = reason_info(R_FIPS_REQUIRED);
        log_event(LOG_ERROR, "node.fips_required", F_STR("reason", info->name),
                  F_STR("boundary", boundary->name), F_STR("what", info->text),
                  F_STR("advice", info->advice));
    }
    if (!boundary->is_granted) {
        log_event(LOG_ERROR, "node.boundary_not_granted",
                  F_STR("reason", reason_info(R_BOUNDARY_NOT_GRANTED)->name),
                  F_STR("boundary", boundary->name),
                  F_STR("what", "The node's database role does not see this boundary."),
                  F_STR("advice", "Run chancery migrate --node-role, or take the boundary out of "
                                  "`boundaries`."));
    }
}

static void checked(struct store_op *op)
{
    struct node_check *n = op->user;
    n->is_running = false;
    for (size_t i = 0; op->err.reason == R_NONE && n->boundaries[i] != NULL; i++) {
        const struct boundary_check *found = find(&n->check, n->boundaries[i]);
        if (found != NULL) {
            tell(found);
        } else {
            log_event(LOG_WARNING, "node.boundary_unknown", F_USER("boundary", n->boundaries[i]),
                      F_STR("what", "The database has no such boundary."),
                      F_STR("advice", "Correct `boundaries`, or make it by chancery boundary "
                                      "create."));
        }
    }
    for (size_t i = 0; n->boundaries[0] == NULL && i < n->check.count; i++) {
        tell(&n->check.rows[i]);
    }
    arena_reset(n->arena);
}

void node_check_start(struct node_check *check, struct store *store, const char *const *boundaries)
{
    check->boundaries = boundaries;
    check->arena = arena_new(CHECK_BUDGET);
    check->is_running = true;
    store_op_init(&check->check.op, store, check->arena, checked, check);
    boundary_store_check(&check->check);
}

void node_check_fini(struct node_check *check)
{
    if (check->is_running) {
        store_op_cancel(&check->check.op);
    }
    arena_free(check->arena);
}
