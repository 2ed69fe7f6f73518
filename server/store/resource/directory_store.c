/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/directory_store.h"

#include "store/resource/change_submit.h"

static struct pg_params begin(const struct directory_op *op, const char *operation)
{
    return change_params(op->op.arena, op->tenant, operation, &op->who);
}

/* --- outcomes ---------------------------------------------------------------------------------- */

/* The first four columns: problem, what, holder, changed (directory_outcome of the migration). */
static rc read_outcome(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    static const enum reason reasons[] = {R_NONE,           R_NOT_FOUND,   R_ALREADY_EXISTS,
                                          R_ALREADY_EXISTS, R_GROUP_CYCLE, R_FIELD_INVALID};
    enum { EXTERNAL_ID_TAKEN = 3 };
    struct directory_op *op = LIST_ENTRY(base, struct directory_op, op);
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    int64_t problem = pg_int(r, 0, 0);
    ENSURE(problem >= 0 && problem < (int64_t)(sizeof reasons / sizeof reasons[0]), err,
           R_DATABASE_ERROR);
    TRY(pg_text(base->arena, r, 0, 1, &op->what, err));
    TRY(pg_text(base->arena, r, 0, 2, &op->holder, err));
    op->is_external_id = problem == EXTERNAL_ID_TAKEN;
    op->changed = pg_int(r, 0, 3);
    ENSURE(problem == 0, err, reasons[problem]);
    return OK;
}

static rc read_put(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct directory_op *op = LIST_ENTRY(base, struct directory_op, op);
    TRY(read_outcome(base, index, r, err));
    op->import_users = pg_int(r, 0, 4);
    op->import_groups = pg_int(r, 0, 5);
    op->import_members = pg_int(r, 0, 6);
    return OK;
}

/* --- putting ----------------------------------------------------------------------------------- */

/* One column of a list of structs as an array of texts; `field` is its place in the struct. */
static void add_column(struct pg_params *p, const void *rows, size_t count, size_t size,
                       size_t field)
{
    const char **texts = ARENA_ARRAY(p->arena, const char *, count + 1);
    if (texts == NULL) {
        p->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(&texts[i], (const char *)rows + i * size + field, sizeof texts[i]);
    }
    pg_add_texts(p, texts, count);
}

/* By offset, because there may be no rows to point into. */
#define COLUMN(p, rows, count, field) \
    add_column((p), (rows), (count), sizeof *(rows), offsetof(__typeof__(*(rows)), field))

/* Two parallel arrays: texts, and of which each is. */
struct pairs {
    const char **owners, **texts;
    size_t count;
};

static bool pairs_init(struct pairs *pairs, struct pg_params *p, size_t count)
{
    *pairs = (struct pairs){.owners = ARENA_ARRAY(p->arena, const char *, count + 1),
                            .texts = ARENA_ARRAY(p->arena, const char *, count + 1)};
    p->failed = p->failed || pairs->owners == NULL || pairs->texts == NULL;
    return !p->failed;
}

static void pairs_add(struct pairs *pairs, const char *owner, const char *const *texts,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pairs->owners[pairs->count] = owner;
        pairs->texts[pairs->count++] = texts[i];
    }
}

static void add_users(struct pg_params *p, const struct directory_part *part)
{
    struct pairs aliases;
    struct pg_array guests;
    size_t count = 0;
    COLUMN(p, part->users, part->user_count, address);
    COLUMN(p, part->users, part->user_count, display_name);
    pg_array_begin(&guests, p, PG_BOOL, part->user_count, part->user_count);
    for (size_t i = 0; i < part->user_count; i++) {
        pg_array_bool(&guests, part->users[i].is_guest);
        count += part->users[i].alias_count;
    }
    pg_array_end(&guests);
    if (!pairs_init(&aliases, p, count)) {
        return;
    }
    for (size_t i = 0; i < part->user_count; i++) {
        const struct directory_user *user = &part->users[i];
        pairs_add(&aliases, user->address, user->aliases, user->alias_count);
    }
    pg_add_texts(p, aliases.texts, count);
    pg_add_texts(p, aliases.owners, count);
}

static void add_members(struct pg_params *p, const struct directory_part *part)
{
    struct pairs members;
    size_t count = 0;
    for (size_t i = 0; i < part->members_count; i++) {
        count += part->members[i].count;
    }
    if (!pairs_init(&members, p, count)) {
        return;
    }
    for (size_t i = 0; i < part->members_count; i++) {
        const struct directory_members *m = &part->members[i];
        pairs_add(&members, m->group, m->members, m->count);
    }
    pg_add_texts(p, members.owners, count);
    pg_add_texts(p, members.texts, count);
}

