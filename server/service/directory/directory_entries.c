/* SPDX-License-Identifier: Apache-2.0 */
#include "service/directory/directory_entries.h"

#include "context/wait.h"

/* --- queries ---------------------------------------------------------------------------------- */

struct directory_op *directory_entries_begin(struct call *c)
{
    struct directory_entries *d = directory_entries_of(c);
    d->op = (struct directory_op){.tenant = d->scope.tenant_id};
    wait_store_init(c, &d->op.op);
    return &d->op;
}

static step found(struct call *c)
{
    return wait_over(c, &directory_entries_of(c)->op.op.err);
}

step directory_entries_wait(struct call *c)
{
    return wait_store(c, found, &directory_entries_of(c)->op.op);
}

step directory_entries_read_page(struct call *c)
{
    struct directory_entries *d = directory_entries_of(c);
    return step_failed(page_read(c, &d->page)) ? STEP_FAILED
                                               : page_after_text(c, &d->page, &d->after);
}

/* --- changes ---------------------------------------------------------------------------------- */

struct change_op *directory_entries_change(struct call *c)
{
    struct directory_entries *d = directory_entries_of(c);
    struct change_op *op = scope_begin(c);
    d->outcome = (struct directory_outcome){0};
    op->directory = &d->outcome;
    return op;
}

void directory_explain(struct call *c, const struct directory_outcome *outcome, enum reason reason)
{
    if (outcome->what == NULL) {
        return; /* the database gave no answer */
    }
    if (reason == R_FIELD_INVALID) {
        call_note_bad_field(
            c, "users",
            arena_printf(call_arena(c), "%s stands twice in the request.", outcome->what));
    }
    if (reason == R_ALREADY_EXISTS) {
        call_error_metadata(c, outcome->is_external_id ? "external_id" : "address", outcome->what);
    }
    if (reason == R_GROUP_CYCLE || reason == R_NOT_FOUND) {
        call_error_metadata(c, reason == R_GROUP_CYCLE ? "group" : "address", outcome->what);
    }
    if (reason == R_APPROVAL_REQUIRED) {
        call_error_metadata(c, "address", outcome->what);
    }
    if (reason == R_ALREADY_EXISTS || reason == R_APPROVAL_REQUIRED) {
        call_error_metadata(c, "holder", outcome->holder);
    }
}

static step changed(struct call *c)
{
    const struct err *err = &scope_of(c)->op.op.err;
    directory_explain(c, &directory_entries_of(c)->outcome, err->reason);
    return wait_over(c, err);
}

step directory_entries_settle(struct call *c)
{
    return wait_store(c, changed, &scope_of(c)->op.op);
}
