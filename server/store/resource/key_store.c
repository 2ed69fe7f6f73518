/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/key_store.h"

#include "base/clock.h"
#include "base/texts.h"
#include "store/resource/change_submit.h"
#include "store/resource/key_row.h"

static rc read_tenant_signing(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct tenant_signing_keys *keys = LIST_ENTRY(op, struct tenant_signing_keys, op);
    (void)index;
    keys->authority_url = "";
    keys->count = (size_t)PQntuples(r);
    keys->jwks = ARENA_ARRAY(op->arena, const char *, keys->count + 1);
    ARENA_ENSURE(keys->jwks, err);
    for (size_t i = 0; i < keys->count; i++) {
        struct sql_tenant_signing_keys_row row;
        TRY(sql_tenant_signing_keys_read(op->arena, r, (int)i, &row, err));
        keys->authority_url = row.authority_url;
        keys->jwks[i] = row.public_jwk;
    }
    return OK;
}

void key_store_tenant_signing(struct tenant_signing_keys *keys, struct tenant_id tenant,
                              const char *const *boundaries, size_t count)
{
    struct pg_params p = sql_tenant_signing_keys(
        keys->op.arena,
        &(struct sql_tenant_signing_keys){.tenant = tenant, .boundaries = {boundaries, count}});
    pg_submit_one(&keys->op, &p, read_tenant_signing);
}

/* --- versions --------------------------------------------------------------------------------- */

static struct tenant_key_row row_from(const struct sql_key *key)
{
    return (struct tenant_key_row){
        .purpose = (enum key_purpose)key->purpose,
        .is = {.version = (uint32_t)key->version,
               .state = (enum key_state)key->state,
               .is_destroying = key->state == KEY_IS_REVOKED && key->destroy_at != 0,
               .is_shut = key->is_shut},
        .public_jwk = key->public_jwk,
        .mark = key->mark,
        .created_at = key->created_at,
        .changed_at = key->changed_at,
        .destroy_at = key->destroy_at,
    };
}

static rc read_list(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct key_list *list = LIST_ENTRY(op, struct key_list, op);
    (void)index;
    list->count = (size_t)PQntuples(r);
    list->rows = ARENA_ARRAY(op->arena, struct tenant_key_row, list->count + 1);
    ARENA_ENSURE(list->rows, err);
    for (size_t i = 0; !pg_list_ends(op, i, &list->count); i++) {
        struct sql_list_keys_row row;
        TRY(sql_list_keys_read(op->arena, r, (int)i, &row, err));
        list->rows[i] = row_from(&row.key);
    }
    return OK;
}

void key_store_list(struct key_list *list)
{
    struct pg_params p = sql_list_keys(
        list->op.arena, &(struct sql_list_keys){.tenant = list->tenant,
                                                .after_purpose = (int16_t)list->after_purpose,
                                                .after_version = (int32_t)list->after_version,
                                                .limit = (int64_t)list->limit});
    pg_submit_one(&list->op, &p, read_list);
}

static rc read_found(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct key_find *find = LIST_ENTRY(op, struct key_find, op);
    (void)index;
    find->count = (size_t)PQntuples(r);
    find->rows = ARENA_ARRAY(op->arena, struct tenant_key_row, find->count + 1);
    find->versions = ARENA_ARRAY(op->arena, struct key_version, find->count + 1);
    ARENA_ENSURE(find->rows, err);
    ARENA_ENSURE(find->versions, err);
    for (size_t i = 0; i < find->count; i++) {
        struct sql_find_keys_row row;
        TRY(sql_find_keys_read(op->arena, r, (int)i, &row, err));
        find->rows[i] = row_from(&row.key);
        find->versions[i] = find->rows[i].is;
    }
    return OK;
}

void key_store_find(struct key_find *find)
{
    struct pg_params p =
        sql_find_keys(find->op.arena, &(struct sql_find_keys){.tenant = find->tenant,
                                                              .purpose = (int16_t)find->purpose});
    pg_submit_one(&find->op, &p, read_found);
}

/* --- acts ------------------------------------------------------------------------------------- */

rc key_row_keep(struct change_op *op, const struct sql_key *key, struct err *err)
{
    op->key = ARENA_NEW(op->op.arena, struct tenant_key_row);
    ARENA_ENSURE(op->key, err);
    *op->key = row_from(key);
    return OK;
}

struct sql_key_rotation key_row_rotation(const struct key_rotation *rotation)
{
    return (struct sql_key_rotation){.purpose = (int16_t)rotation->purpose,
                                     .former = (int32_t)rotation->former,
                                     .former_mark = rotation->former_mark,
                                     .version = (int32_t)rotation->version,
                                     .root_version = (int32_t)rotation->root_version,
                                     .wrapped = rotation->wrapped,
                                     .public_jwk = rotation->public_jwk};
}

static rc read_rotated(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct sql_rotate_key_row row;
    TRY(change_read_done(base, index, r, err));
    TRY(sql_rotate_key_read(base->arena, r, 0, &row, err));
    return key_row_keep(LIST_ENTRY(base, struct change_op, op), &row.key, err);
}

void key_store_rotate(struct change_op *op, const struct key_rotation *rotation)
{
    struct pg_params p =
        sql_rotate_key(op->op.arena, &(struct sql_rotate_key){.act = change_begin(op, "rotate_key"),
                                                              .to = key_row_rotation(rotation),
                                                              .target = rotation->target});
    change_submit(op, &p, read_rotated);
}

