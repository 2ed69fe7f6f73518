/* SPDX-License-Identifier: Apache-2.0 */
/* The message. Each time that its page is shown, the authority is asked again. */
#include <microhttpd.h>
#include <string.h>
#include <time.h>

#include "brand.h"
#include "document.h"
#include "open.h"
#include "page.h"
#include "pdf.h"
#include "portal.h"
#include "routes.h"

/* --- the page --------------------------------------------------------------------------------- */

static void add_line(GString *html, const struct exchange *exchange, enum text name,
                     const char *value)
{
    if (value[0] != '\0') {
        add_text(html, exchange, "dt", name);
        g_string_append(html, "<dd><bdi>");
        add_escaped(html, value);
        g_string_append(html, "</bdi></dd>\n");
    }
}

static void add_pictures(GString *html, const struct exchange *exchange, bool is_shown)
{
    add_text(html, exchange, "p class=\"hint\" role=\"status\"",
             is_shown ? T_PICTURES_SHOWN : T_PICTURES_BLOCKED);
    g_string_append_printf(html, "<ul class=\"actions\"><li><a href=\"/message%s\">",
                           is_shown ? "" : "?pictures=1");
    add_escaped(html, say(exchange->language, is_shown ? T_PICTURES_HIDE : T_PICTURES_SHOW));
    g_string_append(html, "</a></li></ul>\n");
}

static void add_frame(GString *html, struct exchange *exchange, const struct message *message)
{
    bool has_pictures = message->body_with_pictures != NULL,
         is_shown = has_pictures && wants_pictures(exchange);
    const char *query = is_shown ? "?pictures=1" : "";
    if (message->is_cut) {
        add_text(html, exchange, "p class=\"problem\" role=\"status\"", T_MESSAGE_CUT);
    }
    if (has_pictures) {
        add_pictures(html, exchange, is_shown);
    }
    g_string_append(
        html,
        "<iframe sandbox=\"allow-popups allow-popups-to-escape-sandbox\" referrerpolicy=\"no-referrer\" "
        "title=\"");
    add_escaped(html, say(exchange->language, T_MESSAGE_FRAME));
    g_string_append_printf(html,
                           "\" src=\"/message/body%s\"></iframe>\n<ul class=\"actions\"><li>"
                           "<a href=\"/message/body%s\" target=\"_blank\" rel=\"noopener\">",
                           query, query);
    add_escaped(html, say(exchange->language, T_MESSAGE_ALONE));
    g_string_append(html, "</a></li></ul>\n");
}

static void add_attachment_link(GString *html, const struct exchange *exchange, guint number,
                                const char *more, enum text text,
                                const struct attachment *attachment)
{
    g_string_append_printf(html, " <a href=\"/message/attachment/%u%s\" aria-label=\"", number,
                           more);
    add_escaped(html, say(exchange->language, text));
    g_string_append(html, ": ");
    add_escaped(html, attachment->name);
    g_string_append(html, "\">");
    add_escaped(html, say(exchange->language, text));
    g_string_append(html, "</a>");
}

static bool may_be_shown(const struct attachment *attachment)
{
    return attachment->look != LOOK_NONE && (attachment->look != LOOK_PDF || pdf_is_possible());
}

static void add_attachments(GString *html, const struct exchange *exchange,
                            const struct reading *reading)
{
    const GPtrArray *attachments = reading->message->attachments;
    bool may_save = reading->may_export || reading->is_freed;
    if (attachments->len == 0) {
        return;
    }
    add_text(html, exchange, "h2", T_ATTACHMENTS);
    g_string_append(html, "<ul class=\"attachments\">\n");
    for (guint i = 0; i < attachments->len; i++) {
        const struct attachment *attachment = g_ptr_array_index(attachments, i);
        unsigned long kib = (unsigned long)((g_bytes_get_size(attachment->data) + 1023) / 1024);
        g_string_append(html, "<li><span><bdi>");
        add_escaped(html, attachment->name);
        g_string_append(html, "</bdi> <span class=\"small\">");
        g_string_append_printf(html, "%lu KiB", kib);
        g_string_append(html, "</span></span><span>");
        if (may_be_shown(attachment)) {
            add_attachment_link(html, exchange, i, "/show", T_ATTACHMENT_SHOW, attachment);
        }
        if (may_save) {
            add_attachment_link(html, exchange, i, "", T_ATTACHMENT_SAVE, attachment);
        }
        if (!may_be_shown(attachment) && !may_save) {
            add_text(html, exchange, "span class=\"small\"", T_ATTACHMENT_NEITHER);
        }
        g_string_append(html, "</span></li>\n");
    }
    g_string_append(html, "</ul>\n");
}

