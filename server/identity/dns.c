/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/dns.h"

#include <ares.h>
#include <stdio.h>
#include <sys/time.h>

#include "base/mem.h"
#include "obs/metrics.h"

struct dns {
    struct loop *loop;
    char *servers;
};

/* A socket that c-ares wants watched. It stays until the query ends, because c-ares may close it from within
 * its own event. */
struct watch {
    struct loop_fd fd;
    struct dns_txt *txt;
    bool is_closed;
    struct list link;
};

/* --- the end of a query --------------------------------------------------------------------------- */

/* Free what the query holds, outside of c-ares' callbacks and of our watches' events. */
static void release(struct dns_txt *txt)
{
    txt->is_over = true; /* before: ares_destroy calls back */
    if (txt->channel != NULL) {
        ares_destroy(txt->channel);
        txt->channel = NULL;
    }
    for (struct list *link; (link = list_pop(&txt->watches)) != NULL;) {
        struct watch *watch = LIST_ENTRY(link, struct watch, link);
        loop_fd_fini(&watch->fd);
        xfree(watch);
    }
    loop_timer_fini(&txt->retry);
    loop_timer_fini(&txt->limit);
    loop_task_cancel(&txt->finish);
}

static void on_finish(struct loop_task *task)
{
    struct dns_txt *txt = LIST_ENTRY(task, struct dns_txt, finish);
    release(txt);
    txt->done(txt);
}

static void end(struct dns_txt *txt)
{
    txt->is_over = true;
    metric_add(M_DNS_QUERIES, txt->err.reason == R_NONE ? "ok" : "failed", NULL, 1);
    loop_defer(txt->dns->loop, &txt->finish);
}

static void fail(struct dns_txt *txt, const char *why)
{
    (void)err_raise(&txt->err, R_DNS_UNAVAILABLE, __FILE__, __LINE__, "%s", why);
    end(txt);
}

/* --- the answer ----------------------------------------------------------------------------------- */

/* A record with a NUL byte is nothing that anybody looks for. */
static rc take_record(struct dns_txt *txt, const struct dns_answer *answer, size_t record,
                      struct err *err)
{
    struct buf joined;
    struct slice text;
    buf_init(&joined, txt->arena);
    dns_answer_join(answer, record, DNS_TEXT_MAX, &joined);
    TRY(buf_finish(&joined, &text, err));
    if (text.len <= DNS_TEXT_MAX && slice_find(text, '\0') < 0) {
        txt->texts[txt->count] = arena_dup(txt->arena, text);
        ARENA_ENSURE(txt->texts[txt->count], err);
        txt->count++;
    }
    return OK;
}

static rc take_all(struct dns_txt *txt, const struct dns_answer *answer, struct err *err)
{
    size_t count = answer == NULL ? 0 : dns_answer_count(answer);
    txt->texts = ARENA_ARRAY(txt->arena, const char *, DNS_TEXTS_MAX);
    ARENA_ENSURE(txt->texts, err);
    for (size_t i = 0; i < count && txt->count < DNS_TEXTS_MAX; i++) {
        TRY(take_record(txt, answer, i, err));
    }
    return OK;
}

static bool is_nothing(int status)
{
    return status == ARES_ENOTFOUND || status == ARES_ENODATA || status == ARES_EBADNAME;
}

static void on_answer(struct dns_question *question, int status, const struct dns_answer *answer)
{
    struct dns_txt *txt = LIST_ENTRY(question, struct dns_txt, question);
    if (txt->is_over) {
        return;
    }
    if (status != ARES_SUCCESS && !is_nothing(status)) {
        fail(txt, ares_strerror(status));
        return;
    }
    if (!take_all(txt, answer, &txt->err).ok) {
        txt->count = 0;
    }
    end(txt);
}

/* --- events --------------------------------------------------------------------------------------- */

/* c-ares wants to be called at its next timeout; after anything happened, ask again when that is. */
static void arm(struct dns_txt *txt)
{
    struct timeval most = {.tv_sec = DNS_TIMEOUT_MS / 1000}, until;
    if (!txt->is_over) {
        const struct timeval *next = ares_timeout(txt->channel, &most, &until);
        loop_timer_arm(&txt->retry, next->tv_sec * 1000 + next->tv_usec / 1000 + 1);
    }
}

static void process(struct dns_txt *txt, ares_socket_t readable, ares_socket_t writable)
{
    if (!txt->is_over) {
        ares_process_fd(txt->channel, readable, writable);
        arm(txt);
    }
}

