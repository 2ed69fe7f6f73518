/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange.h"

#include <microhttpd.h>
#include <string.h>

#include "page.h"
#include "portal.h"
#include "wiped.h"

/* Pages of ours: nothing runs, nothing is loaded from elsewhere, nobody frames them. */
static const char *const page_policy =
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'";

const char *exchange_field(struct exchange *exchange, const char *name)
{
    const GString *value = g_hash_table_lookup(exchange->fields, name);
    return value == NULL ? "" : value->str;
}

const char *exchange_query(struct exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_GET_ARGUMENT_KIND, name);
}

/* --- work ------------------------------------------------------------------------------------- */

static void on_work(void *arg)
{
    struct exchange *exchange = arg;
    exchange->work(exchange->job);
}

static void on_done(void *arg)
{
    struct exchange *exchange = arg;
    exchange->is_working = false;
    exchange->session = session_find(exchange->portal->sessions, exchange->session_id);
    exchange->done(exchange);
    if (!exchange->is_working) { /* one question may lead to another */
        server_resume(exchange);
    }
}

bool exchange_work(struct exchange *exchange, void (*work)(void *job), void *job,
                   void (*done)(struct exchange *exchange))
{
    exchange->work = work;
    exchange->job = job;
    exchange->done = done;
    exchange->is_working = pool_run(exchange->portal->pool, on_work, on_done, exchange);
    if (!exchange->is_working) {
        exchange->job = NULL;
        answer_problem(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, P_BUSY);
    }
    return exchange->is_working;
}

bool exchange_take_room(struct exchange *exchange, size_t bytes)
{
    bool ok = session_take_room(exchange->session, bytes);
    exchange->held += ok ? bytes : 0;
    if (!ok) {
        answer_problem(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, P_BUSY);
    }
    return ok;
}

/* --- answers ---------------------------------------------------------------------------------- */

void answer_bytes(struct exchange *exchange, const char *type, const char *policy,
                  char *disposition, GBytes *bytes)
{
    if (exchange->body != NULL) {
        g_bytes_unref(exchange->body);
    }
    g_free(exchange->disposition);
    exchange->status = MHD_HTTP_OK;
    exchange->is_page = false;
    exchange->body = bytes;
    exchange->type = type;
    exchange->policy = policy;
    exchange->disposition = disposition;
}

void answer_page(struct exchange *exchange, unsigned status, GString *html)
{
    answer_bytes(exchange, "text/html; charset=utf-8", page_policy, NULL, wiped_from_string(html));
    exchange->is_page = true;
    exchange->status = status;
}

void answer_redirect(struct exchange *exchange, const char *to)
{
    answer_bytes(exchange, "text/plain; charset=utf-8", page_policy, NULL,
                 g_bytes_new_static("", 0));
    exchange->status = MHD_HTTP_SEE_OTHER;
    g_free(exchange->location);
    exchange->location = g_strdup(to);
}

void answer_cookie(struct exchange *exchange)
{
    const struct session *session = exchange->session;
    gint64 seconds = session == NULL ? 0 : (session->ends - g_get_monotonic_time()) / 1000000;
    g_free(exchange->cookies[0]);
    /* Lax, not Strict: it must come along when a provider sends the reader back. */
    exchange->cookies[0] = g_strdup_printf(
        "__Host-chancery=%s; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=%" G_GINT64_FORMAT,
        session == NULL ? "" : session->id, MAX(seconds, 0));
}
