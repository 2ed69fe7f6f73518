/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/conf: what the configuration says of a sink of the audit log. */
#pragma once

#include "base/arena.h"
#include "chancery/config/v1/config.pb-c.h"

enum { CONF_SINKS_MAX = 4 };

/* All of them. R_CONFIG_INVALID. */
rc conf_audit_sinks_check(Chancery__Config__V1__AuditSink *const *sinks, size_t count,
                          struct err *err);
