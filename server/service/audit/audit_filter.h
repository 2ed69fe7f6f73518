/* SPDX-License-Identifier: Apache-2.0 */
/* Which events a request means: of Query, Tail and Export alike. */
#pragma once

#include "chancery/v1/audit.pb-c.h"
#include "service/common/scope.h"
#include "store/resource/audit_store.h"

/* Read a filter, which is not NULL, into the flow's scope and a query. */
step audit_filter_read(struct call *c, const Chancery__V1__AuditFilter *filter,
                       struct audit_query *query);
