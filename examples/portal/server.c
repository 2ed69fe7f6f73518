/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 for the TLS terminator before us: libmicrohttpd in libevent's loop. */
#include <event2/event.h>
#include <microhttpd.h>
#include <string.h>
#include <sys/socket.h>

#include "page.h"
#include "portal.h"
#include "request.h"

enum {
    HEADER_BYTES = 32768,  /* of one connection: header, and pieces of body */
    REQUEST_SECONDS = 1200 /* from its header to the last byte of its answer */
};
/* To refuse what is no good HTTP; its name has changed. */
#if MHD_VERSION < 0x00097600
#define STRICTNESS MHD_OPTION_STRICT_FOR_CLIENT
#else
#define STRICTNESS MHD_OPTION_CLIENT_DISCIPLINE_LVL
#endif
static const gint64 SECOND = 1000000;

struct server {
    struct portal *portal;
    struct MHD_Daemon *daemon;
    struct event *readable, *timer, *sweep;
    GHashTable *connections; /* struct connection, as a set */
};

/* What a slow peer is told by. */
struct connection {
    struct MHD_Connection *handle;
    gint64 since; /* it was opened, or its last request began or ended */
    bool is_in_request;
};

/* --- the loop --------------------------------------------------------------------------------- */

static void run(struct server *server)
{
    MHD_UNSIGNED_LONG_LONG timeout;
    (void)MHD_run(server->daemon);
    if (MHD_get_timeout(server->daemon, &timeout) == MHD_YES) {
        const struct timeval after = {(time_t)(timeout / 1000),
                                      (suseconds_t)(timeout % 1000) * 1000};
        (void)evtimer_add(server->timer, &after);
    }
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    run(arg);
}

/* Who sends its header a byte at a time, or nothing at all, is cut off, and who takes an answer for ever. */
static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
    struct server *server = arg;
    GHashTableIter iter;
    gpointer key;
    gint64 now = g_get_monotonic_time();
    (void)fd, (void)what;
    g_hash_table_iter_init(&iter, server->connections);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        const struct connection *connection = key;
        gint64 most =
            connection->is_in_request ? REQUEST_SECONDS : server->portal->settings->idle_s;
        if (connection->since < now - most * SECOND) {
            const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(connection->handle, MHD_CONNECTION_INFO_CONNECTION_FD);
            (void)shutdown(info->connect_fd, SHUT_RDWR);
        }
    }
    sessions_sweep(server->portal->sessions);
    run(server);
}

static void on_connection(void *arg, struct MHD_Connection *handle, void **state,
                          enum MHD_ConnectionNotificationCode code)
{
    struct server *server = arg;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        struct connection *connection = g_new0(struct connection, 1);
        *connection = (struct connection){.handle = handle, .since = g_get_monotonic_time()};
        g_hash_table_add(server->connections, connection);
        *state = connection;
    } else if (*state != NULL) {
        (void)g_hash_table_remove(server->connections, *state);
        *state = NULL;
    }
}

static struct connection *connection_of(struct MHD_Connection *handle)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info->socket_context;
}

/* --- answers ---------------------------------------------------------------------------------- */

static void free_body(void *bytes)
{
    g_bytes_unref(bytes);
}

static void add_headers(const struct exchange *exchange, struct MHD_Response *response)
{
    const struct {
        const char *name, *value;
    } headers[] = {
        {"Content-Type", exchange->type},
        {"Content-Security-Policy", exchange->policy},
        {"Content-Disposition", exchange->disposition},
        {"Location", exchange->location},
        {"Set-Cookie", exchange->cookies[0]},
        {"Set-Cookie", exchange->cookies[1]},
        {"Cache-Control", exchange->is_cacheable ? "max-age=3600" : "no-store"},
        {"X-Content-Type-Options", "nosniff"},
        /* Not "no-referrer": browsers would hide the origin of forms too. */
        {"Referrer-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        /* No page of elsewhere that opened this one sees what it shows, not even how many frames it has. What is
         * in a sandbox can't have it. */
        {"Cross-Origin-Opener-Policy", exchange->is_page ? "same-origin" : NULL},
        /* nginx keeps what a browser takes slowly in files. */
        {"X-Accel-Buffering", "no"},
        {"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
        {"Strict-Transport-Security", "max-age=31536000"}};
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        if (headers[i].value != NULL) {
            (void)MHD_add_response_header(response, headers[i].name, headers[i].value);
        }
    }
}

static enum MHD_Result send_answer(struct exchange *exchange)
{
    gsize size;
    const void *data = g_bytes_get_data(exchange->body, &size);
    void *lent = (void *)(uintptr_t)data; /* it only reads */
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
        size, lent, free_body, exchange->body);
    if (response == NULL) {
        return MHD_NO;
    }
    exchange->body = NULL; /* the response's */
    add_headers(exchange, response);
    enum MHD_Result result = MHD_queue_response(exchange->connection, exchange->status, response);
    MHD_destroy_response(response);
    return result;
}

