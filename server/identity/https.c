/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/https.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "identity/https_host.h"

struct https {
    struct loop *loop;
    CURLM *multi;
    struct loop_timer timer;
    struct loop_task reap; /* frees watches outside their own callbacks */
    struct list dead_watches;
    struct https_config config; /* owns its ca_file */
};

struct https_get {
    struct https *https;
    CURL *easy;
    void (*done)(void *user, const struct https_result *result);
    void *user;
    size_t max_bytes;
    bool is_too_large;
    const char *forbidden; /* why no connection was made; NULL: none was forbidden */
    struct https_host host;
    struct dns_host lookup;
    bool is_looking_up;
    int64_t ends_ns; /* by loop_now */
    struct arena *arena;
    struct buf body;
    char problem[CURL_ERROR_SIZE];
};

/* A socket that libcurl wants watched. */
struct watch {
    struct loop_fd fd;
    struct https *https;
    struct list link; /* among the dead */
};

static void finish(struct https_get *get, CURLcode code)
{
    long status = 0;
    struct https_result result = {.problem = get->problem};
    curl_easy_getinfo(get->easy, CURLINFO_RESPONSE_CODE, &status);
    if (get->is_too_large) {
        result.problem = "the body is too large";
    } else if (code != CURLE_OK && get->forbidden != NULL) {
        result.problem = get->forbidden;
    } else if (code != CURLE_OK && get->problem[0] == '\0') {
        result.problem = curl_easy_strerror(code);
    } else if (code == CURLE_OK && status != 200) {
        snprintf(get->problem, sizeof get->problem, "the status is not 200 but %ld", status);
    } else if (code == CURLE_OK && buf_finish(&get->body, &result.body, NULL).ok) {
        result.ok = true;
    }
    get->done(get->user, &result);
    https_cancel(get);
}

static void fail(struct https_get *get, const char *problem)
{
    get->done(get->user, &(struct https_result){.problem = problem});
    https_cancel(get);
}

static void collect(struct https *https)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(https->multi, &left)) != NULL) {
        struct https_get *get = NULL;
        if (message->msg == CURLMSG_DONE &&
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&get) == CURLE_OK) {
            finish(get, message->data.result);
        }
    }
}

static void on_ready(struct loop_fd *fd, bool readable, bool writable)
{
    struct watch *watch = LIST_ENTRY(fd, struct watch, fd);
    struct https *https = watch->https;
    int running;
    int events = (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0);
    curl_multi_socket_action(https->multi, fd->fd, events, &running);
    collect(https);
}

static void on_timer(struct loop_timer *timer)
{
    struct https *https = LIST_ENTRY(timer, struct https, timer);
    int running;
    curl_multi_socket_action(https->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(https);
}

static int on_want_timer(CURLM *multi, long ms, void *arg)
{
    struct https *https = arg;
    (void)multi;
    if (ms < 0) {
        loop_timer_cancel(&https->timer);
    } else {
        loop_timer_arm(&https->timer, ms);
    }
    return 0;
}

static void reap(struct loop_task *task)
{
    struct https *https = LIST_ENTRY(task, struct https, reap);
    for (struct list *link; (link = list_pop(&https->dead_watches)) != NULL;) {
        xfree(LIST_ENTRY(link, struct watch, link));
    }
}

static int on_want_socket(CURL *easy, curl_socket_t socket, int what, void *arg, void *attached)
{
    struct https *https = arg;
    struct watch *watch = attached;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL) {
            loop_fd_fini(&watch->fd);
            list_append(&https->dead_watches, &watch->link);
            loop_defer(https->loop, &https->reap);
        }
        return 0;
    }
    if (watch == NULL) {
        watch = xcalloc(1, sizeof *watch);
        watch->https = https;
        loop_fd_init(&watch->fd, https->loop, socket, on_ready);
        curl_multi_assign(https->multi, socket, watch);
    }
    loop_fd_want(&watch->fd, (what & CURL_POLL_IN) != 0, (what & CURL_POLL_OUT) != 0);
    return 0;
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct https_get *get = arg;
    (void)purpose;
    get->forbidden = https_forbids(&address->addr, &get->https->config);
    if (get->forbidden != NULL) {
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct https_get *get = arg;
    if (get->body.len + size * count > get->max_bytes) {
        get->is_too_large = true;
        return 0;
    }
    buf_add(&get->body, slice_of(data, size * count));
    return get->body.failed ? 0 : size * count;
}

