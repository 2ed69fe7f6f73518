/* SPDX-License-Identifier: Apache-2.0 */
/* The only place that feeds nghttp2 and asks it for output. Called from the connection's own
 * events, never from a callback of nghttp2. */
#include <string.h>

#include "base/mem.h"
#include "net/net_internal.h"

bool h2_feed(struct net_conn *conn, const uint8_t *data, size_t len)
{
    ssize_t n = nghttp2_session_mem_recv(conn->session, data, len);
    h2_deliver(conn);
    return n == (ssize_t)len;
}

/* Copy output into the write buffer until it is full or nghttp2 has no more. A chunk that does not
 * fit is kept by its tail: nghttp2 keeps it valid until the next call. */
static bool fill(struct net_conn *conn)
{
    while (conn->out_end < WRITE_BUFFER_BYTES) {
        if (conn->out_rest.len == 0) {
            const uint8_t *chunk;
            ssize_t n = nghttp2_session_mem_send(conn->session, &chunk);
            if (n < 0) {
                return false;
            }
            if (n == 0) {
                return true;
            }
            conn->out_rest = slice_of(chunk, (size_t)n);
        }
        size_t room = WRITE_BUFFER_BYTES - conn->out_end;
        size_t n = conn->out_rest.len < room ? conn->out_rest.len : room;
        memcpy(conn->out + conn->out_end, conn->out_rest.ptr, n);
        conn->out_end += n;
        conn->out_rest = slice_cut(conn->out_rest, n, conn->out_rest.len);
    }
    return true;
}

bool h2_flush(struct net_conn *conn)
{
    for (;;) {
        if (conn->out == NULL) {
            conn->out = xcalloc(WRITE_BUFFER_BYTES, 1);
        }
        if (conn->out_start == conn->out_end) {
            conn->out_start = conn->out_end = 0;
            if (!fill(conn)) {
                return false;
            }
            if (conn->out_end == 0) {
                xfree(conn->out);
                conn->out = NULL;
                conn->want_write = false;
                return true;
            }
        }
        ssize_t n = conn_write(conn, conn->out + conn->out_start, conn->out_end - conn->out_start);
        if (n < 0) {
            return false;
        }
        if (n == 0) {
            conn->want_write = true;
            return true;
        }
        conn->out_start += (size_t)n;
    }
}
