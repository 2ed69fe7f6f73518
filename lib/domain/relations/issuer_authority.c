/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/relations/issuer_authority.h"

bool issuer_authority_covers(const struct issuer *issuer, const struct subject_component *component)
{
    bool is_platforms = ID_IS_ZERO(issuer->tenant);
    bool is_own = ID_EQ(issuer->tenant, component->tenant) && component->role != ROLE_TENANT_ADMIN;
    bool is_near =
        component->boundary[0] == '\0' || strcmp(issuer->boundary, component->boundary) == 0;
    return issuer->kind == ISSUER_COMPONENT && (is_platforms || is_own) && is_near;
}
