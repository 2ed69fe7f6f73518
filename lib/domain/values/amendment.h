/* SPDX-License-Identifier: Apache-2.0 */
/* What was changed of a content's policy after it was sent. An amendment is the sum of all changes
 * so far; it lies over what is sealed (or over the template), and holds from the next license on.
 * Pure.
 *
 * A principal that is granted anew or removed loses what the policy gave them by that name: as a
 * grant, and for `user:` and `group:` also as a recipient. Rights that reach them by another name,
 * such as a group, stay; to shut one person out, revoke their access. */
#pragma once

#include "base/clock.h"
#include "domain/values/grant.h"

enum { AMENDMENT_NAMES_MAX = 1000 /* grants, recipients and removals together */ };

struct amendment {
    int64_t version;            /* counts changes from 1 */
    bool is_valid;              /* false: something stored can't be read, so nobody gets rights */
    const char *problem;        /* that principal or list of rights; NULL when valid */
    const struct grant *grants; /* replace what their principals had */
    size_t grant_count;
    const char *const *recipients; /* join the policy's recipients; normalized, sorted by strcmp */
    size_t recipient_count;
    const struct principal *removed;
    size_t removed_count;
    bool changes_expiry;
    struct unix_time expires_at; /* with changes_expiry; 0: never */
};

/* Whether the amendment says something of its own about this principal. NULL says nothing. */
bool amendment_names(const struct amendment *amendment, enum principal_kind kind, const char *name);

/* One change: lay `change` over `before` (NULL: none). Version, validity and memory:
 * out->version is one more than before's, what is not copied is borrowed. R_LIMIT_EXCEEDED for
 * more names than AMENDMENT_NAMES_MAX or more custom rights than RIGHTS_CUSTOM_MAX;
 * R_FIELD_INVALID for a change that removes whom it makes a recipient;
 * R_ARENA_EXHAUSTED. */
rc amendment_merge(struct arena *arena, const struct amendment *before,
                   const struct amendment *change, struct amendment *out, struct err *err);
