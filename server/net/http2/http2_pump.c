/* SPDX-License-Identifier: Apache-2.0 */
/* The only place that feeds nghttp2 and asks it for output. Called from the connection's own
 * events, never from a callback of nghttp2. */
#include <string.h>

#include "net/http2/http2_session.h"

bool http2_feed(void *session, struct slice data)
{
    const struct http2_session *s = session;
    return nghttp2_session_mem_recv(s->nghttp2, data.ptr, data.len) == (ssize_t)data.len;
}

/* One answer is three chunks, and a chunk may be larger than the room that is left: its tail is kept,
 * because nghttp2 keeps it valid until the next call. */
ssize_t http2_fill(void *session, uint8_t *out, size_t cap)
{
    struct http2_session *s = session;
    size_t end = 0;
    while (end < cap) {
        if (s->rest.len == 0) {
            const uint8_t *chunk;
            ssize_t n = nghttp2_session_mem_send(s->nghttp2, &chunk);
            if (n < 0) {
                return -1;
            }
            if (n == 0) {
                break;
            }
            s->rest = slice_of(chunk, (size_t)n);
        }
        size_t n = s->rest.len < cap - end ? s->rest.len : cap - end;
        memcpy(out + end, s->rest.ptr, n);
        end += n;
        s->rest = slice_cut(s->rest, n, s->rest.len);
    }
    return (ssize_t)end;
}
