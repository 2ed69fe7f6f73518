/* SPDX-License-Identifier: Apache-2.0 */
/* What the lines of an HTTP/1.1 request say (RFC 9112). Pure.
 *
 * Strict where a proxy before us could read it otherwise, for whoever makes two parsers see different
 * requests smuggles one: lines end in CR LF and nowhere else, nothing stands before a colon, no line is
 * continued, a body has one length. What is doubtful is refused, never repaired. */
#pragma once

#include "base/slice.h"

enum {
    HTTP1_TARGET_MAX = 8 * 1024,
    HTTP1_CHUNK_LINE_MAX = 256,
};

/* Why a request is refused: the status of the answer, and a sentence. Static. */
struct http1_fault {
    int status;
    const char *sentence;
};

/* What of the head decides how the exchange goes. Zeroed before the request line. */
struct http1_head {
    bool is_1_0;
    bool has_host, has_length, is_chunked;
    bool wants_close;
    bool expects_continue;
    uint64_t length; /* of the body, if has_length */
};

struct http1_line {
    enum { HTTP1_LINE_LATER, HTTP1_LINE_DONE, HTTP1_LINE_BROKEN } found;
    struct slice text; /* without its CR LF */
    size_t used;       /* bytes with them */
};

/* Find the first line; `seen` bytes are known to have no end. BROKEN: a bare CR or LF, or more than `max`
 * bytes without an end. */
struct http1_line http1_find_line(struct slice in, size_t seen, size_t max);

/* The functions below return NULL when all is well. What they give back lies in the line. */

const struct http1_fault *http1_read_request_line(struct http1_head *head, struct slice line,
                                                  struct slice *method, struct slice *target);
/* A target in origin form, or the absolute form of the same (RFC 9112 §3.2): its path, and what follows
 * the question mark; without one the query's ptr is NULL. */
const struct http1_fault *http1_read_target(struct slice target, struct slice *path,
                                            struct slice *query);
const struct http1_fault *http1_read_field(struct http1_head *head, struct slice line,
                                           struct slice *name, struct slice *value);
/* After the last field. */
const struct http1_fault *http1_check_head(const struct http1_head *head);
/* A chunk's size; what its extensions say is ignored (RFC 9112 §7.1.1). */
const struct http1_fault *http1_read_chunk_size(struct slice line, uint64_t *size);
