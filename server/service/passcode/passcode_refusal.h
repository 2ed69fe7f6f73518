/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals about a passcode stand in the log of the content's tenant, so that its admins see who guesses. */
#pragma once

#include "auth/decision_log.h"
#include "service/common/license_access.h"
#include "store/resource/passcode_store.h"

struct passcode_refusal {
    struct tenant_id tenant;
    struct content_id content;
    struct template_id template; /* zero: ad hoc or not known */
    const char *address;
};

/* For on_refusal, once the tenant is known for certain. Copies what it is given. */
step passcode_refusal_record(struct call *c, const struct passcode_refusal *refusal);
