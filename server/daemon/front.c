/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/front.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "context/readiness.h"
#include "daemon/license_pages.h"
#include "obs/metrics.h"

enum { PAGE_BUDGET = 4 * 1024 * 1024, METRICS_BUDGET = 16 * 1024 * 1024 };

struct front {
    struct front_config config;
    struct net_handler handler;
    const struct net_handler *engine;
    struct license_pages *license_pages;
};

/* --- pages -------------------------------------------------------------------------------------- */

static void reply_text_page(struct net_stream *stream, int status, const char *text)
{
    net_stream_reply_http(stream, status, "text/plain; charset=utf-8", slice_str(text));
}

static void livez(struct front *front, struct net_stream *stream)
{
    (void)front;
    reply_text_page(stream, 200, "ok\n");
}

static void readyz(struct front *front, struct net_stream *stream)
{
    char text[512];
    enum reason problem = front->config.services->readiness->problem;
    if (problem == R_NONE) {
        reply_text_page(stream, 200, "ok\n");
        return;
    }
    const struct reason_info *info = reason_info(problem);
    snprintf(text, sizeof text, "%s\n%s %s\n", info->name, info->text, info->advice);
    reply_text_page(stream, 503, text);
}

static void metrics(struct front *front, struct net_stream *stream)
{
    struct arena *arena = arena_new(METRICS_BUDGET);
    struct buf text;
    struct slice body;
    (void)front;
    buf_init(&text, arena);
    metrics_write(&text);
    if (buf_finish(&text, &body, NULL).ok) {
        net_stream_reply_http(stream, 200, "text/plain; version=0.0.4", body);
    } else {
        reply_text_page(stream, 500, "too many series\n");
    }
    arena_free(arena);
}

static void discovery(struct front *front, struct net_stream *stream)
{
    struct arena *arena = arena_new(PAGE_BUDGET);
    const char *url = front->config.services->authority_url;
    const char *text = arena_printf(arena,
                                    "{\"authority_url\":\"%s\","
                                    "\"protocols\":[\"grpc\",\"grpc-web\",\"connect\",\"json\"],"
                                    "\"package\":\"chancery.v1\",\"version\":\"%s\"}\n",
                                    url, front->config.version);
    net_stream_reply_http(stream, 200, "application/json", slice_str(text));
    arena_free(arena);
}

/* --- between net and the engine ------------------------------------------------------------------ */

static const Chancery__Config__V1__Listener *listener_of(const struct front *front,
                                                         const struct net_request *request)
{
    const Conf *conf = front->config.conf;
    CH_ASSERT(request->listener < conf->n_listeners);
    return conf->listeners[request->listener];
}

void front_reply_not_allowed(struct net_stream *stream)
{
    net_stream_reply_page(stream, &(struct net_page){.status = 405,
                                                     .content_type = "text/plain; charset=utf-8",
                                                     .cache_control = "no-store",
                                                     .allow = "GET, HEAD",
                                                     .body = slice_str("expected GET or HEAD\n")});
}

bool front_may_show(const struct net_request *request)
{
    return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

enum audience { EVERYBODY, CALLERS, WATCHERS };

static bool is_for(enum audience audience, const Chancery__Config__V1__Listener *listener)
{
    switch (audience) {
    case EVERYBODY:
        return true;
    case CALLERS:
        return !listener->metrics_only;
    case WATCHERS:
        return listener->metrics || listener->metrics_only;
    }
    return false;
}

static const struct page {
    const char *path;
    void (*show)(struct front *front, struct net_stream *stream);
    enum audience audience;
} pages[] = {
    {"/livez", livez, EVERYBODY},
    {"/readyz", readyz, EVERYBODY},
    {"/metrics", metrics, WATCHERS},
    {"/.well-known/chancery", discovery, CALLERS},
};

/* NULL: none is there, as far as this listener is concerned. */
static const struct page *find_page(const Chancery__Config__V1__Listener *listener,
                                    const struct net_request *request)
{
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (strcmp(request->path, pages[i].path) == 0 && is_for(pages[i].audience, listener)) {
            return &pages[i];
        }
    }
    return NULL;
}

static void refuse(struct net_stream *stream, const struct net_request *request)
{
    if (request->framing != NULL) {
        net_stream_finish_unknown(stream, "This listener serves metrics only.", SLICE_NONE);
    } else {
        reply_text_page(stream, 404, "not found; this listener serves metrics only\n");
    }
}

static void on_open(void *ctx, struct net_stream *stream, const struct net_request *request)
{
    struct front *front = ctx;
    const Chancery__Config__V1__Listener *listener = listener_of(front, request);
    /* A plain POST may mean a page, which only GET and HEAD get. */
    bool is_call = request->framing != NULL && !request->only_unary;
    const struct page *page = is_call ? NULL : find_page(listener, request);
    if (page != NULL && front_may_show(request)) {
        page->show(front, stream);
    } else if (page != NULL) {
        front_reply_not_allowed(stream);
    } else if (listener->metrics_only) {
        refuse(stream, request);
    } else if (is_call || !license_pages_open(front->license_pages, stream, request)) {
        front->engine->open(front->engine->ctx, stream, request);
    }
}

static void on_message(void *ctx, struct net_stream *stream, struct slice message)
{
    struct front *front = ctx;
    front->engine->message(front->engine->ctx, stream, message);
}

static void on_end(void *ctx, struct net_stream *stream)
{
    struct front *front = ctx;
    front->engine->end(front->engine->ctx, stream);
}

static void on_broken(void *ctx, struct net_stream *stream, const struct err *err)
{
    struct front *front = ctx;
    front->engine->broken(front->engine->ctx, stream, err);
}

/* Only calls wait for it. */
static void on_room(void *ctx, struct net_stream *stream)
{
    struct front *front = ctx;
    front->engine->room(front->engine->ctx, stream);
}

static void on_closed(void *ctx, struct net_stream *stream)
{
    struct front *front = ctx;
    if (!license_pages_closed(front->license_pages, stream)) {
        front->engine->closed(front->engine->ctx, stream);
    }
}

static struct slice on_details(void *ctx, struct arena *arena, enum reason reason)
{
    const struct front *front = ctx;
    return front->engine->details(front->engine->ctx, arena, reason);
}

struct front *front_new(const struct front_config *config)
{
    struct front *front = xcalloc(1, sizeof *front);
    front->config = *config;
    front->engine = rpc_net_handler(config->rpc);
    front->handler = (struct net_handler){.ctx = front,
                                          .open = on_open,
                                          .message = on_message,
                                          .end = on_end,
                                          .broken = on_broken,
                                          .room = on_room,
                                          .closed = on_closed,
                                          .details = on_details};
    front->license_pages = license_pages_new(config->services, config->boundaries);
    return front;
}

void front_free(struct front *front)
{
    if (front != NULL) {
        license_pages_free(front->license_pages);
        xfree(front);
    }
}

const struct net_handler *front_handler(struct front *front)
{
    return &front->handler;
}
