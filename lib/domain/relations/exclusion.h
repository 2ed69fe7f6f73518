/* SPDX-License-Identifier: Apache-2.0 */
/* Exclusions: users, applications and platforms that a tenant has locked out. Pure. */
#pragma once

#include "domain/values/subject.h"
#include "domain/values/tenant.h"

/* Whether both exclude the same. */
bool exclusion_equals(const struct exclusion *a, const struct exclusion *b);
/* Whether the tenant excludes the subject's user, application or platform. */
bool exclusion_applies(const struct tenant_view *tenant, const struct subject *subject);
