/* SPDX-License-Identifier: Apache-2.0 */
/* Documents in the form in which the authority keeps what they say, so that they compare with it. Inside
 * cli/declared. */
#pragma once

#include "cli/declared/kinds.h"
#include "cli/session.h"

/* A copy of a spec as the authority would answer it: addresses, domains and principals normalized, one grant for
 * each principal, sets in order. What it would refuse is left as it is. Lent by the session, and by the spec. */
ProtobufCMessage *normal_spec(struct session *s, const struct kind *kind,
                              const ProtobufCMessage *spec);
/* Whether two keys of a kind, both in that form, name one resource. */
bool normal_same_key(const struct kind *kind, const char *one, const char *other);
