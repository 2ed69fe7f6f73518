/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/curl_loop.h"

#include "base/mem.h"

struct curl_loop {
    struct loop *loop;
    CURLM *multi;
    struct loop_timer timer;
    struct loop_task reap; /* frees watches outside their own callbacks */
    struct list dead_watches;
};

/* A socket that libcurl wants watched. */
struct watch {
    struct loop_fd fd;
    struct curl_loop *curl;
    struct list link; /* among the dead */
};

static void collect(struct curl_loop *curl)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(curl->multi, &left)) != NULL) {
        struct curl_transfer *transfer = NULL;
        CURLcode code = message->data.result;
        if (message->msg == CURLMSG_DONE &&
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer) ==
                CURLE_OK) {
            curl_loop_cancel(transfer);
            transfer->done(transfer, code);
        }
    }
}

static void on_ready(struct loop_fd *fd, bool readable, bool writable)
{
    struct curl_loop *curl = LIST_ENTRY(fd, struct watch, fd)->curl;
    int running;
    int events = (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0);
    curl_multi_socket_action(curl->multi, fd->fd, events, &running);
    collect(curl);
}

static void on_timer(struct loop_timer *timer)
{
    struct curl_loop *curl = LIST_ENTRY(timer, struct curl_loop, timer);
    int running;
    curl_multi_socket_action(curl->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(curl);
}

static int on_want_timer(CURLM *multi, long ms, void *arg)
{
    struct curl_loop *curl = arg;
    (void)multi;
    if (ms < 0) {
        loop_timer_cancel(&curl->timer);
    } else {
        loop_timer_arm(&curl->timer, ms);
    }
    return 0;
}

static void reap(struct loop_task *task)
{
    struct curl_loop *curl = LIST_ENTRY(task, struct curl_loop, reap);
    for (struct list *link; (link = list_pop(&curl->dead_watches)) != NULL;) {
        xfree(LIST_ENTRY(link, struct watch, link));
    }
}

static int on_want_socket(CURL *easy, curl_socket_t socket, int what, void *arg, void *attached)
{
    struct curl_loop *curl = arg;
    struct watch *watch = attached;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL) {
            loop_fd_fini(&watch->fd);
            list_append(&curl->dead_watches, &watch->link);
            loop_defer(curl->loop, &curl->reap);
        }
        return 0;
    }
    if (watch == NULL) {
        watch = xcalloc(1, sizeof *watch);
        watch->curl = curl;
        loop_fd_init(&watch->fd, curl->loop, socket, on_ready);
        curl_multi_assign(curl->multi, socket, watch);
    }
    loop_fd_want(&watch->fd, (what & CURL_POLL_IN) != 0, (what & CURL_POLL_OUT) != 0);
    return 0;
}

struct curl_loop *curl_loop_new(struct loop *loop)
{
    struct curl_loop *curl = xcalloc(1, sizeof *curl);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    curl->loop = loop;
    curl->multi = curl_multi_init();
    CH_ASSERT(curl->multi != NULL);
    list_init(&curl->dead_watches);
    loop_task_init(&curl->reap, reap);
    loop_timer_init(&curl->timer, loop, on_timer);
    curl_multi_setopt(curl->multi, CURLMOPT_SOCKETFUNCTION, on_want_socket);
    curl_multi_setopt(curl->multi, CURLMOPT_SOCKETDATA, curl);
    curl_multi_setopt(curl->multi, CURLMOPT_TIMERFUNCTION, on_want_timer);
    curl_multi_setopt(curl->multi, CURLMOPT_TIMERDATA, curl);
    return curl;
}

void curl_loop_free(struct curl_loop *curl)
{
    if (curl == NULL) {
        return;
    }
    curl_multi_cleanup(curl->multi);
    loop_task_cancel(&curl->reap);
    reap(&curl->reap);
    loop_timer_fini(&curl->timer);
    xfree(curl);
}

bool curl_loop_start(struct curl_loop *curl, struct curl_transfer *transfer)
{
    curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
    transfer->curl = curl;
    return curl_multi_add_handle(curl->multi, transfer->easy) == CURLM_OK;
}

void curl_loop_cancel(struct curl_transfer *transfer)
{
    if (transfer->curl != NULL) {
        curl_multi_remove_handle(transfer->curl->multi, transfer->easy);
        transfer->curl = NULL;
    }
}
