/* SPDX-License-Identifier: Apache-2.0 */
/* The service of Connect's conformance suite on our engine, codecs, framings and protocols.
 *
 * What is special about it, and not about them, is here: it says to its client whatever a request asks for. The
 * engine has a sentence and details for each of its reasons, so the end of a call is told by call_status_finish's stand-in
 * in conformance_flows.c, and JSON has no google.protobuf.Any, which conformance_json.c writes. */
#pragma once

#include "conformance.pb-c.h"
#include "rpc/codec.h"

typedef Connectrpc__Conformance__V1__ConformancePayload Payload;
typedef Connectrpc__Conformance__V1__ConformancePayload__RequestInfo RequestInfo;

/* What the suite's runner asks for, always. */
enum { CONFORMANCE_REQUEST_MAX = 200 * 1024 };

struct flow;
extern const struct flow UNARY_FLOW, IDEMPOTENT_UNARY_FLOW, CLIENT_STREAM_FLOW, SERVER_STREAM_FLOW,
    BIDI_STREAM_FLOW;

/* Messages whose first field is a message: requests and their definition, responses and their payload. */
void *conformance_first(const ProtobufCMessage *message);
void conformance_set_first(ProtobufCMessage *message, const void *value);

/* CODEC_JSON for responses that have requests in them, as google.protobuf.Any. */
extern const struct codec CONFORMANCE_JSON;
