/* SPDX-License-Identifier: Apache-2.0 */
#include "client/grpc_frame.h"

#include "base/buf.h"
#include "wire/pb.h"

enum { PREFIX_BYTES = 5 };

rc grpc_frame(struct arena *arena, const ProtobufCMessage *request, struct slice *out,
              struct err *err)
{
    struct slice packed;
    struct buf buf;
    TRY(pb_pack(arena, request, &packed, err));
    buf_init(&buf, arena);
    buf_add_byte(&buf, 0);
    buf_add_u32(&buf, (uint32_t)packed.len);
    buf_add(&buf, packed);
    return buf_finish(&buf, out, err);
}

rc grpc_unframe(struct slice body, struct slice *out, struct err *err)
{
    ENSURE(body.len >= PREFIX_BYTES && body.ptr[0] == 0, err, R_PROTO_MALFORMED);
    size_t len = (size_t)body.ptr[1] << 24 | (size_t)body.ptr[2] << 16 | (size_t)body.ptr[3] << 8 |
                 body.ptr[4];
    ENSURE(len == body.len - PREFIX_BYTES, err, R_PROTO_MALFORMED);
    *out = slice_cut(body, PREFIX_BYTES, body.len);
    return OK;
}
