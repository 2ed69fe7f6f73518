/* SPDX-License-Identifier: Apache-2.0 */
/* Who is shown in tracking to owners when they open content or are refused (docs/policy.md §3.13). Pure. */
#pragma once

#include "domain/values/power.h"
#include "domain/values/subject.h"
#include "domain/values/tenant.h"

/* Whether it is hidden: of members of the tenant, for certain, in one of its groups that aren't shown. Power
 * that was lent is shown, whoever uses it. */
bool tracking_is_hidden(const struct tenant_view *tenant, const struct subject *subject,
                        enum power power);
/* Whether the owner is told of it by mail, where the content says so: of other people, if the tenant lets
 * owners be told. What components open alone, on the mail's way or for an archive, is no news. */
bool tracking_is_told(const struct tenant_view *tenant, const struct subject *subject,
                      const char *owner);
