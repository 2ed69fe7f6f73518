/* SPDX-License-Identifier: Apache-2.0 */
/* Reply, reply to all, forward: the form, and what became of it. */
#include <microhttpd.h>
#include <string.h>

#include "answer.h"
#include "open.h"
#include "page.h"
#include "routes.h"

static const struct kind {
    chancery_answer_kind kind;
    const char *path;
    enum text title;
    void (*show)(struct exchange *exchange, const struct reading *reading);
} kinds[3];

/* --- the form --------------------------------------------------------------------------------- */

static void add_people(GString *html, const GPtrArray *people)
{
    for (guint i = 0; i < people->len; i++) {
        const struct person *one = g_ptr_array_index(people, i);
        g_string_append(html, i == 0 ? "<bdi>" : ", <bdi>");
        add_escaped(html, one->address);
        g_string_append(html, "</bdi>");
    }
}

/* To whom: of replies it stands there, to forward it is typed. */
static void add_recipients(GString *html, struct exchange *exchange, const struct kind *kind)
{
    const struct reading *reading = session_reading(exchange->session);
    if (kind->kind == CHANCERY_ANSWER_FORWARD) {
        g_string_append(html, "<label for=\"to\">");
        add_escaped(html, say(exchange->language, T_FORWARD_LABEL));
        g_string_append(html, "</label>\n");
        add_text(html, exchange, "p class=\"hint\" id=\"to-hint\"", T_FORWARD_HINT);
        g_string_append(html, "<input id=\"to\" name=\"to\" required maxlength=\"4000\" "
                              "autocomplete=\"email\" aria-describedby=\"to-hint\" value=\"");
        add_escaped(html, exchange_field(exchange, "to"));
        g_string_append(html, "\">\n");
    } else if (reading != NULL) {
        GPtrArray *people = answer_people(reading, kind->kind);
        g_string_append(html, "<dl>\n");
        add_text(html, exchange, "dt", T_TO);
        g_string_append(html, "<dd>");
        add_people(html, people);
        g_string_append(html, "</dd></dl>\n");
        g_ptr_array_unref(people);
    }
}

/* What the reader has written stays when something was wrong. */
static void show_form(struct exchange *exchange, const struct kind *kind, unsigned status,
                      const struct failure *failure)
{
    char *id = g_uuid_string_random();
    GString *html = page_begin(exchange, say(exchange->language, kind->title));
    bool is_quoted = failure == NULL ? kind->kind == CHANCERY_ANSWER_FORWARD
                                     : exchange_field(exchange, "quote")[0] != '\0';
    add_problem(html, exchange, failure == NULL ? 0 : failure->problem);
    if (failure != NULL && failure->number[0] != '\0') {
        add_said(html, exchange, "p class=\"small\"", T_CALL_NUMBER, failure->number);
    }
    add_text(html, exchange, "p",
             kind->kind == CHANCERY_ANSWER_REPLY ? T_REPLY_INTRO : T_ANSWER_INTRO);
    add_form(html, exchange, kind->path, "");
    g_string_append_printf(html, "<input type=\"hidden\" name=\"answer\" value=\"%s\">\n", id);
    add_recipients(html, exchange, kind);
    g_string_append(html, "<label for=\"text\">");
    add_escaped(html, say(exchange->language, T_ANSWER_LABEL));
    g_string_append(html,
                    "</label>\n<textarea id=\"text\" name=\"text\" rows=\"10\" maxlength=\"40000\""
                    " aria-describedby=\"text-hint\">\n");
    add_escaped(html, exchange_field(exchange, "text"));
    g_string_append(html, "</textarea>\n");
    add_text(html, exchange, "p class=\"hint\" id=\"text-hint\"", T_ANSWER_HINT);
    g_string_append_printf(html,
                           "<label class=\"choice\"><input type=\"checkbox\" name=\"quote\""
                           " value=\"1\"%s> ",
                           is_quoted ? " checked" : "");
    add_escaped(html, say(exchange->language, T_ANSWER_QUOTE));
    g_string_append(html, "</label>\n");
    add_text(html, exchange, "button", T_ANSWER_BUTTON);
    g_string_append(html, "</form>\n<ul class=\"actions\"><li><a href=\"/message\">");
    add_escaped(html, say(exchange->language, T_BACK_TO_MESSAGE));
    g_string_append(html, "</a></li></ul>\n");
    page_send(exchange, status, html);
    g_free(id);
}

static void give_form(struct exchange *exchange, const struct reading *reading,
                      const struct kind *kind)
{
    if (answer_is_allowed(reading, kind->kind)) {
        show_form(exchange, kind, MHD_HTTP_OK, NULL);
    } else {
        answer_problem(exchange, MHD_HTTP_FORBIDDEN, P_MAY_NOT_ANSWER);
    }
}

static void give_reply(struct exchange *exchange, const struct reading *reading)
{
    give_form(exchange, reading, &kinds[0]);
}

static void give_reply_all(struct exchange *exchange, const struct reading *reading)
{
    give_form(exchange, reading, &kinds[1]);
}

static void give_forward(struct exchange *exchange, const struct reading *reading)
{
    give_form(exchange, reading, &kinds[2]);
}

static const struct kind kinds[3] = {
    {CHANCERY_ANSWER_REPLY, "/message/reply", T_REPLY, give_reply},
    {CHANCERY_ANSWER_REPLY_ALL, "/message/reply-all", T_REPLY_ALL, give_reply_all},
    {CHANCERY_ANSWER_FORWARD, "/message/forward", T_FORWARD, give_forward},
};

