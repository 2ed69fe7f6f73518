/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: the nine parameters with which every admin statement begins. */
#pragma once

#include "store/audit.h"
#include "store/pg.h"

void admin_params(struct pg_params *p, struct tenant_id tenant, const char *operation,
                  const struct audit_who *who);
