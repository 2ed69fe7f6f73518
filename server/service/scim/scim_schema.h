/* SPDX-License-Identifier: Apache-2.0 */
/* What this server can do, and which attributes it keeps (RFC 7643 §5 to §7). Inside service/scim. */
#pragma once

#include "service/scim/scim_request.h"

step scim_schema_answer(struct call *c, const struct scim_request *request);
