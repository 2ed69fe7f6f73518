/* SPDX-License-Identifier: Apache-2.0 */
/* On the way to the tenant's journal: protected mail gets a clear copy beside it, where the tenant says so
 * (docs/milter.md, docs/policy.md §3.12). Any thread. */
#pragma once

#include "gateway.h"

void journal_add_clear(struct gateway *gateway, const struct message *message,
                       struct decision *out);
