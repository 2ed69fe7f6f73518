/* SPDX-License-Identifier: Apache-2.0 */
/* Which resource a document describes, and in what they differ. Inside cli/declared. */
#pragma once

#include "cli/declared/documents.h"
#include "cli/declared/state.h"

/* Check what a document says by itself: fields that are not an admin's to set, and the key. Prints what is wrong.
 * Returns an exit code. */
int match_check(const struct session *s, const struct document *document);
/* The resource that it describes, among those of its kind and tenant; NULL: there is none yet. Prints where it is
 * not clear, or was changed since the document was written. */
int match_find(const struct session *s, const struct document *document, struct objects *objects,
               struct object **out);
/* The fields that the document says and that differ; lent by the session. Prints where one never changes. */
int match_compare(struct session *s, const struct document *document, const struct object *object,
                  const ProtobufCFieldDescriptor ***fields, size_t *count);
