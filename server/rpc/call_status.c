/* SPDX-License-Identifier: Apache-2.0 */
/* How a call ends, whatever its protocol: a code, a fixed sentence, and google.rpc.Status details
 * (AIP-193): ErrorInfo, QuotaFailure, BadRequest, RetryInfo, LocalizedMessage. The framing says it in its own form. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "google/protobuf/any.pb-c.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "rpc/call_internal.h"
#include "wire/pb.h"

enum { DETAILS_MAX = 5, RETRY_AFTER_MS = 1000, PUSHBACK_MAX_MS = 60000 };

/* protobuf-c wants char *; these texts are never written through. */
static char *text(const char *s)
{
    return (char *)(uintptr_t)s;
}

struct details {
    const struct call *call;
    struct arena *arena;
    Google__Protobuf__Any *any[DETAILS_MAX];
    size_t count;
};

static void add(struct details *d, const char *type, const ProtobufCMessage *message)
{
    struct slice packed;
    Google__Protobuf__Any *any = ARENA_NEW(d->arena, Google__Protobuf__Any);
    if (any == NULL || !pb_pack(d->arena, message, &packed, NULL).ok) {
        return; /* a full arena leaves details out, never the status */
    }
    google__protobuf__any__init(any);
    any->type_url = text(type);
    any->value.data = (uint8_t *)(uintptr_t)packed.ptr;
    any->value.len = packed.len;
    d->any[d->count++] = any;
}

static void add_error_info(struct details *d, const struct reason_info *info)
{
    const struct call *c = d->call;
    Google__Rpc__ErrorInfo__MetadataEntry entries[ERROR_METADATA_MAX + 1];
    Google__Rpc__ErrorInfo__MetadataEntry *list[ERROR_METADATA_MAX + 1];
    Google__Rpc__ErrorInfo message;
    google__rpc__error_info__init(&message);
    for (size_t i = 0; i <= c->metadata_count; i++) {
        google__rpc__error_info__metadata_entry__init(&entries[i]);
        bool last = i == c->metadata_count;
        entries[i].key = text(last ? "request_id" : c->metadata[i].key);
        entries[i].value = text(last ? c->request_id : c->metadata[i].value);
        list[i] = &entries[i];
    }
    message.reason = text(info->public_name);
    message.domain = text(REASON_DOMAIN);
    message.n_metadata = c->metadata_count + 1;
    message.metadata = list;
    add(d, "type.googleapis.com/google.rpc.ErrorInfo", &message.base);
}

static void add_bad_request(struct details *d)
{
    const struct call *c = d->call;
    Google__Rpc__BadRequest__FieldViolation violations[VIOLATIONS_MAX];
    Google__Rpc__BadRequest__FieldViolation *list[VIOLATIONS_MAX];
    Google__Rpc__BadRequest message;
    google__rpc__bad_request__init(&message);
    for (size_t i = 0; i < c->violation_count; i++) {
        google__rpc__bad_request__field_violation__init(&violations[i]);
        violations[i].field = text(c->violations[i].key);
        violations[i].description = text(c->violations[i].value);
        list[i] = &violations[i];
    }
    message.n_field_violations = c->violation_count;
    message.field_violations = list;
    add(d, "type.googleapis.com/google.rpc.BadRequest", &message.base);
}

static void add_quota_failure(struct details *d)
{
    Google__Rpc__QuotaFailure__Violation violation, *list[] = {&violation};
    Google__Rpc__QuotaFailure message;
    google__rpc__quota_failure__violation__init(&violation);
    google__rpc__quota_failure__init(&message);
    violation.subject = text(d->call->quota.key);
    violation.description = text(d->call->quota.value);
    message.n_violations = 1;
    message.violations = list;
    add(d, "type.googleapis.com/google.rpc.QuotaFailure", &message.base);
}

static int64_t retry_ms(const struct call *c)
{
    return c->retry_ms > 0 ? c->retry_ms : RETRY_AFTER_MS;
}

static void add_retry_info(struct details *d)
{
    Google__Protobuf__Duration delay;
    Google__Rpc__RetryInfo message;
    google__protobuf__duration__init(&delay);
    google__rpc__retry_info__init(&message);
    delay.seconds = retry_ms(d->call) / 1000;
    delay.nanos = (int32_t)(retry_ms(d->call) % 1000 * 1000000);
    message.retry_delay = &delay;
    add(d, "type.googleapis.com/google.rpc.RetryInfo", &message.base);
}

