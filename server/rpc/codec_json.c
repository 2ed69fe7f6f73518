/* SPDX-License-Identifier: Apache-2.0 */
/* JSON becomes protobuf's bytes first, so that both are checked alike and count alike. */
#include "methods.h"
#include "rpc/codec.h"
#include "wire/message_json.h"
#include "wire/message_text.h"

enum {
    REPLY_BYTES = 16 * 1024 * 1024, /* more than any connection lets wait */
    AROUND = 4096,                  /* beside the text's strings and protobuf's bytes */
};

/* Base64 takes a third more than bytes. */
static size_t message_max(const struct method *method)
{
    return method->max_request_bytes + method->max_request_bytes / 3;
}

static rc decode(struct arena *arena, const struct method *method, struct slice bytes,
                 struct pb_flaw *flaw, ProtobufCMessage **out, struct err *err)
{
    struct slice packed;
    /* The text's strings and its bytes don't use up what the message may have. */
    AUTO(arena_free_at) struct arena *scratch = arena_new(2 * bytes.len + 2 * AROUND);
    TRY(message_from_json(scratch, method->request, bytes, flaw, &packed, err));
    ENSURE(packed.len <= method->max_request_bytes, err, R_MESSAGE_TOO_LARGE);
    return pb_unpack_request(arena, method->request, packed, proto_has_lines, flaw, out, err);
}

static rc encode(struct arena *arena, const ProtobufCMessage *message, struct slice *out,
                 struct err *err)
{
    const char *text;
    TRY(message_to_json(arena, message, false, false, &text, err));
    *out = slice_str(text);
    return OK;
}

const struct codec CODEC_JSON = {
    .name = "json",
    .message_max = message_max,
    .reply_bytes = REPLY_BYTES,
    .decode = decode,
    .encode = encode,
};