void add_answers(GString *html, const struct exchange *exchange, const struct reading *reading)
{
    bool has_any = false;
    for (size_t i = 0; exchange->portal->settings->relay != NULL && i < G_N_ELEMENTS(kinds); i++) {
        if (!answer_is_allowed(reading, kinds[i].kind)) {
            continue;
        }
        g_string_append_printf(html, "%s<li><a class=\"button\" href=\"%s\">",
                               has_any ? "" : "<ul class=\"actions\">\n", kinds[i].path);
        add_escaped(html, say(exchange->language, kinds[i].title));
        g_string_append(html, "</a></li>\n");
        has_any = true;
    }
    g_string_append(html, has_any ? "</ul>\n" : "");
}

/* Without a relay there is no such page. */
static void write_answer(struct exchange *exchange, const struct kind *kind)
{
    if (exchange->portal->settings->relay == NULL) {
        answer_problem(exchange, MHD_HTTP_NOT_FOUND, P_NOT_FOUND);
    } else {
        with_message(exchange, kind->show);
    }
}

void handle_write_reply(struct exchange *exchange)
{
    write_answer(exchange, &kinds[0]);
}

void handle_write_reply_all(struct exchange *exchange)
{
    write_answer(exchange, &kinds[1]);
}

void handle_write_forward(struct exchange *exchange)
{
    write_answer(exchange, &kinds[2]);
}

/* --- what was written ------------------------------------------------------------------------- */

static void show_sent(struct exchange *exchange, const struct answer_job *job)
{
    GString *html = page_begin(exchange, say(exchange->language, T_SENT_TITLE));
    add_text(html, exchange, "p role=\"status\"", T_SENT_TEXT);
    g_string_append(html, "<p>");
    add_people(html, job->sent);
    g_string_append(html, "</p>\n");
    for (guint i = 0; i < job->refused->len; i++) {
        add_said(html, exchange, "p class=\"problem\"", T_NOT_SENT_TO,
                 g_ptr_array_index(job->refused, i));
    }
    g_string_append(html, "<ul class=\"actions\"><li><a href=\"/message\">");
    add_escaped(html, say(exchange->language, T_BACK_TO_MESSAGE));
    g_string_append(html, "</a></li></ul>\n");
    page_send(exchange, MHD_HTTP_OK, html);
}

static void refuse(struct exchange *exchange, const struct kind *kind, unsigned status,
                   enum text problem)
{
    const struct failure failure = {.problem = problem};
    show_form(exchange, kind, status, &failure);
}

/* What the authority has just refused is forgotten: the next look asks it. */
static void on_sent(struct exchange *exchange)
{
    struct answer_job *job = exchange->job;
    const struct failure *failure = &job->reading->failure;
    const struct kind *kind = &kinds[job->kind - 1];
    bool is_final = failure->problem == P_REVOKED || failure->problem == P_EXPIRED ||
                    failure->problem == P_NO_RIGHTS || failure->problem == P_KEY_GONE ||
                    failure->problem == P_MAY_NOT_ANSWER;
    if (failure->problem == 0) { /* also for whom the session is over by now */
        show_sent(exchange, job);
    } else if (exchange->session == NULL) {
        answer_lost(exchange, MHD_HTTP_FORBIDDEN, P_SESSION_OVER);
    } else {
        if (is_final) {
            session_set_reading(exchange->session, NULL);
        }
        show_form(exchange, kind, MHD_HTTP_FORBIDDEN, failure);
    }
    answer_job_free(job);
}

static bool is_blank(const char *text)
{
    return strspn(text, " \t\r\n") == strlen(text);
}

static struct answer_job *job_of(struct exchange *exchange, const struct kind *kind)
{
    struct session *session = exchange->session;
    struct reading_job *reading = reading_job_new(exchange->portal, session);
    struct answer_job *job = answer_job_new(reading, kind->kind);
    const struct reading *open = session_reading(session);
    reading->reading = open == NULL ? NULL : reading_ref(session->reading);
    job->id = g_strdup(exchange_field(exchange, "answer"));
    job->text = g_strdup(exchange_field(exchange, "text"));
    job->addresses = g_strdup(exchange_field(exchange, "to"));
    job->is_quoted = exchange_field(exchange, "quote")[0] != '\0';
    job->language = exchange->language;
    return job;
}

/* Each form is sent once, whatever a browser repeats: another attempt has another form. */
static void take_answer(struct exchange *exchange, const struct kind *kind)
{
    bool is_quoted = exchange_field(exchange, "quote")[0] != '\0';
    if (exchange->portal->settings->relay == NULL) {
        answer_problem(exchange, MHD_HTTP_NOT_FOUND, P_NOT_FOUND);
        return;
    }
    if (is_blank(exchange_field(exchange, "text")) &&
        !(is_quoted && kind->kind == CHANCERY_ANSWER_FORWARD)) {
        refuse(exchange, kind, MHD_HTTP_BAD_REQUEST, P_ANSWER_EMPTY);
        return;
    }
    if (!session_take_answer(exchange->session, exchange_field(exchange, "answer"))) {
        answer_problem(exchange, MHD_HTTP_CONFLICT, P_ANSWER_TWICE);
        return;
    }
    struct answer_job *job = job_of(exchange, kind);
    if (!exchange_work(exchange, answer_send, job, on_sent)) {
        answer_job_free(job);
        refuse(exchange, kind, MHD_HTTP_SERVICE_UNAVAILABLE, P_BUSY);
    }
}

void handle_reply(struct exchange *exchange)
{
    take_answer(exchange, &kinds[0]);
}

void handle_reply_all(struct exchange *exchange)
{
    take_answer(exchange, &kinds[1]);
}

void handle_forward(struct exchange *exchange)
{
    take_answer(exchange, &kinds[2]);
}
