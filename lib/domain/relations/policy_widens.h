/* SPDX-License-Identifier: Apache-2.0 */
/* Does a change of a policy let somebody in: could anybody do afterwards what they could not do
 * before (docs/policy.md §6.1)? Compared by name, for nobody knows here who is in a group or a
 * tenant: of a change that lets somebody in it is never said that it doesn't; that it does may be
 * said of one that reaches nobody new. Pure. */
#pragma once

#include "domain/values/amendment.h"
#include "domain/values/template.h"

/* When content expires: on a date, or so many days after it was protected; both 0: never. */
struct policy_expiry {
    struct unix_time at;
    int64_t after_days;
};

/* What a policy gives. */
struct policy_terms {
    const struct grant *grants;
    size_t grant_count;
    struct policy_expiry expiry;
    int offline_days; /* OFFLINE_DAYS_CAP, OFFLINE_DAYS_NONE or days */
};

/* A template's; one that can't be read grants nothing (docs/policy.md §3.8). */
struct policy_terms policy_terms_of_template(const struct template_policy *template);
/* Whether `after` lets somebody in. R_ARENA_EXHAUSTED. */
rc policy_widens(struct arena *arena, const struct policy_terms *before,
                 const struct policy_terms *after, bool *out, struct err *err);
/* Whether content expires later, or may do so: a date and a number of days can't be compared. */
bool policy_expiry_is_later(const struct policy_expiry *before, const struct policy_expiry *after);

/* The same of an amendment that takes the place of another (NULL: of none), whatever is sealed:
 * who is granted something that no amendment gave them, becomes a recipient, or is named no
 * longer. `expiry`: what held before; NULL: not known, so a new one may be later. */
rc amendment_widens(struct arena *arena, const struct amendment *before,
                    const struct amendment *after, const struct policy_expiry *expiry, bool *out,
                    struct err *err);
