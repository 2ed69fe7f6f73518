/* SPDX-License-Identifier: Apache-2.0 */
/* An event as its message. */
#pragma once

#include "chancery/v1/audit.pb-c.h"
#include "rpc/call.h"
#include "store/resource/audit_store.h"

/* NULL over budget. */
Chancery__V1__AuditEvent *audit_message(struct call *c, const struct audit_event *event);