static void add_rights(GString *html, const struct exchange *exchange,
                       const struct reading *reading)
{
    char until[64] = "";
    struct tm parts;
    time_t ends = (time_t)reading->ends;
    if (gmtime_r(&ends, &parts) != NULL) {
        (void)strftime(until, sizeof until, "%Y-%m-%d %H:%M", &parts);
    }
    add_text(html, exchange, "h2", T_RIGHTS);
    g_string_append(html, "<ul>\n");
    add_text(html, exchange, "li", reading->may_print ? T_MAY_PRINT : T_MAY_NOT_PRINT);
    add_text(html, exchange, "li", reading->may_copy ? T_MAY_COPY : T_MAY_NOT_COPY);
    add_text(html, exchange, "li", reading->may_forward ? T_MAY_FORWARD : T_MAY_NOT_FORWARD);
    if (reading->message->attachments->len > 0) {
        add_text(html, exchange, "li",
                 reading->may_export || reading->is_freed ? T_MAY_SAVE : T_MAY_NOT_SAVE);
    }
    g_string_append(html, "</ul>\n");
    add_said(html, exchange, "p class=\"small\"", T_READ_UNTIL, until);
}

static void show_message(struct exchange *exchange, const struct reading *reading)
{
    const struct message *message = reading->message;
    GString *html =
        page_begin(exchange, message->subject[0] == '\0' ? say(exchange->language, T_MESSAGE_TITLE)
                                                         : message->subject);
    add_brand_text(html, exchange);
    g_string_append_printf(html, "<article class=\"%s %s\">\n",
                           reading->may_print ? "" : "no-print",
                           reading->may_copy ? "" : "no-copy");
    add_text(html, exchange, "p class=\"not-printed\"", T_NOT_PRINTED);
    g_string_append(html, "<dl>\n");
    add_line(html, exchange, T_FROM, message->from);
    add_line(html, exchange, T_TO, message->to);
    add_line(html, exchange, T_CC, message->cc);
    add_line(html, exchange, T_DATE, message->date);
    g_string_append(html, "</dl>\n");
    add_frame(html, exchange, message);
    add_attachments(html, exchange, reading);
    g_string_append(html, "</article>\n");
    add_answers(html, exchange, reading);
    add_rights(html, exchange, reading);
    add_form(html, exchange, "/end", "");
    add_text(html, exchange, "button class=\"quiet\"", T_END_BUTTON);
    g_string_append(html, "</form>\n");
    page_send(exchange, MHD_HTTP_OK, html);
}

void handle_message(struct exchange *exchange)
{
    open_message(exchange, false, show_message);
}

/* --- files ------------------------------------------------------------------------------------ */

/* RFC 6266 and RFC 8187. The type says nothing, so nobody opens it as a page of this site. */
static void give_file(struct exchange *exchange, const struct reading *reading)
{
    const struct attachment *attachment = attachment_of(exchange, reading);
    if (attachment == NULL) {
        return;
    }
    if (!exchange_take_room(exchange, g_bytes_get_size(attachment->data))) {
        return;
    }
    char *encoded = g_uri_escape_string(attachment->name, NULL, FALSE);
    char *disposition = g_strdup_printf("attachment; filename*=UTF-8''%s", encoded);
    g_free(encoded);
    answer_bytes(exchange, "application/octet-stream", file_policy, disposition,
                 g_bytes_ref(attachment->data));
}

/* What is kept without protection is asked for by itself (docs/policy.md §5.5), unless the tenant frees
 * attachments. */
static void save(struct exchange *exchange, const struct reading *reading)
{
    if (reading->is_freed) {
        give_file(exchange, reading);
    } else if (reading->may_export) {
        open_message(exchange, true, give_file);
    } else {
        answer_problem(exchange, MHD_HTTP_FORBIDDEN, P_MAY_NOT_SAVE);
    }
}

void handle_attachment(struct exchange *exchange)
{
    with_message(exchange, save);
}
