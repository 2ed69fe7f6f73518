/* SPDX-License-Identifier: Apache-2.0 */
/* SignalService: ListSignaledPeople, ClearSignaledPerson. The latter lets somebody in whom an identity provider has
 * shut out, so it waits for a second admin where the tenant requires one. */
#include <string.h>

#include "context/wait.h"
#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/common/page.h"
#include "service/common/reply.h"
#include "service/signal/signal_message.h"

/* --- ListSignaledPeople ----------------------------------------------------------------------- */

struct signaled_people {
    struct scope scope; /* first */
    struct page page;
    struct signaled_list list;
};

static struct signaled_people *people_of(const struct call *c)
{
    return call_state(c);
}

enum { KEY_BYTES = 2 * UUID_BYTES };

/* A page begins behind a scope and a transmitter. */
static step parse_list(struct call *c)
{
    const Chancery__V1__ListSignaledPeopleRequest *request = list_signaled_people_request(c);
    struct signaled_people *p = people_of(c);
    scope_of(c)->tenant_name = request->tenant;
    if (step_failed(page_read(c, &p->page))) {
        return STEP_FAILED;
    }
    if (p->page.after.len == 0) {
        return STEP_NEXT;
    }
    if (p->page.after.len != KEY_BYTES) {
        return call_fail(c, R_PAGE_TOKEN_INVALID, "not of this list");
    }
    memcpy(p->list.after_scope.b, p->page.after.ptr, UUID_BYTES);
    memcpy(p->list.after_transmitter.b, p->page.after.ptr + UUID_BYTES, UUID_BYTES);
    return STEP_NEXT;
}

static step listed(struct call *c)
{
    return wait_over(c, &people_of(c)->list.op.err);
}

static step list(struct call *c)
{
    struct signaled_people *p = people_of(c);
    p->list.tenant = scope_of(c)->tenant_id;
    p->list.limit = page_limit(&p->page);
    wait_store_init(c, &p->list.op);
    signal_store_list_people(&p->list);
    return wait_store(c, listed, &p->list.op);
}

static void *write_row(struct call *c, size_t row)
{
    static const int64_t us = 1000 * 1000;
    const struct signaled_row *from = &people_of(c)->list.rows[row];
    Chancery__V1__SignaledPerson *p = call_message(c, &chancery__v1__signaled_person__descriptor);
    if (p == NULL) {
        return NULL;
    }
    p->subject = signal_message_write_person(c, from->kind, from->name);
    p->transmitter_id = reply_uuid(c, from->transmitter);
    p->disabled = from->state.is_disabled;
    p->not_before_time = reply_time(c, from->state.not_before * us);
    p->update_time = reply_time(c, from->updated_at);
    return p->subject == NULL || p->transmitter_id == NULL ? NULL : p;
}

static struct slice row_key(struct call *c, size_t row)
{
    const struct signaled_row *from = &people_of(c)->list.rows[row];
    uint8_t *key = arena_alloc(call_arena(c), KEY_BYTES);
    if (key == NULL) {
        return SLICE_NONE;
    }
    memcpy(key, from->scope.b, UUID_BYTES);
    memcpy(key + UUID_BYTES, from->transmitter.b, UUID_BYTES);
    return slice_of(key, KEY_BYTES);
}

static step reply_list(struct call *c)
{
    const struct signaled_list *found = &people_of(c)->list;
    const struct page_rows rows = {.list = {.type = &chancery__v1__signaled_person__descriptor,
                                            .count = found->count,
                                            .write = write_row},
                                   .key = row_key,
                                   .is_cut = found->op.is_cut};
    return page_send(c, &people_of(c)->page, &rows, reply_list);
}

const struct flow list_signaled_people_flow = {
    .method = "/chancery.v1.SignalService/ListSignaledPeople",
    .name = "list_signaled_people",
    .state = FLOW_STATE_ON(struct signaled_people, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), SCOPE_TENANT_STEP, STEP("list", list),
              STEP("reply", reply_list)},
};

/* --- ClearSignaledPerson ---------------------------------------------------------------------- */

struct signal_clearing {
    struct signal_person person;
    struct signaled_find find;
};

static struct signal_clearing *clearing_of(const struct call *c)
{
    return approvable_of(c)->value;
}

static step parse_clear(struct call *c)
{
    const Chancery__V1__ClearSignaledPersonRequest *request = clear_signaled_person_request(c);
    approvable_of(c)->act = &clear_signaled_person_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

static step is_there(struct call *c)
{
    return wait_over(c, &clearing_of(c)->find.op.err);
}

/* What holds by the name itself, which is the one that the list shows. */
static step check_clear(struct call *c)
{
    const Chancery__V1__ClearSignaledPersonRequest *request = approvable_of(c)->request;
    struct signal_clearing *clearing = clearing_of(c);
    struct tenant_id tenant = scope_of(c)->tenant_id;
    if (step_failed(signal_message_read_person(c, request->subject, &clearing->person))) {
        return STEP_FAILED;
    }
    clearing->find = (struct signaled_find){.tenant = tenant};
    if (!signals_scope(call_arena(c), tenant, clearing->person.kind, clearing->person.name,
                       &clearing->find.scope, call_err(c))
             .ok) {
        return STEP_FAILED;
    }
    wait_store_init(c, &clearing->find.op);
    signal_store_find_person(&clearing->find);
    return wait_store(c, is_there, &clearing->find.op);
}

static const char *summary(struct call *c)
{
    return arena_printf(call_arena(c), "Forget what identity providers have signaled about %s",
                        clearing_of(c)->person.name);
}

static void perform(struct change_op *op, const void *value)
{
    const struct signal_clearing *clearing = value;
    signal_store_clear(op, clearing->person.kind, clearing->person.name);
}

const struct approvable_act clear_signaled_person_act = {
    .name = "clear_signaled_person",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__clear_signaled_person_request__descriptor,
    .value_size = sizeof(struct signal_clearing),
    .check = check_clear,
    .summary = summary,
    .perform = perform,
};

static step reply_cleared(struct call *c)
{
    return approvable_reply(c, NULL);
}

const struct flow clear_signaled_person_flow = {
    .method = "/chancery.v1.SignalService/ClearSignaledPerson",
    .name = "clear_signaled_person",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse_clear), SCOPE_TENANT_STEP, APPROVABLE_CHECK,
              APPROVABLE_PERFORM("clear"), STEP("reply", reply_cleared)},
};
