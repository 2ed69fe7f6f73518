/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/license_pages.h"

#include <string.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "crypto/hash.h"
#include "daemon/front.h"
#include "store/resource/key_store.h"
#include "wire/license_issuer.h"

enum {
    PAGE_BUDGET = 256 * 1024, /* 64 keys and what is around them */
    ASKING_MAX = 16,          /* statements at a time: strangers send them */
    PAGES_MAX = 512,          /* that wait */
    ETAG_BYTES = 16,          /* of a SHA-256: nobody gains by two pages with one */
};

/* How long a page may be kept. A key that signs anew, or may no longer be believed, is seen after that. */
static const char CACHE_CONTROL[] = "public, max-age=60";

struct license_pages {
    const struct services *services;
    const char *const *boundaries;
    size_t boundary_count;
    struct list waiting, asking; /* of struct page */
    size_t count, asking_count;
};

struct page {
    struct list link;
    struct license_pages *pages;
    struct net_stream *stream;         /* NULL: closed meanwhile */
    const struct net_request *request; /* lives as long as the stream */
    enum license_page kind;
    struct tenant_id tenant;
    struct arena *arena; /* NULL: waits */
    struct tenant_signing_keys keys;
};

static void page_free(struct page *page)
{
    list_remove(&page->link);
    page->pages->count--;
    page->pages->asking_count -= page->arena != NULL;
    arena_free(page->arena);
    xfree(page);
}

/* --- what is shown ---------------------------------------------------------------------------- */

static rc write_keys(struct arena *arena, const struct tenant_signing_keys *keys, struct slice *out,
                     struct err *err)
{
    struct buf json;
    buf_init(&json, arena);
    buf_add_str(&json, "{\"keys\":[");
    for (size_t i = 0; i < keys->count; i++) {
        buf_add_str(&json, i == 0 ? "" : ",");
        buf_add_str(&json, keys->jwks[i]);
    }
    buf_add_str(&json, "]}");
    return buf_finish(&json, out, err);
}

/* The page's text; empty if there is none at this path. */
static rc write_page(struct page *page, struct slice *out, struct err *err)
{
    const char *own = page->pages->services->authority_url;
    const char *url = page->keys.authority_url;
    *out = SLICE_NONE;
    if (page->keys.count == 0) {
        return OK;
    }
    bool is_metadata = page->kind == LICENSE_PAGE_METADATA;
    const char *issuer = license_issuer(page->arena, url[0] != '\0' ? url : own, page->tenant);
    ARENA_ENSURE(issuer, err);
    const char *path = is_metadata ? license_issuer_metadata_path(page->arena, issuer)
                                   : license_issuer_keys_path(page->arena, page->tenant);
    ARENA_ENSURE(path, err);
    if (strcmp(path, page->request->path) != 0) {
        return OK;
    }
    return is_metadata ? license_issuer_metadata(page->arena, issuer, out, err)
                       : write_keys(page->arena, &page->keys, out, err);
}

/* --- answers ---------------------------------------------------------------------------------- */

/* The same as for a path that doesn't exist (rpc/stream.c). */
static void reply_not_found(struct net_stream *stream)
{
    net_stream_reply_http(stream, 404, "text/plain", slice_str("not found\n"));
}

static void reply_problem(struct net_stream *stream, enum reason reason)
{
    net_stream_reply_http(stream, 503, "text/plain", slice_str(reason_info(reason)->text));
}

static const char *make_etag(struct arena *arena, struct slice body)
{
    uint8_t digest[SHA256_BYTES];
    if (!hash_sha256(body, digest, NULL).ok) {
        return NULL;
    }
    const char *text = base64url_dup(arena, slice_of(digest, ETAG_BYTES));
    return text == NULL ? NULL : arena_printf(arena, "\"%s\"", text);
}

/* RFC 9110 §13.1.2: a list of tags, each in quotes that stand nowhere else, perhaps weak ones; or any. */
static bool client_has(const struct net_request *request, const char *etag)
{
    const char *tags = net_request_header(request, "if-none-match");
    return tags != NULL && (strcmp(tags, "*") == 0 || strstr(tags, etag) != NULL);
}

