/* SPDX-License-Identifier: Apache-2.0 */
/* The documents that -f names: files, folders and standard input. Inside cli/declared. */
#pragma once

#include "cli/declared/kinds.h"
#include "cli/session.h"
#include "wire/manifest.h"

enum { DOCUMENTS_MAX = 10000 };

struct document {
    const struct kind *kind;
    const char *file;         /* as it is told: a path, or "standard input" */
    struct manifest manifest; /* its spec as the authority would keep it (normal.h) */
    ProtobufCMessage
        *asked; /* the spec as it was written: what is sent, so that refusals name its fields */
    const char *tenant; /* whose; "": the platform's */
    const char *key;    /* what people call it */
};

struct documents {
    struct document *list;
    size_t count;
};

/* Read all of them, in the order of carrying out, and within a kind as they stand. `paths` ends with NULL.
 * Prints what is wrong, with file and line. Returns an exit code. */
int documents_read(struct session *s, const char *const *paths, struct documents *out);
/* Print that a document is wrong: at a field of its spec, or as a whole where that is NULL. Returns
 * EXIT_FAILED. */
int document_fail(const struct session *s, const struct document *document, const char *field,
                  const char *format, ...) PRINTF_LIKE(4, 5);
