/* SPDX-License-Identifier: Apache-2.0 */
#include "request.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <string.h>

#include "portal.h"
#include "shares.h"
#include "wiped.h"

enum {
    FORM_BYTES_MAX = 16 * 1024,
    LONG_FORM_BYTES_MAX = 512 * 1024,
    FILES_MAX = 8,
    FIELDS_MAX = 16,
    FIELD_BYTES_MAX = 16 * 1024, /* 4,000 letters, whichever they are */
    BODY_SECONDS = 180           /* for all of a body */
};

/* --- what comes ------------------------------------------------------------------------------- */

static void free_field(void *field)
{
    wipe_string(field);
}

static void free_file(void *file)
{
    wipe_array(file);
}

static bool has_flag(const struct exchange *exchange, unsigned flag)
{
    return exchange->route != NULL && (exchange->route->flags & flag) != 0;
}

/* What is written lies where it can get as large as it may: growing would leave copies behind. */
static enum MHD_Result add_to_field(struct exchange *exchange, const char *name, const char *data,
                                    size_t size)
{
    bool is_long = has_flag(exchange, ROUTE_WRITES) && strcmp(name, "text") == 0;
    GString *value = g_hash_table_lookup(exchange->fields, name);
    if (value == NULL) {
        if (g_hash_table_size(exchange->fields) == FIELDS_MAX) {
            return MHD_NO;
        }
        value = is_long ? g_string_sized_new(exchange->size_max) : g_string_new(NULL);
        g_hash_table_insert(exchange->fields, g_strdup(name), value);
    }
    if (value->len + size > (is_long ? exchange->size_max : FIELD_BYTES_MAX)) {
        return MHD_NO;
    }
    g_string_append_len(value, data, (gssize)size);
    return MHD_YES;
}

static enum MHD_Result on_form(void *arg, enum MHD_ValueKind kind, const char *name,
                               const char *file, const char *type, const char *encoding,
                               const char *data, uint64_t at, size_t size)
{
    struct exchange *exchange = arg;
    (void)kind, (void)type, (void)encoding;
    if (file != NULL) {
        if (at == 0 && (file[0] == '\0' || exchange->files->len == FILES_MAX)) {
            return size == 0 || file[0] == '\0' ? MHD_YES : MHD_NO;
        }
        if (at == 0) {
            /* At once as large as it can get: growing would copy, and hold the loop. */
            g_ptr_array_add(exchange->files, g_byte_array_sized_new((guint)exchange->size_max));
        }
        if (exchange->files->len > 0) {
            g_byte_array_append(g_ptr_array_index(exchange->files, exchange->files->len - 1),
                                (const guint8 *)data, (guint)size);
        }
        return MHD_YES;
    }
    return add_to_field(exchange, name, data, size);
}

bool request_take_piece(struct exchange *exchange, const char *data, size_t *size)
{
    bool is_late = g_get_monotonic_time() - exchange->started > (gint64)BODY_SECONDS * 1000000;
    exchange->size += *size;
    if (is_late || exchange->size > exchange->size_max) {
        return false;
    }
    if (exchange->post != NULL && MHD_post_process(exchange->post, data, *size) != MHD_YES) {
        exchange->problem = P_NOT_FROM_HERE;
    }
    *size = 0;
    return true;
}

/* The last field is complete only now. */
void request_end(struct exchange *exchange)
{
    if (exchange->post != NULL && MHD_destroy_post_processor(exchange->post) != MHD_YES) {
        exchange->problem = P_NOT_FROM_HERE;
    }
    exchange->post = NULL;
}

/* --- before the body -------------------------------------------------------------------------- */

static const char *header(const struct exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

/* Whether a path is a route's; the number that it has. */
static bool is_path(const char *route, const char *path, size_t *number)
{
    const char *star = strchr(route, '*');
    if (star == NULL) {
        return strcmp(route, path) == 0;
    }
    size_t before = (size_t)(star - route);
    char *end;
    if (strncmp(route, path, before) != 0 || !g_ascii_isdigit(path[before])) {
        return false;
    }
    *number = (size_t)g_ascii_strtoull(path + before, &end, 10);
    return strcmp(star + 1, end) == 0;
}

static void find_route(struct exchange *exchange, const char *method, const char *path)
{
    exchange->is_head = strcmp(method, "HEAD") == 0;
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        bool is_method = strcmp(ROUTES[i].method, exchange->is_head ? "GET" : method) == 0;
        if (is_method && is_path(ROUTES[i].path, path, &exchange->number)) {
            exchange->route = &ROUTES[i];
            return;
        }
    }
}

/* Browsers say from which page a POST comes (Origin), and whether another site has led to an address
 * (Sec-Fetch-Site): what another site makes them ask for is refused. */
