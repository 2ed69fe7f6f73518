/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"

#include <microhttpd.h>
#include <string.h>

#include "brand.h"
#include "portal.h"
#include "style.h"

/* --- parts ------------------------------------------------------------------------------------ */

void add_text(GString *html, const struct exchange *exchange, const char *element, enum text text)
{
    g_string_append_printf(html, "<%s>", element);
    add_escaped(html, say(exchange->language, text));
    g_string_append_printf(html, "</%.*s>\n", (int)strcspn(element, " "), element);
}

void add_said(GString *html, const struct exchange *exchange, const char *element, enum text text,
              const char *value)
{
    const char *sentence = say(exchange->language, text), *place = strstr(sentence, "%s");
    g_string_append_printf(html, "<%s>", element);
    if (place == NULL) {
        add_escaped(html, sentence);
    } else {
        add_escaped_bytes(html, sentence, (size_t)(place - sentence));
        g_string_append(html, "<bdi>");
        add_escaped(html, value);
        g_string_append(html, "</bdi>");
        add_escaped(html, place + 2);
    }
    g_string_append_printf(html, "</%.*s>\n", (int)strcspn(element, " "), element);
}

void add_problem(GString *html, const struct exchange *exchange, enum text problem)
{
    if (problem != 0) {
        add_text(html, exchange, "p class=\"problem\" role=\"alert\" id=\"problem\"", problem);
    }
}

void add_form(GString *html, const struct exchange *exchange, const char *action, const char *more)
{
    g_string_append_printf(html, "<form method=\"post\" action=\"%s\"%s>\n", action, more);
    if (exchange->session != NULL) {
        g_string_append_printf(html, "<input type=\"hidden\" name=\"form\" value=\"%s\">\n",
                               exchange->session->form);
    }
}

/* Where to change the language, which leads back to the same page. */
static void add_languages(GString *html, const struct exchange *exchange)
{
    static const char *const names[LANGUAGE_COUNT] = {"English", "Deutsch"};
    g_string_append(html,
                    "<form method=\"post\" action=\"/language\" class=\"languages\" aria-label=\"");
    add_escaped(html, say(exchange->language, T_LANGUAGE));
    g_string_append(html, "\">\n");
    for (int i = 0; i < LANGUAGE_COUNT; i++) {
        const char *tag = language_tag((enum language)i);
        g_string_append_printf(
            html, "<button name=\"language\" value=\"%s\" lang=\"%s\"%s>%s</button>\n", tag, tag,
            (int)exchange->language == i ? " aria-pressed=\"true\"" : " aria-pressed=\"false\"",
            names[i]);
    }
    g_string_append_printf(html, "<input type=\"hidden\" name=\"page\" value=\"%s\"></form>\n",
                           exchange->session == NULL                ? "/"
                           : exchange->session->token != NULL       ? "/message"
                           : exchange->session->passcode_id != NULL ? "/passcode"
                                                                    : "/sign-in");
}

GString *page_begin(const struct exchange *exchange, const char *title)
{
    GString *html = g_string_sized_new(16384);
    const struct settings *settings = exchange->portal->settings;
    g_string_append_printf(
        html, "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n<title>",
        language_tag(exchange->language));
    add_escaped(html, title);
    g_string_append(html, " – ");
    add_escaped(html, settings->name);
    g_string_append(
        html,
        "</title>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" content=\"noindex\">\n"
        "<link rel=\"icon\" href=\"/icon.svg\">\n<link rel=\"stylesheet\" href=\"/portal.css\">\n");
    add_brand_style(html, exchange);
    g_string_append(html, "</head>\n<body>\n<a class=\"skip\" href=\"#main\">");
    add_escaped(html, say(exchange->language, T_SKIP));
    g_string_append(html, "</a>\n<header><p class=\"name\">");
    add_escaped(html, settings->name);
    g_string_append(html, "</p>\n");
    add_languages(html, exchange);
    g_string_append(html, "</header>\n<main id=\"main\" tabindex=\"-1\">\n");
    add_brand_name(html, exchange);
    g_string_append(html, "<h1>");
    add_escaped(html, title);
    g_string_append(html, "</h1>\n");
    return html;
}

void page_send(struct exchange *exchange, unsigned status, GString *html)
{
    add_brand_end(html, exchange);
    g_string_append(html, "</main>\n<footer>");
    add_text(html, exchange, "p", T_KEPT);
    g_string_append(html, "</footer>\n</body>\n</html>\n");
    answer_page(exchange, status, html);
}

/* --- pages ------------------------------------------------------------------------------------ */

static void add_lost_text(GString *html, struct exchange *exchange)
{
    const char *text = exchange_field(exchange, "text");
    bool is_written = exchange->route != NULL && (exchange->route->flags & ROUTE_WRITES) != 0;
    if (!is_written || text[0] == '\0') {
        return;
    }
    g_string_append(html, "<label for=\"text\">");
    add_escaped(html, say(exchange->language, T_WRITTEN));
    g_string_append(html, "</label>\n<textarea id=\"text\" rows=\"10\" readonly>\n");
    add_escaped(html, text);
    g_string_append(html, "</textarea>\n");
}

/* How to go on, and the end of the page. */
static void send_problem(struct exchange *exchange, unsigned status, enum text problem,
                         GString *html)
{
    const struct session *session = exchange->session;
    bool may_sign_in =
        session != NULL && problem != P_REVOKED && problem != P_EXPIRED && problem != P_KEY_GONE;
    add_text(html, exchange, "h2", T_WHAT_NEXT);
    g_string_append(html, "<ul class=\"actions\">\n");
    if (may_sign_in) {
        g_string_append(html, "<li><a href=\"/sign-in\">");
        add_escaped(html, say(exchange->language, T_BACK_TO_SIGN_IN));
        g_string_append(html, "</a></li>\n");
    }
    g_string_append(html, "<li><a href=\"/\">");
    add_escaped(html, say(exchange->language, T_START_AGAIN));
    g_string_append(html, "</a></li>\n</ul>\n");
    page_send(exchange, status, html);
}

void answer_refusal(struct exchange *exchange, unsigned status, enum text problem,
                    const char *contact, const char *number)
{
    GString *html = page_begin(exchange, say(exchange->language, T_PROBLEM_TITLE));
    add_problem(html, exchange, problem);
    if (contact[0] != '\0') {
        add_said(html, exchange, "p", T_CONTACT, contact);
    }
    if (number[0] != '\0') {
        add_said(html, exchange, "p class=\"small\"", T_CALL_NUMBER, number);
    }
    send_problem(exchange, status, problem, html);
}

void answer_problem(struct exchange *exchange, unsigned status, enum text problem)
{
    answer_refusal(exchange, status, problem, "", "");
}

void answer_lost(struct exchange *exchange, unsigned status, enum text problem)
{
    GString *html = page_begin(exchange, say(exchange->language, T_PROBLEM_TITLE));
    add_problem(html, exchange, problem);
    add_lost_text(html, exchange);
    send_problem(exchange, status, problem, html);
}