static void handle(struct exchange *exchange)
{
    bool needs_reader = (exchange->route->flags & (ROUTE_SESSION | ROUTE_SIGNED_IN)) != 0;
    bool is_post = strcmp(exchange->route->method, "POST") == 0;
    const struct session *session = exchange->session;
    if (exchange->problem != 0) {
        answer_problem(exchange, MHD_HTTP_BAD_REQUEST, exchange->problem);
    } else if (needs_reader && session == NULL) {
        answer_lost(exchange, MHD_HTTP_FORBIDDEN, P_SESSION_OVER);
    } else if (needs_reader && is_post &&
               !is_same_secret(exchange_field(exchange, "form"), session->form)) {
        answer_lost(exchange, MHD_HTTP_FORBIDDEN, P_NOT_FROM_HERE);
    } else if ((exchange->route->flags & ROUTE_SIGNED_IN) != 0 && session->token == NULL) {
        answer_redirect(exchange, "/sign-in");
    } else {
        exchange->route->handle(exchange);
    }
}

/* libmicrohttpd calls it for the header, for each piece of the body, for its end, and once more after
 * work in a thread. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **state)
{
    struct exchange *exchange = *state;
    (void)version;
    if (exchange == NULL) {
        enum text problem;
        connection_of(connection)->is_in_request = true;
        connection_of(connection)->since = g_get_monotonic_time();
        exchange = request_new(((struct server *)arg)->portal, connection, method, path);
        *state = exchange;
        unsigned status = request_refusal(exchange, &problem);
        if (status != 0) {
            answer_problem(exchange, status, problem);
            return send_answer(exchange);
        }
        return MHD_YES;
    }
    if (*size > 0) {
        return request_take_piece(exchange, data, size) ? MHD_YES : MHD_NO;
    }
    if (exchange->status == 0 && !exchange->is_working) {
        request_end(exchange);
        handle(exchange);
        if (exchange->is_working) {
            MHD_suspend_connection(connection);
            return MHD_YES;
        }
    }
    return exchange->status == 0 ? MHD_NO : send_answer(exchange);
}

static void on_completed(void *arg, struct MHD_Connection *handle_, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct connection *connection = connection_of(handle_);
    (void)arg, (void)code;
    if (connection != NULL) {
        connection->is_in_request = false;
        connection->since = g_get_monotonic_time();
    }
    if (*state != NULL) {
        request_free(*state);
        *state = NULL;
    }
}

void server_resume(struct exchange *exchange)
{
    MHD_resume_connection(exchange->connection);
    event_active(exchange->portal->server->timer, EV_TIMEOUT, 0);
}

/* --- start and end ---------------------------------------------------------------------------- */

static bool add_events(struct server *server)
{
    const struct timeval every = {1, 0};
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct event_base *base = server->portal->base;
    server->readable = event_new(base, info->epoll_fd, EV_READ | EV_PERSIST, on_event, server);
    server->timer = evtimer_new(base, on_event, server);
    server->sweep = event_new(base, -1, EV_PERSIST, on_sweep, server);
    return server->readable != NULL && server->timer != NULL && server->sweep != NULL &&
           event_add(server->readable, NULL) == 0 && event_add(server->sweep, &every) == 0;
}

/* libmicrohttpd's own words may have what a reader sent. */
static void log_nothing(void *arg, const char *format, va_list arguments)
{
    (void)arg, (void)format, (void)arguments;
}

struct server *server_new(struct portal *portal)
{
    struct server *server = g_new0(struct server, 1);
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)portal->settings->port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    server->portal = portal;
    portal->server = server;
    server->connections = g_hash_table_new_full(NULL, NULL, g_free, NULL);
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request,
        server, MHD_OPTION_EXTERNAL_LOGGER, log_nothing, NULL, MHD_OPTION_SOCK_ADDR,
        (const struct sockaddr *)&address, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)portal->settings->connections, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)portal->settings->idle_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HEADER_BYTES, STRICTNESS, 1, MHD_OPTION_END);
    if (server->daemon == NULL || !add_events(server)) {
        server_free(server);
        return NULL;
    }
    return server;
}

void server_free(struct server *server)
{
    struct event *events[] = {server->readable, server->timer, server->sweep};
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        if (events[i] != NULL) {
            event_free(events[i]);
        }
    }
    if (server->daemon != NULL) {
        (void)MHD_run(server->daemon); /* what was resumed is answered */
        MHD_stop_daemon(server->daemon);
    }
    g_hash_table_unref(server->connections);
    server->portal->server = NULL;
    g_free(server);
}
