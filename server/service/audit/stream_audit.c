/* SPDX-License-Identifier: Apache-2.0 */
/* AuditService.Export and Tail: the log oldest first, page by page, from a place on.
 *
 *   settled ──▶ page ──▶ message ──▶ room ──▶ page …     up to the time before which the log is settled;
 *      ▲                              │                  there an export ends, and Tail asks again after a rest
 *      └────────────── rest ◀─────────┘
 *
 * Each round keeps nothing but the place that it has come to, so a stream of hours takes no more memory than one page. Who
 * is calling is found out anew every ten seconds. In which state the database is, is asked again before an export says that
 * it has all: its pages are statements of their own, and may be of two databases. */
#include "context/wait.h"
#include "service/audit/audit_filter.h"
#include "service/audit/audit_message.h"
#include "service/audit/audit_place.h"
#include "service/common/flows.h"
#include "service/common/list_reply.h"
#include "service/common/proto_field.h"
#include "service/common/reply.h"

enum {
    PAGE_EVENTS = 500,
    PAGE_MEMORY = 4 << 20, /* for that many, unless they are very long */
    REST_MS = 1000,        /* of Tail, before it looks again */
    SILENCE_MS = 10000,    /* in which a client hears something, if only where to go on */
};

struct stream_audit {
    struct scope scope; /* first */
    bool is_tail;
    struct tenant_id tenant; /* at the beginning; zero with has_tenant: the platform */
    bool has_tenant;
    struct audit_query query;
    struct audit_settled settled;
    struct audit_place place;
    int64_t until;               /* the log is read up to here; 0: not asked yet */
    struct mono_time asked_from; /* when it was asked how far it is settled, … */
    struct mono_time asked_to;   /* … and when that had been answered the last time */
    struct list_reply reply;     /* the message that is made */
    struct mono_time told_at;    /* the last one; 0: none */
};

static struct stream_audit *stream_of(const struct call *c)
{
    return call_state(c);
}

static struct mono_time now_of(const struct call *c)
{
    return loop_now(services_of(c)->loop);
}

/* --- the request ------------------------------------------------------------------------------ */

static step read_filter(struct call *c, const Chancery__V1__AuditFilter *filter, const char *token)
{
    struct stream_audit *s = stream_of(c);
    s->scope.tenant_name = "";
    if (filter != NULL && step_failed(audit_filter_read(c, filter, &s->query))) {
        return STEP_FAILED;
    }
    s->place = (struct audit_place){.at = s->query.from, .end = s->query.before};
    if (s->place.end != 0 && s->place.end < s->place.at) {
        return call_bad_field(c, "filter.end_time", "It is before start_time.");
    }
    return audit_place_read(c, token, &s->place);
}

static step parse_export(struct call *c)
{
    const Chancery__V1__ExportRequest *request = export_request(c);
    if (request->filter == NULL) {
        return call_bad_field(c, "filter", "It is required.");
    }
    return request->filter->start_time == NULL
               ? call_bad_field(c, "filter.start_time", "It is required.")
               : read_filter(c, request->filter, request->resume_token);
}

static step parse_tail(struct call *c)
{
    const Chancery__V1__TailRequest *request = tail_request(c);
    stream_of(c)->is_tail = true;
    return read_filter(c, request->filter, request->resume_token);
}

/* --- messages --------------------------------------------------------------------------------- */

static bool is_at_end(const struct stream_audit *s)
{
    return s->place.end != 0 && s->place.at >= s->place.end;
}

static void set_time(struct call *c, void *response, const char *name, int64_t us)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(call_method(c)->response, name);
    if (field != NULL) {
        *(void **)proto_field_at(response, field) = reply_time(c, us);
    }
}

static step send_message(struct call *c)
{
    struct stream_audit *s = stream_of(c);
    void *response = s->reply.response;
    char *token = audit_place_token(c, &s->place);
    if (token == NULL) {
        return reply_over_budget(c);
    }
    *(char **)proto_field_at(response,
                             proto_field_named(call_method(c)->response, "resume_token")) = token;
    set_time(c, response, "reached_time",
             s->place.at < s->settled.settled ? s->place.at : s->settled.settled);
    set_time(c, response, "end_time", s->place.end);
    set_time(c, response, "kept_since", s->settled.kept_since);
    s->told_at = now_of(c);
    return step_from(call_send(c, response, call_err(c)));
}

static void *write_row(struct call *c, size_t row)
{
    return audit_message(c, &stream_of(c)->query.events[row]);
}

/* --- rounds ----------------------------------------------------------------------------------- */

static step begin_round(struct call *c);

static step rest(struct call *c)
{
    return call_rest(c, begin_round, REST_MS);
}

static step end_round(struct call *c)
{
    const struct stream_audit *s = stream_of(c);
    if (is_at_end(s)) {
        return STEP_DONE;
    }
    return call_await_room(c, s->is_tail && s->place.at >= s->until ? rest : begin_round);
}

/* Where the page has come to: behind what is in the message, or to the end of what was looked for. */
static void move_on(struct stream_audit *s)
{
    const struct audit_query *q = &s->query;
    bool is_whole = s->reply.written == q->count;
    const struct audit_event *last =
        s->reply.written == 0 ? NULL : &q->events[s->reply.written - 1];
    if (is_whole && q->scanned_at != 0) {
        s->place.at = q->scanned_at;
        s->place.event = q->scanned_event;
    } else if (last != NULL && (!is_whole || q->op.is_cut || q->count == q->limit)) {
        s->place.at = last->at;
        s->place.event = last->event;
    } else if (s->place.at < s->until) {
        s->place.at = s->until;
        s->place.event = (struct event_id){0};
    }
}

