/* SPDX-License-Identifier: Apache-2.0 */
#include "document.h"

#include <microhttpd.h>
#include <string.h>

#include "clean_html.h"
#include "open.h"
#include "page.h"
#include "part.h"
#include "pdf.h"
#include "portal.h"
#include "routes.h"
#include "shares.h"
#include "style.h"
#include "wiped.h"

/* What a sender has written runs nothing, sends nothing and has no origin, whatever it is. Links open
 * elsewhere. */
#define MESSAGE_POLICY(pictures)                                                                           \
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; " \
    "img-src data:" pictures "; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"

static const char *const blocked_policy = MESSAGE_POLICY("");
static const char *const pictures_policy = MESSAGE_POLICY(" https:");
const char *const file_policy =
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/* A mail counts eightfold there; pages, what was read of them and the document made of them are less than four times their
 * size, with PAGES_TEXT_MAX of text that is escaped. */
enum { PAGES_SHARE = 2 };

struct document_job {
    struct reading *reading;
    const struct attachment *attachment; /* the reading's; NULL: the message itself */
    enum language language;
    bool has_pictures;
    bool has_place; /* of a PDF: among those that are read at once */
    struct pdf pdf; /* of a PDF: its pages */
    enum pdf_outcome outcome;
    GString *html; /* out */
};

static void document_job_free(struct document_job *job)
{
    wipe_string(job->html);
    pdf_clear(&job->pdf);
    reading_unref(job->reading);
    g_free(job);
}

/* --- writing, in a thread --------------------------------------------------------------------- */

static GString *document_begin(const struct document_job *job, const char *title, gsize size)
{
    const struct reading *reading = job->reading;
    const char *classes[] = {reading->may_print ? "" : "no-print",
                             reading->may_copy ? "" : "no-copy"};
    /* At once as large as it usually gets: growing would leave copies behind. */
    GString *html = g_string_sized_new(size + strlen(BODY_CSS) + 8192);
    g_string_append(html, "<!doctype html>\n<html><head><meta charset=\"utf-8\"><title>");
    add_escaped(html, title);
    g_string_append_printf(
        html,
        "</title><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        "<style>%s</style></head>\n<body class=\"%s %s\">",
        BODY_CSS, classes[0], classes[1]);
    g_string_append_printf(html, "<p class=\"not-printed\" lang=\"%s\">",
                           language_tag(job->language));
    add_escaped(html, say(job->language, T_NOT_PRINTED));
    g_string_append(html, "</p>\n<div class=\"content\">");
    return html;
}

static void write_body(struct document_job *job)
{
    const struct message *message = job->reading->message;
    gsize size;
    const char *body =
        g_bytes_get_data(job->has_pictures ? message->body_with_pictures : message->body, &size);
    job->html = document_begin(job, message->subject, size);
    g_string_append_len(job->html, body == NULL ? "" : body, (gssize)size);
}

/* Written where it stands: a copy would be as large again. */
static void add_base64(GString *html, GBytes *bytes)
{
    gsize size, at = html->len;
    gint state = 0, save = 0;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    (void)g_string_set_size(html, at + (size / 3 + 2) * 4);
    gsize written = g_base64_encode_step(data, size, FALSE, html->str + at, &state, &save);
    written += g_base64_encode_close(FALSE, html->str + at + written, &state, &save);
    (void)g_string_truncate(html, at + written);
}

static void write_picture(struct document_job *job)
{
    const struct attachment *attachment = job->attachment;
    job->html = document_begin(job, attachment->name, g_bytes_get_size(attachment->data) / 3 * 4);
    g_string_append_printf(job->html, "<img src=\"data:%s;base64,", attachment->type);
    add_base64(job->html, attachment->data);
    g_string_append(job->html, "\" alt=\"");
    add_escaped(job->html, attachment->name);
    g_string_append(job->html, "\">");
}

static void write_text(struct document_job *job)
{
    char *text = text_of_bytes(job->attachment->data, job->attachment->charset);
    job->html = document_begin(job, job->attachment->name, strlen(text));
    g_string_append(job->html, "<div class=\"plain\">");
    add_escaped(job->html, text);
    g_string_append(job->html, "</div>");
    wipe_text(text);
}

static void add_sentence(struct document_job *job, enum text text)
{
    g_string_append_printf(job->html, "<p role=\"status\" lang=\"%s\">",
                           language_tag(job->language));
    add_escaped(job->html, say(job->language, text));
    g_string_append(job->html, "</p>\n");
}

/* A picture, and for whoever can't see it what stands there, where it may be copied. */
static void add_page(struct document_job *job, guint number)
{
    const struct pdf_page *page = g_ptr_array_index(job->pdf.pages, number);
    char *name = g_strdup_printf("%s %u / %u", say(job->language, T_PDF_PAGE), number + 1,
                                 job->pdf.page_count);
    g_string_append_printf(job->html, "<section lang=\"%s\"><img class=\"page\" alt=\"",
                           language_tag(job->language));
    add_escaped(job->html, name);
    g_string_append(job->html, "\" src=\"data:image/png;base64,");
    add_base64(job->html, page->png);
    g_string_append(job->html, "\">");
    if (page->text[0] != '\0') {
        g_string_append(job->html, "<details><summary>");
        add_escaped(job->html, say(job->language, T_PDF_TEXT));
        g_string_append(job->html, "</summary><div class=\"plain\" lang=\"\">");
        add_escaped(job->html, page->text);
        g_string_append(job->html, "</div></details>");
    }
    g_string_append(job->html, "</section>\n");
    g_free(name);
}

