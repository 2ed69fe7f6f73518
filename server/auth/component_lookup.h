/* SPDX-License-Identifier: Apache-2.0 */
/* Components by their credentials: a certificate, the subject of a token, a directory's token. */
#pragma once

#include "auth/caller.h"
#include "rpc/call.h"
#include "store/cache/lookups.h"

/* Ask the database, and go on with `found`, which reads proofs->component_lookup. */
step component_find(struct call *c, enum lookup_kind kind, struct slice key, step_fn found);
/* What is known without asking, in the call's arena; NULL: nothing, or the call trusts no caches. */
const struct component_row *component_known(struct call *c, enum lookup_kind kind,
                                            struct slice key);
/* That this row is what the key finds, for the calls of others. */
void component_remember(struct call *c, enum lookup_kind kind, struct slice key,
                        const struct component_row *row);
/* The component is known, and in every record from here on. */
step component_take(struct call *c, const struct component_row *row);
