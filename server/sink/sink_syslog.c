/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/sink_syslog.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/mem.h"
#include "dns/dns_host.h"

enum {
    LOOK_UP_MS = 5000,
    OPEN_MS = 10 * 1000,    /* for connection and handshake */
    UNACKED_MS = 30 * 1000, /* then the receiver's machine is gone */
    ACK_FIRST_MS = 1,
    ACK_MOST_MS = 50,
    LOST_MS =
        3000, /* a receiver's program has read what arrived, or it has ended and its connections with it */
    READS_PER_TURN = 16,
    WRITES_PER_TURN = 16,
    PRI_GRANTED = 13 * 8 + 6, /* RFC 5424 §6.2.1: log audit, informational */
    PRI_REFUSED = 13 * 8 + 5, /* notice */
    HEADER_BYTES = 512,
    MSGID_MAX = 32,
};

enum link_state { LINK_DOWN, LINK_LOOKING, LINK_CONNECTING, LINK_SHAKING, LINK_READY };

struct sink_syslog {
    struct sink_way way; /* first */
    struct sink_syslog_config config;
    SSL_CTX *ctx;
    enum link_state state;
    struct dns_host host;
    size_t address; /* the one that is tried */
    int fd;         /* −1: none */
    SSL *ssl;
    struct loop_fd watch;
    struct loop_timer timer; /* for opening; then for acknowledgments */
    int64_t ack_ms;
    bool is_awaited; /* `done` is, for … */
    struct slice bytes;
    size_t sent; /* of them, to the socket */
};

static struct sink_syslog *syslog_of(struct sink_way *way)
{
    return (struct sink_syslog *)way;
}

/* --- records ---------------------------------------------------------------------------------- */

/* RFC 5424 §6, in octets counted (RFC 5425 §4.3). What follows is JSON in UTF-8 without a BOM, which its readers would not
 * understand. */
static void frame(const struct sink_way *way, const struct sink_record *record, struct buf *out)
{
    const struct sink_syslog *s = (const struct sink_syslog *)way;
    char header[HEADER_BYTES], time[RFC3339_BYTES];
    clock_rfc3339(record->at, time);
    int len = snprintf(header, sizeof header, "<%d>1 %s %.255s chancery - %.*s - ",
                       record->granted ? PRI_GRANTED : PRI_REFUSED, time, s->config.origin,
                       MSGID_MAX, record->operation[0] == '\0' ? "-" : record->operation);
    buf_printf(out, "%zu ", (size_t)len + strlen(record->json));
    buf_add_str(out, header);
    buf_add_str(out, record->json);
}

/* --- the connection's end --------------------------------------------------------------------- */

static void hang_up(struct sink_syslog *s)
{
    loop_timer_cancel(&s->timer);
    if (s->state == LINK_LOOKING) {
        dns_host_cancel(&s->host);
    }
    if (s->fd >= 0) {
        loop_fd_fini(&s->watch);
        SSL_free(s->ssl);
        close(s->fd);
        s->ssl = NULL;
        s->fd = -1;
    }
    s->state = LINK_DOWN;
}

static void fail(struct sink_syslog *s, const char *why)
{
    struct err err = {0};
    bool was_ready = s->state == LINK_READY, was_awaited = s->is_awaited;
    hang_up(s);
    s->is_awaited = false;
    (void)err_raise(&err, R_SINK_UNREACHABLE, __FILE__, __LINE__, "%s: %s", s->config.tls.host, why)
        .ok;
    if (was_ready) {
        s->way.broken(s->way.user, &err);
    }
    if (was_awaited) {
        s->way.done(s->way.user, &err);
    }
}

static void succeed(struct sink_syslog *s)
{
    loop_timer_cancel(&s->timer);
    s->is_awaited = false;
    s->way.done(s->way.user, &(struct err){0});
}

/* --- sending ---------------------------------------------------------------------------------- */

