/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of the methods of a kind, made by their descriptors. Inside cli/declared. */
#pragma once

#include "cli/declared/kinds.h"
#include "cli/session.h"

/* The method of a service; it exists. `name` gets what session_call takes; lent by the session. */
const struct method *request_method(struct session *s, const char *service, const char *method,
                                    const char **name);
/* A request with the tenant, the resource, and whatever of its fields the request has itself. Lent by the
 * session. `resource` may be NULL. */
ProtobufCMessage *request_new(struct session *s, const struct method *method,
                              const struct kind *kind, const char *tenant,
                              ProtobufCMessage *resource);
