/* SPDX-License-Identifier: Apache-2.0 */
/* A codec stands between the engine and the wire: how a request's bytes become a message, a message becomes
 * bytes, and a call ends. gRPC is one; Connect, gRPC-Web and JSON are others to come, over the same flows.
 * Inside server/rpc only. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "wire/pb.h"

struct call;
struct method;

struct codec {
    const char *name; /* "grpc" */
    /* One message of the request. `flaw` names the field at fault. R_PROTO_MALFORMED, R_FIELD_INVALID,
     * R_ARENA_EXHAUSTED. */
    rc (*decode)(struct arena *arena, const struct method *method, struct slice bytes,
                 struct pb_flaw *flaw, ProtobufCMessage **out, struct err *err);
    /* One message of the reply. R_ARENA_EXHAUSTED. */
    rc (*encode)(struct arena *arena, const ProtobufCMessage *message, struct slice *out,
                 struct err *err);
    /* Hand the end to net: OK, or the call's error with its details. */
    void (*finish)(struct call *c);
    /* The details of an error for which there is no call. */
    struct slice (*details)(struct arena *arena, const char *request_id, enum reason reason);
};

extern const struct codec CODEC_GRPC; /* codec_grpc.c */
