/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies in base64, piece by piece (gRPC-Web's -text): padding may stand wherever the sender wrote out what
 * it had. Pure. */
#pragma once

#include "net/bytes.h"

struct text_body {
    uint32_t bits;
    unsigned digits; /* of the group of four, '=' included */
    unsigned pads;   /* '=' of it */
};

/* Decode what came; false: it is no base64. */
bool text_body_decode(struct text_body *text, struct slice in, struct bytes *out);
/* Whether the last group is complete. */
bool text_body_is_whole(const struct text_body *text);
/* Encode a piece with its padding. */
void text_body_encode(struct slice in, struct bytes *out);
