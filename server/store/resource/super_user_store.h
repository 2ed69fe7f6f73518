/* SPDX-License-Identifier: Apache-2.0 */
/* Super users: power that is switched on with a reason and ends by itself. */
#pragma once

#include "store/gate/gate.h"
#include "store/resource/change.h"

enum {
    SUPER_USERS_MAX = 100,  /* whose power holds at once, in one tenant */
    POWER_NAMES_MAX = 1000, /* people and groups whom a second admin is shown behind one name */
};

struct super_user_row {
    const char *principal; /* user:…, group:… or component:<uuid> */
    const char *reason, *granted_by;
    int64_t granted_at, expires_at; /* microseconds */
};

/* Switch it on, or give it another reason and end: principal, reason, granted_by and expires_at
 * of the row. `target` is what the log says. R_LIMIT_EXCEEDED. */
void super_user_store_grant(struct change_op *op, const struct super_user_row *row,
                            const char *target);
void super_user_store_revoke(struct change_op *op, const char *principal);

/* Whose power holds now, by principal. */
struct super_user_list {
    struct store_op op;
    struct super_user_row *rows;
    size_t count;
};
void super_user_store_list(struct super_user_list *list, struct tenant_id tenant);

/* Whom an address stands for in the tenant's directory: itself and its aliases; of a group also its
 * members at any depth. None: the directory does not know it. */
struct power_names {
    struct store_op op;
    struct tenant_id tenant;
    const char *address;
    const char *const *names; /* sorted */
    size_t count;
    bool is_whole;           /* false: there are more than POWER_NAMES_MAX */
    struct gate_scope known; /* the directory, as it was then */
};
void super_user_store_find_names(struct power_names *names);
