/* SPDX-License-Identifier: Apache-2.0 */
/* One message in the body of a request, one in that of its answer, as JSON or protobuf: Connect's unary
 * calls, and what any HTTP client sends by hand. An error is a status of HTTP and JSON (connect_error.h).
 * Source: https://connectrpc.com/docs/protocol#unary-request. */
#pragma once

#include "net/net_framing.h"

extern const struct net_framing CONNECT_UNARY_FRAMING;
