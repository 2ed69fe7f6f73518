/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/https.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "transfer/curl_host.h"
#include "transfer/curl_loop.h"

struct https {
    struct loop *loop;
    struct curl_loop *curl;
    struct https_config config; /* owns its ca_file */
};

struct https_get {
    struct https *https;
    struct curl_transfer transfer;
    void (*done)(void *user, const struct https_result *result);
    void *user;
    size_t max_bytes;
    bool is_too_large;
    const char *forbidden; /* why no connection was made; NULL: none was forbidden */
    struct curl_host host;
    struct dns_host lookup;
    bool is_looking_up;
    int64_t ends_ns; /* by loop_now */
    struct arena *arena;
    struct buf body;
    char problem[CURL_ERROR_SIZE];
};

static void finish(struct https_get *get, CURLcode code)
{
    long status = 0;
    struct https_result result = {.problem = get->problem};
    curl_easy_getinfo(get->transfer.easy, CURLINFO_RESPONSE_CODE, &status);
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

static void transferred(struct curl_transfer *transfer, CURLcode code)
{
    finish(LIST_ENTRY(transfer, struct https_get, transfer), code);
}

static bool may_connect(const struct sockaddr *address, const void *config)
{
    return https_may_connect(address, config);
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
    https->loop = loop;
    https->curl = curl_loop_new(loop);
    https->config = *config;
    https->config.ca_file = config->ca_file == NULL ? NULL : xstrdup(config->ca_file);
    https->config.timeout_ms = config->timeout_ms > 0 ? config->timeout_ms : HTTPS_TIMEOUT_MS;
    return https;
}

void https_free(struct https *https)
{
    if (https == NULL) {
        return;
    }
    curl_loop_free(https->curl);
    xfree((void *)(uintptr_t)https->config.ca_file);
    xfree(https);
}

static void set_options(struct https_get *get, const char *url)
{
    CURL *easy = get->transfer.easy;
    struct https *https = get->https;
    curl_easy_setopt(easy, CURLOPT_URL, url);
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
    } else if (!curl_host_route(&get->host, get->transfer.easy, lookup, may_connect,
                                &https->config)) {
        fail(get, https_forbids(&lookup->addresses[0].any, &https->config));
    } else {
        curl_easy_setopt(get->transfer.easy, CURLOPT_TIMEOUT_MS, (long)(left_ms > 1 ? left_ms : 1));
        if (!curl_loop_start(https->curl, &get->transfer)) {
            fail(get, "out of memory");
        }
    }
}

/* False when libcurl can't be set up. */
static bool start(struct https_get *get, const char *url)
{
    struct https *https = get->https;
    int64_t timeout_ms = https->config.timeout_ms;
    curl_host_of(url, &get->host);
    if (!get->host.is_numeric) {
        curl_host_forbid_lookup(get->transfer.easy);
    }
    if (get->host.is_numeric || get->host.name[0] == '\0') {
        return curl_loop_start(https->curl, &get->transfer);
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
    *get = (struct https_get){.https = https,
                              .transfer = {.easy = easy, .done = transferred},
                              .done = done,
                              .user = user,
                              .max_bytes = max_bytes};
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
    curl_loop_cancel(&get->transfer);
    curl_easy_cleanup(get->transfer.easy);
    curl_host_fini(&get->host);
    arena_free(get->arena);
    xfree(get);
}
