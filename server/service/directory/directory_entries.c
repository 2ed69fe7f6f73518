/* SPDX-License-Identifier: Apache-2.0 */
#include "service/directory/directory_entries.h"

#include "context/wait.h"

struct directory_op *directory_entries_begin(struct call *c)
{
    struct directory_entries *d = directory_entries_of(c);
    d->op = (struct directory_op){.tenant = d->scope.tenant_id, .who = caller_of(c)->who};
    wait_store_init(c, &d->op.op);
    return &d->op;
}

/* Failures name what is at fault: the admin may have sent thousands of entries. */
static step done(struct call *c)
{
    const struct directory_op *op = &directory_entries_of(c)->op;
    enum reason reason = op->op.err.reason;
    if (op->what == NULL) {
        return wait_over(c, &op->op.err); /* a list, or the database gave no answer */
    }
    if (reason == R_FIELD_INVALID) {
        return call_bad_field(
            c, "users", arena_printf(call_arena(c), "%s stands twice in the request.", op->what));
    }
    if (reason == R_ALREADY_EXISTS) {
        call_error_metadata(c, op->is_external_id ? "external_id" : "address", op->what);
        call_error_metadata(c, "holder", op->holder);
    }
    if (reason == R_GROUP_CYCLE || reason == R_NOT_FOUND) {
        call_error_metadata(c, reason == R_GROUP_CYCLE ? "group" : "address", op->what);
    }
    return wait_over(c, &op->op.err);
}

step directory_entries_wait(struct call *c)
{
    return wait_store(c, done, &directory_entries_of(c)->op.op);
}

step directory_entries_read_page(struct call *c)
{
    struct directory_entries *d = directory_entries_of(c);
    return step_failed(page_read(c, &d->page)) ? STEP_FAILED
                                               : page_after_text(c, &d->page, &d->after);
}
