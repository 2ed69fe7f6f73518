/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a multi-tenant issuer's tenant claim, as requests name them. */
#pragma once

#include "domain/values/issuer.h"
#include "rpc/call.h"

/* Whether it may be a value at all. */
step tenant_value_read(struct call *c, const char *value);
/* Whether the issuer is one whose tokens name tenants. */
step tenant_value_check_issuer(struct call *c, const struct issuer *issuer);
/* The value as tokens of this issuer have it: under a template a UUID in lower case. */
step tenant_value_normalize(struct call *c, const struct issuer *issuer, const char *value,
                            const char **out);
