/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests: resources as people write them, many YAML documents in one text (docs/declared.md).
 *
 *   apiVersion: chancery.v1
 *   kind: Template
 *   metadata: {tenant: contoso}
 *   spec: {names: [{language: en, text: Confidential}], …}
 *
 * One thread per arena. */
#pragma once

#include <stdio.h>

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

/* A text may be as large as many resources are; a spec as deep as a message. */
enum { MANIFEST_TEXT_MAX = 64 * 1024 * 1024 };

/* Print the head of a document, up to `spec:`. "" is not printed. */
void manifest_print_head(FILE *out, const char *kind, const char *tenant, const char *id,
                         const char *etag);

/* What a document may describe: by its kind the type of its spec. */
struct manifest_kind {
    const char *name;
    const ProtobufCMessageDescriptor *type;
};

/* Where a part of a spec stands. */
struct manifest_place {
    const char *path; /* as BadRequest names fields: grants[3].rights */
    size_t line;
};

struct manifest {
    size_t kind;                    /* index into the kinds */
    size_t line;                    /* where the document begins, from 1 */
    const char *tenant, *id, *etag; /* "": not given */
    ProtobufCMessage *spec;
    const struct manifest_place
        *places; /* every member and element of the spec, outer ones first */
    size_t place_count;
};

/* Called for each document, in order; everything of it lies in the arena. */
typedef rc manifest_fn(void *arg, const struct manifest *manifest, struct err *err);

/* Read all documents of a text; empty ones are passed over. R_CONFIG_INVALID with "line N: …" as its
 * detail: not YAML, not of this form, an unknown or repeated member, an alias (a small text could
 * stand for a huge one), a value that is not allowed. The detail quotes names, never values. */
rc manifest_read(struct arena *arena, struct slice text, const struct manifest_kind *kinds,
                 size_t kind_count, manifest_fn *take, void *arg, struct err *err);
/* The line of a part of the spec, or of the nearest part around it. */
size_t manifest_line(const struct manifest *manifest, const char *path);
/* Whether the document says what a field of the spec is. */
bool manifest_gives(const struct manifest *manifest, const char *field);
