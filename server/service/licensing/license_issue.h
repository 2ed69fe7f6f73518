/* SPDX-License-Identifier: Apache-2.0 */
/* Inside service/licensing only: what follows the gate, for whoever gets a use license. */
#pragma once

#include "chancery/v1/licensing.pb-c.h"
#include "service/common/license_access.h"

/* Wrap the content key to the client's key, and sign the license. */
step use_license_issue(struct call *c);
/* The answer; NULL over budget, with call_err filled. */
Chancery__V1__AcquireLicenseResponse *use_license_message(struct call *c);
