/* SPDX-License-Identifier: Apache-2.0 */
/* SCIM 2.0 over HTTP as calls of chancery.v1.ScimService: whatever lies below /scim/v2 becomes a message with the request
 * line and the body, and an answer's status, headers and body are those that its message has (docs/scim.md §7). So a
 * request of SCIM is a call like any other, to the engine and to all that stands on it.
 * Source: RFC 7644 §3. */
#pragma once

#include "net/net_framing.h"

extern const struct net_framing SCIM_FRAMING;
