/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/otlp_post.h"

#include <sys/socket.h>

#include "base/buf.h"
#include "base/mem.h"
#include "transfer/curl_host.h"
#include "transfer/curl_loop.h"

struct otlp_post {
    const struct otlp_collector *collector;
    struct curl_transfer transfer;
    void (*done)(void *user, const struct otlp_answer *answer);
    void *user;
    struct curl_host host;
    struct dns_host lookup;
    bool is_looking_up;
    int64_t ends_ns; /* by loop_now */
    struct arena *arena;
    struct buf body;  /* of the answer */
    bool is_too_long; /* it has no room, and is not read on */
    char problem[CURL_ERROR_SIZE];
};

static void finish(struct otlp_post *post, const struct otlp_answer *answer)
{
    post->done(post->user, answer);
    otlp_post_cancel(post);
}

static void fail(struct otlp_post *post, const char *problem)
{
    finish(post, &(struct otlp_answer){.problem = problem});
}

static void transferred(struct curl_transfer *transfer, CURLcode code)
{
    struct otlp_post *post = LIST_ENTRY(transfer, struct otlp_post, transfer);
    struct otlp_answer answer = {.status = 0};
    curl_off_t retry_after = 0;
    if (code != CURLE_OK && !post->is_too_long) {
        fail(post, post->problem[0] == '\0' ? curl_easy_strerror(code) : post->problem);
        return;
    }
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &answer.status);
    if (curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &retry_after) == CURLE_OK) {
        answer.retry_after_s = (long)retry_after;
    }
    if (post->is_too_long || !buf_finish(&post->body, &answer.body, NULL).ok) {
        answer.body = SLICE_NONE;
    }
    finish(post, &answer);
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)arg;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct otlp_post *post = arg;
    post->is_too_long = post->body.len + size * count > OTLP_ANSWER_MAX;
    if (post->is_too_long) {
        return 0;
    }
    buf_add(&post->body, slice_of(data, size * count));
    return post->body.failed ? 0 : size * count;
}

/* Each request makes a connection of its own, so that a collector that has moved is found. */
static void set_options(struct otlp_post *post, const char *url, struct slice body)
{
    CURL *easy = post->transfer.easy;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)post->collector->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, post->problem);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.ptr);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, post->collector->headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, post);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    if (post->collector->ca_file != NULL) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, post->collector->ca_file);
    }
}

/* Connect: the rest of the time is libcurl's. */
static void on_found(struct dns_host *lookup)
{
    struct otlp_post *post = LIST_ENTRY(lookup, struct otlp_post, lookup);
    int64_t left_ms = (post->ends_ns - loop_now(post->collector->loop).ns) / 1000000;
    post->is_looking_up = false;
    if (lookup->err.reason != R_NONE) {
        fail(post, "no name server answers for the collector");
    } else if (lookup->count == 0) {
        fail(post, "there is no such host");
    } else if (!curl_host_route(&post->host, post->transfer.easy, lookup, NULL, NULL)) {
        fail(post, "out of memory");
    } else {
        curl_easy_setopt(post->transfer.easy, CURLOPT_TIMEOUT_MS,
                         (long)(left_ms > 1 ? left_ms : 1));
        if (!curl_loop_start(post->collector->curl, &post->transfer)) {
            fail(post, "out of memory");
        }
    }
}

/* False when libcurl can't be set up. */
static bool start(struct otlp_post *post, const char *url)
{
    const struct otlp_collector *collector = post->collector;
    curl_host_of(url, &post->host);
    if (post->host.is_numeric) {
        return curl_loop_start(collector->curl, &post->transfer);
    }
    curl_host_forbid_lookup(post->transfer.easy);
    post->ends_ns = mono_add_ms(loop_now(collector->loop), collector->timeout_ms).ns;
    post->is_looking_up = true;
    post->lookup = (struct dns_host){.done = on_found};
    dns_host_start(collector->dns, &post->lookup, post->host.name, collector->timeout_ms);
    return true;
}

struct otlp_post *otlp_post_start(const struct otlp_collector *collector, const char *url,
                                  struct slice body,
                                  void (*done)(void *user, const struct otlp_answer *answer),
                                  void *user)
{
    CURL *easy = curl_easy_init();
    if (easy == NULL) {
        return NULL;
    }
    struct otlp_post *post = xcalloc(1, sizeof *post);
    *post = (struct otlp_post){.collector = collector,
                               .transfer = {.easy = easy, .done = transferred},
                               .done = done,
                               .user = user};
    post->arena = arena_new(4 * OTLP_ANSWER_MAX);
    buf_init(&post->body, post->arena);
    set_options(post, url, body);
    if (!start(post, url)) {
        otlp_post_cancel(post);
        return NULL;
    }
    return post;
}

void otlp_post_cancel(struct otlp_post *post)
{
    if (post->is_looking_up) {
        dns_host_cancel(&post->lookup);
    }
    curl_loop_cancel(&post->transfer);
    curl_easy_cleanup(post->transfer.easy);
    curl_host_fini(&post->host);
    arena_free(post->arena);
    xfree(post);
}
