/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody in a tenant's directory: between the flows and store/directory_find. */
#include "auth/caller.h"
#include "context/wait.h"

static step have_person(struct call *c)
{
    struct caller *caller = caller_of(c);
    caller->found_person = caller->find.person;
    caller_add_scope(caller, caller->find.scope, caller->found_person->epoch);
    return caller->then(c);
}

static step looked_up(struct call *c)
{
    const struct err *err = &caller_of(c)->find.op.err;
    return err->reason == R_NONE ? have_person(c) : wait_failed(c, err);
}

step caller_need_person(struct call *c, const struct directory_question *question, step_fn then)
{
    const struct services *s = services_of(c);
    struct caller *caller = caller_of(c);
    caller->then = then;
    wait_store_init(c, &caller->find.op);
    if (!caller->is_fresh && directory_find_remembered(s->directories, &caller->find, question)) {
        return have_person(c);
    }
    directory_find_submit(s->directories, &caller->find, question);
    return wait_store(c, looked_up, &caller->find.op);
}