void directory_store_put(struct directory_op *op, const char *operation, const char *target,
                         const struct directory_part *part)
{
    struct pg_params p = begin(op, operation);
    pg_add_text(&p, part->previous == NULL ? "" : part->previous);
    add_users(&p, part);
    COLUMN(&p, part->groups, part->group_count, address);
    COLUMN(&p, part->groups, part->group_count, display_name);
    COLUMN(&p, part->groups, part->group_count, external_id);
    add_members(&p, part);
    pg_add_text(&p, target);
    pg_add_uuid_or_null(&p, part->import_id);
    pg_submit_one(&op->op, ST_directory_put, &p, read_put);
}

void directory_store_delete(struct directory_op *op, enum directory_kind kind, const char *address)
{
    struct pg_params p = begin(op, kind == DIRECTORY_USER ? "delete_user" : "delete_group");
    pg_add_text(&p, address);
    pg_add_int2(&p, kind);
    pg_submit_one(&op->op, ST_directory_delete, &p, read_outcome);
}

void directory_store_remove_members(struct directory_op *op,
                                    const struct directory_members *members)
{
    struct pg_params p = begin(op, "remove_members");
    pg_add_text(&p, members->group);
    pg_add_texts(&p, members->members, members->count);
    pg_submit_one(&op->op, ST_directory_remove_members, &p, read_outcome);
}

/* --- listing ----------------------------------------------------------------------------------- */

static rc read_users(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct directory_op *op = LIST_ENTRY(base, struct directory_op, op);
    (void)index;
    op->user_count = (size_t)PQntuples(r);
    op->users = ARENA_ARRAY(base->arena, struct directory_user, op->user_count + 1);
    ARENA_ENSURE(op->users, err);
    for (size_t i = 0; i < op->user_count; i++) {
        struct directory_user *user = &op->users[i];
        TRY(pg_text(base->arena, r, (int)i, 0, &user->address, err));
        TRY(pg_text(base->arena, r, (int)i, 1, &user->display_name, err));
        user->is_guest = pg_bool(r, (int)i, 2);
        TRY(pg_texts(base->arena, r, (int)i, 4, &user->aliases, &user->alias_count, err));
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
        struct directory_group *group = &op->groups[i];
        TRY(pg_text(base->arena, r, (int)i, 0, &group->address, err));
        TRY(pg_text(base->arena, r, (int)i, 1, &group->display_name, err));
        TRY(pg_text(base->arena, r, (int)i, 3, &group->external_id, err));
    }
    return OK;
}

void directory_store_list(struct directory_op *op, enum directory_kind kind, const char *only,
                          const char *after, size_t limit)
{
    struct pg_params p;
    pg_params_init(&p, op->op.arena);
    pg_add_uuid(&p, op->tenant.u);
    pg_add_int2(&p, kind);
    pg_add_text(&p, only);
    pg_add_text(&p, after);
    pg_add_int8(&p, (int64_t)limit);
    pg_submit_one(&op->op, ST_directory_list, &p,
                  kind == DIRECTORY_USER ? read_users : read_groups);
}

/* One row: whether there is what was asked for, and the addresses. */
static rc read_addresses(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct directory_op *op = LIST_ENTRY(base, struct directory_op, op);
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    ENSURE(pg_bool(r, 0, 0), err, R_NOT_FOUND);
    return pg_texts(base->arena, r, 0, 1, &op->addresses, &op->address_count, err);
}

void directory_store_list_members(struct directory_op *op, const char *group, const char *after,
                                  size_t limit)
{
    struct pg_params p;
    pg_params_init(&p, op->op.arena);
    pg_add_uuid(&p, op->tenant.u);
    pg_add_text(&p, group);
    pg_add_text(&p, after);
    pg_add_int8(&p, (int64_t)limit);
    pg_submit_one(&op->op, ST_directory_list_members, &p, read_addresses);
}

void directory_store_people_of(struct directory_op *op, const char *group,
                               const char *const *domains, size_t domain_count, size_t limit)
{
    struct pg_params p;
    pg_params_init(&p, op->op.arena);
    pg_add_uuid(&p, op->tenant.u);
    pg_add_text(&p, group);
    pg_add_int8(&p, (int64_t)limit);
    pg_add_texts(&p, domains, domain_count);
    pg_submit_one(&op->op, ST_directory_people_of, &p, read_addresses);
}

void directory_store_people_in(struct directory_op *op, const char *domain, size_t limit)
{
    struct pg_params p;
    pg_params_init(&p, op->op.arena);
    pg_add_uuid(&p, op->tenant.u);
    pg_add_text(&p, domain);
    pg_add_int8(&p, (int64_t)limit);
    pg_submit_one(&op->op, ST_directory_people_in, &p, read_addresses);
}
