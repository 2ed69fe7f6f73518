/* SPDX-License-Identifier: Apache-2.0 */
/* What a step may ask of its call, and what it may say. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "net/net.h"
#include "rpc/call_internal.h"

void *call_state(const struct call *c)
{
    return c->state;
}

unsigned call_state_bases(const struct call *c)
{
    return c->flow->state.bases;
}

void *call_caller(const struct call *c)
{
    CH_ASSERT(c->caller != NULL);
    return c->caller;
}

bool call_trusts_caches(const struct call *c)
{
    return c->flow->trust == TRUST_CACHES;
}

bool call_may_remember(const struct call *c)
{
    return call_held(c) == NULL;
}

struct arena *call_arena(struct call *c)
{
    return c->makes_message ? c->outgoing : c->term != NULL ? c->term : c->arena;
}

struct err *call_err(struct call *c)
{
    return &c->err;
}

const void *call_request(const struct call *c)
{
    return c->request;
}

void *call_services(const struct call *c)
{
    return c->rpc->services;
}

const struct method *call_method(const struct call *c)
{
    return c->method;
}

const char *call_flow_name(const struct call *c)
{
    return c->flow->name;
}

int64_t call_unix_us(const struct call *c)
{
    return c->unix_us;
}

struct unix_time call_now(const struct call *c)
{
    return (struct unix_time){c->unix_us / 1000000};
}

int64_t call_remaining_ms(const struct call *c)
{
    int64_t ms = (c->deadline.ns - loop_now(c->rpc->loop).ns) / 1000000;
    return ms < 1 ? 1 : ms;
}

const char *call_request_id(const struct call *c)
{
    return c->request_id;
}

step call_fail_at(struct call *c, enum reason reason, const char *file, int line,
                  const char *format, ...)
{
    char detail[ERR_DETAIL_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    (void)err_raise(&c->err, reason, file, line, "%s", detail).ok;
    return STEP_FAILED;
}

struct slice call_metadata(const struct call *c, const char *name)
{
    return slice_str(net_request_header(&c->facts, name));
}

size_t call_metadata_count(const struct call *c, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < c->facts.header_count; i++) {
        count += strcmp(c->facts.headers[i].name, name) == 0;
    }
    return count;
}

struct slice call_peer_fingerprint(const struct call *c)
{
    return c->facts.has_certificate ? slice_of(c->facts.fingerprint, sizeof c->facts.fingerprint)
                                    : SLICE_NONE;
}

const char *call_peer_address(const struct call *c)
{
    return c->facts.peer;
}

bool call_peer_is_known(const struct call *c)
{
    return c->part_of != NULL || (!call_client_is_gone(c) && net_stream_is_known(c->stream));
}

void *call_message(struct call *c, const struct ProtobufCMessageDescriptor *type)
{
    void *message = arena_zalloc(call_arena(c), type->sizeof_message);
    if (message == NULL) {
        (void)call_fail(c, R_ARENA_EXHAUSTED, "%s", type->name);
        return NULL;
    }
    protobuf_c_message_init(type, message);
    return message;
}

step call_reply(struct call *c, const struct ProtobufCMessage *reply)
{
    if (reply == NULL || arena_is_exceeded(c->arena)) {
        return call_fail(c, R_ARENA_EXHAUSTED, "reply");
    }
    CH_ASSERT(reply->descriptor == c->method->response);
    c->reply = reply;
    return STEP_NEXT;
}

/* Errors are told even when the arena is full: what finds no room is left out. */
static void add_pair(struct call *c, struct text_pair *pairs, size_t *count, size_t max,
                     const char *key, const char *value)
{
    if (*count == max) {
        return;
    }
    struct text_pair pair = {arena_strdup(c->arena, key), arena_strdup(c->arena, value)};
    if (pair.key != NULL && pair.value != NULL) {
        pairs[(*count)++] = pair;
    }
}

void call_hold(struct call *c, void *value, void (*let_go)(void *value),
               bool (*has_failed)(const void *value))
{
    CH_ASSERT(c->let_go == NULL && c->part_of == NULL);
    c->held = value;
    c->let_go = let_go;
    c->has_failed = has_failed;
}

void *call_held(const struct call *c)
{
    return c->part_of != NULL ? c->part_of->batch->held : c->held;
}

void call_error_metadata(struct call *c, const char *key, const char *value)
{
    add_pair(c, c->metadata, &c->metadata_count, ERROR_METADATA_MAX, key, value);
}

bool call_may_check_on(const struct call *c)
{
    return c->err.reason == R_FIELD_INVALID && c->violation_count < VIOLATIONS_MAX;
}

void call_note_bad_field(struct call *c, const char *field, const char *description)
{
    add_pair(c, c->violations, &c->violation_count, VIOLATIONS_MAX, field, description);
}

step call_bad_field(struct call *c, const char *field, const char *description)
{
    call_note_bad_field(c, field, description);
    return call_fail(c, R_FIELD_INVALID, "%s: %s", field, description);
}

void call_note_quota(struct call *c, const char *subject, const char *description, int64_t retry_ms)
{
    size_t count = 0;
    add_pair(c, &c->quota, &count, 1, subject, description);
    c->retry_ms = retry_ms;
}

void call_note_caller(struct call *c, const char *caller)
{
    bool is_same = c->caller_name != NULL && strcmp(c->caller_name, caller) == 0;
    if (!is_same) { /* of a stream it is noted again and again */
        c->caller_name = arena_strdup(c->arena, caller);
    }
}
