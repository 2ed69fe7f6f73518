/* SPDX-License-Identifier: Apache-2.0 */
/* Connect's streams: messages as gRPC has them, and the end as a last message of JSON.
 * Source: https://connectrpc.com/docs/protocol#streaming-request. */
#pragma once

#include "net/net_framing.h"

extern const struct net_framing CONNECT_STREAM_FRAMING;
