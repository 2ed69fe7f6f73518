/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/device_store.h"

#include "store/resource/change_submit.h"

static struct device_row row_from(const struct sql_device *d)
{
    return (struct device_row){.address = d->address,
                               .thumbprint = d->thumbprint,
                               .display_name = d->display_name,
                               .public_jwk = d->public_jwk,
                               .component = d->component,
                               .registered_at = d->registered_at,
                               .ends_at = d->ends_at};
}

static rc read_registered(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct device_register *put = LIST_ENTRY(op, struct device_register, op);
    struct sql_register_device_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_register_device_read(op->arena, r, 0, &row, err));
    put->row = row_from(&row.device);
    return OK;
}

void device_store_register(struct device_register *put)
{
    struct pg_params p = sql_register_device(
        put->op.arena, &(struct sql_register_device){
                           .act = change_act(put->tenant, "register_device", &put->who),
                           .address = put->row.address,
                           .thumbprint = put->row.thumbprint,
                           .display_name = put->row.display_name,
                           .public_jwk = put->row.public_jwk,
                           .issuer_tenant = put->issuer_of.u,
                           .issuer = put->issuer,
                           .subject = put->subject,
                           .gateway = put->row.component,
                           .days = put->days,
                           .max = DEVICES_OF_PERSON_MAX,
                           .target = put->target,
                       });
    pg_submit_one(&put->op, &p, read_registered);
}

static rc read_any(struct arena *arena, const PGresult *r, int i, struct device_row *out,
                   struct err *err)
{
    struct sql_list_devices_row row;
    TRY(sql_list_devices_read(arena, r, i, &row, err));
    *out = row_from(&row.device);
    return OK;
}

static rc read_own(struct arena *arena, const PGresult *r, int i, struct device_row *out,
                   struct err *err)
{
    struct sql_list_own_devices_row row;
    TRY(sql_list_own_devices_read(arena, r, i, &row, err));
    *out = row_from(&row.device);
    return OK;
}

static rc read_list(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct device_list *list = LIST_ENTRY(op, struct device_list, op);
    (void)index;
    list->count = (size_t)PQntuples(r);
    list->rows = ARENA_ARRAY(op->arena, struct device_row, list->count + 1);
    ARENA_ENSURE(list->rows, err);
    for (size_t i = 0; !pg_list_ends(op, i, &list->count); i++) {
        TRY(list->address_count > 0 ? read_own(op->arena, r, (int)i, &list->rows[i], err)
                                    : read_any(op->arena, r, (int)i, &list->rows[i], err));
    }
    return OK;
}

void device_store_list(struct device_list *list)
{
    struct pg_params p;
    if (list->address_count > 0) {
        p = sql_list_own_devices(
            list->op.arena,
            &(struct sql_list_own_devices){.tenant = list->tenant,
                                           .addresses = {list->addresses, list->address_count},
                                           .after_address = list->after_address,
                                           .after_thumbprint = list->after_thumbprint,
                                           .limit = (int64_t)list->limit});
    } else {
        p = sql_list_devices(list->op.arena,
                             &(struct sql_list_devices){.tenant = list->tenant,
                                                        .after_address = list->after_address,
                                                        .after_thumbprint = list->after_thumbprint,
                                                        .limit = (int64_t)list->limit});
    }
    pg_submit_one(&list->op, &p, read_list);
}

static rc read_deleted(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    (void)op, (void)index;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    return OK;
}

void device_store_delete(struct device_delete *gone)
{
    struct pg_params p = sql_delete_device(
        gone->op.arena,
        &(struct sql_delete_device){.act = change_act(gone->tenant, "delete_device", &gone->who),
                                    .addresses = {gone->addresses, gone->address_count},
                                    .thumbprint = gone->thumbprint});
    pg_submit_one(&gone->op, &p, read_deleted);
}

static rc read_found(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct device_find *find = LIST_ENTRY(op, struct device_find, op);
    (void)index;
    ENSURE((size_t)PQntuples(r) == find->count, err, R_DATABASE_ERROR);
    find->devices = ARENA_ARRAY(op->arena, struct found_device, find->count + 1);
    ARENA_ENSURE(find->devices, err);
    for (size_t i = 0; i < find->count; i++) {
        struct sql_find_devices_row row;
        TRY(sql_find_devices_read(op->arena, r, (int)i, &row, err));
        find->devices[i] = (struct found_device){.tenant = row.tenant,
                                                 .address = row.address,
                                                 .thumbprint = row.thumbprint,
                                                 .public_jwk = row.public_jwk,
                                                 .subject = row.subject};
    }
    return OK;
}

void device_store_find(struct device_find *find)
{
    struct pg_params p = sql_find_devices(
        find->op.arena,
        &(struct sql_find_devices){.addresses = {find->addresses, find->count},
                                   .thumbprints = {find->thumbprints, find->count}});
    pg_submit_one(&find->op, &p, read_found);
}
