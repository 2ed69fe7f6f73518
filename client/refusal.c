/* SPDX-License-Identifier: Apache-2.0 */
#include "client/refusal.h"

#include <string.h>

#include "base/encode.h"
#include "google/protobuf/any.pb-c.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "wire/pb.h"

enum { RETRY_MAX_S = 24 * 60 * 60 /* whoever asks for more means something else */ };

static void take_error_info(struct arena *arena, struct slice bytes, struct client_refusal *out)
{
    ProtobufCMessage *message = NULL;
    if (!pb_unpack(arena, &google__rpc__error_info__descriptor, bytes, &message, NULL).ok) {
        return;
    }
    const Google__Rpc__ErrorInfo *info = (const void *)message;
    out->reason = info->reason[0] == '\0' ? out->reason : info->reason;
    for (size_t i = 0; i < info->n_metadata && out->metadata_count < 8;
         i++, out->metadata_count++) {
        out->metadata[out->metadata_count].key = info->metadata[i]->key;
        out->metadata[out->metadata_count].value = info->metadata[i]->value;
    }
}

static void take_bad_request(struct arena *arena, struct slice bytes, struct client_refusal *out)
{
    ProtobufCMessage *message = NULL;
    if (!pb_unpack(arena, &google__rpc__bad_request__descriptor, bytes, &message, NULL).ok) {
        return;
    }
    const Google__Rpc__BadRequest *bad = (const void *)message;
    for (size_t i = 0; i < bad->n_field_violations && out->field_count < 8;
         i++, out->field_count++) {
        out->fields[out->field_count].field = bad->field_violations[i]->field;
        out->fields[out->field_count].description = bad->field_violations[i]->description;
    }
}

static void take_retry(struct arena *arena, struct slice bytes, struct client_refusal *out)
{
    ProtobufCMessage *message = NULL;
    if (!pb_unpack(arena, &google__rpc__retry_info__descriptor, bytes, &message, NULL).ok) {
        return;
    }
    const Google__Protobuf__Duration *delay =
        ((const Google__Rpc__RetryInfo *)(const void *)message)->retry_delay;
    bool is_usable = delay != NULL && delay->seconds >= 0 && delay->seconds <= RETRY_MAX_S;
    out->retry_ms = is_usable ? delay->seconds * 1000 + delay->nanos / 1000000 : out->retry_ms;
}

static void take_sentence(struct arena *arena, struct slice bytes, struct client_refusal *out)
{
    ProtobufCMessage *message = NULL;
    if (pb_unpack(arena, &google__rpc__localized_message__descriptor, bytes, &message, NULL).ok) {
        out->sentence = ((const Google__Rpc__LocalizedMessage *)(const void *)message)->message;
    }
}

static void take_details(struct arena *arena, const char *text, struct client_refusal *out)
{
    struct slice bytes;
    ProtobufCMessage *message = NULL;
    size_t pad = (4 - strlen(text) % 4) % 4; /* gRPC allows leaving the padding out */
    const char *padded = arena_printf(arena, "%s%.*s", text, (int)pad, "===");
    if (padded == NULL || !base64_decode(arena, slice_str(padded), &bytes, NULL).ok ||
        !pb_unpack(arena, &google__rpc__status__descriptor, bytes, &message, NULL).ok) {
        return;
    }
    const Google__Rpc__Status *status = (const void *)message;
    for (size_t i = 0; i < status->n_details; i++) {
        const Google__Protobuf__Any *any = status->details[i];
        struct slice value = slice_of(any->value.data, any->value.len);
        if (strstr(any->type_url, "google.rpc.ErrorInfo") != NULL) {
            take_error_info(arena, value, out);
        } else if (strstr(any->type_url, "google.rpc.BadRequest") != NULL) {
            take_bad_request(arena, value, out);
        } else if (strstr(any->type_url, "google.rpc.RetryInfo") != NULL) {
            take_retry(arena, value, out);
        } else if (strstr(any->type_url, "google.rpc.LocalizedMessage") != NULL) {
            take_sentence(arena, value, out);
        }
    }
}

/* Of servers and proxies that say no more (grpc/grpc doc/statuscodes.md). */
static const char *code_name(int code)
{
    static const char *const names[] = {"OK",
                                        "CANCELLED",
                                        "UNKNOWN",
                                        "INVALID_ARGUMENT",
                                        "DEADLINE_EXCEEDED",
                                        "NOT_FOUND",
                                        "ALREADY_EXISTS",
                                        "PERMISSION_DENIED",
                                        "RESOURCE_EXHAUSTED",
                                        "FAILED_PRECONDITION",
                                        "ABORTED",
                                        "OUT_OF_RANGE",
                                        "UNIMPLEMENTED",
                                        "INTERNAL",
                                        "UNAVAILABLE",
                                        "DATA_LOSS",
                                        "UNAUTHENTICATED"};
    return code >= 0 && (size_t)code < sizeof names / sizeof names[0] ? names[code] : "UNKNOWN";
}

/* Percent-encoding in place; what is none stays (PROTOCOL-HTTP2.md, Status-Message). */
static void decode_percent(char *text)
{
    char *to = text;
    for (const char *at = text; *at != '\0'; to++) {
        int high = at[0] == '%' ? hex_digit_value((uint8_t)at[1]) : -1;
        int low = high < 0 ? -1 : hex_digit_value((uint8_t)at[2]);
        bool is_byte = low >= 0 && (high > 0 || low > 0);
        *to = is_byte ? (char)(high << 4 | low) : *at;
        at += is_byte ? 3 : 1;
    }
    *to = '\0';
}

void refusal_read(struct arena *arena, int code, const char *message, const char *details,
                  struct client_refusal *out)
{
    char *said = message == NULL ? NULL : arena_strdup(arena, message);
    out->code = code;
    out->retry_ms = -1;
    out->reason = code_name(code);
    out->sentence = "The server says no more.";
    if (said != NULL && said[0] != '\0') {
        decode_percent(said);
        out->sentence = said;
    }
    if (details != NULL) {
        take_details(arena, details, out);
    }
}
