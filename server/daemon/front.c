/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/front.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "obs/metrics.h"
#include "store/resource/key_store.h"

enum { PAGE_BUDGET = 4 * 1024 * 1024 };

struct front {
    struct front_config config;
    struct net_handler handler;
    const struct net_handler *engine;
    enum reason problem;
    struct list pages; /* that wait for the database */
};

/* A request for the key set, while the database is asked. */
struct page {
    struct list link;
    struct net_stream *stream;
    struct arena *arena;
    struct signing_keys keys;
};

static void page_free(struct page *page)
{
    list_remove(&page->link);
    arena_free(page->arena);
    xfree(page);
}

static struct page *page_of(struct front *front, const struct net_stream *stream)
{
    LIST_EACH (link, &front->pages) {
        struct page *page = LIST_ENTRY(link, struct page, link);
        if (page->stream == stream) {
            return page;
        }
    }
    return NULL;
}

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
    enum reason problem =
        front->problem != R_NONE ? front->problem : store_problem(front->config.services->store);
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
    struct arena *arena = arena_new(PAGE_BUDGET);
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
    const char *text =
        arena_printf(arena,
                     "{\"authority_url\":\"%s\",\"jwks_uri\":\"%s/.well-known/jwks.json\","
                     "\"protocols\":[\"grpc\"],\"package\":\"chancery.v1\",\"version\":\"%s\"}\n",
                     url, url, front->config.version);
    net_stream_reply_http(stream, 200, "application/json", slice_str(text));
    arena_free(arena);
}

static void write_key_set(struct buf *json, const struct signing_keys *keys)
{
    buf_add_str(json, "{\"keys\":[");
    for (size_t i = 0; i < keys->count; i++) {
        buf_add_str(json, i == 0 ? "" : ",");
        buf_add_str(json, keys->jwks[i]);
    }
    buf_add_str(json, "]}\n");
}

static void keys_found(struct store_op *op)
{
    struct page *page = op->user;
    struct buf json;
    struct slice body;
    buf_init(&json, page->arena);
    write_key_set(&json, &page->keys);
    if (op->err.reason != R_NONE) {
        reply_text_page(page->stream, 503, reason_info(op->err.reason)->text);
    } else if (buf_finish(&json, &body, NULL).ok) {
        net_stream_reply_http(page->stream, 200, "application/jwk-set+json", body);
    } else {
        reply_text_page(page->stream, 500, "too many keys\n");
    }
    page_free(page);
}

/* RFC 7517 §5, at the place that use licenses' readers look at. */
static void key_set(struct front *front, struct net_stream *stream)
{
    size_t count = 0;
    struct page *page = xcalloc(1, sizeof *page);
    page->stream = stream;
    page->arena = arena_new(PAGE_BUDGET);
    list_append(&front->pages, &page->link);
    while (front->config.boundaries[count] != NULL) {
        count++;
    }
    store_op_init(&page->keys.op, front->config.services->store, page->arena, keys_found, page);
    key_store_list_signing(&page->keys, front->config.boundaries, count);
}

/* --- between net and the engine ------------------------------------------------------------------ */

static bool serves_metrics(const struct front *front, const struct net_request *request)
{
    const Conf *conf = front->config.conf;
    CH_ASSERT(request->listener < conf->n_listeners);
    return conf->listeners[request->listener]->metrics;
}

static void on_open(void *ctx, struct net_stream *stream, const struct net_request *request)
{
    static const struct {
        const char *path;
        void (*show)(struct front *front, struct net_stream *stream);
        bool is_inner; /* only where the listener says so */
    } pages[] = {
        {"/livez", livez, false},
        {"/readyz", readyz, false},
        {"/metrics", metrics, true},
        {"/.well-known/jwks.json", key_set, false},
        {"/.well-known/chancery", discovery, false},
    };
    struct front *front = ctx;
    for (size_t i = 0; !request->is_grpc && i < sizeof pages / sizeof pages[0]; i++) {
        if (strcmp(request->path, pages[i].path) == 0 && strcmp(request->method, "GET") == 0 &&
            (!pages[i].is_inner || serves_metrics(front, request))) {
            pages[i].show(front, stream);
            return;
        }
    }
    front->engine->open(front->engine->ctx, stream, request);
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

static void on_closed(void *ctx, struct net_stream *stream)
{
    struct front *front = ctx;
    struct page *page = page_of(front, stream);
    if (page != NULL) {
        store_op_cancel(&page->keys.op);
        page_free(page);
        return;
    }
    front->engine->closed(front->engine->ctx, stream);
}

struct front *front_new(const struct front_config *config)
{
    struct front *front = xcalloc(1, sizeof *front);
    front->config = *config;
    front->engine = rpc_net_handler(config->rpc);
    front->handler = (struct net_handler){front, on_open, on_message, on_end, on_broken, on_closed};
    list_init(&front->pages);
    return front;
}

void front_free(struct front *front)
{
    if (front != NULL) {
        CH_ASSERT(list_is_empty(&front->pages)); /* net goes first and closes them */
        xfree(front);
    }
}

const struct net_handler *front_handler(struct front *front)
{
    return &front->handler;
}

void front_set_problem(struct front *front, enum reason problem)
{
    front->problem = problem;
}
