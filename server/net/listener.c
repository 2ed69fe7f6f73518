/* SPDX-License-Identifier: Apache-2.0 */
#include "net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "base/mem.h"
#include "net/conn.h"
#include "net/server.h"
#include "net/tls.h"
#include "obs/log.h"
#include "obs/metrics.h"

enum {
    BACKLOG = 1024,
    REST_MS = 1000,       /* of a listener while there are no descriptors */
    REST_EVICTED_MS = 50, /* the same when one was freed */
};

struct net_listener {
    struct list link;
    struct net_server *server;
    struct loop_fd watch;
    struct loop_timer rest;
    SSL_CTX *tls;
    unsigned number;
};

/* Whether somebody listens at a Unix socket. */
static bool is_served(const struct sockaddr_un *addr)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool answers = fd >= 0 && (connect(fd, (const struct sockaddr *)addr, sizeof *addr) == 0 ||
                               errno == EAGAIN); /* its backlog is full */
    if (fd >= 0) {
        close(fd);
    }
    return answers;
}

/* Take away what a crash left, and nothing else: not another server's socket, and no file. */
static rc clear_path(const struct sockaddr_un *addr, struct err *err)
{
    struct stat there;
    if (lstat(addr->sun_path, &there) != 0) {
        return OK;
    }
    if (!S_ISSOCK(there.st_mode)) {
        FAIL(err, R_STARTUP_FAILED, "%s is there already and is no socket", addr->sun_path);
    }
    if (is_served(addr)) {
        FAIL(err, R_STARTUP_FAILED, "another process listens on unix:%s", addr->sun_path);
    }
    (void)unlink(addr->sun_path);
    return OK;
}

static rc listen_unix(const char *path, int *fd_out, struct err *err)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof addr.sun_path) {
        FAIL(err, R_CONFIG_INVALID, "socket path %s is too long", path);
    }
    memcpy(addr.sun_path, path, strlen(path) + 1);
    TRY(clear_path(&addr, err));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&addr, sizeof addr) != 0 ||
        chmod(path, S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP) != 0 || listen(fd, BACKLOG) != 0) {
        int why = errno;
        if (fd >= 0) {
            close(fd);
        }
        FAIL(err, R_STARTUP_FAILED, "can't listen on unix:%s: %s", path, strerrorname_np(why));
    }
    *fd_out = fd;
    return OK;
}

static bool is_port(const char *text)
{
    int value = 0;
    for (size_t i = 0; text[i] != '\0'; i++) {
        value = value * 10 + (text[i] - '0');
        if (text[i] < '0' || text[i] > '9' || value > 65535) {
            return false;
        }
    }
    return text[0] != '\0';
}

/* "[::1]:443" or "127.0.0.1:443" → a numeric address; no DNS. */
static rc resolve(const char *address, struct addrinfo **out, struct err *err)
{
    const char *colon = strrchr(address, ':');
    char host[64];
    size_t len = colon == NULL ? sizeof host : (size_t)(colon - address);
    if (len >= sizeof host || len == 0) {
        FAIL(err, R_CONFIG_INVALID, "%s is no host:port", address);
    }
    bool bracketed = address[0] == '[' && address[len - 1] == ']';
    snprintf(host, sizeof host, "%.*s", (int)(bracketed ? len - 2 : len),
             bracketed ? address + 1 : address);
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                   .ai_socktype = SOCK_STREAM};
    /* getaddrinfo takes a port modulo 65,536. */
    if (!is_port(colon + 1) || getaddrinfo(host, colon + 1, &hints, out) != 0) {
        FAIL(err, R_CONFIG_INVALID, "%s is no numeric address with a port", address);
    }
    return OK;
}

/* A socket that listens; −1 with errno. `shared`: others of ours may listen there too. */
static int open_tcp(const struct addrinfo *info, bool shared)
{
    static const int on = 1;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
              (!shared || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0) &&
              bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0;
    int why = errno;
    if (!ok && fd >= 0) {
        close(fd);
    }
    errno = why;
    return ok ? fd : -1;
}

/* With SO_REUSEPORT a second server of the same user would share the port, and get a part of the
 * connections. So the first socket of an address is tried without. */
static bool is_free(const struct addrinfo *info)
{
    int fd = open_tcp(info, false);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

static rc listen_tcp(const char *address, bool is_first, int *fd_out, struct err *err)
{
    struct addrinfo *info = NULL;
    TRY(resolve(address, &info, err));
    CH_ASSERT(info != NULL);
    int fd = !is_first || is_free(info) ? open_tcp(info, true) : -1;
    int why = errno;
    freeaddrinfo(info);
    if (fd < 0) {
        FAIL(err, R_STARTUP_FAILED, "can't listen on %s: %s", address, strerrorname_np(why));
    }
    *fd_out = fd;
    return OK;
}

rc net_listen(const char *address, bool is_first, int *fd_out, struct err *err)
{
    if (strncmp(address, "unix:", 5) == 0) {
        return listen_unix(address + 5, fd_out, err);
    }
    return listen_tcp(address, is_first, fd_out, err);
}

static void format_address(const struct sockaddr_storage *addr, char *out, size_t cap)
{
    char host[INET6_ADDRSTRLEN] = "";
    if (addr->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)addr;
        inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
        snprintf(out, cap, "%s:%u", host, ntohs(in->sin_port));
    } else if (addr->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)addr;
        inet_ntop(AF_INET6, &in->sin6_addr, host, sizeof host);
        snprintf(out, cap, "[%s]:%u", host, ntohs(in->sin6_port));
    } else {
        snprintf(out, cap, "unix");
    }
}

