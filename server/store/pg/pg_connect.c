/* SPDX-License-Identifier: Apache-2.0 */
/* libpq would look names up while the loop waits, and its own way through several hosts knows no limit for any of
 * them when it is asynchronous. So it is given one host and one address at a time. */
#include "store/pg/pg_connect.h"

#include <stdio.h>
#include <string.h>

#include "obs/log.h"
#include "store/pg/pg_conn.h"
#include "store/pg/pg_setup.h"
#include "store/pg/pg_silence.h"

enum {
    HOST_LIMIT_MS = 5000,  /* when there is only one */
    HOSTS_LIMIT_MS = 2000, /* when others wait to be tried, or it has fallen silent */
    PARAMS_MAX = 80,       /* libpq 17 knows 50 */
};

static const struct conninfo_host *host_of(const struct pg_conn *conn)
{
    return &conn->store->conninfo.hosts[conn->route.host];
}

const char *pg_connect_host(const struct pg_conn *conn)
{
    const struct conninfo_host *host = host_of(conn);
    return host->host[0] != '\0'       ? host->host
           : host->hostaddr[0] != '\0' ? host->hostaddr
                                       : "local socket";
}

static int64_t limit_ms(const struct pg_conn *conn)
{
    const struct conninfo *conninfo = &conn->store->conninfo;
    bool is_one = conninfo->host_count == 1 && conn->route.lookup.count < 2;
    bool may_be_gone = pg_silence_is_scout(conn) || conn->left.pid[0] != '\0';
    return conninfo->connect_timeout_ms > 0 ? conninfo->connect_timeout_ms
           : is_one && !may_be_gone         ? HOST_LIMIT_MS
                                            : HOSTS_LIMIT_MS;
}

static void failed(struct pg_conn *conn, const char *detail)
{
    /* A scout finds mostly standbys, which is as it should be. */
    log_event(pg_silence_is_scout(conn) ? LOG_DEBUG : LOG_WARNING, "db.connect_failed",
              F_USER("host", pg_connect_host(conn)), F_USER("detail", detail));
    pg_conn_lost(conn, R_DATABASE_UNAVAILABLE);
}

/* --- parameters --------------------------------------------------------------------------------- */

struct params {
    const char *keys[PARAMS_MAX + 1], *values[PARAMS_MAX + 1];
    size_t count;
};

static void add(struct params *p, const char *key, const char *value)
{
    if (value[0] != '\0' && p->count < PARAMS_MAX) {
        p->keys[p->count] = key;
        p->values[p->count++] = value;
    }
}

/* Ours, where it makes a difference: GSS would ask a server for keys while the loop waits, and a connection that only
 * reads serves no class. */
static const char *of_ours(const char *key, const char *value)
{
    static const struct {
        const char *key, *said, *instead;
    } rows[] = {
        {"options", NULL, ""}, /* added to ours */
        {"client_encoding", NULL, "UTF8"},
        {"gssencmode", "prefer", "disable"},
        {"target_session_attrs", "any", "read-write"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(key, rows[i].key) == 0 &&
            (rows[i].said == NULL || strcmp(value, rows[i].said) == 0)) {
            return rows[i].instead;
        }
    }
    return value;
}

static void add_options(struct params *p, const struct pg_conn *conn)
{
    static const struct conninfo_option ours[] = {
        {"fallback_application_name", "chanceryd"},
        {"keepalives_idle", "10"},
        {"tcp_user_timeout", "10000"},
        {"client_encoding", "UTF8"},
        {"target_session_attrs", "read-write"},
    };
    const struct conninfo *conninfo = &conn->store->conninfo;
    for (size_t i = 0; i < conninfo->option_count; i++) {
        const struct conninfo_option *option = &conninfo->options[i];
        add(p, option->key, of_ours(option->key, option->value));
    }
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        if (conninfo_get(conninfo, ours[i].key)[0] == '\0') {
            add(p, ours[i].key, ours[i].value);
        }
    }
    add(p, "options", conn->store->options[conn->lane->class]);
}

/* With the address libpq looks no name up; the name is still what certificate and password are for. */
static void add_host(struct params *p, const struct pg_conn *conn, const char *address)
{
    const struct conninfo_host *host = host_of(conn);
    add(p, "host", host->host);
    add(p, "hostaddr", address[0] != '\0' ? address : host->hostaddr);
    add(p, "port", host->port);
}

