/* SPDX-License-Identifier: Apache-2.0 */
/* Messages behind a byte of flags and a big-endian length of four, as gRPC, gRPC-Web and Connect's streams
 * have them. Pure. */
#pragma once

#include "net/net_framing.h"

enum { ENVELOPE_PREFIX = 5, ENVELOPE_COMPRESSED = 1 };

/* Of a request: no other flag than that it is compressed. R_FRAMING_BROKEN. */
enum net_look envelope_look(struct slice in, struct net_frame *out, struct err *err);
void envelope_add(struct bytes *body, unsigned flags, struct slice message);
