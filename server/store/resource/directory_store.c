/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/directory_store.h"

#include "store/resource/change_submit.h"

static struct sql_act begin(const struct directory_op *op, const char *operation)
{
    return change_act(op->tenant, operation, &op->who);
}

/* --- outcomes --------------------------------------------------------------------------------- */

/* directory_outcome of the migration. */
static rc take_outcome(struct directory_op *op, const struct sql_directory_outcome *outcome,
                       struct err *err)
{
    static const enum reason reasons[] = {R_NONE,           R_NOT_FOUND,   R_ALREADY_EXISTS,
                                          R_ALREADY_EXISTS, R_GROUP_CYCLE, R_FIELD_INVALID};
    enum { EXTERNAL_ID_TAKEN = 3 };
    int32_t problem = outcome->problem;
    ENSURE(problem >= 0 && problem < (int32_t)(sizeof reasons / sizeof reasons[0]), err,
           R_DATABASE_ERROR);
    op->what = outcome->what;
    op->holder = outcome->holder;
    op->is_external_id = problem == EXTERNAL_ID_TAKEN;
    op->changed = outcome->changed;
    ENSURE(problem == 0, err, reasons[problem]);
    return OK;
}

static rc read_put(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct directory_op *op = LIST_ENTRY(base, struct directory_op, op);
    struct sql_directory_put_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_directory_put_read(base->arena, r, 0, &row, err));
    TRY(take_outcome(op, &row.outcome, err));
    op->import_users = row.import_users;
    op->import_groups = row.import_groups;
    op->import_members = row.import_members;
    return OK;
}

static rc read_deleted(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct directory_op *op = LIST_ENTRY(base, struct directory_op, op);
    struct sql_directory_delete_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_directory_delete_read(base->arena, r, 0, &row, err));
    return take_outcome(op, &row.outcome, err);
}

static rc read_removed(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct directory_op *op = LIST_ENTRY(base, struct directory_op, op);
    struct sql_directory_remove_members_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_directory_remove_members_read(base->arena, r, 0, &row, err));
    return take_outcome(op, &row.outcome, err);
}

/* --- putting ---------------------------------------------------------------------------------- */

/* The lists of a part as rows. Without rows over budget, which fails the statement. */
static void set_users(struct sql_directory_put *put, struct arena *arena,
                      const struct directory_part *part)
{
    struct sql_directory_user *users =
        ARENA_ARRAY(arena, struct sql_directory_user, part->user_count + 1);
    put->users.items = users;
    put->users.count = part->user_count;
    for (size_t i = 0; users != NULL && i < part->user_count; i++) {
        users[i] = (struct sql_directory_user){.address = part->users[i].address,
                                               .display_name = part->users[i].display_name,
                                               .guest = part->users[i].is_guest};
    }
}

static struct sql_directory_alias *add_aliases(struct sql_directory_alias *at, const char *owner,
                                               const struct directory_aliases *aliases)
{
    for (size_t i = 0; i < aliases->count; i++) {
        *at++ = (struct sql_directory_alias){.address = aliases->items[i], .owner = owner};
    }
    return at;
}

static void set_aliases(struct sql_directory_put *put, struct arena *arena,
                        const struct directory_part *part)
{
    for (size_t i = 0; i < part->user_count; i++) {
        put->aliases.count += part->users[i].aliases.count;
    }
    for (size_t i = 0; i < part->group_count; i++) {
        put->aliases.count += part->groups[i].aliases.count;
    }
    struct sql_directory_alias *at =
        ARENA_ARRAY(arena, struct sql_directory_alias, put->aliases.count + 1);
    put->aliases.items = at;
    for (size_t i = 0; at != NULL && i < part->user_count; i++) {
        at = add_aliases(at, part->users[i].address, &part->users[i].aliases);
    }
    for (size_t i = 0; at != NULL && i < part->group_count; i++) {
        at = add_aliases(at, part->groups[i].address, &part->groups[i].aliases);
    }
}

static void set_groups(struct sql_directory_put *put, struct arena *arena,
                       const struct directory_part *part)
{
    struct sql_directory_group *groups =
        ARENA_ARRAY(arena, struct sql_directory_group, part->group_count + 1);
    put->groups.items = groups;
    put->groups.count = part->group_count;
    for (size_t i = 0; groups != NULL && i < part->group_count; i++) {
        groups[i] = (struct sql_directory_group){.address = part->groups[i].address,
                                                 .display_name = part->groups[i].display_name,
                                                 .external_id = part->groups[i].external_id};
    }
}

static void set_members(struct sql_directory_put *put, struct arena *arena,
                        const struct directory_part *part)
{
    size_t at = 0;
    for (size_t i = 0; i < part->members_count; i++) {
        put->members.count += part->members[i].count;
    }
    struct sql_directory_member *members =
        ARENA_ARRAY(arena, struct sql_directory_member, put->members.count + 1);
    put->members.items = members;
    for (size_t i = 0; members != NULL && i < part->members_count; i++) {
        const struct directory_members *group = &part->members[i];
        for (size_t j = 0; j < group->count; j++) {
            members[at++] = (struct sql_directory_member){.group_address = group->group,
                                                          .address = group->members[j]};
        }
    }
}

