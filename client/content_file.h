/* SPDX-License-Identifier: Apache-2.0 */
/* Protected files of any size, in constant memory. docs/formats.md §9.
 *
 * header:  "CHANCERY" 1, 3 zero bytes, record size (4 bytes), license length (4), salt (16), license
 * records: AES-256-GCM of at most record size − 17 bytes of text, a delimiter (1: more follow, 2: the last),
 *          and the tag; the nonce counts records (the construction of RFC 8188 §2). The header's hash is the
 *          associated data of every record, so that no other license fits.
 * Reading releases a record only after it has verified; a cut file fails, because its last record is missing. */
#pragma once

#include <stdio.h>

#include "base/arena.h"
#include "base/secret.h"

enum { CONTENT_FILE_RECORD = 65536, CONTENT_FILE_LICENSE_MAX = 256 * 1024 };

/* Write a protected file. R_STARTUP_FAILED with the system's word when a stream fails. */
MUST rc content_file_write(FILE *in, FILE *out, struct slice license,
                           const struct secret *content_key, struct err *err);
/* Read the header up to the first record. R_LICENSE_MALFORMED when it is no protected file. */
struct content_file {
    struct slice license; /* in the arena */
    struct slice header;  /* all of it, in the arena */
    uint8_t salt[16];
};
MUST rc content_file_open(struct arena *arena, FILE *in, struct content_file *out, struct err *err);
/* Read the records and write their text. R_LICENSE_FORGED when one does not verify or the last is missing; what
 * was written before is true, but the file is not whole. */
MUST rc content_file_read(const struct content_file *file, FILE *in, FILE *out,
                          const struct secret *content_key, struct err *err);
