/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of this node, for which proofs are made: its own, and those of the boundaries that
 * it serves. */
#pragma once

#include "auth/caller.h"

/* In the call's arena; NULL over budget. After facts_need_platform. */
const char **own_addresses(struct call *c, size_t *count);
