/* SPDX-License-Identifier: Apache-2.0 */
/* What goes back of tenants' quotas, because a worker had leased it and didn't spend it (quota_leases.h). */
#pragma once

#include "base/ids.h"
#include "domain/values/tenant_limits.h"
#include "loop/loop.h"

struct store;
struct quota_returns;

/* Borrows both. */
struct quota_returns *quota_returns_new(struct loop *loop, struct store *store);
void quota_returns_free(struct quota_returns *returns);
/* To the period that begins then. What can't be returned stays used, so a quota never gives more than there is. */
void quota_returns_send(struct quota_returns *returns, struct tenant_id tenant, enum quota quota,
                        int64_t begins, int64_t unspent);
/* Tell when nothing is on its way any more; after limit_ms at the latest. */
void quota_returns_flush(struct quota_returns *returns, int64_t limit_ms,
                         void (*flushed)(void *ctx), void *ctx);
