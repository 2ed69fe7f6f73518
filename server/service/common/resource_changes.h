/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between two states of a resource, field by field, for who approves it. Every field
 * that a request can set is looked at, those that are added later too. */
#pragma once

#include "service/common/approval_changes.h"
#include "service/common/resource.h"

/* Add what differs: `issuer.audiences`, `issuer.claims.address`. NULL: the resource isn't there.
 * Fields of `except` (by resource_field) are left to the caller. Bytes are shown in hex, times in
 * RFC 3339; a list's order means nothing. */
void resource_changes_add(struct approval_changes *changes, const struct resource *resource,
                          const void *before, const void *after, resource_set except);
