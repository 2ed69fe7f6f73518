/* SPDX-License-Identifier: Apache-2.0 */
/* Denials: partners who may never open a tenant's content, or whose content its people may not open
 * (docs/policy.md §7.2). Pure. */
#pragma once

#include "domain/values/boundary.h"
#include "domain/values/subject.h"
#include "domain/values/tenant.h"

/* The order in which a tenant_view has them; for qsort and bsearch. */
int denial_compare(const void *a, const void *b);
/* Whether the tenant has exactly this denial. */
bool denial_is_there(const struct tenant_view *tenant, const struct denial *denial);
/* Whether content of a tenant and an owner is denied to whoever asks: by the content's tenant, or by
 * `home`, the user's own (NULL: of none). Members are never denied their tenant's own content. */
bool denial_applies(const struct tenant_view *content, const char *owner,
                    const struct tenant_view *home, const struct subject *subject);
/* The same of a recipient before anything is sent, as far as it is known of an address. */
bool denial_reaches(const struct tenant_view *content, const struct reader *reader,
                    const char *address);
