/* SPDX-License-Identifier: Apache-2.0 */
#include "net/push/push_framing.h"

#include <string.h>

#include "net/connect/connect_error.h"
#include "net/header_value.h"
#include "wire/pb_fields.h"

static const char PREFIX[] = "/signals/v1/";
static const char METHOD[] = "/chancery.v1.SignalService/ReceiveSignal";
static const char TOKEN[] = "application/secevent+jwt", JSON[] = "application/json";

static bool takes(const struct net_request *request)
{
    return strncmp(request->path, PREFIX, sizeof PREFIX - 1) == 0 &&
           header_value_is_post_of(request, TOKEN);
}

static rc begin(struct net_request *request, struct net_encoding *out, struct err *err)
{
    (void)err;
    request->document_of = request->path + sizeof PREFIX - 1;
    request->path = METHOD;
    out->content_type = JSON;
    out->length = header_value_length(request);
    out->request = header_value_count(request, "content-encoding") > 0 ? NET_COMPRESSION_UNKNOWN
                                                                       : NET_IDENTITY;
    return OK;
}

/* RFC 8935 §2.2. */
static void head(const struct net_encoding *encoding, bool compressed, struct net_head *out)
{
    (void)encoding;
    (void)compressed;
    out->status = 202;
    net_head_add(out, "cache-control", "no-store");
}

/* The answer says nothing but its status. */
static void add_message(struct bytes *body, struct slice message, bool compressed)
{
    (void)body;
    (void)message;
    (void)compressed;
}

/* --- errors (RFC 8935 §2.3, §2.4) ---------------------------------------------------------------- */

/* ErrorInfo, which comes first, and its reason. */
static struct slice reason_of(struct slice status)
{
    enum { STATUS_DETAILS = 3, ANY_VALUE = 2, INFO_REASON = 1 };
    return pb_first_bytes(pb_first_bytes(pb_first_bytes(status, STATUS_DETAILS), ANY_VALUE),
                          INFO_REASON);
}

static const struct {
    const char *reason, *code;
} codes[] = {
    {"NOT_FOUND", "invalid_issuer"},
    {"TOKEN_ISSUER_UNKNOWN", "invalid_issuer"},
    {"TOKEN_AUDIENCE", "invalid_audience"},
    {"TOKEN_KEY_UNKNOWN", "invalid_key"},
    {"TOKEN_ALGORITHM", "authentication_failed"},
    {"TOKEN_SIGNATURE", "authentication_failed"},
    {"SIGNAL_PUSH_TOKEN", "authentication_failed"},
    {"SIGNAL_SUBJECT", "access_denied"},
    {"TENANT_DISABLED", "access_denied"},
    {"WRONG_BOUNDARY", "access_denied"},
};

static const char *code_of(struct slice reason)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (slice_eq_str(reason, codes[i].reason)) {
            return codes[i].code;
        }
    }
    return "invalid_request";
}

/* What is no fault of the token comes again: transmitters try anew after those. A body that is too large is one. */
static int http_status(const struct net_status *status, struct slice reason)
{
    static const int statuses[] = {
        [GRPC_UNAVAILABLE] = 503, [GRPC_DEADLINE_EXCEEDED] = 503,  [GRPC_ABORTED] = 503,
        [GRPC_INTERNAL] = 500,    [GRPC_RESOURCE_EXHAUSTED] = 429, [GRPC_UNAUTHENTICATED] = 400,
    };
    if (status->is_unknown_path) {
        return 404;
    }
    if (slice_eq_str(reason, "TENANT_DISABLED")) {
        return 503; /* it may be switched on again, and whom a dropped token would have shut out were in */
    }
    bool is_listed = (size_t)status->code < sizeof statuses / sizeof statuses[0];
    int found = is_listed ? statuses[status->code] : 0;
    return found == 0 || slice_eq_str(reason, "MESSAGE_TOO_LARGE") ? 400 : found;
}

static void finish(struct arena *arena, const struct net_encoding *encoding,
                   const struct net_status *status, struct net_head *only,
                   struct net_head *trailers, struct bytes *body)
{
    struct slice reason = reason_of(status->details);
    (void)arena;
    (void)encoding;
    (void)trailers;
    if (only == NULL) {
        return;
    }
    only->status = http_status(status, reason);
    net_head_add(only, "content-type", JSON);
    net_head_add(only, "content-language", "en");
    net_head_add(only, "cache-control", "no-store");
    bytes_add(body, slice_str("{\"err\":\""));
    bytes_add(body, slice_str(code_of(reason)));
    bytes_add(body, slice_str("\",\"description\":"));
    connect_error_write_text(slice_str(status->text == NULL ? "" : status->text), body);
    bytes_add(body, slice_str("}"));
}

const struct net_framing PUSH_FRAMING = {
    .name = "push",
    .is_whole = true,
    .trailer_prefix = "trailer-",
    .takes = takes,
    .begin = begin,
    .head = head,
    .add_message = add_message,
    .finish = finish,
};
