/* SPDX-License-Identifier: Apache-2.0 */
/* The host of an `iss`, by which a tenant proves that it may register it (docs/policy.md §8.1).
 * Pure. */
#pragma once

#include "base/arena.h"

/* The host of an issuer identifier (RFC 8414 §2): an https address without query and fragment. NULL
 * for every other text, and for every spelling but one: scheme and host in lower case, the host a
 * domain in A-labels (RFC 5890) without a trailing dot, no user information, no IP address, a port
 * without leading zeros, a path of RFC 3986 §3.3. So that what is compared with domains is what a
 * client would connect to, however it reads addresses. NULL over budget too. */
const char *issuer_host(struct arena *arena, const char *iss);
