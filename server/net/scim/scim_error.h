/* SPDX-License-Identifier: Apache-2.0 */
/* Errors as SCIM has them (RFC 7644 §3.12): a status of HTTP, and JSON. Inside server/net/scim. */
#pragma once

#include "net/net_framing.h"

/* Write the body; the status of HTTP that goes with it. */
int scim_error_write(const struct net_status *status, struct bytes *out);