static bool is_silent_for_long(const struct call *c)
{
    const struct stream_audit *s = stream_of(c);
    return s->told_at.ns == 0 || now_of(c).ns >= mono_add_ms(s->told_at, SILENCE_MS).ns;
}

/* Comes back here when it yields. */
static step tell(struct call *c)
{
    struct stream_audit *s = stream_of(c);
    const struct list_rows rows = {.type = &chancery__v1__audit_event__descriptor,
                                   .count = s->query.count,
                                   .may_end = true,
                                   .write = write_row};
    step filled = list_reply_fill(c, &s->reply, &rows, tell);
    if (filled.kind != STEP_KIND_NEXT) {
        return filled;
    }
    move_on(s);
    if (s->is_tail && s->reply.written == 0 && !is_at_end(s) && !is_silent_for_long(c)) {
        call_drop_message(c);
        return end_round(c);
    }
    return step_failed(send_message(c)) ? STEP_FAILED : end_round(c);
}

/* Whether the database is still in the state of the place, after it was asked; how far the log is settled by now. */
static step take_state(struct call *c)
{
    struct stream_audit *s = stream_of(c);
    if (s->settled.op.err.reason != R_NONE) {
        return wait_failed(c, &s->settled.op.err);
    }
    int64_t passed_us = s->asked_to.ns == 0 ? 0 : (s->asked_from.ns - s->asked_to.ns) / 1000;
    if (!audit_place_check(&s->place, &s->settled, passed_us, call_err(c)).ok) {
        return STEP_FAILED;
    }
    s->asked_to = clock_mono();
    s->place.history = s->settled.history;
    s->place.asked_at = s->settled.asked_at;
    s->place.kept_since = s->settled.kept_since;
    s->place.checked_at = s->place.at;
    return STEP_NEXT;
}

static step ask_state(struct call *c, step_fn then)
{
    struct stream_audit *s = stream_of(c);
    wait_store_init(c, &s->settled.op);
    s->asked_from = clock_mono();
    audit_store_settled(&s->settled);
    return wait_store(c, then, &s->settled.op);
}

static step have_confirmed(struct call *c)
{
    return step_failed(take_state(c)) ? STEP_FAILED : tell(c);
}

static step have_page(struct call *c)
{
    struct stream_audit *s = stream_of(c);
    const struct audit_query *q = &s->query;
    if (q->op.err.reason != R_NONE) {
        return wait_failed(c, &q->op.err);
    }
    s->reply = (struct list_reply){0};
    bool is_last = !s->is_tail && !q->op.is_cut && q->count < q->limit;
    return is_last ? ask_state(c, have_confirmed) : tell(c);
}

static step ask_for_page(struct call *c)
{
    struct stream_audit *s = stream_of(c);
    struct audit_query *q = &s->query;
    q->tenant = s->scope.tenant_id;
    q->limit = PAGE_EVENTS;
    q->after_at = s->place.at;
    q->after_event = s->place.event;
    q->before = s->until;
    wait_store_init(c, &q->op);
    audit_store_follow(q);
    return wait_store(c, have_page, &q->op);
}

/* An export goes as far as the log is settled when it begins, in whole seconds, so that people can say where the next
 * one begins. Tail goes on from there, unless it was told from when. */
static void take_settled(struct stream_audit *s)
{
    int64_t settled = s->settled.settled;
    struct audit_place *place = &s->place;
    if (!s->is_tail && (place->end == 0 || place->end > settled)) {
        int64_t whole = settled - settled % 1000000;
        place->end = whole > place->at ? whole : place->at;
    }
    if (place->at == 0) {
        place->at = settled;
    }
    place->checked_at = place->at;
    s->until = place->end != 0 && place->end < settled ? place->end : settled;
}

static step have_settled(struct call *c)
{
    struct stream_audit *s = stream_of(c);
    if (step_failed(take_state(c))) {
        return STEP_FAILED;
    }
    take_settled(s);
    s->query.count = 0;
    s->query.scanned_at = 0;
    s->reply = (struct list_reply){0};
    return s->place.at < s->until ? ask_for_page(c) : tell(c);
}

static step begin_round(struct call *c)
{
    const struct stream_audit *s = stream_of(c);
    if (call_must_renew(c)) {
        return call_renew(c, scope_resolve);
    }
    call_begin_message(c);
    return s->until == 0 || (s->is_tail && s->place.at >= s->until) ? ask_state(c, have_settled)
                                                                    : ask_for_page(c);
}

/* A name may come to mean another tenant, and this stream is of the one that it meant. */
static step stream(struct call *c)
{
    struct stream_audit *s = stream_of(c);
    if (s->has_tenant && !ID_EQ(s->tenant, s->scope.tenant_id)) {
        return call_fail(c, R_NOT_FOUND, "the tenant is another one by now");
    }
    s->has_tenant = true;
    s->tenant = s->scope.tenant_id;
    return begin_round(c);
}

const struct flow export_audit_flow = {
    .method = "/chancery.v1.AuditService/Export",
    .name = "export_audit",
    .state = FLOW_STATE_ON(struct stream_audit, BASE_SCOPE, struct scope, scope),
    .memory = PAGE_MEMORY,
    .steps = {STEP("parse", parse_export), SCOPE_STEP, STEP("export", stream)},
};

const struct flow tail_audit_flow = {
    .method = "/chancery.v1.AuditService/Tail",
    .name = "tail_audit",
    .state = FLOW_STATE_ON(struct stream_audit, BASE_SCOPE, struct scope, scope),
    .memory = PAGE_MEMORY,
    .steps = {STEP("parse", parse_tail), SCOPE_STEP, STEP("follow", stream)},
};
