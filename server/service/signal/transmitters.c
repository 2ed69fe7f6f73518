/* SPDX-License-Identifier: Apache-2.0 */
/* SignalService: AddSignalTransmitter, ListSignalTransmitters, RemoveSignalTransmitter. None waits for a second
 * admin: a transmitter takes access away, and gives back only what it took (docs/signals.md §3). */
#include "base/encode.h"
#include "context/wait.h"
#include "crypto/hash.h"
#include "service/common/flows.h"
#include "service/common/page.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/common/scope.h"
#include "service/signal/signal_message.h"

/* --- AddSignalTransmitter --------------------------------------------------------------------- */

enum { PUSH_TOKEN_BYTES = 2 * UUID_BYTES };

struct transmitter_adding {
    struct scope scope; /* first */
    struct transmitter_addition addition;
    const char *push_token; /* "": none */
};

static struct transmitter_adding *adding_of(const struct call *c)
{
    return call_state(c);
}

static step make_push_token(struct call *c)
{
    struct transmitter_adding *a = adding_of(c);
    struct uuid random[2] = {uuid_random(), uuid_random()};
    uint8_t *hash = arena_alloc(call_arena(c), SHA256_BYTES);
    _Static_assert(sizeof random == PUSH_TOKEN_BYTES, "256 bits");
    a->push_token = base64url_dup(call_arena(c), slice_of(random[0].b, sizeof random));
    if (a->push_token == NULL || hash == NULL) {
        return reply_over_budget(c);
    }
    a->addition.row.push_token_hash = slice_of(hash, SHA256_BYTES);
    return step_from(hash_sha256(slice_str(a->push_token), hash, call_err(c)));
}

static step parse_add(struct call *c)
{
    const Chancery__V1__AddSignalTransmitterRequest *request = add_signal_transmitter_request(c);
    struct transmitter_adding *a = adding_of(c);
    scope_of(c)->tenant_name = request->tenant;
    a->push_token = "";
    a->addition.row.id = uuid_v7(call_unix_us(c));
    if (step_failed(transmitter_read(c, request->transmitter, &a->addition.row))) {
        return STEP_FAILED;
    }
    return request->with_push_token ? make_push_token(c) : STEP_NEXT;
}

static step added(struct call *c)
{
    return wait_over(c, &adding_of(c)->addition.change.op.err);
}

static step add(struct call *c)
{
    struct change_op *op = &adding_of(c)->addition.change;
    *op = (struct change_op){.scope = scope_of(c)->tenant_id, .who = caller_of(c)->who};
    wait_store_init(c, &op->op);
    signal_store_add(&adding_of(c)->addition);
    return wait_store(c, added, &op->op);
}

static step reply_added(struct call *c)
{
    const struct transmitter_adding *a = adding_of(c);
    Chancery__V1__AddSignalTransmitterResponse *r = add_signal_transmitter_response(c);
    const char *tenant = reply_uuid(c, scope_of(c)->tenant_id.u);
    if (r == NULL || tenant == NULL) {
        return STEP_FAILED;
    }
    r->transmitter = transmitter_write(c, &a->addition.row);
    r->push_path = reply_text(arena_printf(call_arena(c), "/signals/v1/%s", tenant));
    r->push_token = reply_text(a->push_token);
    return r->transmitter == NULL || r->push_path == NULL ? reply_over_budget(c)
                                                          : add_signal_transmitter_reply(c, r);
}

const struct flow add_signal_transmitter_flow = {
    .method = "/chancery.v1.SignalService/AddSignalTransmitter",
    .name = "add_signal_transmitter",
    .state = FLOW_STATE_ON(struct transmitter_adding, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_add), SCOPE_TENANT_STEP, COMMIT("add", add),
              STEP("reply", reply_added)},
};

/* --- RemoveSignalTransmitter ------------------------------------------------------------------ */

struct transmitters {
    struct scope scope; /* first */
    struct uuid id;
    struct page page;
    struct transmitter_list list;
};

static struct transmitters *transmitters_of(const struct call *c)
{
    return call_state(c);
}

static step parse_remove(struct call *c)
{
    const Chancery__V1__RemoveSignalTransmitterRequest *request =
        remove_signal_transmitter_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return request_uuid_required(c, "transmitter_id", request->transmitter_id,
                                 &transmitters_of(c)->id);
}

static step drop(struct call *c)
{
    signal_store_remove(scope_begin(c), transmitters_of(c)->id);
    return scope_wait(c);
}

const struct flow remove_signal_transmitter_flow = {
    .method = "/chancery.v1.SignalService/RemoveSignalTransmitter",
    .name = "remove_signal_transmitter",
    .state = FLOW_STATE_ON(struct transmitters, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_remove), SCOPE_TENANT_STEP, COMMIT("remove", drop),
              STEP("reply", reply_empty)},
};

/* --- ListSignalTransmitters ------------------------------------------------------------------- */

static step parse_list(struct call *c)
{
    const Chancery__V1__ListSignalTransmittersRequest *request =
        list_signal_transmitters_request(c);
    struct transmitters *t = transmitters_of(c);
    scope_of(c)->tenant_name = request->tenant;
    return step_failed(page_read(c, &t->page)) ? STEP_FAILED
                                               : page_after_uuid(c, &t->page, &t->list.after);
}

static step listed(struct call *c)
{
    return wait_over(c, &transmitters_of(c)->list.op.err);
}

static step list(struct call *c)
{
    struct transmitters *t = transmitters_of(c);
    t->list.tenant = scope_of(c)->tenant_id;
    t->list.limit = page_limit(&t->page);
    wait_store_init(c, &t->list.op);
    signal_store_list(&t->list);
    return wait_store(c, listed, &t->list.op);
}

static void *write_row(struct call *c, size_t row)
{
    return transmitter_write(c, &transmitters_of(c)->list.rows[row]);
}

static struct slice row_key(struct call *c, size_t row)
{
    return slice_of(transmitters_of(c)->list.rows[row].id.b, UUID_BYTES);
}

static step reply_list(struct call *c)
{
    const struct transmitter_list *found = &transmitters_of(c)->list;
    const struct page_rows rows = {.list = {.type = &chancery__v1__signal_transmitter__descriptor,
                                            .count = found->count,
                                            .write = write_row},
                                   .key = row_key,
                                   .is_cut = found->op.is_cut};
    return page_send(c, &transmitters_of(c)->page, &rows, reply_list);
}

const struct flow list_signal_transmitters_flow = {
    .method = "/chancery.v1.SignalService/ListSignalTransmitters",
    .name = "list_signal_transmitters",
    .state = FLOW_STATE_ON(struct transmitters, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), SCOPE_TENANT_STEP, STEP("list", list),
              STEP("reply", reply_list)},
};
