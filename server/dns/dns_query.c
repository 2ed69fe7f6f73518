/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/dns_query.h"

#include <ares.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "base/mem.h"
#include "obs/metrics.h"

/* A socket that c-ares wants watched. It stays until the query ends, because c-ares may close it from within
 * its own event. */
struct watch {
    struct loop_fd fd;
    struct dns_query *query;
    bool is_closed;
    struct list link;
};

/* --- the end -------------------------------------------------------------------------------------- */

/* Free what the query holds, outside of c-ares' callbacks and of our watches' events. */
void dns_query_cancel(struct dns_query *query)
{
    query->is_over = true; /* before: ares_destroy calls back */
    if (query->channel != NULL) {
        ares_destroy(query->channel);
        query->channel = NULL;
        query->dns->in_flight--;
        loop_defer(query->dns->loop, &query->dns->advance);
    }
    for (struct list *link; (link = list_pop(&query->watches)) != NULL;) {
        struct watch *watch = LIST_ENTRY(link, struct watch, link);
        loop_fd_fini(&watch->fd);
        xfree(watch);
    }
    list_remove(&query->waiting);
    loop_timer_fini(&query->retry);
    loop_timer_fini(&query->limit);
    loop_task_cancel(&query->finish);
}

static void on_finish(struct loop_task *task)
{
    struct dns_query *query = LIST_ENTRY(task, struct dns_query, finish);
    dns_query_cancel(query);
    query->ended(query);
}

void dns_query_end(struct dns_query *query)
{
    query->is_over = true;
    metric_add(M_DNS_QUERIES, query->err.reason == R_NONE ? "ok" : "failed", NULL, 1);
    loop_defer(query->dns->loop, &query->finish);
}

void dns_query_fail(struct dns_query *query, const char *why)
{
    (void)err_raise(&query->err, R_DNS_UNAVAILABLE, __FILE__, __LINE__, "%s", why);
    dns_query_end(query);
}

bool dns_query_is_nothing(int status)
{
    return status == ARES_ENOTFOUND || status == ARES_ENODATA || status == ARES_EBADNAME;
}

/* --- events --------------------------------------------------------------------------------------- */

/* c-ares wants to be called at its next timeout; after anything happened, ask again when that is. */
static void arm(struct dns_query *query)
{
    struct timeval most = {.tv_sec = DNS_TIMEOUT_MS / 1000}, until;
    if (!query->is_over) {
        const struct timeval *next = ares_timeout(query->channel, &most, &until);
        loop_timer_arm(&query->retry, next->tv_sec * 1000 + next->tv_usec / 1000 + 1);
    }
}

static void process(struct dns_query *query, ares_socket_t readable, ares_socket_t writable)
{
    if (!query->is_over) {
        ares_process_fd(query->channel, readable, writable);
        arm(query);
    }
}

static void on_ready(struct loop_fd *fd, bool readable, bool writable)
{
    struct watch *watch = LIST_ENTRY(fd, struct watch, fd);
    if (!watch->is_closed) {
        process(watch->query, readable ? fd->fd : ARES_SOCKET_BAD,
                writable ? fd->fd : ARES_SOCKET_BAD);
    }
}

static void on_retry(struct loop_timer *timer)
{
    process(LIST_ENTRY(timer, struct dns_query, retry), ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static void on_limit(struct loop_timer *timer)
{
    struct dns_query *query = LIST_ENTRY(timer, struct dns_query, limit);
    if (!query->is_over) {
        dns_query_fail(query, "no answer in time");
    }
}

static struct watch *watch_of(struct dns_query *query, ares_socket_t socket)
{
    LIST_EACH (link, &query->watches) {
        struct watch *watch = LIST_ENTRY(link, struct watch, link);
        if (watch->fd.fd == socket && !watch->is_closed) {
            return watch;
        }
    }
    struct watch *watch = xcalloc(1, sizeof *watch);
    watch->query = query;
    loop_fd_init(&watch->fd, query->dns->loop, socket, on_ready);
    list_append(&query->watches, &watch->link);
    return watch;
}

static void on_socket(void *arg, ares_socket_t socket, int readable, int writable)
{
    struct watch *watch = watch_of(arg, socket);
    loop_fd_want(&watch->fd, readable != 0, writable != 0);
    watch->is_closed = readable == 0 && writable == 0;
}

/* --- the beginning -------------------------------------------------------------------------------- */

/* TXT records are of exactly the name that was asked for. Hosts are what an administrator wrote, so they are found
 * as by every program of this machine. */
static int open_channel(ares_channel *channel, const struct dns *dns, struct dns_query *query)
{
    char lookups[] = "fb"; /* /etc/hosts, then DNS */
    bool is_host = query != NULL && query->is_host;
    struct ares_options options = {
        .flags = is_host ? 0 : ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
        .timeout = DNS_TRY_MS,
        .tries = DNS_TRIES,
        .lookups = lookups,
        .sock_state_cb = on_socket,
        .sock_state_cb_data = query,
    };
    int status = ares_init_options(channel, &options,
                                   ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                                       ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB);
    if (status == ARES_SUCCESS && dns->servers[0] != '\0') {
        status = ares_set_servers_ports_csv(*channel, dns->servers);
        if (status != ARES_SUCCESS) {
            ares_destroy(*channel);
        }
    }
    return status;
}

int dns_query_try(struct dns *dns)
{
    ares_channel channel = NULL;
    int status = open_channel(&channel, dns, NULL);
    if (status == ARES_SUCCESS) {
        ares_destroy(channel);
    }
    return status;
}

static void begin(struct dns_query *query)
{
    ares_channel channel = NULL;
    int status = open_channel(&channel, query->dns, query);
    if (status != ARES_SUCCESS) {
        dns_query_fail(query, ares_strerror(status));
        return;
    }
    query->channel = channel;
    query->dns->in_flight++;
    query->ask(query, channel);
    arm(query);
}

void dns_query_advance(struct dns *dns)
{
    while (dns->in_flight < DNS_IN_FLIGHT_MAX && !list_is_empty(&dns->waiting)) {
        begin(LIST_ENTRY(list_pop(&dns->waiting), struct dns_query, waiting));
    }
}

void dns_query_start(struct dns *dns, struct dns_query *query, const char *name)
{
    query->dns = dns;
    query->err = (struct err){0};
    query->channel = NULL;
    query->is_over = false;
    list_init(&query->watches);
    list_init(&query->waiting);
    loop_task_init(&query->finish, on_finish);
    loop_timer_init(&query->retry, dns->loop, on_retry);
    loop_timer_init(&query->limit, dns->loop, on_limit);
    if (strlen(name) > DNS_NAME_MAX) {
        dns_query_end(query);
        return;
    }
    snprintf(query->name, sizeof query->name, "%s", name);
    loop_timer_arm(&query->limit, query->limit_ms);
    list_append(&dns->waiting, &query->waiting);
    dns_query_advance(dns);
}