/* Whether the connection is still there. A receiver says nothing but that it goes; one that does speak has a share of the turn. */
static bool drain(struct sink_syslog *s, bool *wants_write)
{
    char nothing[1024];
    int n = 1;
    for (int i = 0; n > 0; i++) {
        if (i == READS_PER_TURN) {
            loop_fd_poke(
                &s->watch); /* the rest may be in the SSL, where the descriptor doesn't show it */
            return true;
        }
        ERR_clear_error();
        n = SSL_read(s->ssl, nothing, sizeof nothing);
    }
    int why = SSL_get_error(s->ssl, n);
    *wants_write = why == SSL_ERROR_WANT_WRITE;
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

static bool write_some(struct sink_syslog *s, bool *wants_write)
{
    for (int i = 0; s->is_awaited && s->sent < s->bytes.len; i++) {
        if (i == WRITES_PER_TURN) {
            loop_fd_poke(&s->watch);
            return true;
        }
        ERR_clear_error();
        int n = SSL_write(s->ssl, s->bytes.ptr + s->sent, (int)(s->bytes.len - s->sent));
        int why = SSL_get_error(s->ssl, n);
        if (n > 0) {
            s->sent += (size_t)n;
        } else if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
            *wants_write = *wants_write || why == SSL_ERROR_WANT_WRITE;
            return true;
        } else {
            return false;
        }
    }
    return true;
}

/* All is with the receiver's machine when the socket has nothing that is not acknowledged. */
static void look_for_ack(struct sink_syslog *s)
{
    int waiting = 0;
    if (!s->is_awaited || s->sent < s->bytes.len) {
        return;
    }
    if (ioctl(s->fd, SIOCOUTQ, &waiting) == 0 && waiting == 0) {
        succeed(s);
        return;
    }
    loop_timer_arm(&s->timer, s->ack_ms);
    s->ack_ms = s->ack_ms * 2 > ACK_MOST_MS ? ACK_MOST_MS : s->ack_ms * 2;
}

static void go_on(struct sink_syslog *s)
{
    bool wants_write = false;
    if (!drain(s, &wants_write) || !write_some(s, &wants_write)) {
        fail(s, sink_tls_problem(s->ssl));
        return;
    }
    loop_fd_want(&s->watch, true, wants_write);
    if (!loop_timer_is_armed(&s->timer)) {
        look_for_ack(s);
    }
}

/* --- opening ---------------------------------------------------------------------------------- */

static void try_next(struct sink_syslog *s, const char *why);

static void shake(struct sink_syslog *s)
{
    ERR_clear_error();
    int n = SSL_connect(s->ssl);
    int why = SSL_get_error(s->ssl, n);
    if (n == 1) {
        loop_timer_cancel(&s->timer);
        s->state = LINK_READY;
        go_on(s);
    } else if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        loop_fd_want(&s->watch, why == SSL_ERROR_WANT_READ, why == SSL_ERROR_WANT_WRITE);
    } else {
        try_next(s, sink_tls_problem(s->ssl));
    }
}

static void connected(struct sink_syslog *s)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0) {
        try_next(s, strerror(error));
        return;
    }
    s->ssl = sink_tls_begin(s->ctx, s->config.tls.host, s->fd);
    if (s->ssl == NULL) {
        try_next(s, "no TLS");
        return;
    }
    s->state = LINK_SHAKING;
    shake(s);
}

static void ready(struct loop_fd *watch, bool readable, bool writable)
{
    struct sink_syslog *s = LIST_ENTRY(watch, struct sink_syslog, watch);
    (void)readable;
    if (s->state == LINK_CONNECTING && writable) {
        connected(s);
    } else if (s->state == LINK_SHAKING) {
        shake(s);
    } else if (s->state == LINK_READY) {
        go_on(s);
    }
}

