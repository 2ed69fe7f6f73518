/* SPDX-License-Identifier: Apache-2.0 */
/* How much a tenant may do, as messages. Inside service/tenant only. */
#pragma once

#include "chancery/v1/tenant.pb-c.h"
#include "rpc/call.h"
#include "store/resource/tenant_store.h"

/* The field `limits` of a tenant, into its row. */
step limits_message_read(struct call *c, const void *message, void *out);
/* Absent where nothing is limited; false over budget, with call_err filled. */
bool limits_message_write(struct call *c, const struct tenant_limits *limits,
                          Chancery__V1__Tenant *t);
/* What of its quotas is used up; false likewise. */
bool limits_message_write_quotas(struct call *c, const struct tenant_row *row,
                                 Chancery__V1__GetTenantResponse *r);
