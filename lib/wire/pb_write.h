/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf fields, one after the other, for whoever has no message to pack. Each number and length takes
 * as few bytes as it can. One thread per arena. */
#pragma once

#include "base/buf.h"

/* A varint field: bool, enum, int32, int64 (sign-extended), uint32, uint64. */
void pb_write_varint(struct buf *out, uint32_t number, uint64_t value);
/* A string or bytes. */
void pb_write_bytes(struct buf *out, uint32_t number, struct slice bytes);
/* A field whose length is known only behind it: what is written between the two is its content. */
size_t pb_write_open(struct buf *out, uint32_t number);
void pb_write_close(struct buf *out, size_t opened);
