/* SPDX-License-Identifier: Apache-2.0 */
/* google.protobuf.Any in JSON: {"@type": …, and the fields of the message}. No answer of the authority has one, so its codec
 * knows none; here it is written for the one field that is a list of them, payload.requestInfo.requests. */
#include <string.h>

#include "base/buf.h"
#include "conformance.h"
#include "google/protobuf/any.pb-c.h"
#include "methods.h"
#include "wire/message_text.h"

void *conformance_first(const ProtobufCMessage *message)
{
    void *value;
    memcpy(&value, (const uint8_t *)message + message->descriptor->fields[0].offset, sizeof value);
    return value;
}

void conformance_set_first(ProtobufCMessage *message, const void *value)
{
    memcpy((uint8_t *)message + message->descriptor->fields[0].offset, &value, sizeof value);
}

static const ProtobufCMessageDescriptor *type_of(const Google__Protobuf__Any *any)
{
    const char *name = strrchr(any->type_url, '/') + 1;
    size_t i = 0;
    while (strcmp(METHODS[i].request->name, name) != 0) {
        i++;
        CH_ASSERT(i < METHOD_COUNT); /* conformance_flows.c makes no other */
    }
    return METHODS[i].request;
}

static rc add_any(struct arena *arena, const Google__Protobuf__Any *any, struct buf *out,
                  struct err *err)
{
    ProtobufCMessage *message;
    const char *json;
    TRY(pb_unpack(arena, type_of(any), slice_of(any->value.data, any->value.len), &message, err));
    TRY(message_to_json(arena, message, false, false, &json, err));
    buf_printf(out, "{\"@type\":\"%s\"%s", any->type_url, json[1] == '}' ? "" : ",");
    buf_add_str(out, json + 1);
    return OK;
}

/* The response without the list, which the codec can write. */
static rc encode_rest(struct arena *arena, const ProtobufCMessage *response, struct slice *out,
                      struct err *err)
{
    Payload payload = *(const Payload *)conformance_first(response);
    RequestInfo info = *payload.request_info;
    ProtobufCMessage *rest = (ProtobufCMessage *)arena_dup(
        arena, slice_of(response, response->descriptor->sizeof_message));
    ARENA_ENSURE(rest, err);
    info.n_requests = 0;
    payload.request_info = &info;
    conformance_set_first(rest, &payload);
    return CODEC_JSON.encode(arena, rest, out, err);
}

static rc encode(struct arena *arena, const ProtobufCMessage *response, struct slice *out,
                 struct err *err)
{
    static const char end[] =
        "}}}"; /* of requestInfo, payload and the response: each its last field */
    const Payload *payload = conformance_first(response);
    const RequestInfo *info = payload == NULL ? NULL : payload->request_info;
    struct slice rest = SLICE_NONE;
    struct buf text;
    if (info == NULL || info->n_requests == 0) {
        return CODEC_JSON.encode(arena, response, out, err);
    }
    TRY(encode_rest(arena, response, &rest, err));
    CH_ASSERT(rest.len > sizeof end);
    rest.len -= sizeof end - 1;
    buf_init(&text, arena);
    buf_add(&text, rest);
    buf_add_str(&text, slice_rfind(rest, '{') == (ptrdiff_t)rest.len - 1 ? "" : ",");
    buf_add_str(&text, "\"requests\":[");
    for (size_t i = 0; i < info->n_requests; i++) {
        buf_add_str(&text, i == 0 ? "" : ",");
        TRY(add_any(arena, info->requests[i], &text, err));
    }
    buf_printf(&text, "]%s", end);
    return buf_finish(&text, out, err);
}

static size_t message_max(const struct method *method)
{
    return CODEC_JSON.message_max(method);
}

static rc decode(struct arena *arena, const struct method *method, struct slice bytes,
                 struct pb_flaw *flaw, ProtobufCMessage **out, struct err *err)
{
    return CODEC_JSON.decode(arena, method, bytes, flaw, out, err);
}

const struct codec CONFORMANCE_JSON = {
    .name = "json",
    .message_max = message_max,
    .reply_bytes = 16 * 1024 * 1024,
    .decode = decode,
    .encode = encode,
};
