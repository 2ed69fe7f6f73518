/* SPDX-License-Identifier: Apache-2.0 */
/* DeliveryService.DecideDelivery: before a gateway sends, how does it reach each recipient?
 *
 *   parse       the sender
 *   recipients  their addresses
 *   tenant      the sender's: by the gateway's own, else by the sender's domain
 *   check       may this gateway speak for the sender?
 *   ask         whose people are the recipients? One snapshot, with whether what we know still holds
 *   decide      per recipient: domain/decide/decide_delivery.h, by which licenses are decided too
 *   record      is it still true? then record it, once for all recipients: the commit
 *   reply */
#include <stdlib.h>
#include <string.h>

#include "auth/decision_log.h"
#include "chancery/v1/delivery.pb-c.h"
#include "context/wait.h"
#include "domain/decide/decide_delivery.h"
#include "domain/decide/decide_protect.h"
#include "domain/decide/decide_sender.h"
#include "domain/relations/denial.h"
#include "domain/values/address.h"
#include "service/common/cursor.h"
#include "service/common/flows.h"
#include "service/common/list_reply.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/delivery/delivery_sender.h"
#include "service/delivery/delivery_summary.h"
#include "store/resource/reader_store.h"

enum { RECIPIENTS_MAX = 1000 };

struct decide_delivery {
    struct delivery_sender by; /* first */
    const char **addresses;    /* normalized recipients; "": it is no address */
    struct cursor cursor;
    struct address_batch batch;
    struct readers_find readers;
    struct delivery_decision *decisions; /* one for each recipient */
    struct list_reply reply;
};

static struct decide_delivery *state_of(const struct call *c)
{
    return call_state(c);
}

/* --- parse and recipients --------------------------------------------------------------------- */

static step parse(struct call *c)
{
    const Chancery__V1__DecideDeliveryRequest *request = decide_delivery_request(c);
    struct decide_delivery *d = state_of(c);
    size_t count = request->n_recipients;
    d->by.sender = "";
    if (step_failed(request_count(c, "recipients", count, 1, RECIPIENTS_MAX))) {
        return STEP_FAILED;
    }
    address_batch_init(&d->batch, call_arena(c));
    d->addresses = ARENA_ARRAY(call_arena(c), const char *, count);
    d->decisions = ARENA_ARRAY(call_arena(c), struct delivery_decision, count);
    if (d->addresses == NULL || d->decisions == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "recipients");
    }
    return request->sender[0] == '\0'
               ? call_bad_field(c, "sender", "It is required.")
               : request_address(c, "sender", request->sender, &d->by.sender);
}

static step read_recipient(struct call *c, size_t index)
{
    struct slice text = slice_str(decide_delivery_request(c)->recipients[index]);
    struct decide_delivery *d = state_of(c);
    if (!address_batch_normalize(&d->batch, text, &d->addresses[index], NULL).ok) {
        d->addresses[index] = "";
    }
    return STEP_NEXT;
}

static step recipients(struct call *c)
{
    size_t count = decide_delivery_request(c)->n_recipients;
    return cursor_each(c, &state_of(c)->cursor, count, read_recipient, recipients);
}

/* --- check and ask ---------------------------------------------------------------------------- */

static step check(struct call *c)
{
    const struct decide_delivery *d = state_of(c);
    enum reason reason =
        decide_sender(&d->by.tenant->view, &caller_of(c)->subject.component, d->by.sender);
    return reason == R_NONE ? STEP_NEXT : call_fail(c, reason, "decided");
}

static step asked(struct call *c)
{
    const struct readers_find *readers = &state_of(c)->readers;
    if (readers->op.err.reason != R_NONE) {
        return wait_failed(c, &readers->op.err);
    }
    if (readers->is_stale) {
        decision_log_forget(c);
        return call_authenticate_again(c, delivery_sender_tenant);
    }
    return STEP_NEXT;
}

static step ask(struct call *c)
{
    const Chancery__V1__DecideDeliveryRequest *request = decide_delivery_request(c);
    struct decide_delivery *d = state_of(c);
    wait_store_init(c, &d->readers.op);
    reader_store_find(&d->readers,
                      &(struct readers_question){.tenant = &d->by.tenant->view,
                                                 .sender = d->by.sender,
                                                 .scopes = caller_of(c)->scopes,
                                                 .scope_count = caller_of(c)->scope_count,
                                                 .addresses = d->addresses,
                                                 .address_count = request->n_recipients,
                                                 .served = views_served(services_of(c)->views)});
    return wait_store(c, asked, &d->readers.op);
}

