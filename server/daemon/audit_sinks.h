/* SPDX-License-Identifier: Apache-2.0 */
/* The sinks of the audit log that the configuration names. One worker of a node serves them. */
#pragma once

#include "conf/conf.h"
#include "context/services.h"

struct audit_sinks;

/* R_CONFIG_INVALID when a file of one can't be used, R_STARTUP_FAILED. Without any it does nothing. */
rc audit_sinks_new(const Conf *conf, const struct services *services, struct audit_sinks **out,
                   struct err *err);
/* Send no more; other nodes go on. NULL is fine. */
void audit_sinks_stop(struct audit_sinks *sinks);
/* NULL is fine. */
void audit_sinks_free(struct audit_sinks *sinks);