void net_bound_address(int fd, char *out, size_t cap)
{
    struct sockaddr_storage addr = {0};
    socklen_t len = sizeof addr;
    (void)getsockname(fd, (struct sockaddr *)&addr, &len);
    format_address(&addr, out, cap);
}

static bool is_loopback(int fd)
{
    struct sockaddr_storage addr = {0};
    socklen_t len = sizeof addr;
    if (getsockname(fd, (struct sockaddr *)&addr, &len) != 0) {
        return false;
    }
    if (addr.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)&addr;
        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)&addr;
    return addr.ss_family == AF_UNIX ||
           (addr.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr));
}

/* Without descriptors the socket stays readable, and asking again at once would take the whole worker:
 * somebody goes, and the listener rests. */
static void accept_failed(struct net_listener *listener, int why)
{
    struct net_server *server = listener->server;
    if (why != EMFILE && why != ENFILE && why != ENOBUFS && why != ENOMEM) {
        return; /* nobody is there, or they have gone again */
    }
    bool has_room = conn_slots_evict(server);
    metric_add(M_ACCEPT_FAILURES, NULL, NULL, 1);
    log_event(LOG_WARNING, "net.accept_failed", F_STR("error", strerrorname_np(why)),
              F_INT("connections", (int64_t)server->conn_count),
              F_STR("evicted", has_room ? "one" : "none"));
    loop_fd_want(&listener->watch, false, false);
    loop_timer_arm(&listener->rest, has_room ? REST_EVICTED_MS : REST_MS);
}

static void on_rested(struct loop_timer *timer)
{
    struct net_listener *listener = LIST_ENTRY(timer, struct net_listener, rest);
    loop_fd_want(&listener->watch, true, false);
}

static void on_acceptable(struct loop_fd *watch, bool readable, bool writable)
{
    static const int on = 1;
    (void)readable;
    (void)writable;
    struct net_listener *listener = LIST_ENTRY(watch, struct net_listener, watch);
    struct net_server *server = listener->server;
    const unsigned lost_ms = (unsigned)server->config.keepalive_timeout_ms;
    for (int i = 0; i < 64; i++) { /* leave some turns to the connections that are there */
        struct conn_origin origin = {.listener = listener->number};
        socklen_t len = sizeof origin.address;
        int fd = accept4(watch->fd, (struct sockaddr *)&origin.address, &len,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            accept_failed(listener, errno);
            return;
        }
        if (server->draining || !conn_slots_make_room(server, &origin.address)) {
            close(fd);
            continue;
        }
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &lost_ms, sizeof lost_ms);
        char peer[64];
        format_address(&origin.address, peer, sizeof peer);
        origin.peer = peer;
        conn_accept(server, fd, listener->tls, &origin);
    }
}

rc net_server_listen(struct net_server *server, int fd, const struct net_tls_config *tls,
                     unsigned number, struct err *err)
{
    SSL_CTX *ctx = NULL;
    bool loopback = is_loopback(fd);
    rc result = OK;
    if (tls != NULL) {
        result = tls_context_new(tls, &server->config, &ctx, err);
    } else if (!loopback) {
        result = err_raise(err, R_CONFIG_INVALID, __FILE__, __LINE__,
                           "cleartext is for loopback and Unix sockets only");
    }
    if (!result.ok) {
        close(fd);
        return result;
    }
    struct net_listener *listener = xcalloc(1, sizeof *listener);
    listener->server = server;
    listener->tls = ctx;
    listener->number = number;
    list_append(&server->listeners, &listener->link);
    loop_timer_init(&listener->rest, server->loop, on_rested);
    loop_fd_init(&listener->watch, server->loop, fd, on_acceptable);
    loop_fd_want(&listener->watch, true, false);
    return OK;
}

void listeners_close(struct net_server *server)
{
    struct list *link;
    while ((link = list_pop(&server->listeners)) != NULL) {
        struct net_listener *listener = LIST_ENTRY(link, struct net_listener, link);
        int fd = listener->watch.fd;
        loop_timer_fini(&listener->rest);
        loop_fd_fini(&listener->watch);
        close(fd);
        SSL_CTX_free(listener->tls);
        xfree(listener);
    }
}
