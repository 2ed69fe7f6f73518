/* SPDX-License-Identifier: Apache-2.0 */
/* Protected files piece by piece, as they come and go (docs/formats.md §9): for files, sockets and
 * whatever else. Constant memory, whatever the size. One thread per stream. */
#pragma once

#include "base/secret.h"

enum {
    CONTENT_FILE_RECORD = 65536,
    CONTENT_FILE_LICENSE_MAX = 256 * 1024,
    CONTENT_FILE_FIXED = 36, /* bytes of the header before the license */
};

/* Takes what a stream gives out; a failure ends the stream. The bytes are lent. */
typedef rc (*content_sink)(void *arg, struct slice bytes, struct err *err);

/* The length of the license behind the header's fixed part. R_INPUT_NOT_PROTECTED. */
rc content_header_read(const uint8_t fixed[CONTENT_FILE_FIXED], size_t *license_len,
                       struct err *err);

/* --- sealing ---------------------------------------------------------------------------------- */

struct content_sealer;

/* Begin a protected file: the header goes out at once. Borrows license and key for this call only.
 * R_INPUT_INVALID for a license that is too large. */
rc content_sealer_new(struct slice license, const struct secret *content_key, content_sink sink,
                      void *arg, struct content_sealer **out, struct err *err);
rc content_sealer_add(struct content_sealer *sealer, struct slice text, struct err *err);
/* Write the last record. Without it the file is taken for one that was cut. */
rc content_sealer_finish(struct content_sealer *sealer, struct err *err);
void content_sealer_free(struct content_sealer *sealer);

/* --- opening ---------------------------------------------------------------------------------- */

struct content_opener;

/* A file whose header is still to come. */
struct content_opener *content_opener_new(content_sink sink, void *arg);
/* Take bytes of the file; of the records none before content_opener_start, so look at *taken. Text
 * goes out record by record, each after it has verified. R_INPUT_NOT_PROTECTED, R_INPUT_DAMAGED. */
rc content_opener_add(struct content_opener *opener, struct slice bytes, size_t *taken,
                      struct err *err);
/* The publishing license, once the header is complete; empty before that. Lent. */
struct slice content_opener_license(const struct content_opener *opener);
/* Give the content key, which is borrowed for this call only. */
rc content_opener_start(struct content_opener *opener, const struct secret *content_key,
                        struct err *err);
/* The file has ended. R_INPUT_DAMAGED unless its last record was there: what went out before that is
 * genuine, but not the whole file. */
rc content_opener_finish(struct content_opener *opener, struct err *err);
void content_opener_free(struct content_opener *opener);
