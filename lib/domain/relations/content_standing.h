/* SPDX-License-Identifier: Apache-2.0 */
/* As what somebody acts on content: looks at its record, revokes, restores, amends (docs/policy.md
 * §3.4, §3.6, §3.7). Pure. */
#pragma once

#include "domain/values/rights.h"
#include "domain/values/subject.h"

enum content_act {
    CONTENT_TRACK, /* see what is known of it, and who opened it */
    CONTENT_REVOKE,
    CONTENT_RESTORE,
    CONTENT_AMEND,
    CONTENT_NOTIFY, /* say whether its owner is told of who opens it */
};

enum content_standing {
    STANDING_NONE,
    STANDING_PROTECTOR, /* a component that protected it: it lists and revokes */
    STANDING_EDITOR,    /* holds EDITRIGHTSDATA: amends within their own rights */
    STANDING_OWNER,     /* owner or issuer as a person, or holds OWNER by a grant */
    STANDING_ADMIN,     /* an admin of the content's tenant */
};

/* Whose a content is, as its row says. */
struct content_parties {
    struct tenant_id tenant;
    const char *owner;  /* normalized address */
    const char *issuer; /* normalized address, or a component's id */
};

/* Without looking at the policy. Whoever comes with a user's token is that user, whatever carries
 * it. */
enum content_standing content_standing_of(const struct content_parties *content,
                                          const struct subject *subject);
/* By what the policy grants; lent power does not count (docs/policy.md §3.5). */
enum content_standing content_standing_by(const struct rights *granted);
bool content_standing_allows(enum content_standing standing, enum content_act act);