static rc read_revoked(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct sql_revoke_key_row row;
    TRY(change_read_done(base, index, r, err));
    TRY(sql_revoke_key_read(base->arena, r, 0, &row, err));
    return key_row_keep(LIST_ENTRY(base, struct change_op, op), &row.key, err);
}

static rc read_changed(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct sql_change_key_row row;
    TRY(change_read_done(base, index, r, err));
    TRY(sql_change_key_read(base->arena, r, 0, &row, err));
    return key_row_keep(LIST_ENTRY(base, struct change_op, op), &row.key, err);
}

/* What takes access away has connections of its own. */
static void revoke(struct change_op *op, const struct key_state_change *change)
{
    struct pg_params p =
        sql_revoke_key(op->op.arena, &(struct sql_revoke_key){.act = change_begin(op, "revoke_key"),
                                                              .purpose = (int16_t)change->purpose,
                                                              .version = (int32_t)change->version,
                                                              .mark = change->mark,
                                                              .target = change->target});
    change_submit(op, &p, read_revoked);
}

static rc read_activated(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct sql_activate_key_row row;
    TRY(change_read_done(base, index, r, err));
    TRY(sql_activate_key_read(base->arena, r, 0, &row, err));
    return key_row_keep(LIST_ENTRY(base, struct change_op, op), &row.key, err);
}

static void activate(struct change_op *op, const struct key_state_change *change)
{
    struct pg_params p = sql_activate_key(
        op->op.arena, &(struct sql_activate_key){.act = change_begin(op, "activate_key"),
                                                 .purpose = (int16_t)change->purpose,
                                                 .former = (int32_t)change->former,
                                                 .former_mark = change->former_mark,
                                                 .version = (int32_t)change->version,
                                                 .mark = change->mark,
                                                 .target = change->target});
    change_submit(op, &p, read_activated);
}

void key_store_change(struct change_op *op, const struct key_state_change *change)
{
    static const char *const operations[] = {[KEY_RESTORE] = "restore_key",
                                             [KEY_DESTROY] = "destroy_key",
                                             [KEY_CANCEL_DESTROY] = "cancel_destroy_key"};
    if (change->act == KEY_REVOKE) {
        revoke(op, change);
        return;
    }
    if (change->act == KEY_ACTIVATE) {
        activate(op, change);
        return;
    }
    bool is_restored = change->act == KEY_RESTORE;
    struct pg_params p = sql_change_key(
        op->op.arena,
        &(struct sql_change_key){.act = change_begin(op, operations[change->act]),
                                 .purpose = (int16_t)change->purpose,
                                 .version = (int32_t)change->version,
                                 .mark = change->mark,
                                 .state = (int16_t)(is_restored ? KEY_ARCHIVED : KEY_IS_REVOKED),
                                 .destroy_days = (int32_t)change->days,
                                 .target = change->target});
    change_submit(op, &p, read_changed);
}

static rc read_min_set(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct sql_set_min_key_version_row row;
    TRY(change_read_done(base, index, r, err));
    TRY(sql_set_min_key_version_read(base->arena, r, 0, &row, err));
    return key_row_keep(LIST_ENTRY(base, struct change_op, op), &row.key, err);
}

void key_store_set_min(struct change_op *op, const struct key_min_change *change)
{
    struct pg_params p = sql_set_min_key_version(
        op->op.arena,
        &(struct sql_set_min_key_version){.act = change_begin(op, "set_min_key_version"),
                                          .purpose = (int16_t)change->purpose,
                                          .former = (int32_t)change->former,
                                          .version = (int32_t)change->version,
                                          .mark = change->mark,
                                          .target = change->target});
    change_submit(op, &p, read_min_set);
}

static rc read_due(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct key_due *due = LIST_ENTRY(op, struct key_due, op);
    struct sql_find_due_rotation_row row;
    (void)index;
    due->is_found = PQntuples(r) > 0;
    if (!due->is_found) {
        return OK;
    }
    TRY(sql_find_due_rotation_read(op->arena, r, 0, &row, err));
    due->tenant = row.tenant;
    due->boundary = row.boundary;
    due->suite = (uint32_t)row.suite;
    due->purpose = (enum key_purpose)row.purpose;
    return OK;
}

void key_store_find_due(struct key_due *due)
{
    struct pg_params p = sql_find_due_rotation(
        due->op.arena,
        &(struct sql_find_due_rotation){.served = {due->served, texts_count(due->served)},
                                        .skip = (int64_t)due->skip,
                                        .now = clock_unix_us()});
    pg_submit_one(&due->op, &p, read_due);
}

static rc read_swept(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    (void)index;
    (void)err;
    LIST_ENTRY(op, struct key_sweep, op)->has_destroyed = PQntuples(r) > 0;
    return OK;
}

void key_store_sweep(struct key_sweep *sweep)
{
    int64_t now_us = clock_unix_us();
    struct pg_params p = sql_destroy_due_key(
        sweep->op.arena, &(struct sql_destroy_due_key){.event.u = uuid_v7(now_us), .now = now_us});
    pg_submit_one(&sweep->op, &p, read_swept);
}
