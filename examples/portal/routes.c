/* SPDX-License-Identifier: Apache-2.0 */
#include "routes.h"

#include <microhttpd.h>
#include <string.h>

#include "portal.h"
#include "style.h"

static void give_static(struct exchange *exchange, const char *type, const char *text)
{
    answer_bytes(exchange, type, "default-src 'none'", NULL,
                 g_bytes_new_static(text, strlen(text)));
    exchange->is_cacheable = true;
}

static void handle_style(struct exchange *exchange)
{
    give_static(exchange, "text/css; charset=utf-8", PORTAL_CSS);
}

static void handle_icon(struct exchange *exchange)
{
    give_static(exchange, "image/svg+xml", ICON_SVG);
}

/* For whatever watches the program. */
static void handle_health(struct exchange *exchange)
{
    answer_bytes(exchange, "text/plain; charset=utf-8", "default-src 'none'", NULL,
                 g_bytes_new_static("ok\n", 3));
}

enum { READS = ROUTE_SESSION | ROUTE_SIGNED_IN, ANSWERS = READS | ROUTE_WRITES };

const struct route ROUTES[] = {
    {"GET", "/", handle_start, ROUTE_FROM_ABROAD},
    {"GET", "/portal.css", handle_style, 0},
    {"GET", "/icon.svg", handle_icon, 0},
    {"GET", "/healthz", handle_health, 0},
    {"GET", "/brand.css", handle_brand_style, ROUTE_SESSION},
    {"GET", "/brand/logo", handle_brand_logo, ROUTE_SESSION},
    {"POST", "/language", handle_language, 0},
    {"POST", "/open", handle_upload, ROUTE_UPLOADS},
    {"GET", "/sign-in", handle_sign_in, ROUTE_SESSION},
    {"POST", "/passcode", handle_start_passcode, ROUTE_SESSION},
    {"GET", "/passcode", handle_code_page, ROUTE_SESSION},
    {"POST", "/passcode/code", handle_code, ROUTE_SESSION},
    {"GET", "/provider/*", handle_provider, ROUTE_SESSION | ROUTE_FROM_HERE},
    {"GET", "/provider/*/callback", handle_callback, ROUTE_SESSION | ROUTE_FROM_ABROAD},
    {"GET", "/message", handle_message, READS},
    {"GET", "/message/body", handle_body, READS},
    {"GET", "/message/attachment/*", handle_attachment, READS | ROUTE_FROM_HERE},
    {"GET", "/message/attachment/*/show", handle_look, READS},
    {"GET", "/message/reply", handle_write_reply, READS},
    {"POST", "/message/reply", handle_reply, ANSWERS},
    {"GET", "/message/reply-all", handle_write_reply_all, READS},
    {"POST", "/message/reply-all", handle_reply_all, ANSWERS},
    {"GET", "/message/forward", handle_write_forward, READS},
    {"POST", "/message/forward", handle_forward, ANSWERS},
    {"POST", "/end", handle_end, ROUTE_SESSION},
    {"GET", "/ended", handle_ended, 0},
};
const size_t ROUTE_COUNT = G_N_ELEMENTS(ROUTES);
