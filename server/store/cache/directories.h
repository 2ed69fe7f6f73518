/* SPDX-License-Identifier: Apache-2.0 */
/* What a tenant's directory knows of somebody who is calling: aliases, guest or not, groups,
 * nested ones included. Remembered per worker with the epoch of the directory's scope; the gate
 * compares it.
 *
 * A change of a directory makes everything that is remembered of it worthless at once: what
 * counts is only what was read at the epoch that this worker has seen last. Loop thread only. */
#pragma once

#include "domain/values/tenant.h"
#include "store/pg/store.h"

struct directories;

struct directory_person {
    bool is_visible; /* false: this node may not see the directory, so it says nothing */
    bool is_guest;
    bool is_disabled; /* deactivated, or removed, by their identity provider (docs/scim.md) */
    const char *const *aliases; /* all names of the user, sorted */
    size_t alias_count;
    const char *const *groups; /* sorted, each once; more than SUBJECT_GROUPS_MAX: not all */
    size_t group_count;
    int64_t epoch; /* of the directory's scope */
};

/* Whom is asked about; only read before the functions return. */
struct directory_question {
    const struct tenant_view *tenant; /* whose directory; only its verified domains count */
    const char *const *addresses;     /* proven ones */
    size_t address_count;
    const char *const *groups; /* from the token: addresses or external ids of groups */
    size_t group_count;
};

struct directories *directories_new(size_t max);
void directories_free(struct directories *directories);
/* The scope under which the directory has its epoch (directories_scope() of the migration). */
struct uuid directories_scope(struct tenant_id tenant);
/* Forget on which epoch a scope is, because the gate called it stale. */
void directories_drop(struct directories *directories, struct uuid scope);

struct directory_find {
    struct store_op op;
    const struct directory_person *person; /* held by the operation's arena */
    /* Private. */
    struct directories *directories;
    struct uuid scope;
    bool is_keyed;
    uint8_t key[48];
};

/* Fill find->person from what is remembered; false when the database must be asked. The
 * operation is prepared by store_op_init before. */
bool directories_remembered(struct directories *directories, struct directory_find *find,
                            const struct directory_question *question);
/* Ask the database, past what is remembered. */
void directories_ask(struct directories *directories, struct directory_find *find,
                     const struct directory_question *question);
