/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever registers a certificate proves that its key is held (docs/policy.md §8.1): else any
 * tenant could register another's, keep it out, and learn that it is registered. Nothing is looked
 * up until it is proven. */
#pragma once

#include "service/common/scope.h"
#include "store/resource/component_store.h"

/* The proofs of a request, and how far they are checked. Begins with what is borrowed of it. */
struct certificate_proofs {
    char *const *texts;
    size_t count;
    struct unix_time asked_at; /* when the request was made */
    size_t checked;
    struct slice proven; /* fingerprints, as of a record */
};

/* Check the proofs, and add what they prove to the record's certificates. Those that it had not
 * before must be proven, unless a platform admin registers them. `before` NULL: it is made. `self`
 * is the step to which the call comes back when it yields, and which does nothing but this. */
step certificate_proofs_check(struct call *c, struct certificate_proofs *proofs,
                              const struct component_record *before,
                              struct component_record *record, step_fn self);
