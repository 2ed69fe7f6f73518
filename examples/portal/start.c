/* SPDX-License-Identifier: Apache-2.0 */
/* From the mail to a session, and a session's end. */
#include <microhttpd.h>
#include <string.h>

#include "authority.h"
#include "page.h"
#include "portal.h"
#include "routes.h"

/* --- the first page --------------------------------------------------------------------------- */

/* The content's id comes by the link in the mail; what is none is left out. */
static const char *content_of(struct exchange *exchange)
{
    const char *query = exchange_query(exchange, "content");
    const char *id = query == NULL ? exchange_field(exchange, "content") : query;
    return g_uuid_string_is_valid(id) ? id : "";
}

void show_start(struct exchange *exchange, unsigned status, enum text problem)
{
    GString *html = page_begin(exchange, say(exchange->language, T_START_TITLE));
    char *size = g_strdup_printf("%ld MiB", exchange->portal->settings->mail_mib);
    add_problem(html, exchange, problem);
    add_text(html, exchange, "p", T_START_INTRO);
    add_text(html, exchange, "h2", T_START_HOW);
    g_string_append(html, "<ol>\n");
    add_text(html, exchange, "li", T_START_STEP_MAIL);
    add_text(html, exchange, "li", T_START_STEP_PARTS);
    add_text(html, exchange, "li", T_START_STEP_SIGN_IN);
    g_string_append(
        html, "</ol>\n<form method=\"post\" action=\"/open\" enctype=\"multipart/form-data\">\n"
              "<input type=\"hidden\" name=\"content\" value=\"");
    add_escaped(html, content_of(exchange));
    g_string_append(html, "\">\n<label for=\"file\">");
    add_escaped(html, say(exchange->language, T_FILE_LABEL));
    g_string_append(html, "</label>\n");
    add_said(html, exchange, "p class=\"hint\" id=\"hint\"", T_FILE_HINT, size);
    g_string_append(html, "<input id=\"file\" type=\"file\" name=\"mail\" multiple required "
                          "aria-describedby=\"hint\">\n");
    add_text(html, exchange, "button", T_FILE_BUTTON);
    g_string_append(html, "</form>\n");
    g_free(size);
    page_send(exchange, status, html);
}

void handle_start(struct exchange *exchange)
{
    show_start(exchange, MHD_HTTP_OK, 0);
}

/* --- the mail --------------------------------------------------------------------------------- */

static void on_found(struct exchange *exchange)
{
    struct mail_job *job = exchange->job;
    struct sessions *sessions = exchange->portal->sessions;
    struct session *made =
        job->mail == NULL
            ? NULL
            : session_new(sessions, exchange->network, g_bytes_ref(job->mail), exchange->charged);
    if (made == NULL) {
        bool is_busy = job->mail != NULL;
        g_clear_pointer(&job->mail, g_bytes_unref);
        show_start(exchange, is_busy ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_BAD_REQUEST,
                   is_busy ? P_BUSY : job->failure.problem);
    } else {
        exchange->charged = 0; /* the session's */
        if (exchange->session != NULL) {
            session_end(sessions, exchange->session);
        }
        made->brand = g_steal_pointer(&job->brand);
        exchange->session = made;
        answer_redirect(exchange, "/sign-in");
        answer_cookie(exchange);
    }
    mail_job_free(job);
}

void handle_upload(struct exchange *exchange)
{
    if (exchange->files->len == 0) {
        show_start(exchange, MHD_HTTP_BAD_REQUEST, P_NO_FILE);
        return;
    }
    struct mail_job *job =
        mail_job_new(exchange->portal, g_ptr_array_ref(exchange->files), content_of(exchange));
    if (!exchange_work(exchange, mail_find, job, on_found)) {
        mail_job_free(job);
    }
}

/* --- the end ---------------------------------------------------------------------------------- */

void handle_end(struct exchange *exchange)
{
    session_end(exchange->portal->sessions, exchange->session);
    exchange->session = NULL;
    answer_redirect(exchange, "/ended");
    answer_cookie(exchange);
}

void handle_ended(struct exchange *exchange)
{
    GString *html = page_begin(exchange, say(exchange->language, T_ENDED_TITLE));
    add_text(html, exchange, "p role=\"status\"", T_ENDED_TEXT);
    page_send(exchange, MHD_HTTP_OK, html);
}

void handle_language(struct exchange *exchange)
{
    static const char *const pages[] = {"/", "/sign-in", "/passcode", "/message"};
    const char *page = exchange_field(exchange, "page"),
               *tag = exchange_field(exchange, "language");
    const char *to = "/";
    for (size_t i = 0; i < G_N_ELEMENTS(pages); i++) {
        to = strcmp(pages[i], page) == 0 ? pages[i] : to;
    }
    answer_redirect(exchange, to);
    exchange->cookies[1] = g_strdup_printf(
        "__Host-chancery-language=%s; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=31536000",
        language_tag(language_of(tag)));
}
