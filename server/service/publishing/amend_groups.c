/* SPDX-License-Identifier: Apache-2.0 */
/* A group is named by any of its addresses, as its tenant's directory has them when it is amended
 * (docs/policy.md §3.3): what a change says of one of them holds instead of what the others had. So
 * they join the change as removed, by the same form of principal. */
#include "base/texts.h"
#include "context/wait.h"
#include "service/publishing/amend_policy.h"

/* Either form may name a group: as a principal, or as a recipient. Who joins takes nothing away. */
static bool may_be_group(const struct amend *a, size_t index)
{
    const struct amendment *change = &a->change;
    bool joins =
        index >= change->grant_count && index < change->grant_count + change->recipient_count;
    enum principal_kind kind = amend_principal(a, index).kind;
    return !joins && (kind == PRINCIPAL_USER || kind == PRINCIPAL_GROUP);
}

/* What the change says by itself stays what it says. */
static bool is_said(const struct amend *a, const char *name)
{
    const struct amendment *change = &a->change;
    return texts_contain(a->sorted, a->name_count, name) ||
           texts_contain(change->recipients, change->recipient_count, principal_view(name).name);
}

static const char *other_name(struct call *c, enum principal_kind kind, const char *address)
{
    const struct principal principal = {kind, address};
    return principal_format(call_arena(c), &principal);
}

/* The groups are those of the names that may be one, in their order. */
static step write_others(struct call *c, const char **others, size_t *count)
{
    const struct amend *a = amend_of(c);
    const struct person_addresses *group = a->people.people;
    for (size_t i = 0; i < a->name_count; i++) {
        if (!may_be_group(a, i)) {
            continue;
        }
        for (size_t j = 0; j < group->count; j++) {
            others[*count] = other_name(c, amend_principal(a, i).kind, group->items[j]);
            if (others[(*count)++] == NULL) {
                return call_fail(c, R_ARENA_EXHAUSTED, "names");
            }
        }
        group++;
    }
    *count = texts_sort(others, *count);
    return STEP_NEXT;
}

/* Room for `more` names behind those that there are. */
static bool make_room(struct call *c, size_t more)
{
    struct amend *a = amend_of(c);
    size_t removed_count = a->change.removed_count;
    const char **names = ARENA_ARRAY(call_arena(c), const char *, a->name_count + more + 1);
    struct principal *removed =
        ARENA_ARRAY(call_arena(c), struct principal, removed_count + more + 1);
    if (names == NULL || removed == NULL) {
        return false;
    }
    memcpy(names, a->names, a->name_count * sizeof *names);
    memcpy(removed, a->removed, removed_count * sizeof *removed);
    a->names = names;
    a->removed = removed;
    a->change.removed = removed;
    return true;
}

static step join(struct call *c, size_t most)
{
    struct amend *a = amend_of(c);
    const char **others = ARENA_ARRAY(call_arena(c), const char *, most + 1);
    size_t count = 0, named = a->name_count;
    if (others == NULL || !make_room(c, most)) {
        return call_fail(c, R_ARENA_EXHAUSTED, "names");
    }
    if (step_failed(write_others(c, others, &count))) {
        return STEP_FAILED;
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_said(a, others[i])) {
            a->removed[a->change.removed_count++] = principal_view(others[i]);
            a->names[named++] = others[i];
        }
    }
    a->name_count = named;
    return STEP_NEXT;
}

static step have_groups(struct call *c)
{
    const struct person_find *find = &amend_of(c)->people;
    size_t most = 0;
    if (find->op.err.reason != R_NONE) {
        return wait_failed(c, &find->op.err);
    }
    for (size_t i = 0; i < find->count; i++) {
        most += find->people[i].count;
    }
    if (most > AMENDMENT_NAMES_MAX) {
        return call_fail(c, R_LIMIT_EXCEEDED, "the groups have %zu addresses", most);
    }
    return most == 0 ? STEP_NEXT : join(c, most);
}

step amend_groups(struct call *c)
{
    struct amend *a = amend_of(c);
    const char **named = ARENA_ARRAY(call_arena(c), const char *, a->name_count + 1);
    if (named == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "groups");
    }
    a->said_count = a->name_count;
    a->people = (struct person_find){.named = named};
    for (size_t i = 0; i < a->name_count; i++) {
        if (may_be_group(a, i)) {
            named[a->people.count++] = amend_principal(a, i).name;
        }
    }
    if (a->people.count == 0) {
        return STEP_NEXT;
    }
    wait_store_init(c, &a->people.op);
    person_store_find_groups(&a->people);
    return wait_store(c, have_groups, &a->people.op);
}
