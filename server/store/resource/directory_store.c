/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/directory_store.h"

#include "store/cache/directories.h"
#include "store/resource/change_submit.h"

/* --- outcomes --------------------------------------------------------------------------------- */

enum { EXTERNAL_ID_TAKEN = 3, NEEDS_SECOND = 6 };

/* directory_outcome of the migration. */
static rc take_outcome(struct directory_outcome *out, const struct sql_directory_outcome *row,
                       struct err *err)
{
    static const enum reason reasons[] = {
        R_NONE,        R_NOT_FOUND,     R_ALREADY_EXISTS,   R_ALREADY_EXISTS,
        R_GROUP_CYCLE, R_FIELD_INVALID, R_APPROVAL_REQUIRED};
    int32_t problem = row->problem;
    ENSURE(problem >= 0 && problem < (int32_t)(sizeof reasons / sizeof reasons[0]), err,
           R_DATABASE_ERROR);
    out->what = row->what;
    out->holder = row->holder;
    out->is_external_id = problem == EXTERNAL_ID_TAKEN;
    out->changed = row->changed;
    ENSURE(problem == 0, err, reasons[problem]);
    return OK;
}

static struct directory_outcome *outcome_of(struct store_op *base)
{
    return LIST_ENTRY(base, struct change_op, op)->directory;
}

static rc read_put(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct directory_outcome *out = outcome_of(base);
    struct sql_directory_put_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_directory_put_read(base->arena, r, 0, &row, err));
    TRY(take_outcome(out, &row.outcome, err));
    out->import_users = row.import_users;
    out->import_groups = row.import_groups;
    out->import_members = row.import_members;
    return OK;
}

static rc read_deleted(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct sql_directory_delete_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_directory_delete_read(base->arena, r, 0, &row, err));
    return take_outcome(outcome_of(base), &row.outcome, err);
}

static rc read_removed(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct sql_directory_remove_members_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_directory_remove_members_read(base->arena, r, 0, &row, err));
    return take_outcome(outcome_of(base), &row.outcome, err);
}

static rc take_look(struct directory_look *look, struct sql_directory_outcome *outcome,
                    int64_t epoch, struct err *err)
{
    look->known = (struct gate_scope){.scope = directories_scope(look->tenant), .epoch = epoch};
    look->needs_second = outcome->problem == NEEDS_SECOND;
    outcome->problem = look->needs_second ? 0 : outcome->problem;
    return take_outcome(&look->outcome, outcome, err);
}

static rc read_look(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct directory_look *look = LIST_ENTRY(base, struct directory_look, op);
    struct sql_directory_look_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_directory_look_read(base->arena, r, 0, &row, err));
    look->behind = row.behind.items;
    look->behind_count = row.behind.count;
    look->is_whole = row.is_whole;
    return take_look(look, &row.outcome, row.epoch, err);
}

static rc read_look_delete(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct directory_look *look = LIST_ENTRY(base, struct directory_look, op);
    struct sql_directory_look_delete_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_directory_look_delete_read(base->arena, r, 0, &row, err));
    look->is_whole = true;
    return take_look(look, &row.outcome, row.epoch, err);
}

/* --- parts as rows ---------------------------------------------------------------------------- */

/* The lists of a part. Without rows over budget, which fails the statement. */
struct part_rows {
    const char *previous;
    struct sql_directory_user *users;
    struct sql_directory_alias *aliases;
    size_t alias_count;
    struct sql_directory_group *groups;
    struct sql_directory_member *members;
    size_t member_count;
};

static struct sql_directory_user *user_rows(struct arena *arena, const struct directory_part *part)
{
    struct sql_directory_user *rows =
        ARENA_ARRAY(arena, struct sql_directory_user, part->user_count + 1);
    for (size_t i = 0; rows != NULL && i < part->user_count; i++) {
        rows[i] = (struct sql_directory_user){.address = part->users[i].address,
                                              .display_name = part->users[i].display_name,
                                              .guest = part->users[i].is_guest};
    }
    return rows;
}

static struct sql_directory_group *group_rows(struct arena *arena,
                                              const struct directory_part *part)
{
    struct sql_directory_group *rows =
        ARENA_ARRAY(arena, struct sql_directory_group, part->group_count + 1);
    for (size_t i = 0; rows != NULL && i < part->group_count; i++) {
        rows[i] = (struct sql_directory_group){.address = part->groups[i].address,
                                               .display_name = part->groups[i].display_name,
                                               .external_id = part->groups[i].external_id};
    }
    return rows;
}

static struct sql_directory_alias *add_aliases(struct sql_directory_alias *at, const char *owner,
                                               const struct directory_aliases *aliases)
{
    for (size_t i = 0; i < aliases->count; i++) {
        *at++ = (struct sql_directory_alias){.address = aliases->items[i], .owner = owner};
    }
    return at;
}

static void set_aliases(struct part_rows *rows, struct arena *arena,
                        const struct directory_part *part)
{
    for (size_t i = 0; i < part->user_count; i++) {
        rows->alias_count += part->users[i].aliases.count;
    }
    for (size_t i = 0; i < part->group_count; i++) {
        rows->alias_count += part->groups[i].aliases.count;
    }
    struct sql_directory_alias *at =
        ARENA_ARRAY(arena, struct sql_directory_alias, rows->alias_count + 1);
    rows->aliases = at;
    for (size_t i = 0; at != NULL && i < part->user_count; i++) {
        at = add_aliases(at, part->users[i].address, &part->users[i].aliases);
    }
    for (size_t i = 0; at != NULL && i < part->group_count; i++) {
        at = add_aliases(at, part->groups[i].address, &part->groups[i].aliases);
    }
}