struct https *https_new(struct loop *loop, const struct https_config *config)
{
    struct https *https = xcalloc(1, sizeof *https);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    https->loop = loop;
    https->multi = curl_multi_init();
    CH_ASSERT(https->multi != NULL);
    https->config = *config;
    https->config.ca_file = config->ca_file == NULL ? NULL : xstrdup(config->ca_file);
    https->config.timeout_ms = config->timeout_ms > 0 ? config->timeout_ms : HTTPS_TIMEOUT_MS;
    list_init(&https->dead_watches);
    loop_task_init(&https->reap, reap);
    loop_timer_init(&https->timer, loop, on_timer);
    curl_multi_setopt(https->multi, CURLMOPT_SOCKETFUNCTION, on_want_socket);
    curl_multi_setopt(https->multi, CURLMOPT_SOCKETDATA, https);
    curl_multi_setopt(https->multi, CURLMOPT_TIMERFUNCTION, on_want_timer);
    curl_multi_setopt(https->multi, CURLMOPT_TIMERDATA, https);
    return https;
}

void https_free(struct https *https)
{
    if (https == NULL) {
        return;
    }
    curl_multi_cleanup(https->multi);
    loop_task_cancel(&https->reap);
    reap(&https->reap);
    loop_timer_fini(&https->timer);
    xfree((void *)(uintptr_t)https->config.ca_file);
    xfree(https);
}

static void set_options(struct https_get *get, const char *url)
{
    CURL *easy = get->easy;
    struct https *https = get->https;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, get);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)https->config.timeout_ms);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L); /* a set of keys is fetched once an hour */
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE, (long)get->max_bytes);
    /* Some send it whether asked or not. What on_body gets is inflated, piece by piece. */
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, get->problem);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, get);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, get);
    if (https->config.ca_file != NULL) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, https->config.ca_file);
    }
}

/* Connect: the rest of the time is libcurl's. */
static void on_found(struct dns_host *lookup)
{
    struct https_get *get = LIST_ENTRY(lookup, struct https_get, lookup);
    struct https *https = get->https;
    int64_t left_ms = (get->ends_ns - loop_now(https->loop).ns) / 1000000;
    get->is_looking_up = false;
    if (lookup->err.reason != R_NONE) {
        fail(get, "no name server answers for the host");
    } else if (lookup->count == 0) {
        fail(get, "there is no such host");
    } else if (!https_host_route(&get->host, get->easy, lookup, &https->config)) {
        fail(get, https_forbids(&lookup->addresses[0].any, &https->config));
    } else {
        curl_easy_setopt(get->easy, CURLOPT_TIMEOUT_MS, (long)(left_ms > 1 ? left_ms : 1));
        if (curl_multi_add_handle(https->multi, get->easy) != CURLM_OK) {
            fail(get, "out of memory");
        }
    }
}

/* False when libcurl can't be set up. */
static bool start(struct https_get *get, const char *url)
{
    struct https *https = get->https;
    int64_t timeout_ms = https->config.timeout_ms;
    https_host_of(url, &get->host);
    if (!get->host.is_numeric) {
        https_host_forbid_lookup(get->easy);
    }
    if (get->host.is_numeric || get->host.name[0] == '\0') {
        return curl_multi_add_handle(https->multi, get->easy) == CURLM_OK;
    }
    CH_ASSERT(https->config.dns != NULL);
    get->ends_ns = mono_add_ms(loop_now(https->loop), timeout_ms).ns;
    get->is_looking_up = true;
    get->lookup = (struct dns_host){.done = on_found};
    dns_host_start(https->config.dns, &get->lookup, get->host.name, timeout_ms);
    return true;
}

struct https_get *https_get(struct https *https, const char *url, size_t max_bytes,
                            void (*done)(void *user, const struct https_result *result), void *user)
{
    CURL *easy = curl_easy_init();
    if (easy == NULL) {
        return NULL;
    }
    struct https_get *get = xcalloc(1, sizeof *get);
    *get = (struct https_get){
        .https = https, .easy = easy, .done = done, .user = user, .max_bytes = max_bytes};
    get->arena = arena_new(4 * max_bytes + 4096);
    buf_init(&get->body, get->arena);
    set_options(get, url);
    if (!start(get, url)) {
        https_cancel(get);
        return NULL;
    }
    return get;
}

void https_cancel(struct https_get *get)
{
    if (get->is_looking_up) {
        dns_host_cancel(&get->lookup);
    }
    curl_multi_remove_handle(get->https->multi, get->easy);
    curl_easy_cleanup(get->easy);
    https_host_fini(&get->host);
    arena_free(get->arena);
    xfree(get);
}
