/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever amends by EDITRIGHTSDATA stays within their own rights (docs/policy.md §3.6): what each
 * principal has that the change names, before and after, is compared with them. People are known
 * by all addresses that directories have of them. */
#include "context/wait.h"
#include "service/publishing/amend_policy.h"

static step exceeded(struct call *c, const char *what)
{
    call_error_metadata(c, "change", what);
    return call_fail(c, R_RIGHTS_EXCEEDED, "%s", what);
}

/* The people are those among the names that have an address, in their order. */
static step compare(struct call *c, size_t index)
{
    struct amend *a = amend_of(c);
    const struct principal principal = amend_principal(a, index);
    struct person_addresses person = {0};
    if (principal.kind == PRINCIPAL_USER) {
        person = a->people.people[a->person_at++];
    }
    const struct amendment_question question = {
        .before = &a->was, .after = &a->becomes, .own = &a->access.license.decision.rights};
    return decide_amendment_name(&question, &principal, person.items, person.count)
               ? STEP_NEXT
               : exceeded(c, index < a->said_count ? a->names[index]
                                                   : "another address of a group that is named");
}

static step compare_names(struct call *c)
{
    struct amend *a = amend_of(c);
    return cursor_each(c, &a->cursor, a->name_count, compare, compare_names);
}

static step have_people(struct call *c)
{
    const struct err *err = &amend_of(c)->people.op.err;
    return err->reason == R_NONE ? compare_names(c) : wait_failed(c, err);
}

static step find_people(struct call *c)
{
    struct amend *a = amend_of(c);
    const char **named = ARENA_ARRAY(call_arena(c), const char *, a->name_count + 1);
    if (named == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "people");
    }
    a->person_at = 0;
    a->people = (struct person_find){.named = named};
    for (size_t i = 0; i < a->name_count; i++) {
        struct principal principal = amend_principal(a, i);
        if (principal.kind == PRINCIPAL_USER) {
            named[a->people.count++] = principal.name;
        }
    }
    wait_store_init(c, &a->people.op);
    person_store_find(&a->people);
    return wait_store(c, have_people, &a->people.op);
}

step amend_within(struct call *c)
{
    const struct amend *a = amend_of(c);
    if (a->access.standing != STANDING_EDITOR) {
        return STEP_NEXT;
    }
    const struct amendment_question question = {
        .before = &a->was, .after = &a->becomes, .own = &a->access.license.decision.rights};
    return decide_amendment_expiry(&question) ? find_people(c) : exceeded(c, "expiry");
}
