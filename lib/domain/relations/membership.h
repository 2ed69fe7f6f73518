/* SPDX-License-Identifier: Apache-2.0 */
/* Who belongs to what: users to tenants, domains and groups, and so whom a principal means.
 * Pure. */
#pragma once

#include "base/arena.h"
#include "domain/values/principal.h"
#include "domain/values/subject.h"
#include "domain/values/tenant.h"

/* Whether the user is a member of their tenant, for certain: what only members get needs that. */
bool membership_is_certain(const struct subject_user *user);
/* Whether the user is a member of this tenant, for certain. */
bool membership_of_tenant(const struct subject_user *user, struct tenant_id tenant);
/* Whether a user takes part who is no member of this tenant for certain: a reader from outside. */
bool membership_is_outside(const struct subject *subject, struct tenant_id tenant);
/* Whether the user is in this group. */
bool membership_in_group(const struct subject_user *user, const char *group);
/* Whether the principal means the subject's user. A component alone is nobody's principal. Who
 * PRINCIPAL_RECIPIENTS and PRINCIPAL_OWNER are depends on the content: here they are nobody. */
bool membership_matches(const struct principal *principal, const struct subject *subject);

/* Add what a tenant says of the user: groups, and aliases. Only names in the tenant's verified
 * domains are taken over, whoever wrote them down. Borrows the names. R_TOO_MANY_GROUPS,
 * R_ARENA_EXHAUSTED. */
rc membership_add_groups(struct arena *arena, struct subject_user *user,
                         const struct tenant_view *tenant, const char *const *groups, size_t count,
                         struct err *err);
/* None is left out, because people are excluded and shut out by any of their addresses:
 * R_TOKEN_CLAIM_INVALID beyond SUBJECT_ADDRESSES_MAX, when a token names several people. */
rc membership_add_aliases(struct subject_user *user, const struct tenant_view *tenant,
                          const char *const *aliases, size_t count, struct err *err);