/* --- decide ----------------------------------------------------------------------------------- */

static int compare_address(const void *key, const void *item)
{
    return strcmp(key, ((const struct address_reader *)item)->address);
}

static struct reader reader_of(const struct readers_find *readers, const char *address)
{
    const struct address_reader *found = readers->count == 0
                                             ? NULL
                                             : bsearch(address, readers->rows, readers->count,
                                                       sizeof readers->rows[0], compare_address);
    return found == NULL ? READER_OUTSIDE : found->reader;
}

static step decide_one(struct call *c, size_t index)
{
    struct decide_delivery *d = state_of(c);
    const char *address = d->addresses[index];
    if (address[0] == '\0') {
        d->decisions[index] = (struct delivery_decision){.reason = R_FIELD_INVALID};
        return STEP_NEXT;
    }
    const struct tenant_view *tenant = &d->by.tenant->view;
    struct reader reader = reader_of(&d->readers, address);
    decide_delivery(
        &(struct delivery_question){.platform = &caller_of(c)->found_platform->view,
                                    .tenant = tenant,
                                    .reader = reader,
                                    .is_denied = denial_reaches(tenant, &reader, address)},
        &d->decisions[index]);
    return STEP_NEXT;
}

static step decide(struct call *c)
{
    size_t count = decide_delivery_request(c)->n_recipients;
    return cursor_each(c, &state_of(c)->cursor, count, decide_one, decide);
}

/* --- record ----------------------------------------------------------------------------------- */

static step recorded(struct call *c)
{
    return decision_log_settle(c, delivery_sender_tenant, decide);
}

static step record(struct call *c)
{
    const struct decide_delivery *d = state_of(c);
    struct gate_entry *entry = delivery_sender_record(c);
    struct delivery_summary all;
    delivery_summary_make(d->decisions, decide_delivery_request(c)->n_recipients, &all);
    entry->reason = all.reason;
    entry->target = delivery_summary_text(call_arena(c), &all, d->by.sender, d->addresses);
    return entry->target == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "record")
                                 : decision_log_submit(c, recorded);
}

static step refused(struct call *c)
{
    struct gate_entry *entry = delivery_sender_record(c);
    entry->reason = call_err(c)->reason;
    entry->target = arena_printf(call_arena(c), "from %s", state_of(c)->by.sender);
    return decision_log_submit(c, recorded);
}

/* --- reply ------------------------------------------------------------------------------------ */

static void *write_row(struct call *c, size_t row)
{
    Chancery__V1__RecipientDelivery *delivery =
        call_message(c, &chancery__v1__recipient_delivery__descriptor);
    const struct delivery_decision *decision = &state_of(c)->decisions[row];
    if (delivery != NULL) {
        delivery->recipient = reply_text(decide_delivery_request(c)->recipients[row]);
        delivery->reason = reply_text(
            decision->reason == R_NONE ? "OK" : reason_info(decision->reason)->public_name);
        delivery->channel = (Chancery__V1__Channel)decision->channel;
        delivery->portal_url = reply_text(decision->portal_url);
    }
    return delivery;
}

static step reply(struct call *c)
{
    const struct list_rows rows = {.type = &chancery__v1__recipient_delivery__descriptor,
                                   .count = decide_delivery_request(c)->n_recipients,
                                   .write = write_row};
    return list_reply_send(c, &state_of(c)->reply, &rows, reply);
}

const struct flow decide_delivery_flow = {
    .method = "/chancery.v1.DeliveryService/DecideDelivery",
    .name = "decide_delivery",
    .state = FLOW_STATE(struct decide_delivery),
    .trust = TRUST_CACHES,
    .steps = {STEP("parse", parse), STEP("recipients", recipients),
              STEP("tenant", delivery_sender_tenant), STEP("check", check), STEP("ask", ask),
              STEP("decide", decide), GATE("record", record), STEP("reply", reply)},
    .on_refusal = refused,
};
