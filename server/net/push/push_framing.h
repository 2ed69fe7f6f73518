/* SPDX-License-Identifier: Apache-2.0 */
/* What identity providers push (RFC 8935): POST /signals/v1/TENANT-ID with a Security Event Token as its
 * body, answered by 202, or by 400 and RFC 8935's JSON. To the engine it is a call of ReceiveSignal. */
#pragma once

#include "net/net_framing.h"

extern const struct net_framing PUSH_FRAMING;