static void reply_page(struct page *page, struct slice body)
{
    const char *etag = make_etag(page->arena, body);
    if (etag == NULL) {
        reply_problem(page->stream, R_INTERNAL);
        return;
    }
    bool is_known = client_has(page->request, etag);
    net_stream_reply_page(page->stream, &(struct net_page){
                                            .status = is_known ? 304 : 200,
                                            .content_type = page->kind == LICENSE_PAGE_KEYS
                                                                ? "application/jwk-set+json"
                                                                : "application/json",
                                            .cache_control = CACHE_CONTROL,
                                            .etag = etag,
                                            .body = is_known ? SLICE_NONE : body,
                                        });
}

static void reply(struct page *page)
{
    struct err err = page->keys.op.err;
    struct slice body = SLICE_NONE;
    if (err.reason != R_NONE || !write_page(page, &body, &err).ok) {
        reply_problem(page->stream, err.reason);
    } else if (body.len == 0) {
        reply_not_found(page->stream);
    } else {
        reply_page(page, body);
    }
}

/* --- waiting in line -------------------------------------------------------------------------- */

static void ask(struct page *page);

static void ask_next(struct license_pages *pages)
{
    struct list *link = pages->asking_count < ASKING_MAX ? list_pop(&pages->waiting) : NULL;
    if (link != NULL) {
        ask(LIST_ENTRY(link, struct page, link));
    }
}

static void keys_found(struct store_op *op)
{
    struct page *page = op->user;
    struct license_pages *pages = page->pages;
    if (page->stream != NULL) {
        reply(page);
    }
    page_free(page);
    ask_next(pages);
}

static void ask(struct page *page)
{
    struct license_pages *pages = page->pages;
    page->arena = arena_new_small(PAGE_BUDGET);
    list_append(&pages->asking, &page->link);
    pages->asking_count++;
    store_op_init(&page->keys.op, pages->services->store, page->arena, keys_found, page);
    key_store_tenant_signing(&page->keys, page->tenant, pages->boundaries, pages->boundary_count);
}

bool license_pages_open(struct license_pages *pages, struct net_stream *stream,
                        const struct net_request *request)
{
    struct tenant_id tenant = TENANT_PLATFORM;
    enum license_page kind = license_issuer_page(request->path, &tenant);
    if (kind == LICENSE_PAGE_NONE) {
        return false;
    }
    if (!front_may_show(request)) {
        front_reply_not_allowed(stream);
        return true;
    }
    if (pages->count == PAGES_MAX) {
        reply_problem(stream, R_OVERLOADED);
        return true;
    }
    struct page *page = xcalloc(1, sizeof *page);
    *page = (struct page){
        .pages = pages, .stream = stream, .request = request, .kind = kind, .tenant = tenant};
    pages->count++;
    list_append(&pages->waiting, &page->link);
    ask_next(pages);
    return true;
}

static struct page *find(struct list *list, const struct net_stream *stream)
{
    LIST_EACH (link, list) {
        struct page *page = LIST_ENTRY(link, struct page, link);
        if (page->stream == stream) {
            return page;
        }
    }
    return NULL;
}

/* What was asked is not taken back by closing the stream, so it counts until the answer comes. */
bool license_pages_closed(struct license_pages *pages, const struct net_stream *stream)
{
    struct page *page = find(&pages->asking, stream);
    if (page != NULL) {
        page->stream = NULL;
        return true;
    }
    page = find(&pages->waiting, stream);
    if (page != NULL) {
        page_free(page);
    }
    return page != NULL;
}

/* --- setting up ------------------------------------------------------------------------------- */

struct license_pages *license_pages_new(const struct services *services,
                                        const char *const *boundaries)
{
    struct license_pages *pages = xcalloc(1, sizeof *pages);
    pages->services = services;
    pages->boundaries = boundaries;
    while (boundaries[pages->boundary_count] != NULL) {
        pages->boundary_count++;
    }
    list_init(&pages->waiting);
    list_init(&pages->asking);
    return pages;
}

void license_pages_free(struct license_pages *pages)
{
    struct list *link;
    if (pages == NULL) {
        return;
    }
    CH_ASSERT(list_is_empty(&pages->waiting)); /* net goes first and closes their streams */
    while ((link = list_pop(&pages->asking)) != NULL) {
        struct page *page = LIST_ENTRY(link, struct page, link);
        store_op_cancel(&page->keys.op);
        page_free(page);
    }
    xfree(pages);
}
