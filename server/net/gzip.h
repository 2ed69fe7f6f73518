/* SPDX-License-Identifier: Apache-2.0 */
/* gzip (RFC 1952) of single messages. A message is inflated in steps, because a megabyte of output takes
 * milliseconds in which nobody else is served. Loop thread only. */
#pragma once

#include "base/err.h"
#include "net/bytes.h"

struct gunzip;

enum gunzip_result {
    GUNZIP_MORE, /* call again */
    GUNZIP_DONE,
    GUNZIP_FAILED, /* *err says why: R_COMPRESSION_INVALID, R_MESSAGE_TOO_LARGE */
};

/* No input of `packed` bytes inflates to more (zlib's technical notes: 1032 to 1). */
size_t gunzip_bound(size_t packed);
/* Begin with a message of at most `max` bytes: a bomb stops there. */
struct gunzip *gunzip_new(size_t max);
/* Inflate some 16 KiB more. `packed` is the whole message, the same bytes at every call. */
enum gunzip_result gunzip_step(struct gunzip *gunzip, struct slice packed, struct err *err);
/* What was inflated so far. Lends until the next step. */
struct slice gunzip_view(const struct gunzip *gunzip);
/* NULL is fine. */
void gunzip_free(struct gunzip *gunzip);

/* Compress a message onto the heap (caller frees); false when that does not make it smaller, or won't
 * by the look of some pieces of a long one. */
bool gzip_pack(struct slice message, struct bytes *out);