static bool is_from_here(const struct exchange *exchange)
{
    const char *host = header(exchange, "Host"), *origin = header(exchange, "Origin"),
               *site = header(exchange, "Sec-Fetch-Site");
    bool is_post = exchange->route != NULL && strcmp(exchange->route->method, "POST") == 0;
    bool needs_session = has_flag(exchange, ROUTE_SESSION);
    bool is_for_all = exchange->route == NULL || has_flag(exchange, ROUTE_FROM_ABROAD);
    if (host == NULL || g_ascii_strcasecmp(host, exchange->portal->host) != 0) {
        return false;
    }
    if (is_post) {
        return origin != NULL && strcmp(origin, exchange->portal->settings->origin) == 0;
    }
    /* Whoever follows a link, or comes back from a provider, sees the page by itself. Nothing is done by
     * it: a mail may have such links too. */
    const char *mode = header(exchange, "Sec-Fetch-Mode"),
               *target = header(exchange, "Sec-Fetch-Dest");
    bool is_followed = !has_flag(exchange, ROUTE_FROM_HERE) && mode != NULL &&
                       strcmp(mode, "navigate") == 0 && target != NULL &&
                       strcmp(target, "document") == 0;
    return is_for_all || !needs_session || is_followed || site == NULL ||
           strcmp(site, "cross-site") != 0;
}

static size_t content_length(const struct exchange *exchange)
{
    const char *text = header(exchange, "Content-Length");
    return text == NULL ? 0 : (size_t)g_ascii_strtoull(text, NULL, 10);
}

unsigned request_refusal(struct exchange *exchange, enum text *problem)
{
    size_t length = content_length(exchange);
    bool is_upload = has_flag(exchange, ROUTE_UPLOADS), is_text = has_flag(exchange, ROUTE_WRITES);
    size_t mail = (size_t)exchange->portal->settings->mail_mib * 1024 * 1024;
    size_t most =
        is_upload ? upload_bytes_max(mail) : (is_text ? LONG_FORM_BYTES_MAX : FORM_BYTES_MAX);
    exchange->size_max = MIN(length, most);
    *problem = P_NOT_FROM_HERE;
    if (!is_from_here(exchange)) {
        return MHD_HTTP_FORBIDDEN;
    }
    *problem = P_NOT_FOUND;
    if (exchange->route == NULL) {
        return MHD_HTTP_NOT_FOUND;
    }
    *problem = P_FAULT;
    if (header(exchange, "Transfer-Encoding") != NULL) {
        return MHD_HTTP_LENGTH_REQUIRED;
    }
    *problem = is_text ? P_ANSWER_TOO_LONG : P_TOO_LARGE;
    if (length > most) {
        return MHD_HTTP_CONTENT_TOO_LARGE;
    }
    *problem = P_BUSY;
    return (is_upload || is_text) &&
                   !sessions_take_memory(exchange->portal->sessions, exchange->network, length,
                                         &exchange->charged)
               ? MHD_HTTP_SERVICE_UNAVAILABLE
               : 0;
}

static char *reader_ip(const struct exchange *exchange)
{
    unsigned char ignored[16];
    const char *said = header(exchange, exchange->portal->settings->reader_ip_header);
    bool is_ip = said != NULL && (inet_pton(AF_INET, said, ignored) == 1 ||
                                  inet_pton(AF_INET6, said, ignored) == 1);
    return g_strdup(is_ip ? said : "127.0.0.1");
}

static void find_reader(struct exchange *exchange)
{
    const char *id =
        MHD_lookup_connection_value(exchange->connection, MHD_COOKIE_KIND, "__Host-chancery");
    const char *chosen = MHD_lookup_connection_value(exchange->connection, MHD_COOKIE_KIND,
                                                     "__Host-chancery-language");
    exchange->language = language_of(chosen != NULL ? chosen : header(exchange, "Accept-Language"));
    exchange->session = session_find(exchange->portal->sessions, id);
    exchange->session_id = exchange->session == NULL ? NULL : g_strdup(id);
    exchange->reader_ip = reader_ip(exchange);
    exchange->network = network_of(exchange->reader_ip);
}

struct exchange *request_new(struct portal *portal, struct MHD_Connection *connection,
                             const char *method, const char *path)
{
    struct exchange *exchange = g_new0(struct exchange, 1);
    exchange->portal = portal;
    exchange->connection = connection;
    exchange->started = g_get_monotonic_time();
    exchange->fields = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_field);
    exchange->files = g_ptr_array_new_with_free_func(free_file);
    find_route(exchange, method, path);
    find_reader(exchange);
    exchange->post = strcmp(method, "POST") == 0
                         ? MHD_create_post_processor(connection, 8192, on_form, exchange)
                         : NULL;
    return exchange;
}

void request_free(struct exchange *exchange)
{
    request_end(exchange);
    g_hash_table_unref(exchange->fields);
    g_ptr_array_unref(exchange->files);
    sessions_give_memory(exchange->portal->sessions, exchange->network, exchange->charged);
    struct session *session = session_find(exchange->portal->sessions, exchange->session_id);
    if (session != NULL) {
        session_give_room(session, exchange->held);
    }
    if (exchange->body != NULL) {
        g_bytes_unref(exchange->body);
    }
    g_free(exchange->reader_ip);
    g_free(exchange->network);
    g_free(exchange->session_id);
    g_free(exchange->disposition);
    g_free(exchange->location);
    g_free(exchange->cookies[0]);
    g_free(exchange->cookies[1]);
    g_free(exchange);
}
