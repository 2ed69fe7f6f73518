/* SPDX-License-Identifier: Apache-2.0 */
/* For which components an issuer speaks. For which users, decide/decide_authority.h says. Pure. */
#pragma once

#include "domain/values/issuer.h"
#include "domain/values/subject.h"

/* Whether an issuer's tokens may name this component: issuers of kind COMPONENT only, of the
 * component's own tenant or the platform, and in its boundary. A tenant's admins keep its
 * issuers, so one of them could be any other: who is an admin, the platform's issuers say. */
bool issuer_authority_covers(const struct issuer *issuer,
                             const struct subject_component *component);
