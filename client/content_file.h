/* SPDX-License-Identifier: Apache-2.0 */
/* Protected files of any size, in constant memory (docs/formats.md §9).
 *
 * header:  "CHANCERY" 1, 3 zero bytes, record size (4 bytes), license length (4), salt (16),
 *          license
 * records: AES-256-GCM of at most record size − 17 bytes of text, a delimiter (1: more follow,
 *          2: the last), and the tag; the nonce counts records (the construction of RFC 8188 §2).
 *          The header's hash is the associated data of every record, so no other license fits.
 *
 * Reading releases a record only after it has verified. A file that was cut fails, because its last
 * record is missing. */
#pragma once

#include <stdio.h>

#include "base/arena.h"
#include "client/content_stream.h"

/* Write a protected file. R_FILE_UNREADABLE or
 * R_FILE_UNWRITABLE with the system's words if a stream fails. */
rc content_file_write(FILE *in, FILE *out, struct slice license, const struct secret *content_key,
                      struct err *err);
struct content_file {
    struct slice license; /* lent by the arena */
    struct slice header;  /* all of it, the license included; lent by the arena */
};
/* Read the header, and leave `in` at the first record. R_INPUT_NOT_PROTECTED if it is not a
 * protected file. */
rc content_file_open(struct arena *arena, FILE *in, struct content_file *out, struct err *err);
/* Read the records and write their text. R_INPUT_DAMAGED if a record doesn't verify, the last one
 * is missing, or something follows it; what was written before that is genuine, but not the whole
 * file. R_FILE_UNREADABLE or R_FILE_UNWRITABLE with the system's words if a stream fails. */
rc content_file_read(const struct content_file *file, FILE *in, FILE *out,
                     const struct secret *content_key, struct err *err);
