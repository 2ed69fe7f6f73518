/* SPDX-License-Identifier: Apache-2.0 */
/* Partners whom a tenant keeps away, as requests name them. */
#pragma once

#include "chancery/v1/tenant.pb-c.h"
#include "domain/values/tenant.h"
#include "rpc/call.h"

struct denial_named {
    struct denial denial;
    const char *partner; /* as it is stored: "domain:fabrikam.com" */
};

step denial_read(struct call *c, const Chancery__V1__Denial *from, struct denial_named *out);
