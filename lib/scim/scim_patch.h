/* SPDX-License-Identifier: Apache-2.0 */
/* A body of PATCH (RFC 7644 §3.5.2), operation by operation, in the order in which they count. */
#pragma once

#include "scim/scim_json.h"
#include "scim/scim_path.h"

enum { SCIM_OPERATIONS_MAX = 1000 };

enum scim_change { SCIM_ADD, SCIM_REPLACE, SCIM_REMOVE };

/* One value at one path: what an operation without a path says is taken apart, also where its members are paths
 * themselves ("name.givenName"), as Entra ID sends them. value NULL: there is none. */
typedef bool (*scim_change_fn)(void *of, enum scim_change change, const struct scim_path *path,
                               const json_t *value, struct scim_fault *fault);

bool scim_patch_each(struct arena *arena, const json_t *body, scim_change_fn apply, void *of,
                     struct scim_fault *fault);
/* The same for the members of a whole resource. */
bool scim_members_each(struct arena *arena, const json_t *resource, enum scim_change change,
                       scim_change_fn apply, void *of, struct scim_fault *fault);