void directory_store_put(struct directory_op *op, const char *operation, const char *target,
                         const struct directory_part *part)
{
    struct arena *arena = op->op.arena;
    struct sql_directory_put put = {.act = begin(op, operation),
                                    .previous = part->previous == NULL ? "" : part->previous,
                                    .target = target,
                                    .import = part->import_id};
    set_users(&put, arena, part);
    set_aliases(&put, arena, part);
    set_groups(&put, arena, part);
    set_members(&put, arena, part);
    struct pg_params p = sql_directory_put(arena, &put);
    pg_submit_one(&op->op, &p, read_put);
}

void directory_store_delete(struct directory_op *op, enum directory_kind kind, const char *address)
{
    const char *operation = kind == DIRECTORY_USER ? "delete_user" : "delete_group";
    struct pg_params p = sql_directory_delete(
        op->op.arena, &(struct sql_directory_delete){
                          .act = begin(op, operation), .address = address, .kind = kind});
    pg_submit_one(&op->op, &p, read_deleted);
}

void directory_store_remove_members(struct directory_op *op,
                                    const struct directory_members *members)
{
    struct pg_params p = sql_directory_remove_members(
        op->op.arena,
        &(struct sql_directory_remove_members){.act = begin(op, "remove_members"),
                                               .group_address = members->group,
                                               .addresses = {members->members, members->count}});
    pg_submit_one(&op->op, &p, read_removed);
}

/* --- listing ---------------------------------------------------------------------------------- */

static rc read_users(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct directory_op *op = LIST_ENTRY(base, struct directory_op, op);
    (void)index;
    op->user_count = (size_t)PQntuples(r);
    op->users = ARENA_ARRAY(base->arena, struct directory_user, op->user_count + 1);
    ARENA_ENSURE(op->users, err);
    for (size_t i = 0; i < op->user_count; i++) {
        struct sql_directory_list_row row;
        TRY(sql_directory_list_read(base->arena, r, (int)i, &row, err));
        op->users[i] = (struct directory_user){.address = row.address,
                                               .display_name = row.display_name,
                                               .aliases = {row.aliases.items, row.aliases.count},
                                               .is_guest = row.guest};
    }
    return OK;
}

static rc read_groups(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct directory_op *op = LIST_ENTRY(base, struct directory_op, op);
    (void)index;
    op->group_count = (size_t)PQntuples(r);
    op->groups = ARENA_ARRAY(base->arena, struct directory_group, op->group_count + 1);
    ARENA_ENSURE(op->groups, err);
    for (size_t i = 0; i < op->group_count; i++) {
        struct sql_directory_list_row row;
        TRY(sql_directory_list_read(base->arena, r, (int)i, &row, err));
        op->groups[i] = (struct directory_group){.address = row.address,
                                                 .display_name = row.display_name,
                                                 .aliases = {row.aliases.items, row.aliases.count},
                                                 .external_id = row.external_id};
    }
    return OK;
}

void directory_store_list(struct directory_op *op, enum directory_kind kind, const char *only,
                          const char *after, size_t limit)
{
    struct pg_params p =
        sql_directory_list(op->op.arena, &(struct sql_directory_list){.tenant = op->tenant,
                                                                      .kind = kind,
                                                                      .only = only,
                                                                      .after = after,
                                                                      .limit = (int64_t)limit});
    pg_submit_one(&op->op, &p, kind == DIRECTORY_USER ? read_users : read_groups);
}

/* --- addresses: one row, with whether there is what was asked for ----------------------------- */

static rc take_addresses(struct directory_op *op, bool is_found, struct pg_texts addresses,
                         struct err *err)
{
    ENSURE(is_found, err, R_NOT_FOUND);
    op->addresses = addresses.items;
    op->address_count = addresses.count;
    return OK;
}

static rc read_members(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct directory_op *op = LIST_ENTRY(base, struct directory_op, op);
    struct sql_directory_list_members_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_directory_list_members_read(base->arena, r, 0, &row, err));
    return take_addresses(op, row.is_found, row.addresses, err);
}

void directory_store_list_members(struct directory_op *op, const char *group, const char *after,
                                  size_t limit)
{
    struct pg_params p = sql_directory_list_members(
        op->op.arena,
        &(struct sql_directory_list_members){
            .tenant = op->tenant, .group_address = group, .after = after, .limit = (int64_t)limit});
    pg_submit_one(&op->op, &p, read_members);
}

static rc read_people_of(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct directory_op *op = LIST_ENTRY(base, struct directory_op, op);
    struct sql_directory_people_of_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_directory_people_of_read(base->arena, r, 0, &row, err));
    return take_addresses(op, row.is_found, row.addresses, err);
}

void directory_store_people_of(struct directory_op *op, const char *group,
                               const char *const *domains, size_t domain_count, size_t limit)
{
    struct pg_params p = sql_directory_people_of(
        op->op.arena, &(struct sql_directory_people_of){.tenant = op->tenant,
                                                        .group_address = group,
                                                        .limit = (int64_t)limit,
                                                        .domains = {domains, domain_count}});
    pg_submit_one(&op->op, &p, read_people_of);
}

static rc read_people_in(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct directory_op *op = LIST_ENTRY(base, struct directory_op, op);
    struct sql_directory_people_in_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_directory_people_in_read(base->arena, r, 0, &row, err));
    return take_addresses(op, row.is_found, row.addresses, err);
}

void directory_store_people_in(struct directory_op *op, const char *domain, size_t limit)
{
    struct pg_params p = sql_directory_people_in(
        op->op.arena, &(struct sql_directory_people_in){
                          .tenant = op->tenant, .domain = domain, .limit = (int64_t)limit});
    pg_submit_one(&op->op, &p, read_people_in);
}