/* False: not even begun. */
static bool connect_to(struct sink_syslog *s, union dns_address *address)
{
    const int one = 1, unacked_ms = UNACKED_MS;
    bool is_v4 = address->any.sa_family == AF_INET;
    in_port_t port = htons((in_port_t)s->config.port);
    if (is_v4) {
        address->v4.sin_port = port;
    } else {
        address->v6.sin6_port = port;
    }
    s->fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0) {
        return false;
    }
    loop_fd_init(&s->watch, s->way.loop, s->fd, ready);
    (void)setsockopt(s->fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    (void)setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    (void)setsockopt(s->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacked_ms, sizeof unacked_ms);
    socklen_t len = is_v4 ? sizeof address->v4 : sizeof address->v6;
    return connect(s->fd, &address->any, len) == 0 || errno == EINPROGRESS;
}

/* `why` the one before did not serve. */
static void try_next(struct sink_syslog *s, const char *why)
{
    char last[96];
    size_t next = s->address;
    snprintf(last, sizeof last, "%s", why); /* it may lie in what goes now */
    hang_up(s);
    while (next < s->host.count) {
        s->state = LINK_CONNECTING;
        s->address = next + 1;
        if (connect_to(s, &s->host.addresses[next])) {
            loop_fd_want(&s->watch, false, true);
            loop_timer_arm(&s->timer, OPEN_MS);
            return;
        }
        snprintf(last, sizeof last, "%s", strerror(errno));
        hang_up(s);
        next++;
    }
    fail(s, last);
}

static void looked_up(struct dns_host *host)
{
    struct sink_syslog *s = host->user;
    s->address = 0;
    s->state = LINK_DOWN;
    try_next(s, host->err.reason != R_NONE ? err_words(&host->err) : "there is no such host");
}

static void on_timer(struct loop_timer *timer)
{
    struct sink_syslog *s = LIST_ENTRY(timer, struct sink_syslog, timer);
    if (s->state == LINK_READY) {
        go_on(s);
    } else {
        try_next(s, "it does not answer in time");
    }
}

/* --- the way ---------------------------------------------------------------------------------- */

static void send_bytes(struct sink_way *way, struct slice bytes)
{
    struct sink_syslog *s = syslog_of(way);
    s->bytes = bytes;
    s->sent = 0;
    s->is_awaited = true;
    s->ack_ms = ACK_FIRST_MS;
    if (s->state == LINK_READY) {
        loop_fd_poke(&s->watch);
    } else {
        s->state = LINK_LOOKING;
        dns_host_start(s->config.dns, &s->host, s->config.tls.host, LOOK_UP_MS);
    }
}

/* What is half written would spoil what comes next on this connection. */
static void stop(struct sink_way *way)
{
    struct sink_syslog *s = syslog_of(way);
    if (s->is_awaited) {
        hang_up(s);
    }
    s->is_awaited = false;
}

static void free_way(struct sink_way *way)
{
    struct sink_syslog *s = syslog_of(way);
    if (s->state == LINK_READY && !s->is_awaited) {
        ERR_clear_error();
        (void)SSL_shutdown(s->ssl); /* says that nothing was cut; nobody waits for the answer */
        ERR_clear_error();
    }
    hang_up(s);
    loop_timer_fini(&s->timer);
    SSL_CTX_free(s->ctx);
    xfree(s);
}

rc sink_syslog_new(struct loop *loop, const struct sink_syslog_config *config,
                   struct sink_way **out, struct err *err)
{
    static const struct sink_way_ops ops = {
        .frame = frame, .send = send_bytes, .stop = stop, .free = free_way};
    SSL_CTX *ctx = NULL;
    TRY(sink_tls_context(&config->tls, &ctx, err));
    struct sink_syslog *s = xcalloc(1, sizeof *s);
    s->way = (struct sink_way){.ops = &ops, .loop = loop, .lost_ms = LOST_MS};
    s->config = *config;
    s->ctx = ctx;
    s->fd = -1;
    s->host.done = looked_up;
    s->host.user = s;
    loop_timer_init(&s->timer, loop, on_timer);
    *out = &s->way;
    return OK;
}
