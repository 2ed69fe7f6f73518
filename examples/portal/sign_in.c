/* SPDX-License-Identifier: Apache-2.0 */
/* By a one-time passcode: the address, then the code (docs/policy.md §9). */
#include <microhttpd.h>
#include <string.h>

#include "authority.h"
#include "brand.h"
#include "page.h"
#include "portal.h"
#include "routes.h"
#include "wiped.h"

/* --- pages ------------------------------------------------------------------------------------ */

static void add_field(GString *html, const struct exchange *exchange, enum text label,
                      enum text hint, const char *attributes, const char *value)
{
    g_string_append(html, "<label for=\"field\">");
    add_escaped(html, say(exchange->language, label));
    g_string_append(html, "</label>\n");
    add_text(html, exchange, "p class=\"hint\" id=\"hint\"", hint);
    g_string_append_printf(
        html, "<input id=\"field\" aria-describedby=\"hint\" required autofocus %s value=\"",
        attributes);
    add_escaped(html, value);
    g_string_append(html, "\">\n");
}

static void add_providers(GString *html, const struct exchange *exchange)
{
    const struct settings *settings = exchange->portal->settings;
    if (settings->provider_count == 0) {
        return;
    }
    g_string_append(html, "<ul class=\"actions\">\n");
    for (size_t i = 0; i < settings->provider_count; i++) {
        g_string_append_printf(html, "<li>");
        char *element = g_strdup_printf("a class=\"button\" href=\"/provider/%zu\"", i);
        add_said(html, exchange, element, T_SIGN_IN_WITH, settings->providers[i].name);
        g_free(element);
        g_string_append(html, "</li>\n");
    }
    g_string_append(html, "</ul>\n");
}

void show_sign_in(struct exchange *exchange, unsigned status, enum text problem)
{
    const struct settings *settings = exchange->portal->settings;
    const struct session *session = exchange->session;
    GString *html = page_begin(exchange, say(exchange->language, T_SIGN_IN_TITLE));
    add_problem(html, exchange, problem);
    add_brand_text(html, exchange);
    add_text(html, exchange, "p", T_SIGN_IN_INTRO);
    add_providers(html, exchange);
    if (settings->passcodes == 1) {
        add_text(html, exchange, "h2", T_OR_PASSCODE);
        add_form(html, exchange, "/passcode", "");
        add_field(html, exchange, T_ADDRESS_LABEL, T_ADDRESS_HINT,
                  "type=\"email\" name=\"address\" autocomplete=\"email\" maxlength=\"254\"",
                  session->address == NULL ? "" : session->address);
        add_text(html, exchange, "button", T_ADDRESS_BUTTON);
        g_string_append(html, "</form>\n");
    }
    page_send(exchange, status, html);
}

void show_code(struct exchange *exchange, unsigned status, enum text problem)
{
    const struct session *session = exchange->session;
    GString *html = page_begin(exchange, say(exchange->language, T_CODE_TITLE));
    add_problem(html, exchange, problem);
    add_said(html, exchange, "p", T_CODE_SENT, session->address);
    add_text(html, exchange, "h2", T_CODE_REFERENCE);
    g_string_append(html, "<p class=\"reference\">");
    add_escaped(html, session->reference);
    g_string_append(html, "</p>\n");
    add_text(html, exchange, "p", T_CODE_REFERENCE_HINT);
    add_form(html, exchange, "/passcode/code", "");
    add_field(
        html, exchange, T_CODE_LABEL, T_CODE_HINT,
        "class=\"code\" name=\"code\" inputmode=\"numeric\" autocomplete=\"one-time-code\" maxlength=\"20\"",
        "");
    add_text(html, exchange, "button", T_CODE_BUTTON);
    g_string_append(html, "</form>\n<ul class=\"actions\">\n<li><a href=\"/sign-in\">");
    add_escaped(html, say(exchange->language, T_CODE_AGAIN));
    g_string_append(html, "</a></li>\n</ul>\n");
    page_send(exchange, status, html);
}

void handle_sign_in(struct exchange *exchange)
{
    show_sign_in(exchange, MHD_HTTP_OK, 0);
}

void handle_code_page(struct exchange *exchange)
{
    if (exchange->session->passcode_id == NULL) {
        answer_redirect(exchange, "/sign-in");
        return;
    }
    show_code(exchange, MHD_HTTP_OK, 0);
}

/* --- the address ------------------------------------------------------------------------------ */

static void on_started(struct exchange *exchange)
{
    struct passcode_job *job = exchange->job;
    struct session *session = exchange->session;
    if (session == NULL) {
        answer_problem(exchange, MHD_HTTP_FORBIDDEN, P_SESSION_OVER);
    } else if (job->failure.problem != 0) {
        show_sign_in(exchange, MHD_HTTP_FORBIDDEN, job->failure.problem);
    } else {
        g_free(session->passcode_id);
        g_free(session->reference);
        session->passcode_id = g_steal_pointer(&job->passcode_id);
        session->reference = g_steal_pointer(&job->reference);
        answer_redirect(exchange, "/passcode");
    }
    passcode_job_free(job);
}

void handle_start_passcode(struct exchange *exchange)
{
    const char *address = exchange_field(exchange, "address");
    struct session *session = exchange->session;
    if (exchange->portal->settings->passcodes == 0) {
        answer_problem(exchange, MHD_HTTP_NOT_FOUND, P_NOT_FOUND);
        return;
    }
    if (strchr(address, '@') == NULL || strlen(address) > 254) {
        show_sign_in(exchange, MHD_HTTP_BAD_REQUEST, P_NO_ADDRESS);
        return;
    }
    g_free(session->address);
    session->address = g_strdup(address);
    struct passcode_job *job = passcode_job_new(exchange->portal);
    job->mail = g_bytes_ref(session->mail);
    job->address = g_strdup(address);
    job->language = language_tag(exchange->language);
    job->reader_ip = g_strdup(exchange->reader_ip);
    if (!exchange_work(exchange, passcode_start, job, on_started)) {
        passcode_job_free(job);
    }
}

/* --- the code --------------------------------------------------------------------------------- */

static void on_verified(struct exchange *exchange)
{
    struct passcode_job *job = exchange->job;
    struct session *session = exchange->session;
    if (session == NULL) {
        answer_problem(exchange, MHD_HTTP_FORBIDDEN, P_SESSION_OVER);
    } else if (job->failure.problem != 0) {
        show_code(exchange, MHD_HTTP_FORBIDDEN, job->failure.problem);
    } else {
        session_sign_in(exchange->portal->sessions, session, g_steal_pointer(&job->token),
                        job->seconds);
        answer_redirect(exchange, "/message");
        answer_cookie(exchange);
    }
    passcode_job_free(job);
}

void handle_code(struct exchange *exchange)
{
    const struct session *session = exchange->session;
    if (session->passcode_id == NULL) {
        show_sign_in(exchange, MHD_HTTP_FORBIDDEN, P_CODE_ENDED);
        return;
    }
    struct passcode_job *job = passcode_job_new(exchange->portal);
    job->passcode_id = g_strdup(session->passcode_id);
    job->code = g_strndup(exchange_field(exchange, "code"), 32);
    if (!exchange_work(exchange, passcode_verify, job, on_verified)) {
        passcode_job_free(job);
    }
}
