/* SPDX-License-Identifier: Apache-2.0 */
/* A connection's bytes, in and out of its socket, with TLS or without. */
#include <errno.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "net/conn.h"

enum { READ_BUFFER_BYTES = 16 * 1024 };

/* Shared by all connections of the process: it is empty again when a read has been fed. */
static uint8_t read_buffer[READ_BUFFER_BYTES];

static enum read_result read_tls(struct net_conn *conn, size_t *len)
{
    /* A stale entry of any OpenSSL call on this thread would be taken for an error of ours. */
    ERR_clear_error();
    int n = SSL_read(conn->ssl, read_buffer, sizeof read_buffer);
    conn->read_wants_write = false;
    if (n > 0) {
        *len = (size_t)n;
        return READ_SOME;
    }
    switch (SSL_get_error(conn->ssl, n)) {
    case SSL_ERROR_WANT_READ:
        return READ_LATER;
    case SSL_ERROR_WANT_WRITE:
        conn->read_wants_write = true;
        return READ_LATER;
    case SSL_ERROR_ZERO_RETURN:
        return READ_END;
    default:
        return READ_LOST;
    }
}

static enum read_result read_plain(struct net_conn *conn, size_t *len)
{
    ssize_t n = recv(conn->fd, read_buffer, sizeof read_buffer, 0);
    if (n > 0) {
        *len = (size_t)n;
        return READ_SOME;
    }
    if (n == 0) {
        return READ_END;
    }
    return errno == EAGAIN || errno == EINTR ? READ_LATER : READ_LOST;
}

ssize_t conn_write_some(struct net_conn *conn, const uint8_t *data, size_t len)
{
    if (conn->ssl == NULL) {
        ssize_t n = send(conn->fd, data, len, MSG_NOSIGNAL);
        if (n < 0) {
            return errno == EAGAIN || errno == EINTR ? 0 : -1;
        }
        return n;
    }
    ERR_clear_error();
    int n = SSL_write(conn->ssl, data, (int)len);
    if (n > 0) {
        return n;
    }
    int why = SSL_get_error(conn->ssl, n);
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

enum read_result conn_read(struct net_conn *conn, struct slice *out)
{
    size_t len = 0;
    enum read_result result = conn->ssl == NULL ? read_plain(conn, &len) : read_tls(conn, &len);
    *out = slice_of(read_buffer, len);
    return result;
}