/* --- the way ------------------------------------------------------------------------------------ */

static void open_connection(struct pg_conn *conn)
{
    const struct pg_route *route = &conn->route;
    char address[DNS_ADDRESS_TEXT_MAX] = "";
    struct params p = {0};
    if (route->has_addresses) {
        dns_address_text(&route->lookup.addresses[route->address], address);
    }
    add_host(&p, conn, address);
    add_options(&p, conn);
    conn->pg = PQconnectStartParams(p.keys, p.values, 0);
    if (conn->pg == NULL || PQstatus(conn->pg) == CONNECTION_BAD) {
        failed(conn, conn->pg == NULL ? "out of memory" : PQerrorMessage(conn->pg));
        return;
    }
    PQsetNoticeReceiver(conn->pg, pg_conn_no_notice, NULL);
    loop_timer_arm(&conn->timer, limit_ms(conn));
    pg_conn_watch(conn, false, true);
}

static void on_found(struct dns_host *lookup)
{
    struct pg_conn *conn = lookup->user;
    conn->route.is_looking_up = false;
    if (lookup->count == 0) {
        failed(conn, lookup->err.reason == R_NONE ? "there is no such host"
                                                  : "no name server answers for the host");
        return;
    }
    conn->route.has_addresses = true;
    open_connection(conn);
}

static bool must_look_up(const struct pg_conn *conn)
{
    const struct conninfo_host *host = host_of(conn);
    return !conn->route.has_addresses && host->hostaddr[0] == '\0' && !conninfo_is_local(host) &&
           !dns_is_numeric(host->host);
}

void pg_connect_start(struct pg_conn *conn)
{
    struct store *store = conn->store;
    struct pg_route *route = &conn->route;
    if (!route->is_in_round) {
        *route = (struct pg_route){.is_in_round = true,
                                   .host = store->good_host,
                                   .hosts_left = store->conninfo.host_count - 1};
    }
    pg_conn_set_state(conn, PG_CONNECTING);
    if (!must_look_up(conn)) {
        open_connection(conn);
        return;
    }
    CH_ASSERT(store->config.dns != NULL);
    route->is_looking_up = true;
    route->lookup = (struct dns_host){.done = on_found, .user = conn};
    dns_host_start(store->config.dns, &route->lookup, host_of(conn)->host, limit_ms(conn));
}

void pg_connect_go_on(struct pg_conn *conn)
{
    PostgresPollingStatusType status = PQconnectPoll(conn->pg);
    pg_conn_unwatch(conn); /* the descriptor may be another one now, with the same number */
    if (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING) {
        pg_conn_watch(conn, status == PGRES_POLLING_READING, status == PGRES_POLLING_WRITING);
        return;
    }
    if (status != PGRES_POLLING_OK || PQsetnonblocking(conn->pg, 1) != 0 ||
        PQenterPipelineMode(conn->pg) != 1) {
        failed(conn, PQerrorMessage(conn->pg));
        return;
    }
    pg_setup_begin(conn);
}

bool pg_connect_advance(struct pg_conn *conn)
{
    struct pg_route *route = &conn->route;
    if (route->has_addresses && ++route->address < route->lookup.count) {
        return true;
    }
    route->has_addresses = false;
    route->address = 0;
    route->lookup.count = 0;
    if (!route->is_in_round || route->hosts_left == 0) {
        route->is_in_round = false;
        return false;
    }
    route->hosts_left--;
    route->host = (route->host + 1) % conn->store->conninfo.host_count;
    return true;
}

void pg_connect_succeeded(struct pg_conn *conn)
{
    bool is_other = conn->store->good_host != conn->route.host;
    conn->store->good_host = conn->route.host;
    conn->route.is_in_round = conn->route.has_addresses = conn->route.has_failed = false;
    if (is_other) {
        pg_silence_follow(conn->store);
    }
}

void pg_connect_stop(struct pg_conn *conn)
{
    if (conn->route.is_looking_up) {
        conn->route.is_looking_up = false;
        dns_host_cancel(&conn->route.lookup);
    }
}
