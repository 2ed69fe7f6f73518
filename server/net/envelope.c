/* SPDX-License-Identifier: Apache-2.0 */
#include "net/envelope.h"

enum net_look envelope_look(struct slice in, struct net_frame *out, struct err *err)
{
    if (in.len < ENVELOPE_PREFIX) {
        return NET_LOOK_LATER;
    }
    if (in.ptr[0] > ENVELOPE_COMPRESSED) {
        (void)err_raise(err, R_FRAMING_BROKEN, __FILE__, __LINE__, "flags %u", in.ptr[0]);
        return NET_LOOK_BROKEN;
    }
    *out = (struct net_frame){
        .prefix = ENVELOPE_PREFIX,
        .length =
            (size_t)in.ptr[1] << 24 | (size_t)in.ptr[2] << 16 | (size_t)in.ptr[3] << 8 | in.ptr[4],
        .compressed = in.ptr[0] == ENVELOPE_COMPRESSED,
    };
    return NET_LOOK_FRAME;
}

void envelope_add(struct bytes *body, unsigned flags, struct slice message)
{
    const uint8_t prefix[ENVELOPE_PREFIX] = {(uint8_t)flags, (uint8_t)(message.len >> 24),
                                             (uint8_t)(message.len >> 16),
                                             (uint8_t)(message.len >> 8), (uint8_t)message.len};
    bytes_add_expecting(body, slice_of(prefix, sizeof prefix), sizeof prefix + message.len);
    bytes_add(body, message);
}
