/* SPDX-License-Identifier: Apache-2.0 */
#include "client/grpc_frame.h"

#include "base/buf.h"

enum { PREFIX_BYTES = 5 };

rc grpc_frame_write(struct arena *arena, struct slice message, struct slice *out, struct err *err)
{
    struct buf buf;
    buf_init(&buf, arena);
    buf_add_byte(&buf, 0);
    buf_add_u32(&buf, (uint32_t)message.len);
    buf_add(&buf, message);
    return buf_finish(&buf, out, err);
}

enum grpc_look grpc_frame_look(struct slice body, size_t max, struct slice *message)
{
    if (body.len < PREFIX_BYTES) {
        return GRPC_LATER;
    }
    size_t len = (size_t)body.ptr[1] << 24 | (size_t)body.ptr[2] << 16 | (size_t)body.ptr[3] << 8 |
                 body.ptr[4];
    if (body.ptr[0] != 0 || len > max) {
        return GRPC_BROKEN;
    }
    *message = slice_cut(body, PREFIX_BYTES, PREFIX_BYTES + len);
    return len <= body.len - PREFIX_BYTES ? GRPC_WHOLE : GRPC_LATER;
}

rc grpc_frame_read(struct slice body, struct slice *out, struct err *err)
{
    enum grpc_look look = grpc_frame_look(body, body.len, out);
    ENSURE(look == GRPC_WHOLE && out->len == body.len - PREFIX_BYTES, err, R_PROTO_MALFORMED);
    return OK;
}