static void add_localized(struct details *d, const struct reason_info *info)
{
    char sentences[512];
    Google__Rpc__LocalizedMessage message;
    google__rpc__localized_message__init(&message);
    snprintf(sentences, sizeof sentences, "%s %s", info->text, info->advice);
    message.locale = text("en");
    message.message = sentences;
    add(d, "type.googleapis.com/google.rpc.LocalizedMessage", &message.base);
}

/* Nothing is wrong with the request: it is refused for now. */
static bool may_ask_again(const struct call *c, const struct reason_info *info)
{
    return info->code == GRPC_UNAVAILABLE || c->err.reason == R_TENANT_BUSY ||
           c->err.reason == R_TOO_MANY_FAILURES || c->quota.key != NULL;
}

static struct slice status_details(struct arena *arena, const struct call *c,
                                   const struct reason_info *info, const char *message)
{
    struct details details = {.call = c, .arena = arena};
    struct slice packed;
    Google__Rpc__Status status;
    google__rpc__status__init(&status);
    add_error_info(&details, info);
    if (c->quota.key != NULL) {
        add_quota_failure(&details);
    }
    if (c->violation_count > 0) {
        add_bad_request(&details);
    } else if (may_ask_again(c, info)) {
        add_retry_info(&details);
    }
    add_localized(&details, info);
    status.code = (int32_t)info->code;
    status.message = text(message);
    status.n_details = details.count;
    status.details = details.any;
    return pb_pack(arena, &status.base, &packed, NULL).ok ? packed : SLICE_NONE;
}

struct slice call_status_details(struct arena *arena, const char *request_id, enum reason reason)
{
    struct call c = {.err.reason = reason};
    snprintf(c.request_id, sizeof c.request_id, "%s", request_id);
    return status_details(arena, &c, reason_info(reason), reason_info(reason)->text);
}

enum { NAMED_MAX = 4 }; /* fields in the message; BadRequest has all */

/* Developers see the message alone, so it names the fields: paths of the schema, with indices. NULL: the
 * reason's sentence does. */
static const char *name_fields(struct call *c, const struct reason_info *info)
{
    struct buf text;
    struct slice all;
    if (c->err.reason != R_FIELD_INVALID || c->violation_count == 0) {
        return NULL;
    }
    buf_init(&text, c->arena);
    buf_add(&text, slice_of(info->text, strlen(info->text) - 1)); /* without its period */
    for (size_t i = 0; i < c->violation_count && i < NAMED_MAX; i++) {
        buf_printf(&text, "%s%s", i == 0 ? ": " : ", ", c->violations[i].key);
    }
    if (c->violation_count > NAMED_MAX) {
        buf_printf(&text, " and %zu more", c->violation_count - NAMED_MAX);
    }
    buf_add_str(&text, ".");
    return buf_finish(&text, &all, NULL).ok ? arena_dup(c->arena, all) : NULL;
}

/* Clients of gRPC that try again by themselves wait for so long (gRFC A6). They are not told to wait for hours: that is
 * for whoever reads RetryInfo. */
static void tell_pushback(struct call *c)
{
    if (c->quota.key != NULL && c->retry_ms <= PUSHBACK_MAX_MS) {
        char ms[24];
        (void)snprintf(ms, sizeof ms, "%" PRId64, c->retry_ms);
        (void)net_stream_add_trailer(c->stream, "grpc-retry-pushback-ms", ms);
    }
}

void call_status_finish(struct call *c)
{
    if (c->err.reason == R_NONE) {
        net_stream_finish(c->stream, GRPC_OK, NULL, SLICE_NONE);
        return;
    }
    const struct reason_info *info = reason_info(c->err.reason);
    const char *named = name_fields(c, info);
    const char *message = named == NULL ? info->text : named;
    if (c->facts.only_unary && may_ask_again(c, info)) {
        /* For clients that know HTTP alone (RFC 9110 §10.2.3); without it they have the status still. */
        char seconds[24];
        (void)snprintf(seconds, sizeof seconds, "%" PRId64, (retry_ms(c) + 999) / 1000);
        (void)net_stream_add_header(c->stream, "retry-after", seconds);
    }
    tell_pushback(c);
    /* The call's own memory may be what is used up, and clients read the reason, never the sentence. */
    AUTO(arena_free_at) struct arena *own = arena_new(CALL_DETAILS_BYTES);
    net_stream_finish(c->stream, info->code, message, status_details(own, c, info, message));
}
