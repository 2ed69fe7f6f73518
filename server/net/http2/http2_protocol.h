/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/2 (RFC 9113) by nghttp2. */
#pragma once

#include "net/net_protocol.h"

extern const struct net_protocol HTTP2_PROTOCOL;
