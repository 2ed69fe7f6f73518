/* SPDX-License-Identifier: Apache-2.0 */
/* A codec stands between the engine and the bytes of messages: how a request's become a message, and a
 * message becomes a reply's. How they lie in an HTTP exchange is the framing's matter (net/net_framing.h).
 * Inside server/rpc only. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "wire/pb.h"

struct method;

struct codec {
    const char *name; /* "proto" */
    /* Bytes that a request may have for a method, whose limit is that of protobuf. */
    size_t (*message_max)(const struct method *method);
    /* A reply is written into memory of its own, at most so much; 0: into the call's. */
    size_t reply_bytes;
    /* One message of the request. `flaw` names the field at fault. R_PROTO_MALFORMED, R_JSON_MALFORMED,
     * R_FIELD_INVALID, R_MESSAGE_TOO_LARGE, R_ARENA_EXHAUSTED. */
    rc (*decode)(struct arena *arena, const struct method *method, struct slice bytes,
                 struct pb_flaw *flaw, ProtobufCMessage **out, struct err *err);
    /* The items of a batch's request, field `number` of it, each as the bytes that `decode` takes: `max` of them at
     * most. NULL: this form can't be taken apart, so a batch is decoded as a whole. R_PROTO_MALFORMED,
     * R_ARENA_EXHAUSTED. */
    rc (*split)(struct arena *arena, struct slice bytes, uint32_t number, size_t max,
                struct slice **out, size_t *count, struct err *err);
    /* One message of the reply. R_ARENA_EXHAUSTED. */
    rc (*encode)(struct arena *arena, const ProtobufCMessage *message, struct slice *out,
                 struct err *err);
};

extern const struct codec CODEC_PROTO; /* codec_proto.c */
extern const struct codec CODEC_JSON;  /* codec_json.c */
