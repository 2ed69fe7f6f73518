/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of a directory as resources of SCIM, and answers (docs/scim.md §3). Inside service/scim. */
#pragma once

#include "base/buf.h"
#include "scim/scim_group.h"
#include "scim/scim_user.h"
#include "service/common/scope.h"
#include "service/scim/scim_request.h"
#include "store/resource/scim_store.h"

/* What the provider has said of an entry, or what the directory has of its own. R_INTERNAL for a stored text that can't be
 * read. */
step scim_resource_user(struct call *c, const struct scim_row *row, struct scim_user *out);
void scim_resource_group(struct call *c, const struct scim_row *row, struct scim_group *out);
/* The address that the id of a member spells who is no entry of the directory; "": it spells none, so it is an entry's. */
step scim_resource_address(struct call *c, const char *id, const char **out);

/* W/"…" of a row; of a group it changes with whatever changes in the directory. NULL over budget. */
const char *scim_resource_etag(struct call *c, enum scim_kind kind, const char *state,
                               int64_t epoch);
/* Where a resource is. NULL over budget. */
const char *scim_resource_location(struct call *c, enum scim_kind kind, const char *id);

void scim_resource_write_user(struct call *c, const struct scim_row *row,
                              const struct scim_user *user, struct buf *out);
/* members NULL: they are left out. */
void scim_resource_write_group(struct call *c, const struct scim_row *row,
                               const struct scim_group *group, const struct scim_members *members,
                               struct buf *out);

/* Answer; location and etag may be "". */
step scim_resource_answer(struct call *c, int status, const char *location, const char *etag,
                          struct buf *body);
