/* SPDX-License-Identifier: Apache-2.0 */
/* What was changed of a content's policy after it was sent. An amendment is the sum of all changes
 * so far; it lies over what is sealed (or over the template), and holds from the next license on.
 * Pure.
 *
 * A principal that is granted anew or removed loses what the policy gave them by that name: as a
 * grant, and for `user:` and `group:` also as a recipient. A person is named by any of their
 * addresses: which of them are one person's is known of whoever asks for a license, and not here, so
 * what was said of a person is compared by the change that said it. Rights that reach them by
 * another name, such as a group, stay; to shut one person out, revoke their access. */
#pragma once

#include "base/clock.h"
#include "domain/values/grant.h"
#include "domain/values/subject.h"

enum { AMENDMENT_NAMES_MAX = 1000 /* grants, recipients and removals together, each name once */ };

struct amendment {
    int64_t version;            /* counts changes from 1 */
    int64_t mark;               /* of the stored one (base/ids.h); 0: not stored */
    bool is_valid;              /* false: something stored can't be read, so nobody gets rights */
    const char *problem;        /* that principal or list of rights; NULL when valid */
    const struct grant *grants; /* replace what their principals had */
    size_t grant_count;
    const char *const *recipients; /* join the policy's recipients; normalized, sorted by strcmp */
    size_t recipient_count;
    const struct principal *removed; /* may have become recipients again, by a later change */
    size_t removed_count;
    /* By which change, counted from 1, each of them was said. NULL: by the latest. */
    const int64_t *grant_versions, *recipient_versions, *removed_versions;
    bool changes_expiry;
    struct unix_time expires_at; /* with changes_expiry; 0: never */
};

/* Whether the amendment says something of its own about this principal. NULL says nothing. */
bool amendment_names(const struct amendment *amendment, enum principal_kind kind, const char *name);

/* What an amendment says of one person, by whichever of their addresses; the last word holds. */
struct amendment_word {
    bool replaces;         /* what the policy gave them as a recipient is gone */
    bool replaces_grants;  /* what it grants them by `user:` is gone */
    bool is_recipient;     /* they joined the recipients since */
    int64_t grant_version; /* of the grants to them by `user:`, those of this change count */
};
/* NULL says nothing. */
struct amendment_word amendment_word_of(const struct amendment *amendment,
                                        const char *const *addresses, size_t count);
/* By which change grant, recipient or removal number `index` was said; `versions`: of that list. */
int64_t amendment_version_of(const struct amendment *amendment, const int64_t *versions,
                             size_t index);
/* Whether a grant of the amendment to one of the person's addresses counts. */
bool amendment_grant_counts(const struct amendment *amendment, size_t grant,
                            const struct amendment_word *word);

/* One change: lay `change` over `before` (NULL: none). Version, validity and memory:
 * out->version is one more than before's, what is not copied is borrowed. R_LIMIT_EXCEEDED for
 * more names than AMENDMENT_NAMES_MAX or more custom rights than RIGHTS_CUSTOM_MAX;
 * R_FIELD_INVALID for a change that removes whom it makes a recipient;
 * R_ARENA_EXHAUSTED. */
rc amendment_merge(struct arena *arena, const struct amendment *before,
                   const struct amendment *change, struct amendment *out, struct err *err);