static void set_members(struct part_rows *rows, struct arena *arena,
                        const struct directory_part *part)
{
    size_t at = 0;
    for (size_t i = 0; i < part->members_count; i++) {
        rows->member_count += part->members[i].count;
    }
    rows->members = ARENA_ARRAY(arena, struct sql_directory_member, rows->member_count + 1);
    for (size_t i = 0; rows->members != NULL && i < part->members_count; i++) {
        const struct directory_members *group = &part->members[i];
        for (size_t j = 0; j < group->count; j++) {
            rows->members[at++] = (struct sql_directory_member){.group_address = group->group,
                                                                .address = group->members[j]};
        }
    }
}

static struct part_rows rows_of(struct arena *arena, const struct directory_part *part)
{
    struct part_rows rows = {.previous = part->previous == NULL ? "" : part->previous,
                             .users = user_rows(arena, part),
                             .groups = group_rows(arena, part)};
    set_aliases(&rows, arena, part);
    set_members(&rows, arena, part);
    return rows;
}

/* --- changes ---------------------------------------------------------------------------------- */

static bool is_alone(const struct change_op *op)
{
    return ID_IS_ZERO(op->approval.request);
}

static void put(struct change_op *op, const char *operation, const char *target,
                const struct directory_part *part, bool is_import)
{
    struct part_rows rows = rows_of(op->op.arena, part);
    struct pg_params p = sql_directory_put(
        op->op.arena, &(struct sql_directory_put){.act = change_begin(op, operation),
                                                  .previous = rows.previous,
                                                  .users = {rows.users, part->user_count},
                                                  .aliases = {rows.aliases, rows.alias_count},
                                                  .groups = {rows.groups, part->group_count},
                                                  .members = {rows.members, rows.member_count},
                                                  .target = target,
                                                  .import = part->import_id,
                                                  .alone = is_alone(op),
                                                  .records_refusal = is_import});
    change_submit(op, &p, read_put);
}

void directory_store_put(struct change_op *op, const char *operation, const char *target,
                         const struct directory_part *part)
{
    put(op, operation, target, part, false);
}

void directory_store_import(struct change_op *op, const char *target,
                            const struct directory_part *part)
{
    put(op, "import_directory", target, part, true);
}

void directory_store_delete(struct change_op *op, enum directory_kind kind, const char *address)
{
    const char *operation = kind == DIRECTORY_USER ? "delete_user" : "delete_group";
    struct pg_params p = sql_directory_delete(
        op->op.arena, &(struct sql_directory_delete){.act = change_begin(op, operation),
                                                     .address = address,
                                                     .kind = kind,
                                                     .alone = is_alone(op)});
    change_submit(op, &p, read_deleted);
}

void directory_store_remove_members(struct change_op *op, const struct directory_members *members)
{
    struct pg_params p = sql_directory_remove_members(
        op->op.arena,
        &(struct sql_directory_remove_members){.act = change_begin(op, "remove_members"),
                                               .group_address = members->group,
                                               .addresses = {members->members, members->count}});
    change_submit(op, &p, read_removed);
}

void directory_store_look(struct directory_look *look, const struct directory_part *part)
{
    struct part_rows rows = rows_of(look->op.arena, part);
    struct pg_params p = sql_directory_look(
        look->op.arena, &(struct sql_directory_look){.tenant = look->tenant,
                                                     .previous = rows.previous,
                                                     .users = {rows.users, part->user_count},
                                                     .aliases = {rows.aliases, rows.alias_count},
                                                     .groups = {rows.groups, part->group_count},
                                                     .members = {rows.members, rows.member_count},
                                                     .most = DIRECTORY_BEHIND_MAX});
    pg_submit_one(&look->op, &p, read_look);
}

void directory_store_look_delete(struct directory_look *look, const char *user)
{
    struct pg_params p = sql_directory_look_delete(
        look->op.arena,
        &(struct sql_directory_look_delete){.tenant = look->tenant, .address = user});
    pg_submit_one(&look->op, &p, read_look_delete);
}

/* --- listing ---------------------------------------------------------------------------------- */

static rc read_users(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct directory_op *op = LIST_ENTRY(base, struct directory_op, op);
    (void)index;
    op->user_count = (size_t)PQntuples(r);
    op->users = ARENA_ARRAY(base->arena, struct directory_user, op->user_count + 1);
    ARENA_ENSURE(op->users, err);
    for (size_t i = 0; !pg_list_ends(base, i, &op->user_count); i++) {
        struct sql_directory_list_row row;
        TRY(sql_directory_list_read(base->arena, r, (int)i, &row, err));
        op->users[i] = (struct directory_user){.address = row.address,
                                               .display_name = row.display_name,
                                               .aliases = {row.aliases.items, row.aliases.count},
                                               .is_guest = row.guest,
                                               .is_disabled = row.disabled};
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
    for (size_t i = 0; !pg_list_ends(base, i, &op->group_count); i++) {
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