static void on_ready(struct loop_fd *fd, bool readable, bool writable)
{
    struct watch *watch = LIST_ENTRY(fd, struct watch, fd);
    if (!watch->is_closed) {
        process(watch->txt, readable ? fd->fd : ARES_SOCKET_BAD,
                writable ? fd->fd : ARES_SOCKET_BAD);
    }
}

static void on_retry(struct loop_timer *timer)
{
    process(LIST_ENTRY(timer, struct dns_txt, retry), ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static void on_limit(struct loop_timer *timer)
{
    struct dns_txt *txt = LIST_ENTRY(timer, struct dns_txt, limit);
    if (!txt->is_over) {
        fail(txt, "no answer in time");
    }
}

static struct watch *watch_of(struct dns_txt *txt, ares_socket_t socket)
{
    LIST_EACH (link, &txt->watches) {
        struct watch *watch = LIST_ENTRY(link, struct watch, link);
        if (watch->fd.fd == socket && !watch->is_closed) {
            return watch;
        }
    }
    struct watch *watch = xcalloc(1, sizeof *watch);
    watch->txt = txt;
    loop_fd_init(&watch->fd, txt->dns->loop, socket, on_ready);
    list_append(&txt->watches, &watch->link);
    return watch;
}

static void on_socket(void *arg, ares_socket_t socket, int readable, int writable)
{
    struct watch *watch = watch_of(arg, socket);
    loop_fd_want(&watch->fd, readable != 0, writable != 0);
    watch->is_closed = readable == 0 && writable == 0;
}

/* --- queries -------------------------------------------------------------------------------------- */

static int open_channel(ares_channel *channel, const struct dns *dns, struct dns_txt *txt)
{
    struct ares_options options = {
        .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
        .timeout = DNS_TRY_MS,
        .tries = DNS_TRIES,
        .sock_state_cb = on_socket,
        .sock_state_cb_data = txt,
    };
    int status = ares_init_options(channel, &options,
                                   ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                                       ARES_OPT_SOCK_STATE_CB);
    if (status == ARES_SUCCESS && dns->servers[0] != '\0') {
        status = ares_set_servers_ports_csv(*channel, dns->servers);
        if (status != ARES_SUCCESS) {
            ares_destroy(*channel);
        }
    }
    return status;
}

void dns_txt_start(struct dns *dns, struct dns_txt *txt, const char *name)
{
    ares_channel channel = NULL;
    txt->dns = dns;
    txt->err = (struct err){0};
    txt->count = 0;
    txt->is_over = false;
    txt->question = (struct dns_question){.done = on_answer};
    list_init(&txt->watches);
    loop_task_init(&txt->finish, on_finish);
    loop_timer_init(&txt->retry, dns->loop, on_retry);
    loop_timer_init(&txt->limit, dns->loop, on_limit);
    int status = open_channel(&channel, dns, txt);
    if (status != ARES_SUCCESS) {
        fail(txt, ares_strerror(status));
        return;
    }
    txt->channel = channel;
    loop_timer_arm(&txt->limit, DNS_TIMEOUT_MS);
    dns_question_ask(&txt->question, channel, name);
    arm(txt);
}

void dns_txt_cancel(struct dns_txt *txt)
{
    release(txt);
}

bool dns_txt_has(const struct dns_txt *txt, const char *text)
{
    for (size_t i = 0; i < txt->count; i++) {
        if (strcmp(txt->texts[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* As c-ares wants them: with commas between. */
static char *join(char *const *servers, size_t count)
{
    size_t len = 0, at = 0;
    for (size_t i = 0; i < count; i++) {
        len += strlen(servers[i]) + 1;
    }
    char *all = xcalloc(1, len + 1);
    for (size_t i = 0; i < count; i++) {
        at += (size_t)snprintf(all + at, len + 1 - at, "%s%s", i == 0 ? "" : ",", servers[i]);
    }
    return all;
}

rc dns_new(struct loop *loop, char *const *servers, size_t count, struct dns **out, struct err *err)
{
    struct dns *dns = xcalloc(1, sizeof *dns);
    ares_channel channel = NULL;
    CH_ASSERT(ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS);
    dns->loop = loop;
    dns->servers = join(servers, count);
    int status = open_channel(&channel, dns, NULL);
    if (status != ARES_SUCCESS) {
        dns_free(dns);
        FAIL(err, R_CONFIG_INVALID, "dns.servers: %s", ares_strerror(status));
    }
    ares_destroy(channel);
    *out = dns;
    return OK;
}

void dns_free(struct dns *dns)
{
    if (dns != NULL) {
        ares_library_cleanup();
        xfree(dns->servers);
        xfree(dns);
    }
}
