/* SPDX-License-Identifier: Apache-2.0 */
/* A row of the log as the message that everybody is shown: by AuditService, and by sinks. */
#pragma once

#include "chancery/v1/audit.pb-c.h"
#include "store/resource/audit_store.h"

/* Fill an initialized message, whose texts are the event's. `tenant` is the name of its tenant, "" the platform. False over
 * budget. */
bool audit_record_fill(struct arena *arena, const struct audit_event *event, const char *tenant,
                       Chancery__V1__AuditEvent *out);
