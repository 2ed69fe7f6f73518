/* SPDX-License-Identifier: Apache-2.0 */
#include "methods.h"
#include "rpc/codec.h"
#include "wire/pb_split.h"

static size_t message_max(const struct method *method)
{
    return method->max_request_bytes;
}

static rc decode(struct arena *arena, const struct method *method, struct slice bytes,
                 struct pb_flaw *flaw, ProtobufCMessage **out, struct err *err)
{
    return pb_unpack_request(arena, method->request, bytes, proto_has_lines, flaw, out, err);
}

const struct codec CODEC_PROTO = {
    .name = "proto",
    .message_max = message_max,
    .decode = decode,
    .split = pb_split,
    .encode = pb_pack,
};
