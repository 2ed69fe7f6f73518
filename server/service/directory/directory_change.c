/* SPDX-License-Identifier: Apache-2.0 */
#include "service/directory/directory_change.h"

#include "auth/caller.h"
#include "context/wait.h"
#include "service/directory/directory_entries.h"

static const char *const kinds[] = {"", "user", "group"};

/* --- what it would come to -------------------------------------------------------------------- */

static step have_entry(struct call *c)
{
    return wait_over(c, &directory_change_of(c)->found.op.err);
}

static step find_entry(struct call *c)
{
    struct directory_change *change = directory_change_of(c);
    change->found = (struct directory_op){.tenant = scope_of(c)->tenant_id};
    wait_store_init(c, &change->found.op);
    directory_store_list(&change->found, change->kind, change->address, "", 1);
    return wait_store(c, have_entry, &change->found.op);
}

static step looked(struct call *c)
{
    struct directory_change *change = directory_change_of(c);
    const struct directory_look *look = &change->look;
    if (look->op.err.reason != R_NONE) {
        directory_explain(c, &look->outcome, look->op.err.reason);
        return wait_failed(c, &look->op.err);
    }
    caller_add_scope(c, look->known.scope, look->known.epoch);
    if (!look->needs_second) {
        return STEP_NEXT;
    }
    if (!look->is_whole) {
        return approvable_refuse(c, change->address == NULL ? "members" : kinds[change->kind],
                                 "It would let more than 1,000 people and groups in, of whom "
                                 "nobody can read who they are.");
    }
    return change->address == NULL ? STEP_NEXT : find_entry(c);
}

step directory_change_look(struct call *c)
{
    struct directory_change *change = directory_change_of(c);
    struct directory_look *look = &change->look;
    const struct directory_part *part = &change->part;
    *look = (struct directory_look){.tenant = scope_of(c)->tenant_id};
    wait_store_init(c, &look->op);
    if (part->user_count + part->group_count + part->members_count > 0) {
        directory_store_look(look, part);
    } else {
        directory_store_look_delete(look, change->address);
    }
    return wait_store(c, looked, &look->op);
}

step directory_change_checked(struct call *c)
{
    struct directory_change *change = directory_change_of(c);
    change->outcome = ARENA_NEW(call_arena(c), struct directory_outcome);
    if (change->outcome == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "outcome");
    }
    return approvable_of(c)->approving != NULL ? directory_change_look(c) : STEP_NEXT;
}

uint32_t directory_change_effect(struct call *c)
{
    return directory_change_of(c)->look.needs_second ? 1U << APPROVAL_CONTENT_ACCESS : 0;
}

/* --- the act ---------------------------------------------------------------------------------- */

void directory_change_explain(struct call *c, enum reason reason)
{
    directory_explain(c, directory_change_of(c)->outcome, reason);
}

void directory_change_begin(struct change_op *op, const struct directory_change *change)
{
    op->directory = change->outcome;
}

/* --- changes ---------------------------------------------------------------------------------- */

void directory_change_add_let_in(const struct directory_change *change,
                                 struct approval_changes *out)
{
    approval_changes_add_texts(out, "lets_in", (struct text_list){NULL, 0},
                               (struct text_list){change->look.behind, change->look.behind_count});
}

static void add_aliases(struct approval_changes *out, const char *field,
                        const struct directory_aliases *before,
                        const struct directory_aliases *after)
{
    approval_changes_add_texts(out, field, (struct text_list){before->items, before->count},
                               (struct text_list){after->items, after->count});
}

void directory_change_add_user(struct approval_changes *out, const struct directory_user *before,
                               const struct directory_user *after)
{
    static const struct directory_user none = {.address = "", .display_name = ""};
    before = before == NULL ? &none : before;
    after = after == NULL ? &none : after;
    approval_changes_add(out, "user.address", before->address, after->address);
    add_aliases(out, "user.aliases", &before->aliases, &after->aliases);
    approval_changes_add(out, "user.display_name", before->display_name, after->display_name);
    approval_changes_add(out, "user.guest", before->is_guest ? "true" : "false",
                         after->is_guest ? "true" : "false");
}

void directory_change_add_group(struct approval_changes *out, const struct directory_group *before,
                                const struct directory_group *after)
{
    static const struct directory_group none = {
        .address = "", .display_name = "", .external_id = ""};
    before = before == NULL ? &none : before;
    after = after == NULL ? &none : after;
    approval_changes_add(out, "group.address", before->address, after->address);
    add_aliases(out, "group.aliases", &before->aliases, &after->aliases);
    approval_changes_add(out, "group.display_name", before->display_name, after->display_name);
    approval_changes_add(out, "group.external_id", before->external_id, after->external_id);
}