static void write_pdf(struct document_job *job)
{
    static const enum text why[] = {[PDF_UNREADABLE] = T_PDF_UNREADABLE,
                                    [PDF_LOCKED] = T_PDF_LOCKED,
                                    [PDF_BUSY] = T_PDF_BUSY,
                                    [PDF_NOT_HERE] = T_PDF_NOT_NOW};
    if (job->has_place) {
        job->outcome = pdf_read(job->attachment->data, job->reading->may_copy, &job->pdf);
    }
    job->html = document_begin(job, job->attachment->name,
                               job->outcome == PDF_SHOWN ? 2 * (gsize)PDF_OUTPUT_MAX : 0);
    if (job->outcome != PDF_SHOWN) {
        add_sentence(job, why[job->outcome]);
        return;
    }
    if (job->pdf.page_count > job->pdf.pages->len) {
        add_sentence(job, T_PDF_CUT);
    }
    for (guint i = 0; i < job->pdf.pages->len; i++) {
        add_page(job, i);
    }
}

static void write_document(void *arg)
{
    struct document_job *job = arg;
    if (job->attachment == NULL) {
        write_body(job);
    } else if (job->attachment->look == LOOK_PDF) {
        write_pdf(job);
    } else if (job->attachment->look == LOOK_PICTURE) {
        write_picture(job);
    } else {
        write_text(job);
    }
    g_string_append(job->html, "</div></body></html>\n");
}

/* --- giving ----------------------------------------------------------------------------------- */

/* One network has one place at most, and what has failed takes none: without an account nobody gets here, but one reader could
 * take all the places from all others. */
static void take_place(struct exchange *exchange, struct document_job *job)
{
    job->outcome = job->attachment->is_unreadable ? PDF_UNREADABLE : PDF_BUSY;
    job->has_place = !job->attachment->is_unreadable &&
                     shares_take(exchange->portal->pdf_places, exchange->network, 0, 1);
}

static void give_place(struct exchange *exchange, const struct document_job *job)
{
    if (job->has_place) {
        struct attachment *attachment =
            g_ptr_array_index(job->reading->message->attachments, exchange->number);
        attachment->is_unreadable = job->outcome == PDF_UNREADABLE;
        shares_give(exchange->portal->pdf_places, exchange->network, 0, 1);
    }
}

static void on_written(struct exchange *exchange)
{
    struct document_job *job = exchange->job;
    give_place(exchange, job);
    const char *message_policy = job->has_pictures ? pictures_policy : blocked_policy;
    if (exchange->session == NULL) {
        answer_problem(exchange, MHD_HTTP_FORBIDDEN, P_SESSION_OVER);
    } else {
        answer_bytes(exchange, "text/html; charset=utf-8",
                     job->attachment == NULL ? message_policy : file_policy, NULL,
                     wiped_from_string(g_steal_pointer(&job->html)));
    }
    document_job_free(job);
}

/* Pages may be much larger than the mail, so they count in the memory that all share, until the browser has them. */
static bool take_memory_for_pages(struct exchange *exchange)
{
    bool ok = sessions_take_memory(exchange->portal->sessions, exchange->network,
                                   PDF_OUTPUT_MAX / PAGES_SHARE, &exchange->charged);
    if (!ok) {
        answer_problem(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, P_BUSY);
    }
    return ok;
}

static void give(struct exchange *exchange, const struct attachment *attachment)
{
    const struct message *message = exchange->session->reading->message;
    /* Written, text is about twice as large, and a picture less. */
    size_t size = attachment == NULL ? g_bytes_get_size(message->body)
                                     : 2 * g_bytes_get_size(attachment->data);
    bool is_pdf = attachment != NULL && attachment->look == LOOK_PDF;
    if (!exchange_take_room(exchange, size)) {
        return;
    }
    struct document_job *job = g_new0(struct document_job, 1);
    job->reading = reading_ref(exchange->session->reading);
    job->attachment = attachment;
    job->language = exchange->language;
    job->has_pictures =
        attachment == NULL && wants_pictures(exchange) && message->body_with_pictures != NULL;
    if (is_pdf) {
        take_place(exchange, job);
    }
    bool has_memory = !job->has_place || take_memory_for_pages(exchange);
    if (!has_memory || !exchange_work(exchange, write_document, job, on_written)) {
        give_place(exchange, job);
        document_job_free(job);
    }
}

bool wants_pictures(struct exchange *exchange)
{
    const char *query = exchange_query(exchange, "pictures");
    return query != NULL && strcmp(query, "1") == 0;
}

static void give_body(struct exchange *exchange, const struct reading *reading)
{
    (void)reading; /* the session's */
    give(exchange, NULL);
}

void handle_body(struct exchange *exchange)
{
    with_message(exchange, give_body);
}

const struct attachment *attachment_of(struct exchange *exchange, const struct reading *reading)
{
    const GPtrArray *attachments = reading->message->attachments;
    if (exchange->number >= attachments->len) {
        answer_problem(exchange, MHD_HTTP_NOT_FOUND, P_NOT_FOUND);
        return NULL;
    }
    return g_ptr_array_index(attachments, exchange->number);
}

/* Pictures and text, shown and not saved: the page has the rights of the message. */
static void give_look(struct exchange *exchange, const struct reading *reading)
{
    const struct attachment *attachment = attachment_of(exchange, reading);
    if (attachment != NULL &&
        (attachment->look == LOOK_NONE || (attachment->look == LOOK_PDF && !pdf_is_possible()))) {
        answer_problem(exchange, MHD_HTTP_NOT_FOUND, P_NOT_FOUND);
    } else if (attachment != NULL) {
        give(exchange, attachment);
    }
}

void handle_look(struct exchange *exchange)
{
    with_message(exchange, give_look);
}
